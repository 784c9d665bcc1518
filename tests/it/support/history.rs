//! Histories of many commits, made by one `git fast-import`.

use std::fmt::Write as _;

use super::command::feed;
use super::git::Repository;

/// When the first commit is made, 2026-01-01 00:00 UTC; each other a day after the one before.
const START: u64 = 1_767_225_600;
const DAY: u64 = 24 * 3600;

/// A history in the making.
pub(crate) struct History {
    stream: String,
    /// Seconds between commits.
    pub(crate) apart: u64,
    count: u64,
    /// Whether the next commit goes on from what the repository has.
    is_onto: bool,
}

impl Default for History {
    fn default() -> Self {
        Self { stream: String::new(), apart: DAY, count: 0, is_onto: false }
    }
}

impl History {
    /// A commit on a branch: files with their texts, none where one goes.
    pub(crate) fn commit(&mut self, branch: &str, subject: &str, files: &[(&str, Option<&str>)]) {
        self.merge(branch, None, subject, files);
    }

    /// The same, with another branch merged.
    pub(crate) fn merge(&mut self, branch: &str, other: Option<&str>, subject: &str, files: &[(&str, Option<&str>)]) {
        let when = START + self.count * self.apart;
        self.count += 1;
        let who = format!("Ada <ada@example.org> {when} +0000");
        let is_onto = branch == "main" && std::mem::take(&mut self.is_onto);
        let mut say = |text: String| self.stream.write_str(&text).expect("a string takes all");
        say(format!("commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\n{}", data(subject)));
        if is_onto {
            say(format!("from refs/heads/{branch}^0\n"));
        }
        other.into_iter().for_each(|other| say(format!("merge refs/heads/{other}\n")));
        for (path, text) in files {
            match text {
                Some(text) => say(format!("M 100644 inline {path}\n{}", data(text))),
                None => say(format!("D {path}\n")),
            }
        }
    }

    /// A branch that starts where another is.
    pub(crate) fn branch(&mut self, name: &str, from: &str) {
        let known = if self.is_onto { "^0" } else { "" };
        write!(self.stream, "reset refs/heads/{name}\nfrom refs/heads/{from}{known}\n\n").expect("a string takes all");
    }

    /// Brings the commits so far into a repository; what is committed after that goes on from them.
    pub(crate) fn import(&self, repository: &Repository) {
        let mut command = repository.command(&["fast-import", "--quiet", "--force"]);
        let (code, _, error) = feed(&mut command, &self.stream);
        assert_eq!(code, 0, "{error}");
    }

    /// The same, and starts anew.
    pub(crate) fn push(&mut self, repository: &Repository) {
        self.import(repository);
        (self.stream, self.is_onto) = (String::new(), true);
    }
}

fn data(text: &str) -> String {
    format!("data {}\n{text}\n", text.len())
}
