//! Brings near what a batch of questions will read, before any of them is answered.
//!
//! # Design
//!
//! In a zone that no cache holds, an answer waits for memory twice: for a slot of the index, and for the block that the slot
//! points at. For one question the second cannot start before the first has come. Over a batch, each step is taken for all
//! questions before the next: the processor then waits for many at once. These are plain reads whose values go into a sum;
//! nothing is decided here, and an answer that was not foreseen is only slower.

use super::block::Role;
use super::{Authority, Catalog, Question};
use crate::dns::Rtype;

/// As many questions as are brought near at once.
pub const BATCH: usize = 64;

/// What a batch of questions will read.
pub struct Near<'a> {
    places: [Option<Place<'a>>; 2 * BATCH],
    count: usize,
}

#[derive(Clone, Copy)]
struct Place<'a> {
    zone: &'a Authority,
    hash: u64,
}

impl<'a> Near<'a> {
    /// No questions yet.
    pub fn new() -> Self {
        Self { places: [None; 2 * BATCH], count: 0 }
    }

    /// Adds a question: for its own name, and for its parent, which may be a cut or have a wildcard.
    #[inline]
    pub fn add(&mut self, catalog: &'a Catalog, question: &Question<'_>, rtype: Rtype) {
        let zone = catalog.find(question, rtype).and_then(|entry| entry.authority.as_deref());
        let Some(zone) = zone else { return };
        for labels in (zone.apex_labels + 1..=question.label_count()).rev().take(2) {
            if let Some(place) = self.places.get_mut(self.count) {
                *place = Some(Place { zone, hash: question.hash(labels) });
                self.count += 1;
            }
        }
    }

    /// Reads it all.
    pub fn read(&self) {
        let places = &self.places[..self.count];
        let mut nodes = [0; 2 * BATCH];
        for (place, node) in places.iter().flatten().zip(&mut nodes) {
            *node = place.zone.index.likely(place.hash);
        }
        let sum = places.iter().flatten().zip(nodes).fold(0, |sum, (place, node)| sum ^ place.zone.touch(node));
        // Of no use but to be computed.
        std::hint::black_box(sum);
    }
}

impl Default for Near<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// Reads from the cache lines that a block most likely has; a cut's glue comes right behind it.
    #[inline]
    fn touch(&self, node: u32) -> u8 {
        let at = node as usize * super::block::ALIGNMENT;
        let read = |at: usize| self.arena.get(at).copied().unwrap_or_default();
        let bits = read(at);
        let behind = if Role::of(bits) == Role::Delegation { read(at + 128) ^ read(at + 192) } else { 0 };
        bits ^ read(at + 64) ^ behind
    }
}

#[cfg(test)]
mod tests {
    use crate::authority::{Authority, HashKey, Question};
    use crate::dns::Name;
    use crate::source::{Source, Sources};
    use crate::zone;
    use crate::zonefile::{self, Limits};

    /// Most names lie in the slot where a probe for them starts: what is brought near is what is read then.
    #[test]
    fn what_is_brought_near_is_most_often_what_answers() {
        let names: String = (0..500).map(|host| format!("host{host} A 192.0.2.1\n")).collect();
        let text = format!("$TTL 60\n@ SOA ns host 1 7200 1800 1209600 300\n@ NS ns\nns A 192.0.2.1\n{names}");
        let (apex, mut sources) = (Name::absolute("z.test").expect("a name"), Sources::default());
        let root = sources.add(Source::new("z", text.into_bytes()));
        let parsed = zonefile::parse(&mut sources, root, &apex, &Limits::default(), &mut |_, _| unreachable!());
        let zone = zone::build(&apex, root, parsed, &sources).zone.expect("a zone without errors");
        let authority = Authority::compile(&zone, HashKey([7; 16]));
        let is_near = |host: &usize| {
            let name = Name::absolute(&format!("host{host}.z.test")).expect("a name");
            let question = Question::new(name.as_ref(), authority.key);
            let labels = question.label_count();
            let answers = authority.find(&question, labels).expect("a name of the zone").number;
            authority.index.likely(question.hash(labels)) == answers
        };
        let near = (0..500).filter(is_near).count();
        assert!(near > 250, "{near} of 500");
    }
}
