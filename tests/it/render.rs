//! What people and programs read: the shared sample findings, once in each format.

use zonewright::diagnostic::render::{Format, Rendering, Summary, escape, render, xml};
use zonewright::diagnostic::{Diagnostic, codes};
use zonewright::dns::Name;
use zonewright::source::{FileId, Source, Sources, Span};

/// Texts, and findings in them, that between them need all that a format can do.
struct Samples {
    sources: Sources,
    findings: Vec<Diagnostic>,
}

impl Samples {
    fn new() -> Self {
        let mut samples = Self { sources: Sources::default(), findings: Vec::new() };
        samples.conflict();
        samples.other_files();
        samples.hostile();
        samples.wide();
        samples.long_line();
        samples.spanning_lines();
        samples.nothing_to_show();
        samples
    }

    fn add(&mut self, name: &str, text: &[u8]) -> FileId {
        self.sources.add(Source::new(name, text))
    }

    /// The only place of `guilty` in a file.
    fn find(&self, file: FileId, guilty: &[u8]) -> Span {
        let text = self.sources.get(file).text();
        let mut places = text.windows(guilty.len()).enumerate().filter(|(_, window)| *window == guilty);
        let (start, _) = places.next().expect("the sample holds its guilty text");
        assert!(places.next().is_none(), "twice in the sample: {}", escape(guilty));
        Span { file, start: start as u32, end: (start + guilty.len()) as u32 }
    }

    fn conflict(&mut self) {
        let filler = "; \n".repeat(37);
        let text = format!(
            "{filler}www     300 IN A     192.0.2.10\n\n\nwww     300 IN CNAME web.example.net.\nftp IN A 192.0.2.1\n"
        );
        let file = self.add("zones/example.org.zone", text.as_bytes());
        let (cname, a) = (self.find(file, b"CNAME"), self.find(file, b"A     "));
        let mut finding = Diagnostic::new(
            &codes::CNAME_BESIDE_OTHER_DATA,
            cname,
            "`www.example.org.` has a CNAME and other records",
        )
        .label("an alias must be the only record at its name")
        .also(Span { end: a.start + 1, ..a }, "the address is here")
        .why("a resolver that has cached the alias never asks for the address, so the two disagree (RFC 1034 §3.6.2)")
        .fix("delete line 41 to keep the address, or line 38 to keep the alias");
        finding.zone = Some(Name::absolute("example.org").unwrap());
        self.findings.push(finding);
    }

    fn other_files(&mut self) {
        let main = self.add("zones/a.zone", b"$TTL 300\n@ SOA a b 1 2 3 4 5\nx A 192.0.2.1\n  600 A 192.0.2.2\n");
        let include = self.add("zones/parts/long name.inc", b"x 900 A 192.0.2.3\n\nx 300 A 192.0.2.4\n");
        let primary = self.find(main, b"600");
        let finding = Diagnostic::new(&codes::TTL_MISMATCH, primary, "the A records of `x.a.` have different TTLs")
            .also(self.find(include, b"900"), "")
            .also(self.find(main, b"x A"), "300 seconds, as `$TTL` says")
            .also(self.find(main, b"x"), "two labels on one line")
            .also(self.find(include, b"300"), "300 seconds");
        self.findings.push(finding);
    }

    fn hostile(&mut self) {
        let text = b"a TXT \x1b[2Jhidden \xff\xfe b\xc3\xbcro \xe2\x80\xae evil \xe2\x80\x8b \xc2\x85\x00\x7f end\r\n";
        let file = self.add("zones/\u{1b}[31mred\u{202e}.zone", text);
        let span = self.find(file, b"\xe2\x80\xae evil");
        let finding = Diagnostic::new(&codes::BAD_FIELD, span, "found `\u{202e} evil\u{7}`\n::error::forged")
            .label("\u{2066}label\u{1b}]0;title\u{7}")
            .why("zero\u{200b}width and a\u{a0}blank that is none")
            .fix("\rfix\u{feff}");
        self.findings.push(finding);
    }

    fn wide(&mut self) {
        let file = self.add("zones/wide.zone", "a\tIN\tTXT\t\"日本語\"\tエラー ; ä\nb\tTXT\n".as_bytes());
        let finding =
            Diagnostic::new(&codes::TRAILING_FIELD, self.find(file, "エラー".as_bytes()), "one field too many");
        self.findings.push(finding.label("this one"));
        // Where something is missing, nothing is guilty: the end of the line is shown.
        let end = self.find(file, b"b\tTXT").after();
        self.findings.push(Diagnostic::new(&codes::MISSING_FIELD, end, "a string is missing").label("expected here"));
    }

    fn long_line(&mut self) {
        let text = format!("txt TXT {} guilty {} innocent\n", "ä ".repeat(25_000), "x".repeat(50_000));
        let file = self.add("zones/long.zone", text.as_bytes());
        let finding = Diagnostic::new(&codes::BAD_FIELD, self.find(file, b"guilty"), "a long line is shown in part");
        self.findings.push(finding.label("guilty").also(self.find(file, b"innocent"), "far away on the same line"));
        let all = Span { file, start: 4, end: text.len() as u32 - 1 };
        self.findings.push(Diagnostic::new(&codes::ENTRY_TOO_LARGE, all, "nearly all of it").label("all this"));
    }

    fn spanning_lines(&mut self) {
        let text = b"@ SOA ns hostmaster (\n    1\n    2 3 4 5 6 ) ; six\nw A 192.0.2.1\n";
        let file = self.add("zones/lines.zone", text);
        let span = self.find(file, b"(\n    1\n    2 3 4 5 6 )");
        self.findings.push(Diagnostic::new(&codes::TRAILING_FIELD, span, "too many numbers").label("six of them"));
        let line = self.find(file, b"w A 192.0.2.1\n");
        self.findings.push(Diagnostic::new(&codes::DUPLICATE_RECORD, line, "a line with its end").label("one line"));
        let end = Span { file, start: text.len() as u32, end: text.len() as u32 };
        self.findings.push(Diagnostic::new(&codes::NO_APEX_NS, end, "no NS record").fix("add one"));
    }

    fn nothing_to_show(&mut self) {
        let file = self.add("zones/empty.zone", b"");
        let span = Span { file, start: 0, end: 0 };
        self.findings.push(Diagnostic::new(&codes::EMPTIED_FILE, span, "the file is empty").why("it was not before"));
    }

    fn rendered(&self, format: Format, colour: bool) -> String {
        self.document(format, colour).0
    }

    /// The document, and the report beside it.
    fn document(&self, format: Format, colour: bool) -> (String, Option<String>) {
        let mut out = String::new();
        let mut rendering = Rendering::new(format, colour);
        rendering.zone("example.org.");
        self.findings.iter().for_each(|finding| rendering.add(finding, &self.sources, &mut out));
        rendering.zone("clean.example.");
        let report = rendering.finish("zonewright check: some findings", &mut out);
        (out, report)
    }
}

/// Each row of the table has its snapshot of the sample findings.
#[test]
fn formats_show_the_sample_findings() {
    let samples = Samples::new();
    for &format in Format::ALL {
        insta::assert_snapshot!(format.name(), samples.rendered(format, false));
    }
}

#[test]
fn colours_are_given_when_asked_for_and_only_there() {
    let samples = Samples::new();
    insta::assert_snapshot!("full_in_colour", samples.rendered(Format::Full, true).replace('\x1b', "␛"));
    for &format in Format::ALL {
        assert!(!samples.rendered(format, false).contains('\x1b'), "{}", format.name());
    }
}

/// No format lets through what a terminal would obey or reorder, wherever in a finding it stands.
#[test]
fn hostile_text_is_never_echoed_raw() {
    let samples = Samples::new();
    for &format in Format::ALL {
        let (text, report) = samples.document(format, false);
        let text = text + &report.unwrap_or_default();
        let raw =
            text.chars().find(|&c| c != '\n' && (c.is_control() || "\u{202e}\u{2066}\u{200b}\u{feff}".contains(c)));
        assert_eq!(raw, None, "{}", format.name());
        assert!(format == Format::Github || !text.contains("\n::error"), "{}", format.name());
        assert!(!text.contains("\n::error::forged"), "{}", format.name());
    }
}

/// What SARIF 2.1.0 demands of a document (§3.13, §3.14, §3.27, §3.30), as far as this one has it.
#[test]
fn sarif_is_what_its_schema_asks_for() {
    let samples = Samples::new();
    let document: serde_json::Value = serde_json::from_str(&samples.rendered(Format::Sarif, false)).unwrap();
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["tool"]["driver"]["name"], "zonewright");
    let (rules, results) = (run["tool"]["driver"]["rules"].as_array().unwrap(), run["results"].as_array().unwrap());
    assert_eq!(results.len(), samples.findings.len());
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let places =
            result["locations"].as_array().unwrap().iter().chain(result["relatedLocations"].as_array().unwrap());
        for place in places {
            let place = &place["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.bytes().all(|octet| octet.is_ascii_graphic() && !b"<>\\^`{|}\"#?".contains(&octet)), "{uri}");
            let number = |key: &str| place["region"][key].as_u64().unwrap();
            assert!(number("startLine") >= 1 && number("startColumn") >= 1);
            let (start, end) = ((number("startLine"), number("startColumn")), (number("endLine"), number("endColumn")));
            assert!(start <= end, "{place}");
        }
    }
}

/// GitHub shows ten annotations of a level, and drops the rest unsaid.
#[test]
fn github_gets_ten_annotations_of_a_level_and_errors_first() {
    let mut sources = Sources::default();
    let file = sources.add(Source::new("zones/a,b:c.zone", b"a\nb\n".as_slice()));
    let mut rendering = Rendering::new(Format::Github, false);
    let mut out = String::new();
    for code in [&codes::TTL_MISMATCH, &codes::BAD_FIELD] {
        for number in 0..25 {
            let place = Span { file, start: 0, end: 1 };
            rendering.add(&Diagnostic::new(code, place, format!("100%\nno {number}")), &sources, &mut out);
        }
    }
    let report = rendering.finish("zonewright", &mut out).expect("a job summary");
    let commands = |level: &str| out.lines().filter(|line| line.starts_with(level)).count();
    assert_eq!((commands("::error "), commands("::warning ")), (10, 10));
    assert!(
        out.starts_with("::error file=zones/a%2Cb%3Ac.zone,line=1,endLine=1,col=1,endColumn=2,title=bad-field::100%25"),
        "{out}"
    );
    assert!(out.contains("::error title=zonewright::16 more of this level are in the log only\n"), "{out}");
    assert_eq!(out.lines().filter(|line| !line.starts_with("::")).count(), 32);
    assert_eq!(report.lines().filter(|line| line.starts_with("| zones/")).count(), 50);
}

#[test]
fn a_job_summary_ends_where_a_comment_does() {
    let mut sources = Sources::default();
    let file = sources.add(Source::new("zones/a.zone", b"a\n".as_slice()));
    let mut rendering = Rendering::new(Format::Github, false);
    for _ in 0..2000 {
        let place = Span { file, start: 0, end: 1 };
        let finding = Diagnostic::new(&codes::BAD_FIELD, place, "| <b>@all</b> ".repeat(10));
        rendering.add(&finding, &sources, &mut String::new());
    }
    let report = rendering.finish("zonewright", &mut String::new()).expect("a job summary");
    assert!(report.chars().count() <= 65_536);
    assert!(report.ends_with(" more are in the log only.\n") && !report.contains("<b>") && !report.contains("@all"));
}

#[test]
fn junit_is_xml_whatever_is_written() {
    let text = Samples::new().rendered(Format::Junit, false);
    let mut open: Vec<&str> = Vec::new();
    for tag in text.split('<').skip(2) {
        let (inside, after) = tag.split_once('>').expect("a tag ends");
        let name = inside.trim_start_matches('/').split([' ', '/']).next().unwrap();
        match (inside.starts_with('/'), inside.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name)),
            (false, false) => open.push(name),
            (false, true) => {}
        }
        assert!(!after.contains('>'), "{after}");
        let entities = ["&amp;", "&lt;", "&gt;", "&quot;"];
        let bare = tag.match_indices('&').any(|(at, _)| !entities.iter().any(|entity| tag[at..].starts_with(entity)));
        assert!(!bare, "{tag}");
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(text.contains("<testsuite name=\"clean.example.\" tests=\"1\" failures=\"0\""), "{text}");
}

#[test]
fn long_lines_do_not_flood() {
    let text = Samples::new().rendered(Format::Full, false);
    let longest = text.lines().map(|line| line.chars().count()).max();
    assert!(longest < Some(200), "{longest:?}");
}

#[test]
fn json_gives_back_what_was_written() {
    let samples = Samples::new();
    for (line, finding) in samples.rendered(Format::Json, false).lines().zip(&samples.findings) {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(object["message"], finding.headline.as_str());
        assert_eq!(object["file"], samples.sources.get(finding.primary.span.file).name());
        assert_eq!(object["rule"], finding.code.name);
    }
}

/// Spans come from code that may be wrong; a finding must be shown all the same.
#[test]
fn no_span_is_too_wild_to_show() {
    let texts: [&[u8]; 4] = [b"", b"\n\n", b"a\tb\xff\xc3\xa4\r\nc", "日本\n".as_bytes()];
    for text in texts {
        let mut sources = Sources::default();
        let file = sources.add(Source::new("f", text));
        for start in 0..=text.len() as u32 + 2 {
            for end in 0..=text.len() as u32 + 2 {
                let finding = Diagnostic::new(&codes::BAD_FIELD, Span { file, start, end }, "x").label("y");
                for &format in Format::ALL {
                    let mut out = String::new();
                    render(format, &finding, &sources, true, &mut out);
                    assert!(out.ends_with('\n'));
                }
            }
        }
    }
}

#[test]
fn xml_holds_no_character_that_it_must_not() {
    assert_eq!(xml("a<b> & \"c\"\u{7}\u{FFFE}\u{FFFF}"), "a&lt;b&gt; &amp; &quot;c&quot;\\x07\u{FFFD}\u{FFFD}");
}

#[test]
fn escaping_leaves_plain_text_alone_and_is_idempotent() {
    let table: &[(&[u8], &str)] = &[
        (b"plain (RFC 1035 \xc2\xa75.1)", "plain (RFC 1035 §5.1)"),
        ("日本語 büro".as_bytes(), "日本語 büro"),
        (b"\x1b[0m\t\n", "\\x1b[0m\\x09\\x0a"),
        (b"\xff\xc3", "\\xff\\xc3"),
        (
            "\u{202e}\u{200d}\u{ad}\u{a0}\u{2028}\u{e0041}e\u{301}".as_bytes(),
            "\\u{202e}\\u{200d}\\u{ad}\\u{a0}\\u{2028}\\u{e0041}e\\u{301}",
        ),
    ];
    for (written, shown) in table {
        assert_eq!(escape(written), *shown);
        assert_eq!(escape(shown.as_bytes()), *shown);
    }
}

#[test]
fn the_summary_counts_in_words() {
    let table = [
        (Summary { errors: 2, warnings: 1, notes: 0, zones: 9, before: 0 }, "2 errors, 1 warning in 9 zones"),
        (
            Summary { errors: 0, warnings: 0, notes: 3, zones: 1, before: 1 },
            "3 notes in 1 zone; 1 finding that was there before is not shown",
        ),
        (
            Summary { errors: 0, warnings: 0, notes: 0, zones: 9, before: 12 },
            "no findings in 9 zones; 12 findings that were there before are not shown",
        ),
    ];
    for (summary, text) in table {
        assert_eq!(summary.to_string(), text);
    }
}
