//! Queries in, responses out.
//!
//! In: the octets of a query, who sent it, and what is served. Out: the octets of the response. [`respond`] is the one brain
//! of every transport; it is pure and allocates nothing. Transports carry octets to it and back.

mod handler;
pub mod message;
mod policy;
mod print;
mod query;
mod respond;
mod seen;
pub mod transport;

pub use policy::{LARGEST_UDP, Policy};
pub use print::Printed;
pub use query::{ask, ask_for, ask_with_nsid};
pub use respond::{respond, respond_traced, respond_uncompressed, warm};
pub use seen::Seen;
pub use transport::{Endpoint, Engine, Listeners, TcpSettings, TransportSettings};

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::authority::Catalog;

/// All that an answer depends on, replaced as one.
#[derive(Debug)]
pub struct Served {
    /// The zones.
    pub catalog: Catalog,
    /// Who is answered, and what the server says of itself.
    pub policy: Policy,
    /// Where questions are noted, if they are.
    pub seen: Option<Arc<Seen>>,
}

impl Served {
    /// These zones, under this policy; no question is noted.
    pub fn new(catalog: Catalog, policy: Policy) -> Self {
        Self { catalog, policy, seen: None }
    }

    /// Takes note of what a transport has answered.
    #[inline]
    fn note(&self, response: &[u8]) {
        if let Some(seen) = &self.seen {
            seen.note(response);
        }
    }
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
