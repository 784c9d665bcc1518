//! The layout of zone text, and the command that writes it: what people read, and that no record ever changes.

#![expect(clippy::disallowed_methods, reason = "the command's files are made and read, and so is the corpus")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use tempfile::TempDir;
use zonewright::dns::{Name, NameRef};
use zonewright::source::{Source, Sources};
use zonewright::zonefile::{self, IncludeRefusal, Limits, Line};

use crate::support;
use crate::support::command::{directory, feed, run_on};

fn format(text: impl AsRef<[u8]>) -> Vec<u8> {
    zonefile::format(text.as_ref()).expect("a layout has the same tokens")
}

/// Every record of a text as a line, and every finding as its place among the lines, code and headline.
fn records(text: &[u8], folder: &Path) -> (Vec<String>, Vec<String>) {
    let mut include = |_: &str, name: &[u8]| {
        let name = String::from_utf8_lossy(name).into_owned();
        let refusal =
            |_| IncludeRefusal { unreadable: true, headline: String::new(), why: String::new(), fix: String::new() };
        fs::read(folder.join(&name)).map(|text| Source::new(name, text)).map_err(refusal)
    };
    let mut sources = Sources::default();
    let root = sources.add(Source::new("zone", text));
    let origin = Name::absolute("example.org").unwrap();
    let parsed = zonefile::parse(&mut sources, root, &origin, &Limits::default(), &mut include);
    let line = |(records, record): (&zonefile::Records, &zonefile::Record)| {
        let (owner, rdata) = (records.owner(record), records.rdata(record));
        let owner: NameRef<'_> = owner;
        Line { owner, ttl: record.ttl, rtype: record.rtype, rdata }.to_string()
    };
    let finding = |one: &zonewright::diagnostic::Diagnostic| {
        let line = sources.get(one.primary.span.file).position(one.primary.span.start).line;
        format!("{}{line}: {}: {}", if one.is_error() { "error " } else { "" }, one.code.name, one.headline)
    };
    (parsed.records.iter().map(line).collect(), parsed.findings.iter().map(finding).collect())
}

/// What every layout owes: the same records and findings on the same lines, no octet of trivia it forbids, and itself again.
fn assert_safe(name: &str, text: &[u8], folder: &Path) {
    let before = records(text, folder);
    let formatted = zonefile::format(text);
    // What is made of a text with errors is a guess that goes by blanks and indents; the command leaves it alone.
    if before.1.iter().any(|finding| finding.starts_with("error ")) {
        return;
    }
    let Some(formatted) = formatted else { panic!("{name}: other tokens") };
    assert_eq!(before, records(&formatted, folder), "{name}");
    let again = format(&formatted);
    assert!(again == formatted, "{name}: not idempotent:\n{}", zonefile::difference(name, &formatted, &again));
    assert!(formatted.is_empty() || formatted.ends_with(b"\n"), "{name}: no line end at the end");
    assert!(!formatted.ends_with(b"\n\n"), "{name}: an empty line at the end");
    let is_trimmed =
        |line: &[u8]| !matches!(line, [.., b' ' | b'\t' | b'\r']) || matches!(line, [.., b'\\', b' ' | b'\t']);
    // An escaped blank may end a line.
    assert!(formatted.split(|&octet| octet == b'\n').all(is_trimmed), "{name}: a blank at a line's end");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of zones");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "zone" || extension == "inc"));
    files.sort();
    files
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Before and after, side by side in one file that is read by eye.
#[test]
fn layouts_are_as_read() {
    let table: &[(&str, &str)] = &[
        (
            "columns",
            "$TTL 1h\n@\t\tIN\tSOA ns.example. h.example. 1 2 3 4 5\nwww 300 IN A 192.0.2.1\n  AAAA 2001:db8::1\nmail  IN 300 MX  10\tmx\n",
        ),
        ("no class", "www A 192.0.2.1\n\tTXT \"a  b\"   c\nlonger-name-than-sixteen A 192.0.2.2\n"),
        (
            "one long name moves nobody",
            "a IN A 192.0.2.1\nb IN A 192.0.2.2\n_a-name-far-too-long.for-the-column IN A 192.0.2.3\nc IN A 192.0.2.4\n",
        ),
        (
            "long names side by side",
            "a IN A 192.0.2.1\nb IN A 192.0.2.2\nc IN A 192.0.2.3\n_acme-challenge.atl IN CNAME x\n_acme-challenge.rsync 60 IN CNAME x\n",
        ),
        (
            "mostly long names",
            "_acme-challenge.a.rsync IN CNAME x\n_acme-challenge.b.rsync IN CNAME x\nc IN A 192.0.2.3\n\nd IN A 192.0.2.4\n",
        ),
        (
            "parentheses",
            "@ IN SOA ns hostmaster (2026010101;serial\n 7200 ; refresh\n   ; the next is retry\n\n 1800\n 1209600\n 300)   ; negative\n",
        ),
        ("parentheses before the type", "www ( IN\nA 192.0.2.1 )\n ( TXT a\n b )\n"),
        (
            "comments",
            ";first\nwww A 192.0.2.1;here\nmail A 192.0.2.10   ; and here   \n      ; goes on below\n   ; and on\n\n   ; a comment of its own\n; -- \nx A 192.0.2.2\n",
        ),
        (
            "a long line's comment",
            &format!("t TXT \"{}\" ; behind\nu TXT short ; in its column\nv A 192.0.2.1 ; here too\n", "x".repeat(80)),
        ),
        ("waivers stay", "a   A  10.0.0.1 ; zonewright: allow(private-address) the lab\nb A 192.0.2.1\n"),
        ("rulers part blocks", "a IN A 192.0.2.1\n; ------\n_a-name-far-too-long.for-the-column IN A 192.0.2.3\n"),
        (
            "directives",
            "$ORIGIN   example.org.\t; the zone\n$ttl\t3600 ; an hour\n$INCLUDE  \"a  b.inc\"  sub\n$GENERATE 1-9/2\thost-${0,2,d}  A   192.0.2.$\n",
        ),
        (
            "quotes and escapes",
            "a\\ b TXT \"x\ty ; ( z\\\" \"  \"\"c\\;d\" e\\\tf\n_h HTTPS 1 .   alpn=\"h2,h3\"  port=8443\n",
        ),
        ("an escaped blank ends a line", "a TXT b\\ \nc TXT d\\\t\n"),
        ("line ends", "a A 192.0.2.1  \r\n\r\nb A 192.0.2.2\t; x \r\n\r\n\r\n"),
        ("no last line end", "a A 192.0.2.1"),
        ("nothing", " \n\t\n"),
    ];
    let mut shown = String::new();
    for (name, text) in table {
        assert_safe(name, text.as_bytes(), Path::new("/nonexistent"));
        let after = String::from_utf8(format(text)).unwrap();
        shown += &format!(
            "=== {name}\n{}---\n{after}",
            text.replace('\t', "→").replace('\r', "␍") + if text.ends_with('\n') { "" } else { "⏎\n" }
        );
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn latin_1_and_a_byte_order_mark_stay() {
    assert_eq!(
        format(b"\xEF\xBB\xBFa A 192.0.2.1 ; caf\xE9\t!\n"),
        b"\xEF\xBB\xBFa               A    192.0.2.1  ; caf\xE9\t!\n"
    );
}

#[test]
fn the_example_zones_are_laid_out() {
    for file in files(&here("zones")) {
        let text = fs::read(&file).unwrap();
        let name = file.display().to_string();
        assert_safe(&name, &text, &here("zones"));
        let after = format(&text);
        assert!(after == text, "{}", zonefile::difference(&name, &text, &after));
    }
}

#[test]
fn our_fixtures_keep_their_records() {
    for folder in
        ["tests/fixtures/zonefile/good", "tests/fixtures/zonefile/good/include", "tests/fixtures/zonefile/bad"]
    {
        for file in files(&here(folder)) {
            assert_safe(&file.display().to_string(), &fs::read(&file).unwrap(), &here(folder));
        }
    }
}

/// Nothing changes in any file, not even in those that are refused: the command leaves those alone, an editor may not.
#[test]
fn the_corpus_keeps_its_records() {
    let Some(folder) = support::shared("corpus") else { return };
    let mut count = 0;
    for set in ["good", "disputed", "bad"] {
        for file in files(&folder.join(set)) {
            count += 1;
            assert_safe(&file.display().to_string(), &fs::read(&file).unwrap(), &folder.join(set));
        }
    }
    assert!(count > 700, "the corpus has only {count} files");
}

/// Pieces of zone text, whole entries and trivia, in any order and with any blanks.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[ \t]{1,3}",
        2 => Just("\n".to_owned()),
        1 => Just("\r\n".to_owned()),
        1 => Just("\r".to_owned()),
        2 => "[a-z@$*]{1,20}",
        2 => prop::sample::select(vec!["IN", "A", "TXT", "MX", "300", "1h", "SOA", "CLASS1", "$TTL", "$ORIGIN"]).prop_map(str::to_owned),
        1 => "\"[ -!#-\\[\\]-~\t]{0,12}\"",
        1 => "\\\\[ -~]",
        1 => prop::sample::select(vec!["(", ")", "(", ")", "\"", "\\"]).prop_map(str::to_owned),
        1 => ";[ -~\t]{0,12}",
        1 => prop::sample::select(vec!["\nwww\tIN A 192.0.2.1 ;x\n", "\n  300 MX ( 10\nmx ) \n", "\n; ----\n", "\n   ; below\n"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

/// A good zone with random blanks, comments and line ends where blanks may be.
fn spaced() -> impl Strategy<Value = Vec<u8>> {
    let blank = || "[ \t]{1,9}";
    let end = || prop_oneof![Just(""), Just(" "), Just(";c"), Just(" \t; c \t")];
    let line_end = || prop::sample::select(vec!["\n", "\r\n", "\n\n", "\n ; below\n", "\n; ---\n"]);
    let record = (
        // No owner is spelt as a type or class, which would be a slip.
        "(|x[a-z]{0,27}-y|@)",
        prop::option::of("[1-9][0-9]{0,4}"),
        any::<bool>(),
        0..3usize,
        [blank(), blank(), blank(), blank()],
        end(),
        line_end(),
    );
    let record = record.prop_map(|(owner, ttl, class, kind, [a, b, c, d], end, line_end)| {
        let ttl = ttl.map_or_else(String::new, |ttl| ttl + &b);
        let class = if class { format!("IN{c}") } else { String::new() };
        let data = [
            format!("A{d}192.0.2.1"),
            format!("TXT{d}({b}\"a\tb\"{end}{line_end}{a}c\\ d{c})"),
            format!("HTTPS{d}1{b}.{c}alpn=\"h2\""),
        ];
        format!("{owner}{a}{ttl}{class}{}{end}{line_end}", data[kind])
    });
    prop::collection::vec(record, 1..12)
        .prop_map(|records| ["$TTL 60\nx A 192.0.2.9\n".to_owned(), records.concat()].concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_keeps_its_records(text in pieces()) {
        assert_safe(&String::from_utf8_lossy(&text), &text, Path::new("/nonexistent"));
    }

    #[test]
    fn blanks_make_no_difference(text in spaced()) {
        prop_assert_eq!(records(&text, Path::new("/nonexistent")).1, Vec::<String>::new());
        assert_safe(&String::from_utf8_lossy(&text), &text, Path::new("/nonexistent"));
    }
}

/// A hostile entry costs no more than its length.
#[test]
fn a_large_text_is_laid_out_in_one_pass() {
    let entry = format!("a TXT {}\n", "x ".repeat(400_000));
    let block = "some-name 300 IN A 192.0.2.1 ; here\n".repeat(50_000);
    let parentheses = format!("a TXT (\n{})\n", " x ; y\n".repeat(100_000));
    for text in [entry, block, parentheses] {
        let start = std::time::Instant::now();
        format(&text);
        assert!(start.elapsed().as_secs() < 10, "{:?} for {} octets", start.elapsed(), text.len());
    }
}

const ROUGH: &str = "$TTL 300\nwww\tA 192.0.2.1\n";
const LAID_OUT: &str = "$TTL 300\nwww             A    192.0.2.1\n";

fn run(directory: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    run_on(directory, &[&["fmt"], arguments].concat(), input)
}

fn read(tree: &TempDir, file: &str) -> String {
    fs::read_to_string(tree.path().join(file)).unwrap()
}

#[test]
fn fmt_writes_every_zone_and_include_below_and_nothing_else() {
    let tree = directory(&[
        ("zones/a.example.zone", ROUGH),
        ("zones/deep/b.inc", "\tA 192.0.2.1\n"),
        ("zones/c.example.zone", LAID_OUT),
        ("zones/notes.txt", ROUGH),
        ("zones/broken.example.zone", "$TTL 300\nwww\tA 192.0.2\n"),
    ]);
    fs::set_permissions(tree.path().join("zones/a.example.zone"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("notes.txt", tree.path().join("zones/link.example.zone")).unwrap();

    let (code, stdout, stderr) = run(tree.path(), &["--check"], "");
    assert_eq!((code, stdout.as_str()), (1, "zones/a.example.zone\nzones/deep/b.inc\n"), "{stderr}");
    assert_eq!(read(&tree, "zones/a.example.zone"), ROUGH, "--check writes nothing");

    let (code, stdout, stderr) = run(tree.path(), &[], "");
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    insta::assert_snapshot!("fmt_stderr", stderr);
    assert_eq!(read(&tree, "zones/a.example.zone"), LAID_OUT);
    assert_eq!(read(&tree, "zones/deep/b.inc"), "                A    192.0.2.1\n");
    assert_eq!(read(&tree, "zones/notes.txt"), ROUGH);
    assert_eq!(read(&tree, "zones/broken.example.zone"), "$TTL 300\nwww\tA 192.0.2\n");
    let mode = fs::metadata(tree.path().join("zones/a.example.zone")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o640);
    let left: Vec<_> =
        fs::read_dir(tree.path().join("zones")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 6, "nothing is left behind: {left:?}");

    fs::remove_file(tree.path().join("zones/broken.example.zone")).unwrap();
    assert_eq!(run(tree.path(), &["--check"], ""), (0, String::new(), "0 of 3 files would be laid out anew\n".into()));
}

#[test]
fn fmt_refuses_links_and_what_lies_outside() {
    let tree = directory(&[("zones/a.example.zone", LAID_OUT), ("outside.zone", ROUGH)]);
    symlink("../outside.zone", tree.path().join("zones/link.zone")).unwrap();
    symlink("..", tree.path().join("zones/up")).unwrap();
    let table = [
        ("zones/link.zone", "link.zone is left as it is: it is a link: name the file that it leads to"),
        ("zones/up/outside.zone", "outside.zone is left as it is: opening its directory beneath the zone directory"),
        ("zones/../outside.zone", "outside.zone is left as it is: it lies outside the zone directory"),
    ];
    for (path, said) in table {
        let (code, _, stderr) = run(tree.path(), &[path], "");
        assert!(code == 1 && stderr.contains(said), "{path}: {code}: {stderr}");
    }
    assert_eq!(read(&tree, "outside.zone"), ROUGH);
    assert!(fs::symlink_metadata(tree.path().join("zones/link.zone")).unwrap().is_symlink());
}

#[test]
fn fmt_shows_a_diff() {
    let rough = format!(
        "{ROUGH}mail A 192.0.2.2\n\n\nx             A    192.0.2.3\ny A 192.0.2.4\r\nz A 192.0.2.5\n\n\n\n\n\n\n\n\n\n\n; end\n\n\n"
    );
    let tree = directory(&[("zones/a.example.zone", &rough)]);
    let (code, stdout, _) = run(tree.path(), &["--diff"], "");
    assert_eq!((code, read(&tree, "zones/a.example.zone")), (0, rough.clone()));
    insta::assert_snapshot!("fmt_diff", stdout);
    assert_eq!(run(tree.path(), &["--diff", "--check"], "").0, 1);
}

/// What a terminal would obey is escaped in a diff, so texts with such octets are for eyes only; all others can be patched.
#[test]
fn fmt_shows_a_diff_that_patch_takes() {
    let far = "z A 192.0.2.5\n\n\n\n\n\n\n\n\n\n\n; ende ä";
    let files = [
        ("zones/a.example.zone", format!("{ROUGH}mail A 192.0.2.2\n\n\nx             A    192.0.2.3\n{far}\n\n\n")),
        ("zones/b.example.zone", format!("{ROUGH}{far}")),
        ("zones/c.inc", "x 300 TXT\t(\"a\tb\" ;\tc\n\n )".to_owned()),
        ("zones/d.inc", "\n\n\n".to_owned()),
    ];
    let files = files.each_ref().map(|(file, text)| (*file, text.as_str()));
    let tree = directory(&files);
    let (code, diff, stderr) = run(tree.path(), &["--diff"], "");
    assert!(code == 0 && stderr.starts_with("4 of 4 files"), "{stderr}");
    assert_eq!(run(tree.path(), &[], "").0, 0);
    for (tool, arguments) in [("git", &["apply", "-p0", "--verbose"][..]), ("patch", &["-p0"])] {
        let patched = directory(&files);
        if tool != "git" && Command::new(tool).arg("--version").output().is_err() {
            continue;
        }
        let mut command = Command::new(tool);
        let (code, stdout, stderr) = feed(command.current_dir(patched.path()).args(arguments), &diff);
        // Both go on where a hunk's lines are found elsewhere than it says.
        let is_off = [&stdout, &stderr].iter().any(|said| said.contains("offset") || said.contains("fuzz"));
        assert!(code == 0 && !is_off, "{tool}: {stdout}{stderr}\n{diff}");
        for (file, _) in files {
            // An emptied file may be taken away.
            let text = fs::read_to_string(patched.path().join(file)).unwrap_or_default();
            assert_eq!(text, read(&tree, file), "{tool}: {file}\n{diff}");
        }
    }
}

#[test]
fn fmt_lays_out_standard_input() {
    let tree = directory(&[]);
    assert_eq!(run(tree.path(), &["-"], ROUGH), (0, LAID_OUT.into(), String::new()));
    assert_eq!(run(tree.path(), &["-", "--check"], ROUGH).0, 1);
    assert_eq!(run(tree.path(), &["-", "--check"], LAID_OUT).0, 0);
    let (code, stdout, stderr) = run(tree.path(), &["-"], "www TXT \"x\n");
    assert!(code == 1 && stdout.is_empty() && stderr.contains("unclosed"), "{code} {stdout} {stderr}");
}
