//! Taking a snapshot whole, or not at all: a commit's files are one change.
//!
//! In: a root that does not move. Out: what is served from now on, or everything that keeps it from being served; then
//! nothing of it is. Which commit it is, and whether it may be served at all, is its follower's business.

use std::sync::Arc;
use std::time::SystemTime;

use super::entry::{Entry, Text, is_same, origin_of};
use super::parallel::in_parallel;
use super::reading::{Judged, Reading, Snapshot};
use super::report::{lossy, lost_zones, report_on};
use super::{Built, Demand, Reloader};
use crate::authority::{self, Catalog};
use crate::config::Config;
use crate::control::asking::Room;
use crate::control::load::{self, ListError, Root, ZoneFile};
use crate::control::plan::{self, Rules, Standing, key};
use crate::control::status::{Change, Look, Refused};
use crate::control::watch::Reach;
use crate::dns::Name;

impl Reloader {
    /// Publishes all zones of `root`, if every one of them may be served, and if `stops`, which is given what is served and what
    /// would be, has nothing against it; says whether they are what is served now.
    ///
    /// # Errors
    ///
    /// The zones cannot be listed.
    pub(in crate::control) fn take_whole(
        &mut self,
        root: &Root,
        config: &Config,
        demand: Demand,
        look: &mut Look,
        stops: &mut dyn FnMut(&Catalog, &Catalog) -> Option<String>,
    ) -> Result<bool, ListError> {
        // Commits are taken whole, and nothing is served ahead of one; a directory may have been followed before.
        self.end_ahead(&Reach::Everywhere);
        let mut snapshot = self.read_whole(root, config, demand)?;
        // Nothing moves under its reader.
        self.judge_beside(&mut snapshot, root, &self.terms(config));
        let rules = Rules { lost_names_percent: config.lost_names_percent, accept_loss: demand.accept_loss };
        if let Some(finding) = lost_zones(self.zones.len(), snapshot.count, rules) {
            look.whole = Some(report_on(root.display("".as_ref()), finding).to_string());
            return Ok(false);
        }
        look.refused = self.refused_of(&snapshot, root, rules);
        if !look.refused.is_empty() {
            return Ok(false);
        }
        if let Some(whole) = stops(&self.catalog, &self.newest(&snapshot)) {
            look.whole = Some(whole);
            return Ok(false);
        }
        self.read_with = (config.limits.clone(), config.lint.clone());
        self.replace_zones(snapshot, look);
        Ok(true)
    }

    /// Knows these zones; of those that nobody knew there is no good version, so they are answered with SERVFAIL.
    pub(in crate::control) fn serve_none_of(&mut self, zones: impl IntoIterator<Item = ZoneFile>) {
        let mut changes = Vec::new();
        for file in zones {
            let key = key(file.name.as_ref());
            if self.zones.get(&key).is_some() {
                continue;
            }
            changes.push((file.name.clone(), authority::Change::Is(None)));
            let mut entry = Entry::unknown(file);
            entry.zone.standing = Standing::Faulty;
            self.zones.insert(key, entry);
        }
        self.change(changes);
    }

    fn read_whole(&self, root: &Root, config: &Config, demand: Demand) -> Result<Snapshot, ListError> {
        let terms = self.terms(config);
        let everything = demand.everything || !self.is_read_as(config);
        let room = Room::default();
        let listing = load::zone_files(root, &config.source.zones)?;
        let readings = in_parallel(&listing.zones, |listed| {
            // What is known of a zone that is not served as it was read last says nothing of what to serve.
            let known = self.zones.of(listed.name.as_ref());
            let everything = everything || !known.is_some_and(Entry::is_current);
            self.read_zone(root, listed, &terms, everything, &room, None)
        });
        let gone = self.gone(&listing);
        Ok(Snapshot::new(listing, readings, gone))
    }

    /// The zones for which the snapshot is refused.
    fn refused_of(&self, snapshot: &Snapshot, root: &Root, rules: Rules) -> Vec<Refused> {
        let refused = snapshot.changed.iter().filter_map(|(listed, reading)| {
            let Reading::Judged(judged) = reading else { return None };
            let served = self.served(&listed.name);
            let report = match (&judged.version, served) {
                (None, _) => judged.report.to_string(),
                (Some(version), Some(served)) if rules.is_loss(served.names, version.names) => {
                    let finding = lossy(served.names, version.names, rules.lost_names_percent);
                    report_on(root.display(&listed.file), finding).to_string()
                }
                _ => return None,
            };
            let kept = served.map(|served| served.built.serial());
            Some(Refused { zone: listed.name.to_string(), kept, report, waits_for: Vec::new(), is_new: true })
        });
        refused.collect()
    }

    fn served(&self, name: &Name) -> Option<&plan::Version<Built>> {
        self.zones.of(name.as_ref())?.zone.served.as_ref()
    }

    fn replace_zones(&mut self, snapshot: Snapshot, look: &mut Look) {
        let mut changes = Vec::new();
        for (file, reading) in snapshot.changed {
            let key = key(file.name.as_ref());
            let known = self.zones.remove(&key);
            let before = known.as_ref().and_then(|known| known.zone.served.as_ref()).map(|served| served.built.clone());
            let mut entry = match (reading, known) {
                (Reading::Gone, _) => {
                    let gone = |from: Built| Change {
                        zone: file.name.to_string(),
                        from: Some(from.serial()),
                        ..Change::default()
                    };
                    look.published.extend(before.map(gone));
                    changes.push((file.name, authority::Change::Gone));
                    continue;
                }
                (Reading::Judged(judged), known) => Entry::judged(file, *judged, known.as_ref(), look),
                (Reading::Restamped(stamps), Some(known)) => Entry { text: Text { stamps, ..known.text }, ..known },
                // What nobody knew cannot be unchanged.
                (Reading::Same, Some(known)) => known,
                (Reading::Same | Reading::Restamped(_), None) => continue,
            };
            let served = entry.zone.served.as_ref().map(|served| &served.built);
            let is_kept = before.is_some_and(|before| served.is_some_and(|served| Arc::ptr_eq(&before, served)));
            if !is_kept {
                changes.push((entry.zone.name.clone(), authority::Change::Is(served.cloned())));
            }
            self.hand_over(&mut entry);
            self.zones.insert(key, entry);
        }
        look.published.sort_by(|a, b| a.zone.cmp(&b.zone));
        self.change(changes);
    }
}

impl Entry {
    /// Whether its newest text is served.
    fn is_current(&self) -> bool {
        self.zone.served.is_some() && matches!(self.zone.standing, Standing::Current)
    }

    /// A zone's version of the snapshot, served from now on; told of if it is another than before.
    fn judged(file: ZoneFile, judged: Judged, known: Option<&Entry>, look: &mut Look) -> Self {
        let before = known.and_then(|known| known.zone.served.as_ref());
        let is_kept = matches!((before, &judged.version), (Some(before), Some(after)) if is_same(before, after));
        if let Some(after) = judged.version.as_ref().filter(|_| !is_kept) {
            look.published.push(Change {
                zone: file.name.to_string(),
                from: before.map(|before| before.built.serial()),
                to: Some(after.built.serial()),
                records: after.built.record_count(),
                report: judged.report.to_string(),
            });
        }
        let since = known.filter(|_| is_kept).map_or_else(SystemTime::now, |known| known.since);
        let zone = plan::Zone { name: file.name.clone(), served: judged.version, standing: Standing::Current };
        let origin = origin_of(&judged.stamps);
        let Judged { stamps, report, texts, ledger, .. } = judged;
        let text = Text { file, stamps, report, texts, ledger };
        Entry { zone, text, since, is_new: true, origin }
    }
}
