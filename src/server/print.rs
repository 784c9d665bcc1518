//! A message as `dig` prints it.
//!
//! In: the octets of a response. Out: its header, OPT record and sections as text, laid out in dig's columns, so that the two
//! can be compared by eye and by diff. Knows nothing of how the response came about.

use std::fmt;

use super::message::{Message, Reader, Record};
use super::query::flag;
use crate::dns::{Class, Opcode};
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

impl Message {
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
            line.put(name);
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
    line.put(&record.owner);
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
