//! What a server answers now, for a comparison with a tree: whole zones where it transfers them, else question by question.
//!
//! # Design
//!
//! A transfer (RFC 5936) shows the names that only the server has; questions can only be asked for names that are known here.
//! What comes back is another's to write: sizes and times are bounded, a malformed message is none, and a transferred zone
//! goes through the printer and the parser as if it had been written to a file, so that it is judged like one.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::load;
use crate::dns::{Name, NameRef, Rcode, Rtype};
use crate::review::diff::{AnswerChange, Change, Scope};
use crate::review::{Reply, ReplyRrset, Reviewed, Snapshot};
use crate::server::message::{Message, Record};
use crate::server::{Transport, ask, respond};
use crate::source::{Source, Sources};
use crate::zone;
use crate::zonefile::{self, IncludeRefusal, Limits, Line};

/// How long a connection may take, and each read from it: servers answer in milliseconds, paths across the world in half a
/// second.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the transfer of one zone may take: a million records over a slow line.
const TRANSFER_TIME: Duration = Duration::from_secs(120);

/// The most octets of one zone's transfer.
const MAX_TRANSFER: usize = 1 << 30;

/// Questions in flight: enough to hide a path's delay, too few to be taken for an attack.
const WINDOW: usize = 64;

/// How long to wait for a datagram's answer, and how often to ask.
const UDP_PATIENCE: Duration = Duration::from_secs(1);
const ATTEMPTS: u8 = 3;

/// What a server answers now.
#[derive(Debug)]
pub struct Remote {
    /// The zones that it transferred.
    pub zones: Vec<Reviewed>,
    /// What was learnt of the others.
    pub asked: Asked,
}

/// Zones that were compared question by question.
#[derive(Debug, Default)]
pub struct Asked {
    names: Vec<Name>,
    /// The names that it answers otherwise than the tree.
    pub changes: Vec<AnswerChange>,
}

impl Asked {
    /// Their apexes.
    pub fn zones(&self) -> &[Name] {
        &self.names
    }
}

/// Reads what `server` answers now for those zones of `tree` that are wanted: the old side of a difference whose new one is the
/// tree.
///
/// # Errors
///
/// The server cannot be reached, stops in the middle, or leaves a question unanswered.
pub fn read(
    server: SocketAddr,
    tree: &Snapshot,
    is_wanted: &dyn Fn(NameRef<'_>) -> bool,
    limits: &Limits,
) -> anyhow::Result<Remote> {
    let mut remote = Remote { zones: Vec::new(), asked: Asked::default() };
    for reviewed in tree.zones().iter().filter(|reviewed| is_wanted(reviewed.name.as_ref())) {
        let (name, shown) = (&reviewed.name, format!("{} as transferred from {server}", reviewed.name));
        match transfer(server, name).with_context(|| format!("transferring {name}"))? {
            Some(records) => remote.zones.push(review(name, &records, shown, limits)?),
            None => {
                remote.asked.changes.extend(compare(server, tree, name)?);
                remote.asked.names.push(name.clone());
            }
        }
    }
    Ok(remote)
}

/// The records of a zone, its SOA first and once; none if the server does not give them.
fn transfer(server: SocketAddr, apex: &Name) -> anyhow::Result<Option<Vec<Record>>> {
    let deadline = Instant::now() + TRANSFER_TIME;
    let mut stream = connect(server)?;
    let query = query(apex.as_ref(), Rtype::AXFR);
    send(&mut stream, &query)?;
    let (mut records, mut octets) = (Vec::<Record>::new(), 0);
    loop {
        let message = match receive(&mut stream, &query) {
            // Some servers hang up instead of refusing.
            Err(error) if records.is_empty() && error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            result => result?,
        };
        octets += message.length;
        if records.is_empty() && message.rcode() != Rcode::NOERROR {
            return Ok(None);
        }
        let [answers, ..] = message.sections;
        if answers.is_empty() || records.is_empty() && answers[0].rtype != Rtype::SOA {
            return Ok(None);
        }
        for record in answers {
            if record.rtype == Rtype::SOA && !records.is_empty() {
                return Ok(Some(records));
            }
            records.push(record);
        }
        if octets > MAX_TRANSFER || Instant::now() > deadline {
            bail!("it goes on past {MAX_TRANSFER} octets or {} seconds", TRANSFER_TIME.as_secs());
        }
    }
}

/// Transferred records to a zone, by way of their text.
fn review(apex: &Name, records: &[Record], shown: String, limits: &Limits) -> anyhow::Result<Reviewed> {
    let mut text = String::new();
    for record in records {
        let line = Line { owner: record.owner.as_ref(), ttl: record.ttl, rtype: record.rtype, rdata: &record.rdata };
        writeln!(text, "{line}").context("printing a record")?;
    }
    let mut sources = Sources::default();
    let root = sources.add(Source::new(shown, text.into_bytes()));
    let parsed = zonefile::parse(&mut sources, root, apex, limits, &mut |_, _| Err(IncludeRefusal::default()));
    let built = zone::build(apex, root, parsed, &sources);
    let Some(zone) = built.zone else {
        let fault = built.findings.iter().find(|finding| finding.is_error());
        bail!("the zone {apex} that was transferred is none: {}", fault.map_or("", |finding| &finding.headline));
    };
    Ok(Reviewed { name: apex.clone(), zone: Some(zone), sources })
}

/// Asks for every rrset of a zone of the tree, and gives the names that are answered otherwise.
fn compare(server: SocketAddr, tree: &Snapshot, apex: &Name) -> anyhow::Result<Vec<AnswerChange>> {
    let questions = questions(tree, apex);
    let messages = ask_all(server, &questions, &|name, rtype| ask(name, rtype, false))?;
    let mut changes: Vec<AnswerChange> = Vec::new();
    for ((name, rtype), message) in questions.into_iter().zip(messages) {
        let (old, new) = (Reply::of(&message), own(tree, &name, rtype)?);
        if is_alike(&old, &new) {
            continue;
        }
        let cached = old.outlives(&new);
        let change = (rtype, Some(Change { old, new, cached }));
        match changes.last_mut().filter(|last| last.scope.name().is(name.as_ref())) {
            Some(last) => last.types.push(change),
            None => changes.push(AnswerChange { scope: Scope::At(name), types: vec![change], others: None }),
        }
    }
    Ok(changes)
}

fn questions(tree: &Snapshot, apex: &Name) -> Vec<(Name, Rtype)> {
    let entry = tree.served().catalog.zone(apex.as_ref());
    let zone = entry.and_then(|entry| entry.authority.as_deref());
    let nodes = zone.into_iter().flat_map(|zone| zone.nodes());
    let shown = nodes.flat_map(|node| node.rrsets().map(move |rrset| (node, rrset.rtype())));
    let is_asked = |rtype: Rtype| !matches!(rtype, Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3);
    let is_cut = |node: &crate::authority::NodeRef<'_>| node.above().is_some_and(|above| above.name().is(node.name()));
    let asked = shown.filter(|(node, rtype)| match node.is_occluded() {
        true => is_cut(node) && matches!(*rtype, Rtype::NS | Rtype::DS),
        false => is_asked(*rtype),
    });
    asked.map(|(node, rtype)| (node.name().to_name(), rtype)).collect()
}

/// What the tree answers.
fn own(tree: &Snapshot, name: &Name, rtype: Rtype) -> anyhow::Result<Reply> {
    let (query, mut out) = (ask(name.as_ref(), rtype, false), vec![0; usize::from(u16::MAX)]);
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let length = respond(&query, client, Transport::Tcp, tree.served(), &mut out).context("answering")?;
    Ok(Reply::of(&Message::read(&out[..length]).context("reading our own answer")?))
}

/// Whether another server says the same of a name. How far it follows a chain, and which addresses it adds, is its own
/// affair; a resolver's TTLs count down.
fn is_alike(theirs: &Reply, ours: &Reply) -> bool {
    let is_own = |rrset: &&ReplyRrset| rrset.owner.is_none();
    let key = |rrset: &ReplyRrset| (rrset.rtype, theirs.is_authoritative.then_some(rrset.ttl), rrset.rdatas.clone());
    let own = |reply: &Reply| -> Vec<_> { reply.answer.iter().filter(is_own).map(key).collect() };
    let servers = |reply: &Reply| -> Vec<Vec<Vec<u8>>> {
        let servers = reply.referral.iter().filter(|rrset| rrset.rtype == Rtype::NS);
        servers.map(|rrset| rrset.rdatas.clone()).collect()
    };
    let (mine, other) = (own(ours), own(theirs));
    match mine.is_empty() && other.is_empty() {
        true => theirs.rcode == ours.rcode && servers(theirs) == servers(ours),
        false => mine == other,
    }
}

/// A question over UDP that was sent.
struct Waiting {
    question: usize,
    attempts: u8,
    since: Instant,
}

/// What makes a query of a name and a type.
type Ask<'a> = &'a dyn Fn(NameRef<'_>, Rtype) -> Vec<u8>;

/// Asks all questions over UDP, some at a time, those whose answer was truncated again over TCP; answers in their order.
pub(super) fn ask_all(server: SocketAddr, questions: &[(Name, Rtype)], ask: Ask<'_>) -> anyhow::Result<Vec<Message>> {
    let any = if server.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    let socket = UdpSocket::bind((any, 0)).context("opening a socket")?;
    socket.connect(server).context("choosing the way to the server")?;
    socket.set_read_timeout(Some(UDP_PATIENCE / 10)).context("setting a deadline")?;
    let mut todo: VecDeque<(usize, u8)> = (0..questions.len()).map(|question| (question, 0)).collect();
    let mut waiting: HashMap<u16, Waiting> = HashMap::new();
    let mut answers: Vec<Option<Message>> = questions.iter().map(|_| None).collect();
    let mut buffer = vec![0; usize::from(u16::MAX)];
    while !todo.is_empty() || !waiting.is_empty() {
        while waiting.len() < WINDOW
            && let Some((question, attempts)) = todo.pop_front()
        {
            let (name, rtype) = &questions[question];
            let query = with_id(ask(name.as_ref(), *rtype));
            // A port that is closed says so on the next call: that is the deadline's to judge.
            let _ = socket.send(&query);
            let since = Instant::now();
            // An id that is in use would be answered for the other: it goes back to the end.
            if let Some(lost) = waiting.insert(id(&query), Waiting { question, attempts: attempts + 1, since }) {
                todo.push_back((lost.question, lost.attempts));
            }
        }
        if let Ok(length) = socket.recv(&mut buffer)
            && let Some(message) = Message::read(&buffer[..length])
            && let Some(known) = waiting.get(&message.id)
            && is_answer(&message, &questions[known.question])
        {
            let question = known.question;
            waiting.remove(&message.id);
            let (name, rtype) = &questions[question];
            let is_whole = !message.is_truncated();
            answers[question] = Some(if is_whole { message } else { ask_stream(server, name, *rtype)? });
        }
        let is_late = |sent: &Waiting| sent.since.elapsed() > UDP_PATIENCE;
        for (_, late) in waiting.extract_if(|_, sent| is_late(sent)) {
            if late.attempts == ATTEMPTS {
                let (name, rtype) = &questions[late.question];
                bail!("no answer for {name} {} in {ATTEMPTS} attempts", crate::zonefile::rdata::Mnemonic(*rtype));
            }
            todo.push_back((late.question, late.attempts));
        }
    }
    answers.into_iter().collect::<Option<_>>().context("a question was left over")
}

fn ask_stream(server: SocketAddr, name: &Name, rtype: Rtype) -> anyhow::Result<Message> {
    let (mut stream, query) = (connect(server)?, query(name.as_ref(), rtype));
    send(&mut stream, &query)?;
    receive(&mut stream, &query).with_context(|| format!("asking for {name} over TCP"))
}

fn is_answer(message: &Message, (name, rtype): &(Name, Rtype)) -> bool {
    let asked = message.questions.first();
    message.is_response() && asked.is_some_and(|(asked, kind, _)| asked.as_ref().is(name.as_ref()) && kind == rtype)
}

/// A query with an id that nobody can guess.
fn query(name: NameRef<'_>, rtype: Rtype) -> Vec<u8> {
    with_id(ask(name, rtype, false))
}

fn with_id(mut query: Vec<u8>) -> Vec<u8> {
    query[..2].copy_from_slice(&load::random_key()[..2]);
    query
}

fn id(message: &[u8]) -> u16 {
    u16::from_be_bytes([message[0], message[1]])
}

fn connect(server: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&server, PATIENCE).context("connecting")?;
    stream.set_read_timeout(Some(PATIENCE)).context("setting a deadline")?;
    stream.set_write_timeout(Some(PATIENCE)).context("setting a deadline")?;
    Ok(stream)
}

fn send(stream: &mut TcpStream, query: &[u8]) -> io::Result<()> {
    let length = (query.len() as u16).to_be_bytes();
    stream.write_all(&[&length, query].concat())
}

/// The next message of a stream, which must answer the query.
fn receive(stream: &mut TcpStream, query: &[u8]) -> io::Result<Message> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut octets = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut octets)?;
    let message = Message::read(&octets).filter(|message| message.is_response() && message.id == id(query));
    message.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "what came is no answer to the question"))
}
