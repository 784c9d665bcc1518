//! ## What it does
//! Finds NSEC and NSEC3 chains that do not say which names and types the zone has.
//! ## Why is this bad
//! The chain is how a validating resolver knows that something does not exist (RFC 4035 §5.4, RFC 5155 §8). Where it leaves
//! a name or a type out, a resolver may deny what is there; where it has a gap, it answers SERVFAIL. It happens when a signed
//! zone is edited by hand and not signed again.
//! ## Example
//! ```zone
//! a 300 IN NSEC c A RRSIG NSEC    ; and there is a name b between a and c
//! ```
//! ## Fix
//! Sign the zone again after the edit: the signer makes the chain anew. A name that has no signature at all is told of by
//! `rrsig-missing` only.

mod nsec;
mod nsec3;

use crate::dns::Rtype;
use crate::zonefile::rdata::covered;
use crate::lint::signed::{Signed, Standing};
use crate::lint::{Report, Subject};
use crate::zone::Node;
use crate::zonefile::rdata::Mnemonic;

const WHY: &str = "validating resolvers deny what exists, or answer SERVFAIL for what does not (RFC 4035 §5.4)";
const FIX: &str = "sign the zone again, and commit the signed file";

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(signed) = subject.signed() else { return };
    let has_nsec = nsec::check(signed, report);
    let has_nsec3 = nsec3::check(signed, report);
    if let Some(soa) = signed.zone.rrset(signed.zone.apex(), Rtype::SOA).filter(|_| !has_nsec && !has_nsec3) {
        let what = format!("the signed zone `{}` has neither NSEC nor NSEC3 records", signed.zone.apex());
        let finding = report.finding(report.first(soa), what).label("nothing proves what the zone does not have");
        report.add(finding.why(WHY).fix(FIX));
    }
}

/// Whether a node is a name of the zone with signed data, or a cut: what a chain has to have.
fn is_listed(node: Node<'_>, standing: Standing) -> bool {
    match standing {
        // One that was added and not signed is another rule's.
        Standing::Own => node.rrset(Rtype::RRSIG).is_some(),
        Standing::Cut => true,
        Standing::Occluded | Standing::Hash => false,
    }
}

/// What a bitmap says wrongly of a name, if it does.
///
/// A type that was added and not signed is another rule's.
fn wrong_types(node: Node<'_>, standing: Standing, listed: &[Rtype]) -> Option<String> {
    let signatures = node.rrset(Rtype::RRSIG);
    let is_signed = |rtype| signatures.is_some_and(|rrset| rrset.rdatas().any(|rdata| covered(rdata) == rtype));
    let is_shown = |rtype: Rtype| match standing {
        Standing::Cut => matches!(rtype, Rtype::NS | Rtype::DS | Rtype::NSEC),
        _ => rtype != Rtype::RRSIG && rtype != Rtype::NSEC3,
    };
    let types: Vec<Rtype> = node.rrsets().map(|rrset| rrset.rtype()).filter(|&rtype| is_shown(rtype)).collect();
    let has_signed = standing == Standing::Own || types.iter().any(|&rtype| rtype != Rtype::NS);
    let must = |rtype| rtype == Rtype::NS && standing == Standing::Cut || is_signed(rtype);
    let lacking = types.iter().copied().filter(|&rtype| must(rtype)).chain(has_signed.then_some(Rtype::RRSIG));
    let lacking: Vec<Rtype> = lacking.filter(|rtype| !listed.contains(rtype)).collect();
    let is_right = |rtype: &Rtype| types.contains(rtype) || (*rtype == Rtype::RRSIG && has_signed);
    let extra: Vec<Rtype> = listed.iter().copied().filter(|rtype| !is_right(rtype)).collect();
    match (&lacking[..], &extra[..]) {
        ([], []) => None,
        (lacking, []) => Some(format!("lacks {}", list(lacking))),
        ([], extra) => Some(format!("lists {}, which the name does not have", list(extra))),
        (lacking, extra) => {
            Some(format!("lacks {}, and lists {}, which the name does not have", list(lacking), list(extra)))
        }
    }
}

fn list(types: &[Rtype]) -> String {
    types.iter().map(|&rtype| Mnemonic(rtype).to_string()).collect::<Vec<_>>().join(", ")
}

/// Names of the zone that a chain is about, in canonical order.
fn listed<'s, 'z>(signed: &'s Signed<'z>) -> impl Iterator<Item = (Node<'z>, Standing)> + use<'s, 'z> {
    signed.nodes.iter().copied().filter(|&(node, standing)| is_listed(node, standing))
}
