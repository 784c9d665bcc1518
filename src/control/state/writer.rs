//! A thread that saves: a disk that hangs must not hold back what is served.
//!
//! What is handed over waits in a mailbox for one: only the newest set is worth saving. A set that could not be saved is
//! tried again, ever more rarely, until it is saved or a newer one comes.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Hash, Set, State, Texts};

/// How long until a set that could not be saved is tried again; each failure doubles it.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest wait between two tries.
const LAST_RETRY: Duration = Duration::from_secs(60);

/// How often the lock is tried while somebody waits for it.
const LOCK_EVERY: Duration = Duration::from_millis(20);

type Given = HashMap<Hash, Arc<[u8]>>;

/// Saves sets in a thread of its own, the newest one last.
pub struct Writer {
    desk: Arc<Desk>,
    texts: Texts,
}

/// Where sets are left and taken.
#[derive(Default)]
struct Desk {
    tray: Mutex<Tray>,
    /// Told of every change of the tray.
    changed: Condvar,
}

#[derive(Default)]
struct Tray {
    /// The newest set that is not saved, unless it is being saved.
    waiting: Option<Set>,
    /// Whether a set is being saved.
    is_busy: bool,
    /// The texts of the set handed over last; none before the first.
    expected: Option<HashSet<Hash>>,
    /// Those of them that were given, and may not be saved yet.
    given: Given,
    /// Why the newest set is not saved.
    trouble: Option<String>,
    /// How many tries failed in a row.
    failures: u32,
    /// When to try again.
    retry_at: Option<Instant>,
    /// Until when the lock is waited for.
    lock_until: Option<Instant>,
    is_writer: bool,
    is_over: bool,
}

impl Writer {
    /// Starts the thread; the lock need not be held yet.
    ///
    /// # Errors
    ///
    /// The system's, if it has no thread to give.
    pub fn start(state: State) -> std::io::Result<Self> {
        let texts = state.texts();
        let tray = Tray { is_writer: state.is_writer(), ..Tray::default() };
        let desk = Arc::new(Desk { tray: Mutex::new(tray), changed: Condvar::new() });
        let shared = Arc::clone(&desk);
        std::thread::Builder::new().name("state".into()).spawn(move || shared.work(state))?;
        Ok(Self { desk, texts })
    }

    /// Whether a text of this hash need not be given with the next set: the one handed over last has it too.
    ///
    /// A text that is saved but not part of that set does not count: it goes when that set is saved.
    pub fn has(&self, hash: &Hash) -> bool {
        let tray = self.desk.open();
        let is_expected = tray.expected.as_ref().is_none_or(|expected| expected.contains(hash));
        is_expected && (tray.given.contains_key(hash) || self.texts.has(hash))
    }

    /// Hands over what is served now, with those of its texts that are not [held](Self::has); does not wait.
    pub fn save(&self, set: Set, texts: Vec<(Hash, Arc<[u8]>)>) {
        let expected: HashSet<Hash> = set.texts.iter().map(|text| text.hash).collect();
        let mut tray = self.desk.open();
        tray.given.extend(texts);
        // Should the one before fail to be saved, it is not tried again, and its own texts are nobody's.
        tray.given.retain(|hash, _| expected.contains(hash));
        (tray.waiting, tray.expected) = (Some(set), Some(expected));
        // What kept the one before from being saved may not keep this one.
        (tray.failures, tray.retry_at) = (0, None);
        drop(tray);
        self.desk.changed.notify_all();
    }

    /// Why the newest set is not saved, if so.
    pub fn trouble(&self) -> Option<String> {
        self.desk.open().trouble.clone()
    }

    /// Whether this process may write.
    pub fn is_writer(&self) -> bool {
        self.desk.open().is_writer
    }

    /// Tries to become the writer until then, as after the end of the process that was; says whether it is.
    pub fn take_lock(&self, deadline: Instant) -> bool {
        self.seek_lock(deadline);
        let tray = self.desk.wait_until(deadline, |tray| tray.is_writer);
        tray.is_writer
    }

    /// As [`take_lock`](Self::take_lock), without waiting for it.
    pub fn seek_lock(&self, deadline: Instant) {
        self.desk.open().lock_until = Some(deadline);
        self.desk.changed.notify_all();
    }

    /// Waits until all is saved or the time has come; says whether all is saved.
    pub fn flush(&self, deadline: Instant) -> bool {
        self.desk.open().retry_at = None;
        self.desk.changed.notify_all();
        let tray = self.desk.wait_until(deadline, |tray| tray.is_idle());
        tray.is_idle()
    }
}

impl Drop for Writer {
    /// Has the thread end, and let go of the lock, once it is done with what it is at.
    fn drop(&mut self) {
        self.desk.open().is_over = true;
        self.desk.changed.notify_all();
    }
}

impl Tray {
    fn is_idle(&self) -> bool {
        self.waiting.is_none() && !self.is_busy
    }

    /// Takes in what came of a save.
    fn note(&mut self, set: Set, result: Result<(), String>) {
        self.is_busy = false;
        let is_newest = self.waiting.is_none();
        match result {
            Ok(()) if is_newest => {
                (self.trouble, self.failures, self.retry_at) = (None, 0, None);
                self.given.clear();
            }
            Ok(()) => {}
            // A newer one is to be tried at once, and tells of its own troubles.
            Err(_) if !is_newest => {}
            Err(trouble) => {
                let wait = (FIRST_RETRY * 2u32.pow(self.failures.min(10))).min(LAST_RETRY);
                self.retry_at = Some(Instant::now() + wait);
                self.failures += 1;
                (self.trouble, self.waiting) = (Some(trouble), Some(set));
            }
        }
    }
}

/// What the thread is to do next.
enum Task {
    Save(Box<Set>, Vec<(Hash, Arc<[u8]>)>),
    Lock,
    End,
}

impl Desk {
    fn open(&self) -> MutexGuard<'_, Tray> {
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until(&self, deadline: Instant, is_enough: impl Fn(&Tray) -> bool) -> MutexGuard<'_, Tray> {
        let mut tray = self.open();
        while !is_enough(&tray) {
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
                break;
            };
            tray = self.changed.wait_timeout(tray, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        tray
    }

    fn work(&self, mut state: State) {
        crate::control::give_way();
        loop {
            match self.next() {
                Task::End => return,
                Task::Lock => {
                    let is_writer = state.retry_lock();
                    let mut tray = self.open();
                    tray.is_writer = is_writer;
                    if is_writer {
                        // What waits for it need not wait longer.
                        tray.retry_at = None;
                    }
                    tray.lock_until = tray.lock_until.filter(|until| !is_writer && *until > Instant::now());
                }
                Task::Save(set, texts) => {
                    let result = state.save(&set, &texts).map_err(|trouble| trouble.to_string());
                    let mut tray = self.open();
                    tray.is_writer = state.is_writer();
                    tray.note(*set, result);
                }
            }
            self.changed.notify_all();
        }
    }

    fn next(&self) -> Task {
        let mut tray = self.open();
        loop {
            let wait = tray.retry_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
            if tray.is_over {
                return Task::End;
            }
            if tray.lock_until.is_some() {
                drop(tray);
                std::thread::sleep(LOCK_EVERY);
                return Task::Lock;
            }
            if wait.is_zero()
                && let Some(set) = tray.waiting.take()
            {
                tray.is_busy = true;
                let texts = tray.given.iter().map(|(hash, text)| (*hash, Arc::clone(text))).collect();
                return Task::Save(Box::new(set), texts);
            }
            tray = match tray.waiting.is_some() {
                true => self.changed.wait_timeout(tray, wait).unwrap_or_else(PoisonError::into_inner).0,
                false => self.changed.wait(tray).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}
