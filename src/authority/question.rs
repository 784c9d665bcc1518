//! A name that is being asked for, hashed once for every suffix.
//!
//! In: a name and the hash key. Out: the name's octets and, for each number of labels, the keyed hash of that suffix; one
//! pass from right to left gives them all.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::index::HashKey;
use crate::dns::{MAX_NAME, NameRef};

/// The most labels a name of 255 octets has.
const MAX_LABELS: usize = 127;

/// A name with the hashes of its suffixes; of fixed size, so that a chain of aliases allocates nothing.
pub struct Question {
    octets: [u8; MAX_NAME],
    length: usize,
    labels: usize,
    /// Where the suffix of so many labels starts, and its hash.
    starts: [u8; MAX_LABELS + 1],
    hashes: [u64; MAX_LABELS + 1],
}

impl Question {
    /// Hashes a name.
    pub fn new(name: NameRef<'_>, key: HashKey) -> Self {
        let (octets, hashes) = ([0; MAX_NAME], [0; MAX_LABELS + 1]);
        let mut question = Self { octets, length: 0, labels: 0, starts: [0; MAX_LABELS + 1], hashes };
        question.set(name, key);
        question
    }

    /// Takes another name in its place.
    pub fn set(&mut self, name: NameRef<'_>, key: HashKey) {
        let octets = name.octets();
        self.length = octets.len();
        self.octets[..self.length].copy_from_slice(octets);
        self.find_labels();
        self.hash_suffixes(key);
    }

    /// Records where each label starts: `starts[n]` is the start of the suffix of `n` labels.
    fn find_labels(&mut self) {
        let (mut at, mut labels) = (0, 0);
        let mut forward = [0u8; MAX_LABELS + 1];
        while self.octets[at] != 0 {
            forward[labels] = at as u8;
            labels += 1;
            at += 1 + usize::from(self.octets[at]);
        }
        self.labels = labels;
        self.starts[0] = at as u8;
        for (index, start) in forward[..labels].iter().enumerate() {
            self.starts[labels - index] = *start;
        }
    }

    fn hash_suffixes(&mut self, key: HashKey) {
        let mut hasher = SipHasher13::new_with_key(&key.0);
        self.hashes[0] = hasher.finish();
        for labels in 1..=self.labels {
            let (start, end) = (usize::from(self.starts[labels]), usize::from(self.starts[labels - 1]));
            // A label is at most 64 octets with its length, which stands before it: no two names absorb the same octets.
            let mut label = [0; 64];
            let label = &mut label[..end - start];
            label.copy_from_slice(&self.octets[start..end]);
            label.make_ascii_lowercase();
            hasher.write(label);
            self.hashes[labels] = hasher.finish();
        }
    }

    /// The name.
    pub fn name(&self) -> NameRef<'_> {
        self.suffix(self.labels)
    }

    /// How many labels it has, the root's empty one not counted.
    pub fn label_count(&self) -> usize {
        self.labels
    }

    /// Its last `labels` labels, which it must have.
    pub fn suffix(&self, labels: usize) -> NameRef<'_> {
        NameRef::trusted(&self.octets[usize::from(self.starts[labels])..self.length])
    }

    /// The keyed hash of its last `labels` labels, which it must have.
    pub fn hash(&self, labels: usize) -> u64 {
        self.hashes[labels]
    }
}
