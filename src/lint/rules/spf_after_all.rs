//! ## What it does
//! Finds terms of an SPF policy that stand behind its `all`, and a `redirect` beside one.
//! ## Why is this bad
//! `all` matches every sender, so no receiver reads on (RFC 7208 §5.1), and a `redirect` is passed over where there is an
//! `all` (§6.1). Whoever added a mail service there added it in vain.
//! ## Example
//! ```zone
//! @ TXT "v=spf1 mx -all include:_spf.example.net"
//! ```
//! ## Fix
//! Move it before `all`.

use crate::dns::Rtype;
use crate::lint::spf::{self, Kind};
use crate::lint::text::{Text, quote};
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    for text in node.rrset(Rtype::TXT).into_iter().flat_map(Text::all).filter(|text| spf::is_policy(&text.octets)) {
        let (terms, _) = spf::parse(&text.octets, &[]);
        let Some(all) = terms.iter().position(|term| term.kind == Kind::All) else { continue };
        let is_mechanism = |kind: Kind| !matches!(kind, Kind::Redirect | Kind::Explanation | Kind::Other);
        let behind = terms[all + 1..].iter().find(|term| is_mechanism(term.kind));
        let Some(term) = behind.or_else(|| terms.iter().find(|term| term.kind == Kind::Redirect)) else { continue };
        let written = quote(&text.octets[term.place.clone()]);
        let fix = match term.kind {
            Kind::Redirect => "delete `all` where the other policy should decide, or the `redirect`".to_owned(),
            _ => format!("move {written} before {}", quote(&text.octets[terms[all].place.clone()])),
        };
        let finding = report
            .finding(text.place(term.place.clone(), report), format!("{written} of this SPF policy is never read"))
            .label("no receiver comes here")
            .also(text.place(terms[all].place.clone(), report), "this matches every sender")
            .why("`all` ends the policy: what it was to add is not added (RFC 7208 §5.1, §6.1)")
            .fix(fix);
        report.add(finding);
    }
}
