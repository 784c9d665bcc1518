//! Zone to authority: whatever can be decided before a query is decided here.
//!
//! # Design
//!
//! Nodes come in canonical order, so a name's ancestors are on a stack when it is met: missing ones become empty
//! non-terminals, the topmost cut or DNAME among them is what occludes it, and a `*` is noted at its parent.
//!
//! `extras` holds, for an rrset whose records name hosts, a list: how many nodes follow, how many of them lie at or below
//! the rrset's own owner (in-domain glue, RFC 9471), then the nodes, those first.

use super::denial::{self, Denial};
use super::index::{HashKey, Index};
use super::{Authority, NONE, NodeRef, NodeRow, Question, Role, RrsetRow};
use crate::dns::{NameRef, Rtype};
use crate::zone::{Node, Rrset, Zone};
use crate::zonefile::rdata;

impl Authority {
    /// Compiles a zone; `key` must be the same for all zones of a catalog.
    pub fn compile(zone: &Zone, key: HashKey) -> Self {
        let mut compiler = Compiler::new(zone, key);
        for node in zone.nodes() {
            compiler.add(node);
        }
        let mut authority = compiler.finish();
        authority.link_extras();
        authority
    }
}

struct Compiler<'z> {
    zone: &'z Zone,
    key: HashKey,
    authority: Authority,
    hashes: Vec<u64>,
    nsec3: Vec<denial::Nsec3Row>,
    /// The path from the apex to the last node.
    path: Vec<Step>,
}

/// A node on the path, and what its children need to know of it.
#[derive(Clone, Copy)]
struct Step {
    node: u32,
    labels: usize,
    /// The topmost cut or DNAME at or above it.
    above: u32,
}

impl<'z> Compiler<'z> {
    fn new(zone: &'z Zone, key: HashKey) -> Self {
        let (names, records) = (zone.name_count(), zone.record_count());
        let authority = Authority {
            names: Vec::with_capacity(names * 24),
            nodes: Vec::with_capacity(names),
            index: Index::build(&[], key),
            rrsets: Vec::with_capacity(names),
            rdata: Vec::with_capacity(zone.rdata_octets() + 2 * records),
            extras: Vec::new(),
            denial: Denial::Unsigned,
            apex_labels: zone.apex().label_count(),
            name_count: names,
            record_count: records,
            serial: 0,
            negative_ttl: 0,
        };
        Self { zone, key, authority, hashes: Vec::with_capacity(names), nsec3: Vec::new(), path: Vec::new() }
    }

    fn add(&mut self, node: Node<'_>) {
        let name = node.name();
        if node.is_hash() && !node.is_apex() {
            return self.add_nsec3(node);
        }
        let labels = name.label_count();
        while self.path.last().is_some_and(|step| !name.is_below(self.authority.name(step.node))) {
            self.path.pop();
        }
        let question = Question::new(name, self.key);
        let place = self.authority.names.len() as u32;
        self.authority.names.extend_from_slice(name.octets());
        let known = self.path.last().map_or(self.authority.apex_labels, |step| step.labels + 1);
        for between in known..labels {
            // An empty non-terminal's name is the tail of this one.
            let skipped = name.octets().len() - question.suffix(between).octets().len();
            self.push(place + skipped as u32, between, question.hash(between), None);
        }
        self.push(place, labels, question.hash(labels), Some(node));
    }

    /// A name that owns NSEC3 records alone is no name of the zone (RFC 5155 §7.2.8): it is found by its hash only.
    fn add_nsec3(&mut self, node: Node<'_>) {
        let name = self.authority.names.len() as u32;
        self.authority.names.extend_from_slice(node.name().octets());
        let first = self.authority.rrsets.len();
        self.push_rrsets(node);
        let nsec3 = self.authority.rrsets[first..].iter().position(|row| row.rtype == Rtype::NSEC3);
        if let (Some(offset), Some(hash)) = (nsec3, denial::nsec3_owner_hash(node.name())) {
            self.nsec3.push(denial::Nsec3Row { hash, name, rrset: (first + offset) as u32 });
        }
    }

    /// Adds a node below the last of the path, which it becomes.
    fn push(&mut self, name: u32, labels: usize, hash: u64, node: Option<Node<'_>>) {
        let index = self.authority.nodes.len() as u32;
        let parent = self.path.last().copied();
        let above = parent.map_or(NONE, |step| step.above);
        let rrsets = self.authority.rrsets.len() as u32;
        let smallest = node.map_or(0, |node| self.push_rrsets(node));
        let rrset_count = (self.authority.rrsets.len() - rrsets as usize) as u16;
        let is_cut = node.is_some_and(Node::is_delegation) && above == NONE;
        let has_dname = node.is_some_and(|node| node.rrset(Rtype::DNAME).is_some()) && above == NONE && !is_cut;
        let role = match above {
            _ if is_cut => Role::Delegation,
            NONE => Role::Authoritative,
            _ => Role::Occluded,
        };
        let own_above = if is_cut { index } else { above };
        let row = NodeRow { name, rrsets, rrset_count, smallest, above: own_above, wildcard: NONE, role, has_dname };
        self.authority.nodes.push(row);
        self.hashes.push(hash);
        if let Some(parent) = parent
            && self.authority.name(index).is_wildcard()
        {
            self.authority.nodes[parent.node as usize].wildcard = index;
        }
        let above = if is_cut || has_dname { index } else { above };
        self.path.push(Step { node: index, labels, above });
    }

    /// Adds a node's rrsets and gives which of them answers ANY.
    fn push_rrsets(&mut self, node: Node<'_>) -> u16 {
        let mut smallest = (usize::MAX, 0);
        let first = self.authority.rrsets.len();
        for (index, rrset) in node.rrsets().enumerate() {
            let start = self.authority.rdata.len();
            self.push_rrset(rrset);
            let size = match rrset.rtype() {
                Rtype::CNAME => 0,
                // A signature alone answers nothing, nor does a proof.
                Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3 => usize::MAX - 1,
                _ => self.authority.rdata.len() - start,
            };
            smallest = smallest.min((size, index as u16));
        }
        self.link_signatures(first);
        smallest.1
    }

    fn push_rrset(&mut self, rrset: Rrset<'_>) {
        let rdata = self.authority.rdata.len() as u32;
        let mut rdatas: Vec<&[u8]> = rrset.rdatas().collect();
        if rrset.rtype() == Rtype::RRSIG {
            // Those that cover one type lie together, so that an rrset's signatures are one run.
            rdatas.sort_by_key(|octets| rdata::covered(octets));
        }
        for octets in &rdatas {
            self.authority.rdata.extend_from_slice(&(octets.len() as u16).to_be_bytes());
            self.authority.rdata.extend_from_slice(octets);
        }
        let (rtype, ttl, count) = (rrset.rtype(), rrset.ttl(), rdatas.len() as u16);
        let row = RrsetRow { rtype, count, ttl, rdata, extras: NONE, signatures: 0, signature_count: 0 };
        self.authority.rrsets.push(row);
    }

    /// Notes, for each of a node's rrsets from `first` on, which signatures cover it.
    fn link_signatures(&mut self, first: usize) {
        let rows = &mut self.authority.rrsets[first..];
        let Some(signatures) = rows.iter().find(|row| row.rtype == Rtype::RRSIG).copied() else { return };
        let octets = &self.authority.rdata[signatures.rdata as usize..];
        let mut at = signatures.rdata;
        for rdata in (super::Rdatas { octets, left: signatures.count }) {
            if let Some(row) = rows.iter_mut().find(|row| row.rtype == rdata::covered(rdata)) {
                if row.signature_count == 0 {
                    row.signatures = at;
                }
                row.signature_count += 1;
            }
            at += 2 + rdata.len() as u32;
        }
    }

    fn finish(mut self) -> Authority {
        self.authority.denial = Denial::new(&self.authority, std::mem::take(&mut self.nsec3));
        self.authority.index = Index::build(&self.hashes, self.key);
        if let Some(soa) = self.zone.rrset(self.zone.apex(), Rtype::SOA)
            && let Some(numbers) = soa.rdatas().next().and_then(|rdata| rdata.last_chunk::<20>())
        {
            // SERIAL REFRESH RETRY EXPIRE MINIMUM, four octets each (RFC 1035 §3.3.13).
            let number =
                |at: usize| u32::from_be_bytes([numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]]);
            self.authority.serial = number(0);
            self.authority.negative_ttl = soa.ttl().min(number(16));
        }
        self.authority.nodes.shrink_to_fit();
        self.authority.rrsets.shrink_to_fit();
        self.authority.names.shrink_to_fit();
        self.authority
    }
}

impl Authority {
    /// Notes, for each rrset that names hosts, the nodes whose addresses a resolver will want next.
    fn link_extras(&mut self) {
        let mut extras = Vec::new();
        for node in 0..self.nodes.len() as u32 {
            let row = self.nodes[node as usize];
            for rrset in row.rrsets..row.rrsets + u32::from(row.rrset_count) {
                let list = self.extras_of(node, rrset);
                if !list.is_empty() {
                    self.rrsets[rrset as usize].extras = extras.len() as u32;
                    let own = list.iter().filter(|&&host| self.name(host).is_at_or_below(self.name(node))).count();
                    extras.extend([list.len() as u32, own as u32]);
                    extras.extend(list);
                }
            }
        }
        extras.shrink_to_fit();
        self.extras = extras;
    }

    /// The nodes that an rrset's records name and that have something to tell, each once, those at or below its owner first.
    fn extras_of(&self, node: u32, rrset: u32) -> Vec<u32> {
        let rtype = self.rrsets[rrset as usize].rtype;
        if !matches!(rtype, Rtype::NS | Rtype::MX | Rtype::SRV | Rtype::SVCB | Rtype::HTTPS) {
            return Vec::new();
        }
        let rdatas = (super::RrsetRef { authority: self, index: rrset }).rdatas();
        // Only a referral's servers may be told by data that is not ours.
        let fits = |&host: &u32| rtype == Rtype::NS || self.nodes[host as usize].role == Role::Authoritative;
        let mut hosts: Vec<u32> = rdatas.filter_map(|rdata| self.host(node, rtype, rdata)).filter(fits).collect();
        let is_below = |host: &u32| self.name(*host).is_at_or_below(self.name(node));
        let mut seen = std::collections::HashSet::new();
        hosts.retain(|host| seen.insert(*host));
        hosts.sort_by_key(|host| !is_below(host));
        hosts
    }

    /// The node of the host that a record at `node` names, if it has addresses or, for a service binding, bindings.
    fn host(&self, node: u32, rtype: Rtype, octets: &[u8]) -> Option<u32> {
        let target = rdata::names(rtype, octets).next()?;
        let target = NameRef::trusted(&octets[target.start..target.end]);
        let is_binding = rtype.is_service_binding();
        if target.is_root() && rtype != Rtype::NS {
            // `.` is a binding's owner, or nobody where it is an alias (RFC 9460 §2.5), as it is for mail (RFC 7505 §3) and
            // services (RFC 2782).
            let is_alias = octets.starts_with(&[0, 0]);
            return (is_binding && !is_alias).then_some(node);
        }
        if !target.is_at_or_below(self.apex()) {
            return None;
        }
        let question = Question::new(target, self.index.key());
        let index = self.find(&question, question.label_count())?;
        let host = NodeRef { authority: self, index };
        let is_told = |wanted: &Rtype| host.rrset(*wanted).is_some();
        ([Rtype::A, Rtype::AAAA].iter().any(is_told) || is_binding && is_told(&rtype)).then_some(index)
    }
}
