//! ## What it does
//! Finds zones with hosts for which no CAA record says who may issue certificates.
//! ## Why is this bad
//! Without one, every certificate authority on earth may issue for the host (RFC 8659 §3). A record counts for its name and
//! for all below it, so one at the apex is enough. Many a healthy zone has none, so the rule is off by default.
//! ## Example
//! ```zone
//! www A 192.0.2.1    ; and no CAA at www or above it
//! ```
//! ## Fix
//! Add `@ CAA 0 issue "CA"` with the name of the CA that you use.

use crate::dns::{NameRef, Rtype};
use crate::lint::{Others, Report, Subject, address};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let zone = subject.zone;
    let in_zone = |name: NameRef<'_>| {
        let above = std::iter::successors(Some(name), |name| name.parent());
        above.take_while(|name| name.is_at_or_below(zone.apex())).any(|name| zone.rrset(name, Rtype::CAA).is_some())
    };
    if zone.rrset(zone.apex(), Rtype::CAA).is_some() || is_above(zone.apex(), others) {
        return;
    }
    let hosts = subject.nodes().filter(|(node, cut)| cut.is_none() && address::any(*node).is_some());
    let mut bare = hosts.map(|(node, _)| node).filter(|node| !in_zone(node.name()));
    let Some(first) = bare.next() else { return };
    let more = match bare.count() {
        0 => String::new(),
        1 => " and one other host".into(),
        more => format!(" and {more} other hosts"),
    };
    let Some(address) = address::any(first) else { return };
    let finding = report
        .finding(report.first(address), format!("no CAA record is for `{}`{more}", first.name()))
        .label("any CA may issue for this host")
        .why("without a CAA record every certificate authority may issue (RFC 8659 §3)")
        .fix("add `@ CAA 0 issue \"CA\"` with the name of the CA that you use");
    report.add(finding);
}

/// Whether a zone above this one that is here has a CAA record at a name above.
fn is_above(apex: NameRef<'_>, others: &Others<'_>) -> bool {
    let above = std::iter::successors(apex.parent(), |name| name.parent());
    above.into_iter().any(|name| {
        let zone = others.catalog.zone(name).and_then(|entry| entry.authority.as_deref());
        zone.and_then(|zone| zone.node(name)).is_some_and(|node| node.rrset(Rtype::CAA).is_some())
    })
}
