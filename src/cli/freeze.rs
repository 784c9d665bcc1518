//! `freeze`: hold the commit that is served, whatever is pushed.

use super::{ConfigArgument, Verdict};
use crate::control::commits::Order;
use crate::control::socket;

/// Hold the commit that is served, whatever is pushed
///
/// Edits and pushes are looked at no more until `zonewright thaw`, restarts included. Zones must come from a repository.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    arguments.config.tell(|socket| socket::ask_order(socket, &Order::Freeze))
}
