//! Opinions about zones that could be served: one rule a file, one row a rule.
//!
//! In: a zone with its texts, today's date and, for rules that look beyond one zone, the catalog of all. Out: findings, each
//! at the record to edit. Reads no clock and no disk.
//!
//! # Design
//!
//! A rule's scope is its function's argument: a name, a zone, a zone beside all others, the mirror list beside all zones, or a
//! zone before and after a change. Rules of scope Repository are given the zone they judge and ask the
//! [`Catalog`](crate::authority::Catalog) about all others, by the very lookup that answers queries. The road not taken, all
//! zones as records at once, would make a server that follows an edit hold every zone a second time. A zone that did not
//! build is in the catalog without an authority: unknown, and not empty.
//!
//! Codes of rules live in their rows. What `rule NAME`, RULES.md and reports call the registry is [`codes`]: the table of
//! the rooms below, then the rows here; a test holds their names apart.

mod address;
mod canonical;
mod change;
mod crypto;
mod dkim;
mod known;
mod mirrors;
mod online;
mod others;
mod owners;
mod policies;
mod recent;
mod report;
mod rules;
mod serial;
mod settings;
mod signatures;
mod signed;
mod slip;
mod spf;
mod subject;
mod suppression;
mod survey;
mod tags;
mod text;
mod zonemd;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::diagnostic::{self, Code, Diagnostic, Severity};
use crate::dns::{NameRef, Rtype};
use crate::source::{FileId, Sources, Span};
use crate::threads;
use crate::zone::{Node, Zone};
use change::Change;
use report::Report;
use subject::Subject;
use suppression::Waivers;
use survey::{Target, target_field};

pub use address::of as address_of;
pub use change::{check_change, check_removed};
pub use mirrors::Mirrors;
pub use online::{Delegation, check_online};
pub use others::Others;
pub use owners::{Acting, Owner, Owners, without_mention};
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
    /// What it looks at: of scope Node, names with one of these types, or each name where there is none; of another scope, the
    /// data of these types, among others that are none of addresses.
    types: &'static [Rtype],
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

/// What rules that need no other zone say of one, beside what was found when it was built, in the order of its text.
pub fn check(zone: &Zone, sources: &Sources, settings: &Settings, built: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let is_asked = |code: &Code| rule_of(code).is_none_or(|rule| !rule.scope.is_beside());
    let waivers = Waivers::read(sources, settings.now, is_asked, true);
    let subject = Subject::new(zone, settings);
    let mut findings = weigh(built, zone.apex(), settings, &waivers);
    findings.extend(check_nodes(&subject, sources, &waivers));
    findings.extend(ask(zone, sources, settings, &waivers, 1, |scope, report| {
        if let Scope::Zone(check) = scope {
            check(&subject, report);
        }
    }));
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
    let is_asked = |code: &Code| rule_of(code).is_some_and(|rule| rule.scope.is_beside());
    let waivers = Waivers::read(sources, settings.now, is_asked, false);
    let subject = Subject::new(zone, settings);
    findings.extend(ask(zone, sources, settings, &waivers, settings.threads_for(zone), |scope, report| {
        if let Scope::Repository(check) = scope {
            check(&subject, others, report);
        }
    }));
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
        let (Scope::Mirrors(check), Level::On(severity)) = (rule.scope, settings.severities.of_rule(rule, None)) else {
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

/// What the rules that are asked of a zone find, each in a report of its own: `ask` puts those of its scope, on so many threads.
fn ask(
    zone: &Zone,
    sources: &Sources,
    settings: &Settings,
    waivers: &Waivers,
    threads: usize,
    ask: impl Fn(Scope, &mut Report<'_>) + Sync,
) -> Vec<Diagnostic> {
    let (rules, next) = (rules_of(zone, settings).collect::<Vec<_>>(), AtomicUsize::new(0));
    let take = |_| {
        let mut found = Vec::new();
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(&(rule, severity)) = rules.get(index)
        {
            let mut report = Report::new(rule, severity, zone, sources, settings, waivers);
            ask(rule.scope, &mut report);
            found.push((index, report.finish()));
        }
        found
    };
    let mut found: Vec<_> = threads::on_each(0..threads, take).flatten().collect();
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().flat_map(|(_, findings)| findings).collect()
}

/// The rules that are asked of a zone, and how bad their findings are.
fn rules_of(zone: &Zone, settings: &Settings) -> impl Iterator<Item = (&'static Rule, Severity)> {
    RULES.iter().filter_map(|rule| match settings.severities.of_rule(rule, Some(zone.apex())) {
        Level::On(severity) => Some((rule, severity)),
        Level::Off => None,
    })
}

/// Whether no rule that would keep a zone from being served looks at the data of records of these types: then other data in
/// their place, all else being the same, brings no error.
pub fn allows_any(types: &[Rtype], zone: NameRef<'_>, settings: &Settings) -> bool {
    let is_of_zone = |rule: &&Rule| !matches!(rule.scope, Scope::Mirrors(_) | Scope::Change(_));
    let is_error = |rule: &Rule| settings.severities.of_rule(rule, Some(zone)) == Level::On(Severity::Error);
    !RULES.iter().filter(is_of_zone).any(|rule| rule.reads_any(types) && is_error(rule))
}

/// Rules of scope Node, in one pass over the zone.
fn check_nodes(subject: &Subject<'_>, sources: &Sources, waivers: &Waivers) -> Vec<Diagnostic> {
    let zone = subject.zone;
    let mut asked: Vec<_> = rules_of(zone, subject.settings)
        .filter_map(|(rule, severity)| match rule.scope {
            Scope::Node(check) => {
                Some((rule.types, check, Report::new(rule, severity, zone, sources, subject.settings, waivers)))
            }
            Scope::Zone(_) | Scope::Repository(_) | Scope::Mirrors(_) | Scope::Change(_) => None,
        })
        .collect();
    let concerned = Concerned::new(zone, asked.iter().map(|(types, ..)| *types));
    // A name that is the hash of another is nobody's to edit.
    for (node, cut) in subject.nodes().filter(|(node, _)| !node.is_hash()) {
        subject.set_cut(cut);
        for index in concerned.by(node) {
            let (_, check, report) = &mut asked[index];
            check(node, subject, report);
        }
    }
    subject.set_cut(None);
    asked.into_iter().flat_map(|(.., report)| report.finish()).collect()
}

/// Which of some rules look at a name, by the types it has: most rules are spared most names. A rule is a bit.
struct Concerned {
    /// Those that look at every name.
    always: u128,
    by_type: Vec<(Rtype, u128)>,
}

impl Concerned {
    fn new(zone: &Zone, rules: impl Iterator<Item = &'static [Rtype]> + Clone) -> Self {
        const { assert!(RULES.len() <= u128::BITS as usize, "a rule has a bit of its own") };
        let bits = |is_concerned: &dyn Fn(&[Rtype]) -> bool| {
            let concerned = rules.clone().enumerate().filter(|(_, types)| is_concerned(types));
            concerned.fold(0, |bits, (index, _)| bits | 1 << index)
        };
        let of_type = |&rtype: &Rtype| (rtype, bits(&|types: &[Rtype]| types.contains(&rtype)));
        // Types that concern no rule are left out: the others are few, however many a zone has.
        let by_type = zone.types().iter().map(of_type).filter(|(_, bits)| *bits != 0).collect();
        Self { always: bits(&|types: &[Rtype]| types.is_empty()), by_type }
    }

    /// The rules that look at this node, in their order.
    fn by(&self, node: Node<'_>) -> impl Iterator<Item = usize> {
        let of_type =
            |rtype: Rtype| self.by_type.iter().find(|(known, _)| *known == rtype).map_or(0, |(_, bits)| *bits);
        let mut bits = node.rrsets().fold(self.always, |bits, rrset| bits | of_type(rrset.rtype()));
        std::iter::from_fn(move || {
            let next = (bits != 0).then_some(bits.trailing_zeros() as usize);
            bits &= bits.wrapping_sub(1);
            next
        })
    }
}

/// The finding on a file that is made to be included, the only text of `sources`, and that no zone includes; none where the
/// config turns the rule off.
pub fn unused_include(sources: &Sources, settings: &Settings) -> Option<Diagnostic> {
    let rule = RULES.iter().find(|rule| rule.code.name == "unused-include")?;
    let Level::On(severity) = settings.severities.of_rule(rule, None) else { return None };
    let place = Span::start_of(FileId(0));
    let headline = format!("`{}` is included by no zone", sources.get(place.file).name());
    let finding = Diagnostic::new(&rule.code, place, headline)
        .label("nobody reads this file")
        .why("its records are never served, and an edit of them changes nothing")
        .fix("add `$INCLUDE` with its name to a zone, or delete it");
    Some(Diagnostic { severity, ..finding })
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
    let mut said: HashSet<(&str, _)> = HashSet::new();
    for finding in &findings {
        let subsumed = rule_of(finding.code).map_or(&[][..], |rule| rule.subsumes);
        said.extend(subsumed.iter().map(|name| (*name, line(finding))));
    }
    if !said.is_empty() {
        findings.retain(|finding| !said.contains(&(finding.code.name, line(finding))));
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

/// The rule of a code, if it is one's.
fn rule_of(code: &Code) -> Option<&'static Rule> {
    RULES.iter().find(|rule| std::ptr::eq(&rule.code, code))
}

/// How bad a code's findings are, as a config would write it: `off` for a rule that is not asked by default.
pub fn default_of(code: &Code) -> &'static str {
    rule_of(code).map_or(code.severity.as_str(), Rule::default)
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
    match rule_of(code) {
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
