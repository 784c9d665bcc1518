//! One JSON object a finding and line, for programs.
//!
//! Lines and columns count from 1, columns in code points; the end is the first place after the guilty text. `zone` and
//! `help` are null where there is none; `edits` are what `check --fix` would type, empty where that is for people. Strings are what was written, whatever it was: characters that a terminal would
//! obey or hide are written as JSON's `\u` escapes, which a program reads back unchanged and a CI log shows harmlessly.

use std::fmt::Write;

use serde::Serialize;

use super::super::{Diagnostic, Edit};
use super::escape::is_plain;
use super::{Lines, Page};
use crate::source::Sources;

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    rule: &'a str,
    severity: &'a str,
    zone: Option<String>,
    message: &'a str,
    help: Option<&'a str>,
    edits: Vec<Replacement<'a>>,
}

/// A range of a file and what belongs in its place, for programs that make the fix themselves.
#[derive(Serialize)]
struct Replacement<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    text: &'a str,
}

impl<'a> Replacement<'a> {
    fn of(edit: &'a Edit, sources: &'a Sources) -> Self {
        let source = sources.get(edit.span.file);
        let (start, end) = (source.position(edit.span.start), source.position(edit.span.end));
        let (line, column, end_line, end_column) = (start.line, start.column, end.line, end.column);
        Self { file: source.name(), line, column, end_line, end_column, text: &edit.text }
    }
}

/// The format.
pub(super) fn page(colour: bool) -> Box<dyn Page> {
    Box::new(Lines { colour, render })
}

/// Appends `finding` as one line; JSON has no colours.
fn render(finding: &Diagnostic, sources: &Sources, _colour: bool, out: &mut String) {
    let span = finding.primary.span;
    let source = sources.get(span.file);
    let (start, end) = (source.position(span.start), source.position(span.end.max(span.start)));
    let edits = finding.repair.iter().flat_map(|repair| &repair.edits);
    let line = Line {
        file: source.name(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        rule: finding.code.name,
        severity: finding.severity.as_str(),
        zone: finding.zone.as_ref().map(|zone| zone.to_string()),
        message: &finding.headline,
        help: Some(finding.fix.as_str()).filter(|fix| !fix.is_empty()),
        edits: edits.map(|edit| Replacement::of(edit, sources)).collect(),
    };
    push(&line, out);
    out.push('\n');
}

/// Appends a value as JSON in which nothing hides.
pub(super) fn push(value: &impl Serialize, out: &mut String) {
    let text = serde_json::to_string(value).expect("strings and numbers are always JSON");
    text.chars().for_each(|char| push_char(char, out));
}

/// Appends a character of JSON text; those that would not show can only stand in strings, where `\u` means the same.
fn push_char(char: char, out: &mut String) {
    if is_plain(char) {
        return out.push(char);
    }
    for unit in char.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}
