//! The line of first parents, with what lay at a path in each of its commits: what a server that follows the branch served.

use std::path::Path;

use gix::ObjectId;

use super::{Refusal, Repository};

/// Commits of a line that are read; a longer history than git's own is no zone's.
const MAX_COMMITS: usize = 1_000_000;

/// A commit of a line.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Its id.
    pub id: ObjectId,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// The tree at the path; none: there was none.
    pub tree: Option<ObjectId>,
}

/// First parents from a commit back, the newest first.
#[derive(Clone, Default, Debug)]
pub struct Line {
    /// Its commits.
    pub steps: Vec<Step>,
    /// Whether it ends where a shallow clone is cut off.
    pub is_cut: bool,
    /// The commit before which it was to end, if it came to it.
    pub until: Option<ObjectId>,
}

impl Repository {
    /// The line from `newest` back to the start, and the tree at `path` in each of its commits.
    ///
    /// # Errors
    ///
    /// A commit or tree of it cannot be read, or it is longer than a million commits.
    pub fn line_at(&self, newest: ObjectId, path: &Path) -> Result<Line, Refusal> {
        self.line_until(newest, path, None)
    }

    /// The same, ending before a commit, if it comes to it.
    ///
    /// # Errors
    ///
    /// As [`line_at`](Self::line_at).
    pub fn line_until(&self, newest: ObjectId, path: &Path, until: Option<ObjectId>) -> Result<Line, Refusal> {
        let local = self.local();
        let edge = local.shallow_commits().ok().flatten();
        let (mut line, mut next, mut last) = (Line::default(), Some(newest), None);
        while let Some(id) = next {
            if Some(id) == until {
                (line.until, line.is_cut) = (until, false);
                break;
            }
            if line.steps.len() == MAX_COMMITS {
                return Err(self.refused(format!("the history of `{newest}` has more than {MAX_COMMITS} commits")));
            }
            let commit = self.object(&local, id, gix::object::Kind::Commit)?.into_commit();
            let whole = commit.tree_id().map_err(|error| self.unreadable(&id.to_string(), &error))?.detach();
            let tree = match last {
                Some((known, tree)) if known == whole => tree,
                _ => self.tree_at(&local, whole, path)?,
            };
            last = Some((whole, tree));
            line.steps.push(Step { id, time: commit.time().map_or(0, |time| time.seconds), tree });
            line.is_cut = edge.as_ref().is_some_and(|edge| edge.contains(&id));
            next = commit.parent_ids().next().filter(|_| !line.is_cut).map(gix::Id::detach);
        }
        Ok(line)
    }
}

/// The moment that a date means, in seconds since 1970, in any form that git reads; a day alone means its end, in UTC.
pub fn moment(text: &str) -> Option<i64> {
    const DAY: i64 = 24 * 3600;
    let is_day =
        text.len() == 10 && text.contains('-') && text.bytes().all(|octet| octet.is_ascii_digit() || octet == b'-');
    let whole = match text.strip_suffix(" UTC").or(text.strip_suffix('Z')) {
        // Git knows neither `Z` nor `UTC`, and wants seconds.
        Some(bare) => format!("{}{} +0000", bare.replacen('T', " ", 1), if bare.len() == 16 { ":00" } else { "" }),
        None if is_day => format!("{text} 00:00:00 +0000"),
        None => text.to_owned(),
    };
    let time = gix::date::parse(&whole, Some(gix::date::Zoned::now())).ok()?;
    Some(if is_day { time.seconds + DAY - 1 } else { time.seconds })
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn dates_are_read_as_git_reads_them_and_days_end() {
        let table = [
            ("2026-11-01", Some(1_793_577_599)),
            ("2026-11-01 00:00:00 +0000", Some(1_793_491_200)),
            ("2026-11-01T00:00:00Z", Some(1_793_491_200)),
            ("2026-11-01T00:00Z", Some(1_793_491_200)),
            ("2026-11-01 00:00 UTC", Some(1_793_491_200)),
            ("2026-11-01T02:00:00+02:00", Some(1_793_491_200)),
            ("1793491200", Some(1_793_491_200)),
            ("2026-13-01", None),
            ("no day at all", None),
        ];
        for (text, wanted) in table {
            assert_eq!(moment(text), wanted, "{text}");
        }
        assert!(moment("2 weeks ago").is_some_and(|time| time > 1_700_000_000));
    }
}
