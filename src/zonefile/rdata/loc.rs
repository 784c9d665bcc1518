//! Places on earth (RFC 1876): degrees, minutes and seconds, altitude, and three precisions.

use std::fmt;

use super::kind::Kind;
use super::number::{decimal, from_wire};
use super::table::Field;
use super::text::{Reader, Result};
use crate::diagnostic::{Diagnostic, codes};

/// Octets on the wire: version, three precisions, latitude, longitude, altitude.
const OCTETS: usize = 16;

/// The wire's number for equator and prime meridian; it counts thousandths of a second from there.
const ORIGIN: i64 = 1 << 31;

/// Thousandths of a second in a degree.
const DEGREE: u64 = 3_600_000;

/// What the wire's altitude counts centimetres from: 100 km below the ellipsoid.
const LOWEST: i64 = 10_000_000;

/// The largest precision, 9 × 10⁹ centimetres.
const COARSEST: u64 = 9_000_000_000;

/// Size and precisions where text leaves them out: 1 m, 10 km, 10 m (RFC 1876 §3).
const DEFAULTS: [u8; 3] = [0x12, 0x16, 0x13];

/// One of the two angles.
struct Angle {
    degrees: &'static str,
    minutes: &'static str,
    seconds: &'static str,
    most: u64,
    positive: u8,
    negative: u8,
}

const LATITUDE: Angle = Angle {
    degrees: "latitude in degrees (0–90)",
    minutes: "minute of latitude (0–59), or N or S",
    seconds: "second of latitude (0–59.999), or N or S",
    most: 90,
    positive: b'N',
    negative: b'S',
};

const LONGITUDE: Angle = Angle {
    degrees: "longitude in degrees (0–180)",
    minutes: "minute of longitude (0–59), or E or W",
    seconds: "second of longitude (0–59.999), or E or W",
    most: 180,
    positive: b'E',
    negative: b'W',
};

const PRECISIONS: [&str; 3] = [
    "size in metres (0–90000000)",
    "horizontal precision in metres (0–90000000)",
    "vertical precision in metres (0–90000000)",
];

/// Reads a location.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<()> {
    let latitude = read_angle(reader, &LATITUDE)?;
    let longitude = read_angle(reader, &LONGITUDE)?;
    let altitude = read_altitude(reader)?;
    let mut precisions = DEFAULTS;
    for (precision, name) in precisions.iter_mut().zip(PRECISIONS) {
        if reader.fields.peek().is_none() {
            break;
        }
        *precision = read_precision(reader, name)?;
    }
    reader.out.push(0);
    reader.out.extend_from_slice(&precisions);
    for number in [latitude, longitude, altitude] {
        reader.out.extend_from_slice(&number.to_be_bytes());
    }
    Ok(())
}

/// Takes one token as what `parse` makes of it, or says what `name` should be.
fn take<T>(reader: &mut Reader<'_, '_>, name: &'static str, parse: impl Fn(&[u8]) -> Option<T>) -> Result<T> {
    reader.field = Field { name, kind: Kind::Location };
    let token = reader.word()?;
    let text = reader.fields.text(token);
    parse(text).ok_or_else(|| {
        let finding = reader.expected(token);
        if is_number(text) && !name.starts_with("hemisphere") {
            Box::new(Diagnostic { code: &codes::LOC_RANGE, ..*finding })
        } else {
            finding
        }
    })
}

/// Whether a text is a number, so that it can only be out of range.
fn is_number(text: &[u8]) -> bool {
    let digits = text.strip_suffix(b"m").or(text.strip_suffix(b"M")).unwrap_or(text);
    let digits = digits.strip_prefix(b"-").or(digits.strip_prefix(b"+")).unwrap_or(digits);
    !digits.is_empty() && digits.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.')
}

/// What may follow an angle's degrees: a smaller unit, or the hemisphere that ends it.
enum Part {
    Amount(u64),
    Hemisphere(i64),
}

fn read_angle(reader: &mut Reader<'_, '_>, angle: &Angle) -> Result<u32> {
    let first = reader.fields.peek();
    let hemisphere = |text: &[u8]| match text {
        [letter] if letter.eq_ignore_ascii_case(&angle.positive) => Some(Part::Hemisphere(1)),
        [letter] if letter.eq_ignore_ascii_case(&angle.negative) => Some(Part::Hemisphere(-1)),
        _ => None,
    };
    let minutes = |text: &[u8]| hemisphere(text).or_else(|| decimal(text, 59).map(Part::Amount));
    let seconds = |text: &[u8]| hemisphere(text).or_else(|| fixed(text, 3, 59_999).map(Part::Amount));

    let mut total = DEGREE * take(reader, angle.degrees, |text| decimal(text, angle.most))?;
    let mut part = take(reader, angle.minutes, minutes)?;
    if let Part::Amount(amount) = part {
        total += 60_000 * amount;
        part = take(reader, angle.seconds, seconds)?;
    }
    if let Part::Amount(amount) = part {
        total += amount;
        let end = if angle.most == 90 { "hemisphere, N or S" } else { "hemisphere, E or W" };
        part = take(reader, end, hemisphere)?;
    }
    match part {
        Part::Hemisphere(sign) if total <= angle.most * DEGREE => Ok((ORIGIN + sign * total as i64) as u32),
        _ => {
            let span = first.map_or(reader.fields.missing(), |token| reader.fields.span(token));
            let span = span.to(reader.fields.missing());
            let headline = format!("this LOC record's angle is past {} degrees", angle.most);
            Err(Box::new(
                reader
                    .blame(&codes::LOC_RANGE, span, headline)
                    .label("off the globe")
                    .fix("make the minutes and seconds zero"),
            ))
        }
    }
}

/// Centimetres above the wire's lowest altitude.
fn read_altitude(reader: &mut Reader<'_, '_>) -> Result<u32> {
    take(reader, "altitude in metres (−100000–42849672.95)", |text| {
        let (sign, text) = match text {
            [b'-', rest @ ..] => (-1, rest),
            [b'+', rest @ ..] => (1, rest),
            _ => (1, text),
        };
        u32::try_from(LOWEST + sign * metres(text, u32::MAX.into())? as i64).ok()
    })
}

/// A precision as mantissa and power of ten, rounded down to one digit as RFC 1876's appendix does.
fn read_precision(reader: &mut Reader<'_, '_>, name: &'static str) -> Result<u8> {
    take(reader, name, |text| {
        let (mut mantissa, mut exponent) = (metres(text, COARSEST)?, 0);
        while mantissa > 9 {
            (mantissa, exponent) = (mantissa / 10, exponent + 1);
        }
        Some((mantissa as u8) << 4 | exponent)
    })
}

/// Centimetres of a text in metres, its unit optional.
fn metres(text: &[u8], most: u64) -> Option<u64> {
    fixed(text.strip_suffix(b"m").unwrap_or(text), 2, most)
}

/// A decimal number with up to so many digits after its point, in units of the last of these.
fn fixed(text: &[u8], places: usize, most: u64) -> Option<u64> {
    let (whole, fraction) = match text.iter().position(|&octet| octet == b'.') {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, &b""[..]),
    };
    let missing = places.checked_sub(fraction.len())?;
    let fraction = if fraction.is_empty() { 0 } else { decimal(fraction, u64::MAX)? };
    let scale = 10_u64.pow(places as u32);
    let total = decimal(whole, most)?.checked_mul(scale)?.checked_add(fraction * 10_u64.pow(missing as u32))?;
    (total <= most).then_some(total)
}

/// Whether these octets are a location of version 0, on the globe.
pub(super) fn is_valid(octets: &[u8]) -> bool {
    let is_precision = |octet: &u8| *octet == 0 || ((1..=9).contains(&(octet >> 4)) && octet & 0x0F <= 9);
    let within = |octets: &[u8], most: u64| (from_wire(octets) as i64 - ORIGIN).unsigned_abs() <= most * DEGREE;
    octets.len() == OCTETS
        && octets[0] == 0
        && octets[1..4].iter().all(is_precision)
        && within(&octets[4..8], LATITUDE.most)
        && within(&octets[8..12], LONGITUDE.most)
}

/// Prints a valid location.
pub(super) fn print(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    print_angle(&octets[4..8], &LATITUDE, f)?;
    print_angle(&octets[8..12], &LONGITUDE, f)?;
    let altitude = from_wire(&octets[12..16]) as i64 - LOWEST;
    let sign = if altitude < 0 { "-" } else { "" };
    write!(f, "{sign}{}", Metres(altitude.unsigned_abs()))?;
    for octet in &octets[1..4] {
        write!(f, " {}", Metres(u64::from(octet >> 4) * 10_u64.pow(u32::from(octet & 0x0F))))?;
    }
    Ok(())
}

fn print_angle(octets: &[u8], angle: &Angle, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let offset = from_wire(octets) as i64 - ORIGIN;
    let hemisphere = char::from(if offset < 0 { angle.negative } else { angle.positive });
    let total = offset.unsigned_abs();
    let (degrees, minutes, rest) = (total / DEGREE, total / 60_000 % 60, total % 60_000);
    write!(f, "{degrees} {minutes} {}.{:03} {hemisphere} ", rest / 1000, rest % 1000)
}

/// Centimetres, shown in metres.
struct Metres(u64);

impl fmt::Display for Metres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}m", self.0 / 100, self.0 % 100)
    }
}
