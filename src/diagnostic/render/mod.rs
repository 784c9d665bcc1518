//! Findings as people and programs read them.
//!
//! In: a [`Diagnostic`] and the texts it points into. Out: text, appended to a string. Knows no terminal: whether to use
//! colours is an argument, and lines are kept short whatever the width of the window.
//!
//! # Design
//!
//! What is echoed here was written by strangers: zone text, file names, and messages that quote either. All of it goes
//! through [`escape`], or for programs through JSON's own escapes, so no finding can move a cursor, reorder a line or hide
//! a character in a terminal or a CI log. Escaping happens when a finding is shown, so that findings keep what was written.

mod concise;
mod escape;
mod excerpt;
mod full;
mod github;
mod json;
mod junit;
mod sarif;

use std::fmt;

use super::{Diagnostic, Severity};
use crate::source::{Position, Sources, Span};

pub use escape::{escape, xml};

/// One row a format: its variant, its module, and what it is for.
macro_rules! formats {
    ($($variant:ident $module:ident $summary:literal;)*) => {
        /// How findings are written.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Format {
            $(#[doc = $summary] $variant),*
        }

        impl Format {
            /// All formats, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word that names it on a command line.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($module)),* }
            }

            /// One line: what it is for.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary),* }
            }

            fn page(self, colour: bool) -> Box<dyn Page> {
                match self { $(Self::$variant => $module::page(colour)),* }
            }
        }
    };
}

formats! {
    Full full "For people: the text with the guilty part underlined, why, and the fix";
    Concise concise "For people and editors: one line a finding, led by file, line and column";
    Json json "For programs: one JSON object a finding and line";
    Sarif sarif "For code scanning: one SARIF 2.1.0 document";
    Github github "For GitHub Actions: annotations, and a job summary where `GITHUB_STEP_SUMMARY` names a file";
    Junit junit "For CI: one JUnit XML document; `check` makes a suite of each zone, `test` a case of each test";
}

/// A format at work: what comes of findings at once, and what only at the end.
trait Page {
    /// The findings that follow are of this zone; it may have none.
    fn zone(&mut self, _name: &str) {}

    /// Takes a finding, and appends what can be told of it already.
    fn add(&mut self, finding: &Diagnostic, sources: &Sources, out: &mut String);

    /// Appends what could only be told once all were known; gives the text of a report beside the output, if there is one.
    fn finish(&mut self, _title: &str, _out: &mut String) -> Option<String> {
        None
    }
}

/// A format that tells of each finding by itself.
struct Lines {
    colour: bool,
    render: fn(&Diagnostic, &Sources, bool, &mut String),
}

impl Page for Lines {
    fn add(&mut self, finding: &Diagnostic, sources: &Sources, out: &mut String) {
        (self.render)(finding, sources, self.colour, out);
    }
}

/// Findings on their way out, in one format: a document of its own.
pub struct Rendering(Box<dyn Page>);

impl Rendering {
    /// A document without findings; `colour` asks for a terminal's colours, where the format has some.
    pub fn new(format: Format, colour: bool) -> Self {
        Self(format.page(colour))
    }

    /// Goes on with another zone.
    pub fn zone(&mut self, name: &str) {
        self.0.zone(name);
    }

    /// Adds a finding, and appends to `out` what can be written of it already, whole lines.
    pub fn add(&mut self, finding: &Diagnostic, sources: &Sources, out: &mut String) {
        self.0.add(finding, sources, out);
    }

    /// Ends the document; gives the text of a report beside it, if the format has one: Markdown, for a job's summary, under
    /// the `title` that says what was run and found.
    pub fn finish(&mut self, title: &str, out: &mut String) -> Option<String> {
        self.0.finish(title, out)
    }
}

/// Appends one finding as a document of its own, ending with a line feed.
pub fn render(format: Format, finding: &Diagnostic, sources: &Sources, colour: bool, out: &mut String) {
    let mut rendering = Rendering::new(format, colour);
    rendering.add(finding, sources, out);
    rendering.finish("", out);
}

/// A finding's file and place, as all formats for programs name them.
struct Place {
    file: String,
    start: Position,
    end: Position,
}

impl Place {
    fn of(span: Span, sources: &Sources) -> Self {
        let source = sources.get(span.file);
        let (start, end) = (source.position(span.start), source.position(span.end.max(span.start)));
        Self { file: source.name().to_owned(), start, end }
    }
}

/// What a run found, as its last line says it: `2 errors, 1 warning in 9 zones`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Findings that keep a zone from being served.
    pub errors: usize,
    /// Findings that do not.
    pub warnings: usize,
    /// Advice.
    pub notes: usize,
    /// Zones that were looked at.
    pub zones: usize,
    /// Findings that are not counted above and not shown, as they were there before a change.
    pub before: usize,
}

impl Summary {
    /// Counts the findings of one more zone.
    pub fn add_zone(&mut self, findings: &[Diagnostic]) {
        self.zones += 1;
        findings.iter().for_each(|finding| self.add(finding));
    }

    /// Counts a finding of no zone.
    pub fn add(&mut self, finding: &Diagnostic) {
        match finding.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")];
        let found: Vec<_> =
            counts.iter().filter(|(count, _)| *count > 0).map(|&(count, what)| counted(count, what)).collect();
        let found = if found.is_empty() { "no findings".to_owned() } else { found.join(", ") };
        write!(f, "{found} in {}", counted(self.zones, "zone"))?;
        match self.before {
            0 => Ok(()),
            1 => write!(f, "; 1 finding that was there before is not shown"),
            before => write!(f, "; {before} findings that were there before are not shown"),
        }
    }
}

/// A number of things: `1 zone`, `2 zones`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
