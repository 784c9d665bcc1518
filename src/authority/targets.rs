//! The names of a message that can be pointed at (RFC 1035 §4.1.4).
//!
//! In: names, and where each is written. Out: how much of a name is to be written, and where the rest stands already.
//!
//! # Design
//!
//! Most names of an answer end like the question, so its tails are looked for first, and only labels to the left of them are
//! remembered: each with the place of what stands to the right of it. A name is looked up from its right end, and the first
//! label that is not found ends the search: whatever is left of it was never written before that tail. A label is compared
//! with the message itself, its hash only says where to look. Within one message nothing is gained by making hashes collide.

use crate::dns::{NameRef, is_alike, label_starts, lower};

/// The most labels that are remembered. An answer of 1,232 octets has room for fewer; longer ones lose a few pointers.
const MAX_TARGETS: usize = 96;

/// A message before its question, and the octets of a question behind its name.
const HEADER: usize = 12;
const QUESTION_END: usize = 4;

/// The farthest place that a pointer's 14 bits reach.
const FARTHEST: usize = 0x3FFF;

/// Labels that can be pointed at, beside the question's.
pub(super) struct Targets {
    /// The place of what stands to the right, above a hash of the label.
    keys: [u32; MAX_TARGETS],
    /// Where the label's length octet stands.
    places: [u16; MAX_TARGETS],
    pub(super) count: usize,
}

/// A pointer to a place in the message, if it reaches it.
#[inline]
pub(super) fn pointer(place: usize) -> Option<[u8; 2]> {
    (place <= FARTHEST).then(|| (0xC000 | place as u16).to_be_bytes())
}

/// Where a name stands that is a tail of the question's, which ends at `question_end`; the root does not count.
#[inline]
pub(super) fn in_question(message: &[u8], question_end: usize, name: &[u8]) -> Option<usize> {
    let end = question_end - QUESTION_END;
    let start = end.checked_sub(name.len()).filter(|&start| start >= HEADER && name.len() > 1)?;
    if !is_alike(&message[start..end], name) {
        return None;
    }
    // The tail must start at a label, whatever octets there are in labels.
    let mut at = HEADER;
    while at < start {
        at += 1 + usize::from(message[at]);
    }
    (at == start).then_some(start)
}

impl Targets {
    pub(super) const NONE: Self = Self { keys: [0; MAX_TARGETS], places: [0; MAX_TARGETS], count: 0 };

    /// Adds a name that is about to be written at `place`; gives how many of its octets are to be written, and where the rest
    /// stands; 0 where nothing of it does but the root.
    pub(super) fn add(
        &mut self,
        message: &[u8],
        question_end: usize,
        name: NameRef<'_>,
        place: usize,
    ) -> (usize, usize) {
        let octets = name.octets();
        let mut starts = [0; 128];
        let count = label_starts(octets, &mut starts);
        let tail = |&index: &usize| in_question(message, question_end, &octets[usize::from(starts[index])..]).is_some();
        let mut index = (1..count).find(tail).unwrap_or(count);
        let mut own = usize::from(starts[index]);
        let mut known = in_question(message, question_end, &octets[own..]).unwrap_or(0);
        while index > 0 {
            let label = &octets[usize::from(starts[index - 1])..own];
            let Some(found) = self.find(message, key(known, label), label) else { break };
            index -= 1;
            (own, known) = (usize::from(starts[index]), found);
        }
        self.push_all(octets, &starts[..=index], known, place);
        if known == 0 { (octets.len(), 0) } else { (own, known) }
    }

    /// Remembers labels from right to left, the first of which stands before what is `known`.
    fn push_all(&mut self, octets: &[u8], starts: &[u8], mut known: usize, place: usize) {
        for pair in starts.windows(2).rev() {
            let (start, end) = (usize::from(pair[0]), usize::from(pair[1]));
            if place + start > FARTHEST || self.count == MAX_TARGETS {
                return;
            }
            self.keys[self.count] = key(known, &octets[start..end]);
            known = place + start;
            self.places[self.count] = known as u16;
            self.count += 1;
        }
    }

    #[inline]
    fn find(&self, message: &[u8], key: u32, label: &[u8]) -> Option<usize> {
        let is_it = |&target: &usize| {
            let at = usize::from(self.places[target]);
            let like = self.keys[target] == key;
            like && message.get(at..at + label.len()).is_some_and(|known| is_alike(known, label))
        };
        (0..self.count).find(is_it).map(|target| self.places[target].into())
    }
}

/// The place of what stands to the right of a label, above 16 bits of a hash of the label, whatever its case.
#[inline]
fn key(right: usize, label: &[u8]) -> u32 {
    let mut hash = 0u64;
    for chunk in label.chunks(8) {
        let mut octets = [0; 8];
        octets[..chunk.len()].copy_from_slice(chunk);
        hash = (hash.rotate_left(5) ^ lower(u64::from_le_bytes(octets))).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    (right as u32) << 16 | (hash >> 48) as u32
}
