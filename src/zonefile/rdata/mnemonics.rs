//! Names that stand for numbers: of types, algorithms, certificates, protocols, ports.

use std::fmt;

use super::kind::Mnemonics;
use super::table::{META, ROWS, row};
use crate::dns::Rtype;

/// A type's name for people: its mnemonic, or `TYPE65280` where it has none (RFC 3597 §5).
pub struct Mnemonic(pub Rtype);

impl fmt::Display for Mnemonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meta = || META.iter().find(|(_, rtype)| *rtype == self.0).map(|(mnemonic, _)| *mnemonic);
        match row(self.0).map(|row| row.mnemonic).or_else(meta) {
            Some(mnemonic) => f.pad(mnemonic),
            None => write!(f, "TYPE{}", self.0.0),
        }
    }
}

/// The type that `text` names, in any case: a mnemonic, of meta-types too, or `TYPE123`.
pub fn from_mnemonic(text: &[u8]) -> Option<Rtype> {
    let key = fold(text)?;
    match SORTED.binary_search_by_key(&key, |&(key, _)| key) {
        Ok(index) => Some(Rtype(SORTED[index].1)),
        Err(_) => numbered(text),
    }
}

/// The type that `TYPE123` names.
fn numbered(text: &[u8]) -> Option<Rtype> {
    let (head, digits) = text.split_at_checked(4)?;
    if !head.eq_ignore_ascii_case(b"TYPE") {
        return None;
    }
    super::number::decimal(digits, u64::from(u16::MAX)).map(|code| Rtype(code as u16))
}

/// A text of up to 15 octets as one number, upper-cased after a leading one, so that looking it up compares registers.
const fn fold(text: &[u8]) -> Option<u128> {
    if text.len() > 15 {
        return None;
    }
    let (mut key, mut index) = (1, 0);
    while index < text.len() {
        key = key << 8 | text[index].to_ascii_uppercase() as u128;
        index += 1;
    }
    Some(key)
}

const MNEMONICS: usize = ROWS.len() + META.len();

/// All mnemonics, folded, in the order of their keys.
static SORTED: [(u128, u16); MNEMONICS] = {
    let mut sorted = [(0, 0); MNEMONICS];
    let mut count = 0;
    while count < MNEMONICS {
        let (mnemonic, code) = if count < ROWS.len() {
            (ROWS[count].mnemonic, ROWS[count].rtype.0)
        } else {
            (META[count - ROWS.len()].0, META[count - ROWS.len()].1.0)
        };
        let Some(key) = fold(mnemonic.as_bytes()) else { panic!("a mnemonic has more than 15 octets") };
        let mut at = count;
        while at > 0 && sorted[at - 1].0 > key {
            sorted[at] = sorted[at - 1];
            at -= 1;
        }
        sorted[at] = (key, code);
        count += 1;
    }
    sorted
};

/// The number that a mnemonic of a field stands for, in any case.
pub(super) fn named(mnemonics: Mnemonics, text: &[u8]) -> Option<u16> {
    mnemonics.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(text)).map(|&(_, number)| number)
}

/// DNSSEC algorithms (IANA "DNS Security Algorithm Numbers"), with BIND's older spellings.
pub(super) const ALGORITHMS: Mnemonics = &[
    ("RSAMD5", 1),
    ("DH", 2),
    ("DSA", 3),
    ("RSASHA1", 5),
    ("DSA-NSEC3-SHA1", 6),
    ("NSEC3DSA", 6),
    ("RSASHA1-NSEC3-SHA1", 7),
    ("NSEC3RSASHA1", 7),
    ("RSASHA256", 8),
    ("RSASHA512", 10),
    ("ECC-GOST", 12),
    ("ECCGOST", 12),
    ("ECDSAP256SHA256", 13),
    ("ECDSAP384SHA384", 14),
    ("ED25519", 15),
    ("ED448", 16),
    ("SM2SM3", 17),
    ("ECC-GOST12", 23),
    ("INDIRECT", 252),
    ("PRIVATEDNS", 253),
    ("PRIVATEOID", 254),
];

/// A DNSSEC algorithm for people: its mnemonic, or its number where it has none.
pub struct Algorithm(pub u8);

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match ALGORITHMS.iter().find(|(_, number)| *number == u16::from(self.0)) {
            Some((mnemonic, _)) => f.write_str(mnemonic),
            None => write!(f, "{}", self.0),
        }
    }
}

/// Certificate types (RFC 4398 §2.1).
pub(super) const CERT_TYPES: Mnemonics = &[
    ("PKIX", 1),
    ("SPKI", 2),
    ("PGP", 3),
    ("IPKIX", 4),
    ("ISPKI", 5),
    ("IPGP", 6),
    ("ACPKIX", 7),
    ("IACPKIX", 8),
    ("URI", 253),
    ("OID", 254),
];

/// Schemes of generalised notifications (RFC 9859 §2).
pub(super) const DSYNC_SCHEMES: Mnemonics = &[("NOTIFY", 1)];
