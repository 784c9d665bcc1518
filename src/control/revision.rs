//! Zones of a revision, without a checkout: of the branch that is served, or of whatever `git rev-parse` understands.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::commits::Commits;
use super::git::{Id, Refusal, Repository};
use super::keep;
use super::load::Root;
use crate::config::Config;

/// The zones that a server would serve of the configured repository, as its branch is now.
///
/// # Errors
///
/// There is no such repository or branch, or its zones are refused.
pub fn of_branch(config: &Config) -> anyhow::Result<Root> {
    let settings = config.source.repository.as_ref().context("no repository is configured")?;
    let commits = Commits::new(settings.clone(), keep::copy(config));
    let repository = Repository::open(commits.place()).map_err(say)?;
    let tip = repository.tip(&settings.branch).map_err(say)?;
    root(&repository, tip, &settings.path)
}

/// The zones of a revision: of the configured repository, or of the one that the zone directory lies in.
///
/// # Errors
///
/// There is no repository, or the revision names no commit of it, or its zones are refused.
pub fn of(revision: &str, config: &Config) -> anyhow::Result<Root> {
    let (repository, path) = repository(config)?;
    let commit = repository.resolve(revision).map_err(say)?;
    root(&repository, commit, &path)
}

fn root(repository: &Repository, commit: Id, path: &Path) -> anyhow::Result<Root> {
    Ok(Root::Snapshot(repository.snapshot(commit, path).map_err(say)?))
}

/// The repository that zones come from, and where they lie in it.
fn repository(config: &Config) -> anyhow::Result<(Repository, PathBuf)> {
    if let Some(settings) = &config.source.repository {
        let commits = Commits::new(settings.clone(), keep::copy(config));
        return Ok((Repository::open(commits.place()).map_err(say)?, settings.path.clone()));
    }
    let (top, path) = checkout(config)?;
    Ok((Repository::open(&top).map_err(say)?, path))
}

/// The top of the checkout that the zone directory lies in, links resolved, and where in it that is.
pub(super) fn checkout(config: &Config) -> anyhow::Result<(PathBuf, PathBuf)> {
    let directory = &config.source.directory;
    let directory = directory.canonicalize().with_context(|| format!("finding {}", directory.display()))?;
    let top = directory.ancestors().find(|ancestor| ancestor.join(".git").exists());
    let top = top.with_context(|| format!("{} lies in no git repository", directory.display()))?;
    let path = directory.strip_prefix(top).expect("an ancestor of it").to_owned();
    Ok((top.to_owned(), path))
}

pub(super) fn say(refusal: Refusal) -> anyhow::Error {
    let fix = if refusal.finding.fix.is_empty() { String::new() } else { format!(": {}", refusal.finding.fix) };
    anyhow::anyhow!("{}{fix}", refusal.finding.headline)
}
