//! ## What it does
//! Finds CAA records that no certificate authority can take at their word.
//! ## Why is this bad
//! A CA that cannot read an `issue` value takes it for somebody else's name and refuses (RFC 8659 §4.2), so certificates are
//! no longer renewed; a misspelt tag is passed over, so what it was to forbid is allowed (§4.1).
//! ## Example
//! ```zone
//! @ CAA 0 issue "https://letsencrypt.org"
//! ```
//! ## Fix
//! Write the CA's domain alone, as its documentation gives it: `CAA 0 issue "letsencrypt.org"`. `CAA 0 issue ";"` allows
//! nobody.

use std::ops::Range;

use crate::diagnostic::Severity;
use crate::dns::Rtype;
use crate::lint::text::{Fault, is_host_label, quote, slip_of, trimmed, within};
use crate::lint::{Report, Subject};
use crate::zone::Node;

/// The tags that IANA lists ("Certification Authority Restriction Properties"), and whether their values name a CA.
const TAGS: &[(&str, bool)] = &[
    ("issue", true),
    ("issuewild", true),
    ("issuemail", true),
    ("issuevmc", true),
    ("iodef", false),
    ("contactemail", false),
    ("contactphone", false),
];

const WHY: &str = "a CA that cannot read the value takes it for another's and issues nothing (RFC 8659 §4.2)";

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    let Some(rrset) = node.rrset(Rtype::CAA) else { return };
    for (record, rdata) in rrset.records().zip(rrset.rdatas()) {
        let [flags, length, rest @ ..] = rdata else { continue };
        let (tag, value) = rest.split_at(rest.len().min(usize::from(*length)));
        let lower = tag.to_ascii_lowercase();
        let known = TAGS.iter().find(|(known, _)| known.as_bytes() == lower);
        if let Some((field, fault)) = bad_head(*flags, tag, known.is_some()) {
            let place = report.field(record, field);
            report.add(report.finding(place, fault.headline).label(fault.label).why(fault.why).fix(fault.fix));
        }
        let (worst, fault) = match known {
            Some((_, true)) => match bad_issuer(value) {
                None => (Severity::Warning, bad_parameter(value)),
                fault => (Severity::Error, fault),
            },
            Some(("iodef", _)) => (Severity::Error, bad_iodef(value)),
            _ => continue,
        };
        if let Some(fault) = fault {
            let place = within(record, 2, fault.place.start, fault.place.len(), report);
            let finding = report.finding(place, fault.headline).label(fault.label).why(fault.why).fix(fault.fix);
            report.add_at_most(worst, finding);
        }
    }
}

/// What is wrong with flags or tag, and which field that is.
fn bad_head(flags: u8, tag: &[u8], is_known: bool) -> Option<(usize, Fault)> {
    if flags & 0x7F != 0 {
        let headline = format!("the flags of this CAA record are {flags}, which means nothing");
        let (label, why) = ("0 or 128 belongs here", "128 makes a tag critical, and no other flag is defined (RFC 8659 §4.1)");
        let fix = "write 0, or 128 where a CA that does not know the tag must not issue".to_owned();
        return Some((0, Fault { place: 0..0, headline, label: label.into(), why, fix }));
    }
    let slip = slip_of(tag, TAGS.iter().map(|(known, _)| *known)).filter(|_| !is_known)?;
    let (headline, label) = (format!("no tag of CAA records is called {}", quote(tag)), "passed over by CAs".to_owned());
    let why = "a CA passes over a tag that it does not know, and what it was to forbid is allowed (RFC 8659 §4.1)";
    Some((1, Fault { place: 0..0, headline, label, why, fix: format!("write `{slip}`") }))
}

/// What stands before the first `;` must be a domain, or nothing (RFC 8659 §4.2).
fn bad_issuer(value: &[u8]) -> Option<Fault> {
    bad_domain(value, trimmed(value, 0..issuer_end(value)))
}

fn issuer_end(value: &[u8]) -> usize {
    value.iter().position(|octet| *octet == b';').unwrap_or(value.len())
}

/// What stands behind it must be `tag=value`, again and again; CAs differ on what they do with anything else.
fn bad_parameter(value: &[u8]) -> Option<Fault> {
    let end = issuer_end(value);
    if end == value.len() {
        return None;
    }
    let mut start = end + 1;
    for parameter in value[start..].split(|octet| *octet == b';') {
        let place = trimmed(value, start..start + parameter.len());
        start += parameter.len() + 1;
        let found = &value[place.clone()];
        let name = found.split(|octet| *octet == b'=').next().unwrap_or_default().trim_ascii();
        let is_name = !name.is_empty() && name.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-');
        let rest = found.iter().position(|octet| *octet == b'=').map(|at| found[at + 1..].trim_ascii());
        let is_value = rest.is_some_and(|rest| rest.iter().all(|octet| (0x21..=0x7E).contains(octet)));
        let is_good = found.is_empty() || (is_name && is_value);
        if !is_good {
            let fix = "write it as in `letsencrypt.org; validationmethods=dns-01`; another CA gets a record of its own";
            return Some(issuer_fault(value, place, "no parameter", fix.into()));
        }
    }
    None
}

fn bad_domain(value: &[u8], place: Range<usize>) -> Option<Fault> {
    let domain = &value[place.clone()];
    let text = String::from_utf8_lossy(domain);
    if domain.is_empty() || domain.split(|octet| *octet == b'.').all(is_host_label) {
        return None;
    }
    let (label, fix) = if let Some((_, host)) = text.split_once("://") {
        ("a URL, not a domain", format!("write `{}`", host.trim_end_matches('/')))
    } else if domain.contains(&b'@') || text.starts_with("mailto:") {
        ("a mail address, not a domain", "write the CA's domain here, and the address into a record with `iodef`".into())
    } else if let Some(bare) = text.strip_suffix('.') {
        ("a dot at its end", format!("write `{bare}`"))
    } else if domain.iter().any(|octet| octet.is_ascii_whitespace() || b",|".contains(octet)) {
        ("more than one domain", "give each CA a record of its own".into())
    } else {
        ("no domain", "write the CA's domain, as in `letsencrypt.org`, or `;` to allow nobody".into())
    };
    Some(issuer_fault(value, place, label, fix))
}

fn issuer_fault(value: &[u8], place: Range<usize>, label: &str, fix: String) -> Fault {
    let headline = format!("{} names no CA", quote(value));
    Fault { place, headline, label: label.into(), why: WHY, fix }
}

fn bad_iodef(value: &[u8]) -> Option<Fault> {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let schemes = ["mailto:", "http://", "https://"];
    if schemes.iter().any(|scheme| text.starts_with(scheme) && text.len() > scheme.len()) && !text.contains(' ') {
        return None;
    }
    Some(Fault {
        place: 0..value.len(),
        headline: format!("{} is no URL that a CA could report to", quote(value)),
        label: "`mailto:` or `https:` belongs here".into(),
        why: "CAs report refused requests to `mailto:`, `http:` and `https:` URLs only (RFC 8659 §4.4)",
        fix: match text.contains('@') {
            true => format!("write `mailto:{}`", text.trim_start_matches("mailto").trim_start_matches(':').trim()),
            false => "write it as in `mailto:security@example.org`".into(),
        },
    })
}
