//! Both trees asked for each candidate, and what differs.

use std::cell::RefCell;

use super::candidates::{Candidate, candidates};
use super::{MAX_ANSWERS, ZoneChange, is_proof};
use crate::authority::{NodeRef, Outcome, Step};
use crate::dns::{MAX_NAME, Name, NameRef, Rtype};
use crate::review::Reply;
use crate::review::snapshot::{NOBODYS_TYPE, Snapshot};

/// Which names an answer is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// This one.
    At(Name),
    /// Each below this one that exists in neither tree and has no nearer ancestor that does; where `is_deep`, also those
    /// whose nearest ancestor that exists lies below it.
    Below {
        /// The ancestor.
        name: Name,
        /// Whether nearer ancestors that exist are no exception.
        is_deep: bool,
    },
    /// Each below this owner of a DNAME, the same in both trees, for which the name below the target that takes its place
    /// is answered otherwise.
    Redirected {
        /// The owner of the DNAME.
        name: Name,
        /// The DNAME's target.
        target: Name,
    },
}

/// An answer that is another.
#[derive(Clone, Debug)]
pub struct Change {
    /// What was answered.
    pub old: Reply,
    /// What is answered now.
    pub new: Reply,
    /// How long the old answer may live in caches, in seconds.
    pub cached: u32,
}

/// A name, or many, whose answers are others.
#[derive(Clone, Debug)]
pub struct AnswerChange {
    /// The name or names.
    pub scope: Scope,
    /// Types that are answered in a way of their own; none: they are answered as before.
    pub types: Vec<(Rtype, Option<Change>)>,
    /// All types that are not among `types`.
    pub others: Option<Change>,
}

/// All names whose answers are others, in canonical order; of [`Scope::Redirected`], those at the end.
#[derive(Debug, Default)]
pub struct Answers {
    /// As many as are kept.
    pub list: Vec<AnswerChange>,
    /// How many more there are.
    pub left_out: usize,
}

impl AnswerChange {
    /// Whether no type is answered otherwise.
    pub fn is_none(&self) -> bool {
        self.others.is_none() && self.types.iter().all(|(_, change)| change.is_none())
    }
}

impl Answers {
    /// Those that are shown to people: a wildcard that is answered as the names it stands for needs no line of its own.
    pub(super) fn shown(&self) -> impl Iterator<Item = &AnswerChange> {
        let before = std::iter::once(None).chain(self.list.iter().map(Some));
        let is_told = |last: Option<&AnswerChange>, change: &AnswerChange| {
            let (Some(last), Scope::At(name)) = (last, &change.scope) else { return false };
            let is_below = |parent: &Name| name.as_ref().parent().is_some_and(|name| name.is(parent.as_ref()));
            name.as_ref().is_wildcard()
                && matches!(&last.scope, Scope::Below { name, .. } if is_below(name))
                && is_same_change(last, change)
        };
        let paired = before.zip(&self.list);
        paired.filter(move |(last, change)| !is_told(*last, change)).map(|(_, change)| change)
    }
}

impl Scope {
    /// The name that it is about.
    pub fn name(&self) -> NameRef<'_> {
        match self {
            Self::At(name) | Self::Below { name, .. } | Self::Redirected { name, .. } => name.as_ref(),
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(name) => write!(f, "{name}"),
            Self::Below { name, .. } | Self::Redirected { name, .. } if name.as_ref().is_root() => write!(f, "*."),
            Self::Below { name, .. } | Self::Redirected { name, .. } => write!(f, "*.{name}"),
        }
    }
}

/// Asks both trees for all that could be answered otherwise.
pub(super) fn compare<'t>(old: &'t Snapshot, new: &'t Snapshot, changed: &[ZoneChange<'t>]) -> Answers {
    if changed.is_empty() {
        return Answers::default();
    }
    let all = candidates(old, new, changed);
    let mut comparison = Comparison::new(old, new);
    let mut below = vec![None; all.len()];
    for (candidate, below) in all.iter().zip(&mut below) {
        if candidate.at {
            comparison.ask_at(candidate.name);
        }
        if candidate.below {
            *below = comparison.ask_below(candidate.name);
        }
    }
    let Comparison { mut answers, redirects, .. } = comparison;
    fold(&all, &below, &mut answers);
    redirect(redirects, &mut answers);
    answers
}

/// What is answered otherwise for one name: for one type, or for all.
pub fn at_name(old: &Snapshot, new: &Snapshot, name: &Name, rtype: Option<Rtype>) -> Option<AnswerChange> {
    let mut comparison = Comparison::new(old, new);
    let (types, others) = match rtype {
        Some(rtype) => {
            let (old, new) = comparison.replies(name.as_ref(), rtype);
            (vec![(rtype, change(&old, &new))], None)
        }
        None => {
            let (types, others, _) = comparison.differ(name.as_ref());
            (types, others)
        }
    };
    let change = AnswerChange { scope: Scope::At(name.clone()), types, others };
    (!change.is_none()).then_some(change)
}

struct Comparison<'t> {
    old: &'t Snapshot,
    new: &'t Snapshot,
    out: Vec<u8>,
    answers: Answers,
    /// The DNAMEs that redirect alike in both trees: owner and target.
    redirects: Vec<(Name, Name)>,
}

/// What a lookup passed on its way.
#[derive(Default)]
struct Passed {
    types: Vec<Rtype>,
    /// Once the first zone has spoken: the DNAME that took the question on, its target and TTL.
    redirect: Option<Option<(Name, Name, u32)>>,
}

impl<'t> Comparison<'t> {
    fn new(old: &'t Snapshot, new: &'t Snapshot) -> Self {
        let out = vec![0; usize::from(u16::MAX)];
        Self { old, new, out, answers: Answers::default(), redirects: Vec::new() }
    }

    fn ask_at(&mut self, name: NameRef<'_>) {
        let (types, others, _) = self.differ(name);
        self.keep(Scope::At(name.to_name()), types, others);
    }

    /// Asks for a name that exists in neither tree, and gives where in the list the change stands.
    fn ask_below(&mut self, name: NameRef<'_>) -> Option<usize> {
        let mut octets = [0; MAX_NAME];
        let probe = self.probe(name, &mut octets)?;
        let (types, others, passed) = self.differ(probe);
        let [old, new] = passed.map(|passed| passed.redirect.flatten());
        if let Some((owner, target, _)) = old.clone().filter(|(owner, ..)| old == new && owner.as_ref().is(name)) {
            self.redirects.push((owner, target));
        }
        let place = self.answers.list.len();
        self.keep(Scope::Below { name: name.to_name(), is_deep: false }, types, others);
        (self.answers.list.len() > place).then_some(place)
    }

    fn keep(&mut self, scope: Scope, types: Vec<(Rtype, Option<Change>)>, others: Option<Change>) {
        let change = AnswerChange { scope, types, others };
        if change.is_none() {
            return;
        }
        if self.answers.list.len() == MAX_ANSWERS {
            self.answers.left_out += 1;
        } else {
            self.answers.list.push(change);
        }
    }

    /// A name below `name` that exists in neither tree; none if there is no room for one.
    fn probe<'o>(&self, name: NameRef<'_>, octets: &'o mut [u8; MAX_NAME]) -> Option<NameRef<'o>> {
        let singles = (b'a'..=b'z').chain(b'0'..=b'9').map(|octet| vec![octet]);
        let labels = std::iter::once(b"zonewright-probe".to_vec()).chain(singles);
        let mut fitting = labels.filter(|label| 1 + label.len() + name.octets().len() <= MAX_NAME);
        let is_free = |tree: &Snapshot, probe: NameRef<'_>| {
            let zone = tree.served().catalog.zone(probe).and_then(|entry| entry.authority.as_deref());
            zone.is_none_or(|zone| zone.node(probe).is_none())
        };
        let label = fitting.find(|label| {
            let probe = child(label, name, octets);
            is_free(self.old, probe) && is_free(self.new, probe)
        })?;
        Some(child(&label, name, octets))
    }

    /// The types of which a name is answered otherwise, whether all others are, and what each tree's lookup passed.
    #[expect(clippy::type_complexity, reason = "three answers to one question, taken apart at once")]
    fn differ(&mut self, name: NameRef<'_>) -> (Vec<(Rtype, Option<Change>)>, Option<Change>, [Passed; 2]) {
        let passed = [self.passed(self.old, name), self.passed(self.new, name)];
        let mut types: Vec<Rtype> = passed.iter().flat_map(|passed| passed.types.iter().copied()).collect();
        types.push(Rtype::DS);
        types.sort_unstable();
        types.dedup();
        let (old_others, new_others) = self.replies(name, unused(&types));
        let others = change(&old_others, &new_others);
        types.retain(|&rtype| !rtype.is_meta() && !is_proof(rtype));
        let types = types.into_iter().filter_map(|rtype| {
            let (old, new) = self.replies(name, rtype);
            // Answered as every other type is, it needs no word of its own.
            let is_like_others = old.is_same(&old_others) && new.is_same(&new_others);
            (!is_like_others).then(|| (rtype, change(&old, &new)))
        });
        (types.collect(), others, passed)
    }

    /// The types of all nodes that a lookup of a type nobody has passes in one tree.
    fn passed(&mut self, tree: &'t Snapshot, name: NameRef<'_>) -> Passed {
        let passed = RefCell::new(Passed::default());
        let add = |node: NodeRef<'_>| passed.borrow_mut().types.extend(node.rrsets().map(|rrset| rrset.rtype()));
        let hear = |step: Step<'_, 't>| match step {
            Step::Exact(node) | Step::Wildcard(node) => add(node),
            Step::Outcome(found) => match found.outcome {
                Outcome::Redirect(dname, node) => {
                    add(node);
                    let redirect = (node.name().to_name(), NameRef::trusted(dname.first()).to_name(), dname.ttl());
                    passed.borrow_mut().redirect.get_or_insert(Some(redirect));
                }
                // What redirects later is no redirect of this name.
                _ => _ = passed.borrow_mut().redirect.get_or_insert(None),
            },
            _ => {}
        };
        tree.ask(name, NOBODYS_TYPE, &mut self.out, &hear);
        passed.into_inner()
    }

    fn replies(&mut self, name: NameRef<'_>, rtype: Rtype) -> (Reply, Reply) {
        let mut reply = |tree: &'t Snapshot| {
            let message = tree.ask(name, rtype, &mut self.out, &|_| {});
            Reply::of(&message.expect("our own answer to our own question is well formed"))
        };
        (reply(self.old), reply(self.new))
    }
}

fn change(old: &Reply, new: &Reply) -> Option<Change> {
    (!old.is_same(new)).then(|| Change { old: old.clone(), new: new.clone(), cached: old.outlives(new) })
}

/// A type for private use (RFC 6895 §3.1) that is not among `types`, which are sorted.
fn unused(types: &[Rtype]) -> Rtype {
    let free = (65280..=65534).rev().map(Rtype).find(|rtype| types.binary_search(rtype).is_err());
    free.unwrap_or(Rtype(65279))
}

/// `label` below `name`, for which there is room.
fn child<'o>(label: &[u8], name: NameRef<'_>, octets: &'o mut [u8; MAX_NAME]) -> NameRef<'o> {
    let end = 1 + label.len() + name.octets().len();
    octets[0] = label.len() as u8;
    octets[1..=label.len()].copy_from_slice(label);
    octets[1 + label.len()..end].copy_from_slice(name.octets());
    NameRef::trusted(&octets[..end])
}

/// Folds the changes below names into that below their ancestor, where all names below the ancestor change alike: a cut that
/// hides a thousand names is one line for what never existed below them.
fn fold(all: &[Candidate<'_>], below: &[Option<usize>], answers: &mut Answers) {
    let parents = parents(all);
    let is_alike = |one: usize, other: usize| is_same_change(&answers.list[one], &answers.list[other]);
    let mut is_uniform: Vec<bool> =
        all.iter().zip(below).map(|(candidate, below)| candidate.is_whole && below.is_some()).collect();
    for index in (0..all.len()).rev() {
        let Some(parent) = parents[index] else { continue };
        let is_same = below[index].zip(below[parent]).is_some_and(|(one, other)| is_alike(one, other));
        is_uniform[parent] &= is_uniform[index] && is_same;
    }
    let mut dropped = vec![false; answers.list.len()];
    for (index, place) in below.iter().enumerate() {
        let Some(place) = place else { continue };
        dropped[*place] = parents[index].is_some_and(|parent| is_uniform[parent]);
        if let Scope::Below { is_deep, .. } = &mut answers.list[*place].scope {
            *is_deep = is_uniform[index];
        }
    }
    let mut dropped = dropped.into_iter();
    answers.list.retain(|_| !dropped.next().unwrap_or(false));
}

/// For each name the nearest above it in the list.
fn parents(all: &[Candidate<'_>]) -> Vec<Option<usize>> {
    let mut path: Vec<usize> = Vec::new();
    let mut parents = Vec::with_capacity(all.len());
    for (index, candidate) in all.iter().enumerate() {
        while path.last().is_some_and(|&last| !candidate.name.is_below(all[last].name)) {
            path.pop();
        }
        parents.push(path.last().copied());
        path.push(index);
    }
    parents
}

fn is_same_change(one: &AnswerChange, other: &AnswerChange) -> bool {
    let is_same = |one: &Option<Change>, other: &Option<Change>| match (one, other) {
        (Some(one), Some(other)) => one.old.is_same(&other.old) && one.new.is_same(&other.new),
        (one, other) => one.is_none() && other.is_none(),
    };
    let is_pair = |((one_type, one), (other_type, other)): (&(Rtype, _), &(Rtype, _))| {
        one_type == other_type && is_same(one, other)
    };
    is_same(&one.others, &other.others)
        && one.types.len() == other.types.len()
        && one.types.iter().zip(&other.types).all(is_pair)
}

/// The most DNAMEs that a question is taken on by, one below the target of the other.
const MAX_REDIRECTS: usize = 17;

/// Adds the DNAMEs below whose target something changes; one may lie below another's target.
fn redirect(mut redirects: Vec<(Name, Name)>, answers: &mut Answers) {
    let is_about_it = |change: &AnswerChange| matches!(change.scope, Scope::At(_));
    let about = |change: &AnswerChange| (change.scope.name().to_name(), is_about_it(change));
    let mut names: Vec<(Name, bool)> = answers.list.iter().map(about).collect();
    for _ in 0..MAX_REDIRECTS {
        names.sort_by(|(a, _), (b, _)| a.as_ref().canonical_cmp(b.as_ref()));
        let leads_to_change = |target: &Name| {
            let first = names.partition_point(|(name, _)| name.as_ref().canonical_cmp(target.as_ref()).is_lt());
            // The target itself is nobody's target: its own answer, first in order, does not count.
            let mut from =
                names[first..].iter().skip_while(|(name, is_at)| *is_at && name.as_ref().is(target.as_ref()));
            from.next().is_some_and(|(name, _)| name.as_ref().is_at_or_below(target.as_ref()))
        };
        let (found, rest): (Vec<_>, Vec<_>) = redirects.into_iter().partition(|(_, target)| leads_to_change(target));
        redirects = rest;
        if found.is_empty() {
            return;
        }
        for (name, target) in found {
            names.push((name.clone(), false));
            let scope = Scope::Redirected { name, target };
            answers.list.push(AnswerChange { scope, types: Vec::new(), others: None });
        }
    }
}
