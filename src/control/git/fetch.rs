//! Fetching: `git` in a child process with a deadline, and nothing else.
//!
//! In: a URL, a branch, limits. Out: the branch in a bare repository of our own, and a [`Report`]. What the remote says is
//! believed nowhere but here, and here only by git, told to check every object. It runs in no thread that answers, and a
//! remote that hangs, drips, lies or is gone changes nothing but the report.
//!
//! # Design
//!
//! The first fetch clones beside the place and moves the clone there whole: `git clone` alone finds out which hash the
//! remote uses, and a half-made repository is never opened. The child has no terminal, no shell, no hooks, no configuration
//! but the user's own (which may hold a proxy or a key), and only the protocols that the config may name. A process group
//! holds it and all it starts, so that its end is the end of all of them.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group};
use serde::{Deserialize, Serialize};

use crate::control::status::unix_seconds;

/// How often a running fetch is looked after.
const TICK: Duration = Duration::from_millis(50);

/// Ticks between two looks at how large the repository has grown.
const TICKS_A_MEASURE: u32 = 10;

/// The most octets of git's own words that are kept.
const MAX_WORDS: usize = 4096;

/// What to fetch, and how much patience there is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetch {
    /// Where from.
    pub url: String,
    /// Which branch.
    pub branch: String,
    /// Our bare repository.
    pub repository: PathBuf,
    /// How long it may take.
    pub deadline: Duration,
    /// How large our repository may grow, in octets.
    pub octets: u64,
}

/// What came of a fetch.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, Debug)]
pub struct Report {
    /// When it began, in seconds since 1970.
    pub at: u64,
    /// How long it took.
    pub seconds: f64,
    /// Why it failed, if it did.
    pub trouble: Option<String>,
}

impl Fetch {
    /// Fetches once.
    pub fn run(&self) -> Report {
        let (at, start) = (unix_seconds(SystemTime::now()), Instant::now());
        let result = self.fetch(start + self.deadline);
        Report { at, seconds: start.elapsed().as_secs_f64(), trouble: result.err() }
    }

    fn fetch(&self, deadline: Instant) -> Result<(), String> {
        let parent = self.repository.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(parent).map_err(|error| format!("making {}: {error}", parent.display()))?;
        let _lock = self.lock()?;
        if self.repository.exists() {
            return self.update(deadline);
        }
        let made = self.repository.with_extension("new");
        // A fetch that died half-way left it behind; the lock says that none is at it now.
        let _ = std::fs::remove_dir_all(&made);
        let mut clone = git(&["clone", "--bare", "--quiet", "--no-tags", "--single-branch", "--template="]);
        clone.arg("--branch").arg(&self.branch).arg("--").arg(&self.url).arg(&made);
        let result = self.wait(clone, &made, deadline);
        if result.is_err() {
            let _ = std::fs::remove_dir_all(&made);
        }
        result?;
        std::fs::rename(&made, &self.repository).map_err(|error| format!("moving the clone to its place: {error}"))
    }

    fn update(&self, deadline: Instant) -> Result<(), String> {
        let mut fetch = git(&["--git-dir"]);
        fetch.arg(&self.repository).args(["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"]);
        fetch.args(["--no-auto-maintenance", "--no-write-fetch-head"]);
        // The guards decide whether a rewind is served, and they need to see it.
        let spec = format!("+refs/heads/{0}:refs/heads/{0}", self.branch);
        fetch.arg("--").arg(&self.url).arg(spec);
        self.wait(fetch, &self.repository, deadline)
    }

    /// One fetch at a time, whichever process does it.
    fn lock(&self) -> Result<std::os::fd::OwnedFd, String> {
        let path = self.repository.with_extension("lock");
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|error| format!("opening {}: {}", path.display(), std::io::Error::from(error)))?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(_) => Err("another fetch into the same repository is at work".into()),
        }
    }

    /// Waits until the child ended, or ends it.
    fn wait(&self, mut command: Command, repository: &Path, deadline: Instant) -> Result<(), String> {
        let mut child = command.spawn().map_err(|error| format!("starting `git`: {error}"))?;
        let words = child.stderr.take().map(|stderr| std::thread::spawn(move || keep_words(stderr)));
        let watched = self.watch(&child, repository, deadline);
        let status = end_all(&mut child).map_err(|error| format!("waiting for `git`: {error}"));
        // All that could hold the other end is gone.
        let words = words.and_then(|words| words.join().ok()).unwrap_or_default();
        watched?;
        if status?.success() { Ok(()) } else { Err(say(&words)) }
    }

    /// Waits for the child's end, leaving it to be reaped: until then its id, and its group's, is nobody else's.
    fn watch(&self, child: &Child, repository: &Path, deadline: Instant) -> Result<(), String> {
        let mut ticks = 0_u32;
        while !has_ended(child).map_err(|error| format!("waiting for `git`: {error}"))? {
            if Instant::now() >= deadline {
                return Err(format!("it was not done in {} s, and was ended", self.deadline.as_secs()));
            }
            if ticks.is_multiple_of(TICKS_A_MEASURE) {
                self.measure(repository)?;
            }
            ticks = ticks.wrapping_add(1);
            std::thread::sleep(TICK);
        }
        // What comes fast is done before it is measured; nothing is fetched on top of it.
        self.measure(repository)
    }

    fn measure(&self, repository: &Path) -> Result<(), String> {
        let octets = self.octets;
        match octets_in(repository) > octets {
            true => Err(format!("it brought more than {octets} octets; `fetch_octets` under [source] is the limit")),
            false => Ok(()),
        }
    }
}

fn has_ended(child: &Child) -> rustix::io::Result<bool> {
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return Ok(true) };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(rustix::process::waitid(WaitId::Pid(pid), options)?.is_some())
}

/// `git`, with all that could make it ask, wait, run or believe something turned off.
fn git(arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    for setting in [
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "gc.auto=0",
        "maintenance.auto=false",
        "fetch.fsckObjects=true",
        "transfer.fsckObjects=true",
        "fetch.recurseSubmodules=false",
        "transfer.bundleURI=false",
        "credential.interactive=false",
        "http.followRedirects=initial",
        "http.lowSpeedLimit=1",
        "http.lowSpeedTime=30",
    ] {
        command.args(["-c", setting]);
    }
    command
        .args(arguments)
        .env("GIT_ALLOW_PROTOCOL", "https:ssh:file")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "false")
        .env("SSH_ASKPASS", "false")
        .env("SSH_ASKPASS_REQUIRE", "force")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0);
    for variable in
        ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"]
    {
        command.env_remove(variable);
    }
    command
}

/// Ends the child's whole group, whatever of it is still there, and reaps the child.
fn end_all(child: &mut Child) -> std::io::Result<std::process::ExitStatus> {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // All of it may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
    }
    child.wait()
}

/// The end of what git says: an error is its last word.
fn keep_words(mut stderr: impl std::io::Read) -> Vec<u8> {
    let (mut kept, mut chunk) = (Vec::new(), [0; 1024]);
    while let Ok(octets @ 1..) = stderr.read(&mut chunk) {
        kept.extend_from_slice(&chunk[..octets]);
        let surplus = kept.len().saturating_sub(MAX_WORDS);
        kept.drain(..surplus);
    }
    kept
}

fn say(words: &[u8]) -> String {
    let text = String::from_utf8_lossy(words);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [] => "`git` failed and did not say why".into(),
        lines => crate::diagnostic::render::escape(lines.join("; ").as_bytes()),
    }
}

/// The size of all files below a directory, as far as they can be seen: packs are written there while they come.
fn octets_in(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => octets_in(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}
