//! ## What it does
//! Finds the topmost name of a zone that takes mail and has no DMARC record, neither its own nor one above it.
//! ## Why is this bad
//! Without one, receivers are not told what to do with mail that only pretends to come from the domain (RFC 7489 §6), and
//! large ones refuse mail in bulk from such domains. A domain whose null MX says that it has no mail is not told of. Many a
//! healthy zone has none, so the rule is off by default.
//! ## Example
//! ```zone
//! @ MX 10 mx1    ; and no _dmarc
//! ```
//! ## Fix
//! Add `_dmarc TXT "v=DMARC1; p=none; rua=mailto:ADDRESS"`, read the reports, then write `p=quarantine` or `p=reject`.

use crate::dns::{Name, NameRef, Rtype};
use crate::lint::{Report, Subject};
use crate::zone::{Node, Zone};

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let zone = subject.zone;
    // Names come in canonical order, so the first that is told of stands above those that would be told of with it.
    let mut told: Option<Node<'_>> = None;
    for (node, cut) in subject.notable() {
        let Some(mx) = node.rrset(Rtype::MX).filter(|_| cut.is_none()) else { continue };
        let takes_mail = mx.rdatas().any(|rdata| rdata.get(2) != Some(&0));
        let is_told = told.is_some_and(|above| node.name().is_below(above.name()));
        if !takes_mail || is_told || has_policy(zone, node.name()) {
            continue;
        }
        told = Some(node);
        let finding = report
            .finding(report.first(mx), format!("`{}` takes mail and has no DMARC record", node.name()))
            .label(format!("there is no `_dmarc.{}`", node.name()))
            .why("receivers are not told what to do with mail that is forged in its name (RFC 7489 §6)")
            .fix("add `_dmarc TXT \"v=DMARC1; p=none; rua=mailto:ADDRESS\"` there, and make `p` stricter once the reports are good");
        report.add(finding);
    }
}

/// Whether a name, or one above it in the zone, has a DMARC record, or leaves it to another name.
fn has_policy(zone: &Zone, name: NameRef<'_>) -> bool {
    let above = std::iter::successors(Some(name), |name| name.parent());
    above.take_while(|name| name.is_at_or_below(zone.apex())).any(|name| {
        let policy = Name::parse(b"_dmarc", Some(name)).ok().and_then(|policy| zone.node(policy.as_ref()));
        policy.is_some_and(|node| node.rrset(Rtype::TXT).is_some() || node.rrset(Rtype::CNAME).is_some())
    })
}
