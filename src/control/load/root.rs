//! Where a zone's files are read from: a directory, or files of one moment.
//!
//! A [`Directory`] moves while it is read; a [`Snapshot`] (a commit's tree, a saved set) cannot. Everything above reads
//! either by paths relative to its root, and learns what it needs to know of a file's state from [`Sight`].

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::directory::{Directory, Presence};
use super::refused::Refused;
use super::snapshot::Snapshot;
use super::stamp::Sight;

/// The root of zone files: nothing outside it is read.
#[derive(Debug)]
pub enum Root {
    /// On disk, moving.
    Directory(Directory),
    /// Of one moment.
    Snapshot(Snapshot),
}

impl Root {
    /// Opens a zone directory; links in its own path are the operator's, and followed.
    ///
    /// # Errors
    ///
    /// The system's, if it is missing, no directory, or closed to us.
    pub fn open(directory: &Path) -> std::io::Result<Self> {
        Directory::open(directory).map(Self::Directory)
    }

    /// Whether the other is the same directory, and was not put in this one's place.
    pub fn is(&self, other: &Root) -> bool {
        self.identity().is_some_and(|identity| other.identity() == Some(identity))
    }

    /// Which directory it is, by whatever name: its device and inode; a snapshot is none.
    pub fn identity(&self) -> Option<(u64, u64)> {
        match self {
            Self::Directory(directory) => directory.identity(),
            Self::Snapshot(_) => None,
        }
    }

    /// Whether a search would find a file here.
    pub fn presence(&self, path: &Path) -> Presence {
        match self {
            Self::Directory(directory) => directory.presence(path),
            Self::Snapshot(snapshot) if snapshot.has(path) => Presence::There,
            Self::Snapshot(_) => Presence::Absent,
        }
    }

    /// The directory on disk, as it was named; of a snapshot, where its files lay.
    pub fn directory(&self) -> &Path {
        match self {
            Self::Directory(directory) => &directory.directory,
            Self::Snapshot(snapshot) => snapshot.shown(),
        }
    }

    /// The directory as a person here would type it.
    pub fn shown(&self) -> &Path {
        match self {
            Self::Directory(directory) => &directory.shown,
            Self::Snapshot(snapshot) => snapshot.shown(),
        }
    }

    /// The path a person here would type for a file of the root; octets that are not UTF-8 as `\xNN`.
    pub fn display(&self, file: &Path) -> String {
        show(&match self {
            Self::Directory(directory) => directory.shown.join(file),
            Self::Snapshot(snapshot) => snapshot.shown().join(file),
        })
    }

    /// A path as one below the root: a relative one is taken to be one already. None if its text leads outside.
    pub fn relative(&self, file: &Path) -> Option<PathBuf> {
        let file = if file.is_absolute() { file.strip_prefix(self.directory()).ok()? } else { file };
        normalise(Path::new(""), file)
    }

    pub(super) fn look(&self, path: &Path) -> Sight {
        match self {
            Self::Directory(directory) => directory.look(path),
            Self::Snapshot(snapshot) => snapshot.look(path),
        }
    }

    /// The text of a file, if it is there and has no more than `limit` octets.
    pub fn text(&self, path: &Path, limit: u32) -> Option<Arc<[u8]>> {
        self.read(path, limit).1.ok()
    }

    pub(super) fn read(&self, path: &Path, limit: u32) -> (Sight, Result<Arc<[u8]>, Refused>) {
        match self {
            Self::Directory(directory) => directory.read(path, limit),
            Self::Snapshot(snapshot) => snapshot.read(path, limit),
        }
    }
}

/// The path `written` beside a file of the directory `from`, `.` and `..` resolved in its text; none if it leads outside.
pub(in crate::control) fn normalise(from: &Path, written: &Path) -> Option<PathBuf> {
    let mut path = from.to_path_buf();
    for part in written.components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::ParentDir => path.pop().then_some(())?,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

pub(super) fn show(path: &Path) -> String {
    let mut shown = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        shown.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|octet| shown.push_str(&format!("\\x{octet:02x}")));
    }
    shown
}
