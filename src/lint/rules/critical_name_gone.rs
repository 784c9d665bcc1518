//! ## What it does
//! Finds names of the config's `critical_names` that a change leaves without records.
//! ## Why is this bad
//! They are the names without which nothing works, so their removal is a mistake until somebody with a say takes them off
//! the list first.
//! ## Example
//! ```zone
//! ; www is gone, and `critical_names` has "www.example.org"
//! ```
//! ## Fix
//! Bring the name's records back, or take it off the list in a change of its own.

use crate::dns::Name;
use crate::lint::Report;
use crate::lint::change::Change;

pub(super) fn check(change: &Change<'_>, report: &mut Report<'_>) {
    let Some(old) = change.old else { return };
    let is_gone = |name: &&Name| old.node(name.as_ref()).is_some() && change.new.node(name.as_ref()).is_none();
    let gone: Vec<String> = change.settings.critical_names.iter().filter(is_gone).map(|name| format!("`{name}`")).collect();
    let Some(record) = change.soa() else { return };
    if gone.is_empty() {
        return;
    }
    let headline = match &gone[..] {
        [only] => format!("{only} has no records any more, and is a critical name"),
        all => format!("{} have no records any more, and are critical names", all.join(", ")),
    };
    report.add(
        report
            .finding(report.owner_or_type(record), headline)
            .label("this zone had it")
            .why("the config lists names that no change may leave empty")
            .fix("bring the records back, or take the name off `critical_names` in a change of its own"),
    );
}
