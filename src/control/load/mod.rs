//! A directory to zones: the only reader of zone files, and the include resolver.
//!
//! In: a zone directory, the file and the apex of a zone. Out: [`Loaded`], its texts, findings and, where it can be served,
//! the zone; and [`Stamp`]s, by which a later look knows what to read again. Knows nothing of what is being served.
//!
//! # Design
//!
//! A zone file is written by whoever can open a pull request, so its path and its includes are hostile. Every file is opened
//! beneath the root by the kernel (`openat2`, RESOLVE_BENEATH), or step by step where the kernel cannot: both follow links
//! that stay inside, since operators swap links, and refuse those that leave. What is not a plain file is not opened at all,
//! and a size is believed neither before nor while reading. `..` is resolved in the text of the path, before any link is:
//! what is opened is then what the finding names.
//!
//! A zone is judged here and nowhere else, so that `check` and `serve` find the same: [`load`] by itself, and
//! [`Loaded::judge_beside`] once the others are read. An error keeps a text from being served, with one exception
//! ([`Loaded::servable`]): an expired signature holds back a change, and not a start. Nobody edited anything when a signature
//! expired; a server that comes back after an upgrade would turn a zone that most clients could use a minute ago into
//! SERVFAIL for all of them, while those who validate get SERVFAIL either way.

mod directory;
mod listing;
mod mirrors;
mod reader;
mod refused;
mod rewrite;
mod root;
mod snapshot;
mod stamp;
mod tests;

pub use directory::Presence;
pub use listing::{ListError, Listing, Searched, ZoneFile, text_files, zone_files, zone_of};
pub use mirrors::{MirrorList, beside as mirrors_beside};
pub use rewrite::{ZoneText, text_errors};
pub use root::Root;
pub(super) use root::normalise;
pub use snapshot::{Snapshot, TextId, Texts};
pub(crate) use stamp::random_key;
pub use stamp::{Stamp, digest_of, stand_still, unchanged};
pub use tests::{TestFiles, test_files};

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::diagnostic::{self, Diagnostic, Stage, codes};
use crate::dns::Name;
use crate::lint;
use crate::source::{FileId, Hash, Source, Sources, Span, text_hash};
use crate::zone::{self, Zone};
use crate::zonefile::lexer::{Lexer, TokenKind};
use crate::zonefile::{self, Glass, Limits};
use reader::Reader;

/// What one zone's files say.
#[derive(Debug)]
pub struct Loaded {
    /// Its apex.
    pub name: Name,
    /// Its file, relative to the root.
    pub file: PathBuf,
    /// The texts that were read; the zone's own file is the first, empty if it could not be read.
    pub sources: Sources,
    /// What is wrong with it, in the order of the text.
    pub findings: Vec<Diagnostic>,
    /// The zone, if its text makes one; [`servable`](Self::servable) says whether that may be served.
    pub zone: Option<Zone>,
    /// Every file that was read or asked for, and how it was.
    pub stamps: Vec<Stamp>,
    /// The texts of all files that were read, and their hashes, where they are asked for.
    pub texts: Vec<(Hash, Arc<[u8]>)>,
}

/// Records that stand in for others, and the zones where they do, by the apex in lower case.
pub type Overlay = (Arc<Glass>, Arc<HashSet<Name>>);

/// What a zone is judged by, beside its text.
#[derive(Clone, PartialEq, Debug)]
pub struct Terms {
    /// How much of a hostile text is read.
    pub limits: Limits,
    /// Today, and what rules depend on; none asks no rule, for who wants the records only.
    pub lint: Option<lint::Settings>,
    /// The serials that zones are served with, by the apex in lower case; of others it is the one that is written.
    pub serials: Arc<HashMap<Name, u32>>,
    /// Records that stand in for others.
    pub glass: Option<Overlay>,
    /// Whether what is loaded keeps the texts of its files, for who saves them.
    pub keeps_texts: bool,
}

impl Terms {
    /// The terms of this moment, all cores at work; `lint` is what the config says of rules.
    pub fn now(limits: &Limits, lint: &lint::Settings) -> Self {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // Signature times have 32 bits and are compared by serial arithmetic (RFC 4034 §3.1.5).
        Self::at(limits, lint, since_1970.as_secs() as u32)
    }

    /// The terms of another moment, in seconds since 1970.
    pub fn at(limits: &Limits, lint: &lint::Settings, moment: u32) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let lint = lint::Settings { threads, now: moment, ..lint.clone() };
        Self {
            limits: Limits { threads, ..limits.clone() },
            lint: Some(lint),
            serials: Arc::default(),
            glass: None,
            keeps_texts: false,
        }
    }

    /// No opinions: a text makes a zone or does not.
    pub fn without_rules(limits: &Limits) -> Self {
        Self { limits: limits.clone(), lint: None, serials: Arc::default(), glass: None, keeps_texts: false }
    }
}

impl Terms {
    /// The serial that a zone is served with, if it is not the one that is written.
    pub fn serial(&self, apex: &Name) -> Option<u32> {
        if self.serials.is_empty() { None } else { self.serials.get(&apex.as_ref().to_lower()).copied() }
    }

    /// The override, where it sets something in a zone.
    pub fn glass_of(&self, apex: &Name) -> Option<&Glass> {
        let (glass, zones) = self.glass.as_ref()?;
        zones.contains(&apex.as_ref().to_lower()).then_some(glass)
    }

    /// A digest of all that a zone's records come from: the files that were read, and what stands in for some of it.
    pub fn digest(&self, apex: &Name, stamps: &[Stamp]) -> Hash {
        let files = digest_of(stamps);
        self.glass_of(apex).map_or(files, |glass| text_hash(&[&files, glass.text()].concat()))
    }
}

impl Loaded {
    /// The zone, if it may be served in the place of nothing or, where it `replaces` one, of a version that is served now.
    pub fn servable(&self, replaces: bool) -> Option<&Zone> {
        let stops = |finding: &Diagnostic| finding.is_error() && (replaces || finding.code.stage != Stage::Date);
        self.zone.as_ref().filter(|_| !self.findings.iter().any(stops))
    }

    /// Octets of memory that its texts and records hold.
    pub fn memory(&self) -> usize {
        let texts: usize = self.sources.iter().map(|(_, source)| source.text().len()).sum();
        texts + self.zone.as_ref().map_or(0, Zone::memory)
    }

    /// Adds what rules find in the zone by itself; while they look at a large one, another thread makes something else of it.
    fn judge_while<T: Send>(
        &mut self,
        terms: &Terms,
        make: impl FnOnce(&Zone, &Sources, &[Stamp]) -> T + Send,
    ) -> Option<T> {
        let mut made = None;
        if let (Some(zone), Some(settings)) = (&self.zone, &terms.lint) {
            let known = std::mem::take(&mut self.findings);
            let (sources, stamps) = (&self.sources, &self.stamps);
            let is_large = settings.threads_for(zone) > 1;
            self.findings = std::thread::scope(|scope| {
                let maker = is_large.then(|| scope.spawn(move || make(zone, sources, stamps)));
                let findings = lint::check(zone, sources, settings, known);
                made = maker.map(|maker| maker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
                findings
            });
        }
        self.settle();
        made
    }

    /// Adds what rules find beside all other zones.
    pub fn judge_beside(&mut self, others: &lint::Others<'_>, terms: &Terms) {
        let (Some(zone), Some(settings)) = (&self.zone, &terms.lint) else { return };
        let known = std::mem::take(&mut self.findings);
        self.findings = lint::check_beside(zone, &self.sources, settings, others, known);
        self.settle();
    }

    /// Puts findings in the order of the text, each with its zone.
    fn settle(&mut self) {
        self.findings.iter_mut().for_each(|finding| finding.zone = Some(self.name.clone()));
        diagnostic::sort(&mut self.findings);
    }
}

/// Reads, parses and builds the zone `apex` from `file`, which is relative to the root.
///
/// Every failure is a finding; the zone is absent if its text makes none.
pub fn load(root: &Root, file: &Path, apex: &Name, terms: &Terms) -> Loaded {
    load_beside(root, file, apex, terms, |_, _, _| {}).0
}

/// As [`load`]; while rules judge the zone, another thread makes something else of it, such as an authority. None of it where
/// nothing was worth a thread.
fn load_beside<T: Send>(
    root: &Root,
    file: &Path,
    apex: &Name,
    terms: &Terms,
    make: impl FnOnce(&Zone, &Sources, &[Stamp]) -> T + Send,
) -> (Loaded, Option<T>) {
    let mut reader = Reader::new(root, &terms.limits);
    let mut sources = Sources::default();
    let (findings, zone) = match reader.read(file) {
        Err(refused) => {
            let shown = root.display(file);
            let finding = refused.finding(&shown);
            sources.add(Source::new(shown, &b""[..]));
            (vec![finding], None)
        }
        Ok(source) if is_blank(source.text()) => {
            let finding = emptied(source.name());
            sources.add(source);
            (vec![finding], None)
        }
        Ok(source) => {
            let id = sources.add(source);
            build(&mut reader, &mut sources, id, apex, terms)
        }
    };
    let stamps = reader.stamps();
    let texts = if terms.keeps_texts { reader.texts(&stamps) } else { Vec::new() };
    let mut loaded = Loaded { name: apex.clone(), file: file.into(), sources, findings, zone, stamps, texts };
    let made = loaded.judge_while(terms, make);
    (loaded, made)
}

/// The text of one file as [`load`] would read it, and its reader, which has its stamp; none if it cannot be read.
pub(in crate::control) fn read_file<'r>(
    root: &'r Root,
    file: &Path,
    limits: &'r Limits,
) -> Option<(Arc<[u8]>, Reader<'r>)> {
    let mut reader = Reader::new(root, limits);
    let source = reader.read(file).ok()?;
    Some((Arc::clone(source.text()), reader))
}

/// The files of a listing that are made to be included and that none of the zones read includes, each with its finding.
pub fn unused_includes(root: &Root, listing: &Listing, all: &[Loaded], terms: &Terms) -> Vec<(Sources, Diagnostic)> {
    let Some(settings) = &terms.lint else { return Vec::new() };
    let read: HashSet<&Path> = all.iter().flat_map(|loaded| &loaded.stamps).map(|stamp| stamp.path.as_path()).collect();
    let unused = listing.includes.iter().filter(|path| !read.contains(path.as_path()));
    let finding = |path: &PathBuf| {
        let mut sources = Sources::default();
        sources.add(Source::new(root.display(path), &b""[..]));
        let finding = lint::unused_include(&sources, settings)?;
        Some((sources, finding))
    };
    unused.filter_map(finding).collect()
}

/// As [`load`], for a text that is at hand, such as standard input; its includes are looked for at the root.
pub fn load_text(root: &Root, text: Vec<u8>, apex: &Name, terms: &Terms) -> Loaded {
    let mut reader = Reader::new(root, &terms.limits);
    let mut sources = Sources::default();
    let id = sources.add(Source::new("<stdin>", text));
    let (findings, zone) = build(&mut reader, &mut sources, id, apex, terms);
    let (stamps, texts) = (reader.stamps(), Vec::new());
    let mut loaded = Loaded { name: apex.clone(), file: "-".into(), sources, findings, zone, stamps, texts };
    loaded.judge_while(terms, |_, _, _| {});
    loaded
}

/// As [`load`], for a zone of a [`Listing`]: one that several files claim is refused with a finding that names them.
pub fn load_listed(root: &Root, listed: &ZoneFile, terms: &Terms) -> Loaded {
    load_listed_beside(root, listed, terms, |_, _, _| {}).0
}

/// As [`load_listed`]; while rules judge a large zone, another thread makes something else of it, its texts and their stamps.
pub fn load_listed_beside<T: Send>(
    root: &Root,
    listed: &ZoneFile,
    terms: &Terms,
    make: impl FnOnce(&Zone, &Sources, &[Stamp]) -> T + Send,
) -> (Loaded, Option<T>) {
    match &listed.rival {
        None => load_beside(root, &listed.file, &listed.name, terms, make),
        Some(rival) => (refuse_rivals(root, listed, rival), None),
    }
}

fn refuse_rivals(root: &Root, listed: &ZoneFile, rival: &Path) -> Loaded {
    let (first, second) = (root.display(&listed.file), root.display(rival));
    let mut sources = Sources::default();
    let id = sources.add(Source::new(first.clone(), &b""[..]));
    let mut finding = Diagnostic::new(
        &codes::MANY_FILES,
        Span::start_of(id),
        format!("`{}` has two files: `{first}` and `{second}`", listed.name),
    )
    .why("nothing says which of them holds, so neither is served")
    .fix("delete one of them, or give each zone its file in a [[zone]] table of the config");
    finding.zone = Some(listed.name.clone());
    Loaded {
        name: listed.name.clone(),
        file: listed.file.clone(),
        sources,
        findings: vec![finding],
        zone: None,
        stamps: vec![Stamp::of(root, &listed.file), Stamp::of(root, rival)],
        texts: Vec::new(),
    }
}

fn build(
    reader: &mut Reader<'_>,
    sources: &mut Sources,
    id: FileId,
    apex: &Name,
    terms: &Terms,
) -> (Vec<Diagnostic>, Option<Zone>) {
    let mut parsed = zonefile::parse(sources, id, apex, &terms.limits, &mut |from, path| reader.include(from, path));
    if let Some(glass) = terms.glass_of(apex) {
        glass.apply(apex.as_ref(), &mut parsed, sources);
    }
    let zone::Built { findings, mut zone } = zone::build(apex, id, parsed, sources);
    if let (Some(zone), Some(serial)) = (&mut zone, terms.serial(apex)) {
        zone.set_serial(serial);
    }
    (findings, zone)
}

fn is_blank(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    Lexer::new(text, 0).all(|token| matches!(token.kind, TokenKind::Blank | TokenKind::Newline | TokenKind::Comment))
}

fn emptied(shown: &str) -> Diagnostic {
    Diagnostic::new(&codes::EMPTIED_FILE, Span::start_of(FileId(0)), format!("`{shown}` holds no records"))
        .why("an empty file is a cut-off write or a slip more often than a wish, and every name of the zone would vanish")
        .fix("write the zone's records again, or delete the file to stop serving the zone")
}
