//! The config file: TOML → Spec → checked [`Config`].
//!
//! In: `zonewright.toml`, or nothing. Out: settings, in the types of the rooms that use them; or findings that name the line,
//! the column and the nearest known key. Knows no command line but [`Overrides`], and starts nothing.
//!
//! # Where it is looked for
//!
//! `zonewright.toml`, then `config/zonewright.toml`, in the working directory and in each of its ancestors; the first found
//! is the one. Relative paths in it are relative to that directory, so a checkout works from wherever it is used. A file
//! named on the command line follows the same rule: its paths are relative to its own directory, or, where that is called
//! `config`, to the directory above. Without a file every setting has its default, and paths are relative to the working
//! directory.

mod canary;
mod check;
mod expectations;
mod lint;
mod owners;
mod problems;
mod repository;
mod serials;
mod spec;
mod webhook;

use std::fmt;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use canary::CanarySettings;
pub use expectations::{MAX_TEST_OCTETS, parse_expectations, wanted_of};
use problems::Problems;
pub use repository::{Location, RepositorySettings};
pub use spec::SECTIONS;
pub use webhook::{WebhookSettings, WebhookUrl};

use crate::diagnostic::{self, Diagnostic};
use crate::dns::Name;
use crate::lint::Settings;
use crate::server::{Policy, TransportSettings};
use crate::source::{FileId, Source, Sources, Span};
use crate::zonefile::Limits;

/// What the file is called.
const FILE_NAME: &str = "zonewright.toml";

/// The directory that holds configs, as far as relative paths in them are concerned.
const DIRECTORY_NAME: &str = "config";

/// The most octets of a config file: a hundred thousand zones take a tenth of it.
pub const MAX_OCTETS: u64 = 64 << 20;

/// Checked settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file they come from, if there is one.
    pub path: Option<PathBuf>,
    /// What relative paths in the file are relative to.
    pub base: PathBuf,
    /// What cannot change while the server runs.
    pub server: ServerSettings,
    /// Who is answered, and what the server says of itself.
    pub policy: Policy,
    /// Where zones come from.
    pub source: SourceSettings,
    /// What a commit is tried on before it is published.
    pub canary: CanarySettings,
    /// Who is told of what is published and refused.
    pub webhook: Option<WebhookSettings>,
    /// How much of a hostile text is read.
    pub limits: Limits,
    /// What the config says of rules; whoever judges adds the day.
    pub lint: Settings,
    /// A reload in which a zone loses more of its names than this is refused, in percent; 100 refuses none.
    pub lost_names_percent: u8,
}

/// Settings that need a restart: sockets and threads are made once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerSettings {
    /// Where queries are answered, over UDP and TCP; never empty.
    pub listen: Vec<SocketAddr>,
    /// What carries the octets, by how many threads, and what connections are allowed.
    pub transport: TransportSettings,
    /// The unix socket that `status` and `reload` use; none: the default place.
    pub control: Option<PathBuf>,
    /// The directory that keeps the last good set; none: the default place.
    pub state: Option<PathBuf>,
}

/// Where zones come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceSettings {
    /// The directory that zone files, and what they include, lie in.
    pub directory: PathBuf,
    /// How often the directory is looked at without any event.
    pub poll: Duration,
    /// The repository that they come from instead of the directory.
    pub repository: Option<RepositorySettings>,
    /// Zones and their files, relative to the directory; none: every `*.zone` below the directory.
    pub zones: Vec<(Name, PathBuf)>,
}

/// What a command line says about settings; it wins over the file, at the start and at each reload.
#[derive(Clone, Default, Debug)]
pub struct Overrides {
    /// Every `*.zone` below this directory is served, whatever zones the file names.
    pub zones: Option<PathBuf>,
    /// Where to listen; empty: as configured.
    pub listen: Vec<SocketAddr>,
    /// How many threads answer.
    pub threads: Option<u16>,
}

/// Why there are no settings.
#[derive(Debug)]
pub enum LoadError {
    /// The file, or the working directory, cannot be read.
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// Why it was not.
        error: io::Error,
    },
    /// The file is larger than 64 MiB, and so no config.
    TooLarge(PathBuf),
    /// The file says what makes no sense.
    Refused {
        /// The file's text.
        sources: Sources,
        /// What is wrong with it, in order.
        findings: Vec<Diagnostic>,
    },
}

/// What is wrong with `serial = "auto"` where a directory is served.
pub const SERIALS_OF_NOTHING: &str = "`serial = \"auto\"` makes serials from commits, and a directory has none";

impl Config {
    /// Whether serials are to be made of commits where none are followed.
    pub fn has_serials_of_nothing(&self) -> bool {
        self.source.repository.is_none() && self.lint.serials.has_any()
    }

    /// Every setting's default, paths relative to `base`.
    pub fn defaults(base: &Path) -> Self {
        Self {
            path: None,
            base: base.to_owned(),
            server: ServerSettings {
                listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 5300))],
                transport: TransportSettings::default(),
                control: None,
                state: None,
            },
            policy: Policy::default(),
            source: SourceSettings {
                directory: base.join("zones"),
                poll: Duration::from_secs(5),
                repository: None,
                zones: Vec::new(),
            },
            canary: CanarySettings::default(),
            webhook: None,
            limits: Limits::default(),
            lint: Settings::default(),
            lost_names_percent: 50,
        }
    }

    /// The settings that the text `file` of `sources` gives, its relative paths relative to `base`.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, in the order of the text.
    pub fn parse(sources: &Sources, file: FileId, base: &Path) -> Result<Self, Vec<Diagnostic>> {
        let octets = sources.get(file).text();
        let text = std::str::from_utf8(octets).map_err(|error| {
            let start = error.valid_up_to();
            let length = error.error_len().unwrap_or(octets.len() - start);
            let at = Span { file, start: start as u32, end: (start + length) as u32 };
            let finding =
                Diagnostic::new(&diagnostic::codes::BAD_CONFIG, at, "the file is no TOML: it is not UTF-8 here");
            vec![finding.fix("save the file as UTF-8")]
        })?;
        let mut problems = Problems::new(file, text);
        let mut config = Self::defaults(base);
        check::apply(spec::Spec::read(text, &mut problems), &mut config, &mut problems);
        diagnostic::sort(&mut problems.findings);
        if problems.findings.is_empty() { Ok(config) } else { Err(problems.findings) }
    }

    /// The settings that a text gives as the file `path`, which need not be there; none where it is refused.
    pub fn of_text(path: &Path, text: impl Into<std::sync::Arc<[u8]>>) -> Option<Self> {
        let mut sources = Sources::default();
        let id = sources.add(Source::new(path.to_string_lossy(), text));
        let config = Self::parse(&sources, id, base_of(path)).ok()?;
        Some(Self { path: Some(path.to_owned()), ..config })
    }

    /// What `newer` has set otherwise of all that judges zones: keys and rules of `[lint]`, `lint.zone."NAME"`, `limits`,
    /// `owners`.
    pub fn judged_otherwise(&self, newer: &Self) -> Vec<String> {
        let mut changed = lint::changed(&self.lint, &newer.lint);
        if self.limits != newer.limits || self.lost_names_percent != newer.lost_names_percent {
            changed.push("limits".to_owned());
        }
        if self.lint.owners != newer.lint.owners {
            changed.push("owners".to_owned());
        }
        changed
    }

    /// The settings of `file`, or of the file that [`find`] finds from the working directory, or the defaults.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or its text is refused.
    pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Self, LoadError> {
        let unreadable = |path: &Path, error| LoadError::Unreadable { path: path.to_owned(), error };
        let here = std::env::current_dir().map_err(|error| unreadable(Path::new("."), error))?;
        let file = file.map(Path::to_owned).or_else(|| find(&here));
        let mut config = match file {
            Some(file) => Self::load_file(&file, &here)?,
            None => Self::defaults(&here),
        };
        config.apply(overrides, &here);
        Ok(config)
    }

    fn load_file(file: &Path, here: &Path) -> Result<Self, LoadError> {
        let text = read(file).map_err(|error| LoadError::Unreadable { path: file.to_owned(), error })?;
        if text.len() as u64 > MAX_OCTETS {
            return Err(LoadError::TooLarge(file.to_owned()));
        }
        let path = here.join(file);
        let mut sources = Sources::default();
        let id = sources.add(Source::new(file.strip_prefix(here).unwrap_or(file).to_string_lossy(), text));
        match Self::parse(&sources, id, base_of(&path)) {
            Ok(config) => Ok(Self { path: Some(path), ..config }),
            Err(findings) => Err(LoadError::Refused { sources, findings }),
        }
    }

    fn apply(&mut self, overrides: &Overrides, here: &Path) {
        if let Some(directory) = &overrides.zones {
            self.source.directory = here.join(directory);
            self.source.zones.clear();
            self.source.repository = None;
        }
        if !overrides.listen.is_empty() {
            self.server.listen.clone_from(&overrides.listen);
        }
        let threads = &mut self.server.transport.threads;
        *threads = overrides.threads.unwrap_or(*threads);
    }
}

/// The config file of a directory: the first there is in it and its ancestors.
pub fn find(directory: &Path) -> Option<PathBuf> {
    candidates(directory).find(|path| path.is_file())
}

/// Where a directory's config may be, the places that go before others first.
pub fn candidates(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let of = |ancestor: &Path| [ancestor.join(FILE_NAME), ancestor.join(DIRECTORY_NAME).join(FILE_NAME)];
    directory.ancestors().flat_map(of)
}

/// What relative paths in a config file are relative to.
fn base_of(file: &Path) -> &Path {
    let directory = file.parent().unwrap_or(file);
    let is_config = directory.file_name().is_some_and(|name| name == DIRECTORY_NAME);
    directory.parent().filter(|_| is_config).unwrap_or(directory)
}

/// The octets of a file, one more than are allowed at most.
#[expect(clippy::disallowed_methods, reason = "the config is the operator's own file, wherever it lies")]
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    std::fs::File::open(file)?.take(MAX_OCTETS + 1).read_to_end(&mut text)?;
    Ok(text)
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, .. } => write!(f, "reading the config {}", path.display()),
            Self::TooLarge(path) => write!(f, "the config {} has more than {MAX_OCTETS} octets", path.display()),
            Self::Refused { sources, findings } => {
                let file = sources.iter().next().map_or("", |(_, source)| source.name());
                write!(f, "the config {file} has {}", diagnostic::render::counted(findings.len(), "error"))
            }
        }
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { error, .. } => Some(error),
            Self::TooLarge(_) | Self::Refused { .. } => None,
        }
    }
}
