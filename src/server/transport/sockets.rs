//! UDP and TCP on one address.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{AddressFamily, SocketFlags, SocketType};

/// Connections that may wait to be accepted, if the system allows as many.
const BACKLOG: i32 = 1024;

/// Octets of datagrams that may wait in one socket, if the system allows as many: what comes while a core is busy otherwise.
const WAITING: usize = 1 << 21;

/// The sockets of one address: a listener, and UDP sockets over which the system spreads the clients.
#[derive(Debug)]
pub struct Endpoint {
    tcp: TcpListener,
    udp: Vec<UdpSocket>,
}

impl Endpoint {
    /// Binds a listener and so many UDP sockets; where the system chooses the port, the same for all.
    ///
    /// # Errors
    ///
    /// The system's, with the address in its text.
    pub fn bind(address: SocketAddr, udp_sockets: usize) -> io::Result<Self> {
        // Another process may hold the TCP port that UDP was given: a few more are tried.
        let attempts = if address.port() == 0 { 16 } else { 1 };
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..attempts {
            match bind_once(address, udp_sockets) {
                Ok(endpoint) => return Ok(endpoint),
                Err(error) => last = error,
            }
        }
        Err(io::Error::new(last.kind(), format!("{address}: {last}")))
    }

    /// Takes sockets that another process bound.
    ///
    /// # Errors
    ///
    /// They are not bound to one address, or there is no UDP socket.
    pub fn from_descriptors(tcp: OwnedFd, udp: Vec<OwnedFd>) -> io::Result<Self> {
        let (tcp, udp) = (TcpListener::from(tcp), udp.into_iter().map(UdpSocket::from).collect::<Vec<_>>());
        let address = tcp.local_addr()?;
        let is_here = |socket: &UdpSocket| socket.local_addr().is_ok_and(|here| here == address);
        match !udp.is_empty() && udp.iter().all(is_here) {
            true => Ok(Self { tcp, udp }),
            false => Err(io::Error::new(io::ErrorKind::InvalidData, "sockets that are not of one address")),
        }
    }

    /// TCP's.
    pub fn tcp(&self) -> BorrowedFd<'_> {
        self.tcp.as_fd()
    }

    /// UDP's.
    pub fn udp(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.udp.iter().map(UdpSocket::as_fd)
    }

    /// The address bound.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// The same sockets under descriptors of their own.
    ///
    /// # Errors
    ///
    /// The system's, if it has no more descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        let udp = self.udp.iter().map(UdpSocket::try_clone).collect::<io::Result<_>>()?;
        Ok(Self { tcp: self.tcp.try_clone()?, udp })
    }

    /// Another UDP socket, which is one of these once it is [added](Self::add). The system lets some clients go over to it at
    /// once; what waits in the others stays there.
    pub(super) fn bind_another(&self) -> io::Result<UdpSocket> {
        // Only the first may be without leave.
        rustix::net::sockopt::set_socket_reuseport(&self.udp[0], true)?;
        bind_udp(self.address()?, true)
    }

    pub(super) fn add(&mut self, socket: UdpSocket) {
        self.udp.push(socket);
    }

    pub(super) fn into_sockets(self) -> (TcpListener, Vec<UdpSocket>) {
        (self.tcp, self.udp)
    }
}

fn bind_once(address: SocketAddr, udp_sockets: usize) -> io::Result<Endpoint> {
    let first = bind_udp(address, false)?;
    // As tokio does, std sets SO_REUSEADDR: connections of an earlier server are not in the way.
    let tcp = TcpListener::bind(first.local_addr()?)?;
    // std asks for 128; asking again changes it.
    rustix::net::listen(&tcp, BACKLOG)?;
    let mut endpoint = Endpoint { tcp, udp: vec![first] };
    while endpoint.udp.len() < udp_sockets {
        endpoint.add(endpoint.bind_another()?);
    }
    Ok(endpoint)
}

/// The first socket is bound without leave to share its address, so that one that anybody else has is refused; it gets the
/// leave when others of ours follow.
fn bind_udp(address: SocketAddr, is_shared: bool) -> io::Result<UdpSocket> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = rustix::net::socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    rustix::net::sockopt::set_socket_reuseport(&socket, is_shared)?;
    // The system's own limit holds where it is less.
    let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&socket, WAITING);
    rustix::net::bind(&socket, &address)?;
    Ok(UdpSocket::from(socket))
}
