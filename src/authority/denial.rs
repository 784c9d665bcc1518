//! Proofs that something does not exist: NSEC (RFC 4035 §3.1.3) and NSEC3 (RFC 5155 §7.2).
//!
//! In: a question, and what the lookup found of it. Out: the rrsets of a pre-signed zone that prove it, for the authority
//! section. Judges no signatures.
//!
//! # Design
//!
//! NSEC owners are nodes in canonical order, NSEC3 owners rows in the order of their hashes; the record that matches or
//! covers a name is found by binary search. A chain of aliases collects its proofs in [`Proofs`] and writes them at its end,
//! because answers stand before them in a message.

use data_encoding::BASE32HEX_NOPAD;
use sha1::{Digest, Sha1};

use super::{Authority, Question, RrsetRef};
use crate::dns::{MAX_NAME, NameRef, Rtype};

/// A SHA-1 hash of a name, the only algorithm there is (RFC 5155 §11).
pub type NameHash = [u8; 20];

/// How a zone proves that something does not exist.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Denial {
    /// It does not.
    Unsigned,
    /// By NSEC records: the nodes that own one, in canonical order.
    Nsec(Vec<u32>),
    /// By NSEC3 records.
    Nsec3(Nsec3),
}

/// An NSEC3 chain.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Nsec3 {
    iterations: u16,
    salt: Box<[u8]>,
    /// In the order of their hashes.
    rows: Vec<Nsec3Row>,
}

/// An NSEC3 owner: its hash, and the number of its block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Nsec3Row {
    pub(super) hash: NameHash,
    pub(super) node: u32,
}

/// An rrset that proves something, and its owner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proof<'a> {
    pub(super) owner: NameRef<'a>,
    pub(super) rrset: RrsetRef<'a>,
}

/// The most proofs an answer needs: three at its end, and one for each wildcard that a chain of 17 links passes.
const MAX_PROOFS: usize = 20;

/// The proofs of one answer, each once.
#[derive(Debug)]
pub(super) struct Proofs<'a> {
    list: [Option<Proof<'a>>; MAX_PROOFS],
    count: usize,
}

impl<'a> Proofs<'a> {
    pub(super) fn new() -> Self {
        Self { list: [None; MAX_PROOFS], count: 0 }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Proof<'a>> {
        self.list[..self.count].iter().flatten()
    }

    fn add(&mut self, proof: Option<Proof<'a>>) {
        let Some(proof) = proof else { return };
        let is_known = self.iter().any(|known| known.rrset.is_same(proof.rrset));
        if !is_known && self.count < MAX_PROOFS {
            self.list[self.count] = Some(proof);
            self.count += 1;
        }
    }
}

/// The hash of a name, which the chain is ordered by (RFC 5155 §5).
pub fn nsec3_hash(name: NameRef<'_>, iterations: u16, salt: &[u8]) -> NameHash {
    let mut lower = [0; MAX_NAME];
    let lower = &mut lower[..name.octets().len()];
    lower.copy_from_slice(name.octets());
    lower.make_ascii_lowercase();
    let mut hash: NameHash = Sha1::new().chain_update(&*lower).chain_update(salt).finalize().into();
    for _ in 0..iterations {
        hash = Sha1::new().chain_update(hash).chain_update(salt).finalize().into();
    }
    hash
}

/// The hash that an NSEC3 owner's first label writes, if it writes one.
pub fn nsec3_owner_hash(owner: NameRef<'_>) -> Option<NameHash> {
    let label = owner.labels().next()?.to_ascii_uppercase();
    BASE32HEX_NOPAD.decode(&label).ok()?.try_into().ok()
}

impl Denial {
    /// What `authority`, whose nodes are complete, has to prove by: `owners` have NSEC records, `rows` are of NSEC3 owners.
    /// NSEC3 counts where the apex says so (RFC 5155 §4).
    pub(super) fn new(authority: &Authority, owners: Vec<u32>, mut rows: Vec<Nsec3Row>) -> Self {
        let parameters = authority.top().rrset(Rtype::NSEC3PARAM).and_then(|rrset| rrset.rdatas().find_map(parameters));
        if let Some((iterations, salt)) = parameters {
            // Another chain may be half built beside the one that is announced.
            let is_ours = |row: &Nsec3Row| {
                let rrset = authority.numbered(row.node).rrset(Rtype::NSEC3);
                rrset.is_some_and(|rrset| {
                    rrset.rdatas().any(|rdata| parameters_of_record(rdata) == Some((iterations, salt)))
                })
            };
            rows.retain(is_ours);
            rows.sort_unstable_by_key(|row| row.hash);
            if !rows.is_empty() {
                return Self::Nsec3(Nsec3 { iterations, salt: salt.into(), rows });
            }
        }
        if owners.is_empty() { Self::Unsigned } else { Self::Nsec(owners) }
    }

    /// Octets of memory held.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Unsigned => 0,
            Self::Nsec(owners) => owners.capacity() * size_of::<u32>(),
            Self::Nsec3(chain) => chain.rows.capacity() * size_of::<Nsec3Row>() + chain.salt.len(),
        }
    }
}

/// Iterations and salt of an NSEC3PARAM record that may be used: SHA-1, no flags (RFC 5155 §4.1).
fn parameters(rdata: &[u8]) -> Option<(u16, &[u8])> {
    let [1, 0, high, low, salt_length, salt @ ..] = rdata else { return None };
    (salt.len() == usize::from(*salt_length)).then_some((u16::from_be_bytes([*high, *low]), salt))
}

/// The same of an NSEC3 record, whose only flag is opt-out (RFC 5155 §3.1.2).
fn parameters_of_record(rdata: &[u8]) -> Option<(u16, &[u8])> {
    let [1, _, high, low, salt_length, rest @ ..] = rdata else { return None };
    Some((u16::from_be_bytes([*high, *low]), rest.get(..usize::from(*salt_length))?))
}

impl Nsec3 {
    fn hash(&self, name: NameRef<'_>) -> NameHash {
        nsec3_hash(name, self.iterations, &self.salt)
    }

    /// The row of a name, if the chain has it.
    fn matching(&self, name: NameRef<'_>) -> Option<&Nsec3Row> {
        let hash = self.hash(name);
        self.rows.binary_search_by_key(&hash, |row| row.hash).ok().map(|found| &self.rows[found])
    }

    /// The row whose hash is the last before the name's, the chain being a ring.
    fn covering(&self, name: NameRef<'_>) -> Option<&Nsec3Row> {
        let hash = self.hash(name);
        let after = self.rows.partition_point(|row| row.hash <= hash);
        self.rows.get(after.checked_sub(1).unwrap_or(self.rows.len() - 1))
    }
}

/// `*` below a name; none where that is too long.
fn wildcard_of<'o>(name: NameRef<'_>, octets: &'o mut [u8; MAX_NAME]) -> Option<NameRef<'o>> {
    let length = 2 + name.octets().len();
    let whole = octets.get_mut(..length)?;
    whole[..2].copy_from_slice(b"\x01*");
    whole[2..].copy_from_slice(name.octets());
    Some(NameRef::trusted(whole))
}

impl Authority {
    /// Proves that neither the name nor a wildcard for it exists; its closest encloser has `encloser` labels.
    pub(super) fn prove_no_name<'a>(&'a self, question: &Question<'_>, encloser: usize, proofs: &mut Proofs<'a>) {
        let mut octets = [0; MAX_NAME];
        let wildcard = wildcard_of(question.suffix(encloser), &mut octets);
        match &self.denial {
            Denial::Unsigned => {}
            Denial::Nsec(owners) => {
                proofs.add(self.nsec_before(owners, question.name()));
                proofs.add(wildcard.and_then(|wildcard| self.nsec_before(owners, wildcard)));
            }
            Denial::Nsec3(chain) => {
                let encloser = self.prove_encloser(chain, question, encloser, proofs);
                let wildcard = wildcard_of(question.suffix(encloser), &mut octets);
                proofs.add(wildcard.and_then(|wildcard| self.nsec3(chain.covering(wildcard))));
            }
        }
    }

    /// Proves that the name of the question's last `labels` labels exists, and has no rrset of the type; of a cut, that it
    /// has no DS.
    pub(super) fn prove_no_type<'a>(&'a self, question: &Question<'_>, labels: usize, proofs: &mut Proofs<'a>) {
        let name = question.suffix(labels);
        match &self.denial {
            Denial::Unsigned => {}
            // For an empty non-terminal, the record before it: its next name lies below the name in question.
            Denial::Nsec(owners) => proofs.add(self.nsec_before(owners, name)),
            Denial::Nsec3(chain) => match chain.matching(name) {
                Some(row) => proofs.add(self.nsec3(Some(row))),
                // An unsigned delegation, or a name that only leads to such, may have been left out (opt-out).
                None => _ = self.prove_encloser(chain, question, labels.saturating_sub(1), proofs),
            },
        }
    }

    /// Proves that a wildcard answers for the name, because the name itself does not exist.
    pub(super) fn prove_expansion<'a>(&'a self, question: &Question<'_>, encloser: usize, proofs: &mut Proofs<'a>) {
        match &self.denial {
            Denial::Unsigned => {}
            Denial::Nsec(owners) => proofs.add(self.nsec_before(owners, question.name())),
            Denial::Nsec3(chain) => proofs.add(self.nsec3(chain.covering(question.suffix(encloser + 1)))),
        }
    }

    /// Proves that a wildcard stands for the name, and has no rrset of the type.
    pub(super) fn prove_no_type_at_wildcard<'a>(
        &'a self,
        question: &Question<'_>,
        encloser: usize,
        proofs: &mut Proofs<'a>,
    ) {
        let mut octets = [0; MAX_NAME];
        let wildcard = wildcard_of(question.suffix(encloser), &mut octets);
        match &self.denial {
            Denial::Unsigned => {}
            Denial::Nsec(owners) => {
                proofs.add(wildcard.and_then(|wildcard| self.nsec_before(owners, wildcard)));
                proofs.add(self.nsec_before(owners, question.name()));
            }
            Denial::Nsec3(chain) => {
                self.prove_encloser(chain, question, encloser, proofs);
                proofs.add(wildcard.and_then(|wildcard| self.nsec3(chain.matching(wildcard))));
            }
        }
    }

    /// Proves the closest encloser that the chain has, and that the next name towards the question does not exist; gives
    /// that encloser's number of labels (RFC 5155 §7.2.1).
    fn prove_encloser<'a>(
        &'a self,
        chain: &'a Nsec3,
        question: &Question<'_>,
        deepest: usize,
        proofs: &mut Proofs<'a>,
    ) -> usize {
        let provable = (self.apex_labels..=deepest).rev();
        let found = provable.into_iter().find_map(|labels| Some((labels, chain.matching(question.suffix(labels))?)));
        let Some((labels, row)) = found else { return self.apex_labels };
        proofs.add(self.nsec3(Some(row)));
        if labels < question.label_count() {
            proofs.add(self.nsec3(chain.covering(question.suffix(labels + 1))));
        }
        labels
    }

    /// The NSEC record at a name or the last before it in canonical order.
    fn nsec_before(&self, owners: &[u32], name: NameRef<'_>) -> Option<Proof<'_>> {
        let after = owners.partition_point(|&owner| self.numbered(owner).name().canonical_cmp(name).is_le());
        let node = self.numbered(*owners.get(after.checked_sub(1)?)?);
        Some(Proof { owner: node.name(), rrset: node.rrset(Rtype::NSEC)? })
    }

    fn nsec3<'a>(&'a self, row: Option<&'a Nsec3Row>) -> Option<Proof<'a>> {
        let node = self.numbered(row?.node);
        Some(Proof { owner: node.name(), rrset: node.rrset(Rtype::NSEC3)? })
    }
}
