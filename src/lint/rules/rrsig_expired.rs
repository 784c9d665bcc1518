//! ## What it does
//! Finds records all of whose signatures have expired.
//! ## Why is this bad
//! A validating resolver takes an expired signature for a forged one and answers SERVFAIL (RFC 4035 §5.3.1). The verdict
//! depends on the date: the zone was good when it was signed. So a server that starts serves it, as resolvers that do not
//! validate still can use it, and a refusal would take it from them too; a change is held back until it is signed.
//! ## Example
//! ```zone
//! www 300 IN RRSIG A 13 3 300 20240102000000 20231201000000 4711 example.org. abcd…
//! ```
//! ## Fix
//! Sign the zone again, and let a timer do so from now on, well before the signatures end.

use crate::dns::is_serial_after;
use crate::lint::signed::named;
use crate::lint::{Report, Subject};
use crate::zonefile::rdata::Moment;

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let (Some(signed), now) = (subject.signed(), subject.settings.now) else { return };
    let expired = |set| signed.usable(set).all(|signature| is_serial_after(now, signature.expiration));
    let mut sets = signed.sets.iter().filter(|set| signed.usable(set).next().is_some() && expired(set));
    let Some((set, signature)) = sets.next().and_then(|set| Some((set, signed.usable(set).next()?))) else { return };
    let others = super::and_others(sets.count());
    let when = Moment(signature.expiration);
    let finding = report
        .finding(report.rdata(signature.record), format!("the signature of {}{others} expired", named(set.rrset)))
        .label(format!("on {when}"))
        .why("validating resolvers take an expired signature for a forged one and answer SERVFAIL (RFC 4035 §5.3.1)")
        .fix("sign the zone again, and commit the signed file");
    report.add(finding);
}
