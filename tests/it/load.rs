//! Zone files from a directory: what is read, and what hostile files get instead.

#![expect(clippy::disallowed_methods, reason = "tests make the files that are read")]

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zonewright::control::load::{self, Loaded, Root, Terms, load, unchanged, zone_files};
use zonewright::dns::Name;
use zonewright::lint::Settings;
use zonewright::zonefile::Limits;

const ZONE: &str = "@ 3600 SOA ns mail 1 7200 900 1209600 300\n@ 3600 NS ns\nns 3600 A 192.0.2.1\n";

/// A zone directory `zones` inside a directory that zone files must not read.
struct Place {
    outer: TempDir,
}

impl Place {
    fn new() -> Self {
        let outer = tempfile::tempdir().unwrap();
        fs::create_dir(outer.path().join("zones")).unwrap();
        fs::write(outer.path().join("secret"), "secret 3600 A 192.0.2.99\n").unwrap();
        Self { outer }
    }

    fn zones(&self) -> PathBuf {
        self.outer.path().join("zones")
    }

    fn write(&self, file: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.zones().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn root(&self) -> Root {
        Root::open(&self.zones()).unwrap()
    }

    fn load(&self, file: &str) -> Loaded {
        load(&self.root(), Path::new(file), &name("example."), &Terms::now(&Limits::default(), &Settings::default()))
    }

    /// The zone that includes `path`.
    fn load_include(&self, path: impl AsRef<[u8]>) -> Loaded {
        let line = [ZONE.as_bytes(), b"$INCLUDE \"", path.as_ref(), b"\"\n"].concat();
        self.write("a.zone", line);
        self.load("a.zone")
    }
}

fn name(text: &str) -> Name {
    Name::absolute(text).unwrap()
}

fn codes(loaded: &Loaded) -> Vec<&'static str> {
    loaded.findings.iter().map(|finding| finding.code.name).collect()
}

#[track_caller]
fn assert_refused(loaded: &Loaded, code: &str, words: &str) {
    assert_eq!(codes(loaded), [code], "{:?}", loaded.findings);
    let finding = &loaded.findings[0];
    assert!(finding.headline.contains(words), "`{}` does not say `{words}`", finding.headline);
    assert!(!finding.why.is_empty() && !finding.fix.is_empty(), "{finding:?}");
    assert!(loaded.zone.is_none());
}

#[test]
fn a_zone_and_its_includes_are_read() {
    let place = Place::new();
    place.write("a.zone", format!("{ZONE}$INCLUDE sub/b.inc\n"));
    place.write("sub/b.inc", "$INCLUDE c.inc\n$INCLUDE ../d.inc\n");
    place.write("sub/c.inc", "c 3600 A 192.0.2.3\n");
    place.write("d.inc", "d 3600 A 192.0.2.4\n");
    let loaded = place.load("a.zone");
    assert!(loaded.zone.is_some(), "{:?}", loaded.findings);
    let paths: Vec<_> = loaded.stamps.iter().map(|stamp| stamp.path.to_str().unwrap()).collect();
    assert_eq!(paths, ["a.zone", "sub/b.inc", "sub/c.inc", "d.inc"]);
    assert!(loaded.sources.iter().nth(1).unwrap().1.name().ends_with("zones/sub/b.inc"));
}

#[test]
fn links_that_stay_inside_are_followed() {
    let place = Place::new();
    place.write("..2026/a.zone", format!("{ZONE}$INCLUDE linked.inc\n"));
    place.write("..2026/b.inc", "b 3600 A 192.0.2.3\n");
    symlink("..2026", place.zones().join("..data")).unwrap();
    symlink("..data/a.zone", place.zones().join("a.zone")).unwrap();
    symlink("..data/b.inc", place.zones().join("linked.inc")).unwrap();
    let loaded = place.load("a.zone");
    assert!(loaded.zone.is_some(), "{:?}", loaded.findings);
}

#[test]
fn hostile_includes_are_refused() {
    let place = Place::new();
    symlink("../secret", place.zones().join("out.inc")).unwrap();
    symlink(place.outer.path().join("secret"), place.zones().join("absolute.inc")).unwrap();
    symlink("..", place.zones().join("up")).unwrap();
    symlink("self.inc", place.zones().join("self.inc")).unwrap();
    symlink("/dev/zero", place.zones().join("device.inc")).unwrap();
    symlink("/proc/self/root", place.zones().join("magic")).unwrap();
    fs::create_dir(place.zones().join("directory")).unwrap();
    make_fifo(&place.zones().join("fifo.inc"));
    let _socket = std::os::unix::net::UnixListener::bind(place.zones().join("socket.inc")).unwrap();
    let secret = place.outer.path().join("secret");
    let cases: &[(&[u8], &str, &str)] = &[
        (b"../secret", "include-refused", "leads out of the zone directory"),
        (b"directory/../../secret", "include-refused", "leads out of the zone directory"),
        (secret.as_os_str().as_bytes(), "include-refused", "is an absolute path"),
        (b"out.inc", "include-refused", "leads out of the zone directory"),
        (b"absolute.inc", "include-refused", "leads out of the zone directory"),
        (b"up/secret", "include-refused", "leads out of the zone directory"),
        (b"device.inc", "include-refused", "leads out of the zone directory"),
        (b"magic/etc/passwd", "include-refused", "leads out of the zone directory"),
        (b"self.inc", "include-refused", "a link that leads to itself"),
        (b"fifo.inc", "include-refused", "is a FIFO, not a plain file"),
        (b"socket.inc", "include-refused", "is a socket, not a plain file"),
        (b"directory", "include-refused", "is a directory, not a plain file"),
        (b"missing.inc", "unreadable-file", "does not exist"),
        (b"caf\xE9.inc", "unreadable-file", "does not exist"),
        (b"a.zone", "include-refused", "includes itself"),
        (b"./directory/../a.zone", "include-refused", "includes itself"),
    ];
    for (path, code, words) in cases {
        assert_refused(&place.load_include(path), code, words);
    }
}

#[test]
fn a_path_that_is_not_utf8_is_read() {
    let place = Place::new();
    place.write(std::ffi::OsStr::from_bytes(b"caf\xE9.inc"), "b 3600 A 192.0.2.3\n");
    let loaded = place.load_include(b"caf\xE9.inc");
    assert!(loaded.zone.is_some(), "{:?}", loaded.findings);
    assert!(loaded.sources.iter().nth(1).unwrap().1.name().ends_with("caf\\xe9.inc"));
}

#[test]
fn a_link_does_not_hide_a_cycle() {
    let place = Place::new();
    place.write("b.inc", "$INCLUDE link.inc\n");
    symlink("b.inc", place.zones().join("link.inc")).unwrap();
    assert_refused(&place.load_include("b.inc"), "include-refused", "includes itself");
}

#[test]
fn a_chain_of_includes_ends_at_the_limit() {
    let place = Place::new();
    (0..40).for_each(|depth| place.write(format!("{depth}.inc"), format!("$INCLUDE {}.inc\n", depth + 1)));
    let loaded = place.load_include("0.inc");
    assert_refused(&loaded, "include-refused", "more than 16 deep");
    assert!(loaded.stamps.len() < 20, "{}", loaded.stamps.len());
}

#[test]
fn hostile_zone_files_are_refused() {
    let place = Place::new();
    make_fifo(&place.zones().join("fifo.zone"));
    fs::create_dir(place.zones().join("directory.zone")).unwrap();
    symlink("../secret", place.zones().join("out.zone")).unwrap();
    place.write("empty.zone", "");
    place.write("comments.zone", "; nothing\n\t\n\r\n");
    let cases = [
        ("fifo.zone", "unreadable-file", "is a FIFO"),
        ("directory.zone", "unreadable-file", "is a directory"),
        ("out.zone", "unreadable-file", "leads out of the zone directory"),
        ("missing.zone", "unreadable-file", "does not exist"),
        ("empty.zone", "emptied-file", "holds no records"),
        ("comments.zone", "emptied-file", "holds no records"),
    ];
    for (file, code, words) in cases {
        let loaded = place.load(file);
        assert_refused(&loaded, code, words);
        assert_eq!(loaded.findings[0].zone, Some(name("example.")));
        assert_eq!(loaded.sources.iter().len(), 1);
    }
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let place = Place::new();
    place.write("a.zone", ZONE);
    let limits = |file_octets| Limits { file_octets, ..Limits::default() };
    let load = |limits| {
        load(&place.root(), Path::new("a.zone"), &name("example."), &Terms::now(&limits, &Settings::default()))
    };
    assert!(load(limits(ZONE.len() as u32)).zone.is_some());
    assert_refused(&load(limits(ZONE.len() as u32 - 1)), "file-too-large", "has more than");
    // A file with a hole is as large as it says, whatever it holds.
    fs::File::create(place.zones().join("hole.zone")).unwrap().set_len(1 << 42).unwrap();
    assert_refused(&place.load("hole.zone"), "file-too-large", "has more than");
}

#[test]
fn a_growing_file_is_read_up_to_the_limit() {
    let place = Place::new();
    place.write("a.zone", ZONE);
    let limits = Limits { file_octets: 1 << 20, ..Limits::default() };
    let path = place.zones().join("a.zone");
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::File::options().append(true).open(&path).unwrap();
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) && file.metadata().unwrap().len() < 64 << 20 {
                std::io::Write::write_all(&mut file, &[b'\n'; 4096]).unwrap();
            }
        });
        for _ in 0..100 {
            let loaded =
                load(&place.root(), Path::new("a.zone"), &name("example."), &Terms::now(&limits, &Settings::default()));
            let (_, source) = loaded.sources.iter().next().unwrap();
            assert!(source.text().len() <= 1 << 20);
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn content_decides_what_changed() {
    let place = Place::new();
    place.write("b.inc", "b 3600 A 192.0.2.3\n");
    let loaded = place.load_include("b.inc");
    let (root, limits) = (place.root(), Limits::default());
    let before = load::digest_of(&loaded.stamps);
    assert!(unchanged(&root, &loaded.stamps, &limits).is_some());
    place.write("b.inc", "b 3600 A 192.0.2.3\n");
    let stamps = unchanged(&root, &loaded.stamps, &limits).expect("the same text was written again");
    // The same size within the same tick of the clock: no stat can tell.
    place.write("b.inc", "b 3600 A 192.0.2.4\n");
    assert!(unchanged(&root, &stamps, &limits).is_none());
    assert_ne!(load::digest_of(&place.load("a.zone").stamps), before);
    fs::remove_file(place.zones().join("b.inc")).unwrap();
    let missing = place.load("a.zone");
    assert!(unchanged(&root, &missing.stamps, &limits).is_some());
    place.write("b.inc", "");
    assert!(unchanged(&root, &missing.stamps, &limits).is_none(), "an include that came is a change");
}

#[test]
fn a_directory_is_searched_for_zones() {
    let place = Place::new();
    for file in ["example.zone", "sub/EXAMPLE.org.zone", "root.zone", "sub/b.inc", ".hidden.zone", ".git/x.zone"] {
        place.write(file, ZONE);
    }
    place.write("a..b.zone", ZONE);
    fs::create_dir_all(place.zones().join("releases/old")).unwrap();
    symlink("sub", place.zones().join("current")).unwrap();
    symlink("sub", place.zones().join("directory.zone")).unwrap();
    symlink("sub/b.inc", place.zones().join("linked.zone")).unwrap();
    symlink("../secret", place.zones().join("out.zone")).unwrap();
    let listing = zone_files(&place.root(), &[]).unwrap();
    let found: Vec<_> = listing.zones.iter().map(|zone| (zone.name.to_string(), zone.file.to_str().unwrap())).collect();
    let expected = [
        (".", "root.zone"),
        ("example.", "example.zone"),
        ("linked.", "linked.zone"),
        ("EXAMPLE.org.", "sub/EXAMPLE.org.zone"),
        ("out.", "out.zone"),
    ];
    assert_eq!(found, expected.map(|(name, file)| (name.to_owned(), file)));
    assert_eq!(listing.misnamed.len(), 1);
    assert_eq!(listing.misnamed[0].0, Path::new("a..b.zone"));
}

#[test]
fn two_files_for_one_zone_are_a_finding_that_names_both() {
    let place = Place::new();
    place.write("example.zone", ZONE);
    place.write("sub/Example.zone", ZONE);
    let listing = zone_files(&place.root(), &[]).unwrap();
    assert_eq!(listing.zones.len(), 1);
    let loaded =
        load::load_listed(&place.root(), &listing.zones[0], &Terms::now(&Limits::default(), &Settings::default()));
    assert_refused(&loaded, "many-files", "zones/example.zone` and `");
    assert!(loaded.findings[0].headline.contains("zones/sub/Example.zone"));
}

#[test]
fn a_tree_without_end_is_no_zone_directory() {
    let place = Place::new();
    place.write(PathBuf::from_iter(std::iter::repeat_n("d", 40)).join("a.zone"), ZONE);
    let error = zone_files(&place.root(), &[]).unwrap_err();
    assert!(error.to_string().contains("directories deep"), "{error}");
}

#[test]
fn configured_files_stay_inside() {
    let place = Place::new();
    let list = |file: &str| zone_files(&place.root(), &[(name("example."), file.into())]);
    assert_eq!(list("sub/../a.zone").unwrap().zones[0].file, Path::new("a.zone"));
    assert!(list("../secret").is_err());
    assert!(list("/etc/passwd").is_err());
}

fn make_fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo is there");
    assert!(made.success());
}
