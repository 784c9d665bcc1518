//! An owner name and its rrsets.

use std::ops::Range;

use super::{Rrset, Zone};
use crate::dns::{Labels, NameRef, Rtype};

/// A node as it is kept: its name, and a range of the zone's rrsets, never empty.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) rrsets: Range<u32>,
    /// Where its name is among the records' octets, so that nobody has to look up a record for it.
    pub(super) name: u32,
    pub(super) name_octets: u8,
}

impl Row {
    /// The same behind so many rrsets, and octets of records.
    pub(super) fn moved(self, rrsets: u32, octets: u32) -> Self {
        Self { rrsets: self.rrsets.start + rrsets..self.rrsets.end + rrsets, name: self.name + octets, ..self }
    }
}

/// A name that owns records.
#[derive(Clone, Copy, Debug)]
pub struct Node<'z> {
    zone: &'z Zone,
    index: usize,
}

impl<'z> Node<'z> {
    pub(super) fn new(zone: &'z Zone, index: usize) -> Self {
        Self { zone, index }
    }

    /// Its place among the zone's nodes.
    pub(crate) fn number(self) -> usize {
        self.index
    }

    /// The name, in the case of its first record.
    pub fn name(self) -> NameRef<'z> {
        self.zone.owner_of(&self.zone.nodes[self.index])
    }

    /// The labels of its name that the zone's has not.
    pub(crate) fn labels(self) -> Labels<'z> {
        self.name().head(self.zone.apex.as_ref())
    }

    /// Its rrsets, by type.
    pub fn rrsets(self) -> impl ExactSizeIterator<Item = Rrset<'z>> {
        let range = self.zone.nodes[self.index].rrsets.clone();
        range.map(move |index| Rrset::new(self.zone, index as usize))
    }

    /// Its rrset of a type.
    pub fn rrset(self, rtype: Rtype) -> Option<Rrset<'z>> {
        self.rrsets().find(|rrset| rrset.rtype() == rtype)
    }

    /// Whether both are one node of one zone.
    pub fn is_same(self, other: Node<'_>) -> bool {
        std::ptr::eq(self.zone, other.zone) && self.index == other.index
    }

    /// The nodes at and below a name that this one is or lies below, in canonical order: found from here, and so for the price
    /// of how many they are and not of how many the zone has.
    pub fn around(self, name: NameRef<'_>) -> impl Iterator<Item = Node<'z>> {
        let is_within = |index: usize| self.zone.owner_of(&self.zone.nodes[index]).is_at_or_below(name);
        let before = reach(self.index, |steps| is_within(self.index - steps));
        let after = reach(self.zone.nodes.len() - 1 - self.index, |steps| is_within(self.index + steps));
        (self.index - before..self.index + after + 1).map(move |index| Node::new(self.zone, index))
    }

    /// Whether this is the zone's topmost name.
    pub fn is_apex(self) -> bool {
        self.name().octets().len() == self.zone.apex.as_ref().octets().len()
    }

    /// Whether this name is the hash of another: it owns NSEC3 records, and nothing else but their signatures.
    pub fn is_hash(self) -> bool {
        let is_nsec3 = |rrset: Rrset<'_>| matches!(rrset.rtype(), Rtype::NSEC3 | Rtype::RRSIG);
        self.zone.summary.has_hashes && self.rrset(Rtype::NSEC3).is_some() && self.rrsets().all(is_nsec3)
    }

    /// Whether this is a cut: NS records below the apex (RFC 2181 §6).
    pub fn is_delegation(self) -> bool {
        // Few nodes have NS records, so that few names are looked at; and many zones have no cut at all.
        self.zone.summary.has_cuts && self.rrset(Rtype::NS).is_some() && !self.is_apex()
    }
}

/// How many steps, `most` at most, can be taken one after the other: looked for in strides that double, then within the last.
fn reach(most: usize, is_within: impl Fn(usize) -> bool) -> usize {
    let (mut sure, mut stride) = (0, 1);
    while sure + stride <= most && is_within(sure + stride) {
        sure += stride;
        stride *= 2;
    }
    let mut beyond = (sure + stride).min(most + 1);
    while beyond - sure > 1 {
        let middle = sure + (beyond - sure) / 2;
        if is_within(middle) { sure = middle } else { beyond = middle }
    }
    sure
}

/// Iterates over a zone's nodes in canonical order.
#[derive(Clone, Debug)]
pub struct Nodes<'z> {
    zone: &'z Zone,
    next: usize,
}

impl<'z> Nodes<'z> {
    pub(super) fn new(zone: &'z Zone) -> Self {
        Self { zone, next: 0 }
    }
}

impl<'z> Iterator for Nodes<'z> {
    type Item = Node<'z>;

    fn next(&mut self) -> Option<Node<'z>> {
        let index = self.next;
        (index < self.zone.nodes.len()).then(|| {
            self.next += 1;
            Node::new(self.zone, index)
        })
    }
}
