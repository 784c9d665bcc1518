//! Why a set is not saved: what was attempted, where, why it failed, what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a set is not saved, or not read.
#[derive(Debug)]
pub enum Trouble {
    /// A step of reading or writing failed.
    Failed {
        /// What was attempted.
        what: &'static str,
        /// On which file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Something in the directory, or the directory, is not to be used.
    Unusable {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another process holds the lock.
    NotWriter(PathBuf),
    /// The set has a text that is neither held nor given.
    NoText {
        /// The file that it was read from.
        file: PathBuf,
        /// Why what was held cannot be read, if it was.
        error: Option<io::Error>,
    },
    /// A text that was given has not the hash, or not the size, that the set says.
    OtherText(PathBuf),
    /// There is no directory, for the reason told when it was opened.
    Closed(PathBuf),
}

/// What to do about an error of the system.
const CURES: [(io::ErrorKind, &str); 6] = [
    (io::ErrorKind::StorageFull, "free some space there"),
    (io::ErrorKind::QuotaExceeded, "free some space there, or raise the quota"),
    (io::ErrorKind::FileTooLarge, "raise the limit of file sizes (`ulimit -f`)"),
    (io::ErrorKind::ReadOnlyFilesystem, "mount it writable, or name another directory"),
    (io::ErrorKind::PermissionDenied, "let the server's user write there"),
    (io::ErrorKind::NotFound, "the directory was removed: restart the server once it is there again"),
];

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { what, file, error } => {
                write!(f, "{what} {}: {error}", file.display())?;
                let cure = CURES.iter().find(|(kind, _)| *kind == error.kind()).map(|(_, cure)| *cure);
                cure.or_else(|| cure_of_number(error)).map_or(Ok(()), |cure| write!(f, "; {cure}"))
            }
            Self::Unusable { file, why } => write!(f, "{} is not used: {why}", file.display()),
            Self::NotWriter(directory) => {
                write!(f, "another server writes to {}: give each a `state` of its own", directory.display())
            }
            Self::NoText { file, error } => {
                write!(f, "the text of {} is not held any more", file.display())?;
                error.as_ref().map_or(Ok(()), |error| write!(f, " ({error})"))?;
                f.write_str(": restart the server, so that it reads all of them again")
            }
            Self::OtherText(file) => write!(f, "the text of {} is not the one that was judged", file.display()),
            Self::Closed(directory) => write!(f, "the state directory {} cannot be opened", directory.display()),
        }
    }
}

impl Trouble {
    /// Itself, or that the directory is closed.
    pub(super) fn or_closed(self, is_closed: bool) -> Self {
        match self {
            Self::NotWriter(directory) if is_closed => Self::Closed(directory),
            other => other,
        }
    }
}

/// Errors that have no kind of their own.
fn cure_of_number(error: &io::Error) -> Option<&'static str> {
    use rustix::io::Errno;
    match Errno::from_io_error(error)? {
        Errno::MFILE => Some("raise the limit of open files (`ulimit -n`, LimitNOFILE=)"),
        Errno::NFILE => Some("raise the system's limit of open files (fs.file-max)"),
        Errno::IO => Some("the disk may be failing: look at the kernel's log"),
        _ => None,
    }
}

impl std::error::Error for Trouble {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed { error, .. } => Some(error),
            _ => None,
        }
    }
}
