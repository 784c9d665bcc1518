//! Tokens to lines and entries, with what the layout needs to know of each.
//!
//! An entry here is what [`EntryReader`](super::super::entry::EntryReader) takes for one: the lines between two line ends
//! outside parentheses, which do not nest.

use super::super::header;
use super::super::lexer::{Lexer, Token, TokenKind};

/// What stands between two line ends, or an entry of many lines.
pub(super) enum Item {
    /// A line of nothing.
    Empty,
    /// A comment that draws a line across the page.
    Ruler(Token),
    /// Another comment on a line of its own.
    Comment { comment: Token, indented: bool },
    /// A record or directive.
    Entry(Entry),
}

/// A record or directive, or a line of what is neither.
pub(super) struct Entry {
    pub(super) lines: Vec<Line>,
    pub(super) is_directive: bool,
    /// Whether a blank stands first: the owner is inherited.
    pub(super) starts_blank: bool,
    /// How the pieces of its first line go into columns; none where they do not.
    pub(super) shape: Option<Shape>,
}

/// One line of an entry.
#[derive(Default)]
pub(super) struct Line {
    /// Tokens that touch are one piece; parentheses are pieces of their own.
    pub(super) pieces: Vec<Piece>,
    pub(super) comment: Option<Token>,
}

/// Octets that stay together.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    start: u32,
    end: u32,
    /// The last token's kind.
    kind: TokenKind,
}

impl Piece {
    pub(super) fn text<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        &text[self.start as usize..self.end as usize]
    }

    fn of(token: Token) -> Self {
        Self { start: token.start, end: token.end, kind: token.kind }
    }
}

/// The columns of an entry: how many pieces, and columns, each takes.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// The owner's width; 0 where it is inherited.
    pub(super) owner: usize,
    /// The width of the TTL before the class; 0 if none is.
    pub(super) ttl: usize,
    /// The width of the class, and of a TTL behind it; 0 without a class.
    pub(super) class: usize,
    /// The type's width.
    pub(super) rtype: usize,
    /// How many pieces class and TTL behind it are.
    pub(super) class_pieces: usize,
}

/// All items of a text, in its order.
pub(super) fn items(text: &[u8], start: u32) -> Vec<Item> {
    let mut reader = Reader { text, lexer: Lexer::new(text, start), items: Vec::new() };
    while reader.lexer.offset() < text.len() as u32 {
        reader.item();
    }
    reader.items
}

struct Reader<'t> {
    text: &'t [u8],
    lexer: Lexer<'t>,
    items: Vec<Item>,
}

impl Reader<'_> {
    /// Reads lines until one ends outside parentheses.
    fn item(&mut self) {
        let (mut line, mut lines, mut tokens) = (Line::default(), Vec::new(), Vec::new());
        let (start, mut starts_blank, mut is_open) = (self.lexer.offset(), false, false);
        let mut last = TokenKind::Newline;
        for token in self.lexer.by_ref() {
            match token.kind {
                TokenKind::Blank => starts_blank |= token.start == start,
                TokenKind::Newline if is_open => lines.push(std::mem::take(&mut line)),
                TokenKind::Newline => break,
                TokenKind::Comment => line.comment = Some(token),
                TokenKind::Open | TokenKind::Close => {
                    is_open = token.kind == TokenKind::Open;
                    line.pieces.push(Piece::of(token));
                }
                TokenKind::Word | TokenKind::Quoted | TokenKind::Unclosed => {
                    push(token, last, &mut line.pieces);
                    tokens.push(token);
                }
            }
            last = token.kind;
        }
        lines.push(line);
        let item = self.made(lines, &tokens, starts_blank, start);
        self.items.push(item);
    }

    fn made(&self, lines: Vec<Line>, tokens: &[Token], starts_blank: bool, start: u32) -> Item {
        if let [line] = &lines[..]
            && line.pieces.is_empty()
        {
            return match line.comment {
                None => Item::Empty,
                Some(comment) if is_ruler(comment.text(self.text)) => Item::Ruler(comment),
                Some(comment) => Item::Comment { comment, indented: starts_blank },
            };
        }
        let is_directive = tokens.first().is_some_and(|first| first.start == start && first.text(self.text)[0] == b'$');
        let shape = if is_directive { None } else { self.shape(&lines[0], tokens, starts_blank) };
        Item::Entry(Entry { lines, is_directive, starts_blank, shape })
    }

    /// The shape of an entry whose owner to type are pieces at the start of its first line, in that order.
    fn shape(&self, line: &Line, tokens: &[Token], starts_blank: bool) -> Option<Shape> {
        let header = header::split(self.text, tokens, starts_blank)?;
        let is_piece = |(token, piece): (&Token, &Piece)| token.start == piece.start && token.end == piece.end;
        if line.pieces.len() < header.rdata || !tokens[..header.rdata].iter().zip(&line.pieces).all(is_piece) {
            return None;
        }
        let width = |token: Token| super::width(token.text(self.text));
        let owner = header.owner.map_or(0, width);
        let (before, behind) = match (header.ttl, header.class) {
            (Some(ttl), Some((class, _))) if class.start < ttl.start => (None, Some(ttl)),
            (ttl, _) => (ttl, None),
        };
        let class = header.class.map_or(0, |(class, _)| width(class)) + behind.map_or(0, |ttl| width(ttl) + 1);
        let class_pieces = usize::from(header.class.is_some()) + usize::from(behind.is_some());
        Some(Shape { owner, ttl: before.map_or(0, width), class, rtype: width(header.rtype), class_pieces })
    }
}

fn push(token: Token, last: TokenKind, pieces: &mut Vec<Piece>) {
    let is_data = |kind| matches!(kind, TokenKind::Word | TokenKind::Quoted | TokenKind::Unclosed);
    match pieces.last_mut() {
        Some(piece) if is_data(last) && is_data(piece.kind) => (piece.end, piece.kind) = (token.end, token.kind),
        _ => pieces.push(Piece::of(token)),
    }
}

/// Whether a comment draws a line: three marks or more, and nothing to read.
fn is_ruler(comment: &[u8]) -> bool {
    let mut marks = comment[1..].iter().filter(|octet| !octet.is_ascii_whitespace());
    let is_mark = |octet: &&u8| octet.is_ascii_punctuation();
    marks.clone().count() >= 3 && marks.all(|octet| is_mark(&octet))
}
