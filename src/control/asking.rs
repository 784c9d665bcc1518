//! Texts that wait to be judged beside the others, within bounds.
//!
//! In: a zone that was read. Out: the same, once all others are read too. Holds as many texts as there is room for; others
//! are let go and read again.
//!
//! # Design
//!
//! Rules that look beyond one zone need its text, for the places of their findings, and all other zones compiled. A start
//! that held every text until the last zone is read would need twice the memory that serving needs. The road not taken, to
//! note each rule's questions and forget the text, would make every rule of that kind two functions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::load::{self, Loaded, Root, Terms, ZoneFile};

/// Octets of texts and records that wait at once: about two million records.
const ROOM: usize = 256 << 20;

/// A zone that waits.
#[derive(Clone)]
pub(super) enum Asking {
    /// Its text and records.
    Kept(Arc<Loaded>),
    /// There was no room for them: what its files held when they were read.
    Dropped(u128),
}

/// The room that is left to texts that wait.
pub(super) struct Room(AtomicUsize);

impl Default for Room {
    fn default() -> Self {
        Self(AtomicUsize::new(ROOM))
    }
}

impl Room {
    /// Keeps a text if there is room for it.
    pub(super) fn keep(&self, loaded: Loaded) -> Asking {
        let octets = loaded.memory();
        let take = |left: usize| left.checked_sub(octets);
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Asking::Kept(Arc::new(loaded)),
            Err(_) => Asking::Dropped(load::digest_of(&loaded.stamps)),
        }
    }
}

impl Asking {
    /// The zone as it was read; none if its files have changed since.
    pub(super) fn loaded(self, root: &Root, listed: &ZoneFile, terms: &Terms) -> Option<Loaded> {
        match self {
            // The attempts at reading are over, so it has no other holder.
            Self::Kept(loaded) => Arc::into_inner(loaded),
            Self::Dropped(digest) => {
                let again = load::load_listed(root, listed, terms);
                (load::digest_of(&again.stamps) == digest).then_some(again)
            }
        }
    }
}
