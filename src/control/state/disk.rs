//! The steps in which the state directory is read and written.
//!
//! Each can fail by itself, and a process can end before any of them: tests put a disk of their own here that does both.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

/// Which file a name leads to: device and inode.
pub type Identity = (u64, u64);

/// One directory, whose files are known by plain names.
pub trait Disk: Send + Sync {
    /// The names of all entries; one that is not UTF-8 is none of ours, and left out.
    ///
    /// # Errors
    ///
    /// The system's, as of every step.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Which file this name leads to now.
    ///
    /// # Errors
    ///
    /// The system's.
    fn identify(&self, name: &str) -> io::Result<Identity>;

    /// A plain file to read; what is no plain file, a link among them, is refused unopened.
    ///
    /// # Errors
    ///
    /// The system's.
    fn open(&self, name: &str) -> io::Result<Box<dyn Input>>;

    /// A file to write, under a name that nothing has.
    ///
    /// # Errors
    ///
    /// The system's; [`io::ErrorKind::AlreadyExists`] if something has the name.
    fn create(&self, name: &str) -> io::Result<Box<dyn Output>>;

    /// Moves a file, in one step, over whatever has its new name.
    ///
    /// # Errors
    ///
    /// The system's.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// The system's.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Returns when names made, moved and removed so far would outlive a loss of power.
    ///
    /// # Errors
    ///
    /// The system's.
    fn sync(&self) -> io::Result<()>;

    /// Locks the directory, without waiting, for as long as this disk lives; says whether that succeeded.
    ///
    /// # Errors
    ///
    /// The system's, if it cannot lock at all.
    fn lock(&self) -> io::Result<bool>;
}

/// A file that is read; it stays whole when its name is taken away.
pub trait Input: Send + Sync {
    /// Its size.
    fn octets(&self) -> u64;

    /// Which file it is.
    fn identity(&self) -> Identity;

    /// Fills the buffer from an offset.
    ///
    /// # Errors
    ///
    /// The system's; [`io::ErrorKind::UnexpectedEof`] if the file ends before.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}

/// A file in the making.
pub trait Output {
    /// Writes all these octets.
    ///
    /// # Errors
    ///
    /// The system's; some of the octets may have been written.
    fn write(&mut self, octets: &[u8]) -> io::Result<()>;

    /// Returns when the file's octets would outlive a loss of power, and lets it be read.
    ///
    /// # Errors
    ///
    /// The system's. The file is of no use then: a second try may succeed although octets were lost.
    fn sync(self: Box<Self>) -> io::Result<Box<dyn Input>>;
}

/// A directory of this system, held open: one put in its place later is another.
#[derive(Debug)]
pub(super) struct Directory(OwnedFd);

impl Directory {
    /// Opens it, and makes it, closed to others, if there is none.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = || rustix::fs::open(path, flags, Mode::empty());
        let fd = match open() {
            Err(Errno::NOENT) => {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
                open()?
            }
            opened => opened?,
        };
        Ok(Self(fd))
    }

    /// Why others could change what is in it, if they could: then nothing in it is to be believed.
    pub(super) fn distrust(&self) -> io::Result<Option<String>> {
        let stat = rustix::fs::fstat(&self.0)?;
        let us = rustix::process::geteuid().as_raw();
        Ok(match () {
            () if stat.st_uid != us && stat.st_uid != 0 => {
                Some(format!("it belongs to user {}, and this is user {us}: `chown` it", stat.st_uid))
            }
            () if stat.st_mode & 0o022 != 0 => Some("others may write to it: `chmod go-w` it".to_owned()),
            () => None,
        })
    }
}

impl Disk for Directory {
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            names.extend(entry?.file_name().to_str().ok().map(str::to_owned));
        }
        Ok(names)
    }

    fn identify(&self, name: &str) -> io::Result<Identity> {
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok((stat.st_dev, stat.st_ino))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Input>> {
        // Opening a device or a FIFO can do things, and hang.
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no plain file"));
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(Box::new(Plain::new(rustix::fs::openat(&self.0, name, flags, Mode::empty())?.into())?))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Output>> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(Box::new(Fresh(fd.into())))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &self.0, to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.0)?)
    }

    fn lock(&self) -> io::Result<bool> {
        // The directory itself: no file beside it can be taken away and made again, and so let in a second writer.
        match rustix::fs::flock(&self.0, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

struct Fresh(File);

impl Output for Fresh {
    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.0.write_all(octets)
    }

    fn sync(self: Box<Self>) -> io::Result<Box<dyn Input>> {
        self.0.sync_all()?;
        Ok(Box::new(Plain::new(self.0)?))
    }
}

struct Plain {
    file: File,
    octets: u64,
    identity: Identity,
}

impl Plain {
    fn new(file: File) -> io::Result<Self> {
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no plain file"));
        }
        Ok(Self { file, octets: found.len(), identity: (found.dev(), found.ino()) })
    }
}

impl Input for Plain {
    fn octets(&self) -> u64 {
        self.octets
    }

    fn identity(&self) -> Identity {
        self.identity
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}
