//! ## What it does
//! Finds hosts with an IPv4 address and no IPv6 address, or the other way round.
//! ## Why is this bad
//! Clients with one protocol only cannot reach them. Whole networks are built that way, so the rule is off by default.
//! ## Example
//! ```zone
//! www A 192.0.2.1    ; and no AAAA
//! ```
//! ## Fix
//! Add the record of the other family, once the host listens there.

use crate::dns::Rtype;
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, subject: &Subject<'_>, report: &mut Report<'_>) {
    let (has, lacks) = match (node.rrset(Rtype::A), node.rrset(Rtype::AAAA)) {
        (Some(v4), None) => (v4, "AAAA"),
        (None, Some(v6)) => (v6, "A"),
        _ => return,
    };
    if subject.cut().is_some() {
        return;
    }
    let (only, other) = if lacks == "A" { ("IPv6", "IPv4") } else { ("IPv4", "IPv6") };
    let finding = report
        .finding(report.first(has), format!("`{}` has no {lacks} record", node.name()))
        .label(format!("{only} only"))
        .why(format!("clients that have {other} only cannot reach it"))
        .fix(format!("add its {lacks} record, once the host listens there"));
    report.add(finding);
}
