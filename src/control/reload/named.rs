//! A look at the files that events name, and at no others.
//!
//! In: what a whole look found of the directory ([`Tree`]), and files. Out: the zones that those may change, read at one
//! moment, or that there is more in doubt than these files say.
//!
//! # Design
//!
//! An event is a hint: what it names is looked at, and nothing that it says is believed. Which zones a file may change is
//! known of every file that was read; a file that was not is one that could be a zone's, by its name, or nobody's. Wherever
//! names alone do not tell (a directory, a second file for a zone, a name that is no zone's) the look is a whole one, which
//! asks nothing of anybody. What no event told is found by the poll.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::parallel::in_parallel;
use super::reading::{Earlier, Reading, Snapshot, still_stands};
use super::zones::Key;
use super::{MAX_ATTEMPTS, Reloader};
use crate::config::Config;
use crate::control::asking::Room;
use crate::control::load::{Listing, Presence, Root, Terms, ZoneFile, zone_of};
use crate::control::plan::key;
use crate::diagnostic::render;
use crate::dns::Name;

/// What a whole look found of the directory itself.
pub(super) struct Tree {
    directory: PathBuf,
    identity: (u64, u64),
    /// The zones that the config names; none: every file that is called by one.
    configured: Vec<(Name, PathBuf)>,
    /// The directories that zones are searched in or, where the config names them, that their files are in.
    directories: HashSet<PathBuf>,
    /// Files whose names are no zones', with the reason.
    misnamed: Vec<(PathBuf, String)>,
}

impl Tree {
    pub(super) fn new(root: &Root, config: &Config, listing: &mut Listing) -> Option<Self> {
        let searched = listing.directories.drain(..).map(|searched| searched.path);
        let configured = listing.zones.iter().filter(|_| !config.source.zones.is_empty());
        let above = configured.flat_map(|zone| zone.file.ancestors().skip(1)).map(Path::to_owned);
        Some(Self {
            directory: config.source.directory.clone(),
            identity: root.identity()?,
            configured: config.source.zones.clone(),
            directories: searched.chain(above).collect(),
            misnamed: std::mem::take(&mut listing.misnamed),
        })
    }

    /// What there is to say of files that are not served.
    pub(super) fn notices(&self) -> impl Iterator<Item = String> {
        self.misnamed.iter().map(|(path, reason)| {
            let path = render::escape(path.as_os_str().as_bytes());
            format!("`{path}` is not served: its name is no zone's: {reason}")
        })
    }

    /// Whether it is what this config looks at.
    pub(super) fn is_of(&self, config: &Config) -> bool {
        let source = &config.source;
        self.directory == source.directory && self.configured == source.zones
    }

    /// The directory, if it is still the one that was looked at.
    pub(super) fn open(&self) -> Option<Root> {
        Root::open(&self.directory).ok().filter(|root| root.identity() == Some(self.identity))
    }
}

/// What comes of looking at some files.
pub(super) enum Named {
    /// The zones that they may change.
    Settled(Snapshot),
    /// They kept moving.
    Moving,
    /// Only a whole look tells.
    InDoubt,
}

/// The zones to read.
type Candidates = BTreeMap<Key, ZoneFile>;

impl Reloader {
    pub(super) fn read_named(&self, tree: &Tree, files: &BTreeSet<PathBuf>, terms: &Terms) -> Named {
        let mut earlier = Earlier::default();
        for _ in 0..MAX_ATTEMPTS {
            let Some(root) = tree.open() else { return Named::InDoubt };
            let Some(candidates) = self.candidates(tree, &root, files) else { return Named::InDoubt };
            let candidates: Vec<ZoneFile> = candidates.into_values().collect();
            let room = Room::default();
            let readings = in_parallel(&candidates, |file| match tree.presence(&root, file) {
                Presence::There => Some(self.read_zone(&root, file, terms, false, &room, earlier.of(file))),
                Presence::Absent => Some(Reading::Gone),
                Presence::Other => None,
            });
            let Some(readings) = readings.into_iter().collect::<Option<Vec<_>>>() else { return Named::InDoubt };
            let read: Vec<_> = candidates.into_iter().zip(readings).collect();
            if self.named_stand_still(tree, &read) {
                return Named::Settled(self.snapshot_of_named(read));
            }
            earlier.keep(read);
        }
        Named::Moving
    }

    /// The zones that these files may change; none where that is not all that may have changed.
    pub(super) fn candidates(&self, tree: &Tree, root: &Root, files: &BTreeSet<PathBuf>) -> Option<Candidates> {
        let linked = self.zones.linked().map(|(key, entry)| (key.clone(), entry.text.file.clone()));
        let mut candidates: Candidates = linked.collect();
        for file in files {
            let file = file.strip_prefix(&tree.directory).ok()?;
            if tree.directories.contains(file) || self.zones.reads_below(file) {
                return None;
            }
            let readers = self.zones.readers(file);
            candidates.extend(readers.map(|(key, entry)| (key.clone(), entry.text.file.clone())));
            // Two files for one zone that nobody knew are more than a name tells.
            if tree.configured.is_empty()
                && let Some(new) = self.newcomer(tree, root, file)?
                && candidates.insert(key(new.name.as_ref()), new).is_some()
            {
                return None;
            }
        }
        Some(candidates)
    }

    /// The zone that nobody knew and that a file brings, if it does; none where only a whole look tells.
    fn newcomer(&self, tree: &Tree, root: &Root, file: &Path) -> Option<Option<ZoneFile>> {
        if file.components().any(|part| part.as_os_str().as_bytes().starts_with(b".")) {
            return Some(None);
        }
        let Some(name) = zone_of(file) else {
            // A directory may hold zones, whatever it is called.
            return (root.presence(file) != Presence::Other).then_some(None);
        };
        let name = name.ok()?;
        match self.zones.of(name.as_ref()) {
            Some(entry) if entry.text.file.file == file && entry.text.file.rival.is_none() => Some(None),
            None if tree.directories.contains(file.parent()?) => match root.presence(file) {
                Presence::There => Some(Some(ZoneFile { name, file: file.into(), rival: None })),
                Presence::Absent => Some(None),
                Presence::Other => None,
            },
            _ => None,
        }
    }

    fn named_stand_still(&self, tree: &Tree, read: &[(ZoneFile, Reading)]) -> bool {
        let Some(root) = tree.open() else { return false };
        let stands = |(file, reading): &(ZoneFile, Reading)| match reading {
            Reading::Gone => tree.presence(&root, file) == Presence::Absent,
            reading => {
                tree.presence(&root, file) == Presence::There
                    && still_stands(&root, reading, self.zones.of(file.name.as_ref()))
            }
        };
        in_parallel(read, stands).into_iter().all(|stands| stands)
    }

    fn snapshot_of_named(&self, mut read: Vec<(ZoneFile, Reading)>) -> Snapshot {
        let known = |file: &ZoneFile| self.zones.of(file.name.as_ref());
        let was_there = |file: &ZoneFile| known(file).is_some_and(|entry| !entry.is_leaving());
        let is_gone = |reading: &Reading| matches!(reading, Reading::Gone);
        let came = read.iter().filter(|(file, reading)| !is_gone(reading) && !was_there(file)).count();
        let went = read.iter().filter(|(file, reading)| is_gone(reading) && was_there(file)).count();
        let leaving = self.zones.waiting().filter(|(_, entry)| entry.is_leaving()).count();
        read.retain(|(file, reading)| {
            !matches!(reading, Reading::Same) && (!is_gone(reading) || known(file).is_some())
        });
        Snapshot { changed: read, count: self.zones.len() - leaving + came - went }
    }
}

impl Tree {
    /// Whether a zone's file is there; what the config names is a zone whether it is or not.
    fn presence(&self, root: &Root, file: &ZoneFile) -> Presence {
        if self.configured.is_empty() { root.presence(&file.file) } else { Presence::There }
    }
}
