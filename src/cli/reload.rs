//! `reload`: make a running server look at its files now.

use super::{ConfigArgument, Verdict};
use crate::config::Overrides;

/// Make the running server look at its config and zones now
///
/// Shows what came of it. Edits are seen without this. Exits with 1 if a zone was refused.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let _settings = arguments.config.load(&Overrides::default())?;
    anyhow::bail!("`reload` is not built yet")
}
