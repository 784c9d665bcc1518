//! Who wrote a line of a zone file, in words.
//!
//! In: files below the zone directory, as they were read, and lines of them. Out: a commit and its author for each, or why
//! none is named. Knows of a file no more than its path and text.

use std::collections::HashMap;
use std::path::Path;

use super::git::{Bounds, Id, Origin, short};
use super::revision::{self, Place};
use crate::config::Config;

/// The history that zone files have.
pub struct Authors {
    place: Place,
    head: Id,
    /// What was found of commits: one wrote many lines.
    known: HashMap<Id, String>,
}

impl Authors {
    /// The history of the configured zones, up to what is checked out, or to the branch that is served; none if they lie in no
    /// repository.
    ///
    /// # Errors
    ///
    /// The repository cannot be read, or has no commit.
    pub fn find(config: &Config) -> anyhow::Result<Option<Self>> {
        if !Place::exists(config) {
            return Ok(None);
        }
        let place = Place::find(config)?;
        let head = place.head()?;
        Ok(Some(Self { place, head, known: HashMap::new() }))
    }

    /// Who wrote each of `lines`, counted from 1, of the file at `path` below the zone directory, whose text is `text` now.
    ///
    /// # Errors
    ///
    /// The history cannot be read.
    pub fn of(&mut self, path: &Path, text: &[u8], lines: &[u32]) -> anyhow::Result<Vec<String>> {
        let path = self.place.zones.join(path);
        let repository = &self.place.repository;
        let origins = repository.blame(self.head, &path, text, lines, Bounds::default()).map_err(revision::say)?;
        origins.into_iter().map(|origin| self.tell(origin)).collect()
    }

    fn tell(&mut self, origin: Origin) -> anyhow::Result<String> {
        Ok(match origin {
            Origin::Wrote(id) => self.commit(id)?,
            Origin::Added(id) => format!("{}, which added the file", self.commit(id)?),
            Origin::Uncommitted => "not committed yet".to_owned(),
            Origin::CutOff(id) => {
                format!(
                    "in {} or before, where this shallow clone is cut off (`git fetch --unshallow`)",
                    short(&id.to_string())
                )
            }
            Origin::Older(id, looked) => {
                format!("in {} or before: {looked} commits were looked at", short(&id.to_string()))
            }
        })
    }

    /// A commit and its author.
    fn commit(&mut self, id: Id) -> anyhow::Result<String> {
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let commit = self.place.repository.commit(id).map_err(revision::say)?;
        let told = format!("{} by {}", short(&id.to_string()), commit.author);
        self.known.insert(id, told.clone());
        Ok(told)
    }
}
