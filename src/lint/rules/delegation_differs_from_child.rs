//! ## What it does
//! Finds delegations to zones served here whose NS records or glue are not what the child says of itself.
//! ## Why is this bad
//! Both sides must agree (RFC 1034 §4.2.2). A resolver learns the parent's servers first and believes the child's then: a
//! server that one side has forgotten is asked now and then, and an old address in the glue sends queries to a host that is
//! gone. A child that did not build is unknown, and not judged.
//! ## Example
//! ```zone
//! sub  IN NS  ns1.sub       ; and the zone sub.example.org has ns1 and ns2
//! ```
//! ## Fix
//! Make the parent's NS records and glue those of the child.

use crate::authority::Authority;
use crate::dns::{NameRef, Rtype};
use crate::lint::{Others, Report, Subject};
use crate::source::Span;
use crate::zone::{Node, Rrset, Zone};

const WHY: &str = "resolvers learn the servers from the parent first and from the child then, and ask either (RFC 1034 §4.2.2)";

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    for cut in &subject.survey().cuts {
        if let Some(child) = others.child(cut.node.name()) {
            check_cut(cut.node, cut.ns, child, subject.zone, report);
        }
    }
    check_apex(subject.zone, others, report);
}

/// The parent's side.
fn check_cut(cut: Node<'_>, servers: Rrset<'_>, child: &Authority, zone: &Zone, report: &mut Report<'_>) {
    let own: Vec<NameRef<'_>> = servers.rdatas().filter_map(NameRef::parse).collect();
    let theirs = servers_of(child);
    // The record that the child lacks is the one to look at; where there is none, any stands for the set.
    let is_alone = |rdata: &[u8]| NameRef::parse(rdata).is_some_and(|name| !theirs.iter().any(|known| known.is(name)));
    let alone = servers.records().zip(servers.rdatas()).find(|(_, rdata)| is_alone(rdata)).map(|(record, _)| record);
    let place = alone.or_else(|| servers.records().next()).map(|record| report.rtype(record));
    if let (Some(place), Some(difference)) = (place, difference(&own, &theirs)) {
        let headline = format!("the NS records of the delegation `{}` are not those of its zone", cut.name());
        let finding = report.finding(place, headline).label(difference);
        report.add(finding.why(WHY).fix("give the delegation and the zone's apex the same NS records"));
    }
    for server in own.iter().filter(|server| server.is_at_or_below(cut.name())) {
        check_glue(*server, child, zone, report);
    }
}

/// The glue of a server, against the addresses that the child has for it.
fn check_glue(server: NameRef<'_>, child: &Authority, zone: &Zone, report: &mut Report<'_>) {
    let (Some(own), Some(node)) = (zone.node(server), child.node(server)) else { return };
    for rtype in [Rtype::A, Rtype::AAAA] {
        let Some(glue) = own.rrset(rtype) else { continue };
        let theirs: Vec<&[u8]> = node.rrset(rtype).into_iter().flat_map(|rrset| rrset.rdatas()).collect();
        if theirs.is_empty() && [Rtype::A, Rtype::AAAA].iter().all(|rtype| node.rrset(*rtype).is_none()) {
            continue;
        }
        let wrong = glue.records().zip(glue.rdatas()).find(|(_, rdata)| !theirs.contains(rdata));
        if let Some((record, _)) = wrong {
            let headline = format!("the glue of `{server}` is none of the addresses that its zone has for it");
            let finding = report.finding(report.rdata(record), headline).label("another address than the child's");
            report.add(finding.why(WHY).fix("write the address that the child has, or mend the child"));
        }
    }
}

/// The child's side, for a change of the child alone: the parent's text is not at hand then.
fn check_apex(zone: &Zone, others: &Others<'_>, report: &mut Report<'_>) {
    let apex = zone.apex();
    let Some(parent) = others.parent(apex).filter(|parent| !(others.is_judged)(parent.apex())) else { return };
    let cut = parent.node(apex).and_then(|cut| cut.rrset(Rtype::NS));
    let (Some(delegated), Some(servers)) = (cut, zone.rrset(apex, Rtype::NS)) else { return };
    let own: Vec<NameRef<'_>> = servers.rdatas().filter_map(NameRef::parse).collect();
    let theirs: Vec<NameRef<'_>> = delegated.rdatas().filter_map(NameRef::parse).collect();
    let place: Option<Span> = servers.records().next().map(|record| report.rtype(record));
    if let (Some(place), Some(difference)) = (place, difference(&theirs, &own)) {
        let headline = format!("the NS records of `{apex}` are not those of its delegation in `{}`", parent.apex());
        let finding = report.finding(place, headline).label(difference);
        report.add(finding.why(WHY).fix("give the delegation and the zone's apex the same NS records"));
    }
}

fn servers_of(child: &Authority) -> Vec<NameRef<'_>> {
    let servers = child.node(child.apex()).and_then(|apex| apex.rrset(Rtype::NS));
    servers.into_iter().flat_map(|servers| servers.rdatas()).filter_map(NameRef::parse).collect()
}

/// What the parent has that the child lacks, and the other way round; none where they agree.
fn difference(parent: &[NameRef<'_>], child: &[NameRef<'_>]) -> Option<String> {
    let only = |some: &[NameRef<'_>], others: &[NameRef<'_>]| -> Vec<String> {
        let is_missing = |name: &&NameRef<'_>| !others.iter().any(|other| other.is(**name));
        some.iter().filter(is_missing).take(3).map(|name| format!("`{name}`")).collect()
    };
    let (parent, child) = (only(parent, child), only(child, parent));
    match (parent.is_empty(), child.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("the delegation alone has {}", parent.join(", "))),
        (true, false) => Some(format!("the zone alone has {}", child.join(", "))),
        (false, false) => Some(format!("the delegation has {}, the zone {}", parent.join(", "), child.join(", "))),
    }
}
