//! The same hundred thousand queries to both engines: what a client gets does not depend on what carries it.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use zonewright::dns::Rcode;
use zonewright::server::{Engine, Served, Transport, respond, respond_uncompressed};

use crate::signed::text_of;
use crate::support;
use crate::support::fixture::TYPES;
use crate::support::message::{Query, Record, Response};
use crate::support::server::{ENGINES, Server};

const QUERIES: usize = 100_000;

/// Queries under way at once: few enough for any socket's queue.
const UNDER_WAY: usize = 50;

/// How often in a row nothing may come for so long: a machine that was halted finds one wait over when it wakes, and not all.
const WAITS: usize = 4;
const WAIT: Duration = Duration::from_secs(5);

const PLAIN: &str = "$TTL 300
@ SOA ns mail 1 7200 900 1209600 300
@ NS ns
@ NS ns.cut
@ MX 10 mail
ns A 192.0.2.1
ns AAAA 2001:db8::1
mail A 192.0.2.2
cut NS ns.cut
cut NS ns.elsewhere.
ns.cut A 192.0.2.3
below.cut TXT \"hidden\"
*.wild A 192.0.2.4
*.wild MX 0 mail
alias CNAME ns
chain CNAME alias
out CNAME www.elsewhere.
loop CNAME pool
pool CNAME loop
tree DNAME wild
a.b.c.deep TXT \"deep\"
_sip._tcp SRV 0 0 5060 ns
large TXT ";

/// Owner names of the zones, and what they are asked below.
const NAMES: [&str; 22] = [
    "",
    "ns",
    "mail",
    "cut",
    "ns.cut",
    "below.cut",
    "a.cut",
    "wild",
    "x.wild",
    "y.x.wild",
    "alias",
    "chain",
    "out",
    "loop",
    "tree",
    "x.tree",
    "c.deep",
    "a.b.c.deep",
    "_sip._tcp",
    "large",
    "missing",
    "www",
];

/// Numbers that look random and are the same in every run (xorshift, Marsaglia).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    fn one<'o, T>(&mut self, of: &'o [T]) -> &'o T {
        &of[self.below(of.len())]
    }
}

/// The zones' apexes, and one of nobody.
const APEXES: [&str; 3] = ["plain.test", "example", "elsewhere"];

/// Each call gives the same zones.
fn served() -> Served {
    let plain = format!("{PLAIN}{}\n", format!("\"{}\" ", "x".repeat(200)).repeat(9));
    support::served([("plain.test", &*plain), ("example", &*text_of("nsec3"))])
}

/// A query, and whether nobody should send it.
fn query(numbers: &mut Numbers) -> (Vec<u8>, bool) {
    let (name, apex) = (*numbers.one(&NAMES), *numbers.one(&APEXES));
    let name = [name, apex].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
    let mut query = Query::new(&name, *numbers.one(&TYPES));
    for octet in &mut query.name {
        if octet.is_ascii_alphabetic() && numbers.below(4) == 0 {
            *octet ^= 0x20;
        }
    }
    query.flags = *numbers.one(&[0, 0x0100, 0x0110, 0x0020]);
    if numbers.below(3) > 0 {
        let options = if numbers.below(8) == 0 { vec![0, 12, 0, 2, 0, 0] } else { Vec::new() };
        query.edns = Some((*numbers.one(&[0, 512, 1232, 4096]), 0, numbers.below(2) == 0, options));
    }
    let mut octets = query.octets();
    let is_spoilt = numbers.below(10) == 0;
    if is_spoilt {
        spoil(&mut octets, numbers);
    }
    (octets, is_spoilt)
}

fn spoil(octets: &mut Vec<u8>, numbers: &mut Numbers) {
    match numbers.below(4) {
        0 => octets.truncate(numbers.below(octets.len())),
        1 => octets.extend([0; 7]),
        2 => *octets = (0..numbers.below(80)).map(|_| numbers.below(256) as u8).collect(),
        _ => {
            let place = 2 + numbers.below(octets.len() - 2);
            octets[place] ^= 1 << numbers.below(8);
        }
    }
}

/// Each query's answer over UDP; none where none came.
fn ask(address: SocketAddr, queries: &[Vec<u8>], is_due: impl Fn(usize) -> bool) -> Vec<Option<Vec<u8>>> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(address).unwrap();
    socket.set_read_timeout(Some(WAIT)).unwrap();
    let mut answers = vec![None; queries.len()];
    let mut buffer = [0; 65_535];
    for start in (0..queries.len()).step_by(UNDER_WAY) {
        let part = start..queries.len().min(start + UNDER_WAY);
        for query in &queries[part.clone()] {
            assert_eq!(socket.send(query).unwrap(), query.len());
        }
        let mut missing = part.clone().filter(|&index| is_due(index)).count();
        while missing > 0 {
            let length = receive(&socket, &mut buffer).unwrap_or_else(|error| panic!("{missing} of {part:?}: {error}"));
            // The last query of that identifier: an answer that was not waited for may come late.
            let id = usize::from(u16::from_be_bytes([buffer[0], buffer[1]]));
            let index = (0..part.end).rev().find(|index| index % (1 << 16) == id).expect("somebody's answer");
            assert_eq!(answers[index].replace(buffer[..length].to_vec()), None, "two answers to {index}");
            missing -= usize::from(is_due(index));
        }
    }
    answers
}

fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    let mut received = socket.recv(buffer);
    for _ in 1..WAITS {
        match received {
            Err(error) if error.kind() == ErrorKind::WouldBlock => received = socket.recv(buffer),
            done => return done,
        }
    }
    received
}

#[test]
fn both_engines_answer_a_hundred_thousand_queries_alike() {
    let served = served();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let (mut queries, spoilt): (Vec<Vec<u8>>, Vec<bool>) = (0..QUERIES).map(|_| query(&mut numbers)).unzip();
    for (index, query) in queries.iter_mut().enumerate() {
        // So that an answer is known by its query, however spoilt.
        query.iter_mut().zip((index as u16).to_be_bytes()).for_each(|(octet, id)| *octet = id);
    }
    let client = [127, 0, 0, 1].into();
    let mut out = vec![0; 65_535];
    let expected: Vec<Option<Vec<u8>>> = queries
        .iter()
        .map(|query| respond(query, client, Transport::Udp, &served, &mut out).map(|length| out[..length].to_vec()))
        .collect();
    let [own, hickory] = ENGINES.map(|engine| {
        // hickory says FORMERR, or nothing, to some of what nobody should send; whether it does is its own affair.
        let is_due = |index: usize| expected[index].is_some() && (engine == Engine::Batch || !spoilt[index]);
        let server = Server::start_with(self::served(), engine);
        ask(server.address, &queries, is_due)
    });
    assert!(own == expected, "the batch engine carries octets, and no others");
    let mut compared = 0;
    for (index, (own, hickory)) in own.iter().zip(&hickory).enumerate() {
        // Whole: over TCP it has no more.
        let [udp, tcp] = [Transport::Udp, Transport::Tcp]
            .map(|transport| respond_uncompressed(&queries[index], client, transport, &served, &mut out));
        let fits = udp == tcp;
        if let (Some(own), Some(hickory), true) = (own, hickory, fits) {
            let [own, hickory] = [own, hickory].map(|octets| essence(&Response::read(octets).unwrap()));
            if !spoilt[index] || hickory.0 != Rcode::FORMERR {
                assert_eq!(own, hickory, "query {index}: {:02x?}", queries[index]);
                compared += 1;
            }
        }
    }
    assert!(compared > QUERIES * 3 / 4, "only {compared} were compared");
}

/// Rcode, flags and records, in whatever order and case they came.
fn essence(response: &Response) -> (Rcode, u16, Vec<Vec<String>>) {
    let sections = [&response.answer, &response.authority, &response.additional];
    (response.rcode, response.flags, sections.map(|records| lines(records)).to_vec())
}

fn lines(records: &[Record]) -> Vec<String> {
    let mut lines: Vec<String> = records.iter().map(|record| record.to_string().to_ascii_lowercase()).collect();
    lines.sort();
    lines
}
