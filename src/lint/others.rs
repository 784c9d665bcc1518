//! What all zones together say of a name: asked by the lookup that answers queries.
//!
//! In: a name, from a zone that is being judged. Out: an [`Answer`]; a [`Walk`] where aliases are to be followed. Says
//! nothing of what is not served here: a rule that wants certainty takes [`Answer::Unknown`] and [`Answer::Outside`] for
//! silence.

use std::collections::HashSet;
use std::net::IpAddr;

use super::Mirrors;
use crate::authority::{Authority, BATCH, Catalog, Entry, Near, Outcome, Question, RrsetRef, lookup};
use crate::dns::{Name, NameRef, Rtype};
use crate::zonefile::rdata;

/// All zones that are served or about to be.
pub struct Others<'c> {
    /// The zones; one that did not build has no authority.
    pub catalog: &'c Catalog,
    /// Whether a zone is judged in this run too: then what is wrong between two zones is told once, at the parent.
    pub is_judged: &'c (dyn Fn(NameRef<'_>) -> bool + Sync),
    /// Whether there is a reverse zone for IPv4 and for IPv6.
    reverse: [bool; 2],
    /// The hosts of the mirror list, in lower case.
    mirrors: HashSet<Vec<u8>>,
}

/// What the zones here say of a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer<'c> {
    /// It exists, be it by a wildcard, and has these addresses: both may be none.
    Exists { v4: Option<RrsetRef<'c>>, v6: Option<RrsetRef<'c>> },
    /// It is an alias: its CNAME rrset, or the DNAME rrset above it and that one's owner.
    Alias { rrset: RrsetRef<'c>, dname: Option<NameRef<'c>> },
    /// It does not exist, though its zone is here.
    Missing,
    /// It lies in a zone that did not build, or below a delegation to servers elsewhere.
    Unknown,
    /// It lies in no zone here.
    Outside,
}

/// What the zones here say of a name, its addresses left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Presence {
    /// It exists.
    Exists,
    /// It exists by a wildcard.
    Wildcard,
    /// It is an alias.
    Alias,
    /// It does not exist, though its zone is here.
    Missing,
    /// It lies in a zone that did not build, or below a delegation to servers elsewhere.
    Unknown,
    /// It lies in no zone here.
    Outside,
}

/// The most aliases that [`Others::follow`] follows: where a chain answers to nobody, as `respond` has it.
pub(super) const MAX_STEPS: usize = 17;

/// Where a name's aliases lead.
pub(super) struct Walk<'c> {
    /// The names behind the first, each the target of the one before.
    pub(super) names: Vec<Name>,
    /// What is said of the last; an alias still, where the chain is a loop or too long.
    pub(super) end: Answer<'c>,
    /// Whether the last name was met before.
    pub(super) is_loop: bool,
}

impl<'c> Others<'c> {
    /// The zones of a catalog.
    pub fn new(catalog: &'c Catalog, is_judged: &'c (dyn Fn(NameRef<'_>) -> bool + Sync)) -> Self {
        let has_below = |name: &'static [u8]| NameRef::parse(name).is_some_and(|name| catalog.has_any_below(name));
        let reverse = [has_below(b"\x07in-addr\x04arpa\0"), has_below(b"\x03ip6\x04arpa\0")];
        Self { catalog, is_judged, reverse, mirrors: HashSet::new() }
    }

    /// The same with a mirror list.
    pub fn with_mirrors(mut self, mirrors: &Mirrors) -> Self {
        let hosts = mirrors.list.iter().flat_map(|mirror| &mirror.hosts);
        self.mirrors = hosts.map(|(name, _)| name.as_ref().octets().to_ascii_lowercase()).collect();
        self
    }

    /// The hosts of the mirror list, in lower case.
    pub(super) fn mirrors(&self) -> &HashSet<Vec<u8>> {
        &self.mirrors
    }

    /// Whether a reverse zone is here.
    pub(super) fn has_reverse(&self) -> bool {
        self.reverse != [false; 2]
    }

    /// Whether a reverse zone for the family of an address is here.
    pub(super) fn serves_reverse(&self, address: IpAddr) -> bool {
        self.reverse[usize::from(address.is_ipv6())]
    }

    /// The zones next below this one, known or not.
    pub(super) fn children<'n>(&self, apex: NameRef<'n>) -> impl Iterator<Item = &'c Entry> + use<'c, 'n> {
        self.catalog.children(apex)
    }

    /// Whether a zone above the one that a name lies in has records for the name, below a cut: they are never served, and
    /// were meant to be.
    pub(super) fn is_hidden(&self, name: NameRef<'_>) -> bool {
        let mut zone = self.catalog.zone(name);
        while let Some(entry) = zone {
            zone = entry.apex.as_ref().parent().and_then(|parent| self.catalog.zone(parent));
            let node = zone.and_then(|above| above.authority.as_deref()?.node(name));
            if node.is_some_and(|node| node.rrsets().len() > 0) {
                return true;
            }
        }
        false
    }

    /// The zone with this apex, if it is here and known.
    pub(super) fn zone(&self, apex: NameRef<'_>) -> Option<&'c Authority> {
        self.catalog.exact(apex)?.authority.as_deref()
    }

    /// The zone above this one, if it is here and known.
    pub(super) fn parent(&self, apex: NameRef<'_>) -> Option<&'c Authority> {
        self.catalog.zone(apex.parent()?)?.authority.as_deref()
    }

    /// The zone that a cut of a zone here delegates to, if it is here and known.
    pub(super) fn child(&self, cut: NameRef<'_>) -> Option<&'c Authority> {
        // A million cuts cost nothing where no zone lies below another.
        if self.catalog.is_nested() { self.zone(cut) } else { None }
    }

    /// Whether a name below a zone here, such as a cut, is the apex of another, known or not.
    pub(super) fn has_zone(&self, name: NameRef<'_>) -> bool {
        self.catalog.is_nested() && self.catalog.exact(name).is_some()
    }

    /// Whether a name exists, for the price of one lookup.
    pub(super) fn presence(&self, name: NameRef<'_>) -> Presence {
        self.tell(&Question::new(name, self.catalog.key())).0
    }

    /// What [`presence`](Self::presence) says of each of these names, and whether it has addresses. It is brought
    /// near for many names together.
    pub(super) fn tell_all(&self, names: &[NameRef<'_>]) -> Vec<(Presence, bool)> {
        let mut told = Vec::with_capacity(names.len());
        for names in names.chunks(BATCH) {
            let questions: Vec<_> = names.iter().map(|&name| Question::new(name, self.catalog.key())).collect();
            let mut near = Near::new();
            questions.iter().for_each(|question| near.add(self.catalog, question, Rtype::A));
            near.read();
            told.extend(questions.iter().map(|question| self.tell(question)));
        }
        told
    }

    /// Whether a name exists, and whether it has addresses.
    fn tell(&self, question: &Question<'_>) -> (Presence, bool) {
        let Some(entry) = self.catalog.find(question, Rtype::A) else { return (Presence::Outside, false) };
        let Some(zone) = entry.authority.as_deref() else { return (Presence::Unknown, false) };
        let found = lookup(zone, question, Rtype::A);
        let existing = if found.is_wildcard { Presence::Wildcard } else { Presence::Exists };
        match found.outcome {
            Outcome::Answer(_) => (existing, true),
            Outcome::NoData => (existing, matches!(lookup(zone, question, Rtype::AAAA).outcome, Outcome::Answer(_))),
            Outcome::Alias(_) | Outcome::Redirect(..) => (Presence::Alias, false),
            Outcome::Referral(..) => (Presence::Unknown, false),
            Outcome::NxDomain => (Presence::Missing, false),
        }
    }

    /// What is said of a name, no alias followed.
    pub(super) fn ask(&self, name: NameRef<'_>) -> Answer<'c> {
        let question = Question::new(name, self.catalog.key());
        let Some(entry) = self.catalog.find(&question, Rtype::A) else { return Answer::Outside };
        let Some(zone) = entry.authority.as_deref() else { return Answer::Unknown };
        let found = lookup(zone, &question, Rtype::A);
        let v6 = || match lookup(zone, &question, Rtype::AAAA).outcome {
            Outcome::Answer(rrset) => Some(rrset),
            _ => None,
        };
        match found.outcome {
            Outcome::Answer(rrset) => Answer::Exists { v4: Some(rrset), v6: v6() },
            Outcome::NoData => Answer::Exists { v4: None, v6: v6() },
            Outcome::Alias(rrset) => Answer::Alias { rrset, dname: None },
            Outcome::Redirect(rrset, node) => Answer::Alias { rrset, dname: Some(node.name()) },
            Outcome::Referral(..) => Answer::Unknown,
            Outcome::NxDomain => Answer::Missing,
        }
    }

    /// What is said of a name at the end of its aliases.
    pub(super) fn follow(&self, name: NameRef<'_>) -> Walk<'c> {
        let mut walk = Walk { names: Vec::new(), end: self.ask(name), is_loop: false };
        while let Answer::Alias { rrset, dname } = walk.end
            && walk.names.len() < MAX_STEPS
        {
            let last = walk.names.last().map_or(name, Name::as_ref);
            let Some(next) = next_name(last, rrset, dname) else { break };
            walk.is_loop = next.as_ref().is(name) || walk.names.iter().any(|known| known.as_ref().is(next.as_ref()));
            walk.end = self.ask(next.as_ref());
            walk.names.push(next);
            if walk.is_loop {
                break;
            }
        }
        walk
    }
}

/// The name that an alias stands for; none where a DNAME makes one too long (RFC 6672 §2.2).
fn next_name(name: NameRef<'_>, rrset: RrsetRef<'_>, dname: Option<NameRef<'_>>) -> Option<Name> {
    let target = target(rrset.rtype(), rrset.first())?;
    match dname {
        None => Some(target.to_name()),
        Some(owner) => {
            let kept = name.octets().len().checked_sub(owner.octets().len())?;
            let octets = [&name.octets()[..kept], target.octets()].concat();
            NameRef::parse(&octets).map(NameRef::to_name)
        }
    }
}

/// The first name in a record's data.
pub(super) fn target(rtype: Rtype, octets: &[u8]) -> Option<NameRef<'_>> {
    let name = rdata::names(rtype, octets).next()?;
    Some(NameRef::trusted(&octets[name.start..name.end]))
}
