//! Serial numbers as people count them: by the date, by the clock, or one by one.
//!
//! In: the last number and the present moment. Out: the next one, which is after it by RFC 1982 in any case. The scheme is
//! read off the number, as nothing else says it.

use crate::dns::is_serial_after;
use crate::zonefile::rdata::{Moment, parse_moment};

/// Clock times before 2001 are taken for counts: nobody's zone counts to a thousand million.
const FIRST_CLOCK: u32 = 1_000_000_000;

/// The number after `old`, as the zone's own scheme has it at a moment, in seconds since 1970.
///
/// A date whose hundred numbers are used up, or that lies ahead, goes on one by one: the next is after it, and the scheme is
/// met again the day after.
pub(super) fn serial_after(old: u32, now: u32) -> u32 {
    let by_scheme = match () {
        () if is_date(old) => date_of(now).and_then(|date| date.checked_mul(100)?.checked_add(1)),
        () if (FIRST_CLOCK..=now).contains(&old) => Some(now),
        () => None,
    };
    // Zero is what some programs take for "no serial yet".
    let next = u32::max(old.wrapping_add(1), 1);
    by_scheme.filter(|&serial| serial > old && is_serial_after(serial, old)).unwrap_or(next)
}

/// Whether a number is `YYYYMMDDnn`.
fn is_date(serial: u32) -> bool {
    parse_moment(&format!("{}000000", serial / 100)).is_some()
}

/// A moment's day as the number `YYYYMMDD`, in UTC.
fn date_of(moment: u32) -> Option<u32> {
    Moment(moment).to_string().get(..10)?.replace('-', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scheme_goes_on_as_it_went() {
        // 2026-11-24, at noon.
        let now = parse_moment("20261124120000").expect("a moment");
        let table = [
            ("an older date", 2_026_112_307, 2_026_112_401),
            ("today, before", 2_026_112_400, 2_026_112_401),
            ("today", 2_026_112_401, 2_026_112_402),
            ("the hundredth of today", 2_026_112_499, 2_026_112_500),
            ("past today's hundred", 2_026_112_503, 2_026_112_504),
            ("a date ahead", 2_031_010_105, 2_031_010_106),
            ("a date's last day", 2_026_123_199, 2_026_123_200),
            ("no date: a month too many", 2_026_130_105, 2_026_130_106),
            ("the clock", now - 5, now),
            ("the clock, this second", now, now + 1),
            ("the clock, ahead", now + 9, now + 10),
            ("a count", 41, 42),
            ("a digit too few", 202_608_250, 202_608_251),
            ("the last number", u32::MAX, 1),
            ("none yet", 0, 1),
        ];
        for (what, old, wanted) in table {
            let next = serial_after(old, now);
            assert!(next == wanted && is_serial_after(next, old), "{what}: {old} {next}");
        }
    }
}
