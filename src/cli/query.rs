//! `query`: the answer these files would give.
use super::Verdict;

/// Query
#[derive(clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_arguments: Arguments) -> anyhow::Result<Verdict> {
    todo!()
}
