//! ## What it does
//! Finds addresses that no host on the Internet reaches: of private networks, of one link, of the asking host, of groups.
//! ## Why is this bad
//! Whoever asks from outside connects to a stranger in its own network, or to nobody (RFC 1918 §5), and the zone tells
//! everybody how the inside is laid out. Turn the rule off for zones that only the inside asks for. `localhost` may have
//! the addresses of the asking host.
//! ## Example
//! ```zone
//! db A 10.1.2.3
//! ```
//! ## Fix
//! Write the address that the outside reaches, or move the name into a zone for the inside.

use crate::lint::address;
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    let is_localhost = || node.name().labels().next().is_some_and(|label| label.eq_ignore_ascii_case(b"localhost"));
    address::within(node, &address::UNREACHABLE, |record, address, range| {
        if address.is_loopback() && is_localhost() {
            return;
        }
        report.add_at(record, |report| {
            report
                .finding(report.rdata(record), format!("{address} is {}", range.what))
                .label("nobody outside reaches it")
                .why("who asks from the Internet connects to a stranger, or to nobody")
                .fix("write the address that the outside reaches, or move the name into a zone for the inside")
        });
    });
}
