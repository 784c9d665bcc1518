//! The records of one owner and type, under one TTL (RFC 2181 §5).

use std::ops::Range;

use super::Zone;
use crate::dns::{NameRef, Rtype};
use crate::zonefile::Record;

/// An rrset as it is kept: a range of the zone's order of records, never empty.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) rtype: Rtype,
    /// The lowest TTL of its records, in seconds (RFC 2181 §5.2).
    pub(super) ttl: u32,
    pub(super) records: Range<u32>,
}

impl Row {
    /// The same behind so many records.
    pub(super) fn moved(self, records: u32) -> Self {
        Self { records: self.records.start + records..self.records.end + records, ..self }
    }
}

/// An rrset of a zone.
#[derive(Clone, Copy, Debug)]
pub struct Rrset<'z> {
    zone: &'z Zone,
    index: usize,
}

impl<'z> Rrset<'z> {
    pub(super) fn new(zone: &'z Zone, index: usize) -> Self {
        Self { zone, index }
    }

    fn row(self) -> &'z Row {
        &self.zone.rrsets[self.index]
    }

    /// The type.
    pub fn rtype(self) -> Rtype {
        self.row().rtype
    }

    /// The TTL it is served with, in seconds: the lowest of its records.
    pub fn ttl(self) -> u32 {
        self.row().ttl
    }

    /// The owner, in the case of the first record.
    pub fn owner(self) -> NameRef<'z> {
        self.zone.records.owner(self.zone.record(self.row().records.start))
    }

    /// The records, in the order of the text.
    pub fn records(self) -> impl ExactSizeIterator<Item = &'z Record> {
        self.row().records.clone().map(move |position| self.zone.record(position))
    }

    /// The data of each record, in the order of the text.
    pub fn rdatas(self) -> impl ExactSizeIterator<Item = &'z [u8]> {
        self.records().map(move |record| self.zone.records.rdata(record))
    }
}
