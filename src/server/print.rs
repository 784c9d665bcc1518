//! A message as `dig` prints it.
//!
//! In: the octets of a response. Out: its header, OPT record and sections as text, laid out in dig's columns, so that the two
//! can be compared by eye and by diff. Knows nothing of how the response came about.

use std::fmt;

use super::query::{HEADER, flag};
use crate::dns::{Class, MAX_NAME, NameRef, Opcode, Rcode, Rtype};
use crate::zonefile::rdata::{Mnemonic, Presentation};

/// A message, printed as `dig` would print it.
pub struct Printed<'m>(pub &'m [u8]);

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Message::read(self.0) {
            Some(message) => message.print(f),
            None => writeln!(f, ";; The message is malformed."),
        }
    }
}

/// The parts of a message that has been read.
struct Message {
    id: u16,
    flags: u16,
    counts: [u16; 4],
    /// Name, type and class of each question.
    questions: Vec<(Vec<u8>, Rtype, Class)>,
    /// The records of answer, authority and additional sections, the OPT record left out.
    sections: [Vec<Record>; 3],
    opt: Option<Record>,
    length: usize,
}

struct Record {
    owner: Vec<u8>,
    rtype: Rtype,
    class: Class,
    ttl: u32,
    /// Uncompressed.
    rdata: Vec<u8>,
}

impl Message {
    fn read(octets: &[u8]) -> Option<Self> {
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
    fn rcode(&self) -> Rcode {
        let upper = self.opt.as_ref().map_or(0, |opt| (opt.ttl >> 24) as u16);
        Rcode(upper << 4 | self.flags & 0xF)
    }

    fn print(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opcode = match Opcode(((self.flags & flag::OPCODE) >> 11) as u8) {
            Opcode::QUERY => "QUERY".to_owned(),
            Opcode(other) => format!("RESERVED{other}"),
        };
        writeln!(f, ";; ->>HEADER<<- opcode: {opcode}, status: {}, id: {}", self.rcode(), self.id)?;
        f.write_str(";; flags:")?;
        for (bit, name) in FLAGS {
            if self.flags & bit != 0 {
                write!(f, " {name}")?;
            }
        }
        let [questions, answers, authorities, additionals] = self.counts;
        write!(f, "; QUERY: {questions}, ANSWER: {answers}, AUTHORITY: {authorities}")?;
        writeln!(f, ", ADDITIONAL: {additionals}\n")?;
        if let Some(opt) = &self.opt {
            print_opt(opt, f)?;
        }
        self.print_questions(f)?;
        for (name, records) in ["ANSWER", "AUTHORITY", "ADDITIONAL"].iter().zip(&self.sections) {
            if !records.is_empty() {
                writeln!(f, "\n;; {name} SECTION:")?;
            }
            records.iter().try_for_each(|record| print_record(record, f))?;
        }
        writeln!(f, "\n;; MSG SIZE  rcvd: {}", self.length)
    }

    fn print_questions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.questions.is_empty() {
            writeln!(f, ";; QUESTION SECTION:")?;
        }
        for (name, rtype, class) in &self.questions {
            let mut line = Line::default();
            line.put(NameRef::trusted(name));
            line.at(CLASS_COLUMN, class_name(*class));
            line.at(TYPE_COLUMN, Mnemonic(*rtype));
            writeln!(f, ";{}", line.text)?;
        }
        Ok(())
    }
}

/// Bits of the header's second word, in the order in which dig names them.
const FLAGS: [(u16, &str); 7] =
    [(0x8000, "qr"), (0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0020, "ad"), (0x0010, "cd")];

/// dig's columns, counted from 0.
const TTL_COLUMN: usize = 24;
const CLASS_COLUMN: usize = 32;
const TYPE_COLUMN: usize = 40;
const RDATA_COLUMN: usize = 48;

fn print_record(record: &Record, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut line = Line::default();
    line.put(NameRef::trusted(&record.owner));
    line.at(TTL_COLUMN, record.ttl);
    line.at(CLASS_COLUMN, class_name(record.class));
    line.at(TYPE_COLUMN, Mnemonic(record.rtype));
    line.at(RDATA_COLUMN, Presentation { rtype: record.rtype, rdata: &record.rdata });
    writeln!(f, "{}", line.text)
}

/// The OPT record, whose class and TTL mean something else (RFC 6891 §6.1.2).
fn print_opt(opt: &Record, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DNSSEC_OK: u32 = 0x8000;
    let version = opt.ttl >> 16 & 0xFF;
    let flags = if opt.ttl & DNSSEC_OK == 0 { "" } else { " do" };
    writeln!(f, ";; OPT PSEUDOSECTION:\n; EDNS: version: {version}, flags:{flags}; udp: {}", opt.class.0)?;
    let mut reader = Reader { octets: &opt.rdata, at: 0 };
    while let (Some(code), Some(length)) = (reader.word(), reader.word()) {
        let value = reader.take(length.into()).unwrap_or_default();
        match (code, value) {
            (3, nsid) => writeln!(f, "; NSID:{} (\"{}\")", spaced_hex(nsid), nsid.escape_ascii())?,
            (15, [high, low, text @ ..]) => print_extended_error(u16::from_be_bytes([*high, *low]), text, f)?,
            (code, value) => writeln!(f, "; OPT={code}:{}", spaced_hex(value))?,
        }
    }
    Ok(())
}

/// An extended error (RFC 8914 §5.2 names those that this server gives).
fn print_extended_error(code: u16, text: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let name = match code {
        0 => " (Other)",
        18 => " (Prohibited)",
        20 => " (Not Authoritative)",
        21 => " (Not Supported)",
        24 => " (Invalid Data)",
        _ => "",
    };
    write!(f, "; EDE: {code}{name}")?;
    if text.is_empty() { writeln!(f) } else { writeln!(f, ": ({})", text.escape_ascii()) }
}

fn spaced_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!(" {octet:02x}")).collect()
}

fn class_name(class: Class) -> String {
    match class {
        Class::IN => "IN".to_owned(),
        Class::CH => "CH".to_owned(),
        Class::HS => "HS".to_owned(),
        Class(other) => format!("CLASS{other}"),
    }
}

/// A line whose fields start at columns that tabs reach, or one blank after a field that is too long.
#[derive(Default)]
struct Line {
    text: String,
    column: usize,
}

impl Line {
    fn put(&mut self, field: impl fmt::Display) {
        let field = field.to_string();
        self.column += field.len();
        self.text += &field;
    }

    fn at(&mut self, column: usize, field: impl fmt::Display) {
        const TAB: usize = 8;
        let target = column.max(self.column + 1);
        let tabs = target / TAB - self.column / TAB;
        let blanks = if tabs == 0 { target - self.column } else { target % TAB };
        self.text.extend(std::iter::repeat_n('\t', tabs).chain(std::iter::repeat_n(' ', blanks)));
        self.column = target;
        self.put(field);
    }
}

/// Reads a message from left to right.
struct Reader<'m> {
    octets: &'m [u8],
    at: usize,
}

impl<'m> Reader<'m> {
    fn take(&mut self, length: usize) -> Option<&'m [u8]> {
        let octets = self.octets.get(self.at..self.at + length)?;
        self.at += length;
        Some(octets)
    }

    fn word(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// A name, uncompressed; one that goes on for longer than names may is none, wherever its pointers lead.
    fn name(&mut self) -> Option<Vec<u8>> {
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
                        return Some(name);
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
        Some(Record { owner, rtype, class, ttl, rdata })
    }

    /// Record data up to `end`, its names uncompressed.
    fn rdata(&mut self, rtype: Rtype, end: usize) -> Option<Vec<u8>> {
        let (fixed, names) = compressed_names(rtype);
        let mut rdata = self.take(fixed)?.to_vec();
        for _ in 0..names {
            rdata.extend(self.name()?);
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
