//! One JUnit XML document: a suite a zone, a case a finding, a failure an error.
//!
//! A zone without findings has one case, which passes, so that a dashboard shows that it was looked at. Warnings and advice
//! are cases that pass and say something.

use std::fmt::Write;

use super::super::{Diagnostic, Severity};
use super::escape::xml;
use super::{Page, Place};
use crate::source::Sources;

/// The format; it has no colours.
pub(super) fn page(_colour: bool) -> Box<dyn Page> {
    Box::new(Junit { suites: Vec::new() })
}

struct Junit {
    suites: Vec<Suite>,
}

#[derive(Default)]
struct Suite {
    name: String,
    cases: String,
    count: usize,
    failures: usize,
}

impl Page for Junit {
    fn zone(&mut self, name: &str) {
        self.suites.push(Suite { name: name.to_owned(), ..Suite::default() });
    }

    fn add(&mut self, finding: &Diagnostic, sources: &Sources, _out: &mut String) {
        if self.suites.is_empty() {
            self.zone("zonewright");
        }
        if let Some(suite) = self.suites.last_mut() {
            suite.add(finding, sources);
        }
    }

    fn finish(&mut self, _title: &str, out: &mut String) -> Option<String> {
        for suite in self.suites.iter_mut().filter(|suite| suite.count == 0) {
            suite.count = 1;
            suite.cases = format!("    <testcase classname=\"{}\" name=\"no findings\"/>\n", xml(&suite.name));
        }
        let total = |of: fn(&Suite) -> usize| self.suites.iter().map(of).sum::<usize>();
        let (tests, failures) = (total(|suite| suite.count), total(|suite| suite.failures));
        out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ =
            writeln!(out, "<testsuites name=\"zonewright\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">");
        for Suite { name, cases, count, failures } in &self.suites {
            let name = xml(name);
            let counts = format!("tests=\"{count}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\"");
            let _ = write!(out, "  <testsuite name=\"{name}\" {counts}>\n{cases}  </testsuite>\n");
        }
        out.push_str("</testsuites>\n");
        None
    }
}

impl Suite {
    fn add(&mut self, finding: &Diagnostic, sources: &Sources) {
        self.count += 1;
        let place = Place::of(finding.primary.span, sources);
        let (file, line, column) = (xml(&place.file), place.start.line, place.start.column);
        let (code, headline, severity) = (finding.code.name, xml(&finding.headline), finding.severity.as_str());
        let notes = [("why", &finding.why), ("fix", &finding.fix)];
        let notes: String = notes
            .iter()
            .filter(|(_, note)| !note.is_empty())
            .map(|(name, note)| format!("{name}: {}\n", xml(note)))
            .collect();
        let body = format!("{file}:{line}:{column}\n{notes}");
        let inner = match finding.severity {
            Severity::Error => {
                self.failures += 1;
                format!("<failure type=\"{code}\" message=\"{headline}\">{body}</failure>")
            }
            Severity::Warning | Severity::Note => format!("<system-out>{severity}: {headline}\n{body}</system-out>"),
        };
        let case = format!(
            "<testcase classname=\"{code}\" name=\"{file}:{line}:{column}: {headline}\" file=\"{file}\" line=\"{line}\">"
        );
        let _ = writeln!(self.cases, "    {case}{inner}</testcase>");
    }
}
