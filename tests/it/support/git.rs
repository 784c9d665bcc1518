//! Real repositories, made with git, that depend on nobody's configuration.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::running::write_all;

/// A checkout that tests commit to.
pub(crate) struct Repository {
    pub(crate) place: PathBuf,
}

impl Repository {
    /// A repository with the branch `main` and no commit; `options` are of `git init`.
    pub(crate) fn init(place: &Path, options: &[&str]) -> Self {
        let repository = Self { place: place.to_owned() };
        std::fs::create_dir_all(place).unwrap();
        repository.git(&[&["init", "-q", "-b", "main"], options].concat());
        repository
    }

    /// Runs git here and gives what it prints.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("git runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Git here, with a name and no configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.current_dir(&self.place).args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]);
        command.args(["-c", "protocol.file.allow=always", "-c", "gc.auto=0"]).args(arguments);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        command
    }

    /// Writes files, commits all there is, and gives the commit's id.
    #[track_caller]
    pub(crate) fn commit(&self, subject: &str, files: &[(&str, &str)]) -> String {
        write_all(&self.place, files);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", subject]);
        self.head()
    }

    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }
}
