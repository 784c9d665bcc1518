//! Names inside rdata: for compression, for the canonical form, for lint of targets.
//!
//! Asked for every record that a response carries: types without names cost one load of the index, and no field after the
//! last name is looked at.

use super::gateway::GatewayType;
use super::kind::Kind;
use super::table::{Field, row};
use super::wire;
use crate::dns::Rtype;

/// What may be done to a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameRule {
    pub(super) compress: bool,
    pub(super) canonical_lower: bool,
}

/// A name in rdata, uncompressed at `start..end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EmbeddedName {
    /// Its first octet.
    pub start: usize,
    /// The first octet after it.
    pub end: usize,
    /// Whether a message may compress it: only the types of RFC 1035 (RFC 3597 §4).
    pub compress: bool,
    /// Whether the canonical form lower-cases it (RFC 4034 §6.2, RFC 6840 §5.1).
    pub canonical_lower: bool,
}

/// Whether records of a type may hold names.
#[inline]
pub fn has_names(rtype: Rtype) -> bool {
    row(rtype).is_some_and(|row| !row.named.is_empty())
}

/// Whether records of a type may hold names that a message may compress.
#[inline]
pub fn may_compress(rtype: Rtype) -> bool {
    row(rtype).is_some_and(|row| row.may_compress)
}

/// The names in `rdata`, from left to right; those before its first fault, if it is malformed.
#[inline]
pub fn names(rtype: Rtype, rdata: &[u8]) -> Names<'_> {
    Names { fields: row(rtype).map_or(&[], |row| row.named), rdata, at: 0 }
}

/// Iterates over the names in rdata.
#[derive(Clone, Debug)]
pub struct Names<'a> {
    fields: &'static [Field],
    rdata: &'a [u8],
    at: usize,
}

impl Iterator for Names<'_> {
    type Item = EmbeddedName;

    fn next(&mut self) -> Option<EmbeddedName> {
        loop {
            let (field, rest) = self.fields.split_first()?;
            let start = self.at;
            if matches!(field.kind, Kind::Names) {
                // One of several: the field stays.
                self.at = wire::name_end(self.rdata, start)?;
            } else {
                self.at = wire::end(field.kind, self.rdata, start)?;
                self.fields = rest;
            }
            if let Some(name) = self.embedded(field.kind, start) {
                return Some(name);
            }
        }
    }
}

impl Names<'_> {
    fn embedded(&self, kind: Kind, start: usize) -> Option<EmbeddedName> {
        let NameRule { compress, canonical_lower } = kind.name_rule()?;
        if matches!(kind, Kind::Gateway) && GatewayType::of(self.rdata) != Some(GatewayType::Name) {
            return None;
        }
        Some(EmbeddedName { start, end: self.at, compress, canonical_lower })
    }
}
