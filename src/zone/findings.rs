//! The findings of one zone, as many as anybody reads: a list of a million helps nobody and fills a server's memory.

use crate::diagnostic::{Code, Diagnostic, Severity, codes};

/// A list that grows to a limit, and counts from there on. Errors and advice have a limit each, so that none hides the other.
pub(super) struct Findings {
    list: Vec<Diagnostic>,
    limit: usize,
    kept: Count,
    left_out: Count,
}

#[derive(Default)]
struct Count {
    errors: usize,
    others: usize,
}

impl Count {
    fn of(&mut self, severity: Severity) -> &mut usize {
        if severity == Severity::Error { &mut self.errors } else { &mut self.others }
    }
}

impl Findings {
    /// Goes on with the findings of the text.
    pub(super) fn new(list: Vec<Diagnostic>, limit: usize) -> Self {
        let mut kept = Count::default();
        list.iter().for_each(|finding| *kept.of(finding.severity) += 1);
        Self { list, limit, kept, left_out: Count::default() }
    }

    /// Adds a finding of `code`, or counts it only: then it is not made at all.
    pub(super) fn add(&mut self, code: &Code, finding: impl FnOnce() -> Diagnostic) {
        if *self.kept.of(code.severity) >= self.limit {
            *self.left_out.of(code.severity) += 1;
            return;
        }
        let finding = finding();
        // The records of a `$GENERATE` have one place: what is said of one of them is not said of each.
        if self.list.last().is_none_or(|last| !is_same(last, &finding)) {
            *self.kept.of(code.severity) += 1;
            self.list.push(finding);
        }
    }

    /// Adds what was found elsewhere.
    pub(super) fn append(&mut self, others: Self) {
        self.left_out.errors += others.left_out.errors;
        self.left_out.others += others.left_out.others;
        others.list.into_iter().for_each(|finding| self.add(finding.code, || finding));
    }

    /// Whether anything keeps the zone from being served.
    pub(super) fn has_errors(&self) -> bool {
        self.kept.errors > 0
    }

    /// The list, with a word on those that were left out.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        let left_out = self.left_out.errors + self.left_out.others;
        if let Some(last) = self.list.last().filter(|_| left_out > 0) {
            let headline = format!("{left_out} more findings are not shown");
            let mut finding = Diagnostic::new(&codes::TOO_MANY_FINDINGS, last.primary.span, headline)
                .why("so many have one cause, as a rule")
                .fix("mend those above first, or raise `findings` under `[limits]` in the config");
            if self.left_out.errors == 0 {
                finding.severity = Severity::Warning;
            }
            self.list.push(finding);
        }
        self.list
    }
}

fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    let places = |finding: &Diagnostic| (finding.primary.span, finding.others.first().map(|label| label.span));
    std::ptr::eq(one.code, other.code) && places(one) == places(other)
}
