//! `zonemd`: the digest that a zone should carry.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use super::output::Output;
use super::tree::{self, Tree};
use super::{ConfigArgument, Verdict};
use crate::config::Overrides;
use crate::control::load::{Terms, load_listed};
use crate::dns::{Name, Rtype};
use crate::lint::{self, HashAlgorithm};
use crate::zonefile::Line;

/// Print the ZONEMD record of a zone file: the digest of all its records (RFC 8976)
///
/// Write what it prints in the place of the zone's ZONEMD record; the digest leaves that record itself out. In a signed
/// zone, sign with a ZONEMD record in place, so that the chain lists it, then replace it and sign that record again.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The zone file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The zone that FILE holds [default: the file's name without `.zone`]
    #[arg(long, value_name = "NAME", value_parser = tree::parse_name)]
    origin: Option<Name>,
    /// Digest with SHA-512 instead of SHA-384, which every verifier knows
    #[arg(long)]
    sha512: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = arguments.config.load(&Overrides::default())?;
    let tree = Tree::at(&arguments.file, arguments.origin.as_ref(), &config)?;
    let shown = arguments.file.display();
    let [listed] = &tree.listing.zones[..] else { bail!("{shown} is a directory: give one zone file") };
    // What rules say of the zone does not matter: its digest may be what is wrong.
    let loaded = load_listed(&tree.root, listed, &Terms::without_rules(&config.limits));
    let zone = loaded.zone.with_context(|| format!("{shown} makes no zone: `zonewright check` says why"))?;
    let algorithm = if arguments.sha512 { HashAlgorithm::Sha512 } else { HashAlgorithm::Sha384 };
    let rdata = lint::zonemd(&zone, algorithm).context("the zone has no SOA record")?;
    let ttl = zone.rrset(zone.apex(), Rtype::SOA).map_or(0, |soa| soa.ttl());
    let line = Line { owner: zone.apex(), ttl, rtype: Rtype::ZONEMD, rdata: &rdata };
    Output::new().print(format!("{line}\n"))?;
    Ok(Verdict::Good)
}
