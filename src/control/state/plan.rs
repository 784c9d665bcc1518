//! Where each text of a set is taken from when it is saved.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::disk::Disk;
use super::manifest::Spot;
use super::texts::{Index, Place, Segment};
use super::{Hash, SavedText, Set, Trouble, segment_name};
use crate::source::text_hash;

/// Segments that a set may be spread over; each is a file held open.
const MAX_SEGMENTS: usize = 32;

/// Dead octets that are not worth a copy of the live ones.
const DEAD_ALLOWED: u64 = 4096;

/// Where a text comes from.
pub(super) enum Origin<'t> {
    /// It stays where it is.
    Kept(Place),
    /// It is copied out of a segment that is given up.
    Held(Place),
    /// It was given.
    Given(&'t Arc<[u8]>),
}

/// Every text of a set, once.
pub(super) struct Plan<'t> {
    /// In the order in which the set names them.
    pub(super) texts: Vec<(&'t SavedText, Origin<'t>)>,
    /// The highest number of a segment that is known, 0 if none is.
    pub(super) highest: u64,
}

/// A segment that a set needs, and how many of its octets.
struct Needed {
    octets: u64,
    live: u64,
}

impl<'t> Plan<'t> {
    /// Decides for each text.
    pub(super) fn new(
        set: &'t Set,
        new_texts: &'t [(Hash, Arc<[u8]>)],
        index: &Index,
        disk: &dyn Disk,
    ) -> Result<Self, Trouble> {
        let mut seen = HashSet::with_capacity(set.texts.len());
        let texts: Vec<&SavedText> = set.texts.iter().filter(|text| seen.insert(text.hash)).collect();
        let mut needed = in_place(&texts, index, disk);
        give_up(&mut needed);
        let given: HashMap<&Hash, &Arc<[u8]>> = new_texts.iter().map(|(hash, text)| (hash, text)).collect();
        let origin = |text| origin(text, index, &needed, &given).map(|origin| (text, origin));
        let texts = texts.into_iter().map(origin).collect::<Result<_, _>>()?;
        let highest = index.values().map(|place| place.segment.number).max().unwrap_or(0);
        Ok(Self { texts, highest })
    }

    /// Whether all texts stay where they are.
    pub(super) fn moves_nothing(&self) -> bool {
        self.texts.iter().all(|(_, origin)| matches!(origin, Origin::Kept(_)))
    }
}

fn origin<'t>(
    text: &SavedText,
    index: &Index,
    kept: &BTreeMap<u64, Needed>,
    given: &HashMap<&Hash, &'t Arc<[u8]>>,
) -> Result<Origin<'t>, Trouble> {
    let is_right = |given: &&Arc<[u8]>| given.len() as u64 == text.octets && text_hash(given) == text.hash;
    match (index.get(&text.hash), given.get(&text.hash).copied()) {
        (Some(place), _) if place.octets != text.octets => Err(Trouble::OtherText(text.path.clone())),
        (Some(place), _) if kept.contains_key(&place.segment.number) => Ok(Origin::Kept(place.clone())),
        (_, Some(given)) if is_right(&given) => Ok(Origin::Given(given)),
        (_, Some(_)) => Err(Trouble::OtherText(text.path.clone())),
        (Some(place), None) => Ok(Origin::Held(place.clone())),
        (None, None) => Err(Trouble::NoText { file: text.path.clone(), error: None }),
    }
}

/// The segments of these texts that are still there under their names.
fn in_place(texts: &[&SavedText], index: &Index, disk: &dyn Disk) -> BTreeMap<u64, Needed> {
    let (mut needed, mut lost) = (BTreeMap::new(), HashSet::new());
    for place in texts.iter().filter_map(|text| index.get(&text.hash)) {
        let Segment { number, file } = &*place.segment;
        // Another process may have written one of the same number: then its texts are not where this place says.
        let is_there = || disk.identify(&segment_name(*number)).is_ok_and(|found| found == file.identity());
        if !needed.contains_key(number) && !lost.contains(number) && !is_there() {
            lost.insert(*number);
        }
        if !lost.contains(number) {
            let segment = needed.entry(*number).or_insert(Needed { octets: file.octets(), live: 0 });
            segment.live += place.octets;
        }
    }
    needed
}

/// Leaves out the segments whose texts are to be copied: all, where most of their octets are dead, and all but the largest,
/// where they are many.
fn give_up(needed: &mut BTreeMap<u64, Needed>) {
    let live: u64 = needed.values().map(|segment| segment.live).sum();
    let dead: u64 = needed.values().map(|segment| segment.octets.saturating_sub(segment.live)).sum();
    if dead > live + DEAD_ALLOWED {
        needed.clear();
    }
    if needed.len() >= MAX_SEGMENTS {
        let largest = needed.iter().max_by_key(|(_, segment)| segment.octets).map(|(number, _)| *number);
        needed.retain(|number, _| Some(*number) == largest);
    }
}

impl Origin<'_> {
    /// The place of a text that stays.
    pub(super) fn kept(self) -> Option<Place> {
        match self {
            Self::Kept(place) => Some(place),
            _ => None,
        }
    }
}

impl Place {
    /// How a manifest says it.
    pub(super) fn spot(&self) -> Spot {
        (self.segment.number, self.offset)
    }
}
