//! ## What it does
//! Finds records whose target lies in a zone served here and does not exist there, or has no address where one is needed.
//! Looked at are CNAME, DNAME, MX, SRV, NS, PTR, SVCB and HTTPS records, and the primary server of the SOA record.
//! ## Why is this bad
//! Whoever follows the record gets NXDOMAIN, or no address. It is what a rename or a removal leaves behind in the records
//! that nobody thought of. Names outside the zones served here are not looked up, nor is what lies below a delegation to
//! servers elsewhere. Records that share a target are one finding.
//! ## Example
//! ```zone
//! wiki  IN CNAME web      ; and there is no `web`
//! ```
//! ## Fix
//! Write the target's new name, bring its records back, or delete the record that points at it.

use super::targets;
use crate::dns::Rtype;
use crate::lint::others::{Answer, Presence, target};
use crate::lint::known::{Known, Reach};
use crate::lint::survey::TARGET_TYPES;
use crate::lint::{Others, Report, Subject, Target};

/// Types whose target must have addresses of its own.
const HOSTS: &[Rtype] = &[Rtype::NS, Rtype::MX, Rtype::SRV];

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let is_dangling = |(target, known): &(&Target<'_>, Known)| is_dangling(target, *known, subject, others);
    let missing = subject.targets_that(others, &[Presence::Missing], &TARGET_TYPES);
    let hosts = subject.targets_that(others, &[Presence::Exists, Presence::Wildcard], HOSTS);
    let dangling = missing.chain(hosts).filter(is_dangling).map(|(target, _)| target);
    for group in targets::by_name(dangling) {
        let name = group[0].name;
        let is_missing = matches!(others.ask(name), Answer::Missing);
        let said = targets::say_records(&group);
        let points = if group.len() == 1 { "points" } else { "point" };
        let (what, label) = match is_missing {
            true => ("does not exist", "there is no such name"),
            false => ("has no address", "this name has neither A nor AAAA records"),
        };
        let headline = |lines: &str| format!("{said} {points} at `{name}`, which {what}{lines}");
        let finding = targets::finding(&group, report, headline, label)
            .why("whoever follows the record gets no answer there (RFC 1034 §3.6)");
        report.add(match is_missing {
            true => finding.fix(format!("write the name it has now, add records to `{name}`, or delete what points at it")),
            false => finding.fix(format!("add an A or AAAA record to `{name}`, or name another host")),
        });
    }
    check_primary(subject, others, report);
}

fn is_dangling(target: &Target<'_>, known: Known, subject: &Subject<'_>, others: &Others<'_>) -> bool {
    // `.` is nobody, or the owner itself (RFC 7505 §3, RFC 2782, RFC 9460 §2.5).
    if target.name.is_root() {
        return false;
    }
    // Where others of a cut stand in for a server, it alone is at fault; without any, the delegation as a whole is.
    if target.is_of_cut(subject.zone.apex()) {
        return known.reach == Reach::NoAddress;
    }
    match known.presence {
        Presence::Missing => !others.is_hidden(target.name),
        _ => !known.has_address,
    }
}

/// The primary server that the SOA record names: secondaries that look for their source by it find nothing.
fn check_primary(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let Some(soa) = subject.zone.rrset(subject.zone.apex(), Rtype::SOA) else { return };
    let Some((record, rdata)) = soa.records().zip(soa.rdatas()).next() else { return };
    let Some(primary) = target(Rtype::SOA, rdata).filter(|primary| !primary.is_root()) else { return };
    if others.presence(primary) == Presence::Missing && !others.is_hidden(primary) {
        let headline = format!("the SOA record names `{primary}` as primary server, which does not exist");
        let finding = report.finding(report.field(record, 0), headline).label("there is no such name");
        report.add(
            finding
                .why("dynamic updates and notifications are sent to this name (RFC 2136 §4.3, RFC 1996 §3)")
                .fix("write the name of the zone's primary server"),
        );
    }
}
