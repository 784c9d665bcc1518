//! `bisect`: the commit at which an answer ceased to be as expected.

use anyhow::Context as _;

use super::log::heading;
use super::output::{self, Output};
use super::tree;
use super::{ConfigArgument, Verdict};
use crate::config::{Overrides, wanted_of};
use crate::control::past::{Bisected, Bounds, Past};
use crate::dns::{Name, Rtype};
use crate::review::Reply;
use crate::review::expect::Expectation;
use crate::source::{FileId, Span};
use crate::zonefile::rdata::Mnemonic;

/// Find the commit at which the answer for a name ceased to be as expected
///
/// Without bounds it steps back from the newest commit, one, two, four … commits at a time, to one that answers as
/// expected, and halves what lies between; an answer that came and went between two steps may stay unseen, so the
/// change that is found is a newest one, though not always the only one. Where the answer is as expected now, it finds the
/// commit since which it is. Walks the line of first parents, as `log` does, without a checkout.
///
/// Exits with 0 if the answer is as expected now, and with 1 if it is not.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The name to ask for; its last dot is optional
    #[arg(value_name = "NAME", value_parser = tree::parse_name)]
    name: Name,
    /// The type to ask for: a mnemonic, or TYPE123
    #[arg(value_name = "TYPE", value_parser = super::query::parse_type)]
    rtype: Rtype,
    /// A record's data as zone files write it, once for each record, or one of `absent`, `nxdomain`, `refused`, `referral`
    #[arg(long, value_name = "DATA", required = true)]
    expect: Vec<String>,
    /// A commit, or a date, at which the answer was as expected; of no use where it is so now
    #[arg(long, value_name = "REV|DATE")]
    good: Option<String>,
    /// A later one at which it was not [default: the newest]
    #[arg(long, value_name = "REV|DATE")]
    bad: Option<String>,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = arguments.config.load(&Overrides::default())?;
    let test = expectation(&arguments)?;
    let mut past = Past::find(&config, &arguments.name)?;
    let index = |text: &Option<String>| text.as_ref().map(|text| past.index_of(text)).transpose();
    let bounds = Bounds { good: index(&arguments.good)?, bad: index(&arguments.bad)? };
    let found = past.bisect(&test, bounds).with_context(|| format!("following the answers for {}", arguments.name))?;
    let mut text = say(&found, &arguments);
    if found.turn.is_none() && past.line().is_cut {
        text += "The history is cut off, in a shallow clone: `git fetch --unshallow` brings the rest.\n";
    }
    Output::new().print(output::escape_lines(&text))?;
    Ok(if found.is_good { Verdict::Good } else { Verdict::Errors })
}

fn expectation(arguments: &Arguments) -> anyhow::Result<Expectation> {
    let wanted = wanted_of(&arguments.expect, arguments.rtype).map_err(anyhow::Error::msg).context("--expect")?;
    Ok(Expectation {
        name: arguments.name.clone(),
        rtype: arguments.rtype,
        wanted,
        client: None,
        has_dnssec: false,
        place: Span::start_of(FileId(0)),
    })
}

fn say(found: &Bisected, arguments: &Arguments) -> String {
    let question = format!("{} {}", arguments.name, Mnemonic(arguments.rtype));
    let asked = format!("{} commit{} asked", found.asked, if found.asked == 1 { " was" } else { "s were" });
    let Some((commit, replies)) = &found.turn else {
        let never = if found.is_good { "has been as expected since the first commit" } else { "was never as expected" };
        return format!("{question} {never}; {asked}\n");
    };
    let what = if found.is_good { "is as expected since" } else { "ceased to be as expected with" };
    let [old, new] = replies.each_ref().map(|reply| reply.as_ref().map_or("nothing".into(), Reply::summary));
    format!("{question} {what}\n{}\n  - {old}\n  + {new}\n{asked}\n", heading(commit))
}
