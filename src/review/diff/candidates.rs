//! Which names to ask both trees for.
//!
//! Out: every name that exists in either tree and whose answer, or that of names below it that do not exist, could differ.
//! Too many do no harm; one too few would be a change that nobody is shown.

use super::{Snapshot, ZoneChange};
use crate::authority::{Authority, NodeRef};
use crate::dns::{NameRef, Rtype};
use crate::zone::diff::merge;

/// A name, and what to ask of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'t> {
    pub(super) name: NameRef<'t>,
    /// Whether to ask for the name itself.
    pub(super) at: bool,
    /// Whether to ask for a name below it that exists in neither tree.
    pub(super) below: bool,
    /// Whether all names below it that exist are candidates too.
    pub(super) is_whole: bool,
}

/// All candidates in canonical order, each name once.
pub(super) fn candidates<'t>(old: &'t Snapshot, new: &'t Snapshot, changed: &[ZoneChange<'t>]) -> Vec<Candidate<'t>> {
    let mut all = Vec::new();
    for change in changed {
        of_zone(old.authority(change.apex), new.authority(change.apex), true, &mut all);
        // What the zones above hold at and below this one is seen or hidden by it.
        for tree in [old, new] {
            let above = std::iter::successors(change.apex.parent(), |name| name.parent());
            let nodes = above.filter_map(|apex| tree.authority(apex)).flat_map(|zone| zone.nodes_below(change.apex));
            all.extend(nodes.map(|node| Candidate { name: node.name(), at: true, below: true, is_whole: true }));
        }
    }
    for reviewed in old.zones().iter().chain(new.zones()) {
        // DS at an apex is the parent's to answer.
        all.push(Candidate { name: reviewed.name.as_ref(), at: true, below: false, is_whole: false });
    }
    let is_changed = |apex: NameRef<'_>| changed.binary_search_by(|change| change.apex.canonical_cmp(apex)).is_ok();
    for reviewed in old.zones().iter().filter(|reviewed| !is_changed(reviewed.name.as_ref())) {
        // Aliases lead out of a zone: into another that changed, it may be.
        let zone = old.authority(reviewed.name.as_ref());
        of_zone(zone, zone, false, &mut all);
    }
    all.sort_by(|a, b| a.name.canonical_cmp(b.name));
    all.dedup_by(|next, first| {
        let is_same = next.name.is(first.name);
        if is_same {
            (first.at, first.below) = (first.at || next.at, first.below || next.below);
            first.is_whole |= next.is_whole;
        }
        is_same
    });
    all
}

/// The names of one zone. A zone that changed gives all of them, to know what lies below each; of others those that are
/// asked for.
fn of_zone<'t>(old: Option<&'t Authority>, new: Option<&'t Authority>, is_changed: bool, all: &mut Vec<Candidate<'t>>) {
    let mut known = KnownCut::default();
    let nodes = |zone: Option<&'t Authority>| zone.into_iter().flat_map(Authority::nodes);
    let by_name = |a: &NodeRef<'_>, b: &NodeRef<'_>| a.name().canonical_cmp(b.name());
    merge(nodes(old), nodes(new), by_name, |old, new| {
        let Some(name) = old.or(new).map(NodeRef::name) else { return };
        let (at, below) = match (old, new) {
            (Some(old), Some(new)) => (may_differ(old, new, &mut known), may_differ_below(old, new, &mut known)),
            _ => (true, true),
        };
        if is_changed || at || below {
            all.push(Candidate { name, at, below, is_whole: is_changed });
        }
    });
}

/// Whether the answers at a name that both have could differ.
fn may_differ<'t>(old: NodeRef<'t>, new: NodeRef<'t>, known: &mut KnownCut<'t>) -> bool {
    let is_ours = !old.is_occluded() && !new.is_occluded();
    let is_alike = has_same_rrsets(old, new) && !has_alias(old);
    let mut is_beneath = |(old, new): (NodeRef<'t>, NodeRef<'t>)| known.is_same(old, new);
    // Below a cut, only the cut counts; at it, its DS too.
    !(is_ours && is_alike
        || old.above().zip(new.above()).is_some_and(|(one, other)| {
            let is_below = !one.name().is(old.name()) && !other.name().is(new.name());
            (is_below || has_same_rrset(old, new, Rtype::DS)) && is_beneath((one, other))
        }))
}

/// Whether the answers of names below, which neither has, could differ.
fn may_differ_below<'t>(old: NodeRef<'t>, new: NodeRef<'t>, known: &mut KnownCut<'t>) -> bool {
    if old.has_dname() || new.has_dname() {
        return true;
    }
    match (old.above(), new.above()) {
        (Some(old), Some(new)) => !known.is_same(old, new),
        (None, None) => match (old.wildcard(), new.wildcard()) {
            (None, None) => false,
            (Some(old), Some(new)) => !has_same_rrsets(old, new) || has_alias(old),
            _ => true,
        },
        _ => true,
    }
}

fn has_alias(node: NodeRef<'_>) -> bool {
    node.rrset(Rtype::CNAME).is_some()
}

fn has_same_rrsets(old: NodeRef<'_>, new: NodeRef<'_>) -> bool {
    let (old, new) = (old.rrsets(), new.rrsets());
    old.len() == new.len() && old.zip(new).all(|(old, new)| old.is_alike(new))
}

fn has_same_rrset(old: NodeRef<'_>, new: NodeRef<'_>, rtype: Rtype) -> bool {
    match (old.rrset(rtype), new.rrset(rtype)) {
        (Some(old), Some(new)) => old.is_alike(new),
        (old, new) => old.is_none() && new.is_none(),
    }
}

/// The cut that was compared last: all that lies below it comes next.
#[derive(Default)]
struct KnownCut<'t> {
    last: Option<(NameRef<'t>, bool)>,
}

impl<'t> KnownCut<'t> {
    /// Whether both are one cut, and refer to the same servers with the same glue.
    fn is_same(&mut self, old: NodeRef<'t>, new: NodeRef<'t>) -> bool {
        if !old.name().is(new.name()) || old.has_dname() || new.has_dname() {
            return false;
        }
        match self.last {
            Some((name, is_same)) if name.is(old.name()) => is_same,
            _ => {
                let is_same = has_same_rrset(old, new, Rtype::NS) && has_same_glue(old, new);
                self.last = Some((old.name(), is_same));
                is_same
            }
        }
    }
}

/// Whether the addresses of a cut's servers, as far as the zone knows them, are the same in both.
fn has_same_glue(old: NodeRef<'_>, new: NodeRef<'_>) -> bool {
    let Some(servers) = old.rrset(Rtype::NS) else { return true };
    servers.rdatas().all(|server| {
        let server = NameRef::trusted(server);
        match (old.authority().node(server), new.authority().node(server)) {
            (Some(old), Some(new)) => [Rtype::A, Rtype::AAAA].iter().all(|&rtype| has_same_rrset(old, new, rtype)),
            (old, new) => old.is_none() && new.is_none(),
        }
    })
}
