//! Who wrote a line, told as git tells it: on histories made for it, with git itself as the oracle.

#![expect(clippy::disallowed_methods, reason = "tests write what git then knows")]

use std::fmt::Write as _;
use std::path::Path;

use zonewright::control::git::{Bounds, Id, Origin, Repository as History};

use crate::support::command;
use crate::support::git::Repository;

const ZONE: &str = "$TTL 300\n@ SOA ns host 1 7200 1800 1209600 60\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.1\n";

/// A directory with a repository in it.
fn repository() -> (tempfile::TempDir, Repository) {
    let directory = tempfile::tempdir().unwrap();
    let repository = Repository::init(directory.path(), &[]);
    (directory, repository)
}

/// Where each line of `text`, the file `path` now, comes from.
fn origins(repository: &Repository, path: &str, text: &[u8], bounds: Bounds) -> Vec<Origin> {
    let head = Id::from_hex(repository.head().as_bytes()).unwrap();
    let count = text.split_inclusive(|octet| *octet == b'\n').count() as u32;
    let lines: Vec<u32> = (1..=count).collect();
    History::open(&repository.place).unwrap().blame(head, Path::new(path), text, &lines, bounds).unwrap()
}

/// The commit of each line as git has it, all zeros where there is none yet.
fn by_git(repository: &Repository, path: &str) -> Vec<String> {
    let told = repository.git(&["blame", "--line-porcelain", "--", path]);
    let heads = told.lines().filter(|line| !line.starts_with('\t')).filter_map(|line| line.split_once(' '));
    let is_id = |word: &str| word.len() >= 40 && word.bytes().all(|octet| octet.is_ascii_hexdigit());
    heads.filter(|(first, _)| is_id(first)).map(|(first, _)| first.to_owned()).collect()
}

fn by_us(repository: &Repository, path: &str) -> Vec<String> {
    let text = std::fs::read(repository.place.join(path)).unwrap();
    let id = |origin| match origin {
        Origin::Wrote(id) | Origin::Added(id) | Origin::CutOff(id) | Origin::Older(id, _) => id.to_string(),
        Origin::Uncommitted => "0".repeat(repository.head().len()),
    };
    origins(repository, path, &text, Bounds::default()).into_iter().map(id).collect()
}

#[track_caller]
fn expect_same(repository: &Repository, path: &str, what: &str) {
    let (ours, theirs) = (by_us(repository, path), by_git(repository, path));
    assert!(!theirs.is_empty(), "{what}: git tells of no line");
    assert_eq!(ours, theirs, "{what}: {path}");
}

/// Numbers without a pattern, the same each time (a linear congruential generator with Knuth's constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Alters, adds, removes and moves lines of a zone; some of them are blank, or the same as others.
fn edit(text: &mut Vec<String>, number: usize, numbers: &mut Numbers) {
    for step in 0..=numbers.below(3) {
        let at = numbers.below(text.len());
        match numbers.below(6) {
            0 => text.insert(at, String::new()),
            1 => drop(text.remove(at)),
            2 if at > 0 => text.swap(at, at - 1),
            3 => text.insert(at, "  MX 10 mail".into()),
            _ => text[at] = format!("h{number}-{step} A 192.0.2.{}", number % 256),
        }
        if text.len() < 10 {
            text.push(format!("more{number}-{step} A 192.0.2.9"));
        }
    }
}

#[test]
fn git_and_we_name_the_same_commits() {
    for seed in 0..4 {
        let (_directory, repository) = repository();
        let mut numbers = Numbers(seed);
        let mut text: Vec<String> = (0..40).map(|line| format!("n{line} A 192.0.2.{line}")).collect();
        for number in 0..40 {
            edit(&mut text, number, &mut numbers);
            let other = format!("{number}");
            repository.commit(&other, &[("zones/a.zone", &(text.join("\n") + "\n")), ("other", &other)]);
            if number % 8 == 7 {
                repository.git(&["revert", "--no-edit", "HEAD"]);
                let now = std::fs::read_to_string(repository.place.join("zones/a.zone")).unwrap();
                text = now.lines().map(str::to_owned).collect();
            }
        }
        expect_same(&repository, "zones/a.zone", &format!("seed {seed}"));
    }
}

#[test]
fn a_merged_line_is_its_authors_and_not_whoever_merged_it() {
    let (_directory, repository) = repository();
    let lines: Vec<String> = (0..30).map(|line| format!("n{line} A 192.0.2.{line}\n")).collect();
    let with = |changed: &[(usize, &str)]| {
        let mut lines = lines.clone();
        changed.iter().for_each(|&(line, text)| lines[line] = format!("{text}\n"));
        lines.concat()
    };
    repository.commit("first", &[("a.zone", &with(&[]))]);
    repository.git(&["checkout", "-q", "-b", "side"]);
    let side = repository.commit("side", &[("a.zone", &with(&[(25, "side A 192.0.2.1")]))]);
    repository.git(&["checkout", "-q", "main"]);
    let main = repository.commit("main", &[("a.zone", &with(&[(3, "main A 192.0.2.1")]))]);
    repository.git(&["merge", "-q", "--no-edit", "side"]);
    expect_same(&repository, "a.zone", "both sides touch it");
    let told = by_us(&repository, "a.zone");
    assert_eq!((&told[3], &told[25]), (&main, &side));
    // A merge that takes one side as it is, and one that writes a line of its own.
    repository.git(&["checkout", "-q", "-b", "again", "HEAD~1"]);
    repository.commit("again", &[("b", "x")]);
    repository.git(&["checkout", "-q", "main"]);
    repository.git(&["merge", "-q", "--no-edit", "again"]);
    repository.git(&["checkout", "-q", "-b", "third", "HEAD~1"]);
    repository.commit("third", &[("b", "y")]);
    repository.git(&["checkout", "-q", "main"]);
    repository.git(&["merge", "-q", "--no-commit", "-s", "ours", "third"]);
    let evil = repository.commit("evil", &[("a.zone", &with(&[(3, "main A 192.0.2.1"), (9, "evil A 192.0.2.1")]))]);
    expect_same(&repository, "a.zone", "merges that take over and that write");
    assert_eq!(by_us(&repository, "a.zone")[9], evil);
}

#[test]
fn what_no_commit_has_is_said_to_be_so() {
    let (_directory, repository) = repository();
    let first = repository.commit("first", &[("zones/a.zone", ZONE)]);
    let path = repository.place.join("zones/a.zone");
    std::fs::write(&path, ZONE.replace("@ NS ns\n", "@ NS ns\nnew A 192.0.2.2\n")).unwrap();
    expect_same(&repository, "zones/a.zone", "a line is new");
    assert_eq!(by_us(&repository, "zones/a.zone").iter().filter(|id| **id != first).count(), 1);
    // A file that git does not know, below a directory that it does or does not know, or where it has a directory.
    for path in ["zones/b.zone", "new/b.zone", "zones"] {
        let told = origins(&repository, path, ZONE.as_bytes(), Bounds::default());
        assert_eq!(told, [Origin::Uncommitted; 5], "{path}");
    }
}

#[test]
fn a_moved_file_has_its_lines_from_the_commit_that_moved_it() {
    let (_directory, repository) = repository();
    repository.commit("first", &[("a.zone", ZONE)]);
    repository.git(&["mv", "a.zone", "b.zone"]);
    let moved = Id::from_hex(repository.commit("moved", &[]).as_bytes()).unwrap();
    let changed = ZONE.replace("192.0.2.53", "192.0.2.54");
    let changed_by = Id::from_hex(repository.commit("changed", &[("b.zone", &changed)]).as_bytes()).unwrap();
    let told = origins(&repository, "b.zone", changed.as_bytes(), Bounds::default());
    let added = Origin::Added(moved);
    assert_eq!(told, [added, added, added, Origin::Wrote(changed_by), added]);
}

#[test]
fn a_shallow_clone_says_where_it_is_cut_off() {
    let (directory, repository) = repository();
    let file = "zones/example.org.zone";
    for number in 0..4 {
        let zone = ZONE.replace("192.0.2.1\n", &format!("192.0.2.{number}\n"));
        repository.commit(&number.to_string(), &[(file, &zone)]);
    }
    let place = directory.path().join("shallow");
    let url = format!("file://{}", directory.path().display());
    repository.git(&["clone", "-q", "--depth", "2", &url, place.to_str().unwrap()]);
    let shallow = Repository { place };
    let text = std::fs::read(shallow.place.join(file)).unwrap();
    let told = origins(&shallow, file, &text, Bounds::default());
    let id = |revision: &str| Id::from_hex(shallow.git(&["rev-parse", revision]).as_bytes()).unwrap();
    assert_eq!((told[0], told[4]), (Origin::CutOff(id("HEAD~1")), Origin::Wrote(id("HEAD"))));
    expect_same(&shallow, file, "shallow");
    let (_, stdout, _) = command::run(&shallow.place, &["explain", "www.example.org"]);
    let edge = shallow.git(&["rev-parse", "--short=12", "HEAD~1"]);
    let cut =
        format!("at {file}:2, in {edge} or before, where this shallow clone is cut off (`git fetch --unshallow`)\n");
    assert!(stdout.contains(&cut), "{stdout}");
}

/// A history of `count` commits, of which each hundredth touches the zone and the others a file beside it.
fn long(count: usize) -> (tempfile::TempDir, Repository) {
    let (directory, repository) = repository();
    let mut stream = String::new();
    for number in 1..=count {
        let text = if number % 100 == 1 {
            ZONE.replace("192.0.2.53", &format!("192.0.2.{}", number / 100))
        } else {
            number.to_string()
        };
        let path = if number % 100 == 1 { "zones/example.org.zone" } else { "zones/log" };
        let _ = write!(stream, "blob\nmark :{number}\ndata {}\n{text}\n", text.len());
        let _ = write!(stream, "commit refs/heads/main\nmark :{}\n", count + number);
        let _ = write!(stream, "committer Ada <ada@example.org> {number} +0000\ndata 1\nx\n");
        let _ = write!(stream, "M 100644 :{number} {path}\n\n");
    }
    let mut import = repository.command(&["fast-import", "--quiet"]);
    let (code, _, stderr) = command::feed(&mut import, &stream);
    assert_eq!(code, 0, "{stderr}");
    repository.git(&["reset", "-q", "--hard"]);
    (directory, repository)
}

#[test]
fn a_long_history_is_walked_quickly_and_no_further_than_the_bound() {
    let (_directory, repository) = long(10_000);
    expect_same(&repository, "zones/example.org.zone", "10,000 commits");
    let start = std::time::Instant::now();
    by_us(&repository, "zones/example.org.zone");
    let took = start.elapsed();
    // A fifth of a second where nothing else runs, and not optimised; this is for what grows with the square.
    assert!(took < std::time::Duration::from_secs(10), "{took:?}");
    let text = std::fs::read(repository.place.join("zones/example.org.zone")).unwrap();
    let told = |bounds| origins(&repository, "zones/example.org.zone", &text, bounds);
    let all = told(Bounds::default());
    // The last change is 99 commits back, so fifty commits do not reach it; two hundred reach it and not the first.
    let few = told(Bounds { commits: 50, ..Bounds::default() });
    assert!(few.iter().all(|origin| matches!(origin, Origin::Older(_, 50))), "{few:?}");
    let more = told(Bounds { commits: 200, ..Bounds::default() });
    assert!(more[3] == all[3] && matches!(more[0], Origin::Older(_, 200)), "{more:?}");
    // Texts are bounded too: one comparison is all that is done of these.
    let one = told(Bounds { octets: 1, ..Bounds::default() });
    assert!(one[3] == all[3] && matches!(one[0], Origin::Older(_, 100)), "{one:?}");
}

#[test]
fn explain_names_the_authors() {
    let (directory, repository) = repository();
    let first = repository.commit(
        "first",
        &[
            ("zones/example.org.zone", &format!("{ZONE}$INCLUDE parts/a.inc\n")),
            ("zones/parts/a.inc", "inc A 192.0.2.7\n"),
        ],
    );
    let zone = format!("{}$INCLUDE parts/a.inc\n", ZONE.replace("192.0.2.1\n", "192.0.2.9\n"));
    let second = repository.commit("second", &[("zones/example.org.zone", &zone)]);
    let explain = |place: &Path, name: &str| command::run(place, &["explain", name]);
    let by = |id: &str| format!("{} by Ada <ada@example.org>", &id[..12]);
    let (code, stdout, stderr) = explain(&repository.place, "www.example.org");
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains(&format!("at zones/example.org.zone:5, {}\n", by(&second))), "{stdout}");
    assert!(
        stdout.contains(&format!("at zones/example.org.zone:2, {}, which added the file\n", by(&first))),
        "{stdout}"
    );
    let (_, stdout, _) = explain(&repository.place, "inc.example.org");
    assert!(stdout.contains(&format!("at zones/parts/a.inc:1, {}, which added", by(&first))), "{stdout}");
    std::fs::write(repository.place.join("zones/example.org.zone"), format!("{zone}late A 192.0.2.8\n")).unwrap();
    let (_, stdout, _) = explain(&repository.place, "late.example.org");
    assert!(stdout.contains("at zones/example.org.zone:7, not committed yet\n"), "{stdout}");
    // Served from a branch of a repository: no checkout is needed.
    let elsewhere = tempfile::tempdir().unwrap();
    let config = format!("[source]\nrepository = \"{}\"\npath = \"zones\"\n", directory.path().join(".git").display());
    std::fs::write(elsewhere.path().join("zonewright.toml"), config).unwrap();
    let (_, stdout, stderr) = explain(elsewhere.path(), "www.example.org");
    assert!(stdout.contains(&format!("zones/example.org.zone:5, {}\n", by(&second))), "{stdout}{stderr}");
}

#[test]
fn explain_without_a_history_still_explains() {
    let plain = command::directory(&[("zones/example.org.zone", ZONE)]);
    let (code, stdout, stderr) = command::run(plain.path(), &["explain", "www.example.org"]);
    assert!(code == 0 && stderr.is_empty() && stdout.contains("at zones/example.org.zone:5\n"), "{stdout}{stderr}");
    // A repository without a commit, and one whose history is broken.
    let repository = Repository::init(plain.path(), &[]);
    let (code, stdout, stderr) = command::run(plain.path(), &["explain", "www.example.org"]);
    assert!(code == 0 && stdout.contains("at zones/example.org.zone:5\n"), "{stdout}");
    assert!(stderr.starts_with("zonewright: who wrote these lines cannot be told: "), "{stderr}");
    repository.commit("first", &[]);
    let blob = repository.git(&["rev-parse", "HEAD:zones"]);
    std::fs::remove_file(plain.path().join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    let (code, _, stderr) = command::run(plain.path(), &["explain", "www.example.org"]);
    assert!(code == 0 && stderr.contains("cannot be told: object") && stderr.contains("git fsck"), "{stderr}");
}
