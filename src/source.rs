//! The texts that were read, and places in them.
//!
//! In: a display name and the octets of each file. Out: hashes, lines and columns, on demand. Knows neither disks nor DNS: a
//! [`Span`] is a byte range of a file, and only a finding that is shown pays for counting lines.

use std::sync::{Arc, OnceLock};

/// Octets of a block of text, by which lines are counted.
const BLOCK: usize = 4096;

/// What comments start with that are for this program.
pub const ADDRESS: &[u8] = b"zonewright:";

/// Whether there may be a comment for this program in some octets.
pub fn may_speak_to_us(octets: &[u8]) -> bool {
    memchr::memmem::find(octets, ADDRESS).is_some()
}

/// What [`text_hash`] gives.
pub type Hash = [u8; 32];

/// The BLAKE3 of a text: two texts of one hash are one text.
///
/// # Design
///
/// It is made of every text that is read, and of all of them again when they are saved. The road not taken, SHA-256, took a
/// fifth of a large zone's load on a processor without instructions for it.
pub fn text_hash(octets: &[u8]) -> Hash {
    blake3::hash(octets).into()
}

/// Which text of a [`Sources`] a place is in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(pub u32);

/// A byte range of one text; `end` is the first octet after it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The text.
    pub file: FileId,
    /// First octet.
    pub start: u32,
    /// First octet after the range.
    pub end: u32,
}

impl Span {
    /// The empty range where a text starts: the place of what is said of it as a whole.
    pub const fn start_of(file: FileId) -> Self {
        Self { file, start: 0, end: 0 }
    }

    /// The smallest range that holds both; both must be of one file, or `self` is given back.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty range where this one ends: where something is missing.
    pub fn after(self) -> Span {
        Span { start: self.end, ..self }
    }
}

/// A place as people name it: both count from 1, columns in code points.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in code points, from 1; an octet that is not part of UTF-8 counts as one.
    pub column: u32,
}

/// One text and the name it is shown under.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: Arc<[u8]>,
    /// How many lines end before each block of the text: the place of one line costs little, that of all is never kept.
    lines_before: OnceLock<Vec<u32>>,
    speaks_to_us: OnceLock<bool>,
}

impl Source {
    /// A text under the name that findings call it by, usually a path.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.into(), text: text.into(), lines_before: OnceLock::new(), speaks_to_us: OnceLock::new() }
    }

    /// The name it is shown under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its octets.
    pub fn text(&self) -> &Arc<[u8]> {
        &self.text
    }

    /// Whether there may be a comment for this program in it: several ask, and it is looked for once.
    pub fn may_speak_to_us(&self) -> bool {
        *self.speaks_to_us.get_or_init(|| may_speak_to_us(&self.text))
    }

    /// Where an octet is, as people say it; an offset past the end is the end.
    pub fn position(&self, offset: u32) -> Position {
        let offset = self.text.len().min(offset as usize);
        let block = offset / BLOCK;
        let line = 1 + self.lines_before()[block] + count_lines(&self.text[block * BLOCK..offset]);
        let start = memchr::memrchr(b'\n', &self.text[..offset]).map_or(0, |end| end + 1);
        Position { line, column: 1 + count_code_points(&self.text[start..offset]) }
    }

    /// The octets of a line, counted from 1, without its end; empty if there is no such line.
    pub fn line(&self, line: u32) -> &[u8] {
        let rest = &self.text[self.line_start(line) as usize..];
        let text = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    /// The offset of the first octet of a line, counted from 1; that of the end if there is no such line.
    pub fn line_start(&self, line: u32) -> u32 {
        let ended = line.saturating_sub(1);
        // The last block before which fewer lines end, if that is not the beginning of the text.
        let Some(block) = self.lines_before().partition_point(|&before| before < ended).checked_sub(1) else {
            return 0;
        };
        let mut ends = memchr::memchr_iter(b'\n', &self.text[block * BLOCK..]);
        let end = ends.nth((ended - self.lines_before()[block]) as usize - 1);
        end.map_or(self.text.len(), |end| block * BLOCK + end + 1) as u32
    }

    /// For each block, and for the end of the text where that is a block's, how many lines end before it.
    fn lines_before(&self) -> &[u32] {
        self.lines_before.get_or_init(|| {
            let blocks = self.text.chunks_exact(BLOCK).map(count_lines);
            let sum = blocks.scan(0, |before, lines| {
                *before += lines;
                Some(*before)
            });
            std::iter::once(0).chain(sum).collect()
        })
    }
}

/// How many lines end in some octets.
fn count_lines(octets: &[u8]) -> u32 {
    memchr::memchr_iter(b'\n', octets).count() as u32
}

fn count_code_points(octets: &[u8]) -> u32 {
    octets.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum::<usize>() as u32
}

/// The texts of one run, by [`FileId`].
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Keeps a text and gives the id that its spans carry.
    pub fn add(&mut self, source: Source) -> FileId {
        self.0.push(source);
        FileId(self.0.len() as u32 - 1)
    }

    /// The text of an id that [`add`](Self::add) gave.
    pub fn get(&self, file: FileId) -> &Source {
        &self.0[file.0 as usize]
    }

    /// All texts, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FileId, &Source)> {
        self.0.iter().enumerate().map(|(index, source)| (FileId(index as u32), source))
    }

    /// The octets of a range.
    pub fn text(&self, span: Span) -> &[u8] {
        self.get(span.file).text().get(span.start as usize..span.end as usize).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines long and short, and their ends on both sides of where blocks meet.
    #[test]
    fn lines_are_where_counting_them_finds_them() {
        let long = ["a".repeat(BLOCK - 2), "b".repeat(BLOCK), "c".repeat(3 * BLOCK)].join("\n");
        let block = "x\n".repeat(BLOCK / 2);
        for text in ["", "\n", "one", "one\ntwo\r\n", &long, &block, &format!("{block}{long}\n\n{block}end")] {
            let source = Source::new("a text", text.as_bytes());
            let mut start = 0;
            for (number, line) in (1..).zip(text.split('\n')) {
                assert_eq!(source.line_start(number), start as u32, "line {number}");
                assert_eq!(source.line(number), line.strip_suffix('\r').unwrap_or(line).as_bytes());
                for column in [0, line.len() / 2, line.len()] {
                    let position = Position { line: number, column: column as u32 + 1 };
                    assert_eq!(source.position((start + column) as u32), position);
                }
                start += line.len() + 1;
            }
            let beyond = 1 + text.split('\n').count() as u32;
            assert_eq!((source.line(beyond), source.line_start(beyond)), (&b""[..], text.len() as u32));
        }
    }
}
