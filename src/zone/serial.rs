//! The serial numbers of a zone as a function of its history, so that every node that serves a commit serves one number.
//!
//! In: the edits of one zone, oldest first. Out: its serial number after each, which is after the one before by RFC 1982
//! whatever the times and texts say. Knows neither git nor what was published; [`published`] says what becomes of a number
//! where another one is out already.

use std::collections::HashMap;

use crate::dns::{Name, NameRef, is_serial_after};
use crate::zonefile::rdata::Moment;

/// How numbers are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// As written where that is after the last, else one more.
    Increment,
    /// `YYYYMMDD01` of the edit's day in UTC, then one more each; past a day's hundred it simply goes on.
    Date,
    /// Seconds since 1970 of the edit.
    Unix,
}

impl Style {
    /// The words that a config may say, and what they mean.
    pub const WORDS: &[(&str, Self)] = &[("increment", Self::Increment), ("date", Self::Date), ("unix", Self::Unix)];
}

/// What is said of the serials of some zones.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Mode {
    /// Whether they are made from the history, and not as written.
    pub is_auto: Option<bool>,
    /// How they are counted then.
    pub style: Option<Style>,
}

/// Which zones have their serials made, and how.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Serials {
    /// All zones of which nothing else is said.
    pub everywhere: Mode,
    /// By the apex in lower case: what holds there in place of what holds everywhere.
    pub zones: HashMap<Name, Mode>,
}

impl Serials {
    /// How a zone's serials are made; none: they are as written.
    pub fn of(&self, apex: NameRef<'_>) -> Option<Style> {
        let own = self.zones.get(&apex.to_lower()).copied().unwrap_or_default();
        let is_auto = own.is_auto.or(self.everywhere.is_auto).unwrap_or(false);
        is_auto.then(|| own.style.or(self.everywhere.style).unwrap_or(Style::Date))
    }

    /// Whether any zone may have its serials made.
    pub fn has_any(&self) -> bool {
        std::iter::once(&self.everywhere).chain(self.zones.values()).any(|mode| mode.is_auto == Some(true))
    }
}

/// A commit that changed the zone's content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edit {
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// The serial that its SOA record is written with, if that could be read.
    pub written: Option<u32>,
}

/// The number after an edit; `last` is the one before it, none at the first.
pub fn after(style: Style, last: Option<u32>, edit: Edit) -> u32 {
    let wanted = match style {
        Style::Increment => edit.written,
        Style::Date => day(edit.time).and_then(|day| day.checked_mul(100)?.checked_add(1)),
        Style::Unix => u32::try_from(edit.time).ok(),
    };
    match last {
        None => wanted.unwrap_or(1),
        Some(last) => wanted.filter(|&wanted| is_serial_after(wanted, last)).unwrap_or(next(last)),
    }
}

/// One more; zero is what some programs take for "no serial yet".
pub fn next(serial: u32) -> u32 {
    serial.wrapping_add(1).max(1)
}

/// A moment's day as the number `YYYYMMDD`, in UTC; none before 1970 and where its serials would have more than 32 bits.
fn day(time: i64) -> Option<u32> {
    let moment = Moment(u32::try_from(time).ok()?);
    moment.to_string().get(..10)?.replace('-', "").parse().ok()
}

/// What a node publishes of a zone for which the history says `wanted`: `last` is the number that it published last, and
/// `offset` how far that was past what the history said then; `is_same` whether the content is what it published then.
///
/// Never lower, never the same number for another content, and the history's own number as soon as that is after the last.
pub fn published(wanted: u32, last: Option<u32>, offset: u32, is_same: bool) -> u32 {
    let Some(last) = last else { return wanted };
    let moved = wanted.wrapping_add(offset);
    match () {
        () if is_serial_after(wanted, last) => wanted,
        () if is_same => last,
        () if is_serial_after(moved, last) => moved,
        () => next(last),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: i64 = 1_795_521_600; // 2026-11-24

    #[test]
    fn each_style_counts_in_its_way() {
        let edit = |time, written| Edit { time, written };
        let table = [
            ("as written first", Style::Increment, None, edit(0, Some(7)), 7),
            ("nothing written", Style::Increment, None, edit(0, None), 1),
            ("written ahead", Style::Increment, Some(7), edit(0, Some(2_026_112_401)), 2_026_112_401),
            ("written as before", Style::Increment, Some(7), edit(0, Some(7)), 8),
            ("written lower", Style::Increment, Some(7), edit(0, Some(3)), 8),
            ("a day's first", Style::Date, Some(2_026_112_307), edit(NOON, None), 2_026_112_401),
            ("a day's second", Style::Date, Some(2_026_112_401), edit(NOON + 1, None), 2_026_112_402),
            ("past a day's hundred", Style::Date, Some(2_026_112_499), edit(NOON, None), 2_026_112_500),
            ("the day after that", Style::Date, Some(2_026_112_530), edit(NOON, None), 2_026_112_531),
            ("a clock set back", Style::Date, Some(2_026_112_401), edit(NOON - 86_400, None), 2_026_112_402),
            ("before 1970", Style::Date, Some(5), edit(-1, None), 6),
            ("past 2106", Style::Date, Some(5), edit(1 << 40, None), 6),
            ("the clock", Style::Unix, Some(5), edit(NOON, None), NOON as u32),
            ("the same second", Style::Unix, Some(NOON as u32), edit(NOON, None), NOON as u32 + 1),
            ("the last number", Style::Unix, Some(u32::MAX), edit(-5, None), 1),
        ];
        for (what, style, last, edit, wanted) in table {
            assert_eq!(after(style, last, edit), wanted, "{what}");
        }
    }

    proptest! {
        /// Whatever is written and whatever clocks say, each number is after the one before.
        #[test]
        fn a_history_only_goes_up(edits in proptest::collection::vec((any::<i64>(), any::<Option<u32>>()), 1..200)) {
            for (_, style) in Style::WORDS {
                let mut last = None;
                for &(time, written) in &edits {
                    // Real times among the absurd ones.
                    let time = if time % 3 == 0 { time } else { NOON + time % 1_000_000 };
                    let serial = after(*style, last, Edit { time, written });
                    if let Some(last) = last {
                        prop_assert!(is_serial_after(serial, last), "{last} {serial}");
                    }
                    last = Some(serial);
                }
            }
        }

        /// Whatever a node went through, what it publishes never goes back, and another content has another number.
        #[test]
        fn what_is_published_only_goes_up(steps in proptest::collection::vec((any::<u32>(), any::<bool>()), 1..200)) {
            let (mut last, mut offset) = (None, 0);
            for (wanted, is_same) in steps {
                let now = published(wanted, last, offset, is_same && last.is_some());
                if let Some(last) = last {
                    prop_assert!(now == last && is_same || is_serial_after(now, last));
                }
                (last, offset) = (Some(now), now.wrapping_sub(wanted));
            }
        }
    }
}
