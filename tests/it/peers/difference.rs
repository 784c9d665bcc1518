//! Where servers differ: what we do, whom that is like, and the sentence it rests on.

use super::essence::Essence;
use super::question::Question;

/// A question and everybody's answer.
pub(super) struct Case<'c> {
    pub(super) set: &'static str,
    pub(super) question: &'c Question,
    pub(super) mine: &'c Essence,
    pub(super) nsd: &'c Essence,
    pub(super) knot: &'c Essence,
    pub(super) bind: &'c Essence,
}

/// What is said of a case.
pub(super) enum Verdict {
    /// All four say the same.
    Agreed,
    /// They differ, and the row says why.
    Known(&'static Difference),
    /// They differ, and nothing says why.
    Unknown,
}

/// A row: a kind of case in which servers differ.
pub(super) struct Difference {
    pub(super) name: &'static str,
    /// Whose answer ours is, in this case; nobody's if empty.
    like: &'static [Make],
    /// Why ours is right, or as good.
    #[expect(dead_code, reason = "read by people")]
    because: &'static str,
    covers: fn(&Case<'_>) -> bool,
}

/// Those that are asked.
#[derive(Clone, Copy)]
enum Make {
    Nsd,
    Knot,
    Bind,
}

impl Case<'_> {
    fn of(&self, make: Make) -> &Essence {
        match make {
            Make::Nsd => self.nsd,
            Make::Knot => self.knot,
            Make::Bind => self.bind,
        }
    }

    pub(super) fn judge(&self) -> Verdict {
        let all = [self.nsd, self.knot, self.bind];
        // A zone that one of them refuses to load (a wildcard's NS, a cut that is a DNAME) is judged by the others.
        let mut loaded = all.into_iter().filter(|one| one.rcode != "SERVFAIL").peekable();
        let is_agreed = match loaded.peek() {
            None => all.iter().all(|one| *one == self.mine),
            Some(_) => loaded.all(|one| one == self.mine),
        };
        if is_agreed {
            return Verdict::Agreed;
        }
        let row = DIFFERENCES.iter().find(|row| (row.covers)(self) && row.like.iter().all(|&make| self.of(make) == self.mine));
        row.map_or(Verdict::Unknown, Verdict::Known)
    }
}

impl std::fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.set, self.question)?;
        let all = [("here", self.mine), ("nsd", self.nsd), ("knot", self.knot), ("bind", self.bind)];
        all.iter().try_for_each(|(name, essence)| write!(f, "\n  {name:5} {essence:?}"))
    }
}

/// The rows; the first that covers a case explains it.
static DIFFERENCES: &[Difference] = &[];
