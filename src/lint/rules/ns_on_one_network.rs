//! ## What it does
//! Finds zones and delegations all of whose servers have addresses in one network.
//! ## Why is this bad
//! One router, one provider, one flood of packets, and all servers are gone together (RFC 2182 §3.1). A network is taken to
//! be an IPv4 /24 or an IPv6 /48. Sets with a server whose addresses are not known here are not judged.
//! ## Example
//! ```zone
//! @    IN NS  ns1
//! @    IN NS  ns2
//! ns1  IN A   192.0.2.1
//! ns2  IN A   192.0.2.2
//! ```
//! ## Fix
//! Place a server in another network.

use std::rc::Rc;

use crate::authority::{Authority, RrsetRef};
use crate::dns::{NameRef, Rtype};
use crate::lint::others::Answer;
use crate::lint::recent::Recent;
use crate::lint::known::{Known, Reach, node};
use crate::lint::{Others, Report, Subject};
use crate::zone::Node;

/// Octets of an address that name its network.
const NETWORK: [(Rtype, usize); 2] = [(Rtype::A, 3), (Rtype::AAAA, 6)];

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let Some(own) = others.zone(subject.zone.apex()) else { return };
    // What has no address that is known here needs no second look; and a child that is here is judged at its own apex.
    let has_address = |known: Known| matches!(known.reach, Reach::Address | Reach::NoGlue);
    let cuts = subject.survey().cuts.iter().filter(|cut| {
        subject.servers(cut, others).all(|(_, known)| has_address(known)) && !others.has_zone(cut.node.name())
    });
    let cuts = cuts.map(|cut| cut.node);
    let mut recent = Recent::new();
    for node in subject.zone.node(subject.zone.apex()).into_iter().chain(cuts) {
        let Some(servers) = node.rrset(Rtype::NS).filter(|servers| servers.records().len() > 1) else { continue };
        let mut of = |rdata| {
            let server = NameRef::parse(rdata)?;
            recent.of(server, || networks(server, own, others)).clone()
        };
        let networks: Option<Vec<_>> = servers.rdatas().map(&mut of).collect();
        let Some(networks) = networks else { continue };
        let Some(first) = networks[0].first().filter(|_| networks.iter().all(|list| is_within(list, &networks[0]))) else {
            continue;
        };
        add(node, first, servers.records().next().map(|record| report.rtype(record)), report);
    }
}

/// Whether all of a server's networks are those of the first, which has one of each family at most.
fn is_within(networks: &[Vec<u8>], first: &[Vec<u8>]) -> bool {
    NETWORK.iter().all(|&(_, length)| {
        let mut of_family = first.iter().chain(networks).filter(|network| network.len() == length);
        let model = of_family.next();
        of_family.all(|network| Some(network) == model)
    })
}

/// The networks of a server; none where it has no address here.
fn networks(server: NameRef<'_>, own: &Authority, others: &Others<'_>) -> Option<Rc<[Vec<u8>]>> {
    let glue = node(own, server).map_or([None, None], |node| [node.rrset(Rtype::A), node.rrset(Rtype::AAAA)]);
    let rrsets = match glue {
        [None, None] => match others.ask(server) {
            Answer::Exists { v4, v6 } => [v4, v6],
            _ => return None,
        },
        glue => glue,
    };
    let of = |rrset: RrsetRef<'_>| rrset.rdatas().filter_map(|rdata| network(rrset.rtype(), rdata)).collect::<Vec<_>>();
    let networks: Rc<[_]> = rrsets.into_iter().flatten().flat_map(of).collect();
    Some(networks).filter(|networks| !networks.is_empty())
}

fn network(rtype: Rtype, rdata: &[u8]) -> Option<Vec<u8>> {
    let (_, length) = NETWORK.iter().find(|(known, _)| *known == rtype)?;
    rdata.get(..*length).map(<[u8]>::to_vec)
}

fn add(node: Node<'_>, network: &[u8], place: Option<crate::source::Span>, report: &mut Report<'_>) {
    let shown = match network {
        [a, b, c] => format!("{a}.{b}.{c}.0/24"),
        octets => {
            let groups: Vec<String> = octets.chunks(2).map(|pair| format!("{:x}", u16::from(pair[0]) << 8 | u16::from(pair[1]))).collect();
            format!("{}::/48", groups.join(":"))
        }
    };
    let Some(place) = place else { return };
    let finding = report.finding(place, format!("all servers of `{}` are in the network {shown}", node.name()));
    report.add(
        finding
            .label("and so are the others")
            .why("what takes the network down takes all servers down together (RFC 2182 §3.1)")
            .fix("add a server in another network"),
    );
}
