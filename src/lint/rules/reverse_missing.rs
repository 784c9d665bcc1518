//! ## What it does
//! Finds addresses without a PTR record, where the reverse zone that should have it is served here.
//! ## Why is this bad
//! Mail from a host without a reverse name is refused by many receivers (RFC 1912 §2.1), and logs show a bare number.
//! Addresses whose reverse zone is not here are not looked at, and one PTR record does for all names of an address.
//! ## Example
//! ```zone
//! www A 192.0.2.1    ; and 2.0.192.in-addr.arpa, which is here too, has no `1`
//! ```
//! ## Fix
//! Add the PTR record to the reverse zone: `1 PTR www.example.org.`.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::lint::{Others, Report, Subject, address};
use crate::source::Span;

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    if !others.has_reverse() {
        return;
    }
    // What was found before, so that the names of one address are one finding.
    let mut missing: Vec<(IpAddr, String, Vec<Span>)> = Vec::new();
    let mut known: HashMap<IpAddr, Option<usize>> = HashMap::new();
    for (node, _) in subject.nodes().filter(|(node, cut)| cut.is_none() && !node.name().is_wildcard()) {
        for (record, address) in address::records(node) {
            let index = *known.entry(address).or_insert_with(|| {
                let lacks = address::lacks_reverse(address, others);
                lacks.then(|| missing.push((address, node.name().to_string(), Vec::new()))).map(|()| missing.len() - 1)
            });
            if let Some(index) = index {
                missing[index].2.push(report.rdata(record));
            }
        }
    }
    for (address, host, places) in missing {
        let Some(name) = address::reverse_name(address) else { continue };
        let finding = report
            .finding_at_all(&places, format!("{address} has no PTR record"), "and here")
            .label(format!("there is no `{name}`"))
            .why("mail from a host without a reverse name is refused by many (RFC 1912 §2.1)")
            .fix(format!("add `{name} PTR {host}` to its reverse zone"));
        report.add(finding);
    }
}
