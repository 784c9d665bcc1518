//! What records mean together: nodes in canonical order, rrsets, and the errors that make a zone unservable.
//!
//! In: the records of one zone's text. Out: a [`Zone`] whose every name, rrset and record still knows its place in the text.
//! Knows nothing of queries.

mod build;
pub mod diff;
mod findings;
mod integrity;
mod node;
mod order;
mod rrset;
pub mod serial;
mod size;

pub use build::{Built, build};
pub use diff::{ChangeKind, RrsetChange, diff};
pub use node::{Node, Nodes};
pub use rrset::Rrset;

use std::collections::BTreeSet;

use crate::dns::{Name, NameRef, Rtype};
use crate::source::{Sources, Span};
use crate::zonefile::rdata::soa_serial;
use crate::zonefile::{Places, Record, Records};

/// A zone: its apex, and its owner names in canonical order (RFC 4034 §6.1).
#[derive(Debug)]
pub struct Zone {
    apex: Name,
    /// By owner in canonical order, by type, then as in the text; duplicates left out.
    records: Records,
    nodes: Vec<node::Row>,
    rrsets: Vec<rrset::Row>,
    summary: Summary,
}

/// What many ask of a zone as a whole, and would walk over all of it to find.
#[derive(Debug)]
struct Summary {
    /// The types that any of its records has, each once, in order.
    types: BTreeSet<Rtype>,
    /// The lowest and the highest TTL of its records, in seconds.
    ttls: (u32, u32),
    /// Whether a name below the apex has NS records.
    has_cuts: bool,
    /// Whether there are NSEC3 records.
    has_hashes: bool,
    /// The nodes that [`Zone::notable`] gives, by number.
    notable: Vec<u32>,
}

impl Summary {
    fn of(apex: NameRef<'_>, nodes: &[node::Row], rrsets: &[rrset::Row], records: &Records) -> Self {
        let mut types = BTreeSet::new();
        // Collected at once they would be sorted, all of them; and the next has most often the type of the last.
        for run in rrsets.chunk_by(|a, b| a.rtype == b.rtype) {
            types.insert(run[0].rtype);
        }
        // The apex comes first, if it owns anything.
        let is_apex = |node: &&node::Row| usize::from(node.name_octets) == apex.octets().len();
        let below = nodes.first().filter(is_apex).map_or(0, |apex| apex.rrsets.end as usize);
        let has_cuts = rrsets[below..].iter().any(|row| row.rtype == Rtype::NS);
        let bounds = |(low, high): (u32, u32), record: &Record| (low.min(record.ttl), high.max(record.ttl));
        let is_notable = |node: &node::Row| {
            let rrsets = &rrsets[node.rrsets.start as usize..node.rrsets.end as usize];
            rrsets.iter().any(|row| !is_plain(row.rtype)) || records.name(node.name, node.name_octets).is_wildcard()
        };
        let notable = (0..).zip(nodes).filter(|(_, node)| is_notable(node)).map(|(at, _)| at).collect();
        let ttls = records.rows().iter().fold((u32::MAX, 0), bounds);
        Self { has_hashes: types.contains(&Rtype::NSEC3), types, ttls, has_cuts, notable }
    }

    /// Adds what is said of the nodes from this number on.
    fn append(&mut self, mut others: Self, node: u32) {
        self.types.append(&mut others.types);
        self.ttls = (self.ttls.0.min(others.ttls.0), self.ttls.1.max(others.ttls.1));
        self.has_cuts |= others.has_cuts;
        self.has_hashes |= others.has_hashes;
        self.notable.extend(others.notable.iter().map(|number| number + node));
    }
}

/// Whether records of a type name no other name but those that a signer writes, hold no text and bind nothing.
pub(crate) fn is_plain(rtype: Rtype) -> bool {
    matches!(rtype, Rtype::A | Rtype::AAAA | Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3)
}

impl Zone {
    /// Adds nodes that come behind all of these.
    fn append(&mut self, others: Self) {
        let (octets, records) = (self.records.octets() as u32, self.records.rows().len() as u32);
        let (nodes, rrsets) = (self.nodes.len() as u32, self.rrsets.len() as u32);
        std::thread::scope(|scope| {
            // More than half of what is to be moved.
            scope.spawn(|| self.records.append(others.records));
            self.rrsets.extend(others.rrsets.into_iter().map(|row| row.moved(records)));
            self.nodes.extend(others.nodes.into_iter().map(|row| row.moved(rrsets, octets)));
            self.summary.append(others.summary, nodes);
        });
    }

    /// Gives back the room that is not used.
    fn shrink(&mut self) {
        self.records.shrink();
        self.rrsets.shrink_to_fit();
        self.nodes.shrink_to_fit();
        self.summary.notable.shrink_to_fit();
    }

    /// The zone's topmost name.
    pub fn apex(&self) -> NameRef<'_> {
        self.apex.as_ref()
    }

    /// Its owner names in canonical order, each with its rrsets.
    pub fn nodes(&self) -> Nodes<'_> {
        Nodes::new(self)
    }

    /// The node of a number, which it must have.
    pub(crate) fn numbered(&self, number: usize) -> Node<'_> {
        Node::new(self, number)
    }

    /// The nodes at and below a name, in canonical order.
    pub fn nodes_below<'z>(&'z self, name: NameRef<'_>) -> impl Iterator<Item = Node<'z>> {
        let is_before = |row: &node::Row| self.owner_of(row).canonical_cmp(name).is_lt();
        let start = self.nodes.partition_point(is_before);
        let end = start + self.nodes[start..].partition_point(|row| self.owner_of(row).is_at_or_below(name));
        (start..end).map(|index| Node::new(self, index))
    }

    /// The nodes that own more than addresses and what a signer writes, cuts among them, and the wildcards; in canonical
    /// order. In most large zones they are few.
    pub fn notable(&self) -> impl Iterator<Item = Node<'_>> {
        self.summary.notable.iter().map(|&number| self.numbered(number as usize))
    }

    /// The types that any of its records has, each once, in order.
    pub fn types(&self) -> &BTreeSet<Rtype> {
        &self.summary.types
    }

    /// Whether any of its records has this type.
    pub fn has_type(&self, rtype: Rtype) -> bool {
        self.summary.types.contains(&rtype)
    }

    /// The lowest and the highest TTL of its records, in seconds.
    pub fn ttls(&self) -> (u32, u32) {
        self.summary.ttls
    }

    /// How many names own records.
    pub fn name_count(&self) -> usize {
        self.nodes.len()
    }

    /// How many records it holds, duplicates counted once.
    pub fn record_count(&self) -> usize {
        self.records.rows().len()
    }

    /// Octets of memory it holds.
    pub fn memory(&self) -> usize {
        let rows = self.nodes.capacity() * size_of::<node::Row>() + self.rrsets.capacity() * size_of::<rrset::Row>();
        rows + self.records.memory() + self.summary.notable.capacity() * size_of::<u32>()
    }

    /// The node of a name, if it owns records.
    pub fn node(&self, name: NameRef<'_>) -> Option<Node<'_>> {
        let found = self.nodes.binary_search_by(|row| self.owner_of(row).canonical_cmp(name));
        found.ok().map(|index| Node::new(self, index))
    }

    /// The rrset of a name and type.
    pub fn rrset(&self, name: NameRef<'_>, rtype: Rtype) -> Option<Rrset<'_>> {
        self.node(name)?.rrset(rtype)
    }

    /// Where the parts of a record are.
    pub fn places(&self, record: &Record, sources: &Sources) -> Places {
        self.records.places(record, sources)
    }

    /// Where a record's data is, for a finding that blames it.
    pub fn rdata_place(&self, record: &Record, sources: &Sources) -> Span {
        self.places(record, sources).rdata
    }

    /// Whether a `$GENERATE` line made a record.
    pub fn is_generated(&self, record: &Record, sources: &Sources) -> bool {
        self.records.is_generated(record, sources)
    }

    /// The serial number of the SOA record, if there is one.
    pub fn serial(&self) -> Option<u32> {
        soa_serial(self.rrset(self.apex(), Rtype::SOA)?.rdatas().next()?)
    }

    /// Serves the zone with another serial number than is written.
    pub fn set_serial(&mut self, serial: u32) {
        let soa = self.rrset(self.apex(), Rtype::SOA).and_then(|soa| soa.records().next().copied());
        if let Some(soa) = soa {
            self.records.set_serial(&soa, serial);
        }
    }

    /// Where each field of a record's data is, in the order of the text.
    pub fn fields(&self, record: &Record, sources: &Sources) -> Vec<Span> {
        self.records.fields(record, sources)
    }

    fn owner_of(&self, row: &node::Row) -> NameRef<'_> {
        self.records.name(row.name, row.name_octets)
    }

    fn record(&self, position: u32) -> &Record {
        &self.records.rows()[position as usize]
    }
}
