//! Serial numbers that the history makes: the same on every node, and never lower.

use std::sync::Arc;

use tempfile::TempDir;
use zonewright::dns::{Class, Rtype, is_serial_after};
use zonewright::zonefile::rdata::soa_serial;

use crate::support::command::{directory, run};
use crate::support::git::Repository;
use crate::support::history::History;
use crate::support::message::Query;
use crate::support::running::{Running, wait_for, write_all};

const AUTO: &str = "serial = \"auto\"\n";

fn zone(serial: u32, records: &str) -> String {
    format!(
        "$TTL 300\n@ SOA ns host {serial} 7200 1800 1209600 60\n@ NS ns\n@ NS ns.example.net.\nns A 192.0.2.53\n{records}"
    )
}

/// A node that serves a repository, with a state of its own.
struct Node {
    place: Arc<TempDir>,
    running: Option<Running>,
}

impl Node {
    fn new(repository: &Repository, settings: &str) -> Self {
        let place = Arc::new(tempfile::tempdir().unwrap());
        let mut node = Self { place, running: None };
        node.configure(repository, settings);
        node.start();
        node
    }

    fn configure(&self, repository: &Repository, settings: &str) {
        let repository = repository.place.display();
        let config = format!(
            "[server]\nversion = \"{{commit}}\"\n[source]\nrepository = \"{repository}\"\npoll = \"1h\"\n{settings}"
        );
        write_all(self.place.path(), &[("zonewright.toml", &config)]);
    }

    fn start(&mut self) {
        self.running = None;
        self.running = Some(Running::start_in(&self.place, &["--threads", "1"]));
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    fn serial(&self, zone: &str) -> Option<u32> {
        let response = self.running().udp().ask(&Query::new(zone, Rtype::SOA));
        soa_serial(&response.answer.first()?.rdata)
    }

    /// Waits until a commit is served.
    #[track_caller]
    fn expect_commit(&self, commit: &str) {
        let query = Query { class: Class(3), ..Query::new("version.bind", Rtype::TXT) };
        let served = || {
            let response = self.running().udp().ask(&query);
            let text = response.answer.first().map(|record| String::from_utf8_lossy(&record.rdata[1..]).into_owned());
            (text.as_deref() == Some(commit)).then_some(())
        };
        assert!(wait_for(served).is_some(), "{commit} is not served\n{}", self.running().log());
    }

    #[track_caller]
    fn expect_serial(&self, zone: &str, serial: u32) {
        let found = wait_for(|| self.serial(zone).filter(|&found| found == serial));
        assert!(found.is_some(), "{zone}: {:?}, and not {serial}\n{}", self.serial(zone), self.running().log());
    }
}

fn bare() -> (TempDir, Repository) {
    let place = tempfile::tempdir().unwrap();
    let repository = Repository::init(&place.path().join("dns.git"), &["--bare"]);
    (place, repository)
}

/// Numbers without a pattern, the same each time (a linear congruential generator with Knuth's constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

#[test]
fn two_nodes_serve_one_number_through_five_hundred_commits() {
    let (_place, repository) = bare();
    let (mut history, mut numbers) = (History::default(), Numbers(7));
    history.apart = 3_000;
    let include = "zones/hosts.inc";
    history.commit(
        "main",
        "First",
        &[
            ("zones/a.test.zone", Some(&zone(5, "$INCLUDE hosts.inc\n"))),
            ("zones/b.test.zone", Some(&zone(2_026_010_100, ""))),
            ("zones/c.test.zone", Some(&zone(9, ""))),
            (include, Some("h A 192.0.2.1\n")),
        ],
    );
    history.push(&repository);
    let settings = format!(
        "{AUTO}[source.zone.\"b.test\"]\nserial_style = \"unix\"\n[source.zone.\"C.Test.\"]\nserial = \"file\"\n"
    );
    let mut nodes = [Node::new(&repository, &settings), Node::new(&repository, &settings)];
    let (mut count, mut last) = (1, [0; 2]);
    while count < 500 {
        for _ in 0..1 + numbers.below(12) {
            count += 1;
            let text = numbers.below(6).to_string();
            let a = zone(5, &format!("$INCLUDE hosts.inc\nx TXT {text}\n"));
            match numbers.below(5) {
                0 => history.commit("main", "An include", &[(include, Some(&format!("h A 192.0.2.{text}\n")))]),
                1 => history.commit(
                    "main",
                    "Another zone",
                    &[("zones/b.test.zone", Some(&zone(1, &format!("x TXT {text}\n"))))],
                ),
                2 => history.commit("main", "No zone", &[("README", Some(&count.to_string()))]),
                3 => {
                    let side = format!("side{count}");
                    history.branch(&side, "main");
                    history.commit(&side, "Aside", &[("zones/a.test.zone", Some(&a))]);
                    history.merge("main", Some(&side), "Merged", &[("zones/a.test.zone", Some(&a))]);
                }
                _ => history.commit("main", "A zone", &[("zones/a.test.zone", Some(&a))]),
            }
        }
        history.push(&repository);
        // One of them may be down while commits come, or start from nothing.
        let which = numbers.below(24) as usize;
        if which < 4 {
            nodes[which % 2].start();
        } else if which < 6 {
            nodes[which % 2] = Node::new(&repository, &settings);
        }
        let commit = repository.git(&["rev-parse", "main"]);
        nodes.iter().for_each(|node| node.expect_commit(&commit));
        for (zone, last) in ["a.test", "b.test"].iter().zip(&mut last) {
            let [one, other] = [&nodes[0], &nodes[1]].map(|node| node.serial(zone).expect("a serial"));
            assert_eq!(one, other, "{zone} at {commit}\n{}\n{}", nodes[0].running().log(), nodes[1].running().log());
            assert!(one == *last || is_serial_after(one, *last), "{zone}: {last} {one}");
            *last = one;
        }
        assert_eq!(nodes[0].serial("c.test"), Some(9));
    }
}

#[test]
fn a_number_never_goes_back_and_an_offset_is_told() {
    let (_place, repository) = bare();
    let (mut history, a) = (History::default(), "zones/a.test.zone");
    for number in 0..3 {
        history.commit("main", &format!("Edit {number}"), &[(a, Some(&zone(40, &format!("x TXT {number}\n"))))]);
    }
    history.push(&repository);
    // As written, then counted: the number goes on.
    let mut node = Node::new(&repository, "");
    node.expect_serial("a.test", 40);
    node.configure(&repository, &format!("{AUTO}serial_style = \"increment\"\n"));
    node.running().run("reload", &[]);
    node.expect_serial("a.test", 42);
    // A rollback serves older content under a newer number, and says so; restarts keep that.
    let (code, said) = node.running().run("rollback", &[]);
    assert!(code == 0 && said.contains("a.test. is served as 43, and its history says 41"), "{said}");
    node.expect_serial("a.test", 43);
    node.start();
    node.expect_serial("a.test", 43);
    let (_, status) = node.running().run("status", &[]);
    assert!(status.contains("serial 43 (41 by its history)"), "{status}");
    assert_eq!(node.running().run("thaw", &[]).0, 0);
    node.expect_serial("a.test", 44);
    // The history catches up only where it passes what was published.
    history.commit("main", "Edit 3", &[(a, Some(&zone(40, "x TXT 3\n")))]);
    history.push(&repository);
    node.expect_serial("a.test", 45);
    history.commit("main", "Written ahead", &[(a, Some(&zone(100, "x TXT 4\n")))]);
    history.push(&repository);
    node.expect_serial("a.test", 100);
    let (_, status) = node.running().run("status", &[]);
    assert!(!status.contains("by its history"), "{status}");
    // Another style with lower numbers, then one with higher ones: the content is as it was, and the number too where it can.
    node.configure(&repository, &format!("{AUTO}serial_style = \"unix\"\n"));
    node.running().run("reload", &[]);
    node.expect_serial("a.test", 1_767_225_600 + 4 * 86_400);
    node.configure(&repository, &format!("{AUTO}serial_style = \"increment\"\n"));
    node.running().run("reload", &[]);
    history.commit("main", "After the styles", &[(a, Some(&zone(100, "x TXT 5\n")))]);
    history.push(&repository);
    node.expect_serial("a.test", 1_767_225_600 + 4 * 86_400 + 1);
    // A revert is an edit.
    let fresh = Node::new(&repository, &format!("{AUTO}serial_style = \"increment\"\n"));
    fresh.expect_serial("a.test", 101);
    history.commit("main", "Revert", &[(a, Some(&zone(100, "x TXT 4\n")))]);
    history.push(&repository);
    fresh.expect_serial("a.test", 102);
    // A rewind too.
    fresh.configure(&repository, &format!("{AUTO}serial_style = \"increment\"\nallow_rewind = true\n"));
    fresh.running().run("reload", &[]);
    repository.git(&["update-ref", "refs/heads/main", "main~3"]);
    fresh.running().run("reload", &[]);
    fresh.expect_serial("a.test", 103);
}

#[test]
fn what_cannot_be_counted_is_refused_with_what_to_do() {
    let (place, repository) = bare();
    let mut history = History::default();
    for number in 0..3 {
        history.commit("main", "Edit", &[("zones/a.test.zone", Some(&zone(1, &format!("x TXT {number}\n"))))]);
    }
    history.push(&repository);
    let whole = Repository { place: place.path().to_owned() };
    let url = format!("file://{}", repository.place.display());
    whole.git(&["clone", "-q", "--bare", "--depth", "1", &url, "shallow.git"]);
    let node = Node::new(&Repository { place: place.path().join("shallow.git") }, AUTO);
    let (_, status) = node.running().run("status", &[]);
    assert!(
        status.contains("is cut off, and serials are made from all of it") && status.contains("--unshallow"),
        "{status}"
    );
    // A directory has no commits; a signed zone has a number of its own.
    let digest = format!("@ ZONEMD 1 1 1 {}\n", "0".repeat(96));
    let zone = zone(1, &digest);
    let config = format!("[source]\n{AUTO}");
    let files = directory(&[("zonewright.toml", &config), ("zones/a.test.zone", &zone)]);
    let (code, _, said) = run(files.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(code == 2 && said.contains("makes serials from commits") && said.contains("serial = \"file\""), "{said}");
    let (code, said, _) = run(files.path(), &["check"]);
    assert!(code == 1 && said.contains("error[serial-of-signed]"), "{said}");
}

#[test]
fn nobody_is_asked_to_raise_a_number_that_is_made() {
    let files = directory(&[("zonewright.toml", "[source]\n"), ("zones/a.test.zone", &zone(1, "x TXT 1\n"))]);
    let repository = Repository { place: files.path().to_owned() };
    repository.git(&["init", "-q", "-b", "main"]);
    repository.commit("First", &[]);
    write_all(files.path(), &[("zones/a.test.zone", &zone(1, "x TXT 2\n"))]);
    let (code, said, error) = run(files.path(), &["check", "--base", "main"]);
    assert!(code == 1 && said.contains("serial-not-bumped"), "{said}{error}");
    write_all(files.path(), &[("zonewright.toml", &format!("[source]\n{AUTO}"))]);
    repository.git(&["commit", "-qm", "Count", "zonewright.toml"]);
    let (code, said, error) = run(files.path(), &["check", "--base", "main"]);
    assert!(code == 0 && error.contains("no findings"), "{said}{error}");
}
