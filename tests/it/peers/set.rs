//! What the peers and we are given: sets of zones, and the questions about them.

#![expect(clippy::disallowed_methods, reason = "the environment says how many questions are asked")]

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use zonewright::authority::{Authority, Catalog};
use zonewright::dns::{Name, Rtype};
use zonewright::server::{Policy, Served};
use zonewright::zone::Zone;

use super::make::Zones;
use super::question::{self, Question};
use crate::support::message::Query;
use crate::support::{self, KEY, fixture};
use crate::{ferret, signed};

/// Zones as files for the peers and compiled for us, with the questions about them.
pub(super) struct Set {
    pub(super) name: &'static str,
    pub(super) zones: Zones,
    pub(super) served: Served,
    pub(super) questions: Vec<Question>,
    /// A zone that every make can load.
    pub(super) probe: String,
}

/// How many of a set's questions are asked: one in so many, as the seed has it, or all.
pub(super) struct Extent {
    seed: u64,
    is_whole: bool,
}

impl Extent {
    pub(super) fn from_environment() -> Self {
        let seed = std::env::var("ZONEWRIGHT_SEED").map_or(1, |seed| seed.parse().expect("the seed is a number"));
        Self { seed, is_whole: std::env::var_os("ZONEWRIGHT_WHOLE").is_some_and(|value| value == "1") }
    }

    /// A number that the seed gives to something.
    fn draw(&self, what: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, what).hash(&mut hasher);
        hasher.finish()
    }

    fn keeps(&self, what: impl Hash, one_in: u64) -> bool {
        self.is_whole || self.draw(what).is_multiple_of(one_in)
    }
}

/// Collects the zones of a set and the names to ask for.
struct Builder {
    zones: Zones,
    compiled: Vec<(Name, Option<Arc<Authority>>)>,
    names: BTreeSet<String>,
    questions: Vec<Question>,
}

impl Builder {
    fn new() -> Self {
        Self { zones: Zones::new(), compiled: Vec::new(), names: BTreeSet::new(), questions: Vec::new() }
    }

    /// Adds a zone, or the name of one that cannot be loaded.
    fn add(&mut self, apex: &str, text: Option<&str>) {
        self.zones.add(apex, text);
        match text.map(|text| support::build(apex, text).0.expect("a good zone")) {
            Some(zone) => self.compile(&zone),
            None => self.compiled.push((Name::absolute(apex).expect("an apex"), None)),
        }
    }

    fn compile(&mut self, zone: &Zone) {
        self.names.extend(zone.nodes().flat_map(|node| question::names_around(&node.name().to_string())));
        self.compiled.push((zone.apex().to_name(), Some(Arc::new(Authority::compile(zone, KEY)))));
    }

    /// Questions about all names collected: one name and one question in so many.
    fn ask(&mut self, extent: &Extent, names_in: u64, questions_in: u64) {
        let names = self.names.iter().filter(|name| extent.keeps(name, names_in));
        let queries = names.flat_map(|name| question::of_every_type(name));
        let questions = queries.flat_map(question::in_every_manner);
        let kept =
            questions.filter(|question| extent.keeps((question.query.octets(), question.is_tcp()), questions_in));
        self.questions.extend(kept);
    }

    /// The same for sets of very many names: each question in one manner, as the seed has it.
    fn ask_once(&mut self, extent: &Extent, one_in: u64) {
        let queries = self.names.iter().flat_map(|name| question::of_every_type(name));
        let kept = queries.filter(|query| extent.keeps((&query.name, query.rtype.0), one_in));
        let once = kept.map(|query| question::in_some_manner(extent.draw((&query.name, query.rtype.0)), query));
        self.questions.extend(once);
    }

    /// Questions that go together with each strange manner, whatever the extent.
    fn ask_strangely(&mut self, queries: &[(&str, Rtype)]) {
        let queries = queries.iter().map(|&(name, rtype)| Query::new(name, rtype));
        self.questions.extend(queries.flat_map(|query| question::in_strange_manners(&query)));
    }

    fn build(mut self, name: &'static str, probe: &str) -> Set {
        // Each its own, so that an answer that comes late is not taken for the next one.
        self.questions.iter_mut().zip((0..=u16::MAX).cycle()).for_each(|(question, id)| question.query.id = id);
        let served = Served::new(Catalog::new(KEY, self.compiled), Policy::default());
        Set { name, zones: self.zones, served, questions: self.questions, probe: probe.to_owned() }
    }
}

/// The zones of `tests/fixtures/answers` and of `zones/`, none of them signed.
pub(super) fn unsigned(extent: &Extent) -> Set {
    let mut set = Builder::new();
    let fixtures = fixture::all().into_iter().filter(|fixture| fixture.zones.iter().all(|(apex, _)| apex != "."));
    for fixture in fixtures {
        fixture.zones.iter().for_each(|(apex, text)| set.add(apex, text.as_deref()));
        let plain = fixture.steps.iter().filter(|step| step.ask.is_plain() && fixture.name != "message");
        set.questions.extend(plain.flat_map(|step| question::in_every_manner(step.ask.query.clone())));
    }
    set.zones.copy_all(&support::zone_directory());
    for (apex, zone) in &support::repository_zones() {
        set.zones.add(&apex.to_string(), None);
        set.compile(zone);
    }
    set.ask(extent, 4, 8);
    set.ask_strangely(&[
        ("almalinux.org.", Rtype::SOA),
        ("nothing.almalinux.org.", Rtype::A),
        ("www.cname.test.", Rtype::A),
        ("nowhere.invalid.", Rtype::A),
    ]);
    set.build("unsigned", "almalinux.org.")
}

/// One of the signed fixtures.
pub(super) fn signed(name: &'static str, extent: &Extent) -> Set {
    let mut set = Builder::new();
    set.add("example.", Some(&signed::text_of(name)));
    set.ask(extent, 4, 8);
    set.ask_strangely(&[
        ("example.", Rtype::SOA),
        ("x.wild.example.", Rtype::TXT),
        ("nothing.example.", Rtype::A),
        ("www.insecure.example.", Rtype::A),
    ]);
    set.build(name, "example.")
}

/// A signed root, its signed children and an unsigned one, with chains across them; none without BIND's signer.
pub(super) fn family(extent: &Extent) -> Option<Set> {
    let mut set = Builder::new();
    for (apex, text) in signed::family()? {
        set.add(apex, Some(&text));
    }
    set.ask(extent, 1, 8);
    Some(set.build("family", "."))
}

/// The zones of the Ferret data set, with the questions of its cases and those around their names.
pub(super) fn ferret(extent: &Extent) -> Option<Set> {
    let data = ferret::Data::read()?;
    let mut set = Builder::new();
    data.zones.iter().for_each(|(apex, text)| set.add(apex, Some(text)));
    set.questions.extend(data.cases.iter().map(|case| Question::plain(case.query())));
    set.ask_once(extent, 60);
    let probe = data.zones[0].0.clone();
    Some(set.build("ferret", &probe))
}
