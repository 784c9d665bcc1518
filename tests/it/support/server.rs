//! A server in this process: real sockets on loopback, ports chosen by the system.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use zonewright::server::{Engine, Listeners, Pair, Publisher, Served};

/// Answers until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    runtime: tokio::runtime::Runtime,
    listeners: Option<Listeners>,
}

impl Server {
    pub(crate) fn start(served: Served) -> Self {
        Self::start_with(served, Engine::default())
    }

    pub(crate) fn start_with(served: Served, engine: Engine) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let publisher: Publisher = Arc::new(ArcSwap::from_pointee(served));
        let pair = Pair::bind(([127, 0, 0, 1], 0).into()).expect("a loopback port");
        let listeners = runtime.block_on(async { Listeners::answer(vec![pair], publisher, engine) });
        let listeners = listeners.expect("descriptors");
        Self { address: listeners.addresses()[0], runtime, listeners: Some(listeners) }
    }

    /// Answers what was asked, and reads no more, while connections may go on for this long.
    pub(crate) fn drain(&mut self, patience: Duration) {
        let listeners = self.listeners.take().expect("it drains once");
        self.runtime.block_on(listeners.drain(patience));
    }
}
