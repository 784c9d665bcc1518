//! Why a name is answered as it is: the walk of RFC 1034 §4.3.2, each step with the records that decided it.
//!
//! In: a [`Snapshot`] and a question. Out: an [`Explanation`], made of what the answering lookup itself told of its steps.
//! Who wrote a line is for whoever knows the history: it is asked for each place when the explanation is printed.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use super::{Place, Snapshot};
use crate::authority::{Found, NodeRef, Outcome, Step};
use crate::dns::{Name, NameRef, Rtype};
use crate::server::message::{Message, Record};
use crate::zonefile::rdata::Mnemonic;

/// The most records of an rrset that are shown.
const SHOWN: usize = 20;

/// What the lookup did, and what came of it.
#[derive(Debug)]
pub struct Explanation {
    /// The steps, in order.
    pub steps: Vec<Explained>,
    /// The answer.
    pub answer: Message,
}

/// One step.
#[derive(Debug)]
pub struct Explained {
    /// Its kind, in a word or two; empty for a line that goes on with the one before.
    pub kind: &'static str,
    /// What was found.
    pub text: String,
    /// The record that says so.
    pub place: Option<Place>,
}

/// Asks a tree for a name and a type, and writes down every step to the answer.
pub fn explain(tree: &Snapshot, name: &Name, rtype: Rtype) -> Option<Explanation> {
    let walk = RefCell::new(Walk { tree, rtype, node: None, steps: Vec::new() });
    let mut out = vec![0; usize::from(u16::MAX)];
    let answer = tree.ask(name.as_ref(), rtype, &mut out, &|step| walk.borrow_mut().hear(step))?;
    Some(Explanation { steps: walk.into_inner().steps, answer })
}

struct Walk<'t> {
    tree: &'t Snapshot,
    rtype: Rtype,
    /// The node whose rrsets answer: the name's own, or the wildcard.
    node: Option<NodeRef<'t>>,
    steps: Vec<Explained>,
}

impl<'t> Walk<'t> {
    fn say(&mut self, kind: &'static str, text: impl Into<String>, place: Option<Place>) {
        self.steps.push(Explained { kind, text: text.into(), place });
    }

    fn hear(&mut self, step: Step<'_, 't>) {
        match step {
            Step::Zone(name, zone) => {
                self.node = None;
                self.say("question", format!("{name} {}", Mnemonic(self.rtype)), None);
                let soa = self.first(zone.apex(), zone.apex(), Some(Rtype::SOA));
                self.say("zone", format!("{}, serial {}", zone.apex(), zone.serial()), soa);
            }
            Step::Broken(name, apex) => {
                self.say("question", format!("{name} {}", Mnemonic(self.rtype)), None);
                self.say("zone", format!("{apex} has errors and cannot be served: `zonewright check` says why"), None);
            }
            Step::Foreign(name) => {
                self.say("question", format!("{name} {}", Mnemonic(self.rtype)), None);
                self.say("zone", "none here holds it: a resolver asks elsewhere", None);
            }
            Step::Exact(node) => {
                self.node = Some(node);
                let place = self.place_of(node);
                self.say("exact name", owned(node), place);
            }
            Step::Encloser(node) => {
                self.say(
                    "no such name",
                    format!("the closest ancestor that exists is {}", node.name()),
                    self.place_of(node),
                );
            }
            Step::Wildcard(node) => {
                self.node = Some(node);
                self.say("wildcard", format!("{} stands for it", node.name()), self.place_of(node));
            }
            Step::Outcome(found) => self.conclude(found),
            Step::TooLong => self.say("too long", "the name that the DNAME makes has more than 255 octets", None),
            Step::Loop(name) => self.say("loop", format!("{name} was passed already: the chain ends"), None),
            Step::LastLink(name) => self.say("too many", format!("aliases on the way to {name}: the chain ends"), None),
        }
    }

    fn conclude(&mut self, found: Found<'t>) {
        match found.outcome {
            Outcome::Answer(rrset) => self.show("answer", self.node, rrset.rtype()),
            Outcome::Alias(_) => self.show("alias", self.node, Rtype::CNAME),
            Outcome::Redirect(_, node) => self.show("redirect", Some(node), Rtype::DNAME),
            Outcome::Referral(_, node) => self.show("cut", Some(node), Rtype::NS),
            Outcome::NoData => self.say("no data", format!("it owns no {}", Mnemonic(self.rtype)), None),
            Outcome::NxDomain => self.say("no wildcard", "nothing stands for names below that ancestor", None),
        }
    }

    /// The records of an rrset, a line each.
    fn show(&mut self, kind: &'static str, node: Option<NodeRef<'t>>, rtype: Rtype) {
        let Some(node) = node else { return };
        let records = self.tree.records(node.authority().apex(), node.name(), rtype);
        let more = records.len().saturating_sub(SHOWN);
        for (index, (record, place)) in records.into_iter().take(SHOWN).enumerate() {
            self.say(if index == 0 { kind } else { "" }, format!("{} {record}", node.name()), Some(place));
        }
        if more > 0 {
            self.say("", format!("and {more} more"), None);
        }
    }

    /// Where a node's first record is written; an empty non-terminal has none.
    fn place_of(&self, node: NodeRef<'_>) -> Option<Place> {
        self.first(node.authority().apex(), node.name(), node.rrsets().next().map(|rrset| rrset.rtype()))
    }

    fn first(&self, apex: NameRef<'_>, owner: NameRef<'_>, rtype: Option<Rtype>) -> Option<Place> {
        let rtype = rtype?;
        self.tree.first_record(apex, owner, rtype)
    }
}

/// What a node owns, in words.
fn owned(node: NodeRef<'_>) -> String {
    let types: Vec<String> = node.rrsets().map(|rrset| Mnemonic(rrset.rtype()).to_string()).collect();
    let owned = match types.is_empty() {
        true => "nothing itself: it exists because names below it do".to_owned(),
        false => types.join(" "),
    };
    match node.above() {
        Some(above) if !above.name().is(node.name()) => format!("it lies below {} and is no answer", above.name()),
        _ => format!("it owns {owned}"),
    }
}

impl Explanation {
    /// The places that it names, each once.
    pub fn places(&self) -> BTreeSet<&Place> {
        self.steps.iter().filter_map(|step| step.place.as_ref()).collect()
    }

    /// Text for people; `author` says who wrote a line, where that is known.
    pub fn print(&self, author: &dyn Fn(&Place) -> Option<String>) -> String {
        let mut lines: Vec<String> = Vec::new();
        for step in &self.steps {
            if step.kind == "question" {
                lines.push(step.text.clone());
                continue;
            }
            lines.push(format!("  {:13} {}", step.kind, step.text));
            if let Some(place) = &step.place {
                let author = author(place).map_or(String::new(), |author| format!(", {author}"));
                lines.push(format!("  {:13} at {place}{author}", ""));
            }
        }
        lines.push(format!("answer: {}", Answer(&self.answer)));
        lines.join("\n") + "\n"
    }
}

/// The answer's status, then its records.
struct Answer<'m>(&'m Message);

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authoritative = if self.0.is_authoritative() { ", authoritative" } else { "" };
        write!(f, "{}{authoritative}", self.0.rcode())?;
        for (section, records) in ["", " (authority)", " (additional)"].iter().zip(&self.0.sections) {
            records.iter().try_for_each(|record| write_record(record, section, f))?;
        }
        Ok(())
    }
}

fn write_record(record: &Record, section: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "\n  {} {}{section}", record.owner, super::record_line(record.ttl, record.rtype, &record.rdata))
}
