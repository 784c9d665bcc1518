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
use crate::lint::known::Reach;
use crate::lint::{Others, Report, Subject, Target};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    for cut in &subject.survey().cuts {
        let mut servers = subject.servers(cut, others);
        let is_address = |server: &Target<'_>| targets::written_address(server.name, subject.zone).is_some();
        let is_lost = servers.clone().all(|(_, known)| known.reach == Reach::Lost);
        if !is_lost || servers.any(|(server, _)| is_address(server)) {
            continue;
        }
        let places: Vec<_> = cut.ns.records().map(|record| report.field(record, 0)).collect();
        let headline = format!("no server of the delegation `{}` has an address", cut.node.name());
        let finding = report.finding_at_all(&places, headline, "nor has this one").label("this server has no address");
        report.add(
            finding
                .why("a resolver that is referred there cannot go on, and all names of the child fail (RFC 1034 §4.2.1)")
                .fix("add A or AAAA records of the servers, or name servers that have them"),
        );
    }
}
