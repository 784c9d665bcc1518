//! The loop that follows the zone directory: hints, signals and requests in, looks out.
//!
//! Runs in a thread of its own: reading and freeing a million records is never in the way of an answer. The config file is
//! read again whenever it changed; what can follow it while serving does.

mod settings;
mod source;
mod telling;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::commits::{Commits, Order};
use super::fetching::Fetcher;
use super::git::fetch::Report;
use super::keep::Keeper;
use super::reload::{Demand, Reloader};
use super::status::{self, Look, SourceStatus, Status};
use super::watch::{Debounce, Hint, Reach, Watch};
use super::webhook::Webhook;
use crate::authority::Memory;
use crate::config::{Config, Overrides};
use settings::Settings;
use telling::Told;

/// How often what was served before is tried to be freed, while somebody still reads it.
const FREE_EVERY: Duration = Duration::from_millis(500);

/// Polls are at least this many times as far apart as a look takes: a hundred thousand zones are not stated all the time.
const POLL_SHARE: u32 = 20;

/// How long edits that are answered at once have to rest before the whole text is judged, and how long that is waited for.
const REST: Duration = Duration::from_secs(2);
const LONGEST_UNJUDGED: Duration = Duration::from_secs(10);

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
    /// Somebody wants to see everything that is served.
    Status(tokio::sync::oneshot::Sender<Status>),
    /// The end.
    Stop,
}

/// Who waits for what comes of a look.
pub type Reply = tokio::sync::oneshot::Sender<Look>;

/// What `status` shows as of the last look, but for the zones: of those there are many, and they are listed when asked for.
pub type SharedStatus = Arc<Mutex<Arc<Status>>>;

/// Changes of one look that `status` shows; the log and whoever asked for the look have more.
const MOST_SHOWN: usize = 50;

/// What a start found.
#[derive(Clone, Copy, Default, Debug)]
pub struct Start {
    /// How many zones there are.
    pub zones: usize,
    /// How many of them are served.
    pub served: usize,
    /// The records of those.
    pub records: usize,
    /// What those hold.
    pub memory: Memory,
    /// How long the first look took.
    pub seconds: f64,
}

/// Follows the zone directory of a config.
pub struct Follower {
    reloader: Reloader,
    settings: Settings,
    status: SharedStatus,
    debounce: Debounce,
    /// Zones that are served ahead of their texts' judgement.
    unjudged: Debounce,
    watch: Option<Watch>,
    /// The branch that is followed, where zones come from a repository.
    commits: Option<Commits>,
    /// What fetches it, where that is a remote one.
    fetcher: Option<Fetcher>,
    /// What came of the last fetch.
    fetched: Option<Report>,
    /// What keeps what is served.
    keeper: Option<Keeper>,
    /// When the last look at everything was over.
    polled: Instant,
    /// How long it took.
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
    /// Who else is told.
    webhook: Webhook,
}

impl Follower {
    /// Takes the first look, at whatever `config` says.
    pub fn start(config: Config, overrides: Overrides) -> (Self, Start) {
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
            unjudged: Debounce::new(REST, LONGEST_UNJUDGED),
            watch: None,
            commits: None,
            fetcher: None,
            fetched: None,
            keeper: None,
            polled: Instant::now(),
            took: Duration::ZERO,
            is_blind: false,
            sender,
            receiver,
            waiting: VecDeque::new(),
            unsettled: None,
            is_started: false,
            told: Told::default(),
            webhook: Webhook::default(),
        };
        follower.choose_source();
        let (config, reloader) = (&follower.settings.config, &mut follower.reloader);
        follower.keeper = Keeper::start(config, reloader, follower.commits.as_mut());
        let look = follower.look(Demand { republish: true, ..Demand::default() }, Reach::Everywhere, None);
        follower.is_started = true;
        let start = Start { seconds: look.seconds, ..follower.reloader.count() };
        (follower, start)
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
        super::give_way();
        // Only now: reading a hundred thousand files raises as many events. What changed since is found by another look.
        self.watch();
        self.look(Demand::default(), Reach::Everywhere, None);
        loop {
            let (now, due) = (Instant::now(), self.due());
            if now >= due {
                let reach = self.due_reach(now);
                self.look(Demand::default(), reach, None);
                continue;
            }
            let wait = if self.reloader.has_retired() { (due - now).min(FREE_EVERY) } else { due - now };
            let save = self.keeper.as_ref().and_then(Keeper::due).map(|save| save.saturating_duration_since(now));
            let wait = save.map_or(wait, |save| save.min(wait));
            let message = self.waiting.pop_front().map_or_else(|| self.receiver.recv_timeout(wait), Ok);
            match message {
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    if self.keeper.as_ref().is_some_and(|keeper| keeper.due().is_some()) {
                        self.save();
                    }
                    self.keeper.iter().for_each(Keeper::finish);
                    return;
                }
                Ok(Message::Hint(hint)) => self.take_hint(hint),
                Ok(Message::Look(demand, reply)) => {
                    let look = self.look(demand, Reach::Everywhere, None);
                    // Whoever asked may have gone.
                    reply.into_iter().for_each(|reply| drop(reply.send(look.clone())));
                }
                Ok(Message::Order(order, reply)) => {
                    let look = self.look(Demand::default(), Reach::Everywhere, Some(&order));
                    let _ = reply.send(look);
                }
                Ok(Message::Fetched(report)) => self.take_report(report),
                // Whoever asked may have gone.
                Ok(Message::Status(reply)) => drop(reply.send(self.full_status())),
                Ok(Message::TookOver) => self.keeper.iter().for_each(Keeper::take_over),
                Err(RecvTimeoutError::Timeout) => self.reloader.free_retired(),
            }
            if self.keeper.as_ref().is_some_and(|keeper| keeper.is_due(Instant::now())) {
                self.save();
            }
        }
    }

    /// When to look next: after events, at the next poll at the latest, and not while a file is being written.
    fn due(&self) -> Instant {
        let poll = self.poll();
        let others = [self.debounce.due(), self.unjudged.due(), self.override_ends()];
        let due = others.into_iter().flatten().fold(poll, Instant::min);
        self.debounce.busy_until(Instant::now()).map_or(due, |until| due.max(until))
    }

    /// Where to look now that it is time, beside what events named.
    fn due_reach(&mut self, now: Instant) -> Reach {
        let is_over = self.override_ends().is_some_and(|ends| now >= ends);
        if is_over || now >= self.poll() {
            return Reach::Everywhere;
        }
        if self.unjudged.due().is_some_and(|due| now >= due) { self.unjudged.looked() } else { Reach::default() }
    }

    /// When the override that is in force ends.
    fn override_ends(&self) -> Option<Instant> {
        let ends = u64::try_from(self.commits.as_ref()?.glass_ends()?).ok()?;
        let left = (SystemTime::UNIX_EPOCH + Duration::from_secs(ends)).duration_since(SystemTime::now());
        // What is over and could not be ended is tried again in a while.
        Some(left.map_or(self.polled + Duration::from_secs(1), |left| Instant::now() + left))
    }

    /// When to look at everything without any event.
    fn poll(&self) -> Instant {
        self.polled + self.settings.config.source.poll.max(self.took * POLL_SHARE)
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

    /// Looks, tells the log of it, and brings `status` up to date.
    fn look(&mut self, mut demand: Demand, mut reach: Reach, order: Option<&Order>) -> Look {
        let source = self.settings.config.source.clone();
        let (is_changed, notices) = self.settings.follow(demand.everything);
        demand.republish |= is_changed;
        if is_changed {
            self.choose_source();
        }
        let is_moved = source.directory != self.settings.config.source.directory;
        let is_blind = !self.watch.as_ref().is_some_and(Watch::is_whole);
        if self.is_started && (is_moved || is_blind) {
            self.watch();
        }
        if is_changed || is_blind {
            reach = Reach::Everywhere;
        }
        // What is told until now, this look sees; and what is told while it reads may show that it came too early.
        self.take_hints();
        let is_restless = self.debounce.is_restless(Instant::now());
        let reach = reach.and(self.debounce.looked());
        let mut look = catch_unwind(AssertUnwindSafe(|| self.look_at_source(demand, &reach, is_restless, order)))
            .unwrap_or_else(|_| {
                let whole =
                    Some("a fault of zonewright itself ended the look; what was served is served on".to_owned());
                Look { at: status::unix_seconds(SystemTime::now()), whole, ..Look::default() }
            });
        if reach == Reach::Everywhere {
            (self.polled, self.took) = (Instant::now(), Duration::from_secs_f64(look.seconds));
        }
        if look.unsettled {
            self.debounce.ask(reach, Instant::now());
        } else if look.ahead.is_some() {
            self.unjudged.ask(reach, Instant::now());
        } else if reach == Reach::Everywhere {
            self.unjudged.looked();
        }
        self.unsettled = look.unsettled.then(|| self.unsettled.unwrap_or_else(Instant::now));
        look.notices.extend(notices);
        look.config.clone_from(&self.settings.refused);
        let has_news = look.has_news() || self.reloader.has_unsaved();
        if let Some(keeper) = self.keeper.as_mut().filter(|_| has_news) {
            keeper.note_news();
        }
        if order.is_some() {
            // What an operator was told is done outlives the process, however it ends.
            self.save();
            self.keeper.iter().for_each(Keeper::finish);
        }
        self.tell(&look);
        self.update_status(&look);
        look
    }

    /// Saves what is served now, where it is kept.
    fn save(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            keeper.save(&self.settings.config, &mut self.reloader, self.commits.as_ref());
        }
    }

    fn update_status(&self, look: &Look) {
        let resident = status::resident_octets();
        let source = self.commits.as_ref().map(Commits::status);
        let source = source.map(|source| SourceStatus { fetch: self.fetched.clone(), ..source });
        let state = self.keeper.as_ref().map(Keeper::status);
        let look = look.shortened(MOST_SHOWN);
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let webhook = self.webhook.trouble();
        *status = Arc::new(Status { source, state, webhook, look, resident, ..Status::clone(&status) });
    }

    fn full_status(&self) -> Status {
        let status = Arc::clone(&self.status.lock().unwrap_or_else(PoisonError::into_inner));
        let mut zones = self.reloader.zones();
        self.commits.iter().for_each(|commits| commits.tell_offsets(&mut zones));
        Status { zones, webhook: self.webhook.trouble(), ..Status::clone(&status) }
    }
}
