//! Text to records: the zone file format of RFC 1035 §5, and what people write in it.
//!
//! In: the octets of a zone's file, its origin, and a way to ask for the files it includes. Out: records with their places,
//! and every finding of every file in one run. Reads no disk, and stops at no error: it goes on at the next entry.

mod fields;
pub mod lexer;
pub mod rdata;

pub use fields::Fields;
