//! ## What it does
//! Finds signatures that the zone's keys did not make for the records as they are now.
//! ## Why is this bad
//! A validating resolver takes the records for forged and answers SERVFAIL (RFC 4035 §5.3). It happens when a signed
//! record is edited by hand and not signed again.
//! ## Example
//! ```zone
//! www 300 IN A     192.0.2.2      ; was 192.0.2.1 when it was signed
//! www 300 IN RRSIG A 13 3 300 …
//! ```
//! ## Fix
//! Sign the zone again after the edit, or take the edit back. Signatures by Ed448, and by algorithms that nobody may sign
//! with any more (RSA/MD5, DSA, GOST), are served but not judged: a broken one is not found here.

use crate::lint::signatures::Signature;
use crate::lint::signed::{Judgement, SignedSet, named};
use crate::lint::{Report, Subject};

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let Some(signed) = subject.signed() else { return };
    for (set, judgements) in signed.judged() {
        let wrong = |judgement: &Judgement| {
            matches!(judgement, Judgement::Bad | Judgement::OtherSigner | Judgement::OtherLabels)
        };
        let mut judged = set.signatures.iter().zip(judgements);
        if let Some((signature, judgement)) = judged.find(|(_, judgement)| wrong(judgement)) {
            let apex = subject.zone.apex().to_string();
            report.add(finding(report, set, signature, *judgement, &apex));
        }
    }
}

fn finding(
    report: &Report<'_>,
    set: &SignedSet<'_>,
    signature: &Signature<'_>,
    judgement: Judgement,
    apex: &str,
) -> crate::diagnostic::Diagnostic {
    let (what, place) = (named(set.rrset), report.rdata(signature.record));
    let headline = format!("the signature of {what} does not verify");
    let finding = match judgement {
        Judgement::OtherSigner => report
            .finding(place, headline)
            .label(format!("made by `{}`, and the zone is `{apex}`", signature.signer)),
        Judgement::OtherLabels => report
            .finding(place, headline)
            .label(format!("counts {} labels, which are not its owner's", signature.labels)),
        _ => report
            .finding(report.first(set.rrset), headline)
            .label("not what was signed")
            .also(place, format!("signed by the key with tag {}", signature.tag)),
    };
    finding
        .why("validating resolvers take the records for forged and answer SERVFAIL (RFC 4035 §5.3)")
        .fix("sign the zone again and commit the signed file, or take the edit back")
}
