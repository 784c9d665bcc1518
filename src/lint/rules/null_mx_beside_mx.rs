//! ## What it does
//! Finds a null MX, `0 .`, beside other MX records.
//! ## Why is this bad
//! The null MX says that the name takes no mail, and must be the only MX record (RFC 7505 §3). Beside others, some senders
//! refuse to send, some try the root as a host, some go on to the others.
//! ## Example
//! ```zone
//! @ MX 0 .
//! @ MX 10 mx1
//! ```
//! ## Fix
//! Delete the null MX where there is mail, or the others where there is none.

use crate::dns::Rtype;
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    let Some(mx) = node.rrset(Rtype::MX).filter(|mx| mx.records().len() > 1) else { return };
    let is_null = |rdata: &[u8]| rdata.get(2) == Some(&0);
    let of = |wanted: bool| mx.records().zip(mx.rdatas()).find(|(_, rdata)| is_null(rdata) == wanted);
    let (Some((null, _)), other) = (of(true), of(false)) else { return };
    let finding = report
        .finding(report.rdata(null), format!("`{}` has a null MX and other MX records", node.name()))
        .label("this says: no mail here")
        .why("senders disagree on what both together mean, and some mail is refused (RFC 7505 §3)")
        .fix("delete this record, or all others if the name takes no mail");
    report.add(match other {
        Some((other, _)) => finding.also(report.rdata(other), "and this says where mail goes"),
        None => finding,
    });
}
