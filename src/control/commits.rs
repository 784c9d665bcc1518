//! Following a branch: which commit is served, which one is not and why, and who holds it.
//!
//! In: a repository, orders, and what was served before. Out: one commit's zones published whole, or a [`Look`] that says
//! what keeps the newest from being served. What a commit's zones say is judged by the reloader; here is what may be asked
//! of a commit whatever its zones say.
//!
//! # Design
//!
//! The branch's tip is compared with what is served, by id. A commit is looked at once: what was refused is refused until the
//! branch, the config or an operator says something new. A rewind is measured from the newest commit that was ever published
//! by following, not from what is served: else a rollback would open the door to a history that nobody saw. With nothing
//! served and the newest commit broken, the newest good one before it is served, as it is on every node that was there.

mod account;
mod canary;
mod glass;
mod numbers;
mod publish;

use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use self::publish::Outcome;
use super::git::fetch::Fetch;
use super::git::{Commit, Id, Refusal, Repository};
use super::reload::{Demand, Reloader, report_on};
use super::serials::{Histories, Numbers};
use super::state::HoldKind;
use super::status::{Look, Refused, unix_seconds};
use crate::config::{Config, Location, RepositorySettings};

/// How far back a good commit is looked for, when the newest is broken and none was served.
const MAX_STEPS_BACK: usize = 100;

/// What an operator can say of the commit that is served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    /// Serve what is served, whatever is pushed.
    Freeze,
    /// Follow the branch again.
    Thaw,
    /// Serve an earlier commit, and stay there; none: the one before.
    Rollback(Option<String>),
    /// Serve a commit that the canary refused.
    Accept(String),
}

/// Why the branch is not followed.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Hold {
    kind: HoldKind,
    commit: Id,
    since: u64,
}

/// Follows one branch of one repository.
pub struct Commits {
    settings: RepositorySettings,
    place: PathBuf,
    served: Option<Served>,
    /// The newest commit that was published by following.
    tip: Option<Id>,
    hold: Option<Hold>,
    refused: Option<Refusing>,
    /// The commit that an operator lets pass the canary.
    accepted: Option<Id>,
    /// What an operator has set on this server for a while.
    shard: glass::Shard,
    /// What the history says of serials, and what was published of them.
    histories: Histories,
    numbers: Numbers,
}

/// The commit that is served.
#[derive(Clone, Debug)]
struct Served {
    id: Id,
    commit: Commit,
    since: u64,
    /// What the canary had against it, if an operator let it pass.
    against: Vec<String>,
}

/// What a look works with.
struct Work<'w> {
    repository: &'w Repository,
    reloader: &'w mut Reloader,
    config: &'w Config,
    demand: Demand,
}

/// A commit that is not served, and why.
#[derive(Clone, Debug)]
struct Refusing {
    id: Id,
    commit: Option<Commit>,
    whole: Option<String>,
    zones: Vec<Refused>,
    /// Whether nothing but the canary is against it.
    is_by_canary: bool,
}

impl Commits {
    /// Follows `settings`; a remote repository's copy is at `copy`.
    pub fn new(settings: RepositorySettings, copy: PathBuf) -> Self {
        let place = match &settings.location {
            Location::Local(path) => path.clone(),
            Location::Remote(_) => copy,
        };
        Self {
            settings,
            place,
            served: None,
            tip: None,
            hold: None,
            refused: None,
            shard: glass::Shard::default(),
            accepted: None,
            histories: Histories::default(),
            numbers: Numbers::default(),
        }
    }

    /// Whether it follows the branch that `settings` name, whatever else they say.
    pub fn is_of(&self, settings: &RepositorySettings) -> bool {
        self.settings.location == settings.location && self.settings.branch == settings.branch
    }

    /// Goes on under other settings of the same branch; what was published is remembered.
    pub fn set(&mut self, settings: RepositorySettings) {
        self.settings = settings;
    }

    /// What brings a remote repository here; none for one that is read where it is.
    pub fn fetch(&self) -> Option<Fetch> {
        let Location::Remote(url) = &self.settings.location else { return None };
        Some(Fetch {
            url: url.clone(),
            branch: self.settings.branch.clone(),
            repository: self.place.clone(),
            deadline: self.settings.fetch_deadline,
            octets: self.settings.fetch_octets,
        })
    }

    /// The repository on this host.
    pub fn place(&self) -> &std::path::Path {
        &self.place
    }

    /// Looks at the branch once, publishes its commit if it may be served, and says what came of it.
    pub fn look(&mut self, reloader: &mut Reloader, config: &Config, demand: Demand, order: Option<&Order>) -> Look {
        let (at, start) = (unix_seconds(SystemTime::now()), Instant::now());
        let mut look = Look { at, ..Look::default() };
        self.read_glass(i64::try_from(at).unwrap_or(i64::MAX));
        let is_accepting = matches!(order, Some(Order::Accept(_)));
        if !is_accepting && (demand.everything || demand.accept_loss || demand.republish || order.is_some()) {
            self.refused = None;
        }
        if let Err(refusal) = self.advance(reloader, config, demand, order, &mut look) {
            look.whole = Some(report_on(refusal.place, *refusal.finding).to_string());
        }
        if self.served.is_none() {
            self.serve_names(reloader, config);
        }
        self.tell_glass(reloader, &mut look);
        let mark = if reloader.glass.is_some() { "+override" } else { "" };
        reloader.provenance = self.served.as_ref().map(|served| format!("{}{mark}", served.commit.id));
        reloader.finish(config, demand, look.commit.is_some());
        look.seconds = start.elapsed().as_secs_f64();
        look
    }

    fn advance(
        &mut self,
        reloader: &mut Reloader,
        config: &Config,
        demand: Demand,
        order: Option<&Order>,
        look: &mut Look,
    ) -> Result<(), Refusal> {
        let repository = Repository::open(&self.place)?;
        let before = self.hold.clone();
        if let Some(order) = order {
            self.obey(&repository, order)?;
        }
        let mut work = Work { repository: &repository, reloader, config, demand };
        self.apply_glass(&mut work, look)?;
        let result = match order {
            Some(Order::Rollback(None)) => self.roll_back(&mut work, look),
            _ => self.go_to_target(&mut work, order == Some(&Order::Thaw), before.as_ref(), look),
        };
        self.hold_what_is_served(before.as_ref());
        if order.is_some() {
            look.notices.push(self.say_hold());
        }
        result
    }

    /// Serves what it is held at, or what the branch names; where that may not be, what was served goes on, and where nothing
    /// was, or another commit was put back until now, the newest good one is looked for.
    fn go_to_target(
        &mut self,
        work: &mut Work<'_>,
        is_thawed: bool,
        before: Option<&Hold>,
        look: &mut Look,
    ) -> Result<(), Refusal> {
        let target = self.target(work.repository)?;
        if self.serves(target) && !(work.demand.everything || work.demand.republish) {
            self.refused = None;
            self.complete(work.repository);
            return Ok(());
        }
        if let Some(refused) = self.refused.as_ref().filter(|refused| refused.id == target) {
            look.whole.clone_from(&refused.whole);
            look.refused.extend(refused.zones.iter().map(|zone| Refused { is_new: false, ..zone.clone() }));
            return Ok(());
        }
        self.refused = None;
        self.take(work, target, look)?;
        self.hold_what_is_served(before);
        if is_thawed && !self.serves(target) {
            self.take_tip(work, look)?;
        }
        if self.served.is_none() {
            self.take_earlier(work, target, look)?;
        }
        Ok(())
    }

    fn serves(&self, id: Id) -> bool {
        self.served.as_ref().is_some_and(|served| served.id == id)
    }

    /// A commit that is not served is not held either: what was held before stays so.
    fn hold_what_is_served(&mut self, before: Option<&Hold>) {
        if self.hold.as_ref().is_some_and(|hold| !self.serves(hold.commit)) {
            self.hold = before.cloned();
        }
    }

    /// Goes back to the newest commit that was published by following, from one that was put back.
    fn take_tip(&mut self, work: &mut Work<'_>, look: &mut Look) -> Result<(), Refusal> {
        let Some(tip) = self.tip.filter(|tip| self.served.as_ref().is_some_and(|served| served.id != *tip)) else {
            return Ok(());
        };
        let mut one = Look { at: look.at, ..Look::default() };
        self.publish(work, tip, &mut one)?;
        look.take_over(one);
        Ok(())
    }

    /// Serves the nearest commit before the one served that may be, and holds it.
    fn roll_back(&mut self, work: &mut Work<'_>, look: &mut Look) -> Result<(), Refusal> {
        let nearest = self.hold.as_ref().map(|hold| hold.commit).ok_or_else(|| work.repository.nothing_served())?;
        for id in work.repository.line(nearest, MAX_STEPS_BACK)? {
            let mut one = Look { at: look.at, ..Look::default() };
            if self.publish(work, id, &mut one).is_ok_and(Outcome::is_taken) {
                self.hold = self.hold.take().map(|hold| Hold { commit: id, ..hold });
                look.notices.append(&mut one.notices);
                *look = Look { notices: std::mem::take(&mut look.notices), ..one };
                return Ok(());
            }
            look.notices.push(format!("commit {id} is passed over: it is refused"));
            if id == nearest {
                (look.refused, look.whole) = (one.refused, one.whole);
            }
        }
        Ok(())
    }

    /// A start without the repository knew the id only.
    fn complete(&mut self, repository: &Repository) {
        if let Some(served) = self.served.as_mut().filter(|served| served.commit.author.is_empty())
            && let Ok(commit) = repository.commit(served.id)
        {
            served.commit = commit;
        }
    }

    /// The commit to serve: what it is held at, or what the branch names.
    fn target(&self, repository: &Repository) -> Result<Id, Refusal> {
        self.hold.as_ref().map_or_else(|| repository.tip(&self.settings.branch), |hold| Ok(hold.commit))
    }

    fn obey(&mut self, repository: &Repository, order: &Order) -> Result<(), Refusal> {
        let since = unix_seconds(SystemTime::now());
        let served = || self.served.as_ref().map(|served| served.id).ok_or_else(|| repository.nothing_served());
        self.hold = match order {
            Order::Thaw => None,
            Order::Accept(revision) => return self.accept(repository, revision),
            Order::Freeze => Some(Hold { kind: HoldKind::Frozen, commit: served()?, since }),
            Order::Rollback(revision) => {
                let commit = match revision {
                    Some(revision) => repository.resolve(revision)?,
                    None => repository.before(served()?)?,
                };
                let published = self.tip.map_or_else(served, Ok)?;
                if self.settings.wants_signatures() && !repository.comes_from(published, commit)? {
                    return Err(repository.not_before(commit, published));
                }
                Some(Hold { kind: HoldKind::RolledBack, commit, since })
            }
        };
        Ok(())
    }
}
