//! Signatures and keys as records hold them (RFC 4034 §2, §3), and whether a key made a signature.

use std::borrow::Cow;

use super::canonical;
use super::crypto::{self, Digest, Verdict};
use crate::dns::NameRef;
use crate::zone::Rrset;
use crate::zonefile::Record;

/// One DNSKEY record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'z> {
    pub(super) tag: u16,
    pub(super) algorithm: u8,
    pub(super) rdata: &'z [u8],
    flags: u16,
}

impl<'z> Key<'z> {
    pub(super) fn of(rdata: &'z [u8]) -> Option<Self> {
        let [high, low, 3, algorithm, _, ..] = rdata else { return None };
        let flags = u16::from_be_bytes([*high, *low]);
        Some(Self { tag: key_tag(rdata), algorithm: *algorithm, rdata, flags })
    }

    /// Whether it may sign records of the zone (RFC 4034 §2.1.1).
    pub(super) fn is_zone_key(&self) -> bool {
        self.flags & 0x0100 != 0
    }

    /// Whether it is given up, and signs the DNSKEY rrset only, to say so (RFC 5011 §2.1).
    pub(super) fn is_revoked(&self) -> bool {
        self.flags & 0x0080 != 0
    }

    fn public(&self) -> &'z [u8] {
        &self.rdata[4..]
    }

    /// Whether a DS record of this zone is this key's: tag, algorithm, digest type, digest (RFC 4034 §5.1).
    pub(super) fn matches(&self, zone: NameRef<'_>, ds: &[u8]) -> bool {
        let [high, low, algorithm, digest_type, expected @ ..] = ds else { return false };
        let Some(mut digest) = Digest::of_key(*digest_type) else { return false };
        if (u16::from_be_bytes([*high, *low]), *algorithm) != (self.tag, self.algorithm) {
            return false;
        }
        let mut owner = Vec::new();
        canonical::push_lower(zone, &mut owner);
        digest.update(&owner);
        digest.update(self.rdata);
        digest.finish() == expected
    }
}

/// Whether a DS record's digest can be judged here.
pub(super) fn is_known_digest(ds: &[u8]) -> bool {
    ds.get(3).is_some_and(|&digest_type| Digest::of_key(digest_type).is_some())
}

/// The number that signatures name a key by (RFC 4034, Appendix B; algorithm 1, which has another, is not used any more).
fn key_tag(rdata: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |&low| u32::from(low));
    // 65,535 octets make 32,768 words, whose sum has 31 bits.
    let sum: u32 = rdata.chunks(2).map(word).sum();
    (sum + (sum >> 16)) as u16
}

/// One RRSIG record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature<'z> {
    pub(super) record: &'z Record,
    pub(super) algorithm: u8,
    pub(super) labels: u8,
    pub(super) original_ttl: u32,
    /// Seconds since 1970, of which only differences of less than 68 years mean something (RFC 4034 §3.1.5).
    pub(super) expiration: u32,
    pub(super) inception: u32,
    pub(super) tag: u16,
    pub(super) signer: NameRef<'z>,
    rdata: &'z [u8],
}

impl<'z> Signature<'z> {
    pub(super) fn of(record: &'z Record, rdata: &'z [u8]) -> Option<Self> {
        let fixed = rdata.first_chunk::<18>()?;
        let number = |at: usize| u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        Some(Self {
            record,
            algorithm: fixed[2],
            labels: fixed[3],
            original_ttl: number(4),
            expiration: number(8),
            inception: number(12),
            tag: u16::from_be_bytes([fixed[16], fixed[17]]),
            signer: NameRef::parse(&rdata[18..])?,
            rdata,
        })
    }

    /// Whether it names this key.
    pub(super) fn is_by(&self, key: &Key<'_>) -> bool {
        (self.tag, self.algorithm) == (key.tag, key.algorithm)
    }

    /// Whether `key` made it for `rrset`, whose records come as [`canonical::sorted`] gives them (RFC 4034 §3.1.8.1).
    pub(super) fn verify(
        &self,
        key: &Key<'_>,
        rrset: Rrset<'_>,
        records: &[(Cow<'_, [u8]>, &Record)],
        buffer: &mut Vec<u8>,
    ) -> Verdict {
        let signature_at = 18 + self.signer.octets().len();
        buffer.clear();
        buffer.extend_from_slice(&self.rdata[..18]);
        canonical::push_lower(self.signer, buffer);
        let start = buffer.len();
        for (rdata, _) in records {
            canonical::push_record(rrset.owner(), rrset.rtype(), self.original_ttl, rdata, buffer);
        }
        debug_assert!(buffer.len() > start, "an rrset has a record");
        crypto::verify(self.algorithm, key.public(), buffer, &self.rdata[signature_at..])
    }
}
