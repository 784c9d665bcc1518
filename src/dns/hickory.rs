//! The one door to hickory-proto: a message of ours taken apart into the types that its server encodes again.
//!
//! In: a whole response without compression. Out: header, EDNS and records. Rdata goes through as opaque octets of its type
//! code, so that no parser of theirs comes between our answer and the client.

use hickory_proto::op::{Edns, Header, Metadata};
use hickory_proto::rr::rdata::NULL;
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

/// A response as hickory's server wants it.
pub struct Parts {
    /// The header's first two words.
    pub metadata: Metadata,
    /// Whether the question is echoed.
    pub has_question: bool,
    /// The OPT record.
    pub edns: Option<Edns>,
    /// The records of answer, authority and additional section, OPT left out.
    pub sections: [Vec<Record>; 3],
}

impl Parts {
    /// Takes an uncompressed response apart; none if it is not one, which [`respond`](crate::server::respond) never writes.
    pub fn new(message: &[u8]) -> Option<Self> {
        let header = Header::read(&mut BinDecoder::new(message)).ok()?;
        let count = |at: usize| usize::from(u16::from_be_bytes([message[at], message[at + 1]]));
        let has_question = count(4) == 1;
        let mut rest = message.get(12..)?;
        if has_question {
            let name = super::NameRef::parse(rest)?;
            rest = rest.get(name.octets().len() + 4..)?;
        }
        let mut parts = Self { metadata: header.metadata, has_question, edns: None, sections: Default::default() };
        for (section, at) in [6, 8, 10].into_iter().enumerate() {
            for _ in 0..count(at) {
                parts.take_record(section, &mut rest)?;
            }
        }
        Some(parts)
    }

    fn take_record(&mut self, section: usize, rest: &mut &[u8]) -> Option<()> {
        let name = super::NameRef::parse(rest)?;
        let (fixed, after) = rest[name.octets().len()..].split_first_chunk::<10>()?;
        let word = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
        let (rdata, after) = after.split_at_checked(usize::from(word(8)))?;
        *rest = after;
        if word(0) == super::Rtype::OPT.0 {
            self.metadata.merge_response_code(fixed[4]);
            self.edns = Some(edns(word(2), fixed[6] & 0x80 != 0, rdata)?);
            return Some(());
        }
        let ttl = u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]);
        let owner = Name::read(&mut BinDecoder::new(name.octets())).ok()?;
        let rdata = RData::Unknown { code: RecordType::from(word(0)), rdata: NULL::with(rdata.to_vec()) };
        let mut record = Record::from_rdata(owner, ttl, rdata);
        record.dns_class = DNSClass::from(word(2));
        self.sections[section].push(record);
        Some(())
    }
}

fn edns(payload: u16, has_dnssec_ok: bool, mut options: &[u8]) -> Option<Edns> {
    let mut edns = Edns::new();
    edns.set_max_payload(payload).set_dnssec_ok(has_dnssec_ok).set_version(0);
    while let Some((header, after)) = options.split_first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let (octets, after) = after.split_at_checked(length)?;
        let code = u16::from_be_bytes([header[0], header[1]]);
        edns.options_mut().insert(EdnsOption::Unknown(code, octets.to_vec()));
        options = after;
    }
    Some(edns)
}
