//! ## What it does
//! Finds SPF policies that let every host on earth send for the domain.
//! ## Why is this bad
//! `all` without a qualifier means `+all`: whoever sends, passes. The policy then vouches for forged mail (RFC 7208 §5.1,
//! §11.3), which is worse than none. A network of all addresses, `ip4:0.0.0.0/0`, does the same.
//! ## Example
//! ```zone
//! @ TXT "v=spf1 mx all"
//! ```
//! ## Fix
//! Write `-all`, or `~all` while you find out who sends.

use crate::dns::Rtype;
use crate::lint::spf::{self, Kind, Term};
use crate::lint::text::{Text, quote};
use crate::lint::{Report, Subject};
use crate::zone::Node;

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    for text in node.rrset(Rtype::TXT).into_iter().flat_map(Text::all).filter(|text| spf::is_policy(&text.octets)) {
        let (terms, _) = spf::parse(&text.octets, &[]);
        let Some(term) = terms.iter().find(|term| term.qualifier == b'+' && is_everybody(term)) else { continue };
        let headline = format!("the SPF policy of `{}` lets everybody send", node.name());
        let written = quote(&text.octets[term.place.clone()]);
        let fix = match term.kind {
            Kind::All => "write `-all`, or `~all` while you find out who sends".to_owned(),
            _ => format!("name the networks that send, in place of {written}"),
        };
        let finding = report
            .finding(text.place(term.place.clone(), report), headline)
            .label("matches every sender, and passes it")
            .why("the policy vouches for forged mail, which is worse than no policy (RFC 7208 §5.1)")
            .fix(fix);
        report.add(finding);
    }
}

fn is_everybody(term: &Term) -> bool {
    term.kind == Kind::All || (matches!(term.kind, Kind::Ip4 | Kind::Ip6) && term.prefix == Some(0))
}
