//! Periods of time as zone files write them: seconds, or counts with units as in `1h30m`.
//!
//! RFC 1035 knows seconds only; the units are BIND's, and every server reads them (RFC 2308 §4 uses them in `$TTL`). Whether
//! the number is a lawful TTL is the caller's to say: an SOA's timers may use all 32 bits.

use std::fmt;

/// Why a text is no period of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TtlError {
    /// Neither digits nor digits with units.
    NotANumber,
    /// Digits are followed by this octet, which is no unit.
    UnknownUnit(u8),
    /// The last digits lack a unit, though earlier ones have one: `1h30`.
    MissingUnit,
    /// More than 2^32 − 1 seconds.
    Overflow,
}

impl fmt::Display for TtlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotANumber => f.write_str("not a number of seconds"),
            Self::UnknownUnit(octet) => write!(f, "no unit is called `{}`", char::from(octet).escape_default()),
            Self::MissingUnit => f.write_str("the last number has no unit"),
            Self::Overflow => f.write_str("more than 4294967295 seconds"),
        }
    }
}

/// The seconds that `text` writes: `3600`, or counts with the units `w d h m s` in either case.
///
/// Units may repeat and come in any order, as in BIND; once one is used, every count needs one.
///
/// # Errors
///
/// What keeps it from being a period.
pub(super) fn parse(text: &[u8]) -> Result<u32, TtlError> {
    let mut total: u32 = 0;
    let mut rest = text;
    loop {
        let (count, digits) = leading_number(rest)?;
        let Some(&unit) = rest.get(digits) else {
            return if rest.len() == text.len() { Ok(count) } else { Err(TtlError::MissingUnit) };
        };
        let seconds = unit_seconds(unit).ok_or(TtlError::UnknownUnit(unit))?;
        total = count.checked_mul(seconds).and_then(|sum| total.checked_add(sum)).ok_or(TtlError::Overflow)?;
        rest = &rest[digits + 1..];
        if rest.is_empty() {
            return Ok(total);
        }
    }
}

/// The decimal number that `text` starts with, and how many digits it has.
fn leading_number(text: &[u8]) -> Result<(u32, usize), TtlError> {
    let mut number: u32 = 0;
    let mut digits = 0;
    while let Some(digit) = text.get(digits).filter(|octet| octet.is_ascii_digit()) {
        number = number
            .checked_mul(10)
            .and_then(|number| number.checked_add(u32::from(digit - b'0')))
            .ok_or(TtlError::Overflow)?;
        digits += 1;
    }
    if digits == 0 { Err(TtlError::NotANumber) } else { Ok((number, digits)) }
}

fn unit_seconds(unit: u8) -> Option<u32> {
    match unit.to_ascii_lowercase() {
        b's' => Some(1),
        b'm' => Some(60),
        b'h' => Some(3600),
        b'd' => Some(24 * 3600),
        b'w' => Some(7 * 24 * 3600),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_add_up_and_nothing_else_passes() {
        let rows: &[(&str, Result<u32, TtlError>)] = &[
            ("0", Ok(0)),
            ("3600", Ok(3600)),
            ("1h30m", Ok(5400)),
            ("1W2d3H4m5S", Ok(788_645)),
            ("1m1m", Ok(120)),
            ("4294967295", Ok(u32::MAX)),
            ("4294967296", Err(TtlError::Overflow)),
            ("7102w", Err(TtlError::Overflow)),
            ("1h30", Err(TtlError::MissingUnit)),
            ("1y", Err(TtlError::UnknownUnit(b'y'))),
            ("h", Err(TtlError::NotANumber)),
            ("1hh", Err(TtlError::NotANumber)),
            ("-1", Err(TtlError::NotANumber)),
            ("", Err(TtlError::NotANumber)),
        ];
        for (text, seconds) in rows {
            assert_eq!(parse(text.as_bytes()), *seconds, "{text}");
        }
    }
}
