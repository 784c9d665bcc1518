//! ## What it does
//! Finds names of hosts that are not written as hosts are: in letters, digits and inner hyphens.
//! ## Why is this bad
//! Browsers, mail servers and certificates take host names of RFC 952 and RFC 1123 §2.1 only. A name with an underscore has an
//! address and is refused all the same, or cannot get a certificate. Looked at are owners of A, AAAA and MX records, targets
//! of NS, MX and SRV records, and of PTR records in reverse zones. `host_exceptions` in the config lists names that are meant.
//! ## Example
//! ```zone
//! build_01  IN A  192.0.2.10
//! ```
//! ## Fix
//! Write a hyphen in place of the underscore, or list the name under `host_exceptions`.

use crate::dns::{NameRef, Rtype};
use crate::lint::others::target;
use crate::lint::text::is_host_label;
use crate::lint::{Report, Subject, address, target_field};
use crate::zone::Node;

const WHY: &str = "browsers, mail servers and certificates take letters, digits and inner hyphens only (RFC 1123 §2.1)";
const FIX: &str = "write hyphens in place of other characters, or list the name under `host_exceptions` in the config";

pub(super) fn check(node: Node<'_>, subject: &Subject<'_>, report: &mut Report<'_>) {
    let is_reverse = || subject.zone.apex().labels().last().is_some_and(|label| label.eq_ignore_ascii_case(b"arpa"));
    let mut is_owner_told = false;
    for rrset in node.rrsets() {
        match rrset.rtype() {
            Rtype::A | Rtype::AAAA | Rtype::MX if !is_owner_told && is_owner_fault(node, subject) => {
                is_owner_told = true;
                let Some(record) = rrset.records().next() else { continue };
                add(node.name(), report.owner_or_type(record), report);
            }
            _ => {}
        }
        let names_hosts = match rrset.rtype() {
            Rtype::NS | Rtype::MX | Rtype::SRV => true,
            Rtype::PTR => is_reverse(),
            _ => false,
        };
        for (record, rdata) in rrset.records().zip(rrset.rdatas()).filter(|_| names_hosts) {
            let Some(name) = target(rrset.rtype(), rdata).filter(|name| is_target_fault(*name, subject)) else { continue };
            // A name of the zone that has addresses is told of where it has them.
            let is_told_there = subject.zone.node(name).and_then(address::any).is_some();
            if !is_told_there {
                add(name, report.field(record, target_field(rrset.rtype())), report);
            }
        }
    }
}

fn add(name: NameRef<'_>, place: crate::source::Span, report: &mut Report<'_>) {
    let wrong = name.labels().find(|label| !is_host_label(label)).map(String::from_utf8_lossy).unwrap_or_default();
    let finding = report.finding(place, format!("`{name}` is not written as a host's name")).label(format!("`{wrong}` is no host's label"));
    report.add(finding.why(WHY).fix(FIX));
}

fn is_owner_fault(node: Node<'_>, subject: &Subject<'_>) -> bool {
    // The labels of the zone's own name are the same in a million others.
    let mut labels = if subject.has_host_apex() { node.labels() } else { node.name().labels() };
    let is_first_plain = labels.next().is_none_or(|label| is_host_label(label) || label == b"*");
    let is_plain = is_first_plain && labels.all(is_host_label);
    !is_plain && !is_excepted(node.name(), subject)
}

fn is_target_fault(name: NameRef<'_>, subject: &Subject<'_>) -> bool {
    let own = subject.has_host_apex().then(|| name.head_below(subject.zone.apex())).flatten();
    let is_plain = own.unwrap_or(name.labels()).all(is_host_label);
    !is_plain && !is_excepted(name, subject)
}

fn is_excepted(name: NameRef<'_>, subject: &Subject<'_>) -> bool {
    subject.settings.host_exceptions.iter().any(|known| known.matches(name))
}
