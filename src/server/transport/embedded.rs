//! UDP and TCP through the embedded hickory server.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_server::Server;

use super::Endpoint;
use crate::server::Publisher;
use crate::server::handler::Handler;

/// Responses that may wait for a slow TCP client; more of its queries are not read meanwhile.
const TCP_WAITING: usize = 32;

/// hickory's server on our sockets.
pub(super) struct Embedded {
    server: Server<Handler>,
    in_flight: Arc<AtomicUsize>,
}

impl Embedded {
    /// Answers from what `publisher` holds at each query's time; a connection may be idle for so long.
    pub(super) fn answer(endpoints: &[Endpoint], publisher: Publisher, idle: Duration) -> io::Result<Self> {
        let in_flight = Arc::new(AtomicUsize::new(0));
        let mut server = Server::new(Handler { publisher, in_flight: in_flight.clone() });
        for endpoint in endpoints {
            let (tcp, udp) = endpoint.try_clone()?.into_sockets();
            for udp in udp {
                udp.set_nonblocking(true)?;
                server.register_socket(tokio::net::UdpSocket::from_std(udp)?);
            }
            tcp.set_nonblocking(true)?;
            server.register_listener(tokio::net::TcpListener::from_std(tcp)?, idle, TCP_WAITING);
        }
        Ok(Self { server, in_flight })
    }

    /// Stops taking queries once those taken are answered, until the time is over at most.
    pub(super) async fn drain(mut self, time: Duration) {
        let deadline = tokio::time::Instant::now() + time;
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
