//! Our own engine: threads for datagrams, tasks for connections, and the order in which both end.

use std::io;
use std::net::{IpAddr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::seats::Seats;
use super::tcp::{self, Terms};
use super::udp::Readers;
use super::{DRAIN, Endpoint, TransportSettings};
use crate::server::{self, Publisher, Served, Transport};

/// Descriptors that growing leaves: files are to be read, connections accepted, and the control socket answered.
const LEFT: usize = 16;

/// How far the end is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Phase {
    /// Not begun.
    Open,
    /// No datagram is read and no connection accepted any more; connections go on.
    Retiring,
    /// Connections end once what came is answered.
    Closing,
}

/// What answers on our sockets.
pub(super) struct Own {
    readers: Readers,
    phase: watch::Sender<Phase>,
    tasks: JoinSet<()>,
}

impl Own {
    pub(super) fn answer(
        endpoints: &[Endpoint],
        publisher: Publisher,
        settings: &TransportSettings,
    ) -> io::Result<Self> {
        let (phase, watched) = watch::channel(Phase::Open);
        let seats = Seats::new(settings.tcp.connections, settings.tcp.connections_per_client);
        let (mut tasks, mut readers) = (JoinSet::new(), Readers::new(publisher.clone())?);
        let terms = Terms { publisher, phase: watched, seats, settings: settings.tcp.clone() };
        let mut lists: Vec<Vec<UdpSocket>> = Vec::new();
        lists.resize_with(settings.thread_count(), Vec::new);
        for endpoint in endpoints {
            let (tcp, udp) = endpoint.try_clone()?.into_sockets();
            tcp.set_nonblocking(true)?;
            tasks.spawn(tcp::answer(TcpListener::from_std(tcp)?, terms.clone()));
            // Where there are fewer threads, one has several.
            udp.into_iter().zip((0..lists.len()).cycle()).for_each(|(socket, thread)| lists[thread].push(socket));
        }
        lists.into_iter().filter(|sockets| !sockets.is_empty()).try_for_each(|sockets| readers.start(sockets))?;
        Ok(Self { readers, phase, tasks })
    }

    /// Adds a thread with a socket of each endpoint that has fewer than that, until none has.
    pub(super) fn grow(&mut self, endpoints: &mut [Endpoint], udp_sockets: usize) -> io::Result<()> {
        let held = endpoints.iter().cycle().take(LEFT).map(|one| one.tcp().try_clone_to_owned());
        let _held = held.collect::<io::Result<Vec<_>>>()?;
        loop {
            let mut small: Vec<_> = endpoints.iter_mut().filter(|one| one.udp().count() < udp_sockets).collect();
            if small.is_empty() {
                return Ok(());
            }
            // Clients are sent to a socket as soon as it is bound: one that gets no thread is closed again.
            let added = small.iter().map(|one| one.bind_another()).collect::<io::Result<Vec<_>>>()?;
            self.readers.start(added.iter().map(UdpSocket::try_clone).collect::<io::Result<_>>()?)?;
            small.iter_mut().zip(added).for_each(|(one, socket)| one.add(socket));
        }
    }

    pub(super) async fn drain(mut self, patience: Duration) {
        for thread in self.readers.stop() {
            // It ends with the batch that it is at.
            self.tasks.spawn_blocking(move || drop(thread.join()));
        }
        for (next, time) in [(Phase::Retiring, patience), (Phase::Closing, DRAIN)] {
            self.phase.send_replace(next);
            if timeout(time, async { while self.tasks.join_next().await.is_some() {} }).await.is_ok() {
                return;
            }
        }
    }
}

/// Returns when the end is at least as far as that.
pub(super) async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    // Without a sender everything is over.
    let _ = phase.wait_for(|phase| *phase >= wanted).await;
}

/// Brings near what a batch of queries will read. A fault in it must not end the thread that makes the answers.
pub(super) fn warm<'q>(queries: impl Iterator<Item = &'q [u8]>, served: &Served) {
    if served.catalog.is_large() {
        let warm = || server::warm(queries, served);
        // The answers themselves tell of it.
        let _ = catch_unwind(AssertUnwindSafe(warm));
    }
}

/// The one way from a transport to [`respond`](server::respond): a fault in one answer must not end the thread that makes all
/// others.
pub(super) fn respond(
    query: &[u8],
    client: IpAddr,
    transport: Transport,
    served: &Served,
    out: &mut [u8],
) -> Option<usize> {
    let answer = || {
        let length = server::respond(query, client, transport, served, out)?;
        served.note(&out[..length]);
        Some(length)
    };
    let length = catch_unwind(AssertUnwindSafe(answer));
    length.inspect_err(|_| tracing::error!("a fault of zonewright itself left a query unanswered")).ok().flatten()
}
