//! What is wrong with a config file, as findings.

use std::ops::Range;

use super::spec::SECTIONS;
use crate::diagnostic::{Diagnostic, codes};
use crate::lint;
use crate::source::{FileId, Span};
use crate::zonefile::rdata;

/// How like a known key a misspelt one must be to be taken for it, by Damerau's distance over the longer one's length: two
/// letters of five may be wrong.
const LIKENESS: f64 = 0.6;

/// The most characters of a value that a headline repeats.
const ECHO: usize = 60;

/// The findings of one config file.
pub(super) struct Problems<'t> {
    file: FileId,
    text: &'t str,
    /// What was found, in no order.
    pub(super) findings: Vec<Diagnostic>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(file: FileId, text: &'t str) -> Self {
        Self { file, text, findings: Vec::new() }
    }

    /// Keeps a finding; [`finding`](Self::finding) makes them.
    pub(super) fn push(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    /// The text is no TOML at this place.
    pub(super) fn bad_syntax(&mut self, at: Range<usize>, message: &str) {
        let message = message.trim_end_matches(", expected nothing");
        self.push(self.finding(at, format!("the file is no TOML: {message}")));
    }

    /// At a key stands something other than what is `wanted` there.
    pub(super) fn bad_value(&mut self, at: Range<usize>, key: &str, wanted: &str) {
        let found = self.echo(&at);
        let finding = self.finding(at, format!("`{key}` cannot be {found}"));
        self.push(finding.label(format!("expected {wanted}")));
    }

    /// A key of a section (`""`: the top level) that nothing reads.
    pub(super) fn unknown_key(&mut self, at: Range<usize>, key: &str, section: &str) {
        let place = if section.is_empty() { "the top level".to_owned() } else { format!("`[{section}]`") };
        let known: Vec<&str> = match SECTIONS.iter().find(|(name, _)| *name == section) {
            Some((_, keys)) => keys.to_vec(),
            None => SECTIONS.iter().map(|(name, _)| *name).collect(),
        };
        let fix = match (nearest(key, &known), elsewhere(key, section)) {
            (Some(near), _) => format!("write `{near}`"),
            (None, Some((section, near))) => format!("write `{near}`, below `[{section}]`"),
            (None, None) => format!("delete it, or write one of `{}`", known.join("`, `")),
        };
        let mut finding =
            Diagnostic::new(&codes::UNKNOWN_CONFIG_KEY, self.span(at), format!("{place} has no key `{key}`"));
        finding = finding.why("nothing would read it, so what it was meant to change would stay as it is");
        self.push(finding.fix(fix));
    }

    /// A key of `[lint]` or below that is no rule's name.
    pub(super) fn unknown_rule(&mut self, at: Range<usize>, rule: &str, keys: &[&'static str]) {
        let known: Vec<&str> = keys.iter().copied().chain(lint::codes().map(|code| code.name)).collect();
        let fix = match nearest(rule, &known) {
            Some(near) => format!("write `{near}`"),
            None => "delete it; `zonewright rules` lists all".into(),
        };
        let headline = format!("there is no rule `{rule}`");
        let finding = Diagnostic::new(&codes::UNKNOWN_CONFIG_KEY, self.span(at), headline);
        self.push(finding.why("nothing would read it, so what it was meant to change would stay as it is").fix(fix));
    }

    /// What is no type's mnemonic, or a type that no zone holds.
    pub(super) fn unknown_type(&mut self, at: Range<usize>, text: &str) {
        let known: Vec<&str> = rdata::types().iter().map(|row| row.mnemonic).collect();
        let near = known.iter().max_by(|a, b| alike(text, a).total_cmp(&alike(text, b))).copied();
        let fix = match near.filter(|near| alike(text, near) >= LIKENESS) {
            Some(near) => format!("write `\"{near}\"`"),
            None => "write a type such as `\"MX\"` or `\"TYPE65534\"`".into(),
        };
        let finding = self.finding(at, format!("`{text}` is no type that a zone holds"));
        self.push(finding.fix(fix));
    }

    /// A finding at a place of the file.
    pub(super) fn finding(&self, at: Range<usize>, headline: impl Into<String>) -> Diagnostic {
        Diagnostic::new(&codes::BAD_CONFIG, self.span(at), headline)
    }

    /// A place of the file.
    pub(super) fn span(&self, at: Range<usize>) -> Span {
        Span { file: self.file, start: at.start as u32, end: at.end as u32 }
    }

    /// The text at a place, as a headline repeats it.
    fn echo(&self, at: &Range<usize>) -> String {
        let text = self.text.get(at.clone()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let shown: String = line.chars().take(ECHO).collect();
        if shown.is_empty() {
            "nothing".to_owned()
        } else {
            format!("`{shown}`{}", if shown == text { "" } else { "…" })
        }
    }
}

/// The known key most like this one, if any is.
fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let best = known.iter().max_by(|a, b| likeness(key, a).total_cmp(&likeness(key, b)))?;
    (likeness(key, best) >= LIKENESS).then_some(best)
}

/// The section that has a key like this one, and the key.
fn elsewhere(key: &str, section: &str) -> Option<(&'static str, &'static str)> {
    let others = SECTIONS.iter().filter(|(name, _)| *name != section);
    let near = others.filter_map(|(name, keys)| Some((*name, nearest(key, keys)?)));
    near.max_by(|(_, a), (_, b)| likeness(key, a).total_cmp(&likeness(key, b)))
}

/// How like two words are, in any case.
fn alike(text: &str, known: &str) -> f64 {
    likeness(text, &known.to_ascii_lowercase())
}

fn likeness(key: &str, known: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(&key.to_ascii_lowercase(), known)
}
