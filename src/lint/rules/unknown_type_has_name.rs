//! ## What it does
//! Finds types written by number, as `TYPE1`, that have a name.
//! ## Why is this bad
//! It works (RFC 3597 §5), and nobody who reads the zone can tell what it says; a search for all addresses or mail hosts
//! misses the record.
//! ## Example
//! ```zone
//! www TYPE1 \# 4 C0000201
//! ```
//! ## Fix
//! Write the name, and the data in its own form: `www A 192.0.2.1`.

use std::collections::HashSet;

use crate::dns::Rtype;
use crate::lint::{Report, Subject};
use crate::zonefile::rdata::{Mnemonic, Presentation, from_mnemonic, types};

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let written = numbered(report);
    if written.is_empty() {
        return;
    }
    let rrsets = subject.zone.nodes().flat_map(|node| node.rrsets());
    for rrset in rrsets.filter(|rrset| written.contains(&rrset.rtype())) {
        for (record, rdata) in rrset.records().zip(rrset.rdatas()) {
            let place = report.rtype(record);
            let text = report.text(place);
            if !text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"TYPE")) {
                continue;
            }
            let (mnemonic, text) = (Mnemonic(rrset.rtype()), String::from_utf8_lossy(text).into_owned());
            let shown = Presentation { rtype: rrset.rtype(), rdata }.to_string();
            let fix = match shown.len() {
                ..=80 => format!("write `{mnemonic} {shown}`"),
                _ => format!("write `{mnemonic}`"),
            };
            let finding = report
                .finding(place, format!("`{text}` has a name: {mnemonic}"))
                .label(format!("this is {mnemonic}"))
                .why("it works, and neither a reader nor a search can tell what it is (RFC 3597 §5)")
                .fix(fix);
            report.add(finding);
        }
    }
}

/// The types with a name that the zone's texts may write by number.
fn numbered(report: &Report<'_>) -> HashSet<Rtype> {
    let mut found = HashSet::new();
    for text in report.texts() {
        for start in memchr::memmem::find_iter(text, b"TYPE").chain(memchr::memmem::find_iter(text, b"type")) {
            let digits = text[start + 4..].iter().take(6).take_while(|octet| octet.is_ascii_digit()).count();
            let rtype = from_mnemonic(&text[start..start + 4 + digits]).filter(|_| digits > 0);
            found.extend(rtype.filter(|rtype| types().iter().any(|row| row.rtype == *rtype)));
        }
    }
    found
}
