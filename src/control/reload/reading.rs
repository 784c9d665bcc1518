//! What is read at a look, and judged: of one moment, beside all other zones.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::entry::Entry;
use super::ledger::{Ledger, compile};
use super::named::Tree;
use super::parallel::in_parallel;
use super::report::{MOST_REPORTS, UNSHOWN, internal_fault, report};
use super::zones::Key;
use super::{Built, MAX_ATTEMPTS, Reloader};
use crate::authority::{Catalog, Change};
use crate::config::Config;
use crate::control::asking::{Asking, Room};
use crate::control::load::{self, ListError, Listing, Loaded, Root, Stamp, Terms, ZoneFile};
use crate::control::plan::{Standing, Version, key};
use crate::dns::NameRef;
use crate::lint::Others;
use crate::source::{Hash, Sources};
use crate::zone::Zone;

/// A zone's newest text, read and judged.
#[derive(Clone)]
pub(super) struct Judged {
    pub(super) stamps: Vec<Stamp>,
    pub(super) version: Option<Version<Built>>,
    pub(super) report: Arc<str>,
    pub(super) texts: Vec<(Hash, Arc<[u8]>)>,
    pub(super) ledger: Option<Arc<Ledger>>,
    /// The text itself, for rules whose questions need the other zones.
    pub(super) asking: Option<Asking>,
}

pub(super) enum Reading {
    /// All is as it was at the last look.
    Same,
    /// What is in the files is as it was, and the files are others.
    Restamped(Vec<Stamp>),
    Judged(Box<Judged>),
    /// The zone is not there any more.
    Gone,
}

/// What is other than it was, all of it at one moment.
pub(super) struct Snapshot {
    pub(super) changed: Vec<(ZoneFile, Reading)>,
    /// How many zones there are.
    pub(super) count: usize,
}

/// What earlier attempts at a look built.
#[derive(Default)]
pub(super) struct Earlier(HashMap<Key, Judged>);

impl Earlier {
    pub(super) fn keep(&mut self, read: impl IntoIterator<Item = (ZoneFile, Reading)>) {
        for (file, reading) in read {
            if let Reading::Judged(judged) = reading {
                self.0.insert(key(file.name.as_ref()), *judged);
            }
        }
    }

    pub(super) fn of(&self, file: &ZoneFile) -> Option<&Judged> {
        // A first attempt asks of a hundred thousand zones, and there is none.
        if self.0.is_empty() { None } else { self.0.get(&key(file.name.as_ref())) }
    }
}

impl Reloader {
    /// One moment's files, and what was found of the directory itself; none if they kept moving.
    ///
    /// # Design
    ///
    /// That nothing changed needs no one moment: each file was seen as it was at the last look. What did change belongs to
    /// one moment with all the rest only if nothing moved from before the first file was seen until after the last was read,
    /// so then all of it is seen a second time. The times of files would say the same for less, were they all of one clock,
    /// and that one this host's.
    pub(super) fn read_everything(
        &self,
        config: &Config,
        terms: &Terms,
        everything: bool,
    ) -> Result<Option<(Snapshot, Option<Tree>)>, ListError> {
        let mut earlier = Earlier::default();
        for _ in 0..MAX_ATTEMPTS {
            let (root, mut listing) = list(config)?;
            let room = Room::default();
            let readings = in_parallel(&listing.zones, |listed| {
                self.read_zone(&root, listed, terms, everything, &room, earlier.of(listed))
            });
            let gone = self.gone(&listing);
            let is_same = gone.is_empty() && readings.iter().all(|reading| matches!(reading, Reading::Same));
            if is_same || self.stands_still(config, &root, &listing, &readings) {
                let tree = Tree::new(&root, config, &mut listing);
                return Ok(Some((Snapshot::new(listing, readings, gone), tree)));
            }
            earlier.keep(listing.zones.into_iter().zip(readings));
        }
        Ok(None)
    }

    /// The zones that are known and not listed; both are in canonical order.
    pub(super) fn gone(&self, listing: &Listing) -> Vec<ZoneFile> {
        let mut listed = listing.zones.iter().peekable();
        let is_gone = |entry: &&Entry| {
            let name = entry.zone.name.as_ref();
            while listed.next_if(|listed| listed.name.as_ref().canonical_cmp(name).is_lt()).is_some() {}
            listed.next_if(|listed| listed.name.as_ref().is(name)).is_none()
        };
        self.zones.iter().map(|(_, entry)| entry).filter(is_gone).map(|entry| entry.text.file.clone()).collect()
    }

    /// Whether everything is still as it was read: then all of it was so at one moment, that of the last read.
    fn stands_still(&self, config: &Config, root: &Root, listing: &Listing, readings: &[Reading]) -> bool {
        let Ok(now) = Root::open(&config.source.directory) else { return false };
        let zones: Vec<_> = listing.zones.iter().zip(readings).collect();
        let stands = |(listed, reading): &(&ZoneFile, &Reading)| {
            let entry = if matches!(reading, Reading::Same) { self.zones.of(listed.name.as_ref()) } else { None };
            still_stands(&now, reading, entry)
        };
        root.is(&now)
            && in_parallel(&zones, stands).into_iter().all(|stands| stands)
            && listing.stands_still(&now, &config.source.zones)
    }

    pub(super) fn read_zone(
        &self,
        root: &Root,
        listed: &ZoneFile,
        terms: &Terms,
        everything: bool,
        room: &Room,
        earlier: Option<&Judged>,
    ) -> Reading {
        let limits = &terms.limits;
        let entry = self.zones.of(listed.name.as_ref());
        let serial = terms.serial(&listed.name);
        let is_served_so = |entry: &&Entry| {
            let served = entry.zone.served.as_ref();
            let is_number = serial.is_none() || served.map(|served| served.built.serial()) == serial;
            // What was restored has the number that was published, and nothing that stood in for others then.
            let is_under =
                || served.is_some_and(|served| served.digest == terms.digest(&listed.name, &entry.text.stamps));
            is_number && (terms.glass_of(&listed.name).is_none() || is_under())
        };
        if let Some(entry) =
            entry.filter(|entry| !everything && !entry.is_leaving() && entry.text.file == *listed).filter(is_served_so)
            && let Some(stamps) = load::unchanged(root, &entry.text.stamps, limits)
        {
            return match stamps {
                Cow::Borrowed(_) => Reading::Same,
                Cow::Owned(stamps) => Reading::Restamped(stamps),
            };
        }
        if let Some(judged) = earlier
            && let Some(stamps) = load::unchanged(root, &judged.stamps, limits)
        {
            return Reading::Judged(Box::new(Judged { stamps: stamps.into_owned(), ..judged.clone() }));
        }
        // A fault in judging one zone must neither end the process nor keep other zones from being published.
        let judged = catch_unwind(AssertUnwindSafe(|| self.judge(root, listed, terms, room, entry)));
        Reading::Judged(Box::new(judged.unwrap_or_else(|_| Judged {
            stamps: vec![Stamp::of(root, &listed.file)],
            version: None,
            report: internal_fault(&root.display(&listed.file)),
            texts: Vec::new(),
            ledger: None,
            asking: None,
        })))
    }

    fn judge(&self, root: &Root, listed: &ZoneFile, terms: &Terms, room: &Room, known: Option<&Entry>) -> Judged {
        let make = |zone: &Zone, sources: &Sources, stamps: &[Stamp]| {
            self.version(zone, sources, terms.digest(&listed.name, stamps), known)
        };
        let (mut loaded, made) = load::load_listed_beside(root, listed, terms, make);
        let texts = std::mem::take(&mut loaded.texts);
        // A text that is served already is not dropped because time has passed.
        let digest = terms.digest(&listed.name, &loaded.stamps);
        let served = known.and_then(|entry| entry.zone.served.as_ref());
        let replaces = served.is_some_and(|served| served.digest != digest);
        let version = loaded
            .servable(replaces)
            .map(|zone| made.unwrap_or_else(|| self.version(zone, &loaded.sources, digest, known)));
        let (version, ledger) = version.unzip();
        // Of one that may be served there is more to say once the others are read.
        let report = if version.is_some() { Arc::default() } else { report(&loaded.findings, &loaded.sources) };
        let stamps = loaded.stamps.clone();
        let asking = version.is_some().then(|| room.keep(loaded));
        Judged { stamps, version, report, texts, ledger: ledger.flatten(), asking }
    }

    /// What is served of a zone with this digest: what is served already, or what is compiled now.
    fn version(
        &self,
        zone: &Zone,
        sources: &Sources,
        digest: Hash,
        known: Option<&Entry>,
    ) -> (Version<Built>, Option<Arc<Ledger>>) {
        let is_same = |version: &Version<Built>| {
            version.digest == digest && zone.serial().is_none_or(|serial| serial == version.built.serial())
        };
        if let Some(known) = known
            && let Some(served) = known.zone.served.as_ref().filter(|served| is_same(served))
        {
            return (served.clone(), known.text.ledger.clone());
        }
        if let Some(ahead) = self.ahead.get(&key(zone.apex())).filter(|ahead| is_same(&ahead.version)) {
            return (ahead.version.clone(), Some(Arc::clone(&ahead.ledger)));
        }
        let (built, ledger) = compile(zone, sources, self.hash_key);
        (Version { names: built.name_count(), built: Arc::new(built), digest }, ledger.map(Arc::new))
    }

    pub(super) fn judge_in_directory(&self, snapshot: &mut Snapshot, config: &Config, terms: &Terms) -> bool {
        Root::open(&config.source.directory).is_ok_and(|root| self.judge_beside(snapshot, &root, terms))
    }

    /// Judges what changed beside all other zones, in their newest good versions; says whether the files stood still.
    pub(super) fn judge_beside(&self, snapshot: &mut Snapshot, root: &Root, terms: &Terms) -> bool {
        let mut asked = Vec::new();
        for (index, (_, reading)) in snapshot.changed.iter_mut().enumerate() {
            if let Reading::Judged(judged) = reading
                && let Some(asking) = judged.asking.take()
            {
                asked.push((index, Mutex::new(Some(asking))));
            }
        }
        if asked.is_empty() {
            return true;
        }
        let catalog = self.newest(snapshot);
        let changed = &mut snapshot.changed;
        let judged: HashSet<_> = asked.iter().map(|(index, _)| key(changed[*index].0.name.as_ref())).collect();
        let is_judged = |apex: NameRef<'_>| judged.contains(&key(apex));
        let (others, shown) = (Others::new(&catalog, &is_judged), AtomicUsize::new(0));
        let beside = in_parallel(&asked, |(index, asking)| {
            let asking = asking.lock().ok().and_then(|mut asking| asking.take())?;
            let loaded = asking.loaded(root, &changed[*index].0, terms)?;
            let verdict = catch_unwind(AssertUnwindSafe(|| beside(loaded, &others, terms, &shown)));
            let fault = || (false, internal_fault(&root.display(&changed[*index].0.file)));
            Some(verdict.unwrap_or_else(|_| fault()))
        });
        let mut stood_still = true;
        for ((index, _), verdict) in asked.iter().zip(beside) {
            let Reading::Judged(judged) = &mut changed[*index].1 else { continue };
            let Some((is_good, report)) = verdict else {
                stood_still = false;
                continue;
            };
            judged.version = judged.version.take().filter(|_| is_good);
            judged.report = report;
        }
        stood_still
    }

    /// The newest good version of every zone, served or about to be.
    pub(super) fn newest(&self, snapshot: &Snapshot) -> Catalog {
        let built = |version: Option<&Version<Built>>| Change::Is(version.map(|version| Arc::clone(&version.built)));
        let waiting = self.zones.waiting().filter_map(|(_, entry)| match &entry.zone.standing {
            Standing::Held { waiting: None, .. } => Some((entry.zone.name.clone(), Change::Gone)),
            Standing::Held { waiting, .. } => Some((entry.zone.name.clone(), built(waiting.as_ref()))),
            _ => None,
        });
        let found = snapshot.changed.iter().filter_map(|(file, reading)| match reading {
            Reading::Judged(judged) => Some((file.name.clone(), built(judged.version.as_ref()))),
            Reading::Gone => Some((file.name.clone(), Change::Gone)),
            Reading::Same | Reading::Restamped(_) => None,
        });
        // What was found of a zone that waits comes later, and counts.
        self.catalog.with(waiting.chain(found))
    }
}

impl Snapshot {
    pub(super) fn new(listing: Listing, readings: Vec<Reading>, gone: Vec<ZoneFile>) -> Self {
        let count = listing.zones.len();
        let read = listing.zones.into_iter().zip(readings);
        let changed = read.filter(|(_, reading)| !matches!(reading, Reading::Same));
        Self { changed: changed.chain(gone.into_iter().map(|file| (file, Reading::Gone))).collect(), count }
    }
}

/// Whether a zone may be served still once it is judged beside all others, and its findings; of those with which it is served
/// none, if so many zones' were `shown`.
fn beside(mut loaded: Loaded, others: &Others<'_>, terms: &Terms, shown: &AtomicUsize) -> (bool, Arc<str>) {
    loaded.judge_beside(others, terms);
    let is_good = loaded.servable(false).is_some();
    let is_one_of_many =
        is_good && !loaded.findings.is_empty() && shown.fetch_add(1, Ordering::Relaxed) >= MOST_REPORTS;
    let report = if is_one_of_many { UNSHOWN.into() } else { report(&loaded.findings, &loaded.sources) };
    free(loaded, terms);
    (is_good, report)
}

/// Drops what was judged, a large zone by a thread of its own: what is to be answered does not wait for that.
fn free(loaded: Loaded, terms: &Terms) {
    if let (Some(zone), Some(settings)) = (&loaded.zone, &terms.lint)
        && settings.threads_for(zone) > 1
    {
        // Where there is no thread to be had, it is dropped with the closure.
        let _ = std::thread::Builder::new().name("free".into()).spawn(move || drop(loaded));
    }
}

fn list(config: &Config) -> Result<(Root, Listing), ListError> {
    let directory = &config.source.directory;
    let root = Root::open(directory).map_err(|error| ListError::Unreadable(directory.clone(), error))?;
    let listing = load::zone_files(&root, &config.source.zones)?;
    Ok((root, listing))
}

/// Whether a zone's files are still as they were read; `entry` is what is known of one that was found the same.
pub(super) fn still_stands(root: &Root, reading: &Reading, entry: Option<&Entry>) -> bool {
    match reading {
        Reading::Same => entry.is_none_or(|entry| load::stand_still(root, &entry.text.stamps)),
        Reading::Restamped(stamps) => load::stand_still(root, stamps),
        Reading::Judged(judged) => load::stand_still(root, &judged.stamps),
        Reading::Gone => true,
    }
}
