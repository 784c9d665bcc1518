//! What to serve, given what was served and what a look found: pure, so that every rule is a row of a test's table.
//!
//! In: for each zone its [`Standing`] and what the look found on disk. Out: the same, after the look. Knows no files, no
//! findings and no clock; a version is whatever `V` is.
//!
//! # Design
//!
//! A directory has no commits, so the zones that one look finds changed are taken for one change. A zone that fails keeps its
//! last good version; so does a zone changed with it that lies above or below it, or a delegation could go live without its
//! other half. It stays held while the one it was held for fails, whoever else changes. Nothing is held that has no good
//! version to keep: an answer from a lone half is better than none. Zones beside a failing one go live.

use std::collections::{HashMap, HashSet};

use crate::dns::{Name, NameRef};
use crate::source::Hash;

/// One version of a zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version<V> {
    /// The zone, compiled.
    pub built: V,
    /// How many names own records.
    pub names: usize,
    /// A digest of all that it was built from, includes and what stands in for others too.
    pub digest: Hash,
}

/// One zone: what is served of it, and why not its newest text, if it is not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Zone<V> {
    /// Its apex.
    pub name: Name,
    /// The last good version; none: it is answered with SERVFAIL.
    pub served: Option<Version<V>>,
    /// How its newest text stands to that.
    pub standing: Standing<V>,
}

/// How a zone's newest text stands to the version served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing<V> {
    /// It is what is served.
    Current,
    /// It is refused for what it says.
    Faulty,
    /// It is refused because it lacks most of the names that are served.
    Lossy(Version<V>),
    /// It is good, or the zone is gone, and waits for the zones that failed with it.
    Held {
        /// The version that waits; none: the zone's removal waits.
        waiting: Option<Version<V>>,
        /// The zones that it waits for.
        failing: Vec<Name>,
    },
}

impl<V> Standing<V> {
    /// Whether the newest text is refused for its own sake.
    pub fn is_failing(&self) -> bool {
        matches!(self, Self::Faulty | Self::Lossy(_))
    }
}

/// What a look found on disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Disk<V> {
    /// The text of the last look.
    Unchanged,
    /// A text that makes a zone.
    Good(Version<V>),
    /// A text that does not.
    Faulty,
    /// The zone's file is gone, or the config does not name the zone any more.
    Gone,
}

impl<V> Disk<V> {
    /// What a new text makes.
    pub fn of(version: Option<Version<V>>) -> Self {
        version.map_or(Self::Faulty, Self::Good)
    }
}

/// What a look may take away.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// A zone that loses more of its names than this, in percent, is refused.
    pub lost_names_percent: u8,
    /// Whether the operator has said that losses are meant.
    pub accept_loss: bool,
}

/// Below this many names a percentage says little: a zone of three that loses two is an ordinary edit.
pub const FEWEST_NAMES: usize = 10;

impl Rules {
    /// Whether going from `before` to `after` names, or zones, is a loss to ask about.
    pub fn is_loss(&self, before: usize, after: usize) -> bool {
        let kept_percent = 100 - u64::from(self.lost_names_percent.min(100));
        let is_less = (after as u64) * 100 < (before as u64) * kept_percent;
        !self.accept_loss && before >= FEWEST_NAMES && is_less
    }
}

/// Decides what to serve of each zone, in their order; nothing of one that is gone.
pub fn plan<V>(found: Vec<(Zone<V>, Disk<V>)>, rules: Rules) -> Vec<Option<Zone<V>>> {
    let steps: Vec<_> = found.into_iter().map(|(zone, disk)| judge(zone, disk, rules)).collect();
    let fails = |step: &Step<V>| matches!(step, Step::Fail { .. });
    let failing = steps.iter().filter(|(_, _, step)| fails(step)).map(|(name, ..)| key(name.as_ref())).collect();
    let newly = |step: &Step<V>| matches!(step, Step::Fail { is_new: true, .. });
    let relations = Relations::of(steps.iter().filter(|(_, _, step)| newly(step)).map(|(name, ..)| name));
    let settle = |(name, served, step)| settle(name, served, step, &failing, &relations);
    steps.into_iter().map(settle).collect()
}

/// What a zone's own text asks for, before other zones have a say.
enum Step<V> {
    Keep,
    Fail {
        standing: Standing<V>,
        is_new: bool,
    },
    /// To publish a version or, with none, the zone's removal.
    Publish {
        version: Option<Version<V>>,
        /// The zones that it waited for until now.
        failing: Vec<Name>,
        is_new: bool,
    },
}

fn judge<V>(zone: Zone<V>, disk: Disk<V>, rules: Rules) -> (Name, Option<Version<V>>, Step<V>) {
    let Zone { name, served, standing } = zone;
    let step = match (disk, standing) {
        (Disk::Unchanged, Standing::Current) => Step::Keep,
        (Disk::Unchanged, Standing::Held { waiting, failing }) => {
            Step::Publish { version: waiting, failing, is_new: false }
        }
        (Disk::Unchanged, Standing::Lossy(version)) if rules.accept_loss => {
            Step::Publish { version: Some(version), failing: Vec::new(), is_new: true }
        }
        (Disk::Unchanged, standing) => Step::Fail { standing, is_new: false },
        (Disk::Faulty, _) => Step::Fail { standing: Standing::Faulty, is_new: true },
        (Disk::Good(version), standing) => judge_version(served.as_ref(), version, standing, rules),
        (Disk::Gone, standing) => Step::Publish { version: None, failing: waited_for(standing), is_new: true },
    };
    (name, served, step)
}

fn judge_version<V>(served: Option<&Version<V>>, version: Version<V>, standing: Standing<V>, rules: Rules) -> Step<V> {
    match served {
        Some(served) if served.digest == version.digest => Step::Keep,
        Some(served) if rules.is_loss(served.names, version.names) => {
            Step::Fail { standing: Standing::Lossy(version), is_new: true }
        }
        _ => Step::Publish { version: Some(version), failing: waited_for(standing), is_new: true },
    }
}

/// A zone that changes while it waits goes on waiting: its text holds the earlier change as well.
fn waited_for<V>(standing: Standing<V>) -> Vec<Name> {
    match standing {
        Standing::Held { failing, .. } => failing,
        _ => Vec::new(),
    }
}

fn settle<V>(
    name: Name,
    served: Option<Version<V>>,
    step: Step<V>,
    failing_now: &HashSet<Box<[u8]>>,
    relations: &Relations,
) -> Option<Zone<V>> {
    match step {
        Step::Keep => Some(Zone { name, served, standing: Standing::Current }),
        Step::Fail { standing, .. } => Some(Zone { name, served, standing }),
        Step::Publish { version, mut failing, is_new } => {
            failing.retain(|name| failing_now.contains(&key(name.as_ref())));
            if is_new {
                relations.add_related(name.as_ref(), &mut failing);
            }
            if served.is_some() && !failing.is_empty() {
                return Some(Zone { name, served, standing: Standing::Held { waiting: version, failing } });
            }
            version.map(|version| Zone { name, served: Some(version), standing: Standing::Current })
        }
    }
}

/// Zones that began to fail in this look, found by name and by every name above theirs.
struct Relations {
    zones: HashMap<Box<[u8]>, Name>,
    below: HashMap<Box<[u8]>, Vec<Name>>,
}

impl Relations {
    fn of<'z>(failing: impl Iterator<Item = &'z Name>) -> Self {
        let mut relations = Self { zones: HashMap::new(), below: HashMap::new() };
        for name in failing {
            relations.zones.insert(key(name.as_ref()), name.clone());
            for ancestor in ancestors(name.as_ref()) {
                relations.below.entry(key(ancestor)).or_default().push(name.clone());
            }
        }
        relations
    }

    /// Adds to `related` the zones above and below `name`.
    fn add_related(&self, name: NameRef<'_>, related: &mut Vec<Name>) {
        let above = ancestors(name).filter_map(|ancestor| self.zones.get(&key(ancestor)));
        let below = self.below.get(&key(name)).into_iter().flatten();
        for zone in above.chain(below) {
            if !related.iter().any(|known| known.as_ref().is(zone.as_ref())) {
                related.push(zone.clone());
            }
        }
    }
}

fn ancestors(name: NameRef<'_>) -> impl Iterator<Item = NameRef<'_>> {
    std::iter::successors(name.parent(), |name| name.parent())
}

/// A name as the key of a table, in whose order names are in canonical order.
pub fn key(name: NameRef<'_>) -> Box<[u8]> {
    name.sort_key()
}
