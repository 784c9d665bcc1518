//! What is compared of a response, as text, so that a difference can be read.

use std::collections::BTreeSet;

use zonewright::dns::Rtype;

use super::rows::is_type;
use crate::support::message::{Query, Record, Response};

/// A response without what is left to taste: the order of records, the case of names in them, the addresses beside a positive
/// answer, options, and, of ANY, which of the rrsets it gives (RFC 8482 §4.1).
#[derive(Clone, Debug)]
pub(super) struct Essence {
    pub(super) rcode: String,
    pub(super) flags: u16,
    pub(super) has_question: bool,
    /// The version and the flags of the OPT record.
    pub(super) opt: Option<(u8, u16)>,
    pub(super) answer: BTreeSet<String>,
    pub(super) authority: BTreeSet<String>,
    pub(super) glue: BTreeSet<String>,
    /// Octets of the message, which are not compared.
    pub(super) length: usize,
}

impl Essence {
    pub(super) fn new(query: &Query, response: Option<&Response>) -> Self {
        let Some(response) = response else { return Self::silence() };
        let is_referral = response.answer.is_empty() && !response.is_authoritative();
        let mut essence = Self {
            rcode: response.rcode.to_string(),
            flags: response.flags & !0xF,
            has_question: response.question.is_some(),
            opt: response.opt.as_ref().map(|opt| (opt.1, opt.2)),
            answer: text(&response.answer),
            authority: text(&response.authority),
            glue: if is_referral { text(&response.additional) } else { BTreeSet::new() },
            length: response.length,
        };
        if query.rtype == Rtype::ANY && !essence.answer.is_empty() {
            essence.answer = BTreeSet::from(["something".to_owned()]);
            essence.authority.clear();
        }
        if essence.is_truncated() {
            // Whoever sees TC asks again over TCP, where all is compared (RFC 2181 §9).
            essence.answer.clear();
            essence.authority.clear();
            essence.glue.clear();
        }
        essence
    }

    fn silence() -> Self {
        let (answer, authority, glue) = Default::default();
        Self { rcode: "silence".into(), flags: 0, has_question: false, opt: None, answer, authority, glue, length: 0 }
    }

    /// A part as text.
    pub(super) fn part(&self, part: Part) -> String {
        match part {
            Part::Rcode => self.rcode.clone(),
            Part::Flag(bits, _) => (self.flags & bits != 0).to_string(),
            Part::Question => self.has_question.to_string(),
            Part::Opt => format!("{:?}", self.opt),
            Part::Answer => format!("{:?}", self.answer),
            Part::Authority => format!("{:?}", self.authority),
            Part::Glue => format!("{:?}", self.glue),
        }
    }

    /// The parts in which it differs from another.
    pub(super) fn differing(&self, other: &Self) -> Vec<Part> {
        PARTS.into_iter().filter(|&part| self.part(part) != other.part(part)).collect()
    }

    pub(super) fn is_truncated(&self) -> bool {
        self.flags & 0x0200 != 0
    }

    pub(super) fn is_referral(&self) -> bool {
        self.answer.is_empty() && self.flags & 0x0400 == 0 && self.authority.iter().any(|record| is_type(record, "ns"))
    }

    /// How many aliases the answer has.
    pub(super) fn aliases(&self) -> usize {
        self.answer.iter().filter(|record| is_type(record, "cname")).count()
    }

    pub(super) fn has_alias(&self) -> bool {
        self.aliases() > 0
    }

    pub(super) fn has_dname(&self) -> bool {
        self.answer.iter().any(|record| is_type(record, "dname"))
    }

    pub(super) fn has_nsec(&self) -> bool {
        self.answer.iter().any(|record| is_type(record, "nsec"))
    }
}

/// A part of a response that a server may see in its own way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Rcode,
    /// Header bits, and their name.
    Flag(u16, &'static str),
    Question,
    Opt,
    Answer,
    Authority,
    Glue,
}

pub(super) const AA: Part = Part::Flag(0x0400, "AA");
pub(super) const TC: Part = Part::Flag(0x0200, "TC");
pub(super) const OPCODE: Part = Part::Flag(0x7800, "opcode");
pub(super) const CD: Part = Part::Flag(0x0010, "CD");

const PARTS: [Part; 14] = [
    Part::Rcode,
    OPCODE,
    AA,
    TC,
    Part::Flag(0x0100, "RD"),
    Part::Flag(0x0080, "RA"),
    Part::Flag(0x0040, "Z"),
    Part::Flag(0x0020, "AD"),
    CD,
    Part::Question,
    Part::Opt,
    Part::Answer,
    Part::Authority,
    Part::Glue,
];

fn text(records: &[Record]) -> BTreeSet<String> {
    records.iter().map(|record| record.to_string().to_ascii_lowercase()).collect()
}
