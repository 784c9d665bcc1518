//! What a layout or a repair changes, as a unified diff.
//!
//! A layout keeps lines, so the line of a number before is the line of that number after: there is nothing to search. A
//! repair takes lines out and adds none; which ones is found by looking a little ahead.

use std::fmt::Write as _;
use std::ops::Range;

use crate::diagnostic::render::escape;

/// Lines shown around a change, as in all unified diffs.
const CONTEXT: usize = 3;

/// How far ahead a line is looked for where lines are gone: more in one place are shown as altered, which is true as well.
const LOOK_AHEAD: usize = 64;

/// A line before and after; one that is gone has no after.
type Pair<'t> = (Option<&'t [u8]>, Option<&'t [u8]>);

/// The difference between a text and its layout, for people: what a terminal would obey is escaped, and tabs are kept.
pub fn difference(name: &str, before: &[u8], after: &[u8]) -> String {
    let (before, after) = (lines(before), lines(after));
    let most = usize::max(before.len(), after.len());
    show(name, &(0..most).map(|line| (before.get(line).copied(), after.get(line).copied())).collect::<Vec<_>>())
}

/// The difference between a text and one in which lines were altered or taken out.
pub fn difference_of_repair(name: &str, before: &[u8], after: &[u8]) -> String {
    show(name, &align(&lines(before), &lines(after)))
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&octet| octet == b'\n').collect()
}

fn align<'t>(before: &[&'t [u8]], after: &[&'t [u8]]) -> Vec<Pair<'t>> {
    let (mut pairs, mut old, mut new) = (Vec::with_capacity(before.len()), 0, 0);
    while old < before.len() || new < after.len() {
        let gone = (before.len() - old).saturating_sub(after.len() - new);
        let here = after.get(new);
        let ahead = (0..=usize::min(gone, LOOK_AHEAD)).find(|step| before.get(old + step) == here).unwrap_or(0);
        let taken_out = before[old..].iter().take(ahead).map(|line| (Some(*line), None));
        pairs.extend(taken_out);
        old += ahead;
        pairs.push((before.get(old).copied(), here.copied()));
        (old, new) = (usize::min(old + 1, before.len()), usize::min(new + 1, after.len()));
    }
    pairs
}

fn show(name: &str, pairs: &[Pair<'_>]) -> String {
    let name = escape(name.as_bytes());
    let mut out = format!("--- {name}\n+++ {name}\n");
    let (mut at, mut old, mut new) = (0, 0, 0);
    for hunk in hunks(pairs) {
        let count = |range: Range<usize>| {
            let part = &pairs[range];
            (part.iter().filter(|pair| pair.0.is_some()).count(), part.iter().filter(|pair| pair.1.is_some()).count())
        };
        let (old_before, new_before) = count(at..hunk.start);
        (old, new) = (old + old_before, new + new_before);
        let (old_here, new_here) = count(hunk.clone());
        // Writing to a string cannot fail.
        let _ = writeln!(out, "@@ -{} +{} @@", place(old, old_here), place(new, new_here));
        push_hunk(&pairs[hunk.clone()], &mut out);
        (old, new, at) = (old + old_here, new + new_here, hunk.end);
    }
    out
}

/// The lines to show: those that differ and those around them.
fn hunks(pairs: &[Pair<'_>]) -> Vec<Range<usize>> {
    let mut hunks: Vec<Range<usize>> = Vec::new();
    for (line, _) in pairs.iter().enumerate().filter(|(_, pair)| pair.0 != pair.1) {
        let (start, end) = (line.saturating_sub(CONTEXT), usize::min(line + CONTEXT + 1, pairs.len()));
        match hunks.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => hunks.push(start..end),
        }
    }
    hunks
}

fn push_hunk(pairs: &[Pair<'_>], out: &mut String) {
    for run in pairs.chunk_by(|one, other| (one.0 == one.1) == (other.0 == other.1)) {
        let is_kept = run[0].0 == run[0].1;
        run.iter().filter_map(|pair| pair.0).for_each(|line| push_line(if is_kept { ' ' } else { '-' }, line, out));
        if !is_kept {
            run.iter().filter_map(|pair| pair.1).for_each(|line| push_line('+', line, out));
        }
    }
}

/// A range of lines as the head of a hunk has it: the first counted from 1, or the one before where there is none.
fn place(start: usize, count: usize) -> String {
    format!("{},{count}", start + usize::from(count > 0))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_gone_are_found() {
        let table = [
            ("a\nb\nc\n", "a\nc\n", " a\n-b\n c\n"),
            ("a\nb\nb\nc\n", "a\nb\nc\n", " a\n b\n-b\n c\n"),
            ("a\nb\nc\nd\n", "a\nB\nd\n", " a\n-b\n-c\n+B\n d\n"),
            ("a\nb\n", "a\n", " a\n-b\n"),
            ("a\nb", "a\n", " a\n-b\n\\ No newline at end of file\n"),
            ("b\na\n", "a\n", "-b\n a\n"),
            ("a\nx\nb\ny\nc\n", "a\nb\nc\n", " a\n-x\n b\n-y\n c\n"),
        ];
        for (before, after, wanted) in table {
            let shown = difference_of_repair("z", before.as_bytes(), after.as_bytes());
            let body = shown.split_once("@@\n").expect("a hunk").1;
            assert_eq!(body, wanted, "{before:?} {after:?}");
        }
    }
}
