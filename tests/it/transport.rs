//! Octets on real sockets: both engines give the same answers, and no client is in another's way.

#![expect(clippy::disallowed_methods, reason = "a test measures how long others wait")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use zonewright::dns::Rtype;
use zonewright::server::{Endpoint, Served, TcpSettings, Transport, TransportSettings};

use crate::support;
use crate::support::client::{Udp, ask_tcp};
use crate::support::fixture::{self, Step};
use crate::support::message::{Query, Response};
use crate::support::server::{ENGINES, Server};

const DEADLINE: Duration = Duration::from_secs(20);

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
    ENGINES.iter().for_each(|&engine| expect_order(&Server::start_with(small(), engine)));
    // What is no query is passed over: nothing, noise, an answer.
    let server = Server::start(small());
    let mut stream = connect(server.address);
    let mut answer = Query::new("ns.a", Rtype::A);
    answer.flags = 0x8000;
    let query = Query { id: 9, ..Query::new("ns.a", Rtype::A) };
    stream.write_all(&[&[0, 0, 0, 3, 1, 2, 3][..], &framed(&answer), &framed(&query)].concat()).unwrap();
    assert_eq!(read_id(&stream).unwrap(), 9);
}

fn expect_order(server: &Server) {
    let queries = (0..400).flat_map(|id| framed(&Query { id, ..Query::new("ns.a", Rtype::A) })).collect::<Vec<u8>>();
    for part in [1, 7, 64, queries.len()] {
        let stream = connect(server.address);
        let mut writer = stream.try_clone().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| queries.chunks(part).for_each(|part| writer.write_all(part).unwrap()));
            (0..400).for_each(|id| assert_eq!(read_id(&stream).unwrap(), id));
        });
    }
}

#[test]
fn a_client_that_does_not_read_is_in_nobodys_way() {
    ENGINES.iter().for_each(|&engine| expect_room_beside_a_greedy_client(&Server::start_with(small(), engine)));
}

fn expect_room_beside_a_greedy_client(server: &Server) {
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

/// A server whose connections are as these settings say.
fn with_tcp(tcp: TcpSettings) -> Server {
    let settings = TransportSettings { threads: 1, tcp, ..TransportSettings::default() };
    Server::start_at(([127, 0, 0, 1], 0).into(), small(), settings)
}

/// Times that no test lasts, for those that a test is not about.
const NEVER: TcpSettings = TcpSettings {
    connections: 0,
    connections_per_client: 0,
    first_query: Duration::from_secs(3600),
    idle: Duration::from_secs(3600),
    slow: Duration::from_secs(3600),
};

const SHORT: Duration = Duration::from_millis(50);

fn asks(stream: &TcpStream) -> bool {
    let query = framed(&Query::new("ns.a", Rtype::A));
    { stream }.write_all(&query).is_ok() && read_id(stream).is_ok()
}

#[track_caller]
fn expect_end(mut stream: &TcpStream) {
    match stream.read(&mut [0; 1]) {
        Ok(0) => {}
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        other => panic!("the connection goes on: {other:?}"),
    }
}

#[test]
fn a_client_that_is_silent_from_the_start_is_ended_and_others_go_on() {
    let server = with_tcp(TcpSettings { first_query: SHORT, ..NEVER });
    let (other, silent, mut half) = (connect(server.address), connect(server.address), connect(server.address));
    assert!(asks(&other));
    half.write_all(&framed(&Query::new("ns.a", Rtype::A))[..9]).unwrap();
    expect_end(&silent);
    expect_end(&half);
    assert!(asks(&other));
}

#[test]
fn a_client_that_is_silent_after_its_query_is_ended_and_others_go_on() {
    let server = with_tcp(TcpSettings { idle: SHORT, ..NEVER });
    let (new, mut half, silent) = (connect(server.address), connect(server.address), connect(server.address));
    assert!(asks(&half) && asks(&silent));
    half.write_all(&framed(&Query::new("ns.a", Rtype::A))[..9]).unwrap();
    expect_end(&silent);
    expect_end(&half);
    assert!(asks(&new));
}

#[test]
fn a_client_that_takes_no_answers_is_ended_and_others_go_on() {
    let server = with_tcp(TcpSettings { slow: SHORT, ..NEVER });
    let (other, mut greedy) = (connect(server.address), connect(server.address));
    assert!(asks(&other));
    greedy.set_write_timeout(Some(DEADLINE)).unwrap();
    let queries = framed(&Query::new("large.a", Rtype::TXT)).repeat(500);
    let error = (0..1000).find_map(|_| greedy.write_all(&queries).err()).expect("it is ended");
    assert!(!matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{error}");
    assert!(asks(&other));
}

#[test]
fn an_address_that_nobody_connects_to_keeps_no_place_from_another() {
    let settings = TransportSettings {
        threads: 1,
        tcp: TcpSettings { connections: 1, connections_per_client: 1, ..NEVER },
        ..TransportSettings::default()
    };
    let endpoints = [(); 2].map(|()| Endpoint::bind(([127, 0, 0, 1], 0).into(), 1).unwrap());
    let [one, other] = endpoints.each_ref().map(|endpoint| endpoint.address().unwrap());
    let _server = Server::start_on(endpoints.into(), small(), settings);
    for address in [one, one, other, other] {
        assert!(asks(&connect(address)), "{address} of {one} and {other}");
    }
}

#[test]
fn a_client_with_too_many_connections_hurts_itself_only() {
    let server = with_tcp(TcpSettings { connections: 4, connections_per_client: 2, ..NEVER });
    let greedy = [(); 2].map(|()| connect(server.address));
    assert!(greedy.iter().all(asks));
    (0..20).for_each(|_| expect_end(&connect(server.address)));
    let other = connect_from([127, 0, 0, 2], server.address);
    assert!(asks(&other) && greedy.iter().all(asks));
    // A place that is given back is there for the next.
    let [first, _second] = greedy;
    drop(first);
    let started = Instant::now();
    while !asks(&connect(server.address)) {
        assert!(started.elapsed() < DEADLINE, "the place is not given back");
    }
}

/// From another address than others come from.
fn connect_from(ip: [u8; 4], server: SocketAddr) -> TcpStream {
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddr::from((ip, 0))).unwrap();
    rustix::net::connect(&socket, &server).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

#[test]
fn a_query_of_any_size_is_answered_over_udp() {
    let server = Server::start(small());
    let mut query = Query::new("ns.a", Rtype::A);
    // An option of nothing but padding (RFC 7830).
    let padding = vec![0; 60_000];
    query.edns = Some((1232, 0, false, [&[0, 12][..], &60_000_u16.to_be_bytes(), &padding].concat()));
    assert_eq!(Udp::connect(server.address).ask(&query).answer.len(), 1);
}

#[test]
fn an_answer_comes_from_the_address_that_was_asked() {
    let query = Query::new("ns.a", Rtype::A);
    let any = [SocketAddr::from(([0, 0, 0, 0], 0)), SocketAddr::from(([0_u16; 8], 0))];
    let asked: [&[&str]; 2] = [&["127.0.0.1", "127.0.0.2"], &["::1", "127.0.0.1", "127.0.0.2"]];
    for (any, asked) in any.into_iter().zip(asked) {
        let settings = TransportSettings { threads: 2, ..TransportSettings::default() };
        let server = Server::start_at(any, small(), settings);
        for ip in asked {
            // A connected socket takes datagrams of its peer only.
            let client = Udp::connect((ip.parse::<std::net::IpAddr>().unwrap(), server.address.port()).into());
            assert_eq!(client.ask(&query).answer.len(), 1, "{ip} by {any}");
        }
    }
}

#[test]
fn an_address_that_another_has_is_refused_even_if_he_would_share_it() {
    let other = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::DGRAM, None).unwrap();
    rustix::net::sockopt::set_socket_reuseport(&other, true).unwrap();
    rustix::net::bind(&other, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let other = UdpSocket::from(other);
    let error = Endpoint::bind(other.local_addr().unwrap(), 2).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn every_thread_has_clients() {
    let settings = TransportSettings { threads: 4, ..TransportSettings::default() };
    let endpoint = Endpoint::bind(([127, 0, 0, 1], 0).into(), settings.udp_sockets()).unwrap();
    let sockets: Vec<UdpSocket> =
        endpoint.udp().map(|socket| UdpSocket::from(socket.try_clone_to_owned().unwrap())).collect();
    assert_eq!(sockets.len(), 4);
    // Nobody reads: what the system gives to whom stays where it is.
    for _ in 0..200 {
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.send_to(&[0], endpoint.address().unwrap()).unwrap();
    }
    for socket in sockets {
        socket.set_nonblocking(true).unwrap();
        assert!(socket.recv(&mut [0; 1]).is_ok(), "a socket without clients");
    }
}
