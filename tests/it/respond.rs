//! Queries to replies: answers as files, then what holds for every reply.

use std::fmt::Write;
use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use zonewright::authority::Catalog;
use zonewright::dns::Rtype;
use zonewright::server::{Policy, Served, Transport, respond, respond_uncompressed, warm};

use crate::support;
use crate::support::fixture::{self, Ask, Step};
use crate::support::message::{Query, Record, Response};

const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

type Respond = fn(&[u8], IpAddr, Transport, &Served, &mut [u8]) -> Option<usize>;

fn reply(respond: Respond, octets: &[u8], client: IpAddr, transport: Transport, served: &Served) -> Option<Response> {
    let mut out = vec![0xAA; 65_535];
    // What comes before every batch must stand whatever comes.
    warm(std::iter::once(octets), served);
    let length = respond(octets, client, transport, served, &mut out)?;
    Some(Response::read(&out[..length]).unwrap_or_else(|error| panic!("{error} in {:02x?}", &out[..length])))
}

fn ask(respond: Respond, ask: &Ask, served: &Served) -> Vec<String> {
    let reply = reply(respond, &ask.octets(), ask.client, ask.transport, served);
    fixture::describe(&ask.query, reply.as_ref())
}

#[test]
fn every_file_of_answers_is_answered_as_it_says() {
    let mut wrong = String::new();
    for fixture in fixture::all() {
        let served = fixture.served();
        for step in &fixture.steps {
            let compressed = ask(respond, &step.ask, &served);
            judge(&fixture.name, step, &compressed, "", &mut wrong);
            // Whole names fill a datagram sooner; what is left out then is what the size test is about.
            let is_truncated = compressed[0].split(' ').any(|word| word == "tc");
            if !is_truncated && compressed == step.expected {
                judge(&fixture.name, step, &ask(respond_uncompressed, &step.ask, &served), " uncompressed", &mut wrong);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn judge(file: &str, step: &Step, got: &[String], how: &str, wrong: &mut String) {
    if got != step.expected {
        let (expected, got) = (step.expected.join("\n"), got.join("\n"));
        writeln!(wrong, "\n{file}.txt:{}{how}:\n{expected}\n--- got\n{got}", step.line).expect("a string grows");
    }
}

/// One rrset in a section, as a reply has it.
type Group<'r> = (&'static str, String, Vec<&'r Record>);

/// The rrsets of a reply, in order.
fn groups(reply: &Response) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let sections = [("answer", &reply.answer), ("authority", &reply.authority), ("additional", &reply.additional)];
    for (section, record) in sections.into_iter().flat_map(|(name, records)| records.iter().map(move |one| (name, one)))
    {
        let key = format!("{} {}", record.owner, record.rtype.0).to_ascii_lowercase();
        match groups.last_mut() {
            Some((place, known, records)) if *place == section && *known == key => records.push(record),
            _ => groups.push((section, key, vec![record])),
        }
    }
    groups
}

/// Whether a reply may not leave it out silently: all but additional records, save a referral's in-domain glue (RFC 9471).
fn is_required(group: &Group<'_>, reply: &Response) -> bool {
    let cut = reply.authority.iter().find(|record| record.rtype == Rtype::NS);
    let is_glue = |record: &Record| cut.is_some_and(|cut| record.owner.as_ref().is_at_or_below(cut.owner.as_ref()));
    group.0 != "additional" || is_glue(group.2[0])
}

/// A zone whose answers are of all sizes about those of datagrams.
fn large_zone() -> String {
    let mut text = String::from(
        "$TTL 300\n@ SOA a-name-server-of-some-length.size.test. host.size.test. 1 2 3 4 5\n@ NS ns.elsewhere.test.\n\
         chain CNAME two\ntwo CNAME three\nthree CNAME texts\nold DNAME new\ntexts.new CNAME texts\n",
    );
    let mut add = |line: String| text.push_str(&format!("{line}\n"));
    for number in 0..24 {
        add(format!("texts TXT \"{number:02} of a set that fills a datagram\""));
        add(format!("mail MX {number} host{number}"));
        add(format!("host{number} A 192.0.2.{number}"));
        add(format!("host{number} AAAA 2001:db8::{number}"));
        add(format!("_sip._tcp SRV 0 0 {number} host{number}"));
        add(format!("web HTTPS {} host{number} port={number}", number + 1));
    }
    for number in 0..13 {
        add(format!("sub NS ns{number}.sub"));
        add(format!("ns{number}.sub A 198.51.100.{number}"));
        add(format!("ns{number}.sub AAAA 2001:db8::{number}"));
        add(format!("sub NS ns{number}.sibling"));
        add(format!("ns{number}.sibling A 203.0.113.{number}"));
    }
    add("sibling NS ns1.sibling".into());
    add("tosub CNAME www.sub".into());
    text
}

#[test]
fn whole_rrsets_are_left_out_at_every_size_and_what_is_required_is_owned_up_to() {
    let text = large_zone();
    let served = support::served([("size.test.", &*text)]);
    let long = format!("{0}.{0}.{0}.sub.size.test.", "x".repeat(60));
    let questions = [
        ("texts.size.test.", Rtype::TXT),
        ("chain.size.test.", Rtype::TXT),
        ("texts.old.size.test.", Rtype::TXT),
        ("mail.size.test.", Rtype::MX),
        ("_sip._tcp.size.test.", Rtype::SRV),
        ("web.size.test.", Rtype::HTTPS),
        ("www.sub.size.test.", Rtype::A),
        ("tosub.size.test.", Rtype::A),
        (&long, Rtype::A),
        ("none.size.test.", Rtype::A),
    ];
    let (mut truncated, mut lessened) = (0, 0);
    for (name, rtype) in questions {
        for size in 512..=1300_u16 {
            let query = Query::new(name, rtype).edns(size);
            let ask = |transport| reply(respond, &query.octets(), CLIENT, transport, &served).expect("a reply");
            let (whole, part) = (ask(Transport::Tcp), ask(Transport::Udp));
            let place = || format!("{name} {size}: {part}");
            let allowed = usize::from(size.min(1232));
            assert!(part.length <= allowed && part.opt.is_some(), "{} octets: {}", part.length, place());
            let (all, kept) = (groups(&whole), groups(&part));
            assert!(kept.iter().all(|group| all.contains(group)), "half an rrset, or a strange one: {}", place());
            let is_missing = all.iter().any(|group| is_required(group, &whole) && !kept.contains(group));
            assert_eq!(part.is_truncated(), is_missing, "{}", place());
            assert!(!whole.is_truncated());
            if whole.length <= allowed {
                assert_eq!(part.to_string(), whole.to_string(), "{} octets fit: {}", whole.length, place());
            }
            truncated += usize::from(part.is_truncated());
            lessened += usize::from(kept.len() < all.len() && !part.is_truncated());
        }
    }
    assert!(truncated > 500 && lessened > 500, "{truncated} truncated, {lessened} with less beside");
}

/// What holds for any datagram: no reply, or one that is well formed, small enough, and plainly the reply to it.
fn hold(octets: &[u8], served: &Served) {
    let mut out = vec![0xAA; 65_535];
    for (transport, respond) in
        [Transport::Udp, Transport::Tcp].into_iter().flat_map(|one| RESPONDS.map(|respond| (one, respond)))
    {
        let length = respond(octets, CLIENT, transport, served, &mut out);
        let is_query = octets.len() >= 12 && octets[2] & 0x80 == 0;
        assert_eq!(length.is_some(), is_query, "{octets:02x?}");
        let Some(length) = length else { continue };
        let reply = Response::read(&out[..length]).unwrap_or_else(|error| panic!("{error}: {octets:02x?}"));
        let flags = u16::from_be_bytes([octets[2], octets[3]]);
        assert_eq!(reply.id, u16::from_be_bytes([octets[0], octets[1]]));
        // QR set, opcode and RD copied, RA, Z, AD and CD clear; AA and TC as they may be.
        assert_eq!(reply.flags & !0x060F, 0x8000 | flags & 0x7900, "{octets:02x?}");
        if let Some((name, rtype, class)) = &reply.question {
            let question = [&name[..], &rtype.0.to_be_bytes(), &class.0.to_be_bytes()].concat();
            assert_eq!(Some(&question[..]), octets.get(12..12 + question.len()), "the question as it was asked");
        }
        let allowed = match (transport, &reply.opt) {
            (Transport::Tcp, _) => 65_535,
            (Transport::Udp, Some(_)) => 1232,
            (Transport::Udp, None) => 512,
        };
        assert!(length <= allowed, "{length} octets to {octets:02x?}");
    }
}

const RESPONDS: [Respond; 2] = [respond, respond_uncompressed];

/// Everything that the fixtures serve and ask; the root's file apart, whose zone would leave no name outside.
fn everything() -> (Served, Vec<Vec<u8>>) {
    let (mut zones, mut queries) = (Vec::new(), Vec::new());
    for fixture in fixture::all() {
        queries.extend(fixture.steps.iter().map(|step| step.ask.octets()));
        let entries = fixture.served().catalog.entries().cloned().collect::<Vec<_>>();
        zones.extend(entries.into_iter().map(|entry| (entry.apex, entry.authority)));
    }
    zones.retain(|(apex, _)| !apex.as_ref().is_root());
    let policy = Policy { nsid: Some(b"node-a".to_vec()), version: Some("7".into()), ..Policy::default() };
    (Served::new(Catalog::new(support::KEY, zones), policy), queries)
}

/// One change to a datagram: an octet, octets put in, octets taken out.
type Change = (u8, usize, u8, usize);

fn change(octets: &mut Vec<u8>, (kind, place, octet, count): Change) {
    let at = place % (octets.len() + 1);
    let end = (at + count % 4).min(octets.len());
    match kind % 4 {
        0 if at < octets.len() => octets[at] = octet,
        1 => octets.insert(at, octet),
        2 => drop(octets.drain(at..end)),
        _ if at < octets.len() => octets[at] ^= 1 << (octet % 8),
        _ => octets.truncate(place),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_datagram_is_answered_well_or_not_at_all(
        random in vec(vec(any::<u8>(), 0..80), 32),
        changes in vec((any::<prop::sample::Index>(), vec((any::<u8>(), 0..80_usize, any::<u8>(), any::<usize>()), 1..5)), 64),
    ) {
        let (served, queries) = FIXTURES.get_or_init(everything);
        random.iter().for_each(|octets| hold(octets, served));
        for (query, list) in changes {
            let mut octets = query.get(queries).clone();
            list.into_iter().for_each(|one| change(&mut octets, one));
            hold(&octets, served);
        }
    }
}

static FIXTURES: std::sync::OnceLock<(Served, Vec<Vec<u8>>)> = std::sync::OnceLock::new();

#[test]
fn every_query_of_the_fixtures_cut_anywhere_is_answered_well_or_not_at_all() {
    let (served, queries) = everything();
    for query in &queries {
        (0..=query.len()).for_each(|end| hold(&query[..end], &served));
    }
}
