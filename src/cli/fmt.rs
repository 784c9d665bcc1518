//! `fmt`: zone files in their one layout.

use std::io::IsTerminal as _;
use std::path::{self, Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::output::{self, Output};
use super::{ConfigArgument, Verdict, tree};
use crate::config::{Config, Overrides};
use crate::control::Root;
use crate::control::load::{ZoneText, text_errors, text_files, zone_of};
use crate::diagnostic::render::{Format, counted, escape, render};
use crate::dns::Name;
use crate::zonefile;

/// Put zone files into their one layout: columns aligned, every record and comment as it was
///
/// Lines stay what they are; blanks between their parts change, and nothing else: owner, TTL, class, type and data go into
/// columns, comments behind them too, tabs become spaces, and line ends become line feeds. A file with errors in its text is
/// left alone, and so are links. What is written is renamed into place.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Zone files, or directories: every `*.zone` and `*.inc` below [default: the configured zone directory]; `-` reads
    /// standard input and writes standard output
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write nothing; name the files that would change, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
    /// Write nothing; show what would change, as a unified diff
    #[arg(long)]
    diff: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

/// The most errors of one file that are shown: `check` shows all.
const MOST_ERRORS: usize = 10;

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = arguments.config.load(&Overrides::default())?;
    let mut run = Run { arguments: &arguments, config: &config, output: Output::new(), count: Count::default() };
    match &arguments.paths[..] {
        [] => run.path(&config.source.directory)?,
        [path] if path.as_os_str() == "-" => run.standard_input()?,
        paths => paths.iter().try_for_each(|path| run.path(path))?,
    }
    run.finish()
}

struct Run<'a> {
    arguments: &'a Arguments,
    config: &'a Config,
    output: Output,
    count: Count,
}

/// How many files there were.
#[derive(Default)]
struct Count {
    all: usize,
    different: usize,
    refused: usize,
}

impl Run<'_> {
    /// A file, or all below a directory.
    fn path(&mut self, path: &Path) -> anyhow::Result<()> {
        let absolute = path::absolute(path).with_context(|| format!("finding {}", path.display()))?;
        // A link is met where it is refused, with its name.
        let metadata = std::fs::symlink_metadata(path).with_context(|| format!("reading {}", path.display()))?;
        if metadata.is_dir() || (metadata.is_symlink() && path.is_dir()) {
            let root = tree::open(path)?;
            let files = text_files(&root)?;
            if files.is_empty() {
                bail!("there is no `*.zone` or `*.inc` below {}", path.display());
            }
            return files.iter().try_for_each(|file| self.file(&root, file));
        }
        let (root, file) = tree::place_of(&absolute, self.config)?;
        self.file(&root, &file)
    }

    fn file(&mut self, root: &Root, file: &Path) -> anyhow::Result<()> {
        let shown = root.display(file);
        let limit = self.config.limits.file_octets;
        let read = match ZoneText::read(root, file, limit) {
            Ok(read) => read,
            Err(error) => {
                self.refuse(&format!("{shown} is left as it is: {error:#}"));
                return Ok(());
            }
        };
        let Some(formatted) = self.format(&shown, &read.text, zone_of(file).and_then(Result::ok).as_ref()) else {
            return Ok(());
        };
        if formatted == *read.text {
            return Ok(());
        }
        self.count.different += 1;
        if self.arguments.check {
            self.output.print(format!("{}\n", escape(shown.as_bytes())))?;
        }
        if self.arguments.diff {
            self.output.print(zonefile::difference(&shown, &read.text, &formatted))?;
        }
        if !self.arguments.check && !self.arguments.diff {
            read.replace(&formatted).with_context(|| format!("writing {shown}"))?;
        }
        Ok(())
    }

    fn standard_input(&mut self) -> anyhow::Result<()> {
        let text: Arc<[u8]> = output::read_input(&self.config.limits)?.into();
        let Some(formatted) = self.format("standard input", &text, None) else { return Ok(()) };
        let is_different = formatted != *text;
        self.count.different += usize::from(is_different);
        match (self.arguments.check, self.arguments.diff) {
            (_, true) if is_different => self.output.print(zonefile::difference("standard input", &text, &formatted)),
            (true, _) | (_, true) => Ok(()),
            (false, false) => self.output.print(formatted),
        }
    }

    /// A text's layout, unless it has errors, which are shown.
    fn format(&mut self, shown: &str, text: &Arc<[u8]>, zone: Option<&Name>) -> Option<Vec<u8>> {
        self.count.all += 1;
        let (sources, errors) = text_errors(shown.to_owned(), Arc::clone(text), zone, &self.config.limits);
        if errors.is_empty() {
            let formatted = zonefile::format(text);
            if formatted.is_none() {
                self.refuse(&format!(
                    "{shown} is left as it is: its layout would change a record. This is a fault of zonewright"
                ));
            }
            return formatted;
        }
        let colour = output::wants_colour(std::io::stderr().is_terminal());
        let mut told = String::new();
        errors.iter().take(MOST_ERRORS).for_each(|error| render(Format::Concise, error, &sources, colour, &mut told));
        output::say(&told);
        self.refuse(&format!("{shown} is left as it is: its text has {}", counted(errors.len(), "error")));
        None
    }

    fn refuse(&mut self, text: &str) {
        self.count.refused += 1;
        output::say(&format!("zonewright: {}\n", escape(text.as_bytes())));
    }

    fn finish(self) -> anyhow::Result<Verdict> {
        let Count { all, different, refused } = self.count;
        let is_input = self.arguments.paths.first().is_some_and(|path| path.as_os_str() == "-");
        let would = if self.arguments.check || self.arguments.diff { "would be" } else { "were" };
        if !is_input {
            output::say(&format!("{different} of {} {would} laid out anew\n", counted(all, "file")));
        }
        let is_wrong = refused > 0 || (self.arguments.check && different > 0);
        Ok(if is_wrong { Verdict::Errors } else { Verdict::Good })
    }
}
