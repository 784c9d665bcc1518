//! A disk in memory that fails, loses power, and forgets what was not synced.
//!
//! What a file or the directory holds is kept twice: as the system shows it, and as it would be found after a loss of power.
//! At such a loss each change of a name since the last sync of the directory is kept or lost by itself, and a file that was
//! not synced holds any beginning of its octets, noise, or nothing.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use zonewright::control::state::disk::{Disk, Identity, Input, Output};

/// What goes wrong, and at which step from now on; steps are counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The step fails with this error of the system, and half of what it was to write is written.
    Fails(u64, i32),
    /// This step and all after it fail, as on a disk that is full for good.
    FailsFrom(u64, i32),
    /// The process ends before the step: nothing is done any more.
    Ends(u64),
}

/// A share of one disk: as many as there are processes.
#[derive(Clone)]
pub(crate) struct Simulated {
    platter: Arc<Mutex<Platter>>,
    process: u64,
}

#[derive(Default)]
struct Platter {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    safe_names: BTreeMap<String, usize>,
    /// Changes of names since the last sync of the directory.
    unsafe_changes: Vec<Change>,
    locked_by: Option<u64>,
    processes: u64,
    steps: u64,
    fault: Option<Fault>,
    hangs: bool,
    log: Vec<String>,
}

#[derive(Clone, Default)]
struct File {
    octets: Vec<u8>,
    is_safe: bool,
}

#[derive(Clone)]
enum Change {
    Made(String, usize),
    Moved(String, String, usize),
    Gone(String),
}

/// A source of small numbers, for what a loss of power leaves.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        // xorshift64 (Marsaglia 2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides.max(1)
    }
}

impl Simulated {
    pub(crate) fn new() -> Self {
        Self { platter: Arc::default(), process: 0 }
    }

    /// The same disk as another process sees it.
    pub(crate) fn process(&self) -> Arc<Self> {
        let mut platter = self.platter();
        platter.processes += 1;
        Arc::new(Self { platter: Arc::clone(&self.platter), process: platter.processes })
    }

    /// Lets every sync of the directory wait from now on, or go on.
    pub(crate) fn hang(&self, hangs: bool) {
        self.platter().hangs = hangs;
    }

    /// Everything that ran ends; what the system had is there still.
    pub(crate) fn restart(&self) {
        let mut platter = self.platter();
        (platter.locked_by, platter.fault, platter.steps) = (None, None, 0);
    }

    /// A disk as this one could be found after a loss of power now.
    pub(crate) fn lose_power(&self, dice: &mut Dice) -> Self {
        let platter = self.platter();
        let mut names = platter.safe_names.clone();
        for change in &platter.unsafe_changes {
            match change {
                _ if dice.roll(2) == 0 => {}
                Change::Made(name, file) => _ = names.insert(name.clone(), *file),
                Change::Moved(from, to, file) => {
                    // Not every file system moves in one step, where power is lost.
                    if dice.roll(4) != 0 {
                        names.remove(from);
                    }
                    names.insert(to.clone(), *file);
                }
                Change::Gone(name) => _ = names.remove(name),
            }
        }
        let files = platter.files.iter().map(|file| file.after_loss(dice)).collect();
        let found = Platter { files, safe_names: names.clone(), names, ..Platter::default() };
        Self { platter: Arc::new(Mutex::new(found)), process: 0 }
    }

    /// Sets what goes wrong from now on.
    pub(crate) fn fail(&self, fault: Option<Fault>) {
        let mut platter = self.platter();
        (platter.fault, platter.steps) = (fault, 0);
        platter.log.clear();
    }

    /// How many steps were made since the last [`fail`](Self::fail).
    pub(crate) fn steps(&self) -> u64 {
        self.platter().steps
    }

    /// The steps made since the last [`fail`](Self::fail), in words.
    pub(crate) fn log(&self) -> Vec<String> {
        self.platter().log.clone()
    }

    /// The names that are there, and how many octets they have.
    pub(crate) fn listing(&self) -> Vec<(String, usize)> {
        let platter = self.platter();
        platter.names.iter().map(|(name, file)| (name.clone(), platter.files[*file].octets.len())).collect()
    }

    /// Changes a file's octets behind everybody's back.
    pub(crate) fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut platter = self.platter();
        let file = platter.names[name];
        change(&mut platter.files[file].octets);
    }

    /// Takes a file away.
    pub(crate) fn take(&self, name: &str) {
        let mut platter = self.platter();
        platter.names.remove(name);
        platter.safe_names.remove(name);
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.platter.lock().unwrap()
    }

    fn step(&self, what: &str) -> io::Result<MutexGuard<'_, Platter>> {
        let mut platter = self.platter();
        platter.log.push(what.to_owned());
        platter.step()?;
        Ok(platter)
    }
}

impl Platter {
    fn step(&mut self) -> io::Result<()> {
        let step = self.steps;
        self.steps += 1;
        match self.fault {
            Some(Fault::Fails(at, errno)) if step == at => Err(io::Error::from_raw_os_error(errno)),
            Some(Fault::FailsFrom(at, errno)) if step >= at => Err(io::Error::from_raw_os_error(errno)),
            // Nobody sees this error: the process has ended.
            Some(Fault::Ends(at)) if step >= at => Err(io::Error::other("the process has ended")),
            _ => Ok(()),
        }
    }

    fn has_ended(&self) -> bool {
        matches!(self.fault, Some(Fault::Ends(at)) if self.steps > at)
    }

    fn add(&mut self, file: File) -> usize {
        self.files.push(file);
        self.files.len() - 1
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl File {
    fn after_loss(&self, dice: &mut Dice) -> Self {
        let mut octets = self.octets.clone();
        if !self.is_safe {
            match dice.roll(4) {
                0 => octets.clear(),
                1 => octets.truncate(dice.roll(octets.len() as u64 + 1) as usize),
                2 => {
                    let from = dice.roll(octets.len() as u64 + 1) as usize;
                    octets[from..].fill(dice.roll(256) as u8);
                }
                _ => {}
            }
        }
        Self { octets, is_safe: true }
    }
}

impl Disk for Simulated {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.step("list")?.names.keys().cloned().collect())
    }

    fn identify(&self, name: &str) -> io::Result<Identity> {
        let file = self.step(&format!("identify {name}"))?.find(name)?;
        Ok((0, file as u64))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Input>> {
        let platter = self.step(&format!("open {name}"))?;
        let file = platter.find(name)?;
        let octets = platter.files[file].octets.len() as u64;
        Ok(Box::new(Open { disk: self.clone(), file, octets }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Output>> {
        let mut platter = self.step(&format!("create {name}"))?;
        if platter.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = platter.add(File::default());
        platter.names.insert(name.to_owned(), file);
        platter.unsafe_changes.push(Change::Made(name.to_owned(), file));
        Ok(Box::new(Open { disk: self.clone(), file, octets: 0 }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut platter = self.step(&format!("rename {from} {to}"))?;
        let file = platter.find(from)?;
        platter.names.remove(from);
        platter.names.insert(to.to_owned(), file);
        platter.unsafe_changes.push(Change::Moved(from.to_owned(), to.to_owned(), file));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut platter = self.step(&format!("remove {name}"))?;
        platter.find(name)?;
        platter.names.remove(name);
        platter.unsafe_changes.push(Change::Gone(name.to_owned()));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        while self.platter().hangs {
            std::thread::yield_now();
        }
        let mut platter = self.step("sync")?;
        platter.safe_names = platter.names.clone();
        platter.unsafe_changes.clear();
        Ok(())
    }

    fn lock(&self) -> io::Result<bool> {
        let mut platter = self.step("lock")?;
        let is_free = platter.locked_by.is_none_or(|holder| holder == self.process);
        if is_free {
            platter.locked_by = Some(self.process);
        }
        Ok(is_free)
    }
}

struct Open {
    disk: Simulated,
    file: usize,
    octets: u64,
}

impl Input for Open {
    fn octets(&self) -> u64 {
        self.octets
    }

    fn identity(&self) -> Identity {
        (0, self.file as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let platter = self.disk.step("read")?;
        let octets = platter.files[self.file].octets.get(offset as usize..).unwrap_or_default();
        let octets = octets.get(..buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(octets);
        Ok(())
    }
}

impl Output for Open {
    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        let mut platter = self.disk.platter();
        platter.log.push("write".to_owned());
        let was_alive = !platter.has_ended();
        let result = platter.step();
        let written = match &result {
            Ok(()) => octets,
            // A process may end, as a write may fail, half-way.
            Err(_) if was_alive => &octets[..octets.len() / 2],
            Err(_) => &[],
        };
        platter.files[self.file].octets.extend_from_slice(written);
        result
    }

    fn sync(self: Box<Self>) -> io::Result<Box<dyn Input>> {
        let octets = {
            let mut platter = self.disk.step("sync file")?;
            platter.files[self.file].is_safe = true;
            platter.files[self.file].octets.len() as u64
        };
        Ok(Box::new(Open { octets, ..*self }))
    }
}
