//! An edit of a few addresses of a large zone, answered before the whole text is judged.
//!
//! In: the one file that events name. Out: what is served of its zone until a look judges the text, and taken then if it is
//! good.
//!
//! # Design
//!
//! Judging a million records takes a second, and nobody who corrects an address wants to wait for it. Where all that changed
//! is addresses and the serial number (`ledger.rs`), and no rule that looks at addresses could refuse the text, the outcome is
//! known before: the zone is served as compiled from what changed. Once edits rest, a look judges the whole text as ever,
//! takes what is served already for its compiled form, and reports. Should it refuse the text all the same, what was served
//! before is served again. Where another edit comes before, what is served is the last good version from then on.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::entry::{Entry, origin_of};
use super::ledger::Ledger;
use super::{Built, Reloader};
use crate::authority;
use crate::config::Config;
use crate::control::load::{self, Root, Stamp, Terms, ZoneFile};
use crate::control::plan::{Standing, Version, key};
use crate::control::status::Change;
use crate::control::watch::Reach;
use crate::dns::{Name, Rtype};
use crate::lint;
use crate::source::Hash;

/// What is served of a zone whose text is not judged yet.
pub(super) struct Ahead {
    name: Name,
    /// The zone's file, as events name it.
    file: PathBuf,
    pub(super) version: Version<Built>,
    pub(super) ledger: Arc<Ledger>,
    /// The file's stamp, and its text where that is to be saved once this is the last good version.
    stamps: Vec<Stamp>,
    texts: Vec<(Hash, Arc<[u8]>)>,
}

impl Ahead {
    /// What it changes in the zones that are served.
    pub(super) fn change(&self) -> (Name, authority::Change) {
        (self.name.clone(), authority::Change::Is(Some(Arc::clone(&self.version.built))))
    }

    /// Whether it was made of the text of these files. Of another nothing will be said any more: then what is served ahead is the
    /// last good version, should this text be refused.
    fn is_of(&self, files: &[Stamp]) -> bool {
        self.version.digest == load::digest_of(files)
    }
}

impl Reloader {
    /// Serves an edit of addresses at once, if that is all that these files hold; says what changed then.
    pub(super) fn go_ahead(
        &mut self,
        config: &Config,
        terms: &Terms,
        reach: &Reach,
        is_calm: &mut dyn FnMut() -> bool,
    ) -> Option<Change> {
        let Reach::Files(files) = reach else { return None };
        let (root, entry) = self.edited(config, files)?;
        let (served, ledger) = self.newest_of(entry).filter(|_| may_go_ahead(entry, terms))?;
        let ZoneFile { name, file, .. } = &entry.text.file;
        let (text, mut reader) = load::read_file(&root, file, &terms.limits)?;
        // While the file's digest is made by another thread.
        let (built, ledger) = ledger.amend(&text, name, &served.built, &terms.limits)?;
        let stamps = reader.stamps();
        if !load::stand_still(&root, &stamps) || !is_calm() {
            return None;
        }
        let change = Change {
            zone: name.to_string(),
            from: Some(served.built.serial()),
            to: Some(built.serial()),
            records: built.record_count(),
            report: String::new(),
        };
        let digest = terms.digest(name, &stamps);
        let saved = stamps.iter().filter(|_| terms.keeps_texts);
        let ahead = Ahead {
            name: name.clone(),
            file: config.source.directory.join(file),
            version: Version { names: built.name_count(), built: Arc::new(built), digest },
            ledger: Arc::new(ledger),
            texts: saved.filter_map(|stamp| Some((*stamp.text()?.0, Arc::clone(&text)))).collect(),
            stamps,
        };
        self.ahead.insert(key(name.as_ref()), ahead);
        self.publish(&config.policy);
        Some(change)
    }

    /// The one zone that these files may change, if it is known and they are what it was read from.
    fn edited(&self, config: &Config, files: &BTreeSet<PathBuf>) -> Option<(Root, &Entry)> {
        let tree = self.tree.as_ref().filter(|tree| tree.is_of(config) && self.is_read_as(config))?;
        let root = tree.open()?;
        let mut candidates = self.candidates(tree, &root, files)?.into_values();
        let file = candidates.next().filter(|_| candidates.next().is_none())?;
        let entry = self.zones.of(file.name.as_ref()).filter(|entry| entry.text.file == file)?;
        Some((root, entry))
    }

    /// What is served of a zone, with its ledger.
    fn newest_of<'r>(&'r self, entry: &'r Entry) -> Option<(&'r Version<Built>, &'r Ledger)> {
        match self.ahead.get(&key(entry.zone.name.as_ref())) {
            Some(ahead) => Some((&ahead.version, &ahead.ledger)),
            None => Some((entry.zone.served.as_ref()?, entry.text.ledger.as_ref()?)),
        }
    }

    /// Takes what is served ahead of a zone for its last good version, if these files have another text than it was made of.
    pub(super) fn take_ahead(&mut self, entry: &mut Entry, files: &[Stamp]) {
        let ahead = self.ahead.get(&key(entry.zone.name.as_ref()));
        let Some(ahead) = ahead.filter(|ahead| !ahead.is_of(files)) else { return };
        entry.zone.served = Some(ahead.version.clone());
        entry.origin = origin_of(&ahead.stamps);
        self.catalog = self.catalog.with([ahead.change()]);
        self.unsaved.iter_mut().for_each(|unsaved| unsaved.extend_from_slice(&ahead.texts));
    }

    /// A look is over that judged what it reached: of that, what it took is what is served.
    pub(super) fn end_ahead(&mut self, reach: &Reach) {
        let is_reached = |ahead: &Ahead| match reach {
            Reach::Everywhere => true,
            Reach::Files(files) => files.contains(&ahead.file),
        };
        let before = self.ahead.len();
        self.ahead.retain(|_, ahead| !is_reached(ahead));
        self.is_changed |= self.ahead.len() != before;
    }
}

/// Whether other addresses in a zone's text cannot be refused, nor anything stand in for them.
fn may_go_ahead(entry: &Entry, terms: &Terms) -> bool {
    let name = &entry.zone.name;
    let is_as_written = terms.serial(name).is_none() && terms.glass_of(name).is_none();
    let is_allowed = |settings: &lint::Settings| lint::allows_any(&[Rtype::A, Rtype::AAAA], name.as_ref(), settings);
    matches!(entry.zone.standing, Standing::Current) && is_as_written && terms.lint.as_ref().is_some_and(is_allowed)
}
