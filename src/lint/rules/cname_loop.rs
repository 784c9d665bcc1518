//! ## What it does
//! Finds aliases that lead back to themselves.
//! ## Why is this bad
//! A resolver goes round until it gives up, and answers SERVFAIL for every name of the loop (RFC 1034 §3.6.2).
//! ## Example
//! ```zone
//! a  IN CNAME b
//! b  IN CNAME a
//! ```
//! ## Fix
//! Let one of them name the host that was meant.

use crate::dns::{NameRef, Rtype};
use crate::lint::others::{Presence, Walk};
use crate::lint::{Others, Report, Subject, Target};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    for (alias, _) in subject.targets_that(others, &[Presence::Alias], &[Rtype::CNAME]) {
        let owner = alias.rrset.owner();
        let walk = others.follow(owner);
        if walk.is_loop && leads_back_to(&walk, owner) && is_first(&walk, owner, others) {
            report_loop(alias, &walk, subject, report);
        }
    }
}

fn leads_back_to(walk: &Walk<'_>, owner: NameRef<'_>) -> bool {
    walk.names.last().is_some_and(|last| last.as_ref().is(owner))
}

/// Whether the loop is told of here: at its first name in canonical order, of those that lie in a zone judged now.
fn is_first(walk: &Walk<'_>, owner: NameRef<'_>, others: &Others<'_>) -> bool {
    let is_judged = |name: NameRef<'_>| others.catalog.zone(name).is_some_and(|zone| (others.is_judged)(zone.apex.as_ref()));
    let zone = |name| others.catalog.zone(name).map(|entry| entry.apex.as_ref());
    let own = zone(owner);
    walk.names.iter().map(|name| name.as_ref()).all(|name| {
        let counts = zone(name) == own || is_judged(name);
        name.is(owner) || !counts || owner.canonical_cmp(name).is_lt()
    })
}

fn report_loop(alias: &Target<'_>, walk: &Walk<'_>, subject: &Subject<'_>, report: &mut Report<'_>) {
    let owner = alias.rrset.owner();
    let headline = match walk.names.len() {
        1 => format!("`{owner}` is an alias of itself"),
        count => format!("`{owner}` leads back to itself over {count} aliases"),
    };
    let mut finding = report.finding(report.target(alias), headline).label("this alias is part of a loop");
    for name in walk.names.iter().map(|name| name.as_ref()).filter(|name| !name.is(owner)) {
        if let Some(record) = subject.zone.rrset(name, Rtype::CNAME).and_then(|rrset| rrset.records().next()) {
            finding = finding.also(report.rdata(record), "and so is this one");
        }
    }
    report.add(
        finding
            .why("a resolver goes round until it gives up, and answers SERVFAIL (RFC 1034 §3.6.2)")
            .fix("let one of the aliases name the host that was meant"),
    );
}
