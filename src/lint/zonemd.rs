//! Digests of whole zones (RFC 8976), computed for `zonewright zonemd` and for the rule that holds ZONEMD records to them.

use super::canonical;
use super::crypto::Digest;
use crate::dns::Rtype;
use crate::zone::{Node, Rrset, Zone};
use crate::zonefile::rdata;

/// The one scheme there is: one digest of all records (RFC 8976 §3.3).
pub(super) const SIMPLE: u8 = 1;

/// How the records are digested (RFC 8976 §5.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HashAlgorithm {
    /// 48 octets; the one that every verifier must know.
    Sha384 = 1,
    /// 64 octets.
    Sha512 = 2,
}

/// The data of the ZONEMD record that a zone should have, or none if it has no SOA record to take the serial number from.
pub fn zonemd(zone: &Zone, algorithm: HashAlgorithm) -> Option<Vec<u8>> {
    let number = algorithm as u8;
    let mut rdata = zone.serial()?.to_be_bytes().to_vec();
    rdata.extend([SIMPLE, number]);
    rdata.extend(digest(zone, number)?);
    Some(rdata)
}

/// The digest of the zone's records by the SIMPLE scheme; none for an algorithm that is not known.
pub(super) fn digest(zone: &Zone, algorithm: u8) -> Option<Vec<u8>> {
    let mut digest = Digest::of_zone(algorithm)?;
    let mut record = Vec::new();
    for node in zone.nodes() {
        for rrset in node.rrsets().filter(|rrset| !is_own(node, rrset.rtype())) {
            add(node, rrset, &mut record, &mut digest);
        }
    }
    Some(digest.finish())
}

/// Adds an rrset, but for what signs the digest itself (RFC 8976 §3.3.1).
fn add(node: Node<'_>, rrset: Rrset<'_>, record: &mut Vec<u8>, digest: &mut Digest) {
    for (rdata, row) in canonical::sorted(rrset) {
        let is_signature = rrset.rtype() == Rtype::RRSIG;
        if is_signature && is_own(node, rdata::covered(&rdata)) {
            continue;
        }
        // All records have their rrset's TTL but for signatures, which have that of what they cover (RFC 4034 §3).
        let ttl = if is_signature { row.ttl } else { rrset.ttl() };
        record.clear();
        canonical::push_record(rrset.owner(), rrset.rtype(), ttl, &rdata, record);
        digest.update(record);
    }
}

/// Whether these are the zone's digests; ZONEMD records elsewhere than at the apex mean nothing (RFC 8976 §2).
fn is_own(node: Node<'_>, rtype: Rtype) -> bool {
    rtype == Rtype::ZONEMD && node.is_apex()
}
