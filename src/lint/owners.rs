//! Whose records are whose, and what a change does to them.
//!
//! In: the config's `[[owners]]`, who acts, and a zone before and after. Out: one [`Claim`] an entry whose records changed and
//! whose owners the one who acts is not among. Looks at records and at no file: an rrset that only moved to another file, or
//! below another `$ORIGIN`, is the same.
//!
//! # Design
//!
//! An rrset belongs to one entry: of those whose subtree holds its owner name and whose types name its type, the one with
//! the longest subtree, and at one subtree the one that lists types before the one for all. No two entries say the same
//! (config refuses it), so nothing depends on their order. What belongs to no entry is anybody's.
//!
//! NS and DS records of a cut and DNAME records speak for every name below theirs, whatever records those have: they are the
//! business of the entries below too. What a signer or a tool derives from other records (RRSIG, NSEC, NSEC3, ZONEMD) and a
//! raised serial number are nobody's.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::dns::{Name, NameRef, Rtype};
use crate::zone::RrsetChange;
use crate::zonefile::rdata::Mnemonic;

/// What follows from other records, and is judged against them by rules of its own.
const DERIVED: &[Rtype] = &[Rtype::RRSIG, Rtype::NSEC, Rtype::NSEC3, Rtype::ZONEMD];

/// How many rrsets a headline names.
const SHOWN: usize = 3;

/// One `[[owners]]`.
#[derive(Clone, PartialEq, Debug)]
pub struct Owner {
    /// The name at or below which it holds.
    pub subtree: Name,
    /// The types that it is about; empty: all.
    pub types: Vec<Rtype>,
    /// People, as `--actor` names them.
    pub people: Vec<String>,
    /// Teams, as `--team` names them.
    pub teams: Vec<String>,
}

/// All of them, by subtree in canonical order: what lies below a name stands together.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Owners(Vec<Owner>);

/// A person or a team as it is written, the `@` of a mention apart.
pub fn without_mention(text: &str) -> &str {
    text.trim().trim_start_matches('@')
}

/// Who makes the change that is judged.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Acting {
    /// Who; none where only teams are known.
    pub actor: Option<String>,
    /// The teams that they are in.
    pub teams: Vec<String>,
}

/// The records of one entry that a change touches.
pub(super) struct Claim<'z> {
    pub(super) owner: &'z Owner,
    pub(super) changes: Vec<RrsetChange<'z>>,
}

impl Owners {
    /// The entries, in any order.
    pub fn new(mut owners: Vec<Owner>) -> Self {
        owners.sort_by(|one, other| one.subtree.as_ref().canonical_cmp(other.subtree.as_ref()));
        Self(owners)
    }

    /// The entries whose owners a change of the zone `apex` needs: those whose records it touches and that are not `acting`'s.
    pub(super) fn claims<'z>(
        &'z self,
        changes: &[RrsetChange<'z>],
        apex: NameRef<'_>,
        acting: Option<&Acting>,
    ) -> Vec<Claim<'z>> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let mut claimed: BTreeMap<usize, Vec<RrsetChange<'z>>> = BTreeMap::new();
        for change in changes.iter().filter(|change| !DERIVED.contains(&change.rtype())) {
            let below = if speaks_for_below(change, apex) { self.below(change.owner()) } else { 0..0 };
            for index in self.of(change.owner(), change.rtype()).into_iter().chain(below) {
                claimed.entry(index).or_default().push(*change);
            }
        }
        let is_open = |(owner, _): &(&Owner, _)| !acting.is_some_and(|acting| owner.has(acting));
        let claims = claimed.into_iter().map(|(index, changes)| (&self.0[index], changes)).filter(is_open);
        claims.map(|(owner, changes)| Claim { owner, changes }).collect()
    }

    /// The entry that an rrset belongs to.
    fn of(&self, name: NameRef<'_>, rtype: Rtype) -> Option<usize> {
        let ancestors = std::iter::successors(Some(name), |name| name.parent());
        ancestors.into_iter().find_map(|ancestor| {
            let start = self.start(|subtree| subtree.canonical_cmp(ancestor) == Ordering::Less);
            let here = self.0[start..].iter().take_while(|owner| owner.subtree.as_ref().is(ancestor));
            let of_type = |(_, owner): &(usize, &Owner)| owner.types.is_empty() || owner.types.contains(&rtype);
            (start..).zip(here).filter(of_type).max_by_key(|(_, owner)| !owner.types.is_empty()).map(|(index, _)| index)
        })
    }

    /// The entries for subtrees below a name.
    fn below(&self, name: NameRef<'_>) -> std::ops::Range<usize> {
        let start = self.start(|subtree| subtree.canonical_cmp(name) != Ordering::Greater);
        let count = self.0[start..].iter().take_while(|owner| owner.subtree.as_ref().is_below(name)).count();
        start..start + count
    }

    fn start(&self, is_before: impl Fn(NameRef<'_>) -> bool) -> usize {
        self.0.partition_point(|owner| is_before(owner.subtree.as_ref()))
    }
}

impl Owner {
    fn has(&self, acting: &Acting) -> bool {
        let is_in = |list: &[String], name: &String| list.iter().any(|known| known.eq_ignore_ascii_case(name));
        acting.actor.iter().any(|actor| is_in(&self.people, actor))
            || acting.teams.iter().any(|team| is_in(&self.teams, team))
    }

    /// The owners as a sentence names them: `ada`, `bob` or the team `dns`.
    pub(super) fn names(&self) -> String {
        let people = self.people.iter().map(|name| format!("`{name}`"));
        let names: Vec<String> = people.chain(self.teams.iter().map(|name| format!("the team `{name}`"))).collect();
        match &names[..] {
            [head @ .., last] if !head.is_empty() => format!("{} or {last}", head.join(", ")),
            names => names.concat(),
        }
    }
}

impl Acting {
    fn name(&self) -> String {
        match &self.actor {
            Some(actor) => format!("`{actor}`"),
            None => "who acts".into(),
        }
    }
}

impl Claim<'_> {
    /// What is told of it.
    pub(super) fn headline(&self, acting: Option<&Acting>) -> String {
        let (what, owners) = (self.what(), self.owner.names());
        match acting {
            None => format!("this change needs a review by {owners}: it touches {what}"),
            Some(acting) => format!("{} is no owner of {what}: {owners} has to agree", acting.name()),
        }
    }

    /// Why it is theirs.
    pub(super) fn why(&self) -> String {
        format!("`[[owners]]` of the base gives them what is at or below `{}`", self.owner.subtree)
    }

    /// What is to be done.
    pub(super) fn fix(&self) -> String {
        format!("ask {} for a review, or leave these records as they were", self.owner.names())
    }

    /// The rrsets, as many as a headline has room for: `www.example.org.` A.
    fn what(&self) -> String {
        let mut text = String::new();
        for change in self.changes.iter().take(SHOWN) {
            let lead = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{lead}`{}` {}", change.owner(), Mnemonic(change.rtype()));
        }
        match self.changes.len().saturating_sub(SHOWN) {
            0 => text,
            more => format!("{text} and {more} more"),
        }
    }
}

fn speaks_for_below(change: &RrsetChange<'_>, apex: NameRef<'_>) -> bool {
    match change.rtype() {
        Rtype::DNAME => true,
        Rtype::NS | Rtype::DS => !change.owner().is(apex),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::absolute(text).expect("a name")
    }

    fn owner(subtree: &str, types: &[Rtype], person: &str) -> Owner {
        Owner { subtree: name(subtree), types: types.to_vec(), people: vec![person.into()], teams: Vec::new() }
    }

    #[test]
    fn an_rrset_belongs_to_the_most_specific_entry() {
        let owners = Owners::new(vec![
            owner("org", &[], "registry"),
            owner("a.example.org", &[], "a"),
            owner("example.org", &[], "all"),
            owner("example.org", &[Rtype::MX, Rtype::TXT], "mail"),
            owner("a.example.org", &[Rtype::NS], "cuts"),
            owner("b.example.org", &[Rtype::A], "b"),
        ]);
        let table = [
            ("example.org", Rtype::A, Some("all")),
            ("EXAMPLE.org", Rtype::MX, Some("mail")),
            ("x.y.example.org", Rtype::TXT, Some("mail")),
            ("a.example.org", Rtype::TXT, Some("a")),
            ("x.A.example.org", Rtype::NS, Some("cuts")),
            ("xa.example.org", Rtype::NS, Some("all")),
            ("b.example.org", Rtype::A, Some("b")),
            ("b.example.org", Rtype::AAAA, Some("all")),
            ("b.example.org", Rtype::MX, Some("mail")),
            ("other.org", Rtype::A, Some("registry")),
            ("example.net", Rtype::A, None),
        ];
        for (at, rtype, wanted) in table {
            let found = owners.of(name(at).as_ref(), rtype).map(|index| owners.0[index].people[0].as_str());
            assert_eq!(found, wanted, "{at} {rtype:?}");
        }
        let below = owners.below(name("Example.org").as_ref());
        let people: Vec<&str> = owners.0[below].iter().map(|owner| owner.people[0].as_str()).collect();
        assert_eq!(people, ["a", "cuts", "b"]);
    }

    #[test]
    fn who_acts_is_told_by_any_case() {
        let owner = Owner { teams: vec!["dns".into()], ..owner("a", &[], "Ada") };
        let acting = |actor: &str, teams: &[&str]| Acting {
            actor: Some(actor.into()),
            teams: teams.iter().map(|team| (*team).into()).collect(),
        };
        assert!(owner.has(&acting("ada", &[])) && owner.has(&acting("bob", &["web", "DNS"])));
        assert!(!owner.has(&acting("dns", &["ada"])), "a person is no team, and a team is no person");
        assert_eq!(owner.names(), "`Ada` or the team `dns`");
    }
}
