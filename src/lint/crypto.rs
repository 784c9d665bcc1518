//! The one door to ring: signatures verified, keys and zones digested.
//!
//! In: octets and the algorithm numbers of DNSSEC. Out: whether a signature is right, or that nobody here can say; and the
//! digest by which texts are known. Knows no records.

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};

/// What a public key says of a signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It is right.
    Good,
    /// It is wrong.
    Bad,
    /// The algorithm is not known here, or its key is of a size that is not.
    Unknown,
}

/// Verifies a signature by its algorithm's number (IANA "DNS Security Algorithm Numbers").
///
/// Those left out: RSA/MD5, DSA and GOST, which nobody may use any more (RFC 8624 §3.1), and Ed448, which ring lacks.
pub(super) fn verify(algorithm: u8, key: &[u8], message: &[u8], signature: &[u8]) -> Verdict {
    match algorithm {
        5 | 7 => rsa(&signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, key, message, signature),
        8 => rsa(&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, key, message, signature),
        10 => rsa(&signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, key, message, signature),
        13 => ecdsa(&signature::ECDSA_P256_SHA256_FIXED, key, message, signature),
        14 => ecdsa(&signature::ECDSA_P384_SHA384_FIXED, key, message, signature),
        15 => judge(UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signature)),
        _ => Verdict::Unknown,
    }
}

fn judge(result: Result<(), ring::error::Unspecified>) -> Verdict {
    if result.is_ok() { Verdict::Good } else { Verdict::Bad }
}

/// The key is the point's two coordinates (RFC 6605 §4); ring wants the mark of an uncompressed point before them.
fn ecdsa(algorithm: &'static dyn VerificationAlgorithm, key: &[u8], message: &[u8], signature: &[u8]) -> Verdict {
    let mut point = [4; 1 + 96];
    let Some(coordinates) = point.get_mut(1..=key.len()) else { return Verdict::Bad };
    coordinates.copy_from_slice(key);
    judge(UnparsedPublicKey::new(algorithm, &point[..=key.len()]).verify(message, signature))
}

/// The key is the exponent's length in one octet or, after a zero, two; the exponent; the modulus (RFC 3110 §2).
fn rsa(parameters: &'static RsaParameters, key: &[u8], message: &[u8], signature: &[u8]) -> Verdict {
    let (length, rest) = match key {
        [0, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        [length, rest @ ..] => (usize::from(*length), rest),
        [] => return Verdict::Bad,
    };
    let Some((e, n)) = rest.split_at_checked(length) else { return Verdict::Bad };
    let (e, n) = (without_zeros(e), without_zeros(n));
    // ring takes moduli of 1,024 to 8,192 bits and exponents below 2^33; a lawful key may have others (RFC 3110 §2).
    if !(128..=1024).contains(&n.len()) || e.len() > 4 {
        return Verdict::Unknown;
    }
    judge(RsaPublicKeyComponents { n, e }.verify(parameters, message, signature))
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&octet| octet == 0).count();
    &number[zeros..]
}

/// A digest in the making.
#[derive(Clone)]
pub(super) struct Digest(Context);

impl Digest {
    /// By the number that DS records use (IANA "DS RR Type Digest Algorithms"); none for those not known here.
    pub(super) fn of_key(number: u8) -> Option<Self> {
        let algorithm = match number {
            1 => &SHA1_FOR_LEGACY_USE_ONLY,
            2 => &SHA256,
            4 => &SHA384,
            _ => return None,
        };
        Some(Self(Context::new(algorithm)))
    }

    /// By the number that ZONEMD records use (RFC 8976 §5.3); none for those not known here.
    pub(super) fn of_zone(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self(Context::new(&SHA384))),
            2 => Some(Self(Context::new(&SHA512))),
            _ => None,
        }
    }

    /// Goes on with these octets.
    pub(super) fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    /// The digest of all octets.
    pub(super) fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}
