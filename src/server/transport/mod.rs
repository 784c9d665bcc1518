//! Sockets: they carry octets to [`respond`](super::respond) and back, and read none.

mod embedded;

pub use embedded::Listeners;
