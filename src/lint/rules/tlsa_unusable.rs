//! ## What it does
//! Finds TLSA and SMIMEA records whose usage, selector or matching type means nothing.
//! ## Why is this bad
//! Clients pass over a record whose numbers they do not know (RFC 6698 §4.1), as if it were not there. It happens when two
//! of the numbers change places, or one of them is left out.
//! ## Example
//! ```zone
//! _25._tcp.mx1 TLSA 3 3 1 f2fb7417c329258cd573e76ec6e0b06607a8ec5325f9cb0fe60a57215ecf5534
//! ```
//! ## Fix
//! Mail hosts want `3 1 1`: the host's own key (usage 3), the key alone (selector 1), as SHA-256 (matching type 1).

use crate::dns::Rtype;
use crate::lint::{Report, Subject};
use crate::zone::Node;

/// The fields, the last number that is assigned (RFC 7218 §2), and what the numbers are.
const FIELDS: &[(&str, u8, &str)] = &[
    ("certificate usage", 3, "0 to 3"),
    ("selector", 1, "0, the whole certificate, or 1, its key"),
    ("matching type", 2, "0, the data itself, 1, SHA-256, or 2, SHA-512"),
];

/// Numbers from here on are for private use (RFC 6698 §7).
const PRIVATE: u8 = 255;

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    for rrset in node.rrsets().filter(|rrset| matches!(rrset.rtype(), Rtype::TLSA | Rtype::SMIMEA)) {
        for (record, rdata) in rrset.records().zip(rrset.rdatas()) {
            let is_odd = |(index, (_, last, _)): &(usize, &(&str, u8, &str))| {
                rdata.get(*index).is_some_and(|number| (*last + 1..PRIVATE).contains(number))
            };
            let Some((index, (name, _, numbers))) = FIELDS.iter().enumerate().find(is_odd) else { continue };
            let finding = report
                .finding(report.field(record, index), format!("no {name} has the number {}", rdata[index]))
                .label(format!("not a {name}"))
                .why("clients pass over the record as if it were not there (RFC 6698 §4.1)")
                .fix(format!("write {numbers}; mail hosts want `3 1 1`"));
            report.add(finding);
        }
    }
}
