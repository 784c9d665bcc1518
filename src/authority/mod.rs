//! Zones compiled for answering: immutable, in flat arenas, found by hash.
//!
//! In: a [`Zone`](crate::zone::Zone) and a hash key. Out: an [`Authority`], and a [`Catalog`] of many; a question asked of
//! it gives the sections of an answer. Knows no sockets, no clock and no configuration.
//!
//! # Design
//!
//! What can be decided before a query is decided by `compile.rs`: which names are cut off and by what, which wildcard a name
//! falls to, which addresses go with a referral. Names are closed under parents (empty non-terminals are stored), so the
//! closest encloser of any name is found by a binary search over its label count, each step one probe of a hash table.
//! All that belongs to a name lies in one block of an arena (`block.rs`), which the table points at; nothing on the query
//! path scans, locks or allocates.

mod amend;
mod answer;
mod block;
mod catalog;
mod compile;
mod denial;
mod hash;
mod index;
mod lookup;
mod near;
mod question;
mod targets;
mod trace;
mod writer;

pub use amend::{Outline, SEALS};
pub use answer::{Answered, answer, answer_traced};
pub use catalog::{Catalog, Change, Entry};
pub use denial::{NameHash, nsec3_hash, nsec3_owner_hash};
pub use hash::HashKey;
pub use lookup::{Found, Outcome, lookup, lookup_traced};
pub use near::{BATCH, Near};
pub use question::Question;
pub use trace::{Step, Trace, Untraced};
pub use writer::{Full, Section, Writer};

use crate::dns::{NameRef, Rtype};
use block::{Block, Entry as Row, NONE, Numbers, Role};
use denial::Denial;
use index::Index;

/// One zone, compiled.
#[derive(PartialEq, Eq, Debug)]
pub struct Authority {
    /// The blocks of all nodes, in canonical order, the apex first.
    arena: Vec<u8>,
    index: Index,
    key: HashKey,
    /// How the zone proves that something does not exist.
    denial: Denial,
    /// The number of labels of the apex.
    apex_labels: usize,
    name_count: usize,
    record_count: usize,
    serial: u32,
    /// How long a negative answer may be cached, in seconds: the lesser of the SOA record's TTL and MINIMUM (RFC 2308 §3).
    negative_ttl: u32,
}

/// Memory that zones hold, in octets, by what it is for.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Memory {
    /// Names and their data.
    pub data: usize,
    /// To find names by their hashes.
    pub index: usize,
    /// To find proofs that something does not exist.
    pub proofs: usize,
}

impl Memory {
    /// All of it.
    pub fn all(self) -> usize {
        self.data + self.index + self.proofs
    }
}

impl std::iter::Sum for Memory {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |all, part| Self {
            data: all.data + part.data,
            index: all.index + part.index,
            proofs: all.proofs + part.proofs,
        })
    }
}

/// An rrset as it is served.
#[derive(Clone, Copy, Debug)]
pub struct RrsetRef<'a> {
    node: NodeRef<'a>,
    index: u16,
    row: Row,
}

impl<'a> RrsetRef<'a> {
    /// The type.
    #[inline]
    pub fn rtype(self) -> Rtype {
        self.row.rtype
    }

    /// Whether both are the same rrset of the same zone.
    pub(crate) fn is_same(self, other: RrsetRef<'_>) -> bool {
        self.node.is_same(other.node) && self.index == other.index
    }

    /// Whether both, be they of two zones, have one type, TTL and data, written in one order.
    pub fn is_alike(self, other: RrsetRef<'_>) -> bool {
        let (row, others) = (self.row, other.row);
        (row.rtype, row.ttl, row.count) == (others.rtype, others.ttl, others.count) && self.rdatas().eq(other.rdatas())
    }

    /// The TTL in seconds.
    #[inline]
    pub fn ttl(self) -> u32 {
        self.row.ttl
    }

    /// The data of each record, in the order of the zone's text.
    #[inline]
    pub fn rdatas(self) -> Rdatas<'a> {
        self.node.block().rdatas(self.row)
    }

    /// The data of the RRSIG records that cover it.
    #[inline]
    pub fn signatures(self) -> Rdatas<'a> {
        self.node.block().signatures(self.row)
    }

    /// The first record's data: all of an rrset that may have one record only.
    pub fn first(self) -> &'a [u8] {
        self.rdatas().next().unwrap_or_default()
    }
}

/// Iterates over the data of an rrset's records.
#[derive(Clone, Debug)]
pub struct Rdatas<'a> {
    octets: &'a [u8],
    left: u16,
}

impl<'a> Iterator for Rdatas<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let (length, rest) = self.octets.split_first_chunk::<2>()?;
        let (rdata, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        self.octets = rest;
        Some(rdata)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(self.left), Some(usize::from(self.left)))
    }
}

impl ExactSizeIterator for Rdatas<'_> {}

/// A name of the zone, one with records or an empty non-terminal.
#[derive(Clone, Copy, Debug)]
pub struct NodeRef<'a> {
    authority: &'a Authority,
    number: u32,
}

impl<'a> NodeRef<'a> {
    #[inline]
    fn block(self) -> Block<'a> {
        Block::at(&self.authority.arena, self.number)
    }

    /// The name, in the case it was written in.
    pub fn name(self) -> NameRef<'a> {
        self.block().name()
    }

    fn nth(self, index: u16) -> RrsetRef<'a> {
        RrsetRef { node: self, index, row: self.block().entry(index) }
    }

    /// Its rrsets, ordered by type.
    pub fn rrsets(self) -> impl ExactSizeIterator<Item = RrsetRef<'a>> {
        (0..self.block().rrset_count()).map(move |index| self.nth(index))
    }

    /// Its rrset of a type.
    #[inline]
    pub fn rrset(self, rtype: Rtype) -> Option<RrsetRef<'a>> {
        self.block().find(rtype).map(|index| self.nth(index))
    }

    #[inline]
    fn role(self) -> Role {
        self.block().role()
    }

    /// Whether it is a cut, or lies below one or below a DNAME: then it is never an answer.
    pub fn is_occluded(self) -> bool {
        self.role() != Role::Authoritative
    }

    /// The cut that it is or lies below, or the DNAME that it lies below: the topmost.
    #[inline]
    pub fn above(self) -> Option<NodeRef<'a>> {
        match self.role() {
            Role::Delegation => Some(self),
            Role::Occluded => Some(Self { number: self.block().link(), ..self }),
            Role::Authoritative | Role::Hash => None,
        }
    }

    /// The child named `*`, of a name that is not occluded.
    #[inline]
    pub fn wildcard(self) -> Option<NodeRef<'a>> {
        let number = self.block().link();
        (self.role() == Role::Authoritative && number != NONE).then_some(Self { number, ..self })
    }

    /// Whether its DNAME redirects what lies below it.
    #[inline]
    pub fn has_dname(self) -> bool {
        self.block().has_dname()
    }

    /// The zone.
    pub fn authority(self) -> &'a Authority {
        self.authority
    }

    /// Whether both are one node of one zone.
    fn is_same(self, other: NodeRef<'_>) -> bool {
        std::ptr::eq(self.authority, other.authority) && self.number == other.number
    }

    /// The rrset that answers ANY: the alias, or the smallest; none where there is none.
    pub fn smallest(self) -> Option<RrsetRef<'a>> {
        (self.block().rrset_count() > 0).then(|| self.nth(self.block().smallest()))
    }
}

impl Authority {
    /// The zone's topmost name.
    pub fn apex(&self) -> NameRef<'_> {
        self.top().name()
    }

    fn top(&self) -> NodeRef<'_> {
        self.numbered(0)
    }

    #[inline]
    fn numbered(&self, number: u32) -> NodeRef<'_> {
        NodeRef { authority: self, number }
    }

    /// The SOA record's serial number.
    pub fn serial(&self) -> u32 {
        self.serial
    }

    /// How many records it holds.
    pub fn record_count(&self) -> usize {
        self.record_count
    }

    /// How many names own records.
    pub fn name_count(&self) -> usize {
        self.name_count
    }

    /// The memory it holds.
    pub fn memory(&self) -> Memory {
        let data = self.arena.capacity() + size_of::<Self>();
        Memory { data, index: self.index.memory(), proofs: self.denial.memory() }
    }

    /// The node of a name, whatever its role, or none.
    pub fn node(&self, name: NameRef<'_>) -> Option<NodeRef<'_>> {
        let question = Question::new(name, self.key);
        if question.label_count() < self.apex_labels {
            return None;
        }
        self.find(&question, question.label_count())
    }

    /// The node that the last `labels` labels of the question name.
    #[inline]
    fn find(&self, question: &Question<'_>, labels: usize) -> Option<NodeRef<'_>> {
        let suffix = question.suffix_octets(labels);
        let found = self.index.find(question.hash(labels), |node| Block::at(&self.arena, node).is(suffix));
        found.map(|number| self.numbered(number))
    }

    /// How long a negative answer may be cached, in seconds: the lesser of the SOA record's TTL and MINIMUM (RFC 2308 §3).
    pub fn negative_ttl(&self) -> u32 {
        self.negative_ttl
    }

    /// Its nodes in canonical order, empty non-terminals too.
    pub fn nodes(&self) -> impl Iterator<Item = NodeRef<'_>> {
        self.nodes_from(0)
    }

    fn nodes_from(&self, node: u32) -> impl Iterator<Item = NodeRef<'_>> {
        let nodes = Numbers::from(&self.arena, node).map(|number| self.numbered(number));
        nodes.filter(|node| node.role() != Role::Hash)
    }

    /// The nodes at or below a name, in canonical order: as names are closed under parents, none where it does not exist.
    pub fn nodes_below(&self, name: NameRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
        let first = self.node(name);
        let nodes = first.into_iter().flat_map(|first| self.nodes_from(first.number));
        let top = first.map_or(NameRef::ROOT, NodeRef::name);
        nodes.take_while(move |node| node.name().is_at_or_below(top))
    }

    fn soa(&self) -> Option<RrsetRef<'_>> {
        self.top().rrset(Rtype::SOA)
    }
}
