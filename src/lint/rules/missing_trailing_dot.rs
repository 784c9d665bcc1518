//! ## What it does
//! Finds names in data that lack their last dot: relative names that read like full ones, and do not exist as they are read.
//! ## Why is this bad
//! A name without its last dot is relative, so the origin is put behind it (RFC 1035 §5.1): `mail.example.net` in the zone
//! `example.org` means `mail.example.net.example.org.`. A name reads like a full one if it repeats the origin, is the name
//! of a host served here, or ends in a top-level domain that is no name of the zone.
//! ## Example
//! ```zone
//! @  IN MX  10 mail.example.net
//! ```
//! ## Fix
//! Write the last dot. `check --fix` does so where the name with its dot is a host served here, and nothing is at the name
//! as it is read: a name elsewhere may be meant, and nothing here can tell.

use crate::diagnostic::{Diagnostic, Repair, Severity};
use crate::dns::{Name, NameRef, Rtype};
use crate::lint::others::Presence;
use crate::lint::slip::is_top_level;
use crate::lint::{Others, Report, Subject, Target};
use crate::source::Span;
use crate::zonefile::rdata::{self, Kind, Mnemonic};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    for (target, known) in subject.targets(others) {
        judge(target, known.presence, subject, others, report);
    }
}

fn judge(target: &Target<'_>, presence: Presence, subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let Target { rrset, record, name, at } = *target;
    let apex = subject.zone.apex();
    // Two labels at least stand before the origin, or nothing reads like a full name.
    if !name.is_below(apex) || name.label_count() < apex.label_count() + 2 {
        return;
    }
    let worst = match presence {
        Presence::Missing => Severity::Error,
        Presence::Wildcard => Severity::Warning,
        Presence::Exists | Presence::Alias | Presence::Unknown | Presence::Outside => return,
    };
    let Some(place) = field_of_name(rrset.rtype(), at.into()).map(|field| report.field(record, field)) else { return };
    let written = report.text(place);
    let Ok(full) = Name::parse(written, Some(NameRef::ROOT)) else { return };
    if written.ends_with(b".") || !reads_like_full(full.as_ref(), subject, others) {
        return;
    }
    let finding = finding(rrset.rtype(), name, &full, place, worst, report);
    // Nothing is at the name as it is read, and a host served here is at the one with the dot: the only reading that resolves.
    let is_host = || matches!(others.presence(full.as_ref()), Presence::Exists | Presence::Alias);
    let is_sure = worst == Severity::Error && !report.is_generated(record) && is_host();
    let text = std::str::from_utf8(written).ok().filter(|_| is_sure);
    let repair = text.map(|text| Repair::new(place, format!("{text}.")).altering([rrset.owner().to_name()]));
    report.add_at_most(worst, Diagnostic { repair, ..finding });
}

/// Whether a name was meant as it stands.
fn reads_like_full(full: NameRef<'_>, subject: &Subject<'_>, others: &Others<'_>) -> bool {
    let zone = subject.zone;
    if full.label_count() < 2 {
        return false;
    }
    let is_of_zone = !zone.apex().is_root() && full.is_at_or_below(zone.apex());
    let is_host = || matches!(others.presence(full), Presence::Exists | Presence::Alias);
    is_of_zone || is_host() || ends_in_top_level(full, subject, others)
}

/// Whether the last label is a top-level domain, and no name of the zone: `stg.id` may mean a host of the zone's `id`.
fn ends_in_top_level(full: NameRef<'_>, subject: &Subject<'_>, others: &Others<'_>) -> bool {
    let Some(last) = full.labels().last().filter(|last| is_top_level(last)) else { return false };
    let octets = [&[last.len() as u8][..], last, subject.zone.apex().octets()].concat();
    let presence = NameRef::parse(&octets).map(|name| others.presence(name));
    matches!(presence, Some(Presence::Missing | Presence::Wildcard))
}

/// Which field of a type's data holds its name number `at`, where every field before it is one word.
fn field_of_name(rtype: Rtype, at: usize) -> Option<usize> {
    let row = rdata::types().iter().find(|row| row.rtype == rtype)?;
    let is_name = |kind: Kind| matches!(kind, Kind::CompressibleName | Kind::CanonicalName | Kind::Name);
    let names = row.fields.iter().enumerate().filter(|(_, field)| is_name(field.kind));
    names.map(|(index, _)| index).nth(at)
}

fn finding(
    rtype: Rtype,
    name: NameRef<'_>,
    full: &Name,
    place: Span,
    worst: Severity,
    report: &Report<'_>,
) -> Diagnostic {
    let what = match worst {
        Severity::Error => "which does not exist",
        _ => "which a wildcard stands for",
    };
    let target = match rtype {
        Rtype::SOA => "a name of the SOA record".into(),
        _ => format!("the {} target", Mnemonic(rtype)),
    };
    let headline = format!("{target} has no trailing dot and becomes `{name}`, {what}");
    let finding = report.finding(place, headline).label("relative, so the origin is put behind it");
    finding
        .why("a name without its last dot is completed with the origin (RFC 1035 §5.1)")
        .fix(format!("write `{full}`"))
}
