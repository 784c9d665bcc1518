//! ## What it does
//! Finds zones whose records changed and whose serial number did not.
//! ## Why is this bad
//! Secondaries compare serial numbers to learn whether to fetch a zone (RFC 1034 §4.3.5). With the same number they keep the
//! old records, so half of all answers are the old ones until somebody bumps it.
//! ## Example
//! ```zone
//! @  IN SOA  ns1 hostmaster 2026082001 …     ; as before, and below it a record is new
//! ```
//! ## Fix
//! Raise the serial number. `check --base REV --fix` does so by the zone's own scheme: the
//! date, the clock, or the next number.

use crate::diagnostic::Diagnostic;
use crate::lint::Report;
use crate::lint::change::Change;

pub(super) fn check(change: &Change<'_>, report: &mut Report<'_>) {
    if change.settings.serials.of(change.new.apex()).is_some() {
        return;
    }
    let Some((old, _)) = change.serials().filter(|(old, new)| old == new) else { return };
    let Some(record) = change.soa().filter(|_| !change.rrsets.is_empty()) else { return };
    let zone = change.new.apex();
    let place = report.field(record, 2);
    let (next, repair) = change.bump(old, place, report);
    let finding = report.finding(place, format!("`{zone}` changed, and its serial is still {old}"));
    report.add(Diagnostic {
        repair,
        ..finding
            .label("the same as before")
            .why("secondaries fetch a zone when its serial is raised, and keep the old data until then (RFC 1034 §4.3.5)")
            .fix(format!("write `{next}`, as the zone's own scheme goes"))
    });
}
