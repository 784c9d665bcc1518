//! Times in seconds, as people write them: `3600`, `1h30m`, `2W`.

/// Why a text is no time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TtlError {
    /// Not a number with units.
    NotATime,
    /// 2³² seconds or more.
    TooLong,
}

/// Whether a text has the shape of a time, whatever its size.
pub fn looks_like(text: &[u8]) -> bool {
    parse(text) != Err(TtlError::NotATime)
}

/// The seconds that a text means: a number, or numbers with units (w, d, h, m, s) in any order, as BIND reads them.
///
/// # Errors
///
/// That it is no time, or one of 2³² seconds or more.
pub fn parse(text: &[u8]) -> Result<u32, TtlError> {
    let (mut total, mut number, mut digits, mut is_pending) = (0u64, 0u64, 0, false);
    let mut has_unit = false;
    for &octet in text {
        if octet.is_ascii_digit() {
            number = (number * 10 + u64::from(octet - b'0')).min(1 << 40);
            digits += 1;
            is_pending = true;
            continue;
        }
        let unit = match octet.to_ascii_lowercase() {
            b'w' => 604_800,
            b'd' => 86_400,
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return Err(TtlError::NotATime),
        };
        if !is_pending {
            return Err(TtlError::NotATime);
        }
        total = (total + number * unit).min(1 << 50);
        (number, is_pending, has_unit) = (0, false, true);
    }
    // Digits after the last unit are seconds only where no unit was written: `1h30` is a slip.
    if digits == 0 || (is_pending && has_unit) {
        return Err(TtlError::NotATime);
    }
    u32::try_from(total + number).map_err(|_| TtlError::TooLong)
}
