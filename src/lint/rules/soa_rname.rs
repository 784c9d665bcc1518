//! ## What it does
//! Finds SOA records whose mail address is written with an `@`, or has no domain.
//! ## Why is this bad
//! The address is a name: its first label is the mailbox, the rest the domain (RFC 1035 §3.3.13). With an `@` inside, the
//! first label is `hostmaster@example`, and mail about the zone reaches nobody.
//! ## Example
//! ```zone
//! @  IN SOA  ns1 hostmaster@example.org. 1 7200 1800 1209600 300
//! ```
//! ## Fix
//! Write a dot in place of the `@`, and a backslash before a dot that belongs to the mailbox.

use crate::dns::{NameRef, Rtype};
use crate::lint::{Report, Subject};
use crate::zone::Node;
use crate::zonefile::rdata;

pub(super) fn check(node: Node<'_>, _subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(soa) = node.rrset(Rtype::SOA).filter(|_| node.is_apex()) else { return };
    let Some((record, octets)) = soa.records().zip(soa.rdatas()).next() else { return };
    let Some(contact) = rdata::names(Rtype::SOA, octets).nth(1) else { return };
    let contact = NameRef::trusted(&octets[contact.start..contact.end]);
    let has_at = contact.labels().any(|label| label.contains(&b'@'));
    if !has_at && contact.label_count() != 1 {
        return;
    }
    let place = report.field(record, 1);
    let finding = report.finding(place, format!("the mail address of the zone is written as `{contact}`"));
    let finding = match has_at {
        true => {
            let written = String::from_utf8_lossy(report.text(place)).replace("\\@", "@");
            let dot = if written.ends_with('.') { "" } else { "." };
            finding.label("an `@` is part of the first label").fix(format!("write `{}{dot}`", written.replacen('@', ".", 1)))
        }
        false => finding.label("a mailbox without a domain").fix("write mailbox and domain, such as `hostmaster.example.org.`"),
    };
    report.add(finding.why("the first label is the mailbox and the rest its domain, so mail reaches nobody (RFC 1035 §3.3.13)"));
}
