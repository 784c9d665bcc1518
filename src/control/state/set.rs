//! What is served, as far as a later start has to know it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use crate::source::Hash;

/// All that is served, its texts by their hashes.
///
/// A field that a later version adds is new to this one, and passed over.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(default)]
pub struct Set {
    /// The version of zonewright that judged it.
    pub build: String,
    /// When it was handed over to be saved, in seconds since 1970; two sets that differ in nothing else are the same.
    #[serde(skip)]
    pub saved_at: u64,
    /// Where it comes from: commits of another source say nothing of this one's.
    pub source: String,
    /// The commit served, in hexadecimal, where a repository is the source.
    pub commit: Option<String>,
    /// The newest commit that was ever published by following.
    pub tip: Option<String>,
    /// Why `commit` is not followed from, if so.
    pub hold: Option<Hold>,
    /// Every zone served.
    pub zones: Vec<SavedZone>,
    /// Every text that a zone was read from. A path may be there twice: a zone that is held keeps an include as it was.
    pub texts: Vec<SavedText>,
}

/// What somebody asked to be served until told otherwise.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Hold {
    /// What was asked.
    pub kind: HoldKind,
    /// The commit that is held, in hexadecimal.
    pub commit: String,
    /// Since when, in seconds since 1970.
    pub since: u64,
}

/// The ways to hold a commit.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "kebab-case")]
pub enum HoldKind {
    /// The commit that was served then.
    Frozen,
    /// An earlier one.
    RolledBack,
}

/// One zone served.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct SavedZone {
    /// Its apex, in presentation format.
    pub name: String,
    /// The serial published.
    pub serial: u32,
    /// The file that its text begins with: one of the set's texts.
    #[serde(with = "super::spelling::path")]
    pub file: PathBuf,
    /// All that it was read from, as places in the set's list of texts.
    pub texts: Vec<u32>,
    /// What its history said, where its serial was made from that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<SavedCount>,
}

/// What a zone's history said when it was published.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct SavedCount {
    /// The serial that it said; what was published may be past it.
    pub serial: u32,
    /// A digest of the zone's content.
    #[serde(with = "super::spelling::hash")]
    pub content: Hash,
}

/// One file as it was read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct SavedText {
    /// Where, relative to the source's root; any octets.
    #[serde(with = "super::spelling::path")]
    pub path: PathBuf,
    /// What was in it.
    #[serde(with = "super::spelling::hash")]
    pub hash: Hash,
    /// How much.
    pub octets: u64,
}
