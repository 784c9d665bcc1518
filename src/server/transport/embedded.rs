//! UDP and TCP through the embedded hickory server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_server::Server;
use tokio::net::{TcpListener, UdpSocket};

use crate::server::Publisher;
use crate::server::handler::Handler;

/// How long a TCP connection may stand idle: RFC 7766 §6.2.3 asks for a few seconds at least.
const TCP_IDLE: Duration = Duration::from_secs(10);

/// Responses that may wait for a slow TCP client; more of its queries are not read meanwhile.
const TCP_WAITING: usize = 32;

/// How long a drain waits for answers that are being made.
const DRAIN: Duration = Duration::from_secs(2);

/// Sockets that are being answered on.
pub struct Listeners {
    server: Server<Handler>,
    addresses: Vec<SocketAddr>,
    in_flight: Arc<AtomicUsize>,
}

impl Listeners {
    /// Binds UDP and TCP on every address and answers from what `publisher` holds at each query's time.
    ///
    /// # Errors
    ///
    /// The first address that could not be bound, named in the error's text.
    pub async fn bind(addresses: &[SocketAddr], publisher: Publisher) -> io::Result<Self> {
        let in_flight = Arc::new(AtomicUsize::new(0));
        let mut server = Server::new(Handler { publisher, in_flight: in_flight.clone() });
        let mut bound = Vec::with_capacity(addresses.len());
        for &address in addresses {
            let (udp, tcp) = bind_both(address)
                .await
                .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?;
            bound.push(udp.local_addr()?);
            server.register_socket(udp);
            server.register_listener(tcp, TCP_IDLE, TCP_WAITING);
        }
        Ok(Self { server, addresses: bound, in_flight })
    }

    /// The addresses bound, ports chosen by the system filled in.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops taking queries once those taken are answered, for two seconds at most.
    pub async fn drain(mut self) {
        let deadline = tokio::time::Instant::now() + DRAIN;
        // hickory queues an answer before its socket has it: two quiet looks in a row say that the queue is empty too.
        let mut quiet = 0;
        while quiet < 2 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
            quiet = if self.in_flight.load(Ordering::Relaxed) == 0 { quiet + 1 } else { 0 };
        }
        if let Err(error) = self.server.shutdown_gracefully().await {
            tracing::warn!(%error, "a socket did not close in order");
        }
    }
}

/// UDP and TCP on one address; where the system chooses the port, the same for both.
#[expect(clippy::disallowed_methods, reason = "this is the room where sockets are bound")]
async fn bind_both(address: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    // Another process may hold the TCP port that UDP was given: a few more are tried.
    let attempts = if address.port() == 0 { 16 } else { 1 };
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..attempts {
        let udp = UdpSocket::bind(address).await?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) => last = error,
        }
    }
    Err(last)
}
