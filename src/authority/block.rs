//! How a node lies in the arena: all that an answer needs of a name in one run of octets, most often one or two cache lines.
//!
//! In: the parts of a node, for [`Encoder`]; a place in the arena, for [`Block`]. Out: the octets, and the parts again.
//!
//! # Design
//!
//! A large zone lies in memory that no cache holds, so what an answer costs is how many places it reads that depend on each
//! other. Here it is two: a slot of the index, then the node's block, in which everything is.
//!
//! ```text
//! header   bits 1 · name's length 1 · rrsets 2 · link 4 · smallest 2
//! name     on the wire; of an empty non-terminal, how far ahead it lies 4
//! table    for each rrset, by type: type 2 · records 2 · TTL 4 · where its data is, from the block's start 4
//! data     for each rrset: [signatures: where 4 · how many 2] [hosts: how many 2 · own 2 · node 4…] (length 2 · octets)…
//! ```
//!
//! Signatures are there where the node has RRSIG records, hosts where the type names some: room for one a record, for the
//! nodes whose addresses a resolver will want next, those at or below the owner first (in-domain glue, RFC 9471). Blocks follow each other in
//! canonical order, each at a multiple of four octets, by whose number it is known: 32 bits reach 16 GiB, and a zone that
//! needs more is refused when it is built.

use super::Rdatas;
use crate::dns::{NameRef, Rtype, is_alike};

/// No node.
pub(super) const NONE: u32 = u32::MAX;

/// What a name is to the zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// The zone's own, an empty non-terminal included.
    Authoritative,
    /// A cut: its NS records refer to another zone.
    Delegation,
    /// Below a cut or a DNAME: never an answer.
    Occluded,
    /// No name of the zone: it owns NSEC3 records alone, and is found by its hash (RFC 5155 §7.2.8).
    Hash,
}

impl Role {
    /// The role that a header's first octet tells.
    #[inline]
    pub(super) fn of(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::Authoritative,
            1 => Self::Delegation,
            2 => Self::Occluded,
            _ => Self::Hash,
        }
    }
}

/// Bits of the header's first octet, above the role.
mod bit {
    pub(super) const DNAME: u8 = 4;
    pub(super) const SIGNED: u8 = 8;
    pub(super) const NAME_AHEAD: u8 = 16;
}

const HEADER: usize = 10;
/// Where a node's own name stands in its block.
pub(super) const NAME: usize = HEADER;
/// The octets of an empty non-terminal's block.
pub(super) const EMPTY: usize = (HEADER + 4).next_multiple_of(ALIGNMENT);
const LINK: usize = 4;
const SMALLEST: usize = 8;
const ENTRY: usize = 12;
/// Where the signatures lie and how many there are.
const SIGNATURES: usize = 6;
/// How many hosts there are and how many of them are at or below the owner; then four octets for each record.
const HOSTS: usize = 4;
const HOST: usize = 4;
/// What blocks are numbered in, in octets.
pub(super) const ALIGNMENT: usize = 4;

/// The octets of one node, and whatever follows it.
#[derive(Clone, Copy)]
pub(super) struct Block<'a>(&'a [u8]);

/// An rrset's row in the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) rtype: Rtype,
    pub(super) count: u16,
    pub(super) ttl: u32,
    data: u32,
}

impl<'a> Block<'a> {
    /// The block of a node that [`Encoder`] numbered so.
    #[inline]
    pub(super) fn at(arena: &'a [u8], node: u32) -> Self {
        Self(&arena[node as usize * ALIGNMENT..])
    }

    #[inline]
    pub(super) fn role(self) -> Role {
        Role::of(self.0[0])
    }

    #[inline]
    pub(super) fn has_dname(self) -> bool {
        self.0[0] & bit::DNAME != 0
    }

    #[inline]
    fn is_signed(self) -> bool {
        self.0[0] & bit::SIGNED != 0
    }

    #[inline]
    pub(super) fn rrset_count(self) -> u16 {
        word(self.0, 2)
    }

    /// For an occluded name, the topmost cut or DNAME above it; for others, the child `*`.
    #[inline]
    pub(super) fn link(self) -> u32 {
        long(self.0, LINK)
    }

    /// Which of the rrsets answers ANY: the smallest, the alias where there is one (RFC 8482 §4.1).
    pub(super) fn smallest(self) -> u16 {
        word(self.0, SMALLEST)
    }

    /// The name, in the case it was written in.
    #[inline]
    pub(super) fn name(self) -> NameRef<'a> {
        NameRef::trusted(&self.0[self.name_at()..])
    }

    #[inline]
    fn name_at(self) -> usize {
        if self.0[0] & bit::NAME_AHEAD == 0 { HEADER } else { long(self.0, HEADER) as usize }
    }

    /// Whether the name is this one, which is given on the wire.
    #[inline]
    pub(super) fn is(self, name: &[u8]) -> bool {
        let at = self.name_at();
        self.0.get(at..at + name.len()).is_some_and(|own| is_alike(own, name))
    }

    #[inline]
    fn table(self) -> usize {
        HEADER + if self.0[0] & bit::NAME_AHEAD == 0 { usize::from(self.0[1]) } else { 4 }
    }

    /// The row of an rrset, which the node must have.
    #[inline]
    pub(super) fn entry(self, index: u16) -> Entry {
        let at = self.table() + ENTRY * usize::from(index);
        let row = &self.0[at..at + ENTRY];
        Entry { rtype: Rtype(word(row, 0)), count: word(row, 2), ttl: long(row, 4), data: long(row, 8) }
    }

    /// The number of the rrset of a type.
    #[inline]
    pub(super) fn find(self, rtype: Rtype) -> Option<u16> {
        let table = self.table();
        let (mut first, mut end) = (0, self.rrset_count());
        while first < end {
            let middle = first.midpoint(end);
            let found = word(self.0, table + ENTRY * usize::from(middle));
            if found == rtype.0 {
                return Some(middle);
            }
            if found < rtype.0 { first = middle + 1 } else { end = middle }
        }
        None
    }

    #[inline]
    fn prefix(self, entry: Entry) -> Prefix {
        Prefix::of(entry.rtype, entry.count, self.is_signed())
    }

    /// The data of an rrset's records.
    #[inline]
    pub(super) fn rdatas(self, entry: Entry) -> Rdatas<'a> {
        Rdatas { octets: &self.0[entry.data as usize + self.prefix(entry).length()..], left: entry.count }
    }

    /// The data of the RRSIG records that cover an rrset.
    #[inline]
    pub(super) fn signatures(self, entry: Entry) -> Rdatas<'a> {
        if !self.prefix(entry).has_signatures {
            return Rdatas { octets: &[], left: 0 };
        }
        let at = entry.data as usize;
        Rdatas { octets: &self.0[long(self.0, at) as usize..], left: word(self.0, at + 4) }
    }

    /// The nodes whose addresses go with an rrset, and how many of them, the first, are at or below its owner.
    #[inline]
    pub(super) fn hosts(self, entry: Entry) -> (impl ExactSizeIterator<Item = u32> + use<'a>, usize) {
        let prefix = self.prefix(entry);
        let at = entry.data as usize + prefix.hosts_at();
        let (count, own) = if prefix.hosts == 0 { (0, 0) } else { (word(self.0, at), word(self.0, at + 2)) };
        let host = move |index| long(self.0, at + HOSTS + HOST * usize::from(index));
        ((0..count).map(host), own.into())
    }

    /// How many octets it has, those that fill it up included.
    fn length(self) -> usize {
        let Some(last) = self.rrset_count().checked_sub(1) else { return align(self.table()) };
        let entry = self.entry(last);
        let data = entry.data as usize + self.prefix(entry).length();
        align(data + self.rdatas(entry).map(|rdata| 2 + rdata.len()).sum::<usize>())
    }
}

/// What stands before an rrset's data.
#[derive(Clone, Copy)]
struct Prefix {
    has_signatures: bool,
    /// For how many hosts there is room.
    hosts: usize,
}

impl Prefix {
    #[inline]
    fn of(rtype: Rtype, count: u16, is_signed: bool) -> Self {
        let hosts = if names_hosts(rtype) { count.into() } else { 0 };
        Self { has_signatures: is_signed && rtype != Rtype::RRSIG, hosts }
    }

    #[inline]
    fn hosts_at(self) -> usize {
        if self.has_signatures { SIGNATURES } else { 0 }
    }

    #[inline]
    fn length(self) -> usize {
        self.hosts_at() + if self.hosts == 0 { 0 } else { HOSTS + HOST * self.hosts }
    }
}

/// Whether records of a type name hosts whose addresses a resolver will want next.
#[inline]
pub(super) fn names_hosts(rtype: Rtype) -> bool {
    matches!(rtype, Rtype::NS | Rtype::MX | Rtype::SRV | Rtype::SVCB | Rtype::HTTPS)
}

fn align(octets: usize) -> usize {
    octets.next_multiple_of(ALIGNMENT)
}

#[inline]
fn word(octets: &[u8], at: usize) -> u16 {
    let mut word = [0; 2];
    word.copy_from_slice(&octets[at..at + 2]);
    u16::from_le_bytes(word)
}

#[inline]
fn long(octets: &[u8], at: usize) -> u32 {
    let mut long = [0; 4];
    long.copy_from_slice(&octets[at..at + 4]);
    u32::from_le_bytes(long)
}

/// Goes over blocks in their order, by number.
#[derive(Clone, Debug)]
pub(super) struct Numbers<'a> {
    arena: &'a [u8],
    next: usize,
}

impl<'a> Numbers<'a> {
    /// The blocks from one on.
    pub(super) fn from(arena: &'a [u8], node: u32) -> Self {
        Self { arena, next: node as usize * ALIGNMENT }
    }
}

impl Iterator for Numbers<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let node = (self.next < self.arena.len()).then_some((self.next / ALIGNMENT) as u32)?;
        self.next += Block::at(self.arena, node).length();
        Some(node)
    }
}

/// A node's header, before its block is written.
pub(super) struct Head {
    pub(super) role: Role,
    pub(super) has_dname: bool,
    pub(super) is_signed: bool,
    pub(super) rrset_count: u16,
    pub(super) link: u32,
}

/// What a node is called: its own octets, or those that a node further on will have.
pub(super) enum Naming<'n> {
    Own(NameRef<'n>),
    /// In so many octets from the block's start.
    Ahead(u32),
}

/// Writes blocks one after the other, rrset after rrset in the order of the table.
pub(super) struct Encoder<'a> {
    arena: &'a mut Vec<u8>,
    start: usize,
    table: usize,
    written: usize,
    is_signed: bool,
    /// The size of the smallest rrset, and its number.
    smallest: (usize, u16),
}

impl<'a> Encoder<'a> {
    /// Begins a block at the end of the arena.
    pub(super) fn new(arena: &'a mut Vec<u8>, head: &Head, name: Naming<'_>) -> Self {
        let start = arena.len();
        let name_length = if let Naming::Own(name) = name { name.octets().len() as u8 } else { 0 };
        let ahead = if let Naming::Ahead(_) = name { bit::NAME_AHEAD } else { 0 };
        let dname = if head.has_dname { bit::DNAME } else { 0 };
        let signed = if head.is_signed { bit::SIGNED } else { 0 };
        let (count, link) = (head.rrset_count.to_le_bytes(), head.link.to_le_bytes());
        let bits = head.role as u8 | dname | signed | ahead;
        let header = [bits, name_length, count[0], count[1], link[0], link[1], link[2], link[3], 0, 0];
        arena.extend_from_slice(&header);
        match name {
            Naming::Own(name) => arena.extend_from_slice(name.octets()),
            Naming::Ahead(distance) => arena.extend_from_slice(&distance.to_le_bytes()),
        }
        let table = arena.len();
        // Most tables are of one row: as much as is written without asking how much it is.
        (0..head.rrset_count).for_each(|_| arena.extend_from_slice(&[0; ENTRY]));
        Self { arena, start, table, written: 0, is_signed: head.is_signed, smallest: (usize::MAX, 0) }
    }

    /// Adds an rrset, the next of the table.
    pub(super) fn rrset<'r>(&mut self, rtype: Rtype, ttl: u32, rdatas: impl ExactSizeIterator<Item = &'r [u8]>) {
        // Only RRSIG records can be more (any other rrset is refused long before), and no message holds so many.
        let (data, count) = (self.arena.len(), rdatas.len().min(u16::MAX.into()) as u16);
        let prefix = Prefix::of(rtype, count, self.is_signed).length();
        if prefix > 0 {
            self.arena.resize(data + prefix, 0);
        }
        let first = self.arena.len();
        for rdata in rdatas.take(count.into()) {
            self.arena.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
            self.arena.extend_from_slice(rdata);
        }
        let row = &mut self.arena[self.table + ENTRY * self.written..][..ENTRY];
        row[..2].copy_from_slice(&rtype.0.to_le_bytes());
        row[2..4].copy_from_slice(&count.to_le_bytes());
        row[4..8].copy_from_slice(&ttl.to_le_bytes());
        row[8..].copy_from_slice(&((data - self.start) as u32).to_le_bytes());
        let size = match rtype {
            Rtype::CNAME => 0,
            // A signature alone answers nothing, nor does a proof.
            Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3 => usize::MAX - 1,
            _ => self.arena.len() - first,
        };
        self.smallest = self.smallest.min((size, self.written as u16));
        self.written += 1;
    }

    /// Ends the block and gives its number.
    pub(super) fn finish(self) -> u32 {
        let Self { arena, start, smallest, is_signed, .. } = self;
        arena[start + SMALLEST..start + SMALLEST + 2].copy_from_slice(&smallest.1.to_le_bytes());
        if is_signed {
            link_signatures(&mut arena[start..]);
        }
        arena.extend_from_slice(&[0; ALIGNMENT][..align(arena.len()) - arena.len()]);
        (start / ALIGNMENT) as u32
    }
}

/// Notes, for each rrset of a block, which signatures cover it: those of one type lie together.
fn link_signatures(block: &mut [u8]) {
    let Some(entry) = Block(block).find(Rtype::RRSIG).map(|index| Block(block).entry(index)) else { return };
    let mut at = entry.data as usize;
    for _ in 0..entry.count {
        let rdata = &block[at + 2..];
        let covered = Rtype(u16::from_be_bytes([rdata[0], rdata[1]]));
        let length = 2 + usize::from(u16::from_be_bytes([block[at], block[at + 1]]));
        if let Some(index) = Block(block).find(covered).filter(|_| covered != Rtype::RRSIG) {
            let place = Block(block).entry(index).data as usize;
            let count = word(block, place + 4);
            if count == 0 {
                block[place..place + 4].copy_from_slice(&(at as u32).to_le_bytes());
            }
            block[place + 4..place + 6].copy_from_slice(&(count + 1).to_le_bytes());
        }
        at += length;
    }
}

/// Sets a node's link.
pub(super) fn set_link(arena: &mut [u8], node: u32, link: u32) {
    let at = node as usize * ALIGNMENT + LINK;
    arena[at..at + 4].copy_from_slice(&link.to_le_bytes());
}

/// Sets the data of a node's rrset, which has as many records, each of the length of the one in its place.
pub(super) fn set_rdatas(arena: &mut [u8], node: u32, rrset: u16, rdatas: &[&[u8]]) {
    let block = Block::at(arena, node);
    let entry = block.entry(rrset);
    let mut at = node as usize * ALIGNMENT + entry.data as usize + block.prefix(entry).length();
    for rdata in rdatas {
        arena[at + 2..at + 2 + rdata.len()].copy_from_slice(rdata);
        at += 2 + rdata.len();
    }
}

/// Sets the hosts of a node's rrset, at most one a record: each node, and whether it is at or below the owner; those first.
pub(super) fn set_hosts(arena: &mut [u8], node: u32, rrset: u16, hosts: &[(u32, bool)]) {
    let block = Block::at(arena, node);
    let entry = block.entry(rrset);
    let at = node as usize * ALIGNMENT + entry.data as usize + block.prefix(entry).hosts_at();
    let own = hosts.iter().take_while(|host| host.1).count();
    arena[at..at + 2].copy_from_slice(&(hosts.len() as u16).to_le_bytes());
    arena[at + 2..at + HOSTS].copy_from_slice(&(own as u16).to_le_bytes());
    for (place, host) in arena[at + HOSTS..].chunks_exact_mut(HOST).zip(hosts) {
        place.copy_from_slice(&host.0.to_le_bytes());
    }
}
