//! From one process to the next, without losing a query.
//!
//! ```text
//! new: loads everything ─ asks for the sockets ──► old: goes on, and shares them
//! new: answers, beside the old one ─ says retire ─► old: reads no more, lets go of locks and control socket, says so,
//! new: takes control socket and locks                    answers what it took, ends
//! ```
//!
//! # Design
//!
//! Both processes read the same sockets, so a query that one leaves is the other's. Until it is told to retire the old one
//! changes nothing of what it does: a new one that fails leaves no trace.
//!
//! Over the UDP sockets of one address the system spreads the clients (SO_REUSEPORT), and each socket has a queue of its own:
//! what waits in one is lost when the last process that has it closes it. So the new one takes all of them, whatever its
//! number of threads. With fewer threads, one reads several. With more, sockets are added once the old one has let go, when
//! this process is sure to stay; a group that grows moves clients to other queues, and loses nothing. The road not taken,
//! sockets of its own for each process, loses what waits in the old one's.
//!
//! Sockets come over the control socket, each with one octet: `t`, the listener that an address begins with, and `u`, a UDP
//! socket of the same address; `.` ends them.

use std::io::{BufRead as _, BufReader, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as ClientStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};

use crate::server::Endpoint;

/// How long the other process may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What ends the list of sockets.
const END: u8 = b'.';

/// What comes with an address's listener.
const LISTENER: u8 = b't';

/// What comes with a UDP socket of the address whose listener came last.
const DATAGRAMS: u8 = b'u';

/// What a successor asks of the process that it takes over from.
#[derive(Debug)]
pub enum Request {
    /// The sockets.
    Share(oneshot::Sender<std::io::Result<Vec<Endpoint>>>),
    /// To end; the answer is given when nothing is read and nothing locked any more.
    Retire(oneshot::Sender<()>),
}

/// Where a server takes its successor's requests.
pub type Requests = mpsc::Sender<Request>;

/// Shares the sockets with whoever is at the other end of `stream`.
pub(super) async fn share(stream: &UnixStream, requests: &Requests) -> anyhow::Result<()> {
    let (reply, endpoints) = oneshot::channel();
    requests.send(Request::Share(reply)).await.context("asking for the sockets")?;
    for endpoint in endpoints.await?? {
        send(stream, LISTENER, Some(endpoint.tcp())).await?;
        for socket in endpoint.udp() {
            send(stream, DATAGRAMS, Some(socket)).await?;
        }
    }
    send(stream, END, None).await
}

async fn send(stream: &UnixStream, octet: u8, socket: Option<BorrowedFd<'_>>) -> anyhow::Result<()> {
    let send = || {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if let Some(socket) = &socket {
            control.push(SendAncillaryMessage::ScmRights(std::slice::from_ref(socket)));
        }
        let sent = rustix::net::sendmsg(stream, &[IoSlice::new(&[octet])], &mut control, SendFlags::NOSIGNAL)?;
        debug_assert_eq!(sent, 1, "an octet is sent or not");
        Ok(())
    };
    tokio::time::timeout(PATIENCE, stream.async_io(Interest::WRITABLE, send)).await??;
    Ok(())
}

/// Has this process retire; returns when it let go of all that its successor needs.
pub(super) async fn retire(requests: &Requests) -> anyhow::Result<()> {
    let (reply, done) = oneshot::channel();
    requests.send(Request::Retire(reply)).await.context("asking to retire")?;
    Ok(done.await?)
}

/// A running server that is to be taken over from.
#[derive(Debug)]
pub struct Predecessor {
    path: PathBuf,
    /// Its sockets; they are also ours now.
    pub sockets: Vec<Endpoint>,
}

impl Predecessor {
    /// The server at this control socket, with its sockets; none if no server is there.
    ///
    /// # Errors
    ///
    /// There is one, and it does not share its sockets.
    pub fn find(path: &Path) -> anyhow::Result<Option<Self>> {
        let Ok(stream) = ClientStream::connect(path) else { return Ok(None) };
        let sockets = receive(&stream).with_context(|| {
            let path = path.display();
            format!("taking over from the server at {path}, which goes on: stop it and start this one instead")
        })?;
        Ok(Some(Self { path: path.into(), sockets }))
    }

    /// Has it retire: from now on this process answers alone.
    ///
    /// # Errors
    ///
    /// It did not say that it does.
    pub fn retire(&self) -> anyhow::Result<()> {
        let stream = ClientStream::connect(&self.path).context("having the other server retire")?;
        ask(&stream, "retire").context("having the other server retire")?;
        let mut answer = String::new();
        BufReader::new(stream.take(64)).read_line(&mut answer).context("waiting for the other server to retire")?;
        match answer.trim_end() {
            "null" => Ok(()),
            other => bail!("the other server does not retire: {other}"),
        }
    }
}

fn ask(mut stream: &ClientStream, request: &str) -> std::io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    writeln!(stream, "{request}")
}

fn receive(stream: &ClientStream) -> anyhow::Result<Vec<Endpoint>> {
    ask(stream, "sockets").context("asking for its sockets")?;
    let mut addresses: Vec<(OwnedFd, Vec<OwnedFd>)> = Vec::new();
    loop {
        match (receive_one(stream)?, addresses.last_mut()) {
            ((END, None), _) => break,
            ((LISTENER, Some(tcp)), _) => addresses.push((tcp, Vec::new())),
            ((DATAGRAMS, Some(socket)), Some((_, udp))) => udp.push(socket),
            _ => bail!("it does not share its sockets: it may be of another version, or out of descriptors"),
        }
    }
    let endpoints = addresses.into_iter().map(|(tcp, udp)| Endpoint::from_descriptors(tcp, udp));
    endpoints.collect::<std::io::Result<_>>().context("taking its sockets")
}

/// An octet, 0 at the stream's end, and the socket that came with it.
fn receive_one(stream: &ClientStream) -> anyhow::Result<(u8, Option<OwnedFd>)> {
    let (mut octet, mut space) = ([0], [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))]);
    let mut control = RecvAncillaryBuffer::new(&mut space);
    rustix::net::recvmsg(stream, &mut [IoSliceMut::new(&mut octet)], &mut control, RecvFlags::CMSG_CLOEXEC)
        .context("waiting for its sockets")?;
    let rights = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    Ok((octet[0], rights.flatten().next()))
}
