//! ## What it does
//! Finds servers of a delegation that lie at or below the delegated name and have no address beside it.
//! ## Why is this bad
//! The address of such a server can only be learnt from the server itself, so the parent must give it along: glue (RFC 1034
//! §4.2.1). Without it no resolver reaches the server, and without any, the whole child is lost.
//! ## Example
//! ```zone
//! sub  IN NS  ns1.sub       ; and no address of `ns1.sub`
//! ```
//! ## Fix
//! Add the server's A or AAAA record beside the delegation.

use super::targets::{self, Reach};
use crate::dns::Rtype;
use crate::lint::{Others, Report, Subject};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    for target in subject.targets_of(&[Rtype::NS]) {
        let Some(cut) = subject.zone.node(target.rrset.owner()).filter(|node| node.is_delegation()) else { continue };
        let server = target.name;
        if targets::reach(cut, server, subject.zone, others) != Reach::NoGlue
            || targets::written_address(server, subject.zone).is_some()
        {
            continue;
        }
        let headline = format!("`{server}`, a server of the delegation `{}`, has no glue", cut.name());
        let finding = report.finding(report.target(target), headline).label("no address stands beside the delegation");
        report.add(
            finding
                .why("the address can only be learnt from the server itself, so no resolver reaches it (RFC 1034 §4.2.1)")
                .fix(format!("add `{server} IN A` or `AAAA` with its address, or name a server elsewhere")),
        );
    }
}
