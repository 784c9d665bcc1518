//! ## What it does
//! Finds DKIM keys of RSA with less than 2048 bits.
//! ## Why is this bad
//! Keys of less than 1024 bits can be broken at home, and verifiers must not accept their signatures (RFC 8301 §3.2); those
//! of less than 2048 are below what signers should use, and a warning only. Whoever breaks the key sends mail in the domain's name.
//! ## Example
//! ```zone
//! k1._domainkey TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ…"    ; 1024 bits
//! ```
//! ## Fix
//! Make a key of 2048 bits, publish it at a new selector, let the mail server sign with it, then revoke the old one with an
//! empty `p=`.

use crate::diagnostic::Severity;
use crate::dns::Rtype;
use crate::lint::dkim::{self, Key};
use crate::lint::text::Text;
use crate::lint::{Report, Subject, tags};
use crate::zone::Node;

/// What signers should use at least (RFC 8301 §3.2).
const ENOUGH: usize = 2048;

/// Below this, verifiers must not accept a signature (RFC 8301 §3.2).
const LEAST: usize = 1024;

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    let rrset = node.rrset(Rtype::TXT).filter(|_| dkim::is_selector(node.name()));
    for text in rrset.into_iter().flat_map(Text::all) {
        let (tags, _) = tags::read(&text.octets, &dkim::DIALECT);
        let Ok(Key::Rsa(bits @ ..ENOUGH)) = dkim::key(&tags) else { continue };
        let Some(data) = tags.iter().find(|tag| tag.name == b"p") else { continue };
        let (worst, why) = match bits {
            ..LEAST => (Severity::Error, "verifiers must not accept its signatures: it is broken at home (RFC 8301 §3.2)"),
            _ => (Severity::Warning, "2048 bits are advised, and whoever breaks the key signs in your name (RFC 8301 §3.2)"),
        };
        let place = text.place(data.value_place.clone(), report);
        let finding = report
            .finding(place, format!("the DKIM key of `{}` has {bits} bits", node.name()))
            .label(format!("RSA, {bits} bits"))
            .why(why)
            .fix("make a key of 2048 bits and publish it at a new selector; then empty the `p=` of this one");
        report.add_at_most(worst, finding);
    }
}
