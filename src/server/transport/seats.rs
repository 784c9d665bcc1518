//! How many connections there may be, in all and for one client.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places there are.
pub(super) struct Seats {
    free: Arc<Semaphore>,
    per_client: usize,
    /// Clients that have any: never more entries than places.
    taken: Mutex<HashMap<IpAddr, usize>>,
}

impl Seats {
    /// So many in all and for one client; 0 is half of the descriptors that the process may have, and a quarter of all.
    pub(super) fn new(all: usize, per_client: usize) -> Arc<Self> {
        let all = if all == 0 { half_of_the_descriptors() } else { all };
        let per_client = if per_client == 0 { (all / 4).max(1) } else { per_client };
        Arc::new(Self { free: Arc::new(Semaphore::new(all)), per_client, taken: Mutex::default() })
    }

    /// Waits until there is a place for somebody.
    pub(super) async fn wait(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.free).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// A client takes a place, unless it has all that it may have.
    pub(super) fn take(self: &Arc<Self>, client: IpAddr, permit: OwnedSemaphorePermit) -> Option<Seat> {
        let client = who(client);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(client).or_default();
        // At least one may be had, so that whoever is refused has an entry already: none is left behind.
        if *count >= self.per_client {
            return None;
        }
        *count += 1;
        Some(Seat { seats: Arc::clone(self), client, _permit: permit })
    }
}

/// One connection's place, free again when this is dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    client: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.client);
            }
        }
    }
}

/// What counts as one client: an address, or the network that IPv6 gives to each (RFC 4291 §2.5.4), as whoever has one
/// address of it has all.
fn who(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
        ip => ip,
    }
}

fn half_of_the_descriptors() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(1 << 16, |limit| (limit / 2).clamp(16, 1 << 16) as usize)
}
