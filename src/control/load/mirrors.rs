//! The mirror list: a directory of YAML files, read within bounds.
//!
//! In: where the config says it is, or `mirrors.d` beside the zone directory. Out: its texts for lint to judge. Files in
//! directories below it are retired mirrors, and left alone; links are not followed.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Root, Snapshot, Terms};
use crate::diagnostic::{self, Diagnostic};
use crate::lint::{self, Mirrors, Others};
use crate::source::Source;

/// What the directory is called unless the config says otherwise.
const NAME: &str = "mirrors.d";

/// The most entries that are looked at: twenty times as many as the largest list has.
const MAX_ENTRIES: usize = 10_000;

/// The most octets of a file: a hundred times as many as any has.
const MAX_OCTETS: u32 = 64 << 10;

/// The mirror list as it was read.
#[derive(Clone, Debug, Default)]
pub struct MirrorList {
    /// Its mirrors and their texts.
    pub mirrors: Mirrors,
    /// What is wrong with it.
    pub findings: Vec<Diagnostic>,
}

impl MirrorList {
    /// Reads the list that belongs to a zone directory; none is an empty one.
    ///
    /// # Errors
    ///
    /// A directory that the config names cannot be read, or has more entries than any mirror list.
    pub fn read(root: &Root, terms: &Terms) -> anyhow::Result<Self> {
        let configured = terms.lint.as_ref().and_then(|settings| settings.mirrors.as_deref());
        let beside = || beside(root.directory());
        let Some(directory) = configured.map(Path::to_path_buf).or_else(beside) else { return Ok(Self::default()) };
        let opened = match Root::open(&directory) {
            Err(_) if configured.is_none() => return Ok(Self::default()),
            opened => opened.with_context(|| format!("opening the mirror list {}", directory.display()))?,
        };
        let files = files(&directory).with_context(|| format!("reading the mirror list {}", directory.display()))?;
        let mut list = Self::default();
        files.iter().for_each(|file| list.add(&opened, file));
        Ok(list)
    }

    /// The list that lay in a directory of a commit.
    pub fn of(files: Snapshot) -> Self {
        let listed: Vec<PathBuf> =
            files.paths().filter(|path| is_yaml(path)).take(MAX_ENTRIES).map(Path::to_path_buf).collect();
        let (root, mut list) = (Root::Snapshot(files), Self::default());
        listed.iter().for_each(|file| list.add(&root, file));
        list
    }

    fn add(&mut self, root: &Root, file: &Path) {
        let shown = root.display(file);
        match root.read(file, MAX_OCTETS).1 {
            Ok(text) => {
                let id = self.mirrors.sources.add(Source::new(shown, text));
                self.mirrors.add(id);
            }
            Err(refused) => {
                let id = self.mirrors.sources.add(Source::new(shown.clone(), &b""[..]));
                let mut finding = refused.finding(&shown);
                finding.primary.span.file = id;
                self.findings.push(finding);
            }
        }
    }

    /// Adds what rules find of it beside all zones.
    pub fn judge_beside(&mut self, others: &Others<'_>, terms: &Terms) {
        let Some(settings) = &terms.lint else { return };
        self.findings.extend(lint::check_mirrors(&self.mirrors, settings, others));
        diagnostic::sort(&mut self.findings);
    }
}

/// Where the list is unless the config says otherwise: beside the zone directory.
pub fn beside(zones: &Path) -> Option<PathBuf> {
    zones.parent().map(|parent| parent.join(NAME))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml")
}

/// The plain YAML files of a directory, by name.
fn files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for (index, entry) in std::fs::read_dir(directory)?.enumerate() {
        anyhow::ensure!(index < MAX_ENTRIES, "it has more than {MAX_ENTRIES} entries");
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        if is_yaml(&name) && entry.file_type()?.is_file() {
            files.push(name);
        }
    }
    files.sort();
    Ok(files)
}
