//! A name that is being asked for, hashed once for every suffix.
//!
//! In: a name and the hash key. Out: the name's octets and, for each number of labels, the keyed hash of that suffix; one
//! pass from right to left gives them all.

use super::hash::{HashKey, Hasher, lower};
use crate::dns::{MAX_NAME, NameRef};

/// The most labels a name of 255 octets has.
const MAX_LABELS: usize = 127;

/// The suffixes whose hashes are kept. Names with more labels are rare (those of IPv6 addresses), and what is beyond is
/// hashed again when it is wanted.
const KEPT: usize = 16;

/// A name with the hashes of its suffixes; of fixed size, so that a chain of aliases allocates nothing.
pub struct Question {
    /// The name, and room behind it: a label is read in whole words.
    octets: [u8; MAX_NAME + 8],
    length: usize,
    labels: usize,
    /// Where each label starts, from the left; then the root's.
    starts: [u8; MAX_LABELS + 1],
    key: HashKey,
    /// The hashes of the suffixes of 0, 1, 2 … labels.
    hashes: [u64; KEPT],
}

impl Question {
    /// Hashes a name.
    #[inline]
    pub fn new(name: NameRef<'_>, key: HashKey) -> Self {
        let (octets, starts) = ([0; MAX_NAME + 8], [0; MAX_LABELS + 1]);
        let mut question = Self { octets, length: 0, labels: 0, starts, key, hashes: [0; KEPT] };
        question.set(name);
        question
    }

    /// Takes another name in its place.
    #[inline]
    pub fn set(&mut self, name: NameRef<'_>) {
        let octets = name.octets();
        self.length = octets.len();
        self.octets[..self.length].copy_from_slice(octets);
        self.find_labels();
        let mut hashes = [0; KEPT];
        self.hash_suffixes(KEPT - 1, |labels, hash| hashes[labels] = hash);
        self.hashes = hashes;
    }

    #[inline]
    fn find_labels(&mut self) {
        let (mut at, mut labels) = (0, 0);
        while self.octets[at] != 0 {
            self.starts[labels] = at as u8;
            labels += 1;
            at += 1 + usize::from(self.octets[at]);
        }
        self.starts[labels] = at as u8;
        self.labels = labels;
    }

    /// Gives the hash of every suffix of at most `most` labels.
    #[inline]
    fn hash_suffixes(&self, most: usize, mut give: impl FnMut(usize, u64)) {
        let mut hasher = Hasher::new(self.key);
        give(0, hasher.finish());
        for labels in 1..=self.labels.min(most) {
            let index = self.labels - labels;
            self.absorb_label(self.starts[index].into(), self.starts[index + 1].into(), &mut hasher);
            give(labels, hasher.finish());
        }
    }

    /// Takes in the octets of a label, lower-cased, in whole words.
    #[inline]
    fn absorb_label(&self, mut at: usize, end: usize, hasher: &mut Hasher) {
        while at < end {
            let mut octets = [0; 8];
            octets.copy_from_slice(&self.octets[at..at + 8]);
            let word = u64::from_le_bytes(octets);
            let beyond = 8usize.saturating_sub(end - at);
            hasher.absorb(lower(word & u64::MAX >> (8 * beyond)));
            at += 8;
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
    #[inline]
    pub fn suffix(&self, labels: usize) -> NameRef<'_> {
        NameRef::whole(self.suffix_octets(labels))
    }

    #[inline]
    pub(super) fn suffix_octets(&self, labels: usize) -> &[u8] {
        &self.octets[usize::from(self.starts[self.labels - labels])..self.length]
    }

    /// The keyed hash of its last `labels` labels, which it must have.
    #[inline]
    pub fn hash(&self, labels: usize) -> u64 {
        if let Some(&hash) = self.hashes.get(labels) {
            return hash;
        }
        let mut last = 0;
        self.hash_suffixes(labels, |_, hash| last = hash);
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Name;

    /// Every suffix has the hash that it has as a name of its own, kept or not.
    #[test]
    fn suffixes_hash_like_names() {
        let key = HashKey(*b"sixteen octets!!");
        let label = "a".repeat(63);
        for text in ["www.Example.org", &format!("{label}.{label}.b"), &"x.".repeat(127), "."] {
            let name = Name::absolute(text).expect("a name");
            let question = Question::new(name.as_ref(), key);
            for labels in 0..=question.label_count() {
                let suffix = question.suffix(labels);
                assert_eq!(suffix.label_count(), labels);
                let lowered = Name::absolute(&suffix.to_string().to_lowercase()).expect("a name");
                assert_eq!(question.hash(labels), Question::new(lowered.as_ref(), key).hash(labels), "{suffix}");
            }
        }
    }
}
