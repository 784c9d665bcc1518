//! What a change does: to the records, and to the answers.
//!
//! In: two [`Snapshot`]s. Out: a [`Diff`], which [`text`], [`markdown`] and [`json`] show. Knows no revisions.
//!
//! # Design
//!
//! Records are compared zone by zone, those of the same texts not at all. Answers are compared by asking both trees: of each
//! name that exists in either, and for each such name of *any* name below it that exists in neither
//! ([`Scope::Below`]). All of the latter are answered alike in each tree, as the closest encloser decides (RFC 4592 §3.3.1):
//! one probe, shown as `*`, speaks for infinitely many.
//!
//! A question's type matters only where an rrset of that type lies on the way: so a name is asked for the types that the
//! trace of a lookup passed, for DS, which the parent's side of a cut answers, and for one type that nobody has, which
//! speaks for all others. ANY is left out (RFC 8482 lets a server choose), and so are the records of DNSSEC's proofs, which
//! a new signature changes at every name.
//!
//! Names that cannot have changed are not asked (`candidates.rs`): those that own the same rrsets in both, no alias among
//! them, with the same wildcard beside them and the same cut above. So the work grows with the trees, and the asking with
//! the change and the aliases.

mod answers;
mod candidates;
pub mod json;
pub mod markdown;
pub mod text;

pub use answers::{AnswerChange, Answers, Change, Scope, at_name};

use super::{Reviewed, Snapshot};
use crate::dns::{NameRef, Rtype};
use crate::zone::{RrsetChange, Zone, diff};

/// The answers that are kept; more are counted.
pub const MAX_ANSWERS: usize = 100_000;

/// What is different between two trees.
#[derive(Debug)]
pub struct Diff<'t> {
    /// The zones that are not the same, in canonical order.
    pub zones: Vec<ZoneChange<'t>>,
    /// The names whose answers are not the same.
    pub answers: Answers,
}

/// A zone that is not the same in both trees.
#[derive(Debug)]
pub struct ZoneChange<'t> {
    /// Its apex.
    pub apex: NameRef<'t>,
    /// As it was; none: it was not there.
    pub old: Option<&'t Reviewed>,
    /// As it is; none: it is not there any more.
    pub new: Option<&'t Reviewed>,
    /// Its rrsets that are not the same, in canonical order.
    pub rrsets: Vec<RrsetChange<'t>>,
}

impl<'t> Diff<'t> {
    /// Compares two trees.
    pub fn of(old: &'t Snapshot, new: &'t Snapshot) -> Self {
        let mut zones = Vec::new();
        let by_name = |a: &&Reviewed, b: &&Reviewed| a.name.as_ref().canonical_cmp(b.name.as_ref());
        diff::merge(old.zones(), new.zones(), by_name, |old, new| zones.extend(ZoneChange::of(old, new)));
        let answers = answers::compare(old, new, &zones);
        Self { zones, answers }
    }

    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        self.zones.is_empty() && self.answers.list.is_empty()
    }
}

impl<'t> ZoneChange<'t> {
    fn of(old: Option<&'t Reviewed>, new: Option<&'t Reviewed>) -> Option<Self> {
        if let (Some(old), Some(new)) = (old, new)
            && old.has_texts_of(new)
        {
            return None;
        }
        let zone = |reviewed: Option<&'t Reviewed>| reviewed.and_then(|reviewed| reviewed.zone.as_ref());
        let (old_zone, new_zone): (Option<&'t Zone>, _) = (zone(old), zone(new));
        let rrsets = diff::diff(old_zone, new_zone);
        let is_same = old.is_some() == new.is_some() && old_zone.is_some() == new_zone.is_some() && rrsets.is_empty();
        let apex = old.or(new)?.name.as_ref();
        (!is_same).then_some(Self { apex, old, new, rrsets })
    }

    /// In a few words, what became of the zone as a whole.
    fn state(&self) -> &'static str {
        let is_broken = |reviewed: Option<&Reviewed>| reviewed.is_some_and(|reviewed| reviewed.zone.is_none());
        match (self.old, self.new) {
            (None, Some(_)) if is_broken(self.new) => "a new zone, which has errors and cannot be served",
            (None, _) => "a new zone",
            (_, None) => "the zone is gone",
            _ if is_broken(self.new) => "the new version has errors and cannot be served",
            _ if is_broken(self.old) => "the old version had errors and could not be served",
            _ => "",
        }
    }

    /// How many records came and went, and how many rrsets have another TTL.
    fn counts(&self) -> (usize, usize, usize) {
        let shown = || self.rrsets.iter().filter(|change| !is_proof(change.rtype()));
        let added = shown().map(|change| change.added().len()).sum();
        let removed = shown().map(|change| change.removed().len()).sum();
        (added, removed, shown().filter(|change| change.ttls().is_some()).count())
    }

    /// How many rrsets of signatures and proofs are not the same.
    fn proofs(&self) -> usize {
        self.rrsets.iter().filter(|change| is_proof(change.rtype())).count()
    }
}

/// Whether a type signs or proves what others say: a new signature changes them all.
pub(super) fn is_proof(rtype: Rtype) -> bool {
    matches!(rtype, Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3)
}

/// Seconds as people say them: `1h`, `1d12h`, `90s` as `1m30s`.
fn duration(seconds: u32) -> String {
    const UNITS: [(u32, char); 5] = [(604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];
    let mut left = seconds;
    let mut text = String::new();
    for (unit, letter) in UNITS {
        if left >= unit {
            text += &format!("{}{letter}", left / unit);
            left %= unit;
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}
