//! ## What it does
//! Finds delegations none of whose servers has an address, though all lie in zones that are served here.
//! ## Why is this bad
//! No resolver can go on to the child: all its names fail with SERVFAIL. Servers below the delegation itself are told of as
//! `missing-glue`, and a single one among others that work as `dangling-target`.
//! ## Example
//! ```zone
//! sub  IN NS  ns1           ; and no `ns1`
//! sub  IN NS  ns2           ; nor `ns2`
//! ```
//! ## Fix
//! Add the addresses of the servers, or name others.

use super::targets;
use crate::dns::{NameRef, Rtype};
use crate::lint::{Others, Report, Subject};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let Some(own) = others.zone(subject.zone.apex()) else { return };
    for (node, cut) in subject.nodes() {
        let Some(cut) = cut.filter(|cut| cut.is_same(node)) else { continue };
        let Some(servers) = cut.rrset(Rtype::NS).filter(|_| targets::is_unreachable(cut, own, others)) else {
            continue;
        };
        let is_address = |rdata| NameRef::parse(rdata).and_then(|name| targets::written_address(name, subject.zone));
        if servers.rdatas().any(|rdata| is_address(rdata).is_some()) {
            continue;
        }
        let places: Vec<_> = servers.records().map(|record| report.field(record, 0)).collect();
        let headline = format!("no server of the delegation `{}` has an address", cut.name());
        let finding = report.finding_at_all(&places, headline, "nor has this one").label("this server has no address");
        report.add(
            finding
                .why("a resolver that is referred there cannot go on, and all names of the child fail (RFC 1034 §4.2.1)")
                .fix("add A or AAAA records of the servers, or name servers that have them"),
        );
    }
}
