//! The serials that a commit's zones are served with.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Commits, Work};
use crate::control::git::{Id, Refusal};
use crate::control::load::Root;
use crate::control::serials::{Counted, Numbers, Published};
use crate::control::state::{SavedCount, Set};
use crate::control::status::{Look, ZoneStatus};
use crate::dns::Name;

impl Commits {
    /// Has the reloader serve a commit's zones with the serials that its history says, after what is served.
    pub(super) fn count(&mut self, work: &mut Work<'_>, id: Id, root: &Root) -> Result<Numbers, Refusal> {
        let mut counted = self.histories.at(work.repository, id, &self.settings.path, work.config)?;
        self.count_glass(&mut counted, work, root)?;
        let numbers = self.numbers.following(counted, |name| work.reloader.serial(name));
        let serials = numbers.0.iter().map(|(name, published)| (name.clone(), published.serial));
        work.reloader.serials = Arc::new(serials.collect());
        Ok(numbers)
    }

    /// They are served: says which are past their history now, and which are not any more.
    pub(super) fn note_numbers(&mut self, numbers: Numbers, look: &mut Look) {
        let mut notices = Vec::new();
        for (name, published) in &numbers.0 {
            let before = self.numbers.0.get(name).map_or(0, Published::offset);
            let (serial, history) = (published.serial, published.counted.serial);
            match (before, published.offset()) {
                (0, 0) => {}
                (_, 0) => notices.push(format!("{name} has the serial of its history again: {serial}")),
                (0, _) => notices.push(format!(
                    "{name} is served as {serial}, and its history says {history}: this node published a later one before, by a rollback, a rewind, a change of style or an override"
                )),
                _ => {}
            }
        }
        notices.sort();
        look.notices.append(&mut notices);
        self.numbers = numbers;
    }

    /// Goes on from what was published.
    pub(super) fn restore_numbers(&mut self, set: &Set) {
        let counted = set.zones.iter().filter_map(|zone| {
            let SavedCount { serial, content } = zone.counted.clone()?;
            let published = Published { serial: zone.serial, counted: Counted { serial, content } };
            Some((key(&zone.name)?, published))
        });
        self.numbers = Numbers(counted.collect());
    }

    /// What was published, for a later start.
    pub(super) fn save_numbers(&self, set: &mut Set) {
        for zone in &mut set.zones {
            let published = key(&zone.name).and_then(|name| self.numbers.0.get(&name));
            let count = |published: &Published| SavedCount {
                serial: published.counted.serial,
                content: published.counted.content,
            };
            zone.counted = published.filter(|published| published.serial == zone.serial).map(count);
        }
    }

    /// Tells what the history says of each zone that is past it.
    pub fn tell_offsets(&self, zones: &mut [ZoneStatus]) {
        let offset: HashMap<_, _> = self.numbers.0.iter().filter(|(_, published)| published.offset() != 0).collect();
        if offset.is_empty() {
            return;
        }
        for zone in zones {
            let published = key(&zone.zone).and_then(|name| offset.get(&name));
            if let (Some(published), Some(served)) = (published, &mut zone.served) {
                served.history = Some(published.counted.serial);
            }
        }
    }
}

/// A zone's name, as it is saved and shown, as the key of numbers.
fn key(name: &str) -> Option<Name> {
    Name::absolute(name).ok().map(|name| name.as_ref().to_lower())
}
