//! `man`: the manual, made from the same arguments as `--help`.

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::Verdict;
use super::output::Output;

/// Write the manual page to standard output, in roff
///
/// To read it: `zonewright man | man -l -`
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The command whose page to write [default: zonewright's own]
    command: Option<String>,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    // Built, a command knows its full name, `zonewright check`, which its page is called by.
    let mut command = super::Arguments::command();
    command.build();
    let command = match arguments.command {
        Some(name) => command.find_subcommand(&name).with_context(|| format!("there is no command `{name}`"))?,
        None => &command,
    };
    let title = command.get_display_name().unwrap_or(command.get_name()).to_uppercase();
    let source = concat!("zonewright ", env!("CARGO_PKG_VERSION"));
    let manual = clap_mangen::Man::new(command.clone()).title(title).source(source).manual("zonewright");
    let mut page = Vec::new();
    manual.render(&mut page).context("writing the manual page")?;
    Output::new().print(page)?;
    Ok(Verdict::Good)
}
