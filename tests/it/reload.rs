//! What is published after an edit: the rules as a table, and the real server under edits and queries.

#![expect(clippy::disallowed_methods, reason = "tests edit the files that are served")]

use std::fmt::Write as _;

use zonewright::control::plan::{Disk, Rules, Standing, Version, Zone, plan};
use zonewright::dns::Name;

const RULES: Rules = Rules { lost_names_percent: 50, accept_loss: false };

/// A version of 100 names under its number.
fn version(number: u32) -> Version<u32> {
    Version { built: number, names: 100, digest: number.into() }
}

fn sized(number: u32, names: usize) -> Version<u32> {
    Version { names, ..version(number) }
}

fn zone(name: &str, served: Option<u32>) -> Zone<u32> {
    let standing = if served.is_some() { Standing::Current } else { Standing::Faulty };
    Zone { name: Name::absolute(name).unwrap(), served: served.map(version), standing }
}

fn held(name: &str, served: u32, waiting: Option<u32>, failing: &[&str]) -> Zone<u32> {
    let failing = failing.iter().map(|name| Name::absolute(name).unwrap()).collect();
    Zone { standing: Standing::Held { waiting: waiting.map(version), failing }, ..zone(name, Some(served)) }
}

/// `name version`, then `!` if its text is refused, `<` if it is for its losses, and `~zones` if it waits for them.
fn say(zones: &[Zone<u32>]) -> String {
    let mut text = String::new();
    for zone in zones {
        let served = zone.served.as_ref().map_or("-".to_owned(), |version| version.built.to_string());
        write!(text, "{} {served}", zone.name).unwrap();
        match &zone.standing {
            Standing::Current => {}
            Standing::Faulty => text.push('!'),
            Standing::Lossy(_) => text.push('<'),
            Standing::Held { failing, .. } => failing.iter().for_each(|name| write!(text, "~{name}").unwrap()),
        }
        text.push_str("; ");
    }
    text.trim_end_matches("; ").to_owned()
}

#[test]
fn what_is_published_after_a_look() {
    type Case = (&'static str, Vec<(Zone<u32>, Disk<u32>)>, &'static str);
    let good = |number| Disk::Good(version(number));
    let lossy = |number| Disk::Good(sized(number, 49));
    let lost = |name, served| Zone { standing: Standing::Lossy(sized(2, 49)), ..zone(name, Some(served)) };
    let cases: Vec<Case> = vec![
        ("a change goes live", vec![(zone("a", Some(1)), good(2))], "a. 2"),
        ("a new zone goes live", vec![(zone("a", None), good(1))], "a. 1"),
        ("a failing zone keeps its last good version", vec![(zone("a", Some(1)), Disk::Faulty)], "a. 1!"),
        ("a failing zone without one has none", vec![(zone("a", None), Disk::Faulty)], "a. -!"),
        ("a refused zone stays refused", vec![(zone("a", None), Disk::Unchanged)], "a. -!"),
        ("mending brings it back", vec![(Zone { standing: Standing::Faulty, ..zone("a", Some(1)) }, good(2))], "a. 2"),
        (
            "going back brings it back",
            vec![(Zone { standing: Standing::Faulty, ..zone("a", Some(1)) }, good(1))],
            "a. 1",
        ),
        (
            "a zone that is gone goes",
            vec![(zone("a", Some(1)), Disk::Gone), (zone("b", Some(1)), Disk::Unchanged)],
            "b. 1",
        ),
        ("a refused zone that is gone goes", vec![(zone("a", None), Disk::Gone)], ""),
        (
            "zones beside a failing one go live",
            vec![(zone("a.x", Some(1)), Disk::Faulty), (zone("b.x", Some(1)), good(2))],
            "a.x. 1!; b.x. 2",
        ),
        (
            "a parent changed with a failing child waits",
            vec![(zone("x", Some(1)), good(2)), (zone("a.b.x", Some(1)), Disk::Faulty)],
            "x. 1~a.b.x.; a.b.x. 1!",
        ),
        (
            "a child changed with a failing parent waits, in any case of letters",
            vec![(zone("X", Some(1)), Disk::Faulty), (zone("a.x", Some(1)), good(2))],
            "X. 1!; a.x. 1~X.",
        ),
        (
            "the root is everybody's parent",
            vec![
                (zone(".", Some(1)), Disk::Faulty),
                (zone("a.x", Some(1)), good(2)),
                (zone("b", Some(1)), Disk::Unchanged),
            ],
            ". 1!; a.x. 1~.; b. 1",
        ),
        (
            "a zone that changes later than the failing one goes live",
            vec![(zone("x", Some(1)), good(2)), (zone("a.x", None), Disk::Unchanged)],
            "x. 2; a.x. -!",
        ),
        (
            "a new child of a failing parent goes live: it has no last good version to keep",
            vec![(zone("x", Some(1)), Disk::Faulty), (zone("a.x", None), good(1))],
            "x. 1!; a.x. 1",
        ),
        (
            "the removal of a parent waits too",
            vec![(zone("x", Some(1)), Disk::Gone), (zone("a.x", Some(1)), Disk::Faulty)],
            "x. 1~a.x.; a.x. 1!",
        ),
        (
            "what waits goes on waiting",
            vec![(held("x", 1, Some(2), &["a.x"]), Disk::Unchanged), (zone("a.x", None), Disk::Unchanged)],
            "x. 1~a.x.; a.x. -!",
        ),
        (
            "what waits and changes goes on waiting",
            vec![(held("x", 1, Some(2), &["a.x"]), good(3)), (zone("a.x", None), Disk::Unchanged)],
            "x. 1~a.x.; a.x. -!",
        ),
        (
            "what waits and is changed back waits no more",
            vec![(held("x", 1, Some(2), &["a.x"]), good(1)), (zone("a.x", None), Disk::Unchanged)],
            "x. 1; a.x. -!",
        ),
        (
            "mending the one publishes both",
            vec![(held("x", 1, Some(2), &["a.x"]), Disk::Unchanged), (zone("a.x", None), good(1))],
            "x. 2; a.x. 1",
        ),
        (
            "removing the failing one publishes the other",
            vec![(held("x", 1, Some(2), &["a.x"]), Disk::Unchanged), (zone("a.x", Some(1)), Disk::Gone)],
            "x. 2",
        ),
        (
            "a removal that waits is carried out",
            vec![(held("x", 1, None, &["a.x"]), Disk::Unchanged), (zone("a.x", None), good(1))],
            "a.x. 1",
        ),
        ("a loss of most names is refused", vec![(zone("a", Some(1)), lossy(2))], "a. 1<"),
        ("and stays refused", vec![(lost("a", 1), Disk::Unchanged)], "a. 1<"),
        ("half is not most", vec![(zone("a", Some(1)), Disk::Good(sized(2, 50)))], "a. 2"),
        (
            "a loss holds the parent, as any failure does",
            vec![(zone("x", Some(1)), good(2)), (zone("a.x", Some(1)), lossy(2))],
            "x. 1~a.x.; a.x. 1<",
        ),
        (
            "a small zone may lose what it likes",
            vec![(Zone { served: Some(sized(1, 9)), ..zone("a", Some(1)) }, Disk::Good(sized(2, 1)))],
            "a. 2",
        ),
    ];
    for (what, found, expected) in cases {
        assert_eq!(say(&plan(found, RULES)), expected, "{what}");
    }
}

#[test]
fn losses_are_published_when_they_are_accepted() {
    let accept = Rules { accept_loss: true, ..RULES };
    let lost = Zone { standing: Standing::Lossy(sized(2, 1)), ..zone("a", Some(1)) };
    assert_eq!(say(&plan(vec![(lost, Disk::Unchanged)], accept)), "a. 2");
    assert_eq!(say(&plan(vec![(zone("a", Some(1)), Disk::Good(sized(2, 1)))], accept)), "a. 2");
    assert_eq!(say(&plan(vec![(zone("a", Some(1)), Disk::Faulty)], accept)), "a. 1!");
    let all = Rules { lost_names_percent: 100, ..RULES };
    assert_eq!(say(&plan(vec![(zone("a", Some(1)), Disk::Good(sized(2, 0)))], all)), "a. 2");
}
