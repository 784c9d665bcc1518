//! `rule`: the manual of one rule.

use anyhow::bail;

use super::Verdict;
use super::output::Output;
use crate::lint;

/// Explain one rule: what it finds, why that is bad, and how to mend it
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The rule, as findings name it in brackets
    #[arg(value_name = "NAME")]
    name: String,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let name = arguments.name;
    let Some(code) = lint::find(&name) else {
        let nearest = lint::codes().max_by(|a, b| {
            let likeness = |code: &crate::diagnostic::Code| strsim::jaro_winkler(code.name, &name);
            likeness(a).total_cmp(&likeness(b))
        });
        let nearest = nearest.map_or("", |code| code.name);
        bail!("there is no rule `{name}`; the nearest is `{nearest}`, and `zonewright rules` lists all");
    };
    let head = format!("{}: {}, found by {}\n\n", code.name, code.severity.as_str(), code.stage.as_str());
    Output::new().print(head + &lint::manual(code))?;
    Ok(Verdict::Good)
}
