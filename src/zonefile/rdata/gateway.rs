//! Gateways of IPSECKEY (RFC 4025 §2.5) and relays of AMTRELAY (RFC 8777 §4.2): nothing, an address or a name.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::kind::Kind;
use super::number::decimal;
use super::table::Field;
use super::text::{Reader, Result};
use super::{address, text, wire};

/// What a gateway is, by its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum GatewayType {
    /// There is none; text has a dot.
    None,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An uncompressed name.
    Name,
}

impl GatewayType {
    /// The type that the second octet of the rdata names, the discovery-optional bit of AMTRELAY apart.
    ///
    /// IPSECKEY has no such bit; its type was held to 0–3 before this is asked.
    pub(super) fn of(rdata: &[u8]) -> Option<Self> {
        match rdata.get(1)? & 0x7F {
            0 => Some(Self::None),
            1 => Some(Self::Ipv4),
            2 => Some(Self::Ipv6),
            3 => Some(Self::Name),
            _ => None,
        }
    }
}

/// Reads the type of a gateway.
pub(super) fn read_type(reader: &mut Reader<'_, '_>) -> Result<()> {
    let token = reader.word()?;
    match decimal(reader.fields.text(token), 3) {
        Some(number) => reader.out.push(number as u8),
        None => return Err(reader.expected(token)),
    }
    Ok(())
}

/// Reads the discovery-optional bit and the type of a relay, two tokens for one octet.
pub(super) fn read_relay_type(reader: &mut Reader<'_, '_>) -> Result<()> {
    reader.field = Field { name: "discovery-optional bit", kind: Kind::Opaque };
    let token = reader.word()?;
    let bit = match reader.fields.text(token) {
        b"0" => 0,
        b"1" => 0x80,
        _ => return Err(Box::new(reader.expected(token).fix("write `0` or `1`"))),
    };
    reader.field = Field { name: "relay type", kind: Kind::GatewayType };
    let at = reader.out.len();
    read_type(reader)?;
    reader.out[at] |= bit;
    Ok(())
}

/// Reads a gateway of the type read before.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> text::Result<()> {
    let name = reader.field.name;
    match GatewayType::of(reader.rdata()) {
        Some(GatewayType::Ipv4) => {
            reader.field = Field { name: "IPv4 address", kind: Kind::Ipv4 };
            address::read_v4(reader)
        }
        Some(GatewayType::Ipv6) => {
            reader.field = Field { name: "IPv6 address", kind: Kind::Ipv6 };
            address::read_v6(reader)
        }
        Some(GatewayType::Name) => reader.read_name(),
        Some(GatewayType::None) | None => {
            let token = reader.word()?;
            if reader.fields.text(token) == b"." {
                return Ok(());
            }
            let headline =
                format!("this {} record has a {name}, and its type 0 says that there is none", reader.row.mnemonic);
            let finding = reader.rule(reader.fields.span(token), headline).label("type 0 has a `.` here");
            Err(Box::new(
                finding.fix("make the type 1 for an IPv4 address, 2 for an IPv6 one, 3 for a name; or write `.`"),
            ))
        }
    }
}

/// Where the gateway that starts at `at` ends.
pub(super) fn end(rdata: &[u8], at: usize) -> Option<usize> {
    match GatewayType::of(rdata)? {
        GatewayType::None => Some(at),
        GatewayType::Ipv4 => wire::skip(rdata, at, 4),
        GatewayType::Ipv6 => wire::skip(rdata, at, 16),
        GatewayType::Name => wire::name_end(rdata, at),
    }
}

/// Prints a gateway, which is at `octets` of valid `rdata`.
pub(super) fn print(rdata: &[u8], octets: &[u8], f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    match GatewayType::of(rdata) {
        Some(GatewayType::Ipv4) => super::print::array::<4, _>(octets, f, Ipv4Addr::from),
        Some(GatewayType::Ipv6) => super::print::array::<16, _>(octets, f, Ipv6Addr::from),
        Some(GatewayType::Name) => super::print::name(octets, f),
        Some(GatewayType::None) | None => f.write_str("."),
    }
}
