//! What all files of a zone share while they are read: the records so far, the findings, and the limits on both.
//!
//! In: the texts and the limits. Out: the zone's records and findings, once its parsers are done.

use std::collections::BTreeMap;

use super::parts::Parts;
use super::records::fits;
use super::{Include, Limits, Records};
use crate::diagnostic::{Diagnostic, codes};
use crate::source::{FileId, Sources};

/// What all files of a zone share while they are read.
pub(super) struct Zonefile<'z, 'i> {
    pub(super) sources: &'z mut Sources,
    pub(super) limits: &'z Limits,
    pub(super) include: &'z mut Include<'i>,
    /// What was read up to the end of the last piece.
    pub(super) read: Parts,
    /// What was read since.
    pub(super) records: Records,
    pub(super) findings: Vec<Diagnostic>,
    /// The texts by name: a file is kept once, however often it is included.
    pub(super) files: BTreeMap<String, FileId>,
    /// The files being read, outermost first: an include of one of them is a cycle.
    pub(super) open: Vec<FileId>,
    /// How many includes were carried out, and how many octets were read in all.
    pub(super) includes: usize,
    pub(super) octets: u64,
    /// How many octets `$GENERATE` lines made, about.
    pub(super) generated: u64,
    /// The limit of findings is reached: nothing more is read.
    pub(super) is_full: bool,
}

impl<'z, 'i> Zonefile<'z, 'i> {
    /// Nothing read yet.
    pub(super) fn new(sources: &'z mut Sources, limits: &'z Limits, include: &'z mut Include<'i>) -> Self {
        let files = sources.iter().map(|(file, source)| (source.name().to_owned(), file)).collect();
        Self {
            sources,
            limits,
            include,
            read: Parts::default(),
            records: Records::default(),
            findings: Vec::new(),
            files,
            open: Vec::new(),
            includes: 0,
            octets: 0,
            generated: 0,
            is_full: false,
        }
    }

    /// Adds a piece's records to what was read, with those before it.
    pub(super) fn take(&mut self, piece: Records) {
        self.read.push(std::mem::take(&mut self.records));
        self.read.push(piece);
    }

    /// All records that were read.
    pub(super) fn into_records(mut self) -> Parts {
        self.read.push(self.records);
        self.read
    }

    /// Where the arena ends, if records can still be found there.
    #[inline]
    pub(super) fn end(&self) -> Option<u32> {
        fits(self.read.compiled() + self.records.compiled()).then_some(self.records.octets() as u32)
    }

    /// Keeps a finding, or ends the reading when there are too many.
    pub(super) fn report(&mut self, finding: Diagnostic) {
        if self.is_full {
            return;
        }
        if self.findings.len() >= self.limits.findings {
            self.is_full = true;
            let limit = self.limits.findings;
            let headline = format!("more than {limit} findings: the rest of the zone was not read");
            let finding = Diagnostic::new(&codes::TOO_MANY_FINDINGS, finding.primary.span, headline)
                .why("a text with so many errors is seldom a zone file")
                .fix("mend those above first, or raise `findings` under `[limits]` in the config");
            self.findings.push(finding);
            return;
        }
        self.findings.push(finding);
    }

    /// Keeps a finding after which nothing more is read, and gives it back for the way up.
    pub(super) fn give_up(&mut self, finding: Diagnostic) -> Box<Diagnostic> {
        self.report(finding.clone());
        self.is_full = true;
        Box::new(finding)
    }
}
