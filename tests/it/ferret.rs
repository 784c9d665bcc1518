//! Every case of the Ferret data set, through real sockets, from one server that holds all its zones at once.

#![expect(clippy::disallowed_methods, reason = "the cases are no part of the repository")]

use std::collections::BTreeSet;

use zonewright::authority::Catalog;
use zonewright::dns::{Name, Rtype};
use zonewright::server::{Policy, Served};
use zonewright::zonefile::rdata;

use crate::support::client::Udp;
use crate::support::message::{Query, Response};
use crate::support::server::Server;
use crate::support::{self, KEY};

#[test]
fn every_ferret_case_is_answered_as_the_model_says() {
    let Some(folder) = support::shared("ferret") else { return };
    let read =
        |path: &str| std::fs::read_to_string(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let list = read("zones.tsv");
    let zones: Vec<(&str, String)> =
        list.lines().filter_map(|line| line.split_once('\t')).map(|(apex, path)| (apex, read(path))).collect();
    assert!(zones.len() > 1000, "{} zones", zones.len());
    let zones =
        zones.iter().map(|(apex, text)| (Name::absolute(apex).expect("an apex"), Some(support::authority(apex, text))));
    let server = Server::start(Served { catalog: Catalog::new(KEY, zones), policy: Policy::default() });
    let client = Udp::connect(server.address);
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for line in read("cases.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).expect("a case");
        let text = |key: &str| case[key].as_str().expect("text").to_owned();
        let rtype = rdata::from_mnemonic(text("qtype").as_bytes()).expect("a type");
        let response = client.ask(&Query::new(&text("qname"), rtype));
        asked += 1;
        if !case["accept"].as_array().expect("a list").iter().any(|accepted| agrees(accepted, &response)) {
            let (name, rtype, wanted) = (text("qname"), text("qtype"), &case["accept"]);
            wrong.push(format!("case {}: {name} {rtype}\n  got    {response}\n  wanted {wanted}", case["id"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {asked} differ:\n{}", wrong.len(), wrong[..wrong.len().min(3)].join("\n"));
    assert!(asked >= 1268, "only {asked} cases were asked");
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
