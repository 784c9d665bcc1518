//! A response's octets to its records.
//!
//! In: a message, our own or another server's. Out: its parts, names and data uncompressed. Knows nothing of how it came
//! about; what another server wrote may be anything, so counts and lengths are believed only as far as octets last.

use super::query::{HEADER, flag};
use crate::dns::{Class, MAX_NAME, Name, NameRef, Rcode, Rtype};
use crate::zonefile::rdata;

/// The parts of a message that has been read.
#[derive(Clone, Debug)]
pub struct Message {
    /// What tells it from others.
    pub id: u16,
    /// The header's second word.
    pub flags: u16,
    /// How many questions it has, and records of each section, the OPT record counted.
    pub counts: [u16; 4],
    /// Name, type and class of each question.
    pub questions: Vec<(Name, Rtype, Class)>,
    /// The records of answer, authority and additional sections, the OPT record left out.
    pub sections: [Vec<Record>; 3],
    /// The OPT record.
    pub opt: Option<Record>,
    /// Its octets.
    pub length: usize,
}

/// A record of a message.
#[derive(Clone, Debug)]
pub struct Record {
    /// The owner.
    pub owner: Name,
    /// The type.
    pub rtype: Rtype,
    /// The class.
    pub class: Class,
    /// The TTL in seconds.
    pub ttl: u32,
    /// The data, its names uncompressed; well-formed for its type.
    pub rdata: Vec<u8>,
}

impl Message {
    /// Reads a message; none if it is malformed.
    pub fn read(octets: &[u8]) -> Option<Self> {
        let mut reader = Reader { octets, at: 0 };
        let (id, flags) = (reader.word()?, reader.word()?);
        let counts = [reader.word()?, reader.word()?, reader.word()?, reader.word()?];
        debug_assert_eq!(reader.at, HEADER);
        let mut question = || Some((reader.name()?, Rtype(reader.word()?), Class(reader.word()?)));
        let questions = (0..counts[0]).map(|_| question()).collect::<Option<_>>()?;
        let mut section = |count: u16| (0..count).map(|_| reader.record()).collect::<Option<Vec<_>>>();
        let mut sections = [section(counts[1])?, section(counts[2])?, section(counts[3])?];
        let opt = sections[2].iter().position(|record| record.rtype == Rtype::OPT);
        let opt = opt.map(|index| sections[2].remove(index));
        Some(Self { id, flags, counts, questions, sections, opt, length: octets.len() })
    }

    /// The response code, its upper bits in the OPT record included (RFC 6891 §6.1.3).
    pub fn rcode(&self) -> Rcode {
        let upper = self.opt.as_ref().map_or(0, |opt| (opt.ttl >> 24) as u16);
        Rcode(upper << 4 | self.flags & 0xF)
    }

    /// Whether it is a response.
    pub fn is_response(&self) -> bool {
        self.flags & flag::QR != 0
    }

    /// Whether the server is an authority for the name asked for.
    pub fn is_authoritative(&self) -> bool {
        self.flags & flag::AA != 0
    }

    /// Which server it says that it comes from (RFC 5001), if it says so.
    pub fn nsid(&self) -> Option<&[u8]> {
        const NSID: u16 = 3;
        let mut reader = Reader { octets: &self.opt.as_ref()?.rdata, at: 0 };
        loop {
            let (code, length) = (reader.word()?, reader.word()?);
            let value = reader.take(length.into())?;
            if code == NSID {
                return Some(value);
            }
        }
    }

    /// Whether something was left out.
    pub fn is_truncated(&self) -> bool {
        self.flags & flag::TC != 0
    }
}

/// Reads a message from left to right.
pub(super) struct Reader<'m> {
    pub(super) octets: &'m [u8],
    pub(super) at: usize,
}

impl<'m> Reader<'m> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'m [u8]> {
        let octets = self.octets.get(self.at..self.at + length)?;
        self.at += length;
        Some(octets)
    }

    pub(super) fn word(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// A name, uncompressed; one that goes on for longer than names may is none, wherever its pointers lead.
    fn name(&mut self) -> Option<Name> {
        let (mut name, mut at, mut end) = (Vec::new(), self.at, None);
        loop {
            let length = *self.octets.get(at)?;
            match length {
                0xC0.. => {
                    end.get_or_insert(at + 2);
                    let target = usize::from(length & 0x3F) << 8 | usize::from(*self.octets.get(at + 1)?);
                    // A prior place (RFC 1035 §4.1.4), so that two pointers without a label between come to an end.
                    at = Some(target).filter(|&target| target < at)?;
                }
                64.. => return None,
                _ => {
                    name.extend_from_slice(self.octets.get(at..=at + usize::from(length))?);
                    if name.len() > MAX_NAME {
                        return None;
                    }
                    at += 1 + usize::from(length);
                    if length == 0 {
                        self.at = end.unwrap_or(at);
                        return Some(NameRef::parse(&name)?.to_name());
                    }
                }
            }
        }
    }

    fn record(&mut self) -> Option<Record> {
        let (owner, rtype, class) = (self.name()?, Rtype(self.word()?), Class(self.word()?));
        let ttl = u32::from_be_bytes(self.take(4)?.try_into().ok()?);
        let length = usize::from(self.word()?);
        let end = self.at + length;
        let rdata = self.rdata(rtype, end)?;
        // What another server wrote is shown and compared by the table of types, which asks for valid data. OPT is no type of
        // that table, and an update's empty record is one of no type at all.
        if class == Class::IN && !rdata::is_valid(rtype, &rdata) {
            return None;
        }
        Some(Record { owner, rtype, class, ttl, rdata })
    }

    /// Record data up to `end`, its names uncompressed.
    fn rdata(&mut self, rtype: Rtype, end: usize) -> Option<Vec<u8>> {
        let (fixed, names) = compressed_names(rtype);
        let mut rdata = self.take(fixed)?.to_vec();
        for _ in 0..names {
            rdata.extend(self.name()?.as_ref().octets());
        }
        rdata.extend(self.take(end.checked_sub(self.at)?)?);
        Some(rdata)
    }
}

/// Where names stand that may be compressed: after how many octets, and how many names (RFC 1035 §3.3; no later type may,
/// RFC 3597 §4).
fn compressed_names(rtype: Rtype) -> (usize, usize) {
    match rtype.0 {
        // NS, MD, MF, CNAME, MB, MG, MR, PTR.
        2 | 3 | 4 | 5 | 7 | 8 | 9 | 12 => (0, 1),
        // SOA, MINFO.
        6 | 14 => (0, 2),
        // MX.
        15 => (2, 1),
        _ => (0, 0),
    }
}
