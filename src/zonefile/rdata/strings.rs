//! Character-strings (RFC 1035 §3.3), and the fields that restrict what stands in one.

use std::fmt::{self, Write};

use super::text::{Reader, Result};
use crate::diagnostic::{Diagnostic, Edit, Repair, codes};
use crate::dns::unescape;
use crate::zonefile::lexer::{Token, TokenKind};
use crate::zonefile::name::BadEscape;

/// The most octets a character-string has: its length is one octet.
const MAX: usize = 255;

/// Reads a word or a quoted string as a length and octets.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<()> {
    read_checked(reader, |_| true)
}

/// Reads a character-string whose octets must pass `check`.
fn read_checked(reader: &mut Reader<'_, '_>, check: impl Fn(&[u8]) -> bool) -> Result<()> {
    let token = reader.token()?;
    let length_at = reader.out.len();
    reader.out.push(0);
    push(reader, token)?;
    let octets = reader.out.len() - length_at - 1;
    if octets > MAX {
        return Err(too_long(reader, token, octets));
    }
    reader.out[length_at] = octets as u8;
    if check(&reader.out[length_at + 1..]) { Ok(()) } else { Err(reader.expected(token)) }
}

/// Reads one string of any length, its length being that of the rest.
///
/// A URI's target may be empty, against RFC 7553 §4.4, and need not be quoted: all three peers read the first, two the second.
pub(super) fn read_text(reader: &mut Reader<'_, '_>) -> Result<()> {
    let token = reader.token()?;
    push(reader, token)
}

/// Reads a character-string of four digits or more.
pub(super) fn read_digits(reader: &mut Reader<'_, '_>) -> Result<()> {
    read_checked(reader, is_digits)
}

/// Whether these are four digits or more.
pub(super) fn is_digits(octets: &[u8]) -> bool {
    octets.len() >= 4 && octets.iter().all(u8::is_ascii_digit)
}

/// Reads a character-string that holds a decimal number of at most this magnitude.
pub(super) fn read_decimal(reader: &mut Reader<'_, '_>, limit: u32) -> Result<()> {
    read_checked(reader, |octets| is_decimal(octets, limit))
}

/// Whether this is a decimal number, perhaps with sign and fraction, of at most this magnitude; or nothing, as BIND has it
/// for what is not known.
pub(super) fn is_decimal(octets: &[u8], limit: u32) -> bool {
    let plain = |octet: &u8| octet.is_ascii_digit() || b"+-.".contains(octet);
    let number = std::str::from_utf8(octets).ok().and_then(|text| text.parse::<f64>().ok());
    octets.is_empty() || (octets.iter().all(plain) && number.is_some_and(|number| number.abs() <= f64::from(limit)))
}

/// Reads a tag.
pub(super) fn read_tag(reader: &mut Reader<'_, '_>) -> Result<()> {
    let token = reader.word()?;
    let text = reader.fields.text(token);
    if !is_tag(text) {
        let guilty = text.iter().position(|octet| !octet.is_ascii_alphanumeric());
        let span = guilty.map(|at| reader.fields.span_within(token, at, at + 1));
        return Err(reader.expected_within(token, span.unwrap_or(reader.fields.span(token))));
    }
    reader.out.push(text.len() as u8);
    reader.out.extend_from_slice(text);
    Ok(())
}

/// Whether these are letters and digits, one at least (RFC 8659 §4.1).
pub(super) fn is_tag(octets: &[u8]) -> bool {
    (1..=MAX).contains(&octets.len()) && octets.iter().all(u8::is_ascii_alphanumeric)
}

/// Appends a token's octets, escapes resolved.
#[inline]
pub(super) fn push(reader: &mut Reader<'_, '_>, token: Token) -> Result<()> {
    let text = reader.fields.text(token);
    match memchr::memchr(b'\\', text) {
        None => reader.out.extend_from_slice(text),
        Some(_) => push_unescaped(text, reader.out).map_err(|at| bad_escape(reader, token, at))?,
    }
    Ok(())
}

/// Appends `text` with its escapes resolved, or says where one is malformed.
pub(super) fn push_unescaped(text: &[u8], out: &mut Vec<u8>) -> std::result::Result<(), usize> {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &text[at..]) {
        out.extend_from_slice(&text[at..at + found]);
        at += found;
        let (octet, length) = unescape(&text[at..]).ok_or(at)?;
        out.push(octet);
        at += length;
    }
    out.extend_from_slice(&text[at..]);
    Ok(())
}

/// A malformed escape at octet `at` of a token's text.
#[cold]
pub(super) fn bad_escape(reader: &Reader<'_, '_>, token: Token, at: usize) -> Box<Diagnostic> {
    let escape = BadEscape::at(reader.fields.text(token), at);
    Box::new(
        reader
            .blame(&codes::BAD_ESCAPE, reader.fields.span_within(token, at, escape.end), escape.headline)
            .label("not an escape")
            .why("a backslash takes its meaning from what follows it (RFC 1035 §5.1)")
            .fix(escape.fix),
    )
}

#[cold]
fn too_long(reader: &Reader<'_, '_>, token: Token, octets: usize) -> Box<Diagnostic> {
    let is_list = matches!(reader.field.kind, super::Kind::CharStrs);
    let fix = match (is_list, octets.div_ceil(MAX)) {
        (false, _) => format!("shorten it to {MAX} octets"),
        (true, 2) => "split it into two quoted strings, as in `\"first part\" \"second part\"`".to_owned(),
        (true, parts) => format!("split it into {parts} quoted strings, as in `\"first part\" \"second part\"`"),
    };
    let why = if is_list {
        "the wire has one octet for its length (RFC 1035 §3.3); readers join a record's strings without a blank"
    } else {
        "the wire has one octet for its length (RFC 1035 §3.3)"
    };
    let headline = format!("this string has {octets} octets, and may have {MAX}");
    let code = if is_list { &codes::TXT_OVER_255 } else { &codes::LONG_STRING };
    let finding = reader.blame(code, reader.fields.span(token), headline);
    let quotes = if token.kind == TokenKind::Word { "" } else { ", its quotes not counted" };
    let finding = finding.label(format!("{octets} octets{quotes}")).why(why).fix(fix);
    match parted(reader, token).filter(|_| is_list) {
        Some(repair) => Box::new(finding.repair(repair)),
        None => Box::new(finding),
    }
}

/// A string put into parts of at most 255 octets: a record's strings are read as one (RFC 7208 §3.3, RFC 6376 §3.6.2.2).
fn parted(reader: &Reader<'_, '_>, token: Token) -> Option<Repair> {
    let text = reader.fields.text(token);
    let edit = |at: usize, text: &str| Edit { span: reader.fields.span_within(token, at, at), text: text.into() };
    let mut edits: Vec<Edit> = breaks(text)?.into_iter().map(|at| edit(at, "\" \"")).collect();
    if token.kind == TokenKind::Word {
        edits.insert(0, edit(0, "\""));
        edits.push(edit(text.len(), "\""));
    }
    Some(Repair { edits, alters: Vec::new() })
}

/// Where a text with escapes is parted, so that no part has more octets than a string, nor ends amid a character of UTF-8.
fn breaks(text: &[u8]) -> Option<Vec<usize>> {
    let (mut breaks, mut at, mut octets) = (Vec::new(), 0, 0);
    while at < text.len() {
        let (step, count) = match text[at] {
            b'\\' => (unescape(&text[at..])?.1, 1),
            _ => {
                let rest = text[at + 1..].iter().take(3).take_while(|&&octet| octet & 0xC0 == 0x80).count();
                (1 + rest, 1 + rest)
            }
        };
        if octets + count > MAX {
            breaks.push(at);
            octets = 0;
        }
        (at, octets) = (at + step, octets + count);
    }
    Some(breaks)
}

/// Octets as a quoted string.
pub(super) struct Quoted<'a>(pub(super) &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for &octet in self.0 {
            match octet {
                b'"' | b'\\' => write!(f, "\\{}", char::from(octet))?,
                b' '..=b'~' => f.write_char(char::from(octet))?,
                _ => write!(f, "\\{octet:03}")?,
            }
        }
        f.write_char('"')
    }
}
