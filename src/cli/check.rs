//! `check`: every finding of every zone.

mod fix;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::builder::PossibleValue;

use super::output::{self, Output};
use super::progress::Progress;
use super::tree::{self, Tree};
use super::{ConfigArgument, Verdict};
use crate::config::{Config, Overrides};
use crate::control::Root;
use crate::control::base::Base;
use crate::control::judged::{Judged, Section};
use crate::control::load::{Loaded, MirrorList, Terms, load_text};
use crate::control::online::Online;
use crate::diagnostic::render::{Format, Rendering, Summary, escape};
use crate::diagnostic::{self, Diagnostic};
use crate::dns::Name;
use crate::lint::{Acting, Settings, check_online, without_mention};
use crate::source::Sources;
use crate::zonefile::rdata::parse_moment;

/// Show every error in zone files, with its line and what to type instead
///
/// Reads zones as `serve` would and shows all that is wrong with them in one run: in the text, and in what the records mean
/// together. Exits with 1 if any zone could not be served, after --fix if there were any left. Nothing is resolved and
/// no server is asked, but with --online.
#[derive(clap::Args)]
#[command(override_usage = "zonewright check [OPTIONS] [PATH]...\n       zonewright check [OPTIONS] --base <REV>")]
pub(super) struct Arguments {
    /// Zone files, or directories of `*.zone` files [default: the configured zones]; `-` reads one zone from standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The zone that the one file PATH holds [default: the file's name without `.zone`]
    #[arg(long, value_name = "NAME", value_parser = tree::parse_name)]
    origin: Option<Name>,
    /// Show only what a change brings in: what the merge base of REV and HEAD did not have
    ///
    /// Compares the configured zones with those of that commit, which are read from git. Rules about a change as a whole are
    /// asked too, and all rules are taken as the config of that commit sets them.
    #[arg(long, value_name = "REV", conflicts_with_all = ["paths", "origin"])]
    base: Option<String>,
    /// Who makes the change, by the name that the config's `[[owners]]` know them by
    ///
    /// Records of others that it touches are told of as `not-owner`. Where neither this nor a team is given, notes say whose
    /// review the change needs.
    #[arg(long, value_name = "NAME", requires = "base", value_parser = parse_person)]
    actor: Option<String>,
    /// A team that who makes the change is in; may be given more than once
    #[arg(long = "team", value_name = "NAME", requires = "base", value_parser = parse_person)]
    teams: Vec<String>,
    /// Mend what has one remedy only, in the files, and show what is left
    ///
    /// Raises a serial by the zone's own scheme (with --base, which tells that it must be), takes out records that are written
    /// twice, writes a missing last dot where nothing else makes sense, splits strings of over 255 octets, and more: `edits` of
    /// `--format json` are what it would do. What is written was judged first, and no other record is altered. With `-`,
    /// standard output has the text, and standard error what is left.
    #[arg(long, conflicts_with = "diff")]
    fix: bool,
    /// Write nothing; show what --fix would change, as a unified diff, and on standard error what it would leave
    #[arg(long)]
    diff: bool,
    /// Compare with what the parents' servers say too: NS records, glue and DS records, found by way of a resolver
    #[arg(long, conflicts_with_all = ["base", "fix", "diff"])]
    online: bool,
    /// The resolver to ask, an address with a port where it is not 53 [default: the first in /etc/resolv.conf]
    #[arg(long, value_name = "ADDRESS[:PORT]", requires = "online", value_parser = super::diff::parse_server)]
    resolver: Option<SocketAddr>,
    /// How findings are written
    #[arg(long, value_enum, default_value = "full")]
    format: Format,
    /// What counts as an error beside errors
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
    /// Judge signatures and waivers as of this day, written like 2026-03-01 [default: now]
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

/// A person or a team.
fn parse_person(text: &str) -> Result<String, String> {
    let name = without_mention(text);
    if name.is_empty() { Err("a name is missing".into()) } else { Ok(name.into()) }
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
    let acting = Acting { actor: arguments.actor, teams: arguments.teams };
    let acting = (acting != Acting::default()).then_some(acting);
    let lint = Settings { acting, ..config.lint.clone() };
    let terms = match arguments.today {
        Some(moment) => Terms::at(&config.limits, &lint, moment),
        None => Terms::now(&config.limits, &lint),
    };
    let is_input = |path: &PathBuf| path.as_os_str() == "-";
    if arguments.paths.len() > 1 && arguments.paths.iter().any(is_input) {
        anyhow::bail!("`-` is one zone on standard input, and is checked by itself: take it or the other paths away");
    }
    let way = match (arguments.fix, arguments.diff) {
        (true, _) => Some(Way::Write),
        (_, true) => Some(Way::Show),
        _ => None,
    };
    let has_text = way == Some(Way::Show) || (way.is_some() && arguments.paths.iter().any(is_input));
    let mut run = Run::new(arguments.format, way, has_text);
    run.online = if arguments.online { Some(Online::new(arguments.resolver)?) } else { None };
    match (&arguments.paths[..], &arguments.base) {
        (_, Some(base)) => run.change(base, &config, terms)?,
        ([], None) => run.tree(&Tree::configured(&config)?, &terms)?,
        ([path], None) if is_input(path) => run.standard_input(arguments.origin.as_ref(), &terms)?,
        (paths, None) => {
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

/// What becomes of repairs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// They are made.
    Write,
    /// They are shown.
    Show,
}

/// What is being shown.
struct Run {
    format: Format,
    rendering: Rendering,
    summary: Summary,
    output: Output,
    way: Option<Way>,
    /// Standard output has a text or a difference: findings go to standard error.
    has_text: bool,
    /// Who is asked what the parents say.
    online: Option<Online>,
}

/// Adds what is wrong between a zone and its delegation.
fn ask_parent(online: &Online, loaded: &mut Loaded) {
    let Some(zone) = &loaded.zone else { return };
    let parent = online.delegation(zone.apex()).map_err(|error| format!("{error:#}"));
    let mut findings = check_online(zone, &loaded.sources, &parent);
    findings.iter_mut().for_each(|finding| finding.zone = Some(loaded.name.clone()));
    loaded.findings.extend(findings);
    diagnostic::sort(&mut loaded.findings);
}

/// Judges the zones of a root, and counts what was there before, if it is a change that is judged.
type Judge<'j> = dyn FnMut(&Root, &Terms) -> anyhow::Result<(Judged, Option<usize>)> + 'j;

impl Run {
    fn new(format: Format, way: Option<Way>, has_text: bool) -> Self {
        let is_terminal = if has_text { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
        let rendering = Rendering::new(format, output::wants_colour(is_terminal));
        Self { format, rendering, summary: Summary::default(), output: Output::new(), way, has_text, online: None }
    }

    /// Checks the configured zones, and leaves out what the base of the change had already.
    fn change(&mut self, revision: &str, config: &Config, terms: Terms) -> anyhow::Result<()> {
        let mut base = Base::find(revision, config)?;
        let terms = base.terms(config, terms);
        let tree = Tree::configured(config)?;
        let mirrors = MirrorList::read(&tree.root, &terms)?;
        self.judge(&tree, &terms, &mut |root, terms| {
            let progress = Progress::start(tree.listing.zones.len());
            let mut judged = tree.judge(root, mirrors.clone(), terms, &progress);
            let before = base.compare(&mut judged, root, terms)?;
            Ok((judged, Some(before)))
        })
    }

    /// Checks zone by zone, then those that others have a say in beside them, and shows all in the order of the zones.
    fn tree(&mut self, tree: &Tree, terms: &Terms) -> anyhow::Result<()> {
        let mirrors = MirrorList::read(&tree.root, terms)?;
        let online = self.online;
        self.judge(tree, terms, &mut |root, terms| {
            let progress = Progress::start(tree.listing.zones.len());
            let mut judged = tree.judge(root, mirrors.clone(), terms, &progress);
            online.iter().for_each(|online| judged.zones.iter_mut().for_each(|loaded| ask_parent(online, loaded)));
            Ok((judged, None))
        })
    }

    fn judge(&mut self, tree: &Tree, terms: &Terms, judge: &mut Judge<'_>) -> anyhow::Result<()> {
        if let Some(way) = self.way {
            return self.fix_tree(way, tree, terms, judge);
        }
        let (judged, before) = judge(&tree.root, terms)?;
        self.show_new(judged, before)
    }

    /// Shows what was not there before, as much as anybody reads.
    fn show_new(&mut self, mut judged: Judged, before: Option<usize>) -> anyhow::Result<()> {
        if let Some(before) = before {
            self.summary.before += before;
            judged.shorten();
        }
        self.show(&judged)
    }

    /// Checks the one zone that standard input holds; its includes are looked for below the working directory.
    fn standard_input(&mut self, origin: Option<&Name>, terms: &Terms) -> anyhow::Result<()> {
        let Some(origin) = origin else {
            anyhow::bail!("`-` reads a zone from standard input: say which zone it is with --origin NAME");
        };
        let text = output::read_input(&terms.limits)?;
        let root = Root::open(Path::new(".")).context("opening the working directory")?;
        let judge = |text: &[u8], terms: &Terms| {
            let loaded = load_text(&root, text.to_vec(), origin, terms);
            Judged::beside(vec![loaded], MirrorList::default(), terms)
        };
        match self.way {
            Some(way) => self.fix_input(way, text, terms, &judge),
            None => self.show(&judge(&text, terms)),
        }
    }

    fn show(&mut self, judged: &Judged) -> anyhow::Result<()> {
        for misnamed in &judged.misnamed {
            output::say(&format!("zonewright: {}\n", escape(misnamed.as_bytes())));
            self.summary.errors += 1;
        }
        for Loaded { name, sources, findings, .. } in &judged.zones {
            self.summary.add_zone(findings);
            self.rendering.zone(&name.to_string());
            findings.iter().try_for_each(|finding| self.tell(finding, sources))?;
        }
        for Section { name, sources, findings } in &judged.rest {
            self.rendering.zone(name);
            findings.iter().for_each(|finding| self.summary.add(finding));
            findings.iter().try_for_each(|finding| self.tell(finding, sources))?;
        }
        Ok(())
    }

    fn tell(&mut self, finding: &Diagnostic, sources: &Sources) -> anyhow::Result<()> {
        let mut text = String::new();
        self.rendering.add(finding, sources, &mut text);
        if self.format == Format::Full {
            text.push('\n');
        }
        self.write(&text)
    }

    /// Writes of findings what standard output is not for.
    fn write(&mut self, text: &str) -> anyhow::Result<()> {
        if self.has_text {
            output::say(text);
            return Ok(());
        }
        self.output.print(text)
    }

    fn finish(mut self) -> anyhow::Result<Summary> {
        let mut text = String::new();
        let title = format!("zonewright check: {}", self.summary);
        if let Some(report) = self.rendering.finish(&title, &mut text) {
            output::report(&report)?;
        }
        self.write(&text)?;
        output::say(&format!("{}\n", self.summary));
        Ok(self.summary)
    }
}
