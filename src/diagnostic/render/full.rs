//! The format for people.
//!
//! ```text
//! error[cname-beside-other-data]: `www.example.org.` has a CNAME and other records
//!   --> zones/example.org.zone:41:16
//!    |
//! 38 | www     300 IN A     192.0.2.10
//!    |                - the address is here
//! ...
//! 41 | www     300 IN CNAME web.example.net.
//!    |                ^^^^^ an alias must be the only record at its name
//!    |
//!    = why: a resolver that has cached the alias never asks for the address, so the two disagree (RFC 1034 §3.6.2)
//!    = fix: delete line 41 to keep the address, or line 38 to keep the alias
//!    = more: zonewright rule cname-beside-other-data
//! ```
//!
//! Places of one file stand in the order of its lines; places in other files follow, each file led by `::: file:line:col`.
//! A place that spans lines is underlined on its first and its last one.

use std::fmt::Write;

use super::super::{Diagnostic, Label, Severity};
use super::escape::escape;
use super::excerpt::Excerpt;
use super::{Lines, Page};
use crate::source::{FileId, Source, Sources, Span};

/// The format.
pub(super) fn page(colour: bool) -> Box<dyn Page> {
    Box::new(Lines { colour, render })
}

/// Appends `finding`; a place in an empty text has nothing to underline, and is only named.
fn render(finding: &Diagnostic, sources: &Sources, colour: bool, out: &mut String) {
    let blocks = blocks(finding, sources);
    let last_line = blocks.iter().flat_map(|block| &block.marks).map(|mark| mark.line).max();
    let gutter = last_line.unwrap_or(1).to_string().len();
    let mut page = Sheet { style: Style { colour }, gutter, severity: finding.severity, is_framed: false, out };
    page.headline(finding);
    for (index, block) in blocks.iter().enumerate() {
        page.place(if index == 0 { "-->" } else { ":::" }, block);
        page.marks(block);
    }
    page.notes(finding);
}

/// The places of one file.
struct Block<'a> {
    source: &'a Source,
    /// The place that leads the block: the guilty text's, or the first in an other file.
    span: Span,
    /// What to underline, in the order of the text.
    marks: Vec<Mark<'a>>,
}

/// What to underline on one line.
struct Mark<'a> {
    line: u32,
    /// Octets of the line.
    start: usize,
    end: usize,
    text: &'a str,
    is_primary: bool,
}

fn blocks<'a>(finding: &'a Diagnostic, sources: &'a Sources) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    let mut files: Vec<FileId> = Vec::new();
    for (index, label) in std::iter::once(&finding.primary).chain(&finding.others).enumerate() {
        let file = label.span.file;
        let at = files.iter().position(|&known| known == file).unwrap_or_else(|| {
            files.push(file);
            blocks.push(Block { source: sources.get(file), span: label.span, marks: Vec::new() });
            blocks.len() - 1
        });
        let block = &mut blocks[at];
        if index > 0 && at > 0 {
            block.span = block.span.min(label.span);
        }
        push_marks(block.source, label, index == 0, &mut block.marks);
    }
    for block in &mut blocks {
        block.marks.sort_by_key(|mark| (mark.line, mark.start));
    }
    blocks
}

/// Appends the mark of a label, or the two of a label that spans lines.
fn push_marks<'a>(source: &Source, label: &'a Label, is_primary: bool, marks: &mut Vec<Mark<'a>>) {
    let length = source.text().len() as u32;
    if length == 0 {
        return;
    }
    let (start, end) = (label.span.start.min(length), label.span.end.clamp(label.span.start.min(length), length));
    let first = source.position(start).line;
    // The end is the octet after the place: where that starts a line, the place ends with the line before it.
    let last = source.position(if end > start { end - 1 } else { end }).line;
    let within = |line: u32, offset: u32| (offset - source.line_start(line)) as usize;
    if first == last {
        let (start, end) = (within(first, start), within(first, end));
        marks.push(Mark { line: first, start, end, text: &label.text, is_primary });
        return;
    }
    let to_end = source.line(first).trim_ascii_end().len();
    marks.push(Mark { line: first, start: within(first, start), end: to_end, text: "", is_primary });
    let blanks = source.line(last).len() - source.line(last).trim_ascii_start().len();
    marks.push(Mark { line: last, start: blanks, end: within(last, end), text: &label.text, is_primary });
}

/// The text being written, and how.
struct Sheet<'o> {
    style: Style,
    /// Columns of the largest line number.
    gutter: usize,
    severity: Severity,
    /// Whether the last line is behind the frame's bar, which then goes on before anything else.
    is_framed: bool,
    out: &'o mut String,
}

impl Sheet<'_> {
    fn headline(&mut self, finding: &Diagnostic) {
        let kind = format!("{}[{}]", finding.severity.as_str(), finding.code.name);
        let kind = self.style.paint(self.style.of(self.severity), &kind);
        let headline = self.style.paint(BOLD, &format!(": {}", escape(finding.headline.as_bytes())));
        self.line(&format!("{kind}{headline}"));
    }

    /// The line that names a block's place.
    fn place(&mut self, arrow: &str, block: &Block<'_>) {
        self.leave_frame();
        let name = escape(block.source.name().as_bytes());
        let mut place = format!("{:1$}{2} {name}", "", self.gutter, self.style.paint(FRAME, arrow));
        if !block.source.text().is_empty() {
            let at = block.source.position(block.span.start);
            let _ = write!(place, ":{}:{}", at.line, at.column);
        }
        self.line(&place);
    }

    fn marks(&mut self, block: &Block<'_>) {
        let mut marks = &block.marks[..];
        if !marks.is_empty() {
            self.bar("");
        }
        let mut last = None;
        while let Some(first) = marks.first() {
            if last.is_some_and(|last| first.line > last + 1) {
                self.line(&self.style.paint(FRAME, "..."));
            }
            last = Some(first.line);
            let excerpt = Excerpt::around(block.source.line(first.line), first.start, first.end);
            let number = format!("{:>1$} |", first.line, self.gutter);
            self.line(format!("{} {}", self.style.paint(FRAME, &number), excerpt.text()).trim_end());
            // Places on the same line share its echo, unless the line is too long to show both at once.
            let shown = marks.iter().take_while(|mark| mark.line == first.line && excerpt.shows(mark.start)).count();
            let (here, rest) = marks.split_at(shown.max(1));
            here.iter().for_each(|mark| self.underline(&excerpt, mark));
            marks = rest;
        }
    }

    fn underline(&mut self, excerpt: &Excerpt, mark: &Mark<'_>) {
        let columns = excerpt.columns(mark.start, mark.end);
        let (sign, paint) = if mark.is_primary { ("^", self.style.of(self.severity)) } else { ("-", FRAME) };
        let text = escape(mark.text.as_bytes());
        let line = format!("{} {text}", sign.repeat(columns.len()));
        self.bar(&format!("{:2$}{}", "", self.style.paint(paint, line.trim_end()), columns.start));
    }

    fn notes(&mut self, finding: &Diagnostic) {
        let more = format!("zonewright rule {}", finding.code.name);
        for (name, text) in [("why", &finding.why), ("fix", &finding.fix), ("more", &more)] {
            if text.is_empty() {
                continue;
            }
            self.leave_frame();
            let lead = self.style.paint(FRAME, "=");
            let name = self.style.paint(BOLD, &format!("{name}:"));
            self.line(&format!("{:1$} {lead} {name} {2}", "", self.gutter, escape(text.as_bytes())));
        }
    }

    /// Ends the lines that echo text, if the last one was of them.
    fn leave_frame(&mut self) {
        if std::mem::take(&mut self.is_framed) {
            self.bar("");
            self.is_framed = false;
        }
    }

    /// A line behind the frame's bar.
    fn bar(&mut self, text: &str) {
        let bar = self.style.paint(FRAME, &format!("{:1$} |", "", self.gutter));
        self.line(format!("{bar} {text}").trim_end());
        self.is_framed = true;
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }
}

/// Whether to paint, and with what.
#[derive(Clone, Copy)]
struct Style {
    colour: bool,
}

/// An SGR parameter (ECMA-48 §8.3.117).
type Paint = &'static str;

const BOLD: Paint = "1";
const FRAME: Paint = "1;34";

impl Style {
    fn of(self, severity: Severity) -> Paint {
        match severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
            Severity::Note => "1;36",
        }
    }

    fn paint(self, paint: Paint, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\x1b[{paint}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
