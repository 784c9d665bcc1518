//! The part of a line that is shown, and which of its octets stand in which column.
//!
//! In: a line of a file, of any length and any octets, and the place to show. Out: text of bounded width that is safe on a
//! terminal, and columns for underlines.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::escape::{push_char, push_octet};

/// Columns of echoed text: a line that takes more is shown in part. Fits a CI log beside its own gutter.
const WIDTH: usize = 120;

/// Octets before the guilty text that are kept where a line is shown in part.
const LEAD: usize = 30;

/// Columns between tab stops.
const TAB: usize = 8;

/// What stands where text was left out.
const CUT: &str = "…";

/// The part of a line that is shown.
pub(super) struct Excerpt {
    text: String,
    /// Where each character shown starts: octet of the line, column; the last is where the text ends.
    stops: Vec<(usize, usize)>,
}

impl Excerpt {
    /// The part of `line` that shows the octets from `start`, and as many of those up to `end` as have room.
    pub(super) fn around(line: &[u8], start: usize, end: usize) -> Self {
        let start = start.min(line.len());
        let from_first = Self::from(line, 0);
        let is_seen = from_first.shows(end.max(start))
            || from_first.shows(start) && from_first.columns(start, start).start < WIDTH / 2;
        if is_seen { from_first } else { Self::from(line, character_start(line, start.saturating_sub(LEAD))) }
    }

    fn from(line: &[u8], start: usize) -> Self {
        let mut excerpt = Self { text: String::new(), stops: Vec::new() };
        let mut column = 0;
        if start > 0 {
            excerpt.text.push_str(CUT);
            column = CUT.width();
        }
        let mut at = start;
        // A character shown has a column at least, so no more octets than this can be of use.
        let reach = line.len().min(start + 4 * WIDTH);
        for chunk in line[start..reach].utf8_chunks() {
            let characters = chunk.valid().chars().map(Ok).chain(chunk.invalid().iter().map(|&octet| Err(octet)));
            for character in characters {
                if column >= WIDTH {
                    break;
                }
                excerpt.stops.push((at, column));
                let shown = excerpt.text.len();
                match character {
                    Ok('\t') => (column..(column / TAB + 1) * TAB).for_each(|_| excerpt.text.push(' ')),
                    Ok(char) => push_char(char, &mut excerpt.text),
                    Err(octet) => push_octet(octet, &mut excerpt.text),
                }
                column += excerpt.text[shown..].width();
                at += character.map_or(1, char::len_utf8);
            }
        }
        excerpt.stops.push((at, column));
        if at < line.len() {
            excerpt.text.push_str(CUT);
        }
        excerpt.text.truncate(excerpt.text.trim_end().len());
        excerpt
    }

    /// The text to show.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether an octet of the line, or its end, is shown.
    pub(super) fn shows(&self, offset: usize) -> bool {
        self.stops.first().is_some_and(|first| first.0 <= offset)
            && self.stops.last().is_some_and(|last| offset <= last.0)
    }

    /// The columns of the octets `start..end`, as far as they are shown: one at least, where something is missing.
    pub(super) fn columns(&self, start: usize, end: usize) -> Range<usize> {
        let from = self.stops.partition_point(|stop| stop.0 <= start).saturating_sub(1);
        let to = self.stops.partition_point(|stop| stop.0 < end).min(self.stops.len() - 1);
        let (from, to) = (self.stops[from].1, self.stops[to].1);
        from..to.max(from + 1)
    }
}

/// The start of the character that `offset` is in: a continuation octet (`10xxxxxx`) has its start at most three before.
fn character_start(line: &[u8], offset: usize) -> usize {
    let is_start = |&at: &usize| line.get(at).is_none_or(|octet| octet & 0xC0 != 0x80);
    (offset.saturating_sub(3)..=offset).rev().find(is_start).unwrap_or(offset)
}
