//! A zone beside its delegation, as the parent's own servers have it.
//!
//! In: a zone, and what its parent says of it. Out: findings at the apex's records. Asks nobody: who does is not known here.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::address;
use super::signatures::{Key, is_known_digest};
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::{Name, NameRef, Rtype};
use crate::source::{FileId, Sources, Span};
use crate::zone::{Rrset, Zone};

/// What a parent says of a zone below it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Delegation {
    /// The parent zone.
    pub parent: Option<Name>,
    /// The names of the servers.
    pub servers: Vec<Name>,
    /// Addresses that it gives for servers.
    pub glue: Vec<(Name, IpAddr)>,
    /// The data of the DS records.
    pub ds: Vec<Vec<u8>>,
}

/// What is wrong between a zone and its delegation; or, where that could not be had, that it was not looked at.
pub fn check_online(zone: &Zone, sources: &Sources, parent: &Result<Delegation, String>) -> Vec<Diagnostic> {
    let start = Span::start_of(FileId(0));
    let place = |rrset: Option<Rrset<'_>>| {
        rrset.and_then(|rrset| rrset.records().next().map(|record| zone.places(record, sources).rtype)).unwrap_or(start)
    };
    let apex = zone.apex();
    let (servers, soa) = (zone.rrset(apex, Rtype::NS), zone.rrset(apex, Rtype::SOA));
    let delegation = match parent {
        Ok(delegation) => delegation,
        Err(why) => {
            let headline = format!("the delegation of `{apex}` could not be asked for: {why}");
            let finding = Diagnostic::new(&codes::PARENT_UNREACHABLE, place(soa), headline);
            return vec![finding.why("what the parent says was not compared").fix("try again, or with `--resolver`")];
        }
    };
    let mut findings = Vec::new();
    findings.extend(other_servers(apex, servers, delegation).map(|headline| {
        Diagnostic::new(&codes::PARENT_NS_DIFFERS, place(servers), headline)
            .label("the zone's own servers")
            .why("resolvers start with the servers that the parent names, and go on with those that the zone names (RFC 1034 §4.2.2)")
            .fix("have the registrar name the servers that the zone names, or mend the zone")
    }));
    findings.extend(other_glue(zone, delegation).into_iter().map(|(server, headline)| {
        Diagnostic::new(&codes::PARENT_GLUE_DIFFERS, place(zone.rrset(server.as_ref(), Rtype::A).or(servers)), headline)
            .why("whoever knows the parent's addresses only does not reach the server (RFC 1034 §4.2.2)")
            .fix("have the registrar change the host's addresses, or mend the zone")
    }));
    let keys = zone.rrset(apex, Rtype::DNSKEY);
    findings.extend(ds_mismatch(apex, keys, delegation).map(|headline| {
        Diagnostic::new(&codes::PARENT_DS_MISMATCH, place(keys.or(soa)), headline)
            .why("resolvers that validate trust the keys that DS records name, and answer SERVFAIL where there is none (RFC 4035 §5.2)")
            .fix("have the registrar replace the DS records, or delete them")
    }));
    findings
}

fn other_servers(apex: NameRef<'_>, own: Option<Rrset<'_>>, delegation: &Delegation) -> Option<String> {
    let key = |name: NameRef<'_>| name.to_string().to_ascii_lowercase();
    let theirs: BTreeSet<String> = delegation.servers.iter().map(|name| key(name.as_ref())).collect();
    let ours: BTreeSet<String> = own.iter().flat_map(|own| own.rdatas()).filter_map(NameRef::parse).map(key).collect();
    let list = |names: Vec<&String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let missing: Vec<&String> = ours.difference(&theirs).collect();
    let unknown: Vec<&String> = theirs.difference(&ours).collect();
    if theirs.is_empty() {
        return Some(format!("the parent does not delegate `{apex}`"));
    }
    match (missing.is_empty(), unknown.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("the parent does not name {} as a server of `{apex}`", list(missing))),
        (true, false) => {
            Some(format!("the parent names {} as a server of `{apex}`, and the zone does not", list(unknown)))
        }
        (false, false) => {
            Some(format!("as servers of `{apex}` the parent names {}, and the zone {}", list(unknown), list(missing)))
        }
    }
}

/// The servers in the zone of which the parent has other addresses.
fn other_glue<'d>(zone: &Zone, delegation: &'d Delegation) -> Vec<(&'d Name, String)> {
    let mut found = Vec::new();
    for server in delegation.servers.iter().filter(|server| server.as_ref().is_at_or_below(zone.apex())) {
        let is_its = |(name, _): &&(Name, IpAddr)| name.as_ref().is(server.as_ref());
        let theirs: BTreeSet<IpAddr> = delegation.glue.iter().filter(is_its).map(|(_, address)| *address).collect();
        let ours: BTreeSet<IpAddr> = addresses(zone, server.as_ref());
        // A server may leave out glue of a family that it was not asked over.
        if !theirs.is_empty() && !theirs.is_subset(&ours) {
            let list = |set: &BTreeSet<IpAddr>| set.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let own = if ours.is_empty() { "none".to_owned() } else { list(&ours) };
            found.push((
                server,
                format!("the parent gives `{server}` the addresses {}, and the zone {own}", list(&theirs)),
            ));
        }
    }
    found
}

fn addresses(zone: &Zone, name: NameRef<'_>) -> BTreeSet<IpAddr> {
    zone.node(name).into_iter().flat_map(address::records).map(|(_, address)| address).collect()
}

fn ds_mismatch(apex: NameRef<'_>, keys: Option<Rrset<'_>>, delegation: &Delegation) -> Option<String> {
    let rdatas: Vec<&[u8]> = keys.into_iter().flat_map(|keys| keys.rdatas()).collect();
    let keys: Vec<Key<'_>> = rdatas.into_iter().filter_map(Key::of).filter(Key::is_zone_key).collect();
    let is_known = delegation.ds.iter().all(|ds| is_known_digest(ds));
    let is_matched = delegation.ds.iter().any(|ds| keys.iter().any(|key| key.matches(apex, ds)));
    match delegation.ds.is_empty() || !is_known || is_matched {
        true => None,
        false if keys.is_empty() => Some(format!("the parent has DS records for `{apex}`, which is not signed")),
        false => Some(format!("no DS record that the parent has for `{apex}` is of a key that the zone has")),
    }
}
