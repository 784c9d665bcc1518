//! `fetch`: bring a remote repository's branch here once.

use anyhow::{Context as _, bail};

use super::output::Output;
use super::{ConfigArgument, Verdict};
use crate::config::Overrides;
use crate::control::commits::Commits;
use crate::control::keep;

/// Fetch the configured remote repository once, for a timer or a unit of its own
///
/// The branch lands in the state directory, where a running server sees it move and serves it; with `every = "never"` the
/// server itself needs no network. Exits with 2 if it could not be fetched; what was fetched before stays.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = arguments.config.load(&Overrides::default())?;
    let settings =
        config.source.repository.as_ref().context("no repository is configured: see `repository` under [source]")?;
    let fetch = Commits::new(settings.clone(), keep::copy(&config)).fetch();
    let fetch = fetch.context("the repository is on this host, and is read where it is: there is nothing to fetch")?;
    let report = fetch.run();
    if let Some(trouble) = report.trouble {
        bail!("fetching branch {} of {}: {trouble}", fetch.branch, fetch.url);
    }
    Output::new().print(format!("fetched branch {} of {} in {:.1} s\n", fetch.branch, fetch.url, report.seconds))?;
    Ok(Verdict::Good)
}
