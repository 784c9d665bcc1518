//! Time and the outside world: zone files in, what is served out, and every change of the former in the latter.

pub mod load;

pub use load::{Loaded, Root, load};

/// A key for the name hash that nobody outside this process knows.
pub fn hash_key() -> crate::authority::HashKey {
    crate::authority::HashKey(load::random_key())
}
