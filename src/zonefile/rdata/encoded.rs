//! Octets written in base64, hexadecimal or base32hex (RFC 4648), over one token or many.

use std::fmt;

use data_encoding::{BASE32_DNSSEC, BASE64, DecodeError, DecodeKind, Encoding, HEXLOWER_PERMISSIVE, HEXUPPER};

use super::digest::Digests;
use super::text::{Reader, Result};
use crate::source::Span;
use crate::zonefile::Fields;
use crate::zonefile::lexer::{Token, TokenKind};

/// Why tokens do not decode.
pub(super) struct Fault {
    /// The guilty token.
    pub(super) token: Token,
    /// The guilty octets.
    pub(super) span: Span,
    /// What is wrong with them.
    pub(super) label: &'static str,
    /// What to do about it.
    pub(super) fix: &'static str,
    /// Whether the octets are wrong where they stand, and not what should follow them.
    is_stray: bool,
}

/// Reads base64 from all tokens that are left.
pub(super) fn read_base64(reader: &mut Reader<'_, '_>) -> Result<()> {
    read_rest(reader, &BASE64)
}

/// The same; none are written `-`, as BIND has it for DOA.
pub(super) fn read_dash_base64(reader: &mut Reader<'_, '_>) -> Result<()> {
    match reader.fields.rest() {
        [only] if reader.fields.text(*only) == b"-" => reader.token().map(drop),
        _ => read_base64(reader),
    }
}

/// Reads hexadecimal digits from all tokens that are left.
pub(super) fn read_hex(reader: &mut Reader<'_, '_>) -> Result<()> {
    read_rest(reader, &HEXLOWER_PERMISSIVE)
}

fn read_rest(reader: &mut Reader<'_, '_>, encoding: &Encoding) -> Result<()> {
    // The first token is taken apart, so that its absence and quotes are found as for any other field.
    let Some(first) = reader.fields.peek().filter(|token| token.kind == TokenKind::Word) else {
        return reader.word().map(drop);
    };
    let tokens = reader.fields.take_rest();
    debug_assert_eq!(tokens.first(), Some(&first));
    decode_field(reader, tokens, encoding)
}

/// Reads one token of an encoding: fields follow, so that blanks would end it.
pub(super) fn read_word(reader: &mut Reader<'_, '_>, encoding: &Encoding) -> Result<()> {
    let token = reader.word()?;
    decode_field(reader, &[token], encoding)
}

fn decode_field(reader: &mut Reader<'_, '_>, tokens: &[Token], encoding: &Encoding) -> Result<()> {
    decode(reader.fields, tokens, encoding, reader.out).map_err(|fault| {
        let starts_comment = |token: &&Token| reader.fields.text(**token).starts_with(b"#");
        if let Some(&comment) = tokens.iter().find(starts_comment) {
            return reader.expected(comment);
        }
        let mut finding = reader.expected_within(fault.token, fault.span);
        match reader.fields.text(fault.token) {
            [b'0', b'x' | b'X', rest @ ..] if !rest.is_empty() => {
                let fix = format!("write `{}`, without the `0x`", super::fault::shown(rest));
                Box::new(finding.label("hexadecimal needs no prefix here").fix(fix))
            }
            _ => {
                finding.headline = headline(reader, &fault, encoding);
                Box::new(finding.label(fault.label).fix(fault.fix))
            }
        }
    })
}

/// What was wanted of a field in an encoding, and what was found: a character, or too few.
fn headline(reader: &Reader<'_, '_>, fault: &Fault, encoding: &Encoding) -> String {
    let (name, mnemonic) = (reader.field.name, reader.row.mnemonic);
    let wanted = match encoding.bit_width() {
        4 => "hexadecimal digits",
        5 => "base32hex",
        _ => "base64",
    };
    let start = fault.span.start - reader.fields.span(fault.token).start;
    let guilty = reader.fields.text(fault.token).get(start as usize..).unwrap_or_default();
    let guilty = &guilty[..usize::min((fault.span.end - fault.span.start) as usize, guilty.len())];
    match fault.is_stray {
        true => format!(
            "expected {wanted} in the {name} of this {mnemonic} record, found `{}`",
            super::fault::shown(guilty)
        ),
        false => {
            format!("expected whole octets of {wanted} in the {name} of this {mnemonic} record, found a part of one")
        }
    }
}

/// Reads a digest, as long as the octet before it demands.
pub(super) fn read_digest(reader: &mut Reader<'_, '_>, digests: &Digests) -> Result<()> {
    let start = reader.out.len();
    let first = reader.fields.peek();
    read_hex(reader)?;
    let (algorithm, octets) = (reader.out[start - 1], reader.out.len() - start);
    if digests.allows(algorithm, octets) {
        return Ok(());
    }
    let span = first.map_or(reader.fields.missing(), |token| reader.fields.span(token));
    let span = span.to(reader.fields.missing());
    let (name, mnemonic) = (reader.field.name, reader.row.mnemonic);
    let needs = match digests.exact(algorithm) {
        Some(exact) => format!("type {algorithm} has {exact}"),
        None => format!("{} are the least", digests.least()),
    };
    let count = super::fault::octets(octets);
    let headline = format!("the {name} of this {mnemonic} record has {count}, and {needs}");
    let finding = reader.blame(digests.code, span, headline);
    Err(Box::new(
        finding
            .label(count)
            .why("no key or zone has a digest of this length, so what it vouches for would never be trusted")
            .fix("copy it once more, to its last digit"),
    ))
}

/// Reads a salt.
pub(super) fn read_salt(reader: &mut Reader<'_, '_>) -> Result<()> {
    if reader.fields.peek().is_some_and(|token| reader.fields.text(token) == b"-") {
        reader.out.push(0);
        return reader.word().map(drop);
    }
    read_counted(reader, &HEXLOWER_PERMISSIVE)
}

/// Reads a hash.
pub(super) fn read_hash(reader: &mut Reader<'_, '_>) -> Result<()> {
    read_counted(reader, &BASE32_DNSSEC)
}

/// Reads one token as a length octet and octets.
pub(super) fn read_counted(reader: &mut Reader<'_, '_>, encoding: &Encoding) -> Result<()> {
    let length_at = reader.out.len();
    reader.out.push(0);
    let token = reader.word()?;
    decode_field(reader, &[token], encoding)?;
    match u8::try_from(reader.out.len() - length_at - 1) {
        Ok(octets) if octets > 0 => reader.out[length_at] = octets,
        _ => return Err(Box::new(reader.expected(token).label("more than 255 octets"))),
    }
    Ok(())
}

/// Appends the octets of hexadecimal tokens.
pub(super) fn decode_hex(fields: &Fields<'_>, tokens: &[Token], out: &mut Vec<u8>) -> std::result::Result<(), Fault> {
    decode(fields, tokens, &HEXLOWER_PERMISSIVE, out)
}

fn decode(
    fields: &Fields<'_>,
    tokens: &[Token],
    encoding: &Encoding,
    out: &mut Vec<u8>,
) -> std::result::Result<(), Fault> {
    if let Some(&token) = tokens.iter().find(|token| token.kind != TokenKind::Word) {
        return Err(Fault {
            token,
            span: fields.span(token),
            label: "must not be in quotes",
            fix: "take the quotes away",
            is_stray: true,
        });
    }
    let joined;
    let text = match tokens {
        [only] => fields.text(*only),
        _ => {
            joined = tokens.iter().flat_map(|&token| fields.text(token)).copied().collect::<Vec<u8>>();
            &joined
        }
    };
    append(text, encoding, out).map_err(|error| locate(fields, tokens, error, encoding))
}

/// Appends what `text` decodes to; one padded group followed by more is no encoding of RFC 4648.
pub(super) fn append(text: &[u8], encoding: &Encoding, out: &mut Vec<u8>) -> std::result::Result<(), DecodeError> {
    let padding = text.iter().rev().take_while(|&&octet| octet == b'=').count();
    if let Some(position) = memchr::memchr(b'=', &text[..text.len() - padding]) {
        return Err(DecodeError { position, kind: DecodeKind::Padding });
    }
    let start = out.len();
    out.resize(start + encoding.decode_len(text.len())?, 0);
    let length = encoding.decode_mut(text, &mut out[start..]).map_err(|partial| partial.error)?;
    out.truncate(start + length);
    Ok(())
}

/// What is no hexadecimal digit comes before the count of digits: `xyz` is not one digit short.
fn stray_digit(fields: &Fields<'_>, tokens: &[Token]) -> Option<DecodeError> {
    let mut joined = tokens.iter().flat_map(|&token| fields.text(token));
    let position = joined.position(|octet| !octet.is_ascii_hexdigit())?;
    Some(DecodeError { position, kind: DecodeKind::Symbol })
}

/// The place in its token of an error in the joined text.
fn locate(fields: &Fields<'_>, tokens: &[Token], error: DecodeError, encoding: &Encoding) -> Fault {
    let error = if encoding.bit_width() == 4 { stray_digit(fields, tokens).unwrap_or(error) } else { error };
    let mut position = error.position;
    let mut at = 0;
    while at + 1 < tokens.len() && position >= fields.text(tokens[at]).len() {
        position -= fields.text(tokens[at]).len();
        at += 1;
    }
    let (token, text) = (tokens[at], fields.text(tokens[at]));
    let end = match error.kind {
        DecodeKind::Length => text.len(),
        // A character outside ASCII is underlined whole.
        _ => (position + 1..text.len()).find(|&end| text[end] & 0xC0 != 0x80).unwrap_or(text.len()),
    };
    let (label, fix) = words(error.kind, encoding.bit_width());
    let is_stray = matches!(error.kind, DecodeKind::Symbol | DecodeKind::Padding);
    Fault { token, span: fields.span_within(token, position.min(text.len()), end), label, fix, is_stray }
}

/// What is wrong with octets in an encoding of so many bits a digit, and what to do.
fn words(kind: DecodeKind, bits: usize) -> (&'static str, &'static str) {
    const AGAIN: &str = "copy it again, to its last character";
    match (kind, bits) {
        (DecodeKind::Length, 4) => {
            ("half an octet: the digits must come in pairs", "add the digit that is missing, or copy it again")
        }
        (DecodeKind::Length, 6) => {
            ("cut short: it ends amid an octet or lacks its `=`", "copy it again, with any `=` at its end")
        }
        (DecodeKind::Length, _) => ("cut short: it ends amid an octet", AGAIN),
        (DecodeKind::Symbol, 4) => ("not a digit of this encoding", "write two digits of 0–9 and A–F for each octet"),
        (DecodeKind::Symbol, 5) => ("not a digit of this encoding", "delete it: base32hex has 0–9 and A–V"),
        (DecodeKind::Symbol, _) => ("not a digit of this encoding", "delete it: base64 has A–Z, a–z, 0–9, `+` and `/`"),
        (DecodeKind::Trailing, _) => ("bits after the last octet that are not zero", AGAIN),
        (DecodeKind::Padding, _) => ("`=` belongs at the end only", "delete what follows the `=`, or the `=`"),
    }
}

/// Octets in base64.
pub(super) fn base64(octets: &[u8]) -> impl fmt::Display + '_ {
    static ENCODING: Encoding = BASE64;
    ENCODING.encode_display(octets)
}

/// Octets in hexadecimal, upper case as RFC 4034 prints digests.
pub(super) fn hex(octets: &[u8]) -> impl fmt::Display + '_ {
    static ENCODING: Encoding = HEXUPPER;
    ENCODING.encode_display(octets)
}

/// Octets in base32hex, lower case as RFC 5155 prints hashed names.
pub(super) fn base32hex(octets: &[u8]) -> impl fmt::Display + '_ {
    static ENCODING: Encoding = BASE32_DNSSEC;
    ENCODING.encode_display(octets)
}
