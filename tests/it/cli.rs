//! The commands as people and scripts run them: as processes, by their output and exit code.

#![expect(clippy::disallowed_methods, reason = "tests make the files that commands read")]

use std::fs;
use std::path::Path;
use std::process::Stdio;

use zonewright::server::Printed;

use crate::support::command::{command, directory, run, run_on, said};

const GOOD: &str = "\
$TTL 300
@   SOA ns.example.org. hostmaster.example.org. 1 7200 1800 1209600 300
    NS  ns
    NS  ns.example.com.
ns  A   11.0.2.53
www CNAME ns
";

#[test]
fn the_example_zones_are_good() {
    let (code, stdout, stderr) = run(Path::new(env!("CARGO_MANIFEST_DIR")), &["check"]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", "no findings in 9 zones\n"));
}

#[test]
fn check_finds_zones_by_path_by_directory_and_by_config() {
    let tree = directory(&[
        ("zonewright.toml", "[source]\ndirectory = \"dns\"\n"),
        ("dns/example.org.zone", GOOD),
        ("dns/deep/example.net.zone", "$INCLUDE ../parts/apex.inc\nmail 60 A 11.0.2.1\n"),
        ("dns/parts/apex.inc", GOOD),
        ("elsewhere/example.org", GOOD),
    ]);
    let table: &[(&[&str], &str)] = &[
        (&["check"], "no findings in 2 zones\n"),
        (&["check", "dns"], "no findings in 2 zones\n"),
        // What `serve` lets it include, it may include here too.
        (&["check", "dns/deep"], "no findings in 1 zone\n"),
        (&["check", "dns/deep/example.net.zone"], "no findings in 1 zone\n"),
        (&["check", "--origin", "example.org", "elsewhere/example.org"], "no findings in 1 zone\n"),
        (&["check", "dns/example.org.zone", "dns"], "no findings in 3 zones\n"),
    ];
    for (arguments, summary) in table {
        let (code, stdout, stderr) = run(tree.path(), arguments);
        assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", *summary), "{arguments:?}");
    }
}

#[test]
fn check_takes_a_configured_name_over_the_files() {
    let config = "[[zone]]\nname = \"example.org\"\nfile = \"live/db\"\n";
    let tree = directory(&[("zonewright.toml", config), ("zones/live/db", GOOD)]);
    for arguments in [&["check"][..], &["check", "zones/live/db"]] {
        assert_eq!(run(tree.path(), arguments).2, "no findings in 1 zone\n", "{arguments:?}");
    }
}

#[test]
fn check_shows_all_errors_of_all_zones() {
    let conflict = format!("{GOOD}www A 11.0.2.1\n");
    let tree = directory(&[
        ("zones/a.example.zone", &format!("{GOOD}x A 192.0.2\ny A 2a00:db8::1\n")),
        ("zones/b.example.zone", &conflict),
        ("zones/c.example.zone", GOOD),
    ]);
    let (code, stdout, stderr) = run(tree.path(), &["check"]);
    assert_eq!(code, 1);
    insta::assert_snapshot!("check_full", format!("{stdout}{stderr}"));

    let (code, stdout, stderr) = run(tree.path(), &["check", "--format", "json"]);
    assert_eq!(code, 1);
    insta::assert_snapshot!("check_json", format!("{stdout}{stderr}"));
}

/// Beside the zone directory or where the config says; links, other files and folders below are left alone.
#[test]
fn the_mirror_list_is_checked_beside_the_zones() {
    let mirror = "---\nname: hel.a.example\naddress:\n  http: http://hel.a.example/\n";
    let large = format!("{mirror}# {}\n", "x".repeat(64 << 10));
    let tree = directory(&[
        ("zones/a.example.zone", GOOD),
        ("mirrors.d/hel.yml", mirror),
        ("mirrors.d/large.yml", &large),
        ("mirrors.d/retired/old.yml", mirror),
        ("mirrors.d/notes.txt", mirror),
    ]);
    std::os::unix::fs::symlink("hel.yml", tree.path().join("mirrors.d/link.yml")).expect("a link");
    let (code, stdout, stderr) = run(tree.path(), &["check", "--format", "concise"]);
    let places: Vec<&str> = stdout.lines().filter_map(|line| line.split(']').next()).collect();
    let wanted =
        ["mirrors.d/hel.yml:2:1: error[mirror-without-address", "mirrors.d/large.yml:1:1: error[file-too-large"];
    assert_eq!((code, places.as_slice()), (1, &wanted[..]), "{stdout}{stderr}");
    fs::write(tree.path().join("zonewright.toml"), "[lint]\nmirrors = \"nowhere\"\n").expect("a config");
    assert_eq!(run(tree.path(), &["check"]).0, 2);
}

/// A comment in a file of the mirror list excepts the host of its line, and is judged as those in zone text are.
#[test]
fn one_host_of_the_mirror_list_is_excepted_by_a_comment() {
    let allow = "zonewright: allow(mirror-without-address";
    let table: &[(&str, String, &[&str])] = &[
        ("as it is", "name: hel.a.example".into(), &["1:1: error[mirror-without-address]"]),
        ("excepted", format!("name: hel.a.example # {allow}) moving house"), &[]),
        ("for a time", format!("name: hel.a.example # {allow}, until=2026-03-01) moving house"), &[]),
        (
            "its day is over",
            format!("name: hel.a.example # {allow}, until=2026-02-28) moving house"),
            &["1:1: error[mirror-without-address]", "1:65: warning[expired-allow]"],
        ),
        (
            "no reason",
            format!("name: hel.a.example # {allow})"),
            &["1:1: error[mirror-without-address]", "1:23: warning[bad-allow]"],
        ),
        (
            "no such rule",
            "name: hel.a.example # zonewright: allow(mirror-with-address) x".into(),
            &["1:1: error[mirror-without-address]", "1:41: warning[bad-allow]"],
        ),
        (
            "a line of its own",
            format!("# {allow}) x\nname: hel.a.example"),
            &["1:3: warning[bad-allow]", "2:1: error[mirror-without-address]"],
        ),
        ("nothing to except", format!("name: ns.a.example # {allow}) x"), &["1:40: warning[unused-allow]"]),
        (
            "another rule",
            "name: ns.a.example # zonewright: allow(ttl-too-low) x".into(),
            &["1:40: warning[unused-allow]"],
        ),
        ("prose", "name: ns.a.example # zonewright: allows for more".into(), &["1:22: warning[bad-allow]"]),
        (
            "one host of two",
            format!("name: hel.a.example\naddress:\n  http: http://x.hel.a.example/ # {allow}) x"),
            &["1:1: error[mirror-without-address]"],
        ),
        (
            "the other",
            format!(
                "name: hel.a.example # {allow}) x\naddress:\n  http: http://hel.a.example/\n  ftp: ftp://x.hel.a.example/"
            ),
            &["1:1: error[mirror-without-address]"],
        ),
        (
            "each by a line",
            format!("name: hel.a.example # {allow}) x\r\naddress:\r\n  ftp: ftp://x.hel.a.example/ # {allow}) y\r\n"),
            &[],
        ),
    ];
    let tree = directory(&[("zones/a.example.zone", GOOD), ("mirrors.d/hel.yml", "")]);
    for (what, text, wanted) in table {
        fs::write(tree.path().join("mirrors.d/hel.yml"), text).expect("a file");
        let arguments = ["check", "--format", "concise", "--today", "2026-03-01"];
        let (_, stdout, stderr) = run(tree.path(), &arguments);
        let found: Vec<&str> = stdout.lines().filter_map(|line| line.strip_prefix("mirrors.d/hel.yml:")).collect();
        let found: Vec<&str> =
            found.iter().map(|line| line.split_once("]: ").map_or(*line, |(place, _)| place)).collect();
        let wanted: Vec<&str> = wanted.iter().map(|place| place.trim_end_matches(']')).collect();
        assert_eq!(found, wanted, "{what}: {stdout}{stderr}");
    }
    fs::write(tree.path().join("mirrors.d/hel.yml"), &table[5].1).expect("a file");
    let (_, stdout, _) = run(tree.path(), &["check"]);
    assert!(
        stdout.contains("write `# zonewright: allow(RULE, until=YYYY-MM-DD) REASON` on the host's line"),
        "{stdout}"
    );
}

#[test]
fn an_include_that_no_zone_includes_is_told_of() {
    let tree = directory(&[
        ("zones/a.example.zone", &format!("{GOOD}$INCLUDE parts/used.inc\n")),
        ("zones/parts/used.inc", "x A 11.0.2.1\n"),
        ("zones/parts/forgotten.inc", "y A 11.0.2.1\n"),
    ]);
    let (code, stdout, stderr) = run(tree.path(), &["check", "--format", "concise"]);
    let wanted =
        "zones/parts/forgotten.inc:1:1: warning[unused-include]: `zones/parts/forgotten.inc` is included by no zone\n";
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, wanted, "1 warning in 1 zone\n"));
    // One zone alone does not say what others include.
    assert_eq!(run(tree.path(), &["check", "zones/a.example.zone"]).2, "no findings in 1 zone\n");
}

#[test]
fn warnings_count_where_they_are_denied() {
    let tree = directory(&[("a.zone", &format!("{GOOD}x A 11.0.2.1\nx A 11.0.2.1\n"))]);
    assert_eq!(run(tree.path(), &["check", "a.zone"]).0, 0);
    assert_eq!(run(tree.path(), &["check", "--deny", "warnings", "a.zone"]).0, 1);
}

#[test]
fn standard_input_is_a_zone() {
    let tree = directory(&[("parts/www.inc", "x A 2a00:db8::1\n")]);
    let arguments = ["check", "--format", "concise", "--origin", "example.org", "-"];
    let text = format!("{GOOD}$INCLUDE parts/www.inc\n$INCLUDE ../secret\n");
    let (code, stdout, _) = run_on(tree.path(), &arguments, &text);
    assert_eq!(code, 1);
    let places: Vec<&str> = stdout.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["<stdin>:8:10", "parts/www.inc:1:5"], "{stdout}");
}

#[test]
fn a_job_summary_goes_to_the_file_that_the_runner_names() {
    let tree = directory(&[("a.zone", &format!("{GOOD}x A 192.0.2\n")), ("summary.md", "before\n")]);
    let mut check = command(tree.path(), &["check", "--format", "github", "a.zone"]);
    let (code, stdout, _) = said(check.env("GITHUB_STEP_SUMMARY", "summary.md").output().unwrap());
    assert_eq!(code, 1);
    assert!(stdout.starts_with("::error file=a.zone,line=7,"), "{stdout}");
    let summary = fs::read_to_string(tree.path().join("summary.md")).unwrap();
    assert!(summary.starts_with("before\n### zonewright check: 1 error in 1 zone\n"), "{summary}");
}

#[test]
fn what_cannot_run_exits_with_2_and_says_why() {
    let tree = directory(&[
        ("zones/a.zone", GOOD),
        ("db", GOOD),
        ("empty/readme", ""),
        ("bad.toml", "[server]\nthread = 1\n"),
    ]);
    let table: &[(&[&str], &str)] = &[
        (&[], "Usage: zonewright"),
        (&["chekc"], "a similar subcommand exists: 'check'"),
        (&["check", "--format", "xml"], "[possible values: full, concise, json, sarif, github, junit]"),
        (&["check", "missing.zone"], "zonewright: reading missing.zone: No such file"),
        (&["check", "db"], "zonewright: db is not called NAME.zone: say which zone it is with --origin NAME"),
        (&["check", "empty"], "zonewright: there is no `*.zone` below empty"),
        (&["check", "--origin", "a", "zones"], "--origin names the zone of one file, and zones is a directory"),
        (&["check", "-"], "say which zone it is with --origin NAME"),
        (&["check", "--origin", "a"], "give exactly one PATH with it"),
        (&["check", "--origin", "a..b", "db"], "a label is empty"),
        (&["check", "--config", "missing.toml"], "zonewright: reading the config missing.toml: No such file"),
        (&["check", "--config", "bad.toml"], "zonewright: the config bad.toml has 1 error"),
        (&["query", "a", "XYZZY"], "no such type"),
        (&["query", "a", "--origin", "a"], "--zone <FILE>"),
        (&["serve", "--listen", "localhost"], "invalid value 'localhost' for '--listen <ADDR:PORT>'"),
        (&["serve", "--threads", "5000"], "5000 is not in 0..=1024"),
        (&["man", "xyzzy"], "there is no command `xyzzy`"),
    ];
    for (arguments, message) in table {
        let (code, stdout, stderr) = run(tree.path(), arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(message), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_refused_config_is_shown_as_zones_are() {
    let tree = directory(&[("config/zonewright.toml", "[server]\nthread = 1\n\n[limits]\nfindings = \"all\"\n")]);
    let (code, stdout, stderr) = run(&tree.path().join("config"), &["check"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    insta::assert_snapshot!("config_refused", stderr);
}

#[test]
fn names_of_files_cannot_drive_the_terminal() {
    let tree = directory(&[("zones/\u{1b}[2J.zone", "x A\n"), ("zones/bad..name\u{202e}.zone", GOOD)]);
    for arguments in [&["check"][..], &["check", "\u{1b}[2Jmissing"], &["check", "--format", "json"]] {
        let (_, stdout, stderr) = run(tree.path(), arguments);
        let raw = |c: char| c == '\x1b' || c == '\u{202e}';
        assert!(!stdout.contains(raw) && !stderr.contains(raw), "{arguments:?}: {stdout:?} {stderr:?}");
    }
}

/// `zonewright check | head -1` is no error of ours, and must not change what `check` says by its exit code.
#[test]
fn a_reader_that_leaves_is_no_error() {
    let tree = directory(&[("zones/bad.zone", "x A\n"), ("good/example.org.zone", GOOD)]);
    let table: &[(&[&str], i32)] = &[
        (&["check", "zones"], 1),
        (&["check", "good"], 0),
        (&["query", "www.example.org", "--zone", "good/example.org.zone"], 0),
        (&["completions", "zsh"], 0),
        (&["man"], 0),
        (&["--help"], 0),
    ];
    for (arguments, code) in table {
        let mut child = command(tree.path(), arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let (ended, _, stderr) = said(child.wait_with_output().unwrap());
        assert_eq!(ended, *code, "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn query_prints_as_dig_does() {
    let tree = directory(&[("zones/example.org.zone", GOOD), ("zones/bad.example.zone", "x A\n")]);
    let queries: &[&[&str]] = &[
        &["www.example.org"],
        &["WWW.Example.ORG.", "cname"],
        &["example.org", "SOA", "--dnssec"],
        &["missing.example.org", "AAAA", "--tcp"],
        &["example.com", "TXT"],
        &["bad.example", "NS"],
    ];
    let mut shown = String::new();
    for query in queries {
        let (code, stdout, stderr) = run(tree.path(), &[&["query"], *query].concat());
        assert_eq!(code, 0, "{query:?}: {stderr}");
        let said = if query[0] == "bad.example" { stderr } else { String::new() };
        shown += &format!("$ zonewright query {}\n{said}{stdout}\n", query.join(" "));
    }
    insta::assert_snapshot!("query", shown);
}

/// Only our own responses are printed, yet no octets must be able to hang a terminal.
#[test]
fn printing_ends_whatever_the_message() {
    let header = |questions: u8| [0, 0, 0, 0, 0, questions, 0, 0, 0, 0, 0, 0].to_vec();
    let table: &[(&str, Vec<u8>)] = &[
        ("nothing", Vec::new()),
        ("half a header", header(1)[..7].to_vec()),
        ("a question that is not there", header(1)),
        ("a pointer to itself", [header(1), vec![0xC0, 12, 0, 1, 0, 1]].concat()),
        ("a pointer back to its own label", [header(1), vec![1, b'a', 0xC0, 12, 0, 1, 0, 1]].concat()),
        ("a label type that never came to be", [header(1), vec![0x41, 0, 0, 1, 0, 1]].concat()),
    ];
    for (what, message) in table {
        assert_eq!(Printed(message).to_string(), ";; The message is malformed.\n", "{what}");
    }
    assert!(Printed(&header(0)).to_string().contains("QUERY: 0, ANSWER: 0"));
}

#[test]
fn query_answers_from_one_file() {
    let tree = directory(&[("db", GOOD)]);
    let arguments = ["query", "www.example.org", "--zone", "db", "--origin", "example.org"];
    let (code, stdout, _) = run(tree.path(), &arguments);
    assert_eq!(code, 0);
    assert!(stdout.contains("ns.example.org.\t\t300\tIN\tA\t11.0.2.53\n"), "{stdout}");
}

#[test]
fn help_is_worth_reading() {
    let here = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = run(here.path(), &["--help"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    insta::assert_snapshot!("help", stdout);
    assert!(stdout.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn completions_and_pages_are_made_for_every_shell_and_command() {
    let here = tempfile::tempdir().unwrap();
    let shells = ["bash", "elvish", "fish", "powershell", "zsh"].map(|shell| vec!["completions", shell]);
    let pages = ["serve", "check", "query", "rules", "rule", "zonemd", "status", "reload", "completions", "man"]
        .map(|verb| vec!["man", verb]);
    for arguments in shells.into_iter().chain(pages).chain([vec!["man"]]) {
        let (code, stdout, stderr) = run(here.path(), &arguments);
        assert_eq!((code, stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(stdout.contains("zonewright"), "{arguments:?}");
    }
}

#[test]
fn rules_are_listed_and_explained() {
    let here = tempfile::tempdir().unwrap();
    let (code, stdout, _) = run(here.path(), &["rules"]);
    assert_eq!(code, 0);
    let line = |name: &str| stdout.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap_or_default();
    assert!(line("rrsig-expired").contains("error    date       Finds records all of whose signatures"), "{stdout}");
    assert!(line("no-soa").contains("error    integrity  The zone has no SOA record"), "{stdout}");

    let (code, stdout, _) = run(here.path(), &["rule", "zonemd-mismatch"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!("rule", stdout);
    let (code, stdout, _) = run(here.path(), &["rule", "no-soa"]);
    assert_eq!(
        (code, stdout.as_str()),
        (0, "no-soa: error, found by integrity\n\nThe zone has no SOA record at its apex.\n")
    );
    let (code, _, stderr) = run(here.path(), &["rule", "zonemd-missmatch"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("the nearest is `zonemd-mismatch`"), "{stderr}");
}

#[test]
fn a_digest_that_zonemd_prints_is_one_that_check_takes() {
    let tree = directory(&[("example.org.zone", GOOD)]);
    for (options, algorithm) in [(&[][..], "1 1 1"), (&["--sha512"][..], "1 1 2")] {
        let arguments = [&["zonemd", "example.org.zone"], options].concat();
        let (code, line, stderr) = run(tree.path(), &arguments);
        assert_eq!(code, 0, "{stderr}");
        assert!(line.starts_with(&format!("example.org.\t300\tIN\tZONEMD\t{algorithm} ")), "{line}");
        let file = tree.path().join("example.org.zone");
        fs::write(&file, format!("{GOOD}{line}")).unwrap();
        assert_eq!(run(tree.path(), &["check", "example.org.zone"]).2, "no findings in 1 zone\n");
        // It leaves itself out.
        assert_eq!(run(tree.path(), &arguments).1, line);
        fs::write(&file, format!("{GOOD}{line}more A 11.0.2.1\n")).unwrap();
        let (code, stdout, _) = run(tree.path(), &["check", "example.org.zone"]);
        assert_eq!(code, 1);
        assert!(stdout.contains("error[zonemd-mismatch]"), "{stdout}");
        fs::write(&file, GOOD).unwrap();
    }
}

#[test]
fn signatures_are_judged_as_of_the_day_that_is_given() {
    let zone = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/signed/nsec.zone");
    let here = tempfile::tempdir().unwrap();
    let check = |today: &str| run(here.path(), &["check", "--origin", "example", "--today", today, zone]);
    let (code, stdout, _) = check("2026-03-01");
    assert!(code == 0 && !stdout.contains("[rrsig-"), "{stdout}");
    let (code, stdout, _) = check("2084-12-30");
    assert!(code == 0 && stdout.contains("warning[rrsig-expires-soon]"), "{stdout}");
    let (code, stdout, _) = check("2085-01-02");
    assert!(code == 1 && stdout.contains("error[rrsig-expired]"), "{stdout}");
    for wrong in ["yesterday", "2026-02-30", "20260301", "2026-3-1"] {
        assert_eq!(check(wrong).0, 2, "{wrong}");
    }
}
