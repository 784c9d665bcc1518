//! The loop that follows the zone directory: hints, signals and requests in, looks out.
//!
//! Runs in a thread of its own: reading and freeing a million records is never in the way of an answer. The config file is
//! read again whenever it changed; what can follow it while serving does.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::commits::{Commits, Order};
use super::fetching::{self, Fetcher};
use super::git::{self, fetch::Report};
use super::keep::{self, Keeper};
use super::reload::{Demand, Reloader};
use super::status::{self, Look, SourceStatus, Status};
use super::watch::{Debounce, Hint, Watch};
use crate::config::{Config, LoadError, Overrides};
use crate::diagnostic::render::{self, Format};

/// How often what was served before is tried to be freed, while somebody still reads it.
const FREE_EVERY: Duration = Duration::from_millis(500);

/// Polls are at least this many times as far apart as a look takes: a hundred thousand zones are not stated all the time.
const POLL_SHARE: u32 = 20;

/// A tree that is copied, or an editor at work, settles sooner; past this the log tells.
const UNSETTLED: Duration = Duration::from_secs(5);

/// Zones of one look that the log names one by one; `status` shows all.
const MOST_LISTED: usize = 50;

/// What the loop is told.
#[derive(Debug)]
pub enum Message {
    /// A file event.
    Hint(Hint),
    /// Somebody asks for a look, and may want to hear what came of it.
    Look(Demand, Option<Reply>),
    /// An operator says which commit to serve.
    Order(Order, Reply),
    /// A fetch is over.
    Fetched(Report),
    /// The server that was here before is told to end: its state is ours from then on.
    TookOver,
    /// The end.
    Stop,
}

/// Who waits for what comes of a look.
pub type Reply = tokio::sync::oneshot::Sender<Look>;

/// What `status` shows, as of the last look.
pub type SharedStatus = Arc<Mutex<Arc<Status>>>;

/// Follows the zone directory of a config.
pub struct Follower {
    reloader: Reloader,
    settings: Settings,
    status: SharedStatus,
    debounce: Debounce,
    watch: Option<Watch>,
    /// The branch that is followed, where zones come from a repository.
    commits: Option<Commits>,
    /// What fetches it, where that is a remote one.
    fetcher: Option<Fetcher>,
    /// What came of the last fetch.
    fetched: Option<Report>,
    /// What keeps what is served.
    keeper: Option<Keeper>,
    /// How long the last look took.
    took: Duration,
    /// Whether the system refused to tell of file events.
    is_blind: bool,
    sender: Sender<Message>,
    receiver: Receiver<Message>,
    /// Messages that came in while a look was busy with hints.
    waiting: VecDeque<Message>,
    /// Since when no look found the files at rest.
    unsettled: Option<Instant>,
    /// Whether the first look is over, of which the start has its own summary.
    is_started: bool,
    /// What was logged last of what holds until further notice, so that it is logged once.
    told: Told,
}

/// What was logged of the last look and may hold for many more.
#[derive(Default)]
struct Told {
    whole: Option<String>,
    config: Option<String>,
    notices: Vec<String>,
}

impl Follower {
    /// Takes the first look, at whatever `config` says.
    pub fn start(config: Config, overrides: Overrides) -> (Self, Look) {
        let (sender, receiver) = mpsc::channel();
        let reloader = Reloader::new(config.policy.clone());
        let settings = Settings::new(config, overrides);
        let pid = std::process::id();
        let status = Status { build: status::BUILD.into(), pid, ..Status::default() };
        let status = Arc::new(Mutex::new(Arc::new(status)));
        let mut follower = Self {
            reloader,
            settings,
            status,
            debounce: Debounce::default(),
            watch: None,
            commits: None,
            fetcher: None,
            fetched: None,
            keeper: None,
            took: Duration::ZERO,
            is_blind: false,
            sender,
            receiver,
            waiting: VecDeque::new(),
            unsettled: None,
            is_started: false,
            told: Told::default(),
        };
        // Before the look: what changes during it is then seen.
        follower.choose_source();
        let (config, reloader) = (&follower.settings.config, &mut follower.reloader);
        follower.keeper = Keeper::start(config, reloader, follower.commits.as_mut());
        follower.watch();
        let look = follower.look(Demand { republish: true, ..Demand::default() }, None);
        follower.is_started = true;
        (follower, look)
    }

    /// Where answers are to be taken from.
    pub fn publisher(&self) -> crate::server::Publisher {
        self.reloader.publisher()
    }

    /// Where to send what the loop is to be told.
    pub fn sender(&self) -> Sender<Message> {
        self.sender.clone()
    }

    /// What `status` shows.
    pub fn status(&self) -> SharedStatus {
        Arc::clone(&self.status)
    }

    /// Looks whenever there is a reason to, until it is told to stop.
    pub fn run(mut self) {
        let (mut looked, mut has_retired) = (Instant::now(), true);
        loop {
            let (now, due) = (Instant::now(), self.due(looked));
            if now >= due {
                self.look(Demand::default(), None);
                (looked, has_retired) = (Instant::now(), true);
                continue;
            }
            let wait = if has_retired { (due - now).min(FREE_EVERY) } else { due - now };
            let message = self.waiting.pop_front().map_or_else(|| self.receiver.recv_timeout(wait), Ok);
            match message {
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    self.keeper.iter().for_each(Keeper::finish);
                    return;
                }
                Ok(Message::Hint(hint)) => self.take_hint(hint),
                Ok(Message::Look(demand, reply)) => {
                    let look = self.look(demand, None);
                    (looked, has_retired) = (Instant::now(), true);
                    // Whoever asked may have gone.
                    reply.into_iter().for_each(|reply| drop(reply.send(look.clone())));
                }
                Ok(Message::Order(order, reply)) => {
                    let look = self.look(Demand::default(), Some(&order));
                    (looked, has_retired) = (Instant::now(), true);
                    let _ = reply.send(look);
                }
                Ok(Message::Fetched(report)) => self.take_report(report),
                Ok(Message::TookOver) => self.keeper.iter().for_each(Keeper::take_over),
                Err(RecvTimeoutError::Timeout) => has_retired = self.reloader.free_retired(),
            }
        }
    }

    /// When to look next: after events, at the next poll at the latest, and not while a file is being written.
    fn due(&self, looked: Instant) -> Instant {
        let poll = looked + self.settings.config.source.poll.max(self.took * POLL_SHARE);
        let due = self.debounce.due().map_or(poll, |due| due.min(poll));
        self.debounce.busy_until(Instant::now()).map_or(due, |until| due.max(until))
    }

    /// Takes in the hints that came by now; other messages wait.
    fn take_hints(&mut self) {
        let messages: Vec<Message> = self.waiting.drain(..).chain(self.receiver.try_iter()).collect();
        for message in messages {
            match message {
                Message::Hint(hint) => self.take_hint(hint),
                other => self.waiting.push_back(other),
            }
        }
    }

    fn take_hint(&mut self, hint: Hint) {
        if hint == Hint::Moved {
            self.watch();
        }
        self.debounce.note(hint, Instant::now());
    }

    fn watch(&mut self) {
        // The old one ends first: there are few watches, and two would tell everything twice.
        self.watch = None;
        let (sender, config) = (self.sender.clone(), &self.settings.config);
        // The loop may have ended; then nobody minds.
        let tell = move |hint| drop(sender.send(Message::Hint(hint)));
        let config_file = config.path.as_deref();
        let watch = match self.commits.as_ref().map(|commits| git::Repository::open(commits.place())) {
            None => Watch::start(&config.source.directory, config_file, tell),
            Some(Ok(repository)) => Watch::start_refs(&repository.common_dir(), config_file, tell),
            // The look says why; each poll tries again.
            Some(Err(_)) => return,
        };
        match watch {
            Ok(watch) => self.watch = Some(watch),
            // Tried again at every poll, and told once.
            Err(error) if !self.is_blind => {
                tracing::warn!("no file events, so edits are seen at the next poll only: {error}");
            }
            Err(_) => {}
        }
        self.is_blind = self.watch.is_none();
    }

    /// Takes up what the config names as the source.
    fn choose_source(&mut self) {
        let config = &self.settings.config;
        let wanted = config.source.repository.as_ref();
        match (&mut self.commits, wanted) {
            (Some(commits), Some(wanted)) if commits.is_of(wanted) => commits.set(wanted.clone()),
            (None, None) => {}
            (commits, wanted) => {
                *commits = wanted.map(|settings| Commits::new(settings.clone(), keep::copy(config)));
                (self.watch, self.fetched) = (None, None);
            }
        }
        let fetch = self.commits.as_ref().and_then(Commits::fetch);
        match fetch.and_then(|fetch| Some((fetch, wanted?.every?))) {
            None => self.fetcher = None,
            Some((fetch, every)) if self.fetcher.as_ref().is_some_and(|fetcher| fetcher.is(&fetch, every)) => {}
            Some((fetch, every)) => match Fetcher::start(fetch, every, self.sender.clone()) {
                Ok(fetcher) => self.fetcher = Some(fetcher),
                Err(error) => self.fetched = Some(fetching::not_started(&error)),
            },
        }
    }

    /// A fetch is over: what it brought is looked at.
    fn take_report(&mut self, report: Report) {
        match &report.trouble {
            Some(trouble) if self.fetched.as_ref().and_then(|before| before.trouble.as_ref()) != Some(trouble) => {
                tracing::error!("fetching failed: {trouble}; what is served is served on");
            }
            None if self.fetched.as_ref().is_some_and(|before| before.trouble.is_some()) => {
                tracing::info!("fetching works again");
            }
            _ => {}
        }
        self.fetched = Some(report);
        if self.watch.is_none() {
            self.watch();
        }
        self.debounce.ask(Instant::now());
        let look = Arc::clone(&self.status.lock().unwrap_or_else(PoisonError::into_inner)).look.clone();
        self.update_status(&look);
    }

    /// Looks, tells the log of it, and brings `status` up to date.
    fn look(&mut self, mut demand: Demand, order: Option<&Order>) -> Look {
        let source = self.settings.config.source.clone();
        let (is_changed, notices) = self.settings.follow(demand.everything);
        demand.republish |= is_changed;
        if is_changed {
            self.choose_source();
        }
        let is_moved = source.directory != self.settings.config.source.directory;
        if is_moved || !self.watch.as_ref().is_some_and(Watch::is_whole) {
            self.watch();
        }
        // What is told until now, this look sees; and what is told while it reads may show that it came too early.
        self.take_hints();
        self.debounce.looked();
        let mut look = catch_unwind(AssertUnwindSafe(|| self.look_at_source(demand, order))).unwrap_or_else(|_| {
            let whole = Some("a fault of zonewright itself ended the look; what was served is served on".to_owned());
            Look { at: status::unix_seconds(SystemTime::now()), whole, ..Look::default() }
        });
        self.took = Duration::from_secs_f64(look.seconds);
        if look.unsettled {
            self.debounce.ask(Instant::now());
        }
        self.unsettled = look.unsettled.then(|| self.unsettled.unwrap_or_else(Instant::now));
        look.notices.extend(notices);
        look.config.clone_from(&self.settings.refused);
        if let Some(keeper) = self.keeper.as_ref().filter(|_| look.has_news() || order.is_some()) {
            keeper.save(&self.settings.config, &mut self.reloader, self.commits.as_ref());
            // What an operator was told is done outlives the process, however it ends.
            order.into_iter().for_each(|_| keeper.finish());
        }
        self.tell(&look);
        self.update_status(&look);
        look
    }

    fn look_at_source(&mut self, demand: Demand, order: Option<&Order>) -> Look {
        let config = &self.settings.config;
        if let Some(commits) = &mut self.commits {
            return commits.look(&mut self.reloader, config, demand, order);
        }
        let (receiver, debounce, waiting) = (&self.receiver, &mut self.debounce, &mut self.waiting);
        let mut is_calm = || {
            receiver.try_iter().for_each(|message| match message {
                Message::Hint(Hint::Writing(path)) => debounce.note(Hint::Writing(path), Instant::now()),
                other => waiting.push_back(other),
            });
            demand.everything || debounce.busy_until(Instant::now()).is_none()
        };
        let mut look = self.reloader.look(config, demand, &mut is_calm);
        if order.is_some() {
            let trouble = "zones come from a directory, and only commits can be held: see `repository` under [source]";
            look.whole = Some(trouble.to_owned());
        }
        look
    }

    fn update_status(&self, look: &Look) {
        let (zones, look, resident) = (self.reloader.zones(), look.clone(), status::resident_octets());
        let source = self.commits.as_ref().map(Commits::status);
        let source = source.map(|source| SourceStatus { fetch: self.fetched.clone(), ..source });
        let state = self.keeper.as_ref().map(Keeper::status);
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        *status = Arc::new(Status { source, state, zones, look, resident, ..Status::clone(&status) });
    }

    fn tell(&mut self, look: &Look) {
        if let Some(commit) = look.commit.as_ref().filter(|_| self.is_started) {
            tracing::info!("{commit} is served");
        }
        for change in look.published.iter().take(MOST_LISTED) {
            tracing::info!("{change}");
        }
        if let Some(more) = look.published.len().checked_sub(MOST_LISTED).filter(|&more| more > 0) {
            tracing::info!("and {more} zones more");
        }
        for change in look.published.iter().filter(|change| !change.report.is_empty()) {
            tracing::warn!("{} is served, with findings\n{}", change.zone, change.report.trim_end());
        }
        look.refused.iter().filter(|refused| refused.is_new).for_each(tell_refused);
        if self.unsettled.is_some_and(|since| since.elapsed() > UNSETTLED) {
            self.unsettled = Some(Instant::now());
            tracing::warn!("files kept changing, so nothing of them is taken yet");
        }
        let told = &self.told;
        if let Some(whole) = look.whole.as_ref().filter(|_| told.whole != look.whole) {
            let what = if self.commits.is_some() { "what the repository has now" } else { "the zone directory" };
            tracing::error!("{what} is refused: all zones stay as they are\n{}", whole.trim_end());
        }
        if let Some(config) = look.config.as_ref().filter(|_| told.config != look.config) {
            tracing::error!("the config is refused: the settings stay as they are\n{}", config.trim_end());
        }
        look.notices
            .iter()
            .filter(|notice| !told.notices.contains(notice))
            .for_each(|notice| tracing::warn!("{notice}"));
        self.told = Told { whole: look.whole.clone(), config: look.config.clone(), notices: look.notices.clone() };
        if !look.published.is_empty() && self.is_started {
            let memory = status::say_octets(status::resident_octets());
            tracing::info!(
                "published in {:.3} s, changed zones: {}; {memory} in use",
                look.seconds,
                look.published.len()
            );
        }
    }
}

fn tell_refused(refused: &status::Refused) {
    match refused.report.trim_end() {
        "" => tracing::warn!("{refused}"),
        report => tracing::error!("{refused}\n{report}"),
    }
}

/// The config and its file.
struct Settings {
    config: Config,
    overrides: Overrides,
    /// What sockets and threads were made of.
    started_with: crate::config::ServerSettings,
    stamp: Option<Stamp>,
    /// Why the file, as it is now, is not followed.
    refused: Option<String>,
}

/// Inode, size and times: whether the config file changed.
type Stamp = (u64, u64, i64, i64);

impl Settings {
    fn new(config: Config, overrides: Overrides) -> Self {
        let stamp = config.path.as_ref().and_then(stamp_of);
        Self { started_with: config.server.clone(), config, overrides, stamp, refused: None }
    }

    /// Reads the config file again if it changed; says whether settings did, and what there is to say about it.
    fn follow(&mut self, is_asked: bool) -> (bool, Vec<String>) {
        let Some(path) = self.config.path.clone() else { return (false, Vec::new()) };
        let stamp = stamp_of(&path);
        let is_read = is_asked || stamp != self.stamp;
        if is_read {
            self.stamp = stamp;
            match Config::load(Some(&path), &self.overrides) {
                Ok(config) => (self.config, self.refused) = (config, None),
                Err(error) => self.refused = Some(say_refused(&error)),
            }
        }
        (is_read, self.notices())
    }

    fn notices(&self) -> Vec<String> {
        let (now, then) = (&self.config.server, &self.started_with);
        let changed = [
            ("listen", now.listen != then.listen),
            ("threads", now.threads != then.threads),
            ("control", now.control != then.control),
            ("state", now.state != then.state),
        ];
        let keys = changed.iter().filter(|(_, is_changed)| *is_changed);
        keys.map(|(key, _)| format!("`{key}` under `[server]` changed: restart the server to use it")).collect()
    }
}

fn stamp_of(path: &PathBuf) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(path).ok()?;
    Some((file.ino(), file.size(), file.mtime_nsec() ^ file.mtime() << 30, file.ctime_nsec() ^ file.ctime() << 30))
}

fn say_refused(error: &LoadError) -> String {
    let mut text = String::new();
    if let LoadError::Refused { sources, findings } = error {
        findings.iter().for_each(|finding| render::render(Format::Full, finding, sources, false, &mut text));
        return text.trim_end().to_owned();
    }
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
