//! The parser: what it makes of good text, what it says of bad text, and how much of hostile text it reads.

#![expect(clippy::disallowed_methods, reason = "tests read their fixtures")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use proptest::prelude::*;
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
    let line = |(records, row): (&zonefile::Records, &zonefile::Record)| {
        let line = Line { owner: records.owner(row), ttl: row.ttl, rtype: row.rtype, rdata: records.rdata(row) };
        format!("{line}\n")
    };
    parsed.records.iter().map(line).collect()
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

/// The octets of a record: owner, TTL, type, data.
type Wire = (Vec<u8>, u32, u16, Vec<u8>);

fn wires(parsed: &Parsed) -> Vec<Wire> {
    let wire = |(records, row): (&zonefile::Records, &zonefile::Record)| {
        (records.owner(row).octets().to_vec(), row.ttl, row.rtype.0, records.rdata(row).to_vec())
    };
    parsed.records.iter().map(wire).collect()
}

/// What the `domain` crate reads from a text; none if it refuses any of it.
fn read_by_domain(origin: &Name, text: &[u8]) -> Option<Vec<Wire>> {
    use domain::base::iana::Class;
    use domain::base::rdata::ComposeRecordData;
    use domain::base::{Name as DomainName, ToName};
    use domain::zonefile::inplace::{Entry, Zonefile};

    let mut zonefile = Zonefile::load(&mut &*text).ok()?.allow_invalid();
    zonefile.set_origin(DomainName::from_str(&origin.to_string()).expect("our name is a name"));
    zonefile.set_default_class(Class::IN);
    let mut records = Vec::new();
    while let Some(entry) = zonefile.next_entry().ok()? {
        let Entry::Record(record) = entry else { return None };
        let (mut owner, mut rdata) = (Vec::new(), Vec::new());
        record.owner().compose(&mut owner).expect("a vector grows");
        record.data().compose_rdata(&mut rdata).expect("a vector grows");
        records.push((owner, record.ttl().as_secs(), record.rtype().to_int(), rdata));
    }
    // It reads a field that is `@` as a label of that one character.
    let is_misread = |wire: &Wire| wire.3.windows(2).any(|octets| octets == b"\x01@");
    (!records.iter().any(is_misread)).then_some(records)
}

/// A record to be written in one of the many ways there are.
#[derive(Clone, Debug)]
struct Model {
    /// Labels below the origin.
    owner: Vec<Vec<u8>>,
    ttl: Option<u32>,
    data: Data,
}

#[derive(Clone, Debug)]
enum Data {
    A([u8; 4]),
    Mx(u16, Vec<Vec<u8>>),
    Txt(Vec<Vec<u8>>),
    Unknown(Vec<u8>),
}

/// The TTL of the records that have none.
const DEFAULT_TTL: u32 = 4321;

fn models() -> impl Strategy<Value = Vec<Model>> {
    let label = || prop_oneof![prop::collection::vec(any::<u8>(), 1..6), "[a-z]{1,3}".prop_map(String::into_bytes)];
    let name = || prop::collection::vec(label(), 0..3);
    let string = prop_oneof![prop::collection::vec(any::<u8>(), 0..8), "[ -~]{0,12}".prop_map(String::into_bytes)];
    let data = prop_oneof![
        any::<[u8; 4]>().prop_map(Data::A),
        (any::<u16>(), name()).prop_map(|(preference, name)| Data::Mx(preference, name)),
        prop::collection::vec(string, 1..4).prop_map(Data::Txt),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(Data::Unknown),
    ];
    let record = (name(), prop::option::of(0..1u32 << 31), data);
    prop::collection::vec(record.prop_map(|(owner, ttl, data)| Model { owner, ttl, data }), 1..8)
}

impl Model {
    fn wire(&self) -> Wire {
        let name = |labels: &[Vec<u8>]| {
            let own = labels.iter().flat_map(|label| [vec![label.len() as u8], label.clone()].concat());
            own.chain(*b"\x07example\x03org\0").collect::<Vec<u8>>()
        };
        let (rtype, data) = match &self.data {
            Data::A(octets) => (1, octets.to_vec()),
            Data::Mx(preference, labels) => (15, [preference.to_be_bytes().to_vec(), name(labels)].concat()),
            Data::Txt(strings) => {
                (16, strings.iter().flat_map(|string| [vec![string.len() as u8], string.clone()].concat()).collect())
            }
            Data::Unknown(octets) => (65_280, octets.clone()),
        };
        (name(&self.owner), self.ttl.unwrap_or(DEFAULT_TTL), rtype, data)
    }
}

/// Writes records, a seed deciding what a person's taste would.
struct Writer {
    seed: u64,
    is_open: bool,
    text: Vec<u8>,
}

impl Writer {
    fn pick(&mut self, count: u64) -> u64 {
        // xorshift64 (Marsaglia), never zero.
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % count
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.pick(of.len() as u64) as usize]
    }

    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn blank(&mut self) {
        let blank = match (self.is_open, self.pick(6)) {
            (true, 0) => "\n",
            (true, 1) => " ; a ) \" \\\n\n\t",
            (true, 2) => {
                self.is_open = false;
                " ) "
            }
            (false, 0) => {
                self.is_open = true;
                " ( "
            }
            (_, 3) => "\t",
            _ => "  ",
        };
        self.push(blank);
    }

    /// The end of an entry.
    fn end(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.push(" )");
        }
        let end = self.one(&["\n", "\r\n", " ; it\u{fffd}s ( said \" \\\n", "\n\n   ; nothing\n", " \t\n"]);
        self.push(end);
    }

    fn octets(&mut self, octets: &[u8], is_quoted: bool) {
        for &octet in octets {
            let special = if is_quoted { &b"\"\\"[..] } else { b" ;()\"\\.@$#/" };
            let is_plain = (b' '..=b'~').contains(&octet) && !special.contains(&octet);
            match self.pick(8) {
                0 if (b'!'..=b'~').contains(&octet) && !octet.is_ascii_digit() && octet != b'#' => {
                    self.text.extend_from_slice(&[b'\\', octet]);
                }
                1.. if is_plain => self.text.push(octet),
                _ => self.push(&format!("\\{octet:03}")),
            }
        }
    }

    fn string(&mut self, octets: &[u8]) {
        let is_quoted = octets.is_empty() || self.pick(2) == 0;
        let quote = if is_quoted { "\"" } else { "" };
        self.push(quote);
        self.octets(octets, is_quoted);
        self.push(quote);
    }

    fn name(&mut self, labels: &[Vec<u8>]) {
        let is_absolute = self.pick(2) == 0;
        for (index, label) in labels.iter().enumerate() {
            self.push(if index > 0 { "." } else { "" });
            self.octets(label, false);
        }
        match (labels.is_empty(), is_absolute) {
            (true, false) => self.push("@"),
            (true, true) => self.push("example.org."),
            (false, false) => {}
            (false, true) => self.push(".example.org."),
        }
    }

    fn record(&mut self, record: &Model, inherits: bool) {
        if !inherits {
            self.name(&record.owner);
        }
        self.push(" ");
        let (ttl, class) = (record.ttl.map(|ttl| ttl.to_string()), self.one(&["", "IN", "in", "CLASS1"]));
        let mut parts = [ttl.unwrap_or_default(), class.to_owned()];
        if self.pick(2) == 0 {
            parts.reverse();
        }
        for part in parts.iter().filter(|part| !part.is_empty()) {
            self.push(part);
            self.blank();
        }
        let mnemonics: &[&str] = match record.data {
            Data::A(_) => &["A", "a", "TYPE1"],
            Data::Mx(..) => &["MX", "Mx", "type15"],
            Data::Txt(_) => &["TXT", "TYPE16"],
            Data::Unknown(_) => &["TYPE65280"],
        };
        let mnemonic = self.one(mnemonics);
        self.push(mnemonic);
        self.blank();
        match &record.data {
            Data::A([a, b, c, d]) => self.push(&format!("{a}.{b}.{c}.{d}")),
            Data::Mx(preference, labels) => {
                self.push(&preference.to_string());
                self.blank();
                self.name(labels);
            }
            Data::Txt(strings) => {
                for string in strings {
                    self.string(string);
                    self.blank();
                }
            }
            Data::Unknown(octets) => {
                self.push(&format!("\\# {}", octets.len()));
                for octet in octets {
                    let blank = self.one(&["", " "]);
                    self.push(blank);
                    if self.text.ends_with(format!("# {}", octets.len()).as_bytes()) {
                        self.push(" ");
                    }
                    self.push(&format!("{octet:02x}"));
                }
            }
        }
        self.end();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    /// However a record is written, it reads as itself; and as the `domain` crate reads it, where that accepts the text.
    #[test]
    fn records_read_as_themselves_in_any_layout(models in models(), seed in 1..u64::MAX) {
        let mut writer = Writer { seed, is_open: false, text: format!("$TTL {DEFAULT_TTL}\n").into_bytes() };
        for (index, record) in models.iter().enumerate() {
            let inherits = index > 0 && models[index - 1].owner == record.owner;
            writer.record(record, inherits);
        }
        let (origin, mut sources) = (origin(""), Sources::default());
        let parsed = parse("good", &origin, &writer.text, &Limits::default(), &mut sources);
        let shown = String::from_utf8_lossy(&writer.text).into_owned();
        prop_assert!(!parsed.findings.iter().any(Diagnostic::is_error), "{shown}\n{}", rendered(&parsed.findings, &sources));
        let expected: Vec<_> = models.iter().map(Model::wire).collect();
        prop_assert_eq!(wires(&parsed), expected, "{}", &shown);
        if let Some(theirs) = read_by_domain(&origin, &writer.text) {
            prop_assert_eq!(wires(&parsed), theirs, "{}", &shown);
        }
    }
}

/// On our good fixtures, and on each record of the table of types, the `domain` crate gives the same octets where it accepts.
#[test]
fn domain_reads_the_same_where_it_accepts() {
    let table = include_str!("../fixtures/rdata.txt").split("\n\n").filter(|block| !block.starts_with('#'));
    let rows = table.map(|block| {
        let record = block.lines().next().unwrap();
        (record.to_owned(), format!("www 60 IN {record}\n").into_bytes())
    });
    let (mut agreed, mut differ) = (0, Vec::new());
    for (name, text) in zones("good").into_iter().chain(rows) {
        let parsed = parse("good", &origin(&name), &text, &Limits::default(), &mut Sources::default());
        if let Some(theirs) = read_by_domain(&origin(&name), &text) {
            if wires(&parsed) == theirs { agreed += 1 } else { differ.push(name) }
        }
    }
    // Its `docpath` has segments without their lengths (RFC 9953 §3.2 has them).
    assert!(matches!(&differ[..], [record] if record.contains("docpath")), "{differ:?}");
    assert!(agreed > 40, "domain accepts {agreed} texts only");
}

/// A hostile shape costs findings and time in proportion, and never more than the limits.
#[test]
fn hostile_shapes_are_read_to_the_end_or_to_the_limit() {
    const SIZE: usize = 1 << 20;
    let repeated = |piece: &[u8]| piece.repeat(SIZE / piece.len());
    let shapes: Vec<(&str, Vec<u8>, std::ops::RangeInclusive<usize>)> = vec![
        ("parentheses", repeated(b"("), 1..=1),
        ("closing parentheses", repeated(b")"), 1..=1),
        ("parentheses on lines", repeated(b"(\n"), 1001..=1001),
        ("parentheses on indented lines", repeated(b" (\n"), 1..=1),
        ("pairs", repeated(b"()"), 0..=0),
        ("quotes", repeated(b"\""), 1..=1),
        ("quotes on lines", repeated(b"\"\n"), 1001..=1001),
        ("open quotes in parentheses", repeated(b"(\"\n"), 1001..=1001),
        ("includes", repeated(b"$INCLUDE x\n"), 1001..=1001),
        ("directives", repeated(b"$X\n"), 1001..=1001),
        ("lines of one octet", repeated(b"a\n"), 1001..=1001),
        ("empty lines", repeated(b"\n"), 0..=0),
        ("blank lines", repeated(b" \n"), 0..=0),
        ("comments", repeated(b";\n"), 0..=0),
        ("escapes", repeated(b"\\\\"), 1..=1),
        ("an escape and nothing", b"\\".to_vec(), 1..=1),
        ("escaped line ends", repeated(b"\\\n"), 1001..=1001),
        ("NULs", repeated(b"\0"), 1..=1),
        ("carriage returns", repeated(b"\r"), 0..=0),
        ("dots", repeated(b"."), 1..=1),
        ("dotted lines", repeated(b"..\n"), 1001..=1001),
        ("markers", repeated(b"<<<<<<<\n"), 1001..=1001),
        ("markers between", repeated(b"=======\n"), 1..=1),
        ("UTF-16", repeated(b"a\0\n\0"), 1001..=1001),
        ("a long parameter", [b"a 60 HTTPS 1 . ".to_vec(), vec![b'k'; SIZE - 20]].concat(), 1..=1),
        ("octets over 127", repeated(b"\xFF"), 1..=1),
        ("empty records", repeated(b" A\n"), 1001..=1001),
        ("one record", repeated(b"a 60 A 192.0.2.1\n"), 1..=1),
        ("one alias", [b"a 60 TXT x\n".to_vec(), repeated(b"a 60 CNAME b\n")].concat(), 2..=2),
        ("outside", repeated(b"a. 60 A 1.1.1.1\n"), 1..=1),
        ("outside by turns", repeated(b"a. 60 A 1.1.1.1\na 60 A 1.1.1.1\n"), 1002..=1002),
        ("generated", repeated(b"$GENERATE 0-65535 $ TXT x\n"), 3..=3),
    ];
    for (name, text, expected) in shapes {
        let limits = Limits { generated_octets: 1 << 22, ..Limits::default() };
        let (findings, sources) = judge("", &text, &limits);
        let zone_findings = ["no-soa", "no-apex-ns"];
        let count = findings.iter().filter(|finding| !zone_findings.contains(&finding.code.name)).count();
        assert!(expected.contains(&count), "{name}: {count} findings, {:?}", findings.first());
        let text = rendered(&findings[..findings.len().min(20)], &sources);
        assert!(text.len() < 100_000, "{name}: {} octets to read", text.len());
    }
}

/// Includes are bounded in depth and in number, and a file is never read within itself.
#[test]
fn includes_are_bounded() {
    let read = |limits: &Limits, answer: fn(&[u8]) -> Vec<u8>| {
        let mut sources = Sources::default();
        let root = sources.add(Source::new("zone", &b"$INCLUDE 0\n$INCLUDE 0\n"[..]));
        let mut asked = 0;
        let parsed = zonefile::parse(&mut sources, root, &origin(""), limits, &mut |_, path| {
            asked += 1;
            Ok(Source::new(String::from_utf8_lossy(path), answer(path)))
        });
        let headlines: Vec<_> = parsed.findings.into_iter().map(|finding| finding.headline).collect();
        (asked, headlines)
    };
    fn once(path: &[u8]) -> Vec<u8> {
        format!("$INCLUDE {}\n", 1 + String::from_utf8_lossy(path).parse::<u32>().unwrap()).into_bytes()
    }
    fn twice(path: &[u8]) -> Vec<u8> {
        once(path).repeat(2)
    }
    let limits = Limits { include_depth: 3, ..Limits::default() };
    let (asked, headlines) = read(&limits, once);
    assert_eq!((asked, headlines), (6, vec!["files are included more than 3 deep".to_owned(); 2]));
    let limits = Limits { include_depth: 100, includes: 50, ..Limits::default() };
    let (asked, headlines) = read(&limits, twice);
    let too_many = format!("the zone has more than 50 includes, or {} octets in them", u32::MAX);
    assert_eq!((asked, headlines), (51, vec![too_many]));
    let limits = Limits { include_depth: 100, file_octets: 1000, ..Limits::default() };
    let (asked, headlines) = read(&limits, twice);
    assert!((30..60).contains(&asked), "{asked} files were read");
    assert_eq!(headlines, ["the zone has more than 10000 includes, or 1000 octets in them"]);
    let (asked, headlines) = read(&Limits::default(), |_| b"$INCLUDE 0\n".to_vec());
    assert_eq!((asked, headlines), (4, vec!["`0` includes itself".to_owned(); 2]));
}
