//! ## What it does
//! Finds delegations to zones served here whose DS records are of none of the child's keys.
//! ## Why is this bad
//! The DS records tell a validating resolver which keys to trust; where the child has none of them, it answers SERVFAIL for
//! the whole child (RFC 4035 §5.2). DS records for a key that comes later are fine, as long as one matches today. DS records
//! of digest types that zonewright does not know are not judged, nor is a child that did not build.
//! ## Example
//! ```zone
//! sub 300 IN NS ns.sub
//! sub 300 IN DS 4711 13 2 …      ; and sub.example.org has a key with tag 815 only
//! ```
//! ## Fix
//! Replace the DS records by what `dnssec-dsfromkey` prints for the child's key-signing key, or delete them until the child
//! is signed.

use crate::dns::{NameRef, Rtype};
use crate::lint::signatures::{Key, is_known_digest};
use crate::lint::{Others, Report, Subject};
use crate::zone::{Node, Zone};

const WHY: &str = "validating resolvers trust the keys that DS records name, and answer SERVFAIL where there is none \
                   (RFC 4035 §5.2)";
const FIX: &str = "replace the DS records by what `dnssec-dsfromkey` prints for the child's key-signing key, or delete them";

fn is_secure_cut(node: Node<'_>) -> bool {
    node.is_delegation() && node.rrset(Rtype::DS).is_some()
}

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    for cut in subject.zone.notable().filter(|&node| is_secure_cut(node)) {
        check_cut(cut, others, report);
    }
    check_apex(subject.zone, others, report);
}

/// The parent's side: the keys of the child are asked of what is served.
fn check_cut(cut: Node<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let (Some(child), Some(ds)) = (others.child(cut.name()), cut.rrset(Rtype::DS)) else { return };
    let keys = child.node(cut.name()).and_then(|apex| apex.rrset(Rtype::DNSKEY));
    let keys: Vec<&[u8]> = keys.into_iter().flat_map(|keys| keys.rdatas()).collect();
    if is_mismatch(cut.name(), ds.rdatas(), &keys) {
        let name = cut.name();
        let finding = report.finding(report.first(ds), format!("no DS record of `{name}` is of a key that it has"));
        report.add(finding.label(say_keys(&keys)).why(WHY).fix(FIX));
    }
}

/// The child's side, for a change of the child alone: the parent's text is not at hand then.
fn check_apex(zone: &Zone, others: &Others<'_>, report: &mut Report<'_>) {
    let apex = zone.apex();
    let Some(parent) = others.parent(apex).filter(|parent| !(others.is_judged)(parent.apex())) else { return };
    let Some(ds) = parent.node(apex).and_then(|cut| cut.rrset(Rtype::DS)) else { return };
    let keys = zone.rrset(apex, Rtype::DNSKEY);
    let rdatas: Vec<&[u8]> = keys.into_iter().flat_map(|keys| keys.rdatas()).collect();
    let blamed = keys.or_else(|| zone.rrset(apex, Rtype::SOA));
    if let Some(blamed) = blamed.filter(|_| is_mismatch(apex, ds.rdatas(), &rdatas)) {
        let headline = format!("no DS record of `{apex}` in `{}` is of a key that it has", parent.apex());
        let finding = report.finding(report.first(blamed), headline);
        report.add(finding.label(say_keys(&rdatas)).why(WHY).fix(FIX));
    }
}

/// Whether every DS record can be judged, and none is of a key that may sign the zone.
fn is_mismatch<'r>(zone: NameRef<'_>, ds: impl Iterator<Item = &'r [u8]>, keys: &[&[u8]]) -> bool {
    let keys: Vec<Key<'_>> = keys.iter().copied().filter_map(Key::of).filter(Key::is_zone_key).collect();
    let mut rdatas = ds.peekable();
    rdatas.peek().is_some()
        && rdatas.all(|rdata| is_known_digest(rdata) && !keys.iter().any(|key| key.matches(zone, rdata)))
}

fn say_keys(keys: &[&[u8]]) -> String {
    let keys: Vec<String> = keys.iter().copied().filter_map(Key::of).map(|key| key.tag.to_string()).collect();
    match &keys[..] {
        [] => "the child has no DNSKEY record".into(),
        [tag] => format!("the child's only key has tag {tag}"),
        tags => format!("the child's keys have tags {}", tags.join(", ")),
    }
}
