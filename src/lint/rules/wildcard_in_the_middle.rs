//! ## What it does
//! Finds names with a `*` that is no wildcard: in the middle of the name, or in a label with other characters.
//! ## Why is this bad
//! Only a first label that is `*` and nothing else stands for other names (RFC 4592 §2.1.1). Anywhere else it is a character
//! like any other: the record answers for the very name with the asterisk, which nobody asks for.
//! ## Example
//! ```zone
//! www.*     IN A  192.0.2.10
//! dev-*     IN A  192.0.2.10
//! ```
//! ## Fix
//! Write the names out, or a wildcard whose first label is `*`.

use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, subject: &Subject<'_>, report: &mut Report<'_>) {
    let name = node.name();
    if memchr::memchr(b'*', name.octets()).is_none() {
        return;
    }
    // A `*` in the zone's own name is not the record's.
    let own = name.label_count() - subject.zone.apex().label_count();
    let is_plain = |at: usize, label: &[u8]| memchr::memchr(b'*', label).is_none() || (at == 0 && label == b"*");
    if name.labels().take(own).enumerate().all(|(at, label)| is_plain(at, label)) {
        return;
    }
    let Some(record) = node.rrsets().next().and_then(|rrset| rrset.records().next()) else { return };
    let finding = report.finding(report.owner_or_type(record), format!("the `*` in `{name}` is no wildcard"));
    report.add(
        finding
            .label("stands for itself only")
            .why("only a first label that is `*` alone stands for other names (RFC 4592 §2.1.1)")
            .fix("write the names out, or a name whose first label is `*`"),
    );
}
