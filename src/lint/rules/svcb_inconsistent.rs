//! ## What it does
//! Finds SVCB and HTTPS records that contradict themselves, each other, or the addresses of their target.
//! ## Why is this bad
//! Clients connect to the addresses in `ipv4hint` and `ipv6hint` before they know the target's own, so hints that were
//! forgotten at a move send them to the old host (RFC 9460 §7.3). An alias (priority 0) has its parameters passed over
//! (§2.4.2), hides the service records beside it (§2.4.1), and if it leads back to itself, leads nowhere (§2.4.2).
//! ## Example
//! ```zone
//! www HTTPS 1 . ipv4hint=192.0.2.1
//! www A     192.0.2.2
//! ```
//! ## Fix
//! Write the same addresses in both, or leave the hints out: clients then ask for the addresses.

use std::collections::HashSet;

use crate::authority::{Outcome, Question, RrsetRef, lookup};
use crate::dns::{Name, NameRef, Rtype};
use crate::lint::others::{Answer, MAX_STEPS};
use crate::lint::{Others, Report, Subject, address};
use crate::zone::Rrset;
use crate::zonefile::Record;
use crate::zonefile::rdata::Mnemonic;

/// A record's parts.
struct Binding<'z> {
    record: &'z Record,
    priority: u16,
    target: NameRef<'z>,
    params: &'z [u8],
}

/// The hints' keys, their names, and how many octets an address has.
const HINTS: &[(u16, &str, usize)] = &[(4, "ipv4hint", 4), (6, "ipv6hint", 16)];

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    for &rrset in &subject.survey().bindings {
        check_rrset(rrset, others, report);
    }
}

fn check_rrset(rrset: Rrset<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let bindings: Vec<Binding<'_>> =
        rrset.records().zip(rrset.rdatas()).filter_map(|(record, rdata)| binding(record, rdata)).collect();
    let rtype = Mnemonic(rrset.rtype());
    let is_alias = |binding: &&Binding<'_>| binding.priority == 0;
    let Some(alias) = bindings.iter().find(is_alias) else {
        return bindings.iter().for_each(|binding| check_hints(rrset.owner(), binding, others, report));
    };
    if !alias.params.is_empty() {
        let finding = report
            .finding(report.field(alias.record, 2), format!("this {rtype} record is an alias, and has parameters"))
            .label("passed over by clients")
            .also(report.field(alias.record, 0), "priority 0 makes it an alias")
            .why("clients ignore the parameters of an alias (RFC 9460 §2.4.2)")
            .fix("write priority 1 where the parameters are meant, or delete them");
        report.add(finding);
    }
    if let Some(service) = bindings.iter().find(|binding| binding.priority != 0) {
        let finding = report
            .finding(report.rdata(service.record), format!("`{}` has a {rtype} alias and other {rtype} records", rrset.owner()))
            .label("passed over by clients")
            .also(report.rdata(alias.record), "the alias is here")
            .why("clients that see an alias ignore all other records beside it (RFC 9460 §2.4.1)")
            .fix("delete the alias, or all others");
        report.add(finding);
    }
    if leads_back(rrset.owner(), alias.target, rrset.rtype(), others) {
        let finding = report
            .finding(report.field(alias.record, 1), format!("the {rtype} alias of `{}` leads back to itself", rrset.owner()))
            .label("this way")
            .why("clients give up on a loop (RFC 9460 §2.4.2)")
            .fix("name the host that serves, or delete the record");
        report.add(finding);
    }
}

fn binding<'z>(record: &'z Record, rdata: &'z [u8]) -> Option<Binding<'z>> {
    let (priority, rest) = rdata.split_first_chunk()?;
    let target = NameRef::parse(rest)?;
    let params = &rest[target.octets().len()..];
    Some(Binding { record, priority: u16::from_be_bytes(*priority), target, params })
}

/// The value of a parameter (RFC 9460 §2.2).
fn param(mut params: &[u8], wanted: u16) -> Option<&[u8]> {
    while let [k0, k1, l0, l1, rest @ ..] = params {
        let (value, rest) = rest.split_at_checked(u16::from_be_bytes([*l0, *l1]).into())?;
        if u16::from_be_bytes([*k0, *k1]) == wanted {
            return Some(value);
        }
        params = rest;
    }
    None
}

fn check_hints(owner: NameRef<'_>, binding: &Binding<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    if HINTS.iter().all(|(key, ..)| param(binding.params, *key).is_none()) {
        return;
    }
    let target = if binding.target.is_root() { owner } else { binding.target };
    let walk = others.follow(target);
    let Answer::Exists { v4, v6 } = walk.end else { return };
    for (&(key, name, octets), addresses) in HINTS.iter().zip([v4, v6]) {
        let Some(hints) = param(binding.params, key) else { continue };
        let known: HashSet<&[u8]> = addresses.into_iter().flat_map(RrsetRef::rdatas).collect();
        let is_known = |hint: &[u8]| known.contains(hint);
        let Some(hint) = hints.chunks_exact(octets).find(|hint| !is_known(hint)) else { continue };
        let place = hint_place(binding.record, name, report);
        let finding = report
            .finding(place, format!("the hint {} is no address of `{target}`", show(hint)))
            .label(say_addresses(target, addresses, octets))
            .why("clients connect to a hint before they know the addresses, so they go to another host (RFC 9460 §7.3)")
            .fix(format!("write the addresses of `{target}` here, or delete `{name}`"));
        report.add(finding);
    }
}

/// Where a parameter is written.
fn hint_place(record: &Record, name: &str, report: &Report<'_>) -> crate::source::Span {
    let rdata = report.rdata(record);
    let start = report.text(rdata).windows(name.len()).position(|part| part == name.as_bytes());
    let Some(start) = start else { return rdata };
    let rest = &report.text(rdata)[start..];
    let length = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
    let start = rdata.start + start as u32;
    crate::source::Span { start, end: start + length as u32, ..rdata }
}

fn say_addresses(target: NameRef<'_>, addresses: Option<RrsetRef<'_>>, octets: usize) -> String {
    let Some(addresses) = addresses else {
        return format!("`{target}` has no {} record", if octets == 4 { "A" } else { "AAAA" });
    };
    match addresses.rdatas().len() {
        1 => format!("`{target}` has {}", show(addresses.first())),
        count => format!("`{target}` has {} and {} more", show(addresses.first()), count - 1),
    }
}

fn show(rdata: &[u8]) -> String {
    address::of(rdata).map(|address| address.to_string()).unwrap_or_default()
}

/// Whether aliases that start at `target` come back to `owner`.
fn leads_back(owner: NameRef<'_>, target: NameRef<'_>, rtype: Rtype, others: &Others<'_>) -> bool {
    let mut name: Name = target.to_name();
    for _ in 0..MAX_STEPS {
        if name.as_ref().is(owner) {
            return true;
        }
        let question = Question::new(name.as_ref(), others.catalog.key());
        let Some(zone) = others.catalog.find(&question, rtype).and_then(|entry| entry.authority.as_deref()) else {
            return false;
        };
        let next = match lookup(zone, &question, rtype).outcome {
            Outcome::Answer(rrset) => rrset.rdatas().find(|rdata| rdata.starts_with(&[0, 0])).and_then(|rdata| NameRef::parse(&rdata[2..])),
            Outcome::Alias(rrset) => NameRef::parse(rrset.first()),
            _ => None,
        };
        let Some(next) = next.filter(|next| !next.is_root()) else { return false };
        name = next.to_name();
    }
    false
}
