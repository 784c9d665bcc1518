//! All zones of a server, found by the longest match. (Not the catalog zones of RFC 9432.)
//!
//! # Design
//!
//! One zone of a hundred thousand changes, and a new catalog is published: it costs what changed, not what there is. Zones
//! lie in chunks, and a catalog [with](Catalog::with) a change copies the chunk that it is in and shares all others. How zones
//! are found is shared whole as long as none comes; one that goes leaves its slot behind, marked, until a rebuild is worth it.
//! The road not taken, one persistent tree for all, would cost every query a walk.

use std::sync::Arc;

use super::index::Index;
use super::{Authority, HashKey, Question};
use crate::dns::{Name, NameRef, Rtype};

/// Zones of a chunk, as a power of two: of a hundred thousand zones, a change copies 256 entries and 400 pointers.
const CHUNK_BITS: usize = 8;

/// One zone of a catalog.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The zone's topmost name.
    pub apex: Name,
    /// The zone; none if it is configured and has no good version, so that questions about it fail.
    pub authority: Option<Arc<Authority>>,
    /// Whether the zone is in the catalog no more.
    is_gone: bool,
}

/// What becomes of a zone in another catalog.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is there; without an authority it has no good version, and is answered with SERVFAIL.
    Is(Option<Arc<Authority>>),
    /// It is not there.
    Gone,
}

/// The memory of zones, in octets, from which on answers wait for it: what is smaller stays in a core's own caches.
const LARGE: usize = 1 << 18;

/// The zones of a server. Immutable: a change of one zone makes a new catalog that shares the others.
#[derive(Clone, Debug)]
pub struct Catalog {
    key: HashKey,
    chunks: Vec<Arc<[Entry]>>,
    names: Arc<Names>,
    /// Whether the zones are, or were since the last rebuild, too large for a core's caches.
    is_large: bool,
}

/// How the zones of a catalog are found; the same for all catalogs of the same zones.
#[derive(Debug)]
struct Names {
    /// Of each entry, those gone included.
    hashes: Vec<u64>,
    index: Index,
    /// What there is of each number of labels that apexes have, the largest first.
    depths: Vec<Depth>,
    /// The entries that are there, in canonical order of their apexes.
    order: Vec<u32>,
    /// Of each entry, its place in `order`.
    ranks: Vec<u32>,
    /// Whether a zone lies below another.
    is_nested: bool,
}

/// The zones whose apexes have so many labels.
#[derive(Clone, Copy, Debug)]
struct Depth {
    labels: u8,
    /// The entry, where there is but one: it is compared, and nothing has to be hashed for it.
    only: Option<u32>,
}

impl Catalog {
    /// A catalog of zones, each given once; one without an authority has no good version, and is answered with SERVFAIL.
    pub fn new(key: HashKey, zones: impl IntoIterator<Item = (Name, Option<Arc<Authority>>)>) -> Self {
        let entry = |(apex, authority)| Entry { apex, authority, is_gone: false };
        Self::of(key, Vec::new(), Vec::new(), zones.into_iter().map(entry))
    }

    /// The same zones but for some; of what is said of one that is there, the last counts, and a new one is given once.
    pub fn with(&self, changes: impl IntoIterator<Item = (Name, Change)>) -> Self {
        let mut chunks = self.chunks.clone();
        let (mut added, mut is_same, mut is_large) = (Vec::new(), true, self.is_large);
        for (apex, change) in changes {
            is_large |= matches!(&change, Change::Is(Some(authority)) if authority.memory().all() >= LARGE);
            match (self.place(apex.as_ref()), change) {
                (Some(place), change) => {
                    let entry = &mut Arc::make_mut(&mut chunks[place >> CHUNK_BITS])[place % (1 << CHUNK_BITS)];
                    let is_gone = matches!(change, Change::Gone);
                    is_same &= entry.is_gone == is_gone;
                    entry.is_gone = is_gone;
                    entry.authority = if let Change::Is(authority) = change { authority } else { None };
                }
                (None, Change::Is(authority)) => added.push(Entry { apex, authority, is_gone: false }),
                (None, Change::Gone) => {}
            }
        }
        match is_same && added.is_empty() {
            true => Self { key: self.key, chunks, names: Arc::clone(&self.names), is_large },
            false => self.renamed(chunks, added),
        }
    }

    /// The catalog of these entries, some of which were not there before, or are no more.
    fn renamed(&self, chunks: Vec<Arc<[Entry]>>, added: Vec<Entry>) -> Self {
        let entries = || chunks.iter().flat_map(|chunk| chunk.iter());
        let gone = entries().filter(|entry| entry.is_gone).count();
        if gone > self.names.hashes.len() / 2 {
            let left: Vec<Entry> = entries().filter(|entry| !entry.is_gone).cloned().chain(added).collect();
            return Self::of(self.key, Vec::new(), Vec::new(), left.into_iter());
        }
        Self::of(self.key, chunks, self.names.hashes.clone(), added.into_iter())
    }

    fn of(
        key: HashKey,
        mut chunks: Vec<Arc<[Entry]>>,
        mut hashes: Vec<u64>,
        added: impl Iterator<Item = Entry>,
    ) -> Self {
        let mut last: Vec<Entry> = match chunks.pop_if(|chunk| chunk.len() < 1 << CHUNK_BITS) {
            Some(chunk) => chunk.to_vec(),
            None => Vec::new(),
        };
        for entry in added {
            let apex = Question::new(entry.apex.as_ref(), key);
            hashes.push(apex.hash(apex.label_count()));
            last.push(entry);
            if last.len() == 1 << CHUNK_BITS {
                chunks.push(std::mem::take(&mut last).into());
            }
        }
        if !last.is_empty() {
            chunks.push(last.into());
        }
        let names = Arc::new(Names::new(&chunks, hashes));
        let memory = |entry: &Entry| entry.authority.as_ref().map_or(0, |authority| authority.memory().all());
        // Many small zones are no smaller than a large one.
        let is_large = chunks.iter().flat_map(|chunk| chunk.iter()).map(memory).sum::<usize>() >= LARGE;
        Self { key, chunks, names, is_large }
    }

    /// The zones, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).filter(|entry| !entry.is_gone)
    }

    /// How many zones there are.
    pub fn zone_count(&self) -> usize {
        self.names.order.len()
    }

    /// Whether a zone lies below another.
    pub fn is_nested(&self) -> bool {
        self.names.is_nested
    }

    /// Whether answers wait for memory, so that it is worth while to bring near what a batch of them will read.
    pub fn is_large(&self) -> bool {
        self.is_large
    }

    /// The key that all names are hashed with.
    pub fn key(&self) -> HashKey {
        self.key
    }

    /// The zone that answers a question: the longest that its name is in; for DS at an apex the parent's, where that is
    /// here (RFC 4035 §3.1.4.1), or that of an ancestor, which refers to the parent.
    pub fn find(&self, question: &Question<'_>, rtype: Rtype) -> Option<&Entry> {
        let labels = question.label_count();
        let zone = self.longest(question, labels)?;
        if rtype == Rtype::DS && labels > 0 && zone.apex.as_ref().label_count() == labels {
            return Some(self.longest(question, labels - 1).unwrap_or(zone));
        }
        Some(zone)
    }

    /// The zone of a name, for those who hold no question.
    pub fn zone(&self, name: NameRef<'_>) -> Option<&Entry> {
        let question = Question::new(name, self.key);
        self.longest(&question, question.label_count())
    }

    /// The zone of this apex.
    pub fn exact(&self, apex: NameRef<'_>) -> Option<&Entry> {
        self.place(apex).map(|place| self.entry(place)).filter(|entry| !entry.is_gone)
    }

    /// The zones that have this one next above them.
    pub fn children(&self, apex: NameRef<'_>) -> impl Iterator<Item = &Entry> {
        let own = self.place(apex).filter(|&place| self.names.is_nested && !self.entry(place).is_gone);
        let behind = own.map_or(&[][..], |place| &self.names.order[self.names.ranks[place] as usize + 1..]);
        let mut child: Option<NameRef<'_>> = None;
        // What lies below a child comes right behind it (RFC 4034 §6.1).
        let below = behind.iter().map(|&place| self.entry(place as usize));
        below.take_while(move |entry| entry.apex.as_ref().is_below(apex)).filter(move |entry| {
            let is_deeper = child.is_some_and(|child| entry.apex.as_ref().is_below(child));
            child = if is_deeper { child } else { Some(entry.apex.as_ref()) };
            !is_deeper
        })
    }

    /// Whether there is a zone at or below a name.
    pub fn has_any_below(&self, name: NameRef<'_>) -> bool {
        let order = &self.names.order;
        let apex = |place: &u32| self.entry(*place as usize).apex.as_ref();
        let first = order.partition_point(|place| apex(place).canonical_cmp(name).is_lt());
        order.get(first).is_some_and(|place| apex(place).is_at_or_below(name))
    }

    fn entry(&self, place: usize) -> &Entry {
        &self.chunks[place >> CHUNK_BITS][place % (1 << CHUNK_BITS)]
    }

    /// Where the zone of this apex is, or was.
    fn place(&self, apex: NameRef<'_>) -> Option<usize> {
        let question = Question::new(apex, self.key);
        let is_it = |number: u32| self.entry(number as usize).apex.as_ref().is(apex);
        self.names.index.find(question.hash(question.label_count()), is_it).map(|number| number as usize)
    }

    /// The longest zone whose apex is a suffix of at most `labels` labels.
    fn longest(&self, question: &Question<'_>, labels: usize) -> Option<&Entry> {
        let mut depths = self.names.depths.iter().filter(|depth| usize::from(depth.labels) <= labels);
        depths.find_map(|&Depth { labels, only }| {
            let labels = usize::from(labels);
            let suffix = question.suffix(labels);
            let is_it = |entry: &&Entry| !entry.is_gone && entry.apex.as_ref().is(suffix);
            let entry = |number: u32| Some(self.entry(number as usize)).filter(is_it);
            match only {
                Some(number) => entry(number),
                None => self.names.index.find_map(question.hash(labels), entry),
            }
        })
    }
}

impl Names {
    fn new(chunks: &[Arc<[Entry]>], hashes: Vec<u64>) -> Self {
        let entries: Vec<&Entry> = chunks.iter().flat_map(|chunk| chunk.iter()).collect();
        let apex = |place: u32| entries[place as usize].apex.as_ref();
        let mut order: Vec<u32> = (0..entries.len() as u32).filter(|&place| !entries[place as usize].is_gone).collect();
        order.sort_by(|&a, &b| apex(a).canonical_cmp(apex(b)));
        let mut ranks = vec![0; entries.len()];
        (0..).zip(&order).for_each(|(rank, &place)| ranks[place as usize] = rank);
        // Whatever lies below a zone comes right behind it, so one that has any has its next.
        let is_nested = order.windows(2).any(|pair| apex(pair[1]).is_below(apex(pair[0])));
        let mut there: [(usize, u32); 128] = [(0, 0); 128];
        for &place in &order {
            let (count, last) = &mut there[apex(place).label_count()];
            (*count, *last) = (*count + 1, place);
        }
        let depth = |(labels, (count, last))| Depth { labels, only: (count == 1).then_some(last) };
        let depths = (0..128).zip(there).rev().filter(|(_, (count, _))| *count > 0).map(depth).collect();
        let names: Vec<(u64, u32)> = hashes.iter().copied().zip(0..).collect();
        Self { index: Index::build(&names), hashes, depths, order, ranks, is_nested }
    }
}
