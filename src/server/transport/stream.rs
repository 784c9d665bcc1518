//! Messages with their lengths before them (RFC 1035 §4.2.2), answered in order, as many at once as came.
//!
//! # Design
//!
//! Queries are read to, and answers made in, memory that all connections of a thread share, and answers go to the socket from
//! there: a connection has memory of its own only for the beginning of a query, and for what its client does not take. So
//! many idle clients cost little, and a query costs no allocation.

use std::cell::RefCell;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::TcpSettings;
use super::own::respond;
use crate::server::{Publisher, Served, Transport};

/// The largest message, and its length before it.
const LARGEST: usize = 2 + u16::MAX as usize;

/// Octets that are read at once.
const READ: usize = 1 << 14;

/// Reads after which it is another connection's turn: about a millisecond's work.
const READS: usize = 4;

/// Octets of answers after which those that there are go to the socket: as long as the client takes none, its queries wait.
const MOST_WAITING: usize = 1 << 16;

/// What the connections of a thread share.
struct Room {
    /// A query's beginning, which is less than a message, and what is read behind it.
    input: Box<[u8]>,
    /// One more answer than is enough.
    output: Box<[u8]>,
}

thread_local! {
    static ROOM: RefCell<Room> = RefCell::new(Room {
        input: vec![0; LARGEST + READ].into(),
        output: vec![0; MOST_WAITING + LARGEST].into(),
    });
}

/// A connection's octets.
pub(super) struct Stream {
    stream: TcpStream,
    client: IpAddr,
    publisher: Publisher,
    /// The beginning of a query; whole ones before it only while answers wait.
    unread: Vec<u8>,
    /// Answers that the client has yet to take.
    waiting: Vec<u8>,
    /// When it was accepted; from the first query on, when the last one came; or when its answers began to wait.
    since: Instant,
    has_asked: bool,
}

impl Stream {
    pub(super) fn new(stream: TcpStream, client: IpAddr, publisher: Publisher) -> Self {
        let (unread, waiting) = (Vec::new(), Vec::new());
        Self { stream, client, publisher, unread, waiting, since: Instant::now(), has_asked: false }
    }

    pub(super) fn into_inner(self) -> TcpStream {
        self.stream
    }

    /// Whether answers wait for the client.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// When its time is over, if nothing happens until then.
    pub(super) fn due(&self, settings: &TcpSettings) -> Instant {
        self.since
            + match (self.is_waiting(), self.has_asked) {
                (true, _) => settings.slow,
                (false, true) => settings.idle,
                (false, false) => settings.first_query,
            }
    }

    /// Answers what there is; ready when the client has no more to say, or is gone.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ROOM.with_borrow_mut(|room| {
            for _ in 0..READS {
                ready!(self.give(context))?;
                let octets = match split_message(&self.unread) {
                    Some(_) => self.unread.len(),
                    None => ready!(self.read(context, room))?,
                };
                if octets == 0 {
                    return Poll::Ready(Ok(()));
                }
                let beginning = std::mem::take(&mut self.unread);
                room.input[..beginning.len()].copy_from_slice(&beginning);
                self.answer(context, &room.input[..octets], &mut room.output)?;
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }

    /// Reads behind the place of the beginning there is; gives how many octets there are with it, 0 at the stream's end.
    fn read(&mut self, context: &mut Context<'_>, room: &mut Room) -> Poll<io::Result<usize>> {
        let begun = self.unread.len();
        let mut free = ReadBuf::new(&mut room.input[begun..begun + READ]);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut free))?;
        let read = free.filled().len();
        Poll::Ready(Ok(if read == 0 { 0 } else { begun + read }))
    }

    /// Answers the whole messages of `input` as long as the client takes the answers, and keeps the rest.
    fn answer(&mut self, context: &mut Context<'_>, input: &[u8], output: &mut [u8]) -> io::Result<()> {
        let mut rest = input;
        while !self.is_waiting() && split_message(rest).is_some() {
            (self.has_asked, self.since) = (true, Instant::now());
            let filled;
            (rest, filled) = fill(rest, self.client, &self.publisher.load(), output);
            self.write(context, &output[..filled])?;
        }
        self.unread.extend_from_slice(rest);
        Ok(())
    }

    fn write(&mut self, context: &mut Context<'_>, mut octets: &[u8]) -> io::Result<()> {
        while !octets.is_empty() {
            let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(context, octets) else {
                self.waiting.extend_from_slice(octets);
                break;
            };
            octets = &octets[written?..];
        }
        Ok(())
    }

    /// Gives the client what waits for it.
    fn give(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.is_waiting() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.waiting))?;
            self.waiting.drain(..written);
            if !self.is_waiting() {
                // Its next queries have their own time, and the memory is for those who need it.
                (self.since, self.waiting) = (Instant::now(), Vec::new());
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Answers the first whole messages of `input` until `output` has enough; gives the rest, and the octets of the answers.
fn fill<'i>(input: &'i [u8], client: IpAddr, served: &Served, output: &mut [u8]) -> (&'i [u8], usize) {
    let (mut rest, mut filled) = (input, 0);
    while filled < MOST_WAITING
        && let Some((query, after)) = split_message(rest)
    {
        let (length, room) = output[filled..filled + LARGEST].split_at_mut(2);
        if let Some(octets) = respond(query, client, Transport::Tcp, served, room) {
            length.copy_from_slice(&(octets as u16).to_be_bytes());
            filled += 2 + octets;
        }
        rest = after;
    }
    (rest, filled)
}

/// The first message and what follows it, if it is whole.
fn split_message(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}
