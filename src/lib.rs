//! zonewright: authoritative DNS for zones that live in git.
//!
//! The one claim everything serves: the code that judged the pull request is the code that answers the query. `check`,
//! `query` and `serve` share one parser, one zone model, one compiler and one lookup.
//!
//! # The map
//!
//! ```text
//! text → tokens → records → zone → authority → catalog → outcome → octets
//! └────── zonefile ──────┘  zone   └──── authority ────┘  └── server ──┘
//! ```
//!
//! Modules are declared in reading order, and each imports only from those above it (`tests/it/layers.rs` holds them to
//! it). All but [`config`], [`control`], [`cli`] and the transports are pure: no clock, disk, socket or log line. What they
//! need of the outside world (the hash seed, the texts of includes) is an argument; what they have to say is a
//! [`Diagnostic`](diagnostic::Diagnostic).
//!
//! # Words
//!
//! RFC 9499's. *Owner*: the name a record belongs to. *Apex*: a zone's topmost name. *Rrset*: the records of one owner and
//! type. *Cut*: an NS rrset below the apex; what lies under it is *glue* or *occluded*. *Empty non-terminal*: a name that
//! exists only because something below it does.

pub mod dns;
pub mod source;
mod threads;

pub mod diagnostic;

pub mod zonefile;

pub mod zone;

pub mod authority;

pub mod lint;

pub mod server;

pub mod review;

pub mod config;

pub mod control;

pub mod cli;
