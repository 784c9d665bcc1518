//! How files were when they were read: what a later look needs to know what to read again.
//!
//! "Unchanged" is a stat; where that differs, or is too young to be trusted, the content's digest decides.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::reader::Reader;
use super::root::Root;
use super::snapshot::TextId;
use crate::source::{Hash, text_hash};
use crate::zonefile::Limits;

/// How one file was when it was read, so that "unchanged" is a stat, and its content decides when the stat differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// The file, relative to the root.
    pub path: PathBuf,
    pub(super) sight: Sight,
    pub(super) digest: Hash,
    /// How long its text was; 0 where none was read.
    pub(super) octets: u64,
    pub(super) settled: bool,
}

/// What is seen of a file, and on which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sight {
    pub(super) seen: Seen,
    /// Whether a link may lead there: then a change may go by other names than the file's.
    pub(super) is_linked: bool,
}

/// What a stat says of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    /// It is there; times are seconds and nanoseconds.
    There { device: u64, inode: u64, size: u64, modified: (i64, u64), changed: (i64, u64) },
    /// It holds the text of this name, which can hold no other.
    Text(TextId),
    /// It cannot be reached, for this reason.
    Absent(i32),
}

/// A file younger than this when it was read may change again under the same times: FAT keeps two seconds, others a tick.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// Whether the files are as their stamps say, by content where a stat differs: the stamps as of now, or none if one changed.
pub fn unchanged<'s>(root: &Root, stamps: &'s [Stamp], limits: &Limits) -> Option<Cow<'s, [Stamp]>> {
    // Of a hundred thousand zones, all but a few cost a stat each, and nothing to remember.
    let Some(first) = stamps.iter().position(|stamp| !stamp.is_as_it_was(root)) else { return Some(stamps.into()) };
    let confirmed = stamps[first..].iter().map(|stamp| stamp.confirm(root, limits));
    stamps[..first].iter().cloned().map(Some).chain(confirmed).collect::<Option<Vec<_>>>().map(Cow::from)
}

/// Whether a stat of each file still says what it said when the file was read.
pub fn stand_still(root: &Root, stamps: &[Stamp]) -> bool {
    stamps.iter().all(|stamp| root.look(&stamp.path) == stamp.sight)
}

/// One digest of all that was read: of the files' paths and their contents, in the order in which they were asked for.
pub fn digest_of(stamps: &[Stamp]) -> Hash {
    let mut octets = Vec::new();
    for stamp in stamps {
        let path = stamp.path.as_os_str().as_bytes();
        octets.extend_from_slice(&(path.len() as u64).to_be_bytes());
        octets.extend_from_slice(path);
        octets.extend_from_slice(&stamp.digest);
    }
    text_hash(&octets)
}

impl Stamp {
    /// What was read of the file, if it was: its text's hash and length.
    pub fn text(&self) -> Option<(&Hash, u64)> {
        (self.digest != Hash::default()).then_some((&self.digest, self.octets))
    }

    /// What the file is, by whatever name: its device and inode.
    pub fn identity(&self) -> Option<(u64, u64)> {
        match self.sight.seen {
            Seen::There { device, inode, .. } => Some((device, inode)),
            Seen::Text(_) | Seen::Absent(_) => None,
        }
    }

    /// A file that nobody read, as it is now.
    pub(crate) fn of(root: &Root, path: &Path) -> Self {
        Self { path: path.into(), sight: root.look(path), digest: Hash::default(), octets: 0, settled: true }
    }

    /// Whether a change of the file may go by other names than its own.
    pub fn is_linked(&self) -> bool {
        self.sight.is_linked
    }

    fn is_as_it_was(&self, root: &Root) -> bool {
        self.settled && root.look(&self.path) == self.sight
    }

    fn confirm(&self, root: &Root, limits: &Limits) -> Option<Self> {
        if self.is_as_it_was(root) {
            return Some(self.clone());
        }
        let mut reader = Reader::new(root, limits);
        reader.read(&self.path).ok()?;
        reader.stamps().pop().filter(|stamp| stamp.digest == self.digest)
    }
}

impl Sight {
    pub(super) fn of(stat: rustix::io::Result<rustix::fs::Stat>, is_linked: bool) -> Self {
        let seen = stat.map_or_else(|error| Seen::Absent(error.raw_os_error()), |stat| Seen::new(&stat));
        Self { seen, is_linked }
    }
}

impl Seen {
    /// It is not there.
    pub(super) const MISSING: Self = Self::Absent(rustix::io::Errno::NOENT.raw_os_error());

    #[expect(clippy::unnecessary_cast, reason = "the types of these fields differ between systems")]
    pub(super) fn new(stat: &rustix::fs::Stat) -> Self {
        Self::There {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as u64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as u64),
        }
    }

    /// Whether a later change would show in its times. A file from the future never settles, and is read at every look.
    pub(super) fn is_settled(self, now: SystemTime) -> bool {
        let Self::There { changed: (seconds, nanoseconds), .. } = self else { return true };
        let changed =
            Duration::new(u64::try_from(seconds).unwrap_or(0), nanoseconds as u32).saturating_add(SETTLED_AFTER);
        SystemTime::UNIX_EPOCH.checked_add(changed).is_some_and(|settled| settled < now)
    }
}

/// Sixteen octets that nobody else knows: what the standard library's own keys, which come from the system, make of two numbers.
pub(crate) fn random_key() -> [u8; 16] {
    let state = RandomState::new();
    let [low, high] = [0_u8, 1].map(|half| u128::from(state.hash_one(half)));
    (low | high << 64).to_ne_bytes()
}
