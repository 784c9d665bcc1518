//! The keys of `[source]` that make a git repository the source of zones.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::check::{duration_within, path_or_default, plain_path, replace};
use super::problems::Problems;
use super::spec::{Key, Source};

/// A repository that zones come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RepositorySettings {
    /// Where it is.
    pub location: Location,
    /// The branch that is served.
    pub branch: String,
    /// The directory of zone files inside it; empty: all of it.
    pub path: PathBuf,
    /// How often a remote one is fetched; none: by `zonewright fetch` only.
    pub every: Option<Duration>,
    /// How long one fetch may take.
    pub fetch_deadline: Duration,
    /// How large the local copy of a remote one may grow, in octets.
    pub fetch_octets: u64,
    /// Whether a commit that does not come from the served one may be served.
    pub allow_rewind: bool,
    /// Keys of ssh whose signatures count (ALLOWED SIGNERS in ssh-keygen(1)).
    pub allowed_signers: Option<PathBuf>,
    /// OpenPGP keys whose signatures count, as `gpg --export` writes them.
    pub allowed_keys: Option<PathBuf>,
    /// Records that stand in for those of the repository, for a while.
    pub override_file: Option<PathBuf>,
}

/// Where a repository is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Location {
    /// On this host, read where it is.
    Local(PathBuf),
    /// Elsewhere; a copy is kept in the state directory, and fetched.
    Remote(String),
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Remote(url) => f.write_str(url),
        }
    }
}

impl RepositorySettings {
    fn new(location: Location) -> Self {
        Self {
            location,
            branch: "main".into(),
            path: "zones".into(),
            every: Some(Duration::from_secs(60)),
            fetch_deadline: Duration::from_secs(60),
            fetch_octets: 1 << 30,
            allow_rewind: false,
            allowed_signers: None,
            allowed_keys: None,
            override_file: None,
        }
    }

    /// Whether commits must be signed.
    pub fn wants_signatures(&self) -> bool {
        self.allowed_signers.is_some() || self.allowed_keys.is_some()
    }
}

/// The repository that `[source]` names, if it names one.
pub(super) fn read(source: Source, base: &Path, problems: &mut Problems<'_>) -> Option<RepositorySettings> {
    if let (Some(repository), Some(directory)) = (&source.repository.given, &source.directory.given) {
        problems.push(
            problems
                .finding(directory.span(), "zones come from a directory or from a repository, and both are given")
                .also(problems.span(repository.span()), "the repository is here")
                .fix("delete one of the two; `path` is the directory inside the repository"),
        );
    }
    refuse_without_repository(&source, problems);
    let location = source.repository.checked(problems, |text| location(text, base))?;
    let mut settings = RepositorySettings::new(location);
    replace(&mut settings.branch, source.branch.checked(problems, |name| is_branch(name).then(|| name.clone())));
    let path = |path: &String| if path.is_empty() { Some(PathBuf::new()) } else { plain_path(path) };
    replace(&mut settings.path, source.path.checked(problems, path));
    replace(&mut settings.every, source.every.checked(problems, |text| interval(text)));
    replace(&mut settings.fetch_deadline, source.fetch_deadline.checked(problems, |text| deadline(text)));
    let octets = |&octets: &u64| (octets >= 1 << 20).then_some(octets);
    replace(&mut settings.fetch_octets, source.fetch_octets.checked(problems, octets));
    replace(&mut settings.allow_rewind, source.allow_rewind.checked(problems, |&allow| Some(allow)));
    let file = |path: &String| (!path.is_empty()).then(|| base.join(path));
    settings.allowed_signers = source.allowed_signers.checked(problems, file);
    settings.allowed_keys = source.allowed_keys.checked(problems, file);
    settings.override_file = path_or_default(source.override_file, base, problems);
    Some(settings)
}

/// A key that only a repository gives a meaning is a slip without one.
fn refuse_without_repository(source: &Source, problems: &mut Problems<'_>) {
    fn place<T>(key: &Key<T>) -> Option<(std::ops::Range<usize>, &'static str)> {
        key.given.as_ref().map(|given| (given.span(), key.name))
    }
    if source.repository.is_present {
        return;
    }
    let keys = [
        place(&source.branch),
        place(&source.path),
        place(&source.every),
        place(&source.fetch_deadline),
        place(&source.fetch_octets),
        place(&source.allow_rewind),
        place(&source.allowed_signers),
        place(&source.allowed_keys),
        place(&source.override_file),
    ];
    for (span, name) in keys.into_iter().flatten() {
        let finding = problems.finding(span, format!("`{name}` is about a repository, and there is none"));
        problems.push(finding.fix("name it with `repository` under [source], or delete this"));
    }
}

/// A path, or a URL of a kind that is fetched: `https`, `ssh` (`user@host:path` too) or `file`.
fn location(text: &str, base: &Path) -> Option<Location> {
    let is_plain = !text.is_empty() && !text.starts_with('-') && !text.contains(char::is_control);
    let is_fetched = ["https://", "ssh://", "file://"].iter().any(|scheme| text.starts_with(scheme));
    let is_short_ssh = text.split_once(':').is_some_and(|(host, path)| {
        // `ext::command` would have git run one.
        !host.contains('/') && !host.is_empty() && !path.is_empty() && !path.starts_with("//") && !path.starts_with(':')
    });
    match () {
        () if !is_plain || has_password(text) => None,
        () if is_fetched || is_short_ssh => Some(Location::Remote(text.to_owned())),
        () if text.contains("://") || text.contains("::") => None,
        () => Some(Location::Local(base.join(text))),
    }
}

/// A URL stands in logs, in `status` and in the list of processes: a password in it would too.
fn has_password(url: &str) -> bool {
    let authority = url.split_once("://").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

/// What git takes for a branch's name (git-check-ref-format(1)).
fn is_branch(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let is_bad = |char: char| char.is_control() || " ~^:?*[\\".contains(char);
    name.split('/').all(is_part)
        && !name.contains(is_bad)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.starts_with('-')
        && name != "@"
}

/// How often to fetch; `never` leaves it to others.
fn interval(text: &str) -> Option<Option<Duration>> {
    if text == "never" {
        return Some(None);
    }
    duration_within(text, Duration::from_secs(1)..=Duration::from_secs(86_400)).map(Some)
}

fn deadline(text: &str) -> Option<Duration> {
    duration_within(text, Duration::from_secs(1)..=Duration::from_secs(3_600))
}
