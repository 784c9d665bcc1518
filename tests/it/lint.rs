//! Rules: each has its manual and its fixtures, and a signed zone that is edited by hand is told of once.

#![expect(clippy::disallowed_methods, reason = "tests read fixtures, and write the zones that are judged")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use zonewright::authority::{Authority, Catalog};
use zonewright::diagnostic::Diagnostic;
use zonewright::diagnostic::Severity;
use zonewright::dns::{Name, NameRef, Rtype};
use zonewright::lint::{
    self, Acting, HashAlgorithm, Level, Mirrors, Others, Owner, Owners, RULES, Rule, Settings, Severities,
};
use zonewright::source::Source;
use zonewright::zone::Zone;
use zonewright::zone::serial::Mode;
use zonewright::zonefile::rdata::parse_moment;

use crate::support::{KEY, build, build_with, headlines};

/// The day on which fixtures are judged.
const TODAY: &str = "20260301000000";

fn fixtures(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(part)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn name(text: &str) -> Name {
    Name::absolute(text).expect("a name")
}

const EXAMPLES: (&str, Level) = ("documentation-address", Level::Off);

/// Fixtures are full of example addresses, and short of all that a rule is not about.
fn settings(today: &str) -> Settings {
    let organisation = vec![name("almalinux.org"), name("almalinux.im")];
    let mut settings = Settings { threads: 2, organisation, ..Settings::new(parse_moment(today).expect("a moment")) };
    settings.severities.everywhere = vec![EXAMPLES, ("delegation-to-us-unserved", Level::Off)];
    settings
}

/// What building and all rules find in a zone, beside another where there is one.
pub(crate) fn judge(apex: &str, text: &str, beside: Option<(&str, &str)>) -> Vec<Diagnostic> {
    judge_by(&settings(TODAY), apex, text, beside)
}

/// What rules about a change find between two versions of a zone.
fn judge_change(settings: &Settings, old: &str, new: &str) -> Vec<Diagnostic> {
    let (old, (new, _, sources)) = (build("example", old).0.expect("a zone"), build("example", new));
    lint::check_change(Some(&old), &new.expect("a zone"), &sources, settings, false)
}

/// The same by other settings, beside any number of zones.
fn judge_by<'t>(
    settings: &Settings,
    apex: &str,
    text: &str,
    beside: impl IntoIterator<Item = (&'t str, &'t str)>,
) -> Vec<Diagnostic> {
    judge_all(settings, apex, text, beside, &Mirrors::default())
}

/// The same, and a mirror list.
fn judge_all<'t>(
    settings: &Settings,
    apex: &str,
    text: &str,
    beside: impl IntoIterator<Item = (&'t str, &'t str)>,
    mirrors: &Mirrors,
) -> Vec<Diagnostic> {
    // Includes of fixtures: one that holds nothing, and one that holds a record.
    let (zone, findings, sources) = build_with(apex, text, &mut |_, name| {
        let text: &[u8] = if name == b"empty.inc" { b"; nothing\n" } else { b"included 60 TXT \"text\"\n" };
        Ok(Source::new(String::from_utf8_lossy(name), text))
    });
    let zone = zone.unwrap_or_else(|| panic!("{apex} is no zone: {:?}", headlines(&findings)));
    let findings = lint::check(&zone, &sources, settings, findings);
    let compiled = |zone: &Zone| Some(Authority::compile(zone, KEY).into());
    let other = beside.into_iter().map(|(other, text)| (name(other), build(other, text).0.as_ref().and_then(compiled)));
    let catalog = Catalog::new(KEY, [(name(apex), compiled(&zone))].into_iter().chain(other));
    let others = Others::new(&catalog, &|_: NameRef<'_>| false).with_mirrors(mirrors);
    let mut findings = lint::check_beside(&zone, &sources, settings, &others, findings);
    findings.extend(lint::check_mirrors(mirrors, settings, &others));
    findings
}

/// The settings for a rule's fixtures: itself on.
fn settings_for(rule: &Rule) -> Settings {
    let mut settings = settings(TODAY);
    settings.critical_names = vec![name("www.example")];
    let people = vec!["ada".to_owned()];
    let owner = Owner { subtree: name("owned.example"), types: vec![Rtype::TXT], people, teams: Vec::new() };
    settings.owners = Owners::new(vec![owner]);
    let auto = Mode { is_auto: Some(true), style: None };
    settings.serials.zones.insert(Name::absolute("auto.example.").unwrap(), auto);
    settings.acting = Some(Acting { actor: Some("bob".to_owned()), teams: Vec::new() });
    settings.severities.everywhere.insert(0, (rule.code.name, Level::On(rule.code.severity)));
    settings
}

/// A rule's folder: `bad.zone` and `good.zone` are of the zone `example`, of the root where there is a `child.zone` for
/// `example`, or of what a first line such as `; of x.example` says; every other zone file is
/// one beside it, called as its zone is, and `*.yml` are mirrors.
#[test]
fn every_rule_finds_its_bad_fixture_and_nothing_in_the_good_one() {
    for rule in RULES {
        let name = rule.code.name;
        let folder = fixtures("lint").join(name);
        let (mut beside, mut mirrors) = (Vec::new(), Mirrors::default());
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{name}: {error}")) {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "yml") {
                let file = mirrors.sources.add(Source::new("mirror.yml", read(&path).into_bytes()));
                mirrors.add(file);
                continue;
            }
            let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
            match stem {
                "bad" | "good" | "old" => {}
                "child" => beside.push(("example".to_owned(), read(&path))),
                stem => beside.push((stem.to_owned(), read(&path))),
            }
        }
        let is_parent = beside.iter().any(|(other, _)| other == "example");
        let beside = || beside.iter().map(|(other, text)| (other.as_str(), text.as_str()));
        let usual = if is_parent { "." } else { "example" };
        let judge = |file: &str| {
            let text = read(&folder.join(file));
            let apex = text.lines().next().and_then(|line| line.strip_prefix("; of ")).unwrap_or(usual);
            judge_all(&settings_for(rule), apex, &text, beside(), &mirrors)
        };
        let good = judge("good.zone");
        assert!(good.is_empty(), "{name}: {:?}", headlines(&good));
        let bad = judge("bad.zone");
        // A rule about a change has the zone as it was.
        let old = std::fs::read_to_string(folder.join("old.zone")).ok();
        let bad = match &old {
            Some(old) => {
                let settings = settings_for(rule);
                assert!(bad.is_empty(), "{name}: {:?}", headlines(&bad));
                let good = judge_change(&settings, old, &read(&folder.join("good.zone")));
                assert!(good.is_empty(), "{name}: {:?}", headlines(&good));
                judge_change(&settings, old, &read(&folder.join("bad.zone")))
            }
            None => bad,
        };
        let codes: Vec<&str> = bad.iter().map(|finding| finding.code.name).collect();
        assert_eq!(codes, [name], "{name}: {:?}", headlines(&bad));
        assert_eq!(bad[0].severity, rule.code.severity, "{name}");
        assert!(!bad[0].why.is_empty() && !bad[0].fix.is_empty(), "{name} says neither why nor what to do");
    }
}

/// Other addresses in the place of a text's own: of the same family, private where they were not.
fn with_other_addresses(text: &str) -> String {
    let other = |word: &str| match word.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(address)) => format!("10.9.8.{}", address.octets()[3]),
        Ok(std::net::IpAddr::V6(address)) => format!("fd00::{:x}", address.segments()[7]),
        Err(_) => word.to_owned(),
    };
    let is_address = |line: &str| line.split_whitespace().any(|word| word == "A" || word == "AAAA");
    let lines = text.lines().map(|line| match is_address(line) {
        true => line
            .split_inclusive([' ', '\t'])
            .map(|word| {
                let end = word.trim_end().len();
                other(&word[..end]) + &word[end..]
            })
            .collect(),
        false => line.to_owned(),
    });
    lines.map(|line| line + "\n").collect()
}

/// What a server relies on when it answers other addresses before it judges them.
#[test]
fn a_rule_that_says_nothing_of_addresses_finds_the_same_whatever_they_are() {
    let (zone, types) = (name("example"), [Rtype::A, Rtype::AAAA]);
    let (mut readers, mut changed) = (Vec::new(), 0);
    for rule in RULES {
        let mut strict = settings(TODAY);
        strict.severities.everywhere = RULES.iter().map(|rule| (rule.code.name, Level::Off)).collect();
        strict.severities.everywhere.insert(0, (rule.code.name, Level::On(Severity::Error)));
        if !lint::allows_any(&types, zone.as_ref(), &strict) {
            readers.push(rule.code.name);
        }
    }
    let is_asked = |finding: &&Diagnostic| !readers.contains(&finding.code.name);
    for rule in RULES {
        let folder = fixtures("lint").join(rule.code.name);
        for file in ["bad.zone", "good.zone"] {
            let text = read(&folder.join(file));
            let apex = text.lines().next().and_then(|line| line.strip_prefix("; of ")).unwrap_or("example");
            // Of a zone with signatures or a digest nothing is answered before it is judged.
            let is_sealed = text.contains("RRSIG") || text.contains("ZONEMD");
            if folder.join("child.zone").exists() || is_sealed {
                continue;
            }
            let other = with_other_addresses(&text);
            let lines = |text: &str, findings: &[Diagnostic]| -> Vec<(&'static str, usize)> {
                findings
                    .iter()
                    .filter(is_asked)
                    .map(|finding| {
                        let start = finding.primary.span.start as usize;
                        (finding.code.name, text[..start].matches('\n').count())
                    })
                    .collect()
            };
            let settings = settings_for(rule);
            let (before, after) = (judge_by(&settings, apex, &text, []), judge_by(&settings, apex, &other, []));
            assert_eq!(lines(&text, &before), lines(&other, &after), "{}/{file}", rule.code.name);
            changed += usize::from(text != other);
        }
    }
    assert!(changed > 50, "{changed} fixtures with addresses");
    assert!(readers.contains(&"private-address") && readers.len() < RULES.len() / 3, "{readers:?}");
}

#[test]
fn every_rule_has_a_manual() {
    for rule in RULES {
        let manual = rule.manual();
        let headings: Vec<&str> = manual.lines().filter(|line| line.starts_with("## ")).collect();
        let wanted = ["## What it does", "## Why is this bad", "## Example", "## Fix"];
        assert_eq!(headings, wanted, "{}", rule.code.name);
        assert!(rule.code.summary.ends_with('.'), "{}: {}", rule.code.name, rule.code.summary);
    }
}

#[test]
fn no_two_codes_share_a_name() {
    let mut seen = HashSet::new();
    for code in lint::codes() {
        assert!(seen.insert(code.name), "two codes are called {}", code.name);
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(code.name.chars().all(is_plain), "{}", code.name);
        assert_eq!(lint::find(code.name).map(|found| found.name), Some(code.name));
    }
}

#[test]
fn rules_md_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lint/RULES.md");
    if std::env::var("ZONEWRIGHT_UPDATE").is_ok_and(|what| what == "rules") {
        std::fs::write(&path, lint::markdown()).expect("the source tree can be written");
    }
    assert!(read(&path) == lint::markdown(), "src/lint/RULES.md is stale: ZONEWRIGHT_UPDATE=rules cargo test rules_md");
}

/// One edit of a signed zone: lines that contain the first text are left out or, with a second, have it replaced.
struct Edit {
    what: &'static str,
    zone: &'static str,
    find: &'static [&'static str],
    replace: Option<&'static str>,
    add: &'static str,
    findings: &'static [&'static str],
}

const KEEP: Edit = Edit { what: "", zone: "", find: &[], replace: None, add: "", findings: &[] };

const EDITS: &[Edit] = &[
    Edit { what: "nothing", zone: "nsec", ..KEEP },
    Edit { what: "nothing", zone: "nsec3", findings: &["nsec3-iterated"], ..KEEP },
    Edit { what: "nothing", zone: "optout", ..KEEP },
    Edit {
        what: "a record of an rrset deleted",
        zone: "nsec",
        find: &["A 192.0.2.81"],
        findings: &["rrsig-does-not-verify"],
        ..KEEP
    },
    Edit {
        what: "a wildcard's text edited",
        zone: "optout",
        find: &["\"wild\""],
        replace: Some("\"tame\""),
        findings: &["rrsig-does-not-verify"],
        ..KEEP
    },
    Edit {
        what: "a name added",
        zone: "nsec",
        add: "new.example. 300 A 192.0.2.1",
        findings: &["rrsig-missing"],
        ..KEEP
    },
    Edit {
        what: "a name added below an empty non-terminal of its own",
        zone: "optout",
        add: "a.b.c.example. 300 A 192.0.2.1",
        findings: &["rrsig-missing"],
        ..KEEP
    },
    Edit {
        what: "a type added",
        zone: "nsec",
        add: "www.example. 300 CAA 0 issue \"ca.example\"",
        findings: &["rrsig-missing"],
        ..KEEP
    },
    Edit {
        what: "a name deleted, its proof left",
        zone: "nsec",
        find: &["mail.example. 300 IN A", "mail.example. 300 IN RRSIG A"],
        findings: &["nsec-chain-broken"],
        ..KEEP
    },
    Edit {
        what: "a name deleted with its proof",
        zone: "nsec",
        find: &["\nmail.example. 300"],
        findings: &["nsec-chain-broken"],
        ..KEEP
    },
    Edit {
        what: "a proof deleted",
        zone: "nsec",
        find: &["www.example. 300 IN NSEC", "www.example. 300 IN RRSIG NSEC"],
        findings: &["nsec-chain-broken"],
        ..KEEP
    },
    Edit {
        what: "an unsigned delegation added",
        zone: "nsec",
        add: "fresh.example. 300 NS ns.elsewhere.test.",
        findings: &["nsec-chain-broken"],
        ..KEEP
    },
    Edit {
        what: "an unsigned delegation added, which opt-out allows",
        zone: "optout",
        add: "fresh.example. 300 NS ns.elsewhere.test.",
        ..KEEP
    },
    Edit {
        what: "an unsigned delegation added without opt-out",
        zone: "nsec3",
        add: "fresh.example. 300 NS ns.elsewhere.test.",
        findings: &["nsec3-iterated", "nsec-chain-broken"],
        ..KEEP
    },
    Edit {
        what: "a name deleted, its hash left",
        zone: "optout",
        find: &["\nmail.example. 300"],
        findings: &["nsec-chain-broken"],
        ..KEEP
    },
    Edit {
        what: "a type deleted, its hash left",
        zone: "optout",
        find: &["www.example. 300 IN AAAA", "www.example. 300 IN RRSIG AAAA"],
        findings: &["nsec-chain-broken"],
        ..KEEP
    },
    Edit {
        what: "the salt of NSEC3PARAM changed",
        zone: "nsec3",
        find: &["NSEC3PARAM 1 0 2 ABCD"],
        replace: Some("NSEC3PARAM 1 0 2 ABCE"),
        findings: &["rrsig-does-not-verify", "nsec3-iterated", "nsec-chain-broken"],
        ..KEEP
    },
    Edit {
        what: "the zone-signing key deleted",
        zone: "nsec",
        find: &["DNSKEY 256 "],
        findings: &["dnskey-missing", "rrsig-does-not-verify"],
        ..KEEP
    },
    Edit {
        what: "all keys deleted",
        zone: "nsec",
        find: &["DNSKEY 256 ", "DNSKEY 257 "],
        findings: &["dnskey-missing"],
        ..KEEP
    },
    Edit {
        what: "the DS records of a signed cut edited",
        zone: "nsec",
        find: &["DS 4711 "],
        replace: Some("DS 4712 "),
        findings: &["rrsig-does-not-verify"],
        ..KEEP
    },
    Edit {
        what: "glue and the servers of a cut edited, which nobody signs",
        zone: "nsec",
        find: &["192.0.2.54"],
        replace: Some("192.0.2.57"),
        add: "insecure.example. 300 NS ns2.insecure.example.\nns2.insecure.example. 300 A 192.0.2.1",
        ..KEEP
    },
];

/// Settings under which only rules about signatures and their proofs are asked.
fn signatures_only() -> Settings {
    let is_about = |name: &str| ["dnskey", "nsec", "rrsig"].iter().any(|part| name.starts_with(part));
    let others = RULES.iter().map(|rule| rule.code.name).filter(|name| !is_about(name));
    let everywhere = others.map(|name| (name, Level::Off)).collect();
    Settings { severities: Severities { everywhere, zones: Vec::new() }, ..settings(TODAY) }
}

impl Edit {
    fn apply(&self, text: &str) -> String {
        let mut edited = String::new();
        for line in text.lines() {
            let whole = format!("\n{line}");
            match (self.find.iter().find(|part| whole.contains(**part)), self.replace) {
                (None, _) => edited += &whole,
                (Some(_), None) => {}
                (Some(part), Some(new)) => edited += &whole.replace(part, new),
            }
        }
        edited + "\n" + self.add + "\n"
    }
}

#[test]
fn an_edit_without_a_signer_is_told_of_once() {
    for edit in EDITS {
        let text = read(&fixtures(&format!("signed/{}.zone", edit.zone)));
        let findings = judge_by(&signatures_only(), "example", &edit.apply(&text), None);
        let mut codes: Vec<&str> = findings.iter().map(|finding| finding.code.name).collect();
        let mut wanted = edit.findings.to_vec();
        codes.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(codes, wanted, "{} in {}: {:#?}", edit.what, edit.zone, headlines(&findings));
    }
}

#[test]
fn more_than_100_iterations_make_a_zone_unservable() {
    let zone = |iterations: u32| {
        format!(
            "@ 300 SOA ns h 1 7200 1800 1209600 300\n@ 300 NS ns.elsewhere.test.\n@ 0 NSEC3PARAM 1 0 {iterations} -\n"
        )
    };
    assert!(build("example", zone(100)).0.is_some());
    let (built, findings, _) = build("example", zone(101));
    assert!(built.is_none());
    assert_eq!(headlines(&findings), ["nsec3-iterations: names are hashed 101 times over, and may be 100 times"]);
}

/// RFC 8976, appendix A.1.
#[test]
fn the_simple_digest_is_that_of_the_rfc() {
    let text = "\
@   86400 SOA  ns1 admin 2018031900 1800 900 604800 86400
@   86400 NS   ns1
@   86400 NS   ns2
ns1  3600 A    203.0.113.63
ns2  3600 AAAA 2001:db8::63
";
    let zone = build("example", text).0.expect("a zone");
    let rdata = lint::zonemd(&zone, HashAlgorithm::Sha384).expect("a digest");
    let hex: String = rdata[6..].iter().map(|octet| format!("{octet:02x}")).collect();
    let wanted = "c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c";
    assert_eq!(hex, wanted);
    assert_eq!(lint::zonemd(&zone, HashAlgorithm::Sha512).map(|rdata| rdata.len()), Some(6 + 64));
}

#[test]
fn a_child_that_changes_alone_is_told_of_at_its_keys() {
    let folder = fixtures("lint/ds-does-not-match");
    let (child, parent) = (read(&folder.join("child.zone")), read(&folder.join("bad.zone")));
    let found = judge("example", &child, Some((".", &parent)));
    let wanted = "ds-does-not-match: no DS record of `example.` in `.` is of a key that it has";
    assert_eq!(headlines(&found), [wanted]);
    assert!(judge("example", &child, Some((".", &read(&folder.join("good.zone"))))).is_empty());
    // A parent that did not build is unknown, and not empty.
    assert!(judge("example", &child, Some((".", "broken"))).is_empty());
}

/// A zone whose last lines are under test.
pub(crate) fn zone_with(lines: &str) -> String {
    format!(
        "$TTL 300\n@ SOA ns.elsewhere.test. h.elsewhere.test. 1 7200 1800 1209600 300\n@ NS ns.elsewhere.test.\n\
         @ NS ns2.elsewhere.test.\n{lines}\n"
    )
}

#[test]
fn a_waiver_silences_one_rule_at_one_entry() {
    let table: &[(&str, &str, &[&str])] = &[
        (
            "the rule at its record",
            "x A 192.0.2.1\nx A 192.0.2.1 ; zonewright: allow(duplicate-record) as the RFC shows it",
            &[],
        ),
        (
            "behind other words",
            "x A 192.0.2.1\nx A 192.0.2.1 ; a host ; zonewright: allow(duplicate-record) meant",
            &[],
        ),
        (
            "within parentheses, on another line",
            "x A 192.0.2.1\nx A (\n 192.0.2.1 ; zonewright: allow(duplicate-record) meant\n )",
            &[],
        ),
        (
            "until a day to come",
            "x A 192.0.2.1\nx A 192.0.2.1 ; zonewright: allow(duplicate-record, until=2026-03-01) meant",
            &[],
        ),
        (
            "a day that is over",
            "x A 192.0.2.1\nx A 192.0.2.1 ; zonewright: allow(duplicate-record, until=2026-02-28) meant",
            &["duplicate-record", "expired-allow"],
        ),
        (
            "another rule",
            "x A 192.0.2.1\nx A 192.0.2.1 ; zonewright: allow(ttl-mismatch) meant",
            &["duplicate-record", "unused-allow"],
        ),
        (
            "two rules",
            "x 60 A 192.0.2.1\nx A 192.0.2.2 ; zonewright: allow(ttl-mismatch, duplicate-record) meant",
            &["unused-allow"],
        ),
        (
            "at another record",
            "x A 192.0.2.1 ; zonewright: allow(duplicate-record) meant\nx A 192.0.2.1",
            &["unused-allow", "duplicate-record"],
        ),
        (
            "on a line of its own",
            "x A 192.0.2.1\n; zonewright: allow(duplicate-record) meant\nx A 192.0.2.1",
            &["bad-allow", "duplicate-record"],
        ),
        (
            "no reason",
            "x A 192.0.2.1\nx A 192.0.2.1 ; zonewright: allow(duplicate-record)",
            &["duplicate-record", "bad-allow"],
        ),
        ("no rule", "x A 192.0.2.1 ; zonewright: allow() meant", &["bad-allow"]),
        ("no such rule", "x A 192.0.2.1 ; zonewright: allow(duplicate-recrod) meant", &["bad-allow"]),
        ("no such day", "x A 192.0.2.1 ; zonewright: allow(duplicate-record, until=soon) meant", &["bad-allow"]),
        ("what cannot be waived", "x A 192.0.2.1 ; zonewright: allow(cname-beside-other-data) meant", &["bad-allow"]),
        ("no bracket", "x A 192.0.2.1 ; zonewright: allow duplicate-record", &["bad-allow"]),
        ("something else", "x A 192.0.2.1 ; zonewright: ignore this", &["bad-allow"]),
        ("prose", "x A 192.0.2.1 ; served by zonewright: see the manual", &[]),
        ("a text", "x TXT \"; zonewright: allow(duplicate-record) meant\"", &[]),
    ];
    for (what, lines, wanted) in table {
        let found = judge("example", &zone_with(lines), None);
        let codes: Vec<&str> = found.iter().map(|finding| finding.code.name).collect();
        assert_eq!(codes, *wanted, "{what}: {:?}", headlines(&found));
    }
}

/// The time must not grow with the product of findings and waivers.
#[test]
fn many_waivers_are_read_in_linear_time() {
    let line =
        |n: usize| format!("x{n} A 192.0.2.1\nx{n} A 192.0.2.1 ; zonewright: allow(duplicate-record) meant {n}\n");
    let text = zone_with(&(0..20_000).map(line).collect::<String>());
    let start = std::time::Instant::now();
    let found = judge("example", &text, None);
    assert!(found.iter().all(|finding| ["too-many-findings", "unused-allow"].contains(&finding.code.name)));
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn the_config_sets_severities_for_all_zones_and_for_one() {
    let text = zone_with("x A 192.0.2.1\nx A 192.0.2.1");
    /// A rule, and what the config says of it.
    type Said = (&'static str, Level);
    type Row = (&'static str, &'static [Said], Option<(&'static str, Said)>, &'static [Severity]);
    const NOTE: Said = ("duplicate-record", Level::On(Severity::Note));
    const OFF: Said = ("duplicate-record", Level::Off);
    let table: &[Row] = &[
        ("nothing said", &[], None, &[Severity::Warning]),
        ("everywhere", &[NOTE], None, &[Severity::Note]),
        ("off", &[OFF], None, &[]),
        ("off in this zone", &[NOTE], Some(("EXAMPLE", OFF)), &[]),
        ("off in another", &[NOTE], Some(("x.example", OFF)), &[Severity::Note]),
        ("on in this zone only", &[OFF], Some(("example", NOTE)), &[Severity::Note]),
    ];
    for (what, everywhere, zone, wanted) in table {
        let zones = zone.map(|(zone, level)| (name(zone), vec![level])).into_iter().collect();
        let severities = Severities { everywhere: [everywhere, &[EXAMPLES][..]].concat(), zones };
        let found = judge_by(&Settings { severities, ..settings(TODAY) }, "example", &text, None);
        let found: Vec<Severity> = found.iter().map(|finding| finding.severity).collect();
        assert_eq!(found, *wanted, "{what}");
    }
}

/// From any node, for any name that it is or lies below, the same nodes are found as from the top of the zone.
#[test]
fn nodes_are_found_from_one_of_them_as_from_the_top() {
    let hosts = |n: usize| format!("h{n} A 192.0.2.1\nA{n}.!x.b A 192.0.2.1\n*.{n}.b A 192.0.2.1\n");
    let text = zone_with(&(0..25).map(hosts).collect::<String>());
    let zone = build("example", &text).0.expect("a zone");
    let names = |nodes: &mut dyn Iterator<Item = zonewright::zone::Node<'_>>| -> Vec<String> {
        nodes.map(|node| node.name().to_string()).collect()
    };
    for node in zone.nodes() {
        let above = std::iter::successors(Some(node.name()), |name| name.parent());
        for name in above {
            let (around, below) = (names(&mut node.around(name)), names(&mut zone.nodes_below(name)));
            assert_eq!(around, below, "{name} from {}", node.name());
        }
    }
}

/// A zone called `.` is one zone: what is set for it is not set for files that are no zone's.
#[test]
fn settings_of_the_root_zone_are_of_no_file_beside_the_zones() {
    let text = zone_with("");
    let mut mirrors = Mirrors::default();
    let file = mirrors.sources.add(Source::new("m.yml", &b"name: gone.example\n"[..]));
    mirrors.add(file);
    let off = ("mirror-without-address", Level::Off);
    for (zone, wanted) in [(".", 1), ("example", 1)] {
        let mut settings = settings(TODAY);
        settings.severities.zones = vec![(name(zone), vec![off])];
        let found = judge_all(&settings, "example", &text, None, &mirrors);
        let found = found.iter().filter(|finding| finding.code.name == off.0).count();
        assert_eq!(found, wanted, "off for {zone}");
    }
}

#[test]
fn a_change_is_of_records_and_not_of_text() {
    let zone = |serial: u32, lines: &str| zone_with(lines).replace(" 1 7200", &format!(" {serial} 7200"));
    let hosts = |from: usize, to: usize, address: &str| -> String {
        (from..to).map(|n| format!("h{n} A {address}\n")).collect()
    };
    let table: &[(&str, String, String, &[&str])] = &[
        ("nothing", zone(1, "x A 192.0.2.1"), zone(1, "x A 192.0.2.1"), &[]),
        ("layout and comments", zone(1, "x A 192.0.2.1"), zone(1, "x   300  IN A 192.0.2.1 ; here"), &[]),
        ("order and case", zone(1, "x TXT a\nx TXT b\ny CNAME X"), zone(1, "y CNAME x\nx TXT b\nx TXT a"), &[]),
        ("a record", zone(1, "x A 192.0.2.1"), zone(1, "x A 192.0.2.2"), &["serial-not-bumped"]),
        ("a TTL", zone(1, "x A 192.0.2.1"), zone(1, "x 60 A 192.0.2.1"), &["serial-not-bumped"]),
        ("a timer", zone(1, ""), zone(1, "").replace("7200", "3600"), &["serial-not-bumped"]),
        ("a record and the serial", zone(1, "x A 192.0.2.1"), zone(2, "x A 192.0.2.2"), &[]),
        ("the serial alone", zone(1, ""), zone(2, ""), &[]),
        ("the serial over the top", zone(u32::MAX, ""), zone(1, ""), &[]),
        ("the serial back", zone(5, ""), zone(4, ""), &["serial-went-back"]),
        ("a serial with a digit too few", zone(2_026_082_001, ""), zone(202_608_250, ""), &["serial-went-back"]),
        ("a few names", zone(1, &hosts(0, 20, "192.0.2.1")), zone(2, &hosts(6, 20, "192.0.2.1")), &[]),
        ("many names gone", zone(1, &hosts(0, 20, "192.0.2.1")), zone(2, &hosts(8, 20, "192.0.2.1")), &["mass-change"]),
        (
            "all names altered",
            zone(1, &hosts(0, 20, "192.0.2.1")),
            zone(2, &hosts(0, 20, "192.0.2.2")),
            &["mass-change"],
        ),
        ("many names added", zone(1, &hosts(0, 10, "192.0.2.1")), zone(2, &hosts(0, 200, "192.0.2.1")), &[]),
    ];
    for (what, old, new, wanted) in table {
        let found = judge_change(&settings(TODAY), old, new);
        let codes: Vec<&str> = found.iter().map(|finding| finding.code.name).collect();
        assert_eq!(codes, *wanted, "{what}: {:?}", headlines(&found));
    }
}

/// One mistake, one finding, though several rules see it.
#[test]
fn a_mistake_that_several_rules_see_is_told_of_once() {
    let table: &[(&str, &str, &[&str])] = &[
        ("no dot, so it dangles", "@ MX 10 mail.example.net", &["missing-trailing-dot"]),
        (
            "an address, which is no name",
            "@ MX 10 192.0.2.1\nwww CNAME 192.0.2.1",
            &["mx-target-is-address", "target-is-address"],
        ),
        ("no dot in a delegation", "sub NS ns1.sub.example\nsub NS ns2.elsewhere.test.", &["missing-trailing-dot"]),
        ("a star in the middle of a host", "a.*.b A 192.0.2.1", &["wildcard-in-the-middle"]),
        ("two records of one owner, copied", "x A 192.0.2.1\nx TXT a\nx A 192.0.2.1\nx TXT a", &["duplicate-record"]),
        ("three aliases of one name that is gone", "a CNAME x\nb CNAME x\nc CNAME x", &["dangling-target"]),
        ("a loop of two and an alias into it", "a CNAME b\nb CNAME a\nc CNAME a", &["cname-loop"]),
    ];
    for (what, lines, wanted) in table {
        let found = judge("example", &zone_with(lines), None);
        let codes: Vec<&str> = found.iter().map(|finding| finding.code.name).collect();
        assert_eq!(codes, *wanted, "{what}: {:?}", headlines(&found));
    }
}

#[test]
fn what_a_rule_subsumes_exists() {
    for rule in RULES {
        for name in rule.subsumes {
            assert!(lint::find(name).is_some_and(lint::is_configurable), "{} subsumes {name}", rule.code.name);
        }
    }
}

mod served {
    //! What a finding does to what is served.

    use std::path::Path;

    use zonewright::config::{Config, Overrides};
    use zonewright::control::load::{Terms, load};
    use zonewright::control::reload::{Demand, Reloader};
    use zonewright::control::status::Look;
    use zonewright::control::watch::Reach;
    use zonewright::control::{Loaded, Root};
    use zonewright::dns::Name;
    use zonewright::server::Policy;
    use zonewright::zonefile::Limits;
    use zonewright::zonefile::rdata::parse_moment;

    use super::{Settings, fixtures, read};

    fn loaded(text: &str, today: &str) -> Loaded {
        let folder = tempfile::tempdir().expect("a directory");
        std::fs::write(folder.path().join("example.zone"), text).expect("a zone");
        let root = Root::open(folder.path()).expect("the directory opens");
        let terms = Terms::at(&Limits::default(), &Settings::default(), parse_moment(today).expect("a moment"));
        load(&root, Path::new("example.zone"), &Name::absolute("example").expect("a name"), &terms)
    }

    /// Nobody edited anything when a signature expired: a start serves what is there, and a change waits for the signer.
    #[test]
    fn an_expired_signature_holds_back_a_change_and_not_a_start() {
        let text = read(&fixtures("signed/nsec.zone"));
        let rows: &[(&str, &str, bool, bool)] = &[
            ("good", "20260301000000", true, true),
            ("expiring", "20841231000000", true, true),
            ("expired", "20850102000000", true, false),
            ("not yet valid", "20241231000000", true, false),
        ];
        for &(what, today, starts, replaces) in rows {
            let loaded = loaded(&text, today);
            let is = (loaded.servable(false).is_some(), loaded.servable(true).is_some());
            assert_eq!(is, (starts, replaces), "{what}");
        }
        let edited = loaded(&text.replace("192.0.2.25", "192.0.2.26"), "20260301000000");
        assert!(edited.zone.is_some() && edited.servable(false).is_none(), "an edit that was not signed");
    }

    struct Tree {
        folder: tempfile::TempDir,
        config: Config,
        reloader: Reloader,
    }

    impl Tree {
        fn new(zones: &[(&str, &str)]) -> (Self, Look) {
            let folder = tempfile::tempdir().expect("a directory");
            let zone_directory = folder.path().join("zones");
            std::fs::create_dir(&zone_directory).expect("a directory");
            let path = folder.path().join("zonewright.toml");
            std::fs::write(&path, "").expect("a config");
            let config = Config::load(Some(&path), &Overrides::default()).expect("a config");
            let reloader = Reloader::new(Policy::default());
            let mut tree = Self { folder, config, reloader };
            let look = tree.write(zones);
            (tree, look)
        }

        fn write(&mut self, zones: &[(&str, &str)]) -> Look {
            for (name, text) in zones {
                std::fs::write(self.folder.path().join("zones").join(name), text).expect("a zone");
            }
            self.reloader.look(&self.config, Demand::default(), &Reach::Everywhere, &mut || true)
        }

        /// Zones with a version that is served, and zones whose newest text is refused.
        fn state(&self) -> (Vec<String>, Vec<String>) {
            let zones = self.reloader.zones();
            let names = |wanted: fn(&zonewright::control::status::ZoneStatus) -> bool| {
                zones.iter().filter(|zone| wanted(zone)).map(|zone| zone.zone.clone()).collect()
            };
            (names(|zone| zone.served.is_some()), names(|zone| zone.refused.is_some()))
        }
    }

    fn is(state: (Vec<String>, Vec<String>), served: &[&str], refused: &[&str]) -> bool {
        state.0 == served && state.1 == refused
    }

    #[test]
    fn an_edit_that_was_not_signed_leaves_the_last_good_zone() {
        let text = read(&fixtures("signed/nsec.zone"));
        let (mut tree, _) = Tree::new(&[("example.zone", &text)]);
        assert!(is(tree.state(), &["example."], &[]));
        let look = tree.write(&[("example.zone", &text.replace("192.0.2.25", "192.0.2.26"))]);
        assert!(look.refused[0].report.contains("rrsig-does-not-verify"), "{look:?}");
        assert!(is(tree.state(), &["example."], &["example."]));
        tree.write(&[("example.zone", &text)]);
        assert!(is(tree.state(), &["example."], &[]));
    }

    /// An alias in one zone is an error of the MX record in another, in `serve` as in `check`.
    #[test]
    fn a_rule_that_looks_beyond_a_zone_refuses_a_change() {
        let (mail, alias) = ("mail A 192.0.2.25", "mail CNAME host\nhost A 192.0.2.25");
        let target = super::zone_with(mail);
        let (mut tree, _) =
            Tree::new(&[("a.example.zone", &target), ("b.example.zone", &super::zone_with("@ MX 10 mail.a.example."))]);
        assert!(is(tree.state(), &["a.example.", "b.example."], &[]));
        let look = tree.write(&[
            ("a.example.zone", &super::zone_with(alias)),
            ("b.example.zone", &super::zone_with("@ MX 20 mail.a.example.")),
        ]);
        assert!(look.refused[0].report.contains("mx-target-is-alias"), "{look:?}");
        assert!(is(tree.state(), &["a.example.", "b.example."], &["b.example."]));
    }

    /// The rule asks about two zones, whichever of them changed.
    #[test]
    fn a_key_that_leaves_its_ds_behind_is_refused() {
        // Valid until 2085, so that the day of the test is none of its business.
        let signed = read(&fixtures("signed/nsec.zone"));
        let parent = "\
. 300 SOA a.root. h.root. 1 7200 1800 1209600 300
. 300 NS a.root.
a.root. 300 A 192.0.2.1
example. 300 NS ns.example.
ns.example. 300 A 192.0.2.53
test. 300 NS ns.test.
ns.test. 300 A 198.51.100.1
";
        let wrong = format!("{parent}example. 300 DS 4711 13 2 {}\n", "00".repeat(32));
        let (mut tree, _) = Tree::new(&[("root.zone", parent), ("example.zone", &signed)]);
        assert!(is(tree.state(), &[".", "example."], &[]));
        let look = tree.write(&[("root.zone", &wrong)]);
        assert!(look.refused[0].report.contains("ds-does-not-match"), "{look:?}");
        assert!(is(tree.state(), &[".", "example."], &["."]));
        tree.write(&[("root.zone", parent)]);
        // The other way round: the parent is right with a child that is not here, and then the child comes.
        let (mut tree, _) = Tree::new(&[("root.zone", &wrong)]);
        let look = tree.write(&[("example.zone", &signed)]);
        assert!(look.refused[0].report.contains("ds-does-not-match"), "{look:?}");
        assert!(is(tree.state(), &["."], &["example."]));
    }
}
