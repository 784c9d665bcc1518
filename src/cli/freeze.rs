//! `freeze`: hold the commit that is served, whatever is pushed.

use super::output::Output;
use super::{ConfigArgument, Verdict};
use crate::config::Overrides;
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
    let config = arguments.config.load(&Overrides::default())?;
    let look = socket::ask_order(&socket::find(&config), &Order::Freeze)?;
    Output::new().print(look.say())?;
    Ok(if look.is_refused() { Verdict::Errors } else { Verdict::Good })
}
