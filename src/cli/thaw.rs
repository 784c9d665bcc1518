//! `thaw`: follow the branch again, after `freeze` or `rollback`.

use super::{ConfigArgument, Verdict};
use crate::control::commits::Order;
use crate::control::socket;

/// Follow the branch again, after `freeze` or `rollback`
///
/// The branch's newest commit is looked at at once. Exits with 1 if it is refused.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    arguments.config.tell(|socket| socket::ask_order(socket, &Order::Thaw))
}
