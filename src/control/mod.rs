//! Time and the outside world: zone files in, what is served out, and every change of the former in the latter.

#![expect(clippy::disallowed_methods, reason = "this is the room where files, clocks and threads are met")]

mod asking;
pub mod authors;
pub mod base;
pub mod commits;
pub mod fetching;
pub mod fix;
pub mod fleet;
pub mod follow;
pub mod git;
pub mod handover;
pub mod judged;
pub mod keep;
pub mod load;
pub mod online;
pub mod past;
pub mod plan;
pub mod reload;
pub mod remote;
pub mod revision;
pub mod serials;
pub mod serve;
pub mod socket;
pub mod state;
pub mod status;
pub mod watch;
pub mod webhook;

pub use load::{Loaded, Root, load};

/// Lets this thread, and those that it starts, wait for the processor where threads that answer want it too.
fn give_way() {
    // On Linux a thread has a priority of its own. Where it cannot be lowered, nothing else is amiss.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, BEHIND_ANSWERS);
}

/// A tenth of the processor is left to a look while threads that answer want all of it, and what they do not want.
#[cfg(target_os = "linux")]
const BEHIND_ANSWERS: i32 = 10;

/// A key for the name hash that nobody outside this process knows.
pub fn hash_key() -> crate::authority::HashKey {
    crate::authority::HashKey(load::random_key())
}
