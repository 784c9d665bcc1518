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
        let nearest = lint::nearest(&name);
        bail!("there is no rule `{name}`; the nearest is `{nearest}`, and `zonewright rules` lists all");
    };
    let head = format!("{}: {}, found by {}\n\n", code.name, lint::default_of(code), code.stage.as_str());
    Output::new().print(head + &lint::manual(code))?;
    Ok(Verdict::Good)
}
