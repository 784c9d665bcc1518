//! Canonical order (RFC 4034 §6.1) of a million records in little time, whatever order they were written in.
//!
//! In: records, and the apex of their zone. Out: their indices, by owner in canonical order, then by type, then as in the
//! text. Knows nothing of what records mean together.
//!
//! # Design
//!
//! A name's key is one in which canonical order is the order of octets ([`sort_octets`]), the apex left out because all share
//! it. The first ten octets of the key, the type and the record's index make one number of 128 bits, and sorting such numbers
//! touches nothing else. Where the ten octets were not the whole key, those that share them are sorted by the next ten, and so
//! on: names with long beginnings in common cost one more look at each of them, and not one for each comparison. Each thread
//! sorts its share in place, and a sort that keeps runs merges them; either passes once over what is in order. The road not
//! taken, a radix sort, costs the same for every text.

use crate::dns::{NameRef, Rtype, sort_octets};
use crate::threads;
use crate::zonefile::{Parts, Records};

/// Octets of a key that one number holds.
const HEAD: usize = 10;

/// The bit that says that a key goes on after them: shorter keys come first.
const GOES_ON: u128 = 1 << 47;

/// A record's index has fewer bits: a row is two octets of the arena's four thousand million at least.
const INDEX_BITS: u32 = 31;

/// Fewer records than this are sorted by one thread: a second one costs more.
pub(super) const WORTH_A_THREAD: usize = if cfg!(test) { 1 } else { 1 << 15 };

/// Records in order, and those that lie outside the zone in the order of the text.
pub(super) struct Order {
    keys: Vec<u128>,
    pub(super) outside: Vec<u32>,
}

impl Order {
    /// Sorts the records below `apex`, on so many threads at most.
    pub(super) fn of(records: &Parts, apex: NameRef<'_>, threads: usize) -> Self {
        let share = records.len().div_ceil(threads.max(1)).max(WORTH_A_THREAD);
        let mut keys = vec![0; records.len()];
        let shares = keys.chunks_mut(share).zip((0..).step_by(share));
        let fill = |(keys, first): (&mut [u128], _)| fill(keys, first, records, apex);
        let outside: Vec<u32> = threads::on_each(shares, fill).flatten().collect();
        // Each part is one run, so that this merges them.
        keys.sort();
        keys.truncate(records.len() - outside.len());
        refine(&mut keys, HEAD, records, apex);
        Self { keys, outside }
    }

    /// What is made of the records in this order, in shares for as many threads: all of an owner's are in one. None if there
    /// are more octets of them than can be numbered.
    pub(super) fn arrange<T: Send>(
        &self,
        records: &Parts,
        threads: usize,
        make: impl Fn(Records) -> T + Sync,
    ) -> Option<Vec<T>> {
        let shares = self.shares(records, threads);
        records.arranged(shares.iter().map(|keys| keys.iter().map(|&key| index(key))), make)
    }

    /// The order in shares of about the same size, one at least, none of which ends amidst an owner's records.
    fn shares(&self, records: &Parts, threads: usize) -> Vec<&[u128]> {
        let size = self.keys.len().div_ceil(threads.max(1)).max(WORTH_A_THREAD);
        let owner = |key: u128| {
            let (part, record) = records.at(index(key));
            part.owner(record)
        };
        let (mut shares, mut rest) = (Vec::new(), &self.keys[..]);
        let is_next = |rest: &[u128], at: usize| !owner(rest[at]).is(owner(rest[at - 1]));
        while let Some(end) = (size..rest.len()).find(|&at| is_next(rest, at)) {
            shares.push(&rest[..end]);
            rest = &rest[end..];
        }
        shares.push(rest);
        shares
    }
}

fn index(key: u128) -> u32 {
    key as u32 & (u32::MAX >> 1)
}

/// A key's first octets, type and index as one number.
fn number(head: u128, rtype: Rtype, index: u32) -> u128 {
    head | u128::from(rtype.0) << INDEX_BITS | u128::from(index)
}

/// Gives each record from `first` on its number, in order; those outside come last, and are given back.
fn fill(keys: &mut [u128], first: usize, records: &Parts, apex: NameRef<'_>) -> Vec<u32> {
    let (mut outside, mut last) = (Vec::new(), None);
    let range = records.range(first..first + keys.len());
    for (index, (key, (part, record))) in (first as u32..).zip(keys.iter_mut().zip(range)) {
        let owner = part.owner(record);
        let at = owner.octets().as_ptr();
        // The parser gives records of one owner one place in the arena.
        let head = match last {
            Some((known, head)) if known == at => head,
            _ => owner.is_at_or_below(apex).then(|| first_head(owner, apex)),
        };
        last = Some((at, head));
        *key = head.map_or(u128::MAX, |head| number(head, record.rtype, index));
        if head.is_none() {
            outside.push(index);
        }
    }
    keys.sort_unstable();
    outside
}

/// The first ten octets of a name's key: where its own part is one plain label, as most are, those of the label at once.
fn first_head(name: NameRef<'_>, apex: NameRef<'_>) -> u128 {
    let own = name.head_octets(apex);
    match name.octets() {
        [length, rest @ ..] if usize::from(*length) + 1 == own.len() => match rest.first_chunk() {
            Some(octets) => label_head(*octets, usize::from(*length)).unwrap_or_else(|| head(own, 0)),
            None => head(own, 0),
        },
        _ => head(own, 0),
    }
}

/// The same of a label that these octets start with; none if one of them is written in two.
fn label_head(octets: [u8; 16], length: usize) -> Option<u128> {
    const ONES: u128 = u128::MAX / 0xFF;
    let kept = u128::MAX << (128 - 8 * length.min(HEAD));
    // All octets at once: adding to seven bits carries into the eighth where an octet is at least so large.
    let all = u128::from_be_bytes(octets);
    let low = all & (ONES * 0x7F);
    let is_at_least = |octet: u8| (low + ONES * u128::from(0x80 - octet)) & (ONES * 0x80);
    let is_upper = is_at_least(b'A') & !is_at_least(b'Z' + 1) & !all;
    let is_small = !is_at_least(2) & !all & (ONES * 0x80) & kept;
    let goes_on = if length > HEAD { GOES_ON } else { 0 };
    (is_small == 0).then_some((all | is_upper >> 2) & kept | goes_on)
}

/// Sorts by the following octets what the octets so far leave open.
fn refine(keys: &mut [u128], known: usize, records: &Parts, apex: NameRef<'_>) {
    let so_far = |key: u128| key >> GOES_ON.trailing_zeros();
    for equal in keys.chunk_by_mut(|a, b| so_far(*a) == so_far(*b)) {
        if equal.len() == 1 || equal[0] & GOES_ON == 0 {
            continue;
        }
        for key in &mut *equal {
            let (part, record) = records.at(index(*key));
            *key = number(head(part.owner(record).head_octets(apex), known), record.rtype, index(*key));
        }
        equal.sort();
        refine(equal, known + HEAD, records, apex);
    }
}

/// The ten octets that follow the first `skip` of the key of these labels, and whether more follow.
fn head(labels: &[u8], skip: usize) -> u128 {
    let (mut head, mut place) = ([0; 16], 0);
    sort_octets(labels, |octet| {
        if (skip..skip + HEAD).contains(&place) {
            head[place - skip] = octet;
        }
        place += 1;
    });
    u128::from_be_bytes(head) | if place > skip + HEAD { GOES_ON } else { 0 }
}
