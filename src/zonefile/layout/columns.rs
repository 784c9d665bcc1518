//! Where the parts of a block's entries start.

use super::lines::{Entry, Item, Line, Shape};
use super::pad;

/// Columns that may be the TTL's: its place in hand-written zones, and further ones for longer names.
const TTL: &[usize] = &[8, 16, 24, 32, 40];

/// Columns that may be the class's. 40 fits the names of an IPv6 network's reverse zone, a /32's 20 labels.
const CLASS: &[usize] = &[16, 24, 32, 40, 48];

/// Columns that may lie between the type and its data: `AAAA` and a blank, up to `NSEC3PARAM` and one.
const RTYPE: &[usize] = &[5, 6, 7, 8, 11];

/// How far class and TTL behind it may move the type.
const MOST_CLASS: usize = 16;

/// The longest owner and TTL that neighbours are lined up with.
const MOST_TOGETHER: usize = 64;

/// The columns of one block.
pub(super) struct Columns {
    /// What class takes, with the blank behind it; 0 where no entry has one.
    class: usize,
    /// Where the data and all inner lines start, for those that fit.
    rdata: usize,
    /// For each item of the block: where its TTL and its class start.
    starts: Vec<(usize, usize)>,
}

impl Columns {
    pub(super) fn of(block: &[Item]) -> Self {
        let shape = |item: &Item| match item {
            Item::Entry(entry) => entry.shape,
            _ => None,
        };
        let shapes: Vec<(usize, Shape)> =
            block.iter().enumerate().filter_map(|(index, item)| Some((index, shape(item)?))).collect();
        let with_ttl: Vec<usize> = shapes.iter().filter(|(_, one)| one.ttl > 0).map(|(_, one)| one.owner).collect();
        let ttl = most_fit(TTL, with_ttl);
        // Owners alone first, so that a run of long ones has its TTLs in one column too.
        let owners: Vec<usize> = shapes.iter().map(|(_, one)| if one.ttl > 0 { one.owner } else { 0 }).collect();
        let ttls = lined_up(ttl, &owners);
        let lead = |((_, one), ttl): (&(usize, Shape), &usize)| match one.ttl {
            0 => one.owner,
            width => ttl + width,
        };
        let leads: Vec<usize> = shapes.iter().zip(&ttls).map(lead).collect();
        let class = most_fit(CLASS, leads.clone());
        let classes = lined_up(class, &leads);
        let mut starts = vec![(ttl, class); block.len()];
        for (((index, _), ttl), class) in shapes.iter().zip(ttls).zip(classes) {
            starts[*index] = (ttl, class);
        }
        let widest = shapes.iter().map(|(_, one)| one.class).filter(|&width| width <= MOST_CLASS).max();
        let class_width = widest.filter(|&width| width > 0).map_or(0, |width| width + 1);
        let rtype = most_fit(RTYPE, shapes.iter().map(|(_, one)| one.rtype).collect());
        Self { class: class_width, rdata: class + class_width + rtype, starts }
    }

    /// An entry's first line; `index` is its place in the block.
    pub(super) fn first_line(&self, text: &[u8], index: usize, entry: &Entry) -> Vec<u8> {
        let mut line = Vec::new();
        let mut pieces = entry.lines[0].pieces.iter();
        match entry.shape {
            Some(shape) => {
                let (ttl, class) = self.starts[index];
                let columns = [
                    (0, usize::from(shape.owner > 0)),
                    (ttl, usize::from(shape.ttl > 0)),
                    (class, shape.class_pieces),
                    (class + self.class, 1),
                    (self.rdata, usize::MAX),
                ];
                for (column, count) in columns {
                    for (place, piece) in pieces.by_ref().take(count).enumerate() {
                        match place {
                            0 => go_to(column, &mut line),
                            _ => line.push(b' '),
                        }
                        line.extend_from_slice(piece.text(text));
                    }
                }
            }
            None => {
                pad(&mut line, if entry.starts_blank { CLASS[0] } else { 0 });
                join(text, &entry.lines[0], &mut line);
            }
        }
        line
    }

    /// A line inside parentheses: below the data.
    pub(super) fn inner_line(&self, text: &[u8], line: &Line) -> Vec<u8> {
        let mut inner = vec![b' '; self.rdata];
        join(text, line, &mut inner);
        inner
    }
}

/// Goes to a column, or one blank on where that lies behind.
fn go_to(column: usize, line: &mut Vec<u8>) {
    let (written, width) = (line.len(), super::width(line));
    let least = if written == 0 { 0 } else { width + 1 };
    pad(line, usize::max(column, least) - width);
}

/// Appends a line's pieces with a blank between them.
fn join(text: &[u8], line: &Line, out: &mut Vec<u8>) {
    for (place, piece) in line.pieces.iter().enumerate() {
        if place > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(piece.text(text));
    }
}

/// The first stop that at least half of the widths end before, or the last of all.
fn most_fit(stops: &[usize], mut widths: Vec<usize>) -> usize {
    if widths.is_empty() {
        return stops[0];
    }
    let middle = (widths.len() - 1) / 2;
    let median = *widths.select_nth_unstable(middle).1;
    stops.iter().copied().find(|&stop| median < stop).unwrap_or(stops[stops.len() - 1])
}

/// Where each of a block's entries has the next part: at `stop`, or, where some in a row reach over it, behind the longest.
fn lined_up(stop: usize, widths: &[usize]) -> Vec<usize> {
    let mut starts = Vec::with_capacity(widths.len());
    for run in widths.chunk_by(|one, other| (*one >= stop) == (*other >= stop)) {
        let longest = run.iter().copied().filter(|&width| width <= MOST_TOGETHER).max().unwrap_or(0);
        let start = if run[0] < stop { stop } else { usize::max(stop, longest + 1) };
        starts.extend(run.iter().map(|&width| usize::max(start, width + 1)));
    }
    starts
}
