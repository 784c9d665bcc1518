//! Datagrams: each is answered before the next is read, so that one that was read is one that is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::watch;

use super::{Phase, reached, respond};
use crate::server::{Publisher, Transport};

/// How long a reader rests after an error of the system: such errors tend to come in rows.
const REST: Duration = Duration::from_millis(10);

/// Answers datagrams until the end begins; several may read one socket.
pub(super) async fn answer(socket: Arc<UdpSocket>, publisher: Publisher, mut phase: watch::Receiver<Phase>) {
    let (mut query, mut response) = (vec![0; usize::from(u16::MAX)], Vec::new());
    loop {
        let received = tokio::select! {
            biased;
            () = reached(&mut phase, Phase::Retiring) => return,
            received = socket.recv_from(&mut query) => received,
        };
        let Ok((length, client)) = received else {
            tokio::time::sleep(REST).await;
            continue;
        };
        if !is_answerable(client) {
            continue;
        }
        response.clear();
        let take = |answer: &[u8]| response.extend_from_slice(answer);
        if respond(&query[..length], client.ip(), Transport::Udp, &publisher, take).is_some() {
            // A client that cannot be reached any more is nobody's loss.
            let _ = socket.send_to(&response, client).await;
        }
    }
}

/// Whether a datagram's source is one that a client can have: others are forged.
fn is_answerable(client: SocketAddr) -> bool {
    let ip = client.ip().to_canonical();
    let is_broadcast = matches!(ip, std::net::IpAddr::V4(ip) if ip.is_broadcast());
    client.port() != 0 && !ip.is_unspecified() && !ip.is_multicast() && !is_broadcast
}
