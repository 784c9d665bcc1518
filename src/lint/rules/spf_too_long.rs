//! ## What it does
//! Finds SPF policies of more than 450 octets.
//! ## Why is this bad
//! The answer that carries it then has more than the 512 octets that fit a plain UDP message, and receivers behind old
//! firewalls never see the policy (RFC 7208 §3.4).
//! ## Example
//! ```zone
//! @ TXT "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 …" "… ip4:192.0.2.99 -all"
//! ```
//! ## Fix
//! Move addresses to a name of their own, and include it: `"v=spf1 include:_spf1.example.org -all"`; or write networks in
//! place of single addresses.

use crate::dns::Rtype;
use crate::lint::spf::is_policy;
use crate::lint::text::Text;
use crate::lint::{Report, Subject};
use crate::zone::Node;

/// What RFC 7208 §3.4 leaves to the data of an answer of 512 octets.
const MOST: usize = 450;

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    let texts = node.rrset(Rtype::TXT).into_iter().flat_map(Text::all);
    for text in texts.filter(|text| text.octets.len() > MOST && is_policy(&text.octets)) {
        let octets = text.octets.len();
        let headline = format!("the SPF policy of `{}` has {octets} octets", node.name());
        let finding = report
            .finding(report.rdata(text.record), headline)
            .label(format!("{} more than fit", octets - MOST))
            .why("a larger answer does not fit a plain UDP message, and some receivers never see it (RFC 7208 §3.4)")
            .fix("move addresses into a record of their own, `_spf1`, and write `include:_spf1.DOMAIN` in their place");
        report.add(finding);
    }
}
