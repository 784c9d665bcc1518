//! The registered keys of service parameters (IANA "Service Parameter Keys (SvcParamKeys)"), and the form of each value.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::number::{decimal, from_wire};
use super::strings::Quoted;
use super::{address, encoded};

/// Keys that other parameters depend on.
pub(super) const MANDATORY: u16 = 0;
pub(super) const ALPN: u16 = 1;
pub(super) const NO_DEFAULT_ALPN: u16 = 2;

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Keys, `mandatory` not among them; ascending on the wire (RFC 9460 §8).
    Keys,
    /// Strings of 1–255 octets, at least one (RFC 9460 §7.1).
    Ids,
    /// Nothing.
    Empty,
    /// A port.
    Port,
    /// IPv4 addresses, at least one.
    Ipv4s,
    /// Octets in base64, at least one.
    Base64,
    /// IPv6 addresses, at least one.
    Ipv6s,
    /// A URI template in UTF-8 with the variable `dns` (RFC 9461 §5).
    Template,
    /// Numbers of TLS groups, at least one, none twice.
    Groups,
    /// Segments of a path, perhaps none (RFC 9953 §3.2).
    Segments,
    /// Any octets.
    Opaque,
}

/// Name, form and example, in the order of their numbers.
const KEYS: &[(&str, Form, &str)] = &[
    ("mandatory", Form::Keys, "mandatory=alpn,port"),
    ("alpn", Form::Ids, "alpn=h2,h3"),
    ("no-default-alpn", Form::Empty, "no-default-alpn"),
    ("port", Form::Port, "port=443"),
    ("ipv4hint", Form::Ipv4s, "ipv4hint=192.0.2.1,192.0.2.2"),
    ("ech", Form::Base64, "ech=AQIDBA=="),
    ("ipv6hint", Form::Ipv6s, "ipv6hint=2001:db8::1,2001:db8::2"),
    ("dohpath", Form::Template, "dohpath=/dns-query{?dns}"),
    ("ohttp", Form::Empty, "ohttp"),
    ("tls-supported-groups", Form::Groups, "tls-supported-groups=29,23"),
    ("docpath", Form::Segments, "docpath=dns"),
];

fn form(key: u16) -> Form {
    KEYS.get(usize::from(key)).map_or(Form::Opaque, |(_, form, _)| *form)
}

/// A key's name: the registered one, or `key123`.
pub(super) struct Key(pub(super) u16);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match KEYS.get(usize::from(self.0)) {
            Some((name, ..)) => f.write_str(name),
            None => write!(f, "key{}", self.0),
        }
    }
}

/// The key of a name, in lower case as all peers ask for; a number has no leading zeros (RFC 9460 §2.1).
pub(super) fn key(name: &[u8]) -> Option<u16> {
    let registered = KEYS.iter().position(|(known, ..)| known.as_bytes() == name);
    if let Some(key) = registered {
        return Some(key as u16);
    }
    let digits = name.strip_prefix(b"key")?;
    let number = decimal(digits, u16::MAX.into())?;
    (digits == b"0" || digits[0] != b'0').then_some(number as u16)
}

/// The registered name that is most like `name`.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let likeness = |known: &str| strsim::jaro_winkler(&name.to_lowercase(), known);
    let best = KEYS.iter().map(|(known, ..)| *known).max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    // Below this, what comes nearest shares little more than its first letters.
    (likeness(best) > 0.85).then_some(best)
}

/// A parameter that would do.
pub(super) fn example(key: u16) -> String {
    KEYS.get(usize::from(key)).map_or_else(|| format!("{}=\"octets\"", Key(key)), |(.., example)| (*example).to_owned())
}

/// Appends the wire form of a value, its escapes resolved; none if there is no `=`.
///
/// # Errors
///
/// A few words on what is wrong.
pub(super) fn push(key: u16, is_generic: bool, value: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), &'static str> {
    let start = out.len();
    let text = value.unwrap_or_default();
    let form = if is_generic { Form::Opaque } else { form(key) };
    match form {
        Form::Keys => push_keys(text, out)?,
        Form::Ids | Form::Segments => push_list(text, out)?,
        Form::Empty if value.is_some() => return Err("the key takes no value, and no `=`"),
        Form::Empty => {}
        Form::Port => {
            let port = decimal(text, u16::MAX.into()).ok_or("a port is a number, 0–65535")?;
            out.extend_from_slice(&(port as u16).to_be_bytes());
        }
        Form::Ipv4s => push_each(text, out, |item, out| {
            out.extend_from_slice(&address::parse::<Ipv4Addr>(item).ok_or("not an IPv4 address")?.octets());
            Ok(())
        })?,
        Form::Ipv6s => push_each(text, out, |item, out| {
            out.extend_from_slice(&address::parse::<Ipv6Addr>(item).ok_or("not an IPv6 address")?.octets());
            Ok(())
        })?,
        Form::Base64 => encoded::append(text, &data_encoding::BASE64, out).map_err(|_| "not base64")?,
        Form::Groups => push_each(text, out, |item, out| {
            let group = decimal(item, u16::MAX.into()).ok_or("a group is a number, 0–65535")?;
            out.extend_from_slice(&(group as u16).to_be_bytes());
            Ok(())
        })?,
        Form::Template | Form::Opaque => out.extend_from_slice(text),
    }
    let pushed = &out[start..];
    if is_valid(key, pushed) { Ok(()) } else { Err(missing_or_malformed(key, pushed)) }
}

/// Words for what only the whole value shows.
fn missing_or_malformed(key: u16, pushed: &[u8]) -> &'static str {
    match form(key) {
        _ if pushed.is_empty() => "the key needs a value",
        Form::Template => "not a URI template with the variable `dns`",
        Form::Groups => "a group is listed twice",
        Form::Keys => "`mandatory` must not list itself, nor a key twice",
        _ => "its octets are malformed",
    }
}

fn push_each(
    text: &[u8],
    out: &mut Vec<u8>,
    push: impl Fn(&[u8], &mut Vec<u8>) -> Result<(), &'static str>,
) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("the key needs a value");
    }
    text.split(|&octet| octet == b',').try_for_each(|item| push(item, out))
}

fn push_keys(text: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut keys = Vec::new();
    for name in text.split(|&octet| octet == b',') {
        keys.push(key(name).ok_or("lists something that is no key")?);
    }
    keys.sort_unstable();
    keys.iter().for_each(|key| out.extend_from_slice(&key.to_be_bytes()));
    Ok(())
}

/// Appends comma-separated strings, in which `\,` is a comma and `\\` a backslash (RFC 9460 appendix A.1).
fn push_list(text: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if text.is_empty() {
        return Ok(());
    }
    let mut length_at = out.len();
    out.push(0);
    let mut octets = text.iter();
    while let Some(&octet) = octets.next() {
        match octet {
            b',' => {
                close(length_at, out)?;
                length_at = out.len();
                out.push(0);
            }
            b'\\' => match octets.next() {
                Some(&escaped @ (b',' | b'\\')) => out.push(escaped),
                _ => return Err("in a list `\\\\` comes before a comma or another `\\\\` only"),
            },
            _ => out.push(octet),
        }
    }
    close(length_at, out)
}

/// Fills in the length of the string that ends here.
fn close(length_at: usize, out: &mut [u8]) -> Result<(), &'static str> {
    match u8::try_from(out.len() - length_at - 1) {
        Ok(0) => Err("an item of the list is empty"),
        Ok(length) => {
            out[length_at] = length;
            Ok(())
        }
        Err(_) => Err("an item of the list has more than 255 octets"),
    }
}

/// Whether the octets of the wire are what the key asks for.
pub(super) fn is_valid(key: u16, value: &[u8]) -> bool {
    let pairs = || value.chunks_exact(2).map(from_wire);
    match form(key) {
        Form::Keys => is_multiple(value, 2) && from_wire(&value[..2]) != 0 && pairs().is_sorted_by(|a, b| a < b),
        Form::Ids => !value.is_empty() && is_whole(value),
        Form::Empty => value.is_empty(),
        Form::Port => value.len() == 2,
        Form::Ipv4s => is_multiple(value, 4),
        Form::Base64 => !value.is_empty(),
        Form::Ipv6s => is_multiple(value, 16),
        Form::Template => is_template(value),
        Form::Groups => is_multiple(value, 2) && all_differ(pairs().collect()),
        Form::Segments => is_whole(value),
        Form::Opaque => true,
    }
}

fn is_multiple(value: &[u8], octets: usize) -> bool {
    !value.is_empty() && value.len().is_multiple_of(octets)
}

fn all_differ(mut numbers: Vec<u64>) -> bool {
    numbers.sort_unstable();
    numbers.is_sorted_by(|a, b| a < b)
}

/// Whether this is UTF-8 with an expression that names the variable `dns`.
fn is_template(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let expressions = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let mut names =
        expressions.flat_map(|(inside, _)| inside.trim_start_matches(['?', '&', '/', '+', '#', '.', ';']).split(','));
    names.any(|name| name.split([':', '*']).next() == Some("dns"))
}

/// Length-prefixed strings, none empty; ends early where one is empty or cut short.
struct Items<'a>(&'a [u8]);

fn is_whole(value: &[u8]) -> bool {
    let mut items = Items(value);
    items.by_ref().for_each(drop);
    items.0.is_empty()
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (&length, rest) = self.0.split_first().filter(|(length, _)| **length > 0)?;
        let (item, rest) = rest.split_at_checked(length.into())?;
        self.0 = rest;
        Some(item)
    }
}

/// Prints `=` and a valid value, or nothing where there is none.
pub(super) fn print(key: u16, value: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if value.is_empty() {
        return Ok(());
    }
    f.write_str("=")?;
    match form(key) {
        Form::Keys => list(value.chunks(2), f, |key, f| write!(f, "{}", Key(from_wire(key) as u16))),
        Form::Ids | Form::Segments => write!(f, "{}", Quoted(&escaped_list(value))),
        Form::Empty => Ok(()),
        Form::Port => write!(f, "{}", from_wire(value)),
        Form::Ipv4s => list(value.chunks(4), f, |item, f| super::print::array::<4, _>(item, f, Ipv4Addr::from)),
        Form::Base64 => write!(f, "{}", encoded::base64(value)),
        Form::Ipv6s => list(value.chunks(16), f, |item, f| super::print::array::<16, _>(item, f, Ipv6Addr::from)),
        Form::Groups => list(value.chunks(2), f, |group, f| write!(f, "{}", from_wire(group))),
        Form::Template | Form::Opaque => write!(f, "{}", Quoted(value)),
    }
}

fn list<'v>(
    items: impl Iterator<Item = &'v [u8]>,
    f: &mut fmt::Formatter<'_>,
    print: impl Fn(&[u8], &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.enumerate() {
        if index > 0 {
            f.write_str(",")?;
        }
        print(item, f)?;
    }
    Ok(())
}

/// Strings with commas between them, commas and backslashes inside them escaped.
fn escaped_list(value: &[u8]) -> Vec<u8> {
    let mut list = Vec::with_capacity(value.len());
    for (index, item) in Items(value).enumerate() {
        if index > 0 {
            list.push(b',');
        }
        for &octet in item {
            if matches!(octet, b',' | b'\\') {
                list.push(b'\\');
            }
            list.push(octet);
        }
    }
    list
}
