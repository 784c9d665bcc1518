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
use zonewright::control::state::{Hash, Hold, HoldKind, SavedText, SavedZone, Set, State, Texts, Writer};
use zonewright::lint::sha256;

use crate::support::disk::{Dice, Fault, Simulated};

const LIMIT: u32 = 1 << 20;

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
        let text: Arc<[u8]> = format!("{version};").into_bytes().repeat(length + 1)[..length].into();
        let path = PathBuf::from(OsStr::from_bytes(&[b'z', b'%', 0xFF, file]));
        let (hash, octets) = (sha256(&text), length as u64);
        sample.set.zones.push(SavedZone { name: format!("z{file}."), serial: version.into(), file: path.clone() });
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
        assert_eq!((sha256(&read), read.len() as u64), (text.hash, text.octets));
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
