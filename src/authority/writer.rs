//! Sections to octets: the general way to write an answer, with ordinary compression (RFC 1035 §4.1.4).
//!
//! In: owners and rrsets, in the order they are to stand. Out: octets of one message, within a limit. An rrset is written
//! whole or not at all (RFC 2181 §9), and nothing is allocated.

use super::targets::{self, Targets, pointer};
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

/// Octets of a record before its data, the owner a pointer: owner, type, class, TTL, length.
const HEAD: usize = 12;

/// Writes the sections of one message.
pub struct Writer<'m> {
    message: &'m mut [u8],
    at: usize,
    limit: usize,
    class: Class,
    has_dnssec: bool,
    counts: [u16; 4],
    has_compression: bool,
    /// Where the question ends: its name, and four octets.
    question_end: usize,
    /// What can be pointed at; none before the first name that has to be looked for.
    targets: Option<Targets>,
}

impl<'m> Writer<'m> {
    /// Goes on behind the question, which ends at `at`; not past `limit`, nor past the end of `message`.
    ///
    /// Without compression every name stands whole, so that the records can be lifted out of the message.
    pub fn new(message: &'m mut [u8], at: usize, limit: usize, has_compression: bool) -> Self {
        let limit = limit.min(message.len());
        Self {
            message,
            at,
            limit,
            class: Class::IN,
            has_dnssec: false,
            counts: [0; 4],
            has_compression,
            question_end: at,
            targets: None,
        }
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
        let before = self.mark();
        self.records(section, owner, rrset.rtype(), ttl, rrset.rdatas())?;
        if !self.has_dnssec {
            return Ok(());
        }
        // A signature's TTL is that of what it covers (RFC 4034 §3).
        let signed = self.records(section, owner, Rtype::RRSIG, ttl, rrset.signatures());
        if signed.is_err() {
            self.rewind(before);
        }
        signed
    }

    /// Writes signatures that are asked for by their type. They form no rrset: each has the TTL of what it covers, and says so
    /// (RFC 4034 §3, RFC 4035 §2.2).
    fn signatures(&mut self, section: Section, owner: NameRef<'_>, rdatas: Rdatas<'_>) -> Result<(), Full> {
        let before = self.mark();
        for rdata in rdatas {
            let written = self.records(section, owner, Rtype::RRSIG, rdata::original_ttl(rdata), [rdata].into_iter());
            if written.is_err() {
                self.rewind(before);
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
        let (before, count) = (self.mark(), rdatas.len() as u16);
        let mut fixed = [0; 8];
        fixed[..2].copy_from_slice(&rtype.0.to_be_bytes());
        fixed[2..4].copy_from_slice(&self.class.0.to_be_bytes());
        fixed[4..].copy_from_slice(&ttl.to_be_bytes());
        let mut known = self.in_question(owner);
        for rdata in rdatas {
            let written = match known {
                Some(pointer) => self.record(pointer, fixed, rtype, rdata),
                None => self.first_record(owner, fixed, rtype, rdata).map(|pointer| known = pointer),
            };
            if written.is_err() {
                self.rewind(before);
                return written;
            }
        }
        self.counts[section as usize] += count;
        Ok(())
    }

    /// Writes a record, its owner as a pointer.
    #[inline]
    fn record(&mut self, owner: [u8; 2], fixed: [u8; 8], rtype: Rtype, rdata: &[u8]) -> Result<(), Full> {
        let head = self.room(HEAD)?;
        head[..2].copy_from_slice(&owner);
        head[2..10].copy_from_slice(&fixed);
        self.rdata(rtype, rdata)
    }

    /// Writes a record whose owner does not stand in the question, and gives a pointer to that.
    fn first_record(
        &mut self,
        owner: NameRef<'_>,
        fixed: [u8; 8],
        rtype: Rtype,
        rdata: &[u8],
    ) -> Result<Option<[u8; 2]>, Full> {
        let start = self.at;
        self.name(owner)?;
        let known = match self.message[start] {
            _ if !self.has_compression => None,
            0 => None,
            high @ 0xC0.. => Some([high, self.message[start + 1]]),
            _ => pointer(start),
        };
        self.room(HEAD - 2)?[..8].copy_from_slice(&fixed);
        self.rdata(rtype, rdata)?;
        Ok(known)
    }

    /// The next octets of the message, to be written.
    #[inline]
    fn room(&mut self, octets: usize) -> Result<&mut [u8], Full> {
        let start = self.at;
        if start + octets > self.limit {
            return Err(Full);
        }
        self.at += octets;
        Ok(&mut self.message[start..start + octets])
    }

    /// Where writing stands, to come back to.
    #[inline]
    fn mark(&self) -> Mark {
        Mark { at: self.at, targets: self.targets.as_ref().map_or(0, |targets| targets.count), counts: self.counts }
    }

    /// Takes back what was written since.
    fn rewind(&mut self, mark: Mark) {
        (self.at, self.counts) = (mark.at, mark.counts);
        if let Some(targets) = &mut self.targets {
            targets.count = mark.targets;
        }
    }

    /// Writes a record's data, and its length before it, for which room was kept.
    #[inline]
    fn rdata(&mut self, rtype: Rtype, rdata: &[u8]) -> Result<(), Full> {
        let start = self.at;
        if self.has_compression && rdata::may_compress(rtype) {
            self.compressed(rtype, rdata)?;
        } else {
            self.octets(rdata)?;
        }
        let length = (self.at - start) as u16;
        self.message[start - 2..start].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    fn compressed(&mut self, rtype: Rtype, rdata: &[u8]) -> Result<(), Full> {
        let mut done = 0;
        for name in rdata::names(rtype, rdata).filter(|name| name.compress) {
            self.octets(&rdata[done..name.start])?;
            self.name(NameRef::whole(&rdata[name.start..name.end]))?;
            done = name.end;
        }
        self.octets(&rdata[done..])
    }

    #[inline]
    fn octets(&mut self, octets: &[u8]) -> Result<(), Full> {
        self.room(octets.len())?.copy_from_slice(octets);
        Ok(())
    }

    /// A pointer to a name that is a tail of the question's, as most owners are.
    #[inline]
    fn in_question(&self, name: NameRef<'_>) -> Option<[u8; 2]> {
        let place = || targets::in_question(self.message, self.question_end, name.octets());
        if self.has_compression { place().and_then(pointer) } else { None }
    }

    /// Writes a name, the longest tail of it that stands in the message already as a pointer.
    #[inline]
    fn name(&mut self, name: NameRef<'_>) -> Result<(), Full> {
        if !self.has_compression {
            return self.octets(name.octets());
        }
        match self.in_question(name) {
            Some(pointer) => self.octets(&pointer),
            None => self.compress(name),
        }
    }

    /// Writes a name that the question does not end with.
    fn compress(&mut self, name: NameRef<'_>) -> Result<(), Full> {
        let targets = self.targets.get_or_insert(Targets::NONE);
        let (own, known) = targets.add(self.message, self.question_end, name, self.at);
        self.octets(&name.octets()[..own])?;
        match pointer(known).filter(|_| known > 0) {
            Some(pointer) => self.octets(&pointer),
            None => Ok(()),
        }
    }
}

/// How far a message was written.
#[derive(Clone, Copy)]
struct Mark {
    at: usize,
    targets: usize,
    counts: [u16; 4],
}
