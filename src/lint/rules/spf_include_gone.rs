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

use crate::authority::{Outcome, Question, lookup};
use crate::dns::{Name, NameRef, Rtype};
use crate::lint::spf::{self, Kind, Term};
use crate::lint::text::{Text, quote, strings};
use crate::lint::{Others, Report, Subject};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    for text in subject.survey().texts.iter().flat_map(|rrset| Text::all(*rrset)) {
        if !spf::is_policy(&text.octets) {
            continue;
        }
        for term in spf::parse(&text.octets, &[]).0 {
            if named(&term, &text.octets).is_some_and(|name| lacks_policy(others, name.as_ref())) {
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

/// The domain whose policy a term takes in; none where it depends on who sends.
pub(super) fn named(term: &Term, text: &[u8]) -> Option<Name> {
    let domain = term.domain.clone().filter(|_| matches!(term.kind, Kind::Include | Kind::Redirect))?;
    let domain = std::str::from_utf8(&text[domain]).ok().filter(|domain| !domain.contains('%'))?;
    Name::absolute(domain).ok()
}

/// Whether a zone served here says so: aliases and delegations lead to where nobody here can tell.
fn lacks_policy(others: &Others<'_>, name: NameRef<'_>) -> bool {
    let question = Question::new(name, others.catalog.key());
    let zone = others.catalog.find(&question, Rtype::TXT).and_then(|zone| zone.authority.as_deref());
    match zone.map(|zone| lookup(zone, &question, Rtype::TXT).outcome) {
        Some(Outcome::NoData | Outcome::NxDomain) => true,
        Some(Outcome::Answer(rrset)) => {
            let mut texts = rrset.rdatas().map(|rdata| strings(rdata).collect::<Vec<_>>().concat());
            !texts.any(|text| spf::is_policy(&text))
        }
        _ => false,
    }
}
