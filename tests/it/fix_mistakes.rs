//! Mistakes at random places of good zones: what `--fix` leaves has none of them, no other record is altered, and a second
//! run changes nothing.

#![expect(clippy::disallowed_methods, reason = "the zones are read from disk")]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use zonewright::control::Root;
use zonewright::control::fix::{Fixed, Texts, fix};
use zonewright::control::judged::Judged;
use zonewright::control::load::{MirrorList, Terms, load_text};
use zonewright::diagnostic::Diagnostic;
use zonewright::dns::{Name, Rtype};
use zonewright::lint::{self, Settings};
use zonewright::zone::{Zone, diff};
use zonewright::zonefile::Limits;

use crate::support;

/// 2026-11-24, at midnight.
const NOW: u32 = 1_795_478_400;

/// Numbers that look random and are the same in each run (Knuth's MMIX generator).
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most.max(1)
    }
}

/// A zone's file, and the directory of its includes.
struct Subject {
    root: Root,
    origin: Name,
    terms: Terms,
    /// What serials are held against.
    old: Option<Zone>,
}

impl Subject {
    fn new(folder: &Path, origin: &str) -> Self {
        let terms = Terms::at(&Limits::default(), &Settings { most_of_a_rule: 10_000, ..Settings::new(NOW) }, NOW);
        let (root, origin) = (Root::open(folder).unwrap(), Name::absolute(origin).unwrap());
        Self { root, origin, terms, old: None }
    }

    fn judge(&self, text: &[u8]) -> Judged {
        let loaded = load_text(&self.root, text.to_vec(), &self.origin, &self.terms);
        let mut judged = Judged::beside(vec![loaded], MirrorList::default(), &self.terms);
        let loaded = &mut judged.zones[0];
        if let (Some(old), Some(new), Some(settings)) = (&self.old, &loaded.zone, &self.terms.lint) {
            loaded.findings.extend(lint::check_change(Some(old), new, &loaded.sources, settings, true));
        }
        judged
    }

    fn fix(&self, text: &[u8]) -> (Vec<u8>, Fixed) {
        let path = Path::new("-");
        let texts = Texts::one("<stdin>", path, text.into());
        let mut may_edit = |_: &Texts, name: &str| match name {
            "<stdin>" => Ok(()),
            _ => Err("an include".to_owned()),
        };
        let found = self.judge(texts.text(path).unwrap());
        let mut judge = |texts: &Texts| Ok(self.judge(texts.text(path).unwrap()));
        let fixed = fix(texts, &found, &mut may_edit, &mut judge).unwrap();
        (fixed.texts.text(path).unwrap().to_vec(), fixed)
    }
}

/// A text with some mistakes, where it has lines for them.
fn spoilt(text: &[u8], random: &mut Random) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|&octet| octet == b'\n').map(<[u8]>::to_vec).collect();
    for _ in 0..1 + random.below(4) {
        let at = random.below(lines.len());
        let Some(line) = lines.get(at).cloned().filter(|line| is_plain(line)) else { continue };
        match random.below(3) {
            // The next line stays the next of the same owner.
            0 => lines.insert(at, line),
            1 => lines.insert(at + 1, [line.trim_ascii_end(), b"   ; the same\n"].concat()),
            _ => {
                if let Some(end) = line.windows(2).rposition(|pair| pair[0] == b'.' && pair[1].is_ascii_whitespace()) {
                    lines[at].remove(end);
                }
            }
        }
    }
    lines.concat()
}

/// A record of one line with an owner of its own, as far as can be told without reading it.
fn is_plain(line: &[u8]) -> bool {
    let is_special = |octet: &u8| b"$();\"\\\r#".contains(octet);
    line.ends_with(b"\n")
        && line.trim_ascii().len() > 5
        && !line[0].is_ascii_whitespace()
        && !line.iter().any(is_special)
}

fn assert_mended(what: &str, subject: &Subject, text: &[u8]) -> usize {
    let (after, fixed) = subject.fix(text);
    let shown = || zonewright::zonefile::difference_of_repair(what, text, &after);
    let (before_judged, after_judged) = (subject.judge(text), subject.judge(&after));
    let (before, loaded) = (&before_judged.zones[0], &after_judged.zones[0]);

    let left: HashSet<&str> = fixed.left.iter().map(|(step, _)| step.headline.as_str()).collect();
    let is_mendable = |one: &&Diagnostic| one.repair.is_some() && !left.contains(one.headline.as_str());
    let mendable = loaded.findings.iter().find(is_mendable).map(|one| &one.headline);
    assert_eq!(mendable, None, "{what}: {}", shown());

    if let Some(old) = &before.zone {
        let new = loaded.zone.as_ref().unwrap_or_else(|| panic!("{what} does not load: {}", shown()));
        let alters = |name: &Name, owner: &str| name.to_string().eq_ignore_ascii_case(owner);
        for change in diff(Some(old), Some(new)) {
            let owner = change.owner().to_string();
            let steps = fixed.made.iter().filter(|step| step.alters.iter().any(|name| alters(name, &owner)));
            let rules: Vec<&str> = steps.map(|step| step.rule).collect();
            assert!(!rules.is_empty(), "{what}: nobody alters {owner}: {}", shown());
            let is_serial = rules.iter().all(|rule| rule.starts_with("serial-"));
            assert!(!is_serial || change.rtype() == Rtype::SOA, "{what}: {owner}: {}", shown());
        }
    }
    let (again, second) = subject.fix(&after);
    let reasons: Vec<_> = fixed.left.iter().map(|(step, reason)| (step.rule, reason)).collect();
    assert!(again == after && second.made.is_empty(), "{what}: mended twice: {}{reasons:?}", shown());
    fixed.made.len()
}

/// The mistakes of one file: as it is, then spoilt, then with a record more and its serial as it was.
fn try_file(folder: &Path, file: &Path, origin: &str, seeds: u64) -> usize {
    let what = file.display().to_string();
    let mut subject = Subject::new(folder, origin);
    let text = fs::read(file).unwrap();
    let mut made = assert_mended(&what, &subject, &text);
    subject.old = load_text(&subject.root, text.clone(), &subject.origin, &subject.terms).zone;
    for seed in 0..seeds {
        let mut random = Random(seed * 1_000_003 + text.len() as u64);
        let mut spoilt = spoilt(&text, &mut random);
        if seed % 2 == 0 && spoilt.ends_with(b"\n") {
            spoilt
                .extend_from_slice(format!("zz-new.{} 300 IN TXT new\n", subject.origin).replace("..", ".").as_bytes());
        }
        made += assert_mended(&format!("{what}, seed {seed}"), &subject, &spoilt);
    }
    made
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "zone"));
    files.sort();
    files
}

#[test]
fn mistakes_in_our_zones_are_mended() {
    let folder = support::zone_directory();
    let mut made = 0;
    for file in files(&folder) {
        let origin = file.file_stem().unwrap().to_str().unwrap().to_owned();
        made += try_file(&folder, &file, &origin, 12);
    }
    assert!(made > 100, "only {made} mistakes were mended");
}

#[test]
fn mistakes_in_the_corpus_are_mended() {
    let Some(folder) = support::shared("corpus") else { return };
    #[derive(serde::Deserialize)]
    struct Corpus {
        zone: Vec<Entry>,
    }
    #[derive(serde::Deserialize)]
    struct Entry {
        file: String,
        set: String,
        origin: String,
    }
    let corpus: Corpus = toml::from_str(&fs::read_to_string(folder.join("corpus.toml")).unwrap()).unwrap();
    let mut made = 0;
    for entry in corpus.zone.iter().filter(|entry| entry.set == "good") {
        let file = folder.join(&entry.file);
        made += try_file(file.parent().unwrap(), &file, &entry.origin, 3);
    }
    assert!(made > 300, "only {made} mistakes were mended");
}
