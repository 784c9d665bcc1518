//! What was answered, commit by commit: `log`, `blame`, `bisect` and `query --at`.

use std::path::Path;

use tempfile::TempDir;
use zonewright::config::{Config, Overrides};
use zonewright::control::past::{Bounds, Past};
use zonewright::dns::{Name, Rtype};
use zonewright::review::expect::{Expectation, Wanted};
use zonewright::source::{FileId, Span};

use crate::support::command::{run, said};
use crate::support::git::Repository;
use crate::support::history::History;
use crate::support::running::write_all;
use crate::support::skip;

const CONFIG: &str = "[server]\nstate = \"state\"\n[source]\nrepository = \"dns.git\"\npath = \"zones\"\n";

/// A directory with the repository and a config that names it.
fn import(history: &History) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let repository = Repository::init(&directory.path().join("dns.git"), &["--bare"]);
    history.import(&repository);
    write_all(directory.path(), &[("zonewright.toml", CONFIG)]);
    directory
}

const HEAD: &str = "$TTL 300\n@ SOA ns host 1 7200 1800 1209600 60\n@ NS ns\nns A 192.0.2.53\n";

fn org(records: &str) -> String {
    format!("{HEAD}{records}")
}

/// Each kind of change, a day apart.
fn history() -> History {
    let mut history = History::default();
    let web = "www CNAME web.example.net.\n*.w A 192.0.2.9\nbox A 192.0.2.1\n";
    let (a, b) = ("zones/example.org.zone", "zones/example.net.zone");
    let net = |address: u32| format!("{HEAD}$INCLUDE hosts.inc\nweb A 192.0.2.{address}\n");
    let inc = "zones/hosts.inc";
    history.commit("main", "First zones", &[(a, Some(&org(web))), (b, Some(&net(80))), (inc, Some("h A 192.0.2.7\n"))]);
    history.commit("main", "Move the web", &[(b, Some(&net(81)))]);
    let laid_out = org("www    IN   CNAME   web.example.net.\n*.w   A   192.0.2.9\n\nbox  A  192.0.2.1 ; a box\n");
    history.commit("main", "Lay out", &[(a, Some(&laid_out))]);
    history.commit("main", "Break it", &[(b, Some(&net(333)))]);
    history.commit("main", "Mend it", &[(b, Some(&net(82)))]);
    history.commit("main", "Below the wildcard", &[(a, Some(&org(&format!("{web}x.y.w A 192.0.2.8\n"))))]);
    history.branch("side", "main");
    history.commit("side", "Move the box aside", &[(a, Some(&org(&web.replace("192.0.2.1\n", "192.0.2.2\n"))))]);
    history.commit("main", "Move a host", &[(inc, Some("h A 192.0.2.77\n"))]);
    history.merge(
        "main",
        Some("side"),
        "Merge the side",
        &[(a, Some(&org(&web.replace("192.0.2.1\n", "192.0.2.2\n"))))],
    );
    history.commit("main", "Revert the box", &[(a, Some(&org(web)))]);
    history.commit("main", "A zone of its own", &[("zones/w.example.org.zone", Some(HEAD))]);
    history
}

fn ask(directory: &Path, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let (code, out, error) = run(directory, &words);
    format!(
        "$ zonewright {line}\n{out}{}exit {code}\n",
        if error.is_empty() { String::new() } else { format!("! {error}") }
    )
}

#[test]
fn each_change_of_an_answer_has_its_commit() {
    let directory = import(&history());
    let lines = [
        "log www.example.org A",
        "log any.y.w.example.org A",
        "log y.w.example.org A",
        "log box.example.org",
        "log h.example.net A -n 1",
        "log box.example.org A --since 2026-01-09",
        "log elsewhere.test",
    ];
    insta::assert_snapshot!("log", lines.map(|line| ask(directory.path(), line)).join("\n"));
    let (_, out, _) = run(directory.path(), &["log", "box.example.org", "A", "--format", "json"]);
    let objects: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let subjects: Vec<_> = objects.iter().map(|object| object["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["Revert the box", "Merge the side", "First zones"]);
    assert_eq!((&objects[0]["old"], &objects[0]["cached"]), (&"300 A 192.0.2.2".into(), &300.into()));
}

#[test]
fn each_record_has_the_commit_since_which_it_is_answered() {
    let directory = import(&history());
    let lines =
        ["blame www.example.org", "blame box.example.org", "blame none.example.org AAAA", "blame any.w.example.org A"];
    insta::assert_snapshot!("blame", lines.map(|line| ask(directory.path(), line)).join("\n"));
}

#[test]
fn the_commit_that_ended_an_answer_is_found() {
    let directory = import(&history());
    let lines = [
        "bisect www.example.org A --expect 192.0.2.80",
        "bisect www.example.org A --expect 192.0.2.82",
        "bisect www.example.org A --expect 192.0.2.99",
        "bisect ns.example.org A --expect 192.0.2.53",
        "bisect a.w.example.org A --expect 192.0.2.9",
        "bisect box.example.org A --expect 192.0.2.1 --bad 2026-01-09 --good main~7",
        "bisect box.example.org A --expect 192.0.2.1 --bad main",
        "bisect box.example.org A --expect 192.0.2.1 --bad side",
        "bisect box.example.org A --expect 192.0.2.333",
    ];
    insta::assert_snapshot!("bisect", lines.map(|line| ask(directory.path(), line)).join("\n"));
}

#[test]
fn a_question_goes_to_a_commit_or_a_day() {
    let directory = import(&history());
    let address = |moment: &str| {
        let (code, out, error) = run(directory.path(), &["query", "www.example.org", "--at", moment]);
        let found = out.lines().filter_map(|line| line.split_once("IN\tA\t")).map(|(_, address)| address.to_owned());
        (code, found.collect::<Vec<_>>().concat(), error)
    };
    for (moment, wanted) in
        [("main~9", "192.0.2.80"), ("2026-01-01", "192.0.2.80"), ("2026-01-02", "192.0.2.81"), ("main", "192.0.2.82")]
    {
        let (code, found, said) = address(moment);
        assert_eq!((code, found.as_str()), (0, wanted), "{moment}: {said}");
        assert!(said.starts_with("; ") && said.contains("Ada <ada@example.org>"), "{said}");
    }
    let (code, _, said) = address("2025-12-31");
    assert!(code == 2 && said.contains("`2025-12-31` names no commit"), "{said}");
    // What was broken there answers as it would be served.
    let (_, out, said) = run(directory.path(), &["query", "web.example.net", "--at", "2026-01-04"]);
    assert!(out.contains("SERVFAIL") && said.contains("has errors"), "{out}{said}");
}

#[test]
fn a_shallow_history_says_that_it_is_cut_off() {
    let directory = import(&history());
    let whole = Repository { place: directory.path().to_owned() };
    let url = format!("file://{}", directory.path().join("dns.git").display());
    whole.git(&["clone", "-q", "--bare", "--depth", "2", &url, "shallow.git"]);
    let config = CONFIG.replace("dns.git", "shallow.git");
    write_all(directory.path(), &[("zonewright.toml", &config)]);
    let lines = ["log box.example.org A", "blame box.example.org A", "bisect box.example.org A --expect 192.0.2.2"];
    let told = lines.map(|line| ask(directory.path(), line)).join("\n");
    assert_eq!(told.matches("cut off").count(), 3, "{told}");
    assert!(told.contains("Revert the box") && !told.contains("Merge"), "{told}");
    // Who wants one change is not led on to where the history ends.
    let (_, out, said) = run(directory.path(), &["log", "any.w.example.org", "A", "-n", "1"]);
    assert!(out.contains("A zone of its own") && said.is_empty(), "{out}{said}");
}

#[test]
fn only_what_an_answer_depends_on_is_read_of_ten_thousand_commits() {
    let mut history = History::default();
    let zone = |number: usize| org(&format!("www A 192.0.2.{}\n", number / 2_000));
    for number in 0..10_000 {
        let other = format!("{HEAD}n{number} A 192.0.2.1\n");
        let (text, path) = match number % 10 {
            0 => (zone(number), "zones/a.test.zone"),
            _ => (other, "zones/b.test.zone"),
        };
        history.commit("main", &format!("Edit {number}"), &[(path, Some(&text))]);
    }
    let directory = import(&history);
    let config = Config::load(Some(&directory.path().join("zonewright.toml")), &Overrides::default()).unwrap();
    let name = Name::absolute("www.a.test").unwrap();
    let mut past = Past::find(&config, &name).unwrap();
    let mut told = Vec::new();
    let mut tell = |turn: zonewright::control::past::Turn| {
        told.push(turn.commit.subject);
        Ok(true)
    };
    past.turns(Some(Rtype::A), &mut tell).unwrap();
    assert_eq!(told, ["Edit 8000", "Edit 6000", "Edit 4000", "Edit 2000", "Edit 0"]);
    // One text stands for two thousand commits.
    assert_eq!(past.built(), 5);
    let wanted = Wanted::Records(vec![vec![192, 0, 2, 3]]);
    let place = Span { file: FileId(0), start: 0, end: 0 };
    let test = Expectation { name: name.clone(), rtype: Rtype::A, wanted, client: None, has_dnssec: false, place };
    let mut past = Past::find(&config, &name).unwrap();
    let found = past.bisect(&test, Bounds::default()).unwrap();
    assert_eq!(found.turn.expect("a commit").0.subject, "Edit 8000");
    assert!(found.asked <= 2 * 14 && past.built() <= found.asked, "{} asked, {} built", found.asked, past.built());
    for moment in ["main~5000", "2039-09-08"] {
        let (code, said, error) = run(directory.path(), &["query", "www.a.test", "--at", moment]);
        assert!(code == 0 && said.contains("IN\tA\t192.0.2.2\n"), "{moment}: {said}{error}");
    }
    let since = Past::find(&config, &name).unwrap().since(Rtype::A).unwrap();
    assert_eq!(since.iter().map(|since| since.commit.subject.as_str()).collect::<Vec<_>>(), ["Edit 8000"]);
}

#[test]
fn the_projects_own_history_is_told() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !place.join(".git").exists() {
        return skip("git", "the tests are not run in a clone");
    }
    let words = |words: &[&str]| said(crate::support::command::command(place, words).output().unwrap());
    let (code, out, error) = words(&["log", "almalinux.org", "A"]);
    assert!(code == 0 && out.contains("+ 300 A 192.0.2.10, 192.0.2.11"), "{out}{error}");
    let (code, out, error) = words(&["blame", "www.almalinux.org"]);
    assert!(code == 0 && out.contains("www.almalinux.org. 300 IN CNAME almalinux.org."), "{out}{error}");
    let (code, out, error) =
        words(&["bisect", "almalinux.org", "A", "--expect", "192.0.2.10", "--expect", "192.0.2.11"]);
    assert!(code == 0 && out.contains("expected since"), "{out}{error}");
    let (code, out, error) = words(&["query", "almalinux.org", "--at", "HEAD"]);
    assert!(code == 0 && out.contains("192.0.2.11"), "{out}{error}");
}
