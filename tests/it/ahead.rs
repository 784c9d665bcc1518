//! Edits of addresses in a large zone: answered before the whole text is judged, and judged all the same.

#![expect(clippy::disallowed_methods, reason = "tests edit the files that are served")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use zonewright::authority::Catalog;
use zonewright::config::Config;
use zonewright::control::reload::{Demand, Reloader};
use zonewright::control::status::Look;
use zonewright::control::watch::Reach;
use zonewright::dns::{Name, Rtype};
use zonewright::lint::Level;

use crate::support::client::Udp;
use crate::support::message::Query;
use crate::support::running::{Running, text, wait_for, write_all};

/// A zone of more than a megabyte, in which one name has this address.
fn large(serial: u32, address: &str) -> String {
    let mut text = format!(
        "$TTL 300\n@ SOA ns host {serial} 7200 1800 1209600 300\n@ NS ns\n@ NS ns2.other.test.\nns A 45.33.2.1\n"
    );
    for name in 0..40_000 {
        let address = if name == 20_000 { address.to_owned() } else { format!("45.34.{}.{}", name / 256, name % 256) };
        let _ = writeln!(text, "host{name} IN A {address}");
    }
    assert!(text.len() > 1 << 20);
    text
}

/// A directory with a large zone and a small one, and who follows it.
struct Site {
    folder: tempfile::TempDir,
    config: Config,
    reloader: Reloader,
}

impl Site {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("zones")).unwrap();
        write_all(&folder.path().join("zones"), &[("large.zone", &large(1, "45.35.0.1")), ("small.zone", &text(1))]);
        let mut config = Config::defaults(folder.path());
        change(&mut config);
        let reloader = Reloader::new(config.policy.clone());
        let mut site = Self { folder, config, reloader };
        assert_eq!(published(&site.look(Reach::Everywhere)), ["large.", "small."]);
        site
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("zones").join(file)
    }

    fn look(&mut self, reach: Reach) -> Look {
        self.reloader.look(&self.config, Demand::default(), &reach, &mut || true)
    }

    fn look_at(&mut self, file: &str) -> Look {
        self.look(Reach::Files(BTreeSet::from([self.path(file)])))
    }

    fn write(&mut self, file: &str, text: &str) -> Look {
        fs::write(self.path(file), text).unwrap();
        self.look_at(file)
    }

    /// The serial and the address of the edited name, as they are answered.
    fn answered(&self) -> (u32, String) {
        let served = self.reloader.publisher().load_full();
        let catalog: &Catalog = &served.catalog;
        let name = |text: &str| Name::absolute(text).unwrap();
        let zone = catalog.exact(name("large").as_ref()).and_then(|entry| entry.authority.clone()).unwrap();
        let rrset = zone.node(name("host20000.large").as_ref()).and_then(|node| node.rrset(Rtype::A)).unwrap();
        let address: Vec<_> = rrset.first().iter().map(ToString::to_string).collect();
        (zone.serial(), address.join("."))
    }

    /// The serial that `status` shows.
    fn shown(&self) -> u32 {
        self.reloader
            .zones()
            .iter()
            .find(|zone| zone.zone == "large.")
            .and_then(|zone| zone.served.as_ref())
            .unwrap()
            .serial
    }
}

fn published(look: &Look) -> Vec<&str> {
    look.published.iter().map(|change| change.zone.as_str()).collect()
}

#[test]
fn an_address_is_answered_at_once_and_judged_with_the_next_look() {
    let mut site = Site::new(|_| {});
    let look = site.write("large.zone", &large(2, "45.35.0.2"));
    let ahead = look.ahead.as_ref().expect("an address is all that changed");
    assert_eq!((ahead.zone.as_str(), ahead.from, ahead.to), ("large.", Some(1), Some(2)));
    assert!(look.published.is_empty() && !look.has_news());
    assert_eq!((site.answered(), site.shown()), ((2, "45.35.0.2".into()), 2));
    // One more on top of it, and a look at another zone between: it is no judgement of this one.
    assert!(site.write("large.zone", &large(3, "45.35.0.3")).ahead.is_some());
    assert_eq!(published(&site.write("small.zone", &text(2))), ["small."]);
    assert_eq!(site.answered(), (3, "45.35.0.3".into()));
    let look = site.look_at("large.zone");
    let changes: Vec<_> = look.published.iter().map(|change| (change.zone.as_str(), change.from, change.to)).collect();
    assert_eq!(changes, [("large.", Some(1), Some(3))]);
    assert_eq!((site.answered(), site.shown()), ((3, "45.35.0.3".into()), 3));
    // From there on it goes as before.
    assert!(site.write("large.zone", &large(4, "45.35.0.4")).ahead.is_some());
    assert_eq!(published(&site.look(Reach::Everywhere)), ["large."]);
    assert_eq!(site.answered(), (4, "45.35.0.4".into()));
}

#[test]
fn a_zone_that_is_refused_is_in_no_other_ones_way() {
    let mut site = Site::new(|_| {});
    assert_eq!(site.write("small.zone", "@ A 192.0.2\n").refused.len(), 1);
    let look = site.write("large.zone", &large(2, "45.35.0.2"));
    assert!(look.ahead.is_some());
    let refused: Vec<_> = look.refused.iter().map(|refused| (refused.zone.as_str(), refused.is_new)).collect();
    assert_eq!((refused, site.answered().0), (vec![("small.", false)], 2));
    let look = site.look_at("large.zone");
    assert_eq!((published(&look), look.refused.len()), (vec!["large."], 1));
}

#[test]
fn an_edit_that_is_taken_back_leaves_nothing() {
    let mut site = Site::new(|_| {});
    assert!(site.write("large.zone", &large(2, "45.35.0.2")).ahead.is_some());
    assert!(site.write("large.zone", &large(1, "45.35.0.1")).ahead.is_some());
    assert_eq!(site.answered(), (1, "45.35.0.1".into()));
    let look = site.look(Reach::Everywhere);
    assert!(look.ahead.is_none() && look.published.is_empty());
    assert_eq!(site.answered(), (1, "45.35.0.1".into()));
}

#[test]
fn an_edit_is_answered_on_where_the_next_one_breaks_the_text() {
    let mut site = Site::new(|_| {});
    assert!(site.write("large.zone", &large(2, "45.35.0.2")).ahead.is_some());
    let look = site.write("large.zone", &large(3, "45.35.0"));
    assert!(look.ahead.is_none() && look.refused.len() == 1, "{look:?}");
    assert_eq!(look.refused[0].kept, Some(2));
    assert_eq!((site.answered(), site.shown()), ((2, "45.35.0.2".into()), 2));
    // Mended, it is judged before it is answered: nothing is known of a text that was refused.
    let look = site.write("large.zone", &large(4, "45.35.0.4"));
    let changes: Vec<_> = look.published.iter().map(|change| (change.from, change.to)).collect();
    assert_eq!(changes, [(Some(2), Some(4))]);
    assert_eq!(site.answered(), (4, "45.35.0.4".into()));
}

#[test]
fn whatever_is_more_than_an_address_is_judged_first() {
    let mut site = Site::new(|_| {});
    let edits = [
        large(2, "45.35.0.2") + "new A 45.35.0.9\n",
        large(3, "45.35.0.2\nhost20000 IN A 45.35.0.3"),
        large(4, "45.35.0.2").replace("host20001 IN A", "host20001 60 IN A"),
        large(5, "45.35.0.2").replace("@ NS ns\n", "@ NS ns3.other.test.\n"),
        large(6, "45.35.0.2 ; zonewright: allow(private-address) for now"),
        large(7, "45.35.0.2").replace("ns host 7", "ns host2 7"),
        large(8, "45.35.0.2").replace("host20001", "host20000"),
    ];
    for (edit, serial) in edits.iter().zip(2..) {
        let look = site.write("large.zone", edit);
        assert!(look.ahead.is_none(), "edit {serial}");
        assert_eq!(published(&look), ["large."], "edit {serial}: {look:?}");
        assert_eq!(site.answered().0, serial);
    }
}

#[test]
fn where_a_rule_may_refuse_an_address_it_is_asked_first() {
    let refuse = |config: &mut Config| {
        let error = Level::On(zonewright::diagnostic::Severity::Error);
        config.lint.severities.everywhere.push(("private-address", error));
    };
    let mut site = Site::new(refuse);
    let look = site.write("large.zone", &large(2, "10.0.0.1"));
    assert!(look.ahead.is_none());
    assert!(look.refused[0].report.contains("error[private-address]"), "{look:?}");
    assert_eq!(site.answered(), (1, "45.35.0.1".into()));
}

#[test]
fn a_running_server_answers_first_and_judges_once_edits_rest() {
    let running = Running::start(|directory| {
        fs::create_dir(directory.join("zones")).unwrap();
        write_all(&directory.join("zones"), &[("large.zone", &large(1, "45.35.0.1")), ("small.zone", &text(1))]);
    });
    let client = Udp::connect(running.address);
    let answers = |address: [u8; 4]| {
        let reply = client.ask(&Query::new("host20000.large.", Rtype::A));
        reply.answer.iter().any(|record| record.rdata == address).then_some(())
    };
    answers([45, 35, 0, 1]).expect("what it started with");
    // Once an edit is seen, the look that ends the start is over.
    fs::write(running.directory.path().join("zones/small.zone"), text(2)).unwrap();
    running.expect_log("small. changed: serial 1 → 2");
    let file = running.directory.path().join("zones/large.zone");
    fs::write(file.with_extension("new"), large(2, "10.0.0.1")).unwrap();
    fs::rename(file.with_extension("new"), &file).unwrap();
    wait_for(|| answers([10, 0, 0, 1])).expect("the new address");
    let log = running.expect_log("addresses only, answered in");
    assert!(!log.contains("private-address"), "{log}");
    let log = running.expect_log("warning[private-address]");
    assert!(log.contains("large. changed: serial 1 → 2, 40004 records\n"), "{log}");
}

#[test]
fn what_was_answered_ahead_outlives_the_process_where_the_next_edit_breaks_the_text() {
    let directory = std::sync::Arc::new(tempfile::tempdir().unwrap());
    fs::create_dir(directory.path().join("zones")).unwrap();
    write_all(&directory.path().join("zones"), &[("large.zone", &large(1, "45.35.0.1")), ("small.zone", &text(1))]);
    let config = "[server]\nstate = \"kept\"\nthreads = 1\n[source]\ndirectory = \"zones\"\n";
    fs::write(directory.path().join("zonewright.toml"), config).unwrap();
    let start = || Running::start_in(&directory, &["--config", "zonewright.toml"]);
    let edit = |serial: u32, address: &str| {
        fs::write(directory.path().join("large.new"), large(serial, address)).unwrap();
        fs::rename(directory.path().join("large.new"), directory.path().join("zones/large.zone")).unwrap();
    };
    let server = start();
    fs::write(directory.path().join("zones/small.zone"), text(2)).unwrap();
    server.expect_log("small. changed: serial 1 → 2");
    edit(2, "45.35.0.2");
    server.expect_log("addresses only, answered in");
    edit(3, "45.35.0");
    server.expect_log("large. is refused: serial 2 is served on");
    server.end();
    let server = start();
    server.expect_log("large. is refused: serial 2 is served on");
    let reply = server.udp().ask(&Query::new("host20000.large.", Rtype::A));
    assert!(reply.answer.iter().any(|record| record.rdata == [45, 35, 0, 2]), "{reply}");
}
