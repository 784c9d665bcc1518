//! Where a commit stands to another.

use std::collections::{HashSet, VecDeque};

use gix::ObjectId;

use super::{Refusal, Repository};

/// Commits that are looked at to find whether one comes from another; a longer history than git's own is no zone's.
const MAX_COMMITS: usize = 1_000_000;

impl Repository {
    /// Whether `newer` is `older`, or has it among its ancestors.
    ///
    /// # Errors
    ///
    /// A commit between them cannot be read: the history may be cut off (a shallow clone).
    pub fn comes_from(&self, newer: ObjectId, older: ObjectId) -> Result<bool, Refusal> {
        let mut walk = Walk::from(self, newer);
        let is_found = walk.any(|id| id == older)?;
        if is_found || !walk.is_cut {
            return Ok(is_found);
        }
        Err(self
            .refused(format!("the history of `{}` is cut off before `{older}`", self.shown))
            .why("a shallow clone cannot say whether a commit comes from the one that is served")
            .fix("fetch all of it: `git fetch --unshallow`"))
    }

    /// A commit and all its ancestors, as far as the history goes.
    pub(super) fn ancestors(&self, id: ObjectId) -> Result<HashSet<ObjectId>, Refusal> {
        let mut walk = Walk::from(self, id);
        walk.any(|_| false)?;
        Ok(walk.seen)
    }

    /// The best common ancestor of two commits.
    ///
    /// # Errors
    ///
    /// They have none, or the history cannot be read.
    pub fn merge_base(&self, one: ObjectId, other: ObjectId) -> Result<ObjectId, Refusal> {
        let local = self.local();
        let base = local.merge_base(one, other).map_err(|error| self.unreadable("the history", &error))?;
        base.map(gix::Id::detach).ok_or_else(|| {
            self.refused(format!("`{one}` and `{other}` have no common ancestor here"))
                .fix("fetch the whole history: a shallow clone is cut off (`fetch-depth: 0` in a workflow)")
        })
    }

    /// Whether a commit that `newer` has among its ancestors and `older` has not, or `newer` itself, has the trailer
    /// `key: value` (git-interpret-trailers(1)): a line of its message's last paragraph, whatever the case.
    ///
    /// # Errors
    ///
    /// The history between the two cannot be read.
    pub fn has_trailer(&self, older: ObjectId, newer: ObjectId, key: &str, value: &str) -> Result<bool, Refusal> {
        let local = self.local();
        let walk = local.rev_walk([newer]).with_hidden([older]).all();
        let walk = walk.map_err(|error| self.unreadable("the history", &error))?;
        for step in walk.take(MAX_COMMITS) {
            let id = step.map_err(|error| self.unreadable("the history", &error))?.id;
            let commit = self.object(&local, id, gix::object::Kind::Commit)?.into_commit();
            let message = commit.message_raw().map_err(|error| self.unreadable(&id.to_string(), &error))?;
            if is_trailed(message, key, value) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The first-parent line from `newest` back, it included, `count` commits at most.
    ///
    /// # Errors
    ///
    /// The newest cannot be read; further back, the line ends where it is cut off.
    pub fn line(&self, newest: ObjectId, count: usize) -> Result<Vec<ObjectId>, Refusal> {
        let local = self.local();
        let mut line = vec![newest];
        let mut parents = self.parents(&local, newest)?;
        while let Some(&first) = parents.first().filter(|_| line.len() < count) {
            let Ok(next) = self.parents(&local, first) else { break };
            line.push(first);
            parents = next;
        }
        Ok(line)
    }

    /// A commit's own parents, as it was written: no graft is followed.
    pub(super) fn parents(&self, local: &gix::Repository, id: ObjectId) -> Result<Vec<ObjectId>, Refusal> {
        let commit = self.object(local, id, gix::object::Kind::Commit)?.into_commit();
        Ok(commit.parent_ids().map(gix::Id::detach).collect())
    }
}

/// Whether the last paragraph of a message, its first excepted, has the line `key: value`.
fn is_trailed(message: &[u8], key: &str, value: &str) -> bool {
    let text = String::from_utf8_lossy(message);
    let paragraphs = text.trim_end().split("\n\n").skip(1);
    let is_it = |line: &str| {
        line.split_once(':').is_some_and(|(name, said)| {
            name.trim_end().eq_ignore_ascii_case(key) && said.trim().eq_ignore_ascii_case(value)
        })
    };
    paragraphs.last().is_some_and(|last| last.lines().any(is_it))
}

/// A commit and its ancestors, the nearest first.
struct Walk<'r> {
    repository: &'r Repository,
    seen: HashSet<ObjectId>,
    todo: VecDeque<ObjectId>,
    /// Whether the history ended where a shallow clone was cut off.
    is_cut: bool,
}

impl<'r> Walk<'r> {
    fn from(repository: &'r Repository, start: ObjectId) -> Self {
        Self { repository, seen: HashSet::from([start]), todo: VecDeque::from([start]), is_cut: false }
    }

    /// Whether one of them is what is looked for.
    fn any(&mut self, mut is_it: impl FnMut(ObjectId) -> bool) -> Result<bool, Refusal> {
        let local = self.repository.local();
        let edge = local.shallow_commits().ok().flatten();
        while let Some(id) = self.todo.pop_front() {
            if is_it(id) {
                return Ok(true);
            }
            if self.seen.len() > MAX_COMMITS {
                return Err(self.repository.refused(format!("a commit has more than {MAX_COMMITS} ancestors")));
            }
            if edge.as_ref().is_some_and(|edge| edge.contains(&id)) {
                self.is_cut = true;
                continue;
            }
            let parents = self.repository.parents(&local, id)?;
            self.todo.extend(parents.into_iter().filter(|&parent| self.seen.insert(parent)));
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::is_trailed;

    #[test]
    fn a_trailer_is_a_line_of_the_last_paragraph() {
        let table = [
            ("subject\n\nZone-Mass-Change: yes\n", true),
            ("subject\n\nbody\n\nSigned-off-by: A <a@b>\nzone-mass-change:  YES\n\n", true),
            ("subject\n\nZone-Mass-Change: yes\n\nmore of the body\n", false),
            ("Zone-Mass-Change: yes\n", false),
            ("subject\n\nZone-Mass-Change: no\n", false),
            ("subject\n\nno Zone-Mass-Change: yes\n", false),
        ];
        for (message, wanted) in table {
            assert_eq!(is_trailed(message.as_bytes(), "Zone-Mass-Change", "yes"), wanted, "{message}");
        }
    }
}
