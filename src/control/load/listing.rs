//! Which zones there are, and in which files.

use std::ffi::OsStr;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use super::directory::Directory;
use super::refused::say;
use super::rewrite::is_link;
use super::root::{Root, show};
use super::stamp::Seen;
use crate::dns::{Name, NameError, NameRef};

/// Levels of directories below the root that are searched for zones; a deeper tree is no zone directory.
const MAX_DIRECTORY_DEPTH: usize = 32;

/// Entries that are looked at when a root is searched: ten files for each of a hundred thousand zones.
const MAX_ENTRIES: usize = 1_000_000;

/// The zones of a root and their files.
#[derive(PartialEq, Eq, Debug, Default)]
pub struct Listing {
    /// One for each zone, in canonical order of their names.
    pub zones: Vec<ZoneFile>,
    /// Files that end in `.zone` and whose name is no domain name, with the reason.
    pub misnamed: Vec<(PathBuf, String)>,
    /// Files that end in `.inc`, which some zone is to include; empty where the zones are not all that may.
    pub includes: Vec<PathBuf>,
    /// The directories that were searched, the root among them; none where the zones are configured, or nothing moves.
    pub directories: Vec<Searched>,
}

/// A directory that was searched for zones, and how it was.
#[derive(PartialEq, Eq, Debug)]
pub struct Searched {
    /// Where, relative to the root.
    pub path: PathBuf,
    seen: Seen,
    /// Whether an entry that comes or goes would show in its times.
    is_settled: bool,
}

impl Listing {
    /// Whether the root holds the same zones still: by the directories' times where those tell, else by another search.
    pub fn stands_still(&self, root: &Root, configured: &[(Name, PathBuf)]) -> bool {
        let is_same = |searched: &Searched| {
            let path = if searched.path.as_os_str().is_empty() { Path::new(".") } else { &searched.path };
            searched.is_settled && root.look(path).seen == searched.seen
        };
        let is_other =
            || zone_files(root, configured).map(|now| now.zones == self.zones && now.misnamed == self.misnamed);
        self.directories.iter().all(is_same) || is_other().unwrap_or(false)
    }

    /// Adds the zone of a plain file, if its name is one's and no part of its path is hidden.
    fn add_shown(&mut self, path: &Path) {
        let is_hidden = path.components().any(|part| part.as_os_str().as_bytes().starts_with(b"."));
        match zone_of(path) {
            _ if is_hidden => {}
            Some(name) => self.add(path, name),
            None if path.extension().is_some_and(|end| end == "inc") => self.includes.push(path.into()),
            None => {}
        }
    }

    fn add(&mut self, path: &Path, name: Result<Name, NameError>) {
        match name {
            Ok(name) => self.zones.push(ZoneFile { name, file: path.into(), rival: None }),
            Err(error) => self.misnamed.push((path.into(), error.to_string())),
        }
    }
}

/// The zone that a file is called by: its name without `.zone`, `root.zone` being the root's; none if it is called otherwise.
pub fn zone_of(file: &Path) -> Option<Result<Name, NameError>> {
    let stem = file.file_name()?.as_bytes().strip_suffix(b".zone")?;
    Some(match stem {
        b"root" => Ok(NameRef::ROOT.to_name()),
        _ => Name::parse(stem, Some(NameRef::ROOT)),
    })
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

impl ZoneFile {
    /// Another file claims the zone: the first two by their names are told, at every look the same.
    fn add_file(&mut self, file: PathBuf) {
        let mut files: Vec<PathBuf> =
            [std::mem::take(&mut self.file), file].into_iter().chain(self.rival.take()).collect();
        files.sort();
        let mut files = files.into_iter();
        self.file = files.next().unwrap_or_default();
        self.rival = files.next();
    }
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
    match root {
        _ if !configured.is_empty() => {}
        Root::Directory(root) => Search { root, entries: 0, listing: &mut listing }.enter(Path::new(""), 0)?,
        Root::Snapshot(snapshot) => snapshot.paths().for_each(|path| listing.add_shown(path)),
    }
    for (name, file) in configured {
        let path = root.relative(file).ok_or_else(|| ListError::Outside(file.clone()))?;
        listing.zones.push(ZoneFile { name: name.clone(), file: path, rival: None });
    }
    listing.includes.sort();
    listing.zones.sort_by_cached_key(|zone| zone.name.as_ref().sort_key());
    listing.zones.dedup_by(|rival, first| {
        let same = rival.name.as_ref().is(first.name.as_ref());
        if same {
            first.add_file(std::mem::take(&mut rival.file));
        }
        same
    });
    Ok(listing)
}

/// Every `*.zone` and `*.inc` at any depth below a directory, whatever zones they make; links are left alone.
///
/// # Errors
///
/// As of [`zone_files`].
pub fn text_files(root: &Root) -> Result<Vec<PathBuf>, ListError> {
    let Root::Directory(directory) = root else { return Ok(Vec::new()) };
    let mut listing = Listing::default();
    Search { root: directory, entries: 0, listing: &mut listing }.enter(Path::new(""), 0)?;
    let zones = listing.zones.into_iter().map(|zone| zone.file);
    let misnamed = listing.misnamed.into_iter().map(|(file, _)| file);
    let mut files: Vec<PathBuf> = zones.chain(misnamed).chain(listing.includes).collect();
    files.retain(|file| !is_link(directory, file));
    files.sort();
    Ok(files)
}

struct Search<'r> {
    root: &'r Directory,
    entries: usize,
    listing: &'r mut Listing,
}

impl Search<'_> {
    fn enter(&mut self, directory: &Path, depth: usize) -> Result<(), ListError> {
        if depth > MAX_DIRECTORY_DEPTH {
            return Err(ListError::TooDeep(self.root.directory.join(directory)));
        }
        for below in self.search(directory)? {
            self.enter(&below, depth + 1)?;
        }
        Ok(())
    }

    /// Takes a directory's files, and gives the directories in it.
    fn search(&mut self, directory: &Path) -> Result<Vec<PathBuf>, ListError> {
        let unreadable = |error: Errno| ListError::Unreadable(self.root.directory.join(directory), error.into());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = match directory.as_os_str().is_empty() {
            true => rustix::fs::openat(&self.root.fd, ".", flags, Mode::empty()),
            false => self.root.open_beneath(directory, flags),
        };
        let (opened, now) = (opened.map_err(unreadable)?, SystemTime::now());
        // Before its entries are read: what comes meanwhile shows as a change.
        let seen = Seen::new(&rustix::fs::fstat(&opened).map_err(unreadable)?);
        let is_settled = seen.is_settled(now);
        self.listing.directories.push(Searched { path: directory.into(), seen, is_settled });
        let mut below = Vec::new();
        for entry in rustix::fs::Dir::new(opened).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(ListError::TooMany(MAX_ENTRIES));
            }
            let name = entry.file_name().to_bytes();
            if !name.starts_with(b".") {
                below.extend(self.take(directory.join(OsStr::from_bytes(name)), entry.file_type()));
            }
        }
        Ok(below)
    }

    /// Takes an entry if it is a file of interest, or gives it back if it is a directory.
    fn take(&mut self, path: PathBuf, kind: FileType) -> Option<PathBuf> {
        let kind = if kind == FileType::Unknown { self.kind(&path) } else { kind };
        if kind == FileType::Directory {
            return Some(path);
        }
        if let Some(name) = zone_of(&path) {
            self.add(&path, name, kind);
        } else if path.extension().is_some_and(|end| end == "inc") && kind == FileType::RegularFile {
            self.listing.includes.push(path);
        }
        None
    }

    /// What an entry is where the file system does not say so by itself.
    fn kind(&self, path: &Path) -> FileType {
        use rustix::fs::AtFlags;
        let stat = rustix::fs::statat(self.root.fd.as_fd(), path, AtFlags::SYMLINK_NOFOLLOW);
        stat.map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode))
    }

    fn add(&mut self, path: &Path, name: Result<Name, NameError>, kind: FileType) {
        let leads_to_directory =
            || self.root.stat(path).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
        if kind == FileType::Symlink && leads_to_directory() {
            return;
        }
        self.listing.add(path, name);
    }
}
