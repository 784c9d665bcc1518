//! A git repository as a source: the commit a branch names, what it comes from, and its tree.
//!
//! In: a repository on this host, and the branch to follow. Out: [`Commit`]s, the [`Snapshot`](super::load::Snapshot) of
//! one's tree, and [`Refusal`]s that say what to do. Knows nothing of zones, and writes nothing: [`fetch`] alone does, in a
//! child process.
//!
//! # Design
//!
//! Objects are read, never a work tree, so a checkout half-way is never seen; and a commit's tree is whole by construction.
//! What git itself can be talked into is not followed: replacement refs and grafts would let one id mean two trees,
//! alternates would read another's objects, and a repository that someone else owns is someone else's. Ids are what is
//! compared; a name is resolved once a look.

mod blame;
pub mod fetch;
mod history;
mod line;
mod signature;
mod tree;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::bstr::ByteSlice as _;
use gix::{ObjectId, ThreadSafeRepository};

use crate::diagnostic::{Code, Diagnostic, codes};
use crate::source::{FileId, Span};

pub use blame::{Bounds, Origin};
pub use gix::ObjectId as Id;
pub use line::{Line, Step, moment};
pub use signature::Signers;

/// The largest commit or tree object that is read, in octets: a directory of a million files is not this large.
const MAX_OBJECT: u64 = 64 << 20;

/// Digits of a commit's id that people are shown: as many as git shows of a repository with many thousand commits.
const DIGITS: usize = 12;

/// The start of a commit's id, as people are shown it.
pub fn short(id: &str) -> &str {
    id.get(..DIGITS).unwrap_or(id)
}

/// Why a repository, or a commit of it, is not taken.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What it is about, as people here would type it: the repository, or a file of the commit.
    pub place: String,
    /// What is wrong, why that matters, and what to do.
    pub finding: Box<Diagnostic>,
}

impl Refusal {
    fn new(code: &'static Code, place: impl Into<String>, headline: impl Into<String>) -> Self {
        let start = Span::start_of(FileId(0));
        Self { place: place.into(), finding: Box::new(Diagnostic::new(code, start, headline)) }
    }

    /// Whether it stays so as long as the commit is the same.
    pub fn is_final(&self) -> bool {
        std::ptr::eq(self.finding.code, &codes::COMMIT_REFUSED)
    }

    fn why(mut self, why: impl Into<String>) -> Self {
        self.finding.why = why.into();
        self
    }

    fn fix(mut self, fix: impl Into<String>) -> Self {
        self.finding.fix = fix.into();
        self
    }
}

/// A commit, as people are told of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commit {
    /// Its id, in hex.
    pub id: String,
    /// Who wrote it: `Name <address>`.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
}

/// An open repository.
#[derive(Clone, Debug)]
pub struct Repository {
    git: Arc<ThreadSafeRepository>,
    /// As the config names it.
    shown: String,
}

impl Repository {
    /// Opens the repository at `path`: a bare one, or a checkout's.
    ///
    /// # Errors
    ///
    /// It is not there, not ours, or of a make that is not followed.
    pub fn open(path: &Path) -> Result<Self, Refusal> {
        let shown = path.display().to_string();
        let refused = |headline: String| Refusal::new(&codes::REPOSITORY_REFUSED, &shown, headline);
        let git = options().open(path).map_err(|error| unopened(&shown, path, &error))?;
        let this = Self { git: Arc::new(git), shown: shown.clone() };
        let local = this.local();
        let storage = local.config_snapshot().string("extensions.refStorage").map(|name| name.to_string());
        if let Some(name) = storage.filter(|name| name != "files") {
            return Err(refused(format!("`{shown}` keeps its refs as `{name}`"))
                .why("only refs in files and packed-refs are read here")
                .fix("clone it anew: `git clone --bare --ref-format=files`"));
        }
        if let Some(outside) = foreign_alternate(local.common_dir()) {
            return Err(refused(format!("`{shown}` borrows objects from `{}`", outside.display()))
                .why("objects outside the repository can change or vanish with another's")
                .fix("let it have its own: `git repack -a -d`, then remove `objects/info/alternates`"));
        }
        Ok(this)
    }

    /// What the branch names now: a commit's id.
    ///
    /// # Errors
    ///
    /// There is no such branch, or it names no commit.
    pub fn tip(&self, branch: &str) -> Result<ObjectId, Refusal> {
        let local = self.local();
        let name = format!("refs/heads/{branch}");
        let found = local.try_find_reference(&name).map_err(|error| self.unreadable(&name, &error))?;
        let Some(mut reference) = found else {
            return Err(self
                .refused(format!("`{}` has no branch `{branch}`", self.shown))
                .why("without it there is nothing to follow; what was served is served on")
                .fix("push the branch, or let `branch` under [source] name the right one"));
        };
        let id = reference.peel_to_id().map_err(|error| self.unreadable(&name, &error))?;
        Ok(id.detach())
    }

    /// The commit that `revision` names, as `git rev-parse` would: an id or the start of one, a branch, `main~2`.
    ///
    /// # Errors
    ///
    /// It names none, or more than one.
    pub fn resolve(&self, revision: &str) -> Result<ObjectId, Refusal> {
        let local = self.local();
        let named = local.rev_parse_single(revision).and_then(|id| Ok(id.object()?.peel_to_commit()?.id));
        named.map_err(|error| {
            self.refused(format!("`{revision}` names no commit of `{}`: {error}", self.shown))
                .fix("`git log` lists commits; give an id, or the start of one")
        })
    }

    /// What people are told of a commit.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn commit(&self, id: ObjectId) -> Result<Commit, Refusal> {
        let local = self.local();
        let object = self.object(&local, id, gix::object::Kind::Commit)?;
        let commit = object.into_commit();
        let decoded = commit.decode().map_err(|error| self.unreadable(&id.to_string(), &error))?;
        let author = decoded.author().map(|author| (author.name.to_owned(), author.email.to_owned()));
        let (name, email) = author.map_err(|error| self.unreadable(&id.to_string(), &error))?;
        Ok(Commit {
            id: id.to_string(),
            author: format!("{} <{}>", name.to_str_lossy(), email.to_str_lossy()),
            subject: decoded.message.lines().next().unwrap_or_default().to_str_lossy().into_owned(),
            time: commit.time().map_or(0, |time| time.seconds),
        })
    }

    /// The first parent of a commit.
    ///
    /// # Errors
    ///
    /// It has none.
    pub fn before(&self, id: ObjectId) -> Result<ObjectId, Refusal> {
        self.parents(&self.local(), id)?.first().copied().ok_or_else(|| {
            self.refused(format!("commit {id} is the first: there is none before it")).fix("name the commit to serve")
        })
    }

    /// The branch was moved to a commit that does not come from the newest one that was published.
    pub fn rewound(&self, newest: ObjectId, published: ObjectId) -> Refusal {
        let headline = format!("commit {newest} does not come from {published}, which was published before it");
        Refusal::new(&codes::COMMIT_REFUSED, &self.shown, headline)
            .why(
                "the branch was rewound or rewritten, so what was published would vanish without a commit that says so",
            )
            .fix(
                "push a commit on top of the published one (`git revert`), or set `allow_rewind = true` under [source]",
            )
    }

    /// A commit that nobody's signature leads to.
    pub fn not_before(&self, commit: ObjectId, published: ObjectId) -> Refusal {
        self.refused(format!("commit {commit} is not among those that {published} comes from"))
            .why("the config asks for signed commits, and only what was published is known to be")
            .fix("name one that `git log` shows below the published one")
    }

    /// An order about what is served, when nothing is.
    pub fn nothing_served(&self) -> Refusal {
        self.refused("no commit is served yet")
            .fix("wait for the first, or see `zonewright status` for what keeps it away")
    }

    /// An order to publish a commit that does not wait for one.
    pub fn not_waiting(&self, commit: ObjectId) -> Refusal {
        self.refused(format!("commit {commit} is not what the canary refused"))
            .why("only the branch's commit, refused for what it would do to answers, is published by this order")
            .fix("`zonewright status` shows which commit is refused, and why")
    }

    /// Serials are asked of a history whose start is not there.
    pub fn shallow(&self) -> Refusal {
        self.refused(format!("the history of `{}` is cut off, and serials are made from all of it", self.shown))
            .why("a serial that depends on how much of the history is at hand would differ from node to node")
            .fix("fetch all of it: `git fetch --unshallow`")
    }

    /// The zones of a commit cannot be listed.
    pub fn unlisted(&self, error: &super::load::ListError) -> Refusal {
        self.refused(error.to_string()).fix("see [[zone]] and [source] in the config")
    }

    /// Where its refs are, for whoever waits for one to move.
    pub fn common_dir(&self) -> PathBuf {
        self.local().common_dir().to_owned()
    }

    /// Its own handle for this thread.
    fn local(&self) -> gix::Repository {
        self.git.to_thread_local()
    }

    /// An object of a kind, if it is there and not huge.
    fn object<'r>(
        &self,
        local: &'r gix::Repository,
        id: ObjectId,
        kind: gix::object::Kind,
    ) -> Result<gix::Object<'r>, Refusal> {
        let header = local.find_header(id).map_err(|error| self.missing(id, &error))?;
        if header.kind() != kind || header.size() > MAX_OBJECT {
            let found = format!("a {} of {} octets", header.kind(), header.size());
            let wanted = format!("a {kind} of at most {MAX_OBJECT} octets");
            return Err(self.refused(format!("expected {wanted} at `{id}`, found {found}")));
        }
        local.find_object(id).map_err(|error| self.missing(id, &error))
    }

    fn refused(&self, headline: impl Into<String>) -> Refusal {
        Refusal::new(&codes::REPOSITORY_REFUSED, &self.shown, headline)
    }

    fn missing(&self, id: ObjectId, error: &gix::Error) -> Refusal {
        self.refused(format!("object `{id}` of `{}` cannot be read: {error}", self.shown))
            .why("a commit is served whole or not at all; what was served is served on")
            .fix("`git fsck` shows what is missing; fetch it again from where it is whole")
    }

    fn unreadable(&self, what: &str, error: &gix::Error) -> Refusal {
        self.refused(format!("`{what}` of `{}` cannot be read: {error}", self.shown))
            .why("what was served is served on")
            .fix("`git fsck` says what is wrong with the repository")
    }
}

/// Reads the repository's own config and, for `safe.directory`, the user's and the system's; follows no replacement.
fn options() -> gix::open::Options {
    use gix::open::permissions::{Attributes, Config, Environment};
    let mut environment = Environment::isolated();
    // Where the user's config is.
    (environment.home, environment.xdg_config_home) = (gix::sec::Permission::Allow, gix::sec::Permission::Allow);
    let config = Config { env: false, git_binary: false, includes: false, ..Config::all() };
    let permissions = gix::open::Permissions { env: environment, config, attributes: Attributes::isolated() };
    gix::open::Options::default()
        .permissions(permissions)
        .bail_if_untrusted(true)
        .config_overrides(["core.useReplaceRefs=false"])
}

fn unopened(shown: &str, path: &Path, error: &gix::Error) -> Refusal {
    let refused = |headline| Refusal::new(&codes::REPOSITORY_REFUSED, shown, headline);
    if !path.exists() {
        return refused(format!("`{shown}` is not there"))
            .why("what was served is served on")
            .fix("bring the repository back, or let `repository` under [source] name the right one");
    }
    if is_foreign(path) {
        return refused(format!("`{shown}` belongs to another user"))
            .why("whoever owns a repository decides what its config makes its readers do")
            .fix(format!("`chown` it to this user, or trust it: `git config --global --add safe.directory {shown}`"));
    }
    refused(format!("`{shown}` is no git repository that can be read: {error}"))
        .why("what was served is served on")
        .fix("`git fsck` says what is wrong; the user that the server runs as must be able to read it")
}

/// Whether a path, or the git directory in it, belongs to neither this user nor, where that matters, root.
fn is_foreign(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let us = rustix::process::geteuid().as_raw();
    let owner = |path: &Path| std::fs::metadata(path).ok().map(|found| found.uid());
    [path.to_owned(), path.join(".git")].iter().filter_map(|path| owner(path)).any(|owner| owner != us)
}

/// An alternate of the object store that lies outside the repository, if it has one.
fn foreign_alternate(common: &Path) -> Option<PathBuf> {
    let objects = common.join("objects");
    let text = std::fs::read(objects.join("info/alternates")).ok()?;
    let inside = common.canonicalize().ok()?;
    let listed = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with(b"#"));
    let mut paths = listed.map(|line| objects.join(line.to_path_lossy()));
    paths.find(|path| !path.canonicalize().is_ok_and(|path| path.starts_with(&inside)))
}
