//! A repository as the source: a commit goes live whole, or not at all, and what went live is never lost.

#![expect(clippy::disallowed_methods, reason = "tests make repositories")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tempfile::TempDir;
use zonewright::control::git;
use zonewright::dns::{Class, Rtype};

use crate::support::git::Repository;
use crate::support::message::Query;
use crate::support::running::{Running, text, wait_for, write_all};

/// A checkout with zones `a` and `b` at state 1, and the bare repository `dns.git` that it pushes to.
struct Origin {
    directory: Arc<TempDir>,
    work: Repository,
}

impl Origin {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let work = Repository::init(&directory.path().join("checkout"), options);
        work.git(&[&["init", "-q", "--bare", "-b", "main", "../dns.git"], options].concat());
        work.git(&["remote", "add", "origin", "../dns.git"]);
        work.git(&["--git-dir=../dns.git", "config", "receive.denyDeleteCurrent", "ignore"]);
        let origin = Self { directory: Arc::new(directory), work };
        origin.push(1, 1);
        origin
    }

    /// Commits and pushes these states, and gives the commit.
    fn push(&self, a: u32, b: u32) -> String {
        let commit = self.commit(a, b);
        self.work.git(&["push", "-q", "--force", "origin", "main"]);
        commit
    }

    fn commit(&self, a: u32, b: u32) -> String {
        self.work.commit(&format!("State {a} {b}"), &[("zones/a.zone", &text(a)), ("zones/b.zone", &text(b))])
    }

    /// Pushes whatever is in the checkout.
    fn push_all(&self, subject: &str) -> String {
        let commit = self.work.commit(subject, &[]);
        self.work.git(&["push", "-q", "--force", "origin", "main"]);
        commit
    }

    /// Serves `dns.git`, with these settings more below `[source]`.
    fn serve(&self, settings: &str) -> Running {
        self.configure(settings);
        Running::start_in(&self.directory, &["--threads", "1"])
    }

    fn configure(&self, settings: &str) {
        let repository = if settings.contains("repository =") { "" } else { "repository = \"dns.git\"\n" };
        let config = format!("[server]\nversion = \"{{commit}}\"\n[source]\n{repository}poll = \"1h\"\n{settings}");
        let beside = self.directory.path().join("zonewright.new");
        fs::write(&beside, config).unwrap();
        fs::rename(beside, self.directory.path().join("zonewright.toml")).unwrap();
    }

    fn bare(&self) -> Repository {
        Repository { place: self.directory.path().join("dns.git") }
    }
}

/// What somebody does to a repository.
type Deed = fn(&Origin);

/// The commit that answers tell of.
fn provenance(running: &Running) -> String {
    let query = Query { class: Class(3), ..Query::new("version.bind", Rtype::TXT) };
    let response = running.udp().ask(&query);
    response.answer.first().map(|record| String::from_utf8(record.rdata[1..].to_vec()).unwrap()).unwrap_or_default()
}

#[track_caller]
fn expect_states(running: &Running, a: &str, b: &str) {
    running.expect_state("a", a);
    running.expect_state("b", b);
}

#[track_caller]
fn expect_refused(running: &Running, words: &str) {
    let status = wait_for(|| Some(running.run("status", &[]).1).filter(|status| status.contains(words)));
    assert!(status.is_some(), "no `{words}` in\n{}", running.run("status", &[]).1);
}

#[test]
fn a_push_goes_live_and_answers_tell_of_it() {
    let origin = Origin::new();
    let running = origin.serve("");
    expect_states(&running, "1", "1");
    let commit = origin.push(2, 1);
    expect_states(&running, "2", "1");
    assert_eq!(provenance(&running), commit);
    let (code, status) = running.run("status", &[]);
    assert_eq!(code, 0, "{status}");
    assert!(
        status.contains(&format!("serving commit {} “State 2 1” by Ada <ada@example.org>", &commit[..12])),
        "{status}"
    );
    // A commit that touches no zone is served as well.
    let commit = origin.push_all("Say more");
    assert!(wait_for(|| (provenance(&running) == commit).then_some(())).is_some(), "{}", running.log());
}

#[test]
fn a_failing_zone_refuses_its_commit_whole() {
    let origin = Origin::new();
    let running = origin.serve("");
    write_all(
        &origin.work.place,
        &[("zones/a.zone", "broken"), ("zones/b.zone", &text(2)), ("zones/c.zone", &text(2))],
    );
    let bad = origin.push_all("Break a");
    running.expect_log("a. is refused");
    expect_refused(&running, &format!("refused commit {}", &bad[..12]));
    expect_refused(&running, "zones/a.zone:1:7");
    expect_states(&running, "1", "1");
    assert_eq!(running.state("c"), "REFUSED", "a zone that only the refused commit has");
    origin.push(3, 3);
    expect_states(&running, "3", "3");
    running.expect_state("c", "2");
    let status = running.run("status", &[]).1;
    assert!(!status.contains("refused commit"), "{status}");
}

#[test]
fn a_zone_goes_with_its_file_and_most_zones_do_not() {
    let origin = Origin::new();
    let running = origin.serve("");
    fs::remove_file(origin.work.place.join("zones/b.zone")).unwrap();
    origin.push_all("Drop b");
    expect_refused(&running, "the zone `b.` is gone, and all its 3 names with it");
    origin.push_all("Drop b, and mean it\n\nZone-Mass-Change: yes");
    running.expect_state("b", "REFUSED");
    fs::remove_file(origin.work.place.join("zones/a.zone")).unwrap();
    write_all(&origin.work.place, &[("zones/notes", "no zone")]);
    origin.push_all("Drop a too");
    expect_refused(&running, "only 0 of 1 zones are still there");
    assert_eq!(running.state("a"), "1");
    let (code, said) = running.run("reload", &["--accept-loss"]);
    assert_eq!(code, 0, "{said}");
    running.expect_state("a", "REFUSED");
}

#[test]
fn refs_move_in_every_way_and_only_forward() {
    let origin = Origin::new();
    let running = origin.serve("");
    // Packed refs, and one that moves after.
    origin.push(2, 2);
    origin.bare().git(&["pack-refs", "--all"]);
    expect_states(&running, "2", "2");
    origin.push(3, 2);
    running.expect_state("a", "3");
    // A merge, its second parent a branch from before.
    origin.work.git(&["checkout", "-q", "-b", "side", "HEAD~1"]);
    origin.work.commit("Beside", &[("zones/b.zone", &text(4))]);
    origin.work.git(&["checkout", "-q", "main"]);
    origin.work.git(&["merge", "-q", "--no-edit", "side"]);
    origin.work.git(&["push", "-q", "origin", "main"]);
    expect_states(&running, "3", "4");
    // A revert is a commit like any other.
    origin.work.git(&["revert", "--no-edit", "-m", "1", "HEAD"]);
    origin.work.git(&["push", "-q", "origin", "main"]);
    expect_states(&running, "3", "2");
    let published = origin.work.head();
    // A rewritten history is not, until it is allowed.
    origin.work.git(&["reset", "-q", "--hard", "HEAD~2"]);
    let rewritten = origin.push(5, 5);
    expect_refused(&running, &format!("commit {rewritten} does not come from {published}"));
    expect_states(&running, "3", "2");
    origin.configure("allow_rewind = true\n");
    expect_states(&running, "5", "5");
    // Back behind what was published, by deleting and pushing anew.
    origin.configure("");
    origin.work.git(&["push", "-q", "origin", ":main"]);
    expect_refused(&running, "has no branch `main`");
    assert_eq!(running.state("a"), "5");
    origin.work.git(&["push", "-q", "origin", "main~1:refs/heads/main"]);
    expect_refused(&running, "does not come from");
    origin.work.git(&["push", "-q", "origin", "main"]);
    let commit = origin.push(6, 6);
    expect_states(&running, "6", "6");
    assert_eq!(provenance(&running), commit);
}

/// What a commit may hold that is refused: its name, how it is made and pushed, and what is said of it.
const REFUSALS: &[(&str, Deed, &str)] = &[
    ("a symbolic link", add_link, "is a symbolic link"),
    ("a submodule", add_submodule, "is a submodule"),
    ("an odd mode", add_odd_mode, "has the mode 100664"),
    ("a name of dots", add_dots, "is a name that no file can have"),
    ("no directory", move_directory, "has no directory `zones`"),
    ("a huge blob", add_huge, "has more than 1000000 octets"),
];

fn add_link(origin: &Origin) {
    symlink("a.zone", origin.work.place.join("zones/c.zone")).unwrap();
    origin.push_all("A link");
}

fn move_directory(origin: &Origin) {
    origin.work.git(&["mv", "zones", "elsewhere"]);
    origin.push_all("Move");
}

fn add_huge(origin: &Origin) {
    write_all(&origin.work.place, &[("zones/a.zone", &(text(2) + &"; more\n".repeat(200_000)))]);
    origin.push_all("Much");
}

fn add_submodule(origin: &Origin) {
    let id = origin.work.head();
    origin.work.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},zones/sub")]);
    origin.work.git(&["commit", "-q", "-m", "An entry"]);
    origin.work.git(&["push", "-q", "origin", "main"]);
}

/// Commits a tree that git itself would not write: `zones` made of these raw entries.
fn commit_tree(origin: &Origin, entries: &[(&str, &str)]) {
    let blob = origin.work.git(&["rev-parse", "HEAD:zones/a.zone"]);
    let raw: Vec<u8> =
        (0..blob.len()).step_by(2).map(|at| u8::from_str_radix(&blob[at..at + 2], 16).unwrap()).collect();
    let mut tree = Vec::new();
    for (mode, name) in entries {
        tree.extend([mode.as_bytes(), b" ", name.as_bytes(), b"\0", &raw].concat());
    }
    let file = origin.work.place.join(".git/tree");
    fs::write(&file, tree).unwrap();
    let zones = origin.work.git(&["hash-object", "-t", "tree", "-w", "--literally", ".git/tree"]);
    fs::write(&file, format!("040000 tree {zones}\tzones\n")).unwrap();
    let stdin = fs::File::open(&file).unwrap();
    let top = origin.work.command(&["mktree"]).stdin(stdin).output().unwrap();
    let top = String::from_utf8(top.stdout).unwrap();
    let commit = origin.work.git(&["commit-tree", "-p", "HEAD", "-m", "A tree", top.trim()]);
    origin.work.git(&["update-ref", "refs/heads/main", &commit]);
    origin.work.git(&["push", "-q", "--force", "origin", "main"]);
}

fn add_odd_mode(origin: &Origin) {
    commit_tree(origin, &[("100664", "a.zone"), ("100644", "b.zone")]);
}

fn add_dots(origin: &Origin) {
    commit_tree(origin, &[("100644", ".."), ("100644", "a.zone"), ("100644", "b.zone")]);
}

#[test]
fn what_is_no_plain_file_refuses_the_commit() {
    for (name, make, words) in REFUSALS {
        let origin = Origin::new();
        let running = origin.serve("[limits]\nfile_octets = 1000000\n");
        expect_states(&running, "1", "1");
        make(&origin);
        expect_refused(&running, words);
        assert_eq!((running.state("a"), running.state("b")), ("1".into(), "1".into()), "{name}");
    }
}

#[test]
fn what_git_can_be_talked_into_is_not_followed() {
    let origin = Origin::new();
    let first = origin.work.head();
    let second = origin.push(2, 2);
    let bare = origin.bare();
    // One that replaces the branch's commit by another, and one that gives it another parent.
    bare.git(&["replace", &second, &first]);
    fs::write(bare.place.join("info/grafts"), format!("{second}\n")).unwrap();
    let running = origin.serve("");
    expect_states(&running, "2", "2");
    assert_eq!(provenance(&running), second);
    origin.push(3, 3);
    expect_states(&running, "3", "3");
}

#[test]
fn repositories_that_are_not_followed_say_why() {
    let cases: &[(&str, Deed, &str)] = &[
        ("missing", |origin| fs::remove_dir_all(origin.bare().place).unwrap(), "is not there"),
        ("no repository", |origin| fs::remove_file(origin.bare().place.join("HEAD")).unwrap(), "is no git repository"),
        (
            "alternates",
            |origin| {
                fs::write(origin.bare().place.join("objects/info/alternates"), "../../checkout/.git/objects\n").unwrap()
            },
            "borrows objects from",
        ),
        ("reftable", |origin| _ = origin.bare().git(&["config", "extensions.refStorage", "reftable"]), "reftable"),
        ("corrupt", |origin| corrupt(&origin.bare().place), "cannot be read"),
    ];
    for (name, make, words) in cases {
        let origin = Origin::new();
        make(&origin);
        let running = origin.serve("");
        expect_refused(&running, words);
        assert_eq!(running.state("a"), "REFUSED", "{name}");
    }
}

/// Fills every object of a repository with nonsense.
fn corrupt(place: &Path) {
    let find = Command::new("find").arg(place.join("objects")).args(["-type", "f"]).output().unwrap();
    for file in String::from_utf8(find.stdout).unwrap().lines() {
        fs::remove_file(file).unwrap();
        fs::write(file, "nonsense").unwrap();
    }
}

#[test]
fn a_directory_that_cannot_be_read_is_not_one_that_is_missing() {
    let origin = Origin::new();
    let commit = origin.work.commit("Add a folder", &[("out/in/x", "1")]);
    let (id, tree) = (git::Id::from_hex(commit.as_bytes()).unwrap(), origin.work.git(&["rev-parse", "HEAD:out"]));
    let files = |path: &str| git::Repository::open(&origin.work.place).unwrap().plain_files(id, Path::new(path));
    assert!(files("out/in").unwrap().is_some_and(|files| files.paths().eq([Path::new("x")])));
    assert!(files("out/no").unwrap().is_none());
    fs::remove_file(origin.work.place.join(".git/objects").join(&tree[..2]).join(&tree[2..])).unwrap();
    let refusal = files("out/in").unwrap_err();
    assert!(refusal.finding.headline.contains("cannot be read"), "{}", refusal.finding.headline);
}

#[test]
fn a_repository_of_another_user_is_refused_unless_it_is_trusted() {
    if !rustix_is_root() {
        return crate::support::skip("root", "only root can give files away");
    }
    let origin = Origin::new();
    let chown = |owner: &str| Command::new("chown").args(["-R", owner]).arg(origin.bare().place).status().unwrap();
    assert!(chown("12345").success());
    let running = origin.serve("");
    expect_refused(&running, "belongs to another user");
    assert!(chown("0").success());
    assert_eq!(running.run("reload", &[]).0, 0);
    expect_states(&running, "1", "1");
}

fn rustix_is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[test]
fn sha256_and_a_checkout_and_a_shallow_clone_are_followed() {
    let origin = Origin::with(&["--object-format=sha256"]);
    let running = origin.serve("");
    expect_states(&running, "1", "1");
    let commit = origin.push(2, 2);
    expect_states(&running, "2", "2");
    assert_eq!((commit.len(), provenance(&running)), (64, commit));
    drop(running);
    // A checkout is followed by its branch: what is not committed is not there.
    let origin = Origin::new();
    let running = origin.serve("repository = \"checkout\"\n");
    write_all(&origin.work.place, &[("zones/a.zone", &text(9))]);
    origin.work.git(&["commit", "-q", "-am", "State 9"]);
    running.expect_state("a", "9");
    write_all(&origin.work.place, &[("zones/b.zone", &text(9)), ("notes", "more")]);
    origin.work.git(&["add", "notes"]);
    origin.work.git(&["commit", "-q", "-m", "Notes"]);
    let head = origin.work.head();
    assert!(wait_for(|| (provenance(&running) == head).then_some(())).is_some());
    assert_eq!(running.state("b"), "1");
    drop(running);
    // A shallow one is served, and followed as long as its history reaches what is served.
    (2..5).for_each(|state| _ = origin.commit(state, state));
    let url = format!("file://{}", origin.work.place.display());
    origin.work.git(&["clone", "-q", "--bare", "--depth", "1", &url, "../dns.git/../shallow"]);
    let shallow = Repository { place: origin.directory.path().join("shallow") };
    let running = origin.serve("repository = \"shallow\"\n");
    expect_states(&running, "4", "4");
    (5..9).for_each(|state| _ = origin.commit(state, state));
    shallow.git(&["fetch", "-q", "origin", "main:main"]);
    expect_states(&running, "8", "8");
    (9..12).for_each(|state| _ = origin.commit(state, state));
    shallow.git(&["fetch", "-q", "--depth", "1", "origin", "+main:main"]);
    expect_refused(&running, "is cut off before");
    assert_eq!(running.state("a"), "8");
    shallow.git(&["fetch", "-q", "--unshallow", "origin", "+main:main"]);
    running.run("reload", &[]);
    expect_states(&running, "11", "11");
}

#[test]
fn commits_are_held_and_put_back() {
    let origin = Origin::new();
    let mut running = origin.serve("");
    let second = origin.push(2, 2);
    expect_states(&running, "2", "2");
    let (code, said) = running.run("freeze", &[]);
    assert_eq!(code, 0, "{said}");
    origin.push(3, 3);
    expect_refused(&running, &format!("frozen at {second}"));
    assert_eq!(running.state("a"), "2");
    let (code, said) = running.run("rollback", &[]);
    assert_eq!((code, said.contains("is served")), (0, true), "{said}");
    expect_states(&running, "1", "1");
    // A broken one is neither served nor held.
    write_all(&origin.work.place, &[("zones/a.zone", "broken")]);
    let broken = origin.push_all("Break a");
    let (code, said) = running.run("rollback", &[&broken]);
    assert_eq!((code, said.contains("a. is refused")), (1, true), "{said}");
    let first = origin.work.git(&["rev-parse", "main~3"]);
    assert!(
        said.contains(&format!("commit {first} is held")) && !said.contains(&format!("{broken} is held")),
        "{said}"
    );
    expect_states(&running, "1", "1");
    expect_refused(&running, &format!("rolled back to {first}"));
    // Restarts change nothing of it, kill -9 among them.
    drop(running);
    running = Running::start_in(&origin.directory, &["--threads", "1"]);
    expect_states(&running, "1", "1");
    expect_refused(&running, "rolled back to");
    let (code, said) = running.run("rollback", &["no-such-commit"]);
    assert_eq!((code, said.contains("names no commit")), (1, true), "{said}");
    let (code, said) = running.run("rollback", &[&second[..10]]);
    assert_eq!(code, 0, "{said}");
    expect_states(&running, "2", "2");
    // A commit that is not what was published before is not reached through a rollback.
    assert_eq!(running.run("rollback", &["main~3"]).0, 0);
    expect_states(&running, "1", "1");
    origin.work.git(&["reset", "-q", "--hard", "HEAD~3"]);
    origin.push(7, 7);
    let (code, said) = running.run("thaw", &[]);
    assert_eq!((code, said.contains("does not come from")), (1, true), "{said}");
    expect_states(&running, "2", "2");
    origin.work.git(&["reset", "-q", "--hard", &second]);
    write_all(&origin.work.place, &[("zones/a.zone", "broken")]);
    origin.push_all("Break a again");
    let mended = origin.push(4, 4);
    let (code, said) = running.run("thaw", &[]);
    assert_eq!(code, 0, "{said}");
    expect_states(&running, "4", "4");
    assert_eq!(provenance(&running), mended);
    // Without a name, it is the nearest good one.
    assert_eq!(running.run("rollback", &[]).0, 0);
    expect_states(&running, "2", "2");
    // Back to the newest good one, where what is newer is broken.
    write_all(&origin.work.place, &[("zones/a.zone", "broken")]);
    origin.push_all("Break a once more");
    let (code, said) = running.run("thaw", &[]);
    assert_eq!((code, said.contains("branch main is followed")), (1, true), "{said}");
    expect_states(&running, "4", "4");
}

#[test]
fn a_start_answers_the_last_good_set() {
    let cases: &[(&str, Deed)] = &[
        ("the repository gone", |origin| {
            fs::rename(origin.bare().place, origin.directory.path().join("gone")).unwrap()
        }),
        ("its objects corrupt", |origin| corrupt(&origin.bare().place)),
        ("the newest commit broken", |origin| {
            write_all(&origin.work.place, &[("zones/a.zone", "broken")]);
            origin.push_all("Break a");
        }),
        ("the branch gone", |origin| _ = origin.work.git(&["push", "-q", "origin", ":main"])),
    ];
    for (name, damage) in cases {
        let origin = Origin::new();
        let running = origin.serve("");
        let commit = origin.push(2, 3);
        expect_states(&running, "2", "3");
        running.end();
        damage(&origin);
        let running = Running::start_in(&origin.directory, &["--threads", "1"]);
        assert_eq!((running.state("a"), running.state("b")), ("2".into(), "3".into()), "{name}\n{}", running.log());
        assert_eq!(provenance(&running), commit, "{name}");
        let status = running.run("status", &[]).1;
        assert!(status.contains("refused"), "{name}: {status}");
    }
}

#[test]
fn a_first_start_with_a_broken_commit_serves_the_good_one_before() {
    let origin = Origin::new();
    let good = origin.push(2, 2);
    write_all(&origin.work.place, &[("zones/a.zone", "broken")]);
    origin.push_all("Break a");
    origin.push_all("Say more");
    let running = origin.serve("");
    expect_states(&running, "2", "2");
    assert_eq!(provenance(&running), good);
    expect_refused(&running, "refused commit");
    drop(running);
    // With no good one at all, its zones are ours all the same.
    let origin = Origin::new();
    write_all(&origin.work.place, &[("zones/a.zone", "broken")]);
    origin.work.git(&["add", "-A"]);
    origin.work.git(&["commit", "-q", "--amend", "-m", "Broken from the first"]);
    origin.work.git(&["push", "-q", "--force", "origin", "main"]);
    let running = origin.serve("");
    expect_states(&running, "SERVFAIL", "SERVFAIL");
}

#[test]
fn signed_commits_are_asked_for() {
    let origin = Origin::new();
    let keys = origin.directory.path();
    for who in ["ada", "eve"] {
        let mut make = Command::new("ssh-keygen");
        make.args(["-q", "-t", "ed25519", "-N", "", "-C", who, "-f"]).arg(keys.join(who));
        assert!(make.status().is_ok_and(|status| status.success()), "ssh-keygen makes a key");
    }
    let public = fs::read_to_string(keys.join("ada.pub")).unwrap();
    fs::write(keys.join("allowed"), format!("ada@example.org namespaces=\"git\" {public}")).unwrap();
    let sign = |who: &str, a: u32| {
        write_all(&origin.work.place, &[("zones/a.zone", &text(a))]);
        let key = keys.join(who).display().to_string();
        origin.work.git(&[
            "-c",
            "gpg.format=ssh",
            "-c",
            &format!("user.signingKey={key}"),
            "commit",
            "-q",
            "-S",
            "-am",
            who,
        ]);
        origin.work.git(&["push", "-q", "--force", "origin", "main"]);
        origin.work.head()
    };
    // Nothing is signed yet, so nothing is served.
    let running = origin.serve("allowed_signers = \"allowed\"\n[[zone]]\nname = \"a\"\n");
    expect_refused(&running, "is not signed");
    assert_eq!(running.state("a"), "SERVFAIL");
    sign("ada", 2);
    running.expect_state("a", "2");
    let eves = sign("eve", 3);
    expect_refused(&running, &format!("commit {eves} is signed by nobody who is allowed to"));
    // One good signature on top does not make up for what is below.
    sign("ada", 4);
    expect_refused(&running, &format!("commit {eves} is signed by nobody who is allowed to"));
    assert_eq!(running.state("a"), "2");
    origin.work.git(&["reset", "-q", "--hard", "HEAD~2"]);
    sign("ada", 5);
    running.expect_state("a", "5");
    let unsigned = origin.push(6, 1);
    expect_refused(&running, &format!("commit {unsigned} is not signed"));
    assert_eq!(running.state("a"), "5");
}

#[test]
fn openpgp_signatures_count_too() {
    let origin = Origin::new();
    let home = origin.directory.path().join("gnupg");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let gpg = |arguments: &[&str]| {
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", &home).args(["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]);
        command.args(arguments).output()
    };
    if !gpg(&["--version"]).is_ok_and(|output| output.status.success()) {
        return crate::support::skip("peers", "gpg is not there");
    }
    for who in ["ada@example.org", "eve@example.org"] {
        let made = gpg(&["--quick-generate-key", who, "ed25519", "sign", "never"]).unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    fs::write(origin.directory.path().join("keys.gpg"), gpg(&["--export", "ada@example.org"]).unwrap().stdout).unwrap();
    let sign = |who: &str, a: u32| {
        write_all(&origin.work.place, &[("zones/a.zone", &text(a))]);
        let key = format!("user.signingKey={who}");
        let mut commit = origin.work.command(&["-c", &key, "commit", "-q", "-S", "-am", who]);
        assert!(commit.env("GNUPGHOME", &home).status().unwrap().success(), "{who} signs");
        origin.work.git(&["push", "-q", "origin", "main"]);
        origin.work.head()
    };
    sign("ada@example.org", 2);
    let running = origin.serve("allowed_keys = \"keys.gpg\"\n");
    expect_states(&running, "2", "1");
    let eves = sign("eve@example.org", 3);
    expect_refused(&running, &format!("commit {eves} is signed by nobody who is allowed to"));
    assert_eq!(running.state("a"), "2");
    // The agent that it was started for the keys would outlive them.
    let _ = Command::new("gpgconf").env("GNUPGHOME", &home).args(["--kill", "all"]).status();
}

#[test]
fn a_remote_that_hangs_or_lies_changes_nothing() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let manner = Arc::new(AtomicU32::new(0));
    let shared = Arc::clone(&manner);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let manner = shared.load(Ordering::Relaxed);
            std::thread::spawn(move || {
                let mut stream = stream;
                let _ = stream.read(&mut [0; 64]);
                match manner {
                    0 => std::thread::sleep(std::time::Duration::from_secs(60)),
                    // The start of a record of TLS whose end never comes.
                    1 => (0..600).for_each(|tick| {
                        let octets: &[u8] = if tick == 0 { b"\x16\x03\x03\x40\x00" } else { b"\x02" };
                        let _ = stream.write_all(octets);
                        std::thread::sleep(std::time::Duration::from_millis(100));
                    }),
                    _ => drop(stream.write_all(b"HTTP/1.0 200 OK\r\n\r\ngarbage")),
                }
            });
        }
    });
    let origin = Origin::new();
    let local =
        format!("repository = \"file://{}\"\nevery = \"1s\"\nfetch_deadline = \"2s\"\n", origin.bare().place.display());
    let mut running = origin.serve(&local);
    expect_states(&running, "1", "1");
    origin.push(2, 2);
    expect_states(&running, "2", "2");
    for (number, words) in [(0, "was not done in 2 s"), (1, "was not done in 2 s"), (2, "failed")] {
        manner.store(number, Ordering::Relaxed);
        drop(running);
        let state = origin.directory.path().join("state");
        let remote =
            format!("repository = \"https://127.0.0.1:{port}/dns.git\"\nevery = \"1s\"\nfetch_deadline = \"2s\"\n");
        origin.configure(&remote);
        running = Running::start_in(&origin.directory, &["--threads", "1"]);
        expect_refused(&running, words);
        assert_eq!((running.state("a"), running.state("b")), ("2".into(), "2".into()), "{}", state.display());
    }
}

#[test]
fn a_remote_is_fetched_by_itself_or_apart() {
    let origin = Origin::new();
    let settings = format!("repository = \"file://{}\"\nevery = \"never\"\n", origin.bare().place.display());
    let running = origin.serve(&settings);
    assert_eq!(running.state("a"), "REFUSED");
    let (code, said) = running.run("fetch", &[]);
    assert_eq!((code, said.contains("fetched branch main")), (0, true), "{said}");
    running.run("reload", &[]);
    expect_states(&running, "1", "1");
    origin.push(2, 2);
    assert_eq!(running.run("fetch", &[]).0, 0);
    expect_states(&running, "2", "2");
    fs::remove_dir_all(origin.bare().place).unwrap();
    let (code, said) = running.run("fetch", &[]);
    assert_eq!((code, said.contains("fetching branch main of")), (2, true), "{said}");
    assert_eq!(running.state("a"), "2");
}

#[test]
fn a_remote_that_sends_too_much_is_cut_off() {
    let origin = Origin::new();
    // What no compression makes small.
    let mut noise = fs::File::open("/dev/urandom").unwrap();
    let mut octets = vec![0; 8 << 20];
    std::io::Read::read_exact(&mut noise, &mut octets).unwrap();
    fs::write(origin.work.place.join("zones/noise"), octets).unwrap();
    origin.push_all("Much noise");
    let settings = format!("repository = \"file://{}\"\nfetch_octets = 1048576\n", origin.bare().place.display());
    let running = origin.serve(&settings);
    expect_refused(&running, "it brought more than 1048576 octets");
    let (code, said) = running.run("fetch", &[]);
    assert_eq!((code, said.contains("it brought more than 1048576 octets")), (2, true), "{said}");
}

#[test]
fn a_successor_follows_and_saves_what_its_predecessor_did() {
    let origin = Origin::new();
    let old = origin.serve("");
    origin.push(2, 2);
    expect_states(&old, "2", "2");
    let new = Running::start_in(&origin.directory, &["--threads", "1", "--take-over"]);
    expect_states(&new, "2", "2");
    drop(old);
    let commit = origin.push(3, 3);
    expect_states(&new, "3", "3");
    let is_writer = || !new.run("status", &[]).1.contains("written by another process");
    assert!(wait_for(|| is_writer().then_some(())).is_some(), "{}", new.run("status", &[]).1);
    new.end();
    fs::rename(origin.bare().place, origin.directory.path().join("gone")).unwrap();
    let last = Running::start_in(&origin.directory, &["--threads", "1"]);
    expect_states(&last, "3", "3");
    assert_eq!(provenance(&last), commit);
}

/// Both zones carry one number; every fifth commit is broken.
fn commit_number(work: &Repository, number: u32) {
    let broken = if number.is_multiple_of(5) { "broken A here\n" } else { "" };
    let b = text(number) + broken;
    work.commit(&format!("State {number}"), &[("zones/a.zone", &text(number)), ("zones/b.zone", &b)]);
}

struct EndOf<'a>(&'a AtomicBool);

impl Drop for EndOf<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn a_burst_of_commits_is_answered_in_order_while_git_collects_garbage() {
    const COMMITS: u32 = 200;
    let origin = Origin::new();
    let running = origin.serve("");
    expect_states(&running, "1", "1");
    let (is_over, asked) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        // Should this thread panic, the others are not to go on for ever.
        let end = EndOf(&is_over);
        let asker = scope.spawn(|| {
            let (udp, mut last) = (running.udp(), 1);
            while !is_over.load(Ordering::Acquire) {
                for zone in ["a", "b"] {
                    let response = udp.ask(&Query::new(&format!("state.{zone}"), Rtype::TXT));
                    let number: u32 =
                        crate::support::running::state_of(&response).parse().expect("an answer of a commit");
                    assert!(number >= last && (number == 1 || !number.is_multiple_of(5)), "{number} after {last}");
                    last = number;
                }
                asked.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        });
        let collector = scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                origin.bare().git(&["gc", "-q"]);
            }
        });
        for number in 2..=COMMITS + 1 {
            commit_number(&origin.work, number);
            // Git's own collector may take a directory away under a push, which is then to be tried again.
            let push = || origin.work.command(&["push", "-q", "origin", "main"]).output().unwrap().status.success();
            assert!((0..20).any(|_| push()), "{number} is pushed");
        }
        running.expect_state("a", &(COMMITS + 1).to_string());
        drop(end);
        asker.join().unwrap();
        collector.join().unwrap();
    });
    assert!(asked.into_inner() > COMMITS / 10, "there was hardly a query");
}

#[test]
fn commands_read_the_branch_and_revisions() {
    let origin = Origin::new();
    origin.push(2, 1);
    origin.push(2, 3);
    origin.configure("");
    let run = |directory: &Path, verb: &str, arguments: &[&str]| {
        let output = Running::command(directory, verb).args(arguments).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let place = origin.directory.path();
    let (code, said) = run(place, "query", &["state.b", "TXT"]);
    assert_eq!((code, said.contains("TXT\t\"3\"")), (0, true), "{said}");
    let (code, said) = run(place, "diff", &["main~1"]);
    assert_eq!((code, said.contains("+ state.b. 300 IN TXT \"3\"")), (0, true), "{said}");
    assert!(!said.contains("state.a."), "{said}");
    // In a checkout, revisions are those of the repository that its zones lie in.
    let (code, said) = run(&origin.work.place, "diff", &["main~2", "HEAD"]);
    assert!(code == 0 && said.contains("state.a.") && said.contains("state.b."), "{said}");
    let (code, said) = run(&origin.work.place, "diff", &["no-such-thing"]);
    assert_eq!((code, said.contains("names no commit")), (2, true), "{said}");
}

/// How many commits the long run takes: all of them where everything is asked for.
fn long_run() -> u32 {
    if std::env::var_os("ZONEWRIGHT_WHOLE").is_some() { 1000 } else { 60 }
}

/// The project's own zones at a commit of this number, which three of them carry; broken ones are broken in one of many ways.
fn commit_almalinux(work: &Repository, number: u32, is_broken: bool) {
    let stamp = |zone: &str, more: &str| {
        let file = format!("zones/{zone}.zone");
        let original = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap();
        fs::write(work.place.join(&file), original.replace("2026082001", &(2_026_082_001 + number).to_string()) + more)
            .unwrap();
    };
    let chain = format!("commit {number} CNAME n{number}.azure.repo\nn{number} TXT \"{number}\"\n");
    stamp("almalinux.org", &chain);
    stamp("azure.repo.almalinux.org", &format!("n{number} {number} TXT \"{number}\"\n"));
    let faults = [
        "x A 192.0.2.1 192.0.2.2\n",
        "x CNAME y\nx A 192.0.2.1\n",
        "x TXT \"open\n",
        "x (\n",
        "<<<<<<< HEAD\n",
        "@ SOA a b 1 2 3 4 5\n",
        "other.example. A 192.0.2.1\n",
        "$INCLUDE ../../etc/passwd\n",
        "$GENERATE 1-99999 x$ A 192.0.2.1\n",
    ];
    let fault = if is_broken { faults[(number / 5) as usize % faults.len()] } else { "" };
    stamp("almalinux.dev", fault);
    work.commit(&format!("Commit {number}"), &[]);
}

#[test]
fn random_commits_over_our_zones_lose_no_query_and_mix_no_commits() {
    let commits = long_run();
    let origin = Origin::new();
    fs::remove_dir_all(origin.work.place.join("zones")).unwrap();
    let zones = Path::new(env!("CARGO_MANIFEST_DIR")).join("zones");
    let copied = Command::new("cp").arg("-r").arg(zones).arg(&origin.work.place).status().unwrap();
    assert!(copied.success());
    commit_almalinux(&origin.work, 1, false);
    origin.work.git(&["push", "-q", "origin", "main"]);
    let running = origin.serve("");
    let (is_over, asked) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let end = EndOf(&is_over);
        let asker = scope.spawn(|| {
            let (udp, mut last) = (running.udp(), 1);
            while !is_over.load(Ordering::Acquire) {
                let response = udp.ask(&Query::new("commit.almalinux.org", Rtype::TXT));
                let [alias, text] = response.answer.as_slice() else { panic!("no answer of a commit: {response}") };
                let number = alias.ttl;
                assert_eq!((text.ttl, &text.rdata[1..]), (number, number.to_string().as_bytes()), "of two commits");
                assert!(number >= last && (number == 1 || !number.is_multiple_of(5)), "{number} after {last}");
                last = number;
                asked.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        });
        for number in 2..=commits + 1 {
            commit_almalinux(&origin.work, number, number.is_multiple_of(5));
            origin.work.git(&["push", "-q", "origin", "main"]);
        }
        let last = (commits + 1).to_string();
        let ask = || running.udp().ask(&Query::new("commit.almalinux.org", Rtype::TXT));
        let live = wait_for(|| (crate::support::running::state_of(&ask()) == last).then_some(()));
        assert!(live.is_some(), "{last} does not go live: {}\n{}", ask(), running.log());
        drop(end);
        asker.join().unwrap();
    });
    assert!(asked.into_inner() > commits / 10, "there was hardly a query");
}

#[test]
fn a_checkout_that_is_interrupted_leaves_what_was_served() {
    let origin = Origin::new();
    let running = {
        let config = "[source]\ndirectory = \"checkout/zones\"\npoll = \"1h\"\n";
        fs::write(origin.directory.path().join("zonewright.toml"), config).unwrap();
        Running::start_in(&origin.directory, &["--threads", "1"])
    };
    expect_states(&running, "1", "1");
    // Half of a checkout: one file written and not closed, another cut off.
    let mut open = fs::File::create(origin.work.place.join("zones/a.zone")).unwrap();
    std::io::Write::write_all(&mut open, &text(2).as_bytes()[..20]).unwrap();
    assert_eq!((running.state("a"), running.state("b")), ("1".into(), "1".into()));
    drop(open);
    running.expect_log("a. is refused");
    assert_eq!((running.state("a"), running.state("b")), ("1".into(), "1".into()));
    origin.work.git(&["checkout", "-q", "--", "zones"]);
    origin.commit(2, 2);
    expect_states(&running, "2", "2");
}
