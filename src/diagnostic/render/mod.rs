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

mod escape;
mod excerpt;
mod full;
mod json;

use std::fmt;

use super::{Diagnostic, Severity};
use crate::source::Sources;

pub use escape::escape;

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

            fn writer(self) -> fn(&Diagnostic, &Sources, bool, &mut String) {
                match self { $(Self::$variant => $module::render),* }
            }
        }
    };
}

formats! {
    Full full "For people: the text with the guilty part underlined, why, and the fix";
    Json json "For programs: one JSON object a finding and line";
}

/// Appends a finding to `out`, ending with a line feed; `colour` asks for a terminal's colours, where the format has some.
pub fn render(format: Format, finding: &Diagnostic, sources: &Sources, colour: bool, out: &mut String) {
    format.writer()(finding, sources, colour, out);
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
}

impl Summary {
    /// Counts the findings of one more zone.
    pub fn add_zone(&mut self, findings: &[Diagnostic]) {
        self.zones += 1;
        self.add(findings);
    }

    /// Counts findings that are no zone's.
    pub fn add(&mut self, findings: &[Diagnostic]) {
        for finding in findings {
            match finding.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
                Severity::Note => self.notes += 1,
            }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")];
        let found: Vec<_> =
            counts.iter().filter(|(count, _)| *count > 0).map(|&(count, what)| counted(count, what)).collect();
        let found = if found.is_empty() { "no findings".to_owned() } else { found.join(", ") };
        write!(f, "{found} in {}", counted(self.zones, "zone"))
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
