//! The compiled lookup against a naive walk of RFC 1034 §4.3.2 over plain records, written for clarity alone.

use proptest::prelude::*;
use zonewright::authority::{Authority, Outcome, Question, lookup};
use zonewright::dns::{Name, Rtype};

use crate::support::{self, KEY};

/// A record of the model: labels from the left, type, and a target or number that tells records apart.
#[derive(Clone, Debug, PartialEq)]
struct Plain {
    owner: Vec<String>,
    rtype: Rtype,
    rdata: String,
}

/// What the naive walk says; names are labels below the apex, from the left.
#[derive(Debug, PartialEq)]
enum Naive {
    Answer(Vec<String>, Rtype),
    Alias(Vec<String>),
    Redirect(Vec<String>),
    Referral(Vec<String>),
    NoData,
    NxDomain,
}

fn of<'p>(records: &'p [Plain], owner: &[String], rtype: Rtype) -> Option<&'p Plain> {
    records.iter().find(|record| record.owner == owner && record.rtype == rtype)
}

fn exists(records: &[Plain], name: &[String]) -> bool {
    name.is_empty() || records.iter().any(|record| record.owner.ends_with(name))
}

/// Step 3 of the algorithm: down from the apex, label by label.
fn naive(records: &[Plain], name: &[String], rtype: Rtype) -> Naive {
    for depth in 0..=name.len() {
        let node = &name[name.len() - depth..];
        let is_last = depth == name.len();
        // 3b: a cut takes the query out of the zone, unless it asks for what the parent's side owns.
        if depth > 0 && of(records, node, Rtype::NS).is_some() && !(is_last && rtype == Rtype::DS) {
            return Naive::Referral(node.to_vec());
        }
        if is_last && exists(records, node) {
            return answer(records, node, rtype);
        }
        // 3c: a DNAME redirects what lies below it (RFC 6672 §3.2).
        if of(records, node, Rtype::DNAME).is_some() {
            return Naive::Redirect(node.to_vec());
        }
        let below = &name[name.len() - depth - 1..];
        if !exists(records, below) {
            let wildcard: Vec<String> = std::iter::once("*".to_owned()).chain(node.iter().cloned()).collect();
            return if exists(records, &wildcard) { answer(records, &wildcard, rtype) } else { Naive::NxDomain };
        }
    }
    unreachable!("the last label is handled")
}

fn answer(records: &[Plain], owner: &[String], rtype: Rtype) -> Naive {
    if of(records, owner, rtype).is_some() {
        return Naive::Answer(owner.to_vec(), rtype);
    }
    match of(records, owner, Rtype::CNAME) {
        Some(_) => Naive::Alias(owner.to_vec()),
        None => Naive::NoData,
    }
}

const APEX: &str = "example.test.";

fn display(labels: &[String]) -> String {
    labels.iter().map(|label| format!("{label}.")).collect::<String>() + APEX
}

fn mnemonic(rtype: Rtype) -> &'static str {
    match rtype {
        Rtype::A => "A",
        Rtype::NS => "NS",
        Rtype::CNAME => "CNAME",
        Rtype::DNAME => "DNAME",
        Rtype::DS => "DS",
        _ => "TXT",
    }
}

fn zone_text(records: &[Plain]) -> String {
    let mut text = format!("$TTL 60\n{APEX} SOA ns.{APEX} host.{APEX} 1 2 3 4 5\n{APEX} NS ns.other.\n");
    for record in records.iter().filter(|record| !record.owner.is_empty()) {
        text += &format!("{} {} {}\n", display(&record.owner), mnemonic(record.rtype), record.rdata);
    }
    text
}

/// What identifies the compiled outcome, in the model's words.
fn compiled(zone: &Authority, name: &str, rtype: Rtype) -> (String, String) {
    let name = Name::absolute(name).expect("a name");
    let question = Question::new(name.as_ref(), KEY);
    let rdata = |octets: &[u8]| format!("{octets:02x?}");
    match lookup(zone, &question, rtype).outcome {
        Outcome::Answer(rrset) => (format!("answer {}", rrset.rtype().0), rdata(rrset.first())),
        Outcome::Alias(rrset) => ("alias".into(), rdata(rrset.first())),
        Outcome::Redirect(rrset, node) => (format!("redirect {}", node.name()), rdata(rrset.first())),
        Outcome::Referral(rrset, node) => (format!("referral {}", node.name()), rdata(rrset.first())),
        Outcome::NoData => ("nodata".into(), String::new()),
        Outcome::NxDomain => ("nxdomain".into(), String::new()),
    }
}

/// The model's outcome in the same words; the rdata comes from the zone's own node of that owner.
fn modelled(zone: &Authority, records: &[Plain], name: &[String], rtype: Rtype) -> (String, String) {
    let rdata = |owner: &[String], rtype: Rtype| {
        let owner = Name::absolute(&display(owner)).expect("a name");
        let rrset =
            zone.node(owner.as_ref()).and_then(|node| node.rrset(rtype)).expect("the model's record is compiled");
        format!("{:02x?}", rrset.first())
    };
    match naive(records, name, rtype) {
        Naive::Answer(owner, rtype) => (format!("answer {}", rtype.0), rdata(&owner, rtype)),
        Naive::Alias(owner) => ("alias".into(), rdata(&owner, Rtype::CNAME)),
        Naive::Redirect(owner) => (format!("redirect {}", display(&owner)), rdata(&owner, Rtype::DNAME)),
        Naive::Referral(owner) => (format!("referral {}", display(&owner)), rdata(&owner, Rtype::NS)),
        Naive::NoData => ("nodata".into(), String::new()),
        Naive::NxDomain => ("nxdomain".into(), String::new()),
    }
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[abc]", 1 => Just("*".to_owned())]
}

fn name() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(label(), 0..5)
}

fn plain() -> impl Strategy<Value = Plain> {
    let rtype = prop_oneof![
        4 => Just(Rtype::A), 2 => Just(Rtype::TXT), 2 => Just(Rtype::NS), 2 => Just(Rtype::CNAME), 1 => Just(Rtype::DNAME), 1 => Just(Rtype::DS)
    ];
    (name(), rtype, 0u8..250).prop_map(|(owner, rtype, number)| {
        let rdata = match rtype {
            Rtype::A => format!("192.0.2.{number}"),
            Rtype::TXT => format!("\"t{number}\""),
            Rtype::DS => format!("1 8 2 {}", format!("{number:02x}").repeat(32)),
            _ => format!("n{number}.other."),
        };
        Plain { owner, rtype, rdata }
    })
}

/// Records that a zone may hold together: no CNAME beside other data, no data below a DNAME, no cut that is a DNAME too.
fn lawful(records: Vec<Plain>) -> Vec<Plain> {
    let mut kept: Vec<Plain> = Vec::new();
    for record in records {
        let at_same = |kept: &[Plain], test: &dyn Fn(Rtype) -> bool| {
            kept.iter().any(|other| other.owner == record.owner && test(other.rtype))
        };
        let is_alias = record.rtype == Rtype::CNAME;
        let clashes = at_same(&kept, &|rtype| rtype == record.rtype || rtype == Rtype::CNAME || is_alias)
            || (is_alias && record.owner.is_empty())
            || (record.rtype == Rtype::NS
                && (record.owner.is_empty() || at_same(&kept, &|rtype| rtype == Rtype::DNAME)))
            || (record.rtype == Rtype::DNAME
                && (record.owner.is_empty() || at_same(&kept, &|rtype| rtype == Rtype::NS)))
            || (record.owner.is_empty())
            || kept.iter().any(|other| is_below_dname(other, &record) || is_below_dname(&record, other));
        if !clashes {
            kept.push(record);
        }
    }
    kept
}

fn is_below_dname(dname: &Plain, other: &Plain) -> bool {
    dname.rtype == Rtype::DNAME && other.owner.len() > dname.owner.len() && other.owner.ends_with(&dname.owner)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn lookup_is_the_naive_walk(records in proptest::collection::vec(plain(), 0..14), names in proptest::collection::vec(name(), 1..24)) {
        let records = lawful(records);
        let zone = support::authority(APEX, zone_text(&records));
        // The apex has its SOA and NS in the text; the model's records are those below it.
        for name in names.iter().chain(records.iter().map(|record| &record.owner)).filter(|name| !name.is_empty()) {
            for rtype in [Rtype::A, Rtype::TXT, Rtype::CNAME, Rtype::DS, Rtype::NS, Rtype::DNAME] {
                let shown = display(name);
                prop_assert_eq!(
                    compiled(&zone, &shown, rtype),
                    modelled(&zone, &records, name, rtype),
                    "{} {} in\n{}", shown, mnemonic(rtype), zone_text(&records)
                );
            }
        }
    }
}
