//! ## What it does
//! Finds DKIM keys that no verifier can read.
//! ## Why is this bad
//! Mail signed with the key fails its check wherever it arrives (RFC 6376 §6.1.2), and with a strict DMARC policy it is
//! refused. Keys are long, so they are written in several strings, which are joined as they are; what is lost or doubled
//! between them makes the key another or none. Two records at one selector leave the choice to chance (§3.6.2.2).
//! ## Example
//! ```zone
//! k1._domainkey TXT "v=DKIM1; k=rsa; p=MIIBIjANBgkqh"    ; the second string was not copied
//! ```
//! ## Fix
//! Copy the record once more from where the key was made, each string in quotes of its own. `p=` with nothing behind it is
//! right for a key that was revoked.

use crate::dns::Rtype;
use crate::lint::text::{Fault, Text};
use crate::lint::{Report, Subject, dkim, tags};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    let Some(rrset) = node.rrset(Rtype::TXT).filter(|_| dkim::is_selector(node.name())) else { return };
    for text in Text::all(rrset) {
        faults(&text.octets).into_iter().for_each(|fault| text.add(fault, report));
    }
    if let Some(second) = report.second(rrset.records(), format!("`{}` has more than one DKIM key", node.name())) {
        let finding = second
            .why("verifiers may take either, so that some of the mail fails (RFC 6376 §3.6.2.2)")
            .fix("give the new key a selector of its own, and delete the old one when nothing signs with it any more");
        report.add(finding);
    }
}

fn faults(text: &[u8]) -> Vec<Fault> {
    let (tags, mut faults) = tags::read(text, &dkim::DIALECT);
    if !faults.is_empty() {
        return faults;
    }
    // The version may be left out, but not come later or be another (§3.6.1).
    if tags.iter().any(|tag| tag.name.eq_ignore_ascii_case(b"v")) {
        faults.extend(tags::bad_version(text, &tags, &dkim::DIALECT));
    }
    faults.extend(dkim::key(&tags).err().map(|fault| *fault));
    if tags.is_empty() {
        faults.iter_mut().for_each(|fault| fault.place = 0..text.len());
    }
    faults
}
