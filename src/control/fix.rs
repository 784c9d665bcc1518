//! Repairs made in memory, and judged there before anybody writes them.
//!
//! In: the texts of a tree, and a way to judge any version of them. Out: other texts, what was mended, and what was left and
//! why. Writes no file.
//!
//! # Design
//!
//! A repair is an edit of one place, made where its rule vouches that only one reading makes sense. A rule sees one zone and
//! its file may belong to two; so each version is judged whole, as `serve` would, and held to what its repairs say: no error
//! that was not there, and no record of another owner altered. A version that fails is tried with half of its repairs, down
//! to the one at fault, which is left with the reason. What a repair brings to light is repaired in its turn, until nothing
//! is left or the looks are used up.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::judged::Judged;
use super::load::{Loaded, Root, Snapshot, TextId, Texts as Store};
use crate::diagnostic::{Diagnostic, Stage, apply, codes};
use crate::review::change::Known;
use crate::review::fix::{self, Step};
use crate::source::text_hash;

/// The octets of text that are judged in one run, all versions taken together: half a minute's work, as long as anybody waits.
const MOST_OCTETS: usize = 1 << 30;

/// The fewest versions of a tree that are judged for that: a dozen rounds of repairs, or a few at fault among hundreds.
const FEWEST_LOOKS: usize = 64;

/// The most: small zones are judged in no time, but not for ever.
const MOST_LOOKS: usize = 4096;

/// Texts of files, below one root.
#[derive(Clone, Default, Debug)]
pub struct Texts {
    by_path: BTreeMap<PathBuf, Arc<[u8]>>,
    /// By the name that findings call a file by.
    paths: BTreeMap<String, PathBuf>,
    /// Files that were read under several names.
    aliases: BTreeSet<PathBuf>,
}

impl Texts {
    /// One text, such as standard input.
    pub fn one(name: &str, path: &Path, text: Arc<[u8]>) -> Self {
        let mut texts = Self::default();
        texts.paths.insert(name.into(), path.into());
        texts.by_path.insert(path.into(), text);
        texts
    }

    /// The texts that zones were read from, which were told to keep them.
    pub fn of(judged: &Judged, root: &Root) -> Self {
        let (mut texts, mut files) = (Self::default(), BTreeMap::new());
        for Loaded { stamps, texts: kept, .. } in &judged.zones {
            let kept: BTreeMap<_, _> = kept.iter().map(|(hash, text)| (hash, text)).collect();
            for stamp in stamps {
                let Some(text) = stamp.text().and_then(|(hash, _)| kept.get(hash)) else { continue };
                texts.paths.insert(root.display(&stamp.path), stamp.path.clone());
                texts.by_path.insert(stamp.path.clone(), Arc::clone(text));
                let Some(identity) = stamp.identity() else { continue };
                let first = files.entry(identity).or_insert_with(|| stamp.path.clone());
                if *first != stamp.path {
                    texts.aliases.extend([first.clone(), stamp.path.clone()]);
                }
            }
        }
        texts
    }

    /// A file's text, by its path.
    pub fn text(&self, path: &Path) -> Option<&Arc<[u8]>> {
        self.by_path.get(path)
    }

    /// The path of the file that findings call so.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.paths.get(name).map(PathBuf::as_path)
    }

    /// Whether a file was read under another name too, which an edit of this one would alter unseen.
    pub fn has_alias(&self, path: &Path) -> bool {
        self.aliases.contains(path)
    }

    /// A root that has these texts, shown to people as lying where another root is.
    pub fn root(&self, like: &Root) -> Root {
        let mut held = Held::default();
        let mut hold = |(path, text): (&PathBuf, &Arc<[u8]>)| {
            let id = text_hash(text);
            held.0.insert(id, Arc::clone(text));
            (path.clone(), id)
        };
        let files: Vec<_> = self.by_path.iter().map(&mut hold).collect();
        Root::Snapshot(Snapshot::new(like.shown().to_path_buf(), files, Arc::new(held)))
    }

    /// The files whose text is another in `after`: name, path, and both texts.
    pub fn differences<'t>(&'t self, after: &'t Self) -> impl Iterator<Item = (&'t str, &'t Path, &'t [u8], &'t [u8])> {
        self.paths.iter().filter_map(|(name, path)| {
            let (old, new) = (self.text(path)?, after.text(path)?);
            (old != new).then_some((name.as_str(), path.as_path(), &old[..], &new[..]))
        })
    }

    fn octets(&self) -> usize {
        self.by_path.values().map(|text| text.len()).sum()
    }

    fn with(&self, steps: &[Step]) -> Self {
        let mut after = self.clone();
        for (name, edits) in fix::edits(steps) {
            let Some(path) = self.path(name) else { continue };
            if let Some(text) = after.by_path.get_mut(path) {
                *text = apply(text, edits).into();
            }
        }
        after
    }
}

/// Texts in memory.
#[derive(Default, Debug)]
struct Held(BTreeMap<TextId, Arc<[u8]>>);

impl Store for Held {
    fn read(&self, id: &TextId, limit: u32) -> io::Result<Arc<[u8]>> {
        let text = self.0.get(id).ok_or(io::ErrorKind::NotFound)?;
        if text.len() as u64 > u64::from(limit) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(Arc::clone(text))
    }
}

/// What came of the repairs.
#[derive(Debug, Default)]
pub struct Fixed {
    /// The texts as they should be.
    pub texts: Texts,
    /// Repairs that were made.
    pub made: Vec<Step>,
    /// Repairs that were not, and why.
    pub left: Vec<(Step, String)>,
    /// Whether there is more to mend, for which this run was too long already.
    pub is_cut_short: bool,
}

impl Fixed {
    /// Whether records are others now.
    pub fn alters_records(&self) -> bool {
        self.made.iter().any(|step| !step.alters.is_empty())
    }
}

/// Makes the repairs of a tree, round by round.
///
/// `found` is the tree as it was read: most have nothing to mend, and are judged no second time. `may_edit` says why a file, by
/// its name, must stay as it is. `judge` judges a version of the texts, with all its findings.
///
/// # Errors
///
/// What keeps `judge` from judging.
pub fn fix(
    texts: Texts,
    found: &Judged,
    may_edit: &mut dyn FnMut(&Texts, &str) -> Result<(), String>,
    judge: &mut dyn FnMut(&Texts) -> anyhow::Result<Judged>,
) -> anyhow::Result<Fixed> {
    let mut fixed = Fixed { texts, ..Fixed::default() };
    if fixed.next(found, may_edit).is_empty() {
        return Ok(fixed);
    }
    let mut judged = judge(&fixed.texts)?;
    let mut looks = (MOST_OCTETS / fixed.texts.octets().max(1)).clamp(FEWEST_LOOKS, MOST_LOOKS);
    let mut is_another = false;
    loop {
        let mut steps = fixed.next(&judged, may_edit);
        if steps.is_empty() && is_another && !fixed.left.is_empty() {
            // What failed in a version before may go in this one.
            is_another = false;
            fixed.left.clear();
            steps = fixed.next(&judged, may_edit);
        }
        fixed.is_cut_short = !steps.is_empty() && looks == 0;
        if steps.is_empty() || looks == 0 {
            break;
        }
        while looks > 0 {
            looks -= 1;
            let texts = fixed.texts.with(&steps);
            let after = judge(&texts)?;
            match verify(&judged, &after, &steps) {
                Ok(()) => {
                    (fixed.texts, judged) = (texts, after);
                    fixed.made.append(&mut steps);
                    is_another = true;
                    break;
                }
                Err(reason) if steps.len() == 1 => {
                    fixed.left.extend(steps.pop().map(|step| (step, reason)));
                    break;
                }
                Err(_) => steps.truncate(steps.len() / 2),
            }
        }
    }
    Ok(fixed)
}

impl Fixed {
    /// The repairs of the next round: those of which none overlap and none was left before.
    fn next(&mut self, judged: &Judged, may_edit: &mut dyn FnMut(&Texts, &str) -> Result<(), String>) -> Vec<Step> {
        let sections = judged.zones.iter().map(|loaded| (&loaded.findings, &loaded.sources));
        let steps = sections.flat_map(|(findings, sources)| findings.iter().filter_map(|one| Step::of(one, sources)));
        let mut steps: Vec<Step> = steps.collect();
        let known: HashSet<_> = self.left.iter().map(|(step, _)| step.key()).collect();
        steps.retain(|step| !known.contains(&step.key()));
        let mut free = Vec::new();
        for step in steps {
            match step.edits.iter().try_for_each(|(file, _)| may_edit(&self.texts, file)) {
                Ok(()) => free.push(step),
                Err(reason) => self.left.push((step, reason)),
            }
        }
        fix::together(free)
    }
}

/// Why a version must not take the place of the one before, if so.
fn verify(before: &Judged, after: &Judged, steps: &[Step]) -> Result<(), String> {
    let zones = || before.zones.iter().zip(&after.zones);
    let altered = fix::altered(steps);
    zones().try_for_each(|(before, after)| fix::verify(before.zone.as_ref(), after.zone.as_ref(), &altered))?;
    let mut known = Known::default();
    before.zones.iter().for_each(|loaded| known.add(&loaded.findings, &loaded.sources));
    let is_built_only_now = |(before, after): (&Loaded, &Loaded)| before.zone.is_none() && after.zone.is_some();
    let reveals = zones().any(is_built_only_now);
    for (before, after) in zones() {
        let is_cut_short = before.findings.iter().any(|one| std::ptr::eq(one.code, &codes::TOO_MANY_FINDINGS));
        // A text that could not be read hid what its records, and those of other zones beside them, would have been blamed for.
        let counts = |finding: &&Diagnostic| match finding.code.stage {
            Stage::Parse => !is_cut_short,
            Stage::Integrity => before.zone.is_some(),
            _ => before.zone.is_some() && !reveals,
        };
        let mut errors: Vec<Diagnostic> =
            after.findings.iter().filter(|one| one.is_error()).filter(counts).cloned().collect();
        known.take(&mut errors, &after.sources);
        if let Some(error) = errors.first() {
            return Err(format!("it would bring in an error, {}: {}", error.code.name, error.headline));
        }
    }
    Ok(())
}
