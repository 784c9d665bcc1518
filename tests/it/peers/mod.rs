//! The same zones in NSD, Knot, BIND and here, signed and not: where the three agree so do we, and where they do not our
//! choice is written down, each with the sentence that it rests on, in [`rows::DIFFERENCES`].
//!
//! Each run asks a sample of the questions: `ZONEWRIGHT_SEED=7` draws another one, and `ZONEWRIGHT_WHOLE=1` asks them all,
//! which takes minutes and not seconds (`ZONEWRIGHT_WHOLE=1 cargo test --release peers::`).

mod difference;
mod essence;
pub(crate) mod make;
mod question;
mod rows;
mod set;

use std::collections::BTreeMap;
use std::net::IpAddr;

use zonewright::server::{Served, respond};

use self::difference::{Case, Make};
use self::essence::Essence;
use self::make::Peer;
use self::question::Question;
use self::set::{Extent, Set};
use crate::support;
use crate::support::message::Response;

/// Questions that all servers are asked at once, each on a thread of its own, before their answers are compared.
const CHUNK: usize = 4096;

fn ours(question: &Question, served: &Served, out: &mut [u8]) -> Response {
    let client = IpAddr::from([127, 0, 0, 1]);
    let length = respond(&question.query.octets(), client, question.transport, served, out);
    Response::read(&out[..length.expect("a reply")]).expect("a well-formed reply")
}

/// Everybody's answers to the questions, one list a server, ours first.
fn answers(questions: &[Question], served: &Served, peers: &mut [Peer; 3]) -> Vec<Vec<Essence>> {
    std::thread::scope(|scope| {
        let ask = |peer: &Peer, question: &Question| peer.ask(&question.query, question.transport);
        let each = |ask: &mut dyn FnMut(&Question) -> Option<Response>| {
            questions.iter().map(|question| Essence::new(&question.query, ask(question).as_ref())).collect::<Vec<_>>()
        };
        let theirs: Vec<_> =
            peers.iter_mut().map(|peer| scope.spawn(move || each(&mut |question| ask(peer, question)))).collect();
        let mut out = vec![0; 65_535];
        let mine = each(&mut |question| Some(ours(question, served, &mut out)));
        std::iter::once(mine).chain(theirs.into_iter().map(|list| list.join().expect("answers"))).collect()
    })
}

/// Those whose answer counts: a zone that one of them refuses to load (a wildcard's NS, a cut that is a DNAME) is judged by
/// the others.
fn judges(all: [(Make, &Essence); 3]) -> impl Iterator<Item = (Make, &Essence)> {
    let is_loaded = |&(_, essence): &(Make, &Essence)| essence.rcode != "SERVFAIL";
    let are_any = all.iter().any(is_loaded);
    all.into_iter().filter(move |judge| !are_any || is_loaded(judge))
}

/// What a comparison showed.
#[derive(Default)]
struct Tally {
    /// How often each row explained something.
    known: BTreeMap<&'static str, usize>,
    /// Cases that no row explains, by who differs in what.
    unknown: BTreeMap<String, Vec<String>>,
}

impl Tally {
    fn add(&mut self, case: &Case<'_>) {
        match case.explain() {
            Ok(rows) => rows.into_iter().for_each(|row| *self.known.entry(row).or_default() += 1),
            Err(_) => self.unknown.entry(case.kind()).or_default().push(case.to_string()),
        }
    }

    /// A few of each kind: enough to see what it is.
    fn examples(&self) -> String {
        let few = |(kind, cases): (&String, &Vec<String>)| {
            let shown: Vec<&str> = cases.iter().step_by(1 + cases.len() / 4).map(String::as_str).collect();
            format!("{} × {kind}\n{}\n", cases.len(), shown.join("\n"))
        };
        self.unknown.iter().map(few).collect()
    }
}

/// Asks all questions of a set, and says how many there were and which differences they showed.
fn compare(set: &Set) {
    let Some(mut peers) = make::start_all(&set.zones, &set.probe) else {
        return support::skip("peers", "one of nsd, knotd and named is not installed");
    };
    let mut tally = Tally::default();
    for questions in set.questions.chunks(CHUNK) {
        let lists = answers(questions, &set.served, &mut peers);
        for (index, question) in questions.iter().enumerate() {
            let [mine, nsd, knot, bind] = [0, 1, 2, 3].map(|server| &lists[server][index]);
            for (make, theirs) in judges([(Make::Nsd, nsd), (Make::Knot, knot), (Make::Bind, bind)]) {
                tally.add(&Case { apexes: set.zones.apexes(), question, make, mine, theirs });
            }
        }
    }
    let asked = set.questions.len();
    println!("{}: {asked} questions; differences explained: {:?}", set.name, tally.known);
    assert!(tally.unknown.is_empty(), "{}: of {asked} these differ:\n{}", set.name, tally.examples());
    assert!(asked > 1000, "{}: {asked} questions", set.name);
}

#[test]
fn unsigned_zones_are_answered_as_nsd_knot_and_bind_answer_them() {
    compare(&set::unsigned(&Extent::from_environment()));
}

#[test]
fn nsec_zones_are_answered_as_nsd_knot_and_bind_answer_them() {
    compare(&set::signed("nsec", &Extent::from_environment()));
}

#[test]
fn nsec3_zones_are_answered_as_nsd_knot_and_bind_answer_them() {
    compare(&set::signed("nsec3", &Extent::from_environment()));
}

#[test]
fn opt_out_zones_are_answered_as_nsd_knot_and_bind_answer_them() {
    compare(&set::signed("optout", &Extent::from_environment()));
}

#[test]
fn signed_parents_and_children_are_answered_as_nsd_knot_and_bind_answer_them() {
    if let Some(set) = set::family(&Extent::from_environment()) {
        compare(&set);
    }
}

#[test]
fn ferret_zones_are_answered_as_nsd_knot_and_bind_answer_them() {
    if let Some(set) = set::ferret(&Extent::from_environment()) {
        compare(&set);
    }
}
