//! Sets of RR types: the windows of RFC 4034 §4.1.2, and the single bitmap that NXT had (RFC 2535 §5.2).

use std::fmt::{self, Write};

use super::mnemonics::{Mnemonic, from_mnemonic};
use super::number::decimal;
use super::text::{Reader, Result};
use crate::dns::Rtype;

/// Reads one type.
pub(super) fn read_type(reader: &mut Reader<'_, '_>) -> Result<()> {
    let code = take_type(reader)?;
    reader.out.extend_from_slice(&code.to_be_bytes());
    Ok(())
}

fn take_type(reader: &mut Reader<'_, '_>) -> Result<u16> {
    let token = reader.word()?;
    match from_mnemonic(reader.fields.text(token)) {
        Some(rtype) => Ok(rtype.0),
        None => {
            let finding = reader.expected(token);
            if finding.code.name != crate::diagnostic::codes::BAD_FIELD.name {
                return Err(finding);
            }
            Err(Box::new(finding.label("not a type").fix("write mnemonics such as `A`, or `TYPE123` for others")))
        }
    }
}

/// Reads the types that are left, in any order, `least` at least.
///
/// named-checkzone refuses an NSEC record without types, which RFC 4034 §4.1.2 rules out too: its own bit is always set.
pub(super) fn read(reader: &mut Reader<'_, '_>, least: usize) -> Result<()> {
    let mut codes = Vec::with_capacity(reader.fields.rest().len());
    while codes.len() < least || reader.fields.peek().is_some() {
        codes.push(take_type(reader)?);
    }
    codes.sort_unstable();
    for window in codes.chunk_by(|a, b| a >> 8 == b >> 8) {
        push_window(window, reader.out);
    }
    Ok(())
}

fn push_window(codes: &[u16], out: &mut Vec<u8>) {
    let [number, last] = codes[codes.len() - 1].to_be_bytes();
    out.extend_from_slice(&[number, last / 8 + 1]);
    push_bits(codes, last, out);
}

fn push_bits(codes: &[u16], last: u8, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + usize::from(last / 8) + 1, 0);
    for code in codes {
        let [_, bit] = code.to_be_bytes();
        out[start + usize::from(bit / 8)] |= 0x80 >> (bit % 8);
    }
}

/// Reads the types that are left into one bitmap; here alone a number is enough for a type (RFC 2535 §5.3).
pub(super) fn read_old(reader: &mut Reader<'_, '_>) -> Result<()> {
    let mut codes = Vec::with_capacity(reader.fields.rest().len());
    while codes.is_empty() || reader.fields.peek().is_some() {
        codes.push(take_old_type(reader)?);
    }
    let last = codes.iter().max().map_or(0, |&code| code as u8);
    push_bits(&codes, last, reader.out);
    Ok(())
}

fn take_old_type(reader: &mut Reader<'_, '_>) -> Result<u16> {
    let Some(token) = reader.fields.peek() else { return take_type(reader) };
    let code = match decimal(reader.fields.text(token), u16::MAX.into()) {
        Some(number) => reader.word().map(|_| number as u16)?,
        None => take_type(reader)?,
    };
    if (1..128).contains(&code) {
        return Ok(code);
    }
    let headline = format!("an NXT record has no room for {}", Mnemonic(Rtype(code)));
    let finding = reader.rule(reader.fields.span(token), headline).label("types 1–127 only");
    Err(Box::new(finding.fix("use NSEC instead of NXT")))
}

/// Whether these are windows in order, none empty, each without zeros at its end.
pub(super) fn is_valid(mut octets: &[u8], least: usize) -> bool {
    let (mut before, mut windows) = (None, 0);
    while let [number, length, rest @ ..] = octets {
        let length = usize::from(*length);
        let in_order = before.is_none_or(|before| before < *number);
        if !in_order || !(1..=32).contains(&length) || rest.len() < length || rest[length - 1] == 0 {
            return false;
        }
        (before, windows, octets) = (Some(*number), windows + 1, &rest[length..]);
    }
    octets.is_empty() && windows >= least
}

/// Whether this is a bitmap for types 1–127, without zeros at its end.
pub(super) fn is_valid_old(octets: &[u8]) -> bool {
    (1..=16).contains(&octets.len()) && octets[0] & 0x80 == 0 && octets[octets.len() - 1] != 0
}

/// The types of valid windows, in ascending order.
pub fn listed_types(octets: &[u8]) -> Vec<Rtype> {
    let (mut types, mut left) = (Vec::new(), octets);
    while let [number, length, rest @ ..] = left {
        let (bits, next) = rest.split_at(usize::from(*length).min(rest.len()));
        types.extend(set_bits(bits).map(|bit| Rtype(u16::from(*number) << 8 | bit)));
        left = next;
    }
    types
}

/// Prints the types of valid windows.
pub(super) fn print(mut octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut is_first = true;
    while let [number, length, rest @ ..] = octets {
        let (bits, next) = rest.split_at(usize::from(*length));
        print_bits(u16::from(*number) << 8, bits, &mut is_first, f)?;
        octets = next;
    }
    Ok(())
}

/// Prints the types of one bitmap.
pub(super) fn print_old(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    print_bits(0, octets, &mut true, f)
}

fn print_bits(base: u16, bits: &[u8], is_first: &mut bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for bit in set_bits(bits) {
        if !std::mem::take(is_first) {
            f.write_char(' ')?;
        }
        write!(f, "{}", Mnemonic(Rtype(base + bit)))?;
    }
    Ok(())
}

/// The positions of the ones, from the left.
pub(super) fn set_bits(bits: &[u8]) -> impl Iterator<Item = u16> {
    let count = 8 * bits.len() as u32;
    (0..count).filter(|bit| bits[*bit as usize / 8] & (0x80 >> (bit % 8)) != 0).map(|bit| bit as u16)
}
