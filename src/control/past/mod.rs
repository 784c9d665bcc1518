//! What a name was answered at each commit of the branch, without a checkout.
//!
//! In: the repository that zones come from, and a name. Out: the commits that changed its answer ([`Past::turns`]), the one
//! that ended an expected answer ([`Past::bisect`]), and since when each record is answered ([`Past::since`]).
//!
//! # Design
//!
//! The history is the line of first parents: what a server that follows the branch served. An answer depends on the zones
//! that its lookup passed, and on nothing else; so of each commit those alone are read, and of those only what is not the
//! text that was read before, as git's ids say. Commits that leave all of them alone share one compiled tree, and two
//! commits with one tree are the same answer without asking.
//!
//! A commit whose zones cannot be served never was: the answer of the one before it went on, here as there. Zones that the
//! answer does not depend on are not looked at, so a commit that was refused for another's sake counts as served here; so
//! does one that only a rule, a signature or the canary kept from being served.

mod bisect;
mod since;
mod turns;

pub use bisect::{Bisected, Bounds};
pub use since::{Item, Since};
pub use turns::Turn;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::git::{Commit, Id, Line};
use super::judged::KEY;
use super::load::{Root, Stamp, Terms, ZoneFile, load_listed, stand_still, zone_files};
use super::revision::{self, Place};
use crate::authority::Authority;
use crate::config::Config;
use crate::dns::Name;
use crate::review::Snapshot;

/// The answers that one name had.
pub struct Past {
    place: Place,
    line: Line,
    name: Name,
    /// The zones that the config lists.
    zones: Vec<(Name, PathBuf)>,
    terms: Terms,
    /// What was compiled last of each zone that was passed, by its apex in lower case.
    kept: HashMap<Name, Kept>,
    last: Option<Moment>,
    built: usize,
}

/// A zone as it was read last.
struct Kept {
    listed: ZoneFile,
    stamps: Vec<Stamp>,
    /// None: it could not be served.
    authority: Option<Arc<Authority>>,
}

/// What there was at one commit.
#[derive(Clone)]
struct Moment {
    tree: Option<Id>,
    /// The names that the lookup was taken on to, and the zones that enclose them.
    names: Vec<Name>,
    zones: Vec<(Name, Arc<Authority>)>,
    /// None: it was not served.
    served: Option<Arc<Snapshot>>,
}

impl Past {
    /// The history of the configured repository's branch, or of what is checked out where the zone directory lies.
    ///
    /// # Errors
    ///
    /// There is no repository, or it cannot be read.
    pub fn find(config: &Config, name: &Name) -> anyhow::Result<Self> {
        let place = Place::find(config).context("only zones that lie in a git repository have a history")?;
        let line = place.line()?;
        Ok(Self {
            place,
            line,
            name: name.clone(),
            zones: config.source.zones.clone(),
            terms: Terms::without_rules(&config.limits),
            kept: HashMap::new(),
            last: None,
            built: 0,
        })
    }

    /// Its commits.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// How many times a zone was read and compiled.
    pub fn built(&self) -> usize {
        self.built
    }

    /// What people are told of a commit of the line, the newest being 0.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn commit(&self, index: usize) -> anyhow::Result<Commit> {
        self.place.repository.commit(self.line.steps[index].id).map_err(revision::say)
    }

    /// Where in the line a revision is, or the newest commit at a date.
    ///
    /// # Errors
    ///
    /// It names no commit of the line.
    pub fn index_of(&self, text: &str) -> anyhow::Result<usize> {
        let id = self.place.commit_at(text, Some(&self.line))?;
        let found = self.line.steps.iter().position(|step| step.id == id);
        found.with_context(|| {
            format!("commit {id} is not on the line of first parents that is served: name the merge that brought it in")
        })
    }

    /// What was served when a commit was the newest: its own zones, or those of the newest before it that could be served;
    /// with where in the line that is.
    fn served(&mut self, index: usize) -> anyhow::Result<Option<(usize, Arc<Snapshot>)>> {
        for index in index..self.line.steps.len() {
            if let Some(served) = self.at(index)? {
                return Ok(Some((index, served)));
            }
        }
        Ok(None)
    }

    /// The zones of a commit that the answer depends on; none if they could not be served.
    fn at(&mut self, index: usize) -> anyhow::Result<Option<Arc<Snapshot>>> {
        let tree = self.line.steps[index].tree;
        if let Some(last) = self.last.as_ref().filter(|last| last.tree == tree) {
            return Ok(last.served.clone());
        }
        let moment = match self.root(index)? {
            Some(root) => self.look(&root, tree)?,
            None => Moment { tree, names: vec![self.name.clone()], zones: Vec::new(), served: None },
        };
        let served = moment.served.clone();
        self.last = Some(moment);
        Ok(served)
    }

    /// The zone files of a commit; none if its tree cannot be served.
    fn root(&self, index: usize) -> anyhow::Result<Option<Root>> {
        let step = self.line.steps[index];
        let Some(tree) = step.tree else { return Ok(Some(Root::Snapshot(Default::default()))) };
        match self.place.repository.files(step.id, tree, &self.place.zones) {
            Ok(files) => Ok(Some(Root::Snapshot(files))),
            Err(refusal) if refusal.is_final() => Ok(None),
            Err(refusal) => Err(revision::say(refusal)),
        }
    }

    fn look(&mut self, root: &Root, tree: Option<Id>) -> anyhow::Result<Moment> {
        let listing = zone_files(root, &self.zones)?.zones;
        if let Some(last) = self.last.take().filter(|last| last.served.is_some())
            && let Some(zones) = self.enclosing(root, &listing, &last.names)
            && is_same(&zones, &last.zones)
        {
            return Ok(Moment { tree, ..last });
        }
        let mut names = vec![self.name.clone()];
        loop {
            let Some(zones) = self.enclosing(root, &listing, &names) else {
                return Ok(Moment { tree, names, zones: Vec::new(), served: None });
            };
            let served = Arc::new(Snapshot::compiled(zones.clone(), KEY));
            let known = names.len();
            for name in served.way(self.name.as_ref()) {
                if !names.iter().any(|known| known.as_ref().is(name.as_ref())) {
                    names.push(name);
                }
            }
            // Each round takes an alias further, into a zone that was not at hand; a chain has an end.
            if names.len() == known {
                return Ok(Moment { tree, names, zones, served: Some(served) });
            }
        }
    }

    /// The zones that names lie in, compiled; none if one of them cannot be served.
    fn enclosing(&mut self, root: &Root, listing: &[ZoneFile], names: &[Name]) -> Option<Vec<(Name, Arc<Authority>)>> {
        let compiled = |listed: &ZoneFile| Some((listed.name.clone(), self.compiled(root, listed)?));
        around(listing, names).map(compiled).collect()
    }

    fn compiled(&mut self, root: &Root, listed: &ZoneFile) -> Option<Arc<Authority>> {
        let key = listed.name.as_ref().to_lower();
        if let Some(kept) = self.kept.get(&key)
            && kept.listed == *listed
            && stand_still(root, &kept.stamps)
        {
            return kept.authority.clone();
        }
        self.built += 1;
        let loaded = load_listed(root, listed, &self.terms);
        let authority = loaded.servable(false).map(|zone| Arc::new(Authority::compile(zone, KEY)));
        self.kept.insert(key, Kept { listed: listed.clone(), stamps: loaded.stamps, authority: authority.clone() });
        authority
    }

    /// The zones that the answer at a commit depends on, with their texts.
    fn written(&mut self, index: usize) -> anyhow::Result<Snapshot> {
        let Some(root) = self.root(index)? else { bail!("the zones of a commit that was served cannot be read") };
        let names = self.last.as_ref().map_or(&[][..], |last| &last.names);
        let listing = zone_files(&root, &self.zones)?.zones;
        let reviewed = around(&listing, names).map(|listed| load_listed(&root, listed, &self.terms).into());
        Ok(Snapshot::new(reviewed.collect(), Default::default(), KEY))
    }
}

/// The zones that names lie in.
fn around<'l>(listing: &'l [ZoneFile], names: &[Name]) -> impl Iterator<Item = &'l ZoneFile> {
    let is_around = |zone: &&ZoneFile| names.iter().any(|name| name.as_ref().is_at_or_below(zone.name.as_ref()));
    listing.iter().filter(is_around)
}

/// Whether both are the same zones, compiled once.
fn is_same(one: &[(Name, Arc<Authority>)], other: &[(Name, Arc<Authority>)]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|((a, one), (b, other))| a.as_ref().is(b.as_ref()) && Arc::ptr_eq(one, other))
}
