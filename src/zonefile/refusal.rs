//! What is said of an entry that the parser cannot read, and what was likely meant by it.
//!
//! In: the entry's tokens and the first thing that is wrong with it. Out: its finding.

use super::entry::{Entry, Fault};
use super::header;
use super::lexer::{Token, TokenKind};
use super::parser::Parser;
use super::slips;
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::Rtype;
use crate::source::Span;

impl Parser<'_, '_, '_> {
    /// The finding for a record that cannot be read, a slip that explains it before what is merely so; what the records below
    /// inherit is set as it was meant. `above` is the owner that this record would have inherited.
    #[cold]
    pub(super) fn blame(
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

    pub(super) fn meta_type(&self, token: Token) -> Box<Diagnostic> {
        let text = String::from_utf8_lossy(token.text(&self.text)).into_owned();
        let headline = format!("{text} cannot stand in a zone");
        let finding = Diagnostic::new(&codes::META_TYPE, self.span(token), headline)
            .label("a type of questions and messages only")
            .why("no resolver could ask for such a record (RFC 6895 §3.1)")
            .fix("delete the record");
        Box::new(finding)
    }

    pub(super) fn wrong_class(&self, token: Token) -> Box<Diagnostic> {
        let text = String::from_utf8_lossy(token.text(&self.text)).into_owned();
        let finding = Diagnostic::new(&codes::WRONG_CLASS, self.span(token), format!("the class {text} is not served"))
            .label("expected IN, or no class at all")
            .why("all records of a zone are of one class, and zones here are of class IN (RFC 1035 §5.2)")
            .fix("write `IN`");
        Box::new(finding)
    }

    pub(super) fn too_many_records(&mut self, token: Token) -> Box<Diagnostic> {
        let headline = "the zone has more data than 4 GiB";
        let finding = Diagnostic::new(&codes::TOO_MANY_RECORDS, self.span(token), headline)
            .why("records are found by 32-bit offsets")
            .fix("delegate parts of the zone to zones of their own");
        self.zonefile.give_up(finding)
    }

    pub(super) fn fault(&self, fault: Fault, entry: &Entry) -> Diagnostic {
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
}
