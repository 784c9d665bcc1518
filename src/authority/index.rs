//! A hash table from names to small numbers, built once and never changed.
//!
//! In: the keyed hash of each name, in order. Out: the numbers that share a hash's slot, for the caller to compare. Knows
//! no names.
//!
//! # Design
//!
//! Open addressing with linear probes: a slot holds 32 bits of the hash beside the number, so a probe that misses seldom
//! looks at a name. How far a probe runs is bounded when the table is built: past the bound it is built again with another
//! salt, and in the end larger. The hashes come from a keyed PRF, so nobody can choose names that share slots.

/// The key of the name hash: from the system's randomness, one for all zones of a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HashKey(pub [u8; 16]);

/// The longest run of slots a probe may look at. A table half full has runs of some tens.
const MAX_PROBES: usize = 128;

/// The table.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// 0 where empty, else the hash's low half above the number plus one.
    slots: Vec<u64>,
    salt: u64,
    key: HashKey,
}

impl Index {
    /// A table in which the name with `hashes[n]` is found as `n`.
    pub(super) fn build(hashes: &[u64], key: HashKey) -> Self {
        let mut size = (hashes.len() * 2).next_power_of_two().max(8);
        loop {
            // A salt costs one pass; four that fail say that the table is too full.
            for salt in 0..4u64 {
                if let Some(slots) = fill(hashes, size, salt) {
                    return Self { slots, salt, key };
                }
            }
            size *= 2;
        }
    }

    /// The number of a name by its hash, told from others of like hash by `is_it`.
    #[inline]
    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut at = slot(hash, self.salt, mask);
        loop {
            let entry = self.slots[at];
            if entry == 0 {
                return None;
            }
            let number = (entry as u32) - 1;
            if entry >> 32 == hash & 0xFFFF_FFFF && is_it(number) {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
    }

    /// The key that names are hashed with.
    pub(super) fn key(&self) -> HashKey {
        self.key
    }

    /// Octets of memory held.
    pub(super) fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<u64>()
    }
}

/// Where a probe starts. The high half chooses the slot, the low half is kept beside the number.
#[inline]
fn slot(hash: u64, salt: u64, mask: usize) -> usize {
    ((hash ^ salt.wrapping_mul(0x9E37_79B9_7F4A_7C15)) >> 32) as usize & mask
}

fn fill(hashes: &[u64], size: usize, salt: u64) -> Option<Vec<u64>> {
    let (mut slots, mask) = (vec![0u64; size], size - 1);
    for (number, &hash) in hashes.iter().enumerate() {
        let start = slot(hash, salt, mask);
        let free = (0..MAX_PROBES).map(|step| (start + step) & mask).find(|&at| slots[at] == 0)?;
        slots[free] = hash << 32 | (number as u64 + 1);
    }
    Some(slots)
}
