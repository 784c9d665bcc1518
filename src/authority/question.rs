//! A name that is being asked for, hashed once for every suffix.
//!
//! In: a name and the hash key. Out: the name's octets and, for each number of labels, the keyed hash of that suffix; one
//! pass from right to left leaves the state behind each label, from which the hash is ended when it is wanted.
//!
//! The octets are read where they lie, in a message or in a zone: a copy would be cleared, written, and read again before it
//! has left the processor's store buffer. Only a name that was made on the way, from a DNAME, is kept here.

use super::hash::{HashKey, Hasher};
use crate::dns::{MAX_NAME, NameRef, Starts, label_starts, lower};

/// The labels behind which the state is kept: a zone's apex has two or three. What is beyond is hashed when it is wanted.
const KEPT: usize = 3;

/// A name with the hashes of its suffixes; of fixed size, so that a chain of aliases allocates nothing.
pub struct Question<'q> {
    octets: Octets<'q>,
    labels: usize,
    /// Where each label starts, from the left; then the root's.
    starts: Starts,
    /// The state behind the suffixes of 0, 1, 2 … labels.
    states: [Hasher; KEPT + 1],
}

/// The octets of a name.
#[expect(clippy::large_enum_variant, reason = "nothing is allocated on the way of a query")]
enum Octets<'q> {
    /// That lie elsewhere.
    Given(&'q [u8]),
    /// That lie nowhere else, and how many they are.
    Made([u8; MAX_NAME], usize),
}

impl Octets<'_> {
    #[inline]
    fn get(&self) -> &[u8] {
        match self {
            Self::Given(octets) => octets,
            Self::Made(octets, length) => &octets[..*length],
        }
    }
}

impl<'q> Question<'q> {
    /// Hashes a name.
    #[inline]
    pub fn new(name: NameRef<'q>, key: HashKey) -> Self {
        let mut question = Self::of_root(key);
        question.set(name);
        question
    }

    /// The root's, to be [set](Self::set): what is made where it is to stay is not copied there.
    #[inline]
    pub fn of_root(key: HashKey) -> Self {
        let states = [Hasher::new(key); KEPT + 1];
        Self { octets: Octets::Given(NameRef::ROOT.octets()), labels: 0, starts: [0; 128], states }
    }

    /// Takes another name in its place.
    #[inline]
    pub fn set(&mut self, name: NameRef<'q>) {
        self.set_beside(name, 0);
    }

    /// Takes another name in its place whose last `labels` labels are those of this one, which are not hashed again.
    #[inline]
    pub(super) fn set_beside(&mut self, name: NameRef<'q>, labels: usize) {
        self.octets = Octets::Given(name.octets());
        self.hash_labels(labels.min(KEPT));
    }

    /// Takes a copy of another name in its place.
    pub fn set_copy(&mut self, name: NameRef<'_>) {
        let (mut octets, length) = ([0; MAX_NAME], name.octets().len());
        octets[..length].copy_from_slice(name.octets());
        self.octets = Octets::Made(octets, length);
        self.hash_labels(0);
    }

    /// Hashes the labels but for the last `known`, behind which the states are kept.
    #[inline]
    fn hash_labels(&mut self, known: usize) {
        let octets = self.octets.get();
        self.labels = label_starts(octets, &mut self.starts);
        let mut state = self.states[known];
        let own = &self.starts[..=self.labels - known];
        let mut end = usize::from(own[own.len() - 1]);
        for (&start, kept) in own[..own.len() - 1].iter().rev().zip(&mut self.states[known + 1..]) {
            state = with_label(state, octets, start.into(), end);
            (*kept, end) = (state, start.into());
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
        &self.octets.get()[usize::from(self.starts[self.labels - labels])..]
    }

    /// The keyed hash of its last `labels` labels, which it must have.
    #[inline]
    pub fn hash(&self, labels: usize) -> u64 {
        if let Some(state) = self.states.get(labels) {
            return state.finish();
        }
        let (octets, start) = (self.octets.get(), |labels: usize| usize::from(self.starts[self.labels - labels]));
        let with_label = |state, labels| with_label(state, octets, start(labels), start(labels - 1));
        (KEPT + 1..=labels).fold(self.states[KEPT], with_label).finish()
    }
}

/// The state behind one label more, which is taken in lower-cased, in whole words.
#[inline(always)]
fn with_label(mut state: Hasher, octets: &[u8], start: usize, end: usize) -> Hasher {
    let (words, rest) = octets[start..end].as_chunks();
    words.iter().for_each(|octets| state.absorb(lower(u64::from_le_bytes(*octets))));
    if !rest.is_empty() {
        state.absorb(lower(last_word(&octets[..end], rest.len())));
    }
    state
}

/// The last octets, fewer than eight, as a word; zeros behind them.
#[inline(always)]
fn last_word(octets: &[u8], count: usize) -> u64 {
    match octets.last_chunk() {
        Some(word) => u64::from_le_bytes(*word) >> (64 - 8 * count),
        None => octets[octets.len() - count..].iter().rev().fold(0, |word, &octet| word << 8 | u64::from(octet)),
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
