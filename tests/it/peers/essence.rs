//! What is compared of a response, as text, so that a difference can be read.

use std::collections::BTreeSet;

use zonewright::dns::Rtype;

use crate::support::message::{Query, Record, Response};

/// A response without what is left to taste: the order of records, the case of names in them, the addresses beside a positive
/// answer, options, and, of ANY, which of the rrsets it gives (RFC 8482 §4.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Essence {
    pub(super) rcode: String,
    pub(super) flags: u16,
    pub(super) has_question: bool,
    /// The version and the flags of the OPT record.
    pub(super) opt: Option<(u8, u16)>,
    pub(super) answer: BTreeSet<String>,
    pub(super) authority: BTreeSet<String>,
    pub(super) glue: BTreeSet<String>,
}

impl Essence {
    pub(super) fn new(query: &Query, response: &Response) -> Self {
        let is_referral = response.answer.is_empty() && !response.is_authoritative();
        let mut essence = Self {
            rcode: response.rcode.to_string(),
            flags: response.flags & !0xF,
            has_question: response.question.is_some(),
            opt: response.opt.as_ref().map(|opt| (opt.1, opt.2)),
            answer: text(&response.answer),
            authority: text(&response.authority),
            glue: if is_referral { text(&response.additional) } else { BTreeSet::new() },
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

    pub(super) fn is_truncated(&self) -> bool {
        self.flags & 0x0200 != 0
    }

    /// Whether the section `of` holds a record of the type, by its mnemonic in lower case.
    pub(super) fn has(&self, of: fn(&Self) -> &BTreeSet<String>, mnemonic: &str) -> bool {
        of(self).iter().any(|record| record.split(' ').nth(2) == Some(mnemonic))
    }
}

fn text(records: &[Record]) -> BTreeSet<String> {
    records.iter().map(|record| record.to_string().to_ascii_lowercase()).collect()
}
