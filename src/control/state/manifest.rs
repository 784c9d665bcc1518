//! The file that says what the set is, and in which segment each of its texts lies.
//!
//! Three lines: the format and the BLAKE3 of the rest; where the texts lie, in the order in which the set names them; the
//! set. The lines are JSON, for a person to read; a hundred thousand zones take 25 MB.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::disk::Input;
use super::{Hash, Set};
use crate::source::text_hash;

/// The most octets of a manifest: a million zones.
const MAX_OCTETS: u64 = 256 << 20;

/// What the first line starts with; the number is the format's.
const MAGIC: &str = "zonewright state 2 ";

/// Octets of the first line, its end included.
const HEADER: usize = MAGIC.len() + 64 + 1;

/// A set and its texts' places, both checked against each other.
pub(super) struct Manifest {
    pub(super) set: Set,
    /// In the order of the set's texts.
    pub(super) places: Vec<Spot>,
    /// What [`content`] says of the set.
    pub(super) content: Hash,
}

/// Where a text lies: the segment's number, and the offset in it.
pub(super) type Spot = (u64, u64);

#[derive(Serialize, Deserialize)]
struct Layout<P> {
    saved_at: u64,
    places: P,
}

/// A set as it is written, and what tells it from others.
pub(super) fn content(set: &Set) -> (Hash, Vec<u8>) {
    let json = serde_json::to_vec(set).expect("a set has string keys only, and writing to memory does not fail");
    (text_hash(&json), json)
}

/// All octets of a manifest.
pub(super) fn write(saved_at: u64, places: &[Spot], set: &[u8]) -> Vec<u8> {
    let mut octets = vec![b'.'; HEADER];
    let layout = Layout { saved_at, places };
    serde_json::to_writer(&mut octets, &layout).expect("numbers are written, and writing to memory does not fail");
    octets.push(b'\n');
    octets.extend_from_slice(set);
    octets.push(b'\n');
    let header = format!("{MAGIC}{}\n", HEXLOWER.encode(&text_hash(&octets[HEADER..])));
    octets[..HEADER].copy_from_slice(header.as_bytes());
    octets
}

/// Reads one; says why it cannot be used.
pub(super) fn read(file: &dyn Input) -> Result<Manifest, String> {
    let octets = match file.octets() {
        octets if octets > MAX_OCTETS => return Err(format!("it has {octets} octets, and {MAX_OCTETS} is the most")),
        octets => octets as usize,
    };
    let mut text = vec![0; octets];
    file.read_at(&mut text, 0).map_err(|error| error.to_string())?;
    parse(&text)
}

fn parse(text: &[u8]) -> Result<Manifest, String> {
    let (header, rest) = text.split_at_checked(HEADER).ok_or("it is cut off")?;
    let sum = header.strip_prefix(MAGIC.as_bytes()).ok_or_else(|| explain_header(header))?;
    if sum != format!("{}\n", HEXLOWER.encode(&text_hash(rest))).as_bytes() {
        return Err("its octets are not those that were written".to_owned());
    }
    let end = memchr::memchr(b'\n', rest).ok_or("it is cut off")?;
    let layout: Layout<Vec<Spot>> = serde_json::from_slice(&rest[..end]).map_err(|error| error.to_string())?;
    let json = rest[end + 1..].strip_suffix(b"\n").ok_or("it is cut off")?;
    let set: Set = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    if set.texts.len() != layout.places.len() {
        return Err(format!("it names {} texts and {} places", set.texts.len(), layout.places.len()));
    }
    let set = Set { saved_at: layout.saved_at, ..set };
    Ok(Manifest { set, places: layout.places, content: text_hash(json) })
}

fn explain_header(header: &[u8]) -> String {
    match header.starts_with(b"zonewright state ") {
        true => "its format is another version's".to_owned(),
        false => "it is none of ours".to_owned(),
    }
}

impl Manifest {
    /// The segments that it refers to.
    pub(super) fn segments(&self) -> BTreeSet<u64> {
        self.places.iter().map(|&(segment, _)| segment).collect()
    }
}
