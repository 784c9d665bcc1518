//! ## What it does
//! Finds SOA records whose times do not go together, or are far from what secondaries and caches need.
//! ## Why is this bad
//! Secondaries look for changes every *refresh* seconds, after a failure every *retry*, and stop answering after *expire*;
//! *minimum* is how long caches keep that a name does not exist. A retry longer than the refresh, or an expire that a long
//! weekend outlasts, makes secondaries fail together with the primary (RFC 1912 §2.2); with a minimum of days, a new name
//! stays unknown to all who asked too early (RFC 2308 §5). The last two are easily swapped.
//! ## Example
//! ```zone
//! @  IN SOA  ns1 hostmaster 1 7200 1800 3600 604800
//! ```
//! ## Fix
//! Write what RFC 1912 proposes, such as `7200 1800 1209600 300`.

use crate::dns::Rtype;
use crate::lint::{Report, Subject};
use crate::zone::Node;

/// Seconds that secondaries should be able to go on alone: two days, the least that outlasts a weekend.
const LEAST_EXPIRE: u32 = 2 * 86_400;

/// The longest that a negative answer should be cached: a day (RFC 2308 §5).
const MOST_MINIMUM: u32 = 86_400;

/// Seconds between two looks at the primary, at least.
const LEAST_PAUSE: u32 = 60;

pub(super) fn check(node: Node<'_>, _subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(soa) = node.rrset(Rtype::SOA).filter(|_| node.is_apex()) else { return };
    let Some((record, rdata)) = soa.records().zip(soa.rdatas()).next() else { return };
    let Some(numbers) = rdata.last_chunk::<20>() else { return };
    let number = |at: usize| u32::from_be_bytes([numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]]);
    let [refresh, retry, expire, minimum] = [4, 8, 12, 16].map(number);
    // Field, whether it is wrong, what is said of it, and what to write.
    let faults = [
        (3, refresh < LEAST_PAUSE, format!("the refresh time is {refresh} seconds"), "secondaries ask for changes all the time", "7200"),
        (
            4,
            retry < LEAST_PAUSE && retry <= refresh,
            format!("the retry time is {retry} seconds"),
            "secondaries storm a primary that is down",
            "1800",
        ),
        (
            4,
            retry > refresh,
            format!("the retry time, {retry}, is longer than the refresh time, {refresh}"),
            "after a failure, secondaries wait longer than when all is well",
            "1800",
        ),
        (
            5,
            u64::from(expire) < u64::from(refresh) + u64::from(retry) || expire < LEAST_EXPIRE,
            format!("the expire time is {expire} seconds"),
            "secondaries stop answering when the primary is away for a weekend",
            "1209600",
        ),
        (
            6,
            minimum > MOST_MINIMUM,
            format!("the minimum TTL is {minimum} seconds"),
            "caches keep that a name does not exist for so long, whatever is added meanwhile",
            "300",
        ),
    ];
    for (field, _, headline, why, write) in faults.into_iter().filter(|(_, is_wrong, ..)| *is_wrong) {
        let finding = report.finding(report.field(record, field), format!("{headline} in the SOA record"));
        let citation = if field == 6 { "RFC 2308 §5" } else { "RFC 1912 §2.2" };
        report.add(finding.why(format!("{why} ({citation})")).fix(format!("write `{write}`, or what suits the zone")));
    }
}
