//! How large a zone is when it is compiled, at most: what has no number there is refused here.
//!
//! # Design
//!
//! The compiled form numbers nodes by the fourth octet in 32 bits, and places within a node by the octet. No zone of half a
//! GiB of names and data gets near that, whatever it holds, so only larger ones are counted, node by node.

use super::findings::Findings;
use super::{Node, Zone};
use crate::diagnostic::{Diagnostic, codes};
use crate::source::Span;

/// Octets of a node's header and of those that fill it up; of an empty non-terminal above it; and of an rrset's row and what
/// stands before its data.
const NODE: u64 = 16;
const EMPTY: u64 = 16;
const RRSET: u64 = 24;

/// Octets of a record beside its data: its length, and the node of the host that it names.
const RECORD: u64 = 6;

/// What 32 bits reach by the fourth octet, and by the octet.
const MOST: u64 = 1 << 34;
const MOST_OF_A_NODE: u64 = 1 << 32;

/// Names and data of a zone that are worth counting, in octets.
const WORTH_COUNTING: usize = 1 << 29;

impl Zone {
    /// How many octets the zone has at most when it is compiled, and how many its largest node.
    pub fn compiled_at_most(&self) -> (u64, u64) {
        let sizes = self.nodes().map(|node| size(node, self.apex().label_count()));
        sizes.fold((0, 0), |(all, largest), size| (all + size, largest.max(size)))
    }
}

fn size(node: Node<'_>, apex_labels: usize) -> u64 {
    let record = |rdata: &[u8]| RECORD + rdata.len() as u64;
    let data: u64 = node.rrsets().map(|rrset| RRSET + rrset.rdatas().map(record).sum::<u64>()).sum();
    let above = (node.name().label_count() - apex_labels) as u64;
    NODE + node.name().octets().len() as u64 + EMPTY * above + data
}

/// Reports a zone that has no room in the compiled form; `start` is the start of its file.
pub(super) fn check(zone: &Zone, start: Span, findings: &mut Findings) {
    if zone.records.octets() + 2 * zone.record_count() <= WORTH_COUNTING {
        return;
    }
    let (all, largest) = zone.compiled_at_most();
    if all >= MOST || largest >= MOST_OF_A_NODE {
        let found = || format!("{} MiB when it is compiled, {} of them at one name", all >> 20, largest >> 20);
        findings.add(&codes::TOO_MANY_RECORDS, || too_large(start, &found()));
    }
}

/// The finding for a zone that cannot be numbered; `found` says what it has.
pub(super) fn too_large(start: Span, found: &str) -> Diagnostic {
    Diagnostic::new(&codes::TOO_MANY_RECORDS, start, format!("the zone has {found}"))
        .why(
            "names are found by 32-bit numbers, which reach 4 GiB of names and data, and 16 GiB when they are compiled",
        )
        .fix("delegate parts of the zone to zones of their own")
}
