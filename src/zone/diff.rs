//! Two zones to the rrsets that one has and the other has not.
//!
//! In: two versions of a zone, or one where it came or went. Out: [`RrsetChange`]s in canonical order. Knows neither queries
//! nor texts: where a record stands is for who holds the texts.
//!
//! # Design
//!
//! Both zones lie in canonical order already, so one walk along both finds every difference in time linear in their size.
//! Data compares in its canonical form (RFC 4034 §6.2), the case of names in it is no change; nor is the order of records,
//! which an rrset does not have (RFC 2181 §5).

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Node, Rrset, Zone};
use crate::dns::{NameRef, Rtype};
use crate::zonefile::rdata;

/// An rrset that is not the same in both zones.
#[derive(Clone, Copy, Debug)]
pub struct RrsetChange<'z> {
    /// As it was; none: it was added.
    pub old: Option<Rrset<'z>>,
    /// As it is; none: it was removed.
    pub new: Option<Rrset<'z>>,
}

/// What became of an rrset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChangeKind {
    /// There was none.
    Added,
    /// There is none any more.
    Removed,
    /// Its TTL or its records are others.
    Altered,
}

impl<'z> RrsetChange<'z> {
    /// Which of the two is missing, if one is.
    pub fn kind(&self) -> ChangeKind {
        match (self.old, self.new) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            _ => ChangeKind::Altered,
        }
    }

    fn some(&self) -> Rrset<'z> {
        self.new.or(self.old).expect("a change has one side at least")
    }

    /// The owner.
    pub fn owner(&self) -> NameRef<'z> {
        self.some().owner()
    }

    /// The type.
    pub fn rtype(&self) -> Rtype {
        self.some().rtype()
    }

    /// The TTLs before and after, in seconds, where both are there and differ.
    pub fn ttls(&self) -> Option<(u32, u32)> {
        let (old, new) = (self.old?.ttl(), self.new?.ttl());
        (old != new).then_some((old, new))
    }

    /// The data of the records that came, in the order of the text.
    pub fn added(&self) -> Vec<&'z [u8]> {
        select(self.new, self.old, false)
    }

    /// The data of the records that went, in the order of the text.
    pub fn removed(&self) -> Vec<&'z [u8]> {
        select(self.old, self.new, false)
    }

    /// The data of the records that stayed, in the order of the new text.
    pub fn kept(&self) -> Vec<&'z [u8]> {
        select(self.new, self.old, true)
    }
}

/// The data of one rrset that the other has too, or lacks.
fn select<'z>(rrset: Option<Rrset<'z>>, other: Option<Rrset<'z>>, is_there: bool) -> Vec<&'z [u8]> {
    let Some(rrset) = rrset else { return Vec::new() };
    let others = sorted(other);
    let is_in = |rdata: &[u8]| others.binary_search(&rdata::canonical(rrset.rtype(), rdata)).is_ok();
    rrset.rdatas().filter(|rdata| is_in(rdata) == is_there).collect()
}

fn sorted(rrset: Option<Rrset<'_>>) -> Vec<Cow<'_, [u8]>> {
    let canonical = |rrset: Rrset<'_>, rdata| rdata::canonical(rrset.rtype(), rdata);
    let mut all: Vec<_> =
        rrset.into_iter().flat_map(|rrset| rrset.rdatas().map(move |rdata| canonical(rrset, rdata))).collect();
    all.sort_unstable();
    all
}

/// Every rrset that is not the same in both, by owner in canonical order, then by type. A zone that is not there has none.
pub fn diff<'z>(old: Option<&'z Zone>, new: Option<&'z Zone>) -> Vec<RrsetChange<'z>> {
    let mut changes = Vec::new();
    let nodes = |zone: Option<&'z Zone>| zone.into_iter().flat_map(Zone::nodes);
    let by_name = |a: &Node<'_>, b: &Node<'_>| a.name().canonical_cmp(b.name());
    merge(nodes(old), nodes(new), by_name, |old, new| diff_nodes(old, new, &mut changes));
    changes
}

fn diff_nodes<'z>(old: Option<Node<'z>>, new: Option<Node<'z>>, changes: &mut Vec<RrsetChange<'z>>) {
    let rrsets = |node: Option<Node<'z>>| node.into_iter().flat_map(Node::rrsets);
    let by_type = |a: &Rrset<'_>, b: &Rrset<'_>| a.rtype().cmp(&b.rtype());
    merge(rrsets(old), rrsets(new), by_type, |old, new| {
        if !is_same(old, new) {
            changes.push(RrsetChange { old, new });
        }
    });
}

fn is_same(old: Option<Rrset<'_>>, new: Option<Rrset<'_>>) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return false };
    let is_alike = old.ttl() == new.ttl() && old.rdatas().len() == new.rdatas().len();
    // Most are written alike, in one order: only the others are sorted.
    is_alike && (old.rdatas().eq(new.rdatas()) || sorted(Some(old)) == sorted(Some(new)))
}

/// Walks along two ordered lists at once, and gives each pair of equals, or the one that has none.
pub fn merge<T>(
    old: impl IntoIterator<Item = T>,
    new: impl IntoIterator<Item = T>,
    order: impl Fn(&T, &T) -> Ordering,
    mut visit: impl FnMut(Option<T>, Option<T>),
) {
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => order(a, b),
        };
        let old = if order.is_le() { old.next() } else { None };
        let new = if order.is_ge() { new.next() } else { None };
        visit(old, new);
    }
}
