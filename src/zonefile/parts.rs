//! The records of a text, in the parts that they were read in: what several threads read is not put together before it is
//! put in order.

use std::ops::Range;

use super::records::{Record, Records, fits};
use crate::dns::{NameRef, Rtype};
use crate::threads;

/// Records that are arranged at once: so many reads of memory overlap.
const AT_ONCE: usize = 64;

/// The records of one zone's text, in its order.
#[derive(Debug, Default)]
pub struct Parts {
    parts: Vec<Records>,
    /// How many records there are before each part.
    starts: Vec<u32>,
    count: u32,
    compiled: u64,
}

impl Parts {
    /// How many records there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The records, each with the part that it is in.
    pub fn iter(&self) -> impl Iterator<Item = (&Records, &Record)> {
        self.range(0..self.len())
    }

    /// The records of these numbers, each with the part that it is in.
    pub(crate) fn range(&self, numbers: Range<usize>) -> impl Iterator<Item = (&Records, &Record)> {
        self.parts.iter().zip(&self.starts).flat_map(move |(part, &start)| {
            let inside = |number: usize| number.saturating_sub(start as usize).min(part.rows().len());
            part.rows()[inside(numbers.start)..inside(numbers.end)].iter().map(move |row| (part, row))
        })
    }

    /// The record of a number, which there must be.
    pub(crate) fn at(&self, number: u32) -> (&Records, &Record) {
        let (part, index) = self.place(number);
        (part, &part.rows()[index])
    }

    #[inline]
    fn place(&self, number: u32) -> (&Records, usize) {
        let part = self.starts.partition_point(|&start| start <= number) - 1;
        (&self.parts[part], (number - self.starts[part]) as usize)
    }

    /// Adds a part behind the others; how many octets all have was seen to before.
    pub(super) fn push(&mut self, part: Records) {
        if !part.rows().is_empty() {
            self.starts.push(self.count);
            self.count += part.rows().len() as u32;
            self.compiled += part.compiled();
            self.parts.push(part);
        }
    }

    /// How many octets the records have when they are compiled, at most.
    pub(super) fn compiled(&self) -> u64 {
        self.compiled
    }

    /// Keeps the records of such owners and types only.
    pub(super) fn retain(&mut self, is_kept: impl Fn(NameRef<'_>, Rtype) -> bool) {
        for mut part in std::mem::take(self).parts {
            part.retain(&is_kept);
            self.push(part);
        }
    }

    /// Adds others behind these, if that is not too much.
    pub(super) fn append(&mut self, others: Self) {
        if fits(self.compiled + others.compiled) {
            others.parts.into_iter().for_each(|part| self.push(part));
        }
    }

    /// What is made of the records of these numbers in this order, each with its owner and its data beside those of its
    /// neighbours; the numbers come in shares, each for a thread of its own, which makes something of it too. The first has
    /// [room](Records::room) for all.
    ///
    /// None if all take more octets than can be numbered: an owner that is written now so, now so is there each time that it
    /// changes.
    pub(crate) fn arranged<I: ExactSizeIterator<Item = u32> + Send, T: Send>(
        &self,
        shares: impl ExactSizeIterator<Item = I>,
        make: impl Fn(Records) -> T + Sync,
    ) -> Option<Vec<T>> {
        let count = shares.len();
        let room = std::iter::once(count).chain(std::iter::repeat(1));
        let made = threads::on_each(shares.zip(room), |(order, room)| {
            let records = self.arranged_share(order, room)?;
            Some((records.compiled(), make(records)))
        });
        let (octets, made): (Vec<u64>, Vec<T>) = made.collect::<Option<Vec<_>>>()?.into_iter().unzip();
        fits(octets.iter().sum()).then_some(made)
    }

    /// One share of [`arranged`](Self::arranged), with room for so many like it.
    fn arranged_share(&self, mut order: impl ExactSizeIterator<Item = u32>, shares: usize) -> Option<Records> {
        let octets = (self.compiled.div_ceil(u64::from(self.count).max(1)) as usize) * order.len();
        let mut arranged = Records::with_room(order.len() * shares, octets * shares);
        let mut rows = Vec::with_capacity(AT_ONCE);
        let mut owner = 0..0;
        loop {
            rows.clear();
            rows.extend(order.by_ref().take(AT_ONCE).map(|number| {
                let (part, index) = self.place(number);
                (part, part.rows()[index].placed(number))
            }));
            if rows.is_empty() {
                return Some(arranged);
            }
            touch(&rows);
            for (part, row) in &rows {
                if !fits(arranged.compiled()) {
                    return None;
                }
                owner = arranged.push_beside(row, part, owner);
            }
        }
    }
}

/// Asks for the octets of some records, so that they come from memory together and not one after the other.
fn touch(rows: &[(&Records, Record)]) {
    std::hint::black_box(rows.iter().fold(0, |all, (part, row)| all ^ part.touch(row)));
}
