//! `thaw`: follow the branch again, after `freeze` or `rollback`.

use super::output::Output;
use super::{ConfigArgument, Verdict};
use crate::config::Overrides;
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
    let config = arguments.config.load(&Overrides::default())?;
    let look = socket::ask_order(&socket::find(&config), &Order::Thaw)?;
    Output::new().print(look.say())?;
    Ok(if look.is_refused() { Verdict::Errors } else { Verdict::Good })
}
