//! Test files: `tests/*.toml` below a zone directory.
//!
//! They come with the zones, from whoever can open a pull request, and are opened as zone files are: beneath the root, plain
//! files only, up to a size.

use std::path::{Path, PathBuf};

use super::root::Root;
use crate::config::{MAX_TEST_OCTETS, parse_expectations};
use crate::diagnostic::Diagnostic;
use crate::review::Snapshot as Tree;
use crate::review::expect::{Expectation, judge};
use crate::source::{FileId, Source, Sources, Span};

/// Where tests lie, below the root.
const DIRECTORY: &str = "tests";

/// The most test files that are read.
const MAX_FILES: usize = 1000;

/// The texts of test files.
#[derive(Debug, Default)]
pub struct TestFiles {
    /// Their texts.
    pub sources: Sources,
    /// Those that could be read, in the order of their names.
    pub files: Vec<FileId>,
    /// Why others could not be.
    pub findings: Vec<Diagnostic>,
}

impl TestFiles {
    /// Each test, and what is wrong where `tree` does not keep it; what keeps one from being read is added to the findings.
    pub fn judge(&mut self, tree: &Tree) -> Vec<(Expectation, Option<Diagnostic>)> {
        let mut results = Vec::new();
        for &file in &self.files {
            let (tests, problems) = parse_expectations(&self.sources, file);
            self.findings.extend(problems);
            results.extend(tests.into_iter().map(|test| {
                let finding = judge(tree, &test);
                (test, finding)
            }));
        }
        results
    }
}

/// Reads every test file of a root, or those of `files`, relative to it.
///
/// # Errors
///
/// The system's, if the directory is there and cannot be listed, or holds more files than are read.
pub fn test_files(root: &Root, files: &[PathBuf]) -> std::io::Result<TestFiles> {
    let listed = if files.is_empty() { list(root)? } else { files.to_vec() };
    let mut tests = TestFiles::default();
    for file in listed {
        let shown = root.display(&file);
        match root.read(&file, MAX_TEST_OCTETS).1 {
            Ok(text) => tests.files.push(tests.sources.add(Source::new(shown, text))),
            Err(refused) => {
                let mut finding = refused.finding(&shown);
                finding.primary.span = Span::start_of(tests.sources.add(Source::new(shown, &b""[..])));
                tests.findings.push(finding);
            }
        }
    }
    Ok(tests)
}

fn list(root: &Root) -> std::io::Result<Vec<PathBuf>> {
    let mut files = match root {
        Root::Directory(_) => entries(&root.directory().join(DIRECTORY))?,
        Root::Snapshot(snapshot) => {
            let inside = snapshot.paths().filter(|path| path.parent() == Some(Path::new(DIRECTORY)));
            inside.map(Path::to_owned).collect()
        }
    };
    files.retain(|file| {
        let is_hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        !is_hidden && file.extension().is_some_and(|extension| extension == "toml")
    });
    if files.len() > MAX_FILES {
        return Err(std::io::Error::other(format!("there are more than {MAX_FILES} test files")));
    }
    files.sort();
    Ok(files)
}

/// What is in a directory of tests, if there is one.
fn entries(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => {
            let entries = entries?.take(100 * MAX_FILES);
            entries.map(|entry| Ok(Path::new(DIRECTORY).join(entry?.file_name()))).collect()
        }
    }
}
