//! What is published after an edit: the rules as a table, and the real server under edits and queries.

#![expect(clippy::disallowed_methods, reason = "tests edit the files that are served")]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use zonewright::control::plan::{Disk, Rules, Standing, Version, Zone, plan};
use zonewright::dns::{Name, Rcode, Rtype};

use crate::support::message::{Query, Response};
use crate::support::running::{Running, text, wait_for, write_all};

const RULES: Rules = Rules { lost_names_percent: 50, accept_loss: false };

/// A version of 100 names under its number.
fn version(number: u32) -> Version<u32> {
    Version { built: number, names: 100, digest: [number as u8; 32] }
}

fn sized(number: u32, names: usize) -> Version<u32> {
    Version { names, ..version(number) }
}

fn zone(name: &str, served: Option<u32>) -> Zone<u32> {
    let standing = if served.is_some() { Standing::Current } else { Standing::Faulty };
    Zone { name: Name::absolute(name).unwrap(), served: served.map(version), standing }
}

fn held(name: &str, served: u32, waiting: Option<u32>, failing: &[&str]) -> Zone<u32> {
    let failing = failing.iter().map(|name| Name::absolute(name).unwrap()).collect();
    Zone { standing: Standing::Held { waiting: waiting.map(version), failing }, ..zone(name, Some(served)) }
}

/// `name version`, then `!` if its text is refused, `<` if it is for its losses, and `~zones` if it waits for them.
fn say(zones: &[Option<Zone<u32>>]) -> String {
    let mut text = String::new();
    for zone in zones.iter().flatten() {
        let served = zone.served.as_ref().map_or("-".to_owned(), |version| version.built.to_string());
        write!(text, "{} {served}", zone.name).unwrap();
        match &zone.standing {
            Standing::Current => {}
            Standing::Faulty => text.push('!'),
            Standing::Lossy(_) => text.push('<'),
            Standing::Held { failing, .. } => failing.iter().for_each(|name| write!(text, "~{name}").unwrap()),
        }
        text.push_str("; ");
    }
    text.trim_end_matches("; ").to_owned()
}

#[test]
fn what_is_published_after_a_look() {
    type Case = (&'static str, Vec<(Zone<u32>, Disk<u32>)>, &'static str);
    let good = |number| Disk::Good(version(number));
    let lossy = |number| Disk::Good(sized(number, 49));
    let lost = |name, served| Zone { standing: Standing::Lossy(sized(2, 49)), ..zone(name, Some(served)) };
    let cases: Vec<Case> = vec![
        ("a change goes live", vec![(zone("a", Some(1)), good(2))], "a. 2"),
        ("a new zone goes live", vec![(zone("a", None), good(1))], "a. 1"),
        ("a failing zone keeps its last good version", vec![(zone("a", Some(1)), Disk::Faulty)], "a. 1!"),
        ("a failing zone without one has none", vec![(zone("a", None), Disk::Faulty)], "a. -!"),
        ("a refused zone stays refused", vec![(zone("a", None), Disk::Unchanged)], "a. -!"),
        ("mending brings it back", vec![(Zone { standing: Standing::Faulty, ..zone("a", Some(1)) }, good(2))], "a. 2"),
        (
            "going back brings it back",
            vec![(Zone { standing: Standing::Faulty, ..zone("a", Some(1)) }, good(1))],
            "a. 1",
        ),
        (
            "a zone that is gone goes",
            vec![(zone("a", Some(1)), Disk::Gone), (zone("b", Some(1)), Disk::Unchanged)],
            "b. 1",
        ),
        ("a refused zone that is gone goes", vec![(zone("a", None), Disk::Gone)], ""),
        (
            "zones beside a failing one go live",
            vec![(zone("a.x", Some(1)), Disk::Faulty), (zone("b.x", Some(1)), good(2))],
            "a.x. 1!; b.x. 2",
        ),
        (
            "a parent changed with a failing child waits",
            vec![(zone("x", Some(1)), good(2)), (zone("a.b.x", Some(1)), Disk::Faulty)],
            "x. 1~a.b.x.; a.b.x. 1!",
        ),
        (
            "a child changed with a failing parent waits, in any case of letters",
            vec![(zone("X", Some(1)), Disk::Faulty), (zone("a.x", Some(1)), good(2))],
            "X. 1!; a.x. 1~X.",
        ),
        (
            "the root is everybody's parent",
            vec![
                (zone(".", Some(1)), Disk::Faulty),
                (zone("a.x", Some(1)), good(2)),
                (zone("b", Some(1)), Disk::Unchanged),
            ],
            ". 1!; a.x. 1~.; b. 1",
        ),
        (
            "a zone that changes later than the failing one goes live",
            vec![(zone("x", Some(1)), good(2)), (zone("a.x", None), Disk::Unchanged)],
            "x. 2; a.x. -!",
        ),
        (
            "a new child of a failing parent goes live: it has no last good version to keep",
            vec![(zone("x", Some(1)), Disk::Faulty), (zone("a.x", None), good(1))],
            "x. 1!; a.x. 1",
        ),
        (
            "the removal of a parent waits too",
            vec![(zone("x", Some(1)), Disk::Gone), (zone("a.x", Some(1)), Disk::Faulty)],
            "x. 1~a.x.; a.x. 1!",
        ),
        (
            "what waits goes on waiting",
            vec![(held("x", 1, Some(2), &["a.x"]), Disk::Unchanged), (zone("a.x", None), Disk::Unchanged)],
            "x. 1~a.x.; a.x. -!",
        ),
        (
            "what waits and changes goes on waiting",
            vec![(held("x", 1, Some(2), &["a.x"]), good(3)), (zone("a.x", None), Disk::Unchanged)],
            "x. 1~a.x.; a.x. -!",
        ),
        (
            "what waits and is changed back waits no more",
            vec![(held("x", 1, Some(2), &["a.x"]), good(1)), (zone("a.x", None), Disk::Unchanged)],
            "x. 1; a.x. -!",
        ),
        (
            "mending the one publishes both",
            vec![(held("x", 1, Some(2), &["a.x"]), Disk::Unchanged), (zone("a.x", None), good(1))],
            "x. 2; a.x. 1",
        ),
        (
            "removing the failing one publishes the other",
            vec![(held("x", 1, Some(2), &["a.x"]), Disk::Unchanged), (zone("a.x", Some(1)), Disk::Gone)],
            "x. 2",
        ),
        (
            "a removal that waits is carried out",
            vec![(held("x", 1, None, &["a.x"]), Disk::Unchanged), (zone("a.x", None), good(1))],
            "a.x. 1",
        ),
        ("a loss of most names is refused", vec![(zone("a", Some(1)), lossy(2))], "a. 1<"),
        ("and stays refused", vec![(lost("a", 1), Disk::Unchanged)], "a. 1<"),
        ("half is not most", vec![(zone("a", Some(1)), Disk::Good(sized(2, 50)))], "a. 2"),
        (
            "a loss holds the parent, as any failure does",
            vec![(zone("x", Some(1)), good(2)), (zone("a.x", Some(1)), lossy(2))],
            "x. 1~a.x.; a.x. 1<",
        ),
        (
            "a small zone may lose what it likes",
            vec![(Zone { served: Some(sized(1, 9)), ..zone("a", Some(1)) }, Disk::Good(sized(2, 1)))],
            "a. 2",
        ),
    ];
    for (what, found, expected) in cases {
        assert_eq!(say(&plan(found, RULES)), expected, "{what}");
    }
}

#[test]
fn losses_are_published_when_they_are_accepted() {
    let accept = Rules { accept_loss: true, ..RULES };
    let lost = Zone { standing: Standing::Lossy(sized(2, 1)), ..zone("a", Some(1)) };
    assert_eq!(say(&plan(vec![(lost, Disk::Unchanged)], accept)), "a. 2");
    assert_eq!(say(&plan(vec![(zone("a", Some(1)), Disk::Good(sized(2, 1)))], accept)), "a. 2");
    assert_eq!(say(&plan(vec![(zone("a", Some(1)), Disk::Faulty)], accept)), "a. 1!");
    let all = Rules { lost_names_percent: 100, ..RULES };
    assert_eq!(say(&plan(vec![(zone("a", Some(1)), Disk::Good(sized(2, 0)))], all)), "a. 2");
}

/// Writes a file beside its place and moves it there.
fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

/// Lets a link point elsewhere, in one step.
fn swap_link(link: &Path, target: &str) {
    let beside = link.with_file_name(".swap");
    symlink(target, &beside).unwrap();
    fs::rename(beside, link).unwrap();
}

#[test]
fn every_kind_of_edit_goes_live() {
    let running = Running::start(|place| {
        let include = format!("{}$INCLUDE sub/c.inc\n", text(1).replace("state TXT \"1\"", ""));
        let files = [("zones/a.zone", &*text(1)), ("zones/c.zone", &include), ("zones/sub/c.inc", "state TXT \"1\"\n")];
        write_all(place, &files);
        write_all(place, &[("zones/..1/b.zone", &text(1)), ("zones/..2/b.zone", &text(2))]);
        symlink("..1", place.join("zones/..data")).unwrap();
        symlink("..data/b.zone", place.join("zones/b.zone")).unwrap();
    });
    ["a", "b", "c"].iter().for_each(|zone| assert_eq!(running.state(zone), "1"));
    let mut took = Vec::new();
    for state in 2..12 {
        match state % 2 {
            0 => fs::write(running.path("zones/a.zone"), text(state)).unwrap(),
            _ => replace(&running.path("zones/a.zone"), &text(state)),
        }
        took.push(running.expect_state("a", &state.to_string()));
    }
    swap_link(&running.path("zones/..data"), "..2");
    took.push(running.expect_state("b", "2"));
    fs::write(running.path("zones/sub/c.inc"), "state TXT \"2\"\n").unwrap();
    took.push(running.expect_state("c", "2"));
    // What git does: each file is unlinked and made again.
    for file in ["a.zone", "c.zone", "sub/c.inc"] {
        let path = running.path("zones").join(file);
        let old = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, old.replace("state TXT \"11\"", "state TXT \"12\"").replace("\"2\"", "\"3\"")).unwrap();
    }
    took.push(running.expect_state("a", "12"));
    running.expect_state("c", "3");
    took.sort();
    // A machine that builds at the same time delays some of them, hardly ever all.
    assert!(took[took.len() / 4] < Duration::from_millis(100), "{took:?}");
}

#[test]
fn zones_come_and_go_with_their_files() {
    let running = Running::start(|place| write_all(place, &[("zones/a.zone", &text(1))]));
    assert_eq!(running.state("b"), "REFUSED");
    write_all(&running.path("zones"), &[("new/deep/b.zone", &text(1))]);
    running.expect_state("b", "1");
    write_all(&running.path("zones"), &[("new/deep/b.zone", &text(2))]);
    running.expect_state("b", "2");
    fs::rename(running.path("zones/new"), running.path("elsewhere")).unwrap();
    running.expect_state("b", "REFUSED");
    fs::rename(running.path("elsewhere"), running.path("zones/back")).unwrap();
    running.expect_state("b", "2");
    write_all(&running.path("zones"), &[("back/deep/b.zone", &text(3)), ("c.zone", "@ TXT no-soa\n")]);
    running.expect_state("b", "3");
    running.expect_state("c", "SERVFAIL");
    fs::remove_file(running.path("zones/c.zone")).unwrap();
    running.expect_state("c", "REFUSED");
    // The directory as a whole does not go: somebody unmounted it, or moves another in its place.
    fs::rename(running.path("zones"), running.path("gone")).unwrap();
    running.expect_log("the zone directory is refused");
    assert_eq!(running.state("a"), "1");
    write_all(&running.path("."), &[("zones.2/a.zone", &text(4))]);
    fs::rename(running.path("zones.2"), running.path("zones")).unwrap();
    running.expect_state("a", "4");
    write_all(&running.path("zones"), &[("a.zone", &text(5))]);
    running.expect_state("a", "5");
}

#[test]
fn a_broken_edit_is_refused_until_it_is_mended() {
    let running = Running::start(|place| {
        write_all(place, &[("zones/a.zone", &text(1)), ("zones/b.a.zone", &text(1)), ("zones/c.zone", &text(1))]);
    });
    let edit = |file: &str, text: &str| replace(&running.path("zones").join(file), text);
    fs::remove_file(running.path("zones/c.zone")).unwrap();
    edit("a.zone", &text(2));
    running.expect_state("a", "2");
    // Together, in one step: the parent waits for its child.
    for (file, text) in [("a.zone", text(3)), ("b.a.zone", text(3) + "x A 192.0.2.256\n")] {
        fs::write(running.path(file), text).unwrap();
    }
    edit("b.a.zone", &(text(3) + "x A 192.0.2.256\n"));
    running.expect_log("b.a. is refused: serial 1 is served on\nerror[bad-field]");
    let (code, shown) = running.run("status", &[]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("b.a.  serial 1,") && shown.contains("192.0.2.256"), "{shown}");
    let (code, shown) = running.run("reload", &[]);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("b.a. is refused: serial 1 is served on"), "{shown}");
    assert_eq!(running.state("b.a"), "1");
    edit("b.a.zone", &text(4));
    running.expect_state("b.a", "4");
    let (code, shown) = running.run("reload", &[]);
    assert_eq!((code, &*shown), (0, "nothing changed\n"));
    edit("b.a.zone", "");
    running.expect_log("error[emptied-file]");
    assert_eq!(running.state("b.a"), "4");
    let times = running.log().matches("error[emptied-file]").count();
    assert_eq!(running.run("reload", &[]).0, 1);
    let told = wait_for(|| (running.log().matches("error[emptied-file]").count() == times + 1).then_some(()));
    assert!(told.is_some(), "it is told when it is asked for:\n{}", running.log());
}

#[test]
fn a_zone_that_lost_its_names_is_published_when_asked() {
    let names: String = (0..20).map(|number| format!("n{number} A 192.0.2.2\n")).collect();
    let running = Running::start(|place| write_all(place, &[("zones/a.zone", &(text(1) + &names))]));
    replace(&running.path("zones/a.zone"), &text(2));
    running.expect_log("error[mass-loss]");
    assert_eq!(running.state("a"), "1");
    let (code, shown) = running.run("reload", &["--accept-loss"]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("a. changed: serial 1 → 2"), "{shown}");
    assert_eq!(running.state("a"), "2");
    fs::remove_file(running.path("zones/a.zone")).unwrap();
    running.expect_log("error[no-zones]");
    assert_eq!(running.state("a"), "2");
    assert_eq!(running.run("reload", &["--accept-loss"]).0, 0);
    assert_eq!(running.state("a"), "REFUSED");
}

#[test]
fn the_config_is_followed_but_for_what_needs_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let config = |more: &str| format!("[source]\npoll = \"1h\"\n{more}");
    write_all(
        directory.path(),
        &[("zones/a.zone", &text(1)), ("zones/b.file", &text(2)), ("zonewright.toml", &config(""))],
    );
    let running = Running::start_in(&std::sync::Arc::new(directory), &[]);
    assert_eq!((running.state("a"), running.state("b")), ("1".into(), "REFUSED".into()));
    let edit = |more: &str| replace(&running.path("zonewright.toml"), &config(more));
    edit("[[zone]]\nname = \"b\"\nfile = \"b.file\"\n");
    running.expect_state("b", "2");
    running.expect_state("a", "REFUSED");
    fs::remove_file(running.path("zones/b.file")).unwrap();
    running.expect_log("b. is refused: serial 2 is served on");
    edit("[access]\nquery = [\"192.0.2.0/24\"]\n");
    running.expect_state("a", "REFUSED");
    edit("[acces]\n");
    running.expect_log("the config is refused");
    let (code, shown) = running.run("reload", &[]);
    assert_eq!(code, 2, "the command reads the same config: {shown}");
    edit("[server]\nthreads = 3\n");
    running.expect_state("a", "1");
    let (code, shown) = running.run("reload", &[]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("`threads` under `[server]` changed: restart"), "{shown}");
}

#[test]
fn signals_look_and_end() {
    let mut running = Running::start(|place| write_all(place, &[("zones/a.zone", &text(1))]));
    running.signal("HUP");
    running.expect_log("SIGHUP");
    let socket = fs::read_dir(running.path("zonewright")).unwrap().map(|entry| entry.unwrap().path());
    let socket = socket.filter(|path| path.extension().is_some_and(|end| end == "sock")).collect::<Vec<_>>();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&socket[0]), mode(&running.path("zonewright"))), (0o600, 0o700));
    // A client that says nothing, and one that says too much, harm nobody.
    let silent = std::os::unix::net::UnixStream::connect(&socket[0]).unwrap();
    let mut loud = std::os::unix::net::UnixStream::connect(&socket[0]).unwrap();
    // It is let go before it has said it all.
    let _ = std::io::Write::write_all(&mut loud, &[b'x'; 1 << 20]);
    let (code, shown) = running.run("status", &["--json"]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("\"serial\":1"), "{shown}");
    drop(silent);
    let (code, shown) = running.run("serve", &["--zones", "zones", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("a server for this config runs already"), "{shown}");
    let (code, shown) = running.run("serve", &["--zones", "zones", "--listen", &running.address.to_string()]);
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("something answers there already"), "{shown}");
    running.signal("TERM");
    assert_eq!(running.exit_code(), Some(0), "{}", running.log());
    assert!(!socket[0].exists());
    let (code, shown) = running.run("status", &[]);
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("no server answers"), "{shown}");
}

/// A parent and its child, whose answers carry one number in three places: the alias's TTL and target, and its text.
fn write_release(place: &Path, number: u32, is_broken: bool) {
    let parent =
        text(number).replace("@ NS ns", &format!("alias {number} CNAME n{number}.child\nchild NS ns\n@ NS ns"));
    let mut child = text(number).replace("state", &format!("n{number}"));
    if is_broken {
        child += "broken A here\n";
    }
    let release = format!("releases/{number}");
    let files = [(format!("{release}/parent.zone"), parent), (format!("{release}/child.parent.zone"), child)];
    files.iter().for_each(|(file, text)| write_all(place, &[(file, text)]));
}

/// The number that an answer of the alias carries, if it is of one state.
fn number_of(response: &Response) -> Option<u32> {
    let [alias, text] = response.answer.as_slice() else { return None };
    let number = alias.ttl;
    let is_of_one = response.rcode == Rcode::NOERROR
        && text.owner == Name::absolute(&format!("n{number}.child.parent")).unwrap()
        && text.rdata[1..] == *number.to_string().as_bytes();
    is_of_one.then_some(number)
}

/// Whether an edit of this number is broken: every tenth is.
fn is_broken(number: u32) -> bool {
    number % 10 == 5
}

#[test]
fn five_hundred_edits_lose_no_query_and_mix_no_states() {
    const EDITS: u32 = 500;
    let running = Running::start(|place| {
        write_release(place, 1, false);
        symlink("releases/1", place.join("zones")).unwrap();
    });
    // Written numbers rise; what is answered lies between what was live once and what is written.
    let (live, written, is_over, asked) =
        (AtomicU32::new(1), AtomicU32::new(1), AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let queries = || {
            let udp = running.udp();
            while !is_over.load(Ordering::Acquire) {
                let least = live.load(Ordering::Acquire);
                let response = udp.ask(&Query::new("alias.parent", Rtype::TXT));
                let number = number_of(&response).unwrap_or_else(|| panic!("an answer of no state: {response}"));
                assert!(number >= least && number <= written.load(Ordering::Acquire), "{number} after {least}");
                assert!(!is_broken(number), "an answer of a broken state: {response}");
                asked.fetch_add(1, Ordering::Relaxed);
            }
        };
        let askers = [scope.spawn(queries), scope.spawn(queries)];
        for number in 2..=EDITS {
            write_release(running.directory.path(), number, is_broken(number));
            written.store(number, Ordering::Release);
            swap_link(&running.path("zones"), &format!("releases/{number}"));
            if number % 10 == 0 {
                let udp = running.udp();
                let ask = || number_of(&udp.ask(&Query::new("alias.parent", Rtype::TXT)));
                let is_live = wait_for(|| (ask() == Some(number)).then_some(()));
                assert!(is_live.is_some(), "{number} does not go live\n{}", running.log());
                live.store(number, Ordering::Release);
            }
        }
        is_over.store(true, Ordering::Release);
        askers.into_iter().for_each(|asker| asker.join().unwrap());
    });
    // One at a time from each asker: few, where a query takes long, and some during every edit all the same.
    assert!(asked.into_inner() > EDITS / 10, "there was hardly a query");
}

#[test]
fn status_says_what_is_answered_after_the_source_became_one_that_is_not_there() {
    let zones = "[[zone]]\nname = \"a\"\n\n[[zone]]\nname = \"b\"\n";
    let directory = tempfile::tempdir().unwrap();
    write_all(directory.path(), &[("zones/a.zone", &text(1)), ("zonewright.toml", "")]);
    let running = Running::start_in(&std::sync::Arc::new(directory), &[]);
    fs::write(running.path("zonewright.toml"), format!("[source]\nrepository = \"none.git\"\n\n{zones}")).unwrap();
    running.expect_log("is not there");
    running.expect_state("b", "SERVFAIL");
    let shown = running.run("status", &[]).1;
    let line = |zone: &str| shown.lines().find(|line| line.starts_with(zone)).unwrap_or_default().to_owned();
    assert_eq!(running.state("a"), "1");
    assert!(line("a. ").contains("serial 1") && line("b. ").contains("SERVFAIL"), "{shown}");
}
