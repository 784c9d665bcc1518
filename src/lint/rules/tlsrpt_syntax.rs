//! ## What it does
//! Finds TLS reporting records at `_smtp._tls` that senders cannot act on.
//! ## Why is this bad
//! Senders that cannot read the record send no reports (RFC 8460 §3), so that failing TLS goes unnoticed. Reports go to
//! `mailto:` and `https:` URIs only, and more than one record is as good as none.
//! ## Example
//! ```zone
//! _smtp._tls TXT "v=TLSRPTv1; rua=tls-reports@example.org"
//! ```
//! ## Fix
//! Write `"v=TLSRPTv1; rua=mailto:tls-reports@example.org"`.

use crate::dns::Rtype;
use crate::lint::tags::{self, Dialect};
use crate::lint::text::{Fault, Text};
use crate::lint::{Report, Subject};
use crate::zone::Node;

const DIALECT: Dialect = Dialect {
    what: "TLS reporting record",
    version: "TLSRPTv1",
    known: &["v", "rua"],
    why: "senders that cannot read it send no reports, and failing TLS goes unnoticed (RFC 8460 §3)",
};

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    let mut labels = node.name().labels();
    let is = |label: Option<&[u8]>, wanted: &[u8]| label.is_some_and(|label| label.eq_ignore_ascii_case(wanted));
    if !is(labels.next(), b"_smtp") || !is(labels.next(), b"_tls") {
        return;
    }
    let Some(rrset) = node.rrset(Rtype::TXT) else { return };
    for text in Text::all(rrset) {
        if let Some(fault) = fault(&text.octets) {
            text.add(fault, report);
        }
    }
    if let Some(second) = report.second(rrset.records(), format!("`{}` has more than one record", node.name())) {
        let finding = second
            .why("senders that find more than one send no reports (RFC 8460 §3)")
            .fix("put the addresses of all into one record, separated by commas");
        report.add(finding);
    }
}

fn fault(text: &[u8]) -> Option<Fault> {
    let tags = match tags::well_formed(text, &DIALECT) {
        Ok(tags) => tags,
        Err(fault) => return Some(*fault),
    };
    match tags.iter().find(|tag| tag.name == b"rua") {
        Some(rua) => tags::bad_uris(text, rua, &["mailto:", "https:"], DIALECT.what, DIALECT.why),
        None => Some(Fault {
            place: 0..text.len(),
            headline: "this TLS reporting record has no `rua`".into(),
            label: "nobody to report to".into(),
            why: DIALECT.why,
            fix: "add `rua=mailto:ADDRESS`".into(),
        }),
    }
}
