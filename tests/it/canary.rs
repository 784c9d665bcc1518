//! What a commit is tried on before it is published: refused for each reason, and accepted once.

use std::sync::Arc;

use tempfile::TempDir;
use zonewright::dns::{Name, Rtype};
use zonewright::review::canary::{Shares, objections};
use zonewright::server::Policy;

use crate::support;
use crate::support::git::Repository;
use crate::support::message::Query;
use crate::support::running::{Running, wait_for, write_all};

const ZONE: &str = "\
$TTL 300
@ SOA ns host 1 7200 1800 1209600 60
@ NS ns
@ NS ns.example.net.
ns A 192.0.2.53
*.w CNAME web
web A 192.0.2.1
alias CNAME web
host A 192.0.2.2
deep.host A 192.0.2.3
sub NS ns.sub
ns.sub A 192.0.2.4
";

const SHARES: Shares = Shares { nxdomain: 50, servfail: 10 };

fn name(text: &str) -> Name {
    Name::absolute(text).expect("a name")
}

/// What speaks against a change of the zone, for one question.
fn against(question: &str, rtype: Rtype, new: &str) -> Vec<String> {
    let tree = |text: &str| support::snapshot(&[("example.org", text)], Policy::default());
    objections(&tree(ZONE), &tree(new), &[(name(question), rtype)], SHARES)
}

#[test]
fn side_effects_are_told_from_what_was_meant() {
    let with = |more: &str| format!("{ZONE}{more}\n");
    let without = |line: &str| ZONE.replace(line, "");
    let rows: &[(&str, &str, String, bool)] = &[
        ("its own record", "host.example.org", ZONE.replace("192.0.2.2", "192.0.2.9"), false),
        ("its own record goes", "host.example.org", without("host A 192.0.2.2\n"), false),
        ("an alias's target", "alias.example.org", ZONE.replace("web A 192.0.2.1", "web A 192.0.2.9"), false),
        ("the wildcard's target", "x.w.example.org", ZONE.replace("web A 192.0.2.1", "web A 192.0.2.9"), false),
        ("the wildcard", "x.w.example.org", ZONE.replace("*.w CNAME web", "*.w CNAME host"), false),
        ("the wildcard goes", "x.w.example.org", without("*.w CNAME web\n"), false),
        ("a name beside the wildcard", "y.w.example.org", with("x.w A 192.0.2.9"), false),
        ("a name below a wildcard's", "x.w.example.org", with("a.x.w A 192.0.2.9"), true),
        ("a name that the wildcard stood for below it", "z.x.w.example.org", with("a.x.w A 192.0.2.9"), true),
        ("the wildcard's own name written", "x.w.example.org", with("x.w A 192.0.2.9"), false),
        ("a cut above", "deep.host.example.org", ZONE.replace("host A 192.0.2.2", "host NS ns.example.net."), true),
        (
            "a cut above, with what lay below gone",
            "deep.host.example.org",
            ZONE.replace("host A 192.0.2.2", "host NS ns.example.net.").replace("deep.host A 192.0.2.3\n", ""),
            false,
        ),
        ("a cut's servers", "a.sub.example.org", ZONE.replace("sub NS ns.sub", "sub NS ns.example.net."), false),
        ("a cut that goes", "a.sub.example.org", without("sub NS ns.sub\n"), false),
        ("a name that was not there", "new.example.org", with("new A 192.0.2.9"), false),
        ("a wildcard that was not there", "new.example.org", with("* A 192.0.2.9"), false),
        ("a raised serial", "none.example.org", ZONE.replace("host 1 ", "host 2 "), false),
    ];
    for (what, question, new, is_told) in rows {
        let lines = against(question, Rtype::A, new);
        assert_eq!(!lines.is_empty(), *is_told, "{what}: {lines:?}");
    }
    // A zone of its own comes between, and has not what lay there.
    let child = "$TTL 300\n@ SOA ns host 1 7200 1800 1209600 60\n@ NS ns.example.net.\n";
    let old = support::snapshot(&[("example.org", ZONE)], Policy::default());
    let new = support::snapshot(&[("example.org", ZONE), ("host.example.org", child)], Policy::default());
    let questions = [(name("deep.host.example.org"), Rtype::A), (name("web.example.org"), Rtype::A)];
    let lines = objections(&old, &new, &questions, SHARES);
    assert!(lines.len() == 2 && lines[1].starts_with("  deep.host.example.org. A: 300 A 192.0.2.3 → "), "{lines:?}");
}

#[test]
fn shares_count_from_twenty_questions_on_and_where_they_rise() {
    let hosts = |count: usize| (0..count).map(|number| format!("h{number} A 192.0.2.1\n")).collect::<String>();
    let tree = |text: &str| support::snapshot(&[("example.org", text)], Policy::default());
    let questions = |count: usize| -> Vec<_> {
        (0..count).map(|number| (name(&format!("h{number}.example.org")), Rtype::A)).collect()
    };
    let (old, new) = (tree(&format!("{ZONE}{}", hosts(30))), tree(&format!("{ZONE}{}", hosts(10))));
    let lines = objections(&old, &new, &questions(30), SHARES);
    assert!(
        lines.len() == 1 && lines[0].contains("20 would be answered with names that do not exist, and 0"),
        "{lines:?}"
    );
    assert!(objections(&old, &new, &questions(19), SHARES).is_empty());
    assert!(objections(&old, &new, &questions(30), Shares { nxdomain: 67, ..SHARES }).is_empty());
    assert!(objections(&new, &old, &questions(30), SHARES).is_empty());
    let broken = support::snapshot(&[("example.org", "@ A x\n")], Policy::default());
    let lines = objections(&old, &broken, &questions(30), SHARES);
    assert!(lines.last().is_some_and(|line| line.contains("30 would be answered with SERVFAIL, and 0")), "{lines:?}");
}

/// A repository with a zone, and a server of it.
struct Site {
    work: Repository,
    running: Running,
    _place: TempDir,
}

impl Site {
    fn new(zone: &str, settings: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let work = Repository::init(&place.path().join("work"), &[]);
        work.commit("First", &[("zones/example.org.zone", zone)]);
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let config = format!("[source]\nrepository = \"{}\"\npoll = \"1h\"\n{settings}", work.place.display());
        write_all(directory.path(), &[("zonewright.toml", &config)]);
        let running = Running::start_in(&directory, &["--threads", "1"]);
        let site = Self { work, running, _place: place };
        site.expect_answer("host.example.org", "192.0.2.2");
        site
    }

    fn address(&self, name: &str) -> Option<String> {
        let response = self.running.udp().ask(&Query::new(name, Rtype::A));
        let record = response.answer.last().filter(|record| record.rdata.len() == 4)?;
        Some(record.rdata.iter().map(u8::to_string).collect::<Vec<_>>().join("."))
    }

    #[track_caller]
    fn expect_answer(&self, name: &str, address: &str) {
        let found = wait_for(|| self.address(name).filter(|found| found == address));
        assert!(found.is_some(), "{name}: {:?}\n{}", self.address(name), self.running.log());
    }

    /// Commits, waits until that is refused for a reason, and gives the commit and what `status` says.
    #[track_caller]
    fn expect_refused(&self, files: &[(&str, &str)], reason: &str) -> (String, String) {
        let commit = self.work.commit("A change", files);
        let words = format!("refused commit {}", &commit[..12]);
        let status = wait_for(|| Some(self.running.run("status", &[]).1).filter(|status| status.contains(&words)));
        let status = status.unwrap_or_else(|| panic!("not refused\n{}", self.running.log()));
        assert!(status.contains("error[canary]") && status.contains(reason), "no `{reason}` in\n{status}");
        assert!(status.contains(&format!("zonewright publish --accept {}", &commit[..12])), "{status}");
        (commit, status)
    }
}

#[test]
fn a_side_effect_on_what_was_asked_stops_a_commit_until_it_is_accepted() {
    let site = Site::new(ZONE, "");
    site.expect_answer("x.w.example.org", "192.0.2.1");
    let side = format!("{ZONE}a.x.w A 192.0.2.9\n");
    let (commit, status) = site.expect_refused(
        &[("zones/example.org.zone", &side)],
        "1 answer changes for names that the commit does not touch",
    );
    assert!(
        status.contains("x.w.example.org. A: 300 CNAME web.example.org. → 300 A 192.0.2.1 → no such records"),
        "{status}"
    );
    site.expect_answer("x.w.example.org", "192.0.2.1");
    assert!(site.address("a.x.w.example.org").is_some_and(|address| address == "192.0.2.1"));
    // Only that commit, and only while it waits.
    let (code, said) = site.running.run("publish", &["--accept", "HEAD~1"]);
    assert!(code == 1 && said.contains("is not what the canary refused"), "{said}");
    site.expect_answer("x.w.example.org", "192.0.2.1");
    let (code, said) = site.running.run("publish", &["--accept", &commit[..10]]);
    assert!(code == 0 && said.contains("published against the canary"), "{said}");
    site.expect_answer("a.x.w.example.org", "192.0.2.9");
    let status = site.running.run("status", &[]).1;
    assert!(status.contains("it was published against the canary:\n  1 answer changes"), "{status}");
    // The next one is tried again, and a good one goes through.
    site.expect_answer("y.w.example.org", "192.0.2.1");
    site.expect_refused(&[("zones/example.org.zone", &format!("{side}a.y.w A 192.0.2.9\n"))], "y.w.example.org. A: ");
    site.work.commit("Mended", &[("zones/example.org.zone", &side.replace("192.0.2.2", "192.0.2.22"))]);
    site.expect_answer("host.example.org", "192.0.2.22");
    let status = site.running.run("status", &[]).1;
    assert!(!status.contains("canary"), "{status}");
}

#[test]
fn a_commit_that_breaks_its_own_tests_is_refused() {
    let site = Site::new(ZONE, "");
    let test = "[[test]]\nname = \"host.example.org\"\nexpect = [\"192.0.2.2\"]\n";
    site.work.commit("A test", &[("zones/tests/hosts.toml", test)]);
    site.expect_refused(
        &[("zones/example.org.zone", &ZONE.replace("192.0.2.2", "192.0.2.22"))],
        "`host.example.org.` A: expected `192.0.2.2`, found `192.0.2.22`",
    );
    site.expect_answer("host.example.org", "192.0.2.2");
    // A rollback is the operator's own; a commit that mends test and zone together is good.
    site.work.commit(
        "Both",
        &[
            ("zones/example.org.zone", &ZONE.replace("192.0.2.2", "192.0.2.22")),
            ("zones/tests/hosts.toml", &test.replace("192.0.2.2\"", "192.0.2.22\"")),
        ],
    );
    site.expect_answer("host.example.org", "192.0.2.22");
    let (code, said) = site.running.run("rollback", &["HEAD~1"]);
    assert!(code == 0 && said.contains("published against the canary: "), "{said}");
}

#[test]
fn critical_names_and_mass_changes_stop_a_commit() {
    let hosts: String = (0..20).map(|number| format!("h{number} A 192.0.2.{number}\n")).collect();
    let zone = format!("{ZONE}{hosts}");
    let site = Site::new(&zone, "[lint]\ncritical_names = [\"web.example.org\"]\n");
    let file = "zones/example.org.zone";
    let gone = zone.replace("web A 192.0.2.1\n", "web2 A 192.0.2.1\n").replace("CNAME web\n", "CNAME web2\n");
    site.expect_refused(&[(file, &gone)], "[critical-name-gone]");
    let many = (0..15).fold(zone.clone(), |zone, number| {
        zone.replace(&format!("h{number} A 192.0.2"), &format!("h{number} A 198.51.100"))
    });
    site.expect_refused(&[(file, &many)], "[mass-change]");
    site.work.git(&["commit", "-q", "--amend", "-m", "Renumber\n\nZone-Mass-Change: yes"]);
    site.expect_answer("h3.example.org", "198.51.100.3");
}

#[test]
fn a_start_with_nothing_served_is_tried_on_nothing_and_a_config_may_say_no() {
    let test = "[[test]]\nname = \"host.example.org\"\nexpect = [\"192.0.2.99\"]\n";
    let site = Site::new(ZONE, "[canary]\nenabled = false\n");
    site.work.commit(
        "A test that fails",
        &[("zones/tests/hosts.toml", test), ("zones/example.org.zone", &format!("{ZONE}new A 192.0.2.5\n"))],
    );
    site.expect_answer("new.example.org", "192.0.2.5");
}
