//! Decimal numbers, periods and mnemonics for numbers.

use super::kind::Mnemonics;
use super::mnemonics::named;
use super::text::{Reader, Result};
use crate::diagnostic::Diagnostic;
use crate::zonefile::lexer::Token;
use crate::zonefile::ttl;

/// The number that `text` writes in decimal digits alone, if it is at most `limit`.
pub(super) fn decimal(text: &[u8], limit: u64) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut number: u64 = 0;
    for octet in text {
        if !octet.is_ascii_digit() {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(octet - b'0'))?;
    }
    (number <= limit).then_some(number)
}

/// Reads a number of so many octets.
pub(super) fn read(reader: &mut Reader<'_, '_>, octets: usize) -> Result<()> {
    let token = reader.word()?;
    let limit = u64::MAX >> (64 - 8 * octets);
    let Some(number) = decimal(reader.fields.text(token), limit) else {
        return Err(not_a_number(reader, token, limit));
    };
    push(reader.out, number, octets);
    Ok(())
}

/// Reads a period.
pub(super) fn read_ttl(reader: &mut Reader<'_, '_>) -> Result<()> {
    let token = reader.word()?;
    match ttl::parse(reader.fields.text(token)) {
        Ok(seconds) => {
            push(reader.out, u64::from(seconds), 4);
            Ok(())
        }
        Err(ttl::TtlError::NotANumber) => Err(reader.expected(token)),
        Err(error @ ttl::TtlError::Overflow) => {
            let finding = reader.expected(token).label(error.to_string());
            Err(Box::new(finding.fix("write fewer seconds, or a period with its unit, such as `1w`")))
        }
        Err(error) => Err(Box::new(reader.expected(token).label(error.to_string()))),
    }
}

/// Something else than a number of at most `limit`: where it is a number, it is too large.
#[cold]
fn not_a_number(reader: &Reader<'_, '_>, token: Token, limit: u64) -> Box<Diagnostic> {
    let finding = reader.expected(token);
    if !reader.fields.text(token).iter().all(u8::is_ascii_digit) {
        return finding;
    }
    Box::new(finding.label(format!("more than {limit}")).fix(format!("write a number of 0 to {limit}")))
}

/// Reads a number of so many octets, or a mnemonic for one.
pub(super) fn read_named(reader: &mut Reader<'_, '_>, mnemonics: Mnemonics, octets: usize) -> Result<()> {
    let token = reader.word()?;
    let text = reader.fields.text(token);
    let limit = u64::MAX >> (64 - 8 * octets);
    let Some(number) = decimal(text, limit).or_else(|| named(mnemonics, text).map(u64::from)) else {
        return Err(not_a_number(reader, token, limit));
    };
    push(reader.out, number, octets);
    Ok(())
}

/// Appends the low `octets` of a number.
fn push(out: &mut Vec<u8>, number: u64, octets: usize) {
    out.extend_from_slice(&number.to_be_bytes()[8 - octets..]);
}

/// The number that octets of the wire hold, eight at most.
pub(super) fn from_wire(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |number, &octet| number << 8 | u64::from(octet))
}
