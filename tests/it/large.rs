//! A zone large enough for several threads: what they make of it is what one makes of it.

#![expect(clippy::disallowed_methods, reason = "tests write the zone files that they read")]

use std::fmt::Write as _;

use zonewright::authority::{Authority, Catalog, HashKey};
use zonewright::control::Root;
use zonewright::control::load::{Loaded, Terms, ZoneFile, load_listed, load_listed_beside};
use zonewright::dns::{Name, Rtype};
use zonewright::lint::{Others, Settings};
use zonewright::source::Sources;
use zonewright::zone::Zone;
use zonewright::zonefile::Limits;

const KEY: HashKey = HashKey([1; 16]);

/// Names in an order of their own: hosts, aliases that dangle, delegations with and without glue, long names with their
/// beginnings in common, and a mistake now and then.
fn text() -> String {
    let mut text =
        String::from("$TTL 3600\n@ SOA ns host 1 7200 1800 1209600 300\n@ NS ns\n@ NS ns2\nns A 45.33.2.1\n");
    for index in 0..24_000_u32 {
        let n = index * 7919 % 24_000;
        let _ = match index % 8 {
            0 => writeln!(text, "d{n} NS ns1.d{n}\nd{n} NS ns2.other.test.\nns1.d{n} A 45.34.{}.{}", n / 256, n % 256),
            1 => writeln!(text, "a{n} 300 IN CNAME h{}", n * 2),
            2 => writeln!(text, "h{n} MX 10 h{}\n\tTXT \"v=spf1 ip4:45.33.2.1 -all\"", n / 2),
            3 => writeln!(text, "a-beginning-in-common.of-many-names.{n} A 45.35.0.1 ; as all"),
            4 => writeln!(text, "H{n} AAAA 2a01:4f8::{n:x}"),
            5 if index % 1000 == 5 => writeln!(text, "h{n} A 10.0.0.1\nh{n} A 10.0.0.1\nh{n} 60 A 10.0.0.2"),
            6 if index % 3000 == 6 => writeln!(text, "$ORIGIN sub{n}.big.test.\n@ A 45.36.0.1\n$ORIGIN big.test."),
            _ => writeln!(text, "h{n} ( A\n  45.33.{}.{} )", n / 256, n % 256),
        };
    }
    text
}

fn everything(zone: &Zone) -> String {
    let mut said = String::new();
    for rrset in zone.nodes().flat_map(|node| node.rrsets()) {
        let rdatas: Vec<_> = rrset.rdatas().collect();
        let _ = writeln!(said, "{} {:?} {} {rdatas:?}", rrset.owner(), rrset.rtype(), rrset.ttl());
    }
    said
}

fn terms(threads: usize) -> Terms {
    let mut terms = Terms::at(&Limits::default(), &Settings::default(), 1_790_000_000);
    terms.limits.threads = threads;
    terms.lint = terms.lint.map(|lint| Settings { threads, ..lint });
    terms
}

/// What so many threads make of the zone: its records and findings.
fn judged(root: &Root, threads: usize) -> (String, String) {
    let terms = terms(threads);
    let name = Name::absolute("big.test").unwrap();
    let listed = ZoneFile { name: name.clone(), file: "big.test.zone".into(), rival: None };
    let compile = |zone: &Zone, _: &Sources, _: &[_]| Authority::compile(zone, KEY);
    let (mut loaded, compiled) = load_listed_beside(root, &listed, &terms, compile);
    assert_eq!(compiled.is_some(), threads > 1, "a large zone is compiled while it is judged");
    let zone = loaded.zone.as_ref().unwrap();
    let said = everything(zone);
    let authority = compiled.unwrap_or_else(|| Authority::compile(zone, KEY));
    let catalog = Catalog::new(KEY, [(name, Some(authority.into()))]);
    loaded.judge_beside(&Others::new(&catalog, &|_| true), &terms);
    (said, format!("{:#?}", loaded.findings))
}

#[test]
fn threads_change_nothing_of_what_is_found() {
    let place = tempfile::tempdir().unwrap();
    let text = text();
    assert!(text.len() > 3 << 18, "the text is worth three pieces");
    std::fs::write(place.path().join("big.test.zone"), text).unwrap();
    let root = Root::open(place.path()).unwrap();
    let (said, found) = judged(&root, 1);
    for code in ["dangling-target", "private-address", "ttl-mismatch", "duplicate-record"] {
        assert!(found.contains(code), "{code} is not found:\n{found}");
    }
    for threads in [2, 3, 7] {
        let (said_by_more, found_by_more) = judged(&root, threads);
        assert!(said == said_by_more, "{threads} threads make another zone");
        assert_eq!(found, found_by_more, "{threads} threads");
    }
}

#[test]
fn stamps_of_a_large_file_say_what_is_in_it_whoever_digests_it() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("big.test.zone"), text()).unwrap();
    let root = Root::open(place.path()).unwrap();
    let listed = ZoneFile { name: Name::absolute("big.test").unwrap(), file: "big.test.zone".into(), rival: None };
    let hash = |threads| {
        let Loaded { stamps, .. } = load_listed(&root, &listed, &terms(threads));
        stamps[0].text().map(|(hash, octets)| (*hash, octets)).unwrap()
    };
    assert_eq!(hash(1), hash(2));
}

#[test]
fn records_lie_in_canonical_order() {
    let place = tempfile::tempdir().unwrap();
    let labels =
        ["a", "A", "*", "z", "aa", "a-", "\\000", "\\001", "\\255", "a\\.b", "abcdefghi", "abcdefghij", "abcdefghijk"];
    let mut text = String::from("$TTL 1\n@ SOA ns host 1 7200 1800 1209600 300\n@ NS ns.other.\n");
    for (nth, (one, other)) in labels.iter().flat_map(|one| labels.map(|other| (*one, other))).enumerate() {
        // Backwards, and types too.
        let _ = write!(
            text,
            "{other}.abcdefghijklmnopqrst.{one} AAAA 2a01::{nth:x}\n{one}.{other} A 45.33.2.{nth}\n{other} TXT t{nth}\n"
        );
    }
    std::fs::write(place.path().join("order.zone"), text).unwrap();
    let listed = ZoneFile { name: Name::absolute("order").unwrap(), file: "order.zone".into(), rival: None };
    let loaded = load_listed(&Root::open(place.path()).unwrap(), &listed, &terms(1));
    let zone = loaded.zone.unwrap_or_else(|| panic!("{:#?}", loaded.findings));
    let names: Vec<_> = zone.nodes().map(|node| node.name()).collect();
    assert!(names.windows(2).all(|pair| pair[0].canonical_cmp(pair[1]).is_lt()), "{names:?}");
    let types: Vec<Vec<Rtype>> = zone.nodes().map(|node| node.rrsets().map(|rrset| rrset.rtype()).collect()).collect();
    assert!(types.iter().all(|types| types.is_sorted()));
    for node in zone.nodes() {
        let texts: Vec<_> = node.rrset(Rtype::TXT).into_iter().flat_map(|rrset| rrset.records()).collect();
        assert!(texts.is_sorted_by_key(|record| record.position()), "{}", node.name());
    }
}
