//! ## What it does
//! Finds TLSA and SMIMEA records whose data is not as long as their matching type makes it.
//! ## Why is this bad
//! SHA-256 has 32 octets and SHA-512 has 64 (RFC 6698 §2.1.3), so data of another length matches no certificate: mail to a
//! host that has only such records is not delivered (RFC 7672 §2.2). A whole certificate, type 0, is never as short as a digest.
//! ## Example
//! ```zone
//! _25._tcp.mx1 TLSA 3 1 2 f2fb7417c329258cd573e76ec6e0b06607a8ec5325f9cb0fe60a57215ecf5534    ; SHA-256, not SHA-512
//! ```
//! ## Fix
//! Copy the digest once more, to its last digit, or write the matching type that it has: 1 for SHA-256, 2 for SHA-512.

use crate::dns::Rtype;
use crate::lint::{Report, Subject};
use crate::zone::Node;

/// Matching types and the octets of their data (RFC 6698 §2.1.3).
const DIGESTS: &[(u8, &str, usize)] = &[(1, "SHA-256", 32), (2, "SHA-512", 64)];

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    for rrset in node.rrsets().filter(|rrset| matches!(rrset.rtype(), Rtype::TLSA | Rtype::SMIMEA)) {
        for (record, rdata) in rrset.records().zip(rrset.rdatas()) {
            let [_, _, matching, data @ ..] = rdata else { continue };
            let Some(headline) = wrong_length(*matching, data.len()) else { continue };
            let actual = DIGESTS.iter().find(|(.., octets)| *octets == data.len());
            let fix = match actual {
                Some((number, name, _)) => format!("write {number} in place of {matching}: the data is as long as {name}"),
                None => "copy the digest once more, to its last digit".into(),
            };
            let place = report.field(record, 3).to(report.rdata(record).after());
            let finding = report
                .finding(place, headline)
                .label(format!("{} octets", data.len()))
                .why("it matches no certificate, and who insists on a match does not connect (RFC 6698 §2.1.3)")
                .fix(fix);
            report.add(finding);
        }
    }
}

fn wrong_length(matching: u8, octets: usize) -> Option<String> {
    if let Some((_, name, wanted)) = DIGESTS.iter().find(|(number, ..)| *number == matching) {
        return (octets != *wanted).then(|| format!("matching type {matching} is {name}, of {wanted} octets, and here are {octets}"));
    }
    let is_digest = DIGESTS.iter().any(|(.., length)| *length == octets);
    (matching == 0 && is_digest).then(|| format!("matching type 0 is a whole certificate or key, and here are {octets} octets"))
}
