//! Where zones come from: a directory, or a branch, and what tells of changes there.
//!
//! In: what the config names. Out: watches and a fetcher for it, and what a look at it found.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::{Follower, Message};
use crate::control::commits::{Commits, Order};
use crate::control::fetching::{self, Fetcher};
use crate::control::git::{self, fetch::Report};
use crate::control::keep;
use crate::control::reload::Demand;
use crate::control::status::Look;
use crate::control::watch::{Hint, Reach, Watch};

impl Follower {
    pub(super) fn watch(&mut self) {
        // The old one ends first: there are few watches, and two would tell everything twice.
        self.watch = None;
        let (sender, config) = (self.sender.clone(), &self.settings.config);
        // The loop may have ended; then nobody minds.
        let tell = move |hint| drop(sender.send(Message::Hint(hint)));
        let config_file = config.path.as_deref();
        let watch = match self.commits.as_ref().map(|commits| git::Repository::open(commits.place())) {
            None => Watch::start(&config.source.directory, config_file, tell),
            Some(Ok(repository)) => {
                let settings = config.source.repository.as_ref();
                let beside = settings.and_then(|settings| settings.override_file.as_deref());
                Watch::start_refs(&repository.common_dir(), config_file.into_iter().chain(beside), tell)
            }
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
    pub(super) fn choose_source(&mut self) {
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
    pub(super) fn take_report(&mut self, report: Report) {
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
        self.debounce.ask(Reach::Everywhere, Instant::now());
        let look = Arc::clone(&self.status.lock().unwrap_or_else(PoisonError::into_inner)).look.clone();
        self.update_status(&look);
    }

    pub(super) fn look_at_source(
        &mut self,
        demand: Demand,
        reach: &Reach,
        is_restless: bool,
        order: Option<&Order>,
    ) -> Look {
        let config = &self.settings.config;
        let is_tried = self.commits.is_some() && config.canary.enabled;
        self.reloader.keep_questions(if is_tried { config.canary.questions } else { 0 });
        if let Some(commits) = &mut self.commits {
            return commits.look(&mut self.reloader, config, demand, order);
        }
        let (receiver, debounce, waiting) = (&self.receiver, &mut self.debounce, &mut self.waiting);
        // Between a whole look's first stat and its last nothing moves unseen; a look at some files has the events only.
        let is_amid = is_restless && *reach != Reach::Everywhere;
        let mut is_told = false;
        let mut is_calm = || {
            receiver.try_iter().for_each(|message| {
                is_told |= matches!(message, Message::Hint(_));
                match message {
                    Message::Hint(Hint::Writing(path)) => debounce.note(Hint::Writing(path), Instant::now()),
                    other => waiting.push_back(other),
                }
            });
            demand.everything || !(is_told && is_amid) && debounce.busy_until(Instant::now()).is_none()
        };
        let mut look = self.reloader.look(config, demand, reach, &mut is_calm);
        if order.is_some() {
            let trouble = "zones come from a directory, and only commits can be held: see `repository` under [source]";
            look.whole = Some(trouble.to_owned());
        }
        look
    }
}
