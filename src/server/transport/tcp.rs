//! Connections: messages with their lengths before them (RFC 1035 §4.2.2), answered in order, as many at once as came.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Phase, reached, respond};
use crate::server::{Publisher, Transport};

/// How long a connection may stand idle, a message may take to come whole, and a client to take its answers: RFC 7766
/// §6.2.3 asks for a few seconds at least.
const IDLE: Duration = Duration::from_secs(10);

/// How long a client may take to close its side once ours is: closing with octets unread would take back the last answers.
const LINGER: Duration = Duration::from_millis(500);

/// How long to wait for others to give descriptors back.
const REST: Duration = Duration::from_millis(50);

/// Octets of answers that wait for the client; its queries wait as long.
const MOST_WAITING: usize = 1 << 16;

/// Octets that are read at once.
const READ: usize = 4096;

/// Connections at once, those beyond wait to be accepted: half the descriptors, for files are to be read too.
pub(super) fn most_connections() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(1 << 16, |limit| (limit / 2).clamp(16, 1 << 16) as usize)
}

/// Answers connections until the end begins, and then those there are.
pub(super) async fn answer(
    listener: TcpListener,
    publisher: Publisher,
    mut phase: watch::Receiver<Phase>,
    room: Arc<Semaphore>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = reached(&mut phase, Phase::Retiring) => break,
            accepted = accept(&listener, &room) => match accepted {
                Ok((stream, client, permit)) => {
                    let connection = Connection { stream, client, publisher: Arc::clone(&publisher) };
                    let phase = phase.clone();
                    connections.spawn(async move {
                        // A client that went away is nobody's loss.
                        let _ = connection.answer(phase).await;
                        drop(permit);
                    });
                }
                Err(_) => tokio::time::sleep(REST).await,
            },
        }
        while connections.try_join_next().is_some() {}
    }
    // Before the connections end: nobody is to think that more are accepted here.
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, client) = listener.accept().await?;
    // Answers are written whole: waiting for more of them gains nothing.
    stream.set_nodelay(true)?;
    Ok((stream, client.ip(), permit))
}

struct Connection {
    stream: TcpStream,
    client: IpAddr,
    publisher: Publisher,
}

impl Connection {
    async fn answer(mut self, mut phase: watch::Receiver<Phase>) -> io::Result<()> {
        let (mut input, mut output) = (Vec::new(), Vec::new());
        let mut deadline = Instant::now() + IDLE;
        loop {
            while let Some(taken) = self.answer_first(&input, &mut output) {
                input.drain(..taken);
                timeout(IDLE, self.stream.write_all(&output)).await??;
                output.clear();
                deadline = Instant::now() + IDLE;
            }
            input.reserve(READ);
            tokio::select! {
                biased;
                // What came is answered, whatever the hour.
                read = timeout_at(deadline, self.stream.read_buf(&mut input)) => if read?? == 0 {
                    return Ok(());
                },
                () = reached(&mut phase, Phase::Closing) => return self.close().await,
            }
        }
    }

    /// Answers the first whole messages of the input; gives how many octets they were, or none if there is no whole one.
    fn answer_first(&self, input: &[u8], output: &mut Vec<u8>) -> Option<usize> {
        let mut rest = input;
        while output.len() < MOST_WAITING
            && let Some((query, after)) = split_message(rest)
        {
            respond(query, self.client, Transport::Tcp, &self.publisher, |answer| {
                output.extend_from_slice(&(answer.len() as u16).to_be_bytes());
                output.extend_from_slice(answer);
            });
            rest = after;
        }
        Some(input.len() - rest.len()).filter(|&taken| taken > 0)
    }

    async fn close(mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        let mut unread = [0; READ];
        let end = Instant::now() + LINGER;
        while timeout_at(end, self.stream.read(&mut unread)).await?? > 0 {}
        Ok(())
    }
}

/// The first message and what follows it, if it is whole.
fn split_message(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}
