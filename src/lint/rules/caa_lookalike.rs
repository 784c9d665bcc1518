//! ## What it does
//! Finds CAA records whose CA is a slip of the finger away from a well-known one.
//! ## Why is this bad
//! Only the CA that is named may issue (RFC 8659 §4.2). `letsencrypt.com` is not Let's Encrypt's name, so that it issues
//! nothing, and certificates run out months after the edit.
//! ## Example
//! ```zone
//! @ CAA 0 issue "letsencrypt.com"
//! ```
//! ## Fix
//! Write the name that the CA's documentation gives: `letsencrypt.org`.

use crate::dns::Rtype;
use crate::lint::text::{quote, trimmed, within};
use crate::lint::{Report, Subject};
use crate::zone::Node;

/// Names that CAs answer to, as their own documentation has them.
const KNOWN: &[&str] = &[
    "amazon.com",
    "amazonaws.com",
    "amazontrust.com",
    "awstrust.com",
    "buypass.com",
    "certum.pl",
    "comodoca.com",
    "digicert.com",
    "entrust.net",
    "globalsign.com",
    "godaddy.com",
    "harica.gr",
    "letsencrypt.org",
    "pki.goog",
    "sectigo.com",
    "ssl.com",
    "trust-provider.com",
    "usertrust.com",
    "zerossl.com",
];

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    let Some(rrset) = node.rrset(Rtype::CAA) else { return };
    for (record, rdata) in rrset.records().zip(rrset.rdatas()) {
        let Some(value) = value(rdata) else { continue };
        let end = value.iter().position(|octet| *octet == b';').unwrap_or(value.len());
        let place = trimmed(value, 0..end);
        let domain = &value[place.clone()];
        let Some(known) = lookalike(domain) else { continue };
        let finding = report
            .finding(within(record, 2, place.start, place.len(), report), format!("{} reads like `{known}`", quote(domain)))
            .label("another CA, if it is one")
            .why("only the CA that is named may issue, so certificates would run out (RFC 8659 §4.2)")
            .fix(format!("write `{known}`"));
        report.add(finding);
    }
}

/// What a record with `issue` or one of its kin says.
fn value(rdata: &[u8]) -> Option<&[u8]> {
    let (&length, rest) = rdata.get(1..)?.split_first()?;
    let (tag, value) = rest.split_at_checked(usize::from(length))?;
    tag.to_ascii_lowercase().starts_with(b"issue").then_some(value)
}

/// The CA that a domain differs from in one letter, or in its last label only.
fn lookalike(domain: &[u8]) -> Option<&'static str> {
    let domain = std::str::from_utf8(domain).ok().filter(|domain| domain.len() < 32)?.to_ascii_lowercase();
    // A dot at its end is a fault of its own.
    let domain = domain.trim_end_matches('.');
    if KNOWN.contains(&domain) {
        return None;
    }
    let stem = |name: &str| name.rsplit_once('.').map(|(stem, _)| stem.to_owned());
    let is_like = |known: &&&str| strsim::osa_distance(known, domain) == 1 || (known.len() > 8 && stem(known) == stem(domain));
    KNOWN.iter().find(is_like).copied()
}
