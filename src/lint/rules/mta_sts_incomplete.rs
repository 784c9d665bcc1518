//! ## What it does
//! Finds an `_mta-sts` record that senders cannot act on: malformed, double, or without the host `mta-sts` that has the policy.
//! ## Why is this bad
//! Senders that find the record ask `https://mta-sts.DOMAIN/` for the policy (RFC 8461 §3.2, §3.3). Without that host, or
//! with a record they cannot read, mail travels without the protection that the record was to announce.
//! ## Example
//! ```zone
//! _mta-sts TXT "v=STSv1; id=2026-07-15"    ; an id has letters and digits only
//! ```
//! ## Fix
//! Write `_mta-sts TXT "v=STSv1; id=20260715"`, and give `mta-sts` an address or an alias.

use crate::dns::{Name, NameRef, Rtype};
use crate::lint::tags::{self, Dialect};
use crate::lint::text::{Fault, Text, quote};
use crate::lint::{Report, Subject};
use crate::zone::{Node, Zone};

const DIALECT: Dialect = Dialect {
    what: "MTA-STS record",
    version: "STSv1",
    known: &["v", "id"],
    why: "senders that cannot read it send as if it were not there (RFC 8461 §3.1)",
};

pub(super) fn check(node: Node<'_>, subject: &Subject<'_>, report: &mut Report<'_>) {
    let name = node.name();
    if !name.labels().next().is_some_and(|label| label.eq_ignore_ascii_case(b"_mta-sts")) || subject.cut().is_some() {
        return;
    }
    let Some(rrset) = node.rrset(Rtype::TXT) else { return };
    let faulty: Vec<(Text<'_>, Fault)> =
        Text::all(rrset).filter_map(|text| fault(&text.octets).map(|fault| (text, fault))).collect();
    let is_faulty = !faulty.is_empty();
    faulty.into_iter().for_each(|(text, fault)| text.add(fault, report));
    let Some(first) = rrset.records().next() else { return };
    let second = || report.second(rrset.records(), format!("`{name}` has more than one record"));
    if let Some(second) = (!is_faulty).then(second).flatten() {
        let finding = second
            .why("senders that find more than one take none (RFC 8461 §3.1)")
            .fix("delete all but one");
        report.add(finding);
    }
    let Some((parent, host)) = host(subject.zone, name) else { return };
    let finding = report
        .finding(report.owner_or_type(first), format!("`{parent}` announces an MTA-STS policy, and has no host to fetch it from"))
        .label(format!("`{host}` has no address"))
        .why("senders ask that host for the policy, and send without protection if it is not there (RFC 8461 §3.3)")
        .fix(format!("add an A or CNAME record for `{host}`, or delete this one"));
    report.add(finding);
}

fn fault(text: &[u8]) -> Option<Fault> {
    let tags = match tags::well_formed(text, &DIALECT) {
        Ok(tags) => tags,
        Err(fault) => return Some(*fault),
    };
    let id = tags.iter().find(|tag| tag.name == b"id");
    let is_id = |value: &[u8]| (1..=32).contains(&value.len()) && value.iter().all(u8::is_ascii_alphanumeric);
    let (place, headline) = match id {
        Some(id) if is_id(id.value) => return None,
        Some(id) => (id.name_place.start..id.value_place.end, format!("{} is no id of an MTA-STS policy", quote(id.value))),
        None => (0..text.len(), "this MTA-STS record has no `id`".into()),
    };
    Some(Fault {
        place,
        headline,
        label: "1 to 32 letters and digits belong here".into(),
        why: DIALECT.why,
        fix: "write the day of the policy, as in `id=20260715`, and another whenever the policy changes".into(),
    })
}

/// The domain of an `_mta-sts` record and the host that should have its policy, if the zone says that there is none.
fn host<'z>(zone: &Zone, name: NameRef<'z>) -> Option<(NameRef<'z>, Name)> {
    let parent = name.parent().filter(|parent| parent.is_at_or_below(zone.apex()))?;
    let host = Name::parse(b"mta-sts", Some(parent)).ok()?;
    let wildcard = Name::parse(b"*", Some(parent)).ok()?;
    let is_host = |name: NameRef<'_>| {
        zone.node(name).is_some_and(|node| node.rrsets().any(|rrset| rrset.rtype() != Rtype::TXT))
    };
    (!is_host(host.as_ref()) && !is_host(wildcard.as_ref())).then_some((parent, host))
}
