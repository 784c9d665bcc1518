//! A zone before and after: what rules about a change as a whole are asked.
//!
//! In: two versions of a zone, and whether the change says that it means to be large. Out: findings in the newer version.
//! What a change is taken against (a branch's base, what is served) is the caller's to know, and the settings that it is
//! judged by are those of that base: a change has no say in its own judgement, so none of these findings can be waived.

use std::cmp::Ordering;

use super::owners::Claim;
use super::report::Report;
use super::rules::report_claims;
use super::suppression::Waivers;
use super::{RULES, Rule, Scope, Settings, rules_of};
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::dns::{NameRef, Rtype};
use crate::source::{FileId, Sources, Span};
use crate::zone::{Node, Rrset, Zone};
use crate::zonefile::rdata;

/// A zone before and after.
pub(super) struct Change<'z> {
    pub(super) old: &'z Zone,
    pub(super) new: &'z Zone,
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

/// What rules about a change find in the newer version of a zone, in the order of its text.
///
/// `is_meant` is whether the change says `Zone-Mass-Change: yes`.
pub fn check_change(old: &Zone, new: &Zone, sources: &Sources, settings: &Settings, is_meant: bool) -> Vec<Diagnostic> {
    let change = Change { old, new, settings, is_meant };
    let mut findings = Vec::new();
    for (rule, severity) in rules_of(new, settings) {
        if let Scope::Change(check) = rule.scope {
            let waivers = Waivers::default();
            let mut report = Report::new(rule, severity, new, sources, settings, &waivers);
            check(&change, &mut report);
            findings.extend(report.finish());
        }
    }
    diagnostic::sort(&mut findings);
    findings
}

/// What rules about a change say of a zone that was not there before, in the order of its text.
pub fn check_added(new: &Zone, sources: &Sources, settings: &Settings) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (rule, severity) in rules_of(new, settings).filter(|(rule, _)| rule.code.name == "not-owner") {
        let waivers = Waivers::default();
        let mut report = Report::new(rule, severity, new, sources, settings, &waivers);
        report_claims(None, new, settings, &mut report);
        findings.extend(report.finish());
    }
    diagnostic::sort(&mut findings);
    findings
}

/// What rules about a change say of a zone that is no longer there; `sources` holds its file, empty.
pub fn check_removed(old: &Zone, sources: &Sources, settings: &Settings, is_meant: bool) -> Vec<Diagnostic> {
    let (zone, names) = (old.apex(), old.name_count());
    let critical = settings.critical_names.iter().filter(|name| has_records(old, name.as_ref()));
    let critical: Vec<String> = critical.map(|name| format!("`{name}`")).collect();
    let place = Span { file: FileId(0), start: 0, end: 0 };
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
    settings.owners.claims(Some(old), None, acting).into_iter().map(told).collect()
}

/// Whether a code is of a rule that judges a change as a whole.
pub(super) fn is_of_change(code: &diagnostic::Code) -> bool {
    RULES.iter().any(|rule| std::ptr::eq(&rule.code, code) && matches!(rule.scope, Scope::Change(_)))
}

impl<'z> Change<'z> {
    /// The names whose records differ, in canonical order; the SOA record's serial makes no difference.
    pub(super) fn altered(&self) -> impl Iterator<Item = Altered<'z>> {
        let (mut old, mut new) = (self.old.nodes().peekable(), self.new.nodes().peekable());
        std::iter::from_fn(move || {
            loop {
                let order = match (old.peek(), new.peek()) {
                    (None, None) => return None,
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (Some(old), Some(new)) => old.name().canonical_cmp(new.name()),
                };
                match order {
                    Ordering::Less => return old.next().map(Altered::Removed),
                    Ordering::Greater => return new.next().map(|_| Altered::Added),
                    Ordering::Equal => {
                        let (before, after) = (old.next()?, new.next()?);
                        if !is_same(before, after) {
                            return Some(Altered::Changed);
                        }
                    }
                }
            }
        })
    }

    /// The serial numbers before and after, where both have one.
    pub(super) fn serials(&self) -> Option<(u32, u32)> {
        Some((serial(self.old)?, serial(self.new)?))
    }

    /// The SOA record after the change.
    pub(super) fn soa(&self) -> Option<Rrset<'z>> {
        self.new.rrset(self.new.apex(), Rtype::SOA)
    }
}

fn serial(zone: &Zone) -> Option<u32> {
    let soa = zone.rrset(zone.apex(), Rtype::SOA)?;
    let numbers = soa.rdatas().next()?.last_chunk::<20>()?;
    numbers.first_chunk().map(|octets| u32::from_be_bytes(*octets))
}

fn is_same(old: Node<'_>, new: Node<'_>) -> bool {
    old.rrsets().len() == new.rrsets().len() && old.rrsets().zip(new.rrsets()).all(|(old, new)| is_same_rrset(old, new))
}

pub(super) fn is_same_rrset(old: Rrset<'_>, new: Rrset<'_>) -> bool {
    if old.rtype() != new.rtype() || old.ttl() != new.ttl() || old.records().len() != new.records().len() {
        return false;
    }
    // The common case allocates nothing: the same records in the same order.
    old.rdatas().eq(new.rdatas()) || canonical(old) == canonical(new)
}

/// The data of an rrset in canonical form and order, a serial number left out.
fn canonical(rrset: Rrset<'_>) -> Vec<Vec<u8>> {
    let of = |octets: &[u8]| {
        let mut octets = rdata::canonical(rrset.rtype(), octets).into_owned();
        if rrset.rtype() == Rtype::SOA
            && let Some(numbers) = octets.last_chunk_mut::<20>()
        {
            numbers[..4].fill(0);
        }
        octets
    };
    let mut all: Vec<_> = rrset.rdatas().map(of).collect();
    all.sort_unstable();
    all
}

/// Whether a name owns records of its own in a zone.
pub(super) fn has_records(zone: &Zone, name: NameRef<'_>) -> bool {
    zone.node(name).is_some()
}
