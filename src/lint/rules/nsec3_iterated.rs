//! ## What it does
//! Finds NSEC3 chains that hash names more than once.
//! ## Why is this bad
//! Further iterations keep nobody from walking the zone, and cost every server and resolver work (RFC 9276 §3.1). More
//! than 100 are an error of their own, `nsec3-iterations`.
//! ## Example
//! ```zone
//! @ 0 IN NSEC3PARAM 1 0 10 -
//! ```
//! ## Fix
//! Sign the zone again with 0 iterations: `dnssec-signzone -3 - -H 0`.

use crate::dns::Rtype;
use crate::lint::{Report, Subject};

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(parameters) = subject.zone.rrset(subject.zone.apex(), Rtype::NSEC3PARAM) else { return };
    for (record, rdata) in parameters.records().zip(parameters.rdatas()) {
        let [_, _, high, low, ..] = rdata else { continue };
        let iterations = u16::from_be_bytes([*high, *low]);
        if iterations > 0 {
            let finding = report
                .finding(report.rdata(record), format!("names are hashed {iterations} times more than once"))
                .label("the third field is the number of iterations")
                .why("they hide nothing, and cost every denial work (RFC 9276 §3.1)")
                .fix("sign the zone again with 0 iterations: `dnssec-signzone -3 - -H 0`");
            report.add(finding);
        }
    }
}
