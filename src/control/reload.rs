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

mod report;
mod saved;
mod whole;

use std::collections::{HashMap, HashSet};
use std::os::unix::ffi::OsStrExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use arc_swap::ArcSwap;

use super::asking::{Asking, Room};
use super::load::{self, Hash, ListError, Listing, Loaded, Root, Stamp, Terms, ZoneFile};
use super::plan::{self, Disk, Rules, Standing, Version, key};
use super::state::SavedText;
use super::status::{Change, Look, Refused, ServedStatus, ZoneStatus, unix_seconds};
use crate::authority::{Authority, Catalog, HashKey};
use crate::config::Config;
use crate::diagnostic::render;
use crate::dns::NameRef;
use crate::lint::{self, Others};
use crate::server::{Policy, Publisher, Served};
use crate::zonefile::Limits;
pub(super) use report::report_on;
use report::{internal_fault, lossy, lost_zones, report, report_on_directory, unlisted};

/// How often a look begins again when files move under it; then the next event, or the poll, brings another.
const MAX_ATTEMPTS: usize = 5;

/// Threads that read zones at a look: parsing is bound by memory beyond that, and answering needs the other cores.
const MAX_THREADS: usize = 8;

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

/// One zone: what is served, and what was read of its newest text.
struct Entry {
    zone: plan::Zone<Built>,
    text: Text,
    /// When what is served was published.
    since: SystemTime,
    /// Whether the last look found this text.
    is_new: bool,
    /// The files that what is served was read from.
    origin: Vec<SavedText>,
}

/// A zone's newest text: where it is, how its files were, and its findings as `check` shows them.
struct Text {
    file: ZoneFile,
    stamps: Vec<Stamp>,
    report: Arc<str>,
    /// What is in its files, where that is to be saved once it is served.
    texts: Vec<(Hash, Arc<[u8]>)>,
}

/// A zone's newest text, read and judged.
#[derive(Clone)]
struct Judged {
    stamps: Vec<Stamp>,
    version: Option<Version<Built>>,
    report: Arc<str>,
    texts: Vec<(Hash, Arc<[u8]>)>,
    /// The text itself, for rules whose questions need the other zones.
    asking: Option<Asking>,
}

enum Reading {
    Unchanged(Vec<Stamp>),
    Judged(Judged),
}

/// Everything of one moment: the zones there are and, in the same order, what was read of each.
struct Snapshot {
    listing: Listing,
    readings: Vec<Reading>,
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

    /// One moment's files, or none if they kept moving.
    fn read(&self, config: &Config, terms: &Terms, everything: bool) -> Result<Option<Snapshot>, ListError> {
        let mut earlier: HashMap<Box<[u8]>, Judged> = HashMap::new();
        for _ in 0..MAX_ATTEMPTS {
            let (root, listing) = list(config)?;
            let room = Room::default();
            let readings = in_parallel(&listing.zones, |listed| {
                let earlier = earlier.get(&key(listed.name.as_ref()));
                self.read_zone(&root, listed, terms, everything, &room, earlier)
            });
            if stands_still(config, &root, &listing, &readings) {
                return Ok(Some(Snapshot { listing, readings }));
            }
            for (listed, reading) in listing.zones.iter().zip(readings) {
                if let Reading::Judged(judged) = reading {
                    earlier.insert(key(listed.name.as_ref()), judged);
                }
            }
        }
        Ok(None)
    }

    fn read_zone(
        &self,
        root: &Root,
        listed: &ZoneFile,
        terms: &Terms,
        everything: bool,
        room: &Room,
        earlier: Option<&Judged>,
    ) -> Reading {
        let limits = &terms.limits;
        let entry = self.zones.get(&key(listed.name.as_ref()));
        if let Some(entry) = entry.filter(|entry| !everything && entry.text.file == *listed)
            && let Some(stamps) = load::unchanged(root, &entry.text.stamps, limits)
        {
            return Reading::Unchanged(stamps);
        }
        if let Some(judged) = earlier
            && let Some(stamps) = load::unchanged(root, &judged.stamps, limits)
        {
            return Reading::Judged(Judged { stamps, ..judged.clone() });
        }
        let served = entry.and_then(|entry| entry.zone.served.as_ref());
        // A fault in judging one zone must neither end the process nor keep other zones from being published.
        let judged = catch_unwind(AssertUnwindSafe(|| self.judge(root, listed, terms, room, served)));
        Reading::Judged(judged.unwrap_or_else(|_| Judged {
            stamps: vec![Stamp::of(root, &listed.file)],
            version: None,
            report: internal_fault(&root.display(&listed.file)),
            texts: Vec::new(),
            asking: None,
        }))
    }

    fn judge(
        &self,
        root: &Root,
        listed: &ZoneFile,
        terms: &Terms,
        room: &Room,
        served: Option<&Version<Built>>,
    ) -> Judged {
        let mut loaded = load::load_listed(root, listed, terms);
        let texts = std::mem::take(&mut loaded.texts);
        let digest = load::digest_of(&loaded.stamps);
        // A text that is served already is not dropped because time has passed.
        let same = served.filter(|served| served.digest == digest).cloned();
        let version = loaded.servable(served.is_some() && same.is_none()).map(|zone| {
            same.unwrap_or_else(|| {
                let built = Arc::new(Authority::compile(zone, self.hash_key));
                Version { names: built.name_count(), built, digest }
            })
        });
        let report = report(&loaded.findings, &loaded.sources);
        let stamps = loaded.stamps.clone();
        let asking = version.is_some().then(|| room.keep(loaded));
        Judged { stamps, version, report, texts, asking }
    }

    fn judge_in_directory(&self, snapshot: &mut Snapshot, config: &Config, terms: &Terms) -> bool {
        Root::open(&config.source.directory).is_ok_and(|root| self.judge_beside(snapshot, &root, terms))
    }

    /// Judges what changed beside all other zones, in their newest good versions; says whether the files stood still.
    fn judge_beside(&self, snapshot: &mut Snapshot, root: &Root, terms: &Terms) -> bool {
        let Snapshot { listing, readings } = snapshot;
        let mut asked = Vec::new();
        for (index, reading) in readings.iter_mut().enumerate() {
            if let Reading::Judged(judged) = reading
                && let Some(asking) = judged.asking.take()
            {
                asked.push((index, Mutex::new(Some(asking))));
            }
        }
        if asked.is_empty() {
            return true;
        }
        let newest = |(listed, reading): (&ZoneFile, &Reading)| (listed.name.clone(), self.newest(listed, reading));
        let catalog = Catalog::new(self.hash_key, listing.zones.iter().zip(readings.iter()).map(newest));
        let judged: HashSet<_> = asked.iter().map(|(index, _)| key(listing.zones[*index].name.as_ref())).collect();
        let is_judged = |apex: NameRef<'_>| judged.contains(&key(apex));
        let others = Others::new(&catalog, &is_judged);
        let beside = in_parallel(&asked, |(index, asking)| {
            let asking = asking.lock().ok().and_then(|mut asking| asking.take())?;
            let loaded = asking.loaded(root, &listing.zones[*index], terms)?;
            let verdict = catch_unwind(AssertUnwindSafe(|| beside(loaded, &others, terms)));
            let fault = || (false, internal_fault(&root.display(&listing.zones[*index].file)));
            Some(verdict.unwrap_or_else(|_| fault()))
        });
        let mut stood_still = true;
        for ((index, _), verdict) in asked.iter().zip(beside) {
            let Reading::Judged(judged) = &mut readings[*index] else { continue };
            let Some((is_good, report)) = verdict else {
                stood_still = false;
                continue;
            };
            judged.version = judged.version.take().filter(|_| is_good);
            judged.report = report;
        }
        stood_still
    }

    /// The newest good version of a zone, served or about to be.
    fn newest(&self, listed: &ZoneFile, reading: &Reading) -> Option<Built> {
        let version = match reading {
            Reading::Judged(judged) => judged.version.as_ref(),
            Reading::Unchanged(_) => {
                let zone = &self.zones.get(&key(listed.name.as_ref()))?.zone;
                match &zone.standing {
                    Standing::Held { waiting, .. } => waiting.as_ref(),
                    _ => zone.served.as_ref(),
                }
            }
        };
        version.map(|version| Arc::clone(&version.built))
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

/// What a look knows of a zone besides what is planned for it.
struct Note {
    served: Option<Version<Built>>,
    text: Text,
    since: SystemTime,
    is_new: bool,
    origin: Vec<SavedText>,
}

impl Note {
    /// What the plan changes in what is served of the zone.
    fn change(&self, zone: &plan::Zone<Built>) -> Option<Change> {
        let to = zone.served.as_ref().filter(|to| !self.served.as_ref().is_some_and(|from| is_same(from, to)))?;
        Some(Change {
            zone: zone.name.to_string(),
            from: self.served.as_ref().map(|from| from.built.serial()),
            to: Some(to.built.serial()),
            records: to.built.record_count(),
            report: self.text.report.to_string(),
        })
    }

    /// That the zone is not served any more, if it was.
    fn removal(&self) -> Option<Change> {
        let from = self.served.as_ref()?.built.serial();
        Some(Change { zone: self.text.file.name.to_string(), from: Some(from), ..Change::default() })
    }

    fn into_entry(mut self, zone: plan::Zone<Built>, config: &Config) -> Entry {
        let is_published = self.change(&zone).is_some();
        if let (true, Standing::Lossy(version), Some(served)) = (self.is_new, &zone.standing, &zone.served) {
            let finding = lossy(served.names, version.names, config.lost_names_percent);
            let file = config.source.directory.join(&self.text.file.file);
            self.text.report = report_on(file.display().to_string(), finding);
        }
        let (since, origin) = match is_published {
            true => (SystemTime::now(), origin_of(&self.text.stamps)),
            false => (self.since, self.origin),
        };
        Entry { zone, text: self.text, since, is_new: self.is_new, origin }
    }
}

/// The files of a text, as they are saved.
fn origin_of(stamps: &[Stamp]) -> Vec<SavedText> {
    let saved = |stamp: &Stamp| {
        let (&hash, octets) = stamp.text()?;
        Some(SavedText { path: stamp.path.clone(), hash, octets })
    };
    stamps.iter().filter_map(saved).collect()
}

fn is_same(a: &Version<Built>, b: &Version<Built>) -> bool {
    Arc::ptr_eq(&a.built, &b.built)
}

impl Entry {
    /// A zone of which nothing was read.
    fn unknown(file: ZoneFile) -> Self {
        let zone = plan::Zone { name: file.name.clone(), served: None, standing: Standing::Current };
        let text = Text { file, stamps: Vec::new(), report: Arc::from(""), texts: Vec::new() };
        Self { zone, text, since: SystemTime::now(), is_new: true, origin: Vec::new() }
    }

    /// The findings for which the newest text is not served.
    fn refusal(&self) -> Option<String> {
        self.zone.standing.is_failing().then(|| self.text.report.to_string())
    }

    fn waits_for(&self) -> Vec<String> {
        match &self.zone.standing {
            Standing::Held { failing, .. } => failing.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    fn status(&self) -> ZoneStatus {
        ZoneStatus {
            zone: self.zone.name.to_string(),
            file: self.text.file.file.display().to_string(),
            served: self.zone.served.as_ref().map(|version| ServedStatus {
                serial: version.built.serial(),
                records: version.built.record_count(),
                names: version.names,
                memory: version.built.memory(),
                since: unix_seconds(self.since),
            }),
            refused: self.refusal(),
            waits_for: self.waits_for(),
        }
    }
}

/// Whether a zone may be served still once it is judged beside all others, and its findings.
fn beside(mut loaded: Loaded, others: &Others<'_>, terms: &Terms) -> (bool, Arc<str>) {
    loaded.judge_beside(others, terms);
    (loaded.servable(false).is_some(), report(&loaded.findings, &loaded.sources))
}

fn list(config: &Config) -> Result<(Root, Listing), ListError> {
    let directory = &config.source.directory;
    let root = Root::open(directory).map_err(|error| ListError::Unreadable(directory.clone(), error))?;
    let listing = load::zone_files(&root, &config.source.zones)?;
    Ok((root, listing))
}

/// Whether everything is still as it was read: then all of it was so at one moment, that of the last read.
fn stands_still(config: &Config, root: &Root, listing: &Listing, readings: &[Reading]) -> bool {
    let Ok((root_now, listing_now)) = list(config) else { return false };
    let stamps = |reading: &Reading| match reading {
        Reading::Unchanged(stamps) | Reading::Judged(Judged { stamps, .. }) => load::stand_still(&root_now, stamps),
    };
    root.is(&root_now) && *listing == listing_now && in_parallel(readings, stamps).into_iter().all(|still| still)
}

/// What `work` makes of each item, in order; a few threads share the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    // A thread costs more than a dozen stats, and a large zone is worth one of its own.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(MAX_THREADS).min(items.len());
    if threads <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(item) = items.get(index)
        {
            done.push((index, work(item)));
        }
        done
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mine = take();
        let theirs = workers.into_iter().flat_map(|worker| worker.join().expect("work catches what it panics with"));
        theirs.chain(mine).collect()
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
