//! ## What it does
//! Finds targets in a domain that looks like one of the organisation's own misspelt: `almalinust.org` for `almalinux.org`.
//! ## Why is this bad
//! The name belongs to nobody, or to somebody who waits for such slips and then gets the traffic, the mail or the zone. The
//! domains are those of `organisation` in the config; without that the rule is silent. Digits and other top-level domains
//! make no slip.
//! ## Example
//! ```zone
//! www  IN CNAME  web.almalinust.org.
//! ```
//! ## Fix
//! Write the domain as it is. If the other is really meant, say so with a waiver on the record's line.

use super::targets;
use crate::dns::{Name, NameRef};
use crate::lint::others::Presence;
use crate::lint::slip::is_slip_of;
use crate::lint::survey::TARGET_TYPES;
use crate::lint::{Others, Report, Subject};

const WHY: &str = "the domain is nobody's, or belongs to somebody who gets what was meant for you";

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let own = &subject.settings.organisation;
    if own.is_empty() {
        return;
    }
    let outside = subject.targets_that(others, &[Presence::Outside], &TARGET_TYPES).map(|(target, _)| target);
    let suspects = outside.filter(|target| model(target.name, own).is_some());
    for group in targets::by_name(suspects) {
        let name = group[0].name;
        let Some(model) = model(name, own) else { continue };
        let wrong = name.suffix(model.as_ref().label_count());
        let headline = |lines: &str| format!("`{wrong}` looks like `{model}` misspelt{lines}");
        let finding = targets::finding(&group, report, headline, "not a domain of the organisation");
        let kept = &name.octets()[..name.octets().len() - wrong.octets().len()];
        let octets = [kept, model.as_ref().octets()].concat();
        let mended = NameRef::parse(&octets).map_or_else(|| model.to_string(), |mended| mended.to_string());
        report.add(finding.why(WHY).fix(format!("write `{mended}`")));
    }
}

/// The domain of the organisation that a name's looks like, if it is none of them.
fn model<'d>(name: NameRef<'_>, own: &'d [Name]) -> Option<&'d Name> {
    if own.iter().any(|domain| name.is_at_or_below(domain.as_ref())) {
        return None;
    }
    own.iter().find(|domain| is_slip_of(name.suffix(domain.as_ref().label_count()), domain.as_ref()))
}
