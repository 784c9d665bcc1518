//! The table of RR types, and all that derives from it: text to wire, wire to text, validation, embedded names.
//!
//! In: a type and its data, as tokens or as octets. Out: the other of the two, or the finding that says at which token and
//! why. Rdata is uncompressed here; compression is the response writer's, who learns from [`names`] where names are.
//!
//! # Design
//!
//! A type is a row of named fields (`table.rs`), and a field is of some kind (`kind.rs`). A kind has one arm in each of three
//! matches: read from tokens (`text.rs`), measured on the wire (`wire.rs`), printed (`print.rs`). Irregular kinds have a file
//! of their own with these three functions. What is valid wire prints to text that reads back as the same octets, so every
//! check that text gets is a check of the wire too, and `\#` is no way around any (RFC 3597 §5).
//!
//! Where peers differ, the strictest of them is followed if its RFC backs it; the places say so.

mod address;
mod apl;
mod bitmap;
mod digest;
mod embedded;
mod encoded;
mod fault;
mod gateway;
mod generic;
mod hip;
mod identifier;
mod kind;
mod loc;
mod mnemonics;
mod number;
mod print;
mod services;
mod signing;
mod strings;
mod svcb;
mod svcparam;
mod table;
mod text;
mod time;
mod wire;
mod wks;

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::dns::Rtype;
use crate::zonefile::Fields;

pub use bitmap::listed_types;
pub use embedded::{EmbeddedName, Names, has_names, may_compress, names};
pub use generic::Generic;
pub use kind::{Kind, Mnemonics};
pub use mnemonics::{Algorithm, Mnemonic, from_mnemonic};
pub use print::Presentation;
pub use table::{Field, TypeRow};
pub use time::{Moment, parse_moment};

/// The most octets that a record's data may have: its length has 16 bits (RFC 1035 §3.2.1).
pub const MAX_RDATA: usize = u16::MAX as usize;

/// Appends to `out` the rdata of type `rtype` that `fields` write, uncompressed. On an error `out` is as it was.
///
/// Every type may be written in the generic form, `\# LENGTH HEX`; a known type's octets are then held to its row.
///
/// # Errors
///
/// What is missing, malformed or too much, at its token.
pub fn parse(rtype: Rtype, fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Result<(), Box<Diagnostic>> {
    let start = out.len();
    let result = text::read(rtype, fields, out);
    if result.is_err() {
        out.truncate(start);
    }
    debug_assert!(result.is_err() || is_valid(rtype, &out[start..]), "what was read must be valid");
    result
}

/// Whether `rdata` is well-formed for its type, no octet missing or left over; always so for types without a row.
pub fn is_valid(rtype: Rtype, rdata: &[u8]) -> bool {
    rdata.len() <= MAX_RDATA && table::row(rtype).is_none_or(|row| wire::is_valid(row.fields, rdata))
}

/// The canonical form of rdata, in which equal records have equal octets: names lower-cased where DNSSEC does so (RFC 4034
/// §6.2).
pub fn canonical(rtype: Rtype, rdata: &[u8]) -> Cow<'_, [u8]> {
    let mut canonical = Cow::Borrowed(rdata);
    for name in names(rtype, rdata).filter(|name| name.canonical_lower) {
        canonical.to_mut()[name.start..name.end].make_ascii_lowercase();
    }
    canonical
}

/// The type of the rrset that an RRSIG record covers (RFC 4034 §3.1.1).
pub fn covered(rrsig: &[u8]) -> Rtype {
    Rtype(rrsig.first_chunk().map_or(0, |octets| u16::from_be_bytes(*octets)))
}

/// The TTL of that rrset, in seconds, when it was signed (RFC 4034 §3.1.4).
pub fn original_ttl(rrsig: &[u8]) -> u32 {
    rrsig.get(4..8).map_or(0, |octets| number::from_wire(octets) as u32)
}

/// The serial number of a SOA record, the first of the five numbers that it ends with (RFC 1035 §3.3.13).
pub fn soa_serial(soa: &[u8]) -> Option<u32> {
    soa.last_chunk::<20>()?.first_chunk().map(|octets| u32::from_be_bytes(*octets))
}

/// All types that have a row, by code.
pub fn types() -> &'static [TypeRow] {
    table::ROWS
}

/// The types that exist in questions and messages only, with their mnemonics.
pub fn meta_types() -> &'static [(&'static str, Rtype)] {
    table::META
}
