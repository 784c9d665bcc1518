//! Octets of the wire to presentation format, field by field.

use std::fmt::{self, Display, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

use super::generic::Generic;
use super::kind::Kind;
use super::mnemonics::Mnemonic;
use super::number::from_wire;
use super::strings::Quoted;
use super::table::row;
use super::{apl, bitmap, encoded, gateway, hip, identifier, loc, svcb, time, wire, wks};
use crate::dns::{NameRef, Rtype};

/// A record's data as a zone file would write it, on one line.
///
/// Data of an unknown type, or that is not what its type asks for, is shown in the generic form (RFC 3597 §5). Valid data
/// reads back as the same octets.
pub struct Presentation<'a> {
    /// The type.
    pub rtype: Rtype,
    /// The data, uncompressed.
    pub rdata: &'a [u8],
}

impl fmt::Display for Presentation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(row) = row(self.rtype).filter(|row| wire::is_valid(row.fields, self.rdata)) else {
            return Generic(self.rdata).fmt(f);
        };
        let mut at = 0;
        for (index, field) in row.fields.iter().enumerate() {
            let Some(end) = wire::end(field.kind, self.rdata, at) else { return Err(fmt::Error) };
            if at == end && field.kind.is_optional() {
                continue;
            }
            if index > 0 {
                f.write_char(' ')?;
            }
            print_field(field.kind, self.rdata, &self.rdata[at..end], f)?;
            at = end;
        }
        Ok(())
    }
}

/// Prints a field, which holds `octets` of valid `rdata`.
fn print_field(kind: Kind, rdata: &[u8], octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match kind {
        Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 | Kind::Ttl => write!(f, "{}", from_wire(octets)),
        // Numbers, since not every server knows every name.
        Kind::Named8(_) | Kind::Named16(_) | Kind::GatewayType => write!(f, "{}", from_wire(octets)),
        Kind::Time => time::print(from_wire(octets), f),
        Kind::Rtype => write!(f, "{}", Mnemonic(Rtype(from_wire(octets) as u16))),
        Kind::Ipv4 => array::<4, _>(octets, f, Ipv4Addr::from),
        Kind::Ipv6 => array::<16, _>(octets, f, Ipv6Addr::from),
        Kind::CompressibleName | Kind::CanonicalName | Kind::Signer | Kind::Name => name(octets, f),
        Kind::Names => each(octets, f, |octets| NameRef::parse(octets).map_or(0, |name| name.octets().len()), name),
        Kind::CharStr | Kind::OptionalCharStr | Kind::Digits | Kind::Decimal(_) => string(octets, f),
        Kind::CharStrs => each(octets, f, |octets| 1 + usize::from(octets[0]), string),
        Kind::Text => write!(f, "{}", Quoted(octets)),
        Kind::Tag => octets[1..].iter().try_for_each(|&octet| f.write_char(octet.into())),
        Kind::DashBase64 if octets.is_empty() => f.write_char('-'),
        Kind::Salt if octets.len() == 1 => f.write_char('-'),
        Kind::Base64 | Kind::OptionalBase64 | Kind::Key | Kind::DashBase64 => write!(f, "{}", encoded::base64(octets)),
        Kind::Hex | Kind::Digest(_) => write!(f, "{}", encoded::hex(octets)),
        Kind::Salt => write!(f, "{}", encoded::hex(&octets[1..])),
        Kind::Hash => write!(f, "{}", encoded::base32hex(&octets[1..])),
        Kind::TypeBitmap | Kind::OptionalTypeBitmap => bitmap::print(octets, f),
        Kind::OldBitmap => bitmap::print_old(octets, f),
        Kind::Eui(_) => identifier::print_eui(octets, f),
        Kind::Locator => identifier::print_locator(octets, f),
        Kind::Nsap => write!(f, "0x{}", encoded::hex(octets)),
        Kind::Ports => wks::print(octets, f),
        Kind::Location => loc::print(octets, f),
        Kind::Prefixes => apl::print(octets, f),
        Kind::SvcParams => svcb::print(octets, f),
        Kind::Gateway => gateway::print(rdata, octets, f),
        Kind::RelayType => write!(f, "{} {}", octets[0] >> 7, octets[0] & 0x7F),
        Kind::HostIdentity => hip::print(octets, f),
        Kind::Opaque => Generic(octets).fmt(f),
    }
}

/// Prints what an array of octets stands for.
pub(super) fn array<const N: usize, T: Display>(
    octets: &[u8],
    f: &mut fmt::Formatter<'_>,
    convert: fn([u8; N]) -> T,
) -> fmt::Result {
    let octets = <[u8; N]>::try_from(octets).map_err(|_| fmt::Error)?;
    convert(octets).fmt(f)
}

/// Prints a name of the wire.
pub(super) fn name(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    NameRef::trusted(octets).fmt(f)
}

fn string(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    Quoted(&octets[1..]).fmt(f)
}

/// Prints things one after another, `measure` telling the length of the first of those left.
fn each(
    mut octets: &[u8],
    f: &mut fmt::Formatter<'_>,
    measure: impl Fn(&[u8]) -> usize,
    print: impl Fn(&[u8], &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    while !octets.is_empty() {
        let (head, rest) = octets.split_at(measure(octets).clamp(1, octets.len()));
        print(head, f)?;
        if !rest.is_empty() {
            f.write_char(' ')?;
        }
        octets = rest;
    }
    Ok(())
}
