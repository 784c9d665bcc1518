//! ## What it does
//! Finds records that nobody asks for where they stand, because the name in front of them is missing.
//! ## Why is this bad
//! Senders look for DMARC at `_dmarc`, for DKIM keys below `_domainkey`, for MTA-STS at `_mta-sts`, for TLS reporting at
//! `_smtp._tls`; clients for SRV at `_SERVICE._PROTOCOL` (RFC 2782) and for TLSA at `_PORT._PROTOCOL` (RFC 6698 §3). A
//! record at the bare name is never found.
//! ## Example
//! ```zone
//! @ TXT "v=DMARC1; p=reject"
//! ```
//! ## Fix
//! Put the name in front: `_dmarc TXT "v=DMARC1; p=reject"`.

use crate::dns::{NameRef, Rtype};
use crate::lint::text::Text;
use crate::lint::{Report, Subject};
use crate::zone::Node;

/// What a text starts with, the label that must be among those of its owner, and where that is written.
const TEXTS: &[(&str, &str, &str)] = &[
    ("v=DMARC1", "_dmarc", "`_dmarc` (RFC 7489 §6.1)"),
    ("v=DKIM1", "_domainkey", "`SELECTOR._domainkey` (RFC 6376 §3.6.2.1)"),
    ("v=STSv1", "_mta-sts", "`_mta-sts` (RFC 8461 §3.1)"),
    ("v=TLSRPTv1", "_tls", "`_smtp._tls` (RFC 8460 §3)"),
];

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    let name = node.name();
    for rrset in node.rrsets() {
        let (what, wanted) = match rrset.rtype() {
            Rtype::TXT => {
                Text::all(rrset).for_each(|text| check_text(name, &text, report));
                continue;
            }
            Rtype::SRV => ("an SRV record", "`_SERVICE._PROTOCOL`, such as `_https._tcp` (RFC 2782)"),
            Rtype::TLSA => ("a TLSA record", "`_PORT._PROTOCOL`, such as `_25._tcp` (RFC 6698 §3)"),
            _ => continue,
        };
        let starts_low = |label: Option<&[u8]>| label.is_some_and(|label| label.starts_with(b"_") || label == b"*");
        let mut labels = name.labels();
        // `*._tcp` stands for all ports of a host.
        if starts_low(labels.next()) && (starts_low(labels.next()) || rrset.rtype() == Rtype::SRV) {
            continue;
        }
        let finding = report
            .finding(report.first(rrset), format!("nobody asks for {what} at `{name}`"))
            .label(format!("the owner lacks {}", wanted.split(' ').next().unwrap_or_default()))
            .why(format!("clients ask for it at {wanted}, and never find this one"))
            .fix(format!("put {} before the owner", wanted.split(" (").next().unwrap_or_default()));
        report.add(finding);
    }
}

fn check_text(name: NameRef<'_>, text: &Text<'_>, report: &mut Report<'_>) {
    let starts = |start: &str| text.octets.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start.as_bytes()));
    let Some((start, label, wanted)) = TEXTS.iter().find(|(start, ..)| starts(start)) else { return };
    if name.labels().any(|found| found.eq_ignore_ascii_case(label.as_bytes())) {
        return;
    }
    let finding = report
        .finding(text.place(0..start.len(), report), format!("nobody asks for `{start}` at `{name}`"))
        .label("read at another name only")
        .why(format!("it is asked for at {wanted}, and never found here"))
        .fix(format!("put {} before the owner", wanted.split(" (").next().unwrap_or_default()));
    report.add(finding);
}
