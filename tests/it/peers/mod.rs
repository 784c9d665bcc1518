//! The same zones in NSD, Knot, BIND and here, signed and not: where the three agree so do we, and where they do not our
//! choice is written down, each with the sentence that it rests on, in [`difference::DIFFERENCES`].
//!
//! Each run asks a sample of the questions: `ZONEWRIGHT_SEED=7` draws another one, and `ZONEWRIGHT_WHOLE=1` asks them all,
//! which takes minutes and not seconds (`ZONEWRIGHT_WHOLE=1 cargo test --release peers::`).

mod difference;
mod essence;
pub(crate) mod make;
mod question;
mod set;

use std::collections::BTreeMap;
use std::net::IpAddr;

use zonewright::server::{Served, respond};

use self::difference::{Case, Verdict};
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
        let each = |ask: &mut dyn FnMut(&Question) -> Response| {
            questions.iter().map(|question| Essence::new(&question.query, &ask(question))).collect::<Vec<_>>()
        };
        let theirs: Vec<_> = peers
            .iter_mut()
            .map(|peer| scope.spawn(move || each(&mut |question| ask(peer, question))))
            .collect();
        let mut out = vec![0; 65_535];
        let mine = each(&mut |question| ours(question, served, &mut out));
        std::iter::once(mine).chain(theirs.into_iter().map(|list| list.join().expect("answers"))).collect()
    })
}

/// Asks all questions of a set, and says how many there were and which differences they showed.
fn compare(set: &Set) {
    let Some(mut peers) = make::start_all(&set.zones, &set.probe) else {
        return support::skip("peers", "one of nsd, knotd and named is not installed");
    };
    let (mut known, mut wrong) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for questions in set.questions.chunks(CHUNK) {
        let lists = answers(questions, &set.served, &mut peers);
        for (index, question) in questions.iter().enumerate() {
            let [mine, nsd, knot, bind] = [0, 1, 2, 3].map(|server| &lists[server][index]);
            let case = Case { set: set.name, question, mine, nsd, knot, bind };
            match case.judge() {
                Verdict::Agreed => {}
                Verdict::Known(row) => *known.entry(row.name).or_default() += 1,
                Verdict::Unknown => wrong.push(case.to_string()),
            }
        }
    }
    println!("{}: {} questions, {} unexplained differences; explained: {known:?}", set.name, set.questions.len(), wrong.len());
    let shown = wrong.iter().step_by(1 + wrong.len() / 20).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{}: {} of {} differ:\n{shown}", set.name, wrong.len(), set.questions.len());
    assert!(set.questions.len() > 1000, "{}: {} questions", set.name, set.questions.len());
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
