//! The state directory: what a start finds after any interruption, on a disk that does all that disks do, and on a real one.

#![expect(clippy::disallowed_methods, reason = "tests write the files that are read")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use zonewright::control::state::{Hash, Hold, HoldKind, Opened, SavedText, SavedZone, Set, State, Texts, Writer};
use zonewright::source::text_hash;

use crate::support::disk::{Dice, Fault, Simulated};
use crate::support::running;

const LIMIT: u32 = 1 << 20;

/// Zones of a large set; the test takes 12 s with 100,000 where nothing is optimised.
const MANY: u32 = 20_000;

/// Errors that a disk gives: EIO, EACCES, EMFILE, ENOSPC, EROFS.
const ERRORS: [i32; 5] = [5, 13, 24, 28, 30];

type Given = Vec<(Hash, Arc<[u8]>)>;

/// A set and all its texts.
#[derive(Clone, Debug)]
struct Sample {
    set: Set,
    texts: Given,
}

/// A set of files by number, each in a version: its text follows from the two.
fn sample(commit: u32, files: &BTreeMap<u8, u8>) -> Sample {
    let mut sample = Sample { set: Set::default(), texts: Vec::new() };
    sample.set.build = "1".into();
    sample.set.saved_at = u64::from(commit);
    sample.set.commit = Some(format!("{commit:040x}"));
    sample.set.tip = Some(format!("{commit:040x}"));
    for (&file, &version) in files {
        // Lengths from nothing to some thousand octets; different files may have the same text.
        let length = usize::from(file % 5) * usize::from(version) * 17;
        let text: Arc<[u8]> = format!("{version}.{};", file / 20).into_bytes().repeat(length + 1)[..length].into();
        let path = PathBuf::from(OsStr::from_bytes(&[b'z', b'%', 0xFF, file]));
        let (hash, octets) = (text_hash(&text), length as u64);
        sample.set.zones.push(SavedZone {
            counted: None,
            name: format!("z{file}."),
            serial: version.into(),
            file: path.clone(),
            texts: Vec::new(),
        });
        sample.set.texts.push(SavedText { path, hash, octets });
        sample.texts.push((hash, text));
    }
    sample
}

/// Saves as the server does: only texts that are not held are given.
fn save(state: &mut State, sample: &Sample) -> bool {
    let given: Given = sample.texts.iter().filter(|(hash, _)| !state.has(hash)).cloned().collect();
    state.save(&sample.set, &given).is_ok()
}

/// What a start finds: the set, whole.
fn found(disk: &Simulated) -> Option<Set> {
    let opened = State::open_on(disk.process());
    opened.set.inspect(|set| verify(set, &opened.state.texts()))
}

#[track_caller]
fn verify(set: &Set, texts: &Texts) {
    for text in &set.texts {
        let read = texts.read(&text.hash, LIMIT).unwrap_or_else(|error| panic!("{}: {error}", text.path.display()));
        assert_eq!((text_hash(&read), read.len() as u64), (text.hash, text.octets));
    }
}

/// A disk on which these were saved one after the other by one process, which goes on.
fn played(samples: &[Sample]) -> (Simulated, Arc<Simulated>, State) {
    let disk = Simulated::new();
    let process = disk.process();
    let mut state = State::open_on(process.clone()).state;
    samples.iter().for_each(|sample| assert!(save(&mut state, sample)));
    (disk, process, state)
}

/// Some sets: numbers of files and their versions, each like the one before but for a few files.
fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let changes = prop::collection::vec((0u8..12, 0u8..6), 0..8);
    prop::collection::vec((changes, 0u8..3), 1..5).prop_map(|steps| {
        let mut files = BTreeMap::new();
        let sample = |(commit, (changes, hold)): (usize, (Vec<(u8, u8)>, u8))| {
            for (file, version) in changes {
                match version {
                    0 => _ = files.remove(&file),
                    _ => _ = files.insert(file, version),
                }
            }
            let mut sample = sample(commit as u32, &files);
            let kinds = [None, Some(HoldKind::Frozen), Some(HoldKind::RolledBack)];
            sample.set.hold = kinds[usize::from(hold)].map(|kind| Hold { kind, commit: "c".into(), since: 7 });
            sample
        };
        steps.into_iter().enumerate().map(sample).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn an_end_at_any_step_leaves_the_old_set_or_the_new(samples in samples(), seed in 1u64..) {
        let mut dice = Dice(seed);
        for (index, new) in samples.iter().enumerate() {
            let old = index.checked_sub(1).map(|before| &samples[before].set);
            let is_either = |found: &Option<Set>| found.as_ref() == old || found.as_ref() == Some(&new.set);
            let (disk, _, mut state) = played(&samples[..index]);
            disk.fail(None);
            prop_assert!(save(&mut state, new));
            for step in 0..=disk.steps() {
                let (disk, _, mut state) = played(&samples[..index]);
                disk.fail(Some(Fault::Ends(step)));
                let is_saved = save(&mut state, new);
                drop(state);
                let log = disk.log();
                // The process ended, and the system did not.
                disk.restart();
                let after = found(&disk);
                prop_assert!(is_either(&after), "{after:?} after {log:?}");
                prop_assert!(!is_saved || after.as_ref() == Some(&new.set));
                // So did the system.
                for _ in 0..8 {
                    let after_loss = disk.lose_power(&mut dice);
                    let after = found(&after_loss);
                    prop_assert!(is_either(&after), "{after:?} after power was lost after {log:?}");
                    prop_assert!(!is_saved || after.as_ref() == Some(&new.set), "saved, and lost: {log:?}");
                    // Life goes on from there, without what was left of the interruption.
                    after_loss.restart();
                    let mut state = State::open_on(after_loss.process()).state;
                    prop_assert!(save(&mut state, new));
                    prop_assert_eq!(found(&after_loss), Some(new.set.clone()));
                    prop_assert!(after_loss.listing().iter().all(|(name, _)| name != "set.new"));
                }
            }
        }
    }

    #[test]
    fn a_failure_at_any_step_leaves_the_old_set_and_passes(samples in samples(), seed in 1u64..) {
        let mut dice = Dice(seed);
        for (index, new) in samples.iter().enumerate() {
            let old = index.checked_sub(1).map(|before| &samples[before].set);
            let is_either = |found: &Option<Set>| found.as_ref() == old || found.as_ref() == Some(&new.set);
            let (disk, _, mut state) = played(&samples[..index]);
            disk.fail(None);
            prop_assert!(save(&mut state, new));
            for step in 0..disk.steps() {
                let error = ERRORS[dice.roll(5) as usize];
                for (fault, tries) in [(Fault::Fails(step, error), 1), (Fault::FailsFrom(step, error), 3)] {
                    let (disk, _, mut state) = played(&samples[..index]);
                    disk.fail(Some(fault));
                    let mut is_saved = false;
                    (0..tries).for_each(|_| is_saved |= save(&mut state, new));
                    let log = disk.log();
                    disk.fail(None);
                    for after in [found(&disk), found(&disk.lose_power(&mut dice))] {
                        prop_assert!(is_either(&after), "{after:?} after {fault:?} of {log:?}");
                        prop_assert!(!is_saved || after.as_ref() == Some(&new.set), "{after:?} after {fault:?} of {log:?}");
                    }
                    prop_assert!(save(&mut state, new), "after {fault:?} of {log:?}");
                    prop_assert_eq!(found(&disk), Some(new.set.clone()));
                    prop_assert_eq!(found(&disk.lose_power(&mut dice)), Some(new.set.clone()));
                    verify(&new.set, &state.texts());
                }
            }
        }
    }
}

/// Thirty files, of which the first `edits` were edited, each once more than the one after it.
fn edited(commit: u32, edits: u32) -> Sample {
    let files = (0..30).map(|file| (file, 1 + (edits / 7 + u32::from(u32::from(file) < edits % 30)) as u8));
    sample(commit, &files.collect())
}

#[test]
fn segments_and_dead_octets_stay_few() {
    type Version = fn(u8, u8) -> Option<u8>;
    let histories: [(&str, Version); 3] = [
        ("every file once more", |file, commit| Some(1 + commit / 120 + u8::from(file < commit % 120))),
        ("a new file each time", |file, commit| (file <= commit).then_some(file + 1)),
        ("all files but one more each time", |file, commit| Some(1 + file.min(commit))),
    ];
    for (what, version) in histories {
        let (disk, _, mut state) = played(&[]);
        for commit in 0..120 {
            let files = (0..120).filter_map(|file| Some((file, version(file, commit)?))).collect();
            let sample = sample(commit.into(), &files);
            assert!(save(&mut state, &sample));
            let segments = |(name, _): &(String, usize)| name.starts_with("texts-");
            let segments: Vec<_> = disk.listing().into_iter().filter(segments).collect();
            let live: u64 =
                sample.texts.iter().cloned().collect::<BTreeMap<_, _>>().values().map(|text| text.len() as u64).sum();
            let held: usize = segments.iter().map(|(_, octets)| octets).sum();
            // Twice its live octets, what is not worth a copy, and the same for the set before, until the next save.
            assert!(held as u64 <= 2 * (2 * live + 4096) + 4096, "{what}: {live} live octets in {segments:?}");
            assert!(segments.len() <= 2 * 32, "{what}: {segments:?}");
            if commit % 20 == 7 {
                assert_eq!(found(&disk), Some(sample.set), "{what}");
                let process = disk.process();
                disk.restart();
                state = State::open_on(process).state;
            }
        }
    }
}

#[test]
fn the_same_set_is_not_written_again_and_a_new_hold_is() {
    let mut sample = edited(1, 3);
    let (disk, _, mut state) = played(std::slice::from_ref(&sample));
    let writes = |disk: &Simulated| disk.log().iter().filter(|step| step.starts_with("create")).count();
    disk.fail(None);
    sample.set.saved_at += 1;
    assert!(save(&mut state, &sample));
    assert_eq!(writes(&disk), 0, "{:?}", disk.log());
    sample.set.hold = Some(Hold { kind: HoldKind::Frozen, commit: "1".into(), since: 2 });
    assert!(save(&mut state, &sample));
    assert_eq!(writes(&disk), 1, "a manifest, and no texts: {:?}", disk.log());
    assert_eq!(found(&disk), Some(sample.set.clone()));
    sample.set.tip = Some("2".into());
    assert!(save(&mut state, &sample));
    assert_eq!(found(&disk), Some(sample.set.clone()));
    // Somebody cleared the directory: the same set is new to it, and its texts are still held open.
    disk.listing().iter().for_each(|(name, _)| disk.take(name));
    assert!(save(&mut state, &sample));
    assert_eq!(found(&disk), Some(sample.set));
}

#[test]
fn a_damaged_set_gives_way_to_the_one_before() {
    let (first, second) = (edited(1, 3), edited(2, 40));
    let flip = |octets: &mut Vec<u8>| *octets.iter_mut().last().unwrap() ^= 1;
    let another_serial = |octets: &mut Vec<u8>| {
        let at = octets.windows(9).position(|window| window == b"\"serial\":").unwrap();
        octets[at + 9] ^= 1;
    };
    type Damage<'d> = Box<dyn Fn(&Simulated) + 'd>;
    let damages: Vec<(&str, Damage<'_>)> = vec![
        ("its manifest flipped a bit", Box::new(|disk| disk.damage("set", flip))),
        ("a serial in its manifest is another", Box::new(|disk| disk.damage("set", another_serial))),
        ("its manifest is cut off", Box::new(|disk| disk.damage("set", |octets| octets.truncate(200)))),
        ("its manifest is empty", Box::new(|disk| disk.damage("set", Vec::clear))),
        ("its manifest grew", Box::new(|disk| disk.damage("set", |octets| octets.extend(b"more")))),
        ("it is another version's", Box::new(|disk| disk.damage("set", |octets| octets[17] = b'1'))),
        ("it is gone", Box::new(|disk| disk.take("set"))),
        ("one of its texts flipped a bit", Box::new(|disk| disk.damage("texts-2", flip))),
        ("its texts are cut off", Box::new(|disk| disk.damage("texts-2", |octets| octets.truncate(9)))),
        ("its texts are gone", Box::new(|disk| disk.take("texts-2"))),
    ];
    for (what, damage) in damages {
        let (disk, ..) = played(&[first.clone(), second.clone()]);
        damage(&disk);
        disk.restart();
        let opened = State::open_on(disk.process());
        assert_eq!(opened.set.as_ref(), Some(&first.set), "{what}");
        verify(&first.set, &opened.state.texts());
        assert_eq!(opened.troubles.is_empty(), what == "it is gone", "{what}: {:?}", opened.troubles);
        // And nothing of it is in the way of the next.
        let mut state = opened.state;
        assert!(save(&mut state, &second), "{what}");
        assert_eq!(found(&disk), Some(second.set.clone()), "{what}");
        disk.damage("set", flip);
        assert_eq!(found(&disk), Some(first.set.clone()), "{what}: the good one was kept as the one before");
    }
}

#[test]
fn the_set_before_keeps_segments_that_the_newest_gave_up() {
    let (disk, _, mut state) = played(&[]);
    let (mut had_other_segments, mut before) = (false, None);
    for commit in 0..120 {
        let sample = edited(commit, commit * 5);
        assert!(save(&mut state, &sample));
        let damaged = disk.lose_power(&mut Dice(1));
        had_other_segments |= damaged.listing().iter().filter(|(name, _)| name.starts_with("texts-")).count() > 1;
        damaged.take("set");
        assert_eq!(found(&damaged), before);
        before = Some(sample.set);
    }
    assert!(had_other_segments);
}

#[test]
fn what_is_left_of_a_set_is_served_where_nothing_is_whole() {
    let first = edited(1, 3);
    let (disk, ..) = played(std::slice::from_ref(&first));
    disk.damage("texts-1", |octets| *octets.last_mut().unwrap() ^= 1);
    disk.restart();
    let opened = State::open_on(disk.process());
    assert_eq!(opened.set.as_ref(), Some(&first.set));
    assert!(opened.troubles[0].contains(" of 30 texts"), "{:?}", opened.troubles);
    let unreadable = first.set.texts.iter().filter(|text| opened.state.read(&text.hash, LIMIT).is_err());
    assert!((1..30).contains(&unreadable.count()));
    // The lost text is asked for, and then all is well again.
    let mut state = opened.state;
    assert!(save(&mut state, &first));
    assert_eq!(found(&disk), Some(first.set));
}

#[test]
fn a_text_that_is_not_what_the_set_says_is_not_saved() {
    let (first, second) = (edited(1, 3), edited(2, 40));
    let (disk, _, mut state) = played(std::slice::from_ref(&first));
    let swapped: Given = second.texts.iter().map(|(hash, _)| (*hash, Arc::from(*b"other"))).collect();
    let error = state.save(&second.set, &swapped).unwrap_err().to_string();
    assert!(error.contains("is not the one that was judged"), "{error}");
    let error = state.save(&second.set, &[]).unwrap_err().to_string();
    assert!(error.contains("is not held any more"), "{error}");
    assert_eq!(found(&disk), Some(first.set.clone()));
    assert!(save(&mut state, &second));
    let limit = state.read(&second.set.texts[9].hash, 3).unwrap_err();
    assert_eq!(limit.kind(), std::io::ErrorKind::FileTooLarge);
}

#[test]
fn of_two_processes_one_writes() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("var/state");
    let (first, second, third) = (edited(1, 3), edited(2, 40), edited(3, 80));
    let mut old = State::open(&place);
    assert!(old.state.is_writer() && old.set.is_none() && old.troubles.is_empty(), "{:?}", old.troubles);
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(save(&mut old.state, &first));
    let mut new = State::open(&place);
    assert!(!new.state.is_writer() && !new.state.retry_lock());
    assert_eq!(new.set.as_ref(), Some(&first.set));
    let error = new.state.save(&second.set, &second.texts).unwrap_err().to_string();
    assert!(error.starts_with("another server writes to"), "{error}");
    // The old one goes on, and what the new one read is still there for it, though its name is not.
    (2..9).for_each(|edits| assert!(save(&mut old.state, &edited(edits, edits * 30))));
    assert!(save(&mut old.state, &second));
    verify(&first.set, &new.state.texts());
    drop(old);
    // A process that another test starts has the lock too, until it becomes the program that it is to be.
    assert!(running::wait_for(|| new.state.retry_lock().then_some(())).is_some() && new.state.is_writer());
    assert_eq!(State::newest_in(&place), Some(second.set));
    verify(&first.set, &new.state.texts());
    assert!(new.state.save(&first.set, &[]).is_ok(), "with texts from segments that have no name any more");
    assert_eq!(State::open(&place).set, Some(first.set));
    assert!(save(&mut new.state, &third));
    assert_eq!(State::open(&place).set, Some(third.set));
}

#[test]
fn what_is_not_ours_is_not_read_and_not_in_the_way() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let (first, second) = (edited(1, 3), edited(2, 40));
    fs::set_permissions(place, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(place.join("note"), "not ours").unwrap();
    fs::write(place.join("texts-01"), "nor this").unwrap();
    fs::create_dir(place.join("texts-1")).unwrap();
    fs::write(place.join(OsStr::from_bytes(b"texts-\xFF")), "nor this").unwrap();
    fs::write(place.join("set.new"), "what a killed process left").unwrap();
    fs::write(place.join("texts-77"), "what a killed process left").unwrap();
    // A sparse file of a terabyte, and a FIFO that would hang whoever opens it.
    fs::File::create(place.join("set")).unwrap().set_len(1 << 40).unwrap();
    let fifo = Command::new("mkfifo").arg(place.join("set.old")).status().unwrap();
    assert!(fifo.success());
    let Opened { mut state, set, troubles } = State::open(place);
    assert!(set.is_none() && troubles.len() == 2, "{troubles:?}");
    assert!(troubles[0].contains("is the most") && troubles[1].contains("no plain file"), "{troubles:?}");
    for sample in [&first, &second] {
        let given: Given = sample.texts.clone();
        state.save(&sample.set, &given).unwrap();
        assert_eq!(State::open(place).set.as_ref(), Some(&sample.set));
    }
    let mut names: Vec<_> = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
    assert_eq!(names, ["note", "set", "set.old", "texts-01", "texts-1", "texts-2", "texts-3", "texts-\u{FFFD}"]);
    // A link is not followed, wherever it leads.
    drop(state);
    fs::rename(place.join("set"), place.join("elsewhere")).unwrap();
    symlink("elsewhere", place.join("set")).unwrap();
    let opened = State::open(place);
    assert_eq!(opened.set, Some(first.set));
    assert!(opened.troubles[0].contains("no plain file"), "{:?}", opened.troubles);
    drop(opened);
    // Where others can write, nothing is believed, and nothing written.
    fs::set_permissions(place, fs::Permissions::from_mode(0o777)).unwrap();
    let Opened { mut state, set, troubles } = State::open(place);
    assert!(set.is_none() && troubles.len() == 1 && troubles[0].contains("chmod go-w"), "{troubles:?}");
    assert!(!state.is_writer() && state.save(&second.set, &second.texts).is_err());
    assert_eq!(State::newest_in(place), None);
    // Mended, it is used again without a restart.
    fs::set_permissions(place, fs::Permissions::from_mode(0o755)).unwrap();
    state.save(&second.set, &second.texts).unwrap();
    assert_eq!(State::open(place).set, Some(second.set));
    let file = place.join("file");
    fs::write(&file, "").unwrap();
    let Opened { state, set, troubles } = State::open(&file);
    assert!(!state.is_writer() && set.is_none() && troubles.len() == 1, "{troubles:?}");
}

#[test]
fn an_edit_among_many_zones_is_two_files() {
    let directory = tempfile::tempdir().unwrap();
    let mut all = Sample { set: Set::default(), texts: Vec::new() };
    for number in 0..MANY {
        let text: Arc<[u8]> = format!("@ SOA ns mail {number} 7200 900 1209600 300\n").repeat(8).into_bytes().into();
        let (path, hash) = (PathBuf::from(format!("some/where/z{number}.example.zone")), text_hash(&text));
        all.set.zones.push(SavedZone {
            counted: None,
            name: format!("z{number}.example."),
            serial: number,
            file: path.clone(),
            texts: Vec::new(),
        });
        all.set.texts.push(SavedText { path, hash, octets: text.len() as u64 });
        all.texts.push((hash, text));
    }
    let mut took = Vec::new();
    let mut timed = |what: &str, start: Instant| took.push(format!("{what} {:.3} s", start.elapsed().as_secs_f64()));
    let (mut state, start) = (State::open(directory.path()).state, Instant::now());
    assert!(save(&mut state, &all));
    timed("first save", start);
    let edit: Arc<[u8]> = Arc::from(*b"edited");
    (all.set.texts[7].hash, all.set.texts[7].octets) = (text_hash(&edit), 6);
    all.texts[7] = (text_hash(&edit), edit);
    let start = Instant::now();
    assert!(save(&mut state, &all));
    timed("edit", start);
    let size = |file: &str| fs::metadata(directory.path().join(file)).unwrap().len();
    let names = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!((names, size("texts-2")), (4, 6));
    let start = Instant::now();
    let opened = State::open(directory.path());
    timed("start", start);
    assert_eq!(opened.set, Some(all.set));
    println!("{}, manifest {} octets", took.join(", "), size("set"));
}

/// What a child of these tests is told to do, as `verb directory`.
const CHILD: &str = "ZONEWRIGHT_TEST_STATE";

/// Not a test but the process that others start: it saves until it is killed, or until a limit stops it.
#[test]
fn child() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let (verb, place) = task.split_once(' ').unwrap();
    let place = Path::new(place);
    match verb {
        "loop" => {
            let Opened { mut state, set, .. } = State::open(place);
            let last = set.map_or(0, |set| set.saved_at as u32);
            for commit in last + 1.. {
                assert!(save(&mut state, &edited(commit, commit)));
                println!("saved {commit}");
            }
        }
        // As much as goes, then what the trouble was.
        _ => {
            let Opened { mut state, set, troubles } = State::open(place);
            let mut kept: Vec<fs::File> = match verb {
                "no-descriptors" => std::iter::from_fn(|| fs::File::open("/dev/null").ok()).collect(),
                _ => Vec::new(),
            };
            let large: Arc<[u8]> = vec![b'x'; 1 << 20].into();
            let mut sample = edited(2, 40);
            let path = PathBuf::from("large");
            sample.set.texts.push(SavedText { path, hash: text_hash(&large), octets: large.len() as u64 });
            sample.texts.push((text_hash(&large), large));
            let result = state.save(&sample.set, &sample.texts).map_err(|trouble| trouble.to_string());
            let held = set.as_ref().map(|set| set.texts.iter().all(|text| state.read(&text.hash, LIMIT).is_ok()));
            kept.clear();
            let entries = fs::read_dir(place).into_iter().flatten();
            let mut left: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            left.sort();
            println!("result {result:?} {troubles:?} held {held:?} left {left:?}");
        }
    }
}

/// The shell command that starts [`child`].
fn child_command(script: &str, verb: &str, place: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "state::child", "--nocapture"]).env(CHILD, format!("{verb} {}", place.display()));
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

#[test]
fn kill_9_at_any_moment_leaves_the_last_set_or_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let (mut dice, mut last) = (Dice(7), 0);
    for _ in 0..40 {
        let mut child = child_command("exec \"$@\"", "loop", directory.path()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = |line: String| line.split("saved ").nth(1)?.parse::<u32>().ok();
        last = last.max(lines.by_ref().find_map(&mut said).expect("it saves"));
        std::thread::sleep(Duration::from_micros(dice.roll(8_000)));
        child.kill().unwrap();
        last = last.max(lines.filter_map(said).last().unwrap_or(0));
        child.wait().unwrap();
        let Opened { state, set, troubles } = State::open(directory.path());
        let set = set.expect("a set");
        assert!(troubles.is_empty() && state.is_writer(), "{troubles:?}");
        let commit = set.saved_at as u32;
        assert!(commit == last || commit == last + 1, "{commit} after {last}");
        assert_eq!(set, edited(commit, commit).set);
        verify(&set, &state.texts());
        last = commit;
    }
}

/// How a child's words end where it left nothing behind.
const ONLY_THE_FIRST: &str = r#"left ["set", "texts-1"]"#;

/// What a child under a limit says, the set before being saved without any.
fn limited(script: &str, verb: &str, place: &Path) -> Option<String> {
    let output = child_command(script, verb, place).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| Some(line.split_once("result ")?.1.to_owned()))
}

#[test]
fn limits_of_the_system_are_told_and_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let first = edited(1, 3);
    assert!(save(&mut State::open(place).state, &first));
    let cases = [
        // Two hundred blocks of 512 octets; the signal that tells of it is ignored, as a server has to.
        ("trap '' XFSZ; ulimit -f 200; exec \"$@\"", "no-room", "ulimit -f"),
        ("ulimit -n 64; exec \"$@\"", "no-descriptors", "ulimit -n"),
    ];
    for (script, verb, cure) in cases {
        let said = limited(script, verb, place).expect("a result");
        assert!(said.starts_with("Err(") && said.contains(cure) && said.contains("held Some(true)"), "{verb}: {said}");
        assert!(said.ends_with(ONLY_THE_FIRST), "{verb}: what was begun is gone: {said}");
        let opened = State::open(place);
        assert_eq!(opened.set.as_ref(), Some(&first.set), "{verb}");
        verify(&first.set, &opened.state.texts());
    }
}

#[test]
fn a_full_disk_and_a_read_only_one_are_told_and_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    // In a mount namespace of its own, which ends with the child.
    let mount = |then: &str| {
        let prepare =
            format!("mount -t tmpfs -o size=300k,mode=700 tmpfs {0} && cp -a {0}.first/. {0} {then}", place.display());
        format!("unshare -m sh -c '{prepare} && exec \"$@\"' sh \"$@\"")
    };
    let first = edited(1, 3);
    let saved = place.with_extension("first");
    assert!(save(&mut State::open(&saved).state, &first));
    let full = limited(&mount(""), "full", place);
    let read_only = limited(&mount(&format!("&& mount -o remount,ro {}", place.display())), "read-only", place);
    fs::remove_dir_all(&saved).unwrap();
    let (Some(full), Some(read_only)) = (full, read_only) else {
        // A simulated disk fails the same ways at every step: `a_failure_at_any_step_leaves_the_old_set_and_passes`.
        return crate::support::skip("mounts", "this system does not let us mount a small file system");
    };
    assert!(full.starts_with("Err(") && full.contains("free some space there"), "{full}");
    assert!(read_only.starts_with("Err(") && read_only.contains("mount it writable"), "{read_only}");
    for said in [full, read_only] {
        assert!(said.contains("held Some(true)") && said.ends_with(ONLY_THE_FIRST), "{said}");
    }
}

/// Waits for what a thread does.
#[track_caller]
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    assert!(running::wait_for(|| is_so().then_some(())).is_some(), "not in time: {what}");
}

fn soon() -> Instant {
    Instant::now() + running::DEADLINE
}

#[test]
fn a_disk_that_hangs_holds_nobody_back_and_gets_the_newest() {
    let disk = Simulated::new();
    let (gate, writer) = (disk.process(), Writer::start(State::open_on(disk.process()).state).unwrap());
    let samples: Vec<Sample> = (1..6).map(|commit| edited(commit, commit * 31)).collect();
    let hand_over = |sample: &Sample| {
        let given = sample.texts.iter().filter(|(hash, _)| !writer.has(hash)).cloned().collect();
        writer.save(sample.set.clone(), given);
    };
    hand_over(&samples[0]);
    assert!(writer.flush(soon()));
    gate.hang(true);
    // The first of these is at the disk; the others, each without the texts that the one before had, are not.
    samples[1..].iter().for_each(hand_over);
    assert!(!writer.flush(Instant::now()), "it hangs");
    assert_eq!(writer.trouble(), None);
    gate.hang(false);
    assert!(writer.flush(soon()));
    assert_eq!(found(&disk), Some(samples[4].set.clone()));
    // A text of a set that was saved, but not of the one handed over last, goes: it has to be given again.
    let gone = samples[3].texts.iter().find(|text| !samples[4].texts.contains(text)).unwrap();
    assert!(!writer.has(&gone.0) && writer.has(&samples[4].texts[0].0));
    hand_over(&samples[3]);
    assert!(writer.flush(soon()));
    assert_eq!(found(&disk), Some(samples[3].set.clone()));
}

#[test]
fn a_save_that_fails_is_told_and_tried_again() {
    let disk = Simulated::new();
    let (control, state) = (disk.process(), State::open_on(disk.process()).state);
    let writer = Writer::start(state).unwrap();
    control.fail(Some(Fault::FailsFrom(0, 28)));
    let (first, second) = (edited(1, 3), edited(2, 33));
    writer.save(first.set, first.texts.clone());
    wait_for("it fails", || writer.trouble().is_some());
    let trouble = writer.trouble().unwrap();
    assert!(trouble.contains("free some space there"), "{trouble}");
    // The next has some of its texts only from the one that was not saved.
    let more = second.texts.iter().filter(|text| !first.texts.contains(text)).cloned().collect();
    writer.save(second.set.clone(), more);
    wait_for("it is tried at once", || control.steps() > 8);
    control.fail(None);
    wait_for("it is saved", || writer.flush(Instant::now()));
    assert_eq!((writer.trouble(), found(&disk)), (None, Some(second.set)));
}

#[test]
fn the_writer_waits_for_the_lock_and_gives_it_back() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (State::open(directory.path()).state, State::open(directory.path()).state);
    let (old, new) = (Writer::start(old).unwrap(), Writer::start(new).unwrap());
    let (first, second) = (edited(1, 3), edited(2, 40));
    assert!(old.is_writer() && !new.is_writer() && !new.take_lock(Instant::now()));
    new.save(second.set.clone(), second.texts.clone());
    wait_for("it may not", || new.trouble().is_some_and(|trouble| trouble.starts_with("another server")));
    old.save(first.set.clone(), first.texts.clone());
    assert!(old.flush(soon()));
    assert_eq!(State::newest_in(directory.path()), Some(first.set));
    drop(old);
    assert!(new.take_lock(soon()) && new.is_writer());
    assert!(new.flush(soon()));
    assert_eq!((new.trouble(), State::newest_in(directory.path())), (None, Some(second.set)));
}
