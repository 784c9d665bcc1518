//! Octets to tokens: quotes, escapes, parentheses, comments (RFC 1035 §5.1).
//!
//! In: the octets of one file. Out: tokens that tile it, blanks and comments included, so that a layout can be kept. Knows
//! no entries, names or types, and never fails: what is odd is a token of its own kind.

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenKind {
    /// Spaces, tabs and lone carriage returns.
    Blank,
    /// A line's end: a line feed, with the carriage return before it if there is one.
    Newline,
    /// From `;` to before the line's end.
    Comment,
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// Characters outside quotes, escapes untouched.
    Word,
    /// From a `"` to the next unescaped one, both included.
    Quoted,
    /// A `"` that nothing closes before the line's end, where the token ends too.
    Unclosed,
}

/// A byte range of the file and what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// First octet.
    pub start: u32,
    /// First octet after it.
    pub end: u32,
}

impl Token {
    /// The token's octets, quotes included.
    pub fn text<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        &text[self.start as usize..self.end as usize]
    }

    /// Whether it carries data: a word or a string.
    pub fn is_data(&self) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::Quoted | TokenKind::Unclosed)
    }
}

/// Iterates over the tokens of a text from a given octet on.
#[derive(Clone)]
pub struct Lexer<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Lexer<'t> {
    /// Tokens of `text` from octet `at` on.
    pub fn new(text: &'t [u8], at: u32) -> Self {
        Self { text, at: at as usize }
    }

    /// Where the next token starts.
    pub fn offset(&self) -> u32 {
        self.at as u32
    }

    fn blank(&self, mut at: usize) -> usize {
        while let Some(&octet) = self.text.get(at) {
            match octet {
                b' ' | b'\t' => at += 1,
                b'\r' if self.text.get(at + 1) != Some(&b'\n') => at += 1,
                _ => break,
            }
        }
        at
    }

    fn comment(&self, at: usize) -> usize {
        let end = memchr::memchr(b'\n', &self.text[at..]).map_or(self.text.len(), |length| at + length);
        if self.text[at..end].ends_with(b"\r") { end - 1 } else { end }
    }

    fn word(&self, mut at: usize) -> usize {
        while let Some(&octet) = self.text.get(at) {
            match CLASS[octet as usize] {
                WORD => at += 1,
                // A line's end is never escaped: a backslash before it is a fault of the word, which stays on its line.
                ESCAPE => at += if matches!(self.text.get(at + 1), None | Some(b'\n' | b'\r')) { 1 } else { 2 },
                _ => break,
            }
        }
        at
    }

    fn quoted(&self, start: usize) -> (TokenKind, usize) {
        let mut at = start + 1;
        loop {
            match memchr::memchr3(b'"', b'\\', b'\n', &self.text[at..]).map(|length| at + length) {
                Some(found) if self.text[found] == b'"' => return (TokenKind::Quoted, found + 1),
                Some(found) if self.text[found] == b'\\' && found + 1 < self.text.len() => {
                    at = if self.text[found + 1] == b'\n' { found + 1 } else { found + 2 };
                }
                Some(found) if self.text[found] == b'\n' => {
                    let end = if self.text[start..found].ends_with(b"\r") { found - 1 } else { found };
                    return (TokenKind::Unclosed, end);
                }
                _ => return (TokenKind::Unclosed, self.text.len()),
            }
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    #[inline]
    fn next(&mut self) -> Option<Token> {
        let start = self.at;
        let (kind, end) = match *self.text.get(start)? {
            b' ' | b'\t' => (TokenKind::Blank, self.blank(start + 1)),
            b'\n' => (TokenKind::Newline, start + 1),
            b'\r' if self.text.get(start + 1) == Some(&b'\n') => (TokenKind::Newline, start + 2),
            b'\r' => (TokenKind::Blank, self.blank(start + 1)),
            b';' => (TokenKind::Comment, self.comment(start)),
            b'(' => (TokenKind::Open, start + 1),
            b')' => (TokenKind::Close, start + 1),
            b'"' => self.quoted(start),
            _ => (TokenKind::Word, self.word(start)),
        };
        self.at = end;
        Some(Token { kind, start: start as u32, end: end as u32 })
    }
}

const WORD: u8 = 0;
const ESCAPE: u8 = 1;
const END: u8 = 2;

/// What each octet does to a word: stays in it, escapes the next, or ends it.
const CLASS: [u8; 256] = {
    let mut class = [WORD; 256];
    let ends = b" \t\r\n;()\"";
    let mut index = 0;
    while index < ends.len() {
        class[ends[index] as usize] = END;
        index += 1;
    }
    class[b'\\' as usize] = ESCAPE;
    class
};
