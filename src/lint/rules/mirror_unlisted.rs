//! ## What it does
//! Finds a host that no file of the mirror list mentions, though the names beside it are listed mirrors.
//! ## Why is this bad
//! It is what a mirror leaves behind in the zone when its file is deleted, or a new mirror whose file was forgotten: nobody
//! is sent to it. Names are taken for mirrors where three or more names below the same one are, and more than are not.
//! ## Example
//! ```zone
//! bna.aws A 198.51.100.42    ; and mirrors.d has files for all others below `aws`, and none for this
//! ```
//! ## Fix
//! Delete the records, or add a file to the mirror list.

use std::collections::HashMap;

use crate::dns::NameRef;
use crate::lint::{Others, Report, Subject, address};
use crate::zone::Node;

/// What is known of the names below one.
#[derive(Default)]
struct Family<'z> {
    listed: usize,
    unlisted: Vec<Node<'z>>,
}

/// How many names make it likely that those beside them are mirrors too.
const ENOUGH: usize = 3;

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let listed = others.mirrors();
    if listed.is_empty() {
        return;
    }
    let mut families: HashMap<Vec<u8>, Family<'_>> = HashMap::new();
    for (node, _) in subject.nodes().filter(|(node, cut)| cut.is_none() && !node.is_apex() && address::any(*node).is_some()) {
        let Some(parent) = node.name().parent() else { continue };
        let family = families.entry(lower(parent)).or_default();
        match listed.contains(&lower(node.name())) {
            true => family.listed += 1,
            false => family.unlisted.push(node),
        }
    }
    let is_of_mirrors = |family: &&Family<'_>| family.listed >= ENOUGH && family.listed > family.unlisted.len();
    let unlisted = families.values().filter(is_of_mirrors).flat_map(|family| family.unlisted.iter().map(|node| (node, family.listed)));
    for (node, count) in unlisted {
        let Some(record) = address::any(*node).and_then(|rrset| rrset.records().next()) else { continue };
        let finding = report
            .finding(report.owner_or_type(record), format!("`{}` is in no file of the mirror list", node.name()))
            .label(format!("{count} names beside it are listed mirrors"))
            .why("nobody is sent to a mirror that the list does not have")
            .fix("delete its records here, or add its file to the mirror list");
        report.add(finding);
    }
}

fn lower(name: NameRef<'_>) -> Vec<u8> {
    name.octets().to_ascii_lowercase()
}
