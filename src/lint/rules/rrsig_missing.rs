//! ## What it does
//! Finds records of a signed zone that have no signature, or none by one of the zone's algorithms.
//! ## Why is this bad
//! A validating resolver takes a record without a signature for a forged one and answers SERVFAIL (RFC 4035 §2.2, §5). It
//! happens when a signed zone is edited by hand and not signed again.
//! ## Example
//! ```zone
//! www  300 IN A      192.0.2.1    ; signed
//! www2 300 IN A      192.0.2.2    ; added later, with no RRSIG record
//! ```
//! ## Fix
//! Sign the zone again after the edit, with `dnssec-signzone`, `ldns-signzone` or whatever made the signatures, and commit
//! what comes out.

use crate::dns::Rtype;
use crate::lint::signed::named;
use crate::lint::{Report, Subject};
use crate::zonefile::rdata::Algorithm;

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(signed) = subject.signed() else { return };
    let mut algorithms: Vec<u8> =
        signed.keys.iter().filter(|key| !key.is_revoked()).map(|key| key.algorithm).collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    for set in &signed.sets {
        let is_unsigned = signed.usable(set).next().is_none();
        // Keys that sign nothing, not even themselves, are another rule's.
        if is_unsigned && (set.rrset.rtype() == Rtype::DNSKEY || !set.signatures.is_empty()) {
            continue;
        }
        let has = |algorithm: &u8| set.signatures.iter().any(|signature| signature.algorithm == *algorithm);
        let Some(lacking) = algorithms.iter().find(|algorithm| !has(algorithm)) else { continue };
        let verb = if set.rrset.records().len() == 1 { "has" } else { "have" };
        let what = match is_unsigned {
            true => format!("{} {verb} no signature", named(set.rrset)),
            false => format!("{} {verb} no signature by algorithm {}", named(set.rrset), Algorithm(*lacking)),
        };
        let (label, why) = match is_unsigned {
            true => (
                "no RRSIG record covers it",
                "validating resolvers take it for forged and answer SERVFAIL (RFC 4035 §2.2)",
            ),
            // One that knows another algorithm may accept that one's signature (RFC 6840 §5.11).
            false => (
                "no RRSIG record of that algorithm covers it",
                "every set must be signed by every algorithm of the zone's keys (RFC 4035 §2.2): resolvers that know only \
                 this one take it for forged",
            ),
        };
        let finding = report
            .finding(report.first(set.rrset), what)
            .label(label)
            .why(why)
            .fix("sign the zone again, and commit the signed file");
        report.add(finding);
    }
}
