//! `check`: every finding of every zone.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::builder::PossibleValue;

use super::output::{self, Output};
use super::tree::{self, Tree};
use super::{ConfigArgument, Verdict};
use crate::authority::{Authority, Catalog, HashKey};
use crate::config::Overrides;
use crate::control::Root;
use crate::control::load::{Loaded, MirrorList, Terms, load_listed, load_text, unused_includes};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{Format, Rendering, Summary, escape};
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
    /// Zone files, or directories of `*.zone` files [default: the configured zones]; `-` reads one zone from standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The zone that the one file PATH holds [default: the file's name without `.zone`]
    #[arg(long, value_name = "NAME", value_parser = tree::parse_name)]
    origin: Option<Name>,
    /// How findings are written
    #[arg(long, value_enum, default_value = "full")]
    format: Format,
    /// What counts as an error beside errors
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
    /// Judge signatures as of this day, written like 2026-03-01 [default: now]
    #[arg(long, value_name = "DATE", value_parser = parse_day)]
    today: Option<u32>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// What may be denied.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Deny {
    /// Warnings make `check` exit with 1 too
    Warnings,
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
    let terms = match arguments.today {
        Some(moment) => Terms::at(&config.limits, &config.lint, moment),
        None => Terms::now(&config.limits, &config.lint),
    };
    let mut run = Run::new(arguments.format);
    match &arguments.paths[..] {
        [] => run.tree(&Tree::configured(&config)?, &terms)?,
        [path] if path.as_os_str() == "-" => run.standard_input(arguments.origin.as_ref(), &terms)?,
        paths => {
            let trees = paths.iter().map(|path| Tree::at(path, arguments.origin.as_ref(), &config));
            for tree in trees.collect::<anyhow::Result<Vec<_>>>()? {
                run.tree(&tree, &terms)?;
            }
        }
    }
    let summary = run.finish()?;
    let is_denied = arguments.deny == Some(Deny::Warnings) && summary.warnings > 0;
    Ok(if summary.errors > 0 || is_denied { Verdict::Errors } else { Verdict::Good })
}

/// What is being shown.
struct Run {
    format: Format,
    rendering: Rendering,
    summary: Summary,
    output: Output,
}

impl Run {
    fn new(format: Format) -> Self {
        let colour = output::wants_colour(std::io::stdout().is_terminal());
        let rendering = Rendering::new(format, colour);
        Self { format, rendering, summary: Summary::default(), output: Output::new() }
    }

    /// Checks zone by zone, then those that others have a say in beside them, and shows all in the order of the zones.
    fn tree(&mut self, tree: &Tree, terms: &Terms) -> anyhow::Result<()> {
        for (file, reason) in &tree.listing.misnamed {
            let text = format!("{}: its name is no zone's: {reason}", tree.root.display(file));
            output::say(&format!("zonewright: {}\n", escape(text.as_bytes())));
            self.summary.errors += 1;
        }
        let read = tree.listing.zones.iter().map(|listed| load_listed(&tree.root, listed, terms));
        let mut mirrors = MirrorList::read(&tree.root, terms)?;
        let all = judge(read.collect(), &mut mirrors, terms);
        all.iter().try_for_each(|loaded| self.show(loaded))?;
        for (sources, finding) in unused_includes(&tree.root, &tree.listing, &all, terms) {
            self.summary.add(&finding);
            self.rendering.zone(sources.get(finding.primary.span.file).name());
            self.tell(&finding, &sources)?;
        }
        if mirrors.mirrors.sources.iter().len() > 0 {
            self.rendering.zone("mirror list");
        }
        mirrors.findings.iter().try_for_each(|finding| {
            self.summary.add(finding);
            self.tell(finding, &mirrors.mirrors.sources)
        })
    }

    /// Checks the one zone that standard input holds; its includes are looked for below the working directory.
    fn standard_input(&mut self, origin: Option<&Name>, terms: &Terms) -> anyhow::Result<()> {
        let Some(origin) = origin else {
            anyhow::bail!("`-` reads a zone from standard input: say which zone it is with --origin NAME");
        };
        let most = u64::from(terms.limits.file_octets);
        let mut text = Vec::new();
        std::io::stdin()
            .lock()
            .take(most.saturating_add(1))
            .read_to_end(&mut text)
            .context("reading standard input")?;
        if text.len() as u64 > most {
            anyhow::bail!("standard input has more than {most} octets, the limit in the config");
        }
        let root = Root::open(Path::new(".")).context("opening the working directory")?;
        let loaded = load_text(&root, text, origin, terms);
        for loaded in judge(vec![loaded], &mut MirrorList::default(), terms) {
            self.show(&loaded)?;
        }
        Ok(())
    }

    fn show(&mut self, loaded: &Loaded) -> anyhow::Result<()> {
        self.summary.add_zone(&loaded.findings);
        self.rendering.zone(&loaded.name.to_string());
        loaded.findings.iter().try_for_each(|finding| self.tell(finding, &loaded.sources))
    }

    fn tell(&mut self, finding: &Diagnostic, sources: &Sources) -> anyhow::Result<()> {
        let mut text = String::new();
        self.rendering.add(finding, sources, &mut text);
        if self.format == Format::Full {
            text.push('\n');
        }
        self.output.print(text)
    }

    fn finish(mut self) -> anyhow::Result<Summary> {
        let mut text = String::new();
        if let Some(report) = self.rendering.finish(&self.summary, &mut text) {
            output::report(&report)?;
        }
        self.output.print(text)?;
        output::say(&format!("{}\n", self.summary));
        Ok(self.summary)
    }
}

/// Zones that were read, judged beside each other as `serve` would, and the mirror list beside them.
fn judge(mut all: Vec<Loaded>, mirrors: &mut MirrorList, terms: &Terms) -> Vec<Loaded> {
    // Nobody chooses names against a key that lives as long as one command.
    let key = HashKey([0; 16]);
    let compiled = |loaded: &Loaded| {
        let authority = loaded.zone.as_ref().map(|zone| Arc::new(Authority::compile(zone, key)));
        (loaded.name.clone(), authority)
    };
    let catalog = Catalog::new(key, all.iter().map(compiled));
    let others = Others::new(&catalog, &|_: NameRef<'_>| true).with_mirrors(&mirrors.mirrors);
    all.iter_mut().for_each(|loaded| loaded.judge_beside(&others, terms));
    mirrors.judge_beside(&others, terms);
    all
}
