//! Where commands write to, and read from: a reader that has seen enough and closed its end is no error.

use std::io::{self, Read as _, Write as _};

use anyhow::{Context as _, bail};

use crate::diagnostic::render::escape;
use crate::zonefile::Limits;

/// Standard output.
pub(super) struct Output {
    stream: io::StdoutLock<'static>,
    is_closed: bool,
}

impl Output {
    pub(super) fn new() -> Self {
        Self { stream: io::stdout().lock(), is_closed: false }
    }

    /// Writes text; once the reader is gone, does nothing, so that the command still ends with its own exit code.
    pub(super) fn print(&mut self, text: impl AsRef<[u8]>) -> anyhow::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        match self.stream.write_all(text.as_ref()).and_then(|()| self.stream.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            result => result.context("writing to standard output"),
        }
    }
}

/// The text as a terminal may see it, line by line.
pub(super) fn escape_lines(text: &str) -> String {
    text.split_terminator('\n').map(|line| escape(line.as_bytes()) + "\n").collect()
}

/// All of standard input, which may be as large as a zone file.
pub(super) fn read_input(limits: &Limits) -> anyhow::Result<Vec<u8>> {
    let most = u64::from(limits.file_octets);
    let mut text = Vec::new();
    io::stdin().lock().take(most.saturating_add(1)).read_to_end(&mut text).context("reading standard input")?;
    if text.len() as u64 > most {
        bail!("standard input has more than {most} octets, the limit in the config");
    }
    Ok(text)
}

/// Writes text to standard error; where that is closed, nobody is there to be told.
pub(super) fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Whether to use colours on a stream: on a terminal that can, unless `NO_COLOR` is set to anything (no-color.org).
#[expect(clippy::disallowed_methods, reason = "the environment is where people say which output they like")]
pub(super) fn wants_colour(is_terminal: bool) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    is_terminal && !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Appends a report to the file that `GITHUB_STEP_SUMMARY` names, if it does: the summary of a job of GitHub Actions.
#[expect(clippy::disallowed_methods, reason = "the file is the runner's, and its name comes with the environment")]
pub(super) fn report(markdown: &str) -> anyhow::Result<()> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return Ok(()) };
    let file = std::fs::OpenOptions::new().append(true).create(true).open(&path);
    let written = file.and_then(|mut file| file.write_all(markdown.as_bytes()));
    written.with_context(|| format!("writing the job summary {}", std::path::Path::new(&path).display()))
}
