//! `log`: the commits that changed an answer.

use anyhow::{Context as _, bail};

use super::output::{self, Output};
use super::tree;
use super::{ConfigArgument, Verdict};
use crate::config::Overrides;
use crate::control::git::{Commit, moment, short};
use crate::control::past::{Past, Turn};
use crate::dns::{Name, Rtype};
use crate::review::diff::{json, text};
use crate::zonefile::rdata::Moment;

/// Show each commit that changed the answer for a name, with its author and how long the old answer could be cached
///
/// Walks the line of first parents of the configured branch, or of the repository that the zone directory lies in: what a
/// server that follows it served. A text that changed and an answer that did not is no line here: `git log` has those. An
/// answer that came from elsewhere counts: an alias's target in another zone, a wildcard that no longer stands for the name,
/// a new delegation. A commit whose zones have errors was not served, so the answer went on. The SOA record that comes with
/// an answer that there is nothing is no part of it here; who asks for it has a line for each new serial number.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The name that was asked for; its last dot is optional
    #[arg(value_name = "NAME", value_parser = tree::parse_name)]
    name: Name,
    /// The type that was asked for: a mnemonic, or TYPE123 [default: all]
    #[arg(value_name = "TYPE", value_parser = super::query::parse_type)]
    rtype: Option<Rtype>,
    /// Show the newest so many only
    #[arg(short = 'n', long, value_name = "COUNT")]
    limit: Option<usize>,
    /// Show those committed since a date only, in any form that git reads, `2 weeks ago` too
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    since: Option<i64>,
    /// How commits are shown
    #[arg(long, value_enum, default_value = "text")]
    format: LogFormat,
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    /// For people at a terminal
    Text,
    /// For programs: one JSON object a commit and type, and line
    Json,
}

fn parse_date(text: &str) -> Result<i64, String> {
    moment(text).ok_or_else(|| "no date; write one like `2026-11-01` or `2026-11-01T12:00:00Z`".into())
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = arguments.config.load(&Overrides::default())?;
    let mut past = Past::find(&config, &arguments.name)?;
    let (mut output, mut left) = (Output::new(), arguments.limit.unwrap_or(usize::MAX));
    let (mut is_all, mut is_silent) = (true, true);
    past.turns(arguments.rtype, &mut |turn| {
        is_all = left > 0 && arguments.since.is_none_or(|since| turn.commit.time >= since);
        if is_all {
            (left, is_silent) = (left - 1, false);
            output.print(show(&turn, arguments.format))?;
        }
        // What lies before the last one wanted can be long, and nobody asked for it.
        is_all &= left > 0;
        Ok(is_all)
    })
    .with_context(|| format!("following the answers for {}", arguments.name))?;
    if is_all && is_silent && !past.line().is_cut {
        // The first commit with a zone of the name would have changed an answer.
        bail!(
            "`{}` lies in no zone of any commit that could be served: look for a slip in the name, and see `[[zone]]` and \
             `[source]` in the config",
            arguments.name
        );
    }
    if is_all && is_silent {
        output::say(&format!("zonewright: no commit here changed an answer for {}\n", arguments.name));
    }
    if is_all && past.line().is_cut {
        output::say(
            "zonewright: the history is cut off here, in a shallow clone: `git fetch --unshallow` brings the rest\n",
        );
    }
    Ok(Verdict::Good)
}

fn show(turn: &Turn, format: LogFormat) -> String {
    match format {
        LogFormat::Text => {
            output::escape_lines(&format!("{}\n{}\n", heading(&turn.commit), text::change_lines(&turn.change)))
        }
        LogFormat::Json => {
            json::change_objects(&turn.change).into_iter().map(|change| object(&turn.commit, change)).collect()
        }
    }
}

/// A commit on one line: its id, when, who and what.
pub(super) fn heading(commit: &Commit) -> String {
    format!("{} {} {}: {}", short(&commit.id), when(commit), commit.author, commit.subject)
}

/// When a commit was made; of one that no calendar of ours has, the seconds since 1970.
fn when(commit: &Commit) -> String {
    u32::try_from(commit.time).map_or_else(|_| format!("@{}", commit.time), |seconds| Moment(seconds).to_string())
}

fn object(commit: &Commit, mut change: serde_json::Value) -> String {
    let Commit { id, author, subject, time } = commit;
    if let Some(members) = change.as_object_mut() {
        members.insert("level".into(), "turn".into());
        members.insert("commit".into(), id.as_str().into());
        members.insert("author".into(), author.as_str().into());
        members.insert("subject".into(), subject.as_str().into());
        members.insert("time".into(), (*time).into());
    }
    change.to_string() + "\n"
}
