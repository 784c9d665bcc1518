//! What others know of the branch that is followed: a later start, `status`, whoever gave an order.

use std::time::SystemTime;

use super::{Commits, Hold, Served};
use crate::control::git::{Commit, Id};
use crate::control::state::{self, HoldKind, Set};
use crate::control::status::{CommitStatus, HoldStatus, SourceStatus, unix_seconds};

impl Commits {
    /// Goes on from what was saved.
    pub fn restore(&mut self, set: &Set) {
        let id = |text: &String| Id::from_hex(text.as_bytes()).ok();
        self.restore_numbers(set);
        self.tip = set.tip.as_ref().and_then(id);
        self.served = set.commit.as_ref().and_then(id).map(|id| Served {
            id,
            commit: Commit { id: id.to_string(), author: String::new(), subject: String::new(), time: 0 },
            since: unix_seconds(SystemTime::now()),
            against: Vec::new(),
        });
        self.hold = set
            .hold
            .as_ref()
            .and_then(|hold| Some(Hold { kind: hold.kind, commit: id(&hold.commit)?, since: hold.since }));
    }

    pub(super) fn say_hold(&self) -> String {
        match &self.hold {
            None => format!("branch {} is followed", self.settings.branch),
            Some(hold) => format!("commit {} is held until `zonewright thaw`", hold.commit),
        }
    }

    /// What a later start has to know.
    pub fn add_to(&self, mut set: Set) -> Set {
        self.save_numbers(&mut set);
        let hold = self.hold.as_ref().map(|hold| state::Hold {
            kind: hold.kind,
            commit: hold.commit.to_string(),
            since: hold.since,
        });
        let commit = self.served.as_ref().map(|served| served.id.to_string());
        Set { commit, tip: self.tip.map(|tip| tip.to_string()), hold, ..set }
    }

    /// The commit that is refused.
    pub fn refused(&self) -> Option<CommitStatus> {
        self.refused.as_ref()?.commit.as_ref().map(CommitStatus::from)
    }

    /// What `status` shows of it.
    pub fn status(&self) -> SourceStatus {
        SourceStatus {
            repository: self.settings.location.to_string(),
            branch: self.settings.branch.clone(),
            served: self.served.as_ref().map(|served| CommitStatus::from(&served.commit)),
            since: self.served.as_ref().map(|served| served.since),
            refused: self.refused(),
            hold: self.hold.as_ref().map(|hold| HoldStatus {
                is_rollback: hold.kind == HoldKind::RolledBack,
                commit: hold.commit.to_string(),
                since: hold.since,
            }),
            fetch: None,
            glass: self.glass_status(),
            against: self.served.as_ref().map(|served| served.against.clone()).unwrap_or_default(),
        }
    }
}

impl From<&Commit> for CommitStatus {
    fn from(commit: &Commit) -> Self {
        let Commit { id, author, subject, time } = commit.clone();
        Self { id, author, subject, time }
    }
}
