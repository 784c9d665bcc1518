//! `explain`: why a name is answered as it is.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::Context as _;

use super::output::{self, Output};
use super::tree::{self, Tree};
use super::{ConfigArgument, Verdict};
use crate::config::{Config, Overrides};
use crate::control::authors::Authors;
use crate::diagnostic::render::escape;
use crate::dns::{Name, Rtype};
use crate::review::explain::{Explanation, explain};
use crate::review::{Place, Snapshot};
use crate::server::Policy;

/// Show how an answer comes about: zone, cut, wildcard, each alias, with the line that says so
///
/// Walks as RFC 1034 §4.3.2 says, with the lookup that answers queries. A zone with errors has no answers: `zonewright
/// check` says why.
///
/// Where the zones lie in git, each line comes with the commit that wrote it and its author, as `git blame` finds them. A
/// line that is in no commit yet is said to be so, as is one from before a shallow clone's start. A file that was moved has
/// its lines from the commit that moved it, and past 100,000 commits none is looked for.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The name to ask for; its last dot is optional
    #[arg(value_name = "NAME", value_parser = tree::parse_name)]
    name: Name,
    /// The type to ask for: a mnemonic, or TYPE123
    #[arg(value_name = "TYPE", default_value = "A", value_parser = super::query::parse_type)]
    rtype: Rtype,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = arguments.config.load(&Overrides::default())?;
    // Whoever can read the files may ask.
    let tree = Tree::configured(&config)?;
    let snapshot = tree.snapshot(&config, Policy::default());
    let explanation = explain(&snapshot, &arguments.name, arguments.rtype)
        .with_context(|| format!("asking for {}", arguments.name))?;
    let authors = authors(&explanation, &snapshot, &tree, &config).unwrap_or_else(|error| {
        let error = escape(format!("{error:#}").as_bytes());
        output::say(&format!("zonewright: who wrote these lines cannot be told: {error}\n"));
        HashMap::new()
    });
    let text = explanation.print(&|place| authors.get(place).cloned());
    Output::new().print(output::escape_lines(&text))?;
    Ok(Verdict::Good)
}

/// Who wrote each line that an explanation names; nothing where the zones lie in no repository.
fn authors(
    explanation: &Explanation,
    snapshot: &Snapshot,
    tree: &Tree,
    config: &Config,
) -> anyhow::Result<HashMap<Place, String>> {
    let mut told = HashMap::new();
    let Some(mut authors) = Authors::find(config)? else { return Ok(told) };
    let mut files: BTreeMap<&str, Vec<&Place>> = BTreeMap::new();
    explanation.places().into_iter().for_each(|place| files.entry(&place.file).or_default().push(place));
    for (file, places) in files {
        let (Some(text), Some(path)) = (snapshot.text(file), path_of(file, tree)) else { continue };
        let lines: Vec<u32> = places.iter().map(|place| place.line).collect();
        told.extend(places.into_iter().cloned().zip(authors.of(path, text, &lines)?));
    }
    Ok(told)
}

/// A file's path below the zone directory; none if its name is shown otherwise than it is written.
fn path_of<'f>(file: &'f str, tree: &Tree) -> Option<&'f Path> {
    Path::new(file).strip_prefix(tree.root.shown()).ok().filter(|_| !file.contains("\\x"))
}
