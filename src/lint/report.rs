//! Where a rule's findings go.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Sources, Span};
use crate::zone::{Rrset, Zone};
use crate::zonefile::Record;

/// The most findings of one rule in one zone. A forgotten signer makes as many as the zone has names, and nobody reads on.
const MOST: usize = 20;

/// What one rule finds in one zone.
pub(super) struct Report<'r> {
    code: &'static Code,
    zone: &'r Zone,
    sources: &'r Sources,
    findings: &'r mut Vec<Diagnostic>,
    count: usize,
}

impl<'r> Report<'r> {
    pub(super) fn new(
        code: &'static Code,
        zone: &'r Zone,
        sources: &'r Sources,
        findings: &'r mut Vec<Diagnostic>,
    ) -> Self {
        Self { code, zone, sources, findings, count: 0 }
    }

    /// A finding of this rule, still to be added.
    pub(super) fn finding(&self, place: Span, headline: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.code, place, headline)
    }

    /// Adds a finding.
    pub(super) fn add(&mut self, finding: Diagnostic) {
        self.count += 1;
        if self.count <= MOST {
            self.findings.push(finding);
        }
    }

    /// Says of the last finding how many more there were.
    pub(super) fn finish(self) {
        if let (Some(more @ 1..), Some(last)) = (self.count.checked_sub(MOST), self.findings.last_mut()) {
            last.headline += &format!("; {more} more of the kind are not shown");
        }
    }

    /// A record's data.
    pub(super) fn rdata(&self, record: &Record) -> Span {
        self.zone.rdata_place(record, self.sources)
    }

    /// A record's type.
    pub(super) fn rtype(&self, record: &Record) -> Span {
        self.zone.places(record, self.sources).rtype
    }

    /// The first record of an rrset, by its type.
    pub(super) fn first(&self, rrset: Rrset<'_>) -> Span {
        let first = rrset.records().next().map(|record| self.rtype(record));
        first.expect("an rrset has a record")
    }
}
