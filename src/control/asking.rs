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
use crate::source::Hash;

/// Octets of texts and records that wait at once: about two million records.
const ROOM: usize = 256 << 20;

/// A zone that waits.
#[derive(Clone)]
pub(super) enum Asking {
    /// Its text and records.
    Kept(Arc<Loaded>),
    /// There was no room for them: what its files held when they were read.
    Dropped(Hash),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Name;
    use crate::lint::Settings;
    use crate::zonefile::Limits;

    #[test]
    fn a_text_without_room_is_read_again_if_it_stood_still() {
        let folder = tempfile::tempdir().expect("a directory");
        let write = |serial: u32| {
            let text = format!("@ 300 SOA ns.x. h.x. {serial} 7200 1800 1209600 300\n@ 300 NS ns.x.\n@ 300 NS ns.y.\n");
            std::fs::write(folder.path().join("example.zone"), text).expect("a zone");
        };
        write(1);
        let root = Root::open(folder.path()).expect("the directory opens");
        let name = Name::absolute("example").expect("a name");
        let listed = ZoneFile { name, file: "example.zone".into(), rival: None };
        let terms = Terms::now(&Limits::default(), &Settings::default());
        let read = || load::load_listed(&root, &listed, &terms);
        let none = Room(AtomicUsize::new(0));
        assert!(matches!(Room::default().keep(read()), Asking::Kept(_)));
        let dropped = none.keep(read());
        assert!(matches!(dropped, Asking::Dropped(_)));
        assert!(dropped.clone().loaded(&root, &listed, &terms).is_some_and(|loaded| loaded.zone.is_some()));
        write(2);
        assert!(dropped.loaded(&root, &listed, &terms).is_none());
    }
}
