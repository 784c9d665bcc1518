//! Records to a zone: sorted, grouped, judged.
//!
//! # Design
//!
//! Sorted records are copied once into their order, each beside its owner and its data: judging a zone and compiling it walk
//! over all of it many times, and a walk in the order of memory costs a fraction of one that jumps for each record.

use super::findings::Findings;
use super::order::{Order, WORTH_A_THREAD};
use super::{Summary, Zone, integrity, node, rrset, size};
use crate::diagnostic::{Diagnostic, Edit, Repair, codes};
use crate::dns::{Name, NameRef, Rtype};
use crate::source::{FileId, Sources, Span};
use crate::zonefile::rdata;
use crate::zonefile::{Parsed, Parts, Record, Records};

/// What came of putting records together.
#[derive(Debug)]
pub struct Built {
    /// The zone; none if it must not be served.
    pub zone: Option<Zone>,
    /// What is wrong with it, the text's own findings first.
    pub findings: Vec<Diagnostic>,
}

/// Puts the records of a text together, or says what makes the zone unservable.
///
/// A zone whose text had errors is judged all the same, for its findings, but for those that a record which could not be
/// read would explain (a missing SOA or NS); it is never given back. `root` is the zone's own file.
pub fn build(apex: &Name, root: FileId, parsed: Parsed, sources: &Sources) -> Built {
    let Parsed { records, findings, findings_limit, threads } = parsed;
    let mut findings = Findings::new(findings, findings_limit);
    // A record that could not be read, or lies elsewhere by mistake, may be the one that is missed at the apex.
    let is_readable = !findings.has_errors();
    let order = Order::of(&records, apex.as_ref(), threads);
    report_outside(apex.as_ref(), &order.outside, &records, sources, &mut findings);
    let is_complete = is_readable && !findings.has_errors();
    let start = Span::start_of(root);
    let group = |share: Records| group(apex, share, sources, findings_limit);
    let Some(shares) = order.arrange(&records, threads, group) else {
        findings.add(&codes::TOO_MANY_RECORDS, || size::too_large(start, "more than 4 GiB of names and data"));
        return Built { zone: None, findings: findings.finish() };
    };
    let zone = std::thread::scope(|scope| {
        // What lies in the order of the text is of no use from here on, and freeing so much takes a while.
        free(scope, (records, order), threads);
        let zone = join(shares, &mut findings);
        size::check(&zone, start, &mut findings);
        integrity::check(&zone, start, is_complete, sources, &mut findings);
        zone
    });
    Built { zone: (!findings.has_errors()).then_some(zone), findings: findings.finish() }
}

/// Drops what nobody needs any more, on another thread where there may be one and it is worth it.
fn free<'s>(scope: &'s std::thread::Scope<'s, '_>, (records, order): (Parts, Order), threads: usize) {
    if threads > 1 && records.len() >= WORTH_A_THREAD {
        scope.spawn(move || drop((records, order)));
    }
}

/// Reports records outside the zone; those that follow one another have one cause, a name or the `$ORIGIN` above them.
fn report_outside(apex: NameRef<'_>, outside: &[u32], records: &Parts, sources: &Sources, findings: &mut Findings) {
    for run in outside.chunk_by(|a, b| a + 1 == *b) {
        let run: Vec<_> = run.iter().map(|&index| records.at(index)).collect();
        findings.add(&codes::OUT_OF_ZONE, || out_of_zone(apex, &run, sources));
    }
}

fn out_of_zone(apex: NameRef<'_>, run: &[(&Records, &Record)], sources: &Sources) -> Diagnostic {
    let owner = |(records, record): (&Records, &Record)| records.owner(record).to_name();
    let place = |(records, record): (&Records, &Record)| records.places(record, sources).owner;
    if let Some(&soa) = run.iter().find(|(_, record)| record.rtype == Rtype::SOA) {
        return integrity::other_zone(&codes::OUT_OF_ZONE, owner(soa).as_ref(), place(soa), apex);
    }
    let (first, last) = (run[0], run[run.len() - 1]);
    let finding = Diagnostic::new(
        &codes::OUT_OF_ZONE,
        place(first),
        format!("`{}` lies outside the zone `{apex}`", owner(first)),
    )
    .label(format!("not at or below `{apex}`"))
    .why("a server answers from a zone only for names in it (RFC 1034 §4.2)");
    let finding = match run.len() {
        1 => finding,
        count => finding.also(place(last), format!("{count} records lie outside, down to here")),
    };
    let written = sources.text(place(first));
    if written.is_empty() || written.ends_with(b".") {
        finding.fix("mend the name, or move the record to its own zone's file")
    } else {
        finding.fix("mend the `$ORIGIN` above it, or move the record to its own zone's file")
    }
}

/// Puts the shares of a zone together.
fn join(shares: Vec<(Zone, Findings)>, findings: &mut Findings) -> Zone {
    let (zones, found): (Vec<Zone>, Vec<Findings>) = shares.into_iter().unzip();
    found.into_iter().for_each(|found| findings.append(found));
    let mut zones = zones.into_iter();
    let mut zone = zones.next().expect("an order has a share at least");
    zones.for_each(|share| zone.append(share));
    zone.shrink();
    zone
}

/// Groups sorted records into nodes and rrsets, leaving duplicates out, and judges their sizes; there is room for what they
/// have room for.
fn group(apex: &Name, mut records: Records, sources: &Sources, findings_limit: usize) -> (Zone, Findings) {
    let mut findings = Findings::new(Vec::new(), findings_limit);
    let (rows, room) = (records.rows(), records.room());
    let (mut nodes, mut rrsets) = (Vec::<node::Row>::with_capacity(room), Vec::with_capacity(room));
    let mut left_out: Vec<u32> = Vec::new();
    let mut at = 0;
    for node in rows.chunk_by(|a, b| records.has_one_owner(a, b)) {
        let first = rrsets.len() as u32;
        let mut repeated = Vec::new();
        for run in node.chunk_by(|a, b| a.rtype == b.rtype) {
            let start = (at - left_out.len()) as u32;
            let again = repetitions(run, &records);
            let ttl = match run {
                [only] => only.ttl,
                _ => agree_on_ttl(run, &again, &records, sources, &mut findings),
            };
            left_out.extend(again.iter().map(|repeated| at as u32 + repeated.0));
            at += run.len();
            rrsets.push(rrset::Row { rtype: run[0].rtype, ttl, records: start..(at - left_out.len()) as u32 });
            repeated.extend(again.iter().map(|&(again, first)| (run[again as usize], run[first as usize])));
        }
        if !repeated.is_empty() {
            findings.add(&codes::DUPLICATE_RECORD, || duplicates(repeated, &records, sources));
        }
        let (name, name_octets) = records.place_of_owner(&node[0]);
        nodes.push(node::Row { rrsets: first..rrsets.len() as u32, name, name_octets });
    }
    records.leave_out(&left_out);
    let summary = Summary::of(apex.as_ref(), &nodes, &rrsets, &records);
    let zone = Zone { apex: apex.clone(), records, nodes, rrsets, summary };
    integrity::check_sizes(&zone, sources, &mut findings);
    (zone, findings)
}

/// Which records of an rrset are there again, in the order of the text, each with the place where it was first.
fn repetitions(run: &[Record], records: &Records) -> Vec<(u32, u32)> {
    if run.len() == 1 {
        return Vec::new();
    }
    // Sorted by data, so that equal ones are neighbours: an rrset of many thousands stays far from quadratic.
    let canonical = |record: &Record| rdata::canonical(record.rtype, records.rdata(record));
    let mut by_data: Vec<_> = run.iter().map(canonical).zip(0..).collect();
    by_data.sort_unstable();
    let mut repeated: Vec<(u32, u32)> = Vec::new();
    for equal in by_data.chunk_by(|a, b| a.0 == b.0) {
        repeated.extend(equal[1..].iter().map(|again| (again.1, equal[0].1)));
    }
    repeated.sort_unstable();
    repeated
}

/// A record that is there again, and the one that was there first.
type Repeated = (Record, Record);

/// The records of one owner that are there again: whoever copies a block of lines makes one mistake.
fn duplicates(mut repeated: Vec<Repeated>, records: &Records, sources: &Sources) -> Diagnostic {
    const SHOWN: usize = 4;
    /// Of a name that repeats more, the rest comes up when the zone is judged again.
    const MOST_REMOVED: usize = 256;
    repeated.sort_unstable_by_key(|(again, _)| again.position());
    let place = |record: Record| records.places(&record, sources).rdata;
    let (again, first) = repeated[0];
    let (rtype, owner) = (rdata::Mnemonic(again.rtype), records.owner(&again));
    let headline = match repeated.len() {
        1 => format!("this {rtype} record of `{owner}` is written twice"),
        count => {
            let line = |record| sources.get(place(record).file).position(place(record).start).line.to_string();
            let list = |side: fn(&Repeated) -> Record| -> String {
                repeated.iter().take(SHOWN).map(|pair| line(side(pair))).collect::<Vec<_>>().join(", ")
            };
            let (lines, known) = (list(|pair| pair.0), list(|pair| pair.1));
            let more = if count > SHOWN { ", and more" } else { "" };
            format!("{count} records of `{owner}` are written twice: lines {lines} repeat lines {known}{more}")
        }
    };
    let mut finding = Diagnostic::new(&codes::DUPLICATE_RECORD, place(again), headline)
        .label("the same again")
        .also(place(first), "it stands here");
    for &(again, first) in repeated[1..].iter().take(SHOWN - 1) {
        finding = finding.also(place(again), "and this again").also(place(first), "which stands here");
    }
    let fix = if repeated.len() == 1 { "delete one of them" } else { "delete the second of each, or mend its name" };
    finding = finding.why("an rrset holds each record once, so the second has no effect (RFC 2181 §5)").fix(fix);
    let removal = |(again, first): &Repeated| records.removal(again, first, sources);
    let mut edits: Vec<Edit> = repeated.iter().take(MOST_REMOVED).filter_map(removal).collect();
    edits.sort_unstable();
    edits.dedup();
    finding.repair = (!edits.is_empty()).then(|| Repair { edits, alters: Vec::new() });
    finding
}

/// The lowest TTL of an rrset's records but those that are there `again`, with a finding where they differ.
fn agree_on_ttl(
    run: &[Record],
    again: &[(u32, u32)],
    records: &Records,
    sources: &Sources,
    findings: &mut Findings,
) -> u32 {
    let is_counted = |index: u32| again.binary_search_by_key(&index, |&(again, _)| again).is_err();
    let counted = || run.iter().zip(0..).filter(|(_, index)| is_counted(*index)).map(|(record, _)| record);
    let first = &run[0];
    let lowest = counted().map(|record| record.ttl).min().unwrap_or(first.ttl);
    // An RRSIG's TTL is that of the rrset it covers (RFC 4034 §3), so theirs may differ.
    if first.rtype != Rtype::RRSIG
        && let Some(other) = counted().find(|record| record.ttl != first.ttl)
    {
        findings.add(&codes::TTL_MISMATCH, || ttl_mismatch(first, other, lowest, records, sources));
    }
    lowest
}

fn ttl_mismatch(first: &Record, other: &Record, lowest: u32, records: &Records, sources: &Sources) -> Diagnostic {
    let place = |record: &Record| {
        let places = records.places(record, sources);
        places.ttl.unwrap_or(places.rtype)
    };
    let what = format!("the {} records of `{}`", rdata::Mnemonic(first.rtype), records.owner(first));
    Diagnostic::new(
        &codes::TTL_MISMATCH,
        place(other),
        format!("{what} have different TTLs: {} and {}", first.ttl, other.ttl),
    )
    .label(format!("{} seconds", other.ttl))
    .also(place(first), format!("{} seconds", first.ttl))
    .why(format!("the records of an rrset have one TTL; all are served with the lowest, {lowest} (RFC 2181 §5.2)"))
    .fix("give them the same TTL")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::Source;
    use crate::zonefile::{self, Limits};

    /// All that is known of a zone, and what was found in it.
    fn built(text: &str, threads: usize) -> (String, String) {
        let (apex, limits) = (Name::absolute("z.test").expect("a name"), Limits { threads, ..Limits::default() });
        let mut sources = Sources::default();
        let root = sources.add(Source::new("z", text.as_bytes()));
        let parsed = zonefile::parse(&mut sources, root, &apex, &limits, &mut |_, _| unreachable!());
        let built = build(&apex, root, parsed, &sources);
        let zone = built.zone.map_or(String::new(), |zone| {
            let rrset = |rrset: super::super::Rrset<'_>| {
                let positions: Vec<u32> = rrset.records().map(Record::position).collect();
                format!(
                    "{} {:?} {} {positions:?} {:?}",
                    rrset.owner(),
                    rrset.rtype(),
                    rrset.ttl(),
                    rrset.rdatas().collect::<Vec<_>>()
                )
            };
            let nodes: Vec<_> = zone
                .nodes()
                .map(|node| (node.name().to_string(), node.rrsets().map(rrset).collect::<Vec<_>>()))
                .collect();
            let notable: Vec<usize> = zone.notable().map(super::super::Node::number).collect();
            format!(
                "{nodes:#?} {notable:?} {:?} {:?} {}",
                zone.types(),
                zone.ttls(),
                zone.nodes().any(super::super::Node::is_delegation)
            )
        });
        (zone, format!("{:#?}", built.findings))
    }

    /// A line in ten may be what makes a zone unservable.
    fn line() -> impl Strategy<Value = String> {
        const OWNERS: &[&str] =
            &["@", "a", "A", "b.a", "B.a", "*.c", "long-label-one", "long-label-two", "Long-label-two"];
        let plain = (
            prop::sample::select(OWNERS),
            prop::sample::select(&["A 192.0.2.1", "A 192.0.2.2", "MX 1 a", "TXT x", "NS ns"][..]),
        );
        let odd = (
            prop::sample::select(&["a", "b.a", "d", "out.of."][..]),
            prop::sample::select(&["AAAA ::1", "CNAME a", "DNAME a"][..]),
        );
        let record = prop_oneof![20 => plain, 1 => odd];
        (record, 1_u32..3).prop_map(|((owner, data), ttl)| format!("{owner} {ttl} {data}\n"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn many_threads_build_what_one_does(lines in prop::collection::vec(line(), 0..30), threads in 2_usize..6) {
            let text = format!("@ 60 SOA ns host 1 7200 1800 1209600 300\n@ 60 NS ns\n{}", lines.concat());
            prop_assert_eq!(built(&text, 1), built(&text, threads), "{}", text);
        }
    }
}
