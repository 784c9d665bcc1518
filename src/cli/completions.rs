//! `completions`: what a shell needs to complete our arguments.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Verdict;
use super::output::Output;

/// Write a shell's completions to standard output
///
/// For bash: `zonewright completions bash > ~/.local/share/bash-completion/completions/zonewright`
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Arguments::command(), "zonewright", &mut script);
    Output::new().print(script)?;
    Ok(Verdict::Good)
}
