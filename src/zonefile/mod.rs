//! Text to records: the zone file format of RFC 1035 §5, and what people write in it.
//!
//! In: the octets of a zone's file, its origin, and a way to ask for the files it includes. Out: records with their places,
//! and every finding of every file in one run. Reads no disk, and stops at no error: it goes on at the next entry.

mod chunks;
mod context;
mod directive;
mod entry;
mod fields;
mod generate;
mod glass;
mod header;
mod includes;
mod layout;
pub mod lexer;
mod name;
mod parser;
mod parts;
mod pieces;
mod plain;
mod print;
pub mod rdata;
mod records;
mod refusal;
mod shared;
mod slips;
mod ttl;

pub use chunks::{Changed, Chunks, PartOf};
pub use fields::Fields;
pub use glass::{Glass, MAX_OCTETS as MAX_GLASS};
pub(crate) use includes::includes;
pub use layout::{difference, difference_of_repair, format};
pub use parts::Parts;
pub use pieces::read_part;
pub use print::Line;
pub use records::{Places, Record, Records};

use crate::diagnostic::Diagnostic;
use crate::dns::Name;
use crate::source::{FileId, Source, Sources};
use context::Context;
use parser::Parser;
use pieces::Cuts;
use shared::Zonefile;

/// How much of a hostile text is read before a finding ends it.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Octets of one file.
    pub file_octets: u32,
    /// Octets of one entry, from its first to its last token.
    pub entry_octets: u32,
    /// Findings of one zone; the rest of its text is not read.
    pub findings: usize,
    /// Files an `$INCLUDE` may be nested in.
    pub include_depth: usize,
    /// `$INCLUDE`s carried out for one zone, those in included files counted each time; 2²⁴ − 2 at most, whatever is given.
    pub includes: usize,
    /// Octets that the records of a zone's `$GENERATE` lines take, about.
    pub generated_octets: u32,
    /// Threads that a large text may be read by; what is found does not depend on it.
    pub threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_octets: u32::MAX,
            entry_octets: 1 << 20,
            findings: 1000,
            include_depth: 16,
            includes: 10_000,
            generated_octets: 1 << 28,
            threads: 1,
        }
    }
}

/// Why an `$INCLUDE` gives no text.
#[derive(Default, Debug)]
pub struct IncludeRefusal {
    /// Whether the file is there in principle and could not be read, rather than being one that must not be read.
    pub unreadable: bool,
    /// The headline: one fact.
    pub headline: String,
    /// Why.
    pub why: String,
    /// What to type instead.
    pub fix: String,
}

/// Answers an `$INCLUDE`: gets the including source's name and the path as written, gives the text under its own name.
///
/// Two requests for one file must give sources of one name, or include cycles are found by depth only.
pub type Include<'i> = dyn FnMut(&str, &[u8]) -> Result<Source, IncludeRefusal> + 'i;

/// What a zone's text says.
#[derive(Debug)]
pub struct Parsed {
    /// Its records, in the order of the text.
    pub records: Parts,
    /// What is wrong with it.
    pub findings: Vec<Diagnostic>,
    /// How many findings are enough: [`Limits::findings`].
    pub findings_limit: usize,
    /// On how many threads its records may be put together: [`Limits::threads`].
    pub threads: usize,
}

/// Reads the zone text `root` of `sources`, adding the texts it includes to them.
pub fn parse(sources: &mut Sources, root: FileId, origin: &Name, limits: &Limits, include: &mut Include<'_>) -> Parsed {
    let mut zonefile = Zonefile::new(sources, limits, include);
    Parser::new(&mut zonefile, Context::new(origin.clone()), root).run_in_pieces(Cuts::of(limits.threads));
    Parsed {
        findings: std::mem::take(&mut zonefile.findings),
        records: zonefile.into_records(),
        findings_limit: limits.findings,
        threads: limits.threads,
    }
}
