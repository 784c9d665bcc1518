//! Pre-signed zones through real sockets: validators believe every kind of answer, and disbelieve what was tampered with.

#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

mod delv;
mod kind;
mod shape;
mod sign;
mod unbound;

use std::path::Path;

use zonewright::dns::Rtype;
use zonewright::zonefile::rdata::Presentation;

pub(crate) use self::sign::family;
use crate::support::server::Server;
use crate::support::{self, build};

/// One zone, signed in three ways.
pub(crate) const ZONES: &[&str] = &["nsec", "nsec3", "optout"];

pub(crate) fn text_of(zone: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/signed/{zone}.zone"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn serve<T: AsRef<str>>(zones: &[(&str, T)]) -> Server {
    Server::start(support::served(zones.iter().map(|(apex, text)| (*apex, text.as_ref()))))
}

/// The keys of a zone that sign its keys, each as flags, protocol, algorithm and base64.
fn keys_of(apex: &str, text: &str) -> Vec<[String; 4]> {
    let zone = build(apex, text).0.expect("a zone");
    let keys = zone.rrset(zone.apex(), Rtype::DNSKEY).expect("keys");
    let fields = |rdata: &[u8]| {
        let line = Presentation { rtype: Rtype::DNSKEY, rdata }.to_string();
        let fields: Vec<&str> = line.splitn(4, ' ').collect();
        [0, 1, 2, 3].map(|index| fields[index].replace(' ', ""))
    };
    const SEP: u8 = 1;
    keys.rdatas().filter(|rdata| rdata[1] & SEP != 0).map(fields).collect()
}
