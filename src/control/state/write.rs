//! Saving: in which order what is written, and what may be removed.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use super::disk::{Disk, Input, Output};
use super::manifest::{self, Spot};
use super::plan::{Origin, Plan};
use super::texts::{Index, Place, Segment};
use super::{Hash, NEW, Newest, OLD, SEGMENT, SET, Set, State, Trouble, segment_name};

/// Octets that are handed to the system at once.
const CHUNK: usize = 1 << 18;

/// Names that are tried for a segment: more than one is needed only where something foreign has it.
const MAX_NAMES: u64 = 64;

impl State {
    /// Saves a set, so that it outlives this process and a loss of power; `new_texts` are those of its texts that are not
    /// [held](Self::has) already. A set that is saved already costs nothing.
    ///
    /// # Errors
    ///
    /// What went wrong. Then a start reads the set saved before, or already this one, and saving may be tried again.
    pub fn save(&mut self, set: &Set, new_texts: &[(Hash, Arc<[u8]>)]) -> Result<(), Trouble> {
        if !self.retry_lock() {
            return Err(Trouble::NotWriter(self.path.clone()).or_closed(self.disk.is_none()));
        }
        let Some(disk) = self.disk.clone() else { return Err(Trouble::Closed(self.path.clone())) };
        let (content, json) = manifest::content(set);
        if self.newest.as_ref().is_some_and(|newest| newest.is_saved(&content, &*disk)) {
            return Ok(());
        }
        self.learn_previous();
        self.sweep(&*disk);
        let plan = Plan::new(set, new_texts, &self.texts.now(), &*disk)?;
        let (index, fresh) = self.write_texts(plan, &*disk)?;
        let places: Vec<Spot> = set.texts.iter().map(|text| index[&text.hash].spot()).collect();
        let manifest = manifest::write(set.saved_at, &places, &json);
        let file = self.write_manifest(&manifest, &*disk).inspect_err(|_| {
            // On a full disk it would be in the way of the next try.
            let _ = disk.remove(NEW);
            fresh.iter().for_each(|number| drop(disk.remove(&segment_name(*number))));
        })?;
        let segments = places.iter().map(|&(segment, _)| segment).collect();
        let newest = Newest { content, segments, name: SET, file, is_safe: false };
        self.put_in_place(newest, index, &*disk)?;
        self.sweep(&*disk);
        Ok(())
    }

    /// What `set.old` refers to has to be known before anything is removed.
    fn learn_previous(&mut self) {
        let is_newest = self.newest.as_ref().is_some_and(|newest| newest.name == OLD);
        if self.previous.is_some() || is_newest {
            return;
        }
        self.previous = match self.read_manifest(OLD) {
            Ok(found) => Some(found.map_or_else(BTreeSet::new, |(_, manifest)| manifest.segments())),
            Err(Trouble::Unusable { .. }) => Some(BTreeSet::new()),
            // It may be readable another time.
            Err(_) => None,
        };
    }

    /// Writes what does not stay where it is to a new segment; gives the places of all, and the new segment's number.
    fn write_texts(&self, plan: Plan<'_>, disk: &dyn Disk) -> Result<(Index, Option<u64>), Trouble> {
        let mut index = Index::with_capacity(plan.texts.len());
        if plan.moves_nothing() {
            index.extend(plan.texts.into_iter().filter_map(|(text, origin)| Some((text.hash, origin.kept()?))));
            return Ok((index, None));
        }
        let (number, file) = self.create_segment(&plan, disk)?;
        let name = segment_name(number);
        let (file, offsets) = self.fill_segment(file, &name, &plan).inspect_err(|_| drop(disk.remove(&name)))?;
        let segment = Arc::new(Segment { number, file });
        for ((text, origin), offset) in plan.texts.into_iter().zip(offsets) {
            let fresh = || Place { segment: Arc::clone(&segment), offset, octets: text.octets };
            index.insert(text.hash, origin.kept().unwrap_or_else(fresh));
        }
        Ok((index, Some(number)))
    }

    fn create_segment(&self, plan: &Plan<'_>, disk: &dyn Disk) -> Result<(u64, Box<dyn Output>), Trouble> {
        let known = self.newest.iter().flat_map(|newest| &newest.segments).chain(self.previous.iter().flatten());
        let least = known.copied().max().unwrap_or(0).max(plan.highest) + 1;
        let mut numbers = least..least + MAX_NAMES;
        loop {
            let number = numbers.next().unwrap_or(least + MAX_NAMES);
            match disk.create(&segment_name(number)) {
                Ok(file) => return Ok((number, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !numbers.is_empty() => {}
                Err(error) => return Err(self.failed("making", &segment_name(number), error)),
            }
        }
    }

    /// Writes the texts that come to the segment, in order; gives the offset of each, 0 for those that stay.
    fn fill_segment(
        &self,
        file: Box<dyn Output>,
        name: &str,
        plan: &Plan<'_>,
    ) -> Result<(Box<dyn Input>, Vec<u64>), Trouble> {
        let failed = |error| self.failed("writing", name, error);
        let (mut writer, mut offsets, mut copied) = (Buffered::new(file), Vec::new(), Vec::new());
        for (text, origin) in &plan.texts {
            offsets.push(writer.octets);
            match origin {
                Origin::Kept(_) => {}
                Origin::Given(given) => writer.write(given).map_err(failed)?,
                Origin::Held(place) => {
                    copied.resize(place.octets as usize, 0);
                    let read = place.read(&mut copied, &text.hash);
                    read.map_err(|error| Trouble::NoText { file: text.path.clone(), error: Some(error) })?;
                    writer.write(&copied).map_err(failed)?;
                }
            }
        }
        Ok((writer.finish().map_err(failed)?, offsets))
    }

    fn write_manifest(&self, octets: &[u8], disk: &dyn Disk) -> Result<Box<dyn Input>, Trouble> {
        match disk.remove(NEW) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(self.failed("removing what is left of", NEW, error));
            }
            _ => {}
        }
        let mut file = disk.create(NEW).map_err(|error| self.failed("making", NEW, error))?;
        for chunk in octets.chunks(CHUNK) {
            file.write(chunk).map_err(|error| self.failed("writing", NEW, error))?;
        }
        let file = file.sync().map_err(|error| self.failed("writing", NEW, error))?;
        // Before the manifest has its name, the segment must have its own.
        disk.sync().map_err(|error| self.failed("writing the directory", "", error))?;
        Ok(file)
    }

    /// Lets `set.new` become `set`. From here on nothing that was written is removed: it may be what a start reads.
    fn put_in_place(&mut self, newest: Newest, index: Index, disk: &dyn Disk) -> Result<(), Trouble> {
        if let Some(current) = &mut self.newest {
            // A damaged `set` is not kept in the place of a good `set.old`.
            if current.name == SET {
                match disk.rename(SET, OLD) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(self.failed("keeping a copy of", SET, error));
                    }
                    _ => current.name = OLD,
                }
            }
            self.previous = Some(current.segments.clone());
        }
        disk.rename(NEW, SET).map_err(|error| self.failed("putting in place", SET, error))?;
        self.texts.become_those(index);
        let newest = self.newest.insert(newest);
        match disk.sync() {
            Ok(()) => newest.is_safe = true,
            Err(error) => return Err(self.failed("writing the directory", "", error)),
        }
        Ok(())
    }

    /// Removes segments that neither manifest refers to, if both are known; what cannot be removed now may be later.
    fn sweep(&self, disk: &dyn Disk) {
        let (Some(newest), Some(previous)) = (&self.newest, &self.previous) else { return };
        for name in disk.names().unwrap_or_default() {
            let number = name.strip_prefix(SEGMENT).and_then(|number| number.parse().ok());
            let is_ours = number.is_some_and(|number: u64| segment_name(number) == name);
            let is_needed =
                number.is_some_and(|number| newest.segments.contains(&number) || previous.contains(&number));
            if is_ours && !is_needed {
                let _ = disk.remove(&name);
            }
        }
    }
}

impl Newest {
    fn is_saved(&self, content: &Hash, disk: &dyn Disk) -> bool {
        let is_there = || disk.identify(self.name).is_ok_and(|found| found == self.file.identity());
        self.is_safe && self.name == SET && self.content == *content && is_there()
    }
}

/// Gathers small texts: a hundred thousand of them are not as many writes.
struct Buffered {
    file: Box<dyn Output>,
    buffer: Vec<u8>,
    octets: u64,
}

impl Buffered {
    fn new(file: Box<dyn Output>) -> Self {
        Self { file, buffer: Vec::with_capacity(CHUNK), octets: 0 }
    }

    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        self.octets += text.len() as u64;
        if self.buffer.len() + text.len() > CHUNK {
            self.flush()?;
        }
        if text.len() > CHUNK {
            return self.file.write(text);
        }
        self.buffer.extend_from_slice(text);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.buffer.is_empty() {
            self.file.write(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<Box<dyn Input>> {
        self.flush()?;
        self.file.sync()
    }
}
