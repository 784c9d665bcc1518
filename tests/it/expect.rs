//! Tests of zones: read from hostile TOML with places, and held against the answers.

#![expect(clippy::disallowed_methods, reason = "tests make the files that the command reads")]

use zonewright::config::parse_expectations;
use zonewright::diagnostic::render::{Format, render};
use zonewright::review::Snapshot;
use zonewright::review::expect::judge;
use zonewright::review::expect::junit::{self, Case};
use zonewright::server::Policy;
use zonewright::source::{Source, Sources};

use crate::support::running::write_all;
use crate::support::{self, command};

const ZONE: &str = "\
$TTL 300
@ SOA ns host 1 7200 1800 1209600 60
@ NS ns
ns A 192.0.2.53
www CNAME web
web A 192.0.2.1
web A 192.0.2.2
txt TXT \"a b\" c
sub NS ns.example.net.
";

fn tree(policy: Policy) -> Snapshot {
    support::snapshot(&[("example.org", ZONE)], policy)
}

fn sources(text: impl AsRef<[u8]>) -> (Sources, zonewright::source::FileId) {
    let mut sources = Sources::default();
    let file = sources.add(Source::new("tests/a.toml", text.as_ref()));
    (sources, file)
}

/// How many tests there are, and the findings of those that cannot be read or fail.
fn run(text: &str, policy: Policy) -> (usize, String) {
    let (sources, file) = sources(text);
    let (tests, mut findings) = parse_expectations(&sources, file);
    let tree = tree(policy);
    findings.extend(tests.iter().filter_map(|test| judge(&tree, test)));
    let mut shown = String::new();
    findings.iter().for_each(|finding| render(Format::Full, finding, &sources, false, &mut shown));
    (tests.len(), shown)
}

fn test(name: &str, rest: &str) -> String {
    format!("[[test]]\nname = \"{name}\"\n{rest}\n")
}

#[test]
fn what_holds_is_silent() {
    let rows = [
        ("web.example.org", "expect = [\"192.0.2.2\", \"192.0.2.1\"]"),
        ("www.example.org", "expect = [\"192.0.2.2\", \"192.0.2.1\"]"),
        ("www.example.org.", "type = \"CNAME\"\nexpect = [\"WEB.example.org\"]"),
        ("txt.example.org", "type = \"TXT\"\nexpect = ['\"a b\" \"c\"']"),
        ("web.example.org", "type = \"TXT\"\nexpect = \"absent\""),
        ("nope.example.org", "expect = \"nxdomain\""),
        ("a.sub.example.org", "expect = \"referral\""),
        ("example.net", "expect = \"refused\""),
    ];
    for (name, rest) in rows {
        assert_eq!(run(&test(name, rest), Policy::default()), (1, String::new()), "{name} {rest}");
    }
}

#[test]
fn what_does_not_hold_is_shown_at_its_line() {
    let rows = [
        ("web.example.org", "expect = [\"192.0.2.1\"]"),
        ("web.example.org", "expect = [\"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\"]"),
        ("web.example.org", "expect = \"absent\""),
        ("nope.example.org", "expect = \"absent\""),
        ("web.example.org", "type = \"TXT\"\nexpect = \"nxdomain\""),
        ("sub.example.org", "expect = [\"192.0.2.1\"]"),
        ("web.example.org", "expect = \"refused\"\nclient = \"198.51.100.0/24\""),
        ("web.example.org", "expect = [\"192.0.2.1\", \"192.0.2.2\"]\ndnssec = true"),
    ];
    let text: String = rows.iter().map(|(name, rest)| test(name, rest)).collect();
    let (count, shown) = run(&text, Policy::default());
    assert_eq!(count, rows.len());
    insta::assert_snapshot!("expect_failed", shown);
}

#[test]
fn what_cannot_be_read_is_shown_and_keeps_no_other_from_running() {
    let rows = [
        "[[test]]\nexpect = \"absent\"\n",
        "[[test]]\nname = \"a..b\"\nexpect = \"absent\"\n",
        "[[test]]\nname = \"web.example.org\"\n",
        "[[test]]\nname = \"web.example.org\"\ntype = \"BOGUS\"\nexpect = [\"x\"]\n",
        "[[test]]\nname = \"web.example.org\"\nexpect = [\"192.0.2.333\"]\n",
        "[[test]]\nname = \"web.example.org\"\nexpect = [\"192.0.2.1\\n$INCLUDE /etc/passwd\"]\n",
        "[[test]]\nname = \"web.example.org\"\nexpect = [7]\n",
        "[[test]]\nname = \"web.example.org\"\nexpect = []\n",
        "[[test]]\nname = \"web.example.org\"\nexpect = \"nothing\"\nclient = \"here\"\ndnssec = 1\ncolour = 2\n",
        "[[test]]\nname = \"web.example.org\"\nexpect = \"nxdomain\"\n",
    ];
    let (count, shown) = run(&rows.concat(), Policy::default());
    assert_eq!(count, 1);
    insta::assert_snapshot!("expect_unreadable", shown);
}

#[test]
fn hostile_files_are_findings() {
    let deep = format!("a = {}", "[".repeat(100_000));
    let many = "[[test]]\nname = \"web.example.org\"\nexpect = \"nxdomain\"\n".repeat(10_001);
    for (what, text, wanted) in [
        ("no TOML", "= 1".to_owned(), "the file is no TOML"),
        ("too deep", deep, "the file is no TOML"),
        ("not UTF-8", String::new(), "it is not UTF-8 here"),
        ("too many", many, "more than 10000 tests"),
        ("another key", "tests = 1".to_owned(), "has no key `tests`"),
        ("no tables", "test = 1".to_owned(), "`test` cannot be `1`"),
    ] {
        let octets = if what == "not UTF-8" { b"# \xFF".to_vec() } else { text.into_bytes() };
        let (sources, file) = sources(octets);
        let (tests, findings) = parse_expectations(&sources, file);
        assert!(findings.iter().any(|finding| finding.headline.contains(wanted)), "{what}: {findings:?}");
        assert!(findings.iter().all(|finding| finding.code.name == "bad-test"), "{what}");
        assert!(tests.len() <= 10_000, "{what}");
    }
}

#[test]
fn who_asks_matters_where_the_access_list_says_so() {
    let policy = Policy { allow_query: vec!["198.51.100.0/24".parse().expect("a network")], ..Policy::default() };
    let inside = test("web.example.org", "expect = [\"192.0.2.1\", \"192.0.2.2\"]\nclient = \"198.51.100.0/25\"");
    let outside = test("web.example.org", "expect = \"refused\"\nclient = \"2001:db8::/32\"");
    assert_eq!(run(&[inside, outside].concat(), policy), (2, String::new()));
}

#[test]
fn junit_lists_every_test() {
    let text = [test("web.example.org", "expect = [\"192.0.2.9\"]"), test("nope.example.org", "expect = \"nxdomain\"")];
    let (sources, file) = sources(text.concat());
    let (tests, _) = parse_expectations(&sources, file);
    let tree = tree(Policy::default());
    let findings: Vec<_> = tests.iter().map(|test| judge(&tree, test)).collect();
    let cases: Vec<Case<'_>> = tests
        .iter()
        .zip(&findings)
        .map(|(test, finding)| Case { test: Some(test), finding: finding.as_ref() })
        .collect();
    insta::assert_snapshot!("expect_junit", junit::render(&cases, &sources));
}

#[test]
fn the_repository_keeps_its_promises() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let (code, stdout, stderr) = command::run(root, &["test"]);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    let tests: usize = stderr.split(' ').next().and_then(|count| count.parse().ok()).expect("a count");
    assert!(tests >= 60, "{stderr}");
}

#[test]
fn the_command_reads_tests_beside_the_zones_and_no_others() {
    let tree = command::directory(&[("zones/example.org.zone", ZONE)]);
    let write = |file: &str, text: &str| write_all(tree.path(), &[(file, text)]);
    assert_eq!(command::run(tree.path(), &["test"]).2, "0 tests, none failed\n");
    write("zones/tests/a.toml", &test("web.example.org", "expect = \"nxdomain\""));
    let (code, stdout, stderr) = command::run(tree.path(), &["test"]);
    assert_eq!((code, stderr.as_str()), (1, "1 test, 1 failed\n"));
    assert!(stdout.starts_with("error[test-failed]: `web.example.org.` A: expected nxdomain"), "{stdout}");
    assert!(stdout.contains("--> zones/tests/a.toml:3:10"), "{stdout}");
    assert!(command::run(tree.path(), &["test", "--format", "json"]).1.contains("\"line\":3"));
    assert!(command::run(tree.path(), &["test", "--format", "junit"]).1.contains("failures=\"1\""));
    // The formats of `check`, by the same renderers.
    let in_format = |format: &str| command::run(tree.path(), &["test", "--format", format]);
    let place = "zones/tests/a.toml:3:10: error[test-failed]: `web.example.org.` A: expected nxdomain";
    assert!(in_format("concise").1.starts_with(place) && in_format("concise").1.lines().count() == 1);
    let sarif: serde_json::Value = serde_json::from_str(&in_format("sarif").1).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "test-failed");
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
    let mut github = command::command(tree.path(), &["test", "--format", "github"]);
    let summary = tree.path().join("summary.md");
    let (code, stdout, _) = command::said(github.env("GITHUB_STEP_SUMMARY", &summary).output().expect("it runs"));
    assert!(code == 1 && stdout.starts_with("::error file=zones/tests/a.toml,line=3,"), "{stdout}");
    let summary = std::fs::read_to_string(summary).expect("a job summary");
    assert!(summary.starts_with("### zonewright test: 1 test, 1 failed\n\n| Place |"), "{summary}");
    for format in ["full", "concise", "json", "sarif", "github", "junit"] {
        assert_eq!(in_format(format).0, 1, "{format}");
    }
    // A link that leads out of the zone directory is not followed.
    write("outside.toml", &test("web.example.org", "expect = \"nxdomain\""));
    std::fs::remove_file(tree.path().join("zones/tests/a.toml")).expect("removed");
    std::os::unix::fs::symlink("../../outside.toml", tree.path().join("zones/tests/b.toml")).expect("linked");
    let (code, stdout, _) = command::run(tree.path(), &["test"]);
    assert!(code == 1 && stdout.contains("leads out of the zone directory"), "{stdout}");
}

#[test]
fn a_directory_below_the_configured_one_has_tests_of_its_own() {
    let tests = |name: &str| test(name, "expect = [\"192.0.2.1\", \"192.0.2.2\"]");
    let tree = command::directory(&[
        ("zones/example.org.zone", ZONE),
        ("zones/tests/a.toml", &tests("web.example.org")),
        ("zones/below/example.net.zone", ZONE),
        ("zones/below/tests/b.toml", &tests("web.example.net")),
    ]);
    for directory in ["zones", "zones/below"] {
        let (code, stdout, stderr) = command::run(tree.path(), &["test", directory]);
        assert_eq!((code, stderr.as_str()), (0, "1 test, none failed\n"), "{directory}: {stdout}");
    }
}

#[test]
fn every_test_file_of_the_repository_says_what_it_is_for() {
    let folder = support::zone_directory().join("tests");
    for entry in std::fs::read_dir(folder).expect("the tests") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("text");
        assert!(text.starts_with("# "), "{text}");
    }
}
