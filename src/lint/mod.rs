//! Opinions about zones that could be served: one rule a file, one row a rule.
//!
//! In: a zone with its texts, today's date and, for rules that look beyond one zone, the catalog of all. Out: findings, each
//! at the record to edit. Reads no clock and no disk.
//!
//! # Design
//!
//! A rule's scope is its function's argument: a name, a zone, a zone beside all others, or a zone before and after a change. Rules of scope Repository are given the zone they judge and ask
//! the [`Catalog`](crate::authority::Catalog) about all others, by the very lookup that answers queries. The road not taken, all zones as records at
//! once, would make a server that follows an edit hold every zone a second time. A zone that did not build is in the
//! catalog without an authority: unknown, and not empty.
//!
//! Codes of rules live in their rows. What `rule NAME`, RULES.md and reports call the registry is [`codes`]: the table of
//! the rooms below, then the rows here; a test holds their names apart.

mod address;
mod canonical;
mod change;
mod crypto;
mod dkim;
mod mirrors;
mod others;
mod owners;
mod report;
mod rules;
mod settings;
mod signatures;
mod signed;
mod slip;
mod spf;
mod suppression;
mod tags;
mod text;
mod zonemd;

use std::cell::{Cell, OnceCell};
use std::collections::HashSet;

use crate::diagnostic::{self, Code, Diagnostic, Severity};
use crate::dns::{MAX_NAME, NameRef, Rtype};
use crate::source::{FileId, Sources, Span};
use crate::zone::{Node, Rrset, Zone};
use crate::zonefile::Record;
use change::Change;
use others::Presence;
use report::Report;
use signed::Signed;
use suppression::Waivers;

pub use change::{check_added, check_change, check_removed};
pub use crypto::sha256;
pub use mirrors::Mirrors;
pub use others::Others;
pub use owners::{Acting, Owner, Owners};
pub use report::MOST_OF_A_RULE;
pub use rules::{RULES, markdown};
pub use settings::{Level, Pattern, Settings, Severities, is_configurable};
pub use zonemd::{HashAlgorithm, zonemd};

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name and default severity.
    pub code: Code,
    /// Whether it is asked unless the config says otherwise.
    pub is_on: bool,
    /// Rules whose finding at the same record says less of the same mistake: it is dropped beside one of this rule.
    pub subsumes: &'static [&'static str],
    /// Its file: the leading `//!` lines are its manual.
    source: &'static str,
    scope: Scope,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
enum Scope {
    /// One name at a time, whatever the others are.
    Node(fn(Node<'_>, &Subject<'_>, &mut Report<'_>)),
    /// One zone.
    Zone(fn(&Subject<'_>, &mut Report<'_>)),
    /// One zone beside all others.
    Repository(fn(&Subject<'_>, &Others<'_>, &mut Report<'_>)),
    /// The mirror list beside all zones.
    Mirrors(fn(&Mirrors, &Others<'_>, &Waivers, &'static Code) -> Vec<Diagnostic>),
    /// One zone before and after.
    Change(fn(&Change<'_>, &mut Report<'_>)),
}

impl Scope {
    fn as_str(self) -> &'static str {
        match self {
            Self::Node(_) => "node",
            Self::Zone(_) => "zone",
            Self::Repository(_) => "repository",
            Self::Mirrors(_) => "mirrors",
            Self::Change(_) => "change",
        }
    }

    fn is_beside(self) -> bool {
        matches!(self, Self::Repository(_))
    }
}

/// A zone and what several rules ask of it.
struct Subject<'z> {
    zone: &'z Zone,
    settings: &'z Settings,
    signed: OnceCell<Option<Signed<'z>>>,
    targets: OnceCell<Vec<Target<'z>>>,
    presences: OnceCell<Vec<Presence>>,
    servers: OnceCell<HashSet<Box<[u8]>>>,
    cut: Cell<Option<Node<'z>>>,
}

/// A record that names a host or another name, in data that is the zone's own to give.
#[derive(Clone, Copy)]
struct Target<'z> {
    rrset: Rrset<'z>,
    record: &'z Record,
    /// The name, as it was read: absolute.
    name: NameRef<'z>,
}

/// The types whose first name is one to go to, and which of their fields that is.
const TARGETS: &[(Rtype, usize)] = &[
    (Rtype::NS, 0),
    (Rtype::CNAME, 0),
    (Rtype::PTR, 0),
    (Rtype::MX, 1),
    (Rtype::SRV, 3),
    (Rtype::DNAME, 0),
    (Rtype::SVCB, 1),
    (Rtype::HTTPS, 1),
];

/// Which field of a record's data holds the name to go to, in records of a type that has one.
fn target_field(rtype: Rtype) -> usize {
    TARGETS.iter().find(|(known, _)| *known == rtype).map_or(0, |&(_, field)| field)
}

impl<'z> Subject<'z> {
    fn new(zone: &'z Zone, settings: &'z Settings) -> Self {
        let (signed, targets, presences) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { zone, settings, signed, targets, presences, servers: OnceCell::new(), cut: Cell::new(None) }
    }

    /// The zone as one that is signed, if it is.
    fn signed(&self) -> Option<&Signed<'z>> {
        self.signed.get_or_init(|| Signed::of(self.zone, self.settings.threads)).as_ref()
    }

    /// The zone's nodes in canonical order, each with the topmost cut that it is or lies below.
    fn nodes(&self) -> impl Iterator<Item = (Node<'z>, Option<Node<'z>>)> {
        let mut cut: Option<Node<'z>> = None;
        self.zone.nodes().map(move |node| {
            cut = cut.filter(|cut| node.name().is_at_or_below(cut.name()));
            if cut.is_none() && node.is_delegation() {
                cut = Some(node);
            }
            (node, cut)
        })
    }

    /// The topmost cut that the node of a rule of scope Node is or lies below; none where the node is the zone's own.
    fn cut(&self) -> Option<Node<'z>> {
        self.cut.get()
    }

    /// The records that name a host or another name, in canonical order: those of the zone and the NS records of its cuts,
    /// none of what a cut hides.
    fn targets(&self) -> &[Target<'z>] {
        self.targets.get_or_init(|| {
            let mut targets = Vec::new();
            for (node, cut) in self.nodes() {
                let is_shown = |rrset: &Rrset<'z>| match cut {
                    None => true,
                    Some(cut) => rrset.rtype() == Rtype::NS && cut.is_same(node),
                };
                for rrset in node.rrsets().filter(|rrset| TARGETS.iter().any(|(rtype, _)| *rtype == rrset.rtype())) {
                    if is_shown(&rrset) {
                        let with_name = |(record, rdata)| {
                            Some(Target { rrset, record, name: others::target(rrset.rtype(), rdata)? })
                        };
                        targets.extend(rrset.records().zip(rrset.rdatas()).filter_map(with_name));
                    }
                }
            }
            targets
        })
    }

    /// Whether an NS record of the zone names this host: then its addresses may be glue.
    fn is_server(&self, name: NameRef<'_>) -> bool {
        let lower = |name: NameRef<'_>| -> Box<[u8]> { name.octets().to_ascii_lowercase().into() };
        let servers = || self.targets_of(&[Rtype::NS]).map(|target| lower(target.name)).collect();
        // Asked of every name below a cut: the buffer spares each an allocation.
        let mut buffer = [0; MAX_NAME];
        let octets = &mut buffer[..name.octets().len()];
        octets.copy_from_slice(name.octets());
        octets.make_ascii_lowercase();
        self.servers.get_or_init(servers).contains(&*octets)
    }

    /// Those of some types of whose name this is said, each name looked up once for all rules.
    fn targets_that(
        &self,
        others: &Others<'_>,
        said: &[Presence],
        types: &[Rtype],
    ) -> impl Iterator<Item = &Target<'z>> {
        let ask = |target: &Target<'z>| others.presence(target.name);
        let presences = self.presences.get_or_init(|| self.targets().iter().map(ask).collect());
        let asked = self.targets().iter().zip(presences);
        let is_meant = move |(target, known): &(&Target<'z>, &Presence)| {
            said.contains(known) && types.contains(&target.rrset.rtype())
        };
        asked.filter(is_meant).map(|(target, _)| target)
    }

    /// Those of some types.
    fn targets_of(&self, types: &[Rtype]) -> impl Iterator<Item = &Target<'z>> {
        self.targets().iter().filter(move |target| types.contains(&target.rrset.rtype()))
    }
}

/// What rules that need no other zone say of one, beside what was found when it was built, in the order of its text.
pub fn check(zone: &Zone, sources: &Sources, settings: &Settings, built: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let is_asked = |code: &Code| RULES.iter().all(|rule| !std::ptr::eq(&rule.code, code) || !rule.scope.is_beside());
    let waivers = Waivers::read(sources, settings.now, is_asked, true);
    let subject = Subject::new(zone, settings);
    let mut findings = weigh(built, zone.apex(), settings, &waivers);
    findings.extend(check_nodes(&subject, sources, &waivers));
    for (rule, severity) in rules_of(zone, settings) {
        let mut report = Report::new(rule, severity, zone, sources, settings, &waivers);
        if let Scope::Zone(check) = rule.scope {
            check(&subject, &mut report);
        }
        findings.extend(report.finish());
    }
    findings.extend(weigh(waivers.finish(), zone.apex(), settings, &Waivers::default()));
    reconcile(findings, sources)
}

/// Adds to what is known of a zone what rules say of it beside all other zones.
pub fn check_beside(
    zone: &Zone,
    sources: &Sources,
    settings: &Settings,
    others: &Others<'_>,
    mut findings: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let is_asked = |code: &Code| RULES.iter().any(|rule| std::ptr::eq(&rule.code, code) && rule.scope.is_beside());
    let waivers = Waivers::read(sources, settings.now, is_asked, false);
    let subject = Subject::new(zone, settings);
    for (rule, severity) in rules_of(zone, settings) {
        let mut report = Report::new(rule, severity, zone, sources, settings, &waivers);
        if let Scope::Repository(check) = rule.scope {
            check(&subject, others, &mut report);
        }
        findings.extend(report.finish());
    }
    findings.extend(weigh(waivers.finish(), zone.apex(), settings, &Waivers::default()));
    reconcile(findings, sources)
}

/// What rules say of the mirror list beside all zones, in the order of its files.
///
/// # Design
///
/// The list is checked and not served: a mirror that it has wrong is no reason to hold a zone back.
pub fn check_mirrors(mirrors: &Mirrors, settings: &Settings, others: &Others<'_>) -> Vec<Diagnostic> {
    let waivers = Waivers::read_mirrors(&mirrors.sources, settings.now);
    let mut findings = Vec::new();
    for rule in RULES {
        let (Scope::Mirrors(check), Level::On(severity)) =
            (rule.scope, settings.severities.of_rule(rule, NameRef::ROOT))
        else {
            continue;
        };
        findings.extend(
            check(mirrors, others, &waivers, &rule.code).into_iter().map(|finding| Diagnostic { severity, ..finding }),
        );
    }
    findings.extend(weigh(waivers.finish(), NameRef::ROOT, settings, &Waivers::default()));
    diagnostic::sort(&mut findings);
    findings
}

/// The rules that are asked of a zone, and how bad their findings are.
fn rules_of(zone: &Zone, settings: &Settings) -> impl Iterator<Item = (&'static Rule, Severity)> {
    RULES.iter().filter_map(|rule| match settings.severities.of_rule(rule, zone.apex()) {
        Level::On(severity) => Some((rule, severity)),
        Level::Off => None,
    })
}

/// Rules of scope Node, in one pass over the zone.
fn check_nodes(subject: &Subject<'_>, sources: &Sources, waivers: &Waivers) -> Vec<Diagnostic> {
    let mut asked: Vec<_> = rules_of(subject.zone, subject.settings)
        .filter_map(|(rule, severity)| match rule.scope {
            Scope::Node(check) => {
                Some((check, Report::new(rule, severity, subject.zone, sources, subject.settings, waivers)))
            }
            Scope::Zone(_) | Scope::Repository(_) | Scope::Mirrors(_) | Scope::Change(_) => None,
        })
        .collect();
    // A name that is the hash of another is nobody's to edit.
    for (node, cut) in subject.nodes().filter(|(node, _)| !node.is_hash()) {
        subject.cut.set(cut);
        asked.iter_mut().for_each(|(check, report)| check(node, subject, report));
    }
    subject.cut.set(None);
    asked.into_iter().flat_map(|(_, report)| report.finish()).collect()
}

/// The finding on a file that is made to be included, the only text of `sources`, and that no zone includes; none where the
/// config turns the rule off.
pub fn unused_include(sources: &Sources, settings: &Settings) -> Option<Diagnostic> {
    let code = find("unused-include")?;
    let level = settings.severities.everywhere.iter().find(|(name, _)| *name == code.name).map(|&(_, level)| level);
    let severity = match level.unwrap_or(Level::On(code.severity)) {
        Level::On(severity) => severity,
        Level::Off => return None,
    };
    let place = Span { file: FileId(0), start: 0, end: 0 };
    let headline = format!("`{}` is included by no zone", sources.get(place.file).name());
    let mut finding = Diagnostic::new(code, place, headline).label("nobody reads this file");
    finding.severity = severity;
    Some(
        finding
            .why("its records are never served, and an edit of them changes nothing")
            .fix("add `$INCLUDE` with its name to a zone, or delete it"),
    )
}

/// Takes what rooms below found as the config and the waivers want it.
fn weigh(findings: Vec<Diagnostic>, zone: NameRef<'_>, settings: &Settings, waivers: &Waivers) -> Vec<Diagnostic> {
    let take = |mut finding: Diagnostic| {
        let level = settings.severities.of_code(finding.code, zone);
        match level {
            Some(Level::Off) => return None,
            Some(Level::On(severity)) => finding.severity = severity,
            None => {}
        }
        let is_waived = is_configurable(finding.code) && waivers.waive(&finding);
        (!is_waived).then_some(finding)
    };
    findings.into_iter().filter_map(take).collect()
}

/// Drops what another finding at the same record says better, and puts the rest in the order of the text.
fn reconcile(mut findings: Vec<Diagnostic>, sources: &Sources) -> Vec<Diagnostic> {
    let line = |finding: &Diagnostic| {
        let span = finding.primary.span;
        (span.file, sources.get(span.file).position(span.start).line)
    };
    let mut said: Vec<(&str, _)> = Vec::new();
    for finding in &findings {
        let subsumed =
            RULES.iter().find(|rule| std::ptr::eq(&rule.code, finding.code)).map_or(&[][..], |rule| rule.subsumes);
        said.extend(subsumed.iter().map(|name| (*name, line(finding))));
    }
    if !said.is_empty() {
        let is_subsumed = |finding: &Diagnostic| {
            said.iter().any(|(name, _)| *name == finding.code.name)
                && said.contains(&(finding.code.name, line(finding)))
        };
        findings.retain(|finding| !is_subsumed(finding));
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

/// How bad a code's findings are, as a config would write it: `off` for a rule that is not asked by default.
pub fn default_of(code: &Code) -> &'static str {
    RULES.iter().find(|rule| std::ptr::eq(&rule.code, code)).map_or(code.severity.as_str(), Rule::default)
}

/// The code whose name is most like `name`: for those who misspelt one.
pub fn nearest(name: &str) -> &'static str {
    // The time grows with the product of the lengths, and no name of a code is longer.
    let name: String = name.chars().take(64).collect();
    let likeness = |code: &&Code| strsim::jaro_winkler(code.name, &name);
    codes().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).map_or("", |code| code.name)
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
