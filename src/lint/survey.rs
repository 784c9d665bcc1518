//! What one walk over a zone finds for several rules: where its names lead, its cuts, and the records that few names have.
//!
//! In: the notable nodes of a zone. Out: its [`Survey`], the targets and cuts of which stand in canonical order.

use std::ops::Range;

use crate::dns::{NameRef, Rtype};
use crate::zone::{Node, Rrset, is_plain};
use crate::zonefile::{Record, rdata};

/// What one walk over a zone finds, in canonical order: of the zone's own data, none of what a cut hides.
#[derive(Default)]
pub(super) struct Survey<'z> {
    /// The names in data, those of the cuts' NS records among them.
    pub(super) targets: Vec<Target<'z>>,
    /// The topmost cuts.
    pub(super) cuts: Vec<Cut<'z>>,
    pub(super) wildcards: Vec<Node<'z>>,
    /// TXT rrsets.
    pub(super) texts: Vec<Rrset<'z>>,
    /// SVCB and HTTPS rrsets.
    pub(super) bindings: Vec<Rrset<'z>>,
}

/// A record's name to go to, or another name in its data; but for those that a signer writes.
#[derive(Clone, Copy)]
pub(super) struct Target<'z> {
    pub(super) rrset: Rrset<'z>,
    pub(super) record: &'z Record,
    /// The name, as it was read: absolute.
    pub(super) name: NameRef<'z>,
    /// Which of the names in the record's data it is.
    pub(super) at: u8,
}

/// A topmost cut.
pub(super) struct Cut<'z> {
    pub(super) node: Node<'z>,
    pub(super) ns: Rrset<'z>,
    /// Its servers, among the targets.
    pub(super) servers: Range<usize>,
}

/// The types whose first name is one to go to, and which of their fields that is.
const TARGETS: [(Rtype, usize); 8] = [
    (Rtype::NS, 0),
    (Rtype::CNAME, 0),
    (Rtype::PTR, 0),
    (Rtype::MX, 1),
    (Rtype::SRV, 3),
    (Rtype::DNAME, 0),
    (Rtype::SVCB, 1),
    (Rtype::HTTPS, 1),
];

/// The types whose first name is one to go to.
pub(super) const TARGET_TYPES: [Rtype; TARGETS.len()] = {
    let (mut types, mut at) = ([Rtype::NS; TARGETS.len()], 0);
    while at < types.len() {
        types[at] = TARGETS[at].0;
        at += 1;
    }
    types
};

/// Which field of a record's data holds the name to go to, in records of a type that has one.
pub(super) fn target_field(rtype: Rtype) -> usize {
    TARGETS.iter().find(|(known, _)| *known == rtype).map_or(0, |&(_, field)| field)
}

impl Target<'_> {
    /// Whether it is a server of a cut: no other NS records than those of cuts and the apex are targets.
    pub(super) fn is_of_cut(&self, apex: NameRef<'_>) -> bool {
        self.rrset.rtype() == Rtype::NS && !self.rrset.owner().is(apex)
    }
}

impl<'z> Survey<'z> {
    /// Walks over a zone's notable nodes, each with the topmost cut that it is or lies below.
    pub(super) fn of(notable: impl Iterator<Item = (Node<'z>, Option<Node<'z>>)>) -> Self {
        let mut survey = Self::default();
        for (node, cut) in notable {
            match cut {
                None => survey.add_own(node),
                Some(cut) if cut.is_same(node) => survey.add_cut(node),
                Some(_) => {}
            }
        }
        survey
    }

    fn add_own(&mut self, node: Node<'z>) {
        if node.name().is_wildcard() {
            self.wildcards.push(node);
        }
        for rrset in node.rrsets() {
            match rrset.rtype() {
                rtype if is_plain(rtype) => continue,
                Rtype::TXT => self.texts.push(rrset),
                rtype if rtype.is_service_binding() => self.bindings.push(rrset),
                _ => {}
            }
            self.add_targets(rrset);
        }
    }

    fn add_cut(&mut self, node: Node<'z>) {
        let Some(ns) = node.rrset(Rtype::NS) else { return };
        let first = self.targets.len();
        self.add_targets(ns);
        self.cuts.push(Cut { node, ns, servers: first..self.targets.len() });
    }

    fn add_targets(&mut self, rrset: Rrset<'z>) {
        if !rdata::has_names(rrset.rtype()) {
            return;
        }
        for (record, octets) in rrset.records().zip(rrset.rdatas()) {
            for (place, at) in rdata::names(rrset.rtype(), octets).zip(0..) {
                let name = NameRef::trusted(&octets[place.start..place.end]);
                self.targets.push(Target { rrset, record, name, at });
            }
        }
    }

    /// Ranges of the targets for so many threads, one at least; none parts the servers of a cut.
    pub(super) fn parts(&self, threads: usize) -> Vec<Range<usize>> {
        /// Targets that are worth a thread.
        const WORTH_A_THREAD: usize = 1 << 12;
        let share = self.targets.len().div_ceil(threads.max(1)).max(WORTH_A_THREAD);
        let whole = |near: usize| {
            let cut = self.cuts.partition_point(|cut| cut.servers.end <= near);
            self.cuts.get(cut).map_or(near, |cut| near.min(cut.servers.start))
        };
        let starts: Vec<usize> = (0..self.targets.len().max(1)).step_by(share).map(whole).collect();
        let ends = starts.iter().skip(1).copied().chain([self.targets.len()]);
        starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
    }
}
