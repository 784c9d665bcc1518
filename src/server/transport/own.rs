//! Our own engine: threads for datagrams, tasks for connections, and the order in which both end.

use std::io;
use std::net::UdpSocket;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::seats::Seats;
use super::tcp::{self, Terms};
use super::udp::Readers;
use super::{DRAIN, Endpoint, TransportSettings};
use crate::server::Publisher;

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
        let mut lists = no_sockets(settings.thread_count());
        for endpoint in endpoints {
            let (tcp, udp) = endpoint.try_clone()?.into_sockets();
            tcp.set_nonblocking(true)?;
            tasks.spawn(tcp::answer(tokio::net::TcpListener::from_std(tcp)?, terms.clone()));
            deal(udp, 0, &mut lists);
        }
        readers.start(lists)?;
        Ok(Self { readers, phase, tasks })
    }

    /// Adds sockets where an endpoint has fewer than that, each with a thread.
    pub(super) fn grow(&mut self, endpoints: &mut [Endpoint], udp_sockets: usize) -> io::Result<()> {
        let mut lists = no_sockets(udp_sockets);
        for endpoint in endpoints {
            let before = endpoint.udp().count();
            let added = endpoint.grow(udp_sockets)?.iter().map(UdpSocket::try_clone).collect::<io::Result<_>>()?;
            deal(added, before, &mut lists);
        }
        self.readers.start(lists)
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

/// An empty list for each thread.
fn no_sockets(threads: usize) -> Vec<Vec<UdpSocket>> {
    std::iter::repeat_with(Vec::new).take(threads).collect()
}

/// Deals sockets out to threads, from that one on; where there are fewer threads, one has several.
fn deal(sockets: Vec<UdpSocket>, first: usize, lists: &mut [Vec<UdpSocket>]) {
    let threads = lists.len();
    for (index, socket) in sockets.into_iter().enumerate() {
        lists[(first + index) % threads].push(socket);
    }
}

/// Returns when the end is at least as far as that.
pub(super) async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    // Without a sender everything is over.
    let _ = phase.wait_for(|phase| *phase >= wanted).await;
}
