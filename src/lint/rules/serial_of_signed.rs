//! ## What it does
//! Finds zones that were signed before, or have a digest over all of them, and whose serial is to be made from the history.
//! ## Why is this bad
//! The signature of the SOA record, and ZONEMD's digest, are over the serial as it is written (RFC 4035 §2.2, RFC 8976 §3.3).
//! With another number no validator takes the record, so the written one would have to be served after all.
//! ## Example
//! ```zone
//! @  IN RRSIG SOA 13 2 3600 20261201000000 20261101000000 …  ; and `serial = "auto"` in the config
//! ```
//! ## Fix
//! Set `serial = "file"` for the zone, below `[source.zone."NAME"]`, and let the signer raise the number.

use crate::dns::Rtype;
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(signed) = node.rrset(Rtype::RRSIG).or_else(|| node.rrset(Rtype::ZONEMD)).filter(|_| node.is_apex()) else { return };
    if subject.settings.serials.of(node.name()).is_none() {
        return;
    }
    let Some(record) = signed.records().next() else { return };
    let headline = format!("the serial of `{}` is to be made from the history, and the zone was signed with its own", node.name());
    let finding = report.finding(report.rtype(record), headline).label("made with the serial as written");
    report.add(
        finding
            .why("a signature or digest over the SOA record holds for the serial that it was made with (RFC 4035 §2.2)")
            .fix("set `serial = \"file\"` for the zone in the config, and let the signer raise the number"),
    );
}
