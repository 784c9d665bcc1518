//! The project's own zones through real sockets: every host that is known of is there with what it needs, and none is that
//! should not be.

#![expect(clippy::disallowed_methods, reason = "the list of hosts is no part of the repository")]

use zonewright::dns::{Name, Rcode, Rtype};
use zonewright::zone::Zone;
use zonewright::zonefile::rdata;

use crate::support::client::{Udp, ask_tcp};
use crate::support::message::{Query, Response};
use crate::support::server::{ENGINES, Server};
use crate::support::{self, fixture};

/// A row of `hosts.tsv`.
struct Host {
    name: String,
    kind: String,
    /// Types of records, some with a word in brackets: `A AAAA or CNAME`, `TXT(SPF)`, `NS (delegation)`.
    records: String,
    /// None for a name that belongs to nobody here, or is no host.
    has_zone: bool,
}

fn hosts(text: &str) -> Vec<Host> {
    let rows = text.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let host = |row: Vec<&str>| Host {
        name: row[0].into(),
        kind: row[1].into(),
        records: row[2].into(),
        has_zone: row[3] != "-",
    };
    rows.map(host).collect()
}

#[test]
fn every_known_host_is_answered_as_it_should_be() {
    let Some(path) = support::shared("almalinux/hosts.tsv") else { return };
    let hosts = hosts(&std::fs::read_to_string(path).expect("the list of hosts"));
    let zones = support::repository_zones();
    assert_eq!(zones.len(), 9);
    assert!(hosts.len() >= 147, "{} rows", hosts.len());
    for engine in ENGINES {
        let server = Server::start_with(support::serve_all(&zones), engine);
        expect_hosts(&hosts, &zones, &Udp::connect(server.address));
    }
}

fn expect_hosts(hosts: &[Host], zones: &[(Name, Zone)], client: &Udp) {
    let ask = |name: &str, rtype: Rtype| client.ask(&Query::new(name, rtype).edns(1232));
    for host in hosts {
        let is_ours = zones.iter().any(|(apex, _)| {
            let name = Name::absolute(&host.name).expect("a host's name");
            name.as_ref().is_at_or_below(apex.as_ref())
        });
        match (host.has_zone, is_ours) {
            (true, _) => present(host, &ask),
            (false, true) => absent(host, &ask),
            // Another's domain, or a typing error that makes it one.
            (false, false) => assert_eq!(ask(&host.name, Rtype::A).rcode, Rcode::REFUSED, "{}", host.name),
        }
    }
}

/// Each listed type is there, of alternatives and of address families one. (A host may have only one family: the list says
/// what a host of its kind should have, the zone what it has.)
fn present(host: &Host, ask: &dyn Fn(&str, Rtype) -> Response) {
    let alternatives: Vec<&str> = host.records.split(" or ").collect();
    let is_met = |wanted: &&str| {
        let words = wanted.split_whitespace().filter(|word| word.starts_with(char::is_uppercase));
        let (addresses, others): (Vec<&str>, Vec<&str>) = words.partition(|kind| matches!(*kind, "A" | "AAAA"));
        // All are asked, so that each is NOERROR.
        let found = addresses.iter().filter(|kind| has(host, kind, ask)).count();
        let has_address = addresses.is_empty() || found > 0;
        addresses.len() + others.len() > 0 && has_address && others.iter().all(|kind| has(host, kind, ask))
    };
    assert!(alternatives.iter().any(is_met), "{} has not its {}", host.name, host.records);
}

fn has(host: &Host, kind: &str, ask: &dyn Fn(&str, Rtype) -> Response) -> bool {
    let mnemonic = kind.split('(').next().unwrap_or(kind);
    let rtype = rdata::from_mnemonic(mnemonic.as_bytes()).unwrap_or_else(|| panic!("{kind}: no type"));
    let name = owner(host, kind);
    let response = ask(&name, rtype);
    assert_eq!(response.rcode, Rcode::NOERROR, "{name} {kind}: {response}");
    let is_delegation = rtype == Rtype::NS && !response.is_authoritative();
    let section = if is_delegation { &response.authority } else { &response.answer };
    section.iter().any(|record| record.rtype == rtype)
}

/// Where a record of the host is: services and policies have names of their own below it.
fn owner(host: &Host, kind: &str) -> String {
    let label = match kind {
        "SRV(_matrix-fed._tcp)" => "_matrix-fed._tcp.",
        "TXT(DMARC)" => "_dmarc.",
        "TXT(DKIM)" => "mm2026._domainkey.",
        // Of the mail server.
        "TLSA" => "_25._tcp.",
        _ => "",
    };
    format!("{label}{}", host.name)
}

/// A name that is no host (a List-Id, a machine that is gone) does not exist; nothing but a wildcard may answer for it.
fn absent(host: &Host, ask: &dyn Fn(&str, Rtype) -> Response) {
    for rtype in [Rtype::A, Rtype::AAAA, Rtype::ANY] {
        let response = ask(&host.name, rtype);
        assert_eq!(response.rcode, Rcode::NXDOMAIN, "{} ({}): {response}", host.name, host.kind);
        assert!(response.is_authoritative() && response.answer.is_empty(), "{}: {response}", host.name);
        assert_eq!(response.authority.len(), 1, "{}: {response}", host.name);
    }
}

#[test]
fn every_record_of_our_zones_is_answered_over_udp_and_tcp() {
    let zones = support::repository_zones();
    for engine in ENGINES {
        expect_records(&zones, &Server::start_with(support::serve_all(&zones), engine));
    }
}

fn expect_records(zones: &[(Name, Zone)], server: &Server) {
    let client = Udp::connect(server.address);
    let mut asked = 0;
    for (apex, zone) in zones {
        for rrset in zone.nodes().flat_map(|node| node.rrsets()) {
            let name = rrset.owner().to_string();
            // Glue lies in the child, and NS at a cut is a referral: `hosts.tsv` and the fixtures see to those.
            let catalog_zone = zones.iter().filter(|(other, _)| rrset.owner().is_at_or_below(other.as_ref()));
            let longest = catalog_zone.max_by_key(|(other, _)| other.as_ref().label_count()).expect("its own zone");
            let response = client.ask(&Query::new(&name, rrset.rtype()).edns(1232));
            if !response.is_authoritative() || longest.0 != *apex {
                continue;
            }
            let got: Vec<&[u8]> = response
                .answer
                .iter()
                .filter(|record| record.rtype == rrset.rtype() && record.owner.as_ref().is(rrset.owner()))
                .map(|record| &record.rdata[..])
                .collect();
            let response = if response.is_truncated() {
                ask_tcp(server.address, &Query::new(&name, rrset.rtype()))
            } else {
                assert_eq!(got, rrset.rdatas().collect::<Vec<_>>(), "{name}: {response}");
                response
            };
            assert_eq!(response.rcode, Rcode::NOERROR, "{name}: {response}");
            asked += 1;
        }
    }
    assert!(asked > 300, "{asked} rrsets");
}

#[test]
fn the_types_of_the_fixtures_are_answered_over_tcp_as_over_udp() {
    for engine in ENGINES {
        let server = Server::start_with(support::serve_all(&support::repository_zones()), engine);
        let client = Udp::connect(server.address);
        for rtype in fixture::TYPES {
            let query = Query::new("almalinux.org.", rtype).edns(1232);
            let (udp, tcp) = (client.ask(&query), ask_tcp(server.address, &query));
            assert_eq!(udp.to_string(), tcp.to_string(), "type {} of {engine:?}", rtype.0);
        }
    }
}
