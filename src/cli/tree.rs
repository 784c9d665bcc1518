//! Which zones a command is about: the configured ones, those below a directory, or the one of a file.

use std::path::{self, Path, PathBuf};

use anyhow::{Context as _, bail};

use super::output;
use super::progress::Progress;
use crate::config::Config;
use crate::control::git::Commit;
use crate::control::judged::{Judged, KEY};
use crate::control::load::{Listing, MirrorList, Terms, ZoneFile, load_listed, zone_files, zone_of};
use crate::control::{Root, revision};
use crate::diagnostic::render::escape;
use crate::dns::Name;
use crate::review::{Reviewed, Snapshot};
use crate::server::Policy;

/// Zone files, and the directory that neither they nor their includes leave.
pub(super) struct Tree {
    pub(super) root: Root,
    pub(super) listing: Listing,
    /// Whether these are all zones that may read a file of the root.
    pub(super) is_whole: bool,
}

impl Tree {
    /// The zones that `serve` would serve.
    pub(super) fn configured(config: &Config) -> anyhow::Result<Self> {
        match &config.source.repository {
            Some(repository) => Self::of(revision::of_branch(config)?, config, &repository.location),
            None => Self::of(open(&config.source.directory)?, config, &config.source.directory.display()),
        }
    }

    /// The zones of a root, as the config names them; `place` is where that is.
    fn of(root: Root, config: &Config, place: &dyn std::fmt::Display) -> anyhow::Result<Self> {
        let listing = zone_files(&root, &config.source.zones)?;
        Self { root, listing, is_whole: true }.or_nothing(place)
    }

    /// The zones of a path: a file's one, called `origin` or as the file is, or all those below a directory.
    ///
    /// A path inside the configured directory may include what `serve` would let it include; another is a root of its own.
    #[expect(clippy::disallowed_methods, reason = "the path is the operator's own, and only its kind is asked for")]
    pub(super) fn at(path: &Path, origin: Option<&Name>, config: &Config) -> anyhow::Result<Self> {
        let absolute = path::absolute(path).with_context(|| format!("finding {}", path.display()))?;
        let metadata = std::fs::metadata(path).with_context(|| format!("reading {}", path.display()))?;
        let is_configured = absolute.starts_with(&config.source.directory);
        if metadata.is_dir() {
            if origin.is_some() {
                bail!("--origin names the zone of one file, and {} is a directory", path.display());
            }
            let root = open(if is_configured { &config.source.directory } else { path })?;
            let mut listing = zone_files(&root, &[])?;
            if is_configured {
                let is_below = |file: &Path| root.directory().join(file).starts_with(&absolute);
                listing.zones.retain(|zone| is_below(&zone.file));
                listing.misnamed.retain(|(file, _)| is_below(file));
                if absolute != config.source.directory {
                    // Zones that are not looked at may include them.
                    listing.includes.clear();
                }
            }
            let is_whole = !is_configured || absolute == config.source.directory;
            return Self { root, listing, is_whole }.or_nothing(&path.display());
        }
        let (root, file) = place_of(&absolute, config)?;
        let name = match origin {
            Some(origin) => origin.clone(),
            None => name_of(path, &file, is_configured.then_some(config))?,
        };
        let zones = vec![ZoneFile { name, file, rival: None }];
        Ok(Self { root, listing: Listing { zones, ..Listing::default() }, is_whole: false })
    }

    /// The zones as they lie in `root`, each judged beside the others and the mirror list that belongs to them.
    pub(super) fn judge(&self, root: &Root, mirrors: MirrorList, terms: &Terms, progress: &Progress) -> Judged {
        Judged::read(root, &self.listing, mirrors, terms, &|| progress.count())
    }

    /// The zones, loaded and compiled. That some have errors is said, as an answer may look odd for it.
    pub(super) fn snapshot(&self, config: &Config, policy: Policy) -> Snapshot {
        let terms = Terms::now(&config.limits, &config.lint);
        let zones = self.listing.zones.iter().map(|listed| self.reviewed(listed, &terms));
        Snapshot::new(zones.collect(), policy, KEY)
    }

    fn reviewed(&self, listed: &ZoneFile, terms: &Terms) -> Reviewed {
        let mut loaded = load_listed(&self.root, listed, terms);
        if loaded.servable(false).is_none() {
            loaded.zone = None;
            let errors = loaded.findings.iter().filter(|finding| finding.is_error()).count();
            let name = escape(loaded.name.to_string().as_bytes());
            output::say(&format!("zonewright: `{name}` has errors ({errors}) and is not served\n"));
        }
        loaded.into()
    }

    fn or_nothing(self, place: &dyn std::fmt::Display) -> anyhow::Result<Self> {
        if self.listing.zones.is_empty() && self.listing.misnamed.is_empty() {
            bail!("there is no `*.zone` below {place}");
        }
        Ok(self)
    }
}

/// The tree that an argument names: a directory of zones, or a revision of the repository that they lie in.
///
/// What is a directory is one, whatever else it could mean: write a revision of that name in full.
pub(super) fn tree_of(argument: &str, config: &Config) -> anyhow::Result<Tree> {
    let path = Path::new(argument);
    match path.is_dir() {
        true => Tree::at(path, None, config),
        false => {
            let root = revision::of(argument, config);
            let root = root.with_context(|| format!("`{argument}` is no directory of zones, and no revision"))?;
            Tree::of(root, config, &argument)
        }
    }
}

/// The tree of a revision, or of the branch's newest commit at a date; and that commit.
pub(super) fn at(moment: &str, config: &Config) -> anyhow::Result<(Tree, Commit)> {
    let (root, commit) = revision::at(moment, config)?;
    Ok((Tree::of(root, config, &moment)?, commit))
}

/// The directory that a file, given by its whole path, and its includes do not leave, and the file's path from there.
pub(super) fn place_of(file: &Path, config: &Config) -> anyhow::Result<(Root, PathBuf)> {
    let configured = &config.source.directory;
    let parent = file.parent().unwrap_or(file);
    let root = open(if file.starts_with(configured) { configured } else { parent })?;
    let below = file.strip_prefix(root.directory()).unwrap_or(file).to_owned();
    Ok((root, below))
}

pub(super) fn open(directory: &Path) -> anyhow::Result<Root> {
    Root::open(directory).with_context(|| format!("opening the zone directory {}", directory.display()))
}

/// The zone of a file: as the config says of `file`, or as the file of this `path` is called.
fn name_of(path: &Path, file: &Path, config: Option<&Config>) -> anyhow::Result<Name> {
    let zones = config.map_or(&[][..], |config| &config.source.zones);
    if let Some((name, _)) = zones.iter().find(|(_, known)| known == file) {
        return Ok(name.clone());
    }
    match zone_of(path) {
        Some(name) => name.with_context(|| format!("reading a zone's name off {}", path.display())),
        None => bail!("{} is not called NAME.zone: say which zone it is with --origin NAME", path.display()),
    }
}

/// A zone's or a host's name, as an argument.
pub(super) fn parse_name(text: &str) -> Result<Name, String> {
    Name::absolute(text).map_err(|error| error.to_string())
}
