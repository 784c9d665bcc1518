//! Entries to records: inherited owner, TTL and class, directives, recovery at the end of the entry.
//!
//! In: one file's octets and the state it starts from. Out: rows in [`Records`] and findings. An include is a parser of its
//! own that starts from this one's state and gives none of it back: origin, owner and TTL come back as they were.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::Context;
use super::entry::{Entry, EntryReader, Fault};
use super::fields::Fields;
use super::header::{self, Header};
use super::lexer::{Token, TokenKind};
use super::parts::Parts;
use super::pieces::{self, Cuts};
use super::records::fits;
use super::slips::Marker;
use super::{Include, Limits, Records, name, rdata, slips, ttl};
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::{Class, MAX_TTL, NameRef, Rtype};
use crate::source::{FileId, Sources, Span};

/// What all files of a zone share while they are read.
pub(super) struct Zonefile<'z, 'i> {
    pub(super) sources: &'z mut Sources,
    pub(super) limits: &'z Limits,
    pub(super) include: &'z mut Include<'i>,
    /// What was read up to the end of the last piece.
    pub(super) read: Parts,
    /// What was read since.
    pub(super) records: Records,
    pub(super) findings: Vec<Diagnostic>,
    /// The texts by name: a file is kept once, however often it is included.
    pub(super) files: BTreeMap<String, FileId>,
    /// The files being read, outermost first: an include of one of them is a cycle.
    pub(super) open: Vec<FileId>,
    /// How many includes were carried out, and how many octets were read in all.
    pub(super) includes: usize,
    pub(super) octets: u64,
    /// How many octets `$GENERATE` lines made, about.
    pub(super) generated: u64,
    /// The limit of findings is reached: nothing more is read.
    pub(super) is_full: bool,
}

impl<'z, 'i> Zonefile<'z, 'i> {
    /// Nothing read yet.
    pub(super) fn new(sources: &'z mut Sources, limits: &'z Limits, include: &'z mut Include<'i>) -> Self {
        let files = sources.iter().map(|(file, source)| (source.name().to_owned(), file)).collect();
        Self {
            sources,
            limits,
            include,
            read: Parts::default(),
            records: Records::default(),
            findings: Vec::new(),
            files,
            open: Vec::new(),
            includes: 0,
            octets: 0,
            generated: 0,
            is_full: false,
        }
    }

    /// Adds a piece's records to what was read, with those before it.
    pub(super) fn take(&mut self, piece: Records) {
        self.read.push(std::mem::take(&mut self.records));
        self.read.push(piece);
    }

    /// All records that were read.
    pub(super) fn into_records(mut self) -> Parts {
        self.read.push(self.records);
        self.read
    }

    /// Where the arena ends, if records can still be found there.
    #[inline]
    pub(super) fn end(&self) -> Option<u32> {
        fits(self.read.compiled() + self.records.compiled()).then_some(self.records.octets() as u32)
    }

    /// Keeps a finding, or ends the reading when there are too many.
    pub(super) fn report(&mut self, finding: Diagnostic) {
        if self.is_full {
            return;
        }
        if self.findings.len() >= self.limits.findings {
            self.is_full = true;
            let limit = self.limits.findings;
            let headline = format!("more than {limit} findings: the rest of the zone was not read");
            let finding = Diagnostic::new(&codes::TOO_MANY_FINDINGS, finding.primary.span, headline)
                .why("a text with so many errors is seldom a zone file")
                .fix("mend those above first, or raise `findings` under `[limits]` in the config");
            self.findings.push(finding);
            return;
        }
        self.findings.push(finding);
    }

    /// Keeps a finding after which nothing more is read, and gives it back for the way up.
    pub(super) fn give_up(&mut self, finding: Diagnostic) -> Box<Diagnostic> {
        self.report(finding.clone());
        self.is_full = true;
        Box::new(finding)
    }
}

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

    /// The finding for a record that cannot be read, a slip that explains it before what is merely so; what the records below
    /// inherit is set as it was meant. `above` is the owner that this record would have inherited.
    #[cold]
    fn blame(
        &mut self,
        finding: Box<Diagnostic>,
        above: Option<u32>,
        entry: &Entry,
        tokens: &[Token],
    ) -> Box<Diagnostic> {
        if slips::may_be_misplaced_blank(finding.code, entry.starts_blank)
            && let Some(slip) = self.misplaced_blank(entry, tokens)
        {
            match (entry.starts_blank, tokens.first()) {
                (true, Some(&first)) => drop(self.own(first)),
                _ => self.context.set_owner(above, b""),
            }
            return slip;
        }
        let slip = if slips::may_be_after_type(finding.code) { self.after_type(&finding, entry, tokens) } else { None };
        slip.unwrap_or(finding)
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
    fn own(&mut self, token: Token) -> Result<u32> {
        let offset = self.arena_offset(token)?;
        self.push_name(token)?;
        self.context.set_owner(Some(offset), token.text(&self.text));
        Ok(offset)
    }

    /// Appends the name that a token writes to the arena.
    fn push_name(&mut self, token: Token) -> Result<()> {
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
    fn rdata(&mut self, rtype: Rtype, tokens: &[Token], entry: &Entry) -> Result<()> {
        let mut fields = Fields::new(&self.text, self.file, tokens, Some(self.context.origin.as_ref()), entry.end);
        rdata::parse(rtype, &mut fields, self.zonefile.records.arena())
    }

    /// Whether these tokens are data of the type; leaves nothing in the arena.
    fn would_be_rdata(&mut self, rtype: Rtype, tokens: &[Token], entry: &Entry) -> bool {
        let scratch = self.zonefile.records.arena().len();
        let is_rdata = self.rdata(rtype, tokens, entry).is_ok();
        self.zonefile.records.arena().truncate(scratch);
        is_rdata
    }

    /// The finding for an entry that would be right with or without the blank before it, if this one is.
    fn misplaced_blank(&mut self, entry: &Entry, tokens: &[Token]) -> Option<Box<Diagnostic>> {
        let header = header::split(&self.text, tokens, !entry.starts_blank)?;
        let rtype = self.rtype(&header).ok()?;
        if let Some(owner) = header.owner {
            let scratch = self.zonefile.records.arena().len();
            let is_name = self.push_name(owner).is_ok();
            self.zonefile.records.arena().truncate(scratch);
            is_name.then_some(())?;
        }
        let is_record = self.would_be_rdata(rtype, &tokens[header.rdata..], entry);
        is_record.then(|| slips::misplaced_blank(&self.text, self.span(tokens[0]), entry.starts_blank))
    }

    /// The finding for a TTL or class that stands after the type, if that is what is wrong.
    fn after_type(&mut self, finding: &Diagnostic, entry: &Entry, tokens: &[Token]) -> Option<Box<Diagnostic>> {
        let header = header::split(&self.text, tokens, entry.starts_blank)?;
        let rtype = self.rtype(&header).ok()?;
        let suspect = *tokens.get(header.rdata).filter(|token| token.kind == TokenKind::Word)?;
        let word = suspect.text(&self.text);
        let is_class = header.class.is_none() && header::class_of(word).is_some();
        // All that a LOC holds are numbers; one less is a place as well.
        let is_ttl = header.ttl.is_none() && rtype != Rtype::LOC && header::looks_like_ttl(word);
        // A number where the type's first field is one, or what stands there is refused itself: then it was meant as a TTL.
        let is_blamed = is_class || finding.primary.span == self.span(suspect) || !slips::starts_with_number(rtype);
        if !(is_class || is_ttl) || !is_blamed || !self.would_be_rdata(rtype, &tokens[header.rdata + 1..], entry) {
            return None;
        }
        let mnemonic = header.rtype.text(&self.text);
        Some(slips::after_type(suspect.text(&self.text), self.span(suspect), is_class, mnemonic))
    }

    pub(super) fn missing_type(&self, tokens: &[Token]) -> Box<Diagnostic> {
        let last = self.span(tokens[tokens.len() - 1]);
        let finding = Diagnostic::new(&codes::MISSING_TYPE, last.after(), "this entry ends before its type")
            .label("expected a type such as A, AAAA, MX or TXT")
            .fix("write owner, type and data on one line: `www A 192.0.2.1`");
        Box::new(finding)
    }

    fn meta_type(&self, token: Token) -> Box<Diagnostic> {
        let text = String::from_utf8_lossy(token.text(&self.text)).into_owned();
        let headline = format!("{text} cannot stand in a zone");
        let finding = Diagnostic::new(&codes::META_TYPE, self.span(token), headline)
            .label("a type of questions and messages only")
            .why("no resolver could ask for such a record (RFC 6895 §3.1)")
            .fix("delete the record");
        Box::new(finding)
    }

    fn wrong_class(&self, token: Token) -> Box<Diagnostic> {
        let text = String::from_utf8_lossy(token.text(&self.text)).into_owned();
        let finding = Diagnostic::new(&codes::WRONG_CLASS, self.span(token), format!("the class {text} is not served"))
            .label("expected IN, or no class at all")
            .why("all records of a zone are of one class, and zones here are of class IN (RFC 1035 §5.2)")
            .fix("write `IN`");
        Box::new(finding)
    }

    fn too_many_records(&mut self, token: Token) -> Box<Diagnostic> {
        let headline = "the zone has more data than 4 GiB";
        let finding = Diagnostic::new(&codes::TOO_MANY_RECORDS, self.span(token), headline)
            .why("records are found by 32-bit offsets")
            .fix("delegate parts of the zone to zones of their own");
        self.zonefile.give_up(finding)
    }

    fn fault(&self, fault: Fault, entry: &Entry) -> Diagnostic {
        let whole = Span { file: self.file, start: entry.start, end: entry.end.max(entry.start + 1) };
        match fault {
            Fault::UnclosedParenthesis { open, next } => {
                slips::unclosed_parenthesis(self.span(open), next.map(|next| self.span(next)))
            }
            Fault::StrayParenthesis(token) => slips::stray_parenthesis(self.span(token)),
            Fault::UnclosedQuote(token) => slips::unclosed_quote(&self.text, self.span(token)),
            Fault::TooLarge => slips::entry_too_large(whole, self.zonefile.limits.entry_octets),
        }
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
