//! `status`: what a running server serves.

use anyhow::Context as _;

use super::output::Output;
use super::{ConfigArgument, Verdict};
use crate::config::Overrides;
use crate::control::socket;

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
    let config = arguments.config.load(&Overrides::default())?;
    let status = socket::ask_status(&socket::find(&config))?;
    let text = match arguments.json {
        true => serde_json::to_string(&status).context("writing JSON")? + "\n",
        false => status.say(),
    };
    Output::new().print(text)?;
    Ok(Verdict::Good)
}
