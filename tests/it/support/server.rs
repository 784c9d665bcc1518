//! A server in this process: real sockets on loopback, ports chosen by the system.

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use zonewright::server::{Listeners, Publisher, Served};

/// Answers until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
    _listeners: Listeners,
}

impl Server {
    pub(crate) fn start(served: Served) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let publisher: Publisher = Arc::new(ArcSwap::from_pointee(served));
        let loopback: SocketAddr = ([127, 0, 0, 1], 0).into();
        let listeners = runtime.block_on(Listeners::bind(&[loopback], publisher)).expect("a loopback port");
        let address = listeners.addresses()[0];
        Self { address, _runtime: runtime, _listeners: listeners }
    }
}
