//! Sections to octets: the general way to write an answer, with ordinary compression (RFC 1035 §4.1.4).
//!
//! In: owners and rrsets, in the order they are to stand. Out: octets of one message, within a limit. An rrset is written
//! whole or not at all (RFC 2181 §9), and nothing is allocated.

use super::targets::Targets;
use super::{Rdatas, RrsetRef};
use crate::dns::{Class, NameRef, Rtype, is_alike};
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

/// The octets of a question behind its name: type and class.
const QUESTION_END: usize = 4;

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
        let (before, start, count) = (self.mark(), self.at, rdatas.len() as u16);
        for rdata in rdatas {
            if self.record(owner, start, rtype, ttl, rdata).is_err() {
                self.rewind(before);
                return Err(Full);
            }
        }
        self.counts[section as usize] += count;
        Ok(())
    }

    /// Writes a record of a run that starts at `run`.
    #[inline]
    fn record(&mut self, owner: NameRef<'_>, run: usize, rtype: Rtype, ttl: u32, rdata: &[u8]) -> Result<(), Full> {
        match self.pointer_to_owner(run) {
            Some(pointer) => self.octets(&pointer)?,
            None => self.name(owner, self.has_compression)?,
        }
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

    /// A pointer to the owner of the records since `run`, once the first of them stands there.
    #[inline]
    fn pointer_to_owner(&self, run: usize) -> Option<[u8; 2]> {
        if run == self.at || !self.has_compression {
            return None;
        }
        match self.message[run] {
            0 => None,
            high @ 0xC0.. => Some([high, self.message[run + 1]]),
            _ => pointer(run),
        }
    }

    /// Where writing stands, to come back to.
    #[inline]
    fn mark(&self) -> Mark {
        Mark { at: self.at, targets: self.targets.as_ref().map_or(0, |targets| targets.count), counts: self.counts }
    }

    /// Takes back what was written since.
    fn rewind(&mut self, mark: Mark) {
        (self.at, self.counts) = (mark.at, mark.counts);
        match &mut self.targets {
            Some(targets) if mark.targets > 0 => targets.count = mark.targets,
            targets => *targets = None,
        }
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
    #[inline]
    fn name(&mut self, name: NameRef<'_>, may_point: bool) -> Result<(), Full> {
        if !may_point {
            return self.octets(name.octets());
        }
        match self.in_question(name) {
            Some(pointer) => self.octets(&pointer),
            None => self.compress(name),
        }
    }

    /// A pointer to a name that is a tail of the question's, as most owners are.
    #[inline]
    fn in_question(&self, name: NameRef<'_>) -> Option<[u8; 2]> {
        let (octets, end) = (name.octets(), self.question_end - QUESTION_END);
        let start = end.checked_sub(octets.len()).filter(|&start| start >= HEADER && octets.len() > 1)?;
        // The tail must start at a label, whatever octets there are in labels.
        let mut at = HEADER;
        while at < start {
            at += 1 + usize::from(self.message[at]);
        }
        (at == start && is_alike(&self.message[start..end], octets)).then(|| pointer(start))?
    }

    /// Writes a name, its longest known tail as a pointer, and remembers the tails that are new.
    fn compress(&mut self, name: NameRef<'_>) -> Result<(), Full> {
        let (message, place) = (&*self.message, self.at);
        let targets = self.targets.get_or_insert_with(|| Targets::of_question(&message[..self.question_end]));
        let (own, known) = targets.add(message, name, place);
        self.octets(&name.octets()[..own])?;
        known.map_or(Ok(()), |pointer| self.octets(&pointer))
    }
}

/// A pointer to an octet of the message, if its 14 bits reach it (RFC 1035 §4.1.4).
#[inline]
fn pointer(offset: usize) -> Option<[u8; 2]> {
    (offset <= 0x3FFF).then(|| (0xC000 | offset as u16).to_be_bytes())
}

/// How far a message was written.
#[derive(Clone, Copy)]
struct Mark {
    at: usize,
    targets: usize,
    counts: [u16; 4],
}
