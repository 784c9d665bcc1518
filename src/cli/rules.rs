//! `rules`: everything that a finding can be about.

use super::Verdict;
use super::output::Output;
use crate::lint;

/// List all rules, with severity and one line each
///
/// The name is what findings carry in brackets. `zonewright rule NAME` says more about one.
#[derive(clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_arguments: Arguments) -> anyhow::Result<Verdict> {
    let width = lint::codes().map(|code| code.name.len()).max().unwrap_or(0);
    let line = |code: &crate::diagnostic::Code| {
        let (severity, stage) = (lint::default_of(code), code.stage.as_str());
        format!("{:width$}  {severity:7}  {stage:9}  {}\n", code.name, code.summary)
    };
    Output::new().print(lint::codes().map(line).collect::<String>())?;
    Ok(Verdict::Good)
}
