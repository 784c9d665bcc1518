//! ## What it does
//! Finds addresses with more than one PTR record.
//! ## Why is this bad
//! It is allowed (RFC 2181 §10.2), and few who look expect it: most take the first, which changes with every answer, so that
//! checks of name and address pass today and fail tomorrow.
//! ## Example
//! ```zone
//! 1 PTR www.example.org.
//! 1 PTR shop.example.org.
//! ```
//! ## Fix
//! Keep the host's main name.

use crate::dns::Rtype;
use crate::lint::{Report, Subject, address};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    let Some(ptr) = node.rrset(Rtype::PTR).filter(|ptr| ptr.records().len() > 1) else { return };
    let Some(address) = address::from_reverse(node.name()) else { return };
    let mut records = ptr.records();
    let (Some(first), Some(second)) = (records.next(), records.next()) else { return };
    let finding = report
        .finding(report.rdata(second), format!("{address} has {} PTR records", ptr.records().len()))
        .label("another name")
        .also(report.rdata(first), "the first is here")
        .why("most who look take the first, which changes with every answer (RFC 2181 §10.2)")
        .fix("keep the host's main name");
    report.add(finding);
}
