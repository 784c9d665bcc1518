//! `check`: every finding of every zone.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::PossibleValue;

use super::output::{self, Output};
use super::tree::{self, Tree};
use super::{ConfigArgument, Verdict};
use crate::authority::{Authority, Catalog, HashKey};
use crate::config::Overrides;
use crate::control::load::{Loaded, MirrorList, Terms, load_listed};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{Format, Summary, escape, render};
use crate::dns::{Name, NameRef};
use crate::lint::Others;
use crate::source::Sources;
use crate::zonefile::rdata::parse_moment;

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
    /// Judge signatures as of this day, written like 2026-03-01 [default: now]
    #[arg(long, value_name = "DATE", value_parser = parse_day)]
    today: Option<u32>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// The first second of a day, in UTC, since 1970.
fn parse_day(text: &str) -> Result<u32, String> {
    let is_day = text.len() == 10 && text.split('-').map(str::len).eq([4, 2, 2]);
    let moment = parse_moment(&(text.replace('-', "") + "000000")).filter(|_| is_day);
    moment.ok_or_else(|| "write a day as in 2026-03-01".into())
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
    let terms = match arguments.today {
        Some(moment) => Terms::at(&config.limits, &config.lint, moment),
        None => Terms::now(&config.limits, &config.lint),
    };
    for tree in &trees {
        check(tree, &terms, arguments.format, &mut summary, &mut output)?;
    }
    output::say(&format!("{summary}\n"));
    Ok(if summary.errors > 0 { Verdict::Errors } else { Verdict::Good })
}

/// Checks zone by zone, then those that others have a say in beside them, and shows all in the order of the zones.
fn check(tree: &Tree, terms: &Terms, format: Format, summary: &mut Summary, output: &mut Output) -> anyhow::Result<()> {
    let colour = output::wants_colour(std::io::stdout().is_terminal());
    for (file, reason) in &tree.listing.misnamed {
        let text = format!("{}: its name is no zone's: {reason}", tree.root.display(file));
        output::say(&format!("zonewright: {}\n", escape(text.as_bytes())));
        summary.errors += 1;
    }
    let (all, mirrors) = judge(tree, terms)?;
    let mut print = |findings: &[Diagnostic], sources: &Sources| {
        findings.iter().try_for_each(|finding| {
            let mut text = String::new();
            render(format, finding, sources, colour, &mut text);
            if format == Format::Full {
                text.push('\n');
            }
            output.print(text)
        })
    };
    for loaded in &all {
        summary.add_zone(&loaded.findings);
        print(&loaded.findings, &loaded.sources)?;
    }
    summary.add(&mirrors.findings);
    print(&mirrors.findings, &mirrors.mirrors.sources)?;
    Ok(())
}

/// All zones of a tree, judged as `serve` would, and the mirror list beside them.
fn judge(tree: &Tree, terms: &Terms) -> anyhow::Result<(Vec<Loaded>, MirrorList)> {
    // Nobody chooses names against a key that lives as long as one command.
    let key = HashKey([0; 16]);
    let mut catalog = Vec::new();
    let read = tree.listing.zones.iter().map(|listed| {
        let loaded = load_listed(&tree.root, listed, terms);
        let authority = loaded.zone.as_ref().map(|zone| Arc::new(Authority::compile(zone, key)));
        catalog.push((loaded.name.clone(), authority));
        loaded
    });
    let mut all: Vec<Loaded> = read.collect();
    let catalog = Catalog::new(key, catalog);
    let mut mirrors = MirrorList::read(&tree.root, terms)?;
    let others = Others::new(&catalog, &|_: NameRef<'_>| true).with_mirrors(&mirrors.mirrors);
    all.iter_mut().for_each(|loaded| loaded.judge_beside(&others, terms));
    mirrors.judge_beside(&others, terms);
    Ok((all, mirrors))
}
