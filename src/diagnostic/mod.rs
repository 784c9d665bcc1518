//! What is wrong with a text, as data: where, why, and what to type instead.
//!
//! In: facts from the rooms that judge. Out: [`Diagnostic`]s, which `render` turns into text for people and lines for
//! programs. Knows no DNS beyond a zone's name.

pub mod codes;
pub mod render;
mod repair;

use crate::dns::Name;
use crate::source::Span;

pub use codes::{Code, Stage};
pub use repair::{Edit, Repair, apply};

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Advice.
    Note,
    /// It works, and a maintainer would object.
    Warning,
    /// It will not work, or an RFC's MUST is broken.
    Error,
}

impl Severity {
    /// The word that findings carry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place and what is to be said of it.
#[derive(Clone, Debug)]
pub struct Label {
    /// The smallest text to blame.
    pub span: Span,
    /// A few words, without a full stop; may be empty.
    pub text: String,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Which of the registered faults it is.
    pub code: &'static Code,
    /// How bad it is; the code's own severity unless the config says otherwise.
    pub severity: Severity,
    /// The zone it was found in, where that is known.
    pub zone: Option<Name>,
    /// One fact, in the reader's names.
    pub headline: String,
    /// The smallest guilty text.
    pub primary: Label,
    /// The other half of a conflict.
    pub others: Vec<Label>,
    /// The consequence, then the citation.
    pub why: String,
    /// A fix that can be typed.
    pub fix: String,
    /// The same for programs, where only one reading makes sense.
    pub repair: Option<Repair>,
}

impl Diagnostic {
    /// A finding of `code` at `span`: `headline` is one fact in the reader's names.
    pub fn new(code: &'static Code, span: Span, headline: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            zone: None,
            headline: headline.into(),
            primary: Label { span, text: String::new() },
            others: Vec::new(),
            why: String::new(),
            fix: String::new(),
            repair: None,
        }
    }

    /// Adds the words under the underlined text.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds another place, the other half of a conflict.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.others.push(Label { span, text: text.into() });
        self
    }

    /// Adds the consequence, then the citation.
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// Adds a fix that can be typed.
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// Adds what a program may type by itself.
    pub fn repair(mut self, repair: Repair) -> Self {
        self.repair = Some(repair);
        self
    }

    /// Whether this keeps a zone from being served.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Sorts findings as they are read: by file, then place.
pub fn sort(findings: &mut [Diagnostic]) {
    findings.sort_by_key(|finding| finding.primary.span);
}
