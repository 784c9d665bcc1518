//! The files of one zone, its includes among them, each read once.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::SystemTime;

use super::refused::Refused;
use super::root::{Root, normalise, show};
use super::stamp::{Seen, Stamp};
use crate::source::{Hash, Source, text_hash};
use crate::zonefile::{IncludeRefusal, Limits};

/// Octets of a text from which on its digest is worth a thread.
const WORTH_A_THREAD: usize = 1 << 20;

/// The files of one zone: each is read once, however often it is included.
pub(in crate::control) struct Reader<'r> {
    root: &'r Root,
    limits: &'r Limits,
    stamps: Vec<Stamp>,
    /// The digests of large texts that are still made, by the place of their stamp.
    digests: Vec<(usize, JoinHandle<Hash>)>,
    /// By path below the root: the name that the file is shown under, and its text.
    texts: HashMap<PathBuf, (String, Arc<[u8]>)>,
    /// By the name it is shown under: a file's path below the root.
    paths: HashMap<String, PathBuf>,
    /// By device and inode: the name that a file was first shown under, so that a link does not hide a cycle.
    names: HashMap<(u64, u64), String>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(root: &'r Root, limits: &'r Limits) -> Self {
        let (texts, paths, names) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { root, limits, stamps: Vec::new(), digests: Vec::new(), texts, paths, names }
    }

    pub(super) fn read(&mut self, path: &Path) -> Result<Source, Refused> {
        if let Some((name, text)) = self.texts.get(path) {
            return Ok(Source::new(name.clone(), Arc::clone(text)));
        }
        let now = SystemTime::now();
        let (sight, text) = self.root.read(path, self.limits.file_octets);
        let digest = text.as_ref().map(|text| self.digest(text)).unwrap_or_default();
        let octets = text.as_ref().map_or(0, |text| text.len() as u64);
        self.stamps.push(Stamp { path: path.into(), sight, digest, octets, settled: sight.seen.is_settled(now) });
        let text = text?;
        let mut name = self.root.display(path);
        if let Seen::There { device, inode, .. } = sight.seen {
            name = self.names.entry((device, inode)).or_insert(name).clone();
        }
        self.paths.entry(name.clone()).or_insert_with(|| path.into());
        self.texts.insert(path.into(), (name.clone(), Arc::clone(&text)));
        Ok(Source::new(name, text))
    }

    /// A text's digest; of a large one it is made beside the parser's work, and set in the end.
    fn digest(&mut self, text: &Arc<[u8]>) -> Hash {
        if text.len() < WORTH_A_THREAD || self.limits.threads < 2 {
            return text_hash(text);
        }
        let shared = Arc::clone(text);
        match std::thread::Builder::new().name("digest".into()).spawn(move || text_hash(&shared)) {
            Ok(digest) => self.digests.push((self.stamps.len(), digest)),
            Err(_) => return text_hash(text),
        }
        Hash::default()
    }

    /// How each file was that was read or asked for, in that order.
    pub(in crate::control) fn stamps(&mut self) -> Vec<Stamp> {
        for (index, digest) in self.digests.drain(..) {
            self.stamps[index].digest = digest.join().expect("a digest does not panic");
        }
        std::mem::take(&mut self.stamps)
    }

    /// All texts that were read, with their hashes; `stamps` are this reader's.
    pub(super) fn texts(&self, stamps: &[Stamp]) -> Vec<(Hash, Arc<[u8]>)> {
        let text = |stamp: &Stamp| Some((stamp.digest, Arc::clone(&self.texts.get(&stamp.path)?.1)));
        stamps.iter().filter_map(text).collect()
    }

    /// The text that an `$INCLUDE` of `written` in the source `from` asks for.
    pub(super) fn include(&mut self, from: &str, written: &[u8]) -> Result<Source, IncludeRefusal> {
        let written = Path::new(OsStr::from_bytes(written));
        self.resolve(from, written).map_err(|(path, refused)| {
            refused.include(&path.map_or_else(|| show(written), |path| self.root.display(&path)))
        })
    }

    fn resolve(&mut self, from: &str, written: &Path) -> Result<Source, (Option<PathBuf>, Refused)> {
        if written.is_absolute() {
            return Err((None, Refused::Absolute));
        }
        let beside = self.paths.get(from).and_then(|path| path.parent()).unwrap_or(Path::new(""));
        let path = normalise(beside, written).ok_or((None, Refused::LeavesRoot))?;
        self.read(&path).map_err(|refused| (Some(path), refused))
    }
}
