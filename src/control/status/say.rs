//! What the server says of itself, as a person reads it.

use std::fmt;
use std::time::SystemTime;

use super::{
    Change, CommitStatus, Look, Refused, SourceStatus, StateStatus, Status, ZoneStatus, say_memory, say_octets,
    unix_seconds,
};
use crate::control::git::short;
use crate::diagnostic::render::escape;

impl Status {
    /// The status as a person reads it now.
    pub fn say(&self) -> String {
        let now = unix_seconds(SystemTime::now());
        let mut text = format!(
            "zonewright {}, process {}, up {}, {} in use\n",
            self.build,
            self.pid,
            say_seconds(now.saturating_sub(self.started)),
            say_octets(self.resident)
        );
        text += &format!("listening on {}\n", self.listeners.join(", "));
        let ago = say_seconds(now.saturating_sub(self.look.at));
        text += &format!("last look {ago} ago, in {:.3} s\n", self.look.seconds);
        text += &self.source.as_ref().map(|source| source.say(now)).unwrap_or_default();
        text += &self.state.as_ref().map(StateStatus::say).unwrap_or_default();
        if let Some(trouble) = &self.webhook {
            text += &format!("webhook: the last event was not delivered: {trouble}\n");
        }
        text += &self.look.say_troubles();
        text += &format!("\n{} zones\n", self.zones.len());
        let width = self.zones.iter().map(|zone| zone.zone.len()).max().unwrap_or(0);
        for zone in &self.zones {
            text += &zone.say(width, now);
        }
        // Where zones are refused one by one, each says why; a commit is refused as a whole.
        let of_zones = self.zones.iter().filter_map(|zone| zone.refused.as_ref());
        let of_commit = self.look.refused.iter().map(|refused| &refused.report).filter(|_| self.source.is_some());
        of_zones.chain(of_commit).for_each(|report| text += &format!("\n{report}"));
        text
    }
}

impl SourceStatus {
    fn say(&self, now: u64) -> String {
        let ago = |since: u64| say_seconds(now.saturating_sub(since));
        let mut text = format!("following {} of {}\n", self.branch, self.repository);
        match (&self.served, self.since) {
            (Some(commit), Some(since)) => text += &format!("serving {commit}, for {}\n", ago(since)),
            _ => text += "serving no commit: none that is good was found\n",
        }
        if let Some(glass) = &self.glass {
            let [file, expires, reason] =
                [&glass.file, &glass.expires, &glass.reason].map(|text| escape(text.as_bytes()));
            text += &format!("OVERRIDE {file} until {expires}: {reason}\n");
            glass.rrsets.iter().for_each(|rrset| text += &format!("  {rrset} is not the commit's\n"));
        }
        if !self.against.is_empty() {
            text += "it was published against the canary:\n";
            self.against.iter().for_each(|line| text += &format!("  {}\n", escape(line.as_bytes())));
        }
        if let Some(commit) = &self.refused {
            text += &format!("refused {commit}\n");
        }
        if let Some(hold) = &self.hold {
            let what = if hold.is_rollback { "rolled back to" } else { "frozen at" };
            text += &format!(
                "{what} {} for {}: `zonewright thaw` follows the branch again\n",
                hold.commit,
                ago(hold.since)
            );
        }
        if let Some(fetch) = &self.fetch {
            let result = fetch.trouble.as_ref().map_or("done".to_owned(), |trouble| format!("failed: {trouble}"));
            text += &format!("last fetch {} ago, {result}\n", ago(fetch.at));
        }
        text
    }
}

impl StateStatus {
    fn say(&self) -> String {
        let by = if self.is_writer { "" } else { ", written by another process" };
        let mut text = format!("state in {}{by}\n", self.directory);
        self.troubles.iter().for_each(|trouble| text += &format!("state: {trouble}\n"));
        text
    }
}

impl fmt::Display for CommitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever can push wrote these.
        let [author, subject] = [&self.author, &self.subject].map(|text| escape(text.as_bytes()));
        write!(f, "commit {}", short(&self.id))?;
        // A start without the repository knows no more of it.
        if author.is_empty() { Ok(()) } else { write!(f, " “{subject}” by {author}") }
    }
}

impl ZoneStatus {
    fn say(&self, width: usize, now: u64) -> String {
        let mut line = format!("{:width$}  ", self.zone);
        line += &match &self.served {
            None => "SERVFAIL: no good version".to_owned(),
            Some(served) => format!(
                "serial {}{}, {} records, {} names, {}, for {}",
                served.serial,
                served.history.map_or(String::new(), |history| format!(" ({history} by its history)")),
                served.records,
                served.names,
                say_memory(served.parts()),
                say_seconds(now.saturating_sub(served.since))
            ),
        };
        if self.refused.is_some() {
            line += "; its new text is refused";
        }
        if !self.waits_for.is_empty() {
            line += &format!("; its new text waits for {}", self.waits_for.join(", "));
        }
        line + "\n"
    }
}

impl Look {
    /// What came of it, as a person reads it.
    pub fn say(&self) -> String {
        let mut text = String::new();
        for refused in &self.refused {
            text += &refused.report;
            if !refused.report.is_empty() {
                text.push('\n');
            }
        }
        text += &self.say_troubles();
        if let Some(commit) = &self.commit {
            text += &format!("{commit} is served\n");
        }
        for change in &self.published {
            text += &format!("{change}\n");
        }
        for refused in &self.refused {
            text += &format!("{refused}\n");
        }
        if !self.has_news() && !self.is_refused() && self.notices.is_empty() {
            text += "nothing changed\n";
        }
        text
    }

    fn say_troubles(&self) -> String {
        let mut text = String::new();
        if let Some(whole) = &self.whole {
            text += &format!("{whole}\nit is refused: all zones stay as they are\n");
        }
        if let Some(config) = &self.config {
            text += &format!("{config}\nthe config is refused: the settings stay as they are\n");
        }
        if self.unsettled {
            text += "files kept changing, so nothing of them is taken yet\n";
        }
        self.notices.iter().for_each(|notice| text += &format!("{notice}\n"));
        text
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { zone, records, .. } = self;
        match (self.from, self.to) {
            (None, Some(to)) => write!(f, "{zone} is served: serial {to}, {records} records"),
            (Some(from), Some(to)) => write!(f, "{zone} changed: serial {from} → {to}, {records} records"),
            (_, None) => write!(f, "{zone} is not served any more"),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.waits_for.as_slice() {
            [] => write!(f, "{} is refused: ", self.zone)?,
            failing => {
                write!(f, "{} waits for {}, which was changed with it and is refused: ", self.zone, failing.join(", "))?
            }
        }
        match self.kept {
            Some(serial) => write!(f, "serial {serial} is served on"),
            None => f.write_str("it is answered with SERVFAIL, for it has no good version"),
        }
    }
}

/// A length of time as people say it.
fn say_seconds(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
