//! Many datagrams a system call: `recvmmsg` and `sendmmsg` behind a safe API.
//!
//! In: a UDP socket. Out: its queries, each with its source and room for its answer, and the answers sent. Knows neither DNS
//! nor threads. The one room with unsafe code.
//!
//! # Design
//!
//! A batch owns all its memory and keeps no pointer: the kernel's lists are made for each call from the buffers as they are,
//! so that no pointer outlives the borrow it came from. An address is kept as the kernel wrote it and given back the same
//! way, scope of a link-local address included.
//!
//! On sockets that are bound to no one address, the kernel tells where a query was sent to, and the same words make it the
//! answer's source: a client takes no answer from another address than it asked.
//!
//! Places for queries are so far apart that the first octets of all of them do not share a few lines of the cache; pages that
//! no query reaches are never touched.

#![expect(unsafe_code, reason = "`rustix` has no `recvmmsg`, and its `sendmmsg` wants lists that allocate")]

use std::io;
use std::mem::{offset_of, size_of};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd as _, BorrowedFd};

use libc::{c_int, c_void, cmsghdr, in_pktinfo, in6_pktinfo, iovec, mmsghdr, sockaddr_in6, socklen_t};

/// Datagrams a call, at most. An echo costs the same with 16, 32, 64 and 128, within the noise of a busy machine: more would
/// let those that came first wait longer for nothing.
pub(super) const MOST: usize = 64;

/// The largest query: no datagram has more octets.
const QUERY: usize = u16::MAX as usize;

/// The largest answer: [`Policy`](crate::server::Policy) asks for no more.
const ANSWER: usize = crate::server::policy::LARGEST_UDP as usize;

/// Five lines of the cache between the ends and beginnings, so that equal offsets do not compete for the same places in it.
const APART: usize = 5 * 64;

/// How far the places of two queries are apart.
const QUERY_STRIDE: usize = QUERY + 1 + APART;

/// How far the places of two answers are apart.
const ANSWER_STRIDE: usize = ANSWER + APART;

/// What the kernel says beside a datagram: at most an `in6_pktinfo` (or, shorter, an `in_pktinfo`) behind its header.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL]);

const CONTROL: usize = size_of::<cmsghdr>() + size_of::<in6_pktinfo>().next_multiple_of(size_of::<usize>());

/// Where the interface stands in an `in_pktinfo`, and in an `in6_pktinfo`, behind a header.
const INTERFACES: [(c_int, c_int, usize); 2] = [
    (libc::IPPROTO_IP, libc::IP_PKTINFO, size_of::<cmsghdr>() + offset_of!(in_pktinfo, ipi_ifindex)),
    (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, size_of::<cmsghdr>() + offset_of!(in6_pktinfo, ipi6_ifindex)),
];

/// What one datagram came with, and what is to be said to it.
#[derive(Clone, Copy)]
struct Datagram {
    source: sockaddr_in6,
    source_length: socklen_t,
    control: Control,
    control_length: usize,
    query_length: usize,
    /// 0: no answer.
    answer_length: usize,
}

// SAFETY: integers and pointers only, all of which may be zero.
const NO_HEADER: mmsghdr = unsafe { std::mem::zeroed() };
const NO_PART: iovec = iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
const NO_DATAGRAM: Datagram = Datagram {
    // SAFETY: integers only.
    source: unsafe { std::mem::zeroed() },
    source_length: 0,
    control: Control([0; CONTROL]),
    control_length: 0,
    query_length: 0,
    answer_length: 0,
};

/// Room for a batch of queries and their answers.
pub(super) struct Batch {
    queries: Box<[u8]>,
    answers: Box<[u8]>,
    datagrams: Box<[Datagram; MOST]>,
    received: usize,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self {
            queries: vec![0; MOST * QUERY_STRIDE].into(),
            answers: vec![0; MOST * ANSWER_STRIDE].into(),
            datagrams: Box::new([NO_DATAGRAM; MOST]),
            received: 0,
        }
    }

    /// Takes what waits in the socket, without waiting itself: gives how many datagrams it took.
    pub(super) fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        let (mut parts, mut headers) = ([NO_PART; MOST], [NO_HEADER; MOST]);
        self.received = 0;
        let places = self.queries.chunks_exact_mut(QUERY_STRIDE).zip(&mut *self.datagrams);
        for (((query, datagram), part), header) in places.zip(&mut parts).zip(&mut headers) {
            *part = iovec { iov_base: query.as_mut_ptr().cast(), iov_len: QUERY };
            let header = &mut header.msg_hdr;
            header.msg_name = (&raw mut datagram.source).cast();
            header.msg_namelen = size_of::<sockaddr_in6>() as socklen_t;
            (header.msg_iov, header.msg_iovlen) = (part, 1);
            header.msg_control = (&raw mut datagram.control).cast();
            header.msg_controllen = CONTROL as _;
        }
        // SAFETY: `headers` has MOST entries, and each points to memory that lives past the call, is reached through nothing
        // else meanwhile, and has the length beside it: a source and a control of `self.datagrams`, an entry of `parts`, and
        // through that a place of `self.queries`. The kernel keeps none of the pointers.
        let received = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                MOST as _,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        self.received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
        for (datagram, header) in self.datagrams.iter_mut().zip(&headers[..self.received]) {
            datagram.note(header);
        }
        Ok(self.received)
    }

    /// The queries received.
    pub(super) fn queries(&self) -> impl Iterator<Item = &[u8]> {
        let places = self.queries.chunks_exact(QUERY_STRIDE).zip(&self.datagrams[..self.received]);
        places.map(|(query, datagram)| &query[..datagram.query_length])
    }

    /// Makes the answers: `answer` is given each query, its source and room, and gives the answer's length, if one is due.
    pub(super) fn answer(&mut self, mut answer: impl FnMut(&[u8], SocketAddr, &mut [u8]) -> Option<usize>) {
        let places = self.queries.chunks_exact(QUERY_STRIDE).zip(self.answers.chunks_exact_mut(ANSWER_STRIDE));
        for (datagram, (query, room)) in self.datagrams[..self.received].iter_mut().zip(places) {
            let query = &query[..datagram.query_length];
            let length = datagram.source().and_then(|source| answer(query, source, &mut room[..ANSWER]));
            datagram.answer_length = length.unwrap_or(0).min(ANSWER);
        }
    }

    /// Sends the answers. One that cannot be sent is not in the way of others.
    pub(super) fn send(&mut self, socket: BorrowedFd<'_>) {
        let (mut parts, mut headers) = ([NO_PART; MOST], [NO_HEADER; MOST]);
        let mut filled = 0;
        let places = self.answers.chunks_exact_mut(ANSWER_STRIDE).zip(&mut self.datagrams[..self.received]);
        for (answer, datagram) in places.filter(|(_, datagram)| datagram.answer_length > 0) {
            let (part, header) = (&mut parts[filled], &mut headers[filled].msg_hdr);
            *part = iovec { iov_base: answer.as_mut_ptr().cast(), iov_len: datagram.answer_length };
            header.msg_name = (&raw mut datagram.source).cast();
            header.msg_namelen = datagram.source_length;
            (header.msg_iov, header.msg_iovlen) = (part, 1);
            if datagram.control_length > 0 {
                header.msg_control = (&raw mut datagram.control).cast();
                header.msg_controllen = datagram.control_length as _;
            }
            filled += 1;
        }
        send_all(socket, &mut headers[..filled]);
    }
}

/// Sends each of these, which have to be as [`Batch::send`] makes them. Each is tried twice, as what is told of the first
/// attempt may be about the socket and not about it; for room in the socket there are short waits, until one is in vain.
fn send_all(socket: BorrowedFd<'_>, mut headers: &mut [mmsghdr]) {
    let (mut is_second, mut may_wait) = (false, true);
    while !headers.is_empty() {
        // SAFETY: each of the `headers.len()` entries was filled by `Batch::send`, whose buffers it points to are borrowed
        // until that returns; the kernel reads them, writes `msg_len` alone, and keeps none of the pointers.
        let sent =
            unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), headers.len() as _, SEND_FLAGS as _) };
        let done = match usize::try_from(sent) {
            Ok(sent) => sent.max(1),
            Err(_) if is_second => 1,
            Err(_) => {
                if io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock {
                    may_wait = may_wait && super::udp::wait_for_room(socket);
                }
                0
            }
        };
        is_second = done == 0;
        headers = &mut headers[done..];
    }
}

const SEND_FLAGS: c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;

impl Datagram {
    /// Keeps what the kernel wrote to the datagram's header.
    fn note(&mut self, header: &mmsghdr) {
        let flags = header.msg_hdr.msg_flags;
        // No datagram is longer than its place; were one, half a query could not be answered.
        self.query_length = if flags & libc::MSG_TRUNC == 0 { (header.msg_len as usize).min(QUERY) } else { 0 };
        self.source_length = header.msg_hdr.msg_namelen.min(size_of::<sockaddr_in6>() as socklen_t);
        self.control_length = CONTROL.min(header.msg_hdr.msg_controllen as _);
        if self.control_length > 0 {
            self.leave_the_interface_open();
        }
    }

    /// The answer's way is the routes' business: it need not leave where the query came in.
    fn leave_the_interface_open(&mut self) {
        let word = |at: usize| c_int::from_ne_bytes(std::array::from_fn(|index| self.control.0[at + index]));
        let (level, kind) = (word(offset_of!(cmsghdr, cmsg_level)), word(offset_of!(cmsghdr, cmsg_type)));
        match INTERFACES.iter().find(|row| (row.0, row.1) == (level, kind)) {
            Some(&(_, _, at)) => self.control.0[at..at + size_of::<c_int>()].fill(0),
            // Nothing that was asked for.
            None => self.control_length = 0,
        }
    }

    /// Where it came from; none, if that is no address of the internet.
    fn source(&self) -> Option<SocketAddr> {
        let port = u16::from_be(self.source.sin6_port);
        let ip = match c_int::from(self.source.sin6_family) {
            // In a `sockaddr_in` the address stands where the other has its flow label.
            libc::AF_INET => IpAddr::V4(Ipv4Addr::from(u32::from_be(self.source.sin6_flowinfo))),
            libc::AF_INET6 => IpAddr::V6(Ipv6Addr::from(self.source.sin6_addr.s6_addr)),
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    }
}

/// Has the kernel say of each datagram where it was sent to. For a socket that is bound to all addresses.
pub(super) fn ask_for_destination(socket: BorrowedFd<'_>, is_ipv6: bool) -> io::Result<()> {
    // An IPv6 socket says it of IPv4 datagrams too, as mapped addresses.
    let (level, name) =
        if is_ipv6 { (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO) } else { (libc::IPPROTO_IP, libc::IP_PKTINFO) };
    let one: c_int = 1;
    let (value, length) = ((&raw const one).cast::<c_void>(), size_of::<c_int>() as socklen_t);
    // SAFETY: `value` points to `one`, which has the length given and lives past the call.
    match unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value, length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd as _;
    use std::time::Duration;

    use super::*;

    fn client(server: &UdpSocket) -> UdpSocket {
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(server.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client
    }

    fn receive(batch: &mut Batch, server: &UdpSocket, wanted: usize) {
        super::super::udp::wait(&mut [rustix::event::PollFd::new(server, rustix::event::PollFlags::IN)]);
        assert_eq!(batch.receive(server.as_fd()).unwrap(), wanted);
    }

    #[test]
    fn an_answer_that_cannot_be_sent_is_in_no_others_way() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (clients, mut batch) = ([(); 6].map(|()| client(&server)), Batch::new());
        for (number, client) in clients.iter().enumerate() {
            client.send(&[number as u8]).unwrap();
        }
        receive(&mut batch, &server, clients.len());
        // No port, no family, more octets than a datagram takes on the way to a broadcast address that needs a permit.
        batch.datagrams[0].source.sin6_port = 0;
        batch.datagrams[2].source.sin6_family = 99;
        batch.datagrams[4].source.sin6_flowinfo = u32::MAX;
        let mut asked = Vec::new();
        batch.answer(|query, _, room| {
            asked.push(query[0]);
            room[..1].copy_from_slice(query);
            Some(1)
        });
        assert_eq!(asked, [0, 1, 3, 4, 5], "a source of no family is not answered");
        // It is not even tried: the kernel is to refuse it.
        batch.datagrams[2].answer_length = 1;
        batch.send(server.as_fd());
        for number in [1, 3, 5] {
            let mut answer = [0; 9];
            assert_eq!(clients[number].recv(&mut answer).unwrap(), 1);
            assert_eq!(usize::from(answer[0]), number);
        }
    }

    #[test]
    fn any_datagram_is_taken_whole_and_none_twice() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (client, mut batch) = (client(&server), Batch::new());
        let large: Vec<u8> = (0..65_507_u32).map(|index| index as u8).collect();
        for query in [&large[..], &[], &large[..1]] {
            client.send(query).unwrap();
        }
        receive(&mut batch, &server, 3);
        assert!(batch.queries().eq([&large[..], &[], &large[..1]]));
        let (error, kind) = (batch.receive(server.as_fd()).unwrap_err(), io::ErrorKind::WouldBlock);
        assert_eq!((error.kind(), batch.queries().count()), (kind, 0));
        for number in 0..MOST + 3 {
            client.send(&[number as u8]).unwrap();
        }
        receive(&mut batch, &server, MOST);
        assert!(batch.queries().map(|query| usize::from(query[0])).eq(0..MOST));
        receive(&mut batch, &server, 3);
    }
}
