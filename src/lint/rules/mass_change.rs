//! ## What it does
//! Finds changes that remove or alter more of a zone's names than the config's `mass_change_percent`, 30 by default.
//! ## Why is this bad
//! So much at once is a cut-off file, a search and replace that went too far, or a real renumbering that deserves a second
//! look. A change that means it says `Zone-Mass-Change: yes` in its message. Zones of fewer than ten names are not judged.
//! ## Example
//! ```zone
//! $ORIGIN example.com.       ; was example.org., and a hundred names moved
//! ```
//! ## Fix
//! Bring the names back, or say in the commit's message that it is meant.

use crate::lint::Report;
use crate::lint::change::{Altered, Change};
use crate::zone::Zone;

/// Names of the smallest zone that is judged: in smaller ones, a few names are a large share.
const FEWEST_NAMES: usize = 10;

pub(super) fn check(change: &Change<'_>, report: &mut Report<'_>) {
    let names = change.old.map_or(0, Zone::name_count);
    if change.is_meant || names < FEWEST_NAMES {
        return;
    }
    let (mut removed, mut changed) = (0, 0);
    for altered in change.names() {
        match altered {
            Altered::Removed(node) if !node.is_hash() => removed += 1,
            Altered::Changed => changed += 1,
            Altered::Removed(_) | Altered::Added => {}
        }
    }
    let most = u64::from(change.settings.mass_change_percent);
    if (removed + changed) as u64 * 100 <= most * names as u64 {
        return;
    }
    let Some(record) = change.soa() else { return };
    let headline = format!(
        "this change removes {removed} and alters {changed} of the {names} names of `{}`, more than {most} %",
        change.new.apex()
    );
    report.add(
        report
            .finding(report.owner_or_type(record), headline)
            .label("this zone")
            .why("so much at once is a slip more often than a wish")
            .fix("bring the names back, or add the line `Zone-Mass-Change: yes` to the commit's message"),
    );
}
