//! The shape of what goes out: rrsets whole and signed, in their sections, and no larger than was allowed.

use zonewright::dns::{Name, Rtype};

use super::{ZONES, serve, text_of};
use crate::support::build;
use crate::support::client::Udp;
use crate::support::message::{Query, Record, Response};

/// Types that are asked of every name.
const TYPES: &[Rtype] = &[
    Rtype::A,
    Rtype::AAAA,
    Rtype::TXT,
    Rtype::MX,
    Rtype::CNAME,
    Rtype::DNAME,
    Rtype::NS,
    Rtype::SOA,
    Rtype::DS,
    Rtype::DNSKEY,
    Rtype::NSEC,
    Rtype::NSEC3PARAM,
    Rtype::SRV,
];

/// Every owner of the zone, its parents, and names below, beside and between them.
fn names_of(text: &str) -> Vec<Name> {
    let zone = build("example", text).0.expect("a zone");
    let mut names: Vec<Name> = Vec::new();
    for node in zone.nodes().filter(|node| node.rrset(Rtype::NSEC3).is_none()) {
        let owner = node.name().to_string();
        let head = owner.strip_suffix("example.").expect("in the zone");
        names.push(node.name().to_name());
        names.extend(node.name().parent().filter(|name| name.is_at_or_below(zone.apex())).map(|name| name.to_name()));
        for made in [
            format!("below.{owner}"),
            format!("a.b.{owner}"),
            format!("*.{owner}"),
            format!("0{head}example."),
            format!("{}zz.example.", head.trim_end_matches('.')),
        ] {
            names.extend(Name::absolute(&made));
        }
    }
    names.sort_by(|a, b| a.as_ref().canonical_cmp(b.as_ref()));
    names.dedup();
    names
}

fn with_dnssec(name: &Name, rtype: Rtype, payload: u16) -> Query {
    let edns = Some((payload, 0, true, Vec::new()));
    Query { name: name.as_ref().octets().to_vec(), edns, ..Query::new(".", rtype) }
}

/// The rrsets of a section: how many records, and how many signatures, each has.
fn rrsets(records: &[Record]) -> Vec<(String, Rtype, usize, usize)> {
    let mut sets: Vec<(String, Rtype, usize, usize)> = Vec::new();
    for record in records {
        let is_signature = record.rtype == Rtype::RRSIG;
        let covered = Rtype(u16::from_be_bytes([record.rdata[0], *record.rdata.get(1).unwrap_or(&0)]));
        let (owner, rtype) =
            (record.owner.to_string().to_lowercase(), if is_signature { covered } else { record.rtype });
        let at = sets.iter().position(|set| set.0 == owner && set.1 == rtype).unwrap_or_else(|| {
            sets.push((owner, rtype, 0, 0));
            sets.len() - 1
        });
        if is_signature { sets[at].3 += 1 } else { sets[at].2 += 1 }
    }
    sets
}

/// What is wrong with the shape of an answer: rrsets without their signatures, records in the wrong section.
fn misshapen(response: &Response) -> Option<String> {
    let is_redirected = response.answer.iter().any(|record| record.rtype == Rtype::DNAME);
    let unsigned = |section: &[Record], may: fn(Rtype) -> bool| {
        let wrong = rrsets(section).into_iter().find(|set| (set.2 == 0 || set.3 == 0) && !may(set.1));
        wrong.map(|set| format!("{} {:?} has {} records and {} signatures", set.0, set.1, set.2, set.3))
    };
    let alias: fn(Rtype) -> bool = |rtype| rtype == Rtype::CNAME;
    let nothing: fn(Rtype) -> bool = |_| false;
    // Servers of a cut are the child's to sign.
    let servers: fn(Rtype) -> bool = |rtype| rtype == Rtype::NS;
    let types = |rtypes: &[Rtype], records: &[Record]| {
        let stranger = records.iter().find(|record| !rtypes.contains(&record.rtype));
        stranger.map(|record| format!("{record} is in the wrong section"))
    };
    let proofs = [Rtype::SOA, Rtype::NS, Rtype::DS, Rtype::NSEC, Rtype::NSEC3, Rtype::RRSIG];
    unsigned(&response.answer, if is_redirected { alias } else { nothing })
        .or_else(|| unsigned(&response.authority, servers))
        .or_else(|| types(&proofs, &response.authority))
        .or_else(|| types(&[Rtype::A, Rtype::AAAA, Rtype::RRSIG], &response.additional))
}

#[test]
fn answers_are_whole_signed_and_in_their_sections() {
    for &zone in ZONES {
        let text = text_of(zone);
        let server = serve(&[("example", &text)]);
        let (client, mut asked, mut truncated) = (Udp::connect(server.address), 0, 0);
        for name in names_of(&text) {
            for &rtype in TYPES.iter().chain(&[Rtype::ANY]) {
                for payload in [0, 512, 700, 1000, 1232, 4096] {
                    let response = client.ask(&with_dnssec(&name, rtype, payload));
                    asked += 1;
                    truncated += usize::from(response.is_truncated());
                    let most = usize::from(payload.clamp(512, 1232));
                    assert!(response.length <= most, "{zone}: {name} {rtype:?}: {} octets", response.length);
                    assert!(response.opt.as_ref().is_some_and(|opt| opt.2 & 0x8000 != 0), "{zone}: {name} {rtype:?}");
                    if let Some(wrong) = misshapen(&response) {
                        panic!("{zone}: {name} {rtype:?} at {payload}: {wrong}\n{response}");
                    }
                    if !response.is_truncated() {
                        let is_denial = response.answer.is_empty() && response.is_authoritative();
                        let proofs =
                            response.authority.iter().filter(|one| matches!(one.rtype, Rtype::NSEC | Rtype::NSEC3));
                        assert!(
                            !is_denial || proofs.count() > 0,
                            "{zone}: {name} {rtype:?} proves nothing\n{response}"
                        );
                    }
                }
            }
        }
        assert!(asked > 10_000 && truncated > 100, "{zone}: {asked} asked, {truncated} truncated");
    }
}

/// The signature of NSEC3PARAM has its TTL of zero, and none of the others does (RFC 4034 §3).
#[test]
fn signatures_asked_for_by_type_keep_their_ttls() {
    let text = text_of("nsec3");
    let server = serve(&[("example", &text)]);
    let apex = Name::absolute("example").expect("a name");
    let response = Udp::connect(server.address).ask(&with_dnssec(&apex, Rtype::RRSIG, 1232));
    let ttls: Vec<(Rtype, u32)> = response
        .answer
        .iter()
        .map(|record| (zonewright::zonefile::rdata::covered(&record.rdata), record.ttl))
        .collect();
    assert!(ttls.len() > 3, "{response}");
    let is_right = |&(covered, ttl): &(Rtype, u32)| ttl == if covered == Rtype::NSEC3PARAM { 0 } else { 300 };
    assert!(ttls.iter().all(is_right), "{ttls:?}");
}
