//! Whose review a change needs: `not-owner`, on the records that changed and by the base's config.

use crate::support::git::Repository;
use crate::support::running::Running;

const OWNERS: &str = "\
[lint]
reverse-missing = \"off\"
mass-change = \"off\"
[[owners]]
subtree = \"example.org\"
teams = [\"dns\"]
[[owners]]
subtree = \"example.org\"
types = [\"MX\", \"TXT\"]
people = [\"mia\"]
[[owners]]
subtree = \"lab.example.org\"
people = [\"Ada\"]
teams = [\"lab\"]
[[owners]]
subtree = \"deep.lab.example.org\"
people = [\"eve\"]
";

const CONFIG: &str = "zonewright.toml";
const FILE: &str = "zones/example.org.zone";
const BODY: &str = "www A 11.0.2.80\n@ MX 10 www\nx.lab A 11.0.2.81\ny.deep.lab A 11.0.2.82\ncut.lab NS ns.example.com.\n\
                    cut.lab NS ns.example.net.\n";

fn zone(serial: u32, body: &str) -> String {
    format!(
        "$TTL 300\n@ SOA ns.example.com. hostmaster.example.com. {serial} 7200 1800 1209600 300\n  NS ns.example.com.\n  \
         NS ns.example.net.\n{body}"
    )
}

/// Exit code, standard output and standard error of `check --base main` on a branch that has `new` (empty: taken away)
/// beside what `main` has.
fn judged(old: &[(&str, &str)], new: &[(&str, &str)], arguments: &[&str]) -> (i32, String, String) {
    let tree = tempfile::tempdir().expect("a directory");
    let repository = Repository::init(tree.path(), &[]);
    repository.commit("before", old);
    repository.git(&["checkout", "-q", "-b", "topic"]);
    let (gone, written): (Vec<_>, Vec<_>) = new.iter().copied().partition(|(_, text)| text.is_empty());
    gone.iter().for_each(|(file, _)| std::fs::remove_file(tree.path().join(file)).expect("it was there"));
    repository.commit("the change", &written);
    let mut check = Running::command(tree.path(), "check");
    check.args(["--base", "main"]).args(arguments).env_remove("GITHUB_STEP_SUMMARY");
    let output = check.output().expect("check runs");
    let text = |octets| String::from_utf8(octets).expect("UTF-8");
    (output.status.code().expect("no signal"), text(output.stdout), text(output.stderr))
}

/// What it is about, the files after, who acts, and for each finding its line, severity and headline.
type Row<'t> = (&'t str, &'t [(&'t str, &'t str)], &'t [&'t str], &'t [&'t str]);

#[test]
fn records_tell_whose_review_a_change_needs() {
    let body = |old: &str, new: &str| zone(2, &BODY.replace(old, new));
    let www = body("11.0.2.80", "11.0.2.90");
    let lab = body("11.0.2.81", "11.0.2.91");
    let ttl = body("x.lab A", "x.lab 600 A");
    let gone = body("x.lab A 11.0.2.81\n", "");
    let case = body("x.lab A", "X.LAB A");
    let mail = body("MX 10", "MX 20");
    let cut = body("cut.lab NS ns.example.com.", "cut.lab NS ns9.example.com.");
    let ds = zone(2, &format!("{BODY}cut.lab DS 1 13 2 {}\n", "AB".repeat(32)));
    let above = zone(
        2,
        &BODY
            .replace("y.deep.lab A 11.0.2.82\n", "lab DNAME lab.example.com.\n")
            .replace("x.lab A 11.0.2.81\n", "")
            .replace("cut.lab NS ns.example.com.\ncut.lab NS ns.example.net.\n", ""),
    );
    let hidden = zone(2, &format!("{BODY}lab NS ns.example.com.\nlab NS ns.example.net.\n"));
    let both = zone(2, &BODY.replace("11.0.2.80", "11.0.2.90").replace("y.deep.lab A 11.0.2.82\n", ""));
    let emptied = zone(2, "www A 11.0.2.80\n@ MX 10 www\ncut.lab NS ns.example.com.\ncut.lab NS ns.example.net.\n");
    // The same records by another $ORIGIN and out of another file; then one of them altered there.
    let moved = zone(
        2,
        "www A 11.0.2.80\n@ MX 10 www\n$ORIGIN lab.example.org.\nx A 11.0.2.81\n$INCLUDE deep.inc deep.lab.example.org.\n\
        cut NS ns.example.com.\ncut NS ns.example.net.\n",
    );
    let (same, other) = ("y A 11.0.2.82\n", "y A 11.0.2.83\n");
    let dns: &[&str] = &["--actor", "bob", "--team", "dns"];
    let child = zone(1, "@ A 11.0.2.99\n");
    let comes: &[(&str, &str)] = &[("zones/lab.example.org.zone", &child), (FILE, &emptied)];
    let goes: &[(&str, &str)] = &[(FILE, ""), ("zones/example.net.zone", &child)];
    let rows: &[Row<'_>] = &[
        (
            "nobody is said to act",
            &[(FILE, &www)],
            &[],
            &["5 note this change needs a review by the team `dns`: it touches `www.example.org.` A"],
        ),
        ("an owner acts", &[(FILE, &www)], dns, &[]),
        ("a serial is nobody's", &[(FILE, &zone(2, BODY))], &["--actor", "bob"], &[]),
        ("nor is the case of letters", &[(FILE, &case)], &["--actor", "bob"], &[]),
        (
            "somebody else acts",
            &[(FILE, &lab)],
            dns,
            &["7 warning `bob` is no owner of `x.lab.example.org.` A: `Ada` or the team `lab` has to agree"],
        ),
        ("one of the people", &[(FILE, &lab)], &["--actor", "@ada"], &[]),
        ("one of the teams, and no actor", &[(FILE, &lab)], &["--team", "web", "--team", "LAB"], &[]),
        (
            "only other teams",
            &[(FILE, &lab)],
            &["--team", "web"],
            &["7 warning who acts is no owner of `x.lab.example.org.` A: `Ada` or the team `lab` has to agree"],
        ),
        (
            "a TTL",
            &[(FILE, &ttl)],
            dns,
            &["7 warning `bob` is no owner of `x.lab.example.org.` A: `Ada` or the team `lab` has to agree"],
        ),
        (
            "a record goes",
            &[(FILE, &gone)],
            dns,
            &["2 warning `bob` is no owner of `x.lab.example.org.` A: `Ada` or the team `lab` has to agree"],
        ),
        (
            "a type of its own",
            &[(FILE, &mail)],
            dns,
            &["6 warning `bob` is no owner of `example.org.` MX: `mia` has to agree"],
        ),
        (
            "a delegation",
            &[(FILE, &cut)],
            dns,
            &["9 warning `bob` is no owner of `cut.lab.example.org.` NS: `Ada` or the team `lab` has to agree"],
        ),
        (
            "a delegation that comes to be signed",
            &[(FILE, &ds)],
            dns,
            &["11 warning `bob` is no owner of `cut.lab.example.org.` DS: `Ada` or the team `lab` has to agree"],
        ),
        (
            "a DNAME speaks for all below it",
            &[(FILE, &above)],
            &["--actor", "ada"],
            &[
                "7 warning `ada` is no owner of `lab.example.org.` DNAME, `y.deep.lab.example.org.` A: `eve` has to agree",
            ],
        ),
        (
            "a delegation hides what is below it",
            &[(FILE, &hidden)],
            &["--actor", "ada"],
            &["11 warning `ada` is no owner of `lab.example.org.` NS: `eve` has to agree"],
        ),
        (
            "two owners",
            &[(FILE, &both)],
            &[],
            &[
                "2 note this change needs a review by `eve`: it touches `y.deep.lab.example.org.` A",
                "5 note this change needs a review by the team `dns`: it touches `www.example.org.` A",
            ],
        ),
        (
            "two owners at one place",
            &[(FILE, &emptied)],
            &[],
            &[
                "2 note this change needs a review by `Ada` or the team `lab`: it touches `x.lab.example.org.` A",
                "2 note this change needs a review by `eve`: it touches `y.deep.lab.example.org.` A",
            ],
        ),
        ("records move to another file", &[(FILE, &moved), ("zones/deep.inc", same)], &["--actor", "bob"], &[]),
        (
            "and one is altered on the way",
            &[(FILE, &moved), ("zones/deep.inc", other)],
            dns,
            &["1 warning `bob` is no owner of `y.deep.lab.example.org.` A: `eve` has to agree"],
        ),
        (
            "a zone comes",
            comes,
            &["--actor", "ada", "--team", "dns"],
            &["2 warning `ada` is no owner of `y.deep.lab.example.org.` A: `eve` has to agree"],
        ),
        (
            "a zone comes from elsewhere",
            &[("zones/deep.lab.example.org.zone", &child), (FILE, &zone(2, BODY))],
            &["--actor", "eve"],
            &[],
        ),
        (
            "a zone goes",
            goes,
            &["--actor", "ada", "--team", "dns"],
            &[
                "1 warning `ada` is no owner of `example.org.` MX: `mia` has to agree",
                "1 warning `ada` is no owner of `y.deep.lab.example.org.` A: `eve` has to agree",
            ],
        ),
    ];
    for (what, new, arguments, wanted) in rows {
        let arguments = [*arguments, &["--format", "json"]].concat();
        let (code, stdout, stderr) = judged(&[(CONFIG, OWNERS), (FILE, &zone(1, BODY))], new, &arguments);
        let read = |line: &str| {
            let object: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let text = |key: &str| object[key].as_str().expect("a text").to_owned();
            let told = format!("{} {} {}", object["line"], text("severity"), text("message"));
            (text("rule") == "not-owner").then_some(told)
        };
        let mut found: Vec<String> = stdout.lines().filter_map(read).collect();
        found.sort();
        assert_eq!(found, *wanted, "{what}: {stdout}{stderr}");
        assert_eq!(code, 0, "{what}: {stdout}{stderr}");
    }
}

#[test]
fn every_format_tells_of_it_and_denied_it_fails() {
    let new = zone(2, &BODY.replace("11.0.2.81", "11.0.2.91"));
    for format in ["full", "concise", "json", "sarif", "github", "junit"] {
        let arguments = ["--actor", "bob", "--deny", "warnings", "--format", format];
        let (code, stdout, stderr) = judged(&[(CONFIG, OWNERS), (FILE, &zone(1, BODY))], &[(FILE, &new)], &arguments);
        assert_eq!(code, 1, "{format}: {stderr}");
        assert!(stdout.contains("not-owner") && stdout.contains("`Ada` or the team `lab`"), "{format}: {stdout}");
    }
}

#[test]
fn a_change_cannot_make_itself_an_owner_or_waive_its_finding() {
    let new = zone(2, &BODY.replace("11.0.2.81", "11.0.2.91 ; zonewright: allow(not-owner) mine"));
    let taken = OWNERS.replace("people = [\"Ada\"]", "people = [\"bob\"]");
    let old = [(CONFIG, OWNERS), (FILE, &zone(1, BODY))];
    let arguments = ["--actor", "bob", "--format", "concise"];
    let (code, stdout, _) = judged(&old, &[(CONFIG, &taken), (FILE, &new)], &arguments);
    let of = |code: &str| stdout.lines().filter(|line| line.contains(&format!("[{code}]"))).count();
    assert_eq!((code, of("not-owner"), of("bad-allow"), of("rules-changed")), (0, 1, 1, 1), "{stdout}");
    assert!(
        stdout.contains("zonewright.toml:4:1: warning[rules-changed]: this change sets `owners` otherwise"),
        "{stdout}"
    );
    // The base's config sets how bad it is, too.
    let error = OWNERS.replace("[lint]\n", "[lint]\nnot-owner = \"error\"\n");
    let (code, stdout, _) = judged(&[(CONFIG, &error), old[1]], &[(FILE, &new)], &arguments);
    assert_eq!((code, stdout.contains("error[not-owner]")), (1, true), "{stdout}");
}

#[test]
fn who_acts_is_asked_of_a_change_only() {
    let tree = tempfile::tempdir().expect("a directory");
    for (arguments, wanted) in [
        (&["--actor", "bob"][..], "--base <REV>"),
        (&["--team", "dns"], "--base <REV>"),
        (&["--base", "main", "--actor", "@"], "a name is missing"),
    ] {
        let output = Running::command(tree.path(), "check").args(arguments).output().expect("check runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(wanted), "{arguments:?}: {said}");
    }
}
