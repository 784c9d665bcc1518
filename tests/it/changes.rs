//! Pull requests against the example zones: what `check` finds in each is what a reviewer must say, and no more.

#![expect(clippy::disallowed_methods, reason = "tests make copies of the zones, and change them")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zonewright::control::Root;
use zonewright::control::load::{Terms, ZoneFile, load_listed, zone_files};
use zonewright::dns::{Name, Rtype};
use zonewright::review::canary::{Shares, objections};
use zonewright::review::{Reviewed, Snapshot};
use zonewright::server::Policy;
use zonewright::zonefile::Limits;

use crate::support::running::{Running, write_all};
use crate::support::shared;
use crate::support::{self, git::Repository};

/// One line of `expected.tsv`.
struct Expected {
    change: String,
    file: String,
    line: u64,
    rule: String,
}

fn expected(folder: &Path) -> Vec<Expected> {
    let text = std::fs::read_to_string(folder.join("expected.tsv")).expect("expected.tsv");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let number = fields[3].parse().unwrap_or(0);
        Expected { change: fields[0].into(), file: fields[2].into(), line: number, rule: fields[4].into() }
    };
    text.lines().skip(1).map(row).collect()
}

/// A repository whose only commit has the zones and the mirror list beside this repository's config.
fn base(almalinux: &Path) -> (tempfile::TempDir, Repository) {
    let tree = tempfile::tempdir().expect("a directory");
    let repository = Repository::init(tree.path(), &[]);
    for part in ["zones", "mirrors.d"] {
        copy(&almalinux.join(part), &tree.path().join(part));
    }
    std::fs::create_dir(tree.path().join("config")).expect("a directory");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/zonewright.toml");
    std::fs::copy(config, tree.path().join("config/zonewright.toml")).expect("the config");
    repository.commit("the zones", &[]);
    (tree, repository)
}

fn apply(change: &Path, tree: &Path) {
    let diff = std::fs::File::open(change).expect("the change");
    let patch = Command::new("patch").args(["-p1", "-s"]).current_dir(tree).stdin(Stdio::from(diff)).status();
    assert!(patch.expect("patch is installed").success(), "{} does not apply", change.display());
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a file");
        }
    }
}

/// Exit code, standard output and standard error of `check` in a tree.
fn check(tree: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Running::command(tree, "check").args(arguments).env_remove("GITHUB_STEP_SUMMARY").output();
    let output = output.expect("check runs");
    let text = |octets| String::from_utf8(octets).expect("UTF-8");
    (output.status.code().expect("no signal"), text(output.stdout), text(output.stderr))
}

type Finding = (String, u64, String);

fn finding(file: &str, line: &str, rule: &str) -> Finding {
    (file.to_owned(), line.parse().expect("a line"), rule.to_owned())
}

/// What stands between two texts, the second one after the first.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("`{before}` in {text}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("`{after}` in {rest}")).0
}

/// `FILE:LINE:COLUMN` and what follows.
fn place(text: &str) -> (&str, &str) {
    let mut parts = text.splitn(3, ':');
    (parts.next().expect("a file"), parts.next().expect("a line"))
}

/// How file, line and rule of each finding are read from a format.
type Reader = fn(&str) -> Vec<Finding>;

const FORMATS: &[(&str, Reader)] = &[
    ("full", |text| {
        let lines = text.lines().collect::<Vec<_>>();
        let headed = lines.windows(2).filter(|pair| pair[1].trim_start().starts_with("--> "));
        let read = |pair: &[&str]| {
            let (file, line) = place(pair[1].trim_start().trim_start_matches("--> "));
            finding(file, line, between(pair[0], "[", "]"))
        };
        headed.map(read).collect()
    }),
    ("concise", |text| {
        let read = |text: &str| {
            let (file, line) = place(text);
            finding(file, line, between(text, "[", "]"))
        };
        text.lines().map(read).collect()
    }),
    ("json", |text| {
        let read = |line: &str| {
            let object: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let text = |key: &str| object[key].as_str().expect("a text").to_owned();
            (text("file"), object["line"].as_u64().expect("a number"), text("rule"))
        };
        text.lines().map(read).collect()
    }),
    ("sarif", |text| {
        let document: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let results = document["runs"][0]["results"].as_array().expect("results");
        let read = |result: &serde_json::Value| {
            let place = &result["locations"][0]["physicalLocation"];
            let file = place["artifactLocation"]["uri"].as_str().expect("a file");
            let line = place["region"]["startLine"].as_u64().expect("a line");
            (file.to_owned(), line, result["ruleId"].as_str().expect("a rule").to_owned())
        };
        results.iter().map(read).collect()
    }),
    ("github", |text| {
        let read = |text: &str| {
            finding(between(text, "file=", ","), between(text, ",line=", ","), between(text, "title=", "::"))
        };
        text.lines().map(read).collect()
    }),
    ("junit", |text| {
        let cases = text.lines().filter(|line| line.contains("<testcase") && !line.contains("no findings"));
        let read = |case: &str| {
            let attribute = |name: &str| between(case, &format!(" {name}=\""), "\"");
            finding(attribute("file"), attribute("line"), attribute("classname"))
        };
        cases.map(read).collect()
    }),
];

#[test]
fn each_change_is_told_of_as_a_reviewer_would_in_every_format() {
    let Some(almalinux) = shared("almalinux") else { return };
    let folder = almalinux.join("changes");
    let rows = expected(&folder);
    let mut changes: Vec<PathBuf> =
        std::fs::read_dir(&folder).expect("changes").map(|entry| entry.expect("an entry").path()).collect();
    changes.retain(|path| path.extension().is_some_and(|extension| extension == "diff"));
    changes.sort();
    assert_eq!(changes.len(), 12);
    for change in changes {
        let name = change.file_stem().expect("a name").to_string_lossy().into_owned();
        let of_change = rows.iter().filter(|row| row.change == name && row.rule != "none");
        let mut wanted: Vec<Finding> = of_change.map(|row| (row.file.clone(), row.line, row.rule.clone())).collect();
        wanted.sort();
        let (tree, repository) = base(&almalinux);
        let started = repository.head();
        apply(&change, tree.path());
        let judge = |place: &str| {
            for (format, read) in FORMATS {
                let (code, stdout, stderr) = check(tree.path(), &["--base", &started, "--format", format]);
                let mut found = read(&stdout);
                found.sort();
                assert_eq!(found, wanted, "{name}, {place}, {format}: {stderr}");
                let is_error = stderr.contains("error");
                assert_eq!(code, i32::from(is_error), "{name}, {place}, {format}: {stderr}");
                assert!(!stderr.contains("before"), "nothing was there before: {stderr}");
                assert_eq!(wanted.is_empty(), stderr.starts_with("no findings"), "{stderr}");
            }
        };
        judge("in the working tree");
        repository.commit("the change", &[]);
        judge("committed");
    }
}

/// A zone of twelve names.
fn zone(serial: u32, more: &str) -> String {
    let hosts: String = (1..=9).map(|host| format!("h{host} A 11.0.2.{host}\n")).collect();
    format!(
        "$TTL 300\n@ SOA ns.example.org. hostmaster.example.org. {serial} 7200 1800 1209600 300\n  NS ns\n  NS ns.example.com.\n\
         ns A 11.0.2.53\nwww A 11.0.2.80\n{hosts}{more}"
    )
}

const CONFIG: &str = "[lint]\nreverse-missing = \"off\"\ncritical_names = [\"www.example.org\"]\n";
const FILE: &str = "zones/example.org.zone";

/// What `check --base main` says of a branch whose commit has these files, beside what `main` has.
fn judged(old: &[(&str, &str)], new: &[(&str, &str)], message: &str) -> (i32, String, String) {
    let tree = tempfile::tempdir().expect("a directory");
    let repository = Repository::init(tree.path(), &[]);
    repository.commit("before", &[&[("zonewright.toml", CONFIG)], old].concat());
    repository.git(&["checkout", "-q", "-b", "topic"]);
    for (file, _) in new.iter().filter(|(_, text)| text.is_empty()) {
        std::fs::remove_file(tree.path().join(file)).expect("it was there");
    }
    let written: Vec<(&str, &str)> = new.iter().filter(|(_, text)| !text.is_empty()).copied().collect();
    repository.commit(message, &written);
    check(tree.path(), &["--base", "main", "--format", "concise"])
}

/// What it is about, the zone before, files after, the commit's message, rules found, and what is said in the end.
type Row<'t> = (&'t str, &'t str, &'t [(&'t str, &'t str)], &'t str, &'t [&'t str], &'t str);

/// Whole-change rules, and what a change may say about its own judgement: new zone, config and message to what is found.
#[test]
fn a_change_has_no_say_in_its_own_judgement() {
    let mistakes = "a CNAME nowhere\nb CNAME nowhere2\n";
    let without_hosts = |serial| zone(serial, "").replace("h", "k").replace("kostmaster", "hostmaster");
    let waived = zone(1, "new A 11.0.2.9\n")
        .replace("1 7200 1800 1209600 300", "1 7200 1800 1209600 300 ; zonewright: allow(serial-not-bumped) no");
    let lowered = format!("{CONFIG}dangling-target = \"off\"\n");
    let uncritical = CONFIG.replace("www.example.org", "");
    let uncritical = uncritical.replace("[\"\"]", "[]");
    let no_www = zone(2, "").replace("www A", "web A");
    let bad_and_more = zone(2, &format!("first A 11.0.2.77\n{mistakes}"));
    let third = zone(2, &format!("{mistakes}c CNAME nowhere\n"));
    let table: &[Row<'_>] = &[
        (
            "two mistakes that were there before are not shown",
            &zone(1, mistakes),
            &[(FILE, &bad_and_more)],
            "x",
            &[],
            "no findings in 1 zone; 2 findings that were there before are not shown",
        ),
        (
            "a mistake like them is",
            &zone(1, "a CNAME nowhere\n"),
            &[(FILE, &third)],
            "x",
            &["dangling-target", "dangling-target"],
            "2 warnings",
        ),
        (
            "the serial stays",
            &zone(1, ""),
            &[(FILE, &zone(1, "new A 11.0.2.9\n"))],
            "x",
            &["serial-not-bumped"],
            "1 error",
        ),
        ("a comment is no change", &zone(1, ""), &[(FILE, &zone(1, "; words\n"))], "x", &[], "no findings"),
        (
            "a waiver does not count",
            &zone(1, ""),
            &[(FILE, &waived)],
            "x",
            &["bad-allow", "serial-not-bumped"],
            "1 error",
        ),
        // RFC 1982 §3.2: serial numbers wrap.
        (
            "past the end is after",
            &zone(u32::MAX, ""),
            &[(FILE, &zone(3, "new A 11.0.2.9\n"))],
            "x",
            &[],
            "no findings",
        ),
        ("back", &zone(5, ""), &[(FILE, &zone(4, "new A 11.0.2.9\n"))], "x", &["serial-went-back"], "1 error"),
        (
            "half-way around is before",
            &zone(1, ""),
            &[(FILE, &zone(1 + (1 << 31), "new A 11.0.2.9\n"))],
            "x",
            &["serial-went-back"],
            "1 error",
        ),
        ("many names go", &zone(1, ""), &[(FILE, &without_hosts(2))], "x", &["mass-change"], "1 error"),
        (
            "and are meant to",
            &zone(1, ""),
            &[(FILE, &without_hosts(2))],
            "x\n\nZone-Mass-Change: yes\n",
            &[],
            "no findings",
        ),
        (
            "the words elsewhere",
            &zone(1, ""),
            &[(FILE, &without_hosts(2))],
            "Zone-Mass-Change: yes",
            &["mass-change"],
            "1 error",
        ),
        ("a critical name goes", &zone(1, ""), &[(FILE, &no_www)], "x", &["critical-name-gone"], "1 error"),
        (
            "and its list with it",
            &zone(1, ""),
            &[(FILE, &no_www), ("zonewright.toml", &uncritical)],
            "x",
            &["critical-name-gone", "rules-changed"],
            "1 error, 1 warning",
        ),
        (
            "a rule is turned off",
            &zone(1, ""),
            &[(FILE, &zone(2, mistakes)), ("zonewright.toml", &lowered)],
            "x",
            &["dangling-target", "dangling-target", "rules-changed"],
            "3 warnings",
        ),
        (
            "a config before another",
            &zone(1, ""),
            &[(FILE, &zone(2, "")), ("config/zonewright.toml", CONFIG)],
            "x",
            &[],
            "no findings",
        ),
        (
            "the config goes",
            &zone(1, ""),
            &[(FILE, &no_www), ("zonewright.toml", "")],
            "x",
            &["critical-name-gone", "rules-changed"],
            "1 error",
        ),
        (
            "a zone goes",
            &zone(1, ""),
            &[(FILE, ""), ("zones/example.net.zone", &zone(1, "").replace("example.org", "example.net"))],
            "x",
            &["critical-name-gone", "mass-change"],
            "2 errors",
        ),
        (
            "a zone comes",
            &zone(1, ""),
            &[("zones/example.net.zone", &zone(1, mistakes))],
            "x",
            &["dangling-target", "dangling-target"],
            "2 warnings",
        ),
    ];
    for (what, old, new, message, rules, said) in table {
        let (code, stdout, stderr) = judged(&[(FILE, old)], new, message);
        let mut found: Vec<&str> = stdout.lines().map(|line| between(line, "[", "]")).collect();
        found.sort_unstable();
        assert_eq!(found, *rules, "{what}: {stdout}{stderr}");
        assert!(stderr.contains(said), "{what}: {stderr}");
        assert_eq!(code, i32::from(said.contains("error")), "{what}: {stderr}");
    }
}

#[test]
fn a_change_of_rules_is_told_of_at_its_lines() {
    let lowered = format!(
        "{CONFIG}dangling-target = \"off\"\nlowest_ttl = 5\n[lint.zone.\"example.org\"]\nsingle-ns = \"off\"\n"
    );
    let (_, stdout, _) = judged(&[(FILE, &zone(1, ""))], &[("zonewright.toml", &lowered)], "x");
    let wanted = "zonewright.toml:4:1: warning[rules-changed]: this change sets `lowest_ttl`, `dangling-target`, \
                  `lint.zone.\"example.org\"` otherwise than its base\n";
    assert_eq!(stdout, wanted);
}

/// A config that a change puts before the one in use must not hide it.
#[test]
fn a_config_put_before_another_does_not_hide_it() {
    let tree = tempfile::tempdir().expect("a directory");
    let repository = Repository::init(tree.path(), &[]);
    repository.commit("before", &[("config/zonewright.toml", CONFIG), (FILE, &zone(1, ""))]);
    let no_www = zone(2, "").replace("www A", "web A");
    repository.commit("change", &[("zonewright.toml", "[lint]\nreverse-missing = \"off\"\n"), (FILE, &no_www)]);
    let (code, stdout, stderr) = check(tree.path(), &["--base", "HEAD~1", "--format", "concise"]);
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(stdout.contains("[critical-name-gone]") && stdout.contains("[rules-changed]"), "{stdout}");
}

/// Only what happened since the two parted counts, and the mirror list and the mistakes of `main` are told by their text.
#[test]
fn the_base_is_where_the_branch_parted_from_main() {
    let tree = tempfile::tempdir().expect("a directory");
    let repository = Repository::init(tree.path(), &[]);
    let mirror = ("mirrors.d/old.yml", "name: old.example.org\naddress:\n  http: http://old.example.org/\n");
    repository.commit("before", &[("zonewright.toml", CONFIG), (FILE, &zone(1, "")), mirror]);
    repository.git(&["checkout", "-q", "-b", "topic"]);
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("main goes on", &[(FILE, &zone(9, "main A 11.0.2.99\n"))]);
    repository.git(&["checkout", "-q", "topic"]);
    let new = ("mirrors.d/new.yml", "name: new.example.org\naddress:\n  http: http://new.example.org/\n");
    repository.commit("topic", &[(FILE, &zone(2, "topic A 11.0.2.98\n")), new]);
    let (code, stdout, stderr) = check(tree.path(), &["--base", "main", "--format", "concise"]);
    let found: Vec<&str> = stdout.lines().map(|line| line.split(": ").next().expect("a place")).collect();
    assert_eq!((code, &found[..]), (1, &["mirrors.d/new.yml:1:1"][..]), "{stdout}{stderr}");
    assert!(stderr.contains("1 finding that was there before is not shown"), "{stderr}");
    // Headlines name files as they are typed here, and are the same from elsewhere.
    let (_, below, stderr) = check(&tree.path().join("zones"), &["--base", "main", "--format", "concise"]);
    assert_eq!(below.lines().count(), 1, "{below}{stderr}");
}

#[test]
fn a_base_that_is_not_there_says_what_to_do() {
    let tree = tempfile::tempdir().expect("a directory");
    write_all(tree.path(), &[("zonewright.toml", CONFIG), (FILE, &zone(1, ""))]);
    let (code, _, outside) = check(tree.path(), &["--base", "main"]);
    assert_eq!(code, 2, "{outside}");
    assert!(outside.contains("in a checkout") && outside.contains("no git repository"), "{outside}");
    let repository = Repository::init(tree.path(), &[]);
    repository.commit("first", &[]);
    let (code, _, unknown) = check(tree.path(), &["--base", "origin/main"]);
    assert_eq!(code, 2, "{unknown}");
    assert!(unknown.contains("fetch-depth: 0") && unknown.contains("origin/main"), "{unknown}");
    let (code, _, both) = check(tree.path(), &["--base", "main", "zones"]);
    assert_eq!(code, 2, "{both}");
}

/// The zones of a tree, compiled.
fn snapshot(tree: &Path) -> Snapshot {
    let root = Root::open(&tree.join("zones")).expect("the zones");
    let terms = Terms::without_rules(&Limits::default());
    let listing = zone_files(&root, &[]).expect("the list");
    let reviewed = |listed: &ZoneFile| {
        let loaded = load_listed(&root, listed, &terms);
        Reviewed::from(loaded)
    };
    Snapshot::new(listing.zones.iter().map(reviewed).collect(), Policy::default(), support::KEY)
}

/// A question of each usual type for every name, and for one that each wildcard stands for.
fn questions(tree: &Snapshot) -> Vec<(Name, Rtype)> {
    let zones = tree.zones().iter().filter_map(|reviewed| reviewed.zone.as_ref());
    let names = zones.flat_map(|zone| zone.nodes()).map(|node| node.name().to_string().replacen('*', "pr-7", 1));
    let types = [Rtype::A, Rtype::AAAA, Rtype::MX, Rtype::TXT];
    let name = |text: String| Name::absolute(&text).expect("a name");
    names.map(name).flat_map(|name| types.map(|rtype| (name.clone(), rtype))).collect()
}

/// A canary that trips on good changes would be turned off.
#[test]
fn good_changes_pass_the_canary() {
    let Some(almalinux) = shared("almalinux") else { return };
    let folder = almalinux.join("changes");
    let text = std::fs::read_to_string(folder.join("expected.tsv")).expect("expected.tsv");
    let good: Vec<&str> =
        text.lines().filter_map(|line| line.split_once("\tgood\t")).map(|(change, _)| change).collect();
    assert!(good.len() >= 5, "{good:?}");
    for change in good {
        let (tree, _repository) = base(&almalinux);
        let old = snapshot(tree.path());
        let questions = questions(&old);
        assert!(questions.len() > 500, "{}", questions.len());
        apply(&folder.join(format!("{change}.diff")), tree.path());
        let lines = objections(&old, &snapshot(tree.path()), &questions, Shares { nxdomain: 50, servfail: 10 });
        assert!(lines.is_empty(), "{change}: {lines:?}");
    }
}
