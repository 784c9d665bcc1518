//! One canonical layout of zone text: the same records on the same lines, in columns.
//!
//! In: the octets of one file. Out: the octets it should have. Reads tokens with their trivia, and of an entry only what
//! stands before its data; knows no names, types or values. Text with faults is the caller's to refuse; what is made of it
//! here still has the same tokens.
//!
//! # Design
//!
//! *Lines are kept.* No line is joined, split, moved or dropped, but for empty ones at the end: where a writer broke a long
//! record is theirs to say, and a difference between a file and its layout needs no search.
//!
//! *Columns.* TTL at 8, class at 16, type behind the class, data five columns behind the type: what hand-written zones of
//! eight-column tabs look like, so that blocks line up with each other and not only inside themselves. A block, which ends
//! at an empty line, a ruler (`; ----`) or a directive, has one set of columns. Where more than half of its entries do not
//! fit, TTL and class move to the next multiple of 8, up to a cap, and the data past the longer types. Those that stick out
//! do not move the others: a new long name changes one line of a pull request and not the whole block. Neighbours that stick
//! out line up among themselves.
//!
//! *Spaces*, not tabs: a diff's `+` and a comment's quote shift text against tab stops, and names are seldom measured in eights.
//!
//! *Nothing inside a token changes.* Case, numbers, units, quotes, escapes and comments are the writer's. What is written
//! without a blank between stays so (`alpn="h2"`), and [`format`](format()) compares the tokens before and after.

mod columns;
mod difference;
mod lines;

pub use difference::{difference, difference_of_repair};

use super::lexer::{Lexer, Token, TokenKind};
use columns::Columns;
use lines::{Entry, Item, items};

/// A byte order mark: kept, as it is no part of any token.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Where a trailing comment's column ends up at most: a line longer than that has its comment right behind it.
const MOST_BEFORE_COMMENT: usize = 72;

/// Blanks before a comment that has no column.
const GAP: usize = 2;

/// The text in its canonical layout; none if that would not have the same tokens, which only texts with errors are known to
/// cause: a backslash before a lone carriage return would escape the blank that takes its place.
pub fn format(text: &[u8]) -> Option<Vec<u8>> {
    let start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let mut out = Vec::with_capacity(text.len() + text.len() / 8);
    out.extend_from_slice(&text[..start]);
    let items = items(text, start as u32);
    let mut rest = &items[..];
    while !rest.is_empty() {
        let block;
        (block, rest) = rest.split_at(block_length(rest));
        print(text, block, &mut out);
    }
    while out.ends_with(b"\n\n") {
        out.pop();
    }
    let has_text = out.iter().any(|&octet| octet != b'\n');
    (!has_text || is_same(text, &out, start as u32)).then(|| if has_text { out } else { Vec::new() })
}

/// How many items the first block has: what separates blocks is one of its own.
fn block_length(items: &[Item]) -> usize {
    let separates = |item: &Item| matches!(item, Item::Empty | Item::Ruler(_));
    let mut is_directive = None;
    let ends = |item: &Item| match item {
        Item::Entry(entry) => *is_directive.get_or_insert(entry.is_directive) != entry.is_directive,
        item => separates(item),
    };
    if separates(&items[0]) { 1 } else { items.iter().position(ends).unwrap_or(items.len()) }
}

/// One line as it will be, but for its trailing comment.
struct Printed<'t> {
    line: Vec<u8>,
    comment: Option<&'t [u8]>,
    /// Lines of one group have their comments in one column.
    group: usize,
    /// Whether this comment goes on below another.
    continues: bool,
}

fn print(text: &[u8], block: &[Item], out: &mut Vec<u8>) {
    let columns = Columns::of(block);
    let mut printed: Vec<Printed<'_>> = Vec::new();
    for (index, item) in block.iter().enumerate() {
        match item {
            Item::Empty => printed.push(Printed::own(Vec::new())),
            Item::Ruler(comment) => printed.push(Printed::own(trimmed(*comment, text).to_vec())),
            Item::Comment { comment, indented } => {
                let above = printed.last().filter(|above| *indented && above.comment.is_some());
                let comment = trimmed(*comment, text);
                printed.push(match above {
                    Some(above) => above.below(comment),
                    None => Printed::own(comment.to_vec()),
                });
            }
            Item::Entry(entry) => print_entry(text, &columns, index, entry, &mut printed),
        }
    }
    write(&printed, block.len(), out);
}

fn print_entry<'t>(text: &'t [u8], columns: &Columns, index: usize, entry: &Entry, printed: &mut Vec<Printed<'t>>) {
    // An entry of many lines has a column of its own for its comments.
    let group = if entry.lines.len() > 1 { index + 1 } else { 0 };
    for (number, line) in entry.lines.iter().enumerate() {
        let mut made = match number {
            0 => columns.first_line(text, index, entry),
            _ => columns.inner_line(text, line),
        };
        let comment = line.comment.map(|comment| trimmed(comment, text));
        if line.pieces.is_empty() {
            made.extend_from_slice(comment.unwrap_or_default());
            printed.push(Printed::own(made));
        } else {
            printed.push(Printed { line: made, comment, group, continues: false });
        }
    }
}

impl<'t> Printed<'t> {
    /// A line without a trailing comment.
    fn own(line: Vec<u8>) -> Self {
        Self { line, comment: None, group: 0, continues: false }
    }

    /// A comment that goes on below this line's.
    fn below(&self, comment: &'t [u8]) -> Self {
        Self { line: Vec::new(), comment: Some(comment), group: self.group, continues: true }
    }
}

/// Writes lines with their comments in columns.
fn write(printed: &[Printed<'_>], items: usize, out: &mut Vec<u8>) {
    let mut stops = vec![0; items + 1];
    for one in printed.iter().filter(|one| one.comment.is_some()) {
        let width = width(&one.line) + GAP;
        if width <= MOST_BEFORE_COMMENT {
            stops[one.group] = usize::max(stops[one.group], width.next_multiple_of(8));
        }
    }
    let mut column = 0;
    for one in printed {
        let start = out.len();
        // An empty line inside parentheses is all indent. Others end in a token, and that may end in a blank: `a\ `.
        if one.line.iter().any(|&octet| octet != b' ') {
            out.extend_from_slice(&one.line);
        }
        if let Some(comment) = one.comment {
            let (stop, written) = (stops[one.group], width(&out[start..]));
            column = if one.continues { column } else { usize::max(stop, written + GAP) };
            pad(out, column - written);
            out.extend_from_slice(comment);
        }
        out.push(b'\n');
    }
}

fn pad(out: &mut Vec<u8>, blanks: usize) {
    out.resize(out.len() + blanks, b' ');
}

/// A comment without the blanks at its end.
fn trimmed(comment: Token, text: &[u8]) -> &[u8] {
    let octets = comment.text(text);
    let blank = |octet: &u8| matches!(octet, b' ' | b'\t' | b'\r');
    &octets[..octets.iter().rposition(|octet| !blank(octet)).map_or(0, |last| last + 1)]
}

/// How many columns a text takes: an octet that continues a character of UTF-8 takes none.
fn width(text: &[u8]) -> usize {
    text.iter().filter(|&octet| octet & 0xC0 != 0x80).count()
}

/// Whether two texts have the same tokens: blanks and empty lines aside, and which of them touch.
fn is_same(before: &[u8], after: &[u8], start: u32) -> bool {
    let (mut one, mut other) = (significant(before, start), significant(after, start));
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            // The last line got its end.
            (None, Some((TokenKind::Newline, ..))) => return other.next().is_none(),
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}

/// What records are read from: each token's kind, octets, and whether a blank or its line's start stands before it.
fn significant(text: &[u8], start: u32) -> impl Iterator<Item = (TokenKind, &[u8], bool, bool)> {
    let (mut last, mut line_has_token, mut is_open) = (None, false, false);
    Lexer::new(text, start).filter_map(move |token| {
        let before = last.replace(token.kind);
        if token.kind == TokenKind::Newline {
            let is_empty = !std::mem::take(&mut line_has_token);
            return (!is_empty).then_some((token.kind, &b""[..], false, false));
        }
        if token.kind == TokenKind::Blank {
            return None;
        }
        let is_first = !std::mem::replace(&mut line_has_token, true);
        let data = |kind| matches!(kind, TokenKind::Word | TokenKind::Quoted | TokenKind::Unclosed);
        let touches = data(token.kind) && before.is_some_and(data);
        let is_comment = token.kind == TokenKind::Comment;
        let octets = if is_comment { trimmed(token, text) } else { token.text(text) };
        // Inside parentheses a line's start means nothing.
        let is_indented = is_first && !is_open && !is_comment && before == Some(TokenKind::Blank);
        is_open = (is_open || token.kind == TokenKind::Open) && token.kind != TokenKind::Close;
        Some((token.kind, octets, touches, is_indented))
    })
}
