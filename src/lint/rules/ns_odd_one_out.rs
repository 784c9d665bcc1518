//! ## What it does
//! Finds the NS record of a set whose domain is its siblings' misspelt.
//! Two servers lie in `example.net`, say, and one in `exmaple.net`. The primary server that the SOA record names is held
//! against the set too.
//! ## Why is this bad
//! A share of all queries goes to a server that does not exist, or to whoever registers the misspelt domain.
//! ## Example
//! ```zone
//! @  IN NS  ns1.example.net.
//! @  IN NS  ns2.example.net.
//! @  IN NS  ns3.exmaple.net.
//! ```
//! ## Fix
//! Write the domain as its siblings do.

use crate::dns::{NameRef, Rtype};
use crate::lint::others::target;
use crate::lint::slip::is_slip_of;
use crate::lint::{Report, Subject};
use crate::source::Span;
use crate::zone::{Node, Rrset};

const WHY: &str = "a share of the queries goes to a server that does not exist, or to whoever has that domain";

pub(super) fn check(node: Node<'_>, subject: &Subject<'_>, report: &mut Report<'_>) {
    // Below a cut, nothing is served.
    if subject.cut().is_some_and(|cut| !cut.is_same(node)) {
        return;
    }
    // Of two servers, none is the odd one; only the apex has a third name to hold them against.
    let is_judged = |servers: &Rrset<'_>| servers.records().len() > 2 || node.is_apex();
    let Some(servers) = node.rrset(Rtype::NS).filter(is_judged) else { return };
    let names: Vec<NameRef<'_>> = servers.rdatas().filter_map(NameRef::parse).collect();
    let places = || servers.records().map(|record| report.field(record, 0));
    // Where all have one domain, none is odd: so it is in most sets.
    let is_one_domain = names.windows(2).all(|pair| pair[0].parent() == pair[1].parent());
    let odd = (0..if is_one_domain { 0 } else { names.len() }).find_map(|at| {
        let others = || names.iter().enumerate().filter(move |(other, _)| *other != at).map(|(_, name)| *name);
        let model = misspelt(names[at], others())?;
        Some((names[at], model, places().nth(at)?))
    });
    let odd = odd.or_else(|| primary(node, &names, report));
    if let Some((name, model, place)) = odd {
        add(name, model, place, servers, report);
    }
}

/// The name whose domain all others share, and this one's looks like misspelt.
fn misspelt<'n>(name: NameRef<'_>, mut siblings: impl Iterator<Item = NameRef<'n>>) -> Option<NameRef<'n>> {
    let domain = name.parent()?;
    let first = siblings.next()?;
    let model = first.parent()?;
    // One sibling alone does not say which of the two is misspelt.
    let mut rest = siblings.peekable();
    rest.peek()?;
    (rest.all(|sibling| sibling.parent().is_some_and(|parent| parent.is(model))) && is_slip_of(domain, model)).then_some(first)
}

/// The SOA record's primary server, against the zone's own set.
fn primary<'z>(node: Node<'z>, names: &[NameRef<'z>], report: &Report<'_>) -> Option<(NameRef<'z>, NameRef<'z>, Span)> {
    let soa = node.rrset(Rtype::SOA)?;
    let primary = soa.rdatas().next().and_then(|rdata| target(Rtype::SOA, rdata))?;
    let is_known = names.iter().any(|name| name.parent().is_some_and(|domain| primary.is_at_or_below(domain)));
    let model = names.iter().copied().find(|name| {
        let (domain, model) = (primary.parent(), name.parent());
        !is_known && domain.zip(model).is_some_and(|(domain, model)| is_slip_of(domain, model))
    })?;
    Some((primary, model, report.field(soa.records().next()?, 0)))
}

fn add(name: NameRef<'_>, model: NameRef<'_>, place: Span, servers: Rrset<'_>, report: &mut Report<'_>) {
    let (domain, meant) = (name.parent().unwrap_or(name), model.parent().unwrap_or(model));
    let sibling = servers.records().zip(servers.rdatas()).find(|(_, rdata)| *rdata == model.octets());
    let headline = format!("`{domain}` looks like `{meant}`, the domain of the other servers of `{}`", servers.owner());
    let mut finding = report.finding(place, headline).label("the odd one out");
    if let Some((record, _)) = sibling {
        finding = finding.also(report.field(record, 0), "a sibling");
    }
    report.add(finding.why(WHY).fix(format!("write `{meant}` in place of `{domain}`")));
}
