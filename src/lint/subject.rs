//! A zone and what several rules ask of it, each answer found once.
//!
//! In: a zone; for what is said of its targets, all others. Out: the walks and lists that rules share. A zone may have a
//! million names, so a rule takes the list that holds what it looks at, and walks the zone itself only where it looks at
//! every name.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::others::Presence;
use super::recent::Recent;
use super::signed::Signed;
use super::text::is_host_label;
use super::{Others, Settings};
use crate::authority::{Authority, NodeRef};
use crate::dns::{MAX_NAME, NameRef, Rtype};
use crate::threads;
use crate::zone::{Node, Rrset, Zone, is_plain};
use crate::zonefile::{Record, rdata};

/// No node's number.
const NO_CUT: usize = usize::MAX;

/// A zone and what several rules ask of it.
pub(super) struct Subject<'z> {
    pub(super) zone: &'z Zone,
    pub(super) settings: &'z Settings,
    signed: OnceLock<Option<Signed<'z>>>,
    survey: OnceLock<Survey<'z>>,
    known: OnceLock<Vec<Known>>,
    servers: OnceLock<HashSet<Box<[u8]>>>,
    /// The names of all targets, in lower case.
    named: OnceLock<HashSet<Box<[u8]>>>,
    has_host_apex: OnceLock<bool>,
    /// The number of the node that [`cut`](Self::cut) gives.
    cut: AtomicUsize,
}

/// What one walk over a zone finds, in canonical order: of the zone's own data, none of what a cut hides.
#[derive(Default)]
pub(super) struct Survey<'z> {
    /// The names in data, those of the cuts' NS records among them.
    targets: Vec<Target<'z>>,
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
    servers: Range<usize>,
}

/// What the zones here say of a target.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) presence: Presence,
    /// Whether it has addresses, if it exists.
    pub(super) has_address: bool,
    /// Of the servers of cuts; unknown for all others.
    pub(super) reach: Reach,
}

/// Whether a resolver that is referred to a server of a cut gets an address for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// It has an address here: its own, or glue.
    Address,
    /// It lies at or below the cut, and has no glue.
    NoGlue,
    /// Its zone is here, and has no address for it; another server of the cut stands in for it.
    NoAddress,
    /// The same of every server of the cut.
    Lost,
    /// Nothing here says.
    Unknown,
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

impl<'z> Subject<'z> {
    pub(super) fn new(zone: &'z Zone, settings: &'z Settings) -> Self {
        let (signed, survey, known) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        let (servers, named, has_host_apex) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { zone, settings, signed, survey, known, servers, named, has_host_apex, cut: AtomicUsize::new(NO_CUT) }
    }

    /// The zone as one that is signed, if it is.
    pub(super) fn signed(&self) -> Option<&Signed<'z>> {
        self.signed.get_or_init(|| Signed::of(self)).as_ref()
    }

    /// The zone's nodes in canonical order, each with the topmost cut that it is or lies below.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (Node<'z>, Option<Node<'z>>)> {
        with_cuts(self.zone.nodes())
    }

    /// Those of [`nodes`](Self::nodes) that are [notable](Zone::notable).
    pub(super) fn notable(&self) -> impl Iterator<Item = (Node<'z>, Option<Node<'z>>)> {
        with_cuts(self.zone.notable())
    }

    /// The topmost cut that the node of a rule of scope Node is or lies below; none where the node is the zone's own.
    pub(super) fn cut(&self) -> Option<Node<'z>> {
        let number = self.cut.load(Ordering::Relaxed);
        (number != NO_CUT).then(|| self.zone.numbered(number))
    }

    /// Sets what [`cut`](Self::cut) says next.
    pub(super) fn set_cut(&self, cut: Option<Node<'z>>) {
        self.cut.store(cut.map_or(NO_CUT, Node::number), Ordering::Relaxed);
    }

    /// What one walk over the zone finds.
    pub(super) fn survey(&self) -> &Survey<'z> {
        self.survey.get_or_init(|| Survey::of(self))
    }

    /// Whether an NS record of the zone names this host: then its addresses may be glue.
    pub(super) fn is_server(&self, name: NameRef<'_>) -> bool {
        /// Most glue is of the cut that it lies below, and most cuts have few servers: those are looked at first.
        const FEW: usize = 16;
        let own = self.cut().and_then(|cut| cut.rrset(Rtype::NS)).filter(|servers| servers.records().len() <= FEW);
        let mut own = own.into_iter().flat_map(Rrset::rdatas);
        // Data of NS records is a name, and nothing else.
        own.any(|rdata| rdata.eq_ignore_ascii_case(name.octets())) || self.is_any_server(name)
    }

    /// Whether any record of the zone names this one as its target.
    pub(super) fn is_target(&self, name: NameRef<'_>) -> bool {
        let named = || self.survey().targets.iter().map(|target| lower(target.name)).collect();
        self.named.get_or_init(named).contains(&lower(name))
    }

    /// Whether all labels of the zone's own name are those of a host.
    pub(super) fn has_host_apex(&self) -> bool {
        *self.has_host_apex.get_or_init(|| self.zone.apex().labels().all(is_host_label))
    }

    fn is_any_server(&self, name: NameRef<'_>) -> bool {
        let servers = || self.targets_of(&[Rtype::NS]).map(|target| lower(target.name)).collect();
        // Asked of every name below a cut: the buffer spares each an allocation.
        let mut buffer = [0; MAX_NAME];
        let octets = &mut buffer[..name.octets().len()];
        octets.copy_from_slice(name.octets());
        octets.make_ascii_lowercase();
        self.servers.get_or_init(servers).contains(&*octets)
    }

    /// The targets of some types.
    pub(super) fn targets_of(&self, types: &[Rtype]) -> impl Iterator<Item = &Target<'z>> {
        self.survey().targets.iter().filter(move |target| types.contains(&target.rrset.rtype()))
    }

    /// The targets of some types of whose name this is said.
    pub(super) fn targets_that(
        &self,
        others: &Others<'_>,
        said: &[Presence],
        types: &[Rtype],
    ) -> impl Iterator<Item = (&Target<'z>, Known)> {
        let is_meant = move |(target, known): &(&Target<'z>, Known)| {
            said.contains(&known.presence) && types.contains(&target.rrset.rtype())
        };
        self.targets(others).filter(is_meant)
    }

    /// All targets, with what is said of each: looked up once for all rules.
    pub(super) fn targets(&self, others: &Others<'_>) -> impl Iterator<Item = (&Target<'z>, Known)> {
        self.survey().targets.iter().zip(self.known(others).iter().copied())
    }

    /// The servers of a cut, with what is said of each.
    pub(super) fn servers(
        &self,
        cut: &Cut<'z>,
        others: &Others<'_>,
    ) -> impl ExactSizeIterator<Item = (&Target<'z>, Known)> + Clone {
        let servers = cut.servers.clone();
        self.survey().targets[servers.clone()].iter().zip(self.known(others)[servers].iter().copied())
    }

    fn known(&self, others: &Others<'_>) -> &[Known] {
        self.known.get_or_init(|| {
            let survey = self.survey();
            let own = others.zone(self.zone.apex());
            let know = |part| survey.know(part, own, others);
            threads::on_each(survey.parts(self.settings.threads), know).flatten().collect()
        })
    }
}

/// Nodes in canonical order, cuts among them, each with the topmost cut that it is or lies below.
fn with_cuts<'z>(nodes: impl Iterator<Item = Node<'z>>) -> impl Iterator<Item = (Node<'z>, Option<Node<'z>>)> {
    let mut cut: Option<Node<'z>> = None;
    nodes.map(move |node| {
        cut = cut.filter(|cut| node.name().is_at_or_below(cut.name()));
        if cut.is_none() && node.is_delegation() {
            cut = Some(node);
        }
        (node, cut)
    })
}

fn lower(name: NameRef<'_>) -> Box<[u8]> {
    name.octets().to_ascii_lowercase().into()
}

impl Target<'_> {
    /// Whether it is a server of a cut: no other NS records than those of cuts and the apex are targets.
    pub(super) fn is_of_cut(&self, apex: NameRef<'_>) -> bool {
        self.rrset.rtype() == Rtype::NS && !self.rrset.owner().is(apex)
    }
}

impl<'z> Survey<'z> {
    fn of(subject: &Subject<'z>) -> Self {
        let mut survey = Self::default();
        for (node, cut) in subject.notable() {
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
    fn parts(&self, threads: usize) -> Vec<Range<usize>> {
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

    /// What is known of some targets, with the cuts whose servers are among them.
    fn know(&self, part: Range<usize>, own: Option<&Authority>, others: &Others<'_>) -> Vec<Known> {
        let (mut recent, mut asked) = (Recent::new(), Vec::new());
        let place = |target: &Target<'z>| {
            *recent.of(target.name, || {
                asked.push(target.name);
                asked.len() - 1
            })
        };
        let places: Vec<usize> = self.targets[part.clone()].iter().map(place).collect();
        let told = others.tell_all(&asked);
        let known = |place: usize| Known { presence: told[place].0, has_address: told[place].1, reach: Reach::Unknown };
        let mut known: Vec<Known> = places.into_iter().map(known).collect();
        if let Some(own) = own {
            let mut recent = Recent::new();
            let first = self.cuts.partition_point(|cut| cut.servers.start < part.start);
            for cut in self.cuts[first..].iter().take_while(|cut| cut.servers.end <= part.end) {
                let servers = cut.servers.start - part.start..cut.servers.end - part.start;
                reach_all(cut, &self.targets, &mut known[servers], own, &mut recent);
            }
        }
        known
    }
}

/// Finds whether the servers of a cut are reached; `own` is the zone of the cut.
///
/// The compiled zone is asked: it finds a name by its hash, and a zone may have a million cuts.
fn reach_all<'z, 'c>(
    cut: &Cut<'z>,
    targets: &[Target<'z>],
    known: &mut [Known],
    own: &'c Authority,
    recent: &mut Recent<'z, Option<NodeRef<'c>>>,
) {
    for (server, known) in targets[cut.servers.clone()].iter().zip(&mut *known) {
        let node = *recent.of(server.name, || node(own, server.name));
        known.reach = reach(cut.node.name(), server.name, node, *known, own);
    }
    if known.iter().all(|known| known.reach == Reach::NoAddress) {
        known.iter_mut().for_each(|known| known.reach = Reach::Lost);
    }
}

fn reach(cut: NameRef<'_>, server: NameRef<'_>, node: Option<NodeRef<'_>>, known: Known, own: &Authority) -> Reach {
    let is_below = server.is_at_or_below(cut);
    let has_address = |node: NodeRef<'_>| node.rrset(Rtype::A).is_some() || node.rrset(Rtype::AAAA).is_some();
    if node.is_some_and(has_address)
        || (node.is_none() && is_below && wildcard_glue(cut, server, own).is_some_and(has_address))
    {
        return Reach::Address;
    }
    match known.presence {
        _ if is_below => Reach::NoGlue,
        Presence::Exists | Presence::Wildcard if known.has_address => Reach::Address,
        Presence::Missing | Presence::Exists | Presence::Wildcard => Reach::NoAddress,
        // An alias is no address of its own, and another rule's.
        Presence::Alias | Presence::Unknown | Presence::Outside => Reach::Unknown,
    }
}

/// The node of a name in a zone here; names that lie elsewhere cost no lookup.
pub(super) fn node<'c>(zone: &'c Authority, name: NameRef<'_>) -> Option<NodeRef<'c>> {
    if name.is_at_or_below(zone.apex()) { zone.node(name) } else { None }
}

/// The wildcard below a cut that stands for a server, which some servers send as glue.
fn wildcard_glue<'c>(cut: NameRef<'_>, server: NameRef<'_>, own: &'c Authority) -> Option<NodeRef<'c>> {
    let above = std::iter::successors(server.parent(), |name| name.parent());
    above.take_while(|name| name.is_at_or_below(cut)).find_map(|name| {
        let octets = [b"\x01*", name.octets()].concat();
        NameRef::parse(&octets).and_then(|wildcard| own.node(wildcard))
    })
}
