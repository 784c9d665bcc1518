//! `rollback`: serve an earlier commit, and stay there.

use super::{ConfigArgument, Verdict};
use crate::control::commits::Order;
use crate::control::socket;

/// Serve an earlier commit, and stay there until `thaw`
///
/// The branch is not followed meanwhile, restarts included. Exits with 1 if that commit's zones are refused; then what is
/// served stays.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The commit, as `git rev-parse` takes it: an id or the start of one, `main~2` [default: the nearest good one before what is served]
    #[arg(value_name = "REV", value_parser = parse_revision)]
    revision: Option<String>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// A revision is one word of a line.
pub(super) fn parse_revision(text: &str) -> Result<String, String> {
    let is_plain = (1..=256).contains(&text.len()) && !text.contains(|char: char| char.is_control() || char == ' ');
    is_plain.then(|| text.to_owned()).ok_or_else(|| "expected one word of at most 256 octets".into())
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    arguments.config.tell(|socket| socket::ask_order(socket, &Order::Rollback(arguments.revision)))
}
