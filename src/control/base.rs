//! What a change is held against: the commit that it started from, its zones, its config and its mirror list.
//!
//! In: a revision. Out: the findings of a tree that its merge base with HEAD did not have, and what rules about a change as a
//! whole say of the two. Reads objects, and checks nothing out.
//!
//! # Design
//!
//! A change has no vote on its own rules: both trees are judged by the base's config, found there as it would be found in a
//! checkout of it, and what the change sets otherwise is itself a finding. Where files lie (the zones, the list of them) is
//! no rule, so each tree says that for itself; the mirror list is looked for where the base has it, and where the change has
//! moved it only if nothing is there any more. A config outside the repository is no part of the change.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::git::{Id, Refusal, Repository};
use super::judged::{Judged, Section};
use super::load::{Loaded, MirrorList, Root, Snapshot, Terms, mirrors_beside, zone_files};
use super::revision::{self, Place};
use crate::config::{self, Config};
use crate::diagnostic::{self, Diagnostic, codes};
use crate::dns::Name;
use crate::lint;
use crate::review::change::Known;
use crate::source::{Source, Sources, Span};
use crate::zone::Zone;

/// Findings of one rule and zone that are held against those of before; past so many, a mistake of before may seem new.
const MOST_COMPARED: usize = 10_000;

/// The commit that a change started from.
pub struct Base {
    repository: Repository,
    commit: Id,
    /// The directory on disk that paths in the repository start at.
    top: PathBuf,
    /// Of the base; where it has none that can be read, the defaults or the change's own.
    config: Config,
    /// Whether the change says that it removes or alters many names on purpose.
    is_meant: bool,
    /// What the change sets otherwise.
    rules: Option<Section>,
    /// Its zones, once they are judged: as often as a change is compared with them, they are read once.
    judged: Option<Judged>,
}

impl Base {
    /// The merge base of a revision and what `config` serves: HEAD, or the branch of the configured repository.
    ///
    /// # Errors
    ///
    /// There is no repository, the revision names no commit of it, or the two have no common ancestor.
    pub fn find(revision: &str, config: &Config) -> anyhow::Result<Self> {
        let found = Place::find(config).and_then(|place| Ok((place.head()?, place)));
        let (head, Place { repository, top, .. }) = found
            .context("`--base` compares with a commit: run it in a checkout that has the zones, or leave it out")?;
        let branch = repository.resolve(revision).map_err(revision::say).with_context(|| {
            format!("`--base {revision}` is not here: `git fetch` it; a workflow's checkout needs `fetch-depth: 0`")
        })?;
        let commit = repository.merge_base(branch, head).map_err(revision::say)?;
        let is_meant = is_meant(&repository, commit, head).map_err(revision::say)?;
        let mut base = Self { repository, commit, top, config: config.clone(), is_meant, rules: None, judged: None };
        base.take_config(config)?;
        Ok(base)
    }

    /// Judges by the base's own config, and keeps what the change's sets otherwise.
    fn take_config(&mut self, head: &Config) -> anyhow::Result<()> {
        let Some(found) = self.find_config(head)? else { return Ok(()) };
        let of_base = match found {
            Found::None => Some(Config { path: None, ..Config::defaults(&head.base) }),
            Found::File(path, text) => Config::of_text(&path, text),
        };
        let shown = head.path.as_deref().unwrap_or(&head.base);
        match of_base {
            Some(config) => {
                let changed = config.judged_otherwise(head);
                self.rules = (!changed.is_empty()).then(|| rules_changed(shown, &changed));
                self.config = config;
            }
            None => self.rules = Some(unreadable_rules(shown, &self.commit.to_string())),
        }
        Ok(())
    }

    /// The config that the base would be judged by; none if the one in use is no part of the repository.
    fn find_config(&self, head: &Config) -> anyhow::Result<Option<Found>> {
        let start = match &head.path {
            Some(path) => path.canonicalize().with_context(|| format!("finding {}", path.display()))?,
            None => head.base.canonicalize().context("finding the working directory")?,
        };
        let Ok(inside) = start.strip_prefix(&self.top) else { return Ok(None) };
        let is_named = head.path.is_some();
        let directory = if is_named { head.base.canonicalize().unwrap_or_default() } else { start.clone() };
        let around = directory.strip_prefix(&self.top).map(Path::to_path_buf).unwrap_or_default();
        // A config that the change puts before another must not hide it; one of any other name is looked for as it is called.
        let usual: Vec<PathBuf> = config::candidates(&around).collect();
        let is_usual = usual.iter().any(|path| path == inside);
        let own = (is_named && !is_usual).then(|| inside.to_path_buf());
        for path in own.into_iter().chain(usual) {
            let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { continue };
            let Some(files) = self.repository.plain_files(self.commit, directory).map_err(revision::say)? else {
                continue;
            };
            let limit = u32::try_from(config::MAX_OCTETS).unwrap_or(u32::MAX);
            if let Some(text) = Root::Snapshot(files).text(Path::new(name), limit) {
                return Ok(Some(Found::File(self.top.join(&path), text)));
            }
        }
        Ok(Some(Found::None))
    }

    /// What both trees are judged by, of which only today is the caller's to say.
    pub fn terms(&self, head: &Config, mut terms: Terms) -> Terms {
        let beside = || mirrors_beside(&head.source.directory);
        let place = self.config.lint.mirrors.clone().or_else(beside).filter(|path| path.is_dir());
        let mirrors = place.filter(|_| head.source.repository.is_none()).or_else(|| head.lint.mirrors.clone());
        terms.limits = self.config.limits.clone();
        if let Some(settings) = &mut terms.lint {
            let (now, threads, acting) = (settings.now, settings.threads, settings.acting.take());
            let most_of_a_rule = MOST_COMPARED;
            *settings = lint::Settings { now, threads, acting, most_of_a_rule, mirrors, ..self.config.lint.clone() };
        }
        terms
    }

    /// Leaves in `judged` what its tree has and the base has not, adds what rules about the change say, and gives the count
    /// of what was there before. `root` is that tree's.
    ///
    /// # Errors
    ///
    /// The base's zones cannot be read.
    pub fn compare(&mut self, judged: &mut Judged, root: &Root, terms: &Terms) -> anyhow::Result<usize> {
        let base = match self.judged.take() {
            Some(base) => base,
            None => self.judge(root, terms)?,
        };
        let base = self.judged.insert(base);
        let all = judged.misnamed.len();
        judged.misnamed.retain(|misnamed| !base.misnamed.contains(misnamed));
        let mut before = all - judged.misnamed.len();
        let mut known = Known::default();
        base.findings().for_each(|(findings, sources)| known.add(findings, sources));
        judged.findings().for_each(|(findings, sources)| before += known.take(findings, sources));
        if let Some(settings) = &terms.lint {
            judge_change(base, judged, root, settings, self.is_meant);
        }
        judged.rest.extend(self.rules.clone());
        Ok(before)
    }

    /// The base's tree, shown as the newer one is: headlines name files.
    fn judge(&self, newer: &Root, terms: &Terms) -> anyhow::Result<Judged> {
        let zones = self.zones()?;
        let snapshot = match self.repository.plain_files(self.commit, &zones).map_err(revision::say)? {
            Some(_) => self.repository.snapshot(self.commit, &zones).map_err(revision::say)?,
            None => Snapshot::default(),
        };
        let root = Root::Snapshot(snapshot.shown_as(newer.shown().to_path_buf()));
        // Zones that the base's config named and whose files it had.
        let listing = zone_files(&root, &self.config.source.zones)?;
        let mirrors = match self.mirrors(&zones) {
            Some(place) => self.repository.plain_files(self.commit, &place).map_err(revision::say)?,
            None => None,
        };
        Ok(Judged::read(&root, &listing, mirrors.map(MirrorList::of).unwrap_or_default(), terms, &|| {}))
    }

    /// The zone directory, as a path in the repository.
    fn zones(&self) -> anyhow::Result<PathBuf> {
        if let Some(settings) = &self.config.source.repository {
            return Ok(settings.path.clone());
        }
        let directory = &self.config.source.directory;
        let inside = directory.canonicalize().unwrap_or_else(|_| directory.clone());
        let inside = inside.strip_prefix(&self.top).map(Path::to_path_buf);
        inside.with_context(|| format!("the zones of the base, {}, lie outside its repository", directory.display()))
    }

    /// The mirror list's directory, as a path in the repository.
    fn mirrors(&self, zones: &Path) -> Option<PathBuf> {
        let configured = self.config.lint.mirrors.as_ref();
        match configured {
            Some(path) => path.strip_prefix(&self.top).map(Path::to_path_buf).ok(),
            None => mirrors_beside(zones),
        }
    }
}

/// A config as the base has it.
enum Found {
    /// It has none: every setting is at its default.
    None,
    File(PathBuf, std::sync::Arc<[u8]>),
}

/// Whether a commit of a change, which started from `older`, says that it means to remove or alter many names
/// (git-interpret-trailers(1)).
pub(super) fn is_meant(repository: &Repository, older: Id, newer: Id) -> Result<bool, Refusal> {
    repository.has_trailer(older, newer, "Zone-Mass-Change", "yes")
}

/// Adds what rules about a change say of each zone, of those that came or are gone too.
pub(super) fn judge_change(base: &Judged, judged: &mut Judged, root: &Root, settings: &lint::Settings, is_meant: bool) {
    let key = |loaded: &Loaded| loaded.name.as_ref().to_lower();
    let built = base.zones.iter().filter_map(|loaded| Some((key(loaded), (loaded, loaded.zone.as_ref()?))));
    let mut old: HashMap<Name, (&Loaded, &Zone)> = built.collect();
    for loaded in &mut judged.zones {
        let old = old.remove(&key(loaded));
        if let Some(new) = &loaded.zone {
            let old = old.map(|(_, zone)| zone);
            let mut findings = lint::check_change(old, new, &loaded.sources, settings, is_meant);
            findings.iter_mut().for_each(|finding| finding.zone = Some(loaded.name.clone()));
            loaded.findings.extend(findings);
            diagnostic::sort(&mut loaded.findings);
        }
    }
    let mut gone: Vec<_> = old.into_values().collect();
    gone.sort_by(|(one, _), (other, _)| one.name.as_ref().canonical_cmp(other.name.as_ref()));
    for (loaded, zone) in gone {
        let mut sources = Sources::default();
        sources.add(Source::new(root.display(&loaded.file), &b""[..]));
        let findings = lint::check_removed(zone, &sources, settings, is_meant);
        judged.rest.push(Section { name: loaded.name.to_string(), sources, findings });
    }
}

/// The finding on what a change sets otherwise, at each line of its config that does.
fn rules_changed(path: &Path, changed: &[String]) -> Section {
    let list: Vec<String> = changed.iter().map(|key| format!("`{key}`")).collect();
    let headline = format!("this change sets {} otherwise than its base", list.join(", "));
    let (sources, places) = config_text(path, changed);
    let mut finding = Diagnostic::new(&codes::RULES_CHANGED, places[0], headline).label("changed");
    finding = places[1..].iter().fold(finding, |finding, &place| finding.also(place, "and here"));
    section(
        sources,
        finding
            .why("the rules that judge a change are those of its base, so none of this counts before it is merged")
            .fix("have it looked at by itself: put it into a change of its own"),
    )
}

fn unreadable_rules(path: &Path, commit: &str) -> Section {
    let (sources, places) = config_text(path, &[]);
    let headline = format!("the config of commit {commit} cannot be read, so this change is judged by its own");
    let finding = Diagnostic::new(&codes::RULES_CHANGED, places[0], headline);
    section(
        sources,
        finding.why("what judges a change should be out of its reach").fix("mend the config in a change of its own"),
    )
}

fn section(sources: Sources, finding: Diagnostic) -> Section {
    Section { name: "config".into(), sources, findings: vec![finding] }
}

/// The text of a config, and where it sets some keys: their names, else where `[lint]` starts, else its start.
fn config_text(path: &Path, keys: &[String]) -> (Sources, Vec<Span>) {
    let here = std::env::current_dir().unwrap_or_default();
    let shown = path.strip_prefix(&here).unwrap_or(path).to_string_lossy().into_owned();
    let text = std::fs::read(path).unwrap_or_default();
    let mut sources = Sources::default();
    let file = sources.add(Source::new(shown, text.clone()));
    let of = |key: &str| place_of(&text, key).map(|(start, end)| Span { file, start, end });
    let mut places: Vec<Span> = keys.iter().filter_map(|key| of(key)).collect();
    places.sort_unstable();
    if places.is_empty() {
        places.push(of("lint").unwrap_or(Span::start_of(file)));
    }
    (sources, places)
}

/// Where a line starts that sets `key`, or opens the section `[key]` or `[[key]]`.
fn place_of(text: &[u8], key: &str) -> Option<(u32, u32)> {
    let mut start = 0;
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        let bare = line.trim_ascii_start();
        let indent = line.len() - bare.len();
        let headed = bare.strip_prefix(b"[[").or_else(|| bare.strip_prefix(b"["));
        let is_section = headed.and_then(|rest| rest.strip_prefix(key.as_bytes()));
        let is_key = bare.strip_prefix(key.as_bytes()).map(<[u8]>::trim_ascii_start);
        let end = start + line.trim_ascii_end().len();
        if is_section.is_some_and(|rest| rest.starts_with(b"]")) {
            return Some(((start + indent) as u32, end as u32));
        }
        if is_key.is_some_and(|rest| rest.starts_with(b"=")) {
            return Some(((start + indent) as u32, (start + indent + key.len()) as u32));
        }
        start += line.len();
    }
    None
}
