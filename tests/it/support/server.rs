//! A server in this process: real sockets on loopback, ports chosen by the system.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use zonewright::server::{Endpoint, Engine, Listeners, Publisher, Served, TransportSettings};

/// All engines that the system has.
pub(crate) const ENGINES: [Engine; 2] = [Engine::Batch, Engine::Hickory];

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
        let settings = TransportSettings { engine, threads: 2, ..TransportSettings::default() };
        Self::start_at(([127, 0, 0, 1], 0).into(), served, settings)
    }

    pub(crate) fn start_at(address: SocketAddr, served: Served, settings: TransportSettings) -> Self {
        let endpoint = Endpoint::bind(address, settings.udp_sockets()).expect("a port");
        Self::start_on(vec![endpoint], served, settings)
    }

    pub(crate) fn start_on(endpoints: Vec<Endpoint>, served: Served, settings: TransportSettings) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let publisher: Publisher = Arc::new(ArcSwap::from_pointee(served));
        let listeners = runtime.block_on(async { Listeners::answer(endpoints, publisher, settings) });
        let listeners = listeners.expect("descriptors");
        Self { address: listeners.addresses()[0], runtime, listeners: Some(listeners) }
    }

    /// Answers what was asked, and reads no more, while connections may go on for this long.
    pub(crate) fn drain(&mut self, patience: Duration) {
        let listeners = self.listeners.take().expect("it drains once");
        self.runtime.block_on(listeners.drain(patience));
    }
}
