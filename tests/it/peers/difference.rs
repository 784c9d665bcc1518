//! Where servers differ: what we do, who does otherwise, and the sentence that ours rests on.

use super::essence::{Essence, Part};
use super::question::Question;
use super::rows::DIFFERENCES;

/// A question, our answer and that of another make.
pub(super) struct Case<'c> {
    /// Of all zones that are served.
    pub(super) apexes: &'c [String],
    pub(super) question: &'c Question,
    pub(super) make: Make,
    pub(super) mine: &'c Essence,
    pub(super) theirs: &'c Essence,
}

/// Those that are asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Make {
    Nsd,
    Knot,
    Bind,
}

/// A row: a kind of case in which some differ from us, and in which parts of their answers.
pub(super) struct Difference {
    pub(super) name: &'static str,
    pub(super) who: &'static [Make],
    pub(super) parts: &'static [Part],
    pub(super) covers: fn(&Case<'_>) -> bool,
    /// Why ours is right, or as good.
    #[expect(dead_code, reason = "read by people")]
    pub(super) because: &'static str,
}

impl Case<'_> {
    /// The rows that explain each part in which the answers differ; the first such part where there is none.
    pub(super) fn explain(&self) -> Result<Vec<&'static str>, Part> {
        let explains =
            |row: &&Difference, part| row.who.contains(&self.make) && row.parts.contains(&part) && (row.covers)(self);
        let row = |part| DIFFERENCES.iter().find(|row| explains(row, part)).map(|row| row.name).ok_or(part);
        self.mine.differing(self.theirs).into_iter().map(row).collect()
    }

    /// Who differs from us in what: cases of one kind look alike.
    pub(super) fn kind(&self) -> String {
        format!("{:?} {:?}", self.make, self.mine.differing(self.theirs))
    }
}

impl std::fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n  here {:?}\n  {:?}", self.question, self.mine, self.make)?;
        self.mine.differing(self.theirs).iter().try_for_each(|&part| write!(f, " {part:?}={}", self.theirs.part(part)))
    }
}
