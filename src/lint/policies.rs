//! SPF policies as zones have them, and as terms of others take them in.
//!
//! In: a zone, the zones served here, a term. Out: the policies, and what is known of the one that a term names.

use super::spf::{self, Kind, Term};
use super::text::{Text, strings};
use super::{Others, Subject};
use crate::authority::{Outcome, Question, lookup};
use crate::dns::{Name, NameRef, Rtype};

/// What is known of a name's policy.
pub(super) enum Policy {
    /// It has this one.
    Is(Vec<u8>),
    /// It has none.
    None,
    /// Nothing here can tell: it lies elsewhere, as it is or behind an alias or a delegation.
    Elsewhere,
}

/// The policies of a zone, each with its owner.
pub(super) fn all<'z>(subject: &Subject<'z>) -> impl Iterator<Item = (NameRef<'z>, Text<'z>)> {
    let texts =
        subject.survey().texts.iter().flat_map(|&rrset| Text::all(rrset).map(move |text| (rrset.owner(), text)));
    texts.filter(|(_, text)| spf::is_policy(&text.octets))
}

/// The name whose policy a term takes in; none where that depends on who sends.
pub(super) fn named(term: &Term, text: &[u8]) -> Option<Name> {
    let domain = term.domain.clone().filter(|_| matches!(term.kind, Kind::Include | Kind::Redirect))?;
    let domain = std::str::from_utf8(&text[domain]).ok().filter(|domain| !domain.contains('%'))?;
    Name::absolute(domain).ok()
}

/// The policy of a name, as the zones served here have it.
pub(super) fn policy_of(others: &Others<'_>, name: NameRef<'_>) -> Policy {
    let question = Question::new(name, others.catalog.key());
    let zone = others.catalog.find(&question, Rtype::TXT).and_then(|zone| zone.authority.as_deref());
    match zone.map(|zone| lookup(zone, &question, Rtype::TXT).outcome) {
        Some(Outcome::NoData | Outcome::NxDomain) => Policy::None,
        Some(Outcome::Answer(rrset)) => {
            let mut texts = rrset.rdatas().map(|rdata| strings(rdata).collect::<Vec<_>>().concat());
            texts.find(|text| spf::is_policy(text)).map_or(Policy::None, Policy::Is)
        }
        _ => Policy::Elsewhere,
    }
}
