//! Signature times: `YYYYMMDDHHmmSS` in UTC, or seconds since 1970 (RFC 4034 §3.2).
//!
//! The wire has 32 bits that wrap in 2106 and are compared by serial arithmetic. Without a clock only the first turn can be
//! written, so that dates past it are refused rather than guessed.

use std::fmt;

use super::number::decimal;
use super::text::{Reader, Result};

const DAY: u64 = 24 * 3600;

/// A moment as people read it: `2026-03-01 12:00 UTC`; seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment(pub u32);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = String::new();
        print(self.0.into(), &mut digits)?;
        let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
        write!(f, "{}-{}-{} {}:{} UTC", part(0..4), part(4..6), part(6..8), part(8..10), part(10..12))
    }
}

/// Seconds since 1970 of `YYYYMMDDHHmmSS` in UTC; none if there is no such moment.
pub fn parse_moment(text: &str) -> Option<u32> {
    let seconds = from_date(text.as_bytes()).filter(|_| text.len() == 14);
    seconds.and_then(|seconds| u32::try_from(seconds).ok())
}

/// Reads a time.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<()> {
    let token = reader.word()?;
    let text = reader.fields.text(token);
    let seconds = if text.len() == 14 { from_date(text) } else { decimal(text, u64::from(u32::MAX)) };
    match seconds.and_then(|seconds| u32::try_from(seconds).ok()) {
        Some(seconds) => reader.out.extend_from_slice(&seconds.to_be_bytes()),
        None => return Err(reader.expected(token)),
    }
    Ok(())
}

/// Seconds since 1970 of fourteen digits; none if there is no such moment.
fn from_date(text: &[u8]) -> Option<u64> {
    let number = decimal(text, u64::MAX)?;
    let (date, time) = (number / 1_000_000, number % 1_000_000);
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    let (hour, minute, second) = (time / 10_000, time / 100 % 100, time % 100);
    let days = days_since_1970(year, month, day)?;
    (hour < 24 && minute < 60 && second < 60).then(|| days * DAY + hour * 3600 + minute * 60 + second)
}

/// Days from the first of January 1970 to a date of the Gregorian calendar.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let year_days = |year: u64| if is_leap(year) { 366 } else { 365 };
    if !(1970..=2106).contains(&year) || !(1..=12).contains(&month) || !(1..=month_days(year, month)).contains(&day) {
        return None;
    }
    let years: u64 = (1970..year).map(year_days).sum();
    let months: u64 = (1..month).map(|month| month_days(year, month)).sum();
    Some(years + months + day - 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn month_days(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Prints seconds since 1970 as fourteen digits.
pub(super) fn print(seconds: u64, f: &mut impl fmt::Write) -> fmt::Result {
    let (mut days, time) = (seconds / DAY, seconds % DAY);
    let (mut year, mut month) = (1970, 1);
    while let Some(rest) = days.checked_sub(if is_leap(year) { 366 } else { 365 }) {
        (days, year) = (rest, year + 1);
    }
    while let Some(rest) = days.checked_sub(month_days(year, month)) {
        (days, month) = (rest, month + 1);
    }
    write!(f, "{year:04}{month:02}{:02}{:02}{:02}{:02}", days + 1, time / 3600, time / 60 % 60, time % 60)
}
