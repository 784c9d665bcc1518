//! What a change does to those who ask already: the questions asked last, put to what is served and to what would be.
//!
//! In: both, the questions, and limits. Out: what speaks against publishing. Knows no commits and no clocks.
//!
//! # Design
//!
//! A changed answer is explained where the change touched records that the answer came from or comes from: those of the name
//! asked for, of an alias's target, of the wildcard that stands for it, of the cut or DNAME that it lies below. What is left
//! are side effects, of which whoever wrote the change most likely knows nothing: a new name that takes others out of a
//! wildcard's reach, a new cut or DNAME that hides what lies below it, a zone that comes between. An answer that comes where
//! there was none is nobody's loss.

use std::cell::RefCell;
use std::collections::HashMap;

use super::diff::is_proof;
use super::{Reply, Snapshot};
use crate::authority::{NodeRef, Outcome, Step};
use crate::dns::{Name, NameRef, Rcode, Rtype};
use crate::zonefile::rdata::Mnemonic;

/// Questions from which on shares of them say something.
const ENOUGH: usize = 20;

/// The most answers that are listed.
const SHOWN: usize = 20;

/// Shares of the questions, in percent, that a change must not raise above.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shares {
    /// Of those whose name does not exist.
    pub nxdomain: u8,
    /// Of those that fail.
    pub servfail: u8,
}

/// What speaks against a change, a line each; those that are indented belong to the one above.
pub fn objections(old: &Snapshot, new: &Snapshot, questions: &[(Name, Rtype)], shares: Shares) -> Vec<String> {
    let (mut tally, mut buffer) = (Tally::default(), vec![0; usize::from(u16::MAX)]);
    for (name, rtype) in questions {
        let [before, after] = [old, new].map(|tree| asked(tree, name.as_ref(), *rtype, &mut buffer));
        let rcodes = [&before, &after].map(|asked| asked.as_ref().map(|asked| asked.reply.rcode));
        tally.count(rcodes);
        if let (Some(before), Some(after)) = (before, after)
            && is_side_effect(*rtype, &before, &after, old, new)
        {
            let summary = |asked: &Asked| asked.reply.summary();
            tally.note(|| format!("  {name} {}: {} → {}", Mnemonic(*rtype), summary(&before), summary(&after)));
        }
    }
    let mut lines = tally.side_effects();
    let all = questions.len();
    for (rcode, percent, what) in
        [(Rcode::NXDOMAIN, shares.nxdomain, "names that do not exist"), (Rcode::SERVFAIL, shares.servfail, "SERVFAIL")]
    {
        let [before, after] = tally.rcodes.get(&rcode).copied().unwrap_or_default();
        if all >= ENOUGH && after > before && after * 100 > all * usize::from(percent) {
            lines.push(format!(
                "of the {all} questions asked last, {after} would be answered with {what}, and {before} are now"
            ));
        }
    }
    lines
}

/// What was found of all questions.
#[derive(Default)]
struct Tally {
    /// How many were answered with each response code, before and after.
    rcodes: HashMap<Rcode, [usize; 2]>,
    /// How many side effects there are, and a line for each that is listed.
    count: usize,
    lines: Vec<String>,
}

impl Tally {
    fn count(&mut self, rcodes: [Option<Rcode>; 2]) {
        for (side, rcode) in rcodes.into_iter().enumerate() {
            rcode.into_iter().for_each(|rcode| self.rcodes.entry(rcode).or_default()[side] += 1);
        }
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        self.count += 1;
        if self.lines.len() < SHOWN {
            self.lines.push(line());
        }
    }

    fn side_effects(&mut self) -> Vec<String> {
        let head = match self.count {
            0 => return Vec::new(),
            1 => "1 answer changes for names that the commit does not touch:".to_owned(),
            count => format!("{count} answers change for names that the commit does not touch:"),
        };
        std::iter::once(head).chain(std::mem::take(&mut self.lines)).collect()
    }
}

/// An answer, and what it came from.
struct Asked {
    reply: Reply,
    way: Way,
}

#[derive(Default)]
struct Way {
    /// The names that were asked for on the way.
    names: Vec<Name>,
    /// The wildcards that stood for them.
    wildcards: Vec<Name>,
    /// The cuts and DNAMEs that they lie below.
    above: Vec<Name>,
}

fn asked(tree: &Snapshot, name: NameRef<'_>, rtype: Rtype, buffer: &mut [u8]) -> Option<Asked> {
    let way = RefCell::new(Way::default());
    let hear = |step: Step<'_, '_>| {
        let mut way = way.borrow_mut();
        match step {
            Step::Zone(name, _) | Step::Broken(name, _) | Step::Foreign(name) => way.names.push(name.to_name()),
            Step::Wildcard(node) => way.wildcards.push(node.name().to_name()),
            Step::Outcome(found) => match found.outcome {
                Outcome::Redirect(_, node) | Outcome::Referral(_, node) => way.above.push(node.name().to_name()),
                _ => {}
            },
            _ => {}
        }
    };
    let reply = Reply::of(&tree.ask(name, rtype, buffer, &hear)?);
    Some(Asked { reply, way: way.into_inner() })
}

/// Whether what was answered is answered otherwise, and the change touched nothing that either answer came from.
fn is_side_effect(rtype: Rtype, before: &Asked, after: &Asked, old: &Snapshot, new: &Snapshot) -> bool {
    // A serial and signatures change with whatever else does.
    let is_of_use = !matches!(rtype, Rtype::SOA | Rtype::ANY) && !is_proof(rtype);
    let was_positive = !before.reply.answer.is_empty() || !before.reply.referral.is_empty();
    is_of_use && was_positive && !before.reply.is_same(&after.reply) && !is_explained(&before.way, &after.way, old, new)
}

fn is_explained(before: &Way, after: &Way, old: &Snapshot, new: &Snapshot) -> bool {
    let sources = [&before.names, &before.wildcards, &before.above, &after.names, &after.wildcards];
    // A cut or DNAME that comes explains nothing of what it hides; one that was there before is among those above.
    sources.into_iter().flatten().any(|name| is_touched(name.as_ref(), old, new))
}

/// Whether any zone has other records at a name than before.
fn is_touched(name: NameRef<'_>, old: &Snapshot, new: &Snapshot) -> bool {
    let mut apexes = std::iter::successors(Some(name), |name| name.parent());
    apexes.any(|apex| records(old, apex, name) != records(new, apex, name))
}

/// The records that a zone has at a name, but for proofs and the SOA record, which every change touches.
fn records(tree: &Snapshot, apex: NameRef<'_>, name: NameRef<'_>) -> Vec<(u16, u32, Vec<Vec<u8>>)> {
    let Some(node) = tree.authority(apex).and_then(|zone| zone.node(name)) else { return Vec::new() };
    let is_counted = |rtype: Rtype| rtype != Rtype::SOA && !is_proof(rtype);
    let rrsets = |node: NodeRef<'_>| {
        let rrsets = node.rrsets().filter(|rrset| is_counted(rrset.rtype()));
        let rrsets = rrsets.map(|rrset| {
            let mut rdatas: Vec<Vec<u8>> = rrset.rdatas().map(<[u8]>::to_vec).collect();
            rdatas.sort_unstable();
            (rrset.rtype().0, rrset.ttl(), rdatas)
        });
        rrsets.collect()
    };
    rrsets(node)
}
