//! Who wrote lines of a file.
//!
//! In: a commit, a path in its tree, a text that may have changed since, and the lines that are asked about. Out: for each the
//! commit that wrote it, or why none can be named.
//!
//! # Design
//!
//! What `git blame` does, for a few lines of one file: a line is a parent's as long as the parent has it, and is followed into
//! every parent of a merge, so that a change is its author's and not whoever's merged it. Most commits do not touch the file:
//! they cost the ids on the way to it, and its text is read only where that differs from all parents'. gix's own blame would
//! bring attributes, filters and work trees with it, and has no bound. A file that was moved is not looked for under its old
//! name: the commit that put it where it is is named as that, and no more is said.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::object::Kind;
use imara_diff::{Algorithm, Diff, InternedInput, sources::byte_lines};

use super::{Refusal, Repository};

/// Commits that are looked at for one file, and the octets of its versions that are compared: some seconds at the worst.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Commits.
    pub commits: usize,
    /// Octets of texts.
    pub octets: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { commits: 100_000, octets: 256 << 20 }
    }
}

/// Where a line comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The commit wrote it.
    Wrote(ObjectId),
    /// The commit added the file with the line in it; the line may have stood in another file before.
    Added(ObjectId),
    /// The line is in no commit yet.
    Uncommitted,
    /// The history is cut off at this commit, which has the line: a shallow clone.
    CutOff(ObjectId),
    /// This commit has the line, and so many were looked at without finding where it comes from.
    Older(ObjectId, usize),
}

impl Repository {
    /// Where `lines` of `text`, each counted from 1, come from: `text` is the file at `path` as it is now, `head` the commit that
    /// it started from. An answer for each line, in their order.
    ///
    /// # Errors
    ///
    /// An object on the way cannot be read.
    pub fn blame(
        &self,
        head: ObjectId,
        path: &Path,
        text: &[u8],
        lines: &[u32],
        bounds: Bounds,
    ) -> Result<Vec<Origin>, Refusal> {
        let local = self.local();
        let edge = local.shallow_commits().map_err(|error| self.unreadable("the shallow history", &error))?;
        let edge = edge.map(|edge| edge.iter().copied().collect()).unwrap_or_default();
        let mut blame = Blame {
            files: Files { repository: self, local: &local, path, read: HashMap::new(), known: HashMap::new() },
            edge,
            bounds,
            todo: BinaryHeap::new(),
            suspects: HashMap::new(),
            origins: vec![Origin::Uncommitted; lines.len()],
        };
        blame.start(head, text, lines)?;
        blame.run()?;
        Ok(blame.origins)
    }
}

/// A line that is asked about: its place among the answers, and its number, from 0, in the version at hand.
type Asked = (usize, u32);

struct Blame<'r> {
    files: Files<'r>,
    /// Commits whose parents a shallow clone lacks.
    edge: HashSet<ObjectId>,
    bounds: Bounds,
    /// Commits to look at, the newest first: both sides of a merge are done before what they have in common.
    todo: BinaryHeap<(i64, ObjectId)>,
    /// The lines that a commit has: each is its own, or one of its ancestors'.
    suspects: HashMap<ObjectId, Vec<Asked>>,
    origins: Vec<Origin>,
}

impl Blame<'_> {
    /// Hands the lines that are in `head` to it; the others stay uncommitted.
    fn start(&mut self, head: ObjectId, text: &[u8], lines: &[u32]) -> Result<(), Refusal> {
        let commit = self.files.read(head)?;
        let Some(blob) = self.files.of(&commit)? else { return Ok(()) };
        let asked: Vec<Asked> = lines.iter().map(|line| line.saturating_sub(1)).enumerate().collect();
        let old = self.files.text(blob)?;
        let (kept, _) = split(&old, text, asked);
        self.hand(head, kept)
    }

    fn run(&mut self) -> Result<(), Refusal> {
        let mut looked = 0;
        while let Some((_, id)) = self.todo.pop() {
            let Some(asked) = self.suspects.remove(&id) else { continue };
            if looked >= self.bounds.commits || self.bounds.octets == 0 {
                self.conclude(&asked, Origin::Older(id, looked));
                continue;
            }
            looked += 1;
            self.look(id, asked)?;
        }
        Ok(())
    }

    /// Hands what a commit has from its parents on to them, and keeps the rest as its own.
    fn look(&mut self, id: ObjectId, asked: Vec<Asked>) -> Result<(), Refusal> {
        if self.edge.contains(&id) {
            self.conclude(&asked, Origin::CutOff(id));
            return Ok(());
        }
        let commit = self.files.read(id)?;
        let own = self.files.of(&commit)?;
        let mut parents = Vec::new();
        for &parent in &commit.parents {
            let before = self.files.read(parent)?;
            match self.files.of(&before)? {
                // The same text: a merge took it over as it was, or the commit is about other files.
                found if found == own => return self.hand(parent, asked),
                Some(found) => parents.push((parent, found)),
                None => {}
            }
        }
        let (Some(own), false) = (own, parents.is_empty()) else {
            self.conclude(&asked, Origin::Added(id));
            return Ok(());
        };
        self.compare(id, own, parents, asked)
    }

    /// Hands each line to the first parent whose text has it.
    fn compare(
        &mut self,
        id: ObjectId,
        own: ObjectId,
        parents: Vec<(ObjectId, ObjectId)>,
        mut asked: Vec<Asked>,
    ) -> Result<(), Refusal> {
        let new = self.files.text(own)?;
        for (parent, blob) in parents {
            let old = self.files.text(blob)?;
            self.bounds.octets = self.bounds.octets.saturating_sub(old.len() + new.len());
            let (kept, rest) = split(&old, &new, asked);
            self.hand(parent, kept)?;
            asked = rest;
        }
        self.conclude(&asked, Origin::Wrote(id));
        Ok(())
    }

    fn hand(&mut self, id: ObjectId, asked: Vec<Asked>) -> Result<(), Refusal> {
        if asked.is_empty() {
            return Ok(());
        }
        let time = self.files.read(id)?.time;
        let known = self.suspects.entry(id).or_default();
        if known.is_empty() {
            self.todo.push((time, id));
        }
        known.extend(asked);
        Ok(())
    }

    fn conclude(&mut self, asked: &[Asked], origin: Origin) {
        asked.iter().for_each(|&(index, _)| self.origins[index] = origin);
    }
}

/// The lines of `new` that `old` has, by their numbers there, and those that it has not.
fn split(old: &[u8], new: &[u8], asked: Vec<Asked>) -> (Vec<Asked>, Vec<Asked>) {
    let input = InternedInput::new(byte_lines(old), byte_lines(new));
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_lines(&input);
    let hunks: Vec<_> = diff.hunks().collect();
    let count = u32::try_from(input.after.len()).unwrap_or(u32::MAX);
    let (mut kept, mut rest) = (Vec::new(), Vec::new());
    for (index, line) in asked {
        // Hunks ascend, so the last one that starts at or before the line decides.
        let before = hunks.partition_point(|hunk| hunk.after.start <= line);
        match before.checked_sub(1).map(|last| &hunks[last]) {
            _ if line >= count => rest.push((index, line)),
            None => kept.push((index, line)),
            Some(hunk) if line < hunk.after.end => rest.push((index, line)),
            Some(hunk) => kept.push((index, hunk.before.end + (line - hunk.after.end))),
        }
    }
    (kept, rest)
}

/// What of a commit matters here.
struct Read {
    tree: ObjectId,
    parents: Vec<ObjectId>,
    time: i64,
}

/// One path, in the trees of many commits.
struct Files<'r> {
    repository: &'r Repository,
    local: &'r gix::Repository,
    path: &'r Path,
    /// Commits that were read: each is met as a parent, then for itself.
    read: HashMap<ObjectId, Rc<Read>>,
    /// What lies at the path's parts below trees that were met: they repeat from commit to commit.
    known: HashMap<(ObjectId, usize), Option<ObjectId>>,
}

impl Files<'_> {
    fn read(&mut self, id: ObjectId) -> Result<Rc<Read>, Refusal> {
        if let Some(known) = self.read.get(&id) {
            return Ok(known.clone());
        }
        let commit = self.repository.object(self.local, id, Kind::Commit)?.into_commit();
        let tree = commit.tree_id().map_err(|error| self.repository.unreadable(&id.to_string(), &error))?;
        let read = Rc::new(Read {
            tree: tree.detach(),
            parents: commit.parent_ids().map(gix::Id::detach).collect(),
            time: commit.time().map_or(0, |time| time.seconds),
        });
        self.read.insert(id, read.clone());
        Ok(read)
    }

    /// The blob at the path of a commit; none where it has no such file.
    fn of(&mut self, commit: &Read) -> Result<Option<ObjectId>, Refusal> {
        let mut id = commit.tree;
        let mut parts = self.path.components().enumerate().peekable();
        while let Some((depth, part)) = parts.next() {
            let is_last = parts.peek().is_none();
            let found = match self.known.get(&(id, depth)) {
                Some(&known) => known,
                None => {
                    let name = part.as_os_str().as_encoded_bytes();
                    let found = self.entry(id, name, is_last)?;
                    self.known.insert((id, depth), found);
                    found
                }
            };
            let Some(next) = found else { return Ok(None) };
            id = next;
        }
        Ok(Some(id))
    }

    /// The entry of a tree: a file's, or else a directory's.
    fn entry(&self, tree: ObjectId, name: &[u8], is_file: bool) -> Result<Option<ObjectId>, Refusal> {
        let tree = self.repository.object(self.local, tree, Kind::Tree)?.into_tree();
        let is_it = |mode: gix::object::tree::EntryMode| if is_file { mode.is_blob() } else { mode.is_tree() };
        let mut entries = tree.iter().filter_map(Result::ok);
        let entry = entries.find(|entry| entry.filename().as_bytes() == name && is_it(entry.mode()));
        Ok(entry.map(|entry| entry.object_id()))
    }

    fn text(&self, blob: ObjectId) -> Result<Vec<u8>, Refusal> {
        Ok(self.repository.object(self.local, blob, Kind::Blob)?.detach().data)
    }
}
