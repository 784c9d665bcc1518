//! Fields of KEY and RRSIG records that an earlier field of theirs restrains.

use super::encoded;
use super::text::{Reader, Result};
use super::wire;
use crate::dns::NameRef;

/// The two top bits of a KEY record's flags, both set where there is no key (RFC 2535 §3.1.2).
const NO_KEY: u8 = 0xC0;

/// Reads a public key, or nothing if the flags say that there is none.
pub(super) fn read_key(reader: &mut Reader<'_, '_>) -> Result<()> {
    let is_absent = reader.rdata().first().is_some_and(|flags| flags & NO_KEY == NO_KEY);
    if is_absent { Ok(()) } else { encoded::read_base64(reader) }
}

/// Where the key ends: with the rdata, if there is one just when the flags say so.
pub(super) fn key_end(rdata: &[u8], at: usize) -> Option<usize> {
    let is_absent = rdata.first()? & NO_KEY == NO_KEY;
    wire::all(rdata, at, 0).filter(|end| is_absent == (*end == at))
}

/// Reads the name of the zone that signed, which cannot have more labels than the owner that was signed.
///
/// Such a signature is never used (RFC 4035 §5.3.1); named-checkzone refuses it, the other peers let it pass.
pub(super) fn read_signer(reader: &mut Reader<'_, '_>) -> Result<()> {
    let start = reader.out.len();
    reader.read_name()?;
    let signer = NameRef::trusted(&reader.out[start..]);
    let (counted, labels) = (reader.rdata()[3], signer.label_count());
    if labels <= counted.into() {
        return Ok(());
    }
    let span = reader.fields.last().map_or(reader.fields.missing(), |token| reader.fields.span(token));
    let headline = format!("the label count of this RRSIG record is {counted}, and its signer has {labels} labels");
    Err(Box::new(
        reader
            .rule(span, headline)
            .label("more labels than were signed")
            .why("a zone signs only names at or below its own, so no resolver uses this signature (RFC 4035 §5.3.1)")
            .fix("sign the zone again"),
    ))
}

/// Where the signer's name ends, if it has no more labels than the record counts.
pub(super) fn signer_end(rdata: &[u8], at: usize) -> Option<usize> {
    let signer = NameRef::parse(rdata.get(at..)?)?;
    (signer.label_count() <= usize::from(*rdata.get(3)?)).then_some(at + signer.octets().len())
}
