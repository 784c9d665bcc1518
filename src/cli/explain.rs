//! `explain`: why a name is answered as it is.

use anyhow::Context as _;

use super::output::{self, Output};
use super::tree::{self, Tree};
use super::{ConfigArgument, Verdict};
use crate::config::Overrides;
use crate::dns::{Name, Rtype};
use crate::review::explain::explain;
use crate::server::Policy;

/// Show how an answer comes about: zone, cut, wildcard, each alias, with the line that says so
///
/// Walks as RFC 1034 §4.3.2 says, with the lookup that answers queries. A zone with errors has no answers: `zonewright
/// check` says why.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The name to ask for; its last dot is optional
    #[arg(value_name = "NAME", value_parser = tree::parse_name)]
    name: Name,
    /// The type to ask for: a mnemonic, or TYPE123
    #[arg(value_name = "TYPE", default_value = "A", value_parser = super::query::parse_type)]
    rtype: Rtype,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = arguments.config.load(&Overrides::default())?;
    // Whoever can read the files may ask.
    let snapshot = Tree::configured(&config)?.snapshot(&config, Policy::default());
    let explanation = explain(&snapshot, &arguments.name, arguments.rtype)
        .with_context(|| format!("asking for {}", arguments.name))?;
    // A tree is read without the history of its lines, which would name their authors.
    let text = explanation.print(&|_| None);
    Output::new().print(output::escape_lines(&text))?;
    Ok(Verdict::Good)
}
