//! NSEC3 chains: one record at the hash of each name, empty non-terminals included, each naming the next hash (RFC 5155 §7.1).
//!
//! With opt-out, unsigned delegations and the empty non-terminals that lead to nothing else may be left out, where the record
//! before them says so (RFC 5155 §6).

use std::collections::HashMap;

use data_encoding::BASE32HEX_NOPAD;

use super::{FIX, WHY, listed, wrong_types};
use crate::authority::{NameHash, nsec3_hash, nsec3_owner_hash};
use crate::dns::{Name, NameRef, Rtype};
use crate::lint::Report;
use crate::lint::signed::{Signed, Standing};
use crate::zone::{Node, Rrset};
use crate::zonefile::Record;
use crate::zonefile::rdata::listed_types;

/// Reports what is wrong with the zone's NSEC3 records; says whether it has any.
pub(super) fn check(signed: &Signed<'_>, report: &mut Report<'_>) -> bool {
    let rows: Vec<Row<'_>> = signed.nodes.iter().flat_map(|&(node, standing)| rows_of(node, standing)).collect();
    let parameters = signed.zone.rrset(signed.zone.apex(), Rtype::NSEC3PARAM);
    let mut has_chain = false;
    for (record, rdata) in parameters.into_iter().flat_map(|rrset| rrset.records().zip(rrset.rdatas())) {
        let Some(parameters) = Parameters::announced(rdata) else { continue };
        has_chain = true;
        let mut chain: Vec<&Row<'_>> = rows.iter().filter(|row| row.parameters == parameters).collect();
        chain.sort_unstable_by_key(|row| row.hash);
        match chain.is_empty() {
            true => announced_in_vain(record, signed, report),
            false => Chain { signed, rows: chain, parameters }.check(report),
        }
    }
    if let Some(row) = rows.first().filter(|_| !has_chain) {
        let what = format!("`{}` has NSEC3 records and no NSEC3PARAM record that says so", signed.zone.apex());
        let finding = report.finding(report.rdata(row.record), what).label("in no chain that servers know of");
        report.add(finding.why("servers use the chain that NSEC3PARAM announces only (RFC 5155 §4)").fix(FIX));
    }
    has_chain || !rows.is_empty()
}

fn announced_in_vain(record: &Record, signed: &Signed<'_>, report: &mut Report<'_>) {
    let what = format!("no NSEC3 record of `{}` has the parameters of this NSEC3PARAM record", signed.zone.apex());
    let finding = report.finding(report.rdata(record), what).label("servers look for a chain with this salt");
    report.add(finding.why("without its chain nothing can be denied (RFC 5155 §4)").fix(FIX));
}

/// How names are hashed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Parameters<'z> {
    iterations: u16,
    salt: &'z [u8],
}

impl<'z> Parameters<'z> {
    /// Of an NSEC3PARAM record that may be used: SHA-1, no flags (RFC 5155 §4.1.2).
    fn announced(rdata: &'z [u8]) -> Option<Self> {
        rdata.get(1).filter(|&&flags| flags == 0)?;
        Self::of(rdata)
    }

    fn of(rdata: &'z [u8]) -> Option<Self> {
        let [1, _, high, low, length, rest @ ..] = rdata else { return None };
        Some(Self { iterations: u16::from_be_bytes([*high, *low]), salt: rest.get(..usize::from(*length))? })
    }
}

/// One NSEC3 record.
struct Row<'z> {
    hash: NameHash,
    owner: NameRef<'z>,
    record: &'z Record,
    parameters: Parameters<'z>,
    has_opt_out: bool,
    next: &'z [u8],
    types: &'z [u8],
}

fn rows_of<'z>(node: Node<'z>, standing: Standing) -> impl Iterator<Item = Row<'z>> {
    let rrset = node.rrset(Rtype::NSEC3).filter(|_| standing == Standing::Hash);
    let records = rrset.into_iter().flat_map(|rrset: Rrset<'z>| rrset.records().zip(rrset.rdatas()));
    records.filter_map(move |(record, rdata)| {
        let parameters = Parameters::of(rdata)?;
        let (&length, rest) = rdata.get(5 + parameters.salt.len()..)?.split_first()?;
        let (next, types) = rest.split_at_checked(length.into())?;
        let (owner, hash) = (node.name(), nsec3_owner_hash(node.name())?);
        Some(Row { hash, owner, record, parameters, has_opt_out: rdata[1] & 1 != 0, next, types })
    })
}

/// A name that the chain is about.
struct Expected<'z> {
    name: Name,
    /// The node itself or, for an empty non-terminal, the first below it.
    node: Node<'z>,
    standing: Standing,
    is_empty: bool,
    /// Whether opt-out may leave it out.
    may_miss: bool,
}

struct Chain<'s, 'z> {
    signed: &'s Signed<'z>,
    /// In the order of their hashes.
    rows: Vec<&'s Row<'z>>,
    parameters: Parameters<'z>,
}

impl Chain<'_, '_> {
    fn check(&self, report: &mut Report<'_>) {
        let expected = self.expected();
        for (index, row) in self.rows.iter().enumerate() {
            let next = self.rows[(index + 1) % self.rows.len()];
            // A next hash of a name that lacks its record is told of there.
            let is_missing = |hash: &[u8]| hash.try_into().is_ok_and(|hash: NameHash| expected.contains_key(&hash));
            if row.next != next.hash && (self.find(row.next).is_some() || !is_missing(row.next)) {
                self.wrong_next(row, next, report);
            }
            match expected.get(&row.hash) {
                Some(name) => check_types(row, name, report),
                None => self.stray(row, report),
            }
        }
        let mut missing: Vec<(&NameHash, &Expected<'_>)> = expected.iter().collect();
        missing.retain(|(hash, name)| self.find(*hash).is_none() && !(name.may_miss && self.covering(hash).has_opt_out));
        missing.sort_unstable_by(|a, b| a.1.name.as_ref().canonical_cmp(b.1.name.as_ref()));
        missing.iter().for_each(|(hash, name)| self.missing(hash, name, report));
    }

    /// The names of the zone by their hashes.
    fn expected(&self) -> HashMap<NameHash, Expected<'_>> {
        let zone = self.signed.zone;
        let mut expected = HashMap::with_capacity(self.signed.nodes.len());
        for (node, standing) in listed(self.signed) {
            let may_miss = standing == Standing::Cut && node.rrset(Rtype::DS).is_none();
            let own = Expected { name: node.name().to_name(), node, standing, is_empty: false, may_miss };
            expected.insert(self.hash(node.name()), own);
            let above = std::iter::successors(node.name().parent(), |name| name.parent());
            for name in above.take_while(|name| name.is_below(zone.apex())) {
                if zone.node(name).is_some() {
                    break;
                }
                let empty = Expected { name: name.to_name(), node, standing, is_empty: true, may_miss };
                let known = expected.entry(self.hash(name)).or_insert(empty);
                known.may_miss &= may_miss;
            }
        }
        expected
    }

    fn hash(&self, name: NameRef<'_>) -> NameHash {
        nsec3_hash(name, self.parameters.iterations, self.parameters.salt)
    }

    fn find(&self, hash: &[u8]) -> Option<&Row<'_>> {
        self.rows.binary_search_by(|row| row.hash.as_slice().cmp(hash)).ok().map(|found| self.rows[found])
    }

    /// The record whose hash is the last before this one.
    fn covering(&self, hash: &NameHash) -> &Row<'_> {
        let after = self.rows.partition_point(|row| row.hash < *hash);
        self.rows[after.checked_sub(1).unwrap_or(self.rows.len() - 1)]
    }

    fn wrong_next(&self, row: &Row<'_>, next: &Row<'_>, report: &mut Report<'_>) {
        let leads_to = BASE32HEX_NOPAD.encode(row.next).to_ascii_lowercase();
        let what = format!("the NSEC3 record of `{}` leads to `{leads_to}`", row.owner);
        let finding = report.finding(report.rdata(row.record), what);
        let label = format!("the next owner is `{}`", next.owner);
        report.add(finding.label(label).also(report.rtype(next.record), "it is here").why(WHY).fix(FIX));
    }

    fn stray(&self, row: &Row<'_>, report: &mut Report<'_>) {
        let what = format!("the NSEC3 record of `{}` is of no name in the zone", row.owner);
        let finding = report.finding(report.rtype(row.record), what).label("the hash of a name that is not here");
        report.add(finding.why(WHY).fix(FIX));
    }

    fn missing(&self, hash: &NameHash, name: &Expected<'_>, report: &mut Report<'_>) {
        let Some(first) = name.node.rrsets().next() else { return };
        let label = match name.is_empty {
            true => "makes a name above it exist that has no NSEC3 record".into(),
            false => format!("its hash is {}", BASE32HEX_NOPAD.encode(hash).to_ascii_lowercase()),
        };
        let what = format!("`{}` has no NSEC3 record", name.name);
        let before = report.rtype(self.covering(hash).record);
        let finding = report.finding(report.first(first), what).label(label);
        report.add(finding.also(before, "the record before it").why(WHY).fix(FIX));
    }
}

fn check_types(row: &Row<'_>, name: &Expected<'_>, report: &mut Report<'_>) {
    let listed = listed_types(row.types);
    let wrong = match name.is_empty {
        true => (!listed.is_empty()).then(|| format!("lists {}, and the name has no records", super::list(&listed))),
        false => wrong_types(name.node, name.standing, &listed),
    };
    if let Some(wrong) = wrong {
        let what = format!("the NSEC3 record of `{}` {wrong}", name.name);
        let finding = report.finding(report.rdata(row.record), what);
        let first = name.node.rrsets().next().filter(|_| !name.is_empty);
        let finding = first.into_iter().fold(finding, |finding, first| finding.also(report.first(first), "the name is here"));
        report.add(finding.why(WHY).fix(FIX));
    }
}
