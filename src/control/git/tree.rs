//! A commit's tree as files of one moment.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::object::tree::EntryKind;

use super::{Refusal, Repository};
use crate::control::load::{Snapshot, TextId, Texts};
use crate::diagnostic::codes;

/// Directories inside each other that are entered; a deeper tree holds no zones.
const MAX_DEPTH: usize = 32;

/// Files that are listed: ten for each of a hundred thousand zones.
const MAX_FILES: usize = 1_000_000;

impl Repository {
    /// The files below `path` in a commit's tree, with their texts still to be read.
    ///
    /// # Errors
    ///
    /// An object cannot be read, `path` is no directory there, or something below it is no plain file.
    pub fn snapshot(&self, commit: ObjectId, path: &Path) -> Result<Snapshot, Refusal> {
        let tree = self.descend(&self.local(), commit, path)?;
        self.files(commit, tree, path)
    }

    /// The files of a tree that a commit has at `path`, with their texts still to be read.
    ///
    /// # Errors
    ///
    /// An object cannot be read, or something in the tree is no plain file.
    pub fn files(&self, commit: ObjectId, tree: ObjectId, path: &Path) -> Result<Snapshot, Refusal> {
        let local = self.local();
        let mut walk = Walk { repository: self, local: &local, commit, shown: path, files: Vec::new() };
        walk.enter(tree, Path::new(""), 0)?;
        let texts = Blobs { repository: self.clone() };
        Ok(Snapshot::new(path.to_owned(), walk.files, Arc::new(texts)))
    }

    /// The plain files that lie in the directory `path` of a commit's tree itself, links and directories left out; none
    /// where there is no such directory.
    ///
    /// # Errors
    ///
    /// An object cannot be read.
    pub fn plain_files(&self, commit: ObjectId, path: &Path) -> Result<Option<Snapshot>, Refusal> {
        let local = self.local();
        let tree = match self.descend(&local, commit, path) {
            // There is no such directory, which is another thing than an object that cannot be read.
            Err(refusal) if refusal.is_final() => return Ok(None),
            tree => tree?,
        };
        let tree = self.object(&local, tree, gix::object::Kind::Tree)?.into_tree();
        let files = tree.iter().filter_map(Result::ok).filter_map(|entry| {
            let is_plain = matches!(entry.mode().kind(), EntryKind::Blob | EntryKind::BlobExecutable);
            is_plain.then(|| (PathBuf::from(OsStr::from_bytes(entry.filename())), text_id(entry.object_id())))
        });
        let texts = Blobs { repository: self.clone() };
        Ok(Some(Snapshot::new(path.to_owned(), files.take(MAX_FILES), Arc::new(texts))))
    }

    /// The tree at `path` of a commit's.
    fn descend(&self, local: &gix::Repository, commit: ObjectId, path: &Path) -> Result<ObjectId, Refusal> {
        let object = self.object(local, commit, gix::object::Kind::Commit)?.into_commit();
        let tree = object.tree_id().map_err(|error| self.unreadable(&commit.to_string(), &error))?.detach();
        self.tree_at(local, tree, path)?.ok_or_else(|| {
            let shown = path.display();
            let headline = format!("commit {commit} has no directory `{shown}`");
            Refusal::new(&codes::COMMIT_REFUSED, shown.to_string(), headline)
                .why("without it nobody knows which zones there are, so all stay as they were")
                .fix("bring the directory back, or let `path` under [source] name the right one")
        })
    }

    /// The tree at `path` of another; none if there is none.
    pub(super) fn tree_at(
        &self,
        local: &gix::Repository,
        mut tree: ObjectId,
        path: &Path,
    ) -> Result<Option<ObjectId>, Refusal> {
        for part in path.components() {
            let object = self.object(local, tree, gix::object::Kind::Tree)?.into_tree();
            let found = object
                .iter()
                .filter_map(Result::ok)
                .find(|entry| entry.mode().is_tree() && entry.filename().as_bytes() == part.as_os_str().as_bytes());
            let Some(entry) = found else { return Ok(None) };
            tree = entry.object_id();
        }
        Ok(Some(tree))
    }
}

struct Walk<'r> {
    repository: &'r Repository,
    local: &'r gix::Repository,
    commit: ObjectId,
    shown: &'r Path,
    files: Vec<(PathBuf, TextId)>,
}

impl Walk<'_> {
    fn enter(&mut self, tree: ObjectId, directory: &Path, depth: usize) -> Result<(), Refusal> {
        if depth > MAX_DEPTH {
            return Err(self.refused(directory, format!("lies more than {MAX_DEPTH} directories deep")));
        }
        let object = self.repository.object(self.local, tree, gix::object::Kind::Tree)?.into_tree();
        for entry in object.iter() {
            let entry = entry.map_err(|error| self.repository.unreadable(&tree.to_string(), &error))?;
            let name = entry.filename();
            let path = directory.join(OsStr::from_bytes(name));
            if matches!(name.as_bytes(), b"" | b"." | b"..") || name.contains(&b'/') {
                return Err(self.refused(&path, "is a name that no file can have".into()));
            }
            self.take(&path, entry.mode(), entry.object_id(), depth)?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        path: &Path,
        mode: gix::object::tree::EntryMode,
        id: ObjectId,
        depth: usize,
    ) -> Result<(), Refusal> {
        // Modes that git itself writes; older tools wrote others, which say nothing clear.
        match (mode.value(), mode.kind()) {
            (0o040_000, EntryKind::Tree) => self.enter(id, path, depth + 1),
            (0o100_644 | 0o100_755, _) if self.files.len() >= MAX_FILES => {
                Err(self.refused(path, format!("is one file too many: {MAX_FILES} are listed at most")))
            }
            (0o100_644 | 0o100_755, _) => {
                self.files.push((path.to_owned(), text_id(id)));
                Ok(())
            }
            (_, EntryKind::Link) => Err(self.refused(path, "is a symbolic link".into())),
            (_, EntryKind::Commit) => Err(self.refused(path, "is a submodule".into())),
            (mode, _) => Err(self.refused(path, format!("has the mode {mode:06o}"))),
        }
    }

    fn refused(&self, path: &Path, what: String) -> Refusal {
        let shown = self.shown.join(path).display().to_string();
        let headline = format!("`{shown}` {what} in commit {}", self.commit);
        Refusal::new(&codes::COMMIT_REFUSED, shown, headline)
            .why("only plain files and directories say the same on every node, so the commit is refused whole")
            .fix("put a plain file there, or move it out of the zone directory, and commit again")
    }
}

/// A git object's id as a text's; SHA-1's twenty octets are filled up with zeros.
fn text_id(id: ObjectId) -> TextId {
    let mut text = [0; 32];
    text[..id.as_slice().len()].copy_from_slice(id.as_slice());
    text
}

/// Texts of a repository's blobs.
#[derive(Debug)]
struct Blobs {
    repository: Repository,
}

impl Texts for Blobs {
    fn read(&self, id: &TextId, limit: u32) -> io::Result<Arc<[u8]>> {
        let local = self.repository.local();
        let length = local.object_hash().len_in_bytes();
        let id = ObjectId::from_bytes_or_panic(&id[..length]);
        let unreadable = |error: gix::Error| io::Error::other(format!("object {id}: {error}"));
        let header = local.find_header(id).map_err(unreadable)?;
        match header.kind() {
            gix::object::Kind::Blob if header.size() > u64::from(limit) => Err(io::ErrorKind::FileTooLarge.into()),
            gix::object::Kind::Blob => {
                local.find_object(id).map(|object| object.data.as_slice().into()).map_err(unreadable)
            }
            kind => Err(io::Error::other(format!("object {id} is a {kind}, where a blob was listed"))),
        }
    }
}
