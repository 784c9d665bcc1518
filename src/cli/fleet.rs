//! `fleet`: which commit and serials several servers answer, who lags, and in what they differ.

use std::net::SocketAddr;

use anyhow::Context as _;

use super::diff::parse_server;
use super::output::{self, Output};
use super::tree::Tree;
use super::{ConfigArgument, Verdict};
use crate::config::{Config, Overrides};
use crate::control::fleet::{Fleet, Node, Said, Server};
use crate::control::git::short;
use crate::control::judged::KEY;
use crate::control::remote::{self, Remote};
use crate::dns::{Name, Rtype};
use crate::review::Snapshot;
use crate::review::diff::{Diff, text};
use crate::server::Policy;

/// The most lines that are shown of what one server answers otherwise.
const MOST_LINES: usize = 40;

/// Show which commit and which serials several servers answer, who lags, and in what
///
/// Asks each server for the SOA record of each zone that `serve` would serve here. A server of zonewright tells which commit
/// it serves where its config has `nsid = "{commit}"`; servers of other makes are compared by serial. Where one has another
/// serial than the newest, what it answers otherwise than the zones here is shown, as `diff --against` finds it.
///
/// Exits with 0 if all answer, with one serial of each zone and one commit, and with 1 if not.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The servers: addresses or host names, with a port where it is not 53
    #[arg(value_name = "@SERVER[:PORT]", required = true, value_parser = parse_named)]
    servers: Vec<Named>,
    /// Do not look for what is answered otherwise
    #[arg(long)]
    brief: bool,
    /// How it is shown
    #[arg(long, value_enum, default_value = "text")]
    format: FleetFormat,
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FleetFormat {
    /// For people at a terminal
    Text,
    /// For programs: one JSON object a server, then one a server and zone, and line
    Json,
}

/// A server as it is written, and its address.
#[derive(Clone)]
struct Named(String, SocketAddr);

fn parse_named(text: &str) -> Result<Named, String> {
    Ok(Named(format!("@{}", text.trim_start_matches('@')), parse_server(text)?))
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = arguments.config.load(&Overrides::default())?;
    let tree = Tree::configured(&config)?;
    let zones: Vec<Name> = tree.listing.zones.iter().map(|zone| zone.name.clone()).collect();
    let servers = arguments.servers.into_iter().map(|Named(shown, address)| Server { shown, address }).collect();
    let fleet = Fleet::ask(servers, zones, &config);
    let mut output = Output::new();
    match arguments.format {
        FleetFormat::Json => output.print(objects(&fleet))?,
        FleetFormat::Text => {
            output.print(output::escape_lines(&say(&fleet)))?;
            let lagging = fleet.nodes.iter().filter(|_| !arguments.brief);
            for (node, split) in lagging.map(|node| (node, behind(&fleet, node))).filter(|(_, split)| !split.is_empty())
            {
                output.print(output::escape_lines(&differences(node, &split, &tree, &config)))?;
            }
        }
    }
    Ok(if fleet.agrees() { Verdict::Good } else { Verdict::Errors })
}

fn say(fleet: &Fleet) -> String {
    let width = fleet.nodes.iter().map(|node| node.server.shown.len()).max().unwrap_or(0);
    let mut text: String =
        fleet.nodes.iter().map(|node| format!("{:width$}  {}\n", node.server.shown, state(node))).collect();
    let split = fleet.split();
    let (all, alike) = (fleet.zones.len(), fleet.zones.len() - split.len());
    text += &format!("{alike} of {all} zone{} answered alike\n", if all == 1 { " is" } else { "s are" });
    let width = split.iter().map(|&zone| fleet.zones[zone].to_string().len()).max().unwrap_or(0);
    for zone in split {
        let said = |node: &Node| {
            let said = *node.said.as_ref().ok()?.get(zone)?;
            let lag = if is_behind(fleet, zone, said) { " (behind)" } else { "" };
            Some(format!("{} {}{lag}", node.server.shown, words(said)))
        };
        let said: Vec<String> = fleet.nodes.iter().filter_map(said).collect();
        text += &format!("{:width$}  {}\n", fleet.zones[zone].to_string(), said.join(", "));
    }
    text
}

/// What a server is at.
fn state(node: &Node) -> String {
    if let Err(error) = &node.said {
        return error.clone();
    }
    let Some(commit) = &node.commit else { return "tells of no commit".into() };
    let behind = match node.behind {
        Some(0) => ", the branch's newest".into(),
        Some(1) => ", 1 commit behind the branch".into(),
        Some(count) => format!(", {count} commits behind the branch"),
        None => ", which is not on the branch here".into(),
    };
    format!("commit {}{behind}", short(commit))
}

fn words(said: Said) -> String {
    match said {
        Said::Serial(serial) => serial.to_string(),
        Said::Failed(rcode) => rcode.to_string(),
        Said::Lame => "no authority for it".into(),
    }
}

fn is_behind(fleet: &Fleet, zone: usize, said: Said) -> bool {
    matches!(said, Said::Serial(serial) if fleet.newest(zone) != Some(serial))
}

/// The zones of which a server has an older serial than another.
fn behind(fleet: &Fleet, node: &Node) -> Vec<Name> {
    let said = node.said.iter().flatten().enumerate();
    said.filter(|(zone, said)| is_behind(fleet, *zone, **said)).map(|(zone, _)| fleet.zones[zone].clone()).collect()
}

/// What a server answers otherwise than the zones here.
fn differences(node: &Node, zones: &[Name], tree: &Tree, config: &Config) -> String {
    let is_wanted = |name: crate::dns::NameRef<'_>| zones.iter().any(|zone| zone.as_ref().is(name));
    let mine = tree.snapshot(config, Policy::default());
    let server = &node.server;
    let read = remote::read(server.address, &mine, &is_wanted, &config.limits);
    let Remote { zones, mut asked } = match read.with_context(|| format!("asking {}", server.shown)) {
        Ok(remote) => remote,
        Err(error) => return format!("\nwhat {} answers otherwise cannot be told: {error:#}\n", server.shown),
    };
    let theirs = Snapshot::new(zones, Policy::default(), KEY);
    let mine = mine.only(|name| theirs.zone(name).is_some(), KEY);
    let mut diff = Diff::of(&theirs, &mine);
    // That serials differ is said above, and where they are made from the history those here are not.
    asked.changes.iter_mut().for_each(|change| change.types.retain(|(rtype, _)| *rtype != Rtype::SOA));
    diff.answers.list.extend(asked.changes.into_iter().filter(|change| !change.is_none()));
    let lines = text::render(&diff);
    let mut text = format!("\n{} beside the zones here:\n", server.shown);
    lines.lines().take(MOST_LINES).for_each(|line| text += &format!("  {line}\n"));
    let more = lines.lines().count().saturating_sub(MOST_LINES);
    if more > 0 {
        text += &format!("  … and {more} lines more: `zonewright diff --against {}`\n", server.shown);
    }
    text
}

fn objects(fleet: &Fleet) -> String {
    let server = |node: &Node| {
        let error = node.said.as_ref().err();
        serde_json::json!({"level": "server", "server": node.server.shown, "commit": node.commit, "behind": node.behind, "error": error})
    };
    let zones = fleet.nodes.iter().flat_map(|node| {
        node.said.iter().flatten().enumerate().map(|(zone, said)| {
            let (serial, error) = match *said {
                Said::Serial(serial) => (Some(serial), None),
                said => (None, Some(words(said))),
            };
            serde_json::json!({
                "level": "zone", "server": node.server.shown, "zone": fleet.zones[zone].to_string(), "serial": serial,
                "error": error, "behind": is_behind(fleet, zone, *said),
            })
        })
    });
    fleet.nodes.iter().map(server).chain(zones).map(|object| object.to_string() + "\n").collect()
}
