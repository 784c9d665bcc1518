//! ## What it does
//! Finds records whose last signature expires within the next days; three unless the config says otherwise.
//! ## Why is this bad
//! When it expires, validating resolvers answer SERVFAIL for the name (RFC 4035 §5.3.1); a signer that still works would
//! have replaced it by now.
//! ## Example
//! ```zone
//! www 300 IN RRSIG A 13 3 300 20260302000000 …    ; and today is the first of March 2026
//! ```
//! ## Fix
//! Sign the zone again, and find out why nothing did so.

use std::cmp::Ordering;

use crate::lint::signatures::Signature;
use crate::dns::is_serial_after;
use crate::lint::signed::named;
use crate::lint::{Report, Subject};
use crate::zonefile::rdata::Moment;

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let (Some(signed), settings) = (subject.signed(), subject.settings) else { return };
    let last = |set| signed.usable(set).max_by(|a, b| later(a, b));
    let is_near = |signature: &&Signature<'_>| {
        let left = signature.expiration.wrapping_sub(settings.now);
        !is_serial_after(settings.now, signature.expiration) && left < settings.expires_soon
    };
    let mut near = signed.sets.iter().filter_map(|set| last(set).filter(is_near).map(|signature| (set, signature)));
    let Some((set, signature)) = near.next() else { return };
    let others = super::and_others(near.count());
    let finding = report
        .finding(report.rdata(signature.record), format!("the signature of {}{others} expires soon", named(set.rrset)))
        .label(format!("on {}", Moment(signature.expiration)))
        .why("once it has expired, validating resolvers answer SERVFAIL (RFC 4035 §5.3.1)")
        .fix("sign the zone again, and commit the signed file");
    report.add(finding);
}

fn later(a: &Signature<'_>, b: &Signature<'_>) -> Ordering {
    if is_serial_after(a.expiration, b.expiration) { Ordering::Greater } else { Ordering::Less }
}
