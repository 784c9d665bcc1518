//! Entries to records: inherited owner, TTL and class, directives, recovery at the end of the entry.
//!
//! In: one file's octets and the state it starts from. Out: rows in [`Records`] and findings. An include is a parser of its
//! own that starts from this one's state and gives none of it back: origin, owner and TTL come back as they were.

use std::sync::Arc;

use super::context::Context;
use super::entry::{Entry, EntryReader};
use super::fields::Fields;
use super::header::{self, Header};
use super::lexer::{Token, TokenKind};
use super::pieces::{self, Cuts};
use super::shared::Zonefile;
use super::slips::Marker;
use super::{name, rdata, slips, ttl};
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::{Class, MAX_TTL, NameRef, Rtype};
use crate::source::{FileId, Span};

/// Places that a merge conflict's finding shows: git leaves four markers at most.
const MOST_MARKERS: usize = 4;

/// A merge conflict whose first marker was seen.
pub(super) struct Conflict {
    /// Its finding, to which the other markers are added as labels.
    pub(super) finding: usize,
    /// Past `=======`: these records are the other side's, and are read for their errors only.
    pub(super) is_second_half: bool,
}

/// Reads one file.
pub(super) struct Parser<'p, 'z, 'i> {
    pub(super) zonefile: &'p mut Zonefile<'z, 'i>,
    pub(super) context: Context,
    pub(super) file: FileId,
    pub(super) text: Arc<[u8]>,
    pub(super) conflict: Option<Conflict>,
}

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

impl<'p, 'z, 'i> Parser<'p, 'z, 'i> {
    /// A parser of `file` that starts from `context`.
    pub(super) fn new(zonefile: &'p mut Zonefile<'z, 'i>, context: Context, file: FileId) -> Self {
        let text = zonefile.sources.get(file).text().clone();
        Self::of(zonefile, context, file, text)
    }

    /// A parser of the text of `file`.
    pub(super) fn of(zonefile: &'p mut Zonefile<'z, 'i>, context: Context, file: FileId, text: Arc<[u8]>) -> Self {
        Self { zonefile, context, file, text, conflict: None }
    }

    /// Reads the file to its end.
    pub(super) fn run(self) {
        self.run_as(|parser, start| {
            parser.read_between(start, u32::MAX);
        });
    }

    /// Reads the file to its end, in pieces if it is large.
    pub(super) fn run_in_pieces(self, cuts: Cuts) {
        self.run_as(|parser, start| pieces::read(parser, start, cuts));
    }

    fn run_as(mut self, read: impl FnOnce(&mut Self, u32)) {
        self.zonefile.open.push(self.file);
        if let Some(start) = self.start() {
            read(&mut self, start);
        }
        self.zonefile.open.pop();
    }

    /// Reads the entries that start from octet `start` to before `stop`, and says where the next one is looked for.
    pub(super) fn read_between(&mut self, start: u32, stop: u32) -> u32 {
        let (text, mut tokens) = (self.text.clone(), Vec::new());
        let mut entries = EntryReader::new(&text, start, self.zonefile.limits.entry_octets).until(stop);
        while !self.zonefile.is_full && !self.context.is_doubtful && entries.offset() < stop {
            if let Some(next) = self.plain_record(&text, entries.offset()) {
                entries.skip_to(next);
                continue;
            }
            let Some(entry) = entries.read(&mut tokens) else { break };
            self.entry(&entry, &tokens);
        }
        entries.offset()
    }

    /// Where the first entry starts: after a byte order mark; nowhere in UTF-16.
    fn start(&mut self) -> Option<u32> {
        let text = self.text.clone();
        let (finding, start) = slips::encoding(&text, self.file);
        if let Some(finding) = finding {
            self.zonefile.report(finding);
        }
        start
    }

    fn entry(&mut self, entry: &Entry, tokens: &[Token]) {
        if let Some(fault) = entry.fault {
            let finding = self.fault(fault, entry);
            self.zonefile.report(finding);
            self.take_over(entry, tokens);
            return;
        }
        let first = tokens[0];
        let is_line_start = !entry.starts_blank && first.kind == TokenKind::Word && first.start == entry.start;
        let octet = first.text(&self.text)[0];
        let result = match octet {
            b'<' | b'=' | b'>' | b'|' if is_line_start && self.merge_marker(first, tokens) => Ok(()),
            b'#' | b'/' if !entry.starts_blank && slips::is_foreign_comment(first.text(&self.text)) => {
                Err(slips::foreign_comment(first.text(&self.text), self.span(first)))
            }
            b'$' if is_line_start => self.directive(tokens),
            b'$' if entry.starts_blank && first.kind == TokenKind::Word => self.indented_directive(entry, tokens),
            _ => self.record(entry, tokens),
        };
        if let Err(finding) = result {
            self.context.lose_ttl();
            self.zonefile.report(*finding);
        }
    }

    fn merge_marker(&mut self, first: Token, tokens: &[Token]) -> bool {
        let Some(marker) = slips::marker(first.text(&self.text)) else { return false };
        let last = tokens[tokens.len() - 1];
        let span = self.span(first).to(self.span(last));
        match &mut self.conflict {
            Some(conflict) if marker != Marker::Ours => {
                conflict.is_second_half = true;
                let others = &mut self.zonefile.findings[conflict.finding].others;
                if others.len() < MOST_MARKERS {
                    others.push(slips::marker_label(marker, span));
                }
            }
            _ => {
                self.zonefile.report(slips::merge_conflict(marker, span));
                let finding = self.zonefile.findings.len() - 1;
                self.conflict = Some(Conflict { finding, is_second_half: false });
            }
        }
        if marker == Marker::Theirs {
            self.conflict = None;
        }
        true
    }

    fn record(&mut self, entry: &Entry, tokens: &[Token]) -> Result<()> {
        let above = self.context.owner;
        self.read_record(entry, tokens).map_err(|finding| self.blame(finding, above, entry, tokens))
    }

    /// Reads one record.
    #[inline]
    fn read_record(&mut self, entry: &Entry, tokens: &[Token]) -> Result<()> {
        let header = header::split(&self.text, tokens, entry.starts_blank).ok_or_else(|| self.missing_type(tokens))?;
        let owner = self.owner(&header, entry)?;
        let rtype = self.rtype(&header)?;
        let ttl = self.ttl(&header)?;
        self.check_class(&header)?;
        let start = self.arena_offset(header.rtype)?;
        self.rdata(rtype, &tokens[header.rdata..], entry)?;
        if slips::has_text(rtype)
            && let Some(comment) = entry.comment
            && let Some(finding) = slips::unquoted_semicolon(&self.text, self.file, tokens, comment)
        {
            return Err(finding);
        }
        let ttl = ttl.map_or_else(|| self.inherited_ttl(rtype, &header, start as usize), Ok)?;
        self.context.last_ttl = Some(ttl);
        if let Some(finding) =
            slips::unexpected_owner(&self.text, self.file, &header, rtype, self.context.origin.as_ref())
        {
            self.zonefile.report(finding);
        }
        self.push_record(owner, start, rtype, ttl, entry.start);
        Ok(())
    }

    /// Makes a row of what lies in the arena, unless it is known not to be meant so.
    #[inline]
    pub(super) fn push_record(&mut self, owner: u32, rdata: u32, rtype: Rtype, ttl: u32, entry: u32) {
        if self.context.is_origin_known && !self.conflict.as_ref().is_some_and(|conflict| conflict.is_second_half) {
            self.zonefile.records.push(owner, rdata, rtype, ttl, self.file, entry);
        }
    }

    /// Takes the owner of an entry that is not read, for the records below that inherit it.
    fn take_over(&mut self, entry: &Entry, tokens: &[Token]) {
        self.context.lose_ttl();
        if let Some(&first) = tokens.first()
            && !entry.starts_blank
            && !matches!(first.text(&self.text)[0], b'$' | b'#')
        {
            drop(self.own(first));
        }
    }

    /// A directive with a blank before it.
    fn indented_directive(&mut self, entry: &Entry, tokens: &[Token]) -> Result<()> {
        match self.forget_directive(tokens[0]) {
            Some(name) => Err(slips::indented_directive(name, self.span(tokens[0]))),
            None => self.record(entry, tokens),
        }
    }

    pub(super) fn rtype(&self, header: &Header) -> Result<Rtype> {
        let text = header.rtype.text(&self.text);
        match rdata::from_mnemonic(text) {
            Some(rtype) if !rtype.is_meta() && header.rtype.kind == TokenKind::Word => Ok(rtype),
            Some(_) if header.rtype.kind == TokenKind::Word => Err(self.meta_type(header.rtype)),
            _ => Err(slips::unknown_type(text, self.span(header.rtype))),
        }
    }

    /// Where the owner is in the arena. The text that was the owner before is not read again.
    #[inline]
    fn owner(&mut self, header: &Header, entry: &Entry) -> Result<u32> {
        let Some(token) = header.owner else { return self.inherited_owner(entry) };
        match self.context.owner {
            Some(owner) if self.context.owner_text == token.text(&self.text) => Ok(owner),
            _ => self.own(token),
        }
    }

    /// Makes a token the owner, and says where it is in the arena.
    pub(super) fn own(&mut self, token: Token) -> Result<u32> {
        let offset = self.arena_offset(token)?;
        self.push_name(token)?;
        self.context.set_owner(Some(offset), token.text(&self.text));
        Ok(offset)
    }

    /// Appends the name that a token writes to the arena.
    pub(super) fn push_name(&mut self, token: Token) -> Result<()> {
        self.check_unquoted(token)?;
        let (text, span) = (token.text(&self.text), self.span(token));
        name::push(text, span, Some(self.context.origin.as_ref()), self.zonefile.records.arena())
    }

    /// Names in quotes are refused: servers differ on whether the quotes belong to them.
    pub(super) fn check_unquoted(&self, token: Token) -> Result<()> {
        match token.kind {
            TokenKind::Word => Ok(()),
            _ => Err(slips::quoted_name(token.text(&self.text), self.span(token))),
        }
    }

    /// Where the arena ends, if records can still be found there.
    #[inline]
    pub(super) fn arena_offset(&mut self, token: Token) -> Result<u32> {
        self.zonefile.end().ok_or_else(|| self.too_many_records(token))
    }

    fn inherited_owner(&mut self, entry: &Entry) -> Result<u32> {
        self.context.owner.ok_or_else(|| {
            self.context.doubt();
            // The lines below inherit something, so that this is said once.
            let arena = self.zonefile.records.arena();
            self.context.owner = u32::try_from(arena.len()).ok();
            arena.extend_from_slice(self.context.origin.as_ref().octets());
            slips::missing_owner(Span { file: self.file, start: entry.start, end: entry.start + 1 })
        })
    }

    #[inline]
    pub(super) fn ttl(&self, header: &Header) -> Result<Option<u32>> {
        let Some(token) = header.ttl else { return Ok(None) };
        self.ttl_of(token).map(Some)
    }

    /// The TTL that a token writes, in seconds.
    pub(super) fn ttl_of(&self, token: Token) -> Result<u32> {
        let text = token.text(&self.text);
        match ttl::parse(text) {
            Ok(ttl) if ttl <= MAX_TTL => Ok(ttl),
            _ => Err(slips::bad_ttl(text, self.span(token))),
        }
    }

    /// `$TTL`, or the TTL of the record before (RFC 2308 §4, RFC 1035 §5.1); the SOA record at a zone's start takes its own
    /// MINIMUM, which is then the zone's `$TTL`: that is what the field meant before there was one (RFC 1035 §3.3.13), and
    /// what BIND still does.
    pub(super) fn inherited_ttl(&mut self, rtype: Rtype, header: &Header, rdata: usize) -> Result<u32> {
        if let Some(ttl) = self.context.default_ttl.or(self.context.last_ttl) {
            return Ok(ttl);
        }
        self.context.doubt();
        let octets = self.zonefile.records.arena();
        if rtype == Rtype::SOA
            && let Some(minimum) = octets.get(rdata..).and_then(<[u8]>::last_chunk::<4>)
        {
            let minimum = u32::from_be_bytes(*minimum).min(MAX_TTL);
            self.context.default_ttl = Some(minimum);
            return Ok(minimum);
        }
        let finding = Diagnostic::new(&codes::MISSING_TTL, self.span(header.rtype), "this record has no TTL")
            .label("no TTL before the type, no `$TTL` above, and no record to inherit one from")
            .why("a resolver must be told how long it may keep the answer (RFC 2308 §4)")
            .fix("put `$TTL 3600` at the top of the file");
        Err(Box::new(finding))
    }

    pub(super) fn check_class(&self, header: &Header) -> Result<()> {
        match header.class {
            Some((token, class)) if class != Class::IN => Err(self.wrong_class(token)),
            _ => Ok(()),
        }
    }

    #[inline]
    pub(super) fn rdata(&mut self, rtype: Rtype, tokens: &[Token], entry: &Entry) -> Result<()> {
        let mut fields = Fields::new(&self.text, self.file, tokens, Some(self.context.origin.as_ref()), entry.end);
        rdata::parse(rtype, &mut fields, self.zonefile.records.arena())
    }

    /// Where a token is.
    pub(super) fn span(&self, token: Token) -> Span {
        Span { file: self.file, start: token.start, end: token.end }
    }

    /// The origin as a slice, for those who hold the parser.
    pub(super) fn origin(&self) -> NameRef<'_> {
        self.context.origin.as_ref()
    }
}
