//! `check`: every finding of every zone.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::builder::PossibleValue;

use super::output::{self, Output};
use super::tree::{self, Tree};
use super::{ConfigArgument, Verdict};
use crate::config::{Config, Overrides};
use crate::control::load::load_listed;
use crate::diagnostic::render::{Format, Summary, escape, render};
use crate::dns::Name;

/// Show every error in zone files, with its line and what to type instead
///
/// Reads zones as `serve` would and shows all that is wrong with them in one run: in the text, and in what the records mean
/// together. Exits with 1 if any zone could not be served. Nothing is resolved, and no server is asked.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Zone files, or directories of `*.zone` files [default: the configured zones]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The zone that the one file PATH holds [default: the file's name without `.zone`]
    #[arg(long, value_name = "NAME", value_parser = tree::parse_name)]
    origin: Option<Name>,
    /// How findings are written
    #[arg(long, value_enum, default_value = "full")]
    format: Format,
    #[command(flatten)]
    config: ConfigArgument,
}

impl clap::ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.summary()))
    }
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    if arguments.origin.is_some() && arguments.paths.len() != 1 {
        anyhow::bail!("--origin names the zone of one file: give exactly one PATH with it");
    }
    let config = arguments.config.load(&Overrides::default())?;
    let trees = match &arguments.paths[..] {
        [] => vec![Tree::configured(&config)?],
        paths => {
            let trees = paths.iter().map(|path| Tree::at(path, arguments.origin.as_ref(), &config));
            trees.collect::<anyhow::Result<_>>()?
        }
    };
    let mut summary = Summary::default();
    let mut output = Output::new();
    for tree in &trees {
        check(tree, &config, arguments.format, &mut summary, &mut output)?;
    }
    output::say(&format!("{summary}\n"));
    Ok(if summary.errors > 0 { Verdict::Errors } else { Verdict::Good })
}

/// Checks zone by zone, so that one zone's text is held at a time.
fn check(
    tree: &Tree,
    config: &Config,
    format: Format,
    summary: &mut Summary,
    output: &mut Output,
) -> anyhow::Result<()> {
    let colour = output::wants_colour(std::io::stdout().is_terminal());
    for (file, reason) in &tree.listing.misnamed {
        let text = format!("{}: its name is no zone's: {reason}", tree.root.display(file));
        output::say(&format!("zonewright: {}\n", escape(text.as_bytes())));
        summary.errors += 1;
    }
    for zone in &tree.listing.zones {
        let loaded = load_listed(&tree.root, zone, &config.limits);
        summary.add_zone(&loaded.findings);
        for finding in &loaded.findings {
            let mut text = String::new();
            render(format, finding, &loaded.sources, colour, &mut text);
            if format == Format::Full {
                text.push('\n');
            }
            output.print(text)?;
        }
    }
    Ok(())
}
