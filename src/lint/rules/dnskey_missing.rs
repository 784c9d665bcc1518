//! ## What it does
//! Finds signatures by keys that the zone's DNSKEY records lack, and DNSKEY records that are not signed themselves.
//! ## Why is this bad
//! A validating resolver finds no key to verify with, takes the records for forged and answers SERVFAIL (RFC 4035 §5.3.1).
//! Where another signature of the same records has its key, it is a warning: a key that was retired too early, or one that
//! is published too late.
//! ## Example
//! ```zone
//! @   300 IN DNSKEY 257 3 13 …              ; the key with tag 4711
//! www 300 IN RRSIG  A 13 3 300 … 815 …      ; no key with tag 815
//! ```
//! ## Fix
//! Add the key's DNSKEY record and sign the zone again, or sign it with the keys it has.

use std::collections::HashMap;

use crate::diagnostic::Severity;
use crate::dns::Rtype;
use crate::lint::signatures::Signature;
use crate::zonefile::rdata::covered;
use crate::lint::signed::{Signed, named};
use crate::lint::{Report, Subject};
use crate::zone::{Rrset, Zone};
use crate::zonefile::rdata::Algorithm;

const WHY: &str = "validating resolvers find no key to verify with and answer SERVFAIL (RFC 4035 §5.3.1)";

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    match subject.signed() {
        Some(signed) => {
            unsigned_keys(signed, report);
            missing_keys(signed, report);
        }
        None => no_keys(subject.zone, report),
    }
}

/// A zone with signatures and no keys at all.
fn no_keys(zone: &Zone, report: &mut Report<'_>) {
    let apex = zone.apex();
    let signatures = zone.node(apex).and_then(|node| node.rrset(Rtype::RRSIG));
    let is_soa = |rrset: &Rrset<'_>| rrset.rdatas().any(|rdata| covered(rdata) == Rtype::SOA);
    if let Some(signatures) = signatures.filter(is_soa) {
        let finding = report
            .finding(report.first(signatures), format!("the zone `{apex}` has signatures and no DNSKEY record"))
            .label("made by a key that is not here")
            .why(WHY)
            .fix("add the DNSKEY records and sign the zone again, or delete all RRSIG, NSEC and NSEC3 records");
        report.add(finding);
    }
}

fn unsigned_keys(signed: &Signed<'_>, report: &mut Report<'_>) {
    let Some(keys) = signed.sets.iter().find(|set| set.rrset.rtype() == Rtype::DNSKEY) else { return };
    if keys.signatures.is_empty() {
        let finding = report
            .finding(report.first(keys.rrset), format!("{} have no signature", named(keys.rrset)))
            .label("no RRSIG record covers the keys")
            .why("without it nobody can tell the zone's keys from forged ones (RFC 4035 §5.2)")
            .fix("sign the zone again, its key-signing key included");
        report.add(finding);
    }
}

/// The signatures by one key that is not there.
struct Missing<'s, 'z> {
    first: (Rrset<'z>, &'s Signature<'z>),
    others: usize,
    /// Whether some rrset has no other signature.
    is_needed: bool,
}

fn missing_keys(signed: &Signed<'_>, report: &mut Report<'_>) {
    let (mut places, mut missing) = (HashMap::new(), Vec::<Missing<'_, '_>>::new());
    for set in &signed.sets {
        let is_needed = signed.usable(set).next().is_none();
        for signature in set.signatures.iter().filter(|signature| !signed.keys.iter().any(|key| signature.is_by(key))) {
            let place = *places.entry((signature.tag, signature.algorithm)).or_insert(missing.len());
            match missing.get_mut(place) {
                Some(known) => (known.others, known.is_needed) = (known.others + 1, known.is_needed || is_needed),
                None => missing.push(Missing { first: (set.rrset, signature), others: 0, is_needed }),
            }
        }
    }
    for Missing { first: (rrset, signature), others, is_needed } in missing {
        let (tag, algorithm) = (signature.tag, Algorithm(signature.algorithm));
        let others = super::and_others(others);
        let what = format!("{}{others} signed by a key that the zone does not have", named(rrset));
        let verb = if others.is_empty() && rrset.records().len() == 1 { " is" } else { " are" };
        let mut finding = report
            .finding(report.rdata(signature.record), what.replacen(" signed by", &format!("{verb} signed by"), 1))
            .label(format!("no DNSKEY record has tag {tag} and algorithm {algorithm}"))
            .why(WHY)
            .fix("add the key's DNSKEY record and sign the zone again, or sign it with the keys it has");
        if let Some(key) = signed.zone.rrset(signed.zone.apex(), Rtype::DNSKEY) {
            finding = finding.also(report.first(key), "the zone's keys are here");
        }
        if !is_needed {
            finding.severity = Severity::Warning;
        }
        report.add(finding);
    }
}
