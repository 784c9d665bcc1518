//! What a change does: to records, to answers, and whether no answer that differs is left out.

#![expect(clippy::disallowed_methods, reason = "tests make the trees that the command compares")]

use std::collections::{BTreeSet, HashSet};
use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use zonewright::authority::Authority;
use zonewright::dns::{Name, NameRef, Rtype};
use zonewright::review::diff::{AnswerChange, Diff, Scope, json, markdown, text};
use zonewright::review::{Reply, Snapshot};
use zonewright::server::message::Message;
use zonewright::server::{Policy, Transport, ask, respond};

use crate::support::command::{directory, run};
use crate::support::server::Server;
use crate::support::{self, build};

const HEAD: &str = "$TTL 300\n@ 3600 SOA ns host 1 7200 1800 1209600 60\n@ 3600 NS ns\nns 3600 A 192.0.2.53\n";

fn name(text: &str) -> Name {
    Name::absolute(text).expect("a name")
}

fn snapshot(zones: &[(&str, String)]) -> Snapshot {
    support::snapshot(zones, Policy::default())
}

fn reply(tree: &Snapshot, name: NameRef<'_>, rtype: Rtype) -> Reply {
    let mut out = vec![0; 65535];
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let length = respond(&ask(name, rtype, false), client, Transport::Tcp, tree.served(), &mut out).expect("a reply");
    Reply::of(&Message::read(&out[..length]).expect("well formed"))
}

/// The text of a difference between two versions of `example.org`.
fn shown(old: &str, new: &str) -> String {
    let (old, new) =
        (snapshot(&[("example.org", format!("{HEAD}{old}"))]), snapshot(&[("example.org", format!("{HEAD}{new}"))]));
    text::render(&Diff::of(&old, &new))
}

#[test]
fn a_difference_shows_records_and_what_no_text_shows() {
    let rows = [
        ("nothing", "www A 192.0.2.1\n", "; a comment\nWWW A 192.0.2.1\n"),
        ("an address", "www A 192.0.2.1\nwww A 192.0.2.2\n", "www A 192.0.2.3\nwww A 192.0.2.2\n"),
        ("a TTL alone", "www 86400 A 192.0.2.1\n", "www A 192.0.2.1\n"),
        ("an alias's target", "www 86400 CNAME web\nweb A 192.0.2.1\n", "www 86400 CNAME web\nweb A 192.0.2.2\n"),
        ("a name that ends a wildcard's reach", "*.w A 192.0.2.1\n", "*.w A 192.0.2.1\na.b.w A 192.0.2.2\n"),
        (
            "a cut that hides names",
            "a.sub A 192.0.2.1\nb.sub A 192.0.2.2\nc.b.sub A 192.0.2.3\n",
            "a.sub A 192.0.2.1\nb.sub A 192.0.2.2\nc.b.sub A 192.0.2.3\nsub NS a.sub\n",
        ),
        ("glue", "sub NS ns.sub\nns.sub A 192.0.2.1\n", "sub NS ns.sub\nns.sub A 192.0.2.2\n"),
        ("below a DNAME's target", "d DNAME e\nx.e A 192.0.2.1\n", "d DNAME e\nx.e A 192.0.2.2\n"),
        ("a wildcard that is gone", "*.w 600 TXT a\nx.w A 192.0.2.1\n", "x.w A 192.0.2.1\n"),
    ];
    let all: Vec<String> = rows.iter().map(|(what, old, new)| format!("== {what}\n{}", shown(old, new))).collect();
    insta::assert_snapshot!("diff_text", all.join("\n"));
}

#[test]
fn zones_come_go_and_break() {
    let zone = |text: &str| format!("{HEAD}{text}");
    let old = snapshot(&[
        ("example.org", zone("www CNAME x.gone.test.\n")),
        ("gone.test", zone("x A 192.0.2.1\n")),
        ("bad.test", zone("")),
    ]);
    let new = snapshot(&[
        ("example.org", zone("www CNAME x.gone.test.\n")),
        ("new.test", zone("")),
        ("bad.test", "@ A x\n".into()),
    ]);
    let diff = Diff::of(&old, &new);
    insta::assert_snapshot!("diff_zones", text::render(&diff));
    insta::assert_snapshot!("diff_json", json::render(&diff));
    insta::assert_snapshot!("diff_markdown", markdown::render(&diff));
}

#[test]
fn a_comment_fits_and_no_record_can_end_its_block() {
    let old = snapshot(&[("example.org", HEAD.into())]);
    let many: String =
        (0..5000).map(|index| format!("h{index} TXT \"```\" \"\\226\\128\\174 @everyone <b>\"\n")).collect();
    let new = snapshot(&[("example.org", format!("{HEAD}{many}"))]);
    let diff = Diff::of(&old, &new);
    let comment = markdown::render(&diff);
    assert!(comment.chars().count() <= markdown::MAX_COMMENT && comment.len() > 60_000, "{}", comment.len());
    let fences = comment.lines().filter(|line| line.trim_start().starts_with("```")).count();
    assert!(fences.is_multiple_of(2) && fences >= 2, "{fences} fences");
    assert!(!comment.contains('\u{202e}'));
    let block =
        comment.split_once("\n```diff\n").and_then(|(_, rest)| rest.split_once("\n```\n")).expect("one block").0;
    let shown = block.lines().count();
    // What has no room: the other lines, and the heading of the answers.
    let all = text::render(&diff).lines().filter(|line| line.starts_with("  ")).count();
    let end = format!("\n… and {} more lines: `zonewright diff` shows all of them.\n", all - shown + 1);
    assert!(comment.ends_with(&end), "{end} {}", &comment[comment.len() - 100..]);
}

#[test]
fn a_change_of_one_name_asks_for_few() {
    let many: String = (0..20_000).map(|index| format!("h{index} A 192.0.2.1\n")).collect();
    let old = snapshot(&[("example.org", format!("{HEAD}{many}"))]);
    let new = snapshot(&[("example.org", format!("{HEAD}{many}extra A 192.0.2.2\n"))]);
    let diff = Diff::of(&old, &new);
    let scopes: Vec<String> = diff.answers.list.iter().map(|change| change.scope.to_string()).collect();
    assert_eq!(scopes, ["extra.example.org."]);
}

// Completeness: a difference lists exactly the names that are answered otherwise.

const LABELS: [&str; 4] = ["a", "b", "c", "*"];
const APEXES: [&str; 3] = ["z.test", "b.z.test", "y.test"];

fn universe() -> Vec<Name> {
    let mut names: Vec<String> = vec!["z.test".into(), "y.test".into(), "test".into()];
    let mut last = names[..2].to_vec();
    for _ in 0..3 {
        last = last.iter().flat_map(|name| LABELS.iter().map(move |label| format!("{label}.{name}"))).collect();
        names.extend_from_slice(&last);
    }
    names.iter().map(|text| name(text)).collect()
}

#[derive(Clone, Debug)]
struct Entry {
    zone: usize,
    owner: usize,
    kind: usize,
    target: usize,
}

fn line(entry: &Entry, names: &[Name]) -> String {
    let apex = name(APEXES[entry.zone]);
    let inside: Vec<&Name> = names.iter().filter(|name| name.as_ref().is_at_or_below(apex.as_ref())).collect();
    let owner = inside[entry.owner % inside.len()];
    let target = &names[entry.target % names.len()];
    let data = match entry.kind {
        0..=2 => format!("A 192.0.2.{}", entry.target % 2),
        3 => "TXT t".to_owned(),
        4 | 5 => format!("CNAME {target}"),
        6 => format!("NS {target}"),
        7 => format!("DNAME {target}"),
        8 => "DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000".to_owned(),
        _ => format!("MX 1 {target}"),
    };
    format!("{owner} {data}\n")
}

/// Zones of as many entries as can stand together: one that breaks its zone is left out.
fn tree(entries: &[Entry], zones: &[bool; 3], names: &[Name]) -> Snapshot {
    let zone = |(index, apex): (usize, &&'static str)| {
        let mut text = HEAD.to_owned();
        for entry in entries.iter().filter(|entry| entry.zone == index) {
            let more = format!("{text}{}", line(entry, names));
            if build(apex, &more).0.is_some() {
                text = more;
            }
        }
        (*apex, text)
    };
    let zones: Vec<(&str, String)> = APEXES.iter().enumerate().filter(|(index, _)| zones[*index]).map(zone).collect();
    snapshot(&zones)
}

fn authorities(tree: &Snapshot) -> impl Iterator<Item = &Authority> {
    tree.served().catalog.entries().filter_map(|entry| entry.authority.as_deref())
}

struct Oracle<'t> {
    old: &'t Snapshot,
    new: &'t Snapshot,
    diff: &'t Diff<'t>,
    existing: HashSet<Vec<u8>>,
}

impl Oracle<'_> {
    fn exists(&self, name: NameRef<'_>) -> bool {
        self.existing.contains(&name.octets().to_ascii_lowercase())
    }

    /// Whether the difference says that a name and type are answered otherwise, by the words of [`Scope`] alone.
    fn covers(&self, name: NameRef<'_>, rtype: Rtype, seen: &mut BTreeSet<Vec<u8>>) -> bool {
        if !seen.insert(name.octets().to_vec()) || seen.len() > 17 {
            return false;
        }
        if self.exists(name) {
            let is_it = |change: &&AnswerChange| matches!(&change.scope, Scope::At(at) if at.as_ref().is(name));
            return self.diff.answers.list.iter().find(is_it).is_some_and(|change| says(change, rtype));
        }
        let ancestors = std::iter::successors(name.parent(), |name| name.parent());
        let Some(nearest) = ancestors.into_iter().find(|name| self.exists(*name)) else { return false };
        if let Some(target) = self.redirect(nearest) {
            if rtype == Rtype::CNAME {
                return false;
            }
            let head = &name.octets()[..name.octets().len() - nearest.octets().len()];
            let whole = [head, target.as_ref().octets()].concat();
            let target = NameRef::parse(&whole).expect("short names");
            return !target.is_below(nearest) && self.covers(target, rtype, seen);
        }
        let is_it = |change: &&AnswerChange| match &change.scope {
            Scope::Below { name, is_deep } => name.as_ref().is(nearest) || *is_deep && nearest.is_below(name.as_ref()),
            _ => false,
        };
        self.diff.answers.list.iter().find(is_it).is_some_and(|change| says(change, rtype))
    }

    /// The target of the DNAME at a name, where both trees have the same and answer from it.
    fn redirect(&self, name: NameRef<'_>) -> Option<Name> {
        let dname = |tree: &Snapshot| {
            let zone = tree.served().catalog.zone(name)?.authority.as_deref()?;
            let node = zone.node(name).filter(|node| node.has_dname())?;
            let dname = node.rrset(Rtype::DNAME)?;
            Some((NameRef::trusted(dname.first()).to_name(), dname.ttl()))
        };
        let (old, new) = (dname(self.old)?, dname(self.new)?);
        (old == new).then_some(old.0)
    }
}

fn says(change: &AnswerChange, rtype: Rtype) -> bool {
    match change.types.iter().find(|(own, _)| *own == rtype) {
        Some((_, own)) => own.is_some(),
        None => change.others.is_some(),
    }
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let entry = (0..3usize, 0..90usize, 0..10usize, 0..200usize);
    let entry = entry.prop_map(|(zone, owner, kind, target)| Entry { zone, owner, kind, target });
    prop::collection::vec(entry, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_difference_lists_exactly_the_names_that_are_answered_otherwise(
        common in entries(), gone in entries(), came in entries(), was in any::<[bool; 3]>(), is in any::<[bool; 3]>(),
    ) {
        let names = universe();
        let gone: Vec<Entry> = [&gone[..gone.len().min(3)], &common].concat();
        let came: Vec<Entry> = [&common, &came[..came.len().min(3)]].concat();
        let (old, new) = (tree(&gone, &was, &names), tree(&came, &is, &names));
        let diff = Diff::of(&old, &new);
        let nodes = authorities(&old).chain(authorities(&new)).flat_map(Authority::nodes);
        let existing = nodes.map(|node| node.name().octets().to_ascii_lowercase()).collect();
        let oracle = Oracle { old: &old, new: &new, diff: &diff, existing };
        for name in &names {
            for rtype in [Rtype::A, Rtype::TXT, Rtype::CNAME, Rtype::NS, Rtype::DS, Rtype::DNAME, Rtype::SRV] {
                let (was, is) = (reply(&old, name.as_ref(), rtype), reply(&new, name.as_ref(), rtype));
                let covered = oracle.covers(name.as_ref(), rtype, &mut BTreeSet::new());
                let is_same = was.is_same(&is);
                // One line speaks for all names below a DNAME: among them are some whose answer ends where the target's is
                // refused before and fails after, which look alike.
                let mut above = std::iter::successors(name.as_ref().parent(), |name| name.parent());
                let is_spoken_for = is_same && above.any(|name| oracle.redirect(name).is_some());
                prop_assert!(
                    covered != is_same || is_spoken_for, "{} {:?}: {} and then {}\n{}",
                    name, rtype, was.summary(), is.summary(), text::render(&diff)
                );
            }
        }
        // A name below a target is redirected as well: the list says so.
        for change in &diff.answers.list {
            if let Scope::Redirected { name, .. } = &change.scope {
                prop_assert!(oracle.redirect(name.as_ref()).is_some());
            }
        }
    }
}

// The command.

#[test]
fn the_command_exits_as_diff_does() {
    let new = format!("{HEAD}www A 192.0.2.1\n");
    let tree = directory(&[("old/example.org.zone", HEAD), ("zones/example.org.zone", &new)]);
    let (code, stdout, stderr) = run(tree.path(), &["diff", "old"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("+ www.example.org. 300 IN A 192.0.2.1"), "{stdout}");
    assert_eq!(run(tree.path(), &["diff", "--exit-code", "old", "zones"]).0, 1);
    assert_eq!(run(tree.path(), &["diff", "--exit-code", "zones", "zones"]).0, 0);
    let (code, _, stderr) = run(tree.path(), &["diff", "--exit-code", "nowhere"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("nowhere"), "{stderr}");
    assert_eq!(run(tree.path(), &["diff"]).0, 2);
}

#[test]
fn a_server_that_transfers_nothing_is_asked() {
    let old = format!(
        "{HEAD}www A 192.0.2.1\nsame TXT \"a\"\nbig TXT {}\n",
        "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\" ".repeat(60)
    );
    let new = format!("{old}more A 192.0.2.9\n").replace("www A 192.0.2.1", "www A 192.0.2.2");
    let server = Server::start(support::served([("example.org", old.as_str())]));
    let tree = directory(&[("zones/example.org.zone", &new)]);
    let against = format!("@{}", server.address);
    let (code, stdout, stderr) = run(tree.path(), &["diff", "--exit-code", "--against", &against]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("does not transfer `example.org.`"), "{stderr}");
    for wanted in
        ["www.example.org. A,", "- 300 A 192.0.2.1", "+ 300 A 192.0.2.2", "more.example.org. A,", "2 names are"]
    {
        assert!(stdout.contains(wanted), "{wanted} is not in:\n{stdout}");
    }
    std::fs::write(tree.path().join("zones/example.org.zone"), &old).expect("written");
    assert_eq!(run(tree.path(), &["diff", "--exit-code", "--against", &against]).0, 0);
}

#[test]
fn a_server_that_is_not_there_is_said() {
    let tree = directory(&[("zones/example.org.zone", HEAD)]);
    let (code, _, stderr) = run(tree.path(), &["diff", "--against", "@127.0.0.1:9"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("127.0.0.1:9"), "{stderr}");
}
