//! One thin file per verb: read arguments, call the library, print.
//!
//! In: the arguments. Out: text, and an exit code: 0 no errors, 1 errors found, 2 could not run. What goes to standard output
//! is the answer; standard error has what is said about it. Colours are for terminals, and not even those where `NO_COLOR`
//! is set.

mod bisect;
mod blame;
mod check;
mod completions;
mod diff;
mod explain;
mod fetch;
mod fleet;
mod fmt;
mod freeze;
mod log;
mod man;
mod output;
mod progress;
mod publish;
mod query;
mod reload;
mod rollback;
mod rule;
mod rules;
mod serve;
mod status;
mod test;
mod thaw;
mod tree;
mod zonemd;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser as _;

use output::Output;

use crate::config::{Config, LoadError, Overrides};
use crate::control::socket;
use crate::control::status::Look;
use crate::diagnostic::render::{Format, escape, render};

/// What `--help` says below the list of commands.
const AFTER_HELP: &str = "\
Examples:
  zonewright serve                         answer from the configured zones, and follow every edit
  zonewright serve --zones ./zones         the same without any config
  zonewright check                         judge the configured zones as `serve` would
  zonewright check --format json zones/    the same for one directory and for programs
  zonewright check --base main --fix       mend what a branch brings in, its serials too
  zonewright query www.example.org AAAA    the answer these files would give
  zonewright explain www.example.org       the way to that answer, with the line of each record
  zonewright log www.example.org           each commit that changed the answer
  zonewright test                          ask the zones what `tests/*.toml` beside them expect
  zonewright diff old/zones zones          what changed, in records and in answers
  zonewright diff --against @192.0.2.53    the same against what a server answers now
  zonewright fleet @192.0.2.1 @192.0.2.2   which commit and serials servers answer, and who lags
  zonewright fmt --check                   name the files that `fmt` would put into its layout

Config:
  `zonewright.toml`, else `config/zonewright.toml`, in the working directory or in the nearest
  one above it that has one of them; its relative paths start there. Without a config, `zones`
  in the working directory is served on 127.0.0.1:5300. The config in the source tree explains
  every key.

Exit codes:
  0  no errors
  1  errors were found in zones, a test failed, or something differs with `diff --exit-code` or
     `fmt --check`
  2  could not run: bad arguments or config, unreadable files, no server to reach";

/// Authoritative DNS for zones kept in git: checked, compiled and served by the same code.
///
/// zonewright reads zone files, checks them, and answers queries from them over UDP and TCP. An edit is live as soon as it
/// is saved; one with an error is refused with the line to mend, and the last good answers stay. What `check` accepts is
/// what `serve` answers: both run the same code.
#[derive(clap::Parser)]
#[command(name = "zonewright", version, after_long_help = AFTER_HELP, after_help = AFTER_HELP, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Check(check::Arguments),
    Query(query::Arguments),
    Explain(explain::Arguments),
    Log(log::Arguments),
    Blame(blame::Arguments),
    Bisect(bisect::Arguments),
    Diff(diff::Arguments),
    Fleet(fleet::Arguments),
    Test(test::Arguments),
    Fmt(fmt::Arguments),
    Rules(rules::Arguments),
    Rule(rule::Arguments),
    Zonemd(zonemd::Arguments),
    Status(status::Arguments),
    Reload(reload::Arguments),
    Freeze(freeze::Arguments),
    Thaw(thaw::Arguments),
    Rollback(rollback::Arguments),
    Publish(publish::Arguments),
    Fetch(fetch::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// The option that every command with settings has.
#[derive(clap::Args)]
struct ConfigArgument {
    /// The config to use instead of the one that is found
    ///
    /// Its relative paths start at its own directory, or, where that is called `config`, at the one above.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigArgument {
    fn load(&self, overrides: &Overrides) -> Result<Config, LoadError> {
        Config::load(self.config.as_deref(), overrides)
    }

    /// Tells the running server what to do, by way of its control socket, and shows what came of it.
    fn tell(&self, demand: impl FnOnce(&Path) -> anyhow::Result<Look>) -> anyhow::Result<Verdict> {
        let config = self.load(&Overrides::default())?;
        let look = demand(&socket::find(&config))?;
        Output::new().print(look.say())?;
        Ok(if look.is_refused() { Verdict::Errors } else { Verdict::Good })
    }
}

/// What a command that could run has to say: whether there were errors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    Errors,
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Query(arguments) => query::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Log(arguments) => log::run(arguments),
        Command::Blame(arguments) => blame::run(arguments),
        Command::Bisect(arguments) => bisect::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Fleet(arguments) => fleet::run(arguments),
        Command::Test(arguments) => test::run(arguments),
        Command::Fmt(arguments) => fmt::run(arguments),
        Command::Rules(arguments) => rules::run(arguments),
        Command::Rule(arguments) => rule::run(arguments),
        Command::Zonemd(arguments) => zonemd::run(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Reload(arguments) => reload::run(arguments),
        Command::Freeze(arguments) => freeze::run(arguments),
        Command::Thaw(arguments) => thaw::run(arguments),
        Command::Rollback(arguments) => rollback::run(arguments),
        Command::Publish(arguments) => publish::run(arguments),
        Command::Fetch(arguments) => fetch::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => man::run(arguments),
    };
    match result {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Errors) => ExitCode::from(1),
        Err(error) => {
            report(&error);
            ExitCode::from(2)
        }
    }
}

/// Says on standard error why a command could not run; a config that was refused is shown as zones are.
fn report(error: &anyhow::Error) {
    let mut text = String::new();
    if let Some(LoadError::Refused { sources, findings }) = error.downcast_ref() {
        let colour = output::wants_colour(std::io::stderr().is_terminal());
        for finding in findings {
            render(Format::Full, finding, sources, colour, &mut text);
            text.push('\n');
        }
    }
    text += &format!("zonewright: {}\n", escape(format!("{error:#}").as_bytes()));
    output::say(&text);
}
