//! ## What it does
//! Finds SPF policies whose evaluation needs more than ten questions to the DNS, included policies counted.
//! ## Why is this bad
//! A receiver gives up at the eleventh `include`, `a`, `mx`, `ptr`, `exists` or `redirect` with a permanent error (RFC 7208
//! §4.6.4), so mail from whoever stands behind it is refused or taken for forged. Policies of zones served here are
//! followed; one elsewhere counts as the one question it needs at least.
//! ## Example
//! ```zone
//! @ TXT "v=spf1 a mx include:a.example … include:k.example -all"
//! ```
//! ## Fix
//! Write `ip4:` and `ip6:` networks in place of `a` and `mx`, which cost nothing, and drop services that send no more.

use crate::dns::{Name, NameRef};
use crate::lint::policies::{self, Policy, named, policy_of};
use crate::lint::spf::{self, Term};
use crate::lint::text::Text;
use crate::lint::{Others, Report, Subject};

/// How many questions a receiver may ask (RFC 7208 §4.6.4).
const MOST: usize = 10;

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    for (owner, text) in policies::all(subject) {
        check_policy(owner, &text, others, report);
    }
}

fn check_policy(owner: NameRef<'_>, text: &Text<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let (terms, _) = spf::parse(&text.octets, &[]);
    let mut count = Count { others, asked: 0, open: vec![owner.to_name()] };
    let mut eleventh: Option<&Term> = None;
    for term in terms.iter().filter(|term| term.kind.asks()) {
        count.add(term, &text.octets);
        if count.asked > MOST {
            eleventh = eleventh.or(Some(term));
        }
    }
    let Some(eleventh) = eleventh else { return };
    // Counting stops where nobody would go on; the number is then a lower bound.
    let bound = if count.asked >= LIMIT { "at least " } else { "" };
    let headline = format!("the SPF policy of `{owner}` needs {bound}{} questions to the DNS", count.asked);
    let finding = report
        .finding(text.place(eleventh.place.clone(), report), headline)
        .label("the eleventh is asked here")
        .why("receivers allow ten, and give up with a permanent error (RFC 7208 §4.6.4)")
        .fix("write `ip4:` and `ip6:` networks in place of `a`, `mx` and includes, and drop services that no longer send");
    report.add(finding);
}

/// Where counting stops: policies that include each other many times over are nobody's to measure.
const LIMIT: usize = 64;

struct Count<'c> {
    others: &'c Others<'c>,
    asked: usize,
    /// The policies that are being read: one that includes itself is no reason to go on.
    open: Vec<Name>,
}

impl Count<'_> {
    fn add(&mut self, term: &Term, text: &[u8]) {
        self.asked += 1;
        let Some(name) = named(term, text) else { return };
        let is_open = self.open.iter().any(|open| open.as_ref().is(name.as_ref()));
        if is_open || self.open.len() > MOST || self.asked >= LIMIT {
            return;
        }
        let Policy::Is(policy) = policy_of(self.others, name.as_ref()) else { return };
        self.open.push(name);
        for term in spf::parse(&policy, &[]).0.iter().filter(|term| term.kind.asks()) {
            self.add(term, &policy);
        }
        self.open.pop();
    }
}
