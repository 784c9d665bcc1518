//! The parser: what it makes of good text, what it says of bad text, and how much of hostile text it reads.

#![expect(clippy::disallowed_methods, reason = "tests read their fixtures")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use zonewright::diagnostic::render::{Format, render};
use zonewright::diagnostic::{self, Diagnostic, Stage, codes};
use zonewright::dns::Name;
use zonewright::source::{FileId, Source, Sources};
use zonewright::zone;
use zonewright::zonefile::{self, IncludeRefusal, Limits, Line, Parsed};

fn fixtures(set: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/zonefile").join(set)
}

/// The zone files of a set with their names, in order.
fn zones(set: &str) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(fixtures(set)).expect("the fixtures are there").map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "zone")).collect();
    files.sort();
    assert!(!files.is_empty());
    files.iter().map(|path| (path.file_stem().unwrap().to_string_lossy().into(), fs::read(path).unwrap())).collect()
}

/// Which zone a fixture is.
fn origin(name: &str) -> Name {
    let origin = match name {
        "root" => ".",
        "reverse-blank" => "2.0.192.in-addr.arpa.",
        _ => "example.org.",
    };
    Name::absolute(origin).unwrap()
}

/// Parses a text as the zone's own file, its includes read from the set's folder.
fn parse(set: &str, origin: &Name, text: &[u8], limits: &Limits, sources: &mut Sources) -> Parsed {
    let mut include = |_: &str, path: &[u8]| {
        let path = String::from_utf8_lossy(path).into_owned();
        let text = fs::read(fixtures(set).join(&path)).map_err(|_| IncludeRefusal {
            unreadable: true,
            headline: format!("`{path}` cannot be read"),
            why: String::new(),
            fix: "see that the file is there".into(),
        })?;
        Ok(Source::new(path, text))
    };
    let root = sources.add(Source::new("zone", text));
    zonefile::parse(sources, root, origin, limits, &mut include)
}

fn lines(parsed: &Parsed) -> String {
    let records = &parsed.records;
    let line = |row: &zonefile::Record| {
        let line = Line { owner: records.owner(row), ttl: row.ttl, rtype: row.rtype, rdata: records.rdata(row) };
        format!("{line}\n")
    };
    records.rows().iter().map(line).collect()
}

fn rendered(findings: &[Diagnostic], sources: &Sources) -> String {
    let mut text = String::new();
    for finding in findings {
        render(Format::Full, finding, sources, false, &mut text);
        text.push('\n');
    }
    text
}

/// Snapshots lie beside their fixtures.
fn beside(set: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(fixtures(set));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn good_text_becomes_the_records_it_means() {
    for (name, text) in zones("good") {
        let mut sources = Sources::default();
        let parsed = parse("good", &origin(&name), &text, &Limits::default(), &mut sources);
        assert!(parsed.findings.is_empty(), "{name}: {}", rendered(&parsed.findings, &sources));
        beside("good").bind(|| insta::assert_snapshot!(name.as_str(), lines(&parsed)));
    }
}

/// What is said of a zone in all, as `check` would say it.
fn judge(name: &str, text: &[u8], limits: &Limits) -> (Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let parsed = parse("bad", &origin(name), text, limits, &mut sources);
    let built = zone::build(&origin(name), FileId(0), parsed, &sources);
    let mut findings = built.findings;
    diagnostic::sort(&mut findings);
    (findings, sources)
}

/// Bad texts that are too long to be files.
fn long_texts() -> Vec<(String, Vec<u8>)> {
    let head = "$TTL 3600\n@ IN SOA ns1 hostmaster 1 7200 1800 1209600 300\n  IN NS ns1\nns1 IN A 192.0.2.53\n";
    let strings = |count: usize| format!("\"{}\" ", "x".repeat(255)).repeat(count);
    let utf_16: Vec<u8> = format!("\u{feff}{head}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let large = (0..5000).map(|number| format!("many A 10.0.{}.{}\n", number / 256, number % 256));
    vec![
        ("entry-too-large".into(), format!("{head}@ TXT ( {} )\nwww A 192.0.2.1\n", strings(300)).into_bytes()),
        ("too-many-findings".into(), format!("{head}{}", "www A x\n".repeat(50)).into_bytes()),
        ("rdata-too-long".into(), format!("{head}@ TXT {}\n", strings(257)).into_bytes()),
        ("rrset-too-large".into(), format!("{head}{}", large.collect::<String>()).into_bytes()),
        ("utf-16".into(), utf_16),
    ]
}

/// Each slip is a file, and what is said of it a snapshot: one mistake, one finding.
#[test]
fn bad_text_gets_the_findings_it_deserves() {
    let limits = Limits { findings: 30, entry_octets: 70_000, ..Limits::default() };
    let mut seen = BTreeSet::new();
    for (name, text) in zones("bad").into_iter().chain(long_texts()) {
        let findings = if name == "too-many-findings" { 2 } else { limits.findings };
        let (findings, sources) = judge(&name, &text, &Limits { findings, ..limits.clone() });
        assert!(!findings.is_empty(), "{name} has no finding");
        seen.extend(findings.iter().map(|finding| finding.code.name));
        beside("bad").bind(|| insta::assert_snapshot!(name.as_str(), rendered(&findings, &sources)));
    }
    // The loader finds the one; the other takes four gigabytes.
    let elsewhere = [codes::FILE_TOO_LARGE.name, codes::TOO_MANY_RECORDS.name];
    let ours = codes::CODES.iter().filter(|code| matches!(code.stage, Stage::Parse | Stage::Integrity));
    let unseen: Vec<_> = ours.map(|code| code.name).filter(|name| !seen.contains(name)).collect();
    assert_eq!(unseen, elsewhere, "each code has a bad fixture");
}

/// One run shows every error of a file, in order, each under the text to blame.
#[test]
fn twenty_errors_are_twenty_findings() {
    let text = fs::read(fixtures("bad").join("twenty.zone")).unwrap();
    let (findings, sources) = judge("twenty", &text, &Limits::default());
    let guilty: Vec<_> = findings
        .iter()
        .map(|finding| String::from_utf8_lossy(sources.text(finding.primary.span)).into_owned())
        .collect();
    let expected = [
        "hour",
        "192.0.2.530",
        "#",
        "2001:db8::1",
        "www",
        "AA",
        "mail",
        ".",
        "1y",
        "bücher",
        ";",
        "\"",
        "\\999",
        "sub.example.org",
        "",
        "$TTTL",
        "CH",
        "",
        "FTP",
        "(",
    ];
    assert_eq!(guilty, expected);
    assert_eq!(findings.len(), 20);
}
