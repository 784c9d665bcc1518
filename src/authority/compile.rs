//! Zone to authority: whatever can be decided before a query is decided here.
//!
//! # Design
//!
//! Nodes come in canonical order, so a name's ancestors are on a stack when it is met: missing ones become empty
//! non-terminals, the topmost cut or DNAME among them is what occludes it, and a `*` is noted at its parent.
//! Hosts that records name are looked up last, when all names can be found.

use super::block::{self, Block, Encoder, Head, NONE, Naming, Numbers, Role};
use super::denial::{self, Denial};
use super::hash::HashKey;
use super::index::Index;
use super::{Authority, NodeRef, Question, RrsetRef};
use crate::dns::{NameRef, Rtype};
use crate::zone::{Node, Rrset, Zone};
use crate::zonefile::rdata;

/// Nodes that are looked at before the index is asked for a host, with their names.
type Near<'a> = [Option<(NameRef<'a>, NodeRef<'a>)>; 3];

impl Authority {
    /// Compiles a zone; `key` must be the same for all zones of a catalog.
    pub fn compile(zone: &Zone, key: HashKey) -> Self {
        let compiler = Compiler::of(zone, key);
        let index = Index::build(&compiler.names);
        compiler.finish(index)
    }

    /// As [`compile`](Self::compile), and makes something else of each name that owns records and its hash, by a thread of
    /// its own; NSEC3 owners are no such names.
    pub fn compile_beside<T: Send>(
        zone: &Zone,
        key: HashKey,
        make: impl FnOnce(&mut dyn Iterator<Item = (Node<'_>, u64)>) -> T + Send,
    ) -> (Self, T) {
        let compiler = Compiler::of(zone, key);
        let (index, made) = std::thread::scope(|scope| {
            let made = scope.spawn(|| make(&mut compiler.hashed(zone)));
            let index = Index::build(&compiler.names);
            (index, made.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        (compiler.finish(index), made)
    }
}

struct Compiler {
    authority: Authority,
    /// The hash of each name, and its number.
    names: Vec<(u64, u32)>,
    /// The nodes that own NSEC records which count.
    nsec: Vec<u32>,
    nsec3: Vec<denial::Nsec3Row>,
    /// The rrsets that name hosts: each by its node and its place there.
    naming_hosts: Vec<(u32, u16)>,
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

/// What is known of a node's rrsets before they are written.
#[derive(Clone, Copy, Default)]
struct Types {
    count: u16,
    has_servers: bool,
    has_dname: bool,
    is_signed: bool,
    has_nsec: bool,
}

impl Types {
    fn of(node: Node<'_>) -> Self {
        let mut types = Self { count: node.rrsets().len() as u16, ..Self::default() };
        for rrset in node.rrsets() {
            match rrset.rtype() {
                Rtype::NS => types.has_servers = !node.is_apex(),
                Rtype::DNAME => types.has_dname = true,
                Rtype::RRSIG => types.is_signed = true,
                Rtype::NSEC => types.has_nsec = true,
                _ => {}
            }
        }
        types
    }

    fn head(self, role: Role, link: u32) -> Head {
        let has_dname = self.has_dname && role == Role::Authoritative;
        Head { role, has_dname, is_signed: self.is_signed, rrset_count: self.count, link }
    }
}

impl Compiler {
    /// All nodes of a zone added.
    fn of(zone: &Zone, key: HashKey) -> Self {
        let mut compiler = Self::new(zone, key);
        let mut question = Question::new(zone.apex(), key);
        zone.nodes().for_each(|node| compiler.add(node, &mut question));
        compiler
    }

    fn new(zone: &Zone, key: HashKey) -> Self {
        let (names, records) = (zone.name_count(), zone.record_count());
        let authority = Authority {
            // What is not needed is given back, and was never touched.
            arena: Vec::with_capacity(names * 64 + records * 24),
            index: Index::build(&[]),
            key,
            denial: Denial::Unsigned,
            apex_labels: zone.apex().label_count(),
            name_count: names,
            record_count: records,
            serial: 0,
            negative_ttl: 0,
        };
        let (nsec, nsec3, naming_hosts, path) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { authority, names: Vec::with_capacity(names), nsec, nsec3, naming_hosts, path }
    }

    /// Adds a node, and what is missing between it and the last; `question` is of a name of the zone, and made this one's.
    fn add<'z>(&mut self, node: Node<'z>, question: &mut Question<'z>) {
        if is_nsec3(node) {
            return self.add_nsec3(node);
        }
        let name = node.name();
        // All names lie below the first, the apex.
        while let [_, .., step] = &self.path[..]
            && !name.is_below(self.authority.numbered(step.node).name())
        {
            self.path.pop();
        }
        question.set_beside(name, self.authority.apex_labels);
        let known = self.path.last().map_or(self.authority.apex_labels, |step| step.labels + 1);
        self.add_between(question, known);
        self.add_named(node, question);
    }

    /// Adds the empty non-terminals between the path's end and a name, whose tails their names are.
    fn add_between(&mut self, question: &Question<'_>, known: usize) {
        let labels = question.label_count();
        // The block of each is its header and where its name lies: in the block behind theirs.
        let mut ahead = (labels - known) * block::EMPTY;
        for between in known..labels {
            let skipped = question.suffix_octets(labels).len() - question.suffix_octets(between).len();
            let name = Naming::Ahead((ahead + block::NAME + skipped) as u32);
            ahead -= block::EMPTY;
            let (role, above) = self.standing(Types::default());
            let head = Types::default().head(role, above);
            let node = Encoder::new(&mut self.authority.arena, &head, name).finish();
            self.enter(question, between, node, above);
        }
    }

    /// What a node with these types is, below the last of the path, and what is above it.
    fn standing(&self, types: Types) -> (Role, u32) {
        let above = self.path.last().map_or(NONE, |step| step.above);
        match above {
            NONE if types.has_servers => (Role::Delegation, above),
            NONE => (Role::Authoritative, above),
            _ => (Role::Occluded, above),
        }
    }

    /// Adds a node below the last of the path, which it becomes.
    fn add_named(&mut self, node: Node<'_>, question: &Question<'_>) {
        let (types, labels) = (Types::of(node), question.label_count());
        let (role, above) = self.standing(types);
        let head = types.head(role, above);
        let is_above = role == Role::Delegation || head.has_dname;
        let number = self.push(node, &head);
        if types.has_nsec && role != Role::Occluded {
            self.nsec.push(number);
        }
        let above = if is_above { number } else { above };
        self.enter(question, labels, number, above);
    }

    /// Makes a node the end of the path, and tells its parent if it is a wildcard.
    fn enter(&mut self, question: &Question<'_>, labels: usize, node: u32, above: u32) {
        self.names.push((question.hash(labels), node));
        if let Some(parent) = self.path.last()
            && parent.above == NONE
            && question.suffix(labels).is_wildcard()
        {
            block::set_link(&mut self.authority.arena, parent.node, node);
        }
        self.path.push(Step { node, labels, above });
    }

    /// A name that owns NSEC3 records alone is no name of the zone (RFC 5155 §7.2.8): it is found by its hash only.
    fn add_nsec3(&mut self, node: Node<'_>) {
        let number = self.push(node, &Types::of(node).head(Role::Hash, NONE));
        if let Some(hash) = denial::nsec3_owner_hash(node.name()) {
            self.nsec3.push(denial::Nsec3Row { hash, node: number });
        }
    }

    fn push(&mut self, node: Node<'_>, head: &Head) -> u32 {
        let mut encoder = Encoder::new(&mut self.authority.arena, head, Naming::Own(node.name()));
        node.rrsets().for_each(|rrset| push_rrset(&mut encoder, rrset));
        let number = encoder.finish();
        let naming = node.rrsets().zip(0..).filter(|(rrset, _)| block::names_hosts(rrset.rtype()));
        self.naming_hosts.extend(naming.map(|(_, index)| (number, index)));
        number
    }

    /// The nodes of the zone that own records, each with the hash of its name: empty non-terminals own none.
    fn hashed<'a>(&'a self, zone: &'a Zone) -> impl Iterator<Item = (Node<'a>, u64)> {
        let owns_some = |node| Block::at(&self.authority.arena, node).rrset_count() > 0;
        let hashes = self.names.iter().filter(move |(_, node)| owns_some(*node)).map(|(hash, _)| *hash);
        zone.nodes().filter(|&node| !is_nsec3(node)).zip(hashes)
    }

    fn finish(mut self, index: Index) -> Authority {
        self.authority.index = index;
        self.authority.arena.shrink_to_fit();
        self.authority.denial = Denial::new(&self.authority, self.nsec, self.nsec3);
        self.authority.read_soa();
        self.authority.link_hosts(&self.naming_hosts);
        self.authority
    }
}

/// Whether a node owns NSEC3 records alone.
fn is_nsec3(node: Node<'_>) -> bool {
    node.is_hash() && !node.is_apex()
}

fn push_rrset(encoder: &mut Encoder<'_>, rrset: Rrset<'_>) {
    if rrset.rtype() != Rtype::RRSIG {
        return encoder.rrset(rrset.rtype(), rrset.ttl(), rrset.rdatas());
    }
    // Those that cover one type lie together, so that an rrset's signatures are one run.
    let mut rdatas: Vec<&[u8]> = rrset.rdatas().collect();
    rdatas.sort_by_key(|octets| rdata::covered(octets));
    encoder.rrset(rrset.rtype(), rrset.ttl(), rdatas.into_iter());
}

impl Authority {
    /// Notes what the SOA record says: its serial number, and how long a negative answer may be cached.
    pub(super) fn read_soa(&mut self) {
        let soa = self.soa().and_then(|soa| Some((soa.ttl(), *soa.first().last_chunk::<20>()?)));
        let Some((ttl, numbers)) = soa else { return };
        // SERIAL REFRESH RETRY EXPIRE MINIMUM, four octets each (RFC 1035 §3.3.13).
        let number = |at: usize| u32::from_be_bytes([numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]]);
        (self.serial, self.negative_ttl) = (number(0), ttl.min(number(16)));
    }

    /// Notes, for each of these rrsets, which name hosts, the nodes whose addresses a resolver will want next.
    fn link_hosts(&mut self, naming: &[(u32, u16)]) {
        let mut hosts = Vec::new();
        for &(node, index) in naming {
            self.find_hosts(self.numbered(node).nth(index), &mut hosts);
            if !hosts.is_empty() {
                block::set_hosts(&mut self.arena, node, index, &hosts);
            }
        }
    }

    /// The nodes that an rrset's records name and that have something to tell, each once, those at or below its owner first.
    fn find_hosts(&self, rrset: RrsetRef<'_>, hosts: &mut Vec<(u32, bool)>) {
        hosts.clear();
        let (owner, near) = (rrset.node.name(), self.near(rrset.node));
        for rdata in rrset.rdatas() {
            // Only a referral's servers may be told by data that is not ours.
            if let Some(host) = self.host(rrset, rdata, &near)
                && (rrset.rtype() == Rtype::NS || host.role() == Role::Authoritative)
            {
                hosts.push((host.number, host.name().is_at_or_below(owner)));
            }
        }
        let mut seen = std::collections::HashSet::new();
        if hosts.len() > 1 {
            hosts.retain(|host| seen.insert(host.0));
        }
        hosts.sort_by_key(|&(_, is_below)| !is_below);
    }

    /// The node of the host that a record names, if it has addresses or, for a service binding, bindings; looked for among those
    /// that are `near` first.
    fn host<'a>(&'a self, rrset: RrsetRef<'_>, octets: &[u8], near: &Near<'a>) -> Option<NodeRef<'a>> {
        let rtype = rrset.rtype();
        let target = rdata::names(rtype, octets).next()?;
        let target = NameRef::trusted(&octets[target.start..target.end]);
        let is_binding = rtype.is_service_binding();
        if target.is_root() && rtype != Rtype::NS {
            // `.` is a binding's owner, or nobody where it is an alias (RFC 9460 §2.5), as it is for mail (RFC 7505 §3) and
            // services (RFC 2782).
            let is_alias = octets.starts_with(&[0, 0]);
            return (is_binding && !is_alias).then(|| self.numbered(rrset.node.number));
        }
        if !target.is_at_or_below(self.apex()) {
            return None;
        }
        let is_near = near.iter().flatten().find(|(name, _)| name.is(target));
        let host = is_near.map(|&(_, node)| node).or_else(|| self.node(target))?;
        let is_told = |wanted: &Rtype| host.rrset(*wanted).is_some();
        ([Rtype::A, Rtype::AAAA].iter().any(is_told) || is_binding && is_told(&rtype)).then_some(host)
    }

    /// The node itself and those right behind it, where most servers of cuts stand: they are told sooner than the index finds them.
    /// To step over a block is to step over its records, so that is done once an rrset and not for each of them.
    fn near(&self, node: NodeRef<'_>) -> Near<'_> {
        let mut nodes = Numbers::from(&self.arena, node.number).map(|number| self.numbered(number));
        std::array::from_fn(|_| nodes.next().filter(|node| node.role() != Role::Hash).map(|node| (node.name(), node)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Name;
    use crate::source::{Source, Sources};
    use crate::zone;
    use crate::zonefile::{self, Limits};

    /// A zone is refused by how large it may be at most, so that must not be less than it is.
    #[test]
    fn no_zone_is_larger_than_was_counted() {
        let soa = "$TTL 60\n@ SOA ns host 1 7200 1800 1209600 300\n@ NS ns\nns A 192.0.2.1\n";
        let deep = format!("{} A 192.0.2.2\n", "x.".repeat(100).trim_end_matches('.'));
        let types: String = (0..300).map(|kind| format!("many TYPE{} \\# 0\n", 65_000 + kind)).collect();
        let servers: String = (0..300).map(|host| format!("cut NS h{host}.cut\nh{host}.cut AAAA ::1\n")).collect();
        let signature = "@ RRSIG NS 13 2 60 20300101000000 20200101000000 1 z.test. AAAA\n";
        let apex = Name::absolute("z.test").expect("a name");
        for part in ["", &deep, &types, &servers, signature] {
            let mut sources = Sources::default();
            let root = sources.add(Source::new("z", format!("{soa}{part}").into_bytes()));
            let parsed = zonefile::parse(&mut sources, root, &apex, &Limits::default(), &mut |_, _| unreachable!());
            let zone = zone::build(&apex, root, parsed, &sources).zone.expect("a zone without errors");
            let authority = Authority::compile(&zone, HashKey([7; 16]));
            assert!(authority.arena.len() as u64 <= zone.compiled_at_most().0, "{part:.60}");
        }
    }
}
