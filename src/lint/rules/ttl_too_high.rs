//! ## What it does
//! Finds TTLs above the config's `highest_ttl`, a week by default.
//! ## Why is this bad
//! A mistake stays in caches for as long as its TTL says, and nobody can call it back. Many resolvers cap a TTL at a day or
//! a week, so a longer one does not even help (RFC 8767 §4 names a week as the cap). A date written as a TTL, or a field too
//! many, looks like this too. Records that share a TTL are one finding.
//! ## Example
//! ```zone
//! www  31536000  IN A  192.0.2.10
//! ```
//! ## Fix
//! Write a TTL of a day or less.

use std::collections::BTreeMap;

use crate::dns::Rtype;
use crate::lint::{Report, Subject};
use crate::zonefile::Record;

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let highest = subject.settings.highest_ttl;
    let why = "a mistake stays in caches for so long, and nobody can call it back (RFC 8767 §4)";
    check_ttls(subject, report, |ttl| ttl > highest, &format!("more than {highest} seconds"), why, "write `86400` or less");
}

/// Records whose TTL is out of bounds, told of once for each TTL, at the first in the text.
pub(super) fn check_ttls(
    subject: &Subject<'_>,
    report: &mut Report<'_>,
    is_out: impl Fn(u32) -> bool,
    label: &str,
    why: &str,
    fix: &str,
) {
    // What is out of bounds lies on one side of them, so that the two ends tell of all.
    let (lowest, highest) = subject.zone.ttls();
    if !is_out(lowest) && !is_out(highest) {
        return;
    }
    let mut found: BTreeMap<u32, (&Record, usize)> = BTreeMap::new();
    for node in subject.zone.nodes() {
        // The TTLs of signatures and proofs follow those of what they sign, and nobody asks for an NSEC3PARAM.
        let signers = [Rtype::RRSIG, Rtype::NSEC, Rtype::NSEC3, Rtype::NSEC3PARAM];
        let rrsets = node.rrsets().filter(|rrset| !signers.contains(&rrset.rtype()));
        for record in rrsets.flat_map(|rrset| rrset.records()).filter(|record| is_out(record.ttl)) {
            let (first, count) = found.entry(record.ttl).or_insert((record, 0));
            *count += 1;
            if record.position() < first.position() {
                *first = record;
            }
        }
    }
    for (ttl, (record, count)) in found {
        let headline = match count {
            1 => format!("a record has a TTL of {ttl} seconds"),
            _ => format!("{count} records have a TTL of {ttl} seconds"),
        };
        report.add(report.finding(report.ttl(record), headline).label(label).why(why).fix(fix));
    }
}
