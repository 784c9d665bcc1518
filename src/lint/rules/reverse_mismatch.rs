//! ## What it does
//! Finds PTR records whose target lies in a zone served here and does not have the address.
//! ## Why is this bad
//! Who checks that a host's name and address belong together (mail servers, access lists) finds that they do not, and
//! refuses (RFC 1912 §2.1). It is what a host leaves behind when it moves to another address.
//! ## Example
//! ```zone
//! 1 PTR www.example.org.    ; in 2.0.192.in-addr.arpa, and www.example.org has 192.0.2.9
//! ```
//! ## Fix
//! Move the PTR record to the host's new address, or name the host that has the old one now.

use std::net::IpAddr;

use crate::authority::RrsetRef;
use crate::dns::{NameRef, Rtype};
use crate::lint::others::Answer;
use crate::lint::{Others, Report, Subject, address};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    if !address::is_reverse(subject.zone.apex()) {
        return;
    }
    for (node, _) in subject.nodes().filter(|(_, cut)| cut.is_none()) {
        let (Some(ptr), Some(address)) = (node.rrset(Rtype::PTR), address::from_reverse(node.name())) else { continue };
        for (record, rdata) in ptr.records().zip(ptr.rdatas()) {
            let Some(target) = NameRef::parse(rdata) else { continue };
            let Some(found) = mismatch(address, target, others) else { continue };
            let finding = report
                .finding(report.rdata(record), format!("{address} has the name `{target}`, which does not have the address"))
                .label(found)
                .why("who checks that name and address belong together refuses the host (RFC 1912 §2.1)")
                .fix(format!("move this record to the address that `{target}` has, or name the host that has {address}"));
            report.add(finding);
        }
    }
}

/// What a target has in place of an address, where that is known.
fn mismatch(address: IpAddr, target: NameRef<'_>, others: &Others<'_>) -> Option<String> {
    let Answer::Exists { v4, v6 } = others.follow(target).end else { return None };
    let addresses = || [v4, v6].into_iter().flatten().flat_map(RrsetRef::rdatas).filter_map(address::of);
    if addresses().any(|found| found == address) {
        return None;
    }
    let same: Vec<IpAddr> = addresses().filter(|found| found.is_ipv4() == address.is_ipv4()).collect();
    Some(match &same[..] {
        [] if address.is_ipv4() => "it has no A record".into(),
        [] => "it has no AAAA record".into(),
        [only] => format!("it has {only}"),
        [first, rest @ ..] => format!("it has {first} and {} more", rest.len()),
    })
}
