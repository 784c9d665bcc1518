//! ## What it does
//! Finds an `include:` or `redirect=` of an SPF policy whose name lies in a zone served here and has no policy.
//! ## Why is this bad
//! Receivers then give up on the whole policy with a permanent error (RFC 7208 §5.2, §6.1): mail from all its senders is
//! refused or taken for forged. Most often the name is misspelt, or its policy went while others still pointed there.
//! ## Example
//! ```zone
//! @ TXT "v=spf1 include:_spff.example.org -all"   ; the policy is at _spf
//! ```
//! ## Fix
//! Name the policy that is meant, bring it back, or delete the term.

use crate::lint::policies::{self, Policy, named, policy_of};
use crate::lint::spf::{self, Term};
use crate::lint::text::{Text, quote};
use crate::lint::{Others, Report, Subject};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    for (_, text) in policies::all(subject) {
        for term in spf::parse(&text.octets, &[]).0 {
            let policy = named(&term, &text.octets).map(|name| policy_of(others, name.as_ref()));
            if let Some(Policy::None) = policy {
                report_gone(&term, &text, report);
            }
        }
    }
}

fn report_gone(term: &Term, text: &Text<'_>, report: &mut Report<'_>) {
    let headline = format!("{} of this SPF policy names a domain without one", quote(&text.octets[term.place.clone()]));
    let finding = report
        .finding(text.place(term.place.clone(), report), headline)
        .label("there is no policy there")
        .why("receivers give up on the whole policy with a permanent error (RFC 7208 §5.2, §6.1)")
        .fix("name the policy that is meant, bring it back, or delete the term");
    report.add(finding);
}
