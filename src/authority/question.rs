//! A name that is being asked for, hashed once for every suffix.
//!
//! In: a name and the hash key. Out: the name's octets and, for each number of labels, the keyed hash of that suffix; one
//! pass from right to left leaves the state behind each label, from which the hash is ended when it is wanted.

use super::hash::{HashKey, Hasher};
use crate::dns::{MAX_NAME, NameRef, Starts, label_starts, lower};

/// The labels behind which the state is kept: a zone's apex has two or three. What is beyond is hashed when it is wanted.
const KEPT: usize = 3;

/// A name with the hashes of its suffixes; of fixed size, so that a chain of aliases allocates nothing.
pub struct Question {
    /// The name, and room behind it: a label is read in whole words.
    octets: [u8; MAX_NAME + 8],
    length: usize,
    labels: usize,
    /// Where each label starts, from the left; then the root's.
    starts: Starts,
    key: HashKey,
    /// The state behind the suffixes of 0, 1, 2 … labels.
    states: [Hasher; KEPT + 1],
}

impl Question {
    /// Hashes a name.
    #[inline]
    pub fn new(name: NameRef<'_>, key: HashKey) -> Self {
        let (octets, starts) = ([0; MAX_NAME + 8], [0; 128]);
        let mut question = Self { octets, length: 0, labels: 0, starts, key, states: [Hasher::default(); KEPT + 1] };
        question.set(name);
        question
    }

    /// Takes another name in its place.
    #[inline]
    pub fn set(&mut self, name: NameRef<'_>) {
        let octets = name.octets();
        self.length = octets.len();
        self.octets[..self.length].copy_from_slice(octets);
        self.labels = label_starts(octets, &mut self.starts);
        self.states[0] = Hasher::new(self.key);
        for labels in 1..=self.labels.min(KEPT) {
            self.states[labels] = self.with_label(self.states[labels - 1], labels);
        }
    }

    /// The state behind a suffix, whose first label is taken in, lower-cased, in whole words.
    #[inline]
    fn with_label(&self, mut hasher: Hasher, labels: usize) -> Hasher {
        let index = self.labels - labels;
        let (mut at, end) = (usize::from(self.starts[index]), usize::from(self.starts[index + 1]));
        while at < end {
            let word = self.octets[at..].first_chunk().map_or(0, |octets| u64::from_le_bytes(*octets));
            let beyond = 8usize.saturating_sub(end - at);
            hasher.absorb(lower(word & u64::MAX >> (8 * beyond)));
            at += 8;
        }
        hasher
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
        if let Some(state) = self.states.get(labels) {
            return state.finish();
        }
        (KEPT + 1..=labels).fold(self.states[KEPT], |state, labels| self.with_label(state, labels)).finish()
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
