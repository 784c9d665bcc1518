//! A zone directory on disk, beneath which every file is opened and outside which none is.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Read as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::refused::Refused;
use super::stamp::{Seen, Sight};

/// The zone directory, held open: no file outside it is read.
#[derive(Debug)]
pub struct Directory {
    pub(super) directory: PathBuf,
    pub(super) shown: PathBuf,
    pub(super) fd: OwnedFd,
    /// Whether the kernel has no `openat2`, or a sandbox forbids it.
    walks: AtomicBool,
    /// Directories beneath it to which no link leads, held open for the next file that is in one.
    kept: Mutex<HashMap<PathBuf, Arc<OwnedFd>>>,
}

/// Whether there is a file at a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    /// There is.
    There,
    /// There is nothing.
    Absent,
    /// There is something else, or nobody knows.
    Other,
}

/// Directories that are held open at once; a process may have a thousand descriptors.
const MOST_KEPT: usize = 64;

impl Directory {
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
        let walks = AtomicBool::new(cfg!(not(target_os = "linux")));
        Ok(Self { directory: directory.into(), shown, fd, walks, kept: Mutex::default() })
    }

    /// Which directory it is, by whatever name: its device and inode.
    #[expect(clippy::unnecessary_cast, reason = "the types of these fields differ between systems")]
    pub(super) fn identity(&self) -> Option<(u64, u64)> {
        rustix::fs::fstat(&self.fd).ok().map(|stat| (stat.st_dev as u64, stat.st_ino as u64))
    }

    pub(super) fn look(&self, path: &Path) -> Sight {
        match self.stat_plain(path) {
            Some((_, stat)) => Sight::of(stat, false),
            None => Sight::of(self.stat(path), true),
        }
    }

    /// Whether a search would find a file here.
    pub(super) fn presence(&self, path: &Path) -> Presence {
        let kind = |stat: Stat| FileType::from_raw_mode(stat.st_mode);
        match self.stat_entry(path).map(|(_, stat)| stat.map(kind)) {
            // A link that leads nowhere is there all the same.
            Some(Ok(FileType::Symlink)) if self.stat(path).map(kind) != Ok(FileType::Directory) => Presence::There,
            Some(Ok(FileType::Symlink | FileType::Directory)) => Presence::Other,
            Some(Ok(_)) => Presence::There,
            Some(Err(Errno::NOENT | Errno::NOTDIR)) => Presence::Absent,
            Some(Err(_)) | None => Presence::Other,
        }
    }

    /// The state of a file to which no link leads, and the directory that it is in; none if one may.
    fn stat_plain<'p>(&self, path: &'p Path) -> Option<(Place<'_, 'p>, rustix::io::Result<Stat>)> {
        let is_link = |stat: Stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
        self.stat_entry(path).filter(|(_, stat)| !stat.is_ok_and(is_link))
    }

    /// The state of an entry, be it a link, of a directory to which no link leads; none if one may lead there.
    ///
    /// One step from a directory that is held open beneath the root leaves it no more than `openat2` does, for a third of
    /// the calls: a look asks this of every file.
    fn stat_entry<'p>(&self, path: &'p Path) -> Option<(Place<'_, 'p>, rustix::io::Result<Stat>)> {
        let name = path.file_name()?;
        let directory = match path.parent()? {
            root if root.as_os_str().is_empty() => Parent::Root(&self.fd),
            parent => Parent::Kept(self.keep(parent)?),
        };
        let stat = rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW);
        Some(((directory, name), stat))
    }

    #[cfg(target_os = "linux")]
    fn keep(&self, directory: &Path) -> Option<Arc<OwnedFd>> {
        use rustix::fs::ResolveFlags;
        if let Some(kept) = self.kept().get(directory) {
            return Some(Arc::clone(kept));
        }
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = Arc::new(rustix::fs::openat2(&self.fd, directory, flags, Mode::empty(), resolve).ok()?);
        let mut kept = self.kept();
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(directory.into(), Arc::clone(&opened));
        Some(opened)
    }

    #[cfg(not(target_os = "linux"))]
    fn keep(&self, _directory: &Path) -> Option<Arc<OwnedFd>> {
        None
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<PathBuf, Arc<OwnedFd>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a file's state without opening it: opening a device or a FIFO can do things.
    pub(super) fn stat(&self, path: &Path) -> rustix::io::Result<Stat> {
        #[cfg(target_os = "linux")]
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        #[cfg(not(target_os = "linux"))]
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        rustix::fs::fstat(self.open_beneath(path, flags)?)
    }

    pub(super) fn open_beneath(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
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

    pub(super) fn read(&self, path: &Path, limit: u32) -> (Sight, Result<Arc<[u8]>, Refused>) {
        let found = self.stat_plain(path);
        let is_linked = found.is_none();
        let (place, stat) = match found {
            Some((place, stat)) => (Some(place), stat),
            None => (None, self.stat(path)),
        };
        let sight = Sight::of(stat, is_linked);
        if let Err(refused) = stat.map_err(Refused::from).and_then(|stat| judge_kind(&stat, limit)) {
            return (sight, Err(refused));
        }
        // It was a plain file a moment ago; NONBLOCK, should it have become a FIFO since.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = match place {
            Some((directory, name)) => rustix::fs::openat(&directory, name, flags | OFlags::NOFOLLOW, Mode::empty()),
            None => self.open_beneath(path, flags),
        };
        match opened {
            Err(error) => (sight, Err(Refused::from(error))),
            Ok(fd) => {
                let (seen, text) = read_plain(fd, limit);
                (Sight { seen, is_linked }, text)
            }
        }
    }
}

/// A directory, held open, and the name of a file in it.
type Place<'r, 'p> = (Parent<'r>, &'p OsStr);

/// The directory that a file is in.
enum Parent<'r> {
    Root(&'r OwnedFd),
    Kept(Arc<OwnedFd>),
}

impl AsFd for Parent<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Root(root) => root.as_fd(),
            Self::Kept(kept) => kept.as_fd(),
        }
    }
}

pub(super) fn judge_kind(stat: &Stat, limit: u32) -> Result<(), Refused> {
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

pub(super) fn read_plain(fd: OwnedFd, limit: u32) -> (Seen, Result<Arc<[u8]>, Refused>) {
    let stat = match rustix::fs::fstat(&fd) {
        Ok(stat) => stat,
        Err(error) => return (Seen::Absent(error.raw_os_error()), Err(Refused::from(error))),
    };
    let seen = Seen::new(&stat);
    let text =
        judge_kind(&stat, limit).and_then(|()| read_to_end(std::fs::File::from(fd), stat.st_size as usize, limit));
    (seen, text)
}

/// Files smaller than this are read in one step: one that has room left over has seen the end.
const SMALL: usize = 8192;

/// Reads a file whose size is `expected`, or was: one copy of the text if it still is, and never more than `limit` octets.
fn read_to_end(mut file: std::fs::File, expected: usize, limit: u32) -> Result<Arc<[u8]>, Refused> {
    if expected < SMALL {
        let mut buffer = [0; SMALL];
        let octets = rustix::io::retry_on_intr(|| rustix::io::read(&file, &mut buffer))?;
        if octets == expected {
            return Ok(Arc::from(&buffer[..octets]));
        }
        // It is not what the stat said: from the start, with all care.
        std::io::Seek::rewind(&mut file)?;
    }
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
        let root = Directory::open(&zones).unwrap();
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
