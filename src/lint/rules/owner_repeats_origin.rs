//! ## What it does
//! Finds owners that are written as full names and lack their last dot, so that the zone's name stands in them twice.
//! ## Why is this bad
//! `www.example.org` without a dot at its end is relative (RFC 1035 §5.1): the record belongs to
//! `www.example.org.example.org.`, which nobody asks for, and `www.example.org.` has none.
//! ## Example
//! ```zone
//! www.example.org IN A 192.0.2.1    ; in the zone example.org
//! ```
//! ## Fix
//! Write `www`, or `www.example.org.` with its dot. `check --fix` writes the dot where the name that is written has no records
//! of these types yet, and nothing here names the doubled one.

use crate::diagnostic::{Diagnostic, Edit, Repair};
use crate::dns::{Name, NameRef, Rtype};
use crate::lint::{Report, Subject};
use crate::source::Span;
use crate::zone::{Node, Rrset};

pub(super) fn check(node: Node<'_>, subject: &Subject<'_>, report: &mut Report<'_>) {
    let (name, apex) = (node.name(), subject.zone.apex());
    if !repeats(name, apex) || (apex.label_count() < 2 && subject.cut().is_some()) {
        return;
    }
    let apex = apex.to_string().to_ascii_lowercase();
    let bare = apex.trim_end_matches('.');
    let owners = node.rrsets().flat_map(|rrset| rrset.records()).map(|record| report.places(record).owner);
    let written = |place: &crate::source::Span| String::from_utf8_lossy(report.text(*place)).to_ascii_lowercase();
    let ends_in_zone = |text: &str| text.strip_suffix(bare).is_some_and(|head| head.is_empty() || head.ends_with('.'));
    // The first records may inherit the owner; one that writes it is to blame.
    let Some(place) = owners.into_iter().find(|place| ends_in_zone(&written(place))) else { return };
    let text = written(&place);
    let head = text.strip_suffix(bare).unwrap_or_default().trim_end_matches('.');
    let relative = if head.is_empty() { "@" } else { head };
    let finding = report
        .finding(place, format!("this record belongs to `{name}`, which has the zone's name in it twice"))
        .label("no dot at its end, so the origin is added")
        .why("a name without a last dot is relative (RFC 1035 §5.1); nobody asks for this one")
        .fix(format!("write `{text}.`, or `{relative}` where the origin is the zone"));
    let repair = repair(node, subject, report, &ends_in_zone);
    report.add(Diagnostic { repair, ..finding });
}

/// The dots, where that is the only reading that makes sense: nothing here names the doubled name, and the name that is
/// written has no records of these types, which would then be two opinions of one.
fn repair(
    node: Node<'_>,
    subject: &Subject<'_>,
    report: &Report<'_>,
    ends_in_zone: &dyn Fn(&str) -> bool,
) -> Option<Repair> {
    let records = || node.rrsets().flat_map(|rrset| rrset.records());
    if records().any(|record| report.is_generated(record)) || subject.is_target(node.name()) {
        return None;
    }
    let written = |place: &Span| std::str::from_utf8(report.text(*place)).ok().filter(|text| !text.trim().is_empty());
    let mut places: Vec<Span> = records().map(|record| report.places(record).owner).collect();
    places.retain(|place| written(place).is_some());
    places.sort_unstable();
    places.dedup();
    let edit = |place: &Span| {
        let text = written(place).filter(|text| ends_in_zone(&text.to_ascii_lowercase()))?;
        Some(Edit { span: *place, text: format!("{text}.") })
    };
    let edits: Vec<Edit> = places.iter().map(edit).collect::<Option<_>>()?;
    let meant = Name::parse(report.text(*places.first()?), Some(NameRef::ROOT)).ok()?;
    let is_free = |rrset: Rrset<'_>| subject.zone.rrset(meant.as_ref(), rrset.rtype()).is_none();
    // What a cut hides is not served: then the record helps nobody under either name.
    let is_cut = |name: &NameRef<'_>| subject.zone.rrset(*name, Rtype::NS).is_some();
    let apex = subject.zone.apex();
    let mut above = std::iter::successors(Some(meant.as_ref()), |name| name.parent()).take_while(|name| name.is_below(apex));
    let is_inside = meant.as_ref().is_at_or_below(apex) && !above.any(|name| is_cut(&name));
    let alters = vec![node.name().to_name(), meant.clone()];
    (is_inside && node.rrsets().all(is_free)).then_some(Repair { edits, alters })
}

/// Whether the zone's name stands once more among the labels before it.
fn repeats(name: NameRef<'_>, apex: NameRef<'_>) -> bool {
    let Some(head) = name.octets().len().checked_sub(apex.octets().len()) else { return false };
    let own = apex.octets().len() - 1;
    if own == 0 || head < own {
        return false;
    }
    let octets = name.octets();
    let mut at = 0;
    while at + own <= head {
        if octets[at..at + own].eq_ignore_ascii_case(&apex.octets()[..own]) {
            return true;
        }
        at += 1 + usize::from(octets[at]);
    }
    false
}
