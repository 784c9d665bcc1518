//! Time and the outside world: zone files in, what is served out, and every change of the former in the latter.

#![expect(clippy::disallowed_methods, reason = "this is the room where files, clocks and threads are met")]

mod asking;
pub mod authors;
pub mod base;
pub mod commits;
pub mod fetching;
pub mod fix;
pub mod follow;
pub mod git;
pub mod handover;
pub mod judged;
pub mod keep;
pub mod load;
pub mod plan;
pub mod reload;
pub mod remote;
pub mod revision;
pub mod serve;
pub mod socket;
pub mod state;
pub mod status;
pub mod watch;

pub use load::{Loaded, Root, load};

/// A key for the name hash that nobody outside this process knows.
pub fn hash_key() -> crate::authority::HashKey {
    crate::authority::HashKey(load::random_key())
}
