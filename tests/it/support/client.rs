//! Queries through real sockets, on loopback only, with deadlines.

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

    /// Sends octets and waits for the next datagram.
    pub(crate) fn exchange(&self, octets: &[u8]) -> std::io::Result<Vec<u8>> {
        self.socket.send(octets)?;
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

/// One TCP exchange.
pub(crate) fn ask_tcp(server: SocketAddr, query: &Query) -> Response {
    let mut stream = TcpStream::connect_timeout(&server, DEADLINE).expect("a connection");
    stream.set_read_timeout(Some(DEADLINE)).expect("a deadline");
    let octets = query.octets();
    let mut framed = (octets.len() as u16).to_be_bytes().to_vec();
    framed.extend(octets);
    stream.write_all(&framed).expect("the query goes out");
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("an answer's length");
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer).expect("an answer");
    Response::read(&answer).expect("a well-formed answer")
}
