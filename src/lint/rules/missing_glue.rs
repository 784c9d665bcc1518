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

use super::targets;
use crate::dns::NameRef;
use crate::lint::known::Reach;
use crate::lint::{Others, Report, Subject};
use crate::zone::Node;
use crate::zonefile::Record;

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    for cut in &subject.survey().cuts {
        let bare = subject.servers(cut, others).filter(|(_, known)| known.reach == Reach::NoGlue);
        for (server, _) in bare.filter(|(server, _)| targets::written_address(server.name, subject.zone).is_none()) {
            add(cut.node, server.name, server.record, report);
        }
    }
}

fn add(cut: Node<'_>, server: NameRef<'_>, record: &Record, report: &mut Report<'_>) {
    let headline = format!("`{server}`, a server of the delegation `{}`, has no glue", cut.name());
    let finding = report.finding(report.field(record, 0), headline).label("no address stands beside the delegation");
    report.add(
        finding
            .why("the address can only be learnt from the server itself, so no resolver reaches it (RFC 1034 §4.2.1)")
            .fix(format!("add `{server} IN A` or `AAAA` with its address, or name a server elsewhere")),
    );
}
