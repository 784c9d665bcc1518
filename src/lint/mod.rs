//! Opinions about zones that could be served: one rule a file, one row a rule.
//!
//! In: a zone with its texts, today's date and, for rules that look beyond one zone, the catalog of all. Out: findings, each
//! at the record to edit. Reads no clock and no disk.
//!
//! # Design
//!
//! A rule's scope is its function's argument: a name, a zone, or a zone beside all others. Rules of scope Repository are given the zone they judge and ask
//! the [`Catalog`] about all others, by the very lookup that answers queries. The road not taken, all zones as records at
//! once, would make a server that follows an edit hold every zone a second time. A zone that did not build is in the
//! catalog without an authority: unknown, and not empty.
//!
//! Codes of rules live in their rows. What `rule NAME`, RULES.md and reports call the registry is [`codes`]: the table of
//! the rooms below, then the rows here; a test holds their names apart.

mod canonical;
mod crypto;
mod report;
mod rules;
mod signatures;
mod signed;
mod zonemd;

use std::cell::OnceCell;

use crate::authority::{Authority, Catalog};
use crate::diagnostic::{self, Code, Diagnostic};
use crate::dns::NameRef;
use crate::source::Sources;
use crate::zone::{Node, Zone};
use report::Report;
use signed::Signed;

pub use crypto::sha256;
pub use rules::{RULES, markdown};
pub use zonemd::{HashAlgorithm, zonemd};

/// What rules depend on, beside the zones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Today: seconds since 1970.
    pub now: u32,
    /// How many seconds ahead a signature's end is told of.
    pub expires_soon: u32,
    /// Threads that verify the signatures of one zone.
    pub threads: usize,
}

impl Settings {
    /// The defaults, for a day.
    pub fn new(now: u32) -> Self {
        const DAY: u32 = 24 * 3600;
        Self { now, expires_soon: 3 * DAY, threads: 1 }
    }
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name and default severity.
    pub code: Code,
    /// Its file: the leading `//!` lines are its manual.
    source: &'static str,
    scope: Scope,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
enum Scope {
    /// One name at a time, whatever the others are.
    #[expect(dead_code, reason = "rules of this scope come with the opinions on unsigned zones")]
    Node(fn(Node<'_>, &Subject<'_>, &mut Report<'_>)),
    /// One zone.
    Zone(fn(&Subject<'_>, &mut Report<'_>)),
    /// One zone beside all others.
    Repository(fn(&Subject<'_>, &Others<'_>, &mut Report<'_>)),
}

impl Scope {
    fn as_str(self) -> &'static str {
        match self {
            Self::Node(_) => "node",
            Self::Zone(_) => "zone",
            Self::Repository(_) => "repository",
        }
    }
}

/// A zone and what several rules ask of it.
struct Subject<'z> {
    zone: &'z Zone,
    settings: &'z Settings,
    signed: OnceCell<Option<Signed<'z>>>,
}

impl<'z> Subject<'z> {
    fn new(zone: &'z Zone, settings: &'z Settings) -> Self {
        Self { zone, settings, signed: OnceCell::new() }
    }

    /// The zone as one that is signed, if it is.
    fn signed(&self) -> Option<&Signed<'z>> {
        self.signed.get_or_init(|| Signed::of(self.zone, self.settings.threads)).as_ref()
    }
}

/// All zones that are served or about to be.
pub struct Others<'c> {
    /// The zones; one that did not build has no authority.
    pub catalog: &'c Catalog,
    /// Whether a zone is judged in this run too: then what is wrong between two zones is told once, at the parent.
    pub is_judged: &'c dyn Fn(NameRef<'_>) -> bool,
}

impl Others<'_> {
    /// The zone with this apex, if it is here and known.
    fn zone(&self, apex: NameRef<'_>) -> Option<&Authority> {
        let entry = self.catalog.zone(apex).filter(|entry| entry.apex.as_ref().is(apex))?;
        entry.authority.as_deref()
    }

    /// The zone that delegates this one, if it is here and known.
    fn parent(&self, apex: NameRef<'_>) -> Option<&Authority> {
        self.catalog.zone(apex.parent()?)?.authority.as_deref()
    }
}

/// What rules that need no other zone say of one, in the order of its text.
pub fn check(zone: &Zone, sources: &Sources, settings: &Settings) -> Vec<Diagnostic> {
    run(zone, sources, settings, |scope, subject, report| match scope {
        Scope::Node(check) => subject.zone.nodes().for_each(|node| check(node, subject, report)),
        Scope::Zone(check) => check(subject, report),
        Scope::Repository(_) => {}
    })
}

/// What rules say of a zone beside all others, in the order of its text.
pub fn check_beside(zone: &Zone, sources: &Sources, settings: &Settings, others: &Others<'_>) -> Vec<Diagnostic> {
    run(zone, sources, settings, |scope, subject, report| match scope {
        Scope::Repository(check) => check(subject, others, report),
        Scope::Node(_) | Scope::Zone(_) => {}
    })
}

/// Whether [`check_beside`] could have anything to say of a zone, given whether a zone above it is here. A server keeps the
/// text of such zones until all are read.
pub fn has_relations(zone: &Zone, has_parent: bool) -> bool {
    rules::has_relations(zone, has_parent)
}

fn run(
    zone: &Zone,
    sources: &Sources,
    settings: &Settings,
    mut apply: impl FnMut(Scope, &Subject<'_>, &mut Report<'_>),
) -> Vec<Diagnostic> {
    let subject = Subject::new(zone, settings);
    let mut findings = Vec::new();
    for rule in RULES {
        let mut report = Report::new(&rule.code, zone, sources, &mut findings);
        apply(rule.scope, &subject, &mut report);
        report.finish();
    }
    diagnostic::sort(&mut findings);
    findings
}

/// All codes that a finding can carry: of the rooms below, then of rules.
pub fn codes() -> impl Iterator<Item = &'static Code> {
    diagnostic::codes::CODES.iter().copied().chain(RULES.iter().map(|rule| &rule.code))
}

/// The code of a name, as findings carry it.
pub fn find(name: &str) -> Option<&'static Code> {
    codes().find(|code| code.name == name)
}

/// What is to be known of a code: a rule's manual, or one line for faults that need no more.
pub fn manual(code: &Code) -> String {
    match RULES.iter().find(|rule| rule.code.name == code.name) {
        Some(rule) => plain(&rule.manual()),
        None => format!("{}\n", code.summary),
    }
}

/// Markdown as a terminal shows it: examples set in instead of fenced.
fn plain(markdown: &str) -> String {
    let (mut text, mut margin) = (String::new(), "");
    for line in markdown.lines() {
        match line.starts_with("```") {
            true => margin = if margin.is_empty() { "    " } else { "" },
            false => text += &format!("{margin}{line}\n"),
        }
    }
    text
}
