//! What is served, kept on disk: when, where, and what a start makes of it.
//!
//! The state room knows how to save, the reloader what; here the two meet. Saving is nobody's reason to wait: what cannot be
//! saved is served all the same, and stands in `status`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::commits::Commits;
use super::reload::Reloader;
use super::socket;
use super::state::{Opened, Set, State, Writer};
use super::status::{BUILD, StateStatus};
use crate::config::Config;

/// How long the end of the process waits for the last set to be saved.
const LONGEST_FLUSH: Duration = Duration::from_secs(5);

/// How long the process that was here before may take to end.
const LONGEST_SUCCESSION: Duration = Duration::from_secs(60);

/// Keeps what is served.
pub struct Keeper {
    directory: PathBuf,
    /// None: the system has no thread to save in.
    writer: Option<Writer>,
    /// What was wrong when the directory was opened.
    troubles: Vec<String>,
    /// When what is served is to be saved, if it is not.
    due: Option<Instant>,
    /// When it may be saved again.
    not_before: Instant,
}

/// Saves are at least this many times as far apart as it takes to gather what is served: an edit of one zone of a hundred
/// thousand is not kept at the price of the next edit's delay.
const SAVE_SHARE: u32 = 20;

/// Where a server keeps its state: as configured, else systemd's place for a service; else, for a repository, the user's
/// own. A directory of zone files needs none, and has one where it is named only.
pub fn directory(config: &Config) -> Option<PathBuf> {
    let named = config.server.state.clone().or_else(|| socket::service_directory("STATE_DIRECTORY"));
    let user = || {
        let home = socket::given("HOME").map(|home| home.join(".local/state"));
        let state = socket::given("XDG_STATE_HOME").or(home).unwrap_or_else(|| "/var/lib".into());
        state.join("zonewright").join(socket::subject(config))
    };
    named.or_else(|| config.source.repository.is_some().then(user))
}

/// Where the copy of a remote repository is kept.
pub fn copy(config: &Config) -> PathBuf {
    directory(config).unwrap_or_default().join("repository")
}

/// Where zones come from, in a word that tells one source from another.
fn source(config: &Config) -> String {
    match &config.source.repository {
        None => format!("directory {}", config.source.directory.display()),
        Some(repository) => format!("branch {} of {}", repository.branch, repository.location),
    }
}

impl Keeper {
    /// Opens the state directory, if there is to be one, and serves what it holds.
    pub fn start(config: &Config, reloader: &mut Reloader, commits: Option<&mut Commits>) -> Option<Self> {
        let directory = directory(config)?;
        let Opened { state, set, mut troubles } = State::open(&directory.join("served"));
        if let Some(set) = &set {
            let lost = reloader.restore(set, &state.texts(), config);
            troubles.extend(lost.iter().map(|zone| format!("the saved text of `{zone}` cannot be served any more")));
            if let Some(commits) = commits.filter(|_| set.source == source(config)) {
                commits.restore(set);
            }
        }
        let writer = Writer::start(state).map_err(|error| troubles.push(format!("no thread to save in: {error}"))).ok();
        reloader.unsaved = Some(Vec::new());
        Some(Self { directory, writer, troubles, due: None, not_before: Instant::now() })
    }

    /// What is served is other than it was.
    pub fn note_news(&mut self) {
        self.due.get_or_insert(self.not_before);
    }

    /// When to save next, if there is anything to save.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether that time has come.
    pub fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Saves what is served now, in good time.
    pub fn save(&mut self, config: &Config, reloader: &mut Reloader, commits: Option<&Commits>) {
        let start = Instant::now();
        self.due = None;
        let texts = reloader.unsaved.as_mut().map(std::mem::take).unwrap_or_default();
        let Some(writer) = &self.writer else { return };
        let (zones, saved) = reloader.saved();
        let set = Set { build: BUILD.into(), source: source(config), zones, texts: saved, ..Set::default() };
        let set = match commits {
            Some(commits) => commits.add_to(set),
            None => set,
        };
        writer.save(set, texts);
        self.not_before = Instant::now() + start.elapsed() * SAVE_SHARE;
    }

    /// Becomes the one that saves, once the process that was is gone.
    pub fn take_over(&self) {
        if let Some(writer) = &self.writer {
            writer.seek_lock(Instant::now() + LONGEST_SUCCESSION);
        }
    }

    /// Waits for what is not saved yet, for some seconds.
    pub fn finish(&self) {
        if let Some(writer) = &self.writer {
            writer.flush(Instant::now() + LONGEST_FLUSH);
        }
    }

    /// What `status` shows of it.
    pub fn status(&self) -> StateStatus {
        let trouble = self.writer.as_ref().and_then(Writer::trouble);
        StateStatus {
            directory: self.directory.display().to_string(),
            is_writer: self.writer.as_ref().is_some_and(Writer::is_writer),
            troubles: self.troubles.iter().cloned().chain(trouble).collect(),
        }
    }
}
