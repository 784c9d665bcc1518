//! A thread that fetches a remote repository every so often, and tells the loop what came of it.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use super::follow::Message;
use super::git::fetch::{Fetch, Report};

/// Fetches until it is dropped; a fetch at work is not waited for, and ends at its deadline.
#[derive(Debug)]
pub struct Fetcher {
    fetch: Fetch,
    every: Duration,
    _until: Sender<()>,
}

impl Fetcher {
    /// Fetches now, and then every so often; what comes of it goes to `sender`.
    ///
    /// # Errors
    ///
    /// The system gives no more threads.
    pub fn start(fetch: Fetch, every: Duration, sender: Sender<Message>) -> std::io::Result<Self> {
        let (until, is_over) = mpsc::channel();
        let work = fetch.clone();
        let run = move || {
            loop {
                if sender.send(Message::Fetched(work.run())).is_err() {
                    return;
                }
                match is_over.recv_timeout(every) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        std::thread::Builder::new().name("fetch".into()).spawn(run)?;
        Ok(Self { fetch, every, _until: until })
    }

    /// Whether it does what is asked for.
    pub fn is(&self, fetch: &Fetch, every: Duration) -> bool {
        self.fetch == *fetch && self.every == every
    }
}

/// What the log and `status` say of a fetch that could not even begin.
pub fn not_started(error: &std::io::Error) -> Report {
    Report { trouble: Some(format!("no thread to fetch in: {error}")), ..Report::default() }
}
