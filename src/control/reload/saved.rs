//! What is served, as it is saved, and back.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use super::Reloader;
use super::entry::{Entry, Text, origin_of};
use super::parallel::in_parallel;
use super::reading::Reading;
use crate::authority::Change;
use crate::config::Config;
use crate::control::asking::Room;
use crate::control::load::{Root, Snapshot, Terms, TextId, Texts, ZoneFile};
use crate::control::plan::{self, Standing, key};
use crate::control::state::{self, SavedText, SavedZone, Set};
use crate::dns::Name;

impl Reloader {
    /// Every zone that is served, and every text that they were read from.
    pub(in crate::control) fn saved(&self) -> (Vec<SavedZone>, Vec<SavedText>) {
        let (mut zones, mut texts, mut places) = (Vec::new(), Vec::new(), HashMap::new());
        for (_, entry) in self.zones.iter().filter(|(_, entry)| entry.zone.served.is_some()) {
            let mut own = Vec::with_capacity(entry.origin.len());
            for text in &entry.origin {
                let place = places.entry((text.path.as_path(), text.hash)).or_insert_with(|| {
                    texts.push(text.clone());
                    texts.len() as u32 - 1
                });
                own.push(*place);
            }
            zones.push(SavedZone {
                name: entry.zone.name.to_string(),
                serial: entry.zone.served.as_ref().map_or(0, |served| served.built.serial()),
                file: entry.origin.first().map(|text| text.path.clone()).unwrap_or_default(),
                texts: own,
                counted: None,
            });
        }
        (zones, texts)
    }

    /// Serves a saved set's zones, as they were judged then; gives the names of those that cannot be read any more.
    ///
    /// No rule is asked: a set that was served is not taken back because rules, or the date, are others now.
    pub(in crate::control) fn restore(&mut self, set: &Set, texts: &state::Texts, config: &Config) -> Vec<String> {
        let texts: Arc<dyn Texts> = Arc::new(Saved(texts.clone()));
        let shown = match &config.source.repository {
            Some(repository) => repository.path.clone(),
            None => config.source.directory.clone(),
        };
        let entries = in_parallel(&set.zones, |zone| self.restore_zone(zone, set, &shown, &texts, config));
        let (mut lost, mut changes) = (Vec::new(), Vec::new());
        for (saved, entry) in set.zones.iter().zip(entries) {
            match entry {
                Some(entry) => {
                    let built = entry.zone.served.as_ref().map(|served| Arc::clone(&served.built));
                    changes.push((entry.zone.name.clone(), Change::Is(built)));
                    self.zones.insert(key(entry.zone.name.as_ref()), entry);
                }
                None => lost.push(saved.name.clone()),
            }
        }
        self.change(changes);
        lost
    }

    fn restore_zone(
        &self,
        saved: &SavedZone,
        set: &Set,
        shown: &std::path::Path,
        texts: &Arc<dyn Texts>,
        config: &Config,
    ) -> Option<Entry> {
        let name = Name::absolute(&saved.name).ok()?;
        let own = saved.texts.iter().filter_map(|&place| set.texts.get(place as usize));
        let files = own.map(|text| (text.path.clone(), text.hash));
        let root = Root::Snapshot(Snapshot::new(shown.to_owned(), files, Arc::clone(texts)));
        let file = ZoneFile { name, file: saved.file.clone(), rival: None };
        let serial = saved.counted.as_ref().map(|_| (file.name.as_ref().to_lower(), saved.serial));
        let terms = Terms { serials: Arc::new(serial.into_iter().collect()), ..Terms::without_rules(&config.limits) };
        let Reading::Judged(judged) = self.read_zone(&root, &file, &terms, true, &Room::default(), None) else {
            return None;
        };
        let judged = *judged;
        let served = judged.version?;
        let zone = plan::Zone { name: file.name.clone(), served: Some(served), standing: Standing::Current };
        let origin = origin_of(&judged.stamps);
        let text =
            Text { file, stamps: judged.stamps, report: judged.report, texts: Vec::new(), ledger: judged.ledger };
        Some(Entry { zone, text, since: SystemTime::now(), is_new: false, origin })
    }
}

/// The texts of a saved set.
struct Saved(state::Texts);

impl std::fmt::Debug for Saved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Saved")
    }
}

impl Texts for Saved {
    fn read(&self, id: &TextId, limit: u32) -> io::Result<Arc<[u8]>> {
        self.0.read(id, limit)
    }
}
