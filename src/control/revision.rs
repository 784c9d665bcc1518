//! Zones of a revision, without a checkout: of the branch that is served, or of whatever `git rev-parse` understands.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::commits::Commits;
use super::git::{Commit, Id, Line, Refusal, Repository, moment};
use super::keep;
use super::load::Root;
use crate::config::{Config, RepositorySettings};

/// The zones that a server would serve of the configured repository, as its branch is now.
///
/// # Errors
///
/// There is no such repository or branch, or its zones are refused.
pub fn of_branch(config: &Config) -> anyhow::Result<Root> {
    let settings = config.source.repository.as_ref().context("no repository is configured")?;
    let place = Place::of_branch(settings, config)?;
    root(&place.repository, place.head()?, &place.zones)
}

/// The zones of a revision: of the configured repository, or of the one that the zone directory lies in.
///
/// # Errors
///
/// There is no repository, or the revision names no commit of it, or its zones are refused.
pub fn of(revision: &str, config: &Config) -> anyhow::Result<Root> {
    let place = Place::find(config)?;
    let commit = place.repository.resolve(revision).map_err(say)?;
    root(&place.repository, commit, &place.zones)
}

/// The zones of a revision or, where it is none, of the branch's newest commit at a date; and that commit.
///
/// # Errors
///
/// There is no repository, or it is neither, or the zones of that commit are refused.
pub fn at(text: &str, config: &Config) -> anyhow::Result<(Root, Commit)> {
    let place = Place::find(config)?;
    let id = place.commit_at(text, None)?;
    let commit = place.repository.commit(id).map_err(say)?;
    Ok((root(&place.repository, id, &place.zones)?, commit))
}

fn root(repository: &Repository, commit: Id, path: &Path) -> anyhow::Result<Root> {
    Ok(Root::Snapshot(repository.snapshot(commit, path).map_err(say)?))
}

/// Where zones lie in a repository.
pub(super) struct Place {
    pub(super) repository: Repository,
    /// The directory on disk that paths in the repository start at.
    pub(super) top: PathBuf,
    /// The zone directory, below it.
    pub(super) zones: PathBuf,
    /// The branch that is served; none: what is checked out.
    branch: Option<String>,
}

impl Place {
    /// The configured repository, or the one that the zone directory lies in.
    pub(super) fn find(config: &Config) -> anyhow::Result<Self> {
        if let Some(settings) = &config.source.repository {
            return Self::of_branch(settings, config);
        }
        let (top, zones) = checkout(config)?;
        Ok(Self { repository: Repository::open(&top).map_err(say)?, top, zones, branch: None })
    }

    /// Whether there is a repository: a configured one, or one that the zone directory lies in.
    pub(super) fn exists(config: &Config) -> bool {
        config.source.repository.is_some() || checkout(config).is_ok()
    }

    fn of_branch(settings: &RepositorySettings, config: &Config) -> anyhow::Result<Self> {
        let top = Commits::new(settings.clone(), keep::copy(config)).place().to_path_buf();
        let (zones, branch) = (settings.path.clone(), Some(settings.branch.clone()));
        Ok(Self { repository: Repository::open(&top).map_err(say)?, top, zones, branch })
    }

    /// The line of first parents from the commit that is served, or checked out.
    pub(super) fn line(&self) -> anyhow::Result<Line> {
        self.repository.line_at(self.head()?, &self.zones).map_err(say)
    }

    /// The commit that a revision names or, where the text is none, the newest of the line at a date; `line` if it was read.
    pub(super) fn commit_at(&self, text: &str, line: Option<&Line>) -> anyhow::Result<Id> {
        let refusal = match self.repository.resolve(text) {
            Ok(id) => return Ok(id),
            Err(refusal) => refusal,
        };
        let Some(moment) = moment(text) else { return Err(say(refusal)) };
        let read = if line.is_none() { self.line()? } else { Line::default() };
        let found = line.unwrap_or(&read).steps.iter().find(|step| step.time <= moment);
        found.map(|step| step.id).ok_or_else(|| say(refusal))
    }

    /// The commit that is served, or checked out.
    pub(super) fn head(&self) -> anyhow::Result<Id> {
        let head = match &self.branch {
            Some(branch) => self.repository.tip(branch),
            None => self.repository.resolve("HEAD"),
        };
        head.map_err(say)
    }
}

/// The top of the checkout that the zone directory lies in, links resolved, and where in it that is.
fn checkout(config: &Config) -> anyhow::Result<(PathBuf, PathBuf)> {
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
