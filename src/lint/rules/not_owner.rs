//! ## What it does
//! Finds records that a change touches and that belong to somebody else by the config's `[[owners]]`.
//! ## Why is this bad
//! Whoever answers for a name should know of a change to it before it is served. Judged are records, whatever file they are
//! in, by the entries of the base: the one with the longest subtree holds, and at one subtree one that lists the type before
//! one for all types. NS and DS records of a cut and DNAME records also concern the entries below them. Serial numbers and
//! what a signer derives (RRSIG, NSEC, NSEC3, ZONEMD) concern nobody.
//!
//! Who makes the change is said by `check --actor NAME`, their teams by `--team NAME`. Where neither is given, the finding is
//! a note that says whose review is needed. It cannot be waived in a zone file.
//! ## Example
//! ```zone
//! ; `[[owners]]` has subtree = "www.example.org" and people = ["ada"], and bob writes:
//! www A 192.0.2.80
//! ```
//! ## Fix
//! Ask one of the owners for a review, or leave the records as they were.

use crate::diagnostic::Severity;
use crate::lint::change::Change;
use crate::lint::owners::Claim;
use crate::lint::Report;
use crate::source::Span;

/// The most places that are labelled beside the first.
const MOST_PLACES: usize = 7;

pub(super) fn check(change: &Change<'_>, report: &mut Report<'_>) {
    let acting = change.settings.acting.as_ref();
    let worst = if acting.is_some() { Severity::Error } else { Severity::Note };
    for claim in change.settings.owners.claims(&change.rrsets, change.new.apex(), acting) {
        let places = places(&claim, change, report);
        let Some((first, others)) = places.split_first() else { continue };
        let finding = report.finding(*first, claim.headline(acting)).why(claim.why()).fix(claim.fix());
        report.add_beside(worst, others.iter().fold(finding, |finding, place| finding.also(*place, "and here")));
    }
}

/// Where the records stand that came or changed; the zone's SOA record where the change only takes away.
fn places(claim: &Claim<'_>, change: &Change<'_>, report: &Report<'_>) -> Vec<Span> {
    let there = claim.changes.iter().filter_map(|change| Some((change, change.new?)));
    let mut places = Vec::new();
    for (change, rrset) in there.take(1 + MOST_PLACES) {
        // Those that came are told in the order of the text.
        let added = change.added().first().copied();
        let came = rrset.records().zip(rrset.rdatas()).find(|(_, rdata)| Some(*rdata) == added).map(|(record, _)| record);
        let Some(record) = came.or_else(|| rrset.records().next()) else { continue };
        let place = report.owner_or_type(record);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    if places.is_empty() {
        places.extend(change.soa().map(|record| report.owner_or_type(record)));
    }
    places
}
