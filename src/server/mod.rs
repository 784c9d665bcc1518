//! Queries in, responses out.
use crate::authority::Catalog;
use arc_swap::ArcSwap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Who is answered, and what the server says of itself.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Networks whose queries are answered; others are REFUSED.
    pub allow_query: Vec<ipnet::IpNet>,
    /// Answers `version.bind CH TXT`; none: REFUSED.
    pub version: Option<String>,
    /// Answers `id.server CH TXT`; none: REFUSED.
    pub id: Option<String>,
    /// The NSID option's octets (RFC 5001), given to those who ask.
    pub nsid: Option<Vec<u8>>,
    /// The largest UDP answer, in octets, whatever the client can take.
    pub udp_payload: u16,
}

/// All that an answer depends on, replaced as one.
#[derive(Debug)]
pub struct Served {
    /// The zones.
    pub catalog: Catalog,
    /// The rest.
    pub policy: Policy,
}

/// Where the served state is published: one pointer store replaces all of it.
pub type Publisher = Arc<ArcSwap<Served>>;

/// How a query came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// One datagram.
    Udp,
    /// A stream: any answer up to 65,535 octets fits.
    Tcp,
}

/// Answers one query: writes the response to `out` (65,535 octets) and gives its length, or none where none is due.
pub fn respond(query: &[u8], client: IpAddr, transport: Transport, served: &Served, out: &mut [u8]) -> Option<usize> {
    let _ = (query, client, transport, served, out);
    todo!()
}

/// Sockets that are being answered on.
pub struct Listeners {}

impl Listeners {
    /// Binds UDP and TCP on every address and answers from what `publisher` holds at each query's time.
    pub async fn bind(addresses: &[SocketAddr], publisher: Publisher) -> std::io::Result<Self> {
        let _ = (addresses, publisher);
        todo!()
    }
    /// The addresses bound, ports chosen by the system filled in.
    pub fn addresses(&self) -> &[SocketAddr] {
        todo!()
    }
    /// Stops taking queries and waits until those taken are answered.
    pub async fn drain(self) {
        todo!()
    }
}
