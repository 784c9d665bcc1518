//! Repairs that go together, and whether a zone is what they say afterwards.
//!
//! In: findings with their repairs, and a zone before and after. Out: edits of each text of which none overlap, and
//! the reason where a repair does more than it says. Knows no files: texts are named by whoever holds them.

use std::collections::{BTreeMap, HashSet};

use crate::diagnostic::{Diagnostic, Edit, Repair};
use crate::dns::{Name, NameRef};
use crate::source::{Sources, Span};
use crate::zone::{Zone, diff};

/// The repair of one finding, its places named as the finding's text is.
#[derive(Clone, Debug)]
pub struct Step {
    /// The rule, and what it says: by this a repair is known again.
    pub rule: &'static str,
    /// The finding's headline.
    pub headline: String,
    /// The file that the finding blames, and the line there.
    pub place: (String, u32),
    /// The edits of each file.
    pub edits: Vec<(String, Edit)>,
    /// The owners whose records it alters.
    pub alters: Vec<Name>,
}

impl Step {
    /// The repair of a finding, if a program may make it.
    pub fn of(finding: &Diagnostic, sources: &Sources) -> Option<Self> {
        let Repair { edits, alters } = finding.repair.as_ref()?;
        let name = |span: Span| sources.get(span.file).name().to_owned();
        let line = sources.get(finding.primary.span.file).position(finding.primary.span.start).line;
        Some(Self {
            rule: finding.code.name,
            headline: finding.headline.clone(),
            place: (name(finding.primary.span), line),
            edits: edits.iter().map(|edit| (name(edit.span), edit.clone())).collect(),
            alters: alters.clone(),
        })
    }

    /// By what it is known again, whatever became of the lines above it.
    pub fn key(&self) -> (&'static str, &str, &str, String) {
        (self.rule, &self.headline, &self.place.0, self.alters.iter().map(Name::to_string).collect())
    }

    /// Whether both make the very same edits: two zones may read one file, and blame it alike.
    fn makes_same_edits(&self, other: &Self) -> bool {
        let place = |(file, edit): &(String, Edit)| (file.clone(), edit.span.start, edit.span.end, edit.text.clone());
        self.edits.iter().map(place).eq(other.edits.iter().map(place))
    }
}

/// Those of some steps that can be made at once: the first of those that overlap, which stands for all that make its edits.
pub fn together(steps: Vec<Step>) -> Vec<Step> {
    let mut taken: BTreeMap<String, BTreeMap<u32, (u32, usize)>> = BTreeMap::new();
    let mut chosen: Vec<Step> = Vec::new();
    for step in steps {
        match step.edits.iter().find_map(|(file, edit)| overlapping(taken.get(file)?, edit.span)) {
            Some(index) if chosen[index].makes_same_edits(&step) => chosen[index].alters.extend(step.alters),
            Some(_) => {}
            None => {
                for (file, edit) in &step.edits {
                    let spans = taken.entry(file.clone()).or_default();
                    spans.insert(edit.span.start, (edit.span.end, chosen.len()));
                }
                chosen.push(step);
            }
        }
    }
    chosen
}

/// Whose edit a span overlaps, of edits by their start; two that start at one place would come in no order.
fn overlapping(taken: &BTreeMap<u32, (u32, usize)>, span: Span) -> Option<usize> {
    let last = u32::max(span.start, span.end.saturating_sub(1));
    let (&start, &(end, index)) = taken.range(..=last).next_back()?;
    (start == span.start || end > span.start).then_some(index)
}

/// The edits of some steps by file, sorted, each once.
pub fn edits(steps: &[Step]) -> BTreeMap<&str, Vec<&Edit>> {
    let mut all: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for (file, edit) in steps.iter().flat_map(|step| &step.edits) {
        all.entry(file).or_default().push(edit);
    }
    for edits in all.values_mut() {
        // Files have other ids in other zones.
        let place = |edit: &&Edit| (edit.span.start, edit.span.end);
        edits.sort_by_key(place);
        edits.dedup_by_key(|edit| place(edit));
    }
    all
}

/// The owners whose records some steps alter, in lower case.
pub fn altered(steps: &[Step]) -> HashSet<Vec<u8>> {
    steps.iter().flat_map(|step| &step.alters).map(|name| lower(name.as_ref())).collect()
}

fn lower(name: NameRef<'_>) -> Vec<u8> {
    name.octets().to_ascii_lowercase()
}

/// Whether a zone is what it was, but for the owners that may be `altered`.
///
/// # Errors
///
/// It can no longer be served, or records of another owner are others: in a few words.
pub fn verify(before: Option<&Zone>, after: Option<&Zone>, altered: &HashSet<Vec<u8>>) -> Result<(), String> {
    let Some(before) = before else { return Ok(()) };
    if after.is_none() {
        return Err(format!("the zone `{}` could not be served any more", before.apex()));
    }
    match diff(Some(before), after).iter().find(|change| !altered.contains(&lower(change.owner()))) {
        None => Ok(()),
        Some(change) => Err(format!("it would change records of `{}` too", change.owner())),
    }
}
