//! The texts that are held, by their hashes; several threads may read them while another saves.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::Hash;
use super::disk::Input;
use crate::source::text_hash;

/// A file of texts, one after the other, held open: whoever removes its name does not take it from us.
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) file: Box<dyn Input>,
}

/// Where a text lies.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) segment: Arc<Segment>,
    pub(super) offset: u64,
    pub(super) octets: u64,
}

/// What is held now.
pub(super) type Index = HashMap<Hash, Place>;

/// The texts of the set saved; each is verified whenever it is read.
#[derive(Clone, Default)]
pub struct Texts(Arc<ArcSwap<Index>>);

impl Texts {
    /// Whether a text of this hash is held.
    pub fn has(&self, hash: &Hash) -> bool {
        self.0.load().contains_key(hash)
    }

    /// The text of this hash.
    ///
    /// # Errors
    ///
    /// It is not held, is larger than `limit`, cannot be read, or has other octets by now.
    pub fn read(&self, hash: &Hash, limit: u32) -> io::Result<Arc<[u8]>> {
        let place = self.0.load().get(hash).cloned();
        let place = place.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the text is not held"))?;
        if place.octets > u64::from(limit) {
            let said = format!("the text has {} octets, and the limit is {limit}", place.octets);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, said));
        }
        let mut text: Arc<[u8]> = std::iter::repeat_n(0, place.octets as usize).collect();
        place.read(Arc::get_mut(&mut text).expect("the text was just made, so nobody shares it"), hash)?;
        Ok(text)
    }

    pub(super) fn now(&self) -> Arc<Index> {
        self.0.load_full()
    }

    pub(super) fn become_those(&self, index: Index) {
        self.0.store(Arc::new(index));
    }
}

impl Place {
    /// Whether it is a place at all.
    pub(super) fn is_within_segment(&self) -> bool {
        self.offset.checked_add(self.octets).is_some_and(|end| end <= self.segment.file.octets())
    }

    /// Fills the buffer, which is as long as the text, and verifies it.
    pub(super) fn read(&self, buffer: &mut [u8], hash: &Hash) -> io::Result<()> {
        self.segment.file.read_at(buffer, self.offset)?;
        match text_hash(buffer) == *hash {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::InvalidData, "the text has other octets than were written")),
        }
    }
}
