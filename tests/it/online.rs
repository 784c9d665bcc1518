//! Zones beside their delegations, as the parents' own servers have them.

#![expect(clippy::disallowed_methods, reason = "resolvers that hang are sockets")]

use std::net::{IpAddr, SocketAddr, UdpSocket};

use zonewright::dns::Name;
use zonewright::lint::{Delegation, check_online};
use zonewright::server::TransportSettings;

use crate::support::command::{directory, run};
use crate::support::server::Server;
use crate::support::{build, served, skip};

const CHILD: &str = "\
$TTL 3600
@ SOA ns1 hostmaster 1 7200 1800 1209600 300
@ NS ns1
@ NS ns2.example.net.
ns1 A 198.41.0.4
ns1 AAAA 2001:503:ba3e::2:30
";

fn name(text: &str) -> Name {
    Name::absolute(text).expect("a name")
}

fn delegation(servers: &[&str], glue: &[(&str, &str)], ds: &[&[u8]]) -> Delegation {
    let glue = glue.iter().map(|(host, address)| (name(host), address.parse::<IpAddr>().expect("an address")));
    Delegation {
        parent: Some(name("test")),
        servers: servers.iter().map(|server| name(server)).collect(),
        glue: glue.collect(),
        ds: ds.iter().map(|ds| ds.to_vec()).collect(),
    }
}

#[test]
fn what_differs_is_told_at_the_records_of_the_zone() {
    let (zone, _, sources) = build("a.test", CHILD);
    let zone = zone.expect("a zone");
    let both = ["NS1.a.test", "ns2.example.net"];
    let glue = [("ns1.a.test", "198.41.0.4")];
    let ds: &[u8] = &[&[0, 1, 13, 2][..], &[7; 32]].concat();
    let rows: &[(Delegation, &[(&str, u32)])] = &[
        (delegation(&both, &glue, &[]), &[]),
        (delegation(&both, &[], &[]), &[]),
        (delegation(&both[..1], &glue, &[]), &[("parent-ns-differs", 3)]),
        (delegation(&["ns1.a.test", "ns3.example.net"], &glue, &[]), &[("parent-ns-differs", 3)]),
        (delegation(&[], &[], &[]), &[("parent-ns-differs", 3)]),
        (delegation(&both, &[("ns1.a.test", "198.41.0.5")], &[]), &[("parent-glue-differs", 5)]),
        (delegation(&both, &glue, &[ds]), &[("parent-ds-mismatch", 2)]),
    ];
    for (parent, wanted) in rows {
        let findings = check_online(&zone, &sources, &Ok(parent.clone()));
        let line = |finding: &zonewright::diagnostic::Diagnostic| {
            let span = finding.primary.span;
            (finding.code.name, sources.get(span.file).position(span.start).line)
        };
        assert_eq!(findings.iter().map(line).collect::<Vec<_>>(), *wanted, "{parent:?}");
    }
    let findings = check_online(&zone, &sources, &Err("it hangs".into()));
    assert!(findings.len() == 1 && findings[0].code.name == "parent-unreachable" && !findings[0].is_error());
}

/// A server of the parent zone, which is its clients' resolver too, at a loopback address's port 53.
fn parent(address: &str, text: &str) -> Option<Server> {
    let address: SocketAddr = format!("{address}:53").parse().expect("an address");
    if UdpSocket::bind(address).is_err() {
        skip("port 53", "this user may not listen on port 53");
        return None;
    }
    let settings = TransportSettings { threads: 1, ..TransportSettings::default() };
    Some(Server::start_at(address, served([("test", text)]), settings))
}

#[test]
fn the_parents_own_server_is_asked() {
    let text = "$TTL 60\n@ SOA ns h 1 1 1 1 1\n@ NS ns\nns A 127.0.0.61\na NS ns1.a\na NS ns2.example.net.\nns1.a A 198.41.0.4\nb NS ns1.b\nns1.b A 198.41.0.9\n";
    let Some(_server) = parent("127.0.0.61", text) else { return };
    let files = directory(&[("zones/a.test.zone", CHILD), ("zones/b.test.zone", CHILD)]);
    let arguments = ["check", "--online", "--resolver", "127.0.0.61", "--format", "concise"];
    let (code, said, error) = run(files.path(), &arguments);
    let told: Vec<&str> = said.lines().filter(|line| line.contains("parent-")).collect();
    assert_eq!(code, 0, "{said}{error}");
    assert_eq!(told.len(), 2, "{said}{error}");
    assert!(
        told[0].contains("b.test.zone:3:")
            && told[0].contains("the parent does not name `ns2.example.net.` as a server of `b.test.`"),
        "{said}"
    );
    assert!(
        told[1].contains(
            "the parent gives `ns1.b.test.` the addresses 198.41.0.9, and the zone 198.41.0.4, 2001:503:ba3e::2:30"
        ),
        "{said}"
    );
    let (_, said, _) = run(files.path(), &["check", "--format", "concise"]);
    assert!(!said.contains("parent-"), "{said}");
}

#[test]
fn a_resolver_that_hangs_or_talks_nonsense_is_told_of_and_no_error() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        let mut room = [0; 512];
        while let Ok((length, client)) = silent.recv_from(&mut room) {
            // As long as a header, another's id, and octets that are no records.
            room[0] ^= 1;
            let _ = silent.send_to(&room[..length / 2], client);
        }
    });
    let files = directory(&[("zones/a.test.zone", CHILD)]);
    let (code, said, error) = run(files.path(), &["check", "--online", "--resolver", &address]);
    assert!(
        code == 0 && said.contains("note[parent-unreachable]") && said.contains("asking the resolver"),
        "{said}{error}"
    );
}
