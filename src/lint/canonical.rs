//! The canonical form of records, which is what signatures and zone digests are made over (RFC 4034 §6).

use std::borrow::Cow;

use crate::dns::{Class, NameRef, Rtype};
use crate::zone::Rrset;
use crate::zonefile::{Record, rdata};

/// An rrset's records with their canonical data, in its order (RFC 4034 §6.3).
pub(super) fn sorted<'z>(rrset: Rrset<'z>) -> Vec<(Cow<'z, [u8]>, &'z Record)> {
    let canonical = |octets| rdata::canonical(rrset.rtype(), octets);
    let mut records: Vec<_> = rrset.rdatas().map(canonical).zip(rrset.records()).collect();
    if records.len() > 1 {
        records.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    }
    records
}

/// Appends a record of class IN: owner in lower case, type, class, TTL and data with its length (RFC 4034 §6.2).
pub(super) fn push_record(owner: NameRef<'_>, rtype: Rtype, ttl: u32, rdata: &[u8], out: &mut Vec<u8>) {
    push_lower(owner, out);
    out.extend_from_slice(&rtype.0.to_be_bytes());
    out.extend_from_slice(&Class::IN.0.to_be_bytes());
    out.extend_from_slice(&ttl.to_be_bytes());
    out.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
    out.extend_from_slice(rdata);
}

/// Appends a name in lower case.
pub(super) fn push_lower(name: NameRef<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(name.octets());
    out[start..].make_ascii_lowercase();
}
