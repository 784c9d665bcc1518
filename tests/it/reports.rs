//! Reports for other programs, made by the commands on a tree that holds what is hard to report: places in other files,
//! findings without a fix, waived ones, text beyond ASCII, octets that are no UTF-8, names that need escapes.
//!
//! `.ci/reports` holds the same commands against parsers of SARIF and JUnit in Python.

#![expect(clippy::disallowed_methods, reason = "tests make the zones that are reported on")]

use serde_json::Value;
use tempfile::TempDir;

use crate::support::command;

/// What each kind of object in our SARIF must and may hold: SARIF 2.1.0, §3.13 to §3.33, as far as it is used. Its schema
/// forbids all other properties, so a new one needs its row here.
const OBJECTS: &[(&str, &[&str], &[&str])] = &[
    ("", &["$schema", "version", "runs"], &[]),
    ("/runs", &["tool", "columnKind", "results"], &[]),
    ("/runs/tool", &["driver"], &[]),
    ("/runs/tool/driver", &["name", "semanticVersion", "rules"], &[]),
    ("/runs/tool/driver/rules", &["id", "shortDescription", "help", "defaultConfiguration"], &[]),
    ("/runs/tool/driver/rules/shortDescription", &["text"], &[]),
    ("/runs/tool/driver/rules/help", &["text"], &[]),
    ("/runs/tool/driver/rules/defaultConfiguration", &["level"], &[]),
    ("/runs/results", &["ruleId", "ruleIndex", "level", "message", "locations", "relatedLocations"], &[]),
    ("/runs/results/message", &["text"], &[]),
    ("/runs/results/locations", &["physicalLocation"], &[]),
    ("/runs/results/locations/physicalLocation", &["artifactLocation", "region"], &[]),
    ("/runs/results/locations/physicalLocation/artifactLocation", &["uri"], &[]),
    ("/runs/results/locations/physicalLocation/region", &["startLine", "startColumn", "endLine", "endColumn"], &[]),
    ("/runs/results/relatedLocations", &["physicalLocation", "id"], &["message"]),
    ("/runs/results/relatedLocations/message", &["text"], &[]),
    ("/runs/results/relatedLocations/physicalLocation", &["artifactLocation", "region"], &[]),
    ("/runs/results/relatedLocations/physicalLocation/artifactLocation", &["uri"], &[]),
    (
        "/runs/results/relatedLocations/physicalLocation/region",
        &["startLine", "startColumn", "endLine", "endColumn"],
        &[],
    ),
];

/// Whether every object holds what its row says; gives how many were looked at.
fn hold_to_rows(value: &Value, path: &str) -> usize {
    match value {
        Value::Array(items) => items.iter().map(|item| hold_to_rows(item, path)).sum(),
        Value::Object(object) => {
            let row = OBJECTS.iter().find(|(known, ..)| *known == path);
            let (_, must, may) = row.unwrap_or_else(|| panic!("SARIF has no row for `{path}`"));
            must.iter().for_each(|key| assert!(object.contains_key(*key), "{path} lacks {key}: {value}"));
            let known = |key: &str| must.contains(&key) || may.contains(&key);
            object.keys().for_each(|key| assert!(known(key), "{path} has {key}: {value}"));
            1 + object.iter().map(|(key, value)| hold_to_rows(value, &format!("{path}/{key}"))).sum::<usize>()
        }
        _ => 0,
    }
}

fn tree() -> TempDir {
    let zone =
        b"$TTL 300\n@ SOA ns host 1 7200 1800 1209600 60\n@ NS ns\n@ NS ns2\nns A 192.0.2.53\nns2 A 192.0.2.54\n\
        $INCLUDE parts/a.inc\nwww CNAME web\nweb A 192.0.2.333\nb\xc3\xbcro A 192.0.2.1\n\
        t TXT \"\xff\xfe \xe2\x80\xae\x07\"\nt MX mail\nbad \xff\xc3 A 1.2.3\n<b>&\"' A 192.0.2.1\n";
    let clean = "@ 300 SOA ns.example.org. host 1 7200 1800 1209600 60\n\
        @ 300 NS ns.example.org. ; zonewright: allow(single-ns, until=2090-01-01) an example\n";
    let tests = "[[test]]\nname = \"b\u{fc}ro.example.net\"\nexpect = \"absent\"\n\
        [[test]]\nname = \"a\"\nexpect = 3\n[[test]]\nname = \"example.net\"\nexpect = \"refused\"\n";
    let files = [
        ("zones/parts/a.inc", "www A 192.0.2.1\nx 300 A 192.0.2.7\nx 600 A 192.0.2.8\n"),
        ("zones/clean.example.zone", clean),
        ("zones/tests/a.toml", tests),
    ];
    let tree = command::directory(&files);
    for (name, octets) in [("example.org.zone", &zone[..]), ("a b,\u{fc}%#?.zone", b"\xff\xfe\n")] {
        std::fs::write(tree.path().join("zones").join(name), octets).unwrap();
    }
    tree
}

#[test]
fn sarif_of_hard_findings_holds_what_its_schema_allows() {
    let tree = tree();
    for (verb, least) in [("check", 8), ("test", 2)] {
        let (code, stdout, stderr) = command::run(tree.path(), &[verb, "--format", "sarif"]);
        assert_eq!(code, 1, "{stderr}");
        let document: Value = serde_json::from_str(&stdout).unwrap();
        assert!(hold_to_rows(&document, "") > 8 * least, "{verb}");
        let results = document["runs"][0]["results"].as_array().unwrap();
        assert!(results.len() >= least, "{verb}: {stdout}");
        if verb == "check" {
            let has = |wanted: &str| stdout.contains(wanted);
            assert!(has("zones/parts/a.inc") && has("zones/a%20b%2C%C3%BC%25%23%3F.zone"), "{stdout}");
            let is_related = |result: &Value| result["relatedLocations"][0]["physicalLocation"].is_object();
            assert!(results.iter().any(is_related), "{stdout}");
            assert!(!has("single-ns"), "it is waived: {stdout}");
        }
    }
}

#[test]
fn a_parser_of_junit_reads_ours() {
    let tree = tree();
    for verb in ["check", "test"] {
        let (code, stdout, stderr) = command::run(tree.path(), &[verb, "--format", "junit"]);
        assert_eq!(code, 1, "{stderr}");
        let report = junit_parser::from_reader(stdout.as_bytes()).unwrap_or_else(|error| panic!("{error}: {stdout}"));
        let cases = || report.suites.iter().flat_map(|suite| &suite.cases);
        let failed = cases().filter(|case| case.status.is_failure()).count() as u64;
        assert_eq!((report.tests, report.failures), (cases().count() as u64, failed), "{verb}");
        for suite in &report.suites {
            let failed = suite.cases.iter().filter(|case| case.status.is_failure()).count() as u64;
            assert_eq!((suite.tests, suite.failures), (suite.cases.len() as u64, failed), "{}", suite.name);
        }
        let is_good = cases().any(|case| case.status.is_success());
        assert!(is_good && failed >= 2, "{verb}: {stdout}");
        assert!(cases().filter(|case| case.status.is_failure()).all(|case| case.file.is_some() && case.line.is_some()));
    }
}
