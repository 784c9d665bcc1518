//! Address prefixes (RFC 3123): `[!]family:address/length`.
//!
//! Octets of zero at an address's end are left out of the wire. Bits past the prefix are kept as they were written, as
//! every peer does. Other families than IPv4 and IPv6 have no text form, and are refused in both forms.

use std::fmt::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

use super::text::{Reader, Result};
use super::{address, number, wire};

const NEGATED: u8 = 0x80;

/// Reads one prefix.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<()> {
    let token = reader.word()?;
    if push(reader.fields.text(token), reader.out).is_some() {
        return Ok(());
    }
    let finding = reader.expected(token);
    Err(Box::new(
        finding.label("not a prefix").fix("write as `1:192.0.2.0/24`, `2:2001:db8::/32` or `!1:192.0.2.64/28`"),
    ))
}

fn push(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (negated, text) = match text {
        [b'!', rest @ ..] => (NEGATED, rest),
        _ => (0, text),
    };
    let (family, rest) = text.split_at(text.iter().position(|&octet| octet == b':')?);
    let slash = rest.iter().rposition(|&octet| octet == b'/')?;
    let (host, length) = (&rest[1..slash], &rest[slash + 1..]);
    match family {
        b"1" => push_item(1, length, &address::parse::<Ipv4Addr>(host)?.octets(), negated, out),
        b"2" => push_item(2, length, &address::parse::<Ipv6Addr>(host)?.octets(), negated, out),
        _ => None,
    }
}

fn push_item(family: u8, length: &[u8], octets: &[u8], negated: u8, out: &mut Vec<u8>) -> Option<()> {
    let length = number::decimal(length, 8 * octets.len() as u64)?;
    let used = octets.iter().rposition(|&octet| octet != 0).map_or(0, |last| last + 1);
    out.extend_from_slice(&[0, family, length as u8, negated | used as u8]);
    out.extend_from_slice(&octets[..used]);
    Some(())
}

/// One prefix of the wire.
struct Item<'a> {
    family: u8,
    length: u8,
    is_negated: bool,
    octets: &'a [u8],
}

/// The prefix that starts `octets`, and what follows it.
fn split(octets: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let [0, family, length, head, rest @ ..] = octets else { return None };
    let (used, rest) = rest.split_at_checked(usize::from(head & !NEGATED))?;
    let most = match family {
        1 => 4,
        2 => 16,
        _ => return None,
    };
    let fits = used.len() <= most && usize::from(*length) <= 8 * most && used.last() != Some(&0);
    fits.then_some((Item { family: *family, length: *length, is_negated: head & NEGATED != 0, octets: used }, rest))
}

/// Where the prefixes end: with the rdata, if all are valid.
pub(super) fn end(rdata: &[u8], at: usize) -> Option<usize> {
    let mut rest = rdata.get(at..)?;
    while !rest.is_empty() {
        rest = split(rest)?.1;
    }
    wire::all(rdata, at, 0)
}

/// Prints valid prefixes.
pub(super) fn print(mut octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    while let Some((item, rest)) = split(octets) {
        print_item(&item, f)?;
        if !rest.is_empty() {
            f.write_char(' ')?;
        }
        octets = rest;
    }
    Ok(())
}

fn print_item(item: &Item<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut octets = [0; 16];
    octets[..item.octets.len()].copy_from_slice(item.octets);
    write!(f, "{}{}:", if item.is_negated { "!" } else { "" }, item.family)?;
    match item.family {
        1 => write!(f, "{}", Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]))?,
        _ => write!(f, "{}", Ipv6Addr::from(octets))?,
    }
    write!(f, "/{}", item.length)
}
