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
    let mut lines = side_effects(old, new, questions);
    let share = |tree: &Snapshot, rcode| {
        let is_it = |(name, rtype): &&(Name, Rtype)| {
            tree.reply(name.as_ref(), *rtype).is_some_and(|reply| reply.rcode == rcode)
        };
        questions.iter().filter(is_it).count()
    };
    for (rcode, percent, what) in
        [(Rcode::NXDOMAIN, shares.nxdomain, "names that do not exist"), (Rcode::SERVFAIL, shares.servfail, "SERVFAIL")]
    {
        let (before, after, all) = (share(old, rcode), share(new, rcode), questions.len());
        if all >= ENOUGH && after > before && after * 100 > all * usize::from(percent) {
            lines.push(format!(
                "of the {all} questions asked last, {after} would be answered with {what}, and {before} are now"
            ));
        }
    }
    lines
}

fn side_effects(old: &Snapshot, new: &Snapshot, questions: &[(Name, Rtype)]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut count = 0;
    // A serial and signatures change with whatever else does.
    let is_of_use = |rtype: Rtype| !matches!(rtype, Rtype::SOA | Rtype::ANY) && !is_proof(rtype);
    for (name, rtype) in questions.iter().filter(|(_, rtype)| is_of_use(*rtype)) {
        let (before, after) = (asked(old, name.as_ref(), *rtype), asked(new, name.as_ref(), *rtype));
        let (Some(before), Some(after)) = (before, after) else { continue };
        if before.is_positive() && !before.reply.is_same(&after.reply) && !is_explained(&before, &after, old, new) {
            count += 1;
            if found.len() < SHOWN {
                let (was, is) = (before.reply.summary(), after.reply.summary());
                found.push(format!("  {name} {}: {was} → {is}", Mnemonic(*rtype)));
            }
        }
    }
    if count > 0 {
        let answers = if count == 1 { "1 answer changes".to_owned() } else { format!("{count} answers change") };
        found.insert(0, format!("{answers} for names that the commit does not touch:"));
    }
    found
}

/// An answer, and what it came from.
struct Asked {
    reply: Reply,
    /// The names that were asked for on the way.
    names: Vec<Name>,
    /// The wildcards that stood for them.
    wildcards: Vec<Name>,
    /// The cuts and DNAMEs that they lie below.
    above: Vec<Name>,
}

impl Asked {
    /// Whether it says something but that there is nothing.
    fn is_positive(&self) -> bool {
        !self.reply.answer.is_empty() || !self.reply.referral.is_empty()
    }
}

fn asked(tree: &Snapshot, name: NameRef<'_>, rtype: Rtype) -> Option<Asked> {
    let reply = Reply {
        rcode: Rcode::NOERROR,
        is_authoritative: false,
        answer: Vec::new(),
        referral: Vec::new(),
        negative_ttl: None,
    };
    let asked = RefCell::new(Asked { reply, names: Vec::new(), wildcards: Vec::new(), above: Vec::new() });
    let hear = |step: Step<'_, '_>| {
        let mut asked = asked.borrow_mut();
        match step {
            Step::Zone(name, _) | Step::Broken(name, _) | Step::Foreign(name) => asked.names.push(name.to_name()),
            Step::Wildcard(node) => asked.wildcards.push(node.name().to_name()),
            Step::Outcome(found) => match found.outcome {
                Outcome::Redirect(_, node) | Outcome::Referral(_, node) => asked.above.push(node.name().to_name()),
                _ => {}
            },
            _ => {}
        }
    };
    let message = tree.ask(name, rtype, &mut vec![0; usize::from(u16::MAX)], &hear)?;
    Some(Asked { reply: Reply::of(&message), ..asked.into_inner() })
}

fn is_explained(before: &Asked, after: &Asked, old: &Snapshot, new: &Snapshot) -> bool {
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
