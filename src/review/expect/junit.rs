//! Tests as JUnit's XML, which CI systems show beside those of programs.

use std::fmt::Write as _;

use super::Expectation;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::xml;
use crate::source::Sources;
use crate::zonefile::rdata::Mnemonic;

/// One test, or a file that could not be read as tests, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Case<'t> {
    /// The test; none: the finding is about the file.
    pub test: Option<&'t Expectation>,
    /// Why it failed.
    pub finding: Option<&'t Diagnostic>,
}

/// One `<testsuite>` of all cases, each called by its question and its file.
pub fn render(cases: &[Case<'_>], sources: &Sources) -> String {
    let failures = cases.iter().filter(|case| case.finding.is_some()).count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\"", cases.len());
    let _ = writeln!(out, "<testsuites {counts}>\n<testsuite name=\"zonewright test\" {counts}>");
    cases.iter().for_each(|case| write_case(case, sources, &mut out));
    out + "</testsuite>\n</testsuites>\n"
}

fn write_case(case: &Case<'_>, sources: &Sources, out: &mut String) {
    let span = case.test.map(|test| test.place).or(case.finding.map(|finding| finding.primary.span));
    let Some(span) = span else { return };
    let source = sources.get(span.file);
    let (file, line) = (xml(source.name()), source.position(span.start).line);
    let name = match (case.test, case.finding) {
        (Some(test), _) => format!("{} {}, line {line}", test.name, Mnemonic(test.rtype)),
        (None, _) => format!("line {line}"),
    };
    let head = format!("<testcase classname=\"{file}\" name=\"{}\" file=\"{file}\" line=\"{line}\"", xml(&name));
    let _ = match case.finding {
        None => writeln!(out, "{head}/>"),
        Some(finding) => {
            let (message, kind) = (xml(&finding.headline), finding.code.name);
            let details = xml(&format!("{}:{line}: {}. {}", source.name(), finding.why, finding.fix));
            writeln!(out, "{head}>\n<failure message=\"{message}\" type=\"{kind}\">{details}</failure>\n</testcase>")
        }
    };
}
