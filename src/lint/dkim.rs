//! DKIM keys (RFC 6376 §3.6.1): a TXT text to the key it publishes, or what is wrong with it.
//!
//! In: the tags of a text. Out: a [`Key`], as far as its strength matters; or a [`Fault`] at the guilty octets. Verifies
//! nothing: it only reads as much of the key's encoding as tells its size.

use data_encoding::{BASE64, DecodeKind};

use super::tags::{Dialect, Tag};
use super::text::{Fault, quote};
use crate::dns::NameRef;

pub(super) const DIALECT: Dialect = Dialect {
    what: "DKIM key",
    version: "DKIM1",
    known: &["v", "g", "h", "k", "n", "p", "s", "t"],
    why: "a verifier that cannot read the key takes the signature for worthless, and mail signed with it fails (RFC 6376 §6.1.2)",
};

/// What a text publishes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    /// An RSA key of so many bits.
    Rsa(usize),
    /// An Ed25519 key (RFC 8463).
    Ed25519,
    /// None any more: the key was revoked.
    Revoked,
    /// A kind of key that is not known here.
    Other,
}

/// Whether a name is one that DKIM keys are asked at: `SELECTOR._domainkey` and more.
///
/// `_adsp` below it is a policy and no key (RFC 5617 §4.1).
pub(super) fn is_selector(name: NameRef<'_>) -> bool {
    let mut labels = name.labels();
    let first = labels.next().unwrap_or_default();
    !first.eq_ignore_ascii_case(b"_adsp")
        && !first.eq_ignore_ascii_case(b"_domainkey")
        && labels.any(|label| label.eq_ignore_ascii_case(b"_domainkey"))
}

/// The key of a text's tags.
pub(super) fn key(tags: &[Tag<'_>]) -> Result<Key, Box<Fault>> {
    let find = |name: &str| tags.iter().find(|tag| tag.name == name.as_bytes());
    let Some(data) = find("p") else {
        let last = tags.last().map_or(0..0, |tag| tag.name_place.start..tag.value_place.end);
        return Err(fault(
            last,
            "this DKIM key has no `p`",
            "the key itself is missing",
            "add `p=` and the public key",
        ));
    };
    if data.value.is_empty() {
        return Ok(Key::Revoked);
    }
    let octets = decode(data)?;
    let kind = find("k").map_or(&b"rsa"[..], |tag| tag.value);
    match kind {
        b"rsa" => match rsa_bits(&octets) {
            Some(bits) => Ok(Key::Rsa(bits)),
            None => {
                let label = match octets.len() {
                    32 => "32 octets: an Ed25519 key, which wants `k=ed25519`".to_owned(),
                    length => format!("{length} octets that are no RSA key"),
                };
                let fix = "copy the key once more, to its last character: a string may have been lost or doubled";
                Err(fault(data.value_place.clone(), "the `p` of this DKIM key is no RSA key", label, fix))
            }
        },
        b"ed25519" if octets.len() == 32 => Ok(Key::Ed25519),
        b"ed25519" => {
            let label = format!("{} octets, and a key has 32", octets.len());
            let fix = "write the key's own 32 octets in base64, without what other formats put before them";
            Err(fault(data.value_place.clone(), "the `p` of this DKIM key is no Ed25519 key", label, fix))
        }
        _ => Ok(Key::Other),
    }
}

fn fault(
    place: std::ops::Range<usize>,
    headline: impl Into<String>,
    label: impl Into<String>,
    fix: &str,
) -> Box<Fault> {
    Box::new(Fault { place, headline: headline.into(), label: label.into(), why: DIALECT.why, fix: fix.into() })
}

/// The octets of a key, blanks within its base64 left out (RFC 6376 §2.10).
fn decode(data: &Tag<'_>) -> Result<Vec<u8>, Box<Fault>> {
    let (digits, places): (Vec<u8>, Vec<usize>) = data
        .value
        .iter()
        .zip(data.value_place.clone())
        .filter(|(octet, _)| !octet.is_ascii_whitespace())
        .map(|(octet, place)| (*octet, place))
        .unzip();
    BASE64.decode(&digits).map_err(|error| {
        let headline = "the `p` of this DKIM key is no base64";
        let at = places.get(error.position).copied();
        if let (Some(at), DecodeKind::Symbol) = (at, error.kind) {
            let guilty = digits[error.position];
            let label = format!("{} is no digit of it", quote(&[guilty]));
            let fix = match guilty {
                b'-' if digits.starts_with(b"-----") => "leave out the lines that begin and end the key's file",
                b'"' | b'\\' => "end one string with `\"` and start the next with `\"`: no backslash before them",
                b'=' => "`=` may stand at the very end only: a second key may have been put behind the first",
                _ => "copy the key once more: letters, digits, `+` and `/` only",
            };
            return fault(at..at + 1, headline, label, fix);
        }
        let fix = "copy the key once more, to its last character: a string may have been lost";
        fault(data.value_place.clone(), headline, format!("cut short after {} characters", digits.len()), fix)
    })
}

/// RSA (RFC 8017 appendix A.1), as an object identifier's octets.
const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// The size of an RSA key's modulus in bits: of a SubjectPublicKeyInfo, as everybody writes it, or of a bare RSAPublicKey, as
/// RFC 6376 §3.6.1 has it.
fn rsa_bits(octets: &[u8]) -> Option<usize> {
    let whole = only(SEQUENCE, octets)?;
    let Some((algorithm, rest)) = element(SEQUENCE, whole) else { return modulus_bits(whole) };
    let (identifier, _) = element(OBJECT_IDENTIFIER, algorithm)?;
    let (unused, key) = only(BIT_STRING, rest)?.split_first()?;
    modulus_bits(only(SEQUENCE, key)?).filter(|_| identifier == RSA && *unused == 0)
}

/// The modulus before an exponent that ends the key.
fn modulus_bits(key: &[u8]) -> Option<usize> {
    let (modulus, rest) = element(INTEGER, key)?;
    only(INTEGER, rest)?;
    let zeros = modulus.iter().take_while(|octet| **octet == 0).count();
    let first = modulus.get(zeros)?;
    Some(8 * (modulus.len() - zeros) - first.leading_zeros() as usize)
}

/// The content of an element that nothing follows.
fn only(tag: u8, octets: &[u8]) -> Option<&[u8]> {
    element(tag, octets).filter(|(_, rest)| rest.is_empty()).map(|(content, _)| content)
}

/// The content of a DER element, and what follows it (X.690 §8.1, §10.1).
fn element(tag: u8, octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = octets.strip_prefix(&[tag])?;
    let (&length, rest) = rest.split_first()?;
    if length < 0x80 {
        return rest.split_at_checked(length.into());
    }
    let (digits, rest) = rest.split_at_checked((length & 0x7F).into())?;
    if !(1..=4).contains(&digits.len()) {
        return None;
    }
    let length = digits.iter().fold(0, |length: usize, digit| length << 8 | usize::from(*digit));
    rest.split_at_checked(length)
}
