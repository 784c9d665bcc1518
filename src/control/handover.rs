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
//! changes nothing of what it does: a new one that fails leaves no trace. The road not taken, SO_REUSEPORT, gives each
//! process a queue of its own, and the queries in the old one's queue are lost with it.
//!
//! Sockets come over the control socket, two for each address (UDP, TCP) with one octet, `+`; `.` ends them.

use std::io::{BufRead as _, BufReader, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
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

use crate::server::Pair;

/// How long the other process may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What ends the list of sockets.
const END: u8 = b'.';

/// What comes with the sockets of one address.
const MORE: u8 = b'+';

/// What a successor asks of the process that it takes over from.
#[derive(Debug)]
pub enum Request {
    /// The sockets.
    Share(oneshot::Sender<std::io::Result<Vec<Pair>>>),
    /// To end; the answer is given when nothing is read and nothing locked any more.
    Retire(oneshot::Sender<()>),
}

/// Where a server takes its successor's requests.
pub type Requests = mpsc::Sender<Request>;

/// Shares the sockets with whoever is at the other end of `stream`.
pub(super) async fn share(stream: &UnixStream, requests: &Requests) -> anyhow::Result<()> {
    let (reply, pairs) = oneshot::channel();
    requests.send(Request::Share(reply)).await.context("asking for the sockets")?;
    for pair in pairs.await?? {
        send(stream, MORE, Some(&pair)).await?;
    }
    send(stream, END, None).await
}

async fn send(stream: &UnixStream, octet: u8, pair: Option<&Pair>) -> anyhow::Result<()> {
    let descriptors = pair.map(Pair::descriptors);
    let send = || {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if let Some(descriptors) = &descriptors {
            control.push(SendAncillaryMessage::ScmRights(descriptors));
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
    pub sockets: Vec<Pair>,
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

fn receive(stream: &ClientStream) -> anyhow::Result<Vec<Pair>> {
    ask(stream, "sockets").context("asking for its sockets")?;
    let mut pairs = Vec::new();
    loop {
        let (mut octet, mut space) = ([0], [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))]);
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::CMSG_CLOEXEC;
        rustix::net::recvmsg(stream, &mut [IoSliceMut::new(&mut octet)], &mut control, flags)
            .context("waiting for its sockets")?;
        let rights = control.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        });
        let mut descriptors = rights.flatten();
        match (octet[0], descriptors.next(), descriptors.next()) {
            (END, None, None) => return Ok(pairs),
            (MORE, Some(udp), Some(tcp)) => pairs.push(Pair::from_descriptors(udp, tcp)?),
            _ => bail!("it does not share its sockets: it may be of another version, or out of descriptors"),
        }
    }
}
