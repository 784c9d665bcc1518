//! What the log is told of a look.

use std::time::{Duration, Instant};

use super::Follower;
use crate::control::commits::Commits;
use crate::control::reload::UNSHOWN;
use crate::control::status::{self, Look};
use crate::control::webhook::Event;

/// A tree that is copied, or an editor at work, settles sooner; past this the log tells.
const UNSETTLED: Duration = Duration::from_secs(5);

/// Zones of one look that the log names one by one; `status` shows all.
const MOST_LISTED: usize = 50;

/// What was logged of the last look and may hold for many more.
#[derive(Default)]
pub(super) struct Told {
    whole: Option<String>,
    config: Option<String>,
    notices: Vec<String>,
}

impl Follower {
    /// Tells of what came of a look, and once of what holds for many.
    pub(super) fn tell(&mut self, look: &Look) {
        if let Some(commit) = look.commit.as_ref().filter(|_| self.is_started) {
            tracing::info!("{commit} is served");
        }
        if let Some(change) = &look.ahead {
            tracing::info!(
                "{change}: addresses only, answered in {:.3} s; the whole text is judged once edits rest",
                look.seconds
            );
        }
        for change in look.published.iter().take(MOST_LISTED) {
            tracing::info!("{change}");
        }
        if let Some(more) = look.published.len().checked_sub(MOST_LISTED).filter(|&more| more > 0) {
            tracing::info!("and {more} zones more");
        }
        let told = look.published.iter().filter(|change| !change.report.is_empty() && change.report != UNSHOWN);
        told.for_each(|change| {
            tracing::warn!("{} is served, with findings\n{}", change.zone, change.report.trim_end());
        });
        let unshown = look.published.iter().filter(|change| change.report == UNSHOWN).count();
        if unshown > 0 {
            tracing::warn!("zones more that are served with findings: {unshown}; `zonewright check` shows them");
        }
        look.refused.iter().filter(|refused| refused.is_new).for_each(tell_refused);
        if self.unsettled.is_some_and(|since| since.elapsed() > UNSETTLED) {
            self.unsettled = Some(Instant::now());
            tracing::warn!("files kept changing, so nothing of them is taken yet");
        }
        let told = &self.told;
        let whole = look.whole.as_ref().filter(|_| told.whole != look.whole);
        let config = look.config.as_ref().filter(|_| told.config != look.config);
        if let Some(whole) = whole {
            let what = if self.commits.is_some() { "what the repository has now" } else { "the zone directory" };
            tracing::error!("{what} is refused: all zones stay as they are\n{}", whole.trim_end());
        }
        if let Some(config) = config {
            tracing::error!("the config is refused: the settings stay as they are\n{}", config.trim_end());
        }
        look.notices
            .iter()
            .filter(|notice| !told.notices.contains(notice))
            .for_each(|notice| tracing::warn!("{notice}"));
        let is_refusal = whole.is_some() || config.is_some() || look.refused.iter().any(|refused| refused.is_new);
        self.tell_webhook(look, is_refusal);
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

    /// Tells the webhook of the same, but for the start, of which nobody needs to be told; of a refusal where it is a new one.
    fn tell_webhook(&self, look: &Look, is_refusal: bool) {
        let Some(settings) = &self.settings.config.webhook else { return };
        if look.has_news() && self.is_started {
            self.webhook.tell(Event::published(look), settings);
        }
        if is_refusal {
            let commit = self.commits.as_ref().and_then(Commits::refused);
            self.webhook.tell(Event::refused(look, commit), settings);
        }
    }
}

fn tell_refused(refused: &status::Refused) {
    match refused.report.trim_end() {
        "" => tracing::warn!("{refused}"),
        report => tracing::error!("{refused}\n{report}"),
    }
}
