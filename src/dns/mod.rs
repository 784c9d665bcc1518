//! The DNS's own small types: names, types, classes, codes and serial numbers.
//!
//! In: octets. Out: values that are cheap to copy and compare. Knows no presentation format but that of names; what a
//! type's rdata looks like is the business of [`zonefile::rdata`](crate::zonefile::rdata).
//!
//! # Design
//!
//! Names and rdata are kept as the octets of the wire, in lower rooms as slices of one arena: an answer is then a copy, and
//! a comparison never parses. hickory-proto's own types, which parse each rdata into a tree, are met at one door only,
//! [`hickory`], where the embedded server wants them.

mod case;
pub mod hickory;
mod name;

pub(crate) use case::{is_alike, lower};
pub use name::{Labels, Name, NameError, NameErrorKind, NameRef, push_name};
pub(crate) use name::{Starts, label_starts, sort_octets, unescape};

/// An RR type code (RFC 1035 §3.2.2, IANA "Resource Record (RR) TYPEs").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Rtype(pub u16);

/// The types that the code treats in a way of their own; mnemonics of all are in the table of RR types.
#[allow(missing_docs, clippy::allow_attributes)]
impl Rtype {
    pub const A: Self = Self(1);
    pub const NS: Self = Self(2);
    pub const CNAME: Self = Self(5);
    pub const SOA: Self = Self(6);
    pub const PTR: Self = Self(12);
    pub const MX: Self = Self(15);
    pub const TXT: Self = Self(16);
    pub const KEY: Self = Self(25);
    pub const AAAA: Self = Self(28);
    pub const LOC: Self = Self(29);
    pub const SRV: Self = Self(33);
    pub const DNAME: Self = Self(39);
    pub const OPT: Self = Self(41);
    pub const DS: Self = Self(43);
    pub const RRSIG: Self = Self(46);
    pub const NSEC: Self = Self(47);
    pub const DNSKEY: Self = Self(48);
    pub const NSEC3: Self = Self(50);
    pub const NSEC3PARAM: Self = Self(51);
    pub const TLSA: Self = Self(52);
    pub const SMIMEA: Self = Self(53);
    pub const ZONEMD: Self = Self(63);
    pub const SVCB: Self = Self(64);
    pub const HTTPS: Self = Self(65);
    pub const TKEY: Self = Self(249);
    pub const TSIG: Self = Self(250);
    pub const IXFR: Self = Self(251);
    pub const AXFR: Self = Self(252);
    pub const MAILB: Self = Self(253);
    pub const MAILA: Self = Self(254);
    pub const ANY: Self = Self(255);
    pub const CAA: Self = Self(257);
}

impl Rtype {
    /// Whether no zone may hold a record of this type: it exists in questions or messages only.
    ///
    /// Types 128–255 are QTYPEs and meta-TYPEs, and OPT is one outside that range (RFC 6895 §3.1).
    pub fn is_meta(self) -> bool {
        self == Self::OPT || (128..=255).contains(&self.0) || self.0 == 0
    }

    /// Whether records of this type bind a service to its hosts (RFC 9460 §2).
    pub fn is_service_binding(self) -> bool {
        matches!(self, Self::SVCB | Self::HTTPS)
    }
}

/// A DNS class (RFC 1035 §3.2.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Class(pub u16);

#[allow(missing_docs, clippy::allow_attributes)]
impl Class {
    pub const IN: Self = Self(1);
    pub const CH: Self = Self(3);
    pub const HS: Self = Self(4);
    pub const NONE: Self = Self(254);
    pub const ANY: Self = Self(255);
}

/// A response code, extended ones included (RFC 1035 §4.1.1, RFC 6891 §6.1.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rcode(pub u16);

#[allow(missing_docs, clippy::allow_attributes)]
impl Rcode {
    pub const NOERROR: Self = Self(0);
    pub const FORMERR: Self = Self(1);
    pub const SERVFAIL: Self = Self(2);
    pub const NXDOMAIN: Self = Self(3);
    pub const NOTIMP: Self = Self(4);
    pub const REFUSED: Self = Self(5);
    pub const YXDOMAIN: Self = Self(6);
    pub const BADVERS: Self = Self(16);
}

impl std::fmt::Display for Rcode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = match *self {
            Self::NOERROR => "NOERROR",
            Self::FORMERR => "FORMERR",
            Self::SERVFAIL => "SERVFAIL",
            Self::NXDOMAIN => "NXDOMAIN",
            Self::NOTIMP => "NOTIMP",
            Self::REFUSED => "REFUSED",
            Self::YXDOMAIN => "YXDOMAIN",
            Self::BADVERS => "BADVERS",
            Self(code) => return write!(f, "RCODE{code}"),
        };
        f.write_str(known)
    }
}

/// An operation code (RFC 1035 §4.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Opcode(pub u8);

#[allow(missing_docs, clippy::allow_attributes)]
impl Opcode {
    pub const QUERY: Self = Self(0);
}

/// The largest TTL a record may have, in seconds: a number with its top bit set would be negative (RFC 2181 §8).
pub const MAX_TTL: u32 = i32::MAX as u32;

/// The most octets a name may have on the wire, the root's length octet included (RFC 1035 §2.3.4).
pub const MAX_NAME: usize = 255;

/// The most octets a label may have (RFC 1035 §2.3.4).
pub const MAX_LABEL: usize = 63;

/// Whether a serial number lies after another: less than half of the circle of 32-bit numbers ahead of it (RFC 1982 §3.2).
pub fn is_serial_after(serial: u32, other: u32) -> bool {
    serial.wrapping_sub(other).cast_signed() > 0
}
