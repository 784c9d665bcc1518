//! The serials of zones that have them made from their history.
//!
//! In: a repository and a commit of it. Out: for each such zone the number that the history says, and a digest of its content
//! ([`Histories`]); and, for what this node published before, the number that it is to publish ([`Numbers`]).
//!
//! # Design
//!
//! An edit of a zone is a commit on the line of first parents at which the texts that it is made from, its includes too, are
//! others than at the commit before. Of each commit only the zones are looked at one of whose files differs, and of those
//! only the names that their texts include. What was found is kept for the commit that was asked for last: one that comes
//! from it costs its own steps. A text that makes no zone is an edit like any other, so that a number never depends on the
//! version of zonewright that counted.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::git::{Id, Refusal, Repository, Step};
use super::load::{Root, Snapshot, ZoneFile, normalise, zone_files};
use crate::config::Config;
use crate::dns::{Name, NameRef, Rtype};
use crate::source::{Hash, text_hash};
use crate::source::{Source, Sources};
use crate::zone::serial::{self, Edit, Serials, Style};
use crate::zonefile::rdata::soa_serial;
use crate::zonefile::{self, IncludeRefusal, Limits, includes};

/// The most octets of a text in which its SOA record is looked for.
const HEAD: usize = 1 << 16;

/// The most files of a zone that are watched.
const MAX_FILES: usize = 10_000;

/// What the history says of one zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counted {
    /// Its serial number.
    pub serial: u32,
    /// What tells its content from others.
    pub content: Hash,
}

/// What is known of the histories up to one commit.
#[derive(Default)]
pub struct Histories {
    known: Option<Known>,
}

struct Known {
    /// What the config said.
    terms: (Serials, Vec<(Name, PathBuf)>, PathBuf),
    commit: Id,
    files: Snapshot,
    zones: HashMap<Name, History>,
}

/// One zone's.
struct History {
    listed: ZoneFile,
    counted: Counted,
    /// The files that it is made from.
    files: Vec<PathBuf>,
}

impl Histories {
    /// What the history up to `commit` says of each zone whose serials are made, by its apex in lower case.
    ///
    /// # Errors
    ///
    /// The history cannot be read, or is cut off.
    pub fn at(
        &mut self,
        repository: &Repository,
        commit: Id,
        path: &Path,
        config: &Config,
    ) -> Result<HashMap<Name, Counted>, Refusal> {
        let terms = (config.lint.serials.clone(), config.source.zones.clone(), path.to_owned());
        if !terms.0.has_any() {
            self.known = None;
            return Ok(HashMap::new());
        }
        let known = self.known.take().filter(|known| known.terms == terms);
        let line = repository.line_until(commit, path, known.as_ref().map(|known| known.commit))?;
        if line.is_cut {
            return Err(repository.shallow());
        }
        // Where the line does not lead to what is known, all of it was read.
        let start = known.filter(|known| line.until == Some(known.commit));
        let mut known =
            start.unwrap_or_else(|| Known { terms, commit, files: Snapshot::default(), zones: HashMap::new() });
        for step in line.steps.iter().rev() {
            known.take(repository, step, config)?;
        }
        known.commit = commit;
        let all = known.zones.iter().map(|(name, history)| (name.clone(), history.counted.clone())).collect();
        self.known = Some(known);
        Ok(all)
    }
}

impl Known {
    /// Counts one commit.
    fn take(&mut self, repository: &Repository, step: &Step, config: &Config) -> Result<(), Refusal> {
        let Some(tree) = step.tree else { return Ok(()) };
        let files = match repository.files(step.id, tree, &self.terms.2) {
            Ok(files) => files,
            // What no node serves counts on none.
            Err(refusal) if refusal.is_final() => return Ok(()),
            Err(refusal) => return Err(refusal),
        };
        let changed: HashSet<PathBuf> = files.changed(&self.files).map(Path::to_path_buf).collect();
        self.files = files.clone();
        if changed.is_empty() {
            return Ok(());
        }
        let root = Root::Snapshot(files);
        let listing = zone_files(&root, &self.terms.1).map_err(|error| repository.unlisted(&error))?;
        for listed in listing.zones {
            let Some(style) = self.terms.0.of(listed.name.as_ref()) else { continue };
            let name = listed.name.as_ref().to_lower();
            let known = self.zones.get(&name);
            let is_as_it_was =
                |known: &History| known.listed == listed && !known.files.iter().any(|file| changed.contains(file));
            if !known.is_some_and(is_as_it_was) {
                let history = count(&root, listed, style, known, step.time, config);
                self.zones.insert(name, history);
            }
        }
        Ok(())
    }
}

/// A zone at a commit that touched one of its files.
fn count(root: &Root, listed: ZoneFile, style: Style, known: Option<&History>, time: i64, config: &Config) -> History {
    let (content, files) = content(root, &listed, &config.limits);
    let counted = match known.map(|known| &known.counted) {
        Some(known) if known.content == content => known.clone(),
        known => {
            let written = if style == Style::Increment { written(root, &listed) } else { None };
            let serial = serial::after(style, known.map(|known| known.serial), Edit { time, written });
            Counted { serial, content }
        }
    };
    History { listed, counted, files }
}

/// A digest of all that a zone is made from, and the files.
pub(super) fn content(root: &Root, listed: &ZoneFile, limits: &Limits) -> (Hash, Vec<PathBuf>) {
    let (mut octets, mut files) = (Vec::new(), Vec::new());
    let mut todo: Vec<PathBuf> = [Some(listed.file.clone()), listed.rival.clone()].into_iter().flatten().collect();
    let mut seen: HashSet<PathBuf> = todo.iter().cloned().collect();
    while let Some(path) = todo.pop().filter(|_| files.len() < MAX_FILES) {
        let text = root.text(&path, limits.file_octets);
        // The path tells one file's text from another's, which an include may have swapped.
        octets.extend((path.as_os_str().len() as u64).to_be_bytes());
        octets.extend_from_slice(path.as_os_str().as_bytes());
        octets.extend(text.as_deref().map(text_hash).unwrap_or_default());
        for written in text.as_deref().map(includes).unwrap_or_default() {
            let from = path.parent().unwrap_or(Path::new(""));
            todo.extend(
                normalise(from, Path::new(OsStr::from_bytes(&written))).filter(|path| seen.insert(path.clone())),
            );
        }
        files.push(path);
    }
    (text_hash(&octets), files)
}

/// The serial that a zone's own file is written with, if it says so near its start.
pub(super) fn written(root: &Root, listed: &ZoneFile) -> Option<u32> {
    let text = root.text(&listed.file, u32::MAX)?;
    let end = match text.len() {
        0..=HEAD => text.len(),
        _ => memchr::memrchr(b'\n', &text[..HEAD])? + 1,
    };
    let mut sources = Sources::default();
    let file = sources.add(Source::new("head", &text[..end]));
    let refuse: &mut zonefile::Include<'_> = &mut |_, _| Err(IncludeRefusal::default());
    let parsed = zonefile::parse(&mut sources, file, &listed.name, &Limits::default(), refuse);
    let (records, soa) = parsed.records.iter().find(|(_, record)| record.rtype == Rtype::SOA)?;
    soa_serial(records.rdata(soa))
}

/// What this node published of each zone whose serials are made, by its apex in lower case.
#[derive(Clone, Default, Debug)]
pub struct Numbers(pub HashMap<Name, Published>);

/// What was published of one zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// The number.
    pub serial: u32,
    /// What the history said then.
    pub counted: Counted,
}

impl Published {
    /// How far the number is past what the history says.
    pub fn offset(&self) -> u32 {
        self.serial.wrapping_sub(self.counted.serial)
    }
}

impl Numbers {
    /// What is to be published of each zone, after what `served` says is served of it now.
    pub fn following(&self, counted: HashMap<Name, Counted>, served: impl Fn(NameRef<'_>) -> Option<u32>) -> Self {
        let publish = |(name, counted): (Name, Counted)| {
            let before = self.0.get(&name);
            let last = served(name.as_ref()).or(before.map(|before| before.serial));
            let is_same = before.is_some_and(|before| before.counted.content == counted.content);
            let offset = before.map_or(0, Published::offset);
            let serial = serial::published(counted.serial, last, offset, is_same);
            (name, Published { serial, counted })
        };
        Self(counted.into_iter().map(publish).collect())
    }
}
