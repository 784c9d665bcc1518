//! All zones of a server, found by the longest match. (Not the catalog zones of RFC 9432.)

use std::sync::Arc;

use super::index::Index;
use super::{Authority, HashKey, Question};
use crate::dns::{Name, NameRef, Rtype};

/// One zone of a catalog.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The zone's topmost name.
    pub apex: Name,
    /// The zone; none if it is configured and has no good version, so that questions about it fail.
    pub authority: Option<Arc<Authority>>,
}

/// The zones of a server. Immutable: a change of one zone makes a new catalog that shares the others.
#[derive(Clone, Debug)]
pub struct Catalog {
    key: HashKey,
    entries: Vec<Entry>,
    index: Index,
    /// The numbers of labels that apexes have, the largest first.
    label_counts: Vec<u8>,
}

impl Catalog {
    /// A catalog of zones, each given once; one without an authority has no good version, and is answered with SERVFAIL.
    pub fn new(key: HashKey, zones: impl IntoIterator<Item = (Name, Option<Arc<Authority>>)>) -> Self {
        let entries: Vec<Entry> = zones.into_iter().map(|(apex, authority)| Entry { apex, authority }).collect();
        let questions = (0..).zip(&entries).map(|(number, entry)| (number, Question::new(entry.apex.as_ref(), key)));
        let of_apex = |(number, apex): (u32, Question)| {
            let labels = apex.label_count();
            ((apex.hash(labels), number), labels as u8)
        };
        let (names, mut label_counts): (Vec<(u64, u32)>, Vec<u8>) = questions.map(of_apex).unzip();
        label_counts.sort_unstable_by(|a, b| b.cmp(a));
        label_counts.dedup();
        Self { key, entries, index: Index::build(&names), label_counts }
    }

    /// The zones, in the order in which they were given.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The key that all names are hashed with.
    pub fn key(&self) -> HashKey {
        self.key
    }

    /// The zone that answers a question: the longest that its name is in; for DS at an apex the parent's, where that is
    /// here (RFC 4035 §3.1.4.1), or that of an ancestor, which refers to the parent.
    pub fn find(&self, question: &Question, rtype: Rtype) -> Option<&Entry> {
        let labels = question.label_count();
        let zone = self.longest(question, labels)?;
        let is_apex = zone.apex.as_ref().label_count() == labels;
        if rtype == Rtype::DS && is_apex && labels > 0 {
            return Some(self.longest(question, labels - 1).unwrap_or(zone));
        }
        Some(zone)
    }

    /// The zone of a name, for those who hold no question.
    pub fn zone(&self, name: NameRef<'_>) -> Option<&Entry> {
        let question = Question::new(name, self.key);
        self.longest(&question, question.label_count())
    }

    /// The place in [`entries`](Self::entries) of the zone of a name.
    pub fn position(&self, name: NameRef<'_>) -> Option<usize> {
        let question = Question::new(name, self.key);
        self.longest_at(&question, question.label_count())
    }

    /// The longest zone whose apex is a suffix of at most `labels` labels.
    fn longest(&self, question: &Question, labels: usize) -> Option<&Entry> {
        self.longest_at(question, labels).map(|number| &self.entries[number])
    }

    fn longest_at(&self, question: &Question, labels: usize) -> Option<usize> {
        let counts = self.label_counts.iter().map(|&count| usize::from(count)).filter(|&count| count <= labels);
        counts.into_iter().find_map(|count| {
            let suffix = question.suffix(count);
            let is_it = |number: u32| self.entries[number as usize].apex.as_ref().is(suffix);
            self.index.find(question.hash(count), is_it).map(|number| number as usize)
        })
    }
}
