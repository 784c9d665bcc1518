//! ## What it does
//! Finds names that end a wildcard's reach by lying below names that only the wildcard answered for.
//! ## Why is this bad
//! A name above another one exists, if only as an empty non-terminal, and a wildcard stands only for names that do not
//! (RFC 4592 §2.2.2). With `*` and `_acme-challenge.shop`, the name `shop` exists, and the wildcard's address is taken from
//! it: the site is gone.
//! ## Example
//! ```zone
//! *                     IN A    192.0.2.10
//! _acme-challenge.shop  IN TXT  "…"            ; `shop` has no address any more
//! ```
//! ## Fix
//! Repeat the wildcard's records at the name between.

use super::wildcard_shadowed::wildcards;
use crate::dns::NameRef;
use crate::lint::{Report, Subject};

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    for (wildcard, parent) in wildcards(subject) {
        let labels = parent.label_count() + 1;
        let mut last: Option<NameRef<'_>> = None;
        for node in wildcard.around(parent).filter(|node| node.name().label_count() > labels) {
            let between = node.name().suffix(labels);
            if last.is_some_and(|last| last.is(between)) || !is_stopped(between, subject) {
                continue;
            }
            last = Some(between);
            let Some(record) = node.rrsets().next().and_then(|rrset| rrset.records().next()) else { continue };
            let headline = format!("`{}` no longer stands for `{between}`", wildcard.name());
            let mut finding = report.finding(report.owner_or_type(record), headline);
            finding = finding.label(format!("by this name, `{between}` exists, without records"));
            if let Some(rrset) = wildcard.rrsets().next() {
                finding = finding.also(report.first(rrset), "the wildcard");
            }
            report.add(
                finding
                    .why("a wildcard stands for names that do not exist, and a name above another one does (RFC 4592 §2.2.2)")
                    .fix(format!("repeat the wildcard's records at `{between}`")),
            );
        }
    }
}

/// Whether a name may be asked for and has nothing to tell.
fn is_stopped(between: NameRef<'_>, subject: &Subject<'_>) -> bool {
    let is_host = between.labels().next().is_some_and(|label| !label.starts_with(b"_") && label != b"*");
    is_host && subject.zone.node(between).is_none()
}
