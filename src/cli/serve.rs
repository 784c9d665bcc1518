//! `serve`: answer queries, and follow every edit.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::{ConfigArgument, Verdict};
use crate::config::Overrides;
use crate::control;

/// Answer queries from zone files, and follow every edit of them
///
/// Every `*.zone` below the zone directory is served, its name being the file's without `.zone`, unless the config lists
/// zones. A zone with errors keeps its last good version, or is answered with SERVFAIL where it never had one; the log says
/// what `check` would say. SIGHUP or `zonewright reload` forces a look at the files, SIGTERM ends with the queries taken
/// answered.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// Serve every `*.zone` below DIR, whatever the config says of zones
    #[arg(long, value_name = "DIR")]
    zones: Option<PathBuf>,
    /// Answer on this address, over UDP and TCP; may be given several times [default: as configured, or 127.0.0.1:5300]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Vec<SocketAddr>,
    /// Threads that answer queries; 0 is one for each core [default: as configured, or 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1024))]
    threads: Option<u16>,
    /// Take over from the server that runs for this config, without losing a query
    ///
    /// Everything is loaded while the other server goes on; then both answer on its sockets, and it ends. If this one
    /// cannot start, the other goes on untouched. If none runs, this one starts as ever.
    #[arg(long)]
    take_over: bool,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let Arguments { config, zones, listen, threads, take_over } = arguments;
    let overrides = Overrides { zones, listen, threads };
    let settings = config.load(&overrides)?;
    start_log();
    control::serve::serve(settings, overrides, take_over)?;
    Ok(Verdict::Good)
}

/// Sends the log to standard error. What the libraries below say of each query would cost more than the answer does.
fn start_log() {
    let colour = super::output::wants_colour(std::io::stderr().is_terminal());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colour).with_target(false);
    let ours = Targets::new().with_target("zonewright", Level::INFO).with_default(Level::ERROR);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}
