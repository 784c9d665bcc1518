//! Entries to records: inherited owner, TTL and class, directives, recovery at the end of the entry.
//!
//! In: one file's octets and the state it starts from. Out: rows in [`Records`] and findings. An include is a parser of its
//! own that starts from this one's state and gives none of it back: origin, owner and TTL come back as they were.

use std::sync::Arc;

use super::entry::{Entry, EntryReader, Fault};
use super::fields::Fields;
use super::header::{self, Header};
use super::lexer::{Token, TokenKind};
use super::slips::Marker;
use super::{Include, Limits, Records, name, rdata, slips, ttl};
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::{Class, MAX_TTL, Name, NameRef, Rtype};
use crate::source::{FileId, Sources, Span};

/// What all files of a zone share while they are read.
pub(super) struct Zonefile<'z, 'i> {
    pub(super) sources: &'z mut Sources,
    pub(super) limits: &'z Limits,
    pub(super) include: &'z mut Include<'i>,
    pub(super) records: Records,
    pub(super) findings: Vec<Diagnostic>,
    /// The files being read, outermost first: an include of one of them is a cycle.
    pub(super) open: Vec<FileId>,
    /// How many includes were carried out, and how many octets were read in all.
    pub(super) includes: usize,
    pub(super) octets: u64,
    /// The limit of findings is reached: nothing more is read.
    pub(super) is_full: bool,
}

impl<'z, 'i> Zonefile<'z, 'i> {
    /// Nothing read yet.
    pub(super) fn new(sources: &'z mut Sources, limits: &'z Limits, include: &'z mut Include<'i>) -> Self {
        let (records, findings, open) = (Records::default(), Vec::new(), Vec::new());
        Self { sources, limits, include, records, findings, open, includes: 0, octets: 0, is_full: false }
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
}

/// What one entry takes over from those before it.
#[derive(Clone)]
pub(super) struct Context {
    /// What relative names are completed with.
    pub(super) origin: Name,
    /// `$TTL`, in seconds.
    pub(super) default_ttl: Option<u32>,
    /// The last TTL written on a record, in seconds.
    pub(super) last_ttl: Option<u32>,
    /// Where the last owner is in the arena, and the origin and text it was read from.
    owner: Option<u32>,
    owner_text: Vec<u8>,
}

impl Context {
    /// A zone's start: its own name is the origin.
    pub(super) fn new(origin: Name) -> Self {
        Self { origin, default_ttl: None, last_ttl: None, owner: None, owner_text: Vec::new() }
    }

    /// Sets another origin: a repeated owner text no longer means the same name.
    pub(super) fn set_origin(&mut self, origin: Name) {
        self.origin = origin;
        self.owner_text.clear();
    }
}

/// A merge conflict whose first marker was seen.
struct Conflict {
    /// Its finding, to which the other markers are added as labels.
    finding: usize,
    /// Past `=======`: these records are the other side's, and are read for their errors only.
    is_second_half: bool,
}

/// Reads one file.
pub(super) struct Parser<'p, 'z, 'i> {
    pub(super) zonefile: &'p mut Zonefile<'z, 'i>,
    pub(super) context: Context,
    pub(super) file: FileId,
    pub(super) text: Arc<[u8]>,
    conflict: Option<Conflict>,
}

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

impl<'p, 'z, 'i> Parser<'p, 'z, 'i> {
    /// A parser of `file` that starts from `context`.
    pub(super) fn new(zonefile: &'p mut Zonefile<'z, 'i>, context: Context, file: FileId) -> Self {
        let text = zonefile.sources.get(file).text().clone();
        Self { zonefile, context, file, text, conflict: None }
    }

    /// Reads the file to its end.
    pub(super) fn run(mut self) {
        self.zonefile.open.push(self.file);
        if let Some(start) = self.start() {
            let (text, mut tokens) = (self.text.clone(), Vec::new());
            let mut entries = EntryReader::new(&text, start, self.zonefile.limits.entry_octets);
            while !self.zonefile.is_full
                && let Some(entry) = entries.read(&mut tokens)
            {
                self.entry(&entry, &tokens);
            }
        }
        self.zonefile.open.pop();
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
            return;
        }
        let first = tokens[0];
        let is_line_start = !entry.starts_blank && first.kind == TokenKind::Word && first.start == entry.start;
        let octet = first.text(&self.text)[0];
        let result = match octet {
            b'<' | b'=' | b'>' | b'|' if is_line_start && self.merge_marker(first, tokens) => Ok(()),
            b'#' if !entry.starts_blank => Err(slips::hash_comment(self.span(first))),
            b'$' if is_line_start => self.directive(tokens),
            _ => self.record(entry, tokens),
        };
        if let Err(finding) = result {
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
                self.zonefile.findings[conflict.finding].others.push(slips::marker_label(marker, span));
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
        let result = self.read_record(entry, tokens, entry.starts_blank);
        result.map_err(|finding| {
            let is_suspect = slips::may_be_misplaced_blank(finding.code, entry.starts_blank);
            let slip = if is_suspect { self.misplaced_blank(entry, tokens) } else { None };
            slip.unwrap_or(finding)
        })
    }

    /// Reads one record; `inherits` says whether its owner is the one before it.
    #[inline]
    fn read_record(&mut self, entry: &Entry, tokens: &[Token], inherits: bool) -> Result<()> {
        let header = header::split(&self.text, tokens, inherits).ok_or_else(|| self.missing_type(tokens))?;
        let rtype = self.rtype(&header)?;
        let owner = self.owner(&header, entry)?;
        let ttl = self.ttl(&header)?;
        if let Some((token, class)) = header.class
            && class != Class::IN
        {
            return Err(self.wrong_class(token));
        }
        let start = self.zonefile.records.arena().len();
        self.rdata(rtype, &header, entry, tokens)?;
        if slips::has_text(rtype)
            && let Some(comment) = entry.comment
            && let Some(finding) = slips::unquoted_semicolon(&self.text, self.file, tokens, comment)
        {
            return Err(finding);
        }
        let ttl = ttl.map_or_else(|| self.inherited_ttl(rtype, &header, start), Ok)?;
        self.context.last_ttl = Some(ttl);
        if let Some(finding) =
            slips::unexpected_owner(&self.text, self.file, &header, rtype, self.context.origin.as_ref())
        {
            self.zonefile.report(finding);
        }
        if !self.conflict.as_ref().is_some_and(|conflict| conflict.is_second_half) {
            self.zonefile.records.push(owner, start, rtype, ttl, self.file, entry.start);
        }
        Ok(())
    }

    fn rtype(&self, header: &Header) -> Result<Rtype> {
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
        let text = token.text(&self.text);
        if let Some(owner) = self.context.owner
            && self.context.owner_text == text
        {
            return Ok(owner);
        }
        let start = self.zonefile.records.arena().len();
        let Ok(offset) = u32::try_from(start) else { return Err(self.too_many_records(token)) };
        let span = self.span(token);
        name::push(text, span, Some(self.context.origin.as_ref()), self.zonefile.records.arena())?;
        self.context.owner = Some(offset);
        self.context.owner_text.clear();
        self.context.owner_text.extend_from_slice(text);
        Ok(offset)
    }

    fn inherited_owner(&self, entry: &Entry) -> Result<u32> {
        self.context.owner.ok_or_else(|| {
            let span = Span { file: self.file, start: entry.start, end: entry.start + 1 };
            let finding = Diagnostic::new(&codes::MISSING_OWNER, span, "this record has no owner name to inherit")
                .label("a blank here means: the owner of the record above")
                .why("no record stands above it (RFC 1035 §5.1)")
                .fix("start the line with the owner name, or with `@` for the zone itself");
            Box::new(finding)
        })
    }

    #[inline]
    fn ttl(&self, header: &Header) -> Result<Option<u32>> {
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
    /// MINIMUM, which is what that field meant before `$TTL` (RFC 1035 §3.3.13) and what BIND still does.
    fn inherited_ttl(&mut self, rtype: Rtype, header: &Header, rdata: usize) -> Result<u32> {
        if let Some(ttl) = self.context.default_ttl.or(self.context.last_ttl) {
            return Ok(ttl);
        }
        let octets = self.zonefile.records.arena();
        if rtype == Rtype::SOA
            && let Some(minimum) = octets[rdata..].last_chunk::<4>()
        {
            return Ok(u32::from_be_bytes(*minimum).min(MAX_TTL));
        }
        let finding = Diagnostic::new(&codes::MISSING_TTL, self.span(header.rtype), "this record has no TTL")
            .label("no TTL before the type, no `$TTL` above, and no record to inherit one from")
            .why("a resolver must be told how long it may keep the answer (RFC 2308 §4)")
            .fix("put `$TTL 3600` at the top of the file");
        Err(Box::new(finding))
    }

    #[inline]
    fn rdata(&mut self, rtype: Rtype, header: &Header, entry: &Entry, tokens: &[Token]) -> Result<()> {
        let rest = &tokens[header.rdata..];
        let mut fields = Fields::new(&self.text, self.file, rest, Some(self.context.origin.as_ref()), entry.end);
        rdata::parse(rtype, &mut fields, self.zonefile.records.arena())
    }

    /// The finding for an entry that would be right with or without the blank before it, if this one is.
    fn misplaced_blank(&mut self, entry: &Entry, tokens: &[Token]) -> Option<Box<Diagnostic>> {
        let header = header::split(&self.text, tokens, !entry.starts_blank)?;
        let rtype = self.rtype(&header).ok()?;
        let scratch = self.zonefile.records.arena().len();
        if let Some(owner) = header.owner {
            let span = self.span(owner);
            let origin = self.context.origin.clone();
            let text = self.text.clone();
            name::push(owner.text(&text), span, Some(origin.as_ref()), self.zonefile.records.arena()).ok()?;
        }
        let read = self.rdata(rtype, &header, entry, tokens);
        self.zonefile.records.arena().truncate(scratch);
        read.ok()?;
        Some(slips::misplaced_blank(&self.text, self.span(tokens[0]), entry.starts_blank))
    }

    fn missing_type(&self, tokens: &[Token]) -> Box<Diagnostic> {
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

    fn too_many_records(&self, token: Token) -> Box<Diagnostic> {
        let headline = "the zone has more data than 4 GiB";
        let finding = Diagnostic::new(&codes::TOO_MANY_RECORDS, self.span(token), headline)
            .why("records are found by 32-bit offsets")
            .fix("delegate parts of the zone to zones of their own");
        Box::new(finding)
    }

    fn fault(&self, fault: Fault, entry: &Entry) -> Diagnostic {
        let whole = Span { file: self.file, start: entry.start, end: entry.end.max(entry.start + 1) };
        match fault {
            Fault::UnclosedParenthesis { open, next } => {
                slips::unclosed_parenthesis(self.span(open), next.map(|next| self.span(next)))
            }
            Fault::StrayParenthesis(token) => slips::stray_parenthesis(self.span(token)),
            Fault::UnclosedQuote(token) => slips::unclosed_quote(self.span(token)),
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
