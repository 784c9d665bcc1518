//! Records that an operator sets on a server for a while, and that they never outlive it.

#![expect(clippy::disallowed_methods, reason = "operators write files")]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use zonewright::dns::{Class, Rtype, is_serial_after};
use zonewright::zonefile::rdata::soa_serial;

use crate::support::git::Repository;
use crate::support::message::Query;
use crate::support::running::{Running, wait_for, write_all};

const ZONE: &str = "\
$TTL 300
@ SOA ns host 7 7200 1800 1209600 60
@ NS ns
@ NS ns.example.net.
ns A 192.0.2.53
pes A 192.0.2.38
pes AAAA 2001:db8::38
";

struct Site {
    work: Repository,
    directory: Arc<TempDir>,
    running: Option<Running>,
}

impl Site {
    fn new() -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let work = Repository::init(&directory.path().join("work"), &[]);
        work.commit("First", &[("zones/example.org.zone", ZONE), ("zones/other.test.zone", ZONE)]);
        let config = "[server]\nversion = \"{commit}\"\n[source]\nrepository = \"work\"\npoll = \"1h\"\noverride_file = \"override\"\n";
        write_all(directory.path(), &[("zonewright.toml", config)]);
        let mut site = Self { work, directory, running: None };
        site.start();
        site
    }

    /// Starts it, from what the one before saved at its end.
    fn start(&mut self) {
        self.running.take().into_iter().for_each(Running::end);
        self.running = Some(Running::start_in(&self.directory, &["--threads", "1"]));
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    /// Puts an override in its place, good for some seconds; gives when it ends.
    fn set(&self, seconds: u64, records: &str) -> u64 {
        let until = SystemTime::now() + Duration::from_secs(seconds);
        let until = until.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let text = format!("; expires: {until}\n; reason: the forge is down\n{records}");
        std::fs::write(self.directory.path().join("next"), text).unwrap();
        std::fs::rename(self.directory.path().join("next"), self.directory.path().join("override")).unwrap();
        until
    }

    fn last(&self, name: &str, rtype: Rtype) -> Option<Vec<u8>> {
        let response = self.running().udp().ask(&Query::new(name, rtype));
        response.answer.last().map(|record| record.rdata.clone())
    }

    #[track_caller]
    fn expect(&self, name: &str, rtype: Rtype, wanted: Option<&[u8]>) {
        let found = wait_for(|| (self.last(name, rtype).as_deref() == wanted).then_some(()));
        assert!(found.is_some(), "{name}: {:?}\n{}", self.last(name, rtype), self.running().log());
    }

    fn serial(&self, zone: &str) -> u32 {
        let rdata = self.last(zone, Rtype::SOA).expect("a SOA record");
        soa_serial(&rdata).expect("a SOA record's data")
    }

    fn provenance(&self) -> String {
        let query = Query { class: Class(3), ..Query::new("version.bind", Rtype::TXT) };
        let response = self.running().udp().ask(&query);
        String::from_utf8(response.answer[0].rdata[1..].to_vec()).unwrap()
    }
}

const OLD: &[u8] = &[192, 0, 2, 38];
const NEW: &[u8] = &[192, 0, 2, 138];

#[test]
fn an_override_holds_as_long_as_it_says_and_is_loud() {
    let mut site = Site::new();
    let commit = site.work.head();
    site.expect("pes.example.org", Rtype::A, Some(OLD));
    site.set(
        3_000,
        "pes.example.org 60 A 192.0.2.138\nnew.example.org. 60 A 192.0.2.138\n; remove: pes.example.org AAAA\n",
    );
    site.expect("pes.example.org", Rtype::A, Some(NEW));
    site.expect("new.example.org", Rtype::A, Some(NEW));
    site.expect("pes.example.org", Rtype::AAAA, None);
    assert_eq!(
        (site.provenance(), site.serial("example.org"), site.serial("other.test")),
        (format!("{commit}+override"), 8, 7)
    );
    let status = site.running().run("status", &[]).1;
    assert!(
        status.contains("OVERRIDE ")
            && status.contains(": the forge is down\n  pes.example.org. AAAA is not the commit's"),
        "{status}"
    );
    site.running().expect_log("3 rrsets are not the commit's; the forge is down");
    // A commit goes live under it, and does not undo it.
    site.work.commit(
        "Another",
        &[("zones/example.org.zone", &ZONE.replace("host 7", "host 8").replace("192.0.2.53", "192.0.2.54"))],
    );
    site.expect("ns.example.org", Rtype::A, Some(&[192, 0, 2, 54]));
    site.expect("pes.example.org", Rtype::A, Some(NEW));
    // A restart goes on with it, under the same number.
    let serial = site.serial("example.org");
    site.start();
    site.expect("pes.example.org", Rtype::A, Some(NEW));
    assert_eq!(site.serial("example.org"), serial);
    // However the one before ended.
    site.running = None;
    site.start();
    site.expect("pes.example.org", Rtype::A, Some(NEW));
    assert_eq!(site.serial("example.org"), serial);
    // Without it the commit's records are back, and the number goes on.
    std::fs::remove_file(site.directory.path().join("override")).unwrap();
    site.expect("pes.example.org", Rtype::A, Some(OLD));
    site.expect("new.example.org", Rtype::A, None);
    assert!(is_serial_after(site.serial("example.org"), serial), "{serial} {}", site.serial("example.org"));
    assert_eq!(site.provenance(), site.work.head());
    assert!(!site.running().run("status", &[]).1.contains("OVERRIDE"));
}

#[test]
fn an_override_ends_by_itself_and_through_restarts() {
    let mut site = Site::new();
    site.set(3, "pes.example.org 60 A 192.0.2.138\n");
    site.expect("pes.example.org", Rtype::A, Some(NEW));
    // Nobody touches a file, and the next poll is an hour away.
    site.expect("pes.example.org", Rtype::A, Some(OLD));
    let serial = site.serial("example.org");
    site.set(2, "pes.example.org 60 A 192.0.2.138\n");
    site.expect("pes.example.org", Rtype::A, Some(NEW));
    site.running.take().expect("it runs").end();
    std::thread::sleep(Duration::from_millis(2_100));
    site.start();
    site.expect("pes.example.org", Rtype::A, Some(OLD));
    assert!(is_serial_after(site.serial("example.org"), serial));
}

#[test]
fn one_that_is_wrong_is_refused_and_the_last_good_one_stays() {
    let site = Site::new();
    site.set(3_000, "pes.example.org 60 A 192.0.2.138\n");
    site.expect("pes.example.org", Rtype::A, Some(NEW));
    let rows: &[(u64, &str, &str)] = &[
        (3_000, "pes.example.org 60 A 192.0.2.333\n", "expected an IPv4 address in this A record"),
        (3_000, "example.org 60 SOA a b 1 2 3 4 5\n", "an override cannot replace a SOA record"),
        (3_000, "; remove: pes\n", "expected a name and a type, found `pes`"),
        (3_000, "pes.example.org 60 CNAME ns.example.org\n", "the override is refused"),
        (8 * 24 * 3_600, "pes.example.org 60 A 192.0.2.200\n", "more than 7 days ahead"),
    ];
    for (seconds, records, words) in rows {
        site.set(*seconds, records);
        let told = wait_for(|| Some(site.running().run("status", &[]).1).filter(|status| status.contains(words)));
        assert!(told.is_some(), "no `{words}` in {}", site.running().run("status", &[]).1);
        site.expect("pes.example.org", Rtype::A, Some(NEW));
    }
    // It ends when it said, though what was to follow it says later.
    let words = format!("override until {}", site.set(4, "pes.example.org 60 A 192.0.2.138\n"));
    let told = wait_for(|| Some(site.running().run("status", &[]).1).filter(|status| status.contains(&words)));
    assert!(told.is_some(), "no `{words}` in {}", site.running().run("status", &[]).1);
    site.set(3_000, "pes.example.org 60 CNAME ns.example.org\n");
    site.expect("pes.example.org", Rtype::A, Some(OLD));
    site.set(3_000, "elsewhere.net 60 A 192.0.2.1\n");
    let words = "`elsewhere.net.` lies in no zone here";
    assert!(wait_for(|| Some(site.running().run("status", &[]).1).filter(|status| status.contains(words))).is_some());
    site.expect("pes.example.org", Rtype::A, Some(OLD));
}
