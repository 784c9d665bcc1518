//! A hash table from names to small numbers, built once and never changed.
//!
//! In: the keyed hash of each name, and its number. Out: the numbers that share a hash's slot, for the caller to compare.
//! Knows no names.
//!
//! # Design
//!
//! Open addressing with linear probes: a slot holds 32 bits of the hash beside the number, so a probe that misses seldom
//! looks at a name. How far a probe runs is bounded when the table is built: past the bound it is built again with another
//! salt, and in the end larger. The hashes come from a keyed PRF, so nobody can choose names that share slots.

/// Names whose slots are asked for at once when a table is filled.
const AT_ONCE: usize = 64;

/// The longest run of slots a probe may look at. A table half full has runs of some tens.
const MAX_PROBES: usize = 128;

/// The table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Index {
    /// 0 where empty, else the hash's low half above the number plus one.
    slots: Vec<u64>,
    salt: u64,
}

impl Index {
    /// A table in which each name is found by its hash as its number.
    pub(super) fn build(names: &[(u64, u32)]) -> Self {
        let mut size = (names.len() * 2).max(8);
        loop {
            // A salt costs one pass; four that fail say that the table is too full.
            for salt in 0..4u64 {
                if let Some(slots) = fill(names, size, salt) {
                    return Self { slots, salt };
                }
            }
            size *= 2;
        }
    }

    /// What `found` makes of the number of a name, told from others of like hash by making nothing of theirs.
    #[inline]
    pub(super) fn find_map<T>(&self, hash: u64, found: impl Fn(u32) -> Option<T>) -> Option<T> {
        let mut at = slot(hash, self.salt, self.slots.len());
        loop {
            let entry = self.slots[at];
            if entry == 0 {
                return None;
            }
            if entry >> 32 == hash & 0xFFFF_FFFF
                && let Some(it) = found(entry as u32 - 1)
            {
                return Some(it);
            }
            at = next(at, self.slots.len());
        }
    }

    /// The number of a name by its hash, told from others of like hash by `is_it`.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.find_map(hash, |number| is_it(number).then_some(number))
    }

    /// The number in the slot where a probe for a hash starts, be it the name's or not; of an empty one, any.
    #[inline]
    pub(super) fn likely(&self, hash: u64) -> u32 {
        (self.slots[slot(hash, self.salt, self.slots.len())] as u32).wrapping_sub(1)
    }

    /// Octets of memory held.
    pub(super) fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<u64>()
    }
}

/// Where a probe starts: the high half of the hash, scaled to the table's size; the low half is kept beside the number.
#[inline]
fn slot(hash: u64, salt: u64, size: usize) -> usize {
    let high = (hash ^ salt.wrapping_mul(0x9E37_79B9_7F4A_7C15)) >> 32;
    ((u128::from(high) * size as u128) >> 32) as usize
}

#[inline]
fn next(at: usize, size: usize) -> usize {
    if at + 1 == size { 0 } else { at + 1 }
}

#[expect(
    clippy::slow_vector_initialization,
    reason = "what is read before it is written has the system find it a page twice"
)]
fn fill(names: &[(u64, u32)], size: usize, salt: u64) -> Option<Vec<u64>> {
    let mut slots = Vec::with_capacity(size);
    slots.resize(size, 0u64);
    for (place, &(hash, number)) in names.iter().enumerate() {
        if place % AT_ONCE == 0 {
            // Slots come from memory together, and not one after the other.
            let next = names[place..].iter().take(AT_ONCE);
            std::hint::black_box(next.fold(0, |all, &(hash, _)| all ^ slots[slot(hash, salt, size)]));
        }
        let mut at = slot(hash, salt, size);
        let mut probes = 0;
        while slots[at] != 0 {
            probes += 1;
            if probes == MAX_PROBES {
                return None;
            }
            at = next(at, size);
        }
        slots[at] = hash << 32 | (u64::from(number) + 1);
    }
    Some(slots)
}
