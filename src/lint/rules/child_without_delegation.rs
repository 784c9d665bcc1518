//! ## What it does
//! Finds zones whose parent is served here too and does not delegate them.
//! ## Why is this bad
//! Resolvers reach a zone by the NS records that its parent has for it (RFC 1034 §4.2.1). Without them, servers that have the
//! parent alone deny the child's names, and a validating resolver finds no proof that the child may be unsigned.
//! ## Example
//! ```zone
//! ; sub.example.org.zone is here, and example.org.zone has no record like:
//! sub NS ns1.example.org.
//! ```
//! ## Fix
//! Add the child's NS records to the parent, with glue where their targets lie in the child.

use crate::authority::{Outcome, Question, lookup};
use crate::dns::Rtype;
use crate::lint::{Others, Report, Subject};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let apex = subject.zone.apex();
    let Some(parent) = others.parent(apex) else { return };
    let question = Question::new(apex, others.catalog.key());
    if !matches!(lookup(parent, &question, Rtype::NS).outcome, Outcome::NoData | Outcome::NxDomain) {
        return;
    }
    let Some(soa) = subject.zone.rrset(apex, Rtype::SOA) else { return };
    let finding = report
        .finding(report.first(soa), format!("`{}` is served here, and does not delegate `{apex}`", parent.apex()))
        .label("nothing leads to this zone")
        .why("servers that have the parent alone deny all names of the child (RFC 1034 §4.2.1)")
        .fix(format!("add the NS records of `{apex}` to `{}`", parent.apex()));
    report.add(finding);
}
