//! ## What it does
//! Finds ZONEMD records that are not the digest of the zone as it is now.
//! ## Why is this bad
//! Whoever fetches the zone and verifies it takes it for damaged or forged, and does not use it (RFC 8976 §4). It happens
//! when the zone is edited and its digest is not computed again.
//! ## Example
//! ```zone
//! @ 300 IN SOA    ns hostmaster 2 7200 1800 1209600 300
//! @ 300 IN ZONEMD 1 1 1 …    ; of serial 1
//! ```
//! ## Fix
//! Run `zonewright zonemd FILE` and put what it prints in the record's place; in a signed zone, sign that record again.
//! Schemes and hash algorithms that zonewright does not know are not judged.

use crate::dns::Rtype;
use crate::lint::{Report, Subject, zonemd};
use crate::zonefile::Record;

const WHY: &str = "whoever verifies the zone after a transfer takes it for damaged and does not use it (RFC 8976 §4)";
const FIX: &str = "write what `zonewright zonemd FILE` prints instead; in a signed zone, sign that record again";

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let zone = subject.zone;
    let Some(rrset) = zone.rrset(zone.apex(), Rtype::ZONEMD) else { return };
    let mut known: Vec<([u8; 2], &Record)> = Vec::new();
    for (record, rdata) in rrset.records().zip(rrset.rdatas()) {
        let Some((&[a, b, c, d, scheme, algorithm], digest)) = rdata.split_first_chunk::<6>() else { continue };
        // Two digests of one kind leave open which holds, so neither does (RFC 8976 §2).
        if let Some((_, first)) = known.iter().find(|(kind, _)| *kind == [scheme, algorithm]) {
            let what = format!("`{}` has two digests of scheme {scheme} and algorithm {algorithm}", zone.apex());
            let finding = report.finding(report.rdata(record), what).label("another one");
            report.add(finding.also(report.rdata(first), "the first is here").why(WHY).fix("delete one of them"));
            continue;
        }
        known.push(([scheme, algorithm], record));
        // What a verifier does not know, it passes over, whatever its serial says (RFC 8976 §4).
        let own = if scheme == zonemd::SIMPLE { zonemd::digest(zone, algorithm) } else { None };
        let Some(own) = own else { continue };
        let is_current = zone.serial() == Some(u32::from_be_bytes([a, b, c, d]));
        if is_current && own == digest {
            continue;
        }
        let what = format!("the digest of `{}` is not that of the zone", zone.apex());
        let finding = report.finding(report.rdata(record), what);
        report.add(match is_current {
            true => finding.label("something was changed since it was computed").why(WHY).fix(FIX),
            false => {
                let serial = u32::from_be_bytes([a, b, c, d]);
                let finding = finding.label(format!("computed of serial {serial}"));
                let soa = zone.rrset(zone.apex(), Rtype::SOA).and_then(|soa| soa.records().next());
                let finding = soa.into_iter().fold(finding, |finding, soa| {
                    finding.also(report.rdata(soa), "the zone's serial is another")
                });
                finding.why(WHY).fix(FIX)
            }
        });
    }
}
