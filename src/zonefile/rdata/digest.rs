//! Digests whose length is known from the octet before them.
//!
//! named-checkzone refuses the wrong length for DS, CDS, SSHFP and ZONEMD, kzonecheck for DS; no peer does for TLSA, so that
//! a TLSA record's length is a matter for lint.

use super::kind::Mnemonics;
use crate::diagnostic::{Code, codes};

/// How long the digests of a type are.
#[derive(Debug)]
pub struct Digests {
    /// The algorithm's number, and its octets.
    lengths: &'static [(u8, usize)],
    /// The octets that a digest of any other algorithm has at least.
    least: usize,
    /// What a digest of the wrong length is called.
    pub(super) code: &'static Code,
    /// Names of the algorithms, where zone files may use them.
    pub(super) mnemonics: Mnemonics,
}

/// Delegation signers (IANA "DS RR Type Digest Algorithms").
pub(super) static DS: Digests = Digests {
    lengths: &[(1, 20), (2, 32), (3, 32), (4, 48), (5, 32), (6, 32)],
    least: 1,
    code: &codes::DS_DIGEST_LENGTH,
    mnemonics: &[("SHA-1", 1), ("SHA1", 1), ("SHA-256", 2), ("SHA256", 2), ("GOST", 3), ("SHA-384", 4), ("SHA384", 4)],
};

/// Keys of SSH servers (RFC 4255 §3.1.2, RFC 6594 §3.2.2).
pub(super) static SSHFP: Digests =
    Digests { lengths: &[(1, 20), (2, 32)], least: 1, code: &codes::SSHFP_LENGTH, mnemonics: &[] };

/// Digests of zones: at least 12 octets whatever the algorithm (RFC 8976 §2.2.4).
pub(super) static ZONEMD: Digests =
    Digests { lengths: &[(1, 48), (2, 64)], least: 12, code: &codes::BAD_FIELD, mnemonics: &[] };

impl Digests {
    /// The octets that a digest of `algorithm` must have, where that is known.
    pub(super) fn exact(&self, algorithm: u8) -> Option<usize> {
        self.lengths.iter().find(|(number, _)| *number == algorithm).map(|&(_, octets)| octets)
    }

    /// The octets that any digest must have at least.
    pub(super) fn least(&self) -> usize {
        self.least
    }

    /// Whether a digest of `algorithm` may have so many octets.
    pub(super) fn allows(&self, algorithm: u8, octets: usize) -> bool {
        self.exact(algorithm).map_or(octets >= self.least, |exact| octets == exact)
    }
}
