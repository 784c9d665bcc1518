//! What is read at a look, and judged: of one moment, beside all other zones.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use super::parallel::in_parallel;
use super::report::{internal_fault, report};
use super::{Built, Reloader};
use crate::authority::{Authority, Catalog};
use crate::config::Config;
use crate::control::asking::{Asking, Room};
use crate::control::load::{self, Hash, ListError, Listing, Loaded, Root, Stamp, Terms, ZoneFile};
use crate::control::plan::{Standing, Version, key};
use crate::dns::NameRef;
use crate::lint::Others;
use crate::zone::Zone;

/// How often a look begins again when files move under it; then the next event, or the poll, brings another.
const MAX_ATTEMPTS: usize = 5;

/// A zone's newest text, read and judged.
#[derive(Clone)]
pub(super) struct Judged {
    pub(super) stamps: Vec<Stamp>,
    pub(super) version: Option<Version<Built>>,
    pub(super) report: Arc<str>,
    pub(super) texts: Vec<(Hash, Arc<[u8]>)>,
    /// The text itself, for rules whose questions need the other zones.
    pub(super) asking: Option<Asking>,
}

pub(super) enum Reading {
    Unchanged(Vec<Stamp>),
    Judged(Judged),
}

/// Everything of one moment: the zones there are and, in the same order, what was read of each.
pub(super) struct Snapshot {
    pub(super) listing: Listing,
    pub(super) readings: Vec<Reading>,
}

impl Reloader {
    /// One moment's files, or none if they kept moving.
    pub(super) fn read(&self, config: &Config, terms: &Terms, everything: bool) -> Result<Option<Snapshot>, ListError> {
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
        let make = |zone: &Zone, stamps: &[Stamp]| self.version(zone, load::digest_of(stamps), served);
        let (mut loaded, made) = load::load_listed_beside(root, listed, terms, make);
        let texts = std::mem::take(&mut loaded.texts);
        let digest = load::digest_of(&loaded.stamps);
        // A text that is served already is not dropped because time has passed.
        let replaces = served.is_some_and(|served| served.digest != digest);
        let version = loaded.servable(replaces).map(|zone| made.unwrap_or_else(|| self.version(zone, digest, served)));
        let report = report(&loaded.findings, &loaded.sources);
        let stamps = loaded.stamps.clone();
        let asking = version.is_some().then(|| room.keep(loaded));
        Judged { stamps, version, report, texts, asking }
    }

    /// What is served of a zone whose files have this digest: what is served already, or what is compiled now.
    fn version(&self, zone: &Zone, digest: Hash, served: Option<&Version<Built>>) -> Version<Built> {
        served.filter(|served| served.digest == digest).cloned().unwrap_or_else(|| {
            let built = Arc::new(Authority::compile(zone, self.hash_key));
            Version { names: built.name_count(), built, digest }
        })
    }

    pub(super) fn judge_in_directory(&self, snapshot: &mut Snapshot, config: &Config, terms: &Terms) -> bool {
        Root::open(&config.source.directory).is_ok_and(|root| self.judge_beside(snapshot, &root, terms))
    }

    /// Judges what changed beside all other zones, in their newest good versions; says whether the files stood still.
    pub(super) fn judge_beside(&self, snapshot: &mut Snapshot, root: &Root, terms: &Terms) -> bool {
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
