//! Promises about answers, and whether a tree keeps them.
//!
//! In: [`Expectation`]s, read from a test file, and a [`Snapshot`]. Out: a finding at the test's own line for each that does
//! not hold. Knows no files: reading them is for [`config`](crate::config).

pub mod junit;

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::{Reply, ReplyRrset, Snapshot, explain};
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::{Name, Rcode, Rtype};
use crate::server::message::Message;
use crate::server::{Transport, ask_for, respond};
use crate::source::Span;
use crate::zonefile::rdata::{self, Mnemonic, Presentation};

/// One promise: how a question is answered.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The name asked for.
    pub name: Name,
    /// The type asked for.
    pub rtype: Rtype,
    /// The answer that is promised.
    pub wanted: Wanted,
    /// The client's network: its first address asks, and the query says so (RFC 7871).
    pub client: Option<IpNet>,
    /// Whether DNSSEC's records are asked for, and must be there.
    pub has_dnssec: bool,
    /// Where the promise stands.
    pub place: Span,
}

/// The answer that is promised.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// These records of the type asked for, in any order and no others, at the end of whatever chain of aliases.
    Records(Vec<Vec<u8>>),
    /// No records of the type, though the name exists.
    Absent,
    /// No such name.
    NxDomain,
    /// No answer at all: the name is not ours, or the client not one who may ask.
    Refused,
    /// A referral to another zone's servers.
    Referral,
}

impl Wanted {
    /// The words for what is no list of records, as tests write them.
    pub const WORDS: &[(&str, Self)] = &[
        ("absent", Self::Absent),
        ("nxdomain", Self::NxDomain),
        ("refused", Self::Refused),
        ("referral", Self::Referral),
    ];

    fn describe(&self, rtype: Rtype) -> String {
        match self {
            Self::Records(rdatas) => list(rtype, rdatas),
            word => Self::WORDS.iter().find(|(_, known)| known == word).map_or("", |(word, _)| word).to_owned(),
        }
    }
}

/// Puts a question to a tree, and gives a finding if the answer is not the one promised.
pub fn judge(tree: &Snapshot, test: &Expectation) -> Option<Diagnostic> {
    let client = test.client.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |network| network.network());
    let query = ask_for(test.name.as_ref(), test.rtype, test.has_dnssec, test.client);
    let mut out = vec![0; usize::from(u16::MAX)];
    let length = respond(&query, client, Transport::Tcp, tree.served(), &mut out)?;
    let message = Message::read(&out[..length])?;
    let found = Found::of(&message, test.rtype);
    if !found.is(&test.wanted, test.rtype) {
        return Some(broken(tree, test, &found));
    }
    (test.has_dnssec && !is_signed(&message, test)).then(|| unsigned(test))
}

/// What was answered, in the words of tests.
struct Found {
    reply: Reply,
    rdatas: Option<Vec<Vec<u8>>>,
}

impl Found {
    fn of(message: &Message, rtype: Rtype) -> Self {
        let reply = Reply::of(message);
        let found: Option<&ReplyRrset> = reply.answer.iter().find(|rrset| rrset.rtype == rtype);
        Self { rdatas: found.map(|rrset| rrset.rdatas.clone()), reply }
    }

    fn is(&self, wanted: &Wanted, rtype: Rtype) -> bool {
        match wanted {
            Wanted::Records(rdatas) => {
                let mut wanted: Vec<_> = rdatas.iter().map(|rdata| rdata::canonical(rtype, rdata)).collect();
                wanted.sort_unstable();
                wanted.dedup();
                self.rdatas.as_ref().is_some_and(|found| found.iter().eq(wanted.iter().map(AsRef::as_ref)))
            }
            Wanted::Absent => self.reply.rcode == Rcode::NOERROR && self.reply.negative_ttl.is_some(),
            Wanted::NxDomain => self.reply.rcode == Rcode::NXDOMAIN,
            Wanted::Refused => self.reply.rcode == Rcode::REFUSED,
            Wanted::Referral => !self.reply.referral.is_empty(),
        }
    }

    fn describe(&self, rtype: Rtype) -> String {
        match &self.rdatas {
            Some(rdatas) => list(rtype, rdatas),
            None => self.reply.summary(),
        }
    }
}

fn list(rtype: Rtype, rdatas: &[Vec<u8>]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> =
        rdatas.iter().take(SHOWN).map(|rdata| format!("`{}`", Presentation { rtype, rdata })).collect();
    match (rdatas.len(), rdatas.len().saturating_sub(SHOWN)) {
        (0, _) => "no records".into(),
        (_, 0) => shown.join(", "),
        (_, more) => format!("{}, and {more} more", shown.join(", ")),
    }
}

fn broken(tree: &Snapshot, test: &Expectation, found: &Found) -> Diagnostic {
    let (wanted, rtype) = (test.wanted.describe(test.rtype), Mnemonic(test.rtype));
    let found = found.describe(test.rtype);
    let headline = format!("`{}` {rtype}: expected {wanted}, found {found}", test.name);
    // The last record on the way is the one that someone edited, as a rule.
    let steps = explain::explain(tree, &test.name, test.rtype).map(|explanation| explanation.steps);
    let last = steps.into_iter().flatten().filter_map(|step| step.place).next_back();
    let why = match (test.client, last) {
        (Some(client), _) => format!("this is what a client in {client} is told"),
        (None, Some(place)) => format!("the answer comes from {place}"),
        (None, None) => "no zone here holds the name".into(),
    };
    Diagnostic::new(&codes::TEST_FAILED, test.place, headline).label("not what the zones answer").why(why).fix(format!(
        "mend the zone, or if the change is meant, this test; `zonewright explain {} {rtype}` shows the way",
        test.name
    ))
}

fn unsigned(test: &Expectation) -> Diagnostic {
    let headline =
        format!("`{}` {}: the answer is as expected, and has no signatures", test.name, Mnemonic(test.rtype));
    Diagnostic::new(&codes::TEST_FAILED, test.place, headline)
        .label("`dnssec = true` asks for them")
        .why("a resolver that validates takes an answer without signatures for a forged one, where the parent has a DS record")
        .fix("sign the zone, or leave `dnssec` out")
}

/// Whether the records promised, or the proof that there are none, come with signatures.
fn is_signed(message: &Message, test: &Expectation) -> bool {
    let [answers, authorities, _] = &message.sections;
    let covers = |section: &[crate::server::message::Record], rtype: Rtype| {
        section.iter().any(|record| record.rtype == Rtype::RRSIG && rdata::covered(&record.rdata) == rtype)
    };
    match test.wanted {
        Wanted::Records(_) => covers(answers, test.rtype),
        Wanted::Absent | Wanted::NxDomain => covers(authorities, Rtype::NSEC) || covers(authorities, Rtype::NSEC3),
        Wanted::Referral => [Rtype::DS, Rtype::NSEC, Rtype::NSEC3].iter().any(|&rtype| covers(authorities, rtype)),
        Wanted::Refused => true,
    }
}
