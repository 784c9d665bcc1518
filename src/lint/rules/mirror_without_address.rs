//! ## What it does
//! Finds mirrors of the mirror list whose host lies in a zone served here and has no A record there.
//! ## Why is this bad
//! The mirror service looks up the A record of each mirror and takes one without it out of service, even where it has an
//! AAAA record. Looked at are the name and the hosts of all URLs below `address…`; aliases are followed, and private mirrors,
//! which are not looked up, are left out.
//!
//! One host is excepted by a comment behind its name on the first line of the file that has it:
//! `# zonewright: allow(mirror-without-address, until=2027-01-01) REASON`, the day being optional.
//! ## Example
//! ```zone
//! ; mirrors.d/hel.yml has `name: hel.example.org`, and the zone has:
//! hel AAAA 2001:db8::46
//! ```
//! ## Fix
//! Add the host's A record to the zone, or mend the name in the list.

use crate::diagnostic::{Code, Diagnostic};
use crate::dns::NameRef;
use crate::lint::Others;
use crate::lint::mirrors::{Mirror, Mirrors};
use crate::lint::others::Answer;
use crate::lint::suppression::Waivers;

pub(super) fn check(
    mirrors: &Mirrors,
    others: &Others<'_>,
    waivers: &Waivers,
    code: &'static Code,
) -> Vec<Diagnostic> {
    let public = mirrors.list.iter().filter(|mirror| !mirror.is_private);
    public.flat_map(|mirror| check_mirror(mirror, others, waivers, code)).collect()
}

fn check_mirror(
    mirror: &Mirror,
    others: &Others<'_>,
    waivers: &Waivers,
    code: &'static Code,
) -> Option<Diagnostic> {
    let lacking = mirror.hosts.iter().filter_map(|(name, place)| Some((name, place, lack(name.as_ref(), others)?)));
    let mut lacking = lacking.filter(|(_, place, _)| !waivers.waive_at(code, **place));
    let (name, place, (lacked, lack)) = lacking.next()?;
    let more = match lacking.count() {
        0 => String::new(),
        1 => ", nor does one other host of this mirror".to_owned(),
        count => format!(", nor do {count} other hosts of this mirror"),
    };
    let finding = Diagnostic::new(code, mirror.place, format!("`{name}` is in the mirror list and has no {lacked}{more}"));
    let is_elsewhere = place.start < mirror.place.start || place.end > mirror.place.end;
    let finding = if is_elsewhere { finding.also(*place, lack) } else { finding.label(lack) };
    let finding = finding.why("the mirror service takes a mirror without an A record out of service");
    Some(finding.fix(format!("add an A record for `{name}` to its zone, or mend the name in this file")))
}

/// What a host lacks, and what it has instead, where that is known.
fn lack(host: NameRef<'_>, others: &Others<'_>) -> Option<(&'static str, &'static str)> {
    const BOTH: &str = "A or AAAA record";
    let walk = others.follow(host);
    match walk.end {
        Answer::Missing if walk.names.is_empty() => Some((BOTH, "no zone has this name")),
        Answer::Missing => Some((BOTH, "an alias of a name that does not exist")),
        Answer::Exists { v4: None, v6: Some(_) } => Some(("A record", "only AAAA records")),
        Answer::Exists { v4: None, .. } => Some((BOTH, "neither A nor AAAA records")),
        Answer::Alias { .. } => Some((BOTH, "an alias that leads nowhere")),
        Answer::Exists { .. } | Answer::Unknown | Answer::Outside => None,
    }
}
