//! One server after another, real processes under real queries: no query is lost, and none has a wrong answer.

#![expect(clippy::disallowed_methods, reason = "tests write the files that are served")]

use std::collections::HashMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use zonewright::dns::{Rcode, Rtype};

use crate::support::client::{self, Udp};
use crate::support::message::{Query, Response};
use crate::support::running::{DEADLINE, Process, Running, wait_for};

const ZONE: &str = "$TTL 300\n@ SOA ns mail 1 7200 900 1209600 300\n@ NS ns\nns A 192.0.2.1\nstate TXT \"1\"\n";

fn start(directory: &Path, arguments: &[&str]) -> Process {
    Process::spawn(Running::command(directory, "serve").args(arguments))
}

/// The same with few descriptors.
fn start_starved(directory: &Path, descriptors: u32, arguments: &[&str]) -> Process {
    let script = format!("ulimit -n {descriptors}; exec {} \"$@\"", env!("CARGO_BIN_EXE_zonewright"));
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh", "serve", "--zones", "zones"]).args(arguments);
    command.current_dir(directory).env("XDG_RUNTIME_DIR", directory).env_remove("RUNTIME_DIRECTORY");
    Process::spawn(&mut command)
}

/// A directory with one zone.
fn place() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("zones")).unwrap();
    fs::write(directory.path().join("zones/a.zone"), ZONE).unwrap();
    directory
}

fn query(id: u16) -> Query {
    Query { id, ..Query::new("state.a", Rtype::TXT) }
}

#[track_caller]
fn expect_right(octets: &[u8]) -> u16 {
    let response = Response::read(octets).unwrap_or_else(|error| panic!("{error} in {octets:02x?}"));
    assert_eq!((response.rcode, response.answer.len()), (Rcode::NOERROR, 1), "{response}");
    assert_eq!(response.answer[0].rdata, b"\x011", "{response}");
    response.id
}

/// Asks over UDP until told to stop, with many queries under way, and never asks again for one.
fn ask_udp(address: SocketAddr, is_over: &AtomicBool) -> u32 {
    const UNDER_WAY: usize = 24;
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let (mut waiting, mut next, mut asked) = (HashMap::new(), 0u16, 0);
    let mut buffer = [0; 4096];
    while !waiting.is_empty() || !is_over.load(Ordering::Acquire) {
        while waiting.len() < UNDER_WAY && !is_over.load(Ordering::Acquire) {
            next = next.wrapping_add(1);
            socket.send(&query(next).octets()).unwrap();
            assert!(waiting.insert(next, Instant::now()).is_none());
            asked += 1;
        }
        if let Ok(length) = socket.recv(&mut buffer) {
            let id = expect_right(&buffer[..length]);
            assert!(waiting.remove(&id).is_some(), "two answers for {id}");
        }
        let oldest = waiting.values().map(Instant::elapsed).max().unwrap_or_default();
        assert!(oldest < DEADLINE, "lost after {asked}: {waiting:?}");
    }
    asked
}

/// Asks over TCP until told to stop: connections with so many queries, sent at once.
fn ask_tcp(address: SocketAddr, queries: u16, is_over: &AtomicBool) -> u32 {
    let mut asked = 0;
    while !is_over.load(Ordering::Acquire) {
        let mut stream = TcpStream::connect_timeout(&address, DEADLINE).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut octets = Vec::new();
        for id in 0..queries {
            let query = query(id).octets();
            octets.extend((query.len() as u16).to_be_bytes());
            octets.extend(query);
        }
        // In two parts, so that a message is cut somewhere.
        let (first, second) = octets.split_at(octets.len() / 2 + 3);
        stream.write_all(first).unwrap();
        std::thread::sleep(Duration::from_millis(1));
        stream.write_all(second).unwrap();
        for id in 0..queries {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap_or_else(|error| panic!("query {id} of {queries} is lost: {error}"));
            let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(expect_right(&answer), id, "answers out of order");
            asked += 1;
        }
    }
    asked
}

#[test]
fn servers_take_over_from_each_other_and_no_query_is_lost() {
    // More threads than there are sockets, and fewer.
    const THREADS: [&str; 6] = ["3", "1", "4", "2", "2", "5"];
    let place = place();
    let mut running = start(place.path(), &["--zones", "zones", "--listen", "127.0.0.1:0", "--threads", "1"]);
    let address = running.address();
    let (is_over, asked) = (AtomicBool::new(false), [const { AtomicU32::new(0) }; 5]);
    let is_over = &is_over;
    std::thread::scope(|scope| {
        let askers: [Box<dyn Fn() -> u32 + Send>; 5] = [
            Box::new(move || ask_udp(address, is_over)),
            Box::new(move || ask_udp(address, is_over)),
            Box::new(move || ask_tcp(address, 1, is_over)),
            Box::new(move || ask_tcp(address, 5, is_over)),
            Box::new(move || ask_tcp(address, 300, is_over)),
        ];
        for (asker, asked) in askers.into_iter().zip(&asked) {
            scope.spawn(move || asked.store(asker(), Ordering::Release));
        }
        let succeed = std::panic::AssertUnwindSafe(|| {
            for (number, threads) in THREADS.into_iter().enumerate() {
                let listen = if number == 1 { "127.0.0.1:0".to_owned() } else { address.to_string() };
                let arguments = ["--zones", "zones", "--listen", &listen, "--take-over", "--threads", threads];
                let next = start(place.path(), &arguments);
                next.expect_log("took over from another server");
                assert_eq!(running.exit_code(), Some(0), "{}", running.log());
                assert!(running.log().contains("another server takes over"), "{}", running.log());
                assert_eq!(next.address(), address);
                running = next;
            }
        });
        let result = std::panic::catch_unwind(succeed);
        is_over.store(true, Ordering::Release);
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    let asked = asked.map(AtomicU32::into_inner);
    println!("{} servers took over during {asked:?} queries", THREADS.len());
    assert!(asked.iter().all(|&asked| asked > THREADS.len() as u32), "there was hardly a query: {asked:?}");
    let status = Running::command(place.path(), "status").args(["--json"]).output().unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains(&format!("\"pid\":{}", running.child.id())), "{status}");
    // The last one ends as any server does, and nobody is left.
    running.signal("TERM");
    assert_eq!(running.exit_code(), Some(0), "{}", running.log());
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_successor_that_fails_leaves_the_other_server_as_it_was() {
    let place = place();
    fs::write(place.path().join("zonewright.toml"), "[source]\ndirectory = \"zones\"\n").unwrap();
    fs::write(place.path().join("broken.toml"), "[sauce]\n").unwrap();
    let running = start(place.path(), &["--listen", "127.0.0.1:0"]);
    let address = running.address();
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let blocker = UdpSocket::bind(&taken).unwrap();
    let here = address.to_string();
    let cases: &[(&[&str], &str)] = &[
        (&["--config", "broken.toml", "--take-over"], "sauce"),
        (&["--take-over", "--listen", &here, "--listen", &taken], "something answers there already"),
        (&["--take-over", "--listen", &here, "--listen", "192.0.2.1:5300"], "this host has no such address"),
        (&["--take-over", "--zones", "missing"], "is not there"),
        (&["--listen", &here], "serve --take-over"),
        (&["--listen", "127.0.0.1:0"], "take over from it with `serve --take-over`"),
    ];
    for (arguments, words) in cases {
        let mut next = start(place.path(), arguments);
        assert_eq!(next.exit_code(), Some(2), "{arguments:?}: {}", next.log());
        next.expect_log(words);
        let answer = Udp::connect(address).exchange(&query(7).octets()).unwrap();
        expect_right(&answer);
    }
    drop(blocker);
    let status = Running::command(place.path(), "status").args(["--json"]).output().unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains(&format!("\"pid\":{}", running.child.id())), "{status}");
    assert!(!running.log().contains("another server takes over"), "{}", running.log());
}

#[test]
fn a_server_without_descriptors_left_answers_and_can_be_asked() {
    let place = place();
    let running = start_starved(place.path(), 64, &["--threads", "1", "--listen", "127.0.0.1:0"]);
    let address = running.address();
    // More than one client may have: the others are ended.
    let idle: Vec<_> = (0..100).map(|_| TcpStream::connect_timeout(&address, DEADLINE).unwrap()).collect();
    expect_right(&Udp::connect(address).exchange(&query(7).octets()).unwrap());
    // Files are still read, and the control socket is answered.
    fs::write(place.path().join("zones/b.zone"), ZONE).unwrap();
    let reload = Running::command(place.path(), "reload").output().unwrap();
    let status = Running::command(place.path(), "status").output().unwrap();
    let said = String::from_utf8([reload.stdout, status.stdout, status.stderr].concat()).unwrap();
    assert!(said.contains("b.  serial 1,"), "{said}");
    drop(idle);
    // As soon as the server has seen that they are gone.
    let answer = wait_for(|| client::Tcp::new(address).ask(&query(7))).expect("a place that is free again");
    assert_eq!(answer.rcode, Rcode::NOERROR);
}

#[test]
fn a_successor_that_cannot_have_all_its_threads_answers_everybody() {
    // Whether it is the socket or its duplicate that it cannot have.
    [63, 64].into_iter().for_each(expect_all_answered);
}

fn expect_all_answered(descriptors: u32) {
    let place = place();
    let mut first = start(place.path(), &["--zones", "zones", "--threads", "1", "--listen", "127.0.0.1:0"]);
    let address = first.address();
    let here = address.to_string();
    let arguments = ["--threads", "100", "--listen", &here, "--take-over"];
    let mut second = start_starved(place.path(), descriptors, &arguments);
    second.expect_log("took over from another server");
    assert!(second.log().contains("some threads have no queries to answer"), "{}", second.log());
    assert_eq!(first.exit_code(), Some(0), "{}", first.log());
    // The system spreads them over all sockets there are.
    for id in 0..200 {
        expect_right(&Udp::connect(address).exchange(&query(id).octets()).expect("an answer"));
    }
    assert_eq!(client::ask_tcp(address, &query(7)).rcode, Rcode::NOERROR);
    second.signal("TERM");
    assert_eq!(second.exit_code(), Some(0), "{}", second.log());
}

#[test]
fn a_server_that_hangs_is_not_taken_over_from() {
    let place = place();
    let running = start(place.path(), &["--zones", "zones", "--listen", "127.0.0.1:0"]);
    let address = running.address();
    running.signal("STOP");
    let mut next = start(place.path(), &["--zones", "zones", "--listen", &address.to_string(), "--take-over"]);
    assert_eq!(next.exit_code(), Some(2), "{}", next.log());
    next.expect_log("waiting for its sockets");
    running.signal("CONT");
    expect_right(&Udp::connect(address).exchange(&query(7).octets()).unwrap());
}

#[test]
fn without_another_server_one_starts_as_ever_and_an_address_may_be_new() {
    let place = place();
    let start_at = |listen: &[&str]| {
        let listen = listen.iter().flat_map(|address| ["--listen", address]);
        let arguments: Vec<&str> = ["--zones", "zones", "--take-over"].into_iter().chain(listen).collect();
        start(place.path(), &arguments)
    };
    let mut first = start_at(&["127.0.0.1:0"]);
    let old = first.address();
    assert!(!first.log().contains("took over"), "{}", first.log());
    // A new address beside the old one, then without the old one.
    let mut second = start_at(&[&old.to_string(), "127.0.0.2:0"]);
    assert_eq!(first.exit_code(), Some(0), "{}", first.log());
    let log = second.expect_log("listening on 127.0.0.2:");
    let new: SocketAddr = log.split("listening on ").nth(2).unwrap().split(',').next().unwrap().parse().unwrap();
    for address in [old, new] {
        expect_right(&Udp::connect(address).exchange(&query(1).octets()).unwrap());
    }
    let third = start_at(&[&new.to_string()]);
    assert_eq!(second.exit_code(), Some(0), "{}", second.log());
    third.expect_log("took over");
    expect_right(&Udp::connect(new).exchange(&query(1).octets()).unwrap());
    assert!(TcpStream::connect(old).is_err(), "nobody listens where nobody is to listen");
}
