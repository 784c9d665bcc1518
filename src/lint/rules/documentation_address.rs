//! ## What it does
//! Finds addresses that were set aside for examples.
//! ## Why is this bad
//! No host has them (RFC 5737, RFC 3849, RFC 9637): the record was copied from a manual and never filled in.
//! ## Example
//! ```zone
//! www A 192.0.2.1
//! ```
//! ## Fix
//! Write the host's own address.

use crate::lint::address;
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    address::within(node, &address::DOCUMENTATION, |record, address, range| {
        report.add_at(record, |report| {
            report
                .finding(report.rdata(record), format!("{address} is {}", range.what))
                .label("no host's address")
                .why("the record was copied from an example, and leads nowhere")
                .fix("write the host's own address, or turn the rule off for a zone of examples")
        });
    });
}
