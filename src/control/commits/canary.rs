//! What is asked of a commit before it is published, and who may publish it all the same.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::{Commits, Work};
use crate::authority::{Catalog, Entry};
use crate::config::{CanarySettings, Config};
use crate::control::base::{is_meant, judge_change};
use crate::control::git::{Id, Refusal, Repository, short};
use crate::control::judged::Judged;
use crate::control::load::{ListError, Root, Terms, load_listed, test_files, zone_files};
use crate::control::reload::{Demand, START, report_on};
use crate::diagnostic::render::{Format, render};
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::{Name, Rtype};
use crate::review::Snapshot;
use crate::review::canary::objections;
use crate::source::Sources;

/// Rules about a change that stop it whatever their severity.
const STOPPING: [&str; 2] = ["critical-name-gone", "mass-change"];

/// What becomes of a commit that something speaks against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// Nobody asks: nothing is served yet, or the config says so.
    Off,
    /// It is told of, and published.
    Told,
    /// It is refused.
    Refused,
}

/// One commit on trial.
pub(super) struct Trial<'t> {
    pub(super) config: &'t Config,
    pub(super) repository: &'t Repository,
    /// What is served, and what would be.
    pub(super) commits: (Id, Id),
    /// The zones of both.
    pub(super) roots: (Option<Root>, &'t Root),
    /// The questions that were asked last.
    pub(super) questions: Vec<(Name, Rtype)>,
}

impl Commits {
    /// How a commit is to be tried.
    pub(super) fn mode(&self, id: Id, demand: Demand, settings: &CanarySettings) -> Mode {
        match () {
            () if !settings.enabled || self.served.is_none() || self.serves(id) => Mode::Off,
            // An operator chose it, or it was published before.
            () if demand.accept_loss => Mode::Told,
            () if self.hold.is_some() || self.accepted == Some(id) || self.tip == Some(id) => Mode::Told,
            () => Mode::Refused,
        }
    }

    /// Has a refused commit published once, whatever the canary says.
    pub(super) fn accept(&mut self, repository: &Repository, revision: &str) -> Result<(), Refusal> {
        let id = repository.resolve(revision)?;
        let waiting = self.refused.as_ref().filter(|refused| refused.id == id && refused.is_by_canary);
        if waiting.is_none() {
            return Err(repository.not_waiting(id));
        }
        (self.accepted, self.refused) = (Some(id), None);
        Ok(())
    }

    /// A commit on trial against what is served.
    pub(super) fn trial<'t>(&self, work: &Work<'t>, id: Id, mode: Mode, root: &'t Root) -> Trial<'t> {
        let old = self.served.as_ref().map_or(id, |served| served.id);
        // Of a hundred thousand zones the list alone takes a while.
        let is_tried = mode != Mode::Off;
        let files = is_tried.then(|| work.repository.snapshot(old, &self.settings.path).ok()).flatten();
        let questions = work.reloader.questions();
        Trial {
            config: work.config,
            repository: work.repository,
            commits: (old, id),
            roots: (files.map(Root::Snapshot), root),
            questions,
        }
    }
}

impl Trial<'_> {
    /// What speaks against publishing, a line each; nothing does: none.
    pub(super) fn objections(&self, old: &Catalog, new: &Catalog) -> Vec<String> {
        let policy = &self.config.policy;
        // Who is refused a question has no answer that could change.
        let trees = [old, new].map(|catalog| Snapshot::of_catalog(catalog.clone(), policy.for_everybody()));
        let mut lines = objections(&trees[0], &trees[1], &self.questions, self.config.canary.shares);
        if self.config.canary.expectations {
            lines.extend(self.failing(&Snapshot::of_catalog(new.clone(), policy.clone())));
        }
        lines.extend(self.about_the_change(&changed(old, new)));
        lines
    }

    /// The expectations of the commit's own tests that do not hold.
    fn failing(&self, tree: &Snapshot) -> Vec<String> {
        let mut tests = match test_files(self.roots.1, &[]) {
            Ok(tests) => tests,
            Err(error) => return vec![format!("its tests cannot be read: {error}")],
        };
        let failed = tests.judge(tree).into_iter().filter_map(|(_, finding)| finding);
        let failed: Vec<Diagnostic> = failed.collect();
        shown(tests.findings.iter().chain(&failed), &tests.sources)
    }

    /// What rules about a change say of critical names and of changes that are too large.
    fn about_the_change(&self, changed: &HashSet<Name>) -> Vec<String> {
        let (Some(before), now) = (&self.roots.0, self.roots.1) else { return Vec::new() };
        let Some(settings) = Terms::now(&self.config.limits, &self.config.lint).lint else { return Vec::new() };
        if changed.is_empty() {
            return Vec::new();
        }
        let [Ok(old), Ok(mut new)] = [before, now].map(|root| self.read(root, changed)) else { return Vec::new() };
        let is_meant = is_meant(self.repository, self.commits.0, self.commits.1).unwrap_or(false);
        judge_change(&old, &mut new, now, &settings, is_meant);
        let stops = |finding: &&Diagnostic| STOPPING.contains(&finding.code.name);
        new.findings().flat_map(|(findings, sources)| shown(findings.iter().filter(stops), sources)).collect()
    }

    /// Some zones of a tree.
    fn read(&self, root: &Root, wanted: &HashSet<Name>) -> Result<Judged, ListError> {
        let terms = Terms::without_rules(&self.config.limits);
        let mut listing = zone_files(root, &self.config.source.zones)?.zones;
        listing.retain(|listed| wanted.contains(&listed.name.as_ref().to_lower()));
        let zones = listing.iter().map(|listed| load_listed(root, listed, &terms)).collect();
        Ok(Judged { zones, ..Judged::default() })
    }
}

/// The zones that are not the same in both, in lower case.
fn changed(old: &Catalog, new: &Catalog) -> HashSet<Name> {
    let is_same = |one: &Entry, other: &Entry| match (&one.authority, &other.authority) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    let is_other = |entry: &&Entry| !new.exact(entry.apex.as_ref()).is_some_and(|other| is_same(entry, other));
    old.entries().filter(is_other).map(|entry| entry.apex.as_ref().to_lower()).collect()
}

fn shown<'f>(findings: impl Iterator<Item = &'f Diagnostic>, sources: &Sources) -> Vec<String> {
    let line = |finding: &Diagnostic| {
        let mut text = String::new();
        render(Format::Concise, finding, sources, false, &mut text);
        text.trim_end().to_owned()
    };
    findings.map(line).collect()
}

/// All that speaks against a commit, as the log and `status` have it.
pub(super) fn report(commit: Id, path: &Path, lines: &[String]) -> String {
    let id = commit.to_string();
    let id = short(&id);
    let headline = format!("commit {id} would change more than it says");
    let fix = format!("mend it with another commit, or publish it all the same: `zonewright publish --accept {id}`");
    let finding = Diagnostic::new(&codes::CANARY, START, headline).fix(fix);
    let list = lines.iter().map(|line| format!("  {line}\n"));
    std::iter::once(report_on(path.display().to_string(), finding).to_string()).chain(list).collect()
}
