//! A name and a type to an outcome, within one zone (RFC 1034 §4.3.2, RFC 4592 §3.3, RFC 6672 §3.2).

use super::{Authority, NodeRef, Question, Role, RrsetRef, Step, Trace, Untraced};
use crate::dns::Rtype;

/// What a zone says of a name and a type.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// The rrset asked for; for ANY, one of the name's.
    Answer(RrsetRef<'a>),
    /// The name is an alias: the question goes on with the target.
    Alias(RrsetRef<'a>),
    /// The name lies below this node's DNAME: the question goes on with the name rewritten.
    Redirect(RrsetRef<'a>, NodeRef<'a>),
    /// The name lies at or below this cut: its servers are asked next.
    Referral(RrsetRef<'a>, NodeRef<'a>),
    /// The name exists, and has no such rrset.
    NoData,
    /// The name does not exist, nor anything below it.
    NxDomain,
}

/// An outcome, and by which name it was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// What the zone says.
    pub outcome: Outcome<'a>,
    /// How many labels the closest encloser has: all of them where the name itself exists (RFC 4592 §3.3.1).
    pub encloser: usize,
    /// Whether a wildcard stands for the name.
    pub is_wildcard: bool,
}

/// Looks a question up in the zone that its name lies in.
pub fn lookup<'a>(zone: &'a Authority, question: &Question<'_>, rtype: Rtype) -> Found<'a> {
    lookup_traced(zone, question, rtype, Untraced)
}

/// The same, its steps told to `trace`.
pub fn lookup_traced<'a>(
    zone: &'a Authority,
    question: &Question<'_>,
    rtype: Rtype,
    trace: impl Trace<'a>,
) -> Found<'a> {
    let found = find(zone, question, rtype, trace);
    trace.note(|| Step::Outcome(found));
    found
}

#[inline(always)]
fn find<'a>(zone: &'a Authority, question: &Question<'_>, rtype: Rtype, trace: impl Trace<'a>) -> Found<'a> {
    let labels = question.label_count();
    if let Some(node) = zone.find(question, labels) {
        trace.note(|| Step::Exact(node));
        return Found { outcome: at_node(node, rtype), encloser: labels, is_wildcard: false };
    }
    let (node, encloser) = closest_encloser(zone, question);
    trace.note(|| Step::Encloser(node));
    let (outcome, is_wildcard) = match (node.above(), node.wildcard()) {
        (Some(above), _) => (occluded(above), false),
        (None, _) if node.has_dname() => (occluded(node), false),
        (None, Some(wildcard)) => {
            trace.note(|| Step::Wildcard(wildcard));
            // A wildcard that owns NS refers nobody: RFC 4592 §4.2 leaves undefined what it means for the names it covers. NSD
            // answers from the rrsets as we do, Knot refers under the wildcard's own name, BIND refuses the zone. Nor does its
            // DNAME redirect: the two together are "non-deterministic" (RFC 6672 §3.3), and NSD, Knot and BIND leave it alone.
            (of_type(wildcard, rtype), true)
        }
        (None, None) => (Outcome::NxDomain, false),
    };
    Found { outcome, encloser, is_wildcard }
}

/// The deepest existing ancestor of a name that does not exist, and its number of labels (RFC 4592 §3.3.1).
///
/// Names are closed under parents, so all shorter suffixes of an existing one exist: a binary search finds the longest.
fn closest_encloser<'a>(zone: &'a Authority, question: &Question<'_>) -> (NodeRef<'a>, usize) {
    let (mut exists, mut missing, mut node) = (zone.apex_labels, question.label_count(), zone.top());
    while missing - exists > 1 {
        let middle = exists.midpoint(missing);
        match zone.find(question, middle) {
            Some(found) => (exists, node) = (middle, found),
            None => missing = middle,
        }
    }
    (node, exists)
}

#[inline]
fn at_node(node: NodeRef<'_>, rtype: Rtype) -> Outcome<'_> {
    match node.role() {
        Role::Authoritative => of_type(node, rtype),
        // The parent's side of a cut owns its DS (RFC 4035 §3.1.4.1).
        Role::Delegation if rtype == Rtype::DS => of_type(node, rtype),
        _ => node.above().map_or(Outcome::NxDomain, occluded),
    }
}

/// What lies at or below a cut, or below a DNAME.
fn occluded(above: NodeRef<'_>) -> Outcome<'_> {
    if above.role() == Role::Delegation
        && let Some(servers) = above.rrset(Rtype::NS)
    {
        return Outcome::Referral(servers, above);
    }
    above.rrset(Rtype::DNAME).map_or(Outcome::NxDomain, |dname| Outcome::Redirect(dname, above))
}

fn of_type(node: NodeRef<'_>, rtype: Rtype) -> Outcome<'_> {
    if rtype == Rtype::ANY {
        return node.smallest().map_or(Outcome::NoData, Outcome::Answer);
    }
    if let Some(rrset) = node.rrset(rtype) {
        return Outcome::Answer(rrset);
    }
    // Step 3a of RFC 1034 §4.3.2 as it stands: RRSIG and NSEC of an alias that has none are asked of its target, as NSD does
    // it; Knot and BIND deny them at the alias.
    node.rrset(Rtype::CNAME).map_or(Outcome::NoData, Outcome::Alias)
}
