//! Whether a commit may be served, and serving it.

use std::path::PathBuf;

use super::canary::{self, Mode};
use super::{Commits, MAX_STEPS_BACK, Refusing, Served, Work};
use crate::authority::Catalog;
use crate::config::{Config, RepositorySettings};
use crate::control::git::{Id, Refusal, Repository, Signers};
use crate::control::load::{self, Root};
use crate::control::reload::{Reloader, report_on};
use crate::control::status::{CommitStatus, Look};
use crate::dns::Name;

/// What came of a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// It is what is served.
    Taken,
    /// Its zones may not be served.
    Refused,
    /// They may, and the canary is against it.
    Stopped,
}

impl Outcome {
    pub(super) fn is_taken(self) -> bool {
        self == Self::Taken
    }
}

impl Commits {
    /// Serves a commit if it may be, and remembers why if it may not.
    pub(super) fn take(&mut self, work: &mut Work<'_>, id: Id, look: &mut Look) -> Result<(), Refusal> {
        let outcome = match self.guard(work.repository, id).and_then(|()| self.publish(work, id, look)) {
            Ok(Outcome::Taken) => return Ok(()),
            Ok(outcome) => outcome,
            // What cannot be read may be read the next time; what may not be served is not asked again.
            Err(refusal) if !refusal.is_final() => return Err(refusal),
            Err(refusal) => {
                look.whole = Some(report_on(refusal.place, *refusal.finding).to_string());
                Outcome::Refused
            }
        };
        self.refused = Some(Refusing {
            id,
            commit: work.repository.commit(id).ok(),
            whole: look.whole.clone(),
            zones: look.refused.clone(),
            is_by_canary: outcome == Outcome::Stopped,
        });
        Ok(())
    }

    /// Whether a commit may be served at all.
    fn guard(&self, repository: &Repository, id: Id) -> Result<(), Refusal> {
        if self.hold.is_some() {
            return Ok(());
        }
        if let Some(tip) = self.tip.filter(|_| !self.settings.allow_rewind)
            && !repository.comes_from(id, tip)?
        {
            return Err(repository.rewound(id, tip));
        }
        let RepositorySettings { allowed_signers, allowed_keys, .. } = &self.settings;
        if self.settings.wants_signatures() {
            let signers = Signers { ssh: allowed_signers.clone(), openpgp: allowed_keys.clone() };
            repository.verify(id, self.tip, &signers)?;
        }
        Ok(())
    }

    /// Serves a commit if its zones say nothing against it.
    pub(super) fn publish(&mut self, work: &mut Work<'_>, id: Id, look: &mut Look) -> Result<Outcome, Refusal> {
        let commit = work.repository.commit(id)?;
        let root = Root::Snapshot(work.repository.snapshot(id, &self.settings.path)?);
        let numbers = self.count(work, id, &root)?;
        let mode = self.mode(id, work.demand, &work.config.canary);
        let trial = self.trial(work, id, mode, &root);
        let (mut against, path) = (Vec::new(), self.settings.path.clone());
        let mut stops = |old: &Catalog, new: &Catalog| {
            if mode != Mode::Off {
                against = trial.objections(old, new);
            }
            (mode == Mode::Refused && !against.is_empty()).then(|| canary::report(id, &path, &against))
        };
        let is_taken = work.reloader.take_whole(&root, work.config, work.demand, look, &mut stops);
        if !is_taken.map_err(|error| work.repository.unlisted(&error))? {
            return Ok(if against.is_empty() { Outcome::Refused } else { Outcome::Stopped });
        }
        self.note_numbers(numbers, look);
        if self.hold.is_none() {
            self.tip = Some(id);
        }
        if let Some(served) = self.served.as_mut().filter(|served| served.id == id) {
            served.commit = commit;
        } else {
            look.commit = Some(CommitStatus::from(&commit));
            look.notices.extend(against.iter().map(|line| format!("published against the canary: {}", line.trim())));
            self.served = Some(Served { id, commit, since: look.at, against });
            self.accepted = None;
        }
        Ok(Outcome::Taken)
    }

    /// Serves the newest good commit before one that is broken, where nothing is served yet.
    pub(super) fn take_earlier(&mut self, work: &mut Work<'_>, newest: Id, look: &mut Look) -> Result<(), Refusal> {
        let refused = self.refused.take();
        for id in work.repository.line(newest, MAX_STEPS_BACK)?.into_iter().skip(1) {
            let mut earlier = Look { at: look.at, ..Look::default() };
            if self.guard(work.repository, id).is_ok()
                && self.publish(work, id, &mut earlier).is_ok_and(Outcome::is_taken)
            {
                look.take_over(earlier);
                break;
            }
        }
        self.refused = refused;
        if self.served.is_none() {
            let root = Root::Snapshot(work.repository.snapshot(newest, &self.settings.path)?);
            let listing =
                load::zone_files(&root, &work.config.source.zones).map_err(|error| work.repository.unlisted(&error))?;
            work.reloader.serve_none_of(listing.zones);
        }
        Ok(())
    }

    /// With nothing to serve, the names that the config lists are ours all the same.
    pub(super) fn serve_names(&self, reloader: &mut Reloader, config: &Config) {
        let file =
            |(name, file): &(Name, PathBuf)| load::ZoneFile { name: name.clone(), file: file.clone(), rival: None };
        reloader.serve_none_of(config.source.zones.iter().map(file));
    }
}
