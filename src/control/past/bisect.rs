//! The commit that ended an expected answer, or began it.

use anyhow::bail;

use super::Past;
use crate::control::git::Commit;
use crate::review::Reply;
use crate::review::expect::{Expectation, judge};

/// Where to look.
#[derive(Clone, Copy, Default, Debug)]
pub struct Bounds {
    /// A commit of the line that is known to answer as expected.
    pub good: Option<usize>,
    /// A newer one that does not; none: the newest.
    pub bad: Option<usize>,
}

/// What was found.
#[derive(Debug)]
pub struct Bisected {
    /// Whether the newest commit looked at answers as expected.
    pub is_good: bool,
    /// The first commit since which it is so, what was answered before it and since; none if it was never otherwise.
    pub turn: Option<(Commit, [Option<Reply>; 2])>,
    /// How many commits were asked.
    pub asked: usize,
}

/// One search.
struct Search<'p> {
    past: &'p mut Past,
    test: &'p Expectation,
    asked: usize,
}

impl Past {
    /// Searches the line for the newest commit at which the answer ceased to be as `test` expects; where it is as expected at
    /// the end, for the one since which it is.
    ///
    /// From the end it steps back one, two, four … commits until it meets the other answer, and halves what lies between; so
    /// an answer that came and went in between may stay unseen. Where no step meets the other answer, all are asked.
    ///
    /// # Errors
    ///
    /// The history cannot be read, or a bound is not what it is said to be.
    pub fn bisect(&mut self, test: &Expectation, bounds: Bounds) -> anyhow::Result<Bisected> {
        let newest = bounds.bad.unwrap_or(0);
        let mut search = Search { past: self, test, asked: 0 };
        let is_good = search.is_good(newest)?;
        if is_good && bounds.bad.is_some() {
            bail!("the answer at the commit given as bad is as expected");
        }
        let other = match bounds.good.filter(|_| !is_good) {
            Some(good) if good <= newest => bail!("the commit given as good is not older than the bad one"),
            Some(good) if !search.is_good(good)? => bail!("the answer at the commit given as good is not as expected"),
            Some(good) => Some(good),
            None => search.other(newest, is_good)?,
        };
        let asked = search.asked;
        let Some(other) = other else { return Ok(Bisected { is_good, turn: None, asked }) };
        let first = search.between(newest, other, is_good)?;
        let asked = search.asked;
        let (name, rtype) = (test.name.as_ref(), test.rtype);
        let mut reply = |index| -> anyhow::Result<Option<Reply>> {
            Ok(self.served(index)?.and_then(|(_, tree)| tree.reply(name, rtype)))
        };
        let replies = [reply(first + 1)?, reply(first)?];
        Ok(Bisected { is_good, turn: Some((self.commit(first)?, replies)), asked })
    }
}

impl Search<'_> {
    fn is_good(&mut self, index: usize) -> anyhow::Result<bool> {
        self.asked += 1;
        Ok(self.past.served(index)?.is_some_and(|(_, tree)| judge(&tree, self.test).is_none()))
    }

    /// A commit before `newest` that is otherwise.
    fn other(&mut self, newest: usize, is_good: bool) -> anyhow::Result<Option<usize>> {
        let end = self.past.line.steps.len();
        let mut step = 1;
        while newest + step < end {
            if self.is_good(newest + step)? != is_good {
                return Ok(Some(newest + step));
            }
            step *= 2;
        }
        for index in newest + 1..end {
            if self.is_good(index)? != is_good {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// The oldest commit from `newer` on that is as it is, with nothing between it and `older`, which is otherwise.
    fn between(&mut self, mut newer: usize, mut older: usize, is_good: bool) -> anyhow::Result<usize> {
        while older - newer > 1 {
            let middle = newer + (older - newer) / 2;
            match self.is_good(middle)? == is_good {
                true => newer = middle,
                false => older = middle,
            }
        }
        Ok(newer)
    }
}
