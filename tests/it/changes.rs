//! Pull requests against the example zones: what `check` finds in each is what a reviewer must say, and no more.

#![expect(clippy::disallowed_methods, reason = "tests make copies of the zones, and change them")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::shared;

/// Findings that need the base of the change, and so more than a tree of zones.
const PENDING: &[&str] = &["serial-not-bumped"];

/// One line of `expected.tsv`.
struct Expected {
    change: String,
    file: String,
    line: u64,
    rule: String,
}

fn expected(folder: &Path) -> Vec<Expected> {
    let text = std::fs::read_to_string(folder.join("expected.tsv")).expect("expected.tsv");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let number = fields[3].parse().unwrap_or(0);
        Expected { change: fields[0].into(), file: fields[2].into(), line: number, rule: fields[4].into() }
    };
    text.lines().skip(1).map(row).collect()
}

/// A copy of the zones and of the mirror list beside this repository's config, with a change applied.
fn tree(almalinux: &Path, change: &Path) -> tempfile::TempDir {
    let tree = tempfile::tempdir().expect("a directory");
    for part in ["zones", "mirrors.d"] {
        copy(&almalinux.join(part), &tree.path().join(part));
    }
    std::fs::create_dir(tree.path().join("config")).expect("a directory");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/zonewright.toml");
    std::fs::copy(config, tree.path().join("config/zonewright.toml")).expect("the config");
    let diff = std::fs::File::open(change).expect("the change");
    let patch = Command::new("patch").args(["-p1", "-s"]).current_dir(tree.path()).stdin(Stdio::from(diff)).status();
    assert!(patch.expect("patch is installed").success(), "{} does not apply", change.display());
    tree
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a file");
        }
    }
}

/// File, line and rule of each finding.
fn found(tree: &Path) -> Vec<(String, u64, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_zonewright"))
        .current_dir(tree)
        .args(["check", "--format", "json"])
        .output()
        .expect("check runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let finding = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| object[key].as_str().expect("a text").to_owned();
        (text("file"), object["line"].as_u64().expect("a number"), text("rule"))
    };
    text.lines().map(finding).collect()
}

#[test]
fn each_change_is_told_of_as_a_reviewer_would() {
    let Some(almalinux) = shared("almalinux") else { return };
    let folder = almalinux.join("changes");
    let rows = expected(&folder);
    let mut changes: Vec<PathBuf> =
        std::fs::read_dir(&folder).expect("changes").map(|entry| entry.expect("an entry").path()).collect();
    changes.retain(|path| path.extension().is_some_and(|extension| extension == "diff"));
    changes.sort();
    assert_eq!(changes.len(), 12);
    for change in changes {
        let name = change.file_stem().expect("a name").to_string_lossy().into_owned();
        let mut wanted: Vec<(String, u64, String)> = rows
            .iter()
            .filter(|row| row.change == name && row.rule != "none" && !PENDING.contains(&row.rule.as_str()))
            .map(|row| (row.file.clone(), row.line, row.rule.clone()))
            .collect();
        let mut found = found(tree(&almalinux, &change).path());
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted, "{name}");
    }
}
