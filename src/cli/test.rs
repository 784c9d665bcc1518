//! `test`: whether the zones answer as `tests/*.toml` say.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::output::{self, Output};
use super::tree::{self, Tree};
use super::{ConfigArgument, Verdict};
use crate::config::Overrides;
use crate::control::load::{TestFiles, test_files};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{Format, Rendering, counted};
use crate::review::expect::junit::{self, Case};
use crate::source::Sources;

/// Ask the zones what tests expect of them: `tests/*.toml` in the zone directory
///
/// Each test is a question and its answer:
///
///   [[test]]
///   name = "www.example.org"
///   type = "AAAA"                # A, if it is not given
///   expect = ["2001:db8::1"]     # or "absent", "nxdomain", "refused", "referral"
///   client = "192.0.2.0/24"      # who asks, where the config's access list makes a difference
///   dnssec = true                # the answer must be signed
///
/// The zones are compiled and asked as `serve` would, without a server. Exits with 1 if a test fails.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// Test files, or a zone directory with `tests` in it [default: the configured zones and their tests]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How results are written: JUnit lists every test, all others those that failed, at their line of the test file
    #[arg(long, value_enum, default_value = "full")]
    format: Format,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = arguments.config.load(&Overrides::default())?;
    let (tree, tests) = match &arguments.paths[..] {
        [directory] if directory.is_dir() => {
            let tests = test_files(&tree::open(directory)?, &[]);
            (Tree::at(directory, None, &config)?, tests)
        }
        paths => {
            let tree = Tree::configured(&config)?;
            let files = paths.iter().map(|path| below(&tree, path)).collect::<anyhow::Result<Vec<_>>>()?;
            let tests = test_files(&tree.root, &files);
            (tree, tests)
        }
    };
    let mut tests = tests.context("reading tests")?;
    let results = tests.judge(&tree.snapshot(&config, config.policy.clone()));
    let TestFiles { sources, findings, .. } = tests;
    let mut cases: Vec<Case<'_>> = findings.iter().map(|finding| Case { test: None, finding: Some(finding) }).collect();
    cases.extend(results.iter().map(|(test, finding)| Case { test: Some(test), finding: finding.as_ref() }));
    let mut failed: Vec<&Diagnostic> = cases.iter().filter_map(|case| case.finding).collect();
    failed.sort_by_key(|finding| finding.primary.span);
    let summary = summary(results.len(), failed.len(), findings.len());
    match arguments.format {
        Format::Junit => Output::new().print(junit::render(&cases, &sources))?,
        format => show(&failed, &sources, format, &summary)?,
    }
    output::say(&format!("{summary}\n"));
    Ok(if failed.is_empty() { Verdict::Good } else { Verdict::Errors })
}

/// Prints the tests that failed as `check` prints its findings.
fn show(failed: &[&Diagnostic], sources: &Sources, format: Format, summary: &str) -> anyhow::Result<()> {
    let colour = output::wants_colour(std::io::stdout().is_terminal());
    let (mut rendering, mut text) = (Rendering::new(format, colour), String::new());
    for finding in failed {
        rendering.add(finding, sources, &mut text);
        if format == Format::Full {
            text.push('\n');
        }
    }
    if let Some(report) = rendering.finish(&format!("zonewright test: {summary}"), &mut text) {
        output::report(&report)?;
    }
    Output::new().print(text)
}

/// A test file as a path below the root, where its zones are.
fn below(tree: &Tree, path: &Path) -> anyhow::Result<PathBuf> {
    let absolute = std::path::absolute(path).with_context(|| format!("finding {}", path.display()))?;
    let file = tree.root.relative(&absolute);
    file.with_context(|| {
        format!("{} lies outside the zone directory {}", path.display(), tree.root.directory().display())
    })
}

fn summary(tests: usize, failed: usize, unreadable: usize) -> String {
    let tests = counted(tests, "test");
    let unreadable =
        if unreadable == 0 { String::new() } else { format!(", {unreadable} of them before they could run") };
    match failed {
        0 => format!("{tests}, none failed"),
        failed => format!("{tests}, {failed} failed{unreadable}"),
    }
}
