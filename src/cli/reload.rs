//! `reload`: make a running server look at its files now.

use super::{ConfigArgument, Verdict};
use crate::control::socket;

/// Make the running server look at its config and zones now
///
/// Shows what came of it. Edits are seen without this. Exits with 1 if a zone was refused.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// Serve what is refused for having lost most of its names, or most of its zones: it is meant
    #[arg(long)]
    accept_loss: bool,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    arguments.config.tell(|socket| socket::ask_reload(socket, arguments.accept_loss))
}
