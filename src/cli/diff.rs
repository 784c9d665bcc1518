//! `diff`: what a change does to records and to answers.

use std::net::{SocketAddr, ToSocketAddrs as _};

use anyhow::Context as _;

use super::output::{self, Output};
use super::tree::{Tree, tree_of};
use super::{ConfigArgument, Verdict};
use crate::config::{Config, Overrides};
use crate::control::judged::KEY;
use crate::control::remote::{self, Remote};
use crate::review::Snapshot;
use crate::review::diff::{Diff, json, markdown, text};
use crate::server::Policy;

/// Show what a change does: the records that differ, and every name that is answered otherwise
///
/// Both trees are compiled and asked by the lookup that serves, so that effects which no difference of texts shows appear: a
/// new name that ends a wildcard's reach, a new NS that hides what lies below it. Each comes with the time that caches may
/// go on with the old answer. `*` stands for any name there that exists in neither tree.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// What to compare with: a zone directory, or a revision of their repository; with --against the tree to compare [default there: the configured zones]
    #[arg(value_name = "BASE", required_unless_present = "against")]
    base: Option<String>,
    /// The changed tree: a zone directory or a revision [default: the configured zones]
    #[arg(value_name = "HEAD", conflicts_with = "against")]
    head: Option<String>,
    /// Compare with what a server answers now: by zone transfer where it allows it, else by queries
    #[arg(long, value_name = "@SERVER[:PORT]", value_parser = parse_server)]
    against: Option<SocketAddr>,
    /// How the difference is written
    #[arg(long, value_enum, default_value = "text")]
    format: DiffFormat,
    /// Exit with 1 if there is any difference, as diff(1) does
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum DiffFormat {
    /// For people at a terminal
    Text,
    /// For a pull request's comment: at most 65,536 characters, the rest counted
    Markdown,
    /// For programs: one JSON object a change and line
    Json,
}

/// An address or a name, and a port, 53 if there is none.
pub(super) fn parse_server(text: &str) -> Result<SocketAddr, String> {
    let text = text.strip_prefix('@').unwrap_or(text);
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse() {
        return Ok(SocketAddr::new(address, 53));
    }
    let with_port = if text.contains(':') { text.to_owned() } else { format!("{text}:53") };
    let mut addresses = with_port.to_socket_addrs().map_err(|error| error.to_string())?;
    addresses.next().ok_or_else(|| "the name has no address".into())
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = arguments.config.load(&Overrides::default())?;
    let tree = |argument: &Option<String>| match argument {
        Some(argument) => tree_of(argument, &config),
        None => Tree::configured(&config),
    };
    let is_different = match arguments.against {
        Some(server) => against(server, &tree(&arguments.base)?, &config, arguments.format)?,
        None => {
            let base = tree(&arguments.base)?.snapshot(&config, Policy::default());
            let head = tree(&arguments.head)?.snapshot(&config, Policy::default());
            show(&Diff::of(&base, &head), arguments.format)?
        }
    };
    Ok(if is_different && arguments.exit_code { Verdict::Errors } else { Verdict::Good })
}

/// Prints a difference, and says whether there is one.
fn show(diff: &Diff<'_>, format: DiffFormat) -> anyhow::Result<bool> {
    let text = match format {
        DiffFormat::Text => output::escape_lines(&text::render(diff)),
        DiffFormat::Markdown => markdown::render(diff),
        DiffFormat::Json => json::render(diff),
    };
    Output::new().print(text)?;
    Ok(!diff.is_empty())
}

/// Compares a tree with what a server answers now.
fn against(server: SocketAddr, tree: &Tree, config: &Config, format: DiffFormat) -> anyhow::Result<bool> {
    let head = tree.snapshot(config, Policy::default());
    let Remote { zones, asked } = remote::read(server, &head, &|_| true, &config.limits)
        .with_context(|| format!("asking {server} what it answers now"))?;
    for name in asked.zones() {
        output::say(&format!(
            "zonewright: {server} does not transfer `{name}`: compared by queries for the names here\n"
        ));
    }
    // What was only asked for has its differences found; of the others both trees are whole.
    let transferred = Snapshot::new(zones, Policy::default(), KEY);
    let mine = head.only(|name| transferred.zone(name).is_some(), KEY);
    let mut diff = Diff::of(&transferred, &mine);
    diff.answers.list.extend(asked.changes);
    show(&diff, format)
}
