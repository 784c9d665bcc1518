//! What is known of one zone between looks, and within one.

use std::sync::Arc;
use std::time::SystemTime;

use super::Built;
use super::ledger::Ledger;
use super::report::{lossy, report_on};
use crate::config::Config;
use crate::control::load::{Stamp, ZoneFile};
use crate::control::plan::{self, Standing, Version};
use crate::control::state::SavedText;
use crate::control::status::{Change, ServedStatus, ZoneStatus, unix_seconds};
use crate::source::Hash;

/// One zone: what is served, and what was read of its newest text.
pub(super) struct Entry {
    pub(super) zone: plan::Zone<Built>,
    pub(super) text: Text,
    /// When what is served was published.
    pub(super) since: SystemTime,
    /// Whether the last look found this text.
    pub(super) is_new: bool,
    /// The files that what is served was read from.
    pub(super) origin: Vec<SavedText>,
}

/// A zone's newest text: where it is, how its files were, and its findings as `check` shows them.
pub(super) struct Text {
    pub(super) file: ZoneFile,
    pub(super) stamps: Vec<Stamp>,
    pub(super) report: Arc<str>,
    /// What is in its files, where that is to be saved once it is served.
    pub(super) texts: Vec<(Hash, Arc<[u8]>)>,
    /// What tells which lines of a large text are others than when it was compiled.
    pub(super) ledger: Option<Arc<Ledger>>,
}

/// What a look knows of a zone besides what is planned for it.
pub(super) struct Note {
    pub(super) served: Option<Version<Built>>,
    pub(super) text: Text,
    pub(super) since: SystemTime,
    pub(super) is_new: bool,
    /// Whether the zone was known before.
    pub(super) is_known: bool,
    pub(super) origin: Vec<SavedText>,
}

impl Note {
    /// What the plan changes in what is served of the zone.
    pub(super) fn change(&self, zone: &plan::Zone<Built>) -> Option<Change> {
        let to = self.published(zone)?;
        Some(Change {
            zone: zone.name.to_string(),
            from: self.served.as_ref().map(|from| from.built.serial()),
            to: Some(to.built.serial()),
            records: to.built.record_count(),
            report: self.text.report.to_string(),
        })
    }

    /// The version that is served from now on, if it is another than before.
    fn published<'z>(&self, zone: &'z plan::Zone<Built>) -> Option<&'z Version<Built>> {
        zone.served.as_ref().filter(|to| !self.served.as_ref().is_some_and(|from| is_same(from, to)))
    }

    /// That the zone is not served any more, if it was.
    pub(super) fn removal(&self) -> Option<Change> {
        let from = self.served.as_ref()?.built.serial();
        Some(Change { zone: self.text.file.name.to_string(), from: Some(from), ..Change::default() })
    }

    pub(super) fn into_entry(mut self, zone: plan::Zone<Built>, config: &Config) -> Entry {
        let is_published = self.published(&zone).is_some();
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
pub(super) fn origin_of(stamps: &[Stamp]) -> Vec<SavedText> {
    let saved = |stamp: &Stamp| {
        let (&hash, octets) = stamp.text()?;
        Some(SavedText { path: stamp.path.clone(), hash, octets })
    };
    stamps.iter().filter_map(saved).collect()
}

pub(super) fn is_same(a: &Version<Built>, b: &Version<Built>) -> bool {
    Arc::ptr_eq(&a.built, &b.built)
}

impl Entry {
    /// A zone of which nothing was read.
    pub(super) fn unknown(file: ZoneFile) -> Self {
        let zone = plan::Zone { name: file.name.clone(), served: None, standing: Standing::Current };
        let text = Text { file, stamps: Vec::new(), report: Arc::from(""), texts: Vec::new(), ledger: None };
        Self { zone, text, since: SystemTime::now(), is_new: true, origin: Vec::new() }
    }

    /// The findings for which the newest text is not served.
    pub(super) fn refusal(&self) -> Option<String> {
        self.zone.standing.is_failing().then(|| self.text.report.to_string())
    }

    /// Whether the zone is gone, and its removal waits.
    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.zone.standing, Standing::Held { waiting: None, .. })
    }

    pub(super) fn waits_for(&self) -> Vec<String> {
        match &self.zone.standing {
            Standing::Held { failing, .. } => failing.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    /// As `status` shows it; `ahead` is what is served of it before it is judged.
    pub(super) fn status(&self, ahead: Option<&Version<Built>>) -> ZoneStatus {
        ZoneStatus {
            zone: self.zone.name.to_string(),
            file: self.text.file.file.display().to_string(),
            served: ahead.or(self.zone.served.as_ref()).map(|version| ServedStatus {
                serial: version.built.serial(),
                history: None,
                records: version.built.record_count(),
                names: version.names,
                memory: version.built.memory().all(),
                index: version.built.memory().index,
                proofs: version.built.memory().proofs,
                since: unix_seconds(self.since),
            }),
            refused: self.refusal(),
            waits_for: self.waits_for(),
        }
    }
}
