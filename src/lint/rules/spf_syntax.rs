//! ## What it does
//! Finds SPF policies with a term that no receiver can read, and texts that were meant as a policy and are none.
//! ## Why is this bad
//! One unreadable term makes the whole policy a permanent error (RFC 7208 §4.6): the domain's own mail then fails, and
//! forged mail is no longer told apart. A text that does not start with `v=spf1` and a blank is not even looked at (§4.5).
//! The strings of a record are joined without a blank between them (§3.3), which now and then makes one term of two.
//! ## Example
//! ```zone
//! @ TXT "v=spf1 ipv4:192.0.2.25 include:https://example.net -all"
//! ```
//! ## Fix
//! Write the mechanisms as RFC 7208 §5 has them: `ip4:192.0.2.25 include:example.net`.

use crate::dns::Rtype;
use crate::lint::spf;
use crate::lint::text::Text;
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    for text in node.rrset(Rtype::TXT).into_iter().flat_map(Text::all) {
        if spf::is_policy(&text.octets) {
            let joints: Vec<usize> = text.joints().collect();
            let (_, faults) = spf::parse(&text.octets, &joints);
            faults.into_iter().for_each(|fault| text.add(fault, report));
        } else if let Some(fault) = spf::not_quite_policy(&text.octets) {
            text.add(fault, report);
        }
    }
}
