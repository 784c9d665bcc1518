//! `check --fix` and `check --diff`: what is mended, what is left and why, and that no other record is ever altered.

#![expect(clippy::disallowed_methods, reason = "the command's files are made, linked and read, and so is the corpus")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use tempfile::TempDir;

use crate::support::command::{directory, run, run_on};
use crate::support::git::Repository;

const ZONE: &str = "zones/example.org.zone";

/// A zone that is right, and more lines.
fn zone(more: &str) -> String {
    zone_of(1, more)
}

fn zone_of(serial: u32, more: &str) -> String {
    format!(
        "$TTL 300\n@ SOA ns hostmaster {serial} 7200 1800 1209600 300\n  NS ns\n  NS ns2\n\
         ns A 11.0.2.53\nns2 A 11.1.2.53\nwww A 11.0.2.80\n{more}"
    )
}

/// No opinions but those that a test is about.
const CONFIG: &str = "[lint]\nreverse-missing = \"off\"\nns-on-one-network = \"off\"\n";

fn tree(files: &[(&str, &str)]) -> TempDir {
    directory(&[&[("zonewright.toml", CONFIG)], files].concat())
}

fn read(tree: &TempDir, file: &str) -> String {
    fs::read_to_string(tree.path().join(file)).unwrap()
}

/// What becomes of lines that are added to a zone, by way of standard input: exit code, those lines, standard error.
fn mended(more: &str) -> (i32, String, String) {
    let tree = tree(&[]);
    let arguments = ["check", "--fix", "--origin", "example.org", "--format", "concise", "-"];
    let (code, stdout, stderr) = run_on(tree.path(), &arguments, &zone(more));
    let start = zone("");
    let after = stdout.strip_prefix(&start).unwrap_or_else(|| panic!("{more:?}: {stdout}{stderr}"));
    (code, after.to_owned(), stderr)
}

fn long(octets: usize) -> String {
    "x".repeat(octets)
}

#[test]
fn what_has_one_remedy_is_mended_where_it_stands() {
    let table: &[(&str, &str, &str)] = &[
        ("a record twice", "a A 11.0.2.1\na A 11.0.2.1\n", "a A 11.0.2.1\n"),
        (
            "thrice, and two names",
            "a A 11.0.2.1\nb A 11.0.2.1\na A 11.0.2.1\nb A 11.0.2.1\na A 11.0.2.1\n",
            "a A 11.0.2.1\nb A 11.0.2.1\n",
        ),
        ("the same comment goes", "a A 11.0.2.1 ; x\na A 11.0.2.1  ; x \n", "a A 11.0.2.1 ; x\n"),
        ("another comment stays", "a A 11.0.2.1 ; x\na A 11.0.2.1 ; y\n", "a A 11.0.2.1 ; x\n; y\n"),
        ("of many lines", "a TXT x\na TXT (\n  x\n  ) ; y\nb A 11.0.2.1\n", "a TXT x\n; y\nb A 11.0.2.1\n"),
        ("an inherited owner", "a A 11.0.2.1\n  A 11.0.2.1\n  A 11.0.2.2\n", "a A 11.0.2.1\n  A 11.0.2.2\n"),
        ("in another spelling", "a 300 IN A 11.0.2.1\nA.example.org. IN A 11.0.2.1\n", "a 300 IN A 11.0.2.1\n"),
        ("CRLF", "a A 11.0.2.1\r\na A 11.0.2.1\r\nb A 11.0.2.2\r\n", "a A 11.0.2.1\r\nb A 11.0.2.2\r\n"),
        ("CRLF and a comment", "a A 11.0.2.1\r\na A 11.0.2.1 ; y\r\n", "a A 11.0.2.1\r\n; y\r\n"),
        ("no line end at the end", "a A 11.0.2.1\na A 11.0.2.1", "a A 11.0.2.1\n"),
        ("a dot at a target", "m MX 10 www.example.org    ; to www\n", "m MX 10 www.example.org.   ; to www\n"),
        ("a dot in CRLF", "m MX 10 www.example.org\r\n", "m MX 10 www.example.org.\r\n"),
        ("a dot at the end of the file", "m MX 10 www.example.org", "m MX 10 www.example.org."),
        (
            "an owner",
            "a.example.org  A 11.0.2.1\n               AAAA 2a00::1\n",
            "a.example.org. A 11.0.2.1\n               AAAA 2a00::1\n",
        ),
        (
            "an owner written twice",
            "a.example.org A 11.0.2.1\nb A 11.0.2.2\na.example.org AAAA 2a00::1\n",
            "a.example.org. A 11.0.2.1\nb A 11.0.2.2\na.example.org. AAAA 2a00::1\n",
        ),
        ("an origin", "$ORIGIN sub.example.org\na A 11.0.2.1\n", "$ORIGIN sub.example.org.\na A 11.0.2.1\n"),
        (
            "a comment of another language",
            "# words, and more\n## rule\nb A 11.0.2.1 # here\n",
            "; words, and more\n;# rule\nb A 11.0.2.1 ; here\n",
        ),
    ];
    for (what, before, after) in table {
        let (code, mended, stderr) = mended(before);
        assert_eq!((code, mended.as_str()), (0, *after), "{what}: {stderr}");
        assert!(stderr.contains("mended\n") && !stderr.starts_with('0'), "{what}: {stderr}");
    }
}

#[test]
fn a_long_string_is_split_between_characters() {
    let (x255, x45) = (long(255), long(45));
    let table = [
        (format!("a TXT \"{x255}{x45}\" b ; c\n"), format!("a TXT \"{x255}\" \"{x45}\" b ; c\n")),
        (format!("a TXT {x255}{x255}{x45}\n"), format!("a TXT \"{x255}\" \"{x255}\" \"{x45}\"\n")),
        // An escape is one octet, and is not parted.
        (format!("a TXT \"{}\\064y\\\"\"\n", long(254)), format!("a TXT \"{}\\064\" \"y\\\"\"\n", long(254))),
        // Nor is a character of two octets.
        (format!("a TXT \"{}éy\"\n", long(254)), format!("a TXT \"{}\" \"éy\"\n", long(254))),
    ];
    for (before, after) in table {
        let (code, mended, stderr) = mended(&before);
        assert_eq!((code, mended), (0, after), "{before}: {stderr}");
    }
}

/// What people have to decide stays as it is, octet by octet.
#[test]
fn what_has_two_readings_is_left() {
    let long = format!("a TXT \"{}\" \"{}\"\n", long(200), long(200));
    let table: &[(&str, &str, &str)] = &[
        (
            "a waiver beside a duplicate",
            "a A 11.0.2.1\na A 11.0.2.1 ; zonewright: allow(private-address) no\n",
            "duplicate-record",
        ),
        ("a comment between its parts", "a TXT x\na TXT ( ; y\n x )\n", "duplicate-record"),
        ("a generated duplicate", "$GENERATE 1-2 a A 11.0.2.1\n", "duplicate-record"),
        (
            "another's owner hangs on it",
            "a A 11.0.2.1\nb A 11.0.2.2\na A 11.0.2.1\n  AAAA 2a00::1\n",
            "it would change records of `a.example.org.` too",
        ),
        ("a target elsewhere", "m CNAME www.example.net\n", "missing-trailing-dot"),
        ("a target that is nowhere", "m CNAME xxx.example.org\n", "missing-trailing-dot"),
        (
            "a wildcard answers",
            "*.org.example A 11.0.2.1\n*.example.org.example.org. A 11.0.2.1\nm MX 10 www.example.org\n",
            "missing-trailing-dot",
        ),
        ("a generated target", "$GENERATE 1-2 m$ MX \"10 www.example.org\"\n", "dangling-target"),
        ("the owner has such records", "www.example.org A 11.0.2.1\n", "owner-repeats-origin"),
        ("something names it", "a.example.org A 11.0.2.1\nb CNAME a.example.org\n", "owner-repeats-origin"),
        ("a generated owner", "$GENERATE 1-2 g$.example.org A 11.0.2.1\n", "owner-repeats-origin"),
        ("a TTL of two", "a 60 A 11.0.2.1\na 90 A 11.0.2.2\n", "ttl-mismatch"),
        ("strings that fit", &long, "no findings"),
        ("a name that starts with a sign", "#a A 11.0.2.1\n", "hash-comment"),
    ];
    for (what, text, words) in table {
        let (_, mended, stderr) = mended(text);
        assert_eq!(mended, *text, "{what}: {stderr}");
        assert!(stderr.contains(words) && stderr.contains("0 findings were mended\n"), "{what}: {stderr}");
    }
}

#[test]
fn a_text_that_is_no_utf_8_and_a_byte_order_mark_are_mended() {
    let tree = tree(&[]);
    let text = [b"\xEF\xBB\xBF", zone("a A 11.0.2.1 ; caf\u{e9}\na A 11.0.2.1\n").as_bytes()].concat();
    // Latin-1 in the comment.
    let at = text.iter().position(|&octet| octet == 0xC3).unwrap();
    let text = [&text[..at], b"\xE9", &text[at + 2..]].concat();
    fs::create_dir(tree.path().join("zones")).unwrap();
    fs::write(tree.path().join(ZONE), &text).unwrap();
    let (code, _, stderr) = run(tree.path(), &["check", "--fix"]);
    assert_eq!((code, stderr.as_str()), (0, "2 findings were mended in 1 file\nno findings in 1 zone\n"));
    let after = fs::read(tree.path().join(ZONE)).unwrap();
    assert_eq!(after, [&text[3..at + 2], &text[at + 2 + 13..]].concat());
}

/// The serial that `--base` has, and what is written for it on 2026-11-24.
#[test]
fn a_serial_goes_on_by_its_own_scheme() {
    let table = [
        ("a count", 7, 7, 8),
        ("the last number", u32::MAX, u32::MAX, 1),
        ("a date", 2_026_082_003, 2_026_082_003, 2_026_112_401),
        ("today's hundredth", 2_026_112_499, 2_026_112_499, 2_026_112_500),
        ("the clock", 1_700_000_000, 1_700_000_000, 1_795_478_400),
        ("went back", 2_026_082_003, 202_608_204, 2_026_112_401),
    ];
    for (what, old, new, wanted) in table {
        let tree = tempfile::tempdir().unwrap();
        let repository = Repository::init(tree.path(), &[]);
        repository.commit("before", &[("zonewright.toml", CONFIG), (ZONE, &zone_of(old, ""))]);
        repository.git(&["checkout", "-q", "-b", "topic"]);
        repository.commit("after", &[(ZONE, &zone_of(new, "new A 11.0.2.9\n"))]);
        let arguments = ["check", "--fix", "--base", "main", "--today", "2026-11-24"];
        let (code, _, stderr) = run(tree.path(), &arguments);
        assert_eq!((code, stderr.as_str()), (0, "1 finding was mended in 1 file\nno findings in 1 zone\n"), "{what}");
        assert_eq!(read(&tree, ZONE), zone_of(wanted, "new A 11.0.2.9\n"), "{what}");
        let (code, _, stderr) = run(tree.path(), &arguments);
        assert_eq!((code, stderr.as_str()), (0, "0 findings were mended\nno findings in 1 zone\n"), "{what}, again");
    }
}

#[test]
fn a_change_mends_what_it_brought_in_and_no_more() {
    let tree = tempfile::tempdir().unwrap();
    let repository = Repository::init(tree.path(), &[]);
    let twice = "a A 11.0.2.1\na A 11.0.2.1\n";
    repository.commit("before", &[("zonewright.toml", CONFIG), (ZONE, &zone(twice))]);
    repository.git(&["checkout", "-q", "-b", "topic"]);
    let more: String = (0..60).map(|host| format!("m{host} MX 10 www.example.org\n")).collect();
    repository.commit("after", &[(ZONE, &zone(&format!("{twice}{more}")))]);
    let (code, stdout, stderr) = run(tree.path(), &["check", "--fix", "--base", "main", "--format", "concise"]);
    let said =
        "61 findings were mended in 1 file\nno findings in 1 zone; 1 finding that was there before is not shown\n";
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", said));
    assert_eq!(read(&tree, ZONE), zone_of(2, &format!("{twice}{}", more.replace("example.org\n", "example.org.\n"))));
}

#[test]
fn diff_writes_nothing_and_is_what_fix_does() {
    let more = "a A 11.0.2.1\na A 11.0.2.1\nb MX 10 www.example.org\n\n\n\n\n\n\n\nc CNAME nowhere\nwww A 11.0.2.80 ; again\n; end";
    let tree = tree(&[(ZONE, &zone(more)), ("zones/a.inc", "")]);
    let (code, stdout, stderr) = run(tree.path(), &["check", "--diff", "--format", "concise"]);
    assert_eq!(code, 0, "{stderr}");
    insta::assert_snapshot!("diff_stdout", stdout);
    insta::assert_snapshot!("diff_stderr", stderr);
    assert_eq!(read(&tree, ZONE), zone(more));
    fs::write(tree.path().join("patch"), &stdout).unwrap();
    fs::copy(tree.path().join(ZONE), tree.path().join("patched")).unwrap();
    let patched = Command::new("patch").args(["-s", "patched", "patch"]).current_dir(tree.path()).status();
    assert!(patched.unwrap().success());

    let (code, stdout, stderr) = run(tree.path(), &["check", "--fix", "--format", "concise"]);
    insta::assert_snapshot!("fix_output", format!("{code}\n{stdout}{stderr}"));
    assert_eq!(read(&tree, ZONE), read(&tree, "patched"));
}

/// What is left decides.
#[test]
fn the_exit_code_is_of_what_is_left() {
    let table = [
        ("a A 11.0.2.1\na A 11.0.2.1\n", &[][..], 0),
        ("a A 11.0.2.1\na A 11.0.2.1\n", &["--deny", "warnings"], 0),
        ("c CNAME nowhere\n", &["--deny", "warnings"], 1),
        ("a A 11.0.2.1\na A 11.0.2.1\nc CNAME x\nc CNAME y\n", &[], 1),
        ("b MX 10 www.example.org\n", &[], 0),
    ];
    for (more, arguments, wanted) in table {
        for way in ["--diff", "--fix"] {
            let tree = tree(&[(ZONE, &zone(more))]);
            let (code, ..) = run(tree.path(), &[&["check", way], arguments].concat());
            assert_eq!(code, wanted, "{more:?} {way} {arguments:?}");
        }
    }
}

/// A text with other errors is mended as far as it goes, but nothing that brings in an error.
#[test]
fn errors_that_were_hidden_are_no_new_ones() {
    let (code, text, stderr) = mended("# words\nc CNAME x\nc CNAME y\n");
    assert_eq!((code, text.as_str()), (1, "; words\nc CNAME x\nc CNAME y\n"), "{stderr}");
    // The dot makes it another's alias, which an MX must not have.
    let (code, text, stderr) = mended("alias CNAME www\nm MX 10 alias.example.org\n");
    assert_eq!((code, text.as_str()), (1, "alias CNAME www\nm MX 10 alias.example.org\n"));
    assert!(
        stderr.contains("missing-trailing-dot is left as it is: it would bring in an error, mx-target-is-alias"),
        "{stderr}"
    );
}

/// Repairs at fault are told from the others, however many there are.
#[test]
fn a_repair_at_fault_keeps_no_other_back() {
    let bad: String = (0..30).map(|host| format!("b{host} MX 10 alias.example.org\n")).collect();
    let good: String = (0..30).map(|host| format!("g{host} A 11.0.2.{host}\n").repeat(2)).collect();
    let start = std::time::Instant::now();
    let (code, text, stderr) = mended(&format!("alias CNAME www\n{bad}{good}"));
    let once: String = (0..30).map(|host| format!("g{host} A 11.0.2.{host}\n")).collect();
    assert_eq!((code, text), (1, format!("alias CNAME www\n{bad}{once}")));
    assert_eq!(stderr.matches("missing-trailing-dot is left as it is").count(), 30, "{stderr}");
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn mode_and_links_and_read_only_files_are_respected() {
    let twice = zone("a A 11.0.2.1\na A 11.0.2.1\n");
    let tree = tree(&[(ZONE, &twice), ("zones/b.example.zone", &twice), ("shared.txt", &twice)]);
    let mode =
        |file: &str, mode| fs::set_permissions(tree.path().join(file), fs::Permissions::from_mode(mode)).unwrap();
    mode(ZONE, 0o640);
    mode("zones/b.example.zone", 0o444);
    fs::rename(tree.path().join("shared.txt"), tree.path().join("zones/shared.txt")).unwrap();
    symlink("shared.txt", tree.path().join("zones/c.example.zone")).unwrap();
    let (code, _, stderr) = run(tree.path(), &["check", "--fix", "--format", "concise"]);
    assert_eq!(code, 0, "{stderr}");
    insta::assert_snapshot!("refused_files", stderr);
    assert_eq!(read(&tree, ZONE), zone("a A 11.0.2.1\n"));
    assert_eq!(read(&tree, "zones/b.example.zone"), twice);
    assert_eq!(read(&tree, "zones/shared.txt"), twice);
    assert!(fs::symlink_metadata(tree.path().join("zones/c.example.zone")).unwrap().is_symlink());
    assert_eq!(fs::metadata(tree.path().join(ZONE)).unwrap().permissions().mode() & 0o7777, 0o640);
    assert_eq!(fs::read_dir(tree.path().join("zones")).unwrap().count(), 4, "nothing is left behind");
}

#[test]
fn an_include_is_mended_where_no_other_zone_loses_by_it() {
    let own = "$INCLUDE hosts.inc\n";
    let twice = "a A 11.0.2.1\na A 11.0.2.1\n";
    // One zone's, and of a zone that is asked about by itself.
    let one = tree(&[(ZONE, &zone(own)), ("zones/hosts.inc", twice)]);
    let (code, _, stderr) = run(one.path(), &["check", "--fix", ZONE]);
    assert!(
        code == 0 && stderr.contains("other zones may include the file: run this on the whole zone directory"),
        "{stderr}"
    );
    assert_eq!(read(&one, "zones/hosts.inc"), twice);
    let (_, _, stderr) = run(one.path(), &["check", "--fix"]);
    assert_eq!(read(&one, "zones/hosts.inc"), "a A 11.0.2.1\n", "{stderr}");
    // Both zones have it twice.
    let both = tree(&[(ZONE, &zone(own)), ("zones/example.net.zone", &zone(own)), ("zones/hosts.inc", twice)]);
    let (_, _, stderr) = run(both.path(), &["check", "--fix"]);
    assert_eq!(stderr, "1 finding was mended in 1 file\nno findings in 2 zones\n");
    assert_eq!(read(&both, "zones/hosts.inc"), "a A 11.0.2.1\n");
    // One has the record beside the include, the other in it only.
    let hosts = "b A 11.0.2.2\na A 11.0.2.1\n";
    let beside = zone(&format!("a A 11.0.2.1\n{own}"));
    let uneven = tree(&[(ZONE, &beside), ("zones/example.net.zone", &zone(own)), ("zones/hosts.inc", hosts)]);
    let (_, _, stderr) = run(uneven.path(), &["check", "--fix", "--format", "concise"]);
    assert!(
        stderr.contains("duplicate-record is left as it is: it would change records of `a.example.net.` too"),
        "{stderr}"
    );
    assert_eq!(read(&uneven, "zones/hosts.inc"), hosts);
    // One file under two names.
    let linked =
        tree(&[(ZONE, &zone("$INCLUDE hosts.inc\n$INCLUDE link.inc\n")), ("zones/hosts.inc", "a A 11.0.2.1\n")]);
    symlink("hosts.inc", linked.path().join("zones/link.inc")).unwrap();
    let _ = run(linked.path(), &["check", "--fix"]);
    assert_eq!(read(&linked, "zones/hosts.inc"), "a A 11.0.2.1\n");
    // A file that is included twice.
    let again = tree(&[(ZONE, &zone(&own.repeat(2))), ("zones/hosts.inc", "a A 11.0.2.1\n")]);
    let _ = run(again.path(), &["check", "--fix"]);
    assert_eq!(read(&again, "zones/hosts.inc"), "a A 11.0.2.1\n");
    // Standard input has no say in files.
    let arguments = ["check", "--fix", "--origin", "example.org", "-"];
    fs::copy(uneven.path().join("zones/hosts.inc"), uneven.path().join("hosts.inc")).unwrap();
    let (_, stdout, stderr) = run_on(uneven.path(), &arguments, &beside);
    assert!(stdout == beside && stderr.contains("only standard input is mended here"), "{stderr}");
}

#[test]
fn one_file_of_two_zones_is_mended_for_both() {
    let config = format!(
        "{CONFIG}[[zone]]\nname = \"a.example\"\nfile = \"parked.txt\"\n[[zone]]\nname = \"b.example\"\nfile = \"parked.txt\"\n"
    );
    let text = zone("m MX 10 ns\nm MX 10 ns\n");
    let tree = directory(&[("zonewright.toml", &config), ("zones/parked.txt", &text)]);
    let (code, _, stderr) = run(tree.path(), &["check", "--fix"]);
    assert_eq!((code, stderr.as_str()), (0, "1 finding was mended in 1 file\nno findings in 2 zones\n"));
    assert_eq!(read(&tree, "zones/parked.txt"), zone("m MX 10 ns\n"));
    // A dot that is right for one of them only would put the other's record outside its zone.
    let text = zone("h.a.example A 11.0.2.1\n");
    fs::write(tree.path().join("zones/parked.txt"), &text).unwrap();
    let (_, _, stderr) = run(tree.path(), &["check", "--fix"]);
    let refused = "owner-repeats-origin is left as it is: the zone `b.example.` could not be served any more";
    assert!(stderr.contains(refused), "{stderr}");
    assert_eq!(read(&tree, "zones/parked.txt"), text);
}

#[test]
fn what_cannot_be_fixed_says_what_to_do() {
    let tree = tempfile::tempdir().unwrap();
    let repository = Repository::init(tree.path(), &[]);
    repository.commit("zones", &[(ZONE, &zone(""))]);
    let config = "[source]\nrepository = \".\"\n";
    fs::write(tree.path().join("zonewright.toml"), format!("{CONFIG}{config}")).unwrap();
    let table: &[(&[&str], &str)] = &[
        (&["check", "--fix"], "these zones are a commit's, which is never written: run it in a checkout"),
        (&["check", "--diff"], "these zones are a commit's, which is never written: run it in a checkout"),
        (&["check", "--fix", "--diff"], "cannot be used with"),
        (&["check", "--fix", "-"], "say which zone it is with --origin"),
        (&["check", "-", ZONE], "`-` is one zone on standard input, and is checked by itself"),
        (&["check", ZONE, "-"], "`-` is one zone on standard input, and is checked by itself"),
    ];
    for (arguments, words) in table {
        let (code, stdout, stderr) = run(tree.path(), arguments);
        assert!(code == 2 && stdout.is_empty() && stderr.contains(words), "{arguments:?}: {code}: {stderr}");
    }
}

/// Programs that make the edits themselves get the text that `--fix` writes.
#[test]
fn edits_in_json_and_sarif_are_those_that_fix_makes() {
    let text = zone("é A 11.0.2.1\n").replace("é", "a") + "; é\na A 11.0.2.1\nm MX 10 www.example.org\n";
    let tree = tree(&[(ZONE, &text)]);
    let (_, json, _) = run(tree.path(), &["check", "--format", "json"]);
    let mut edits: Vec<serde_json::Value> = Vec::new();
    for line in json.lines() {
        let finding: serde_json::Value = serde_json::from_str(line).unwrap();
        edits.extend(finding["edits"].as_array().unwrap().iter().cloned());
    }
    assert_eq!(edits.len(), 2);
    let (_, sarif, _) = run(tree.path(), &["check", "--format", "sarif"]);
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let changes = results.iter().flat_map(|result| result["fixes"].as_array().into_iter().flatten());
    let changes: Vec<&serde_json::Value> =
        changes.flat_map(|fix| fix["artifactChanges"].as_array().into_iter().flatten()).collect();
    for (edit, change) in edits.iter().zip(&changes) {
        let replacement = &change["replacements"][0];
        let region = &replacement["deletedRegion"];
        assert_eq!(change["artifactLocation"]["uri"], edit["file"]);
        assert_eq!(replacement["insertedContent"]["text"], edit["text"]);
        let keys =
            [("startLine", "line"), ("startColumn", "column"), ("endLine", "end_line"), ("endColumn", "end_column")];
        keys.iter().for_each(|(sarif, json)| assert_eq!(region[sarif], edit[json]));
    }
    assert_eq!(changes.len(), 2);
    let mut lines: Vec<String> = text.lines().map(|line| line.to_owned() + "\n").collect();
    for edit in edits.iter().rev() {
        let at = |key: &str| edit[key].as_u64().unwrap() as usize - 1;
        let head: String = lines[at("line")].chars().take(at("column")).collect();
        let tail: String =
            lines.get(at("end_line")).into_iter().flat_map(|line| line.chars().skip(at("end_column"))).collect();
        let replaced = head + edit["text"].as_str().unwrap() + &tail;
        let end = usize::min(at("end_line") + 1, lines.len());
        lines.splice(at("line")..end, [replaced]);
    }
    run(tree.path(), &["check", "--fix"]);
    assert_eq!(lines.concat(), read(&tree, ZONE));
}

/// A terminal sees a line while a run is long, and nothing of it is left; a pipe sees none.
#[test]
fn progress_is_shown_on_a_terminal_only() {
    let hosts: String = (0..120_000).map(|host| format!("h{host} TXT \"some words for this one\"\n")).collect();
    let tree = tree(&[(ZONE, &zone(&hosts))]);
    let (_, _, stderr) = run(tree.path(), &["check"]);
    assert_eq!(stderr, "no findings in 1 zone\n");
    let words = format!("{} check 2>&1 >/dev/null", env!("CARGO_BIN_EXE_zonewright"));
    let on_terminal = |ci: &str| {
        let mut command = Command::new("script");
        command.args(["-qec", &words, "/dev/null"]).current_dir(tree.path()).env("CI", ci).env("TERM", "xterm");
        command
            .stdin(std::process::Stdio::null())
            .output()
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Ok(shown) = on_terminal("") else { return crate::support::skip("peers", "`script` is not installed") };
    assert!(shown.contains("\r\u{1b}[Kchecking: 0 of 1 zones read, 0 s\r\u{1b}[K"), "{shown:?}");
    let end = shown.rsplit("\u{1b}[K").next().unwrap();
    assert_eq!(end.trim_end(), "no findings in 1 zone");
    assert_eq!(on_terminal("true").unwrap().trim_end(), "no findings in 1 zone");
}
