//! The zones of one tree, compiled, with the texts that they were read from.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::Reply;
use crate::authority::{Authority, Catalog, HashKey, Step};
use crate::dns::{Name, NameRef, Rtype};
use crate::server::message::Message;
use crate::server::{Policy, Served, Transport, ask, respond_traced};
use crate::source::Sources;
use crate::zone::Zone;

/// Of all types that a zone can hold, the last of those for private use (RFC 6895 §3.1) is the rarest.
pub(super) const NOBODYS_TYPE: Rtype = Rtype(65534);

/// One zone of a tree.
#[derive(Debug)]
pub struct Reviewed {
    /// Its apex.
    pub name: Name,
    /// The zone; none if it cannot be served.
    pub zone: Option<Zone>,
    /// The texts it was read from.
    pub sources: Sources,
}

/// The zones of one tree, ready to be asked.
#[derive(Debug)]
pub struct Snapshot {
    zones: Vec<Reviewed>,
    served: Served,
}

/// Where a record is written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The file, as people here name it.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl Snapshot {
    /// Compiles zones, each given once.
    pub fn new(mut zones: Vec<Reviewed>, policy: Policy, key: HashKey) -> Self {
        zones.sort_by(|a, b| a.name.as_ref().canonical_cmp(b.name.as_ref()));
        let compile = |zone: &Zone| Arc::new(Authority::compile(zone, key));
        let compiled = zones.iter().map(|reviewed| (reviewed.name.clone(), reviewed.zone.as_ref().map(compile)));
        let served = Served::new(Catalog::new(key, compiled), policy);
        Self { zones, served }
    }

    /// Zones that are compiled already, and of whose texts nobody asks.
    pub fn compiled(zones: impl IntoIterator<Item = (Name, Arc<Authority>)>, key: HashKey) -> Self {
        let compiled = zones.into_iter().map(|(name, authority)| (name, Some(authority)));
        Self::of_catalog(Catalog::new(key, compiled), Policy::default())
    }

    /// The zones of a catalog, of whose texts nobody asks.
    pub fn of_catalog(catalog: Catalog, policy: Policy) -> Self {
        Self { zones: Vec::new(), served: Served::new(catalog, policy) }
    }

    /// What the tree answers; none if it does not.
    pub fn reply(&self, name: NameRef<'_>, rtype: Rtype) -> Option<Reply> {
        let mut out = vec![0; usize::from(u16::MAX)];
        Some(Reply::of(&self.ask(name, rtype, &mut out, &|_| {})?))
    }

    /// The names that a question for a type that nobody has is taken on to, its own the first: what answers of any type
    /// depend on.
    pub fn way(&self, name: NameRef<'_>) -> Vec<Name> {
        let names = RefCell::new(vec![name.to_name()]);
        let hear = |step: Step<'_, '_>| {
            if let Step::Zone(name, _) | Step::Broken(name, _) | Step::Foreign(name) = step {
                names.borrow_mut().push(name.to_name());
            }
        };
        self.ask(name, NOBODYS_TYPE, &mut vec![0; usize::from(u16::MAX)], &hear);
        names.into_inner()
    }

    /// The tree of those of its zones that are wanted.
    pub fn only(self, is_wanted: impl Fn(NameRef<'_>) -> bool, key: HashKey) -> Self {
        let Self { mut zones, served } = self;
        zones.retain(|reviewed| is_wanted(reviewed.name.as_ref()));
        Self::new(zones, served.policy, key)
    }

    /// Its zones in canonical order.
    pub fn zones(&self) -> &[Reviewed] {
        &self.zones
    }

    /// What answers from it.
    pub fn served(&self) -> &Served {
        &self.served
    }

    /// The zone of an apex.
    pub fn zone(&self, apex: NameRef<'_>) -> Option<&Reviewed> {
        let found = self.zones.binary_search_by(|reviewed| reviewed.name.as_ref().canonical_cmp(apex));
        found.ok().map(|index| &self.zones[index])
    }

    /// The compiled zone of an apex, if it can be served.
    pub(super) fn authority(&self, apex: NameRef<'_>) -> Option<&Authority> {
        self.served.catalog.exact(apex)?.authority.as_deref()
    }

    /// Each record of an rrset as it is written, and where.
    pub(super) fn records(&self, apex: NameRef<'_>, owner: NameRef<'_>, rtype: Rtype) -> Vec<(String, Place)> {
        let Some(reviewed) = self.zone(apex) else { return Vec::new() };
        let Some(rrset) = reviewed.zone.as_ref().and_then(|zone| zone.rrset(owner, rtype)) else { return Vec::new() };
        let ttl = rrset.ttl();
        let line = |(record, rdata)| (super::record_line(ttl, rtype, rdata), reviewed.place(record));
        rrset.records().zip(rrset.rdatas()).map(line).collect()
    }

    /// Where the first record of an rrset is written.
    pub(super) fn first_record(&self, apex: NameRef<'_>, owner: NameRef<'_>, rtype: Rtype) -> Option<Place> {
        let reviewed = self.zone(apex)?;
        let rrset = reviewed.zone.as_ref()?.rrset(owner, rtype)?;
        rrset.records().next().map(|record| reviewed.place(record))
    }

    /// The text of a file that zones were read from, as people here name it.
    pub fn text(&self, file: &str) -> Option<&[u8]> {
        let mut sources = self.zones.iter().flat_map(|reviewed| reviewed.sources.iter());
        sources.find_map(|(_, source)| (source.name() == file).then(|| &source.text()[..]))
    }

    /// Asks as a client of its own would over TCP, and tells `trace` the steps to the answer.
    pub(super) fn ask<'s>(
        &'s self,
        name: NameRef<'_>,
        rtype: Rtype,
        out: &mut [u8],
        trace: &impl Fn(Step<'_, 's>),
    ) -> Option<Message> {
        let query = ask(name, rtype, false);
        let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let length = respond_traced(&query, client, Transport::Tcp, &self.served, out, trace)?;
        Message::read(&out[..length])
    }
}

impl Reviewed {
    /// Where a record of the zone is written.
    fn place(&self, record: &crate::zonefile::Record) -> Place {
        let Some(zone) = &self.zone else { return Place { file: String::new(), line: 0 } };
        let span = zone.places(record, &self.sources).rtype;
        let source = self.sources.get(span.file);
        Place { file: source.name().to_owned(), line: source.position(span.start).line }
    }

    /// Whether both were read from the same texts, whatever their files are called.
    pub(super) fn has_texts_of(&self, other: &Reviewed) -> bool {
        self.sources.iter().map(|(_, source)| source.text()).eq(other.sources.iter().map(|(_, source)| source.text()))
    }
}
