//! A zone before and after: what rules about a change as a whole are asked.
//!
//! In: two versions of a zone, and whether the change says that it means to be large. Out: findings in the newer version.
//! What a change is taken against (a branch's base, what is served) is the caller's to know, and the settings that it is
//! judged by are those of that base: a change has no say in its own judgement, so none of these findings can be waived.

use super::owners::Claim;
use super::report::Report;
use super::serial::serial_after;
use super::suppression::Waivers;
use super::{Rule, Scope, Settings, ask, rule_of, rules_of};
use crate::diagnostic::{self, Diagnostic, Repair, Severity};
use crate::dns::Rtype;
use crate::source::{FileId, Sources, Span};
use crate::zone::{Node, Rrset, RrsetChange, Zone, diff};
use crate::zonefile::{Record, rdata};

/// A zone before and after.
pub(super) struct Change<'z> {
    /// None where the zone came with the change.
    pub(super) old: Option<&'z Zone>,
    pub(super) new: &'z Zone,
    /// The rrsets that differ, but for an SOA record of which only the serial does.
    pub(super) rrsets: Vec<RrsetChange<'z>>,
    pub(super) settings: &'z Settings,
    /// Whether the change says that it removes or alters many names on purpose.
    pub(super) is_meant: bool,
}

/// What became of a name.
#[derive(Clone, Copy)]
pub(super) enum Altered<'z> {
    /// It had no records before.
    Added,
    /// It has no records any more.
    Removed(Node<'z>),
    /// Its records are others.
    Changed,
}

/// What rules about a change find in the newer version of a zone, in the order of its text; `old` is none where there was no
/// such zone.
///
/// `is_meant` is whether the change says `Zone-Mass-Change: yes`.
pub fn check_change(
    old: Option<&Zone>,
    new: &Zone,
    sources: &Sources,
    settings: &Settings,
    is_meant: bool,
) -> Vec<Diagnostic> {
    let change = Change { old, new, rrsets: altered(old, Some(new)), settings, is_meant };
    let mut findings = ask(new, sources, settings, &Waivers::default(), 1, |scope, report| {
        if let Scope::Change(check) = scope {
            check(&change, report);
        }
    });
    diagnostic::sort(&mut findings);
    findings
}

/// What rules about a change say of a zone that is no longer there; `sources` holds its file, empty.
pub fn check_removed(old: &Zone, sources: &Sources, settings: &Settings, is_meant: bool) -> Vec<Diagnostic> {
    let (zone, names) = (old.apex(), old.name_count());
    let critical = settings.critical_names.iter().filter(|name| old.node(name.as_ref()).is_some());
    let critical: Vec<String> = critical.map(|name| format!("`{name}`")).collect();
    let place = Span::start_of(FileId(0));
    let told = |(rule, severity): (&'static Rule, Severity)| {
        let headline = match rule.code.name {
            "critical-name-gone" if !critical.is_empty() => {
                format!("the zone `{zone}` is gone, and with it the critical name {}", critical.join(", "))
            }
            "mass-change" if !is_meant => format!("the zone `{zone}` is gone, and all its {names} names with it"),
            _ => return None,
        };
        let finding = Diagnostic::new(&rule.code, place, headline);
        Some(Diagnostic { severity, zone: Some(zone.to_name()), ..finding })
    };
    let findings = rules_of(old, settings).filter_map(told).map(|finding| {
        finding
            .why(format!("`{}` is not among the zones any more, so none of its names is answered", sources.get(place.file).name()))
            .fix("bring the file back, or add the line `Zone-Mass-Change: yes` to the commit's message; critical names are taken off `critical_names` in a change of their own")
    });
    findings.chain(removed_of_owners(old, place, settings)).collect()
}

/// The owners of records that went with their zone.
fn removed_of_owners(old: &Zone, place: Span, settings: &Settings) -> Vec<Diagnostic> {
    let acting = settings.acting.as_ref();
    let Some((rule, severity)) = rules_of(old, settings).find(|(rule, _)| rule.code.name == "not-owner") else {
        return Vec::new();
    };
    let severity = if acting.is_some() { severity } else { Severity::Note };
    let told = |claim: Claim<'_>| {
        let finding = Diagnostic::new(&rule.code, place, claim.headline(acting)).why(claim.why()).fix(claim.fix());
        Diagnostic { severity, zone: Some(old.apex().to_name()), ..finding }
    };
    settings.owners.claims(&altered(Some(old), None), old.apex(), acting).into_iter().map(told).collect()
}

/// Whether a code is of a rule that judges a change as a whole.
pub(super) fn is_of_change(code: &diagnostic::Code) -> bool {
    rule_of(code).is_some_and(|rule| matches!(rule.scope, Scope::Change(_)))
}

impl<'z> Change<'z> {
    /// The names whose records differ, in canonical order.
    pub(super) fn names(&self) -> impl Iterator<Item = Altered<'z>> {
        let node = |zone: &'z Zone, changes: &[RrsetChange<'z>]| zone.node(changes[0].owner());
        self.rrsets.chunk_by(|a, b| a.owner().is(b.owner())).map(move |changes| {
            match (self.old.and_then(|old| node(old, changes)), node(self.new, changes)) {
                (None, _) => Altered::Added,
                (Some(old), None) => Altered::Removed(old),
                (Some(_), Some(_)) => Altered::Changed,
            }
        })
    }

    /// The serial numbers before and after, where both have one.
    pub(super) fn serials(&self) -> Option<(u32, u32)> {
        Some((self.old?.serial()?, self.new.serial()?))
    }

    /// The SOA record after the change.
    pub(super) fn soa(&self) -> Option<&'z Record> {
        self.new.rrset(self.new.apex(), Rtype::SOA)?.records().next()
    }

    /// The serial after `old` by the zone's own scheme, and what puts it where the one of the newer version stands.
    ///
    /// None where that is not written as a number: then it is a generated record's, or `\\#` octets.
    pub(super) fn bump(&self, old: u32, place: Span, report: &Report<'_>) -> (u32, Option<Repair>) {
        let next = serial_after(old, self.settings.now);
        let written = std::str::from_utf8(report.text(place)).ok().and_then(|text| text.parse().ok());
        let is_plain = written.is_some() && written == self.new.serial();
        let repair = || Repair::new(place, next.to_string()).altering([self.new.apex().to_name()]);
        (next, is_plain.then(repair))
    }
}

/// The rrsets that differ, but for an SOA record of which only the serial does.
fn altered<'z>(old: Option<&'z Zone>, new: Option<&'z Zone>) -> Vec<RrsetChange<'z>> {
    let mut changes = diff(old, new);
    changes.retain(|change| !is_bump(change));
    changes
}

/// Whether nothing but the serial number is another.
fn is_bump(change: &RrsetChange<'_>) -> bool {
    let rest = |rrset: Rrset<'_>| {
        let mut octets = rdata::canonical(Rtype::SOA, rrset.rdatas().next()?).into_owned();
        octets.last_chunk_mut::<20>()?[..4].fill(0);
        Some(octets)
    };
    let sides = change.old.zip(change.new).filter(|_| change.rtype() == Rtype::SOA && change.ttls().is_none());
    sides.is_some_and(|(old, new)| rest(old) == rest(new))
}
