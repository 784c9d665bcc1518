//! ## What it does
//! Finds records whose name lies in another zone served here, below this one and not delegated by it.
//! ## Why is this bad
//! A server answers from the zone nearest to the name (RFC 1034 §4.3.2), so the records here are never an answer, and an
//! edit of them changes nothing. Where the name is delegated, `data-below-delegation` says the same.
//! ## Example
//! ```zone
//! www.sub  IN A  192.0.2.10      ; and sub.example.org is a zone of its own here
//! ```
//! ## Fix
//! Move the records to the other zone, and delegate it from this one.

use crate::dns::NameRef;
use crate::lint::{Others, Report, Subject};
use crate::zone::{Node, Zone};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let zone = subject.zone;
    for child in others.children(zone.apex()) {
        let child = child.apex.as_ref();
        if is_delegated(child, zone) {
            continue;
        }
        for node in zone.nodes_below(child).filter(|node| !node.is_hash()) {
            add(node, child, report);
        }
    }
}

/// Whether the zone has a cut at or above the child's apex.
fn is_delegated(child: NameRef<'_>, zone: &Zone) -> bool {
    let above = std::iter::successors(Some(child), |name| name.parent()).take_while(|name| name.is_below(zone.apex()));
    { above }.any(|name| zone.node(name).is_some_and(Node::is_delegation))
}

fn add(node: Node<'_>, child: NameRef<'_>, report: &mut Report<'_>) {
    let Some(record) = node.rrsets().next().and_then(|rrset| rrset.records().next()) else { return };
    let headline = format!("`{}` lies in the zone `{child}`, which is served here too", node.name());
    let finding = report.finding(report.owner_or_type(record), headline).label("never served from this zone");
    report.add(
        finding
            .why("a server answers from the zone nearest to the name (RFC 1034 §4.3.2)")
            .fix(format!("move the record to the file of the zone `{child}`")),
    );
}
