//! Records to a zone: sorted, grouped, judged.
//!
//! # Design
//!
//! Records are sorted by a key in which canonical order is the order of octets (Knot's lookup format is the idea): labels
//! from the right, lower-cased, each ended by a zero, the apex left out because all share it. The first eight octets of
//! the key lie in the sorted row itself, so most comparisons touch one cache line.

use super::findings::Findings;
use super::{Zone, integrity, node, rrset};
use crate::diagnostic::{Diagnostic, Edit, Repair, codes};
use crate::dns::{Name, NameRef, Rtype};
use crate::source::{FileId, Sources, Span};
use crate::zonefile::rdata;
use crate::zonefile::{Parsed, Record, Records};

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
    let Parsed { records, findings, findings_limit } = parsed;
    let mut findings = Findings::new(findings, findings_limit);
    // A record that could not be read, or lies elsewhere by mistake, may be the one that is missed at the apex.
    let is_readable = !findings.has_errors();
    let order = sort(apex.as_ref(), &records, sources, &mut findings);
    let is_complete = is_readable && !findings.has_errors();
    let zone = group(apex, records, order, sources, &mut findings);
    integrity::check(&zone, Span { file: root, start: 0, end: 0 }, is_complete, sources, &mut findings);
    Built { zone: (!findings.has_errors()).then_some(zone), findings: findings.finish() }
}

/// One record to be sorted.
#[derive(Clone, Copy)]
struct SortRow {
    /// The first eight octets of the key.
    head: u64,
    key: u32,
    key_length: u32,
    rtype: u16,
    index: u32,
}

/// The records that lie in the zone, in its order; the others are reported.
fn sort(apex: NameRef<'_>, records: &Records, sources: &Sources, findings: &mut Findings) -> Vec<u32> {
    let (mut keys, mut rows) = (Vec::new(), Vec::with_capacity(records.rows().len()));
    let mut last: Option<(*const u8, SortRow)> = None;
    let mut outside: Vec<u32> = Vec::new();
    for (index, record) in records.rows().iter().enumerate() {
        let owner = records.owner(record);
        let at = owner.octets().as_ptr();
        let row = match last {
            // The parser gives records of one owner one place in the arena.
            Some((known, row)) if known == at => row,
            _ if owner.is_at_or_below(apex) => push_key(owner, apex, &mut keys),
            _ => {
                outside.push(index as u32);
                continue;
            }
        };
        report_outside(apex, &mut outside, records, sources, findings);
        last = Some((at, row));
        rows.push(SortRow { rtype: record.rtype.0, index: index as u32, ..row });
    }
    report_outside(apex, &mut outside, records, sources, findings);
    let key = |row: &SortRow| &keys[row.key as usize..(row.key + row.key_length) as usize];
    rows.sort_unstable_by(|a, b| {
        let by_owner = a
            .head
            .cmp(&b.head)
            .then_with(|| if a.key == b.key { std::cmp::Ordering::Equal } else { key(a).cmp(key(b)) });
        by_owner.then(a.rtype.cmp(&b.rtype)).then(a.index.cmp(&b.index))
    });
    rows.iter().map(|row| row.index).collect()
}

/// Appends the sort key of a name below `apex`.
fn push_key(name: NameRef<'_>, apex: NameRef<'_>, keys: &mut Vec<u8>) -> SortRow {
    let (start, mut labels, mut count) = (keys.len(), [&[][..]; 128], 0);
    let own = name.label_count() - apex.label_count();
    for label in name.labels().take(own) {
        labels[count] = label;
        count += 1;
    }
    for label in labels[..count].iter().rev() {
        for octet in label.iter().map(u8::to_ascii_lowercase) {
            match octet {
                // Zero ends a label, so it and its neighbour are written in two octets that keep their order.
                0 | 1 => keys.extend_from_slice(&[1, octet + 1]),
                _ => keys.push(octet),
            }
        }
        keys.push(0);
    }
    let mut head = [0; 8];
    let length = (keys.len() - start).min(8);
    head[..length].copy_from_slice(&keys[start..start + length]);
    let key_length = (keys.len() - start) as u32;
    SortRow { head: u64::from_be_bytes(head), key: start as u32, key_length, rtype: 0, index: 0 }
}

/// Reports records outside the zone that follow one another: they have one cause, a name or the `$ORIGIN` above them.
#[inline]
fn report_outside(
    apex: NameRef<'_>,
    outside: &mut Vec<u32>,
    records: &Records,
    sources: &Sources,
    findings: &mut Findings,
) {
    if !outside.is_empty() {
        let run: Vec<&Record> = outside.drain(..).map(|index| &records.rows()[index as usize]).collect();
        findings.add(&codes::OUT_OF_ZONE, || out_of_zone(apex, records, &run, sources));
    }
}

fn out_of_zone(apex: NameRef<'_>, records: &Records, run: &[&Record], sources: &Sources) -> Diagnostic {
    let owner = |record| records.owner(record);
    let place = |record| records.places(record, sources).owner;
    if let Some(soa) = run.iter().find(|record| record.rtype == Rtype::SOA) {
        return integrity::other_zone(&codes::OUT_OF_ZONE, owner(soa), place(soa), apex);
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

/// Groups sorted records into nodes and rrsets, leaving duplicates out.
fn group(apex: &Name, records: Records, sorted: Vec<u32>, sources: &Sources, findings: &mut Findings) -> Zone {
    let (mut order, mut nodes, mut rrsets) = (Vec::with_capacity(sorted.len()), Vec::<node::Row>::new(), Vec::new());
    let rows = records.rows();
    let same_owner = |a: &u32, b: &u32| records.owner(&rows[*a as usize]).is(records.owner(&rows[*b as usize]));
    for node in sorted.chunk_by(same_owner) {
        let first = rrsets.len() as u32;
        let mut repeated = Vec::new();
        for run in node.chunk_by(|a, b| rows[*a as usize].rtype == rows[*b as usize].rtype) {
            let start = order.len() as u32;
            push_distinct(run, &records, &mut order, &mut repeated);
            let row = rows[run[0] as usize];
            let range = start..order.len() as u32;
            let ttl = agree_on_ttl(&order[start as usize..], &records, sources, findings);
            rrsets.push(rrset::Row { rtype: row.rtype, ttl, records: range });
        }
        if !repeated.is_empty() {
            findings.add(&codes::DUPLICATE_RECORD, || duplicates(repeated, &records, sources));
        }
        nodes.push(node::Row { rrsets: first..rrsets.len() as u32 });
    }
    Zone { apex: apex.clone(), records, order, nodes, rrsets }
}

/// A record that is there again, and where it was first.
type Repeated = (u32, u32);

/// Appends the records of an rrset, each once, in the order of the text; those left out are noted.
fn push_distinct(run: &[u32], records: &Records, order: &mut Vec<u32>, left_out: &mut Vec<Repeated>) {
    if run.len() == 1 {
        order.push(run[0]);
        return;
    }
    let canonical = |index: u32| {
        let record = &records.rows()[index as usize];
        rdata::canonical(record.rtype, records.rdata(record))
    };
    // Sorted by data, so that equal ones are neighbours: an rrset of many thousands stays far from quadratic.
    let mut by_data: Vec<_> = run.iter().map(|&index| (canonical(index), index)).collect();
    by_data.sort_unstable();
    let mut repeated: Vec<Repeated> = Vec::new();
    for equal in by_data.chunk_by(|a, b| a.0 == b.0) {
        repeated.extend(equal[1..].iter().map(|again| (again.1, equal[0].1)));
    }
    repeated.sort_unstable();
    let is_repeated = |index: &u32| repeated.binary_search_by_key(index, |&(again, _)| again).is_ok();
    order.extend(run.iter().copied().filter(|index| !is_repeated(index)));
    left_out.extend(repeated);
}

/// The records of one owner that are there again: whoever copies a block of lines makes one mistake.
fn duplicates(mut repeated: Vec<Repeated>, records: &Records, sources: &Sources) -> Diagnostic {
    const SHOWN: usize = 4;
    /// Of a name that repeats more, the rest comes up when the zone is judged again.
    const MOST_REMOVED: usize = 256;
    repeated.sort_unstable();
    let row = |index: u32| &records.rows()[index as usize];
    let place = |index: u32| records.places(row(index), sources).rdata;
    let (again, first) = repeated[0];
    let (rtype, owner) = (rdata::Mnemonic(row(again).rtype), records.owner(row(again)));
    let headline = match repeated.len() {
        1 => format!("this {rtype} record of `{owner}` is written twice"),
        count => {
            let line = |index: u32| sources.get(place(index).file).position(place(index).start).line.to_string();
            let list = |side: fn(&Repeated) -> u32| -> String {
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
    let removal = |&(again, first): &Repeated| records.removal(row(again), row(first), sources);
    let mut edits: Vec<Edit> = repeated.iter().take(MOST_REMOVED).filter_map(removal).collect();
    edits.sort_unstable();
    edits.dedup();
    finding.repair = (!edits.is_empty()).then(|| Repair { edits, alters: Vec::new() });
    finding
}

/// The lowest TTL of an rrset's records, with a finding where they differ.
fn agree_on_ttl(run: &[u32], records: &Records, sources: &Sources, findings: &mut Findings) -> u32 {
    let row = |index: &u32| &records.rows()[*index as usize];
    let first = row(&run[0]);
    let lowest = run.iter().map(row).map(|record| record.ttl).min().unwrap_or(first.ttl);
    // An RRSIG's TTL is that of the rrset it covers (RFC 4034 §3), so theirs may differ.
    if first.rtype != Rtype::RRSIG
        && let Some(other) = run.iter().map(row).find(|record| record.ttl != first.ttl)
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
