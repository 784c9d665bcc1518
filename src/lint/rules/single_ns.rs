//! ## What it does
//! Finds zones with one server only.
//! ## Why is this bad
//! A zone is to have two servers at least (RFC 1034 §4.1, RFC 2182 §5). While the only one is down, none of its names
//! resolves. Delegations to others with one server are told of too, since they are the parent's to mend.
//! ## Example
//! ```zone
//! @  IN NS  ns1.example.net.
//! ```
//! ## Fix
//! Add a second server, in another network.

use crate::dns::{NameRef, Rtype};
use crate::lint::{Others, Report, Subject};
use crate::zone::Node;

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    // A child that is here is judged at its own apex.
    let cuts = subject.survey().cuts.iter().map(|cut| cut.node).filter(|cut| !others.has_zone(cut.name()));
    for node in subject.zone.node(subject.zone.apex()).into_iter().chain(cuts) {
        check_set(node, report);
    }
}

fn check_set(node: Node<'_>, report: &mut Report<'_>) {
    let Some(servers) = node.rrset(Rtype::NS).filter(|servers| servers.records().len() == 1) else { return };
    let (Some(record), Some(server)) = (servers.records().next(), servers.rdatas().next().and_then(NameRef::parse)) else {
        return;
    };
    let finding = report.finding(report.rdata(record), format!("`{server}` is the only server of `{}`", node.name()));
    report.add(
        finding
            .label("no other server stands in for it")
            .why("while it is down, no name of the zone resolves; two servers are the least (RFC 1034 §4.1, RFC 2182 §5)")
            .fix("add an NS record for a second server in another network"),
    );
}
