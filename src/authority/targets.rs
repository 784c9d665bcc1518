//! The names of a message that can be pointed at (RFC 1035 §4.1.4), as a tree of labels from the right.
//!
//! In: names, and where each is written. Out: how much of a name is to be written, and the pointer that stands for the rest.
//!
//! # Design
//!
//! A target is a label and the target to its right, so a name is looked up from its right end and the first label that is not
//! found ends the search: whatever is left of it was never written before that tail. A label is compared with the message
//! itself, its hash only says where to look. Within one message nothing is gained by making hashes collide.

use crate::dns::{NameRef, is_alike, lower};

/// The most labels that are remembered. An answer of 1,232 octets has room for fewer; longer ones lose a few pointers.
const MAX_TARGETS: usize = 96;

/// The root, to the right of all.
const ROOT: u32 = 0xFF;

/// A message before its question.
const HEADER: usize = 12;

/// The labels that can be pointed at.
pub(super) struct Targets {
    /// The number of the target to the right, above a hash of the label.
    keys: [u32; MAX_TARGETS],
    /// Where the label's length octet stands.
    offsets: [u16; MAX_TARGETS],
    pub(super) count: usize,
}

impl Targets {
    /// The labels of a message that has its question and nothing more.
    pub(super) fn of_question(message: &[u8]) -> Self {
        let mut targets = Self { keys: [0; MAX_TARGETS], offsets: [0; MAX_TARGETS], count: 0 };
        targets.add(message, NameRef::trusted(&message[HEADER..]), HEADER);
        targets
    }

    /// Adds a name that is about to be written at `place`; gives how many of its octets are to be written, and the pointer
    /// to the rest, if that is known.
    pub(super) fn add(&mut self, message: &[u8], name: NameRef<'_>, place: usize) -> (usize, Option<[u8; 2]>) {
        let (starts, count) = starts(name.octets());
        let (mut own, mut known, mut parent) = (name.octets().len(), None, Some(ROOT));
        for index in (0..count).rev() {
            let (start, end) = (usize::from(starts[index]), usize::from(starts[index + 1]));
            let Some(right) = parent else { break };
            let label = &name.octets()[start..end];
            let key = right << 24 | hash(label);
            let found = if own == end || index + 1 == count { self.find(message, key, label) } else { None };
            parent = match found {
                Some(target) => {
                    (own, known) = (start, Some((0xC000 | self.offsets[target]).to_be_bytes()));
                    Some(target as u32)
                }
                None => self.push(key, place + start),
            };
        }
        (own, known)
    }

    fn find(&self, message: &[u8], key: u32, label: &[u8]) -> Option<usize> {
        let is_it = |&target: &usize| {
            let at = usize::from(self.offsets[target]);
            let like = self.keys[target] == key;
            like && message.get(at..at + label.len()).is_some_and(|known| is_alike(known, label))
        };
        (0..self.count).find(is_it)
    }

    /// Remembers a label, if a pointer reaches it and there is room.
    fn push(&mut self, key: u32, offset: usize) -> Option<u32> {
        if offset > 0x3FFF || self.count == MAX_TARGETS {
            return None;
        }
        (self.keys[self.count], self.offsets[self.count]) = (key, offset as u16);
        self.count += 1;
        Some(self.count as u32 - 1)
    }
}

/// Where each label of a name starts, the root's last, and how many there are besides it.
fn starts(octets: &[u8]) -> ([u8; 128], usize) {
    let (mut starts, mut count, mut at) = ([0; 128], 0, 0);
    while octets[at] != 0 {
        starts[count] = at as u8;
        count += 1;
        at += 1 + usize::from(octets[at]);
    }
    starts[count] = at as u8;
    (starts, count)
}

/// 24 bits of a label with its length octet, whatever its case.
fn hash(label: &[u8]) -> u32 {
    let mut hash = 0u64;
    for chunk in label.chunks(8) {
        let mut octets = [0; 8];
        octets[..chunk.len()].copy_from_slice(chunk);
        hash = (hash.rotate_left(5) ^ lower(u64::from_le_bytes(octets))).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    (hash >> 40) as u32
}
