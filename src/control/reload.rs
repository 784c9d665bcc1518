//! Load → build → compile → publish: one look at the zone directory.
//!
//! In: settings, and what was served. Out: what is served from now on, published with one pointer store, and a [`Look`] that
//! says what came of it. What is published is decided in [`plan`]; here are the disk, the clock and the threads. Logs
//! nothing: whoever asked for the look tells of it.
//!
//! # Design
//!
//! A look is one snapshot: it reads what changed, then sees everything once more, and begins again if anything moved
//! meanwhile. What a first attempt built and the second finds unchanged is not built again. A whole look is at everything;
//! between whole ones, a look is at the zones that events name (`named.rs`), so that one edit costs the same however many
//! zones there are: from the write to the answer nothing asks of each. Reading holds no lock that an answer waits for; old
//! catalogs are kept here until nobody else holds them, so that freeing a million records is never a query's business.

mod ahead;
mod entry;
mod ledger;
mod named;
mod parallel;
mod reading;
mod report;
mod saved;
mod whole;
mod zones;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use arc_swap::ArcSwap;

use super::follow::Start;
use super::load::{ListError, Overlay, Terms};
use super::plan::{self, Disk, Rules, Standing, key};
use super::status::{Look, Refused, ZoneStatus, unix_seconds};
use super::watch::Reach;
use crate::authority::{Authority, Catalog, Change, HashKey};
use crate::config::Config;
use crate::dns::{Name, NameRef, Rtype};
use crate::lint;
use crate::server::{Policy, Publisher, Seen, Served};
use crate::source::Hash;
use crate::zonefile::Limits;
use ahead::Ahead;
use entry::{Entry, Note, Text};
use named::{Named, Tree};
use reading::{Reading, Snapshot};
pub(super) use report::{START, UNSHOWN, report, report_on};
use report::{lost_zones, report_on_directory, unlisted};
use zones::{Key, Zones};

/// How often a look begins again when files move under it; then the next event, or the poll, brings another.
const MAX_ATTEMPTS: usize = 5;

type Built = Arc<Authority>;

/// A zone as it is known, and what a look found of it.
type Found = (plan::Zone<Built>, Disk<Built>);

/// What a look is asked to do beyond looking.
#[derive(Clone, Copy, Default, Debug)]
pub struct Demand {
    /// Read every file again, whatever its stat says.
    pub everything: bool,
    /// Publish what is refused for losing too much.
    pub accept_loss: bool,
    /// Publish even if no zone changed: the policy did.
    pub republish: bool,
}

/// Follows a zone directory: knows what is served and what was read for it.
pub struct Reloader {
    hash_key: HashKey,
    publisher: Publisher,
    zones: Zones,
    /// Those zones, as they are to be served.
    catalog: Catalog,
    /// What the last whole look found of the directory; none: only a whole look tells anything.
    tree: Option<Tree>,
    /// The limits that the texts were read with, and what the config said of rules then.
    read_with: (Limits, lint::Settings),
    /// Whether a zone came, went or changed since the last publication.
    is_changed: bool,
    /// What is served of zones whose texts are not judged yet.
    ahead: BTreeMap<Key, Ahead>,
    /// What was served before and may still be read by somebody.
    retired: Vec<Arc<Served>>,
    /// The commit that is served, which answers may tell of.
    pub(super) provenance: Option<String>,
    /// Records that stand in for others, for a while.
    pub(super) glass: Option<Overlay>,
    /// The questions that were asked last, where they are kept, and how many are.
    seen: Option<Arc<Seen>>,
    questions: usize,
    /// The serials that zones are to be served with, where those are not as written.
    pub(super) serials: Arc<HashMap<Name, u32>>,
    /// Texts of what is served that were not handed over to be saved; none: nothing is saved.
    pub(super) unsaved: Option<Vec<(Hash, Arc<[u8]>)>>,
}

impl Reloader {
    /// Knows no zones yet; answers are to follow [`publisher`](Self::publisher).
    pub fn new(policy: Policy) -> Self {
        let hash_key = super::hash_key();
        let catalog = Catalog::new(hash_key, []);
        let nothing = Served::new(catalog.clone(), policy);
        let publisher = Arc::new(ArcSwap::from_pointee(nothing));
        Self {
            hash_key,
            publisher,
            zones: Zones::default(),
            catalog,
            tree: None,
            read_with: (Limits::default(), lint::Settings::default()),
            is_changed: false,
            ahead: BTreeMap::new(),
            retired: Vec::new(),
            provenance: None,
            glass: None,
            seen: None,
            questions: 0,
            serials: Arc::default(),
            unsaved: None,
        }
    }

    /// Where what is served is published.
    pub fn publisher(&self) -> Publisher {
        Arc::clone(&self.publisher)
    }

    /// Looks at the zone directory once, publishes what may be served of it, and says what came of it.
    ///
    /// Nothing is taken unless `is_calm` says, after all was read, that no file is just being written.
    pub fn look(&mut self, config: &Config, demand: Demand, reach: &Reach, is_calm: &mut dyn FnMut() -> bool) -> Look {
        let (at, start) = (SystemTime::now(), Instant::now());
        let mut look = Look { at: unix_seconds(at), ..Look::default() };
        self.zones.age();
        let terms = self.terms(config);
        if let Some(change) = self.go_ahead(config, &terms, reach, is_calm) {
            look.ahead = Some(change);
            look.notices = self.tree.iter().flat_map(Tree::notices).collect();
            self.list_refused(&mut look);
            look.seconds = start.elapsed().as_secs_f64();
            return look;
        }
        match self.read(config, &terms, demand, reach) {
            Ok(Some(_)) if !is_calm() => look.unsettled = true,
            Ok(Some((mut snapshot, tree))) => match self.judge_in_directory(&mut snapshot, config, &terms) {
                true => self.take(snapshot, tree, config, demand, &mut look),
                false => look.unsettled = true,
            },
            Ok(None) => look.unsettled = true,
            Err(error) => look.whole = Some(report_on_directory(config, unlisted(&error))),
        }
        self.provenance = None;
        // Where nothing is taken, all stays as it is.
        if !look.unsettled && look.whole.is_none() {
            self.end_ahead(reach);
        }
        self.list_refused(&mut look);
        self.finish(config, demand, false);
        look.seconds = start.elapsed().as_secs_f64();
        look
    }

    /// What is other than it was and, of a whole look, what was found of the directory itself; none if files kept moving.
    fn read(
        &mut self,
        config: &Config,
        terms: &Terms,
        demand: Demand,
        reach: &Reach,
    ) -> Result<Option<(Snapshot, Option<Tree>)>, ListError> {
        let everything = demand.everything || !self.is_read_as(config);
        // Whatever ends a whole look before it has taken what it found, the next is one too.
        let tree = self.tree.take().filter(|tree| tree.is_of(config) && !everything);
        if let (Some(tree), Reach::Files(files)) = (tree, reach) {
            let named = self.read_named(&tree, files, terms);
            if !matches!(named, Named::InDoubt) {
                // What is not taken after all is asked for by its names once more.
                self.tree = Some(tree);
            }
            match named {
                Named::Settled(snapshot) => return Ok(Some((snapshot, None))),
                Named::Moving => return Ok(None),
                Named::InDoubt => {}
            }
        }
        self.read_everything(config, terms, everything)
    }

    /// Publishes, if a zone, the policy or what it tells of a commit changed.
    pub(super) fn finish(&mut self, config: &Config, demand: Demand, is_new_commit: bool) {
        if demand.republish || self.is_changed || (is_new_commit && config.policy.tells_commit()) {
            self.publish(&config.policy);
        }
        self.free_retired();
    }

    /// Frees what was served before and nobody reads any more.
    pub fn free_retired(&mut self) {
        self.retired.retain(|served| Arc::strong_count(served) > 1);
    }

    /// Whether something is left to free.
    pub fn has_retired(&self) -> bool {
        !self.retired.is_empty()
    }

    /// Whether texts of what is served wait to be saved.
    pub(super) fn has_unsaved(&self) -> bool {
        self.unsaved.as_ref().is_some_and(|unsaved| !unsaved.is_empty())
    }

    /// All zones as `status` shows them, in canonical order.
    pub fn zones(&self) -> Vec<ZoneStatus> {
        self.zones.iter().map(|(key, entry)| entry.status(self.ahead.get(key).map(|ahead| &ahead.version))).collect()
    }

    /// The serial that is served of a zone.
    pub(super) fn serial(&self, apex: NameRef<'_>) -> Option<u32> {
        self.zones.of(apex)?.zone.served.as_ref().map(|served| served.built.serial())
    }

    /// Whether a name lies in a zone that is served.
    pub(super) fn has_zone_of(&self, name: NameRef<'_>) -> bool {
        self.catalog.zone(name).is_some()
    }

    /// Keeps about so many of the questions that are asked, from the next publication on.
    pub(super) fn keep_questions(&mut self, questions: usize) {
        if self.questions != questions {
            self.questions = questions;
            self.seen = (questions > 0).then(|| Arc::new(Seen::new(questions)));
        }
    }

    /// The questions that were asked last.
    pub(super) fn questions(&self) -> Vec<(Name, Rtype)> {
        self.seen.as_ref().map(|seen| seen.questions()).unwrap_or_default()
    }

    /// How much is served.
    pub(super) fn count(&self) -> Start {
        let served = || self.zones.iter().filter_map(|(_, entry)| entry.zone.served.as_ref());
        Start {
            zones: self.zones.len(),
            served: served().count(),
            records: served().map(|served| served.built.record_count()).sum(),
            memory: served().map(|served| served.built.memory()).sum(),
            ..Start::default()
        }
    }

    /// Whether texts were judged as the config has it now.
    fn is_read_as(&self, config: &Config) -> bool {
        self.read_with.0 == config.limits && self.read_with.1 == config.lint
    }

    fn terms(&self, config: &Config) -> Terms {
        let serials = Arc::clone(&self.serials);
        Terms {
            keeps_texts: self.unsaved.is_some(),
            serials,
            glass: self.glass.clone(),
            ..Terms::now(&config.limits, &config.lint)
        }
    }

    fn take(&mut self, snapshot: Snapshot, tree: Option<Tree>, config: &Config, demand: Demand, look: &mut Look) {
        let rules = Rules { lost_names_percent: config.lost_names_percent, accept_loss: demand.accept_loss };
        // It is put back when all is taken: whatever is refused or fails here, the next look is a whole one.
        let tree = tree.or_else(|| self.tree.take());
        if config.source.zones.is_empty()
            && let Some(finding) = lost_zones(self.zones.len(), snapshot.count, rules)
        {
            look.whole = Some(report_on_directory(config, finding));
            return;
        }
        if !self.is_read_as(config) {
            self.read_with = (config.limits.clone(), config.lint.clone());
        }
        look.notices.extend(tree.iter().flat_map(Tree::notices));
        let (found, notes) = self.match_up(snapshot);
        self.settle(plan::plan(found, rules), notes, config, look);
        self.tree = tree;
        look.published.sort_by(|a, b| a.zone.cmp(&b.zone));
    }

    /// Takes up what is planned for zones that were taken out by [`match_up`](Self::match_up), in its order.
    fn settle(
        &mut self,
        planned: Vec<Option<plan::Zone<Built>>>,
        notes: Vec<(Key, Note)>,
        config: &Config,
        look: &mut Look,
    ) {
        let mut changes = Vec::new();
        for (zone, (key, note)) in planned.into_iter().zip(notes) {
            let Some(zone) = zone else {
                if note.is_known {
                    look.published.extend(note.removal());
                    changes.push((note.text.file.name, Change::Gone));
                }
                continue;
            };
            let published = note.change(&zone);
            // A zone that came without a good version counts too: it is answered with SERVFAIL from now on.
            if published.is_some() || !note.is_known {
                let built = zone.served.as_ref().map(|version| Arc::clone(&version.built));
                changes.push((zone.name.clone(), Change::Is(built)));
            }
            look.published.extend(published);
            let mut entry = note.into_entry(zone, config);
            self.hand_over(&mut entry);
            self.zones.insert(key, entry);
        }
        self.change(changes);
    }

    /// Serves some zones otherwise from the next publication on.
    fn change(&mut self, changes: Vec<(Name, Change)>) {
        if !changes.is_empty() {
            self.catalog = self.catalog.with(changes);
            self.is_changed = true;
        }
    }

    /// Gives the texts of what is served now to be saved; those of what waits stay with it.
    fn hand_over(&mut self, entry: &mut Entry) {
        match (&entry.zone.standing, &mut self.unsaved) {
            (Standing::Current, Some(unsaved)) => unsaved.append(&mut entry.text.texts),
            (Standing::Faulty, _) | (Standing::Current, None) => entry.text.texts = Vec::new(),
            (Standing::Lossy(_) | Standing::Held { .. }, _) => {}
        }
    }

    /// Brings together what is known of each zone that something was found of or that waits, and what was found of it; these
    /// are taken out of `zones`.
    fn match_up(&mut self, snapshot: Snapshot) -> (Vec<Found>, Vec<(Key, Note)>) {
        let mut found = Vec::with_capacity(snapshot.changed.len());
        let mut notes = Vec::with_capacity(snapshot.changed.len());
        let mut add = |key: Key, entry: Entry, is_known, disk: Disk<Built>| {
            let Entry { zone, text, since, origin, .. } = entry;
            let is_new = !matches!(disk, Disk::Unchanged);
            notes.push((key, Note { served: zone.served.clone(), text, since, is_new, is_known, origin }));
            found.push((zone, disk));
        };
        for (file, reading) in snapshot.changed {
            let key = key(file.name.as_ref());
            let known = self.zones.remove(&key);
            let is_known = known.is_some();
            let mut entry = known.unwrap_or_else(|| Entry::unknown(file.clone()));
            let disk = match reading {
                Reading::Same => Disk::Unchanged,
                Reading::Gone if entry.is_leaving() => Disk::Unchanged,
                Reading::Gone => Disk::Gone,
                Reading::Restamped(stamps) => {
                    entry.text = Text { file, stamps, ..entry.text };
                    Disk::Unchanged
                }
                Reading::Judged(judged) => {
                    self.take_ahead(&mut entry, &judged.stamps);
                    let reading::Judged { stamps, version, report, texts, ledger, .. } = *judged;
                    entry.text = Text { file, stamps, report, texts, ledger };
                    Disk::of(version)
                }
            };
            add(key, entry, is_known, disk);
        }
        let waiting: Vec<Key> = self.zones.waiting().map(|(key, _)| key.clone()).collect();
        for key in waiting {
            let entry = self.zones.remove(&key);
            entry.into_iter().for_each(|entry| add(key.clone(), entry, true, Disk::Unchanged));
        }
        (found, notes)
    }

    fn publish(&mut self, policy: &Policy) {
        let policy = policy.telling(self.provenance.as_deref());
        let catalog = self.catalog.with(self.ahead.values().map(Ahead::change));
        let served = Served { seen: self.seen.clone(), ..Served::new(catalog, policy) };
        self.retired.push(self.publisher.swap(Arc::new(served)));
        self.is_changed = false;
    }

    fn list_refused(&self, look: &mut Look) {
        look.refused.extend(self.zones.waiting().map(|(_, entry)| Refused {
            zone: entry.zone.name.to_string(),
            kept: entry.zone.served.as_ref().map(|version| version.built.serial()),
            report: entry.refusal().unwrap_or_default(),
            waits_for: entry.waits_for(),
            is_new: entry.is_new,
        }));
        look.refused.sort_by(|a, b| a.zone.cmp(&b.zone));
    }
}
