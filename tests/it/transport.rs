//! Octets on real sockets: both engines give the same answers, and no client is in another's way.

#![expect(clippy::disallowed_methods, reason = "a test measures how long others wait")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use zonewright::dns::Rtype;
use zonewright::server::{Engine, Served, Transport};

use crate::support;
use crate::support::client::{Udp, ask_tcp};
use crate::support::fixture::{self, Step};
use crate::support::message::{Query, Response};
use crate::support::server::Server;

const DEADLINE: Duration = Duration::from_secs(20);

const ENGINES: [Engine; 2] = [Engine::Own, Engine::Hickory];

fn small() -> Served {
    let text = "@ 300 SOA ns mail 1 7200 900 1209600 300\n@ 300 NS ns\nns 300 A 192.0.2.1\nlarge 300 TXT ";
    let large = format!("\"{}\" ", "x".repeat(250)).repeat(200);
    support::served([("a", &*format!("{text}{large}\n"))])
}

fn framed(query: &Query) -> Vec<u8> {
    let octets = query.octets();
    [&(octets.len() as u16).to_be_bytes()[..], &octets].concat()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, DEADLINE).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// The next answer's identifier.
fn read_id(mut stream: &TcpStream) -> std::io::Result<u16> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer)?;
    Ok(Response::read(&answer).unwrap().id)
}

#[test]
fn both_engines_answer_alike() {
    let mut compared = 0;
    for fixture in fixture::all() {
        let servers = ENGINES.map(|engine| Server::start_with(fixture.served(), engine));
        // hickory answers what it cannot read itself, and otherwise.
        let is_answered = |step: &&Step| {
            step.ask.is_plain() && !["dropped", "formerr"].iter().any(|start| step.expected[0].starts_with(start))
        };
        for step in fixture.steps.iter().filter(is_answered) {
            let query = &step.ask.query;
            let answers = servers.each_ref().map(|server| match step.ask.transport {
                Transport::Udp => Udp::connect(server.address).ask(query),
                Transport::Tcp => ask_tcp(server.address, query),
            });
            let [mut own, mut hickory] = answers.map(|answer| fixture::describe(query, Some(&answer)));
            // Whole names fill a datagram sooner.
            if hickory[0].split(' ').any(|word| word == "tc") {
                continue;
            }
            own.sort();
            hickory.sort();
            assert_eq!(own, hickory, "{}, line {}", fixture.name, step.line);
            compared += 1;
        }
    }
    assert!(compared > 100, "only {compared} questions are plain");
}

#[test]
fn queries_over_one_connection_are_answered_in_order_however_they_are_cut() {
    let server = Server::start(small());
    let queries = (0..400).flat_map(|id| framed(&Query { id, ..Query::new("ns.a", Rtype::A) })).collect::<Vec<u8>>();
    for part in [1, 7, 64, queries.len()] {
        let stream = connect(server.address);
        let mut writer = stream.try_clone().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| queries.chunks(part).for_each(|part| writer.write_all(part).unwrap()));
            (0..400).for_each(|id| assert_eq!(read_id(&stream).unwrap(), id));
        });
    }
    // What is no query is passed over: nothing, noise, an answer.
    let mut stream = connect(server.address);
    let mut answer = Query::new("ns.a", Rtype::A);
    answer.flags = 0x8000;
    let query = Query { id: 9, ..Query::new("ns.a", Rtype::A) };
    stream.write_all(&[&[0, 0, 0, 3, 1, 2, 3][..], &framed(&answer), &framed(&query)].concat()).unwrap();
    assert_eq!(read_id(&stream).unwrap(), 9);
}

#[test]
fn a_client_that_does_not_read_is_in_nobodys_way() {
    let server = Server::start(small());
    let mut greedy = connect(server.address);
    greedy.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let queries = framed(&Query::new("large.a", Rtype::TXT)).repeat(500);
    // Fifty thousand octets an answer: soon nothing of its queries is read any more.
    let sent = (0..1000).find(|_| greedy.write_all(&queries).is_err());
    assert!(sent.is_some(), "twenty-five gigabytes of answers are kept for it");
    let start = Instant::now();
    assert_eq!(ask_tcp(server.address, &Query::new("ns.a", Rtype::A)).answer.len(), 1);
    assert_eq!(Udp::connect(server.address).ask(&Query::new("ns.a", Rtype::A)).answer.len(), 1);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn what_was_taken_is_answered_at_the_end() {
    let mut server = Server::start(small());
    let address = server.address;
    let query = Query::new("ns.a", Rtype::A);
    let (idle, busy) = (connect(address), connect(address));
    let mut half = connect(address);
    half.write_all(&framed(&query)[..5]).unwrap();
    // So that all three are accepted.
    for stream in [&idle, &busy] {
        (&*stream).write_all(&framed(&query)).unwrap();
        read_id(stream).unwrap();
    }
    std::thread::scope(|scope| {
        let ending = scope.spawn(|| server.drain(Duration::from_millis(400)));
        // Connections go on for a while; then each ends between two answers.
        let mut answered = 0;
        while (&busy).write_all(&framed(&query)).is_ok() && read_id(&busy).is_ok() {
            answered += 1;
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(answered > 5, "only {answered} were answered after the end had begun");
        ending.join().unwrap();
    });
    let mut rest = Vec::new();
    assert_eq!((&idle).read_to_end(&mut rest).unwrap(), 0, "closed in order");
    assert!(TcpStream::connect(address).is_err(), "nobody listens");
    assert!(UdpSocket::bind(address).is_ok(), "the address is free");
}
