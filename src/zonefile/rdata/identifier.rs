//! Identifiers in hexadecimal groups: EUI-48 and EUI-64 (RFC 7043), ILNP locators (RFC 6742), NSAP (RFC 1706).

use std::fmt;

use super::encoded;
use super::text::{Reader, Result};

/// Reads so many octets, each two digits, with dashes between them.
pub(super) fn read_eui(reader: &mut Reader<'_, '_>, octets: usize) -> Result<()> {
    let token = reader.word()?;
    let text = reader.fields.text(token);
    let start = reader.out.len();
    for group in text.split(|&octet| octet == b'-') {
        match hex_group(group).filter(|_| group.len() == 2) {
            Some(octet) => reader.out.push(octet as u8),
            None => return Err(not_eui(reader, token)),
        }
    }
    if reader.out.len() - start == octets { Ok(()) } else { Err(reader.expected(token)) }
}

fn not_eui(reader: &Reader<'_, '_>, token: crate::zonefile::lexer::Token) -> Box<crate::diagnostic::Diagnostic> {
    let text = String::from_utf8_lossy(reader.fields.text(token)).into_owned();
    let finding = reader.expected(token);
    if text.contains(':') && !text.contains('-') {
        return Box::new(finding.label("colons").fix(format!("write `{}`", text.replace(':', "-"))));
    }
    finding
}

/// Reads four groups of up to four digits, with colons between them; kzonecheck wants all four, so they are printed.
pub(super) fn read_locator(reader: &mut Reader<'_, '_>) -> Result<()> {
    let token = reader.word()?;
    let start = reader.out.len();
    for group in reader.fields.text(token).split(|&octet| octet == b':') {
        match hex_group(group) {
            Some(number) => reader.out.extend_from_slice(&number.to_be_bytes()),
            None => return Err(reader.expected(token)),
        }
    }
    if reader.out.len() - start == 8 { Ok(()) } else { Err(reader.expected(token)) }
}

/// The number that one to four hexadecimal digits write.
fn hex_group(group: &[u8]) -> Option<u16> {
    if !(1..=4).contains(&group.len()) || !group.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(group).ok()?, 16).ok()
}

/// Reads `0x` and pairs of digits; dots may stand anywhere between them (RFC 1706 §7).
pub(super) fn read_nsap(reader: &mut Reader<'_, '_>) -> Result<()> {
    let token = reader.word()?;
    let [b'0', b'x' | b'X', rest @ ..] = reader.fields.text(token) else { return Err(reader.expected(token)) };
    let digits: Vec<u8> = rest.iter().copied().filter(|&octet| octet != b'.').collect();
    let decoded = encoded::append(&digits, &data_encoding::HEXLOWER_PERMISSIVE, reader.out);
    if decoded.is_err() || digits.is_empty() { Err(reader.expected(token)) } else { Ok(()) }
}

/// Prints octets with dashes.
pub(super) fn print_eui(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, octet) in octets.iter().enumerate() {
        write!(f, "{}{octet:02x}", if index == 0 { "" } else { "-" })?;
    }
    Ok(())
}

/// Prints eight octets as four groups.
pub(super) fn print_locator(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, group) in octets.chunks(2).enumerate() {
        write!(f, "{}{:04x}", if index == 0 { "" } else { ":" }, super::number::from_wire(group))?;
    }
    Ok(())
}
