//! ## What it does
//! Finds names with more than one SPF policy.
//! ## Why is this bad
//! A receiver that finds two policies takes neither, and answers with a permanent error for every mail from the domain
//! (RFC 7208 §4.5). It happens when a second mail service is added by its own record.
//! ## Example
//! ```zone
//! @ TXT "v=spf1 mx -all"
//! @ TXT "v=spf1 include:_spf.example.net -all"
//! ```
//! ## Fix
//! Put the terms of both into one record: `"v=spf1 mx include:_spf.example.net -all"`.

use crate::dns::Rtype;
use crate::lint::spf::is_policy;
use crate::lint::text::Text;
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    let Some(rrset) = node.rrset(Rtype::TXT).filter(|rrset| rrset.records().len() > 1) else { return };
    let policies: Vec<Text<'_>> = Text::all(rrset).filter(|text| is_policy(&text.octets)).collect();
    let [first, .., last] = &policies[..] else { return };
    let finding = report
        .finding(report.rdata(last.record), format!("`{}` has {} SPF policies", node.name(), policies.len()))
        .label("one too many")
        .also(report.rdata(first.record), "the first is here")
        .why("receivers that find more than one take none, and report a permanent error for all mail (RFC 7208 §4.5)")
        .fix("put the terms of all into one record, before its `all`, and delete the others");
    report.add(finding);
}
