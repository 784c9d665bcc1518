//! Zone files put into another layout, each in one step.
//!
//! What is written goes beside the file under a name of its own and is renamed over it: a server that follows the directory
//! sees the old text or the new one. The file's directory is opened beneath the root and held; links are not followed in
//! the last step, since the rename would put a file in the link's place.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};

use super::directory::{judge_kind, read_plain};
use super::root::{Root, normalise};
use super::stamp::Seen;
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::Name;
use crate::source::{Source, Sources};
use crate::zonefile::{self, Limits};

/// A zone file that may be written again.
pub struct ZoneText {
    directory: OwnedFd,
    name: OsString,
    stat: Stat,
    seen: Seen,
    /// What it holds.
    pub text: Arc<[u8]>,
}

impl ZoneText {
    /// Reads a file of at most `limit` octets, by its path below the root.
    ///
    /// # Errors
    ///
    /// It is no plain file (a link is none), lies outside the root, is too large or cannot be read.
    pub fn read(root: &Root, file: &Path, limit: u32) -> anyhow::Result<Self> {
        let Root::Directory(root) = root else { bail!("files of a commit cannot be written") };
        let file = normalise(Path::new(""), file).context("it lies outside the zone directory")?;
        let name = file.file_name().context("it is no file")?.to_owned();
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = root.open_beneath(parent, flags).context("opening its directory beneath the zone directory")?;
        let stat = rustix::fs::statat(&directory, &name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
            bail!("it is a link: name the file that it leads to");
        }
        judge_kind(&stat, limit).map_err(|refused| anyhow::anyhow!(refused.headline(&file)))?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (seen, text) = read_plain(rustix::fs::openat(&directory, &name, flags, Mode::empty())?, limit);
        let text = text.map_err(|refused| anyhow::anyhow!(refused.headline(&file)))?;
        Ok(Self { directory, name, stat, seen, text })
    }

    /// Why its owner would not have it written, if so: a rename asks the directory only.
    ///
    /// # Errors
    ///
    /// Nobody may write the file.
    pub fn judge_mode(&self) -> anyhow::Result<()> {
        let mode = self.stat.st_mode & 0o7777;
        if mode & 0o222 == 0 {
            bail!("it is read-only (mode {mode:04o}): `chmod u+w` it first");
        }
        Ok(())
    }

    /// Puts another text in its place, with its mode and owner.
    ///
    /// # Errors
    ///
    /// The file is read-only or changed since it was read, or the directory cannot be written to; the file is then as it was.
    pub fn replace(&self, text: &[u8]) -> anyhow::Result<()> {
        self.judge_mode()?;
        let mut made = OsString::from(".");
        made.push(&self.name);
        made.push(format!(".{}.new", std::process::id()));
        let result = self.write(&made, text).and_then(|()| self.put_in_place(&made));
        if result.is_err() {
            // Whether it was made or not; what went wrong is what is said.
            let _ = rustix::fs::unlinkat(&self.directory, &made, AtFlags::empty());
        }
        result
    }

    fn write(&self, made: &OsStr, text: &[u8]) -> anyhow::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.directory, made, flags, Mode::RUSR | Mode::WUSR);
        let mut file = std::fs::File::from(fd.context("making a file beside it")?);
        file.write_all(text).context("writing the file beside it")?;
        let new = rustix::fs::fstat(&file)?;
        if (new.st_uid, new.st_gid) != (self.stat.st_uid, self.stat.st_gid) {
            let (user, group) =
                (rustix::fs::Uid::from_raw(self.stat.st_uid), rustix::fs::Gid::from_raw(self.stat.st_gid));
            rustix::fs::fchown(&file, Some(user), Some(group)).context("keeping its owner and group")?;
        }
        rustix::fs::fchmod(&file, Mode::from_raw_mode(self.stat.st_mode)).context("keeping its mode")?;
        file.sync_all().context("writing the file beside it")
    }

    fn put_in_place(&self, made: &OsStr) -> anyhow::Result<()> {
        let now = rustix::fs::statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW)?;
        if Seen::new(&now) != self.seen {
            bail!("it changed while it was read: run this again");
        }
        rustix::fs::renameat(&self.directory, made, &self.directory, &self.name)
            .context("renaming the new file over it")
    }
}

/// The errors of one file's text, without those that another file could make good.
///
/// Includes are taken to be empty, as each file is judged by itself. A file that is not a zone's own starts with the owner and
/// the TTL of whoever includes it, and so does standard input, for all that is known of it.
pub fn text_errors(name: String, text: Arc<[u8]>, zone: Option<&Name>, limits: &Limits) -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let root = sources.add(Source::new(name, text));
    let origin = zone.cloned().unwrap_or_else(|| crate::dns::NameRef::ROOT.to_name());
    let mut include = |_: &str, _: &[u8]| Ok(Source::new("an included file", &b""[..]));
    let mut errors = zonefile::parse(&mut sources, root, &origin, limits, &mut include).findings;
    let inherits = |finding: &Diagnostic| {
        [&codes::MISSING_TTL, &codes::MISSING_OWNER].iter().any(|code| std::ptr::eq(*code, finding.code))
    };
    errors.retain(|finding| finding.is_error() && !(zone.is_none() && inherits(finding)));
    (sources, errors)
}

/// Whether an entry of a directory is a link, which a search leaves alone: the file it leads to is found by its own name.
pub(super) fn is_link(root: &super::directory::Directory, file: &Path) -> bool {
    let stat = rustix::fs::statat(&root.fd, file, AtFlags::SYMLINK_NOFOLLOW);
    stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}
