//! The errors that make a zone unservable: no server could answer right from it.
//!
//! Data below a cut is none of them: it is occluded, and never served as an answer (RFC 2136 §7.18 has the word).

use super::{Node, Rrset, Zone};
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::{MAX_NAME, NameRef, Rtype};
use crate::source::{Sources, Span};
use crate::zonefile::{Record, rdata};

/// Reports every integrity error; `start` is the start of the zone's own file, `is_clean` whether its text had no errors.
pub(super) fn check(zone: &Zone, start: Span, is_clean: bool, sources: &Sources, findings: &mut Vec<Diagnostic>) {
    let mut report = Report { zone, sources, findings };
    apex(&mut report, start, is_clean);
    let mut dname: Option<Rrset<'_>> = None;
    for node in zone.nodes() {
        cname(&mut report, node);
        if let Some(above) = dname.filter(|above| node.name().is_below(above.owner())) {
            below_dname(&mut report, node, above);
        } else if let Some(own) = node.rrset(Rtype::DNAME) {
            many(&mut report, own, "DNAME", "a name can stand for one other only (RFC 6672 §2.4)");
            dname = Some(own);
        }
        sizes(&mut report, node);
    }
    // One finding tells of a chain, however many records it has.
    if let Some(finding) = zone.nodes().find_map(|node| iterations(&report, node)) {
        report.add(finding);
    }
}

struct Report<'r> {
    zone: &'r Zone,
    sources: &'r Sources,
    findings: &'r mut Vec<Diagnostic>,
}

impl Report<'_> {
    fn owner(&self, record: &Record) -> Span {
        self.zone.places(record, self.sources).owner
    }

    fn rtype(&self, record: &Record) -> Span {
        self.zone.places(record, self.sources).rtype
    }

    fn add(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }
}

fn apex(report: &mut Report<'_>, start: Span, is_clean: bool) {
    let (zone, apex) = (report.zone, report.zone.apex());
    let node = zone.node(apex);
    match node.and_then(|node| node.rrset(Rtype::SOA)) {
        Some(soa) => many_soa(report, soa),
        // A record that could not be read may be the one that is missed.
        None if is_clean => report.add(no_soa(start, apex)),
        None => {}
    }
    if is_clean && node.and_then(|node| node.rrset(Rtype::NS)).is_none() {
        report.add(no_apex_ns(start, apex));
    }
    for node in zone.nodes().filter(|node| !node.is_apex()) {
        if let Some(soa) = node.rrset(Rtype::SOA) {
            soa_below_apex(report, node, soa);
        }
    }
}

fn no_soa(start: Span, apex: NameRef<'_>) -> Diagnostic {
    Diagnostic::new(&codes::NO_SOA, start, format!("the zone `{apex}` has no SOA record"))
        .why("negative answers and secondaries need it (RFC 1035 §5.2)")
        .fix(format!(
            "add `{apex} 3600 IN SOA ns1.{apex} hostmaster.{apex} ( 1 7200 1800 1209600 300 )`, names adjusted"
        ))
}

fn no_apex_ns(start: Span, apex: NameRef<'_>) -> Diagnostic {
    Diagnostic::new(&codes::NO_APEX_NS, start, format!("the zone `{apex}` has no NS record"))
        .why("a zone names its servers at its apex (RFC 1034 §4.2.1)")
        .fix(format!("add `{apex} 3600 IN NS ns1.{apex}`, names adjusted, for each server"))
}

fn many_soa(report: &mut Report<'_>, soa: Rrset<'_>) {
    many(report, soa, "SOA", "a zone has exactly one (RFC 1035 §5.2)");
}

fn soa_below_apex(report: &mut Report<'_>, node: Node<'_>, soa: Rrset<'_>) {
    for record in soa.records() {
        let (name, apex) = (node.name(), report.zone.apex());
        let finding =
            Diagnostic::new(&codes::SOA_BELOW_APEX, report.owner(record), format!("`{name}` has an SOA record"))
                .label(format!("the zone is `{apex}`"))
                .why("an SOA record marks the top of a zone (RFC 1035 §5.2)")
                .fix(format!(
                    "move the record and what lies below it to a file of its own, and delegate `{name}` with NS records"
                ));
        report.add(finding);
    }
}

/// Reports each record of an rrset that may have one only, but the first.
fn many(report: &mut Report<'_>, rrset: Rrset<'_>, mnemonic: &str, why: &str) {
    let code = match rrset.rtype() {
        Rtype::SOA => &codes::MANY_SOA,
        Rtype::CNAME => &codes::MANY_CNAMES,
        _ => &codes::MANY_DNAMES,
    };
    let mut records = rrset.records();
    let Some(first) = records.next() else { return };
    let name = rrset.owner();
    for record in records {
        let finding =
            Diagnostic::new(code, report.rtype(record), format!("`{name}` has more than one {mnemonic} record"))
                .label("another one")
                .also(report.rtype(first), "the first is here")
                .why(why)
                .fix("delete all but one");
        report.add(finding);
    }
}

/// An alias stands alone, but for the records of DNSSEC (RFC 2181 §10.1, RFC 4034 §2.5).
fn cname(report: &mut Report<'_>, node: Node<'_>) {
    let Some(cname) = node.rrset(Rtype::CNAME) else { return };
    many(report, cname, "CNAME", "a name is an alias of one other only (RFC 1034 §3.6.2)");
    let may_stand_beside = [Rtype::CNAME, Rtype::RRSIG, Rtype::NSEC, Rtype::KEY, Rtype(24), Rtype(30)];
    let beside = node.rrsets().find(|rrset| !may_stand_beside.contains(&rrset.rtype()));
    let (Some(alias), Some(other)) = (cname.records().next(), beside.and_then(|rrset| rrset.records().next())) else {
        return;
    };
    let name = node.name();
    let what = rdata::Mnemonic(other.rtype).to_string();
    let (alias_line, other_line) = (line(report, alias), line(report, other));
    let finding = Diagnostic::new(
        &codes::CNAME_BESIDE_OTHER_DATA,
        report.rtype(alias),
        format!("`{name}` has a CNAME and other records"),
    )
    .label("an alias must be the only record at its name")
    .also(report.rtype(other), format!("its {what} record is here"))
    .why(format!(
        "a resolver that has cached the alias never asks for the {what} record, so the two disagree (RFC 1034 §3.6.2)"
    ))
    .fix(format!("delete line {alias_line} to keep the {what} record, or line {other_line} to keep the alias"));
    report.add(finding);
}

fn line(report: &Report<'_>, record: &Record) -> u32 {
    let place = report.rtype(record);
    report.sources.get(place.file).position(place.start).line
}

/// The names below a DNAME are another name's (RFC 6672 §2.4); NSEC3 records of a zone with a DNAME at its apex have no
/// other place to be.
fn below_dname(report: &mut Report<'_>, node: Node<'_>, above: Rrset<'_>) {
    let is_nsec3 = |rtype| matches!(rtype, Rtype::NSEC3 | Rtype::RRSIG);
    if node.rrset(Rtype::NSEC3).is_some() && node.rrsets().all(|rrset| is_nsec3(rrset.rtype())) {
        return;
    }
    let Some((record, alias)) = node.rrsets().flat_map(|rrset| rrset.records()).next().zip(above.records().next())
    else {
        return;
    };
    let (name, dname) = (node.name(), above.owner());
    let finding = Diagnostic::new(
        &codes::DATA_BELOW_DNAME,
        report.owner(record),
        format!("`{name}` lies below the DNAME of `{dname}`"),
    )
    .label("never served")
    .also(report.rtype(alias), "all names below it are redirected here")
    .why("a resolver asks for the name below the DNAME's target instead (RFC 6672 §2.4)")
    .fix("put the record below the DNAME's target, or delete the DNAME");
    report.add(finding);
}

/// The most octets of rdata and record headers that an answer has room for: header, question, OPT (RFC 1035 §4.2.2).
const ROOM: usize = u16::MAX as usize - 12 - (MAX_NAME + 4) - 11;

/// An rrset is servable if it, with its signatures, fits a message of 65,535 octets with a question of 255.
fn sizes(report: &mut Report<'_>, node: Node<'_>) {
    let record_octets = |rdata: &[u8]| 2 + 10 + rdata.len();
    let signatures = node.rrset(Rtype::RRSIG);
    for rrset in node.rrsets().filter(|rrset| rrset.rtype() != Rtype::RRSIG) {
        let own: usize = rrset.rdatas().map(record_octets).sum();
        if own < ROOM / 2 && signatures.is_none() {
            continue;
        }
        let covers = |rdata: &&[u8]| rdata.starts_with(&rrset.rtype().0.to_be_bytes());
        let signed: usize =
            signatures.map_or(0, |signatures| signatures.rdatas().filter(covers).map(record_octets).sum());
        if own + signed <= ROOM {
            continue;
        }
        let Some(first) = rrset.records().next() else { continue };
        let what = format!("the {} records of `{}`", rdata::Mnemonic(rrset.rtype()), node.name());
        let finding = Diagnostic::new(&codes::UNSERVABLE_RRSET, report.owner(first), format!("{what} fit no message"))
            .label(format!("{} octets together, and a message has room for {ROOM}", own + signed))
            .why("an answer holds all records of an rrset or none, in 65,535 octets (RFC 2181 §5, RFC 1035 §4.2.2)")
            .fix("shorten the records, or spread them over several names");
        report.add(finding);
    }
}

/// The most times over that an NSEC3 chain may hash a name.
///
/// Each costs every negative answer three hashes more, so they are an attacker's lever; validators take a zone with more for
/// unsigned or bogus (RFC 9276 §3.2).
const MAX_ITERATIONS: u16 = 100;

/// NSEC3 and NSEC3PARAM records start with algorithm, flags and iterations (RFC 5155 §3.2, §4.2).
fn iterations(report: &Report<'_>, node: Node<'_>) -> Option<Diagnostic> {
    let rrsets = node.rrsets().filter(|rrset| matches!(rrset.rtype(), Rtype::NSEC3PARAM | Rtype::NSEC3));
    let mut records = rrsets.flat_map(|rrset| rrset.records().zip(rrset.rdatas()));
    records.find_map(|(record, rdata)| {
        let iterations = u16::from_be_bytes([*rdata.get(2)?, *rdata.get(3)?]);
        let place = || report.zone.rdata_place(record, report.sources);
        (iterations > MAX_ITERATIONS).then(|| too_many_iterations(iterations, place()))
    })
}

fn too_many_iterations(iterations: u16, place: Span) -> Diagnostic {
    let headline = format!("names are hashed {iterations} times over, and may be {MAX_ITERATIONS} times");
    Diagnostic::new(&codes::NSEC3_ITERATIONS, place, headline)
        .label("the third field is the number of iterations")
        .why("validators take the zone for unsigned or bogus, and each denial costs the server dearly (RFC 9276 §3.2)")
        .fix("sign the zone again with 0 iterations and no salt")
}
