//! A directory to zones: the only reader of zone files, and the include resolver.
//!
//! In: a zone directory, the file and the apex of a zone. Out: [`Loaded`], its texts, findings and, where it can be served,
//! the zone; and [`Stamp`]s, by which a later look knows what to read again. Knows nothing of what is being served.
//!
//! # Design
//!
//! A zone file is written by whoever can open a pull request, so its path and its includes are hostile. Every file is opened
//! beneath the root by the kernel (`openat2`, RESOLVE_BENEATH), or step by step where the kernel cannot: both follow links
//! that stay inside, since operators swap links, and refuse those that leave. What is not a plain file is not opened at all,
//! and a size is believed neither before nor while reading. `..` is resolved in the text of the path, before any link is:
//! what is opened is then what the finding names.
//!
//! A zone is judged here and nowhere else, so that `check` and `serve` find the same: [`load`] by itself, and
//! [`Loaded::judge_beside`] once the others are read. An error keeps a text from being served, with one exception
//! ([`Loaded::servable`]): an expired signature holds back a change, and not a start. Nobody edited anything when a signature
//! expired; a server that comes back after an upgrade would turn a zone that most clients could use a minute ago into
//! SERVFAIL for all of them, while those who validate get SERVFAIL either way.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::hash::{BuildHasher, Hasher as _, RandomState};
use std::io::Read as _;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::diagnostic::{self, Code, Diagnostic, Stage, codes};
use crate::dns::{Name, NameRef};
use crate::lint;
use crate::source::{FileId, Source, Sources, Span};
use crate::zone::{self, Zone};
use crate::zonefile::lexer::{Lexer, TokenKind};
use crate::zonefile::{self, IncludeRefusal, Limits};

/// What one zone's files say.
#[derive(Debug)]
pub struct Loaded {
    /// Its apex.
    pub name: Name,
    /// Its file, relative to the root.
    pub file: PathBuf,
    /// The texts that were read; the zone's own file is the first, empty if it could not be read.
    pub sources: Sources,
    /// What is wrong with it, in the order of the text.
    pub findings: Vec<Diagnostic>,
    /// The zone, if its text makes one; [`servable`](Self::servable) says whether that may be served.
    pub zone: Option<Zone>,
    /// Every file that was read or asked for, and how it was.
    pub stamps: Vec<Stamp>,
}

/// What a zone is judged by, beside its text.
#[derive(Clone, PartialEq, Debug)]
pub struct Terms {
    /// How much of a hostile text is read.
    pub limits: Limits,
    /// Today, and what rules depend on; none asks no rule, for who wants the records only.
    pub lint: Option<lint::Settings>,
}

impl Terms {
    /// The terms of this moment, all cores at work.
    pub fn now(limits: &Limits) -> Self {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // Signature times have 32 bits and are compared by serial arithmetic (RFC 4034 §3.1.5).
        Self::at(limits, since_1970.as_secs() as u32)
    }

    /// The terms of another moment, in seconds since 1970.
    pub fn at(limits: &Limits, moment: u32) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let lint = lint::Settings { threads, ..lint::Settings::new(moment) };
        Self { limits: limits.clone(), lint: Some(lint) }
    }

    /// No opinions: a text makes a zone or does not.
    pub fn without_rules(limits: &Limits) -> Self {
        Self { limits: limits.clone(), lint: None }
    }
}

impl Loaded {
    /// The zone, if it may be served in the place of nothing or, where it `replaces` one, of a version that is served now.
    pub fn servable(&self, replaces: bool) -> Option<&Zone> {
        let stops = |finding: &Diagnostic| finding.is_error() && (replaces || finding.code.stage != Stage::Date);
        self.zone.as_ref().filter(|_| !self.findings.iter().any(stops))
    }

    /// Adds what rules find beside all other zones.
    pub fn judge_beside(&mut self, others: &lint::Others<'_>, terms: &Terms) {
        let (Some(zone), Some(settings)) = (&self.zone, &terms.lint) else { return };
        self.findings.extend(lint::check_beside(zone, &self.sources, settings, others));
        self.settle();
    }

    /// Puts findings in the order of the text, each with its zone.
    fn settle(&mut self) {
        self.findings.iter_mut().for_each(|finding| finding.zone = Some(self.name.clone()));
        diagnostic::sort(&mut self.findings);
    }
}

/// How one file was when it was read, so that "unchanged" is a stat, and its content decides when the stat differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// The file, relative to the root.
    pub path: PathBuf,
    seen: Seen,
    digest: u128,
    settled: bool,
}

/// What a stat says of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Seen {
    /// It is there; times are seconds and nanoseconds.
    There { device: u64, inode: u64, size: u64, modified: (i64, u64), changed: (i64, u64) },
    /// It cannot be reached, for this reason.
    Absent(i32),
}

/// A file younger than this when it was read may change again under the same times: FAT keeps two seconds, others a tick.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// Levels of directories below the root that are searched for zones; a deeper tree is no zone directory.
const MAX_DIRECTORY_DEPTH: usize = 32;

/// Entries that are looked at when a root is searched: ten files for each of a hundred thousand zones.
const MAX_ENTRIES: usize = 1_000_000;

/// Reads, parses and builds the zone `apex` from `file`, which is relative to the root.
///
/// Every failure is a finding; the zone is absent if its text makes none.
pub fn load(root: &Root, file: &Path, apex: &Name, terms: &Terms) -> Loaded {
    let mut reader = Reader::new(root, &terms.limits);
    let mut sources = Sources::default();
    let (findings, zone) = match reader.read(file) {
        Err(refused) => {
            let shown = root.display(file);
            let finding = refused.finding(&shown);
            sources.add(Source::new(shown, &b""[..]));
            (vec![finding], None)
        }
        Ok(source) if is_blank(source.text()) => {
            let finding = emptied(source.name());
            sources.add(source);
            (vec![finding], None)
        }
        Ok(source) => {
            let id = sources.add(source);
            judge(&mut reader, &mut sources, id, apex, terms)
        }
    };
    let mut loaded = Loaded { name: apex.clone(), file: file.into(), sources, findings, zone, stamps: reader.stamps };
    loaded.settle();
    loaded
}

/// As [`load`], for a zone of a [`Listing`]: one that several files claim is refused with a finding that names them.
pub fn load_listed(root: &Root, listed: &ZoneFile, terms: &Terms) -> Loaded {
    let Some(rival) = &listed.rival else { return load(root, &listed.file, &listed.name, terms) };
    let (first, second) = (root.display(&listed.file), root.display(rival));
    let mut sources = Sources::default();
    let id = sources.add(Source::new(first.clone(), &b""[..]));
    let mut finding = Diagnostic::new(
        &codes::MANY_FILES,
        start_of(id),
        format!("`{}` has two files: `{first}` and `{second}`", listed.name),
    )
    .why("nothing says which of them holds, so neither is served")
    .fix("delete one of them, or give each zone its file in a [[zone]] table of the config");
    finding.zone = Some(listed.name.clone());
    Loaded {
        name: listed.name.clone(),
        file: listed.file.clone(),
        sources,
        findings: vec![finding],
        zone: None,
        stamps: vec![Stamp::of(root, &listed.file), Stamp::of(root, rival)],
    }
}

fn judge(
    reader: &mut Reader<'_>,
    sources: &mut Sources,
    id: FileId,
    apex: &Name,
    terms: &Terms,
) -> (Vec<Diagnostic>, Option<Zone>) {
    let parsed = zonefile::parse(sources, id, apex, &terms.limits, &mut |from, path| reader.include(from, path));
    let zone::Built { mut findings, zone } = zone::build(apex, id, parsed, sources);
    if let (Some(zone), Some(settings)) = (&zone, &terms.lint) {
        findings.extend(lint::check(zone, sources, settings));
    }
    (findings, zone)
}

fn is_blank(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    Lexer::new(text, 0).all(|token| matches!(token.kind, TokenKind::Blank | TokenKind::Newline | TokenKind::Comment))
}

fn emptied(shown: &str) -> Diagnostic {
    Diagnostic::new(&codes::EMPTIED_FILE, start_of(FileId(0)), format!("`{shown}` holds no records"))
        .why("an empty file is a cut-off write or a slip more often than a wish, and every name of the zone would vanish")
        .fix("write the zone's records again, or delete the file to stop serving the zone")
}

fn start_of(file: FileId) -> Span {
    Span { file, start: 0, end: 0 }
}

/// Whether the files are as their stamps say, by content where a stat differs: the stamps as of now, or none if one changed.
pub fn unchanged(root: &Root, stamps: &[Stamp], limits: &Limits) -> Option<Vec<Stamp>> {
    stamps.iter().map(|stamp| stamp.confirm(root, limits)).collect()
}

/// Whether a stat of each file still says what it said when the file was read.
pub fn stand_still(root: &Root, stamps: &[Stamp]) -> bool {
    stamps.iter().all(|stamp| root.look(&stamp.path) == stamp.seen)
}

/// One digest of all that was read: of the files' paths and their contents, in the order in which they were asked for.
pub fn digest_of(stamps: &[Stamp]) -> u128 {
    let mut hasher = keyed_hasher();
    for stamp in stamps {
        let path = stamp.path.as_os_str().as_bytes();
        hasher.write_u64(path.len() as u64);
        hasher.write(path);
        hasher.write_u128(stamp.digest);
    }
    hasher.finish128().into()
}

impl Stamp {
    /// A file that nobody read, as it is now.
    pub(super) fn of(root: &Root, path: &Path) -> Self {
        Self { path: path.into(), seen: root.look(path), digest: 0, settled: true }
    }

    fn confirm(&self, root: &Root, limits: &Limits) -> Option<Self> {
        let seen = root.look(&self.path);
        if seen == self.seen && self.settled {
            return Some(self.clone());
        }
        let mut reader = Reader::new(root, limits);
        reader.read(&self.path).ok()?;
        reader.stamps.pop().filter(|stamp| stamp.digest == self.digest)
    }
}

impl Seen {
    #[expect(clippy::unnecessary_cast, reason = "the types of these fields differ between systems")]
    fn new(stat: &rustix::fs::Stat) -> Self {
        Self::There {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as u64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as u64),
        }
    }

    /// Whether a later change would show in its times. A file from the future never settles, and is read at every look.
    fn is_settled(self, now: SystemTime) -> bool {
        let Self::There { changed: (seconds, nanoseconds), .. } = self else { return true };
        let changed = Duration::new(u64::try_from(seconds).unwrap_or(0), nanoseconds as u32);
        (SystemTime::UNIX_EPOCH + changed + SETTLED_AFTER) < now
    }
}

/// The zone directory, held open: no file outside it is read.
#[derive(Debug)]
pub struct Root {
    directory: PathBuf,
    shown: PathBuf,
    fd: OwnedFd,
    /// Whether the kernel has no `openat2`, or a sandbox forbids it.
    walks: AtomicBool,
}

impl Root {
    /// Opens the zone directory; links in its own path are the operator's, and followed.
    ///
    /// # Errors
    ///
    /// The system's, if it is missing, no directory, or closed to us.
    pub fn open(directory: &Path) -> std::io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(directory, flags, Mode::empty())?;
        let here = std::env::current_dir().ok();
        let shown = here.and_then(|here| directory.strip_prefix(here).ok()).unwrap_or(directory);
        let shown = shown.strip_prefix(".").unwrap_or(shown).to_path_buf();
        Ok(Self { directory: directory.into(), shown, fd, walks: AtomicBool::new(cfg!(not(target_os = "linux"))) })
    }

    /// Whether the other is the same directory, and was not put in this one's place.
    pub fn is(&self, other: &Root) -> bool {
        let identity = |root: &Root| rustix::fs::fstat(&root.fd).map(|stat| (stat.st_dev, stat.st_ino));
        matches!((identity(self), identity(other)), (Ok(mine), Ok(theirs)) if mine == theirs)
    }

    /// The directory, as it was named.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The path a person here would type for a file of the root; octets that are not UTF-8 as `\xNN`.
    pub fn display(&self, file: &Path) -> String {
        show(&self.shown.join(file))
    }

    /// A path as one below the root: a relative one is taken to be one already. None if its text leads outside.
    pub fn relative(&self, file: &Path) -> Option<PathBuf> {
        let file = if file.is_absolute() { file.strip_prefix(&self.directory).ok()? } else { file };
        normalise(Path::new(""), file)
    }

    fn look(&self, path: &Path) -> Seen {
        match self.stat(path) {
            Ok(stat) => Seen::new(&stat),
            Err(error) => Seen::Absent(error.raw_os_error()),
        }
    }

    /// Asks for a file's state without opening it: opening a device or a FIFO can do things.
    fn stat(&self, path: &Path) -> rustix::io::Result<rustix::fs::Stat> {
        #[cfg(target_os = "linux")]
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        #[cfg(not(target_os = "linux"))]
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        rustix::fs::fstat(self.open_beneath(path, flags)?)
    }

    fn open_beneath(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        #[cfg(target_os = "linux")]
        if !self.walks.load(Ordering::Relaxed) {
            match self.open_at_once(path, flags) {
                Err(Errno::NOSYS | Errno::PERM) => self.walks.store(true, Ordering::Relaxed),
                result => return result,
            }
        }
        self.open_by_steps(path, flags)
    }

    #[cfg(target_os = "linux")]
    fn open_at_once(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        use rustix::fs::ResolveFlags;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        // The kernel gives up with EAGAIN when something was renamed while it resolved a `..` of a link.
        for _ in 0..16 {
            match rustix::fs::openat2(&self.fd, path, flags, Mode::empty(), resolve) {
                Err(Errno::AGAIN) => {}
                result => return result,
            }
        }
        Err(Errno::AGAIN)
    }

    /// What RESOLVE_BENEATH does, without it: each step opens one entry and follows no link; links are read and walked.
    fn open_by_steps(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let steps =
            |path: &Path| path.components().rev().map(|part| part.as_os_str().to_os_string()).collect::<Vec<_>>();
        let (mut todo, mut entered, mut links) = (steps(path), Vec::<OwnedFd>::new(), 0);
        while let Some(step) = todo.pop() {
            if step == ".." {
                entered.pop().ok_or(Errno::XDEV)?;
                continue;
            }
            let here = entered.last().unwrap_or(&self.fd);
            match rustix::fs::readlinkat(here, &step, Vec::new()) {
                Ok(target) => {
                    let target = PathBuf::from(OsStr::from_bytes(target.as_bytes()));
                    links += 1;
                    match () {
                        () if target.is_absolute() => return Err(Errno::XDEV),
                        () if links > 40 => return Err(Errno::LOOP),
                        () => todo.extend(steps(&target)),
                    }
                }
                // Not a link; if it becomes one now, opening it fails.
                Err(Errno::INVAL) if todo.is_empty() => {
                    return rustix::fs::openat(here, &step, flags | OFlags::NOFOLLOW, Mode::empty());
                }
                Err(Errno::INVAL) => {
                    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                    let next = rustix::fs::openat(here, &step, flags, Mode::empty())?;
                    entered.push(next);
                }
                Err(error) => return Err(error),
            }
        }
        rustix::fs::openat(entered.last().unwrap_or(&self.fd), ".", flags, Mode::empty())
    }

    fn read(&self, path: &Path, limit: u32) -> (Seen, Result<Arc<[u8]>, Refused>) {
        let stat = match self.stat(path) {
            Ok(stat) => stat,
            Err(error) => return (Seen::Absent(error.raw_os_error()), Err(Refused::from(error))),
        };
        let seen = Seen::new(&stat);
        if let Err(refused) = judge_kind(&stat, limit) {
            return (seen, Err(refused));
        }
        // It was a plain file a moment ago; NONBLOCK, should it have become a FIFO since.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match self.open_beneath(path, flags) {
            Err(error) => (seen, Err(Refused::from(error))),
            Ok(fd) => read_plain(fd, limit),
        }
    }
}

fn judge_kind(stat: &rustix::fs::Stat, limit: u32) -> Result<(), Refused> {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile if stat.st_size as u64 > u64::from(limit) => return Err(Refused::TooLarge { limit }),
        FileType::RegularFile => return Ok(()),
        FileType::Directory => "a directory",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        _ => "a device",
    };
    Err(Refused::NotPlain { kind })
}

fn read_plain(fd: OwnedFd, limit: u32) -> (Seen, Result<Arc<[u8]>, Refused>) {
    let stat = match rustix::fs::fstat(&fd) {
        Ok(stat) => stat,
        Err(error) => return (Seen::Absent(error.raw_os_error()), Err(Refused::from(error))),
    };
    let seen = Seen::new(&stat);
    let text =
        judge_kind(&stat, limit).and_then(|()| read_to_end(std::fs::File::from(fd), stat.st_size as usize, limit));
    (seen, text)
}

/// Reads a file whose size is `expected`, or was: one copy of the text if it still is, and never more than `limit` octets.
fn read_to_end(mut file: std::fs::File, expected: usize, limit: u32) -> Result<Arc<[u8]>, Refused> {
    let mut text: Arc<[u8]> = std::iter::repeat_n(0, expected).collect();
    let buffer = Arc::get_mut(&mut text).expect("the text was just made, so nobody shares it");
    let mut filled = 0;
    while filled < expected {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => return Ok(Arc::from(&text[..filled])),
            Ok(octets) => filled += octets,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Refused::from(error)),
        }
    }
    let (mut more, room) = (Vec::new(), u64::from(limit) - expected as u64);
    file.take(room + 1).read_to_end(&mut more)?;
    match more.len() as u64 {
        0 => Ok(text),
        octets if octets > room => Err(Refused::TooLarge { limit }),
        _ => Ok([&text[..], &more].concat().into()),
    }
}

/// Why a file is not read.
#[derive(Debug)]
enum Refused {
    Missing,
    LeavesRoot,
    Absolute,
    TooManyLinks,
    NotPlain { kind: &'static str },
    TooLarge { limit: u32 },
    Failed(std::io::Error),
}

impl From<Errno> for Refused {
    fn from(error: Errno) -> Self {
        match error {
            Errno::NOENT | Errno::NOTDIR => Self::Missing,
            Errno::XDEV => Self::LeavesRoot,
            Errno::LOOP => Self::TooManyLinks,
            _ => Self::Failed(error.into()),
        }
    }
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error)
    }
}

impl Refused {
    /// The headline, why, and the fix, for a file shown as `file`.
    fn words(&self, file: &str) -> (String, String, String) {
        let words = |headline: String, why: &str, fix: &str| (headline, why.to_string(), fix.to_string());
        match self {
            Self::Missing => words(
                format!("`{file}` does not exist"),
                "nothing is served of a file that is not there",
                "correct the path, which is relative to the file that holds it, or add the file",
            ),
            Self::LeavesRoot => words(
                format!("`{file}` leads out of the zone directory"),
                "zone files may read nothing but their own directory, whoever wrote them; absolute links count as leaving it",
                "move the file into the zone directory, or make the link relative",
            ),
            Self::Absolute => words(
                format!("`{file}` is an absolute path"),
                "zone files may read nothing but their own directory, whoever wrote them",
                "write the path relative to the file that holds the $INCLUDE",
            ),
            Self::TooManyLinks => words(
                format!("`{file}` is a link that leads to itself, or through too many others"),
                "no file can be reached by it",
                "let the link point at the file",
            ),
            Self::NotPlain { kind } => words(
                format!("`{file}` is {kind}, not a plain file"),
                "reading anything but a plain file may never end",
                "name a plain file",
            ),
            Self::TooLarge { limit } => words(
                format!("`{file}` has more than {limit} octets"),
                "the limit keeps one file from taking all memory",
                "split the file, or raise `file_octets` under `[limits]` in the config",
            ),
            Self::Failed(error) => words(
                format!("`{file}` cannot be read: {}", say(error)),
                "nothing is served of a file that cannot be read",
                "let the user that the server runs as read the file and enter its directories",
            ),
        }
    }

    fn code(&self) -> &'static Code {
        match self {
            Self::TooLarge { .. } => &codes::FILE_TOO_LARGE,
            _ => &codes::UNREADABLE_FILE,
        }
    }

    fn finding(&self, file: &str) -> Diagnostic {
        let (headline, why, fix) = self.words(file);
        let fix =
            if matches!(self, Self::Missing) { "add the file, or take the zone out of the config".into() } else { fix };
        Diagnostic::new(self.code(), start_of(FileId(0)), headline).why(why).fix(fix)
    }

    fn include(&self, file: &str) -> IncludeRefusal {
        let (headline, why, fix) = self.words(file);
        IncludeRefusal { unreadable: matches!(self, Self::Missing | Self::Failed(_)), headline, why, fix }
    }
}

/// A system's error in words, without its number.
fn say(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// The files of one zone: each is read once, however often it is included.
struct Reader<'r> {
    root: &'r Root,
    limits: &'r Limits,
    stamps: Vec<Stamp>,
    /// By path below the root: the name that the file is shown under, and its text.
    texts: HashMap<PathBuf, (String, Arc<[u8]>)>,
    /// By the name it is shown under: a file's path below the root.
    paths: HashMap<String, PathBuf>,
    /// By device and inode: the name that a file was first shown under, so that a link does not hide a cycle.
    names: HashMap<(u64, u64), String>,
}

impl<'r> Reader<'r> {
    fn new(root: &'r Root, limits: &'r Limits) -> Self {
        let (texts, paths, names) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { root, limits, stamps: Vec::new(), texts, paths, names }
    }

    fn read(&mut self, path: &Path) -> Result<Source, Refused> {
        if let Some((name, text)) = self.texts.get(path) {
            return Ok(Source::new(name.clone(), Arc::clone(text)));
        }
        let now = SystemTime::now();
        let (seen, text) = self.root.read(path, self.limits.file_octets);
        let digest = text.as_ref().map_or(0, |text| digest(text));
        self.stamps.push(Stamp { path: path.into(), seen, digest, settled: seen.is_settled(now) });
        let text = text?;
        let mut name = self.root.display(path);
        if let Seen::There { device, inode, .. } = seen {
            name = self.names.entry((device, inode)).or_insert(name).clone();
        }
        self.paths.entry(name.clone()).or_insert_with(|| path.into());
        self.texts.insert(path.into(), (name.clone(), Arc::clone(&text)));
        Ok(Source::new(name, text))
    }

    /// The text that an `$INCLUDE` of `written` in the source `from` asks for.
    fn include(&mut self, from: &str, written: &[u8]) -> Result<Source, IncludeRefusal> {
        let written = Path::new(OsStr::from_bytes(written));
        self.resolve(from, written).map_err(|(path, refused)| {
            refused.include(&path.map_or_else(|| show(written), |path| self.root.display(&path)))
        })
    }

    fn resolve(&mut self, from: &str, written: &Path) -> Result<Source, (Option<PathBuf>, Refused)> {
        if written.is_absolute() {
            return Err((None, Refused::Absolute));
        }
        let beside = self.paths.get(from).and_then(|path| path.parent()).unwrap_or(Path::new(""));
        let path = normalise(beside, written).ok_or((None, Refused::LeavesRoot))?;
        self.read(&path).map_err(|refused| (Some(path), refused))
    }
}

/// The path `written` beside a file of the directory `from`, `.` and `..` resolved in its text; none if it leads outside.
fn normalise(from: &Path, written: &Path) -> Option<PathBuf> {
    let mut path = from.to_path_buf();
    for part in written.components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::ParentDir => path.pop().then_some(())?,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

fn show(path: &Path) -> String {
    let mut shown = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        shown.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|octet| shown.push_str(&format!("\\x{octet:02x}")));
    }
    shown
}

/// 128 keyed bits of a text: whoever writes zone files cannot make two that collide.
fn digest(text: &[u8]) -> u128 {
    let mut hasher = keyed_hasher();
    hasher.write(text);
    hasher.finish128().into()
}

fn keyed_hasher() -> SipHasher13 {
    static KEY: OnceLock<[u8; 16]> = OnceLock::new();
    SipHasher13::new_with_key(KEY.get_or_init(random_key))
}

/// Sixteen octets that nobody else knows: what the standard library's own keys, which come from the system, make of two numbers.
pub(crate) fn random_key() -> [u8; 16] {
    let state = RandomState::new();
    let [low, high] = [0_u8, 1].map(|half| u128::from(state.hash_one(half)));
    (low | high << 64).to_ne_bytes()
}

/// The zones of a root and their files.
#[derive(PartialEq, Eq, Debug, Default)]
pub struct Listing {
    /// One for each zone, in canonical order of their names.
    pub zones: Vec<ZoneFile>,
    /// Files that end in `.zone` and whose name is no domain name, with the reason.
    pub misnamed: Vec<(PathBuf, String)>,
}

impl Listing {
    /// Whether a zone above this one is among them.
    pub fn has_parent(&self, apex: NameRef<'_>) -> bool {
        let is_listed =
            |name: NameRef<'_>| self.zones.binary_search_by(|zone| zone.name.as_ref().canonical_cmp(name)).is_ok();
        std::iter::successors(apex.parent(), |name| name.parent()).any(is_listed)
    }
}

/// A zone and the file that holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneFile {
    /// The zone's apex.
    pub name: Name,
    /// Its file, relative to the root.
    pub file: PathBuf,
    /// Another file that claims the same zone.
    pub rival: Option<PathBuf>,
}

/// Why a root could not be searched.
#[derive(Debug)]
pub enum ListError {
    /// A directory cannot be read.
    Unreadable(PathBuf, std::io::Error),
    /// More directories inside each other than are searched.
    TooDeep(PathBuf),
    /// More entries than are looked at.
    TooMany(usize),
    /// A configured file lies outside the root.
    Outside(PathBuf),
}

impl std::fmt::Display for ListError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "`{}` cannot be read: {}", show(path), say(error)),
            Self::TooDeep(path) => write!(f, "`{}` lies more than {MAX_DIRECTORY_DEPTH} directories deep", show(path)),
            Self::TooMany(entries) => write!(f, "the zone directory has more than {entries} entries"),
            Self::Outside(path) => write!(f, "`{}` lies outside the zone directory", show(path)),
        }
    }
}

impl std::error::Error for ListError {}

/// The zones to serve: the `configured` ones or, if there are none, every `*.zone` at any depth below the root.
///
/// A file's name without `.zone` is the zone's; `root.zone` is the root's. Hidden entries are skipped, and links to
/// directories are not entered: a release that a link calls `current` would be found twice.
///
/// # Errors
///
/// The root, or a directory in it, cannot be read, or is larger than any zone directory.
pub fn zone_files(root: &Root, configured: &[(Name, PathBuf)]) -> Result<Listing, ListError> {
    let mut listing = Listing::default();
    if configured.is_empty() {
        Search { root, entries: 0, listing: &mut listing }.enter(Path::new(""), 0)?;
    }
    for (name, file) in configured {
        let path = root.relative(file).ok_or_else(|| ListError::Outside(file.clone()))?;
        listing.zones.push(ZoneFile { name: name.clone(), file: path, rival: None });
    }
    let order = |a: &ZoneFile, b: &ZoneFile| a.name.as_ref().canonical_cmp(b.name.as_ref());
    listing.zones.sort_by(|a, b| order(a, b).then_with(|| a.file.cmp(&b.file)));
    listing.zones.dedup_by(|rival, first| {
        let same = rival.name.as_ref().is(first.name.as_ref());
        if same {
            first.rival.get_or_insert_with(|| std::mem::take(&mut rival.file));
        }
        same
    });
    Ok(listing)
}

struct Search<'r> {
    root: &'r Root,
    entries: usize,
    listing: &'r mut Listing,
}

impl Search<'_> {
    fn enter(&mut self, directory: &Path, depth: usize) -> Result<(), ListError> {
        if depth > MAX_DIRECTORY_DEPTH {
            return Err(ListError::TooDeep(self.root.directory.join(directory)));
        }
        for (entry, kind) in self.entries(directory)? {
            let path = directory.join(&entry);
            if kind == FileType::Directory {
                self.enter(&path, depth + 1)?;
            } else if let Some(stem) = entry.as_bytes().strip_suffix(b".zone") {
                self.add(path, stem, kind);
            }
        }
        Ok(())
    }

    fn entries(&mut self, directory: &Path) -> Result<Vec<(std::ffi::OsString, FileType)>, ListError> {
        let unreadable = |error: Errno| ListError::Unreadable(self.root.directory.join(directory), error.into());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = match directory.as_os_str().is_empty() {
            true => rustix::fs::openat(&self.root.fd, ".", flags, Mode::empty()),
            false => self.root.open_beneath(directory, flags),
        };
        let mut entries = Vec::new();
        for entry in rustix::fs::Dir::new(opened.map_err(unreadable)?).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(ListError::TooMany(MAX_ENTRIES));
            }
            if entry.file_name().to_bytes().starts_with(b".") {
                continue;
            }
            let name = std::ffi::OsString::from_vec(entry.file_name().to_bytes().to_vec());
            let kind = match entry.file_type() {
                FileType::Unknown => self.kind(&directory.join(&name)),
                kind => kind,
            };
            entries.push((name, kind));
        }
        Ok(entries)
    }

    /// What an entry is where the file system does not say so by itself.
    fn kind(&self, path: &Path) -> FileType {
        use rustix::fs::AtFlags;
        let stat = rustix::fs::statat(self.root.fd.as_fd(), path, AtFlags::SYMLINK_NOFOLLOW);
        stat.map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode))
    }

    fn add(&mut self, path: PathBuf, stem: &[u8], kind: FileType) {
        let leads_to_directory =
            || self.root.stat(&path).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
        if kind == FileType::Symlink && leads_to_directory() {
            return;
        }
        let name = match stem {
            b"root" => Ok(NameRef::ROOT.to_name()),
            _ => Name::parse(stem, Some(NameRef::ROOT)),
        };
        match name {
            Ok(name) => self.listing.zones.push(ZoneFile { name, file: path, rival: None }),
            Err(error) => self.listing.misnamed.push((path, error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn without_openat2_the_same_files_open_and_the_same_are_refused() {
        let outer = tempfile::tempdir().unwrap();
        let zones = outer.path().join("zones");
        fs::create_dir_all(zones.join("sub/deep")).unwrap();
        fs::write(outer.path().join("secret"), "secret").unwrap();
        for file in ["a", "sub/b", "sub/deep/c"] {
            fs::write(zones.join(file), file).unwrap();
        }
        let links = [
            ("to_file", "sub/b"),
            ("to_directory", "sub/deep"),
            ("sub/deep/back", "../../a"),
            ("sub/deep/out", "../../../secret"),
            ("up", ".."),
            ("there_and_back", "../zones/a"),
            ("absolute", "/etc/passwd"),
            ("itself", "itself"),
            ("dangling", "nothing"),
        ];
        links.iter().for_each(|(link, target)| symlink(target, zones.join(link)).unwrap());
        let paths = [
            "a",
            "sub/b",
            "to_file",
            "to_directory/c",
            "to_directory/back",
            "to_directory/../a",
            "to_directory/../b",
            "to_directory/out",
            "up/secret",
            "up",
            "there_and_back",
            "absolute",
            "itself",
            "dangling",
            "missing",
            "a/b",
            "sub",
        ];
        let root = Root::open(&zones).unwrap();
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        for path in paths.map(Path::new) {
            let identity = |fd: OwnedFd| rustix::fs::fstat(fd).map(|stat| stat.st_ino);
            let by_steps = root.open_by_steps(path, flags).and_then(identity);
            let at_once = root.open_beneath(path, flags).and_then(identity);
            assert_eq!(by_steps, at_once, "{}", path.display());
        }
        assert!(!root.walks.load(Ordering::Relaxed), "this system has no openat2 to compare with");
    }
}
