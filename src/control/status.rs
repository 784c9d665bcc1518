//! What the server says of itself, to a person or a program: the answers of the control socket.

mod say;

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::git::fetch::Report;
use crate::authority::Memory;

/// The version of zonewright that judged and serves.
pub const BUILD: &str = env!("CARGO_PKG_VERSION");

/// What the server is and serves.
#[derive(Clone, Default, Serialize, Deserialize, Debug)]
pub struct Status {
    /// Its version.
    pub build: String,
    /// Its process.
    pub pid: u32,
    /// The addresses that it answers on.
    pub listeners: Vec<String>,
    /// When it started, in seconds since 1970.
    pub started: u64,
    /// The repository that its zones come from, if they do.
    #[serde(default)]
    pub source: Option<SourceStatus>,
    /// Where what is served is kept, if it is.
    #[serde(default)]
    pub state: Option<StateStatus>,
    /// Why the webhook could not be told of the last event, if so.
    #[serde(default)]
    pub webhook: Option<String>,
    /// Its zones, in canonical order; listed for whoever asks.
    pub zones: Vec<ZoneStatus>,
    /// The last look at the zone directory.
    pub look: Look,
    /// Memory of the process, in octets.
    pub resident: u64,
}

/// The repository that zones come from.
#[derive(Clone, Default, Serialize, Deserialize, Debug)]
pub struct SourceStatus {
    /// Its path or URL.
    pub repository: String,
    /// The branch that is followed.
    pub branch: String,
    /// The commit that is served.
    pub served: Option<CommitStatus>,
    /// Since when, in seconds since 1970.
    pub since: Option<u64>,
    /// The branch's commit, if it is refused.
    pub refused: Option<CommitStatus>,
    /// Why the branch is not followed.
    pub hold: Option<HoldStatus>,
    /// The last fetch, of a remote repository.
    pub fetch: Option<Report>,
    /// What an operator has set on this server for a while.
    #[serde(default)]
    pub glass: Option<GlassStatus>,
    /// What the canary had against the commit that is served, where it was published all the same.
    #[serde(default)]
    pub against: Vec<String>,
}

/// Records that stand in for the commit's.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct GlassStatus {
    /// The override's file.
    pub file: String,
    /// Until when, as it says.
    pub expires: String,
    /// Why, as it says.
    pub reason: String,
    /// Names and types.
    pub rrsets: Vec<String>,
}

/// Where what is served is kept.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct StateStatus {
    /// The state directory.
    pub directory: String,
    /// Whether this process writes to it; another may.
    pub is_writer: bool,
    /// What keeps the newest set from being saved, or kept the saved one from being served.
    pub troubles: Vec<String>,
}

/// A commit.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct CommitStatus {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
}

/// That the branch is not followed.
#[derive(Clone, Default, Serialize, Deserialize, Debug)]
pub struct HoldStatus {
    /// Whether an earlier commit was put back; else what was served was frozen.
    pub is_rollback: bool,
    /// The commit that is held.
    pub commit: String,
    /// Since when, in seconds since 1970.
    pub since: u64,
}

/// One zone.
#[derive(Clone, Default, Serialize, Deserialize, Debug)]
pub struct ZoneStatus {
    /// Its apex.
    pub zone: String,
    /// The file that holds it.
    pub file: String,
    /// What is served; none: SERVFAIL.
    pub served: Option<ServedStatus>,
    /// The findings for which its newest text is not served, as `check` shows them.
    pub refused: Option<String>,
    /// The zones that its newest text waits for.
    pub waits_for: Vec<String>,
}

/// The version of a zone that is served.
#[derive(Clone, Default, Serialize, Deserialize, Debug)]
pub struct ServedStatus {
    /// Its serial number.
    pub serial: u32,
    /// What its history says, where that is another one.
    #[serde(default)]
    pub history: Option<u32>,
    /// Its records.
    pub records: usize,
    /// Names that own records.
    pub names: usize,
    /// Memory that it holds, in octets.
    pub memory: usize,
    /// How much of that is for finding names.
    #[serde(default)]
    pub index: usize,
    /// How much of it is for finding proofs that something does not exist.
    #[serde(default)]
    pub proofs: usize,
    /// Since when it is served, in seconds since 1970.
    pub since: u64,
}

impl ServedStatus {
    /// Its memory by what it is for.
    pub fn parts(&self) -> Memory {
        let Self { memory, index, proofs, .. } = *self;
        Memory { data: memory.saturating_sub(index + proofs), index, proofs }
    }
}

/// One look at the zone directory and what came of it.
#[derive(Clone, Default, Serialize, Deserialize, Debug)]
pub struct Look {
    /// When it began, in seconds since 1970.
    pub at: u64,
    /// How long it took.
    pub seconds: f64,
    /// A change that is answered already, before its whole text is judged; nothing else was looked at then.
    #[serde(default)]
    pub ahead: Option<Change>,
    /// The commit that was published by it.
    #[serde(default)]
    pub commit: Option<CommitStatus>,
    /// Zones that were published, changed or taken away by it.
    pub published: Vec<Change>,
    /// Zones whose newest text is not served, whenever that began.
    pub refused: Vec<Refused>,
    /// Why nothing of what was found is served, if the directory as a whole is refused.
    pub whole: Option<String>,
    /// Why the config file is not followed, if it is not.
    pub config: Option<String>,
    /// Whether files kept changing under it, so that nothing was taken.
    pub unsettled: bool,
    /// What else is to be said, such as a setting that needs a restart.
    pub notices: Vec<String>,
}

/// A zone that a look changed.
#[derive(Clone, Default, Serialize, Deserialize, Debug)]
pub struct Change {
    /// Its apex.
    pub zone: String,
    /// The serial number that was served; none: it was not.
    pub from: Option<u32>,
    /// The serial number that is served; none: it is not any more.
    pub to: Option<u32>,
    /// Its records now.
    pub records: usize,
    /// Findings that do not keep it from being served, as `check` shows them.
    pub report: String,
}

/// A zone whose newest text is not served.
#[derive(Clone, Default, Serialize, Deserialize, Debug)]
pub struct Refused {
    /// Its apex.
    pub zone: String,
    /// The serial number that is served instead; none: SERVFAIL.
    pub kept: Option<u32>,
    /// Findings, as `check` shows them; empty for a zone that waits.
    pub report: String,
    /// The zones it waits for.
    pub waits_for: Vec<String>,
    /// Whether this look is the first to find it so.
    pub is_new: bool,
}

impl Look {
    /// Whether something that was found is not served.
    pub fn is_refused(&self) -> bool {
        !self.refused.is_empty() || self.whole.is_some() || self.config.is_some() || self.unsettled
    }

    /// The same with no more than so many of the zones that it published.
    pub fn shortened(&self, most: usize) -> Self {
        let published = self.published.iter().take(most).cloned().collect();
        Self {
            published,
            commit: self.commit.clone(),
            ahead: self.ahead.clone(),
            refused: self.refused.clone(),
            whole: self.whole.clone(),
            config: self.config.clone(),
            notices: self.notices.clone(),
            ..*self
        }
    }

    /// What `other` published was published in the place of what is refused here.
    pub fn take_over(&mut self, other: Self) {
        self.notices.extend(other.notices);
        (self.published, self.commit) = (other.published, other.commit);
        for refused in &mut self.refused {
            if let Some(change) = self.published.iter().find(|change| change.zone == refused.zone) {
                refused.kept = change.to;
            }
        }
    }

    /// Whether something else is served since it.
    pub fn has_news(&self) -> bool {
        !self.published.is_empty() || self.commit.is_some()
    }
}

/// Memory of this process that is in use, in octets; 0 where the system does not say.
pub fn resident_octets() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

/// A count of octets as people say it.
pub fn say_octets(octets: u64) -> String {
    match octets {
        0..10_000 => format!("{octets} octets"),
        10_000..10_000_000 => format!("{} kB", octets / 1000),
        10_000_000..10_000_000_000 => format!("{} MB", octets / 1_000_000),
        _ => format!("{} GB", octets / 1_000_000_000),
    }
}

/// Memory of zones: of large ones also what it is for.
pub fn say_memory(memory: Memory) -> String {
    let say = |octets: usize| say_octets(octets as u64);
    let Memory { data, index, proofs } = memory;
    match memory.all() {
        all @ ..1_000_000 => say(all),
        all if proofs == 0 => format!("{} ({} names and data, {} index)", say(all), say(data), say(index)),
        all => format!("{} ({} names and data, {} index, {} proofs)", say(all), say(data), say(index), say(proofs)),
    }
}

/// Seconds since 1970.
pub fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
