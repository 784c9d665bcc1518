//! UDP and TCP on one address.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Connections that may wait to be accepted, if the system allows as many.
const BACKLOG: i32 = 1024;

/// The two sockets of one address.
#[derive(Debug)]
pub struct Pair {
    udp: UdpSocket,
    tcp: TcpListener,
}

impl Pair {
    /// Binds both; where the system chooses the port, the same for both.
    ///
    /// # Errors
    ///
    /// The system's, with the address in its text.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        // Another process may hold the TCP port that UDP was given: a few more are tried.
        let attempts = if address.port() == 0 { 16 } else { 1 };
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..attempts {
            match bind_once(address) {
                Ok(pair) => return Ok(pair),
                Err(error) => last = error,
            }
        }
        Err(io::Error::new(last.kind(), format!("{address}: {last}")))
    }

    /// Takes sockets that another process bound.
    ///
    /// # Errors
    ///
    /// They are not bound to one address.
    pub fn from_descriptors(udp: OwnedFd, tcp: OwnedFd) -> io::Result<Self> {
        let (udp, tcp) = (UdpSocket::from(udp), TcpListener::from(tcp));
        match udp.local_addr()? == tcp.local_addr()? {
            true => Ok(Self { udp, tcp }),
            false => Err(io::Error::new(io::ErrorKind::InvalidData, "two sockets that are not of one address")),
        }
    }

    /// UDP's and TCP's.
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.udp.as_fd(), self.tcp.as_fd()]
    }

    /// The address bound.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }

    /// The same sockets under descriptors of their own.
    ///
    /// # Errors
    ///
    /// The system's, if it has no more descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { udp: self.udp.try_clone()?, tcp: self.tcp.try_clone()? })
    }

    pub(super) fn into_tokio(self) -> io::Result<(tokio::net::UdpSocket, tokio::net::TcpListener)> {
        self.udp.set_nonblocking(true)?;
        self.tcp.set_nonblocking(true)?;
        Ok((tokio::net::UdpSocket::from_std(self.udp)?, tokio::net::TcpListener::from_std(self.tcp)?))
    }
}

fn bind_once(address: SocketAddr) -> io::Result<Pair> {
    let udp = UdpSocket::bind(address)?;
    // As tokio does, std sets SO_REUSEADDR: connections of an earlier server are not in the way.
    let tcp = TcpListener::bind(udp.local_addr()?)?;
    // std asks for 128; asking again changes it.
    rustix::net::listen(&tcp, BACKLOG)?;
    Ok(Pair { udp, tcp })
}
