//! ## What it does
//! Finds records whose signatures are valid from a later day on.
//! ## Why is this bad
//! Until then a validating resolver takes them for forged and answers SERVFAIL (RFC 4035 §5.3.1). The signer's clock is
//! wrong, or it was told a wrong day.
//! ## Example
//! ```zone
//! www 300 IN RRSIG A 13 3 300 20990101000000 20980101000000 4711 example.org. abcd…
//! ```
//! ## Fix
//! Set the signer's clock, and sign the zone again.

use crate::dns::is_serial_after;
use crate::lint::signed::named;
use crate::lint::{Report, Subject};
use crate::zonefile::rdata::Moment;

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let (Some(signed), now) = (subject.signed(), subject.settings.now) else { return };
    let early = |set| signed.usable(set).all(|signature| is_serial_after(signature.inception, now));
    let mut sets = signed.sets.iter().filter(|set| signed.usable(set).next().is_some() && early(set));
    let Some((set, signature)) = sets.next().and_then(|set| Some((set, signed.usable(set).next()?))) else { return };
    let others = super::and_others(sets.count());
    let what = format!("the signature of {}{others} is not valid yet", named(set.rrset));
    let finding = report
        .finding(report.rdata(signature.record), what)
        .label(format!("from {} on", Moment(signature.inception)))
        .why("until then validating resolvers take it for forged and answer SERVFAIL (RFC 4035 §5.3.1)")
        .fix("set the signer's clock, sign the zone again, and commit the signed file");
    report.add(finding);
}
