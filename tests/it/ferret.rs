//! Every case of the Ferret data set, through real sockets, from one server that holds all its zones at once.

#![expect(clippy::disallowed_methods, reason = "the cases are no part of the repository")]

use std::collections::BTreeSet;

use zonewright::authority::Catalog;
use zonewright::dns::{Name, Rtype};
use zonewright::server::{Engine, Policy, Served};
use zonewright::zonefile::rdata;

use crate::support::client::Udp;
use crate::support::message::{Query, Response};
use crate::support::server::{ENGINES, Server};
use crate::support::{self, KEY};

/// The data set.
pub(crate) struct Data {
    /// Apex and text of each zone.
    pub(crate) zones: Vec<(String, String)>,
    pub(crate) cases: Vec<Case>,
}

/// A question and the answers that are right.
pub(crate) struct Case(serde_json::Value);

impl Data {
    pub(crate) fn read() -> Option<Self> {
        let folder = support::shared("ferret")?;
        let read =
            |path: &str| std::fs::read_to_string(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let rows = read("zones.tsv");
        let zone = |(apex, path): (&str, &str)| (apex.to_owned(), read(path));
        let zones: Vec<_> = rows.lines().filter_map(|line| line.split_once('\t')).map(zone).collect();
        let case = |line: &str| Case(serde_json::from_str(line).expect("a case"));
        let cases: Vec<Case> = read("cases.jsonl").lines().map(case).collect();
        assert!(zones.len() > 1000 && cases.len() >= 1268, "{} zones, {} cases", zones.len(), cases.len());
        Some(Self { zones, cases })
    }
}

impl Case {
    pub(crate) fn query(&self) -> Query {
        let text = |key: &str| self.0[key].as_str().expect("text");
        let rtype = rdata::from_mnemonic(text("qtype").as_bytes()).expect("a type");
        Query::new(text("qname"), rtype)
    }
}

#[test]
fn every_ferret_case_is_answered_as_the_model_says() {
    let Some(data) = Data::read() else { return };
    ENGINES.iter().for_each(|&engine| expect_model(&data, engine));
}

fn expect_model(data: &Data, engine: Engine) {
    let zones = data.zones.iter();
    let zones =
        zones.map(|(apex, text)| (Name::absolute(apex).expect("an apex"), Some(support::authority(apex, text))));
    let served = Served::new(Catalog::new(KEY, zones), Policy::default());
    let server = Server::start_with(served, engine);
    let client = Udp::connect(server.address);
    let mut wrong = Vec::new();
    for case in &data.cases {
        let response = client.ask(&case.query());
        if !case.0["accept"].as_array().expect("a list").iter().any(|accepted| agrees(accepted, &response)) {
            wrong.push(format!("case {}\n  got    {response}", case.0));
        }
    }
    let shown = wrong[..wrong.len().min(3)].join("\n");
    assert!(wrong.is_empty(), "{engine:?}: {} of {} differ:\n{shown}", wrong.len(), data.cases.len());
}

fn agrees(accepted: &serde_json::Value, response: &Response) -> bool {
    let wanted = |section: &str| -> BTreeSet<String> {
        accepted[section]
            .as_array()
            .expect("a list")
            .iter()
            .map(|record| normal(record.as_str().expect("a record")))
            .collect()
    };
    let got = |records: &[support::message::Record]| -> BTreeSet<String> {
        records.iter().map(|record| normal(&record.to_string())).collect()
    };
    let is_referral = response.answer.is_empty() && response.authority.iter().any(|record| record.rtype == Rtype::NS);
    // An apex NS set beside an answer may be left out.
    let mut authority = wanted("authority");
    if !response.answer.is_empty() && response.authority.is_empty() {
        authority.retain(|record| !record.contains(" NS "));
    }
    accepted["rcode"] == response.rcode.to_string()
        && accepted["aa"] == response.is_authoritative()
        && wanted("answer") == got(&response.answer)
        && authority == got(&response.authority)
        && (!is_referral || wanted("additional") == got(&response.additional))
}

/// Records compare as lower-cased text; the set writes rdata as the zone files do.
fn normal(record: &str) -> String {
    record.to_ascii_lowercase().replace(" ns ", " NS ")
}
