//! Queries through real sockets, on loopback only, with deadlines.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use super::message::{Query, Response};

const DEADLINE: Duration = Duration::from_secs(20);

/// One UDP exchange at a time.
pub(crate) struct Udp {
    socket: UdpSocket,
}

impl Udp {
    pub(crate) fn connect(server: SocketAddr) -> Self {
        let local: SocketAddr =
            if server.is_ipv4() { ([127, 0, 0, 1], 0).into() } else { ([0u16, 0, 0, 0, 0, 0, 0, 1], 0).into() };
        let socket = UdpSocket::bind(local).expect("a loopback socket");
        socket.connect(server).expect("the server's address");
        socket.set_read_timeout(Some(DEADLINE)).expect("a deadline");
        Self { socket }
    }

    pub(crate) fn ask(&self, query: &Query) -> Response {
        let octets = self.exchange(&query.octets()).expect("an answer within the deadline");
        Response::read(&octets).unwrap_or_else(|error| panic!("{error} in {octets:02x?}"))
    }

    /// The same where silence is an answer too: none within the deadline. Answers to other questions are overheard.
    pub(crate) fn ask_or_none(&self, query: &Query) -> Option<Response> {
        let mut octets = self.exchange(&query.octets()).ok()?;
        while octets.get(..2) != Some(&query.id.to_be_bytes()) {
            octets = self.receive().ok()?;
        }
        Some(Response::read(&octets).unwrap_or_else(|error| panic!("{error} in {octets:02x?}")))
    }

    /// Sends octets and waits for the next datagram.
    pub(crate) fn exchange(&self, octets: &[u8]) -> std::io::Result<Vec<u8>> {
        self.socket.send(octets)?;
        self.receive()
    }

    fn receive(&self) -> std::io::Result<Vec<u8>> {
        let mut buffer = vec![0; 65_535];
        // Another test's child may end meanwhile, and the signal that says so interrupts the wait.
        let length = loop {
            match self.socket.recv(&mut buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                received => break received?,
            }
        };
        buffer.truncate(length);
        Ok(buffer)
    }
}

/// A TCP connection for one exchange after the other; made when first wanted, and again where the server ended it.
pub(crate) struct Tcp {
    server: SocketAddr,
    stream: RefCell<Option<TcpStream>>,
}

impl Tcp {
    pub(crate) fn new(server: SocketAddr) -> Self {
        Self { server, stream: RefCell::new(None) }
    }

    /// None where the server ends the connection instead, twice.
    pub(crate) fn ask(&self, query: &Query) -> Option<Response> {
        let octets = query.octets();
        let mut kept = self.stream.borrow_mut();
        let answer = kept.as_mut().and_then(|stream| exchange(stream, &octets).ok()).or_else(|| {
            let stream = TcpStream::connect_timeout(&self.server, DEADLINE).expect("a connection");
            stream.set_read_timeout(Some(DEADLINE)).expect("a deadline");
            stream.set_nodelay(true).expect("a socket that waits for nothing");
            exchange(kept.insert(stream), &octets).ok()
        });
        answer.map(|octets| Response::read(&octets).unwrap_or_else(|error| panic!("{error} in {octets:02x?}")))
    }
}

/// One message out and one in, each behind its length (RFC 1035 §4.2.2).
fn exchange(stream: &mut TcpStream, octets: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut framed = (octets.len() as u16).to_be_bytes().to_vec();
    framed.extend(octets);
    stream.write_all(&framed)?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

/// One TCP exchange.
pub(crate) fn ask_tcp(server: SocketAddr, query: &Query) -> Response {
    Tcp::new(server).ask(query).expect("an answer")
}
