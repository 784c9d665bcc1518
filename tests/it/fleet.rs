//! Several servers side by side: who lags, who differs, who does not answer.

use std::net::UdpSocket;
use std::sync::Arc;

use tempfile::TempDir;

use crate::support;
use crate::support::command::run;
use crate::support::git::Repository;
use crate::support::history::History;
use crate::support::running::{Running, write_all};
use crate::support::server::Server;

fn zone(serial: u32, records: &str) -> String {
    format!("$TTL 300\n@ SOA ns host {serial} 7200 1800 1209600 60\n@ NS ns\nns A 192.0.2.53\n{records}")
}

/// A server of a branch.
fn node(repository: &Repository, branch: &str) -> Running {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let repository = repository.place.display();
    let config = format!(
        "[server]\nnsid = \"{{commit}}\"\n[source]\nrepository = \"{repository}\"\nbranch = \"{branch}\"\npoll = \"1h\"\n"
    );
    write_all(directory.path(), &[("zonewright.toml", &config)]);
    Running::start_in(&directory, &["--threads", "1"])
}

/// A repository with three commits on `main`, the first of which is `old`, and a directory whose config names it.
fn setup() -> (TempDir, Repository) {
    let place = tempfile::tempdir().unwrap();
    let repository = Repository::init(&place.path().join("dns.git"), &["--bare"]);
    let mut history = History::default();
    let (a, b) = ("zones/a.test.zone", "zones/b.test.zone");
    history.commit("main", "First", &[(a, Some(&zone(1, "www A 192.0.2.1\n"))), (b, Some(&zone(7, "")))]);
    history.branch("old", "main");
    history.commit("main", "Move www", &[(a, Some(&zone(2, "www A 192.0.2.2\n")))]);
    history.commit("main", "A word", &[("README", Some("none\n"))]);
    history.import(&repository);
    let config = format!("[source]\nrepository = \"{}\"\n", repository.place.display());
    write_all(place.path(), &[("zonewright.toml", &config)]);
    (place, repository)
}

#[test]
fn servers_of_one_commit_agree() {
    let (place, repository) = setup();
    let nodes = [node(&repository, "main"), node(&repository, "main")];
    let [one, other] = nodes.each_ref().map(|node| format!("@{}", node.address));
    let (code, said, error) = run(place.path(), &["fleet", &one, &other]);
    assert!(code == 0 && said.contains("2 of 2 zones are answered alike"), "{said}{error}");
    assert_eq!(said.matches(", the branch's newest").count(), 2, "{said}");
    let (code, said, _) = run(place.path(), &["fleet", &one, "--format", "json"]);
    let objects: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (code, objects.len(), &objects[0]["behind"], &objects[2]["serial"]),
        (0, 3, &0.into(), &7.into()),
        "{said}"
    );
}

#[test]
fn one_that_lags_is_told_of_and_in_what() {
    let (place, repository) = setup();
    let (newest, old) = (node(&repository, "main"), node(&repository, "old"));
    // Another make, which tells of no commit, has one of the zones only.
    let foreign = Server::start(support::served([("a.test", zone(2, "www A 192.0.2.2\n").as_str())]));
    let servers = [newest.address, old.address, foreign.address].map(|address| format!("@{address}"));
    let [newest, old, foreign] = servers.each_ref().map(String::as_str);
    let (code, said, error) = run(place.path(), &["fleet", newest, old, foreign]);
    assert_eq!(code, 1, "{said}{error}");
    for words in [
        "the branch's newest",
        ", 2 commits behind the branch",
        "tells of no commit",
        "0 of 2 zones are answered alike",
        &format!("a.test.  {newest} 2, {old} 1 (behind), {foreign} 2"),
        &format!("b.test.  {newest} 7, {old} 7, {foreign} REFUSED"),
        &format!("{old} beside the zones here:"),
        "+ 300 A 192.0.2.2",
    ] {
        assert!(said.contains(words), "no `{words}` in\n{said}");
    }
    let (_, brief, _) = run(place.path(), &["fleet", newest, old, "--brief"]);
    assert!(brief.contains("(behind)") && !brief.contains("beside the zones here"), "{brief}");
}

#[test]
fn one_that_does_not_answer_is_told_of_beside_the_others() {
    let (place, repository) = setup();
    let newest = node(&repository, "main");
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let servers = [newest.address, silent.local_addr().unwrap()].map(|address| format!("@{address}"));
    let (code, said, error) = run(place.path(), &["fleet", &servers[0], &servers[1]]);
    assert!(code == 1 && said.contains("  no answer for ") && said.contains("2 of 2 zones"), "{said}{error}");
    let (code, _, error) = run(place.path(), &["fleet"]);
    assert_eq!(code, 2, "{error}");
}
