//! `publish`: serve a commit that the canary refused.

use super::rollback::parse_revision;
use super::{ConfigArgument, Verdict};
use crate::control::commits::Order;
use crate::control::socket;

/// Serve a commit that is refused for what it would do to answers
///
/// Before a commit is published, the questions that were asked last, and the tests that come with it, are put to it; `status`
/// and the log have what speaks against it. This publishes it all the same, once: the next commit is tried again.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The commit that is refused, as `git rev-parse` takes it: an id or the start of one
    #[arg(long, value_name = "REV", value_parser = parse_revision)]
    accept: String,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    arguments.config.tell(|socket| socket::ask_order(socket, &Order::Accept(arguments.accept)))
}
