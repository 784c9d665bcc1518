//! IPv4 and IPv6 addresses, and the slips people make with them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::text::{Reader, Result};
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::Rtype;
use crate::zonefile::lexer::Token;

/// Reads four decimal numbers with dots; leading zeros are refused, since some programs read them as octal.
pub(super) fn read_v4(reader: &mut Reader<'_, '_>) -> Result<()> {
    let token = reader.word()?;
    match parse::<Ipv4Addr>(reader.fields.text(token)) {
        Some(address) => reader.out.extend_from_slice(&address.octets()),
        None => return Err(not_an_address(reader, token)),
    }
    Ok(())
}

/// Reads an address of RFC 4291 §2.2.
pub(super) fn read_v6(reader: &mut Reader<'_, '_>) -> Result<()> {
    let token = reader.word()?;
    match parse::<Ipv6Addr>(reader.fields.text(token)) {
        Some(address) => reader.out.extend_from_slice(&address.octets()),
        None => return Err(not_an_address(reader, token)),
    }
    Ok(())
}

/// The address that a text writes.
pub(super) fn parse<A: std::str::FromStr>(text: &[u8]) -> Option<A> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cold]
fn not_an_address(reader: &Reader<'_, '_>, token: Token) -> Box<Diagnostic> {
    let text = reader.fields.text(token);
    let wants_v4 = matches!(reader.field.kind, super::Kind::Ipv4);
    if let Some(finding) = other_family(reader, token, wants_v4) {
        return finding;
    }
    let finding = reader.expected(token);
    if let Some(address) = mended(text).filter(|address| address.is_ipv4() == wants_v4) {
        return Box::new(finding.fix(format!("write `{address}`")));
    }
    if finding.code.name == codes::BAD_FIELD.name && is_host(text) {
        return Box::new(finding.label("this is a name").fix(name_fix(reader)));
    }
    finding
}

/// An address record cannot hold a name: what to do depends on whether an alias could stand there.
fn name_fix(reader: &Reader<'_, '_>) -> String {
    if matches!(reader.row.rtype, Rtype::A | Rtype::AAAA) {
        "make the type CNAME, or write the address itself".into()
    } else {
        "write the address itself".into()
    }
}

fn other_family(reader: &Reader<'_, '_>, token: Token, wants_v4: bool) -> Option<Box<Diagnostic>> {
    let address = parse::<IpAddr>(reader.fields.text(token)).filter(|address| address.is_ipv4() != wants_v4)?;
    let (family, own, other) = if wants_v4 { ("IPv6", "A", "AAAA") } else { ("IPv4", "AAAA", "A") };
    let mnemonic = reader.row.mnemonic;
    let wanted = if wants_v4 { "an IPv4" } else { "an IPv6" };
    let fix = if mnemonic == own {
        format!("make the type {other}, or write {wanted} address")
    } else {
        format!("write {wanted} address")
    };
    Some(Box::new(
        reader
            .blame(
                &codes::ADDRESS_FAMILY,
                reader.fields.span(token),
                format!("this {mnemonic} record holds an {family} address, `{address}`"),
            )
            .label(format!("an {family} address"))
            .why("A records hold IPv4 addresses, AAAA records IPv6 ones (RFC 1035 §3.4.1, RFC 3596 §2.2)")
            .fix(fix),
    ))
}

/// The address that was meant: without a dot at the end, leading zeros, brackets, a prefix length, a port or a scope.
fn mended(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim_matches(['[', ']', '.', '"']);
    let host = text.split(['/', '%']).next()?.trim_end_matches(['.', ']']);
    host.parse().ok().or_else(|| decimal_parts(host)).or_else(|| decimal_parts(host.split_once(':')?.0))
}

/// Four decimal numbers, leading zeros dropped.
fn decimal_parts(host: &str) -> Option<IpAddr> {
    let mut octets = [0; 4];
    let mut parts = host.split('.');
    for octet in &mut octets {
        *octet = super::number::decimal(parts.next()?.as_bytes(), 255)? as u8;
    }
    parts.next().is_none().then(|| IpAddr::from(octets))
}

/// Whether the text could be a host's name: letters, digits, hyphens and dots, and a letter among them.
fn is_host(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_alphabetic)
        && text.iter().all(|octet| octet.is_ascii_alphanumeric() || b"-._@".contains(octet))
        && !text.contains(&b':')
}
