//! Why a file is not read, in a reader's words.

use rustix::io::Errno;

use crate::diagnostic::{Code, Diagnostic, codes};
use crate::source::{FileId, Span};
use crate::zonefile::IncludeRefusal;

/// Why a file is not read.
#[derive(Debug)]
pub(super) enum Refused {
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
    /// The headline, for a file that no zone's text asks for.
    pub(super) fn headline(&self, file: &std::path::Path) -> String {
        self.words(&super::root::show(file)).0
    }

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

    pub(super) fn finding(&self, file: &str) -> Diagnostic {
        let (headline, why, fix) = self.words(file);
        let fix =
            if matches!(self, Self::Missing) { "add the file, or take the zone out of the config".into() } else { fix };
        Diagnostic::new(self.code(), Span::start_of(FileId(0)), headline).why(why).fix(fix)
    }

    pub(super) fn include(&self, file: &str) -> IncludeRefusal {
        let (headline, why, fix) = self.words(file);
        IncludeRefusal { unreadable: matches!(self, Self::Missing | Self::Failed(_)), headline, why, fix }
    }
}

/// A system's error in words, without its number.
pub(super) fn say(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
