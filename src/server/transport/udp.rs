//! Datagrams: threads that take a batch of queries, answer all of them, and send the answers.
//!
//! # Design
//!
//! A thread answers what it took before it takes more or ends, so that a query that was read is one that is answered. It
//! waits only when its sockets gave nothing: a busy thread never polls. On the way from one batch to the next it neither
//! allocates nor locks; what is served is looked at once a batch and let go of, so that an idle thread keeps no old zones.
//!
//! Each thread has a socket of its own for each address (SO_REUSEPORT): the kernel spreads clients over them, and no two
//! threads wait for one queue. Threads are not pinned: the process's own affinity says how many there are and where they
//! run. A filter that picks the socket by core (SO_ATTACH_REUSEPORT_CBPF) would need them pinned, and would send all
//! queries that come in over one core to one thread.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::own::{respond, warm};
use super::udp_batch::{Batch, ask_for_destination};
use crate::server::{Publisher, Transport};

/// How long a thread rests after an error of the system: such errors tend to come in rows.
const REST: Duration = Duration::from_millis(10);

/// How long answers wait for room in a socket that is full: a link that moves at all makes some in that time.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };

/// Threads that answer datagrams, until this is dropped.
pub(super) struct Readers {
    is_over: Arc<AtomicBool>,
    /// Nothing is ever written: when it is closed, whoever waits for the other end wakes.
    wakes: Option<io::PipeWriter>,
    woken: Arc<io::PipeReader>,
    publisher: Publisher,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// None yet; they are to answer from what `publisher` holds at each batch's time.
    pub(super) fn new(publisher: Publisher) -> io::Result<Self> {
        let (woken, wakes) = io::pipe()?;
        Ok(Self { is_over: Arc::default(), wakes: Some(wakes), woken: Arc::new(woken), publisher, threads: Vec::new() })
    }

    /// Starts a thread on these sockets.
    pub(super) fn start(&mut self, sockets: Vec<UdpSocket>) -> io::Result<()> {
        sockets.iter().try_for_each(prepare)?;
        let (is_over, woken) = (Arc::clone(&self.is_over), Arc::clone(&self.woken));
        let reader = Reader { is_over, publisher: Arc::clone(&self.publisher), batch: Batch::new() };
        let thread = std::thread::Builder::new().name(format!("udp-{}", self.threads.len()));
        self.threads.push(thread.spawn(move || reader.run(&sockets, &woken))?);
        Ok(())
    }

    /// Takes nothing more, and gives the threads, which end once what they took is answered.
    pub(super) fn stop(mut self) -> Vec<JoinHandle<()>> {
        std::mem::take(&mut self.threads)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        // Before the pipe closes: whoever wakes by that sees it.
        self.is_over.store(true, Ordering::Release);
        drop(self.wakes.take());
    }
}

/// A socket that is bound to no one address answers from the address that was asked.
fn prepare(socket: &UdpSocket) -> io::Result<()> {
    match socket.local_addr()?.ip() {
        ip if ip.is_unspecified() => ask_for_destination(socket.as_fd(), ip.is_ipv6()),
        _ => Ok(()),
    }
}

/// One thread's share.
struct Reader {
    is_over: Arc<AtomicBool>,
    publisher: Publisher,
    batch: Batch,
}

impl Reader {
    fn run(mut self, sockets: &[UdpSocket], woken: &io::PipeReader) {
        let mut waited: Vec<PollFd<'_>> = sockets.iter().map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
        waited.push(PollFd::new(woken, PollFlags::IN));
        while !self.is_over.load(Ordering::Acquire) {
            let took = sockets.iter().filter(|socket| self.serve(socket.as_fd())).count();
            if took == 0 {
                wait(&mut waited);
                // Only those that have something, so that a few queries do not cost a call for each other socket.
                for (socket, _) in sockets.iter().zip(&waited).filter(|(_, waited)| !waited.revents().is_empty()) {
                    self.serve(socket.as_fd());
                }
            }
        }
    }

    /// Answers one batch; gives whether there was one.
    fn serve(&mut self, socket: BorrowedFd<'_>) -> bool {
        if let Err(error) = self.batch.receive(socket) {
            if !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) {
                std::thread::sleep(REST);
            }
            return false;
        }
        self.answer();
        self.batch.send(socket);
        true
    }

    /// Answers the batch from one state of what is served.
    fn answer(&mut self) {
        let served = self.publisher.load();
        warm(self.batch.queries(), &served);
        self.batch.answer(|query, source, out| {
            let ip = source.ip();
            is_answerable(source).then(|| respond(query, ip, Transport::Udp, &served, out)).flatten()
        });
    }
}

/// Waits until one of these has something.
pub(super) fn wait(waited: &mut [PollFd<'_>]) {
    // It fails for want of memory, or where a signal comes; then there is nothing yet.
    if poll(waited, None).is_err() {
        waited.iter_mut().for_each(PollFd::clear_revents);
    }
}

/// Waits a moment until a socket takes datagrams again; gives whether it does.
pub(super) fn wait_for_room(socket: BorrowedFd<'_>) -> bool {
    let mut waited = [PollFd::from_borrowed_fd(socket, PollFlags::OUT)];
    poll(&mut waited, Some(&PATIENCE)).is_ok_and(|ready| ready > 0)
}

/// Whether a datagram's source is one that a client can have: others are forged.
fn is_answerable(client: SocketAddr) -> bool {
    let ip = client.ip().to_canonical();
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    client.port() != 0 && !ip.is_unspecified() && !ip.is_multicast() && !is_broadcast
}
