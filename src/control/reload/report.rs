//! What is said of what is not served, as `check` shows findings.

use std::sync::Arc;

use crate::config::Config;
use crate::control::load::ListError;
use crate::control::plan::{self, Rules};
use crate::diagnostic::render::{self, Format};
use crate::diagnostic::{Diagnostic, codes};
use crate::source::{FileId, Source, Sources, Span};

/// Where a report on a file as a whole points.
pub(in crate::control) const START: Span = Span::start_of(FileId(0));

/// Zones that one look finds good and whose findings it writes out: a log of a hundred thousand zones' advice helps nobody.
pub(super) const MOST_REPORTS: usize = 50;

/// What stands in the place of the others' findings.
pub(in crate::control) const UNSHOWN: &str = "`zonewright check` shows its findings";

pub(in crate::control) fn report(findings: &[Diagnostic], sources: &Sources) -> Arc<str> {
    let mut text = String::new();
    for finding in findings {
        if !text.is_empty() {
            text.push('\n');
        }
        render::render(Format::Full, finding, sources, false, &mut text);
    }
    text.into()
}

/// A report on a file as a whole.
pub(in crate::control) fn report_on(file: String, finding: Diagnostic) -> Arc<str> {
    let mut sources = Sources::default();
    sources.add(Source::new(file, &b""[..]));
    report(&[finding], &sources)
}

pub(super) fn report_on_directory(config: &Config, finding: Diagnostic) -> String {
    report_on(config.source.directory.display().to_string(), finding).to_string()
}

pub(super) fn unlisted(error: &ListError) -> Diagnostic {
    Diagnostic::new(&codes::NO_ZONES, START, error.to_string())
        .why("without the directory nobody knows which zones there are, so all stay as they were")
        .fix("bring the directory back, or let the config name the right one")
}

/// Why a directory that lost its zones is not believed, if it did.
pub(super) fn lost_zones(before: usize, after: usize, rules: Rules) -> Option<Diagnostic> {
    let has_none = before > 0 && after == 0 && !rules.accept_loss;
    let finding = Diagnostic::new(&codes::NO_ZONES, START, format!("only {after} of {before} zones are still there"))
        .why("a directory loses its zones by a failed mount or checkout more often than by a wish")
        .fix("bring the files back, or say that it is meant: `zonewright reload --accept-loss`");
    (has_none || rules.is_loss(before, after)).then_some(finding)
}

pub(super) fn lossy(before: usize, after: usize, percent: u8) -> Diagnostic {
    Diagnostic::new(&codes::MASS_LOSS, START, format!("only {after} of {before} names are left"))
        .why(format!(
            "a zone of {} names or more that loses over {percent} % of them was cut off more often than cut down",
            plan::FEWEST_NAMES
        ))
        .fix("bring the records back, or say that it is meant: `zonewright reload --accept-loss`")
}

/// The report on a zone that could not be judged for a fault of our own.
pub(super) fn internal_fault(shown: &str) -> Arc<str> {
    let headline = format!("reading `{shown}` ran into a fault of zonewright itself");
    let finding = Diagnostic::new(&codes::INTERNAL_FAULT, START, headline)
        .why("the zone stays as it was, and the others are not touched; the log has the fault's place in the code")
        .fix("report it with the zone file; a change of the file may avoid it");
    report_on(shown.to_owned(), finding)
}
