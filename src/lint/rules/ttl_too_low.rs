//! ## What it does
//! Finds TTLs below the config's `lowest_ttl`, 30 seconds by default.
//! ## Why is this bad
//! Caches forget the answer at once, so every user waits for a query to the zone's servers, and an outage of theirs is felt
//! within seconds (RFC 1912 §2.2). A low TTL is right for hours around a move, and is forgotten there. Records that share a
//! TTL are one finding.
//! ## Example
//! ```zone
//! www  5  IN A  192.0.2.10
//! ```
//! ## Fix
//! Write a TTL of five minutes or more.

use super::ttl_too_high::check_ttls;
use crate::lint::{Report, Subject};

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let lowest = subject.settings.lowest_ttl;
    let why = "caches forget the answer at once, and every user waits for the zone's servers (RFC 1912 §2.2)";
    check_ttls(subject, report, |ttl| ttl < lowest, &format!("less than {lowest} seconds"), why, "write `300` or more");
}
