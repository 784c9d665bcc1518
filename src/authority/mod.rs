//! The compiled, immutable, answer-ready form of zones.
use crate::dns::{Name, NameRef};
use crate::zone::Zone;
use std::sync::Arc;

/// The key of the name hash; from the system's randomness, one for all zones of a process.
#[derive(Clone, Copy, Debug)]
pub struct HashKey(pub [u8; 16]);

/// One zone, compiled.
#[derive(Debug)]
pub struct Authority {}

impl Authority {
    /// Compiles a zone.
    pub fn compile(zone: &Zone, key: HashKey) -> Self {
        let _ = (zone, key);
        todo!()
    }
    /// The zone's topmost name.
    pub fn apex(&self) -> NameRef<'_> {
        todo!()
    }
    /// The SOA record's serial number.
    pub fn serial(&self) -> u32 {
        todo!()
    }
    /// How many records it holds.
    pub fn record_count(&self) -> usize {
        todo!()
    }
    /// How many names own records.
    pub fn name_count(&self) -> usize {
        todo!()
    }
    /// Octets of memory it holds.
    pub fn memory(&self) -> usize {
        todo!()
    }
}

/// All zones, found by the longest match.
#[derive(Debug)]
pub struct Catalog {}

impl Catalog {
    /// A catalog of zones; one without an authority has no good version, and is answered with SERVFAIL.
    pub fn new(key: HashKey, zones: impl IntoIterator<Item = (Name, Option<Arc<Authority>>)>) -> Self {
        let _ = (key, zones.into_iter().count());
        todo!()
    }
}
