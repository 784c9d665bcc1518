//! What rules about targets share.

use std::collections::HashMap;

use crate::authority::RrsetRef;
use crate::diagnostic::Diagnostic;
use crate::dns::{NameRef, Rtype};
use crate::lint::others::{Answer, Presence};
use crate::lint::{Others, Report, Subject, Target};
use crate::zone::Zone;
use crate::zonefile::rdata::Mnemonic;

/// Targets by the name they point at, in the order of their first record: one mistake is one finding, however many records
/// share it.
pub(super) fn by_name<'s, 'z: 's>(targets: impl Iterator<Item = &'s Target<'z>>) -> Vec<Vec<&'s Target<'z>>> {
    let mut groups: Vec<Vec<&Target<'z>>> = Vec::new();
    let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
    for target in targets {
        let place = *known.entry(target.name.octets().to_ascii_lowercase()).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(target);
    }
    groups
}

/// A finding at each record that names one host, one place for all; none of it where there are no records.
pub(super) fn finding(
    group: &[&Target<'_>],
    report: &Report<'_>,
    headline: impl FnOnce(&str) -> String,
    label: &str,
) -> Diagnostic {
    let mut places: Vec<_> = group.iter().map(|target| report.target(target)).collect();
    places.sort_unstable();
    places.dedup();
    let lines = if places.len() > 1 { format!(": {}", report.lines(&places)) } else { String::new() };
    report.finding_at_all(&places, headline(&lines), "and here").label(label)
}

/// How a headline names the records of a group: `the NS record of `a.``, `6 CNAME records`.
pub(super) fn say_records(group: &[&Target<'_>]) -> String {
    let first = group[0].rrset;
    let mnemonic = Mnemonic(first.rtype());
    let is_mixed = group.iter().any(|target| target.rrset.rtype() != first.rtype());
    match group.len() {
        1 => format!("the {mnemonic} record of `{}`", first.owner()),
        count if is_mixed => format!("{count} records"),
        count => format!("{count} {mnemonic} records"),
    }
}

/// NS, MX and SRV records must name the host that has the addresses, and no alias of it.
pub(super) fn check_aliases(
    rtype: Rtype,
    why: &str,
    subject: &Subject<'_>,
    others: &Others<'_>,
    report: &mut Report<'_>,
) {
    for group in by_name(subject.targets_that(others, &[Presence::Alias], &[rtype]).map(|(target, _)| target)) {
        let name = group[0].name;
        let Answer::Alias { rrset, dname } = others.ask(name) else { continue };
        let said = say_records(&group);
        let names = if group.len() == 1 { "names" } else { "name" };
        let headline = |lines: &str| format!("{said} {names} `{name}`, which is an alias{lines}");
        let mut finding = finding(&group, report, headline, "an alias, and not the host itself").why(why);
        if let Some(alias) = alias_record(subject.zone, dname.unwrap_or(name), rrset.rtype()) {
            finding = finding.also(report.rtype(alias), "the alias is made here");
        }
        report.add(finding.fix(match (dname, target_of(rrset)) {
            (None, Some(target)) => {
                format!("write `{target}` in place of `{name}`, or give `{name}` addresses of its own")
            }
            _ => format!("name the host that has the addresses in place of `{name}`"),
        }));
    }
}

fn alias_record<'z>(zone: &'z Zone, owner: NameRef<'_>, rtype: Rtype) -> Option<&'z crate::zonefile::Record> {
    zone.rrset(owner, rtype)?.records().next()
}

fn target_of(rrset: RrsetRef<'_>) -> Option<NameRef<'_>> {
    crate::lint::others::target(rrset.rtype(), rrset.first())
}

/// The address that a name's labels write, if they do: `192.0.2.1`, with an origin behind it or without.
pub(super) fn written_address(name: NameRef<'_>, zone: &Zone) -> Option<String> {
    let first = name.labels().next()?;
    // Most names start with a letter, and are done with here.
    if !first.first().is_some_and(u8::is_ascii_digit) && !first.contains(&b':') {
        return None;
    }
    let labels: Vec<&[u8]> = name.labels().take(5).collect();
    // A colon stands in no host name, and an IPv6 address has two at least.
    if first.iter().filter(|octet| **octet == b':').count() >= 2 {
        let text = std::str::from_utf8(first).ok()?;
        return text.parse::<std::net::Ipv6Addr>().ok().map(|address| address.to_string());
    }
    let number = |label: &&[u8]| std::str::from_utf8(label).ok()?.parse::<u8>().ok();
    let octets: Vec<u8> = labels.iter().map_while(number).collect();
    let [a, b, c, d] = octets[..] else { return None };
    let mut rest = name;
    for _ in 0..4 {
        rest = rest.parent()?;
    }
    // A name of a reverse zone has numbers of its own.
    let is_reverse = zone.apex().labels().last().is_some_and(|label| label.eq_ignore_ascii_case(b"arpa"));
    let is_written = rest.is_root() || (rest.is_at_or_below(zone.apex()) && !is_reverse);
    is_written.then(|| format!("{a}.{b}.{c}.{d}"))
}

/// Records of some types that hold an address where a name belongs.
pub(super) fn check_addresses(rtypes: &[Rtype], why: &str, subject: &Subject<'_>, report: &mut Report<'_>) {
    let is_address = |target: &&Target<'_>| written_address(target.name, subject.zone).is_some();
    for group in by_name(subject.targets_of(rtypes).filter(is_address)) {
        let Some(address) = written_address(group[0].name, subject.zone) else { continue };
        let said = say_records(&group);
        let names = if group.len() == 1 { "names" } else { "name" };
        let headline = |lines: &str| format!("{said} {names} the address {address}{lines}");
        let finding = finding(&group, report, headline, "an address, read as a name").why(why);
        let kind = if address.contains(':') { "AAAA" } else { "A" };
        let rtype = Mnemonic(group[0].rrset.rtype());
        report.add(finding.fix(match rtype.0 {
            Rtype::CNAME => format!("write `{kind} {address}` in place of the CNAME"),
            _ => format!(
                "give the host a name with the record `{kind} {address}`, and write that name in the {rtype} record"
            ),
        }));
    }
}
