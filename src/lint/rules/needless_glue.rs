//! ## What it does
//! Finds addresses below a delegation of a host called like its servers that no NS record names.
//! ## Why is this bad
//! They are left over from a server that is gone, or belong to one that was forgotten in the NS records. Nobody is told of
//! them, and the next reader takes them for part of the delegation.
//! ## Example
//! ```zone
//! sub      IN NS  ns1.sub
//! ns1.sub  IN A   192.0.2.53
//! ns2.sub  IN A   192.0.2.54    ; and no NS record names it
//! ```
//! ## Fix
//! Delete the addresses, or add the NS record.

use crate::dns::{NameRef, Rtype};
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(cut) = subject.cut() else { return };
    if !looks_like_server(node, cut, subject) {
        return;
    }
    let (name, zone) = (node.name(), cut.name());
    let records = node.rrsets().filter(|rrset| rrset.rtype() != Rtype::RRSIG).flat_map(|rrset| rrset.records());
    let mut places: Vec<_> = records.map(|record| report.rtype(record)).collect();
    places.sort_unstable();
    let headline = format!("no NS record names `{name}`, whose glue stands below the delegation `{zone}`");
    let finding = report.finding_at_all(&places, headline, "and here").label("given to nobody");
    report.add(
        finding
            .why("glue is sent along with NS records that name its host, and never else (RFC 1034 §4.2.1)")
            .fix(format!("delete it, or add `{zone} IN NS {name}`")),
    );
}

/// Whether a node below a cut has nothing but addresses, is called as servers are, and is none.
pub(super) fn looks_like_server(node: Node<'_>, cut: Node<'_>, subject: &Subject<'_>) -> bool {
    let is_address = |rtype| matches!(rtype, Rtype::A | Rtype::AAAA | Rtype::RRSIG);
    if cut.is_same(node) || !node.rrsets().all(|rrset| is_address(rrset.rtype())) || subject.is_server(node.name()) {
        return false;
    }
    let Some(stem) = stem(node.name()) else { return false };
    let servers = cut.rrset(Rtype::NS).into_iter().flat_map(|servers| servers.rdatas()).filter_map(NameRef::parse);
    let is_like_sibling = |server: NameRef<'_>| self::stem(server).is_some_and(|known| known.eq_ignore_ascii_case(stem));
    stem.eq_ignore_ascii_case(b"ns") || stem.eq_ignore_ascii_case(b"dns") || { servers }.any(is_like_sibling)
}

/// A name's first label without the number at its end.
fn stem(name: NameRef<'_>) -> Option<&[u8]> {
    let label = name.labels().next()?;
    let digits = label.iter().rev().take_while(|octet| octet.is_ascii_digit()).count();
    Some(&label[..label.len() - digits]).filter(|stem| !stem.is_empty())
}
