//! ## What it does
//! Finds DS records at a name that is not delegated.
//! ## Why is this bad
//! A DS record vouches for the keys of a delegated zone (RFC 4034 §5). Where no NS record delegates the name, there is no
//! such zone, and resolvers that look for one may take the name for bogus.
//! ## Example
//! ```zone
//! sub  IN DS  4711 13 2 …      ; and no NS record of `sub`
//! ```
//! ## Fix
//! Add the NS records of the delegation, mend the name, or delete the DS records.

use crate::dns::Rtype;
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(ds) = node.rrset(Rtype::DS) else { return };
    if node.is_apex() || node.rrset(Rtype::NS).is_some() || subject.cut().is_some() {
        return;
    }
    let name = node.name();
    let finding = report.finding(report.first(ds), format!("`{name}` has DS records and is not delegated"));
    report.add(
        finding
            .label("vouches for the keys of no zone")
            .why("a DS record belongs to the NS records that delegate the name (RFC 4034 §5)")
            .fix(format!("add the NS records of `{name}`, mend the name, or delete the DS records")),
    );
}
