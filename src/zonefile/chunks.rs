//! A large text known by the hashes of its parts, to find what changed in another that was made of it.
//!
//! In: a text, then another. Out: which lines of the other are not those of the first. Keeps some octets for each part of the
//! text, and none of the text.
//!
//! # Design
//!
//! The cuts lie at lines that look like the start of an entry. In the other text the same parts are looked for one after the
//! other; where one is not there, the next few are looked for at each line behind it. Cuts that the content alone decides
//! would be found again without a search, and would cost every load a second hash of every line.

use std::hash::Hasher as _;
use std::ops::Range;

use siphasher::sip::SipHasher13;

use super::pieces::line_start;

/// Octets of a part, about.
const OCTETS: usize = 1 << 15;

/// Parts that follow one another and may be gone together; and places where texts may differ.
const MOST_GONE: usize = 4;
const MOST_PLACES: usize = 64;

/// Places that are hashed whole at most because they start as a part does.
const MOST_TRIES: usize = 256;

/// Octets of a part by which most places of another text are told from it.
const FIRST: usize = 64;

/// Octets by which the lines in the place of such parts may have grown.
const MOST_GROWTH: usize = 1 << 16;

/// A text's parts.
#[derive(Clone, Debug)]
pub struct Chunks {
    key: [u8; 16],
    list: Vec<Chunk>,
}

#[derive(Clone, Debug)]
struct Chunk {
    octets: u32,
    /// The hash of the first octets.
    first: u64,
    hash: u64,
}

/// Which part of a text an octet lies in.
#[derive(Debug)]
pub struct PartOf {
    starts: Vec<u32>,
    /// The part that holds each octet whose number is a multiple of a part's least size: no part lies between two of them.
    grid: Vec<u32>,
}

/// Lines of a text that stand in the place of some parts of another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// The other's parts, by number.
    pub chunks: Range<usize>,
    /// The lines.
    pub lines: Range<u32>,
}

impl Chunks {
    /// The parts of a text; the key is to be known to nobody who writes one.
    pub fn of(text: &[u8], key: [u8; 16]) -> Self {
        let mut chunks = Self { key, list: Vec::with_capacity(text.len() / OCTETS + 1) };
        let mut start = 0;
        while start < text.len() {
            let near = start + OCTETS;
            let end = if near < text.len() { line_start(text, near) } else { None };
            let end = end.map_or(text.len(), |end| end as usize);
            chunks.list.push(chunks.chunk(&text[start..end]));
            start = end;
        }
        chunks
    }

    fn chunk(&self, text: &[u8]) -> Chunk {
        Chunk { octets: text.len() as u32, first: self.hash(first(text)), hash: self.hash(text) }
    }

    fn hash(&self, text: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(text);
        hasher.finish()
    }

    /// Where each part starts.
    pub fn starts(&self) -> impl Iterator<Item = u32> {
        self.list.iter().scan(0, |end, chunk| {
            let start = *end;
            *end += chunk.octets;
            Some(start)
        })
    }

    /// The lines of another text that are not in this one; none where too much differs.
    pub fn changed(&self, text: &[u8]) -> Option<Vec<Changed>> {
        let (mut at, mut index, mut changed, mut tries) = (0, 0, Vec::new(), MOST_TRIES);
        while let Some(chunk) = self.list.get(index) {
            if self.is_at(text, at, chunk) {
                (at, index) = (at + chunk.octets as usize, index + 1);
                continue;
            }
            let (next, start) = self.resume(text, at, index, &mut tries)?;
            changed.push(Changed { chunks: index..next, lines: at as u32..start as u32 });
            (at, index) = (start, next);
        }
        (at == text.len() && changed.len() <= MOST_PLACES).then_some(changed)
    }

    /// The first part behind one that is not at `at` which is there again, and where; the end, if the last few are not.
    fn resume(&self, text: &[u8], at: usize, gone: usize, tries: &mut usize) -> Option<(usize, usize)> {
        let mut reach = at + MOST_GROWTH;
        for next in gone + 1..=gone + MOST_GONE {
            reach += self.list[next - 1].octets as usize;
            let Some(chunk) = self.list.get(next) else { return (text.len() <= reach).then_some((next, text.len())) };
            let window = &text[at..reach.min(text.len())];
            let lines = memchr::memchr_iter(b'\n', window).map(|end| at + end + 1);
            for start in std::iter::once(at).chain(lines).filter(|&start| self.may_be_at(text, start, chunk)) {
                *tries = tries.checked_sub(1)?;
                if self.is_at(text, start, chunk) {
                    return Some((next, start));
                }
            }
        }
        None
    }

    fn is_at(&self, text: &[u8], at: usize, chunk: &Chunk) -> bool {
        text.get(at..at + chunk.octets as usize).is_some_and(|there| self.hash(there) == chunk.hash)
    }

    fn may_be_at(&self, text: &[u8], at: usize, chunk: &Chunk) -> bool {
        text.get(at..at + chunk.octets as usize).is_some_and(|there| self.hash(first(there)) == chunk.first)
    }

    /// The parts of the text that has those lines in the place of these parts, which then are one part each.
    pub fn amended(&self, text: &[u8], changed: &[Changed]) -> Self {
        let new =
            changed.iter().map(|Changed { lines, .. }| self.chunk(&text[lines.start as usize..lines.end as usize]));
        Self { key: self.key, list: Changed::splice(changed, &self.list, new) }
    }
}

impl Changed {
    /// What is known of each part of a text, with what is new in the place of those that changed: one for each change.
    pub fn splice<T: Clone>(changed: &[Self], known: &[T], new: impl IntoIterator<Item = T>) -> Vec<T> {
        let (mut spliced, mut next) = (Vec::with_capacity(known.len()), 0);
        for (Self { chunks, .. }, new) in changed.iter().zip(new) {
            spliced.extend_from_slice(&known[next..chunks.start]);
            spliced.push(new);
            next = chunks.end;
        }
        spliced.extend_from_slice(&known[next..]);
        spliced
    }
}

impl PartOf {
    /// Of a text that has these parts.
    pub fn of(chunks: &Chunks) -> Self {
        let (starts, mut grid) = (chunks.starts().collect::<Vec<_>>(), Vec::new());
        for (part, chunk) in chunks.list.iter().enumerate() {
            let end = (starts[part] + chunk.octets) as usize;
            grid.resize(end.div_ceil(OCTETS), part as u32);
        }
        Self { starts, grid }
    }

    /// The number of the part.
    pub fn octet(&self, octet: u32) -> usize {
        let mut part = self.grid[octet as usize / OCTETS] as usize;
        while self.starts.get(part + 1).is_some_and(|start| *start <= octet) {
            part += 1;
        }
        part
    }
}

fn first(text: &[u8]) -> &[u8] {
    &text[..text.len().min(FIRST)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lines of a few kinds, many of which are alike.
    fn lines() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec((0_u32..40, 0_usize..40), 1..6000).prop_map(|lines| {
            let line = |(name, more): (u32, usize)| format!("name{name} TXT {}\n", "x".repeat(more * more / 20));
            lines.into_iter().map(line).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        /// What is not told of as changed is the same, part by part, and what the new parts are is what a fresh look finds.
        #[test]
        fn the_rest_is_the_same(
            lines in lines(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..3), 0..4),
        ) {
            let before = lines.concat();
            let mut after = lines;
            for (place, edit) in edits {
                let at = place.index(after.len());
                match edit {
                    0 => after[at] = "changed A 192.0.2.1\n".into(),
                    1 => after.insert(at, "inserted A 192.0.2.1\n".into()),
                    _ => after[at].clear(),
                }
            }
            let after = after.concat();
            let chunks = Chunks::of(before.as_bytes(), [7; 16]);
            let part_of = PartOf::of(&chunks);
            for (part, start) in chunks.starts().enumerate() {
                prop_assert_eq!(part_of.octet(start), part);
                prop_assert_eq!(part_of.octet(start + chunks.list[part].octets - 1), part);
            }
            let Some(changed) = chunks.changed(after.as_bytes()) else { return Ok(()) };
            prop_assert_eq!(changed.is_empty(), before == after);
            let part = |(start, chunk): (u32, &Chunk)| &before[start as usize..(start + chunk.octets) as usize];
            let parts: Vec<&str> = chunks.starts().zip(&chunks.list).map(part).collect();
            let new = changed.iter().map(|changed| &after[changed.lines.start as usize..changed.lines.end as usize]);
            prop_assert_eq!(&Changed::splice(&changed, &parts, new).concat(), &after);
            let amended = chunks.amended(after.as_bytes(), &changed);
            prop_assert_eq!(amended.changed(after.as_bytes()), Some(Vec::new()));
        }
    }

    #[test]
    fn a_line_that_changed_is_found_wherever_it_stands() {
        let text: String = (0..20_000).map(|name| format!("host{name} A 192.0.2.1\n")).collect();
        let chunks = Chunks::of(text.as_bytes(), [7; 16]);
        assert!(chunks.list.len() > 10);
        for name in [0, 1, 7777, 12_345, 19_999] {
            let line = format!("host{name} A 192.0.2.1\n");
            let edited = text.replacen(&line, &format!("host{name} A 198.51.100.111\n"), 1);
            let changed = chunks.changed(edited.as_bytes()).expect("little changed");
            assert_eq!(changed.len(), 1);
            let lines = &edited[changed[0].lines.start as usize..changed[0].lines.end as usize];
            assert!(lines.len() < 2 * OCTETS && lines.contains("198.51.100.111"));
        }
        assert_eq!(chunks.changed(text.replace("192", "193").as_bytes()), None);
    }
}
