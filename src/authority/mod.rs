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
//! Names, rrsets and rdata lie in a few arenas indexed by `u32`; nothing on the query path scans, locks or allocates.

mod answer;
mod catalog;
mod compile;
mod denial;
mod index;
mod lookup;
mod question;
mod trace;
mod writer;

pub use answer::{Answered, answer, answer_traced};
pub use catalog::{Catalog, Change, Entry};
pub use denial::{NameHash, nsec3_hash, nsec3_owner_hash};
pub use index::HashKey;
pub use lookup::{Found, Outcome, lookup, lookup_traced};
pub use question::Question;
pub use trace::{Step, Trace, Untraced};
pub use writer::{Full, Section, Writer};

use crate::dns::{NameRef, Rtype};
use denial::Denial;
use index::Index;

/// No node, or no list of extras.
const NONE: u32 = u32::MAX;

/// One zone, compiled.
#[derive(Debug)]
pub struct Authority {
    /// Owner names on the wire; an empty non-terminal's is the tail of a name below it.
    names: Vec<u8>,
    /// In canonical order, the apex first.
    nodes: Vec<NodeRow>,
    index: Index,
    rrsets: Vec<RrsetRow>,
    /// Each rrset's data: a length of two octets, then the octets, record after record.
    rdata: Vec<u8>,
    /// Lists of nodes whose addresses go with an rrset; see [`compile`].
    extras: Vec<u32>,
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

/// What a name is to the zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    /// The zone's own, an empty non-terminal included.
    Authoritative,
    /// A cut: its NS records refer to another zone.
    Delegation,
    /// Below a cut or a DNAME: never an answer.
    Occluded,
}

#[derive(Clone, Copy, Debug)]
struct NodeRow {
    name: u32,
    rrsets: u32,
    rrset_count: u16,
    /// Which of its rrsets answers ANY: the smallest, the alias where there is one (RFC 8482 §4.1).
    smallest: u16,
    /// For a cut, itself; for a name below a cut or a DNAME, the topmost of them.
    above: u32,
    /// The child named `*`.
    wildcard: u32,
    role: Role,
    has_dname: bool,
}

#[derive(Clone, Copy, Debug)]
struct RrsetRow {
    rtype: Rtype,
    count: u16,
    ttl: u32,
    rdata: u32,
    extras: u32,
    /// The RRSIG records that cover it: a run of the data of its owner's RRSIG rrset.
    signatures: u32,
    signature_count: u16,
}

/// An rrset as it is served.
#[derive(Clone, Copy, Debug)]
pub struct RrsetRef<'a> {
    authority: &'a Authority,
    index: u32,
}

impl<'a> RrsetRef<'a> {
    fn row(self) -> &'a RrsetRow {
        &self.authority.rrsets[self.index as usize]
    }

    /// The type.
    pub fn rtype(self) -> Rtype {
        self.row().rtype
    }

    /// Whether both are the same rrset of the same zone.
    pub(crate) fn is_same(self, other: RrsetRef<'_>) -> bool {
        std::ptr::eq(self.authority, other.authority) && self.index == other.index
    }

    /// Whether both, be they of two zones, have one type, TTL and data, written in one order.
    pub fn is_alike(self, other: RrsetRef<'_>) -> bool {
        let (row, others) = (self.row(), other.row());
        (row.rtype, row.ttl, row.count) == (others.rtype, others.ttl, others.count) && self.rdatas().eq(other.rdatas())
    }

    /// The TTL in seconds.
    pub fn ttl(self) -> u32 {
        self.row().ttl
    }

    /// The data of each record, in the order of the zone's text.
    pub fn rdatas(self) -> Rdatas<'a> {
        Rdatas { octets: &self.authority.rdata[self.row().rdata as usize..], left: self.row().count }
    }

    /// The data of the RRSIG records that cover it.
    pub fn signatures(self) -> Rdatas<'a> {
        let row = self.row();
        Rdatas { octets: &self.authority.rdata[row.signatures as usize..], left: row.signature_count }
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
    index: u32,
}

impl<'a> NodeRef<'a> {
    fn row(self) -> &'a NodeRow {
        &self.authority.nodes[self.index as usize]
    }

    /// The name, in the case it was written in.
    pub fn name(self) -> NameRef<'a> {
        self.authority.name(self.index)
    }

    /// Its rrsets, ordered by type.
    pub fn rrsets(self) -> impl ExactSizeIterator<Item = RrsetRef<'a>> {
        let row = self.row();
        let (authority, first) = (self.authority, row.rrsets);
        (first..first + u32::from(row.rrset_count)).map(move |index| RrsetRef { authority, index })
    }

    /// Its rrset of a type.
    pub fn rrset(self, rtype: Rtype) -> Option<RrsetRef<'a>> {
        let row = self.row();
        let first = row.rrsets as usize;
        let rows = &self.authority.rrsets[first..first + usize::from(row.rrset_count)];
        let found = rows.binary_search_by_key(&rtype, |row| row.rtype).ok()?;
        Some(RrsetRef { authority: self.authority, index: (first + found) as u32 })
    }

    /// Whether it is a cut, or lies below one or below a DNAME: then it is never an answer.
    pub fn is_occluded(self) -> bool {
        self.row().role != Role::Authoritative
    }

    /// The cut that it is or lies below, or the DNAME that it lies below: the topmost.
    pub fn above(self) -> Option<NodeRef<'a>> {
        let above = self.row().above;
        (above != NONE).then_some(NodeRef { authority: self.authority, index: above })
    }

    /// The child named `*`.
    pub fn wildcard(self) -> Option<NodeRef<'a>> {
        let wildcard = self.row().wildcard;
        (wildcard != NONE).then_some(NodeRef { authority: self.authority, index: wildcard })
    }

    /// Whether its DNAME redirects what lies below it.
    pub fn has_dname(self) -> bool {
        self.row().has_dname
    }

    /// The zone.
    pub fn authority(self) -> &'a Authority {
        self.authority
    }

    /// Whether an rrset of its own zone is this name's.
    fn has(self, rrset: RrsetRef<'_>) -> bool {
        let row = self.row();
        (row.rrsets..row.rrsets + u32::from(row.rrset_count)).contains(&rrset.index)
    }

    /// The rrset that answers ANY: the alias, or the smallest; none where there is none.
    pub fn smallest(self) -> Option<RrsetRef<'a>> {
        let row = self.row();
        let index = row.rrsets + u32::from(row.smallest);
        (row.rrset_count > 0).then_some(RrsetRef { authority: self.authority, index })
    }
}

impl Authority {
    /// The zone's topmost name.
    pub fn apex(&self) -> NameRef<'_> {
        self.name(0)
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

    /// Octets of memory it holds.
    pub fn memory(&self) -> usize {
        let rows = self.nodes.capacity() * size_of::<NodeRow>() + self.rrsets.capacity() * size_of::<RrsetRow>();
        let words = self.extras.capacity() * size_of::<u32>() + self.index.memory() + self.denial.memory();
        rows + words + self.names.capacity() + self.rdata.capacity()
    }

    /// The node of a name, whatever its role, or none.
    pub fn node(&self, name: NameRef<'_>) -> Option<NodeRef<'_>> {
        let question = Question::new(name, self.index.key());
        if question.label_count() < self.apex_labels {
            return None;
        }
        self.find(&question, question.label_count()).map(|index| NodeRef { authority: self, index })
    }

    fn name(&self, node: u32) -> NameRef<'_> {
        NameRef::trusted(&self.names[self.nodes[node as usize].name as usize..])
    }

    /// The node that the last `labels` labels of the question name.
    #[inline]
    fn find(&self, question: &Question, labels: usize) -> Option<u32> {
        let suffix = question.suffix(labels).octets();
        self.index.find(question.hash(labels), |node| {
            let start = self.nodes[node as usize].name as usize;
            self.names.get(start..start + suffix.len()).is_some_and(|name| name.eq_ignore_ascii_case(suffix))
        })
    }

    /// How long a negative answer may be cached, in seconds: the lesser of the SOA record's TTL and MINIMUM (RFC 2308 §3).
    pub fn negative_ttl(&self) -> u32 {
        self.negative_ttl
    }

    /// Its nodes in canonical order, empty non-terminals too.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeRef<'_>> {
        (0..self.nodes.len() as u32).map(|index| NodeRef { authority: self, index })
    }

    /// The nodes at or below a name, in canonical order.
    pub fn nodes_below(&self, name: NameRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
        let node = |index| NodeRef { authority: self, index };
        let (mut first, mut end) = (0, self.nodes.len() as u32);
        while first < end {
            let middle = first.midpoint(end);
            if node(middle).name().canonical_cmp(name).is_lt() { first = middle + 1 } else { end = middle }
        }
        let name = name.to_name();
        (first..self.nodes.len() as u32).map(node).take_while(move |node| node.name().is_at_or_below(name.as_ref()))
    }

    fn soa(&self) -> Option<RrsetRef<'_>> {
        NodeRef { authority: self, index: 0 }.rrset(Rtype::SOA)
    }
}
