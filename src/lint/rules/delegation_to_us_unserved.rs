//! ## What it does
//! Finds delegations to the zone's own name servers of a child zone that is not served here.
//! ## Why is this bad
//! The servers are asked for the child and refuse, since they have no such zone: a lame delegation (RFC 9499 §7), under which
//! no name resolves. A zone that the same servers have from elsewhere belongs into `served_elsewhere` in the config. Nothing
//! is said where a single zone is judged alone.
//! ## Example
//! ```zone
//! @   NS ns1.example.org.
//! sub NS ns1.example.org.    ; and there is no file for sub.example.org
//! ```
//! ## Fix
//! Add the child's zone file, name the servers that have it, or delete the delegation.

use std::collections::HashSet;

use crate::dns::{Name, NameRef, Rtype};
use crate::lint::survey::Cut;
use crate::lint::{Others, Report, Subject};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let zone = subject.zone;
    // Who has a single file judged is told nothing of the others.
    if others.catalog.zone_count() < 2 {
        return;
    }
    let lower = |rdata: &[u8]| rdata.to_ascii_lowercase();
    let ours: HashSet<Vec<u8>> =
        zone.rrset(zone.apex(), Rtype::NS).into_iter().flat_map(|ns| ns.rdatas()).map(lower).collect();
    let elsewhere = |name: NameRef<'_>| subject.settings.served_elsewhere.iter().map(Name::as_ref).any(|known| name.is(known));
    for Cut { node, ns, .. } in &subject.survey().cuts {
        if others.has_zone(node.name()) || elsewhere(node.name()) {
            continue;
        }
        let is_ours = |rdata: &[u8]| ours.contains(&lower(rdata));
        let Some((record, rdata)) = ns.records().zip(ns.rdatas()).find(|(_, rdata)| is_ours(rdata)) else { continue };
        let Some(server) = NameRef::parse(rdata) else { continue };
        let name = node.name();
        let finding = report
            .finding(report.rdata(record), format!("`{name}` is delegated to our own `{server}`, and no such zone is here"))
            .label(format!("this server has `{}`", zone.apex()))
            .why("a server refuses questions about a zone that it does not have, and no name below resolves (RFC 1034 §4.2.2)")
            .fix(format!("add a file for `{name}`, or list it under `served_elsewhere` in the config's [lint]"));
        report.add(finding);
    }
}
