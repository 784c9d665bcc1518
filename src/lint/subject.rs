//! A zone and what several rules ask of it, each answer found once.
//!
//! In: a zone; for what is said of its targets, all others. Out: the walks and lists that rules share. A zone may have a
//! million names, so a rule takes the list that holds what it looks at, and walks the zone itself only where it looks at
//! every name.

use std::collections::HashSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::known::Known;
use super::others::Presence;
use super::signed::Signed;
use super::survey::{Cut, Survey, Target};
use super::text::is_host_label;
use super::{Others, Settings};
use crate::dns::{MAX_NAME, NameRef, Rtype};
use crate::threads;
use crate::zone::{Node, Rrset, Zone};

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
        self.survey.get_or_init(|| Survey::of(self.notable()))
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
