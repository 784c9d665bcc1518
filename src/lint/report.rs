//! Where a rule's findings go.

use super::suppression::Waivers;
use super::{Rule, Settings, Target, target_field};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::source::{FileId, Source, Sources, Span};
use crate::zone::{Rrset, Zone};
use crate::zonefile::{Places, Record};

/// The most findings of one rule in one zone. A forgotten signer makes as many as the zone has names, and nobody reads on.
pub const MOST_OF_A_RULE: usize = 20;

/// What one rule finds in one zone.
pub(super) struct Report<'r> {
    code: &'static Code,
    severity: Severity,
    zone: &'r Zone,
    sources: &'r Sources,
    waivers: &'r Waivers,
    most: usize,
    findings: Vec<Diagnostic>,
    count: usize,
    last_place: Option<Span>,
    last_entry: Option<(FileId, u32)>,
}

impl<'r> Report<'r> {
    pub(super) fn new(
        rule: &'static Rule,
        severity: Severity,
        zone: &'r Zone,
        sources: &'r Sources,
        settings: &Settings,
        waivers: &'r Waivers,
    ) -> Self {
        let (code, most) = (&rule.code, settings.most_of_a_rule);
        let (findings, count, last_place, last_entry) = (Vec::new(), 0, None, None);
        Self { code, severity, zone, sources, waivers, most, findings, count, last_place, last_entry }
    }

    /// A finding of this rule, still to be added.
    pub(super) fn finding(&self, place: Span, headline: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.code, place, headline)
    }

    /// Adds a finding, unless its entry waives it.
    pub(super) fn add(&mut self, finding: Diagnostic) {
        self.add_at_most(Severity::Error, finding);
    }

    /// Adds a finding at a record's entry, for rules that add no other. Where it would be one too many to be shown, and could
    /// not be waived, it is counted and not made: all records of a zone may be at fault.
    pub(super) fn add_at(&mut self, record: &Record, finding: impl FnOnce(&Self) -> Diagnostic) {
        let entry = Some(record.entry());
        if self.count < self.most || self.waivers.has_any() {
            let finding = finding(self);
            self.add(finding);
        } else if self.last_entry != entry {
            self.count += 1;
        }
        self.last_entry = entry;
    }

    /// Adds a finding that is no worse than this, whatever the rule's severity: for the cases in which a rule may be wrong.
    pub(super) fn add_at_most(&mut self, worst: Severity, mut finding: Diagnostic) {
        // The records of a `$GENERATE` have one place: what is said of one of them is not said of each.
        let place = finding.primary.span;
        if self.last_place == Some(place) || self.waivers.waive(&finding) {
            return;
        }
        self.last_place = Some(place);
        self.count += 1;
        if self.count <= self.most {
            finding.severity = self.severity.min(worst);
            self.findings.push(finding);
        }
    }

    /// Adds a finding that is no worse than this, though another may have its place: they concern different people.
    pub(super) fn add_beside(&mut self, worst: Severity, finding: Diagnostic) {
        self.last_place = None;
        self.add_at_most(worst, finding);
    }

    /// The findings; the last says how many more there were.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        if let (Some(more @ 1..), Some(last)) = (self.count.checked_sub(self.most), self.findings.last_mut()) {
            last.headline += &format!("; {more} more of the kind are not shown");
        }
        self.findings
    }

    /// The zone's texts, its includes among them.
    pub(super) fn texts(&self) -> impl Iterator<Item = &'r [u8]> {
        self.sources.iter().map(|(_, source)| &source.text()[..])
    }

    /// The files that the zone's own includes.
    pub(super) fn included(&self) -> impl Iterator<Item = (FileId, &'r Source)> {
        self.sources.iter().skip(1)
    }

    /// What a file is called.
    pub(super) fn name(&self, file: FileId) -> &'r str {
        self.sources.get(file).name()
    }

    /// The text of a place.
    pub(super) fn text(&self, place: Span) -> &'r [u8] {
        self.sources.text(place)
    }

    /// Where the parts of a record are. Reads its entry again: for records that are suspect already.
    pub(super) fn places(&self, record: &Record) -> Places {
        self.zone.places(record, self.sources)
    }

    /// A record's owner, or its type where the entry inherits the owner and has nothing to underline.
    pub(super) fn owner_or_type(&self, record: &Record) -> Span {
        let places = self.places(record);
        if self.text(places.owner).trim_ascii().is_empty() { places.rtype } else { places.owner }
    }

    /// A record's data.
    pub(super) fn rdata(&self, record: &Record) -> Span {
        self.zone.rdata_place(record, self.sources)
    }

    /// A record's type.
    pub(super) fn rtype(&self, record: &Record) -> Span {
        self.places(record).rtype
    }

    /// Whether a `$GENERATE` line made a record.
    pub(super) fn is_generated(&self, record: &Record) -> bool {
        self.zone.is_generated(record, self.sources)
    }

    /// A record's TTL, or its type where the entry writes none.
    pub(super) fn ttl(&self, record: &Record) -> Span {
        let places = self.places(record);
        places.ttl.unwrap_or(places.rtype)
    }

    /// One field of a record's data, counted from 0, as it is written: the exchange of an MX record is field 1.
    ///
    /// All of the data where it has no such field: it is written as `\#` then.
    pub(super) fn field(&self, record: &Record, index: usize) -> Span {
        let rdata = self.rdata(record);
        let fields = self.zone.fields(record, self.sources);
        match fields.first().is_some_and(|first| self.text(*first) == b"\\#") {
            true => rdata,
            false => fields.get(index).copied().unwrap_or(rdata),
        }
    }

    /// The name to go to of a record that has one.
    pub(super) fn target(&self, target: &Target<'_>) -> Span {
        self.field(target.record, target_field(target.rrset.rtype()))
    }

    /// A finding at the second of records of which there may be one; none where there is no second.
    pub(super) fn second<'z>(
        &self,
        mut records: impl Iterator<Item = &'z Record>,
        headline: impl Into<String>,
    ) -> Option<Diagnostic> {
        let (first, second) = (records.next()?, records.next()?);
        let finding = self.finding(self.rdata(second), headline).label("the second");
        Some(finding.also(self.rdata(first), "the first is here"))
    }

    /// A finding at the first of some places, the others labelled with a text; many are not all shown.
    pub(super) fn finding_at_all(&self, places: &[Span], headline: impl Into<String>, label: &str) -> Diagnostic {
        const SHOWN: usize = 8;
        let first = self.finding(places[0], headline);
        places[1..].iter().take(SHOWN - 1).fold(first, |finding, place| finding.also(*place, label))
    }

    /// The lines of places as a headline says them: `lines 228, 229 and 230`.
    pub(super) fn lines(&self, places: &[Span]) -> String {
        const SHOWN: usize = 10;
        let mut lines: Vec<String> = Vec::new();
        for place in places {
            let line = self.line(*place, places[0]);
            let line = line.strip_prefix("line ").unwrap_or(&line).to_owned();
            if !lines.contains(&line) && lines.len() < SHOWN {
                lines.push(line);
            }
        }
        let more = places.len().saturating_sub(SHOWN);
        match (&lines[..], more) {
            ([], _) => String::new(),
            ([only], 0) => format!("line {only}"),
            ([first @ .., last], 0) => format!("lines {} and {last}", first.join(", ")),
            (shown, _) => format!("lines {} and {more} more", shown.join(", ")),
        }
    }

    /// The first record of an rrset, by its type.
    pub(super) fn first(&self, rrset: Rrset<'_>) -> Span {
        let first = rrset.records().next().map(|record| self.rtype(record));
        first.expect("an rrset has a record")
    }

    /// The line that a place starts on, with its file where `beside` is in another: `line 41`, `line 3 of zones/a.inc`.
    pub(super) fn line(&self, place: Span, beside: Span) -> String {
        let source = self.sources.get(place.file);
        let line = source.position(place.start).line;
        if place.file == beside.file { format!("line {line}") } else { format!("line {line} of {}", source.name()) }
    }
}
