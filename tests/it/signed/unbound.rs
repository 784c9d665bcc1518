//! `unbound`, a validating resolver with a zone's keys as trust anchors: what it takes from our server, a stub resolver gets
//! with AD set, without it, or as SERVFAIL.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use zonewright::dns::{Rcode, Rtype};
use zonewright::server::Transport;
use zonewright::zonefile::rdata;

use super::kind::{FAMILY, KINDS, Kind, Shows};
use super::{ZONES, keys_of, serve, sign, text_of};
use crate::peers::make::{Peer, Place, start};
use crate::support;
use crate::support::client::ask_tcp;
use crate::support::message::{Query, Record, Response};

/// A child without signatures. It is served below both cuts of the fixtures' zone, of which one promises keys.
const UNSIGNED_CHILD: &str = "$TTL 300\n@ SOA ns hostmaster 1 7200 1800 1209600 300\n@ NS ns\nns A 192.0.2.55\n\
                              www A 192.0.2.56\n*.wild TXT \"wild\"\nalias CNAME www.example.\n";

/// What lies below those cuts.
const BELOW_CUTS: &[Kind] = &[
    ("below an unsigned delegation", "www.insecure.example", "A", Shows::Unsigned),
    ("expansion below an unsigned delegation", "x.wild.insecure.example", "TXT", Shows::Unsigned),
    ("NODATA below an unsigned delegation", "www.insecure.example", "MX", Shows::Unsigned),
    ("NXDOMAIN below an unsigned delegation", "nothing.insecure.example", "A", Shows::Unsigned),
    ("alias out of an unsigned zone", "alias.insecure.example", "A", Shows::Unsigned),
    ("alias into an unsigned zone", "to-insec.example", "A", Shows::Unsigned),
    ("below a cut whose DS records fit no key", "www.secure.example", "A", Shows::Bogus),
    ("alias into that", "to-cut.example", "A", Shows::Bogus),
];

/// An `unbound` that knows the keys of `apex` and asks `server` for everything, the root included: none of its queries
/// leaves the machine. None, aloud, where it is not installed.
fn unbound(server: SocketAddr, apex: &str, text: &str, zones: &[&str], folder: &tempfile::TempDir) -> Option<Peer> {
    let anchor = |fields: [String; 4]| format!("  trust-anchor: \"{apex} DNSKEY {}\"\n", fields.join(" "));
    let anchors: String = keys_of(apex, text).into_iter().map(anchor).collect();
    let (host, port) = (server.ip(), server.port());
    let stub = |zone: &&str| format!("stub-zone:\n  name: \"{zone}\"\n  stub-addr: {host}@{port}\n");
    let stubs: String = [".", "example"].iter().chain(zones).collect::<BTreeSet<_>>().into_iter().map(stub).collect();
    let config = |Place { port, state }: &Place| {
        let state = state.display();
        format!(
            "server:\n  interface: 127.0.0.1@{port}\n  do-ip6: no\n  username: \"\"\n  chroot: \"\"\n  \
             directory: \"{state}\"\n  pidfile: \"{state}/pid\"\n  use-syslog: no\n  do-daemonize: no\n  num-threads: 1\n  \
             do-not-query-localhost: no\n  target-fetch-policy: \"0 0 0 0 0\"\n  module-config: \"validator iterator\"\n  \
             aggressive-nsec: no\n  val-log-level: 2\n{anchors}remote-control:\n  control-enable: no\n{stubs}"
        )
    };
    let started = start("unbound", &["-d", "-c"], folder.path(), apex, config);
    if started.is_none() {
        support::skip("peers", "unbound is not installed");
    }
    started
}

/// What a resolver gives for each kind that it does not give as it must.
fn wrong(kinds: &[Kind], has_opt_out: bool, server: SocketAddr, resolver: &Peer) -> Vec<String> {
    let ask = |(what, name, rtype, shows): &Kind| {
        let rtype = rdata::from_mnemonic(rtype.as_bytes()).expect("a type");
        let edns = Some((1232, 0, true, Vec::new()));
        let query = Query { flags: RD, edns, ..Query::new(name, rtype) };
        let (served, resolved) = (ask_tcp(server, &query), resolver.ask(&query, Transport::Tcp).expect("an answer"));
        let is_right = match shows {
            Shows::Bogus => resolved.rcode == Rcode::SERVFAIL,
            shows => is_secure(&resolved) == shows.is_secure(has_opt_out) && agree(&query, &served, &resolved),
        };
        (!is_right).then(|| format!("{what}: {name} is no {shows:?}\n  served   {served}\n  resolved {resolved}"))
    };
    kinds.iter().filter_map(ask).collect()
}

const RD: u16 = 0x0100;

fn is_secure(response: &Response) -> bool {
    const AD: u16 = 0x0020;
    response.flags & AD != 0
}

/// Whether a resolver passes on what it was told; of ANY, rrsets of its own choice (RFC 8482 §4.1).
fn agree(query: &Query, served: &Response, resolved: &Response) -> bool {
    said(served) == said(resolved) || query.rtype == Rtype::ANY && served.rcode == resolved.rcode
}

/// The response code and the answer's records, whatever time they have left to live.
fn said(response: &Response) -> (Rcode, BTreeSet<String>) {
    let signature = |rtype: Rtype| rtype == Rtype::RRSIG;
    let records = response.answer.iter().filter(|record| !signature(record.rtype));
    let text = |record: &Record| Record { ttl: 0, ..record.clone() }.to_string().to_ascii_lowercase();
    (response.rcode, records.map(text).collect())
}

#[test]
fn unbound_validates_every_kind_of_answer() {
    for &zone in ZONES {
        let (text, folder) = (text_of(zone), tempfile::tempdir().expect("a directory"));
        let children = ["insecure.example.", "secure.example."];
        let server =
            serve(&[("example.", text.as_str()), (children[0], UNSIGNED_CHILD), (children[1], UNSIGNED_CHILD)]);
        let Some(resolver) = unbound(server.address, "example.", &text, &children, &folder) else { return };
        let kinds = [KINDS, BELOW_CUTS].concat();
        let wrong = wrong(&kinds, zone == "optout", server.address, &resolver);
        assert!(wrong.is_empty(), "{zone}: {} of {} differ:\n{}", wrong.len(), kinds.len(), wrong.join("\n"));
    }
}

#[test]
fn unbound_validates_chains_across_zones_from_a_signed_root() {
    let Some(family) = sign::family() else { return };
    let folder = tempfile::tempdir().expect("a directory");
    let server = serve(&family);
    let apexes = family.each_ref().map(|(apex, _)| *apex);
    let Some(resolver) = unbound(server.address, ".", &family[0].1, &apexes, &folder) else { return };
    let wrong = wrong(FAMILY, false, server.address, &resolver);
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), FAMILY.len(), wrong.join("\n"));
}

/// What is done to a zone (lines that hold the first text lose it for the second, or go), and a question whose answer it spoils.
type Tampering = (&'static str, &'static str, &'static str, Option<&'static str>, Kind);

const TAMPERINGS: &[Tampering] = &[
    ("another address", "nsec", "192.0.2.80", Some("192.0.2.82"), ("", "www.example", "A", Shows::Bogus)),
    ("no signature", "nsec", "www.example. 300 IN RRSIG TXT", None, ("", "www.example", "TXT", Shows::Bogus)),
    ("no DS records", "nsec", " IN DS ", None, ("", "secure.example", "DS", Shows::Bogus)),
    ("no NSEC record", "nsec", "www.example. 300 IN NSEC ", None, ("", "www.example", "MX", Shows::Bogus)),
    ("a gap", "nsec", "there.wild.example. 300 IN NSEC ", None, ("", "x.wild.example", "TXT", Shows::Bogus)),
    ("no chain", "nsec", " IN NSEC ", None, ("", "nothing.example", "A", Shows::Bogus)),
    ("no chain of hashes", "nsec3", " IN NSEC3 ", None, ("", "nothing.example", "A", Shows::Bogus)),
    (
        "another target",
        "nsec3",
        "IN DNAME target",
        Some("IN DNAME wild"),
        ("", "www.moved.example", "TXT", Shows::Bogus),
    ),
    ("another alias", "optout", "IN CNAME www", Some("IN CNAME ns"), ("", "alias.example", "A", Shows::Bogus)),
];

/// That a validator can say no is what makes its yes worth something.
#[test]
fn unbound_refuses_what_was_tampered_with() {
    for (what, zone, text, instead, kind) in TAMPERINGS {
        let (whole, folder) = (text_of(zone), tempfile::tempdir().expect("a directory"));
        let line = |line: &str| match (line.contains(text), instead) {
            (false, _) => format!("{line}\n"),
            (true, Some(instead)) => format!("{}\n", line.replace(text, instead)),
            (true, None) => String::new(),
        };
        let tampered: String = whole.lines().map(line).collect();
        assert_ne!(tampered, whole, "{what} changes nothing");
        let server = serve(&[("example.", &tampered)]);
        let Some(resolver) = unbound(server.address, "example.", &whole, &[], &folder) else { return };
        let wrong = wrong(&[*kind], false, server.address, &resolver);
        assert!(wrong.is_empty(), "{what}: {}", wrong.join("\n"));
    }
}
