//! A zone compiled anew for the price of a copy, where all that changed is addresses and the serial number.
//!
//! In: what is compiled, and the new records of some lines of its text. Out: the same as if the whole text had been compiled,
//! or nothing, if more than such data changed.
//!
//! # Design
//!
//! Addresses have a fixed size, and nothing that is decided when a zone is compiled depends on which they are: they are
//! written over the old ones in a copy, and every number stays. What the lines said before is not kept; an [`Outline`] of it
//! is, a sum over the owners and types of its records, and it has to come out the same. The keyed hash of names makes that as
//! sure as the lookup itself.

use std::collections::HashMap;

use super::{Authority, Denial, Question, RrsetRef, block};
use crate::dns::Rtype;
use crate::zonefile::Records;

/// The types whose records vouch for the data of others: in a zone that has any, nothing changes alone.
pub const SEALS: [Rtype; 5] = [Rtype::RRSIG, Rtype::DNSKEY, Rtype::NSEC, Rtype::NSEC3, Rtype::ZONEMD];

/// Which records some lines of a text hold, apart from their data, in whatever order.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Outline {
    sum: u64,
    count: u32,
}

impl Outline {
    /// Adds a record of a type, whose owner has this hash.
    pub fn add(&mut self, owner: u64, rtype: Rtype) {
        let mixed = (owner ^ u64::from(rtype.0) << 48).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        *self = self.and(Self { sum: mixed ^ mixed >> 32, count: 1 });
    }

    /// The outline of both.
    pub fn and(self, other: Self) -> Self {
        Self { sum: self.sum.wrapping_add(other.sum), count: self.count + other.count }
    }
}

/// The new data of some rrsets, by node and number within it.
type NewData<'r> = HashMap<(u32, u16), Vec<&'r [u8]>>;

impl Authority {
    /// The zone with other data in some of its records: those of `parts`, which came in the place of records of this outline.
    ///
    /// None unless the records are the same but for addresses and the serial number, and each of their rrsets is there whole;
    /// and of a zone with signatures, which would not hold any more.
    pub fn amended(&self, parts: &[Records], outline: Outline) -> Option<Self> {
        let is_sealed = SEALS.iter().any(|&rtype| self.top().rrset(rtype).is_some());
        if is_sealed || !matches!(self.denial, Denial::Unsigned) {
            return None;
        }
        let mut data = self.new_data(parts, outline)?;
        data.retain(|&at, data| !self.rrset_at(at).rdatas().eq(data.iter().copied()));
        data.iter().all(|(&at, data)| may_become(self.rrset_at(at), data)).then(|| self.copy_with(&data))
    }

    fn rrset_at(&self, (node, index): (u32, u16)) -> RrsetRef<'_> {
        self.numbered(node).nth(index)
    }

    /// The data of these records, if they have this outline and are as they were apart from it.
    fn new_data<'r>(&self, parts: &'r [Records], outline: Outline) -> Option<NewData<'r>> {
        let (mut data, mut found) = (NewData::new(), Outline::default());
        for (records, record) in parts.iter().flat_map(|records| records.rows().iter().map(move |row| (records, row))) {
            let owner = records.owner(record);
            let question = Question::new(owner, self.key);
            let labels = question.label_count();
            let node = if labels >= self.apex_labels { self.find(&question, labels)? } else { return None };
            let rrset = node.rrset(record.rtype)?;
            if node.name().octets() != owner.octets() || rrset.ttl() != record.ttl {
                return None;
            }
            found.add(question.hash(labels), record.rtype);
            data.entry((node.number, rrset.index)).or_default().push(records.rdata(record));
        }
        (found == outline).then_some(data)
    }

    fn copy_with(&self, data: &NewData<'_>) -> Self {
        let mut copy = Self { arena: self.arena.clone(), index: self.index.clone(), denial: Denial::Unsigned, ..*self };
        for (&(node, index), data) in data {
            block::set_rdatas(&mut copy.arena, node, index, data);
        }
        copy.read_soa();
        copy
    }
}

/// Whether an rrset's data may be replaced by other data, which differs.
fn may_become(rrset: RrsetRef<'_>, data: &[&[u8]]) -> bool {
    let is_as_many = rrset.rdatas().len() == data.len();
    let mut lengths = rrset.rdatas().map(<[u8]>::len).zip(data.iter().map(|rdata| rdata.len()));
    let is_alike = is_as_many && lengths.all(|(before, now)| before == now) && rrset.signatures().len() == 0;
    match rrset.rtype() {
        Rtype::A | Rtype::AAAA => is_alike && !has_repetition(data),
        Rtype::SOA => is_alike && data.iter().all(|now| without_serial(now) == without_serial(rrset.first())),
        _ => false,
    }
}

fn has_repetition(data: &[&[u8]]) -> bool {
    let mut sorted = data.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

/// What stands before the serial number, the first of five at the end of the data (RFC 1035 §3.3.13), and the other four.
fn without_serial(soa: &[u8]) -> Option<(&[u8], &[u8])> {
    let (names, numbers) = soa.split_last_chunk::<20>()?;
    Some((names, &numbers[4..]))
}
