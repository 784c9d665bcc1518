//! Records as they were read: a table of small rows over one arena of octets, each with its place in the text.
//!
//! # Design
//!
//! A row keeps where its entry starts, and [`Records::places`] reads that one entry again when a finding wants to underline
//! a part of it. Keeping every span would cost more memory than the records themselves.

use std::ops::Range;

use super::entry::EntryReader;
use super::lexer::{Lexer, Token, TokenKind};
use super::{generate, header};
use crate::diagnostic::Edit;
use crate::dns::{NameRef, Rtype};
use crate::source::{FileId, Sources, Span, may_speak_to_us};

/// One record: class IN, which is all that a zone here may have.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    owner: u32,
    rdata: u32,
    rdata_length: u16,
    /// Its type.
    pub rtype: Rtype,
    /// Its TTL in seconds, at most 2³¹ − 1.
    pub ttl: u32,
    /// The number of its file, little-endian: no zone includes as many.
    file: [u8; 3],
    /// How many octets its owner has: nobody has to walk over its labels for that.
    owner_octets: u8,
    entry: u32,
    position: u32,
}

impl Record {
    /// Where its entry starts: that of a `$GENERATE` line is shared by all it made.
    pub fn entry(&self) -> (FileId, u32) {
        (self.file(), self.entry)
    }

    fn file(&self) -> FileId {
        let [low, middle, high] = self.file;
        FileId(u32::from_le_bytes([low, middle, high, 0]))
    }

    /// The same at a place among all records: it knew its place among those of its part.
    #[inline]
    pub(super) fn placed(self, position: u32) -> Self {
        Self { position, ..self }
    }

    /// Its place among the records of its zone's text; in [`Parts`](super::Parts), among those of its part.
    pub fn position(&self) -> u32 {
        self.position
    }
}

/// The parts of a record's entry.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// The owner as written, or the blank that inherits it.
    pub owner: Span,
    /// The TTL, where one is written.
    pub ttl: Option<Span>,
    /// The type.
    pub rtype: Span,
    /// The data, from its first to its last token.
    pub rdata: Span,
}

/// The records of one zone's text, in its order or in another.
#[derive(Debug, Default)]
pub struct Records {
    octets: Vec<u8>,
    rows: Vec<Record>,
}

impl Records {
    /// The rows.
    pub fn rows(&self) -> &[Record] {
        &self.rows
    }

    /// A record's owner, in the case it was written in.
    pub fn owner(&self, record: &Record) -> NameRef<'_> {
        self.name(record.owner, record.owner_octets)
    }

    /// Where a record's owner is among all octets, and how many it has.
    pub(crate) fn place_of_owner(&self, record: &Record) -> (u32, u8) {
        (record.owner, record.owner_octets)
    }

    /// The name at a place that [`place_of_owner`](Self::place_of_owner) gave.
    pub(crate) fn name(&self, start: u32, octets: u8) -> NameRef<'_> {
        NameRef::whole(&self.octets[start as usize..start as usize + usize::from(octets)])
    }

    /// The name that starts at this octet.
    pub(super) fn name_at(&self, at: u32) -> NameRef<'_> {
        NameRef::trusted(&self.octets[at as usize..])
    }

    /// Adds a name that no row has yet, and says where it is.
    pub(super) fn add_name(&mut self, name: NameRef<'_>) -> u32 {
        let at = self.octets.len() as u32;
        self.octets.extend_from_slice(name.octets());
        at
    }

    /// A record's data on the wire, names uncompressed.
    pub fn rdata(&self, record: &Record) -> &[u8] {
        let start = record.rdata as usize;
        &self.octets[start..start + usize::from(record.rdata_length)]
    }

    /// Sets the serial number of an SOA record: the first of five numbers at the end of its data (RFC 1035 §3.3.13).
    pub(crate) fn set_serial(&mut self, soa: &Record, serial: u32) {
        let end = soa.rdata as usize + usize::from(soa.rdata_length);
        if let Some(numbers) = self.octets.get_mut(end.saturating_sub(20)..end) {
            numbers[..4].copy_from_slice(&serial.to_be_bytes());
        }
    }

    /// Where the parts of a record's entry are.
    pub fn places(&self, record: &Record, sources: &Sources) -> Places {
        self.read_again(record, sources).0
    }

    /// Where each token of a record's data is, in the order of the text.
    pub fn fields(&self, record: &Record, sources: &Sources) -> Vec<Span> {
        self.read_again(record, sources).1
    }

    fn read_again(&self, record: &Record, sources: &Sources) -> (Places, Vec<Span>) {
        let text = sources.get(record.file()).text();
        let mut tokens = Vec::new();
        let entry = EntryReader::new(text, record.entry, u32::MAX).read(&mut tokens);
        let whole =
            Span { file: record.file(), start: record.entry, end: entry.as_ref().map_or(record.entry, |e| e.end) };
        let span = |token: Token| Span { file: record.file(), start: token.start, end: token.end };
        let tokens = generate::record_tokens(text, &tokens);
        let Some(header) = entry.and_then(|entry| header::split(text, tokens, entry.starts_blank)) else {
            return (Places { owner: whole, ttl: None, rtype: whole, rdata: whole }, Vec::new());
        };
        let rtype = span(header.rtype);
        let fields: Vec<Span> = tokens[header.rdata..].iter().copied().map(span).collect();
        let rdata = match &fields[..] {
            [first, .., last] => first.to(*last),
            [only] => *only,
            [] => rtype.after(),
        };
        let owner = header.owner.map_or(Span { end: tokens[0].start, ..whole }, span);
        (Places { owner, ttl: header.ttl.map(span), rtype, rdata }, fields)
    }

    /// Whether a `$GENERATE` line made it: its entry is then no text of its own to edit.
    pub fn is_generated(&self, record: &Record, sources: &Sources) -> bool {
        sources.get(record.file()).text().get(record.entry as usize) == Some(&b'$')
    }

    /// The edit that takes the entry of a record out, which stands at `kept` too. A comment that is not there stays as a line.
    ///
    /// None where that is for people to do: the line makes other records as well, or says something between its parts.
    pub fn removal(&self, record: &Record, kept: &Record, sources: &Sources) -> Option<Edit> {
        let is_same = record.entry() == kept.entry();
        if is_same || self.is_generated(record, sources) {
            return None;
        }
        let text = |file: FileId| &sources.get(file).text()[..];
        let lines = EntryLines::read(text(record.file()), record.entry);
        let comment = lines.comment.map(|comment| comment.text(text(record.file())).trim_ascii_end());
        let known =
            EntryLines::read(text(kept.file()), kept.entry).comment.map(|comment| comment.text(text(kept.file())));
        // A waiver is about more than its line: who wrote it has to say what becomes of it.
        if lines.has_inner_comment || comment.is_some_and(may_speak_to_us) {
            return None;
        }
        let stays = lines.comment.filter(|_| comment != known.map(<[u8]>::trim_ascii_end));
        let end = stays.map_or(lines.end, |comment| comment.start);
        Some(Edit { span: Span { file: record.file(), start: record.entry, end }, text: String::new() })
    }

    /// Whether two records have one owner, the case of letters ignored.
    pub(crate) fn has_one_owner(&self, one: &Record, other: &Record) -> bool {
        one.owner == other.owner || self.owner(one).is(self.owner(other))
    }

    /// No records yet, with room for so many, and for so many octets.
    pub(super) fn with_room(rows: usize, octets: usize) -> Self {
        Self { octets: Vec::with_capacity(octets), rows: Vec::with_capacity(rows) }
    }

    /// How many rows there is room for.
    pub(crate) fn room(&self) -> usize {
        self.rows.capacity()
    }

    /// Asks for the octets of a record, and gives something that depends on them.
    #[inline]
    pub(super) fn touch(&self, row: &Record) -> u8 {
        let octet = |at: u32| self.octets.get(at as usize).copied().unwrap_or_default();
        octet(row.owner) ^ octet(row.rdata + u32::from(row.rdata_length))
    }

    /// Adds a row of `others` whose octets are taken over; the owner is that of the row before, at `last`, if it is written
    /// alike. Says where it is.
    pub(super) fn push_beside(&mut self, row: &Record, others: &Self, last: Range<usize>) -> Range<usize> {
        let (owner, mut at) = (others.owner(row).octets(), last);
        if self.octets[at.clone()] != *owner {
            at = self.octets.len()..self.octets.len() + owner.len();
            self.octets.extend_from_slice(owner);
        }
        let rdata = self.octets.len() as u32;
        self.octets.extend_from_slice(others.rdata(row));
        self.rows.push(Record { owner: at.start as u32, rdata, ..*row });
        at
    }

    /// Leaves out the records of these indices, which ascend.
    pub(crate) fn leave_out(&mut self, indices: &[u32]) {
        let (mut rest, mut index) = (indices, 0);
        if !rest.is_empty() {
            self.rows.retain(|_| {
                let is_left_out = rest.first() == Some(&index);
                rest = &rest[usize::from(is_left_out)..];
                index += 1;
                !is_left_out
            });
        }
    }

    /// Keeps the records of such owners and types only.
    pub(super) fn retain(&mut self, is_kept: impl Fn(NameRef<'_>, Rtype) -> bool) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.retain(|row| is_kept(self.owner(row), row.rtype));
        self.rows = rows;
    }

    /// Octets of memory held.
    pub fn memory(&self) -> usize {
        self.octets.capacity() + self.rows.capacity() * size_of::<Record>()
    }

    /// Makes room for about the records of these lines.
    pub(super) fn reserve(&mut self, text: &[u8]) {
        // Most entries are a line, and what they leave is about as long: what is not used is not touched either.
        self.rows.reserve(memchr::memchr_iter(b'\n', text).count());
        self.octets.reserve(text.len());
    }

    /// Gives back the room that is not used.
    pub(crate) fn shrink(&mut self) {
        self.octets.shrink_to_fit();
        self.rows.shrink_to_fit();
    }

    /// The arena, to which owners and rdata are appended before [`push`](Self::push) makes a row of them.
    pub(super) fn arena(&mut self) -> &mut Vec<u8> {
        &mut self.octets
    }

    /// How many octets the records have when they are compiled, at most: a record's data then has its length of two octets
    /// before it.
    #[inline]
    pub(super) fn compiled(&self) -> u64 {
        (self.octets.len() + 2 * self.rows.len()) as u64
    }

    /// How many octets all owners and data have.
    pub(crate) fn octets(&self) -> usize {
        self.octets.len()
    }

    /// Adds other records behind these, for which there must be numbers left.
    pub(crate) fn append(&mut self, other: Records) {
        let offset = self.octets.len() as u32;
        self.octets.extend_from_slice(&other.octets);
        let moved = |row: &Record| Record { owner: row.owner + offset, rdata: row.rdata + offset, ..*row };
        self.rows.extend(other.rows.iter().map(moved));
    }

    /// Adds a row; `owner` and `rdata` are offsets into the arena, which ends with the rdata.
    pub(super) fn push(&mut self, owner: u32, rdata: u32, rtype: Rtype, ttl: u32, file: FileId, entry: u32) {
        let rdata_length = (self.octets.len() - rdata as usize) as u16;
        let position = self.rows.len() as u32;
        let owner_octets = match self.rows.last() {
            Some(last) if last.owner == owner => last.owner_octets,
            // A name has 255 octets at most.
            _ => self.name_at(owner).octets().len() as u8,
        };
        let [low, middle, high, _] = file.0.to_le_bytes();
        let file = [low, middle, high];
        self.rows.push(Record { owner, rdata, rdata_length, rtype, ttl, file, owner_octets, entry, position });
    }
}

/// Whether records that have so many octets when they are compiled can be found by 32-bit offsets, there and before.
#[inline]
pub(super) fn fits(compiled: u64) -> bool {
    u32::try_from(compiled).is_ok()
}

/// An entry as lines of text.
struct EntryLines {
    /// The first octet of the line below it.
    end: u32,
    /// The comment behind all its parts.
    comment: Option<Token>,
    /// Whether there are comments between its parts, too.
    has_inner_comment: bool,
}

impl EntryLines {
    /// The entry that starts at octet `start`, which was read without a fault.
    fn read(text: &[u8], start: u32) -> Self {
        let mut lines = Self { end: text.len() as u32, comment: None, has_inner_comment: false };
        let (mut is_open, mut has_data) = (false, false);
        for token in Lexer::new(text, start) {
            match token.kind {
                TokenKind::Newline if has_data && !is_open => {
                    lines.end = token.end;
                    break;
                }
                TokenKind::Comment => lines.comment = Some(token),
                TokenKind::Blank | TokenKind::Newline => {}
                kind => {
                    // What follows a comment makes it one between parts.
                    lines.has_inner_comment |= lines.comment.take().is_some();
                    is_open = (is_open || kind == TokenKind::Open) && kind != TokenKind::Close;
                    has_data |= token.is_data();
                }
            }
        }
        lines
    }
}
