//! `serve`: answer queries, and follow every edit.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{ConfigArgument, Verdict};
use crate::config::Overrides;

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
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let Arguments { config, zones, listen, threads } = arguments;
    let overrides = Overrides { zones, listen, threads };
    let _settings = config.load(&overrides)?;
    anyhow::bail!("`serve` is not built yet")
}
