//! One line a finding, as compilers write them and editors read them: `zones/a.zone:41:16: error[code]: headline`.

use std::fmt::Write;

use super::super::Diagnostic;
use super::escape::escape;
use super::{Lines, Page, Place};
use crate::source::Sources;

/// The format.
pub(super) fn page(colour: bool) -> Box<dyn Page> {
    Box::new(Lines { colour, render })
}

/// Appends `finding` as one line; colours would be in an editor's way.
pub(super) fn render(finding: &Diagnostic, sources: &Sources, _colour: bool, out: &mut String) {
    let place = Place::of(finding.primary.span, sources);
    let (severity, code) = (finding.severity.as_str(), finding.code.name);
    let (file, headline) = (escape(place.file.as_bytes()), escape(finding.headline.as_bytes()));
    let _ = writeln!(out, "{file}:{}:{}: {severity}[{code}]: {headline}", place.start.line, place.start.column);
}
