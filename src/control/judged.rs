//! The zones of one tree, judged beside each other as `serve` would, and the mirror list beside them.

use std::sync::Arc;

use super::load::{Listing, Loaded, MirrorList, Root, Terms, load_listed_beside, unused_includes};
use crate::authority::{Authority, Catalog, HashKey};
use crate::diagnostic::Diagnostic;
use crate::dns::NameRef;
use crate::lint::Others;
use crate::review::Reviewed;
use crate::review::change::shorten;
use crate::source::Sources;
use crate::zone::Zone;

/// The key of trees that live as long as one command: nobody chooses names against it.
pub const KEY: HashKey = HashKey([0; 16]);

fn compile(zone: &Zone) -> Arc<Authority> {
    Arc::new(Authority::compile(zone, KEY))
}

/// What was found in one tree.
#[derive(Debug, Default)]
pub struct Judged {
    /// Files whose name is no zone's, each with the reason.
    pub misnamed: Vec<String>,
    /// The zones, in the order of the listing.
    pub zones: Vec<Loaded>,
    /// What belongs to no zone: includes that nobody reads, the mirror list, the config.
    pub rest: Vec<Section>,
}

/// Findings of one place that is no zone.
#[derive(Clone, Debug)]
pub struct Section {
    /// What it is called where zones have their names.
    pub name: String,
    /// Its texts.
    pub sources: Sources,
    /// What was found in them.
    pub findings: Vec<Diagnostic>,
}

/// What reviews ask of a zone: its text and what it says, whatever was found of it.
impl From<Loaded> for Reviewed {
    fn from(loaded: Loaded) -> Self {
        Self { name: loaded.name, zone: loaded.zone, sources: loaded.sources }
    }
}

impl Judged {
    /// Reads and judges the zones of a listing and the mirror list that belongs to them.
    ///
    /// `progress` is told each time that one more zone was read.
    pub fn read(root: &Root, listing: &Listing, mirrors: MirrorList, terms: &Terms, progress: &dyn Fn()) -> Self {
        let load = |listed| {
            let loaded = load_listed_beside(root, listed, terms, |zone, _, _| compile(zone));
            progress();
            loaded
        };
        let (zones, compiled): (Vec<_>, Vec<_>) = listing.zones.iter().map(load).unzip();
        let mut judged = Self::beside_compiled(zones, compiled, mirrors, terms);
        let misnamed = listing.misnamed.iter();
        judged.misnamed =
            misnamed.map(|(file, reason)| format!("{}: its name is no zone's: {reason}", root.display(file))).collect();
        let unused = unused_includes(root, listing, &judged.zones, terms).into_iter().map(|(sources, finding)| {
            let name = sources.get(finding.primary.span.file).name().to_owned();
            Section { name, sources, findings: vec![finding] }
        });
        judged.rest = unused.chain(std::mem::take(&mut judged.rest)).collect();
        judged
    }

    /// Judges zones that were read, and the mirror list beside them.
    pub fn beside(zones: Vec<Loaded>, mirrors: MirrorList, terms: &Terms) -> Self {
        let compiled = zones.iter().map(|_| None).collect();
        Self::beside_compiled(zones, compiled, mirrors, terms)
    }

    /// The same for zones some of which are compiled already.
    fn beside_compiled(
        mut zones: Vec<Loaded>,
        compiled: Vec<Option<Arc<Authority>>>,
        mut mirrors: MirrorList,
        terms: &Terms,
    ) -> Self {
        let authority = |(loaded, compiled): (&Loaded, Option<Arc<Authority>>)| {
            (loaded.name.clone(), compiled.or_else(|| loaded.zone.as_ref().map(compile)))
        };
        let catalog = Catalog::new(KEY, zones.iter().zip(compiled).map(authority));
        let others = Others::new(&catalog, &|_: NameRef<'_>| true).with_mirrors(&mirrors.mirrors);
        zones.iter_mut().for_each(|loaded| loaded.judge_beside(&others, terms));
        mirrors.judge_beside(&others, terms);
        let MirrorList { mirrors, findings } = mirrors;
        let has_list = mirrors.sources.iter().len() > 0;
        let list = Section { name: "mirror list".into(), sources: mirrors.sources, findings };
        Self { misnamed: Vec::new(), zones, rest: Vec::from_iter(has_list.then_some(list)) }
    }

    /// Leaves as many findings of a kind as anybody reads.
    pub fn shorten(&mut self) {
        self.findings().for_each(|(findings, _)| shorten(findings));
    }

    /// The findings of each zone and of each other section, with their texts.
    pub fn findings(&mut self) -> impl Iterator<Item = (&mut Vec<Diagnostic>, &Sources)> {
        let zones = self.zones.iter_mut().map(|loaded| (&mut loaded.findings, &loaded.sources));
        zones.chain(self.rest.iter_mut().map(|section| (&mut section.findings, &section.sources)))
    }
}
