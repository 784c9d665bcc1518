//! Looks at the files that events name: they find what a look at everything finds.

#![expect(clippy::disallowed_methods, reason = "tests edit the files that are served")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use zonewright::config::Config;
use zonewright::control::reload::{Demand, Reloader};
use zonewright::control::status::Look;
use zonewright::control::watch::Reach;

use crate::support::disk::Dice;
use crate::support::running::{Running, text, wait_for, write_all};

/// A zone directory, one that follows it by looks at what is named, and one by looks at everything.
struct Pair {
    folder: tempfile::TempDir,
    config: Config,
    named: Reloader,
    whole: Reloader,
}

/// What a reloader knows, as far as two that saw the same are to agree.
fn known(reloader: &Reloader, look: &Look) -> String {
    let mut text = String::new();
    for zone in reloader.zones() {
        let served = zone.served.map(|served| (served.serial, served.records, served.names));
        text += &format!("{} {} {served:?} {:?} {:?}\n", zone.zone, zone.file, zone.refused, zone.waits_for);
    }
    let published: Vec<_> =
        look.published.iter().map(|change| (&change.zone, change.from, change.to, &change.report)).collect();
    let refused: Vec<_> = look
        .refused
        .iter()
        .map(|refused| (&refused.zone, refused.kept, &refused.report, &refused.waits_for, refused.is_new))
        .collect();
    text + &format!("{published:?}\n{refused:?}\n{:?} {:?} {}\n", look.whole, look.notices, look.unsettled)
}

/// What is answered: the served catalog's zones and serials.
fn answered(reloader: &Reloader) -> BTreeSet<String> {
    let served = reloader.publisher().load_full();
    let serial = |entry: &zonewright::authority::Entry| entry.authority.as_ref().map(|authority| authority.serial());
    served.catalog.entries().map(|entry| format!("{} {:?}", entry.apex, serial(entry))).collect()
}

impl Pair {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("zones")).unwrap();
        write_all(&folder.path().join("zones"), files);
        let config = Config::defaults(folder.path());
        let [named, whole] = [(), ()].map(|()| Reloader::new(config.policy.clone()));
        let mut pair = Self { folder, config, named, whole };
        pair.look(Reach::Everywhere, "the start");
        pair
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("zones").join(file)
    }

    fn write(&mut self, file: &str, text: &str) -> Look {
        fs::write(self.path(file), text).unwrap();
        self.look_at(&[file])
    }

    fn remove(&mut self, file: &str) -> Look {
        fs::remove_file(self.path(file)).unwrap();
        self.look_at(&[file])
    }

    fn look_at(&mut self, files: &[&str]) -> Look {
        let named = files.iter().map(|file| self.path(file)).collect();
        self.look(Reach::Files(named), &format!("{files:?}"))
    }

    /// Looks both ways, and holds one to the other.
    fn look(&mut self, reach: Reach, what: &str) -> Look {
        let look = |reloader: &mut Reloader, reach: &Reach| {
            reloader.look(&self.config, Demand::default(), reach, &mut || true)
        };
        let named = look(&mut self.named, &reach);
        let whole = look(&mut self.whole, &Reach::Everywhere);
        assert_eq!(known(&self.named, &named), known(&self.whole, &whole), "after {what}");
        assert_eq!(answered(&self.named), answered(&self.whole), "after {what}");
        named
    }

    fn served(&self, zone: &str) -> Option<u32> {
        let zone = self.named.zones().into_iter().find(|known| known.zone == zone)?;
        zone.served.map(|served| served.serial)
    }
}

fn published(look: &Look) -> Vec<&str> {
    look.published.iter().map(|change| change.zone.as_str()).collect()
}

#[test]
fn zones_come_change_and_go_by_the_names_of_their_files() {
    let mut pair = Pair::new(&[("a.zone", &text(1)), ("b.zone", &text(1))]);
    assert_eq!(published(&pair.write("a.zone", &text(2))), ["a."]);
    assert_eq!(published(&pair.write("c.zone", &text(1))), ["c."]);
    assert_eq!(published(&pair.remove("b.zone")), ["b."]);
    assert_eq!((pair.served("a."), pair.served("b."), pair.served("c.")), (Some(2), None, Some(1)));
    // A burst: written beside, renamed, gone again before anybody looks.
    fs::write(pair.path("c.new"), text(2)).unwrap();
    fs::rename(pair.path("c.new"), pair.path("c.zone")).unwrap();
    fs::write(pair.path("d.zone"), text(1)).unwrap();
    fs::remove_file(pair.path("d.zone")).unwrap();
    assert_eq!(published(&pair.look_at(&["c.new", "c.zone", "d.zone", "d.zone~"])), ["c."]);
    // The file that is named is gone, and the zone has another by now.
    fs::create_dir(pair.path("sub")).unwrap();
    fs::rename(pair.path("c.zone"), pair.path("sub/c.zone")).unwrap();
    assert_eq!(published(&pair.look_at(&["c.zone", "sub/c.zone"])), ["c."]);
    assert_eq!(pair.served("c."), Some(2));
}

#[test]
fn what_was_not_named_is_left_to_the_next_whole_look() {
    let mut pair = Pair::new(&[("a.zone", &text(1)), ("b.zone", &text(1))]);
    fs::write(pair.path("a.zone"), text(2)).unwrap();
    fs::write(pair.path("b.zone"), text(2)).unwrap();
    let reach = Reach::Files(BTreeSet::from([pair.path("a.zone")]));
    let look = pair.named.look(&pair.config, Demand::default(), &reach, &mut || true);
    assert_eq!(published(&look), ["a."]);
    let look = pair.named.look(&pair.config, Demand::default(), &Reach::Everywhere, &mut || true);
    assert_eq!(published(&look), ["b."]);
}

#[test]
fn what_was_named_and_not_taken_is_looked_at_by_its_names_again() {
    let mut pair = Pair::new(&[("a.zone", &text(1)), ("b.zone", &text(1))]);
    fs::write(pair.path("a.zone"), text(2)).unwrap();
    fs::write(pair.path("b.zone"), text(2)).unwrap();
    let reach = Reach::Files(BTreeSet::from([pair.path("a.zone")]));
    let look = pair.named.look(&pair.config, Demand::default(), &reach, &mut || false);
    assert!(look.unsettled && look.published.is_empty());
    assert_eq!(published(&pair.named.look(&pair.config, Demand::default(), &reach, &mut || true)), ["a."]);
}

#[test]
fn an_include_names_all_that_read_it() {
    let including = |state: u32, file: &str| format!("{}$INCLUDE {file}\n", text(state));
    let mut pair = Pair::new(&[
        ("a.zone", &including(1, "inc/shared.inc")),
        ("b.zone", &including(1, "inc/shared.inc")),
        ("c.zone", &including(1, ".hidden/own.inc")),
        ("inc/shared.inc", "shared TXT \"1\"\n"),
        (".hidden/own.inc", "own TXT \"1\"\n"),
    ]);
    assert_eq!(published(&pair.write("inc/shared.inc", "shared TXT \"2\"\n")), ["a.", "b."]);
    assert_eq!(published(&pair.write(".hidden/own.inc", "own TXT \"2\"\n")), ["c."]);
    // A zone that includes it no more is not asked, one that began to is.
    pair.write("a.zone", &text(2));
    pair.write("c.zone", &including(2, "inc/shared.inc"));
    assert_eq!(published(&pair.write("inc/shared.inc", "shared TXT \"3\"\n")), ["b.", "c."]);
    assert_eq!(pair.remove("inc/shared.inc").refused.len(), 2);
    assert_eq!(published(&pair.write("inc/shared.inc", "shared TXT \"4\"\n")), ["b.", "c."]);
    // A directory of includes is moved: all that is told is its name.
    fs::rename(pair.path("inc"), pair.path("moved")).unwrap();
    assert_eq!(pair.look_at(&["inc", "moved"]).refused.len(), 2);
}

#[test]
fn what_the_config_names_is_found_by_any_name() {
    let mut pair = Pair::new(&[("a.zone", &text(1)), ("sub/b.zone", &text(1)), ("c.txt", &text(1)), ("d.zone", "")]);
    let named = [("a", "a.zone"), ("b", "sub/b.zone"), ("c", "c.txt")];
    let zone = |(name, file)| (zonewright::dns::Name::absolute(name).unwrap(), PathBuf::from(file));
    pair.config.source.zones = named.map(zone).into();
    pair.look(Reach::Everywhere, "the config");
    assert_eq!(published(&pair.write("a.zone", &text(2))), ["a."]);
    assert_eq!(published(&pair.write("sub/b.zone", &text(2))), ["b."]);
    assert_eq!(published(&pair.write("c.txt", &text(2))), ["c."]);
    assert!(published(&pair.write("d.zone", &text(2))).is_empty());
    assert_eq!(pair.remove("a.zone").refused.len(), 1);
    fs::rename(pair.path("sub"), pair.path("moved")).unwrap();
    assert_eq!(pair.look_at(&["sub", "moved"]).refused.len(), 2);
    fs::rename(pair.path("moved"), pair.path("sub")).unwrap();
    assert_eq!(pair.look_at(&["moved", "sub"]).refused.len(), 1);
}

#[test]
fn an_include_may_be_called_as_a_zone_is() {
    let including = |file: &str| format!("{}$INCLUDE {file}\n", text(1));
    let mut pair = Pair::new(&[
        ("a.zone", &including(".hidden/a.zone")),
        ("b.zone", &including("c.zone")),
        (".hidden/a.zone", "own TXT \"1\"\n"),
        ("c.zone", &text(1)),
    ]);
    assert_eq!(published(&pair.write(".hidden/a.zone", "own TXT \"2\"\n")), ["a."]);
    fs::rename(pair.path(".hidden"), pair.path(".moved")).unwrap();
    assert_eq!(pair.look_at(&[".hidden", ".moved"]).refused.iter().filter(|refused| refused.zone == "a.").count(), 1);
    pair.write("c.zone", &text(2));
}

#[test]
fn parents_and_children_are_refused_together_across_looks() {
    let broken = |state: u32| text(state) + "x A 192.0.2.256\n";
    let mut pair = Pair::new(&[("a.zone", &text(1)), ("b.a.zone", &text(1)), ("c.zone", &text(1))]);
    fs::write(pair.path("a.zone"), text(2)).unwrap();
    fs::write(pair.path("b.a.zone"), broken(2)).unwrap();
    let look = pair.look_at(&["a.zone", "b.a.zone"]);
    assert_eq!(look.refused.len(), 2);
    // Whoever else changes, the parent waits; it goes live when its child is mended, though nothing names it then.
    assert_eq!(published(&pair.write("c.zone", &text(2))), ["c."]);
    assert_eq!(pair.served("a."), Some(1));
    assert_eq!(published(&pair.write("b.a.zone", &text(3))), ["a.", "b.a."]);
    // A removal that waits, and is taken back.
    fs::remove_file(pair.path("a.zone")).unwrap();
    fs::write(pair.path("b.a.zone"), broken(4)).unwrap();
    assert_eq!(pair.look_at(&["a.zone", "b.a.zone"]).refused.len(), 2);
    pair.write("a.zone", &text(2));
    assert!(pair.write("b.a.zone", &text(5)).refused.is_empty());
    assert_eq!((pair.served("a."), pair.served("b.a.")), (Some(2), Some(5)));
}

#[test]
fn links_change_by_any_name() {
    let mut pair = Pair::new(&[("..1/a.zone", &text(1)), ("..2/a.zone", &text(2)), ("b.zone", &text(1))]);
    symlink("..1", pair.path("..data")).unwrap();
    symlink("..data/a.zone", pair.path("a.zone")).unwrap();
    pair.look(Reach::Everywhere, "the links");
    assert_eq!(pair.served("a."), Some(1));
    symlink("..2", pair.path("..new")).unwrap();
    fs::rename(pair.path("..new"), pair.path("..data")).unwrap();
    assert_eq!(published(&pair.look_at(&["..new", "..data"])), ["a."]);
    assert_eq!(published(&pair.write("..2/a.zone", &text(3))), ["a."]);
}

#[test]
fn links_that_lead_nowhere_make_no_look_a_whole_one() {
    let mut pair = Pair::new(&[("a.zone", &text(1)), ("b.zone", &text(1))]);
    symlink("nothing", pair.path("c.zone")).unwrap();
    symlink("/etc/passwd", pair.path("d.zone")).unwrap();
    assert_eq!(pair.look_at(&["c.zone", "d.zone"]).refused.len(), 2);
    fs::write(pair.path("a.zone"), text(2)).unwrap();
    fs::write(pair.path("b.zone"), text(2)).unwrap();
    let reach = Reach::Files(BTreeSet::from([pair.path("a.zone")]));
    assert_eq!(published(&pair.named.look(&pair.config, Demand::default(), &reach, &mut || true)), ["a."]);
}

/// One random step: what is done, and the files that events name; none where they say no more than that something moved.
fn step(place: &Path, state: u32, dice: &mut Dice) -> Option<Vec<&'static str>> {
    const FILES: [&str; 9] =
        ["a.zone", "b.a.zone", "c.b.a.zone", "D.zone", "e.zone", "sub/f.zone", "sub/a.zone", "x...zone", "shared.inc"];
    let file = FILES[dice.roll(FILES.len() as u64) as usize];
    let (path, aside) = (place.join(file), place.join("aside.new"));
    let _ = fs::create_dir(place.join("sub"));
    let good = match file {
        "shared.inc" => format!("shared TXT \"{state}\"\n"),
        "b.a.zone" | "e.zone" => format!("{}$INCLUDE shared.inc\n", text(state)),
        _ => text(state),
    };
    match dice.roll(10) {
        0..4 => fs::write(&path, good).unwrap(),
        4 => fs::write(&path, good + "broken A here\n").unwrap(),
        5 => drop(fs::remove_file(&path)),
        6 => {
            fs::write(&aside, good).unwrap();
            fs::rename(&aside, &path).unwrap();
            return Some(vec!["aside.new", file]);
        }
        7 => drop(fs::rename(&path, place.join("g.zone"))),
        8 => {
            let _ = fs::remove_file(place.join("g.zone"));
            let _ = symlink(file, place.join("g.zone"));
        }
        _ => {
            let [from, to] = if place.join("sub/f.zone").exists() { ["sub", "moved"] } else { ["moved", "sub"] };
            let _ = fs::remove_dir_all(place.join(to));
            let _ = fs::rename(place.join(from), place.join(to));
            return None;
        }
    }
    Some(vec![file, "g.zone"])
}

#[test]
fn random_edits_are_found_by_name_as_by_looking_everywhere() {
    for seed in 1..=10 {
        let (mut dice, mut pair) = (Dice(seed), Pair::new(&[("a.zone", &text(1)), ("z.zone", &text(1))]));
        let place = pair.folder.path().join("zones");
        for number in 2..=40 {
            let mut named = Some(Vec::new());
            for _ in 0..=dice.roll(3) {
                let files = step(&place, number, &mut dice);
                named = named.zip(files).map(|(named, files)| [named, files].concat());
            }
            let what = format!("step {number} of seed {seed}: {named:?}");
            let reach = named
                .map_or(Reach::Everywhere, |files| Reach::Files(files.iter().map(|file| pair.path(file)).collect()));
            pair.look(reach, &what);
        }
    }
}

#[test]
fn a_running_server_follows_names_directories_and_what_no_event_told() {
    let directory = tempfile::tempdir().unwrap();
    let config = "[source]\npoll = \"1s\"\n";
    write_all(directory.path(), &[("zones/a.zone", &text(1)), ("zones/b.zone", &text(1)), ("zonewright.toml", config)]);
    // A second name for the same file, from where nothing is told.
    fs::hard_link(directory.path().join("zones/b.zone"), directory.path().join("outside")).unwrap();
    let running = Running::start_in(&std::sync::Arc::new(directory), &[]);
    for state in 2..20 {
        fs::write(running.path("zones/a.new"), text(state)).unwrap();
        fs::rename(running.path("zones/a.new"), running.path("zones/a.zone")).unwrap();
        running.expect_state("a", &state.to_string());
    }
    fs::write(running.path("outside"), text(2)).unwrap();
    running.expect_state("b", "2");
    write_all(&running.path("zones"), &[("new/c.zone", &text(1))]);
    running.expect_state("c", "1");
    write_all(&running.path("zones"), &[("new/c.zone", &text(2))]);
    running.expect_state("c", "2");
    fs::remove_dir_all(running.path("zones/new")).unwrap();
    running.expect_state("c", "REFUSED");
    let shown = wait_for(|| Some(running.run("status", &["--json"]).1).filter(|shown| shown.contains("\"serial\":19")));
    assert!(shown.is_some_and(|shown| !shown.contains("\"zone\":\"c.\",\"file\"")), "status lists what is served");
}
