//! What the zones here say of a zone's targets, all of them asked in one go.
//!
//! In: a [`Survey`] and all zones. Out: for each target what is [`Known`] of it.

use std::ops::Range;

use super::Others;
use super::others::Presence;
use super::recent::Recent;
use super::survey::{Cut, Survey, Target};
use crate::authority::{Authority, NodeRef};
use crate::dns::{NameRef, Rtype};

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

impl<'z> Survey<'z> {
    /// What is known of some targets, with the cuts whose servers are among them.
    pub(super) fn know(&self, part: Range<usize>, own: Option<&Authority>, others: &Others<'_>) -> Vec<Known> {
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
