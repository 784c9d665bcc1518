//! `query`: the answer that zone files would give.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::log;
use super::output::{self, Output};
use super::tree::{self, Tree};
use super::{ConfigArgument, Verdict};
use crate::config::{Config, Overrides};
use crate::dns::{Name, Rtype};
use crate::server::{Printed, Transport, ask, respond};
use crate::zonefile::rdata;

/// Show the answer that the zone files would give, as `dig` prints it
///
/// Loads the configured zones, or one file, and answers as `serve` would, without a server. A zone with errors answers
/// SERVFAIL: `zonewright check` says why.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The name to ask for; its last dot is optional
    #[arg(value_name = "NAME", value_parser = tree::parse_name)]
    name: Name,
    /// The type to ask for: a mnemonic, or TYPE123
    #[arg(value_name = "TYPE", default_value = "A", value_parser = parse_type)]
    rtype: Rtype,
    /// Answer from this zone file alone
    #[arg(long, value_name = "FILE")]
    zone: Option<PathBuf>,
    /// The zone that FILE holds [default: the file's name without `.zone`]
    #[arg(long, value_name = "NAME", requires = "zone", value_parser = tree::parse_name)]
    origin: Option<Name>,
    /// Answer from the zones of a commit, or of the branch's newest at a date: an id, a branch, `main~2`, `2026-11-01`
    ///
    /// A revision is anything that `git rev-parse` knows; a date is in any form that git reads, `2 weeks ago` too, and a day alone means its end,
    /// in UTC. Nothing is checked out.
    #[arg(long, value_name = "REV|DATE", conflicts_with = "zone")]
    at: Option<String>,
    /// Ask for DNSSEC's records too (the DO bit)
    #[arg(long)]
    dnssec: bool,
    /// Ask over TCP, where an answer is never truncated
    #[arg(long)]
    tcp: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = arguments.config.load(&Overrides::default())?;
    let tree = match (&arguments.zone, &arguments.at) {
        (Some(file), _) => Tree::at(file, arguments.origin.as_ref(), &config)?,
        (None, Some(moment)) => tree_at(moment, &config)?,
        (None, None) => Tree::configured(&config)?,
    };
    // Whoever can read the files may ask.
    let snapshot = tree.snapshot(&config, config.policy.for_everybody());
    let query = ask(arguments.name.as_ref(), arguments.rtype, arguments.dnssec);
    let transport = if arguments.tcp { Transport::Tcp } else { Transport::Udp };
    let mut response = vec![0; usize::from(u16::MAX)];
    let length = respond(&query, IpAddr::V4(Ipv4Addr::LOCALHOST), transport, snapshot.served(), &mut response);
    Output::new().print(Printed(&response[..length.unwrap_or(0)]).to_string())?;
    Ok(Verdict::Good)
}

/// The tree of a moment, of which is said which commit it is.
fn tree_at(moment: &str, config: &Config) -> anyhow::Result<Tree> {
    let (tree, commit) = tree::at(moment, config)?;
    output::say(&output::escape_lines(&format!("; {}", log::heading(&commit))));
    Ok(tree)
}

pub(super) fn parse_type(text: &str) -> Result<Rtype, String> {
    rdata::from_mnemonic(text.as_bytes())
        .ok_or_else(|| "no such type; write a mnemonic like `AAAA`, or `TYPE123`".into())
}
