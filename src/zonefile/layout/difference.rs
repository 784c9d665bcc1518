//! What a layout changes, as a unified diff.
//!
//! Since lines are kept, the line of a number before is the line of that number after: there is nothing to search.

use std::fmt::Write as _;
use std::ops::Range;

use crate::diagnostic::render::escape;

/// Lines shown around a change, as in all unified diffs.
const CONTEXT: usize = 3;

/// The difference between a text and its layout, for people: what a terminal would obey is escaped, and tabs are kept.
pub fn difference(name: &str, before: &[u8], after: &[u8]) -> String {
    let (before, after) = (lines(before), lines(after));
    let name = escape(name.as_bytes());
    let mut out = format!("--- {name}\n+++ {name}\n");
    for hunk in hunks(&before, &after) {
        push_hunk(&before, &after, hunk, &mut out);
    }
    out
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&octet| octet == b'\n').collect()
}

/// The lines to show: those that differ and those around them.
fn hunks(before: &[&[u8]], after: &[&[u8]]) -> Vec<Range<usize>> {
    let most = usize::max(before.len(), after.len());
    let mut hunks: Vec<Range<usize>> = Vec::new();
    for line in (0..most).filter(|&line| before.get(line) != after.get(line)) {
        let (start, end) = (line.saturating_sub(CONTEXT), usize::min(line + CONTEXT + 1, most));
        match hunks.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => hunks.push(start..end),
        }
    }
    hunks
}

fn push_hunk(before: &[&[u8]], after: &[&[u8]], hunk: Range<usize>, out: &mut String) {
    let (old, new) = (within(before, &hunk), within(after, &hunk));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "@@ -{} +{} @@", place(&hunk, old.len()), place(&hunk, new.len()));
    let mut at = 0;
    while at < hunk.len() {
        let is_kept = |line: usize| old.get(line) == new.get(line);
        let end = (at..hunk.len()).find(|&line| is_kept(line) != is_kept(at)).unwrap_or(hunk.len());
        let signs: &[_] = if is_kept(at) { &[(' ', old)] } else { &[('-', old), ('+', new)] };
        for (sign, lines) in signs {
            within(lines, &(at..end)).iter().for_each(|line| push_line(*sign, line, out));
        }
        at = end;
    }
}

/// The lines of a range, as far as there are.
fn within<'s, 't>(lines: &'s [&'t [u8]], range: &Range<usize>) -> &'s [&'t [u8]] {
    &lines[usize::min(range.start, lines.len())..usize::min(range.end, lines.len())]
}

/// A range of lines as the head of a hunk has it: the first counted from 1, or the one before where there is none.
fn place(hunk: &Range<usize>, count: usize) -> String {
    format!("{},{count}", hunk.start + usize::from(count > 0))
}

fn push_line(sign: char, line: &[u8], out: &mut String) {
    let (content, end) = match line.strip_suffix(b"\n") {
        Some(content) => (content, "\n"),
        None => (line, "\n\\ No newline at end of file\n"),
    };
    out.push(sign);
    for (place, part) in content.split(|&octet| octet == b'\t').enumerate() {
        out.push_str(if place > 0 { "\t" } else { "" });
        out.push_str(&escape(part));
    }
    out.push_str(end);
}
