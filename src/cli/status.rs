//! `status`: what a running server serves.

use super::{ConfigArgument, Verdict};
use crate::config::Overrides;

/// Show what the running server serves, and what it refused
///
/// Listeners, zones with their serials and records, and findings. Asks the server over its control socket, which its owner alone may use.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// Write one JSON object instead of text
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let _settings = arguments.config.load(&Overrides::default())?;
    let _json = arguments.json;
    anyhow::bail!("`status` is not built yet")
}
