//! The errors that make a zone unservable: no server could answer right from it.
//!
//! Data below a cut is none of them: it is occluded, and never served as an answer (RFC 2136 §7.18 has the word).

use super::findings::Findings;
use super::{Node, Rrset, Zone};
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::dns::{MAX_NAME, NameRef, Rtype};
use crate::source::{Sources, Span};
use crate::zonefile::{Record, rdata};

/// Reports every integrity error but [sizes](check_sizes); `start` is the start of the zone's own file, `is_complete` whether all its records could be
/// read and lie in the zone.
pub(super) fn check(zone: &Zone, start: Span, is_complete: bool, sources: &Sources, findings: &mut Findings) {
    let mut report = Report { zone, sources, findings };
    apex(&mut report, start, is_complete);
    zone.notable().for_each(|node| cname(&mut report, node));
    if zone.has_type(Rtype::DNAME) {
        dnames(&mut report);
    }
    // One finding tells of a chain, however many records it has.
    let has_hashes = zone.has_type(Rtype::NSEC3) || zone.has_type(Rtype::NSEC3PARAM);
    if has_hashes && let Some(finding) = zone.nodes().find_map(|node| iterations(&report, node)) {
        report.add(finding);
    }
}

/// Reports what is too large to be served among a share of a zone's names, each of which is judged by itself.
pub(super) fn check_sizes(share: &Zone, sources: &Sources, findings: &mut Findings) {
    let mut report = Report { zone: share, sources, findings };
    share.nodes().for_each(|node| sizes(&mut report, node));
}

struct Report<'r> {
    zone: &'r Zone,
    sources: &'r Sources,
    findings: &'r mut Findings,
}

impl Report<'_> {
    fn owner(&self, record: &Record) -> Span {
        self.zone.places(record, self.sources).owner
    }

    fn rtype(&self, record: &Record) -> Span {
        self.zone.places(record, self.sources).rtype
    }

    fn add(&mut self, finding: Diagnostic) {
        self.findings.add(finding.code, || finding);
    }
}

fn apex(report: &mut Report<'_>, start: Span, is_complete: bool) {
    let (zone, apex) = (report.zone, report.zone.apex());
    let node = zone.node(apex);
    let soa = node.and_then(|node| node.rrset(Rtype::SOA));
    if let Some(soa) = soa {
        many(report, soa, "SOA", "a zone has exactly one (RFC 1035 §5.2)");
    }
    let mut is_other_zone = false;
    let soas = zone.notable().filter_map(|node| node.rrset(Rtype::SOA).filter(|_| !node.is_apex()));
    for below in soas {
        for record in below.records() {
            // The first SOA of a file that has none for its own name tells which zone was meant.
            let finding = match (soa, is_other_zone) {
                (None, false) => other_zone(&codes::SOA_BELOW_APEX, below.owner(), report.owner(record), apex),
                _ => soa_below_apex(below.owner(), report.owner(record), apex),
            };
            is_other_zone |= soa.is_none();
            report.add(finding);
        }
    }
    if !is_complete || is_other_zone {
        return;
    }
    if soa.is_none() {
        report.add(no_soa(start, apex));
    }
    if node.and_then(|node| node.rrset(Rtype::NS)).is_none() {
        let place = soa.and_then(|soa| soa.records().next()).map(|record| report.rtype(record));
        report.add(no_apex_ns(place, start, apex));
    }
}

fn no_soa(start: Span, apex: NameRef<'_>) -> Diagnostic {
    Diagnostic::new(&codes::NO_SOA, start, format!("the zone `{apex}` has no SOA record"))
        .why("negative answers and secondaries need it (RFC 1035 §5.2)")
        .fix(format!(
            "add `{apex} 3600 IN SOA {0} {1} ( 1 7200 1800 1209600 300 )`, names adjusted",
            below("ns1", apex),
            below("hostmaster", apex)
        ))
}

/// At the SOA record, beside which the missing ones belong, or at the start of the file.
fn no_apex_ns(soa: Option<Span>, start: Span, apex: NameRef<'_>) -> Diagnostic {
    Diagnostic::new(&codes::NO_APEX_NS, soa.unwrap_or(start), format!("the zone `{apex}` has no NS record"))
        .label(if soa.is_some() { "the zone's own records start here" } else { "" })
        .why("a zone names its servers at its apex (RFC 1034 §4.2.1)")
        .fix(format!("add `{apex} 3600 IN NS {}`, names adjusted, for each server", below("ns1", apex)))
}

/// A label before a name; the root has no dot of its own.
fn below(label: &str, name: NameRef<'_>) -> String {
    if name.is_root() { format!("{label}.") } else { format!("{label}.{name}") }
}

/// The SOA record of another zone in a file that has none for its own: the whole file is read under the wrong name.
pub(super) fn other_zone(code: &'static Code, owner: NameRef<'_>, place: Span, apex: NameRef<'_>) -> Diagnostic {
    Diagnostic::new(code, place, format!("this is the zone `{owner}`, read as `{apex}`"))
        .label(format!("the SOA record is that of `{owner}`"))
        .why("an SOA record marks the top of a zone (RFC 1035 §5.2)")
        .fix(format!("serve the file as `{owner}`; if `{apex}` is meant, mend this name or the `$ORIGIN` above it"))
}

fn soa_below_apex(name: NameRef<'_>, place: Span, apex: NameRef<'_>) -> Diagnostic {
    Diagnostic::new(&codes::SOA_BELOW_APEX, place, format!("`{name}` has an SOA record"))
        .label(format!("the zone is `{apex}`"))
        .why("an SOA record marks the top of a zone (RFC 1035 §5.2)")
        .fix(format!(
            "move the record and what lies below it to a file of its own, and delegate `{name}` with NS records"
        ))
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
    let (alias_line, other_line) = (line(report, alias, other), line(report, other, alias));
    let finding = Diagnostic::new(
        &codes::CNAME_BESIDE_OTHER_DATA,
        report.rtype(alias),
        format!("`{name}` has a CNAME and other records"),
    )
    .label("an alias must be the only record at its name")
    .also(report.rtype(other), format!("its {what} record is here"))
    .why(format!(
        "a resolver that has cached the alias never asks for the {what} record, so the two disagree (RFC 1034 §3.6.2)"
    ));
    let finding = if node.is_apex() {
        finding
            .fix(format!("put the target's A and AAAA records in place of {alias_line}: a zone's own name is no alias"))
    } else {
        finding.fix(format!("delete {alias_line} to keep the {what} record, or {other_line} to keep the alias"))
    };
    report.add(finding);
}

/// `line 41`, with its file's name where the other record is in another file.
fn line(report: &Report<'_>, record: &Record, other: &Record) -> String {
    let (place, other) = (report.rtype(record), report.rtype(other));
    let source = report.sources.get(place.file);
    let line = source.position(place.start).line;
    if place.file == other.file { format!("line {line}") } else { format!("line {line} of {}", source.name()) }
}

/// A name has one DNAME at most, and below it there is nothing.
fn dnames(report: &mut Report<'_>) {
    let mut dname: Option<BelowDname<'_>> = None;
    for node in report.zone.nodes() {
        match &mut dname {
            Some(above) if node.name().is_below(above.dname.owner()) => above.add(node),
            _ => {
                let own = node.rrset(Rtype::DNAME);
                if let Some(own) = own {
                    many(report, own, "DNAME", "a name can stand for one other only (RFC 6672 §2.4)");
                }
                let own = own.map(|dname| BelowDname { dname, first: None, count: 0 });
                if let Some(above) = std::mem::replace(&mut dname, own) {
                    above.report(report);
                }
            }
        }
    }
    if let Some(above) = dname {
        above.report(report);
    }
}

/// The names below a DNAME are another name's (RFC 6672 §2.4): one finding for them all.
struct BelowDname<'z> {
    dname: Rrset<'z>,
    first: Option<Node<'z>>,
    count: usize,
}

impl<'z> BelowDname<'z> {
    fn add(&mut self, node: Node<'z>) {
        // NSEC3 records of a zone with a DNAME at its apex have no other place to be.
        if node.is_hash() {
            return;
        }
        self.first = self.first.or(Some(node));
        self.count += 1;
    }

    fn report(self, report: &mut Report<'_>) {
        let Some(node) = self.first else { return };
        let Some((record, alias)) =
            node.rrsets().flat_map(|rrset| rrset.records()).next().zip(self.dname.records().next())
        else {
            return;
        };
        let (name, dname) = (node.name(), self.dname.owner());
        let label = match self.count {
            1 => "never served".to_owned(),
            2 => "never served, as is one more name below the DNAME".to_owned(),
            count => format!("never served, as are {} more names below the DNAME", count - 1),
        };
        let headline = format!("`{name}` lies below the DNAME of `{dname}`");
        let finding = Diagnostic::new(&codes::DATA_BELOW_DNAME, report.owner(record), headline)
            .label(label)
            .also(report.rtype(alias), "all names below it are redirected here")
            .why("a resolver asks for the name below the DNAME's target instead (RFC 6672 §2.4)")
            .fix("put the record below the DNAME's target, or delete the DNAME");
        report.add(finding);
    }
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
        let covers = |rdata: &&[u8]| rdata::covered(rdata) == rrset.rtype();
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
