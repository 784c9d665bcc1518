//! The last good set, on disk: what a start answers when the network is down, the repository gone or its newest commit broken.
//!
//! In: the set that is served, and those of its texts that are not held yet. Out, at a start: the set saved last, each text
//! verified by its hash. Knows neither git nor zones, and judges nothing.
//!
//! # Design
//!
//! The directory is a small log. `texts-N` are segments: texts one after the other, written once and never changed.
//! `set` is the manifest: what the set is, and where its texts lie. `set.old` is the one before.
//!
//! ```text
//! save:  texts-N written, synced ─ set.new written, synced ─ directory synced
//!        ─ set → set.old ─ set.new → set ─ directory synced ─ segments that neither names are removed
//! ```
//!
//! An edit thus costs two files and four waits for the disk, whether there is one zone or a hundred thousand. A process that
//! ends at any step, and a power loss that keeps any part of what was not synced, leave the old set or the new one: `set` is
//! only ever replaced by a whole file whose texts are safe already. Where a disk loses octets all the same, the BLAKE3 of
//! the manifest and of each text tell, and `set.old` stands in.
//!
//! Texts that no set needs any more are dead octets. When they outweigh the live ones, or segments get many, a save copies
//! texts that it would only have referred to; nothing is ever changed in place.
//!
//! The lock is on the directory itself and guards writing only: another process may read beside it.
//!
//! The road not taken, a file for each text named by its hash, would write and sync a hundred thousand files at the first
//! save; an embedded database would be a dependency larger than the need.

pub mod disk;
mod manifest;
mod plan;
mod set;
mod spelling;
mod texts;
mod trouble;
mod write;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use disk::{Directory, Disk, Input};
use manifest::Manifest;
use texts::{Index, Place, Segment};

pub use set::{Hash, Hold, HoldKind, SavedCount, SavedText, SavedZone, Set};
pub use texts::Texts;
pub use trouble::Trouble;
pub use writer::Writer;

/// The manifest.
const SET: &str = "set";
/// The one before it.
const OLD: &str = "set.old";
/// The one that is being written.
const NEW: &str = "set.new";
/// What a segment's name starts with.
const SEGMENT: &str = "texts-";

/// How often a set is read again because another process wrote meanwhile.
const MAX_ATTEMPTS: usize = 4;

/// The state directory.
pub struct State {
    path: PathBuf,
    disk: Option<Arc<dyn Disk>>,
    is_writer: bool,
    texts: Texts,
    newest: Option<Newest>,
    /// The segments that `set.old` refers to; none: not known.
    previous: Option<BTreeSet<u64>>,
}

/// What came of opening a state directory.
pub struct Opened {
    /// The directory, whatever may be wrong with it.
    pub state: State,
    /// The set saved last.
    pub set: Option<Set>,
    /// What is wrong, for `status` and the log.
    pub troubles: Vec<String>,
}

/// The manifest of the newest set.
struct Newest {
    /// What tells its set from others.
    content: Hash,
    segments: BTreeSet<u64>,
    /// [`SET`] or [`OLD`].
    name: &'static str,
    file: Box<dyn Input>,
    /// Whether its name would outlive a loss of power.
    is_safe: bool,
}

/// A manifest and the file that it was read from.
type Read = (Box<dyn Input>, Manifest);

/// A manifest with those of its texts that are whole.
struct Candidate {
    name: &'static str,
    file: Box<dyn Input>,
    manifest: Manifest,
    index: Index,
    /// Texts that are not as they were written.
    damaged: usize,
}

impl State {
    /// Opens a state directory, making it if there is none, and reads the set saved last.
    ///
    /// Never fails: a server without a state directory answers all the same, and says what is wrong.
    pub fn open(directory: &Path) -> Opened {
        match trusted(directory) {
            Ok(disk) => Self::begin(directory, Some(Arc::new(disk)), Vec::new()),
            Err(trouble) => Self::begin(directory, None, vec![trouble.to_string()]),
        }
    }

    /// As [`open`](Self::open), on a disk of the caller's.
    pub fn open_on(disk: Arc<dyn Disk>) -> Opened {
        Self::begin(Path::new(""), Some(disk), Vec::new())
    }

    fn begin(path: &Path, disk: Option<Arc<dyn Disk>>, mut troubles: Vec<String>) -> Opened {
        let mut state = Self::unread(path, disk);
        state.is_writer = state.lock().unwrap_or_else(|trouble| {
            troubles.push(trouble.to_string());
            false
        });
        let (set, more) = state.load();
        troubles.extend(more);
        Opened { state, set, troubles }
    }

    fn unread(path: &Path, disk: Option<Arc<dyn Disk>>) -> Self {
        Self { path: path.into(), disk, is_writer: false, texts: Texts::default(), newest: None, previous: None }
    }

    /// Whether a text of this hash is held.
    pub fn has(&self, hash: &Hash) -> bool {
        self.texts.has(hash)
    }

    /// The text of this hash, verified.
    ///
    /// # Errors
    ///
    /// As [`Texts::read`].
    pub fn read(&self, hash: &Hash, limit: u32) -> io::Result<Arc<[u8]>> {
        self.texts.read(hash, limit)
    }

    /// The texts that are held, for other threads: they follow what is saved here.
    pub fn texts(&self) -> Texts {
        self.texts.clone()
    }

    /// Whether this process may write.
    pub fn is_writer(&self) -> bool {
        self.is_writer
    }

    /// Tries once more to become the writer, as after the end of the process that was; says whether it is now.
    ///
    /// Then what that process saved last is what the next save is compared with; [`newest_in`](Self::newest_in) reads it.
    pub fn retry_lock(&mut self) -> bool {
        if self.is_writer {
            return true;
        }
        if self.disk.is_none() {
            self.disk = trusted(&self.path).ok().map(|disk| Arc::new(disk) as Arc<dyn Disk>);
        }
        self.is_writer = self.lock().unwrap_or(false);
        if self.is_writer {
            self.load();
        }
        self.is_writer
    }

    /// The newest set in a directory, its texts unread: what another process saved last, after its end.
    pub fn newest_in(directory: &Path) -> Option<Set> {
        let disk = trusted(directory).ok().map(|disk| Arc::new(disk) as Arc<dyn Disk>);
        let state = Self::unread(directory, disk);
        let read = |name| Some(state.read_manifest(name).ok()??.1.set);
        read(SET).or_else(|| read(OLD))
    }

    fn lock(&self) -> Result<bool, Trouble> {
        let Some(disk) = &self.disk else { return Ok(false) };
        disk.lock().map_err(|error| self.failed("locking the directory", "", error))
    }

    /// Reads the newest set that is whole, or, if none is, what is left of the newest; texts known before stay known.
    fn load(&mut self) -> (Option<Set>, Vec<String>) {
        let (chosen, troubles) = self.choose();
        self.previous = None;
        let Some(Candidate { name, file, manifest, index, .. }) = chosen else {
            self.newest = None;
            return (None, troubles);
        };
        let mut known = Index::clone(&self.texts.now());
        known.extend(index);
        self.texts.become_those(known);
        let (content, segments) = (manifest.content, manifest.segments());
        // Whoever wrote it may not have lived to see it safe.
        self.newest = Some(Newest { content, segments, name, file, is_safe: false });
        (Some(manifest.set), troubles)
    }

    fn choose(&self) -> (Option<Candidate>, Vec<String>) {
        let mut troubles = Vec::new();
        for _ in 0..MAX_ATTEMPTS {
            troubles.clear();
            let mut candidates = Vec::new();
            for name in [SET, OLD] {
                match self.examine(name) {
                    Ok(None) => {}
                    Ok(Some(candidate)) if candidate.damaged == 0 => return (Some(candidate), troubles),
                    Ok(Some(candidate)) => {
                        troubles.push(self.say_damaged(&candidate));
                        candidates.push(candidate);
                    }
                    Err(trouble) => troubles.push(trouble.to_string()),
                }
            }
            // A writer beside us may have removed what we were about to read.
            if self.is_writer || (candidates.is_empty() && troubles.is_empty()) {
                return (candidates.into_iter().next(), troubles);
            }
        }
        let left = self.examine(SET).ok().flatten().or_else(|| self.examine(OLD).ok().flatten());
        (left, troubles)
    }

    fn say_damaged(&self, candidate: &Candidate) -> String {
        let file = self.path.join(candidate.name);
        let (damaged, texts) = (candidate.damaged, candidate.manifest.places.len());
        format!("{damaged} of {texts} texts of the set {} are not as they were written", file.display())
    }

    fn examine(&self, name: &'static str) -> Result<Option<Candidate>, Trouble> {
        let Some((file, manifest)) = self.read_manifest(name)? else { return Ok(None) };
        let (index, damaged) = self.verify(&manifest);
        Ok(Some(Candidate { name, file, manifest, index, damaged }))
    }

    fn read_manifest(&self, name: &'static str) -> Result<Option<Read>, Trouble> {
        let Some(disk) = &self.disk else { return Ok(None) };
        let file = match disk.open(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| self.failed("reading", name, error))?,
        };
        match manifest::read(&*file) {
            Ok(manifest) => Ok(Some((file, manifest))),
            Err(why) => Err(Trouble::Unusable { file: self.path.join(name), why }),
        }
    }

    /// The texts of a manifest that are whole, and how many are not.
    fn verify(&self, manifest: &Manifest) -> (Index, usize) {
        let segments = self.open_segments(manifest);
        let mut index = Index::with_capacity(manifest.places.len());
        let (mut damaged, mut buffer) = (0, Vec::new());
        for (text, (number, offset)) in manifest.set.texts.iter().zip(&manifest.places) {
            if index.contains_key(&text.hash) {
                continue;
            }
            let place = segments.get(number).map(|segment| Place {
                segment: Arc::clone(segment),
                offset: *offset,
                octets: text.octets,
            });
            let is_whole = |place: &Place| {
                place.is_within_segment() && {
                    buffer.resize(place.octets as usize, 0);
                    place.read(&mut buffer, &text.hash).is_ok()
                }
            };
            match place.filter(is_whole) {
                Some(place) => _ = index.insert(text.hash, place),
                None => damaged += 1,
            }
        }
        (index, damaged)
    }

    fn open_segments(&self, manifest: &Manifest) -> BTreeMap<u64, Arc<Segment>> {
        let open = |number: u64| {
            let file = self.disk.as_ref()?.open(&segment_name(number)).ok()?;
            Some((number, Arc::new(Segment { number, file })))
        };
        manifest.segments().into_iter().filter_map(open).collect()
    }

    fn failed(&self, what: &'static str, name: &str, error: io::Error) -> Trouble {
        Trouble::Failed { what, file: self.path.join(name), error }
    }
}

/// A directory that only we, and root, can change.
fn trusted(path: &Path) -> Result<Directory, Trouble> {
    let failed = |error| Trouble::Failed { what: "opening the state directory", file: path.into(), error };
    let disk = Directory::open(path).map_err(failed)?;
    match disk.distrust().map_err(failed)? {
        None => Ok(disk),
        Some(why) => Err(Trouble::Unusable { file: path.into(), why }),
    }
}

fn segment_name(number: u64) -> String {
    format!("{SEGMENT}{number}")
}
