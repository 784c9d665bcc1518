//! Commands as people and scripts run them: as processes, by their output and exit code.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::running::write_all;

/// A directory of files, which goes away with its test.
pub(crate) fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    write_all(directory.path(), files);
    directory
}

/// `zonewright` in a directory.
pub(crate) fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zonewright"));
    command.current_dir(directory).args(arguments).env_remove("RUST_BACKTRACE");
    command
}

/// Its exit code, and what it says on standard output and standard error.
pub(crate) fn run(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    said(command(directory, arguments).output().unwrap())
}

/// The same where something stands on standard input.
pub(crate) fn run_on(directory: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    feed(&mut command(directory, arguments), input)
}

/// Runs any command on an input.
pub(crate) fn feed(command: &mut Command, input: &str) -> (i32, String, String) {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().unwrap().write_all(input.as_bytes()).expect("it reads");
    said(child.wait_with_output().expect("it ends"))
}

/// What a command that has ended says.
pub(crate) fn said(output: Output) -> (i32, String, String) {
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.code().expect("no signal ended it"), text(output.stdout), text(output.stderr))
}
