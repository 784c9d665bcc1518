//! ## What it does
//! Finds zones whose serial number is lower than before.
//! ## Why is this bad
//! Secondaries take a lower number for an older zone and never fetch it (RFC 1034 §4.3.5); numbers wrap at 2³², so that half
//! of them lie ahead of any (RFC 1982 §3.2). It is what a revert does, and a date with a digit too few.
//! ## Example
//! ```zone
//! @  IN SOA  ns1 hostmaster 202608250 …      ; and it was 2026082001
//! ```
//! ## Fix
//! Write a number after the last one, whatever the records are. `check --base REV --fix` does so by the zone's own scheme: the
//! date, the clock, or the next number.

use crate::dns::is_serial_after;
use crate::diagnostic::Diagnostic;
use crate::lint::Report;
use crate::lint::change::Change;

pub(super) fn check(change: &Change<'_>, report: &mut Report<'_>) {
    if change.settings.serials.of(change.new.apex()).is_some() {
        return;
    }
    let Some((old, new)) = change.serials().filter(|&(old, new)| old != new && !is_serial_after(new, old)) else { return };
    let Some(record) = change.soa() else { return };
    let headline = format!("the serial of `{}` goes back from {old} to {new}", change.new.apex());
    let place = report.field(record, 2);
    let (next, repair) = change.bump(old, place, report);
    let finding = report.finding(place, headline).label(format!("not after {old}"));
    report.add(Diagnostic {
        repair,
        ..finding
            .why("secondaries take the zone for an older one and keep what they have (RFC 1034 §4.3.5, RFC 1982 §3.2)")
            .fix(format!("write `{next}`, as the zone's own scheme goes"))
    });
}
