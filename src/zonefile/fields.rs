//! The fields of one record, handed out token by token.
//!
//! In: an entry's data tokens after its type. Out: their text and spans, to the rdata table, which knows what each means.

use super::lexer::{Token, TokenKind};
use crate::dns::NameRef;
use crate::source::{FileId, Span};

/// The data tokens of one record that follow its type.
pub struct Fields<'e> {
    text: &'e [u8],
    file: FileId,
    tokens: &'e [Token],
    next: usize,
    origin: Option<NameRef<'e>>,
    end: u32,
}

impl<'e> Fields<'e> {
    /// The tokens of `text` (one file's octets) that hold a record's data; relative names are completed with `origin`, and
    /// what is missing is missing at `end`, where the last token of the record ends.
    pub fn new(text: &'e [u8], file: FileId, tokens: &'e [Token], origin: Option<NameRef<'e>>, end: u32) -> Self {
        Self { text, file, tokens, next: 0, origin, end }
    }

    /// Takes the next token.
    pub fn take(&mut self) -> Option<Token> {
        let token = self.peek()?;
        self.next += 1;
        Some(token)
    }

    /// The next token, which stays.
    pub fn peek(&self) -> Option<Token> {
        self.tokens.get(self.next).copied()
    }

    /// The token that was taken last.
    pub fn last(&self) -> Option<Token> {
        self.tokens[..self.next].last().copied()
    }

    /// Takes all tokens that are left.
    pub fn take_rest(&mut self) -> &'e [Token] {
        let rest = &self.tokens[self.next..];
        self.next = self.tokens.len();
        rest
    }

    /// The tokens that are left, which stay.
    pub fn rest(&self) -> &'e [Token] {
        &self.tokens[self.next..]
    }

    /// A token's octets without the quotes around a string; escapes are untouched.
    pub fn text(&self, token: Token) -> &'e [u8] {
        let text = token.text(self.text);
        match token.kind {
            TokenKind::Quoted => &text[1..text.len() - 1],
            TokenKind::Unclosed => &text[1..],
            _ => text,
        }
    }

    /// Where a token is, quotes included.
    pub fn span(&self, token: Token) -> Span {
        Span { file: self.file, start: token.start, end: token.end }
    }

    /// The octets `start..end` of a token's [`text`](Self::text) as a place in the file.
    pub fn span_within(&self, token: Token, start: usize, end: usize) -> Span {
        let first = token.start + u32::from(token.kind != TokenKind::Word);
        Span { file: self.file, start: first + start as u32, end: first + end as u32 }
    }

    /// The empty place where the next field should have been.
    pub fn missing(&self) -> Span {
        let at = self.next.checked_sub(1).map_or(self.end, |last| self.tokens[last].end.max(self.end));
        Span { file: self.file, start: at, end: at }
    }

    /// The place of all the record's data, from its first token to its last.
    pub fn everything(&self) -> Span {
        match (self.tokens.first(), self.tokens.last()) {
            (Some(&first), Some(&last)) => self.span(first).to(self.span(last)),
            _ => self.missing(),
        }
    }

    /// What relative names are completed with.
    pub fn origin(&self) -> Option<NameRef<'e>> {
        self.origin
    }
}
