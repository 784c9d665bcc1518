//! A pre-signed zone as several rules look at it: its keys, which names are its own, and each rrset with its signatures.
//!
//! # Design
//!
//! Signatures are verified when the first rule asks, each one: a validator is content with one good signature of an rrset,
//! and a person has to mend the one that fails. Threads share them by position, so that what comes out does not depend on
//! who was quicker.

use std::sync::OnceLock;

use super::canonical;
use super::crypto::Verdict;
use super::signatures::{Key, Signature};
use super::subject::Subject;
use crate::dns::{NameRef, Rtype};
use crate::threads;
use crate::zone::{Node, Rrset, Zone};
use crate::zonefile::rdata::{Mnemonic, covered};

/// What a name is to the zone that signs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// The zone's own: all its records are signed.
    Own,
    /// A cut: its DS and NSEC records are signed, its NS records are the child's (RFC 4035 §2.2).
    Cut,
    /// Below a cut: another zone's, and signed by nobody here.
    Occluded,
    /// The owner of an NSEC3 record, which is no name of the zone (RFC 5155 §7.1).
    Hash,
}

/// A signature and what is to be said of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Judgement {
    /// A key of the zone made it.
    Good,
    /// A key of the zone did not.
    Bad,
    /// The zone has no key of its tag and algorithm.
    NoKey,
    /// It says that another zone made it.
    OtherSigner,
    /// It counts other labels than its owner has (RFC 4034 §3.1.3).
    OtherLabels,
    /// The algorithm is not known here.
    Unknown,
}

/// An rrset that has to be signed, and its signatures.
pub(super) struct SignedSet<'z> {
    pub(super) rrset: Rrset<'z>,
    pub(super) signatures: Vec<Signature<'z>>,
}

/// A signed zone.
pub(super) struct Signed<'z> {
    pub(super) zone: &'z Zone,
    pub(super) keys: Vec<Key<'z>>,
    pub(super) nodes: Vec<(Node<'z>, Standing)>,
    pub(super) sets: Vec<SignedSet<'z>>,
    threads: usize,
    judgements: OnceLock<Vec<Vec<Judgement>>>,
}

impl<'z> Signed<'z> {
    /// The view of a zone whose apex has keys and that has signatures; none of any other.
    pub(super) fn of(subject: &Subject<'z>) -> Option<Self> {
        let (zone, threads) = (subject.zone, subject.settings.threads);
        let keys = zone.rrset(zone.apex(), Rtype::DNSKEY)?;
        if !zone.nodes().any(|node| node.rrset(Rtype::RRSIG).is_some()) {
            return None;
        }
        let nodes: Vec<_> = subject.nodes().map(|(node, cut)| (node, standing(node, cut))).collect();
        let sets = nodes.iter().flat_map(|&(node, standing)| sets_of(node, standing)).collect();
        let keys = keys.rdatas().filter_map(Key::of).filter(Key::is_zone_key).collect();
        Some(Self { zone, keys, nodes, sets, threads, judgements: OnceLock::new() })
    }

    /// The signatures of an rrset that a validator would look at: those by keys that the zone has.
    pub(super) fn usable<'s>(&'s self, set: &'s SignedSet<'z>) -> impl Iterator<Item = &'s Signature<'z>> {
        set.signatures.iter().filter(|signature| self.keys.iter().any(|key| signature.is_by(key)))
    }

    /// Each rrset that has to be signed, its signatures, and what is to be said of each.
    pub(super) fn judged(&self) -> impl Iterator<Item = (&SignedSet<'z>, &[Judgement])> {
        let judgements = self.judgements.get_or_init(|| self.judge_all());
        self.sets.iter().zip(judgements.iter().map(Vec::as_slice))
    }

    fn judge_all(&self) -> Vec<Vec<Judgement>> {
        let (apex, keys) = (self.zone.apex(), &self.keys[..]);
        // A thread is worth its start from some dozen signatures on.
        let share = self.sets.len().div_ceil(self.threads.max(1)).max(64);
        let judge = |sets: &[SignedSet<'_>]| {
            let mut buffer = Vec::new();
            sets.iter().map(|set| set.judge(apex, keys, &mut buffer)).collect::<Vec<_>>()
        };
        threads::on_each(self.sets.chunks(share), judge).flatten().collect()
    }
}

impl SignedSet<'_> {
    fn judge(&self, apex: NameRef<'_>, keys: &[Key<'_>], buffer: &mut Vec<u8>) -> Vec<Judgement> {
        let owner = self.rrset.owner();
        // The asterisk of a wildcard is not counted (RFC 4034 §3.1.3).
        let labels = owner.label_count() - usize::from(owner.is_wildcard());
        let records = canonical::sorted(self.rrset);
        let judge = |signature: &Signature<'_>| {
            let mut candidates = keys.iter().filter(|key| signature.is_by(key)).peekable();
            if !signature.signer.is(apex) {
                return Judgement::OtherSigner;
            }
            if candidates.peek().is_none() {
                return Judgement::NoKey;
            }
            if usize::from(signature.labels) != labels {
                return Judgement::OtherLabels;
            }
            let mut judgement = Judgement::Bad;
            for key in candidates {
                match signature.verify(key, self.rrset, &records, buffer) {
                    Verdict::Good => return Judgement::Good,
                    Verdict::Unknown => judgement = Judgement::Unknown,
                    Verdict::Bad => {}
                }
            }
            judgement
        };
        self.signatures.iter().map(judge).collect()
    }
}

/// An rrset as findings call it: "the MX records of `example.org.`".
pub(super) fn named(rrset: Rrset<'_>) -> String {
    let records = if rrset.records().len() == 1 { "record" } else { "records" };
    format!("the {} {records} of `{}`", Mnemonic(rrset.rtype()), rrset.owner())
}

/// What a name is, in a zone where this is the topmost cut that it is or lies below.
fn standing(node: Node<'_>, cut: Option<Node<'_>>) -> Standing {
    match cut {
        Some(cut) if cut.is_same(node) => Standing::Cut,
        Some(_) => Standing::Occluded,
        None if node.is_hash() => Standing::Hash,
        None => Standing::Own,
    }
}

/// The rrsets of a node that have to be signed.
fn sets_of<'z>(node: Node<'z>, standing: Standing) -> impl Iterator<Item = SignedSet<'z>> {
    let signatures = node.rrset(Rtype::RRSIG);
    let is_signed = move |rrset: &Rrset<'z>| match standing {
        Standing::Own | Standing::Hash => rrset.rtype() != Rtype::RRSIG,
        Standing::Cut => matches!(rrset.rtype(), Rtype::DS | Rtype::NSEC | Rtype::NSEC3),
        Standing::Occluded => false,
    };
    node.rrsets().filter(is_signed).map(move |rrset| {
        let all = signatures.into_iter().flat_map(|rrsigs| rrsigs.records().zip(rrsigs.rdatas()));
        let own = all.filter(|(_, rdata)| covered(rdata) == rrset.rtype());
        SignedSet { rrset, signatures: own.filter_map(|(record, rdata)| Signature::of(record, rdata)).collect() }
    })
}
