//! A line on the terminal while a command is long at work, gone before anything else is written.
//!
//! In: how much there is to do, and each step of it. Out: one line on standard error, written anew as things go on, only
//! where that is a terminal and only once somebody waits. Pipes, files and CI see nothing of it.

#![expect(clippy::disallowed_methods, reason = "a person's patience is measured, beside the work and not in it")]

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::output;

/// How long a person waits without asking what is going on: a run that ends sooner says nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often the line is written: what changes more often cannot be read.
const PERIOD: Duration = Duration::from_millis(200);

/// What clears the line: back to its start, then erased to its end (ECMA-48's EL), which every terminal here obeys.
const CLEAR: &str = "\r\x1b[K";

/// Work that is under way; the line is cleared when it is dropped.
pub(super) struct Progress {
    done: Arc<AtomicUsize>,
    /// Closed to end the thread that writes.
    _running: Option<mpsc::Sender<()>>,
    writer: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts to watch work on so many zones.
    pub(super) fn start(zones: usize) -> Self {
        let done = Arc::new(AtomicUsize::new(0));
        if !is_wanted() {
            return Self { done, _running: None, writer: None };
        }
        let (running, is_over) = mpsc::channel();
        let count = Arc::clone(&done);
        let writer = std::thread::spawn(move || write(&is_over, || count.load(Ordering::Relaxed), zones));
        Self { done, _running: Some(running), writer: Some(writer) }
    }

    /// One more zone was read.
    pub(super) fn count(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self._running.take());
        if let Some(writer) = self.writer.take() {
            // A line that could not be written is no reason to fail.
            let _ = writer.join();
        }
    }
}

/// Whether somebody may be looking: the environment says what kind of terminal there is, and that CI has nobody at it.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment says what kind of terminal there is, and that CI has none"
)]
fn is_wanted() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !is_dumb && std::env::var_os("CI").is_none_or(|ci| ci.is_empty())
}

fn write(is_over: &mpsc::Receiver<()>, done: impl Fn() -> usize, zones: usize) {
    let start = Instant::now();
    let mut wait = PATIENCE;
    let mut is_shown = false;
    while is_over.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        output::say(&format!("{CLEAR}{}", line(done(), zones, start.elapsed())));
        (wait, is_shown) = (PERIOD, true);
    }
    if is_shown {
        output::say(CLEAR);
    }
}

/// The line: short enough for any terminal, so that it never wraps.
fn line(done: usize, zones: usize, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match done < zones {
        true => format!("checking: {done} of {zones} zones read, {seconds} s"),
        false => format!("checking: all zones read, comparing them, {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_it_is_and_fits_a_terminal() {
        let seconds = Duration::from_secs;
        assert_eq!(line(3, 200, seconds(1)), "checking: 3 of 200 zones read, 1 s");
        assert_eq!(line(200, 200, seconds(70)), "checking: all zones read, comparing them, 70 s");
        assert!(line(1_000_000, 1_000_001, seconds(100_000)).len() < 80);
    }
}
