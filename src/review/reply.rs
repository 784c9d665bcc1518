//! What an answer says, apart from how it is written: comparable, and short enough for a line.

use std::collections::HashMap;

use crate::dns::{Name, Rcode, Rtype};
use crate::server::message::{Message, Record};
use crate::zonefile::rdata::{self, Mnemonic, Presentation};

/// The most records of an rrset that a summary names.
const SHOWN: usize = 20;

/// How long a failure may be cached, in seconds (RFC 2308 §7, RFC 9520 §3.2).
const FAILURE_TTL: u32 = 300;

/// What an answer says to a resolver.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The response code.
    pub rcode: Rcode,
    /// Whether it comes from an authority for the name, and is no referral.
    pub is_authoritative: bool,
    /// The rrsets of the answer section, in the order of the chain.
    pub answer: Vec<ReplyRrset>,
    /// A referral's NS rrset, and the glue with it; empty where the answer is none.
    pub referral: Vec<ReplyRrset>,
    /// How long the absence of an rrset or a name may be cached, in seconds (RFC 2308 §5).
    pub negative_ttl: Option<u32>,
}

/// An rrset of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplyRrset {
    /// The owner, lower-cased; none: the name asked for.
    pub owner: Option<Name>,
    /// The type.
    pub rtype: Rtype,
    /// The TTL in seconds.
    pub ttl: u32,
    /// The data in canonical form (RFC 4034 §6.2), sorted.
    pub rdatas: Vec<Vec<u8>>,
}

impl Reply {
    /// What a message says.
    pub fn of(message: &Message) -> Self {
        let [answers, authorities, additionals] = &message.sections;
        let (name, rtype) = message.questions.first().map_or((None, Rtype(0)), |(name, rtype, _)| (Some(name), *rtype));
        let answer = group(answers.iter(), name);
        let soa = authorities.iter().find(|record| record.rtype == Rtype::SOA);
        let is_found = answer.iter().any(|rrset| rrset.rtype == rtype || rtype == Rtype::ANY);
        let has_servers = authorities.iter().any(|record| record.rtype == Rtype::NS);
        let is_denial = answer.is_empty() && message.is_authoritative();
        let is_referral = message.rcode() == Rcode::NOERROR && has_servers && soa.is_none() && !is_found && !is_denial;
        let servers = authorities.iter().filter(|record| record.rtype == Rtype::NS);
        let referral = if is_referral { group(servers.chain(additionals), name) } else { Vec::new() };
        let (rcode, is_authoritative) = (message.rcode(), message.is_authoritative());
        Self { rcode, is_authoritative, answer, referral, negative_ttl: soa.map(negative_ttl) }
    }

    /// Whether both say the same. How long an absence may be cached is no part of it: each SOA record's edit would make
    /// every absence another.
    pub fn is_same(&self, other: &Reply) -> bool {
        // An alias without a denial behind it leads out of what is served, and a resolver asks on.
        let key = |reply: &Reply| (reply.rcode, reply.is_authoritative, reply.negative_ttl.is_some());
        let is_alike = key(self) == key(other);
        is_alike && is_same_set(&self.answer, &other.answer) && is_same_set(&self.referral, &other.referral)
    }

    /// How long a cache may go on with what this says and `new` does not, in seconds: the longest TTL of an rrset that is
    /// gone or another, or that of an absence that is none any more.
    pub fn outlives(&self, new: &Reply) -> u32 {
        let gone = |(mine, theirs): (&[ReplyRrset], &[ReplyRrset])| {
            mine.iter().filter(|rrset| !theirs.contains(rrset)).map(|rrset| rrset.ttl).max()
        };
        let gone = gone((&self.answer, &new.answer)).max(gone((&self.referral, &new.referral)));
        let absence =
            self.negative_ttl.filter(|_| self.rcode != new.rcode || new.negative_ttl.is_none() || gone.is_none());
        let failure = (!matches!(self.rcode, Rcode::NOERROR | Rcode::NXDOMAIN)).then_some(FAILURE_TTL);
        gone.max(absence).max(failure).unwrap_or_else(|| self.answer.iter().map(|rrset| rrset.ttl).max().unwrap_or(0))
    }

    /// One line: a chain's targets, then the records, or why there are none.
    pub fn summary(&self) -> String {
        let mut parts: Vec<String> = self.answer.iter().map(ReplyRrset::summary).collect();
        let servers = self.referral.iter().find(|rrset| rrset.rtype == Rtype::NS);
        match (self.rcode, servers) {
            (_, Some(servers)) => {
                let glue = self.referral.iter().filter(|rrset| rrset.rtype != Rtype::NS).map(ReplyRrset::glue);
                let glue: Vec<String> = glue.collect();
                let glue = if glue.is_empty() { String::new() } else { format!(", with {}", glue.join(", ")) };
                parts.push(format!("referral to {}{glue}", servers.data()));
            }
            (Rcode::NOERROR, _) if self.negative_ttl.is_some() => parts.push("no such records".into()),
            (Rcode::NOERROR, _) if parts.is_empty() => parts.push("nothing".into()),
            (Rcode::NOERROR, _) => {}
            (Rcode::NXDOMAIN, _) => parts.push("no such name".into()),
            (rcode, _) => parts.push(rcode.to_string()),
        }
        parts.join(" → ")
    }
}

impl ReplyRrset {
    fn summary(&self) -> String {
        format!("{} {} {}", self.ttl, Mnemonic(self.rtype), self.data())
    }

    fn glue(&self) -> String {
        let owner = self.owner.as_ref().map_or("its own".to_owned(), Name::to_string);
        format!("{owner} {} {}", Mnemonic(self.rtype), self.data())
    }

    fn data(&self) -> String {
        let shown: Vec<String> =
            self.rdatas.iter().take(SHOWN).map(|rdata| Presentation { rtype: self.rtype, rdata }.to_string()).collect();
        match self.rdatas.len().saturating_sub(SHOWN) {
            0 => shown.join(", "),
            more => format!("{}, and {more} more", shown.join(", ")),
        }
    }
}

/// A record as a line of a zone file without its owner.
pub fn record_line(ttl: u32, rtype: Rtype, rdata: &[u8]) -> String {
    format!("{ttl} IN {} {}", Mnemonic(rtype), Presentation { rtype, rdata })
}

fn is_same_set(one: &[ReplyRrset], other: &[ReplyRrset]) -> bool {
    one.len() == other.len() && one.iter().all(|rrset| other.contains(rrset))
}

/// The lesser of the SOA record's TTL and its MINIMUM, the last of its fields (RFC 2308 §5).
fn negative_ttl(soa: &Record) -> u32 {
    soa.rdata.last_chunk().map_or(soa.ttl, |minimum| soa.ttl.min(u32::from_be_bytes(*minimum)))
}

/// Records to rrsets, in the order in which each is met first.
fn group<'m>(records: impl Iterator<Item = &'m Record>, question: Option<&Name>) -> Vec<ReplyRrset> {
    let mut rrsets: Vec<ReplyRrset> = Vec::new();
    let mut places = HashMap::new();
    for record in records {
        let owner = record.owner.as_ref().to_lower();
        let place = *places.entry((owner.clone(), record.rtype)).or_insert(rrsets.len());
        if place == rrsets.len() {
            let owner = question.is_none_or(|name| !name.as_ref().is(owner.as_ref())).then_some(owner);
            rrsets.push(ReplyRrset { owner, rtype: record.rtype, ttl: record.ttl, rdatas: Vec::new() });
        }
        rrsets[place].rdatas.push(rdata::canonical(record.rtype, &record.rdata).into_owned());
    }
    rrsets.iter_mut().for_each(|rrset| rrset.rdatas.sort_unstable());
    rrsets
}
