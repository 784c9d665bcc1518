//! Many datagrams a system call, over connected sockets or with their sources. The one file with unsafe code.
#![expect(unsafe_code, reason = "the standard library has no `recvmmsg` and no `sendmmsg`")]

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd as _;

use libc::{iovec, mmsghdr, sockaddr_in6, socklen_t};

/// Datagrams a call, at most.
pub(crate) const MOST: usize = 64;

/// The room of one.
const ROOM: usize = 4096 + 320;

// SAFETY: integers and pointers only, all of which may be zero.
const NO_HEADER: mmsghdr = unsafe { std::mem::zeroed() };
const NO_PART: iovec = iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };

/// A batch of datagrams, to be sent or as they came.
pub(crate) struct Batch {
    octets: Box<[u8]>,
    lengths: [usize; MOST],
    sources: Box<[sockaddr_in6; MOST]>,
    source_lengths: [socklen_t; MOST],
    pub(crate) count: usize,
}

impl Batch {
    pub(crate) fn new() -> Self {
        // SAFETY: integers only.
        let no_source: sockaddr_in6 = unsafe { std::mem::zeroed() };
        Self {
            octets: vec![0; MOST * ROOM].into(),
            lengths: [0; MOST],
            sources: Box::new([no_source; MOST]),
            source_lengths: [0; MOST],
            count: 0,
        }
    }

    pub(crate) fn get(&self, index: usize) -> &[u8] {
        &self.octets[index * ROOM..][..self.lengths[index]]
    }

    /// Room for one more, of that length, to the peer of a connected socket.
    pub(crate) fn push(&mut self, length: usize) -> &mut [u8] {
        let index = self.count;
        (self.lengths[index], self.source_lengths[index]) = (length, 0);
        self.count += 1;
        &mut self.octets[index * ROOM..][..length]
    }

    /// Takes what there is, without waiting.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.count = 0;
        (self.lengths, self.source_lengths) = ([ROOM; MOST], [size_of::<sockaddr_in6>() as socklen_t; MOST]);
        let (mut parts, mut headers) = ([NO_PART; MOST], [NO_HEADER; MOST]);
        self.fill(MOST, &mut parts, &mut headers);
        // SAFETY: `fill` made MOST entries of pointers into `parts` and `self`, which outlive the call.
        let received = unsafe {
            let none = std::ptr::null_mut();
            libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), MOST as _, libc::MSG_DONTWAIT as _, none)
        };
        self.count = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
        for (index, header) in headers[..self.count].iter().enumerate() {
            self.lengths[index] = header.msg_len as usize;
            self.source_lengths[index] = header.msg_hdr.msg_namelen;
        }
        Ok(self.count)
    }

    /// Sends all; gives how many went.
    pub(crate) fn send(&mut self, socket: &UdpSocket) -> usize {
        let (mut parts, mut headers) = ([NO_PART; MOST], [NO_HEADER; MOST]);
        self.fill(self.count, &mut parts, &mut headers);
        // SAFETY: `fill` made `self.count` entries of pointers into `parts` and `self`, which outlive the call.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), self.count as _, 0) };
        self.count = 0;
        usize::try_from(sent).unwrap_or_default()
    }

    fn fill(&mut self, count: usize, parts: &mut [iovec; MOST], headers: &mut [mmsghdr; MOST]) {
        let places = self.octets.chunks_exact_mut(ROOM).zip(&mut *self.sources);
        for (index, (room, source)) in places.take(count).enumerate() {
            parts[index] = iovec { iov_base: room.as_mut_ptr().cast(), iov_len: self.lengths[index] };
            let header = &mut headers[index].msg_hdr;
            if self.source_lengths[index] > 0 {
                header.msg_name = (&raw mut *source).cast();
                header.msg_namelen = self.source_lengths[index];
            }
            (header.msg_iov, header.msg_iovlen) = (&raw mut parts[index], 1);
        }
    }
}

/// Waits until one of these has something, or so many milliseconds are over.
pub(crate) fn wait(sockets: &[UdpSocket], milliseconds: i32) {
    let polled = |socket: &UdpSocket| libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let mut polled: Vec<libc::pollfd> = sockets.iter().map(polled).collect();
    // SAFETY: the list has the length given.
    unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as _, milliseconds) };
}
