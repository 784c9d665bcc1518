//! What is asked of a commit before it is published, and who may publish it all the same.

use std::path::Path;
use std::sync::Arc;

use super::{Commits, Work};
use crate::authority::Catalog;
use crate::config::{CanarySettings, Config, parse_expectations};
use crate::control::git::{Id, Refusal, Repository};
use crate::control::load::{Root, Terms, ZoneFile, load_listed, test_files, zone_files};
use crate::control::reload::Demand;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{Format, render};
use crate::dns::{Name, NameRef, Rtype};
use crate::lint;
use crate::review::Snapshot;
use crate::review::canary::objections;
use crate::review::expect::judge;
use crate::source::{Source, Sources};

/// The trailer by which a commit says that it means to change much.
const MEANT: (&str, &str) = ("Zone-Mass-Change", "yes");

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
        let trees = [old, new].map(|catalog| Snapshot::of_catalog(catalog, open(policy)));
        let mut lines = objections(&trees[0], &trees[1], &self.questions, self.config.canary.shares);
        if self.config.canary.expectations {
            lines.extend(self.failing(&Snapshot::of_catalog(new, policy.clone())));
        }
        lines.extend(self.about_the_change(old, new));
        lines
    }

    /// The expectations of the commit's own tests that do not hold.
    fn failing(&self, tree: &Snapshot) -> Vec<String> {
        let tests = match test_files(self.roots.1, &[]) {
            Ok(tests) => tests,
            Err(error) => return vec![format!("its tests cannot be read: {error}")],
        };
        let mut findings = tests.findings;
        for file in tests.files {
            let (expectations, problems) = parse_expectations(&tests.sources, file);
            findings.extend(problems);
            findings.extend(expectations.iter().filter_map(|test| judge(tree, test)));
        }
        shown(&findings, &tests.sources)
    }

    /// What rules about a change say of critical names and of changes that are too large.
    fn about_the_change(&self, old: &Catalog, new: &Catalog) -> Vec<String> {
        let (changed, Some(before)) = (changed(old, new), &self.roots.0) else { return Vec::new() };
        if changed.is_empty() {
            return Vec::new();
        }
        let terms = Terms::without_rules(&self.config.limits);
        let Some(settings) = Terms::now(&self.config.limits, &self.config.lint).lint else { return Vec::new() };
        let (served, commit) = self.commits;
        let is_meant = self.repository.has_trailer(served, commit, MEANT.0, MEANT.1).unwrap_or(false);
        let files = [before, self.roots.1].map(|root| zone_files(root, &self.config.source.zones));
        let [Ok(old_files), Ok(new_files)] = files else { return Vec::new() };
        let of = |files: &[ZoneFile], apex: NameRef<'_>| files.iter().find(|file| file.name.as_ref().is(apex)).cloned();
        let mut lines = Vec::new();
        for apex in changed {
            let Some(was) = of(&old_files.zones, apex) else { continue };
            let Some(was_zone) = load_listed(before, &was, &terms).zone else { continue };
            let (mut findings, sources) = match of(&new_files.zones, apex) {
                Some(is) => {
                    let loaded = load_listed(self.roots.1, &is, &terms);
                    let Some(zone) = &loaded.zone else { continue };
                    let findings = lint::check_change(Some(&was_zone), zone, &loaded.sources, &settings, is_meant);
                    (findings, loaded.sources)
                }
                None => {
                    let mut sources = Sources::default();
                    sources.add(Source::new(before.display(&was.file), &b""[..]));
                    (lint::check_removed(&was_zone, &sources, &settings, is_meant), sources)
                }
            };
            findings.retain(|finding| STOPPING.contains(&finding.code.name));
            lines.extend(shown(&findings, &sources));
        }
        lines
    }
}

/// Everybody may ask: who is refused a question has no answer that could change.
fn open(policy: &crate::server::Policy) -> crate::server::Policy {
    crate::server::Policy { allow_query: crate::server::Policy::default().allow_query, ..policy.clone() }
}

/// The zones that are not the same in both.
fn changed<'c>(old: &'c Catalog, new: &'c Catalog) -> Vec<NameRef<'c>> {
    let is_same =
        |one: &crate::authority::Entry, other: &crate::authority::Entry| match (&one.authority, &other.authority) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
    let is_other =
        |entry: &&crate::authority::Entry| !new.exact(entry.apex.as_ref()).is_some_and(|other| is_same(entry, other));
    old.entries().filter(is_other).map(|entry| entry.apex.as_ref()).collect()
}

fn shown(findings: &[Diagnostic], sources: &Sources) -> Vec<String> {
    let line = |finding: &Diagnostic| {
        let mut text = String::new();
        render(Format::Concise, finding, sources, false, &mut text);
        text.trim_end().to_owned()
    };
    findings.iter().map(line).collect()
}

/// All that speaks against a commit, as the log and `status` have it.
pub(super) fn report(commit: Id, path: &Path, lines: &[String]) -> String {
    let (id, place) = (commit.to_hex_with_len(12), path.display());
    let list: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!(
        "error[canary]: commit {id} would change more than it says\n  --> {place}\n{list}  = fix: mend it with another commit, or publish it all the same: `zonewright publish --accept {id}`\n"
    )
}
