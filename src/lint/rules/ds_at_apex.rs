//! ## What it does
//! Finds DS records at a zone's own name.
//! ## Why is this bad
//! The DS records of a zone belong to its parent; at the zone's apex they must not appear (RFC 4035 §2.4). There they vouch
//! for nothing, and the zone stays insecure until the parent has them.
//! ## Example
//! ```zone
//! @  IN DS  4711 13 2 …
//! ```
//! ## Fix
//! Give the records to the parent zone, or write them as CDS, by which a parent may fetch them (RFC 7344).

use crate::dns::Rtype;
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, _subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(ds) = node.rrset(Rtype::DS).filter(|_| node.is_apex()) else { return };
    let name = node.name();
    let finding = report.finding(report.first(ds), format!("`{name}` has DS records at its own apex"));
    report.add(
        finding
            .label("the parent zone is their place")
            .why("a zone's DS records must not appear at its apex: only the parent's vouch for its keys (RFC 4035 §2.4)")
            .fix("move them to the parent zone, or write `CDS` in place of `DS`"),
    );
}
