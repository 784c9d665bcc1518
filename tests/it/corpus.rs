//! The corpus of zone files that other servers' projects test with: every file accepted or refused, for a reason read by eye.
//!
//! The corpus says what three checkers make of each file: all accept the `good`, all refuse the `bad`, and they differ on the
//! `disputed`. Its files belong to others and stay where they are; ours are the decisions in `tests/fixtures/corpus/`.

#![expect(clippy::disallowed_methods, reason = "the corpus is no part of the repository")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use zonewright::authority::{Authority, Catalog};
use zonewright::diagnostic::{Diagnostic, Stage, codes};
use zonewright::dns::{Name, NameRef, Rtype};
use zonewright::lint;
use zonewright::source::{Source, Sources};
use zonewright::zone::{self, Built};
use zonewright::zonefile::{self, IncludeRefusal, Limits, Line, rdata};

use crate::support;

/// One file of the corpus.
#[derive(serde::Deserialize)]
struct Entry {
    file: String,
    set: String,
    origin: String,
    /// Where the checkers found the fault, if they said so.
    line: Option<u32>,
    /// What each checker says: `accept` or `reject`.
    verdict: BTreeMap<String, String>,
}

/// The files of one set.
fn entries(folder: &Path, set: &str) -> Vec<Entry> {
    #[derive(serde::Deserialize)]
    struct Corpus {
        zone: Vec<Entry>,
    }
    let text = fs::read_to_string(folder.join("corpus.toml")).expect("the corpus has its table");
    let corpus: Corpus = toml::from_str(&text).expect("the table is TOML");
    let entries: Vec<_> = corpus.zone.into_iter().filter(|entry| entry.set == set).collect();
    assert!(!entries.is_empty(), "the corpus has no {set} files");
    entries
}

/// What we make of a file of the corpus.
struct Judged {
    built: Built,
    sources: Sources,
}

impl Judged {
    fn new(folder: &Path, entry: &Entry) -> Self {
        let path = folder.join(&entry.file);
        let place = path.parent().expect("a file is in a folder").to_owned();
        // As a zone directory is loaded: an include's path starts at the file that holds it.
        let mut include = |holder: &str, name: &[u8]| {
            let beside = Path::new(holder).with_file_name(String::from_utf8_lossy(name).into_owned());
            let name = beside.to_str().expect("a path of text").to_owned();
            let text = fs::read(place.join(&name)).map_err(|error| IncludeRefusal {
                unreadable: true,
                headline: format!("`{name}` cannot be read: {error}"),
                why: String::new(),
                fix: String::new(),
            })?;
            Ok(Source::new(name, text))
        };
        let apex = Name::absolute(&entry.origin).expect("an origin is a name");
        let mut sources = Sources::default();
        let root = sources.add(Source::new("zone", fs::read(&path).expect("a file of the corpus is there")));
        let parsed = zonefile::parse(&mut sources, root, &apex, &Limits::default(), &mut include);
        Self { built: zone::build(&apex, root, parsed, &sources), sources }
    }

    fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.built.findings.iter().filter(|finding| finding.is_error())
    }

    fn line(&self, finding: &Diagnostic) -> u32 {
        let span = finding.primary.span;
        self.sources.get(span.file).position(span.start).line
    }

    /// Each error as file, line, code and headline.
    fn told(&self) -> Vec<String> {
        let tell = |error: &Diagnostic| {
            let file = self.sources.get(error.primary.span.file).name();
            format!("{file}:{}: {}: {}", self.line(error), error.code.name, error.headline)
        };
        self.errors().map(tell).collect()
    }
}

/// An owner in lower case, its type, its TTL, and the canonical data of its records: of equal ones either may be kept.
type Rrsets = BTreeMap<(Vec<u8>, Rtype), (u32, BTreeSet<Vec<u8>>)>;

fn rrsets(zone: &zone::Zone) -> Rrsets {
    let mut rrsets = Rrsets::new();
    for rrset in zone.nodes().flat_map(|node| node.rrsets()) {
        let owner = rrset.owner().octets().to_ascii_lowercase();
        rrsets.insert(
            (owner, rrset.rtype()),
            (rrset.ttl(), rrset.rdatas().map(|octets| canonical(rrset.rtype(), octets)).collect()),
        );
    }
    rrsets
}

fn canonical(rtype: Rtype, octets: &[u8]) -> Vec<u8> {
    rdata::canonical(rtype, octets).into_owned()
}

/// The zone as named-compilezone has it, in BIND's raw format: checks of taste are off, and so is the network.
fn compiled_by_bind(path: &Path, origin: &str) -> Rrsets {
    let flags = "-i local -k ignore -n ignore -m ignore -r ignore -S ignore -M ignore -F raw -o -";
    let output = Command::new("named-compilezone")
        .args(flags.split(' '))
        .arg(origin)
        .arg(path.file_name().expect("a file has a name"))
        .current_dir(path.parent().expect("a file is in a folder"))
        .output()
        .expect("named-compilezone starts");
    assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
    read_raw(&output.stdout)
}

/// Reads BIND's raw format, version 1: a header of 24 octets, then rrsets, each led by its length, class, type, type
/// covered, TTL, count of records and owner (BIND's `lib/dns/master.c`, `load_raw`). RRSIGs come in a set for each type covered.
fn read_raw(octets: &[u8]) -> Rrsets {
    let mut rrsets = Rrsets::new();
    let mut rest = &octets[24..];
    let take = |rest: &mut &[u8], count: usize| rest.split_off(..count).expect("raw format").to_vec();
    let number =
        |rest: &mut &[u8], count| take(rest, count).iter().fold(0u32, |sum, &octet| sum << 8 | u32::from(octet));
    while !rest.is_empty() {
        let (_length, _class) = (number(&mut rest, 4), number(&mut rest, 2));
        let (rtype, _covers) = (number(&mut rest, 2), number(&mut rest, 2));
        let (ttl, count) = (number(&mut rest, 4), number(&mut rest, 4));
        let length = number(&mut rest, 2) as usize;
        let owner = take(&mut rest, length).to_ascii_lowercase();
        let rtype = Rtype(rtype as u16);
        let rrset = rrsets.entry((owner, rtype)).or_insert((ttl, BTreeSet::new()));
        rrset.0 = rrset.0.min(ttl);
        for _ in 0..count {
            let length = number(&mut rest, 2) as usize;
            rrset.1.insert(canonical(rtype, &take(&mut rest, length)));
        }
    }
    rrsets
}

/// The rrsets as lines of a zone file, for people.
fn shown(rrsets: &Rrsets) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for ((owner, rtype), (ttl, rdatas)) in rrsets {
        let owner = NameRef::parse(owner).expect("an owner is a name");
        lines.extend(rdatas.iter().map(|rdata| Line { owner, ttl: *ttl, rtype: *rtype, rdata }.to_string()));
    }
    lines
}

fn differences(ours: &Rrsets, theirs: &Rrsets) -> Vec<String> {
    let (shown_ours, shown_theirs) = (shown(ours), shown(theirs));
    let only_ours = shown_ours.difference(&shown_theirs).map(|line| format!("+ {line}"));
    let only_theirs = shown_theirs.difference(&shown_ours).map(|line| format!("- {line}"));
    let mut lines: Vec<_> = only_ours.chain(only_theirs).take(10).collect();
    if lines.is_empty() && ours != theirs {
        lines.push("the same text, other octets".to_owned());
    }
    lines
}

/// Whether BIND and the RFC differ on a zone's TTLs: BIND takes the first of an rrset, RFC 2181 §5.2 the lowest.
fn has_mixed_ttls(built: &Built) -> bool {
    built.findings.iter().any(|finding| std::ptr::eq(finding.code, &codes::TTL_MISMATCH))
}

fn has_named_compilezone() -> bool {
    let has = Command::new("named-compilezone").arg("-v").output().is_ok();
    if !has {
        support::skip("peers", "named-compilezone is not installed");
    }
    has
}

fn same_as_bind(folder: &Path, entry: &Entry, judged: &Judged) -> Vec<String> {
    let Some(zone) = &judged.built.zone else { return judged.told() };
    let (mut ours, mut theirs) = (rrsets(zone), compiled_by_bind(&folder.join(&entry.file), &entry.origin));
    if has_mixed_ttls(&judged.built) {
        for rrset in ours.values_mut().chain(theirs.values_mut()) {
            rrset.0 = 0;
        }
    }
    differences(&ours, &theirs)
}

/// Panics with what each file that is not as it should be has to say.
fn report(wrong: &BTreeMap<String, Vec<String>>) {
    let told: String = wrong.iter().map(|(file, lines)| format!("{file}\n    {}\n", lines.join("\n    "))).collect();
    assert!(wrong.is_empty(), "{} files:\n{told}", wrong.len());
}

#[test]
fn good_files_are_accepted_and_are_what_bind_makes_of_them() {
    let Some(folder) = support::shared("corpus") else { return };
    let has_bind = has_named_compilezone();
    let mut wrong = BTreeMap::new();
    for entry in entries(&folder, "good") {
        let judged = Judged::new(&folder, &entry);
        let mut lines = judged.told();
        if lines.is_empty() && has_bind {
            lines = same_as_bind(&folder, &entry, &judged);
        }
        if !lines.is_empty() {
            wrong.insert(entry.file, lines);
        }
    }
    report(&wrong);
}

/// Errors of rules in files that three checkers accept, each with why it is one all the same.
const LINT_ERRORS: &[(&str, &str, &str)] = &[
    ("bind-resolver-ns6-example.net", "cname-loop", "an alias of itself: no resolver answers for it"),
    ("own-cname-loop", "cname-loop", "made to be one"),
    ("own-cname-self", "cname-loop", "made to be one"),
    (
        "bind-rpzextra-ns3-external-rpz.local",
        "missing-trailing-dot",
        "the SOA record names localhost.rpz.local, relative",
    ),
    ("bind-rpzextra-ns3-fourth-rpz-extra.local", "missing-trailing-dot", "the same"),
    ("bind-rpzextra-ns3-third-rpz-extra.local", "missing-trailing-dot", "the same"),
    ("knot-zs-15_CNAME-ok0", "missing-trailing-dot", "an alias of test.example.com, relative"),
    ("knot-x-tests-extra-flags", "mx-target-is-alias", "RFC 2181 §10.3; named-checkzone warns"),
    ("knot-x-zonefiles-example1", "mx-target-is-alias", "the same"),
    ("own-mx-is-cname", "mx-target-is-alias", "made to be one"),
    ("knot-sem-cdnskey.cds", "rrsig-missing", "a signed zone with records that nobody signed"),
    ("knot-sem-cdnskey.delete.both", "rrsig-missing", "the same"),
    ("pdns-nb-30-repeated-scheme-algorithm-example", "zonemd-mismatch", "RFC 8976 §2.2: two digests of one kind"),
    ("pdns-zonemd-invalid", "zonemd-mismatch", "made to be one"),
    ("pdns-zonemd-invalidscheme", "zonemd-mismatch", "the digest that can be checked is wrong"),
];

/// An error keeps a zone from being served, so no rule may call an error what works: each one here has its reason.
#[test]
fn rules_find_no_error_in_good_files_without_a_reason() {
    let Some(folder) = support::shared("corpus") else { return };
    // The day does not matter to the files: those whose signatures have ended are told of by date, and not counted here.
    let settings = lint::Settings::default();
    let (mut unexpected, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for entry in entries(&folder, "good") {
        let Judged { built: Built { zone, findings }, sources } = Judged::new(&folder, &entry);
        let zone = zone.unwrap_or_else(|| panic!("{} is good", entry.file));
        let authority = Arc::new(Authority::compile(&zone, support::KEY));
        let catalog = Catalog::new(support::KEY, [(zone.apex().to_name(), Some(authority))]);
        let others = lint::Others::new(&catalog, &|_: NameRef<'_>| true);
        let findings = lint::check(&zone, &sources, &settings, findings);
        let findings = lint::check_beside(&zone, &sources, &settings, &others, findings);
        let stem = entry.file.trim_start_matches("good/").trim_end_matches(".zone");
        for finding in findings.iter().filter(|finding| finding.is_error() && finding.code.stage != Stage::Date) {
            match LINT_ERRORS.iter().position(|(file, code, _)| *file == stem && *code == finding.code.name) {
                Some(place) => _ = seen.insert(place),
                None => _ = unexpected.insert(format!("{stem}: {}: {}", finding.code.name, finding.headline)),
            }
        }
    }
    assert!(unexpected.is_empty(), "errors without a reason: {unexpected:#?}");
    let unseen: Vec<_> =
        (0..LINT_ERRORS.len()).filter(|place| !seen.contains(place)).map(|place| LINT_ERRORS[place]).collect();
    assert!(unseen.is_empty(), "reasons without an error: {unseen:#?}");
}

/// Our own good fixtures are to BIND what they are to us.
#[test]
fn our_good_fixtures_are_what_bind_makes_of_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/zonefile");
    if !has_named_compilezone() {
        return;
    }
    let mut wrong = BTreeMap::new();
    for file in fs::read_dir(folder.join("good")).expect("the fixtures are there") {
        let name = file.unwrap().file_name().into_string().expect("a name of ours");
        // BIND goes on with an include's `$TTL` after it; here it ends with its file, as origin and owner do.
        let Some(stem) = name.strip_suffix(".zone").filter(|stem| *stem != "include") else { continue };
        let origin = if stem == "root" { "." } else { "example.org." }.to_owned();
        let (file, set, verdict) = (format!("good/{name}"), "good".to_owned(), BTreeMap::new());
        let entry = Entry { file, set, origin, line: None, verdict };
        let judged = Judged::new(&folder, &entry);
        let lines = same_as_bind(&folder, &entry, &judged);
        if !lines.is_empty() {
            wrong.insert(entry.file, lines);
        }
    }
    report(&wrong);
}

/// All files that every checker refuses are refused here, at the stated line; the exceptions are listed with the true reason.
#[test]
fn bad_files_are_refused_at_the_line_to_blame() {
    #[derive(serde::Deserialize)]
    struct Table {
        file: Vec<Exception>,
    }
    /// A file whose fault is at another line than stated; without a line, it is accepted.
    #[derive(serde::Deserialize)]
    struct Exception {
        name: String,
        line: Option<u32>,
        why: String,
    }
    let Some(folder) = support::shared("corpus") else { return };
    let table: Table = toml::from_str(include_str!("../fixtures/corpus/bad.toml")).expect("the table is TOML");
    let mut exceptions: BTreeMap<_, _> =
        table.file.into_iter().map(|file| (format!("bad/{}", file.name), (file.line, file.why))).collect();
    let mut wrong = BTreeMap::new();
    for entry in entries(&folder, "bad") {
        let judged = Judged::new(&folder, &entry);
        let (line, why) = exceptions.remove(&entry.file).unwrap_or((entry.line, "as stated".to_owned()));
        let is_right = match line {
            Some(line) => judged.errors().any(|error| judged.line(error) == line),
            None => judged.built.zone.is_some() && !why.is_empty(),
        };
        if !is_right {
            wrong.insert(entry.file, [vec![format!("expected line {line:?}: {why}")], judged.told()].concat());
        }
    }
    report(&wrong);
    assert!(exceptions.is_empty(), "exceptions for no file: {:?}", exceptions.keys());
}

/// What is made of a file that the checkers disagree on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    /// It is served.
    Accept,
    /// It could be served, and an error of the rules keeps it from being published.
    Stop,
    /// It is not well-formed, or its records cannot stand together.
    Refuse,
}

/// Our decisions: a row a file, with the verdict and a sentence.
#[derive(serde::Deserialize)]
struct Decisions {
    accept: BTreeMap<String, String>,
    stop: BTreeMap<String, String>,
    refuse: BTreeMap<String, String>,
}

impl Decisions {
    fn read() -> Self {
        toml::from_str(include_str!("../fixtures/corpus/disputed.toml")).expect("the table is TOML")
    }

    fn rows(&self) -> impl Iterator<Item = (&str, Verdict, &str)> {
        let sets = [(Verdict::Accept, &self.accept), (Verdict::Stop, &self.stop), (Verdict::Refuse, &self.refuse)];
        sets.into_iter().flat_map(|(verdict, set)| set.iter().map(move |(file, why)| (&**file, verdict, &**why)))
    }
}

/// The day on which the signatures of the corpus are judged: 2026-01-01.
const TODAY: u32 = 1_767_225_600;

/// The names of the rules that keep a zone from being published.
fn stopped_by(judged: &Judged) -> BTreeSet<&'static str> {
    let Some(zone) = &judged.built.zone else { return BTreeSet::new() };
    let findings = lint::check(zone, &judged.sources, &lint::Settings::new(TODAY), Vec::new());
    findings.iter().filter(|finding| finding.is_error()).map(|finding| finding.code.name).collect()
}

/// What is wrong with a row: another verdict than ours, or rules other than those that its sentence names.
fn row_against(judged: &Judged, verdict: Verdict, why: &str) -> Vec<String> {
    let stopped = stopped_by(judged);
    let ours = match judged.built.zone {
        None => Verdict::Refuse,
        Some(_) if stopped.is_empty() => Verdict::Accept,
        Some(_) => Verdict::Stop,
    };
    if ours != verdict {
        let rules = stopped.iter().map(|name| (*name).to_owned());
        return [format!("decided {verdict:?}, is {ours:?}")].into_iter().chain(judged.told()).chain(rules).collect();
    }
    let named: BTreeSet<_> =
        lint::codes().map(|code| code.name).filter(|name| why.contains(&format!("`{name}`"))).collect();
    if named == stopped { Vec::new() } else { vec![format!("the rules are {stopped:?}")] }
}

/// Where the checkers differ, each file has a row of ours that says what becomes of it and why; what is accepted is what BIND
/// makes of it, if BIND accepts it too.
#[test]
fn disputed_files_are_decided_one_by_one() {
    let Some(folder) = support::shared("corpus") else { return };
    let has_bind = has_named_compilezone();
    let table = Decisions::read();
    let mut rows: BTreeMap<_, _> =
        table.rows().map(|(file, verdict, why)| (format!("disputed/{file}"), (verdict, why))).collect();
    let mut wrong = BTreeMap::new();
    for entry in entries(&folder, "disputed") {
        let judged = Judged::new(&folder, &entry);
        let mut lines = match rows.remove(&entry.file) {
            None => vec!["not decided".to_owned()],
            Some((verdict, why)) => row_against(&judged, verdict, why),
        };
        let is_bind_asked = has_bind && judged.built.zone.is_some() && entry.verdict["named-checkzone"] == "accept";
        if lines.is_empty() && is_bind_asked {
            lines = same_as_bind(&folder, &entry, &judged);
        }
        if !lines.is_empty() {
            wrong.insert(entry.file, lines);
        }
    }
    report(&wrong);
    assert!(rows.is_empty(), "decisions on no file: {:?}", rows.keys());
}

/// Each row has a sentence of its own, and what is not served has its RFC and section.
#[test]
fn disputed_files_have_a_sentence_each() {
    let table = Decisions::read();
    let (mut files, mut sentences) = (BTreeSet::new(), BTreeSet::new());
    for (file, verdict, why) in table.rows() {
        assert!(files.insert(file), "{file} is decided twice");
        assert!(sentences.insert(why), "{file} has the sentence of another: {why}");
        assert!(why.ends_with('.') && why.split(' ').count() > 4, "{file} has no sentence: {why}");
        assert!(verdict == Verdict::Accept || why.contains("RFC "), "{file} is not served and has no RFC: {why}");
    }
}
