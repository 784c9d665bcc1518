//! Octets of the wire, measured and checked field by field.

use super::kind::Kind;
use super::table::Field;
use super::{apl, bitmap, gateway, hip, loc, signing, strings, svcb, wks};
use crate::dns::NameRef;

/// Whether the fields fill `rdata` exactly.
pub(super) fn is_valid(fields: &[Field], rdata: &[u8]) -> bool {
    let end = fields.iter().try_fold(0, |at, field| end(field.kind, rdata, at));
    end == Some(rdata.len())
}

/// Where the field of this kind that starts at `at` ends; none if it is malformed.
///
/// Some kinds depend on an octet before them, so all of the rdata is given.
pub(super) fn end(kind: Kind, rdata: &[u8], at: usize) -> Option<usize> {
    match kind {
        Kind::U8 | Kind::Named8(_) => skip(rdata, at, 1),
        Kind::U16 | Kind::Named16(_) | Kind::Rtype => skip(rdata, at, 2),
        Kind::U32 | Kind::Ttl | Kind::Time | Kind::Ipv4 => skip(rdata, at, 4),
        Kind::U64 | Kind::Locator => skip(rdata, at, 8),
        Kind::Ipv6 => skip(rdata, at, 16),
        Kind::Eui(octets) => skip(rdata, at, octets),
        Kind::CompressibleName | Kind::CanonicalName | Kind::Name => name_end(rdata, at),
        Kind::Signer => signing::signer_end(rdata, at),
        Kind::Names => each(rdata, at, name_end),
        Kind::CharStr => string(rdata, at, |_| true),
        Kind::OptionalCharStr if at == rdata.len() => Some(at),
        Kind::OptionalCharStr => string(rdata, at, |_| true),
        Kind::CharStrs => each(rdata, string(rdata, at, |_| true)?, |rdata, at| string(rdata, at, |_| true)),
        Kind::Digits => string(rdata, at, strings::is_digits),
        Kind::Decimal(limit) => string(rdata, at, |octets| strings::is_decimal(octets, limit)),
        Kind::Tag => string(rdata, at, strings::is_tag),
        Kind::Salt => string(rdata, at, |_| true),
        Kind::Hash => string(rdata, at, |octets| !octets.is_empty()),
        Kind::Text | Kind::OptionalBase64 | Kind::DashBase64 | Kind::Opaque => all(rdata, at, 0),
        Kind::Base64 | Kind::Hex | Kind::Nsap => all(rdata, at, 1),
        Kind::Digest(digests) => {
            let algorithm = *rdata.get(at.checked_sub(1)?)?;
            all(rdata, at, 0).filter(|end| digests.allows(algorithm, end - at))
        }
        Kind::Key => signing::key_end(rdata, at),
        Kind::TypeBitmap => rest(rdata, at, |octets| bitmap::is_valid(octets, 1)),
        Kind::OptionalTypeBitmap => rest(rdata, at, |octets| bitmap::is_valid(octets, 0)),
        Kind::OldBitmap => rest(rdata, at, bitmap::is_valid_old),
        Kind::Ports => rest(rdata, at, wks::is_valid),
        Kind::Location => rest(rdata, at, loc::is_valid),
        Kind::Prefixes => apl::end(rdata, at),
        Kind::SvcParams => rest(rdata, at, svcb::is_valid),
        Kind::GatewayType => skip(rdata, at, 1).filter(|_| rdata[at] <= 3),
        Kind::Gateway => gateway::end(rdata, at),
        Kind::RelayType => skip(rdata, at, 1).filter(|_| rdata[at] & 0x7F <= 3),
        Kind::HostIdentity => hip::end(rdata, at),
    }
}

/// The place so many octets after `at`, if the rdata has them.
pub(super) fn skip(rdata: &[u8], at: usize, octets: usize) -> Option<usize> {
    let end = at + octets;
    (end <= rdata.len()).then_some(end)
}

/// The end of an uncompressed name.
pub(super) fn name_end(rdata: &[u8], at: usize) -> Option<usize> {
    Some(at + NameRef::parse(rdata.get(at..)?)?.octets().len())
}

/// The end of a length octet and the octets it counts, if they pass `check`.
fn string(rdata: &[u8], at: usize, check: impl Fn(&[u8]) -> bool) -> Option<usize> {
    let end = skip(rdata, at + 1, usize::from(*rdata.get(at)?))?;
    check(&rdata[at + 1..end]).then_some(end)
}

/// The end of the rdata, if at least so many octets are left.
pub(super) fn all(rdata: &[u8], at: usize, least: usize) -> Option<usize> {
    (rdata.len() >= at + least).then_some(rdata.len())
}

/// The end of the rdata, if what is left passes `check`.
fn rest(rdata: &[u8], at: usize, check: impl Fn(&[u8]) -> bool) -> Option<usize> {
    rdata.get(at..).filter(|octets| check(octets)).map(|_| rdata.len())
}

/// The end of the rdata, if it is filled by things that `end` measures.
fn each(rdata: &[u8], mut at: usize, end: impl Fn(&[u8], usize) -> Option<usize>) -> Option<usize> {
    while at < rdata.len() {
        at = end(rdata, at)?;
    }
    Some(at)
}
