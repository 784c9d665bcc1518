//! Sockets: they carry octets to [`respond`](super::respond) and back, and read none.
//!
//! # Design
//!
//! Two engines answer on the same kind of sockets. Our own, for Linux, carries UDP by threads that take and send many
//! datagrams a system call (`udp.rs`, `udp_batch.rs`) and TCP by tasks (`tcp.rs`, `stream.rs`, `seats.rs`). Both stop reading
//! between two queries, so that a query is either answered here or left to whoever else reads the socket: another process can
//! take over without losing one. hickory's (`embedded.rs`) has no way to stop reading but to drop what it is at: its UDP task
//! reads in the same step in which it sends, and a shutdown aborts queries that were read. It is the engine where ours is not.

mod embedded;
#[cfg(target_os = "linux")]
mod own;
#[cfg(target_os = "linux")]
mod seats;
mod sockets;
#[cfg(target_os = "linux")]
mod stream;
#[cfg(target_os = "linux")]
mod tcp;
#[cfg(target_os = "linux")]
mod udp;
#[cfg(target_os = "linux")]
mod udp_batch;

use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::time::Duration;

use super::Publisher;
use embedded::Embedded;
#[cfg(target_os = "linux")]
use own::Own;
pub use sockets::Endpoint;

/// How long the answers that are being made may take once nothing is read any more.
const DRAIN: Duration = Duration::from_secs(2);

/// What carries the octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// Sockets of our own, which take many datagrams at once and can be handed over without losing a query.
    #[cfg(target_os = "linux")]
    Batch,
    /// The embedded hickory server.
    Hickory,
}

impl Engine {
    /// What the config calls it: `batch`, `hickory`, or `auto` for the first of them that the system has.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::default()),
            #[cfg(target_os = "linux")]
            "batch" => Some(Self::Batch),
            "hickory" => Some(Self::Hickory),
            _ => None,
        }
    }
}

impl Default for Engine {
    fn default() -> Self {
        #[cfg(target_os = "linux")]
        return Self::Batch;
        #[cfg(not(target_os = "linux"))]
        Self::Hickory
    }
}

/// What carries the octets, by how many threads, and what connections are allowed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TransportSettings {
    /// The engine.
    pub engine: Engine,
    /// How many threads answer; 0: one a core.
    pub threads: u16,
    /// Of connections.
    pub tcp: TcpSettings,
}

impl TransportSettings {
    /// How many threads answer.
    pub fn thread_count(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, NonZero::get),
            threads => usize::from(threads),
        }
    }

    /// How many UDP sockets each address is to have.
    pub fn udp_sockets(&self) -> usize {
        match self.engine {
            #[cfg(target_os = "linux")]
            Engine::Batch => self.thread_count(),
            Engine::Hickory => 1,
        }
    }
}

/// How many connections there may be, and for how long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TcpSettings {
    /// In all, others wait; 0: half of the descriptors that the process may have, and 65,536 at most.
    pub connections: usize,
    /// Of one client, others are ended; 0: a quarter of all.
    pub connections_per_client: usize,
    /// How long the first query may take to come whole.
    pub first_query: Duration,
    /// How long a connection may be idle, or a query take to come whole.
    pub idle: Duration,
    /// How long answers wait for a client that does not take them.
    pub slow: Duration,
}

impl Default for TcpSettings {
    /// RFC 7766 §6.2.3 asks for a few seconds at least.
    fn default() -> Self {
        let [first_query, idle, slow] = [5, 10, 10].map(Duration::from_secs);
        Self { connections: 0, connections_per_client: 0, first_query, idle, slow }
    }
}

/// Sockets that are being answered on.
pub struct Listeners {
    /// What can be handed over; the engine has the same sockets.
    endpoints: Vec<Endpoint>,
    addresses: Vec<SocketAddr>,
    settings: TransportSettings,
    answering: Answering,
}

enum Answering {
    #[cfg(target_os = "linux")]
    Own(Own),
    Hickory(Embedded),
}

impl Listeners {
    /// Answers on sockets that are bound; to be called within a runtime. Each answer is from what `publisher` holds then.
    ///
    /// # Errors
    ///
    /// The system's, if it has no more descriptors or threads.
    pub fn answer(endpoints: Vec<Endpoint>, publisher: Publisher, settings: TransportSettings) -> io::Result<Self> {
        let addresses = endpoints.iter().map(Endpoint::address).collect::<io::Result<_>>()?;
        let answering = match settings.engine {
            #[cfg(target_os = "linux")]
            Engine::Batch => Answering::Own(Own::answer(&endpoints, publisher, &settings)?),
            Engine::Hickory => Answering::Hickory(Embedded::answer(&endpoints, publisher, settings.tcp.idle)?),
        };
        Ok(Self { endpoints, addresses, settings, answering })
    }

    /// Gives each thread a socket of its own where those that were taken over are fewer. Only for a process that stays: what
    /// waits in a socket of its own is lost with it.
    ///
    /// # Errors
    ///
    /// The system's, if it has no more descriptors or threads.
    pub fn grow(&mut self) -> io::Result<()> {
        match &mut self.answering {
            #[cfg(target_os = "linux")]
            Answering::Own(own) => own.grow(&mut self.endpoints, self.settings.udp_sockets()),
            Answering::Hickory(_) => Ok(()),
        }
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
    pub fn share(&self) -> io::Result<Vec<Endpoint>> {
        self.endpoints.iter().map(Endpoint::try_clone).collect()
    }

    /// Takes no queries any more and answers those taken. Connections may go on for `patience`, and then end once what came
    /// over them is answered.
    pub async fn drain(self, patience: Duration) {
        // Whoever else has them answers on them; if nobody does, nobody is to think that we do.
        drop(self.endpoints);
        match self.answering {
            #[cfg(target_os = "linux")]
            Answering::Own(own) => own.drain(patience).await,
            Answering::Hickory(embedded) => embedded.drain(DRAIN).await,
        }
    }
}
