//! Records to canonical text: one record a line, every part written, names absolute.

use std::fmt;

use super::rdata::{Mnemonic, Presentation};
use crate::dns::{NameRef, Rtype};

/// One record as a line of a zone file, without its end; reading it gives the same record.
#[derive(Clone, Copy, Debug)]
pub struct Line<'r> {
    /// The owner.
    pub owner: NameRef<'r>,
    /// The TTL in seconds.
    pub ttl: u32,
    /// The type.
    pub rtype: Rtype,
    /// The data on the wire, names uncompressed.
    pub rdata: &'r [u8],
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Legal at the start of a name, and read as a comment of another language or as a merge marker at that of a line.
        let is_suspect = matches!(self.owner.octets().get(1), Some(b'#' | b'/' | b'<' | b'=' | b'>' | b'|'));
        if is_suspect && !self.owner.is_root() {
            f.write_str("\\")?;
        }
        let rdata = Presentation { rtype: self.rtype, rdata: self.rdata };
        write!(f, "{}\t{}\tIN\t{}\t{rdata}", self.owner, self.ttl, Mnemonic(self.rtype))
    }
}
