//! Sockets: they carry octets to [`respond`](super::respond) and back, and read none.
//!
//! # Design
//!
//! Two engines answer on the same kind of sockets. Our own (`udp.rs` and `tcp.rs`) stops reading between two queries, so that
//! a query is either answered here or left to whoever else reads the socket: another process can take over without losing
//! one. hickory's (`embedded.rs`) has no way to stop reading but to drop what it is at: its UDP task reads in the same step
//! in which it sends, and a shutdown aborts queries that were read. It is the engine where ours is not.

mod embedded;
mod sockets;
mod tcp;
mod udp;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Publisher;
use embedded::Embedded;
pub use sockets::Pair;

/// How long the answers that are being made may take once nothing is read any more.
const DRAIN: Duration = Duration::from_secs(2);

/// What carries the octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// Sockets of our own, which can be handed over without losing a query.
    Own,
    /// The embedded hickory server.
    Hickory,
}

impl Default for Engine {
    fn default() -> Self {
        if cfg!(target_os = "linux") { Self::Own } else { Self::Hickory }
    }
}

/// How far the end is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Phase {
    /// Not begun.
    Open,
    /// No datagram is read and no connection accepted any more; connections go on.
    Retiring,
    /// Connections end once what came is answered.
    Closing,
}

/// Sockets that are being answered on.
pub struct Listeners {
    /// What can be handed over; the engine has the same sockets.
    pairs: Vec<Pair>,
    addresses: Vec<SocketAddr>,
    answering: Answering,
}

enum Answering {
    Own { phase: watch::Sender<Phase>, tasks: JoinSet<()> },
    Hickory(Embedded),
}

impl Listeners {
    /// Binds UDP and TCP on every address and answers from what `publisher` holds at each query's time.
    ///
    /// # Errors
    ///
    /// The first address that could not be bound, named in the error's text.
    pub async fn bind(addresses: &[SocketAddr], publisher: Publisher) -> io::Result<Self> {
        let pairs = addresses.iter().map(|&address| Pair::bind(address)).collect::<io::Result<_>>()?;
        Self::answer(pairs, publisher, Engine::default())
    }

    /// Answers on sockets that are bound; to be called within a runtime.
    ///
    /// # Errors
    ///
    /// The system's, if it has no more descriptors.
    pub fn answer(pairs: Vec<Pair>, publisher: Publisher, engine: Engine) -> io::Result<Self> {
        let addresses = pairs.iter().map(Pair::address).collect::<io::Result<_>>()?;
        let answering = match engine {
            Engine::Own => answer(&pairs, &publisher)?,
            Engine::Hickory => Answering::Hickory(Embedded::answer(&pairs, publisher)?),
        };
        Ok(Self { pairs, addresses, answering })
    }

    /// The addresses bound, ports chosen by the system filled in.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The sockets, for another process to answer on beside this one.
    ///
    /// # Errors
    ///
    /// The system's, if it has no more descriptors.
    pub fn share(&self) -> io::Result<Vec<Pair>> {
        self.pairs.iter().map(Pair::try_clone).collect()
    }

    /// Takes no queries any more and answers those taken. Connections may go on for `patience`, and then end once what came
    /// over them is answered.
    pub async fn drain(self, patience: Duration) {
        // Whoever else has them answers on them; if nobody does, nobody is to think that we do.
        drop(self.pairs);
        match self.answering {
            Answering::Hickory(embedded) => embedded.drain(DRAIN).await,
            Answering::Own { phase, mut tasks } => {
                for (next, time) in [(Phase::Retiring, patience), (Phase::Closing, DRAIN)] {
                    phase.send_replace(next);
                    if timeout(time, async { while tasks.join_next().await.is_some() {} }).await.is_ok() {
                        return;
                    }
                }
            }
        }
    }
}

fn answer(pairs: &[Pair], publisher: &Publisher) -> io::Result<Answering> {
    let (phase, watched) = watch::channel(Phase::Open);
    let (mut tasks, room) = (JoinSet::new(), Arc::new(Semaphore::new(tcp::most_connections())));
    let readers = tokio::runtime::Handle::current().metrics().num_workers().max(1);
    for pair in pairs {
        let (udp, tcp) = pair.try_clone()?.into_tokio()?;
        let udp = Arc::new(udp);
        for _ in 0..readers {
            tasks.spawn(udp::answer(Arc::clone(&udp), Arc::clone(publisher), watched.clone()));
        }
        tasks.spawn(tcp::answer(tcp, Arc::clone(publisher), watched.clone(), Arc::clone(&room)));
    }
    Ok(Answering::Own { phase, tasks })
}

/// Returns when the end is at least as far as that.
async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    // Without a sender everything is over.
    let _ = phase.wait_for(|phase| *phase >= wanted).await;
}

/// Runs `respond` with room for its answer, and gives the answer to `take`; none, where none is due.
///
/// A fault in one answer must not end the task that makes all others.
fn respond<T>(
    query: &[u8],
    client: std::net::IpAddr,
    transport: super::Transport,
    publisher: &Publisher,
    take: impl FnOnce(&[u8]) -> T,
) -> Option<T> {
    thread_local! {
        static OUT: std::cell::RefCell<Vec<u8>> = std::cell::RefCell::new(vec![0; usize::from(u16::MAX)]);
    }
    OUT.with_borrow_mut(|out| {
        let answer = || super::respond(query, client, transport, &publisher.load(), out);
        let length = std::panic::catch_unwind(std::panic::AssertUnwindSafe(answer));
        let length = length.inspect_err(|_| tracing::error!("a fault of zonewright itself left a query unanswered"));
        length.ok().flatten().map(|length| take(&out[..length]))
    })
}
