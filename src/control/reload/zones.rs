//! Every zone that is known, and by which files one has to be looked at again.
//!
//! # Design
//!
//! A zone is found by its own file without a table where that is called by its name, which says which it is. What else a zone
//! is read from (includes, a file that the config names) stands in a table by file. Where a link may lead to a file, a change
//! of it may go by any name: such zones are listed, and are part of every look.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::entry::Entry;
use crate::control::load::{Stamp, zone_of};
use crate::control::plan::{Standing, key};
use crate::dns::NameRef;

/// A zone's key: zones are in canonical order of their names.
pub(super) type Key = Box<[u8]>;

/// The zones that are known.
#[derive(Default)]
pub(super) struct Zones {
    entries: BTreeMap<Key, Entry>,
    /// Those whose newest text is not what is served: any look may change that.
    waiting: BTreeSet<Key>,
    /// Those with a file to which a link may lead.
    linked: BTreeSet<Key>,
    /// By file: the zones that are read from it and are not found by its name.
    readers: BTreeMap<PathBuf, BTreeSet<Key>>,
}

impl Zones {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(key)
    }

    pub(super) fn of(&self, name: NameRef<'_>) -> Option<&Entry> {
        self.entries.get(&key(name))
    }

    /// All of them, in canonical order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &Entry)> {
        self.entries.iter()
    }

    /// Those whose newest text is not what is served.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (&Key, &Entry)> {
        self.waiting.iter().filter_map(|key| self.entries.get_key_value(key))
    }

    /// A look begins: what is found from now on is new.
    pub(super) fn age(&mut self) {
        for key in &self.waiting {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.is_new = false;
            }
        }
    }

    pub(super) fn insert(&mut self, key: Key, entry: Entry) {
        self.remove(&key);
        if !matches!(entry.zone.standing, Standing::Current) {
            self.waiting.insert(key.clone());
        }
        if entry.text.stamps.iter().any(Stamp::is_linked) {
            self.linked.insert(key.clone());
        }
        for file in other_files(&entry) {
            self.readers.entry(file.to_owned()).or_default().insert(key.clone());
        }
        self.entries.insert(key, entry);
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        self.waiting.remove(key);
        self.linked.remove(key);
        for file in other_files(&entry) {
            if let Some(readers) = self.readers.get_mut(file) {
                readers.remove(key);
                if readers.is_empty() {
                    self.readers.remove(file);
                }
            }
        }
        Some(entry)
    }

    /// The zones that are read from a file.
    pub(super) fn readers(&self, file: &Path) -> impl Iterator<Item = (&Key, &Entry)> {
        let called = zone_of(file).and_then(Result::ok).map(|name| key(name.as_ref()));
        let called = called.and_then(|key| self.entries.get_key_value(&key));
        let others = self.readers.get(file).into_iter().flatten();
        let others = others.filter_map(|key| self.entries.get_key_value(key));
        called.filter(|(_, entry)| entry.text.file.file == file).into_iter().chain(others)
    }

    /// Those with a file to which a link may lead.
    pub(super) fn linked(&self) -> impl Iterator<Item = (&Key, &Entry)> {
        self.linked.iter().filter_map(|key| self.entries.get_key_value(key))
    }

    /// Whether below this path a file lies that a zone is read from and not found by.
    pub(super) fn reads_below(&self, path: &Path) -> bool {
        let behind = (std::ops::Bound::Excluded(path), std::ops::Bound::Unbounded);
        self.readers.range::<Path, _>(behind).next().is_some_and(|(file, _)| file.starts_with(path))
    }
}

/// The files of a zone by whose names it is not found: all but its own, where that is called by the zone's name.
fn other_files(entry: &Entry) -> impl Iterator<Item = &Path> {
    let (name, own) = (entry.zone.name.as_ref(), entry.text.file.file.as_path());
    let is_called_by_it = zone_of(own).is_some_and(|of| of.is_ok_and(|of| of.as_ref().is(name)));
    let files = entry.text.stamps.iter().map(|stamp| stamp.path.as_path());
    files.filter(move |file| !is_called_by_it || *file != own)
}
