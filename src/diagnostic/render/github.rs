//! Annotations of GitHub Actions, and the Markdown of a job's summary.
//!
//! # Design
//!
//! GitHub shows ten annotations of a level and step and drops the others unsaid, so errors come first and the tenth says how
//! many more there are; those are written as plain lines, for the log. A summary ends at the length of a comment, which is
//! where it may be posted too.

use std::fmt::Write;

use super::super::{Diagnostic, Severity};
use super::escape::escape;
use super::{Page, Place, concise};
use crate::source::Sources;

/// Annotations of one level that a step may make.
const MOST_ANNOTATIONS: usize = 10;

/// Characters of a comment.
const MOST_CHARACTERS: usize = 65_536;

/// The levels, as GitHub calls them, in the order in which they are written.
const LEVELS: [(Severity, &str); 3] =
    [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "notice")];

/// The format; it has no colours.
pub(super) fn page(_colour: bool) -> Box<dyn Page> {
    Box::new(Github { findings: Vec::new() })
}

struct Github {
    findings: Vec<Told>,
}

/// A finding in its three guises.
struct Told {
    severity: Severity,
    annotation: String,
    line: String,
    row: String,
}

impl Page for Github {
    fn add(&mut self, finding: &Diagnostic, sources: &Sources, _out: &mut String) {
        let place = Place::of(finding.primary.span, sources);
        let mut line = String::new();
        concise::render(finding, sources, false, &mut line);
        let (annotation, row) = (annotation(finding, &place), row(finding, &place));
        self.findings.push(Told { severity: finding.severity, annotation, line, row });
    }

    fn finish(&mut self, title: &str, out: &mut String) -> Option<String> {
        for (severity, level) in LEVELS {
            let of_level: Vec<&Told> = self.findings.iter().filter(|told| told.severity == severity).collect();
            let shown = if of_level.len() > MOST_ANNOTATIONS { MOST_ANNOTATIONS - 1 } else { of_level.len() };
            of_level[..shown].iter().for_each(|told| out.push_str(&told.annotation));
            if let more @ 1.. = of_level.len() - shown {
                let _ = writeln!(out, "::{level} title=zonewright::{more} more of this level are in the log only");
                of_level[shown..].iter().for_each(|told| out.push_str(&told.line));
            }
        }
        Some(self.summary(title))
    }
}

impl Github {
    /// All findings as a table, errors first, cut where a comment ends.
    fn summary(&self, title: &str) -> String {
        let mut text = format!("### {title}\n");
        let rows: Vec<&Told> = LEVELS
            .iter()
            .flat_map(|(severity, _)| self.findings.iter().filter(|told| told.severity == *severity))
            .collect();
        if rows.is_empty() {
            return text;
        }
        text += "\n| Place | Severity | Rule | Finding |\n|---|---|---|---|\n";
        let mut characters = text.chars().count();
        for (index, told) in rows.iter().enumerate() {
            let end = format!("\n{} more are in the log only.\n", rows.len() - index);
            let own = told.row.chars().count();
            if characters + own + end.len() > MOST_CHARACTERS {
                return text + &end;
            }
            characters += own;
            text += &told.row;
        }
        text
    }
}

fn annotation(finding: &Diagnostic, place: &Place) -> String {
    let level = LEVELS.iter().find(|(severity, _)| *severity == finding.severity).map_or("notice", |&(_, level)| level);
    let file = property(&place.file);
    let (start, end) = (place.start, place.end);
    // GitHub ignores columns where the lines differ.
    let columns = match start.line == end.line {
        true => format!(",col={},endColumn={}", start.column, end.column.max(start.column)),
        false => String::new(),
    };
    let parts = [("", &finding.headline), ("why: ", &finding.why), ("fix: ", &finding.fix)];
    let said = parts.iter().filter(|(_, text)| !text.is_empty());
    let message: Vec<String> = said.map(|(lead, text)| format!("{lead}{}", data(text))).collect();
    let (code, message) = (finding.code.name, message.join("%0A"));
    format!("::{level} file={file},line={},endLine={}{columns},title={code}::{message}\n", start.line, end.line)
}

/// The text of a command: `%` and line ends are its only special characters, and others that would not show are escaped.
fn data(text: &str) -> String {
    escape(text.as_bytes()).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a command's property, which ends at a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn row(finding: &Diagnostic, place: &Place) -> String {
    let (file, line) = (markdown(&place.file), place.start.line);
    let (severity, code) = (finding.severity.as_str(), finding.code.name);
    let (headline, fix) = (markdown(&finding.headline), markdown(&finding.fix));
    let fix = if fix.is_empty() { String::new() } else { format!("<br>*Fix:* {fix}") };
    format!("| {file}:{line} | {severity} | `{code}` | {headline}{fix} |\n")
}

/// A text as a cell of a table: what would end it, mention somebody or be taken for HTML is escaped.
fn markdown(text: &str) -> String {
    let mut cell = String::new();
    for char in escape(text.as_bytes()).chars() {
        match char {
            '|' => cell.push_str("\\|"),
            '<' => cell.push_str("&lt;"),
            '&' => cell.push_str("&amp;"),
            '@' => cell.push_str("&#64;"),
            '#' => cell.push_str("&#35;"),
            '[' | ']' | '*' | '_' | '!' | '\\' => {
                cell.push('\\');
                cell.push(char);
            }
            _ => cell.push(char),
        }
    }
    cell
}
