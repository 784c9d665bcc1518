//! File events → one debounced signal: a hint to look again, never the truth.
//!
//! In: the zone directory, the config file, and the system's events about them. Out: [`Hint`]s, and from [`Debounce`] the
//! moment to look. Knows nothing of what is in the files.
//!
//! # Design
//!
//! Our own reads raise events too, so opening and closing after reading count for nothing; writing counts when the file is
//! closed. A file that is being written delays a look, for a few seconds at most, or half a file would be taken for a whole
//! one. What the zone directory's own path leads through (links, the directory itself) is watched from outside: a release is
//! often put live by moving a link. A slow poll backs all this, for file systems that raise no events.
//!
//! What events name is all that the next look is at, as long as they name files: whatever else they say (a directory came or
//! went, events were lost) asks for a look at everything.

use std::collections::{BTreeSet, HashMap};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind, RemoveKind};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// What an event says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hint {
    /// Something is there, gone, or different; as far as the event says, it is no directory.
    Changed(PathBuf),
    /// A file was written and may be written further.
    Writing(PathBuf),
    /// More may be different than could be named: a directory came, went or was moved, or something outside it changed.
    Unclear,
    /// The watched directories themselves were moved, or events were lost: watch anew.
    Moved,
}

/// Where a look is to look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reach {
    /// At everything there is.
    Everywhere,
    /// At what has to do with these files, as events named them.
    Files(BTreeSet<PathBuf>),
}

/// Files that are looked at by their names, beyond which a look at everything costs less.
const MOST_NAMED: usize = 10_000;

impl Default for Reach {
    /// Nowhere yet.
    fn default() -> Self {
        Self::Files(BTreeSet::new())
    }
}

impl Reach {
    fn add(&mut self, file: PathBuf) {
        match self {
            Self::Files(files) if files.len() < MOST_NAMED => _ = files.insert(file),
            _ => *self = Self::Everywhere,
        }
    }

    /// Where either looks.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        match other {
            Self::Everywhere => self = Self::Everywhere,
            Self::Files(files) => files.into_iter().for_each(|file| self.add(file)),
        }
        self
    }
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watch {
    _watcher: RecommendedWatcher,
    is_whole: bool,
}

impl Watch {
    /// Watches the zone directory at every depth, and the config file if there is one; hints go to `tell`.
    ///
    /// # Errors
    ///
    /// The system gives no more watches.
    pub fn start(
        directory: &Path,
        config: Option<&Path>,
        tell: impl Fn(Hint) + Send + 'static,
    ) -> notify::Result<Self> {
        let (mut outside, mut names) = (Vec::new(), Vec::new());
        for path in std::iter::once(directory).chain(config) {
            follow_links(path, &mut outside, &mut names);
        }
        let inside = directory.to_owned();
        let handler = move |event: notify::Result<notify::Event>| hints(event, &inside, &names, &tell);
        let parents = outside.iter().filter(|parent| !parent.starts_with(directory));
        let places = parents.map(|parent| (parent.as_path(), RecursiveMode::NonRecursive));
        Self::at(places.chain([(directory, RecursiveMode::Recursive)]), handler)
    }

    /// Watches where a repository keeps its refs, its own directory `common` and all below `refs`, and files beside it, such as the config.
    ///
    /// # Errors
    ///
    /// The system gives no more watches.
    pub fn start_refs<'p>(
        common: &Path,
        beside: impl Iterator<Item = &'p Path>,
        tell: impl Fn(Hint) + Send + 'static,
    ) -> notify::Result<Self> {
        let (mut outside, mut names) = (Vec::new(), Vec::new());
        beside.for_each(|path| follow_links(path, &mut outside, &mut names));
        let inside = common.to_owned();
        // Locks come and go with every step of git's; what they guard is moved into its place.
        let tell = move |hint: Hint| match &hint {
            Hint::Changed(path) | Hint::Writing(path) if path.extension().is_some_and(|end| end == "lock") => {}
            // A ref is moved into its place whole, and never awaited.
            Hint::Writing(path) => tell(Hint::Changed(path.clone())),
            _ => tell(hint),
        };
        let handler = move |event: notify::Result<notify::Event>| hints(event, &inside, &names, &tell);
        let refs = common.join("refs");
        let places = outside.iter().map(|parent| (parent.as_path(), RecursiveMode::NonRecursive));
        let own = [(common, RecursiveMode::NonRecursive), (refs.as_path(), RecursiveMode::Recursive)];
        Self::at(places.chain(own), handler)
    }

    fn at<'p>(
        places: impl Iterator<Item = (&'p Path, RecursiveMode)>,
        handler: impl notify::EventHandler,
    ) -> notify::Result<Self> {
        // Links in a watched directory lead to files in it, which are watched where they are.
        let settings = notify::Config::default().with_follow_symlinks(false);
        let mut watcher = RecommendedWatcher::new(handler, settings)?;
        let mut is_whole = true;
        for (place, mode) in places {
            match watcher.watch(place, mode) {
                Err(notify::Error { kind: notify::ErrorKind::PathNotFound, .. }) => is_whole = false,
                result => result?,
            }
        }
        Ok(Self { _watcher: watcher, is_whole })
    }

    /// Whether everything there is to watch was there; what was not tells nothing when it comes.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }
}

/// Adds to `names` each link on the way to `path` and where the way ends, and to `parents` the directories they are in.
fn follow_links(path: &Path, parents: &mut Vec<PathBuf>, names: &mut Vec<PathBuf>) {
    let mut add = |name: &Path| {
        if let Some(parent) = name.parent() {
            parents.push(parent.to_owned());
            names.push(name.to_owned());
        }
    };
    let mut links = 0;
    let (mut way, mut todo) = (PathBuf::new(), parts(path));
    while let Some(part) = todo.pop() {
        way.push(part);
        // As many links as the kernel follows.
        if links < 40
            && let Ok(target) = std::fs::read_link(&way)
        {
            add(&way);
            links += 1;
            todo.extend(parts(&target));
            way.pop();
        }
    }
    add(path);
    add(&way);
}

fn parts(path: &Path) -> Vec<PathBuf> {
    path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect()
}

fn hints(event: notify::Result<notify::Event>, inside: &Path, names: &[PathBuf], tell: &impl Fn(Hint)) {
    let Ok(event) = event else { return tell(Hint::Moved) };
    if event.need_rescan() {
        return tell(Hint::Moved);
    }
    let Some(hint) = hint_of(event.kind) else { return };
    for path in event.paths {
        let is_entry =
            matches!(event.kind, EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
        match () {
            () if is_entry && names.contains(&path) => tell(Hint::Moved),
            () if path.starts_with(inside) => tell(hint(path)),
            () if names.contains(&path) => tell(Hint::Unclear),
            () => {}
        }
    }
}

fn hint_of(kind: EventKind) -> Option<fn(PathBuf) -> Hint> {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(Hint::Changed),
        EventKind::Access(_) => None,
        EventKind::Modify(ModifyKind::Data(_)) => Some(written),
        EventKind::Create(CreateKind::File) => Some(created),
        EventKind::Create(CreateKind::Folder) | EventKind::Remove(RemoveKind::Folder) => Some(|_| Hint::Unclear),
        _ => Some(Hint::Changed),
    }
}

/// Hidden files are an editor's, which may keep them open for hours; no zone is in one.
fn written(path: PathBuf) -> Hint {
    let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    if is_hidden { Hint::Changed(path) } else { Hint::Writing(path) }
}

/// A link is whole as soon as it is there; a new file is still to be written and closed.
fn created(path: PathBuf) -> Hint {
    let is_new_file = std::fs::symlink_metadata(&path).is_ok_and(|file| file.is_file() && file.nlink() == 1);
    if is_new_file { written(path) } else { Hint::Changed(path) }
}

/// Quiet after the last event before a look: editors, and git, make a few changes within a millisecond or two.
const QUIET: Duration = Duration::from_millis(10);

/// A look comes this long after the first event, however many follow.
const LONGEST_DELAY: Duration = Duration::from_millis(250);

/// A file that is not closed this long after it was first written is taken as it is.
const LONGEST_WRITE: Duration = Duration::from_secs(3);

/// Files that are being written at once, beyond which nobody waits for them: it is a copy of a whole tree.
const MOST_WRITES: usize = 10_000;

/// Turns hints into the moment of the next look.
#[derive(Debug)]
pub struct Debounce {
    /// How long nothing may be told before a look, and how long that is waited for.
    quiet: Duration,
    longest: Duration,
    first: Option<Instant>,
    last: Option<Instant>,
    /// Files that were written and not closed, and until when they are waited for; it stays there when that has passed.
    writing: HashMap<PathBuf, Instant>,
    /// What was named since the last look.
    reach: Reach,
}

impl Default for Debounce {
    /// For what events tell.
    fn default() -> Self {
        Self::new(QUIET, LONGEST_DELAY)
    }
}

impl Debounce {
    /// A look is due when nothing was told for so long, at most so long after the first.
    pub fn new(quiet: Duration, longest: Duration) -> Self {
        Self { quiet, longest, first: None, last: None, writing: HashMap::new(), reach: Reach::default() }
    }

    /// Takes in a hint.
    pub fn note(&mut self, hint: Hint, now: Instant) {
        match hint {
            Hint::Writing(path) => {
                if self.writing.len() < MOST_WRITES {
                    self.writing.entry(path.clone()).or_insert(now + LONGEST_WRITE);
                }
                self.reach.add(path);
                // Should its end never be seen, it is looked at when the wait is over.
                self.first.get_or_insert(now);
                self.last.get_or_insert(now);
            }
            Hint::Changed(path) => {
                self.writing.remove(&path);
                self.ask(Reach::default(), now);
                self.reach.add(path);
            }
            Hint::Unclear => self.ask(Reach::Everywhere, now),
            Hint::Moved => {
                self.writing.clear();
                self.ask(Reach::Everywhere, now);
            }
        }
    }

    /// Asks for a look as an event does.
    pub fn ask(&mut self, reach: Reach, now: Instant) {
        self.first.get_or_insert(now);
        self.last = Some(now);
        self.reach = std::mem::take(&mut self.reach).and(reach);
    }

    /// When to look for the sake of events: if there were any.
    pub fn due(&self) -> Option<Instant> {
        let (first, last) = (self.first?, self.last?);
        Some((last + self.quiet).min(first + self.longest))
    }

    /// Until when a look has to wait for files that are being written.
    pub fn busy_until(&self, now: Instant) -> Option<Instant> {
        self.writing.values().copied().filter(|&until| until > now).max()
    }

    /// A look is taken, at the events until now; gives what they named.
    pub fn looked(&mut self) -> Reach {
        (self.first, self.last) = (None, None);
        std::mem::take(&mut self.reach)
    }

    /// Whether what was told goes on without a pause: a look now would be in the middle of something.
    pub fn is_restless(&self, now: Instant) -> bool {
        self.last.is_some_and(|last| now < last + self.quiet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_look_follows_ten_milliseconds_of_quiet() {
        let (start, mut debounce) = (Instant::now(), Debounce::default());
        assert_eq!(debounce.due(), None);
        debounce.note(Hint::Changed("a".into()), start);
        debounce.note(Hint::Changed("b".into()), start + at(7));
        assert_eq!(debounce.due(), Some(start + at(17)));
        debounce.looked();
        assert_eq!(debounce.due(), None);
    }

    #[test]
    fn a_stream_of_events_is_looked_at_all_the_same() {
        let (start, mut debounce) = (Instant::now(), Debounce::default());
        (0..100).for_each(|step| debounce.note(Hint::Changed("a".into()), start + at(5 * step)));
        assert_eq!(debounce.due(), Some(start + LONGEST_DELAY));
    }

    #[test]
    fn an_open_file_delays_a_look_until_it_is_closed() {
        let (start, mut debounce) = (Instant::now(), Debounce::default());
        debounce.note(Hint::Writing("a".into()), start);
        debounce.note(Hint::Changed("b".into()), start + at(1));
        assert_eq!(debounce.busy_until(start + at(20)), Some(start + LONGEST_WRITE));
        debounce.note(Hint::Changed("a".into()), start + at(30));
        assert_eq!(debounce.busy_until(start + at(30)), None);
        assert_eq!(debounce.due(), Some(start + at(40)));
    }

    #[test]
    fn a_file_that_stays_open_delays_once() {
        let (start, mut debounce) = (Instant::now(), Debounce::default());
        (0..10).for_each(|second| debounce.note(Hint::Writing("log".into()), start + at(1000 * second)));
        assert_eq!(debounce.busy_until(start + at(3000)), None);
    }

    #[test]
    fn the_way_to_a_directory_is_watched_link_by_link() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("releases/1")).unwrap();
        std::os::unix::fs::symlink("releases/1", root.join("zones")).unwrap();
        let (mut parents, mut names) = (Vec::new(), Vec::new());
        follow_links(&root.join("zones"), &mut parents, &mut names);
        assert!(names.contains(&root.join("zones")) && names.contains(&root.join("releases/1")), "{names:?}");
        assert!(parents.contains(&root) && parents.contains(&root.join("releases")), "{parents:?}");
    }
}
