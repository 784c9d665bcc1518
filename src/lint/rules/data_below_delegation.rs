//! ## What it does
//! Finds records at or below a delegation that are no part of it: neither its NS and DS records nor addresses of servers.
//! ## Why is this bad
//! The name belongs to the delegated zone, so resolvers ask its servers; the records here are never an answer (RFC 1034
//! §4.2.1). It is the commonest way to add a host to the wrong file.
//! ## Example
//! ```zone
//! sub      IN NS  ns1.example.net.
//! www.sub  IN A   192.0.2.10
//! ```
//! ## Fix
//! Move the records to the zone of the delegated name.

use super::needless_glue;
use crate::dns::Rtype;
use crate::lint::{Report, Subject};
use crate::source::Span;
use crate::zone::{Node, Rrset};
use crate::zonefile::rdata::Mnemonic;

pub(super) fn check(node: Node<'_>, subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(cut) = subject.cut() else { return };
    if needless_glue::looks_like_server(node, cut, subject) {
        return;
    }
    let is_at_cut = cut.is_same(node);
    let hidden: Vec<Rrset<'_>> = node.rrsets().filter(|rrset| !belongs(*rrset, node, is_at_cut, subject)).collect();
    let Some(first) = hidden.first().and_then(|rrset| rrset.records().next()) else { return };
    let records = hidden.iter().flat_map(|rrset| rrset.records());
    let mut places: Vec<Span> = records.map(|record| report.owner_or_type(record)).collect();
    places.sort_unstable();
    let (name, zone) = (node.name(), cut.name());
    let what = match &hidden[..] {
        [only] if only.records().len() == 1 => format!("the {} record of `{name}`", Mnemonic(first.rtype)),
        _ => format!("`{name}` ({})", report.lines(&places)),
    };
    let headline = match is_at_cut {
        true => format!("{what} lies at the delegation `{zone}` and is never served"),
        false => format!("{what} lies below the delegation `{zone}` and is never served"),
    };
    let mut finding = report.finding_at_all(&places, headline, "and here").label("belongs to the delegated zone");
    if let Some(delegation) = cut.rrset(Rtype::NS).and_then(|servers| servers.records().next()) {
        finding = finding.also(report.rtype(delegation), "delegated here");
    }
    report.add(
        finding
            .why("resolvers ask the servers of the delegated zone for this name (RFC 1034 §4.2.1)")
            .fix(format!("move it to the file of the zone `{zone}`, or delete it")),
    );
}

/// Whether an rrset is part of a delegation, or what a signer adds to one.
fn belongs(rrset: Rrset<'_>, node: Node<'_>, is_at_cut: bool, subject: &Subject<'_>) -> bool {
    match rrset.rtype() {
        Rtype::A | Rtype::AAAA => subject.is_server(node.name()),
        Rtype::NS | Rtype::DS => is_at_cut,
        Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3 => true,
        _ => false,
    }
}
