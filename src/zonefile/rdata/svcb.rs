//! Service parameters of SVCB and HTTPS records (RFC 9460 §2): `key=value` in any order, sorted by key on the wire.
//!
//! What a key's value looks like is `svcparam.rs`'s. A record in AliasMode may have parameters here: recipients ignore them
//! (RFC 9460 §2.4.2), and named-checkzone, nsd-checkzone and kzonecheck let them pass.

use std::fmt;
use std::ops::Range;

use super::fault::shown;
use super::strings;
use super::svcparam::{self, ALPN, Key, MANDATORY, NO_DEFAULT_ALPN};
use super::text::{Reader, Result};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::zonefile::lexer::{Token, TokenKind};

/// A parameter read from text; its value is a range of the scratch octets.
struct Param {
    key: u16,
    value: Range<usize>,
    span: Span,
}

/// Reads the parameters that are left.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<()> {
    let (mut params, mut values) = (Vec::new(), Vec::new());
    while reader.fields.peek().is_some() {
        params.push(read_param(reader, &mut values)?);
    }
    params.sort_by_key(|param| param.key);
    check(reader, &params, &values)?;
    for param in &params {
        let value = &values[param.value.clone()];
        let Ok(length) = u16::try_from(value.len()) else { return Err(reader.too_long(value.len())) };
        reader.out.extend_from_slice(&param.key.to_be_bytes());
        reader.out.extend_from_slice(&length.to_be_bytes());
        reader.out.extend_from_slice(value);
    }
    Ok(())
}

fn read_param(reader: &mut Reader<'_, '_>, values: &mut Vec<u8>) -> Result<Param> {
    let token = reader.token()?;
    let text = reader.fields.text(token);
    if token.kind != TokenKind::Word {
        return Err(quoted_whole(reader, token));
    }
    let equals = memchr::memchr(b'=', text);
    let name = &text[..equals.unwrap_or(text.len())];
    let Some(key) = svcparam::key(name) else { return Err(unknown_key(reader, token, name)) };
    let written = take_value(reader, token, equals);
    let start = values.len();
    let octets = decode(reader, &written)?;
    if let Err(problem) = svcparam::push(key, is_generic(name), octets.as_deref(), values) {
        return Err(bad_value(reader, key, &written, problem));
    }
    Ok(Param { key, value: start..values.len(), span: written.whole })
}

/// A parameter's value as it stands in the text.
struct Written {
    /// The token that holds the value, and the octets of its text before it; none without a `=`.
    value: Option<(Token, usize)>,
    /// The place of key and value.
    whole: Span,
    /// The place of the value, or of the key if there is none.
    guilty: Span,
}

/// Finds the value: what follows `=` in the token, or the quoted string right after it.
fn take_value(reader: &mut Reader<'_, '_>, token: Token, equals: Option<usize>) -> Written {
    let whole = reader.fields.span(token);
    let Some(equals) = equals else { return Written { value: None, whole, guilty: whole } };
    let length = reader.fields.text(token).len();
    let next = reader.fields.peek().filter(|next| next.kind != TokenKind::Word && next.start == token.end);
    match next {
        Some(next) if equals + 1 == length => {
            // The quoted string was only looked at.
            let _ = reader.fields.take();
            let guilty = reader.fields.span(next);
            Written { value: Some((next, 0)), whole: whole.to(guilty), guilty }
        }
        _ if equals + 1 == length => Written { value: Some((token, length)), whole, guilty: whole },
        _ => {
            let guilty = reader.fields.span_within(token, equals + 1, length);
            Written { value: Some((token, equals + 1)), whole, guilty }
        }
    }
}

/// The value's octets, the escapes of character-strings resolved (RFC 9460 appendix A).
fn decode(reader: &Reader<'_, '_>, written: &Written) -> Result<Option<Vec<u8>>> {
    let Some((token, start)) = written.value else { return Ok(None) };
    let mut octets = Vec::new();
    strings::push_unescaped(&reader.fields.text(token)[start..], &mut octets)
        .map_err(|at| strings::bad_escape(reader, token, start + at))?;
    Ok(Some(octets))
}

/// Whether a key is written `key123`: its value is then taken as the octets of the wire.
fn is_generic(name: &[u8]) -> bool {
    name.starts_with(b"key")
}

fn quoted_whole(reader: &Reader<'_, '_>, token: Token) -> Box<Diagnostic> {
    let text = shown(reader.fields.text(token));
    let fix = match text.split_once('=') {
        Some((key, value)) => format!("write `{key}=\"{value}\"`"),
        None => format!("write `{text}`"),
    };
    let headline = format!("a parameter of this {} record is in quotes as a whole", reader.row.mnemonic);
    let finding = reader.rule(reader.fields.span(token), headline).label("not `key=value`");
    Box::new(finding.why("quotes may stand around the value only (RFC 9460 §2.1)").fix(fix))
}

fn unknown_key(reader: &Reader<'_, '_>, token: Token, name: &[u8]) -> Box<Diagnostic> {
    let finding = reader.expected(token);
    if name.starts_with(b"#") || name.is_empty() {
        return finding;
    }
    let nearest = svcparam::nearest(&String::from_utf8_lossy(name));
    let headline = format!("no parameter of {} records is called `{}`", reader.row.mnemonic, shown(name));
    let span = reader.fields.span_within(token, 0, name.len());
    let finding = reader.rule(span, headline).label("unknown key");
    let why = "keys are those of RFC 9460 §14.3 in lower case, or `key` and a number for one that is not known here";
    let fix = nearest.map_or("write it as `key` and its number".to_owned(), |key| format!("write `{key}`"));
    Box::new(finding.why(why).fix(fix))
}

fn bad_value(reader: &Reader<'_, '_>, key: u16, written: &Written, problem: &'static str) -> Box<Diagnostic> {
    let headline = format!("the value of `{}` is malformed: {problem}", Key(key));
    let finding = reader.rule(written.guilty, headline).label(format!("not a value for `{}`", Key(key)));
    Box::new(finding.fix(format!("write it as `{}`", svcparam::example(key))))
}

/// Refuses what no single parameter shows: duplicates, mandatory keys that are missing, `no-default-alpn` alone.
fn check(reader: &Reader<'_, '_>, params: &[Param], values: &[u8]) -> Result<()> {
    let mnemonic = reader.row.mnemonic;
    if let Some(pair) = params.windows(2).find(|pair| pair[0].key == pair[1].key) {
        let (first, second) = (&pair[0], &pair[1]);
        let headline = format!("this {mnemonic} record has `{}` twice", Key(first.key));
        let finding = reader.rule(second.span, headline).label("here again").also(first.span, "first here");
        return Err(Box::new(finding.why("each key may stand once (RFC 9460 §2.1)").fix("delete one of them")));
    }
    let pairs = || params.iter().map(|param| (param.key, &values[param.value.clone()]));
    let Some(fault) = inconsistency(pairs) else { return Ok(()) };
    let (blamed, absent) = match fault {
        Inconsistency::Missing(key) => (MANDATORY, key),
        Inconsistency::NoAlpn => (NO_DEFAULT_ALPN, ALPN),
    };
    let span = params.iter().find(|param| param.key == blamed).map_or(reader.fields.missing(), |param| param.span);
    let (blamed, absent) = (Key(blamed), Key(absent));
    let headline = format!("this {mnemonic} record has `{blamed}`, and lacks the `{absent}` that this asks for");
    let finding = reader.rule(span, headline).label(format!("asks for `{absent}`"));
    let why = "clients discard a record that contradicts itself (RFC 9460 §7.1.1, §8)";
    Err(Box::new(finding.why(why).fix(format!("add `{absent}=…`, or take it out here"))))
}

/// What makes parameters contradict each other.
enum Inconsistency {
    /// A mandatory key is not there.
    Missing(u16),
    /// `no-default-alpn` without `alpn`.
    NoAlpn,
}

fn inconsistency<'v, I: Iterator<Item = (u16, &'v [u8])>>(pairs: impl Fn() -> I) -> Option<Inconsistency> {
    let has = |key| pairs().any(|(other, _)| other == key);
    let mandatory = pairs().find(|(key, _)| *key == MANDATORY).map_or(&[][..], |(_, value)| value);
    let keys = mandatory.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    for key in keys {
        if !has(key) {
            return Some(Inconsistency::Missing(key));
        }
    }
    (has(NO_DEFAULT_ALPN) && !has(ALPN)).then_some(Inconsistency::NoAlpn)
}

/// The parameters on the wire; ends early where one is cut short.
#[derive(Clone)]
struct Params<'a>(&'a [u8]);

impl<'a> Iterator for Params<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        let [k0, k1, l0, l1, rest @ ..] = self.0 else { return None };
        let (value, rest) = rest.split_at_checked(u16::from_be_bytes([*l0, *l1]).into())?;
        self.0 = rest;
        Some((u16::from_be_bytes([*k0, *k1]), value))
    }
}

/// Whether the parameters are whole, in order, each of its key's form, and do not contradict each other.
pub(super) fn is_valid(octets: &[u8]) -> bool {
    let mut params = Params(octets);
    let mut before = None;
    for (key, value) in params.by_ref() {
        if before.is_some_and(|before| before >= key) || !svcparam::is_valid(key, value) {
            return false;
        }
        before = Some(key);
    }
    params.0.is_empty() && inconsistency(|| Params(octets)).is_none()
}

/// Prints valid parameters.
pub(super) fn print(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, (key, value)) in Params(octets).enumerate() {
        if index > 0 {
            f.write_str(" ")?;
        }
        write!(f, "{}", Key(key))?;
        svcparam::print(key, value, f)?;
    }
    Ok(())
}
