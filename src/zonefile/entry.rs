//! Tokens to entries: what stands between two line ends outside parentheses.
//!
//! In: a file's octets and where to start. Out: the data tokens of one entry at a time, and what was wrong with its
//! brackets. Each octet is read at most twice, whatever is unclosed.

use super::lexer::{Lexer, Token, TokenKind};

/// One entry: its data tokens are in the caller's vector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Its first octet, at the start of a line.
    pub(super) start: u32,
    /// Where its last data token ends.
    pub(super) end: u32,
    /// Whether a blank stands before its first token: the owner is inherited.
    pub(super) starts_blank: bool,
    /// The first comment that follows a data token.
    pub(super) comment: Option<Token>,
    /// What is wrong with its brackets or its size.
    pub(super) fault: Option<Fault>,
}

/// What can be wrong with an entry before anything in it is understood.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// A parenthesis that nothing closes, and the one that was opened next, if any.
    UnclosedParenthesis { open: Token, next: Option<Token> },
    /// A parenthesis that closes nothing.
    StrayParenthesis(Token),
    /// A quote that nothing closes on its line.
    UnclosedQuote(Token),
    /// More octets than the limit.
    TooLarge,
}

/// Reads a text's entries one after the other.
pub(super) struct EntryReader<'t> {
    text: &'t [u8],
    lexer: Lexer<'t>,
    limit: u32,
    stop: u32,
}

impl<'t> EntryReader<'t> {
    /// Entries of `text` from octet `at` on, each of at most `limit` octets.
    pub(super) fn new(text: &'t [u8], at: u32, limit: u32) -> Self {
        Self { text, lexer: Lexer::new(text, at), limit, stop: u32::MAX }
    }

    /// The same, without the entries that start at octet `stop`, the start of a line, or behind it.
    pub(super) fn until(self, stop: u32) -> Self {
        Self { stop, ..self }
    }

    /// Where the next entry is looked for: at the start of a line.
    #[inline]
    pub(super) fn offset(&self) -> u32 {
        self.lexer.offset()
    }

    /// Goes on at octet `at`, the start of a line.
    #[inline]
    pub(super) fn skip_to(&mut self, at: u32) {
        self.lexer = Lexer::new(self.text, at);
    }

    /// The next entry that has any data or fault, its data tokens in `tokens`; none at the end of the text.
    pub(super) fn read(&mut self, tokens: &mut Vec<Token>) -> Option<Entry> {
        tokens.clear();
        let mut entry = Entry { start: self.lexer.offset(), end: 0, starts_blank: false, comment: None, fault: None };
        let mut open: Option<Token> = None;
        while let Some(token) = self.lexer.next() {
            match token.kind {
                TokenKind::Word | TokenKind::Quoted => self.push(token, tokens, &mut entry),
                TokenKind::Blank => entry.starts_blank |= token.start == entry.start,
                TokenKind::Newline if open.is_some() => {}
                TokenKind::Newline if tokens.is_empty() && entry.fault.is_none() => {
                    (entry.start, entry.starts_blank) = (token.end, false);
                    if token.end >= self.stop {
                        break;
                    }
                }
                TokenKind::Newline => break,
                TokenKind::Comment if !tokens.is_empty() => entry.comment = entry.comment.or(Some(token)),
                TokenKind::Comment => {}
                TokenKind::Unclosed => {
                    entry.fault = entry.fault.or(Some(Fault::UnclosedQuote(token)));
                    self.push(token, tokens, &mut entry);
                }
                TokenKind::Open => match open {
                    Some(first) => return Some(self.abandon(entry, first, Some(token))),
                    None => open = Some(token),
                },
                TokenKind::Close if open.take().is_some() => {}
                TokenKind::Close => entry.fault = entry.fault.or(Some(Fault::StrayParenthesis(token))),
            }
            if let Some(open) = open
                && token.end - entry.start > self.limit
            {
                return Some(self.abandon(entry, open, None));
            }
        }
        match open {
            Some(open) => Some(self.abandon(entry, open, None)),
            None => (!tokens.is_empty() || entry.fault.is_some()).then_some(entry),
        }
    }

    #[inline]
    fn push(&self, token: Token, tokens: &mut Vec<Token>, entry: &mut Entry) {
        tokens.push(token);
        entry.end = token.end;
        if token.end - entry.start > self.limit {
            entry.fault = entry.fault.or(Some(Fault::TooLarge));
        }
    }

    /// Gives up an entry whose parenthesis stays open, and goes on at the next line that could start another entry.
    ///
    /// What was meant to be inside is usually indented, and would only be reported as so many entries of its own.
    fn abandon(&mut self, entry: Entry, open: Token, next: Option<Token>) -> Entry {
        let starts = |at: usize| self.text.get(at).is_none_or(|octet| !matches!(octet, b' ' | b'\t' | b'\r' | b'\n'));
        let after = open.end as usize;
        let resume = memchr::memchr_iter(b'\n', &self.text[after..])
            .map(|line_end| after + line_end + 1)
            .find(|&line| starts(line))
            .unwrap_or(self.text.len());
        self.skip_to(resume as u32);
        let fault = entry.fault.unwrap_or(Fault::UnclosedParenthesis { open, next });
        Entry { fault: Some(fault), end: open.end, ..entry }
    }
}
