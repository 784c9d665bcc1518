//! The head of HIP records: the lengths of tag and key stand before both on the wire, and nowhere in text (RFC 8005 §5–6).

use std::fmt;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};

use super::kind::Kind;
use super::table::Field;
use super::text::{Reader, Result};
use super::{encoded, number};

/// Octets before the tag: its length, the algorithm, the key's length.
const HEAD: usize = 4;

/// Reads algorithm, host identity tag and public key, one token each.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<()> {
    let start = reader.out.len();
    reader.out.push(0);
    reader.field = Field { name: "algorithm", kind: Kind::U8 };
    number::read(reader, 1)?;
    reader.out.extend_from_slice(&[0, 0]);
    reader.field = Field { name: "host identity tag", kind: Kind::Hex };
    let tag = read_part(reader, &HEXLOWER_PERMISSIVE, u8::MAX.into())?;
    reader.field = Field { name: "public key", kind: Kind::Base64 };
    let key = read_part(reader, &BASE64, u16::MAX)?;
    reader.out[start] = tag as u8;
    reader.out[start + 2..start + HEAD].copy_from_slice(&key.to_be_bytes());
    Ok(())
}

/// Reads one token and gives its octets, one to `most`.
fn read_part(reader: &mut Reader<'_, '_>, encoding: &data_encoding::Encoding, most: u16) -> Result<u16> {
    let start = reader.out.len();
    let token = reader.fields.peek();
    encoded::read_word(reader, encoding)?;
    let octets = u16::try_from(reader.out.len() - start).unwrap_or(u16::MAX);
    match token {
        Some(token) if octets > most => Err(Box::new(reader.expected(token).label(format!("more than {most} octets")))),
        _ => Ok(octets),
    }
}

/// Where tag and key end.
pub(super) fn end(rdata: &[u8], at: usize) -> Option<usize> {
    let (tag, key) = lengths(rdata.get(at..)?)?;
    super::wire::skip(rdata, at, HEAD + tag + key).filter(|_| tag > 0 && key > 0)
}

fn lengths(octets: &[u8]) -> Option<(usize, usize)> {
    let [tag, _, high, low, ..] = *octets else { return None };
    Some((tag.into(), u16::from_be_bytes([high, low]).into()))
}

/// Prints algorithm, tag and key.
pub(super) fn print(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some((tag, _)) = lengths(octets) else { return Ok(()) };
    let (tag, key) = octets[HEAD..].split_at(tag);
    write!(f, "{} {} {}", octets[1], encoded::hex(tag), encoded::base64(key))
}
