//! Which zones there are, and in which files.

use std::os::fd::AsFd as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use super::directory::Directory;
use super::refused::say;
use super::rewrite::is_link;
use super::root::{Root, show};
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
}

impl Listing {
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
    let order = |a: &ZoneFile, b: &ZoneFile| a.name.as_ref().canonical_cmp(b.name.as_ref());
    listing.includes.sort();
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
        for (entry, kind) in self.entries(directory)? {
            let path = directory.join(&entry);
            if kind == FileType::Directory {
                self.enter(&path, depth + 1)?;
            } else if let Some(name) = zone_of(&path) {
                self.add(&path, name, kind);
            } else if entry.as_bytes().ends_with(b".inc") && kind == FileType::RegularFile {
                self.listing.includes.push(path);
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

    fn add(&mut self, path: &Path, name: Result<Name, NameError>, kind: FileType) {
        let leads_to_directory =
            || self.root.stat(path).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
        if kind == FileType::Symlink && leads_to_directory() {
            return;
        }
        self.listing.add(path, name);
    }
}
