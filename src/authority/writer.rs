//! Sections to octets: the general way to write an answer, with ordinary compression (RFC 1035 §4.1.4).
//!
//! In: owners and rrsets, in the order they are to stand. Out: octets of one message, within a limit. An rrset is written
//! whole or not at all (RFC 2181 §9), and nothing is allocated.

use super::{Rdatas, RrsetRef};
use crate::dns::{Class, NameRef, Rtype};
use crate::zonefile::rdata;

/// A section of a message, numbered as the header counts them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Section {
    /// What was asked for.
    Answer = 1,
    /// Who is the authority for it, or why there is none.
    Authority = 2,
    /// What a resolver will want next.
    Additional = 3,
}

/// There is no room for the whole rrset; nothing of it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full;

/// The octets of a message before its first record: the header.
const HEADER: usize = 12;

/// The most suffixes that are remembered to be pointed at. An answer of 1,232 octets has room for fewer; longer ones lose
/// a few pointers.
const MAX_TARGETS: usize = 96;

/// A name in the message that can be pointed at.
#[derive(Clone, Copy, Default)]
struct Target {
    hash: u32,
    offset: u16,
}

/// Writes the sections of one message.
pub struct Writer<'m> {
    message: &'m mut [u8],
    at: usize,
    limit: usize,
    class: Class,
    has_dnssec: bool,
    counts: [u16; 4],
    has_compression: bool,
    targets: [Target; MAX_TARGETS],
    target_count: usize,
}

impl<'m> Writer<'m> {
    /// Goes on behind the question, which ends at `at`; not past `limit`, nor past the end of `message`.
    ///
    /// Without compression every name stands whole, so that the records can be lifted out of the message.
    pub fn new(message: &'m mut [u8], at: usize, limit: usize, has_compression: bool) -> Self {
        let limit = limit.min(message.len());
        let (counts, targets) = ([0, 0, 0, 0], [Target::default(); MAX_TARGETS]);
        let mut writer = Self {
            message,
            at,
            limit,
            class: Class::IN,
            has_dnssec: false,
            counts,
            has_compression,
            targets,
            target_count: 0,
        };
        writer.remember_question();
        writer
    }

    /// Writes records of another class than IN from here on.
    pub fn set_class(&mut self, class: Class) {
        self.class = class;
    }

    /// Writes rrsets with their signatures from here on (RFC 4035 §3.1).
    pub fn set_dnssec(&mut self) {
        self.has_dnssec = true;
    }

    /// Whether rrsets are written with their signatures.
    pub fn has_dnssec(&self) -> bool {
        self.has_dnssec
    }

    /// Where the next record goes, and how many records each section has: answer, authority, additional.
    pub fn finish(self) -> (usize, [u16; 3]) {
        (self.at, [self.counts[1], self.counts[2], self.counts[3]])
    }

    /// Writes an rrset under `owner`, its signatures with it where they are wanted.
    ///
    /// # Errors
    ///
    /// [`Full`] if it does not fit whole.
    pub fn rrset(&mut self, section: Section, owner: NameRef<'_>, rrset: RrsetRef<'_>, ttl: u32) -> Result<(), Full> {
        if rrset.rtype() == Rtype::RRSIG {
            return self.signatures(section, owner, rrset.rdatas());
        }
        let before = (self.at, self.target_count, self.counts);
        self.records(section, owner, rrset.rtype(), ttl, rrset.rdatas())?;
        if !self.has_dnssec {
            return Ok(());
        }
        // A signature's TTL is that of what it covers (RFC 4034 §3).
        let signed = self.records(section, owner, Rtype::RRSIG, ttl, rrset.signatures());
        if signed.is_err() {
            (self.at, self.target_count, self.counts) = before;
        }
        signed
    }

    /// Writes signatures that are asked for by their type. They form no rrset: each has the TTL of what it covers, and says so
    /// (RFC 4034 §3, RFC 4035 §2.2).
    fn signatures(&mut self, section: Section, owner: NameRef<'_>, rdatas: Rdatas<'_>) -> Result<(), Full> {
        let before = (self.at, self.target_count, self.counts);
        for rdata in rdatas {
            let written = self.records(section, owner, Rtype::RRSIG, rdata::original_ttl(rdata), [rdata].into_iter());
            if written.is_err() {
                (self.at, self.target_count, self.counts) = before;
                return written;
            }
        }
        Ok(())
    }

    /// Writes an rrset that nobody asked for: where there is no room for its signatures, without them (RFC 4035 §3.1.1).
    ///
    /// # Errors
    ///
    /// [`Full`] if not even its records fit.
    pub fn additional(&mut self, owner: NameRef<'_>, rrset: RrsetRef<'_>) -> Result<(), Full> {
        let section = Section::Additional;
        let whole = self.rrset(section, owner, rrset, rrset.ttl());
        whole.or_else(|Full| self.records(section, owner, rrset.rtype(), rrset.ttl(), rrset.rdatas()))
    }

    /// Writes the records of one owner and type.
    ///
    /// # Errors
    ///
    /// [`Full`] if they do not all fit.
    pub fn records<'r>(
        &mut self,
        section: Section,
        owner: NameRef<'_>,
        rtype: Rtype,
        ttl: u32,
        rdatas: impl ExactSizeIterator<Item = &'r [u8]>,
    ) -> Result<(), Full> {
        let (start, targets) = (self.at, self.target_count);
        let count = rdatas.len() as u16;
        for rdata in rdatas {
            if self.record(owner, rtype, ttl, rdata).is_err() {
                (self.at, self.target_count) = (start, targets);
                return Err(Full);
            }
        }
        self.counts[section as usize] += count;
        Ok(())
    }

    fn record(&mut self, owner: NameRef<'_>, rtype: Rtype, ttl: u32, rdata: &[u8]) -> Result<(), Full> {
        self.name(owner, self.has_compression)?;
        let mut fixed = [0; 10];
        fixed[..2].copy_from_slice(&rtype.0.to_be_bytes());
        fixed[2..4].copy_from_slice(&self.class.0.to_be_bytes());
        fixed[4..8].copy_from_slice(&ttl.to_be_bytes());
        self.octets(&fixed)?;
        let start = self.at;
        self.rdata(rtype, rdata)?;
        let length = (self.at - start) as u16;
        self.message[start - 2..start].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    fn rdata(&mut self, rtype: Rtype, rdata: &[u8]) -> Result<(), Full> {
        let mut done = 0;
        if self.has_compression {
            for name in rdata::names(rtype, rdata).filter(|name| name.compress) {
                self.octets(&rdata[done..name.start])?;
                self.name(NameRef::trusted(&rdata[name.start..name.end]), true)?;
                done = name.end;
            }
        }
        self.octets(&rdata[done..])
    }

    fn octets(&mut self, octets: &[u8]) -> Result<(), Full> {
        let end = self.at + octets.len();
        if end > self.limit {
            return Err(Full);
        }
        self.message[self.at..end].copy_from_slice(octets);
        self.at = end;
        Ok(())
    }

    /// Writes a name, the longest tail of it that stands in the message already as a pointer.
    fn name(&mut self, name: NameRef<'_>, may_point: bool) -> Result<(), Full> {
        if !may_point {
            return self.octets(name.octets());
        }
        let suffixes = Suffixes::new(name);
        let known = suffixes.iter().find_map(|(start, hash)| Some((start, self.find(&name.octets()[start..], hash)?)));
        let (own, pointer) = match known {
            Some((start, offset)) => (start, Some(offset)),
            None => (name.octets().len(), None),
        };
        let place = self.at;
        self.octets(&name.octets()[..own])?;
        if let Some(offset) = pointer {
            self.octets(&(0xC000 | offset).to_be_bytes())?;
        }
        for (start, hash) in suffixes.iter().filter(|&(start, _)| start < own) {
            self.remember(place + start, hash);
        }
        Ok(())
    }

    fn remember_question(&mut self) {
        if !self.has_compression {
            return;
        }
        let mut octets = [0; 255];
        let length = NameRef::trusted(&self.message[HEADER..self.at]).octets().len().min(255);
        octets[..length].copy_from_slice(&self.message[HEADER..HEADER + length]);
        for (start, hash) in Suffixes::new(NameRef::trusted(&octets[..length])).iter() {
            self.remember(HEADER + start, hash);
        }
    }

    /// Pointers have 14 bits: what lies further on cannot be pointed at.
    fn remember(&mut self, offset: usize, hash: u32) {
        if offset <= 0x3FFF && self.target_count < MAX_TARGETS {
            self.targets[self.target_count] = Target { hash, offset: offset as u16 };
            self.target_count += 1;
        }
    }

    fn find(&self, suffix: &[u8], hash: u32) -> Option<u16> {
        let like = self.targets[..self.target_count].iter().filter(|target| target.hash == hash);
        like.map(|target| target.offset).find(|&offset| self.is_at(suffix, offset.into()))
    }

    /// Whether the name at `at` of the message, pointers followed, is `suffix`.
    fn is_at(&self, mut suffix: &[u8], mut at: usize) -> bool {
        loop {
            let length = usize::from(self.message[at]);
            if length >= 0xC0 {
                at = (length & 0x3F) << 8 | usize::from(self.message[at + 1]);
                continue;
            }
            let (label, rest) = suffix.split_at((1 + length).min(suffix.len()));
            if !self.message[at..at + 1 + length].eq_ignore_ascii_case(label) {
                return false;
            }
            if length == 0 {
                return true;
            }
            (suffix, at) = (rest, at + 1 + length);
        }
    }
}

/// The suffixes of a name, the root left out: where each starts and a hash of it, the longest first.
struct Suffixes {
    starts: [u8; 128],
    hashes: [u32; 128],
    count: usize,
}

impl Suffixes {
    fn new(name: NameRef<'_>) -> Self {
        let (mut suffixes, mut at) = (Self { starts: [0; 128], hashes: [0; 128], count: 0 }, 0);
        let octets = name.octets();
        while octets[at] != 0 {
            suffixes.starts[suffixes.count] = at as u8;
            suffixes.count += 1;
            at += 1 + usize::from(octets[at]);
        }
        // FNV-1a from the right. Within one message nothing is gained by making hashes collide.
        let (mut hash, mut end) = (0x811C_9DC5u32, at);
        for index in (0..suffixes.count).rev() {
            let start = usize::from(suffixes.starts[index]);
            for octet in &octets[start..end] {
                hash = (hash ^ u32::from(octet.to_ascii_lowercase())).wrapping_mul(0x0100_0193);
            }
            (suffixes.hashes[index], end) = (hash, start);
        }
        suffixes
    }

    fn iter(&self) -> impl Iterator<Item = (usize, u32)> {
        (0..self.count).map(|index| (usize::from(self.starts[index]), self.hashes[index]))
    }
}
