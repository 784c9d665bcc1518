//! The generic form of any type's data: `\# LENGTH HEX` (RFC 3597 §5).

use std::fmt;

use super::fault::{long_rdata, octets as in_words, shown};
use super::mnemonics::Mnemonic;
use super::text::Result;
use super::{MAX_RDATA, encoded, is_valid, number};
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::Rtype;
use crate::zonefile::Fields;
use crate::zonefile::lexer::{Token, TokenKind};

/// Octets in the generic form.
pub struct Generic<'a>(pub &'a [u8]);

impl fmt::Display for Generic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\\# {}", self.0.len())?;
        if self.0.is_empty() { Ok(()) } else { write!(f, " {}", encoded::hex(self.0)) }
    }
}

/// Whether the data is in the generic form.
#[inline]
pub(super) fn is_next(fields: &Fields<'_>) -> bool {
    fields.peek().is_some_and(|token| token.kind == TokenKind::Word && fields.text(token) == b"\\#")
}

/// Appends the octets; those of a type with a row must be what the row asks for.
pub(super) fn read(rtype: Rtype, fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Result<()> {
    let start = out.len();
    // The mark itself, which the caller has seen.
    let _ = fields.take();
    let length = fields.take().ok_or_else(|| missing_length(fields))?;
    let stated = number::decimal(fields.text(length), u64::MAX).ok_or_else(|| bad_length(fields, length))? as usize;
    let digits = fields.take_rest();
    encoded::decode_hex(fields, digits, out).map_err(|fault| not_hex(fields, fault))?;
    let octets = out.len() - start;
    if octets.max(stated) > MAX_RDATA {
        return Err(long_rdata(rtype, octets.max(stated), fields.everything()));
    }
    if octets != stated {
        return Err(wrong_length(fields, length, octets, stated));
    }
    if is_valid(rtype, &out[start..]) {
        return Ok(());
    }
    Err(not_of_type(rtype, octets, fields.everything()))
}

fn missing_length(fields: &Fields<'_>) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::new(&codes::MISSING_FIELD, fields.missing(), "this record ends before the length of its data")
            .label("a number of octets belongs here")
            .fix("write as `\\# 2 0A1B`, or `\\# 0` for no data"),
    )
}

fn bad_length(fields: &Fields<'_>, token: Token) -> Box<Diagnostic> {
    let headline = format!("expected a length (0–65535) after `\\#`, found `{}`", shown(fields.text(token)));
    Box::new(
        Diagnostic::new(&codes::BAD_FIELD, fields.span(token), headline)
            .label("not a number of octets")
            .fix("write as `\\# 2 0A1B`: the number of octets, then the octets in hexadecimal"),
    )
}

fn not_hex(fields: &Fields<'_>, fault: encoded::Fault) -> Box<Diagnostic> {
    let text = shown(fields.text(fault.token));
    let finding = Diagnostic::new(
        &codes::BAD_FIELD,
        fault.span,
        format!("expected hexadecimal octets after `\\#` and the length, found `{text}`"),
    );
    Box::new(finding.label(fault.label).fix("write two digits of 0–9 and A–F for each octet"))
}

fn wrong_length(fields: &Fields<'_>, token: Token, octets: usize, stated: usize) -> Box<Diagnostic> {
    let headline = format!("the length says {}, and {octets} follow", in_words(stated));
    Box::new(
        Diagnostic::new(&codes::BAD_FIELD, fields.span(token), headline)
            .label(format!("should be {octets}"))
            .why("a length that disagrees shows that octets were lost (RFC 3597 §5)")
            .fix(format!("write `{octets}` if the octets are complete")),
    )
}

fn not_of_type(rtype: Rtype, octets: usize, span: crate::source::Span) -> Box<Diagnostic> {
    let mnemonic = Mnemonic(rtype);
    Box::new(
        Diagnostic::new(
            &codes::BAD_FIELD,
            span,
            format!("the octets after `\\#` are not the data of {mnemonic} records"),
        )
        .label(format!("{}, which do not fit the type's fields", in_words(octets)))
        .why("data of a known type is checked however it is written (RFC 3597 §5)")
        .fix(format!("write the {mnemonic} record in its own text form")),
    )
}
