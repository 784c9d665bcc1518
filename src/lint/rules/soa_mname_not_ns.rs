//! ## What it does
//! Finds SOA records whose primary server is none of the zone's NS records.
//! ## Why is this bad
//! The name is where secondaries and dynamic updates look for the primary (RFC 1035 §3.3.13, RFC 2136 §4.3), and it is often
//! left behind when servers are renamed. Zones with a hidden primary have it on purpose, so the rule is off by default.
//! ## Example
//! ```zone
//! @  IN SOA  old.example.net. hostmaster 1 7200 1800 1209600 300
//! @  IN NS   ns1.example.net.
//! ```
//! ## Fix
//! Name one of the servers, or turn the rule off where the primary is hidden.

use crate::dns::{NameRef, Rtype};
use crate::lint::others::target;
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, _subject: &Subject<'_>, report: &mut Report<'_>) {
    let (Some(soa), Some(servers)) = (node.rrset(Rtype::SOA).filter(|_| node.is_apex()), node.rrset(Rtype::NS)) else { return };
    let Some((record, rdata)) = soa.records().zip(soa.rdatas()).next() else { return };
    let Some(primary) = target(Rtype::SOA, rdata) else { return };
    if servers.rdatas().filter_map(NameRef::parse).any(|server| server.is(primary)) {
        return;
    }
    let headline = format!("the SOA record names `{primary}` as primary server, and no NS record does");
    let mut finding = report.finding(report.field(record, 0), headline).label("not among the zone's servers");
    if let Some(server) = servers.records().next() {
        finding = finding.also(report.rtype(server), "the zone's servers");
    }
    report.add(
        finding
            .why("secondaries and dynamic updates look for the primary by this name (RFC 1035 §3.3.13, RFC 2136 §4.3)")
            .fix("name one of the zone's servers"),
    );
}
