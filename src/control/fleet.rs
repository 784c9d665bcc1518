//! What several servers answer for the same zones: which commit and serial each has, and who lags.
//!
//! In: servers, and zones. Out: a [`Fleet`], compared by commit first, where servers tell of one (RFC 5001), and by serial
//! second. Servers of any make are asked; each by a thread of its own, so that one that hangs holds up none.

use std::net::SocketAddr;

use super::git::Id;
use super::remote::ask_all;
use super::revision::Place;
use crate::config::Config;
use crate::dns::{Name, Rcode, Rtype, is_serial_after};
use crate::server::ask_with_nsid;
use crate::server::message::Message;
use crate::zonefile::rdata::soa_serial;

/// A server, as it was named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// As people here wrote it.
    pub shown: String,
    /// Where it is asked.
    pub address: SocketAddr,
}

/// What one server says of one zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Said {
    /// It is an authority for it, and has this serial.
    Serial(u32),
    /// It has no answer, for this reason.
    Failed(Rcode),
    /// It answers, and not as an authority for it.
    Lame,
}

/// One server's answers.
#[derive(Debug)]
pub struct Node {
    /// The server.
    pub server: Server,
    /// What it says of each zone, in their order; or why it does not.
    pub said: Result<Vec<Said>, String>,
    /// The commit that it says it serves.
    pub commit: Option<String>,
    /// How many commits of the branch are newer than that one; none: it is not on it, or there is no repository.
    pub behind: Option<usize>,
}

/// All servers' answers.
#[derive(Debug)]
pub struct Fleet {
    /// The zones that were asked for.
    pub zones: Vec<Name>,
    /// The servers.
    pub nodes: Vec<Node>,
}

impl Fleet {
    /// Asks each server for each zone.
    pub fn ask(servers: Vec<Server>, zones: Vec<Name>, config: &Config) -> Self {
        let questions: Vec<(Name, Rtype)> = zones.iter().map(|zone| (zone.clone(), Rtype::SOA)).collect();
        let questions = &questions;
        let ids = line(config);
        let nodes = std::thread::scope(|scope| {
            let asked: Vec<_> = servers.into_iter().map(|server| scope.spawn(move || ask(server, questions))).collect();
            asked
                .into_iter()
                .map(|asked| asked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let mut fleet = Self { zones, nodes };
        for node in &mut fleet.nodes {
            let id = node.commit.as_ref().and_then(|commit| Id::from_hex(commit.as_bytes()).ok());
            node.behind = id.and_then(|id| ids.iter().position(|known| *known == id));
        }
        fleet
    }

    /// The newest serial that any server has of a zone.
    pub fn newest(&self, zone: usize) -> Option<u32> {
        let serials = self.nodes.iter().filter_map(|node| match node.said.as_ref().ok()?.get(zone)? {
            Said::Serial(serial) => Some(*serial),
            _ => None,
        });
        serials.reduce(|one, other| if is_serial_after(other, one) { other } else { one })
    }

    /// The zones that not all servers that answer say the same of.
    pub fn split(&self) -> Vec<usize> {
        let is_split = |&zone: &usize| {
            let newest = self.newest(zone).map(Said::Serial);
            let said = self.nodes.iter().filter_map(|node| node.said.as_ref().ok());
            newest.is_none() || said.map(|said| said.get(zone).copied()).any(|said| said != newest)
        };
        (0..self.zones.len()).filter(is_split).collect()
    }

    /// Whether all answer, with one serial of each zone, and no two with different commits.
    pub fn agrees(&self) -> bool {
        let mut commits = self.nodes.iter().filter_map(|node| node.commit.as_deref());
        let first = commits.next();
        self.nodes.iter().all(|node| node.said.is_ok())
            && commits.all(|commit| Some(commit) == first)
            && self.split().is_empty()
    }
}

/// The commits of the branch, the newest first; none without a repository.
fn line(config: &Config) -> Vec<Id> {
    let line = Place::find(config).and_then(|place| place.line());
    line.map(|line| line.steps.into_iter().map(|step| step.id).collect()).unwrap_or_default()
}

fn ask(server: Server, questions: &[(Name, Rtype)]) -> Node {
    let messages = ask_all(server.address, questions, &|name, rtype| ask_with_nsid(name, rtype));
    let commit = messages.iter().flatten().find_map(|message| commit_of(message.nsid()?));
    let said = messages
        .map(|messages| messages.iter().zip(questions).map(|(message, (zone, _))| said(message, zone)).collect());
    Node { server, said: said.map_err(|error| format!("{error:#}")), commit, behind: None }
}

/// The commit's id that a server's name consists of, or starts with: what is served may be marked behind it.
fn commit_of(nsid: &[u8]) -> Option<String> {
    let id = nsid.split(|octet| *octet == b'+').next()?;
    let is_id = matches!(id.len(), 40 | 64) && id.iter().all(u8::is_ascii_hexdigit);
    is_id.then(|| String::from_utf8_lossy(id).to_ascii_lowercase())
}

fn said(message: &Message, zone: &Name) -> Said {
    let soa =
        message.sections[0].iter().find(|record| record.rtype == Rtype::SOA && record.owner.as_ref().is(zone.as_ref()));
    match soa.and_then(|soa| soa_serial(&soa.rdata)) {
        _ if message.rcode() != Rcode::NOERROR => Said::Failed(message.rcode()),
        Some(serial) if message.is_authoritative() => Said::Serial(serial),
        _ => Said::Lame,
    }
}
