//! The keyed hash by which names are found: SipHash-1-3 (Aumasson, Bernstein; one round a word, three at the end).
//!
//! In: a key, and a name's labels from the right. Out: the hash of every suffix, in one pass: the state after a label goes
//! on to the next, and a copy of it ends in that suffix's hash.
//!
//! # Design
//!
//! Written here and not taken from a crate, because it is on the way of every query and its input has a form that a general
//! one cannot use: each label, its length octet before it, is filled up with zeros to whole words, so that nothing is carried
//! from one label to the next. No two names give the same words, as each length says how many words its label has.

/// The key of the name hash: from the system's randomness, one for all zones of a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HashKey(pub [u8; 16]);

/// The state between two words.
#[derive(Clone, Copy, Default)]
pub(super) struct Hasher {
    v: [u64; 4],
    words: u64,
}

impl Hasher {
    #[inline]
    pub(super) fn new(key: HashKey) -> Self {
        let (low, high) = (u128::from_le_bytes(key.0) as u64, (u128::from_le_bytes(key.0) >> 64) as u64);
        // "somepseudorandomlygeneratedbytes", as the algorithm has it.
        let v = [
            low ^ 0x736f_6d65_7073_6575,
            high ^ 0x646f_7261_6e64_6f6d,
            low ^ 0x6c79_6765_6e65_7261,
            high ^ 0x7465_6462_7974_6573,
        ];
        Self { v, words: 0 }
    }

    /// Takes in a word, little-endian.
    #[inline]
    pub(super) fn absorb(&mut self, word: u64) {
        self.v[3] ^= word;
        self.round();
        self.v[0] ^= word;
        self.words += 1;
    }

    /// The hash of what was taken in so far.
    #[inline]
    pub(super) fn finish(mut self) -> u64 {
        // The last word holds the octets that fill no word, here none, and the length in octets.
        self.absorb((self.words * 8) << 56);
        self.v[2] ^= 0xFF;
        (0..3).for_each(|_| self.round());
        self.v[0] ^ self.v[1] ^ self.v[2] ^ self.v[3]
    }

    #[inline]
    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.v;
        a = a.wrapping_add(b);
        c = c.wrapping_add(d);
        b = b.rotate_left(13) ^ a;
        d = d.rotate_left(16) ^ c;
        a = a.rotate_left(32).wrapping_add(d);
        c = c.wrapping_add(b);
        d = d.rotate_left(21) ^ a;
        b = b.rotate_left(17) ^ c;
        self.v = [a, b, c.rotate_left(32), d];
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher as _;

    use super::*;

    #[test]
    fn it_is_siphash_1_3() {
        let key = HashKey(*b"sixteen octets!!");
        let mut ours = Hasher::new(key);
        let mut theirs = siphasher::sip::SipHasher13::new_with_key(&key.0);
        for word in [0, 1, u64::MAX, 0x0123_4567_89AB_CDEF, 0x80] {
            assert_eq!(ours.finish(), theirs.finish());
            ours.absorb(word);
            theirs.write(&word.to_le_bytes());
        }
        assert_eq!(ours.finish(), theirs.finish());
    }
}
