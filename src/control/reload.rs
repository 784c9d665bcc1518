//! Load → build → compile → publish: one look at the zone directory.
//!
//! In: settings, and what was served. Out: what is served from now on, published with one pointer store, and a [`Look`] that
//! says what came of it. What is published is decided in [`plan`]; here are the disk, the clock and the threads. Logs
//! nothing: whoever asked for the look tells of it.
//!
//! # Design
//!
//! A look is one snapshot: it reads what changed, then lists and stats everything once more, and begins again if anything
//! moved meanwhile. What a first attempt built and the second finds unchanged is not built again. Reading holds no lock that
//! an answer waits for; old catalogs are kept here until nobody else holds them, so that freeing a million records is never
//! a query's business.

mod entry;
mod parallel;
mod reading;
mod report;
mod saved;
mod whole;

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use arc_swap::ArcSwap;

use super::load::{Hash, Terms};
use super::plan::{self, Disk, Rules, Standing, key};
use super::status::{Look, Refused, ZoneStatus, unix_seconds};
use crate::authority::{Authority, Catalog, HashKey};
use crate::config::Config;
use crate::diagnostic::render;
use crate::lint;
use crate::server::{Policy, Publisher, Served};
use crate::zonefile::Limits;
use entry::{Entry, Note, Text};
use reading::{Judged, Reading, Snapshot};
pub(super) use report::report_on;
use report::{lost_zones, report_on_directory, unlisted};

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
    zones: HashMap<Box<[u8]>, Entry>,
    /// The limits that the texts were read with, and what the config said of rules then.
    read_with: (Limits, lint::Settings),
    /// Whether a zone came, went or changed since the last publication.
    is_changed: bool,
    /// What was served before and may still be read by somebody.
    retired: Vec<Arc<Served>>,
    /// The commit that is served, which answers may tell of.
    pub(super) provenance: Option<String>,
    /// Texts of what is served that were not handed over to be saved; none: nothing is saved.
    pub(super) unsaved: Option<Vec<(Hash, Arc<[u8]>)>>,
}

impl Reloader {
    /// Knows no zones yet; answers are to follow [`publisher`](Self::publisher).
    pub fn new(policy: Policy) -> Self {
        let hash_key = super::hash_key();
        let nothing = Served { catalog: Catalog::new(hash_key, []), policy };
        let publisher = Arc::new(ArcSwap::from_pointee(nothing));
        Self {
            hash_key,
            publisher,
            zones: HashMap::new(),
            read_with: (Limits::default(), lint::Settings::default()),
            is_changed: false,
            retired: Vec::new(),
            provenance: None,
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
    pub fn look(&mut self, config: &Config, demand: Demand, is_calm: &mut dyn FnMut() -> bool) -> Look {
        let (at, start) = (SystemTime::now(), Instant::now());
        let mut look = Look { at: unix_seconds(at), ..Look::default() };
        let everything = demand.everything || !self.is_read_as(config);
        self.zones.values_mut().for_each(|entry| entry.is_new = false);
        let terms = self.terms(config);
        match self.read(config, &terms, everything) {
            Ok(Some(_)) if !is_calm() => look.unsettled = true,
            Ok(Some(mut snapshot)) => match self.judge_in_directory(&mut snapshot, config, &terms) {
                true => self.take(snapshot, config, demand, &mut look),
                false => look.unsettled = true,
            },
            Ok(None) => look.unsettled = true,
            Err(error) => look.whole = Some(report_on_directory(config, unlisted(&error))),
        }
        self.provenance = None;
        self.list_refused(&mut look);
        self.finish(config, demand, false);
        look.seconds = start.elapsed().as_secs_f64();
        look
    }

    /// Publishes, if a zone, the policy or what it tells of a commit changed.
    pub(super) fn finish(&mut self, config: &Config, demand: Demand, is_new_commit: bool) {
        if demand.republish || self.is_changed || (is_new_commit && config.policy.tells_commit()) {
            self.publish(&config.policy);
        }
        self.free_retired();
    }

    /// Frees what was served before and nobody reads any more; says whether something is left to free.
    pub fn free_retired(&mut self) -> bool {
        self.retired.retain(|served| Arc::strong_count(served) > 1);
        !self.retired.is_empty()
    }

    /// All zones as `status` shows them, in canonical order.
    pub fn zones(&self) -> Vec<ZoneStatus> {
        let mut entries: Vec<&Entry> = self.zones.values().collect();
        entries.sort_by(|a, b| a.zone.name.as_ref().canonical_cmp(b.zone.name.as_ref()));
        entries.into_iter().map(Entry::status).collect()
    }

    /// Whether texts were judged as the config has it now.
    fn is_read_as(&self, config: &Config) -> bool {
        self.read_with.0 == config.limits && self.read_with.1 == config.lint
    }

    fn terms(&self, config: &Config) -> Terms {
        Terms { keeps_texts: self.unsaved.is_some(), ..Terms::now(&config.limits, &config.lint) }
    }

    fn take(&mut self, snapshot: Snapshot, config: &Config, demand: Demand, look: &mut Look) {
        let rules = Rules { lost_names_percent: config.lost_names_percent, accept_loss: demand.accept_loss };
        if config.source.zones.is_empty()
            && let Some(finding) = lost_zones(self.zones.len(), snapshot.listing.zones.len(), rules)
        {
            look.whole = Some(report_on_directory(config, finding));
            return;
        }
        self.read_with = (config.limits.clone(), config.lint.clone());
        for (path, reason) in &snapshot.listing.misnamed {
            let path = render::escape(path.as_os_str().as_bytes());
            look.notices.push(format!("`{path}` is not served: its name is no zone's: {reason}"));
        }
        let before = self.zones.len();
        let (found, mut notes) = self.match_up(snapshot);
        for zone in plan::plan(found, rules) {
            let key = key(zone.name.as_ref());
            if let Some(note) = notes.remove(&key) {
                look.published.extend(note.change(&zone));
                let mut entry = note.into_entry(zone, config);
                self.hand_over(&mut entry);
                self.zones.insert(key, entry);
            }
        }
        look.published.extend(notes.values().filter_map(Note::removal));
        look.published.sort_by(|a, b| a.zone.cmp(&b.zone));
        // A zone that came without a good version counts too: it is answered with SERVFAIL from now on.
        let has_news = self.zones.values().any(|entry| entry.is_new);
        self.is_changed |= !look.published.is_empty() || has_news || self.zones.len() != before;
    }

    /// Gives the texts of what is served now to be saved; those of what waits stay with it.
    fn hand_over(&mut self, entry: &mut Entry) {
        match (&entry.zone.standing, &mut self.unsaved) {
            (Standing::Current, Some(unsaved)) => unsaved.append(&mut entry.text.texts),
            (Standing::Faulty, _) | (Standing::Current, None) => entry.text.texts = Vec::new(),
            (Standing::Lossy(_) | Standing::Held { .. }, _) => {}
        }
    }

    /// Brings together what is known of each zone and what was found of it; `zones` is empty after it.
    fn match_up(&mut self, snapshot: Snapshot) -> (Vec<Found>, HashMap<Box<[u8]>, Note>) {
        let mut known = std::mem::take(&mut self.zones);
        let mut found = Vec::with_capacity(snapshot.readings.len());
        let mut notes = HashMap::with_capacity(snapshot.readings.len());
        let mut add = |zone: plan::Zone<Built>, disk, text, since, origin| {
            let is_new = !matches!(disk, Disk::Unchanged);
            notes.insert(key(zone.name.as_ref()), Note { served: zone.served.clone(), text, since, is_new, origin });
            found.push((zone, disk));
        };
        for (file, reading) in snapshot.listing.zones.into_iter().zip(snapshot.readings) {
            let entry = known.remove(&key(file.name.as_ref())).unwrap_or_else(|| Entry::unknown(file.clone()));
            let (disk, text) = match reading {
                Reading::Unchanged(stamps) => (Disk::Unchanged, Text { file, stamps, ..entry.text }),
                Reading::Judged(Judged { stamps, version, report, texts, .. }) => {
                    (Disk::of(version), Text { file, stamps, report, texts })
                }
            };
            add(entry.zone, disk, text, entry.since, entry.origin);
        }
        for entry in known.into_values() {
            let is_known = matches!(entry.zone.standing, Standing::Held { waiting: None, .. });
            let disk = if is_known { Disk::Unchanged } else { Disk::Gone };
            add(entry.zone, disk, entry.text, entry.since, entry.origin);
        }
        (found, notes)
    }

    fn publish(&mut self, policy: &Policy) {
        let zones = self.zones.values().map(|Entry { zone, .. }| {
            let built = zone.served.as_ref().map(|version| Arc::clone(&version.built));
            (zone.name.clone(), built)
        });
        let policy = policy.telling(self.provenance.as_deref());
        let served = Served { catalog: Catalog::new(self.hash_key, zones), policy };
        self.retired.push(self.publisher.swap(Arc::new(served)));
        self.is_changed = false;
    }

    fn list_refused(&self, look: &mut Look) {
        let refused = self.zones.values().filter(|entry| !matches!(entry.zone.standing, Standing::Current));
        look.refused.extend(refused.map(|entry| Refused {
            zone: entry.zone.name.to_string(),
            kept: entry.zone.served.as_ref().map(|version| version.built.serial()),
            report: entry.refusal().unwrap_or_default(),
            waits_for: entry.waits_for(),
            is_new: entry.is_new,
        }));
        look.refused.sort_by(|a, b| a.zone.cmp(&b.zone));
    }
}
