//! Files of one moment that nothing changes under its reader: a commit's tree, or a saved set.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::ops::Bound;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::refused::Refused;
use super::stamp::{Seen, Sight};

/// What names a text in its store: a git object's id, or a hash of the text; shorter ones are filled up with zeros.
pub type TextId = [u8; 32];

/// Where the texts of a snapshot are.
pub trait Texts: fmt::Debug + Send + Sync {
    /// The text that `id` names.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::FileTooLarge`] if it has more than `limit` octets; what else keeps it from being read, whole and as
    /// it was.
    fn read(&self, id: &TextId, limit: u32) -> io::Result<Arc<[u8]>>;
}

/// A store without any text.
#[derive(Debug)]
struct Nothing;

impl Texts for Nothing {
    fn read(&self, _id: &TextId, _limit: u32) -> io::Result<Arc<[u8]>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

impl Default for Snapshot {
    /// No files.
    fn default() -> Self {
        Self::new(PathBuf::new(), [], Arc::new(Nothing))
    }
}

/// Paths below a root, and the texts that lay there.
#[derive(Clone, Debug)]
pub struct Snapshot {
    shown: PathBuf,
    /// By path, in the order of octets: paths themselves compare part by part, which is several times dearer.
    files: BTreeMap<OsString, TextId>,
    texts: Arc<dyn Texts>,
}

impl Snapshot {
    /// The `files`, shown to people as lying in the directory `shown`.
    pub fn new(shown: PathBuf, files: impl IntoIterator<Item = (PathBuf, TextId)>, texts: Arc<dyn Texts>) -> Self {
        let files = files.into_iter().map(|(path, id)| (path.into_os_string(), id)).collect();
        Self { shown, files, texts }
    }

    /// The same files, shown to people as lying elsewhere.
    pub fn shown_as(self, shown: PathBuf) -> Self {
        Self { shown, ..self }
    }

    /// All paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(Path::new)
    }

    /// The paths at which another snapshot has another text, or none, or alone has one.
    pub fn changed<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = &'s Path> {
        let own = self.files.iter().filter(|(path, id)| other.files.get(*path) != Some(id));
        let gone = other.files.keys().filter(|path| !self.files.contains_key(*path));
        own.map(|(path, _)| path).chain(gone).map(Path::new)
    }

    /// Whether there is a file at a path.
    pub fn has(&self, path: &Path) -> bool {
        self.files.contains_key(path.as_os_str())
    }

    pub(super) fn shown(&self) -> &Path {
        &self.shown
    }

    pub(super) fn look(&self, path: &Path) -> Sight {
        let seen = self.files.get(path.as_os_str()).map_or(Seen::MISSING, |&id| Seen::Text(id));
        Sight { seen, is_linked: false }
    }

    pub(super) fn read(&self, path: &Path, limit: u32) -> (Sight, Result<Arc<[u8]>, Refused>) {
        let sight = self.look(path);
        let Some(id) = self.files.get(path.as_os_str()) else { return (sight, Err(self.absent(path))) };
        let text = self.texts.read(id, limit).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => Refused::TooLarge { limit },
            _ => Refused::Failed(error),
        });
        (sight, text)
    }

    /// Why there is no file at a path: it may be a directory's.
    fn absent(&self, path: &Path) -> Refused {
        let below = path.join("");
        let next = self.files.range::<OsStr, _>((Bound::Included(below.as_os_str()), Bound::Unbounded)).next();
        match next.is_some_and(|(next, _)| next.as_bytes().starts_with(below.as_os_str().as_bytes())) {
            true => Refused::NotPlain { kind: "a directory" },
            false => Refused::Missing,
        }
    }
}
