//! ## What it does
//! Finds names beside a wildcard that gives addresses, with records of their own and no address among them.
//! ## Why is this bad
//! A wildcard stands only for names that do not exist (RFC 4592 §2.2.1): a TXT record for `shop` takes the wildcard's address
//! from `shop`, and the site is gone. Names whose first label starts with `_` are nobody's host and not looked at.
//! ## Example
//! ```zone
//! *     IN A    192.0.2.10
//! shop  IN TXT  "site-verification=…"
//! ```
//! ## Fix
//! Repeat the wildcard's records at the name.

use crate::dns::{NameRef, Rtype};
use crate::lint::{Report, Subject};
use crate::zone::Node;

/// What gives a name an address, or hands it to somebody else.
const ADDRESSES: &[Rtype] = &[Rtype::A, Rtype::AAAA, Rtype::CNAME];

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    for (wildcard, parent) in wildcards(subject) {
        let Some(rrset) = wildcard.rrsets().find(|rrset| ADDRESSES.contains(&rrset.rtype())) else { continue };
        let labels = parent.label_count() + 1;
        let siblings = wildcard.around(parent).filter(|node| node.name().label_count() == labels);
        for node in siblings.filter(|node| is_shadowing(*node)) {
            let Some(record) = node.rrsets().next().and_then(|rrset| rrset.records().next()) else { continue };
            let name = node.name();
            let headline = format!("`{name}` has no address, and `{}` gives it none", wildcard.name());
            let finding = report.finding(report.owner_or_type(record), headline).label("a name with records of its own");
            report.add(
                finding
                    .also(report.first(rrset), "stands for names without records only")
                    .why("a wildcard stands for names that do not exist, and this one does (RFC 4592 §2.2.1)")
                    .fix(format!("repeat the wildcard's records at `{name}`")),
            );
        }
    }
}

/// The zone's wildcards, each with the name it stands below.
pub(super) fn wildcards<'z>(subject: &Subject<'z>) -> impl Iterator<Item = (Node<'z>, NameRef<'z>)> {
    subject.survey().wildcards.iter().filter_map(|&node| Some((node, node.name().parent()?)))
}

/// Whether a name exists with records and without an address, though it may be taken for a host.
fn is_shadowing(node: Node<'_>) -> bool {
    let elsewhere = [Rtype::NS, Rtype::DNAME, Rtype::NSEC3];
    let has = |types: &[Rtype]| types.iter().any(|rtype| node.rrset(*rtype).is_some());
    let is_host = node.name().labels().next().is_some_and(|label| !label.starts_with(b"_") && label != b"*");
    is_host && !has(ADDRESSES) && !has(&elsewhere)
}
