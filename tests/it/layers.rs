//! The house's layers: a module imports only from lower numbers, and each outer crate has one door.

#![expect(clippy::disallowed_methods, reason = "the test reads the sources")]

use std::path::{Path, PathBuf};

/// Rooms and their layers. Siblings at 4 ignore each other.
const LAYERS: &[(&str, u8)] = &[
    ("dns", 0),
    ("source", 0),
    ("threads", 0),
    ("diagnostic", 0),
    ("zonefile", 1),
    ("zone", 2),
    ("authority", 3),
    ("lint", 4),
    ("server", 4),
    ("review", 5),
    ("config", 6),
    ("control", 7),
    ("cli", 8),
];

/// Crates and the only files or rooms that may name them.
const DOORS: &[(&str, &[&str])] = &[
    ("hickory_proto", &["src/dns/hickory.rs"]),
    ("hickory_server", &["src/server/"]),
    ("notify", &["src/control/watch.rs"]),
    ("gix", &["src/control/git/"]),
    ("imara_diff", &["src/control/git/blame.rs"]),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/"]),
    ("clap_mangen", &["src/cli/"]),
    ("toml", &["src/config/"]),
    ("ring", &["src/lint/crypto.rs"]),
    ("libc", &["src/server/transport/udp_batch.rs"]),
    ("anyhow", &["src/main.rs", "src/cli/", "src/control/"]),
];

/// Words that a pure room has no use for.
const IMPURE: &[&str] =
    &["std::fs", "std::net::Udp", "std::net::Tcp", "tokio::", "tracing::", "SystemTime", "Instant::", "async fn"];

/// The rooms that meet the outside world.
const OUTSIDE: &[&str] =
    &["src/server/handler.rs", "src/server/transport/", "src/config/", "src/control/", "src/cli/", "src/main.rs"];

fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("src can be read") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file is text");
                let name = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
                files.push((name, text));
            }
        }
    }
    files
}

/// The lines that are code.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn room(file: &str) -> &str {
    let inner = file.strip_prefix("src/").unwrap_or(file);
    inner.split('/').next().unwrap_or(inner).trim_end_matches(".rs")
}

fn layer(room: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == room).map(|&(_, layer)| layer)
}

#[test]
fn a_room_imports_only_from_lower_ones() {
    let mut wrong = Vec::new();
    for (file, text) in files() {
        let Some(own) = layer(room(&file)) else {
            assert!(matches!(room(&file), "lib" | "main"), "{file} is in no layer");
            continue;
        };
        for (number, line) in code(&text) {
            for target in line.split("crate::").skip(1).flat_map(imported_rooms) {
                let Some(other) = layer(target) else { continue };
                if target != room(&file) && (other > own || (other == own && own >= 4)) {
                    wrong.push(format!(
                        "{file}:{number}: {} (layer {own}) imports {target} (layer {other})",
                        room(&file)
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point upward:\n{}", wrong.join("\n"));
}

/// The rooms that follow a `crate::`: one, or a list in braces.
fn imported_rooms(rest: &str) -> Vec<&str> {
    let first = |text: &'_ str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    match rest.strip_prefix('{') {
        Some(list) => list.split(',').map(str::trim).map(|item| &item[..first(item)]).collect(),
        None => vec![&rest[..first(rest)]],
    }
}

#[test]
fn an_outer_crate_has_one_door() {
    let mut wrong = Vec::new();
    for (file, text) in files() {
        for (number, line) in code(&text) {
            for (name, doors) in DOORS {
                // `String::` does not name `ring`, nor does `super::notify::` name `notify`.
                let is_whole = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c));
                let is_path = line.match_indices(&format!("{name}::")).any(|(at, _)| is_whole(at));
                let is_named = is_path || line.contains(&format!("use {name};"));
                if is_named && !doors.iter().any(|door| file.starts_with(door)) {
                    wrong.push(format!("{file}:{number}: {name} is met at {} only", doors.join(", ")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn inner_rooms_are_pure() {
    let mut wrong = Vec::new();
    for (file, text) in files().into_iter().filter(|(file, _)| !OUTSIDE.iter().any(|room| file.starts_with(room))) {
        for (number, line) in code(&text) {
            for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                wrong.push(format!("{file}:{number}: `{word}` has no place in a pure room"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
