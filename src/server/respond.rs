//! One query to one response: header, EDNS, truncation, response code and extended error.
//!
//! # Design
//!
//! The question is copied to where it stood, so that every name of the answer can point into it; then the sections; last the
//! OPT record, for which room was kept. Reading, deciding and writing are three steps: [`Reply`] holds what was read and
//! decided, and only it writes.

use std::net::IpAddr;

use super::query::{self, Edns, HEADER, Header, Query, flag};
use super::{Policy, Served, Transport};
use crate::authority::{self, Question, Section, Trace, Untraced, Writer};
use crate::dns::{Class, NameRef, Opcode, Rcode, Rtype};

/// The largest message a transport carries, in octets: its length is a 16-bit number (RFC 1035 §4.2.2).
const LARGEST: usize = u16::MAX as usize;

/// The largest UDP answer without EDNS, in octets (RFC 1035 §4.2.1).
const LEAST_UDP: u16 = 512;

/// Answers one query: writes the response to `out` (65,535 octets, or what the transport can take) and gives its length, or
/// none where no response is due: to what is no query, or too short to be answered.
pub fn respond(query: &[u8], client: IpAddr, transport: Transport, served: &Served, out: &mut [u8]) -> Option<usize> {
    Reply::new(query, transport, served, true)?.write(query, client, out, Untraced)
}

/// The same, the steps to the answer told to `trace`.
pub fn respond_traced<'s>(
    query: &[u8],
    client: IpAddr,
    transport: Transport,
    served: &'s Served,
    out: &mut [u8],
    trace: impl Trace<'s>,
) -> Option<usize> {
    Reply::new(query, transport, served, true)?.write(query, client, out, trace)
}

/// The same with every name written whole, for a transport that takes the message apart to encode it again.
pub fn respond_uncompressed(
    query: &[u8],
    client: IpAddr,
    transport: Transport,
    served: &Served,
    out: &mut [u8],
) -> Option<usize> {
    Reply::new(query, transport, served, false)?.write(query, client, out, Untraced)
}

/// Brings near what answering these queries will read, at most [`BATCH`](authority::BATCH) of them: worth calling once for
/// many queries that are then answered one by one.
pub fn warm<'q>(queries: impl Iterator<Item = &'q [u8]>, served: &Served) {
    let (mut near, mut question) = (authority::Near::new(), Question::of_root(served.catalog.key()));
    for message in queries.filter(|message| message.len() > HEADER) {
        let Ok(query) = Query::read(message) else { continue };
        question.set(query.name);
        near.add(&served.catalog, &question, query.rtype);
    }
    near.read();
}

/// An extended error (RFC 8914 §4), by its code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ExtendedError {
    Prohibited = 18,
    NotAuthoritative = 20,
    NotSupported = 21,
    InvalidData = 24,
}

/// A response in the making.
struct Reply<'s> {
    header: Header,
    transport: Transport,
    served: &'s Served,
    has_compression: bool,
    edns: Option<Edns>,
    flags: u16,
    rcode: Rcode,
    error: Option<ExtendedError>,
}

impl<'s> Reply<'s> {
    fn new(query: &[u8], transport: Transport, served: &'s Served, has_compression: bool) -> Option<Self> {
        let header = Header::read(query)?;
        // A response is never answered, or two servers would do so for ever.
        if header.flags & flag::QR != 0 {
            return None;
        }
        // RD is copied (RFC 1035 §4.1.1); AD and CD stay clear in what is authoritative (RFC 4035 §3.1.6), RA and Z always.
        let flags = flag::QR | header.flags & (flag::OPCODE | flag::RD);
        let (edns, rcode, error) = (None, Rcode::NOERROR, None);
        Some(Self { header, transport, served, has_compression, edns, flags, rcode, error })
    }

    fn write(mut self, message: &[u8], client: IpAddr, out: &mut [u8], trace: impl Trace<'s>) -> Option<usize> {
        if out.len() < usize::from(LEAST_UDP) {
            return None;
        }
        if self.header.opcode() != Opcode::QUERY {
            // What the sections of another operation hold is not known, so nothing of them is echoed, as BIND and NSD do
            // it; nor is an OPT record looked for behind them, so that no extended error can be given.
            self.refuse(Rcode::NOTIMP, None);
            return Some(self.finish(HEADER, [0; 4], out));
        }
        let Ok(query) = Query::read(message) else {
            self.refuse(Rcode::FORMERR, None);
            return Some(self.finish(HEADER, [0; 4], out));
        };
        out[HEADER..query.end].copy_from_slice(&message[HEADER..query.end]);
        let (edns, records) = query::read_records(message, query.end);
        self.edns = edns;
        let limit = self.limit(out.len()) - self.opt_length(query.end, out.len());
        let mut writer = Writer::new(out, query.end, limit, self.has_compression);
        if self.edns.is_some_and(|edns| edns.has_dnssec_ok) {
            writer.set_dnssec();
        }
        match records {
            Ok(()) => self.decide(&query, client, &mut writer, trace),
            Err(query::Malformed) => self.refuse(Rcode::FORMERR, None),
        }
        let (end, [answers, authorities, additionals]) = writer.finish();
        Some(self.finish(end, [1, answers, authorities, additionals], out))
    }

    fn refuse(&mut self, rcode: Rcode, error: Option<ExtendedError>) {
        (self.rcode, self.error) = (rcode, error);
    }

    /// The most octets the response may have.
    fn limit(&self, out: usize) -> usize {
        let policy = &self.served.policy;
        let limit = match (self.transport, self.edns) {
            (Transport::Tcp, _) => LARGEST,
            (Transport::Udp, None) => usize::from(LEAST_UDP),
            (Transport::Udp, Some(edns)) => usize::from(edns.payload.min(policy.udp_payload).max(LEAST_UDP)),
        };
        limit.min(out)
    }

    fn decide(&mut self, query: &Query<'_>, client: IpAddr, writer: &mut Writer<'_>, trace: impl Trace<'s>) {
        if self.edns.is_some_and(|edns| edns.version > 0) {
            // The version we do speak stands in our OPT record (RFC 6891 §6.1.3).
            return self.refuse(Rcode::BADVERS, None);
        }
        if !self.served.policy.allows(client) {
            return self.refuse(Rcode::REFUSED, Some(ExtendedError::Prohibited));
        }
        match (query.class, query.rtype) {
            // Records of messages, which no question asks for (RFC 6891 §6.1.1, RFC 8945 §4.2, RFC 2930 §2): FORMERR, as
            // BIND says; NSD and Knot look for them in the zone.
            (_, Rtype::OPT | Rtype::TSIG | Rtype::TKEY) => self.refuse(Rcode::FORMERR, None),
            (Class::CH, _) => self.describe(query, writer),
            (Class::IN, Rtype::AXFR | Rtype::IXFR) => self.refuse(Rcode::REFUSED, Some(ExtendedError::NotSupported)),
            (Class::IN, _) => self.answer(query, writer, trace),
            // The class ANY among them: NSD and Knot take it for IN, but no answer to it could be authoritative (RFC 1035 §6.2).
            _ => self.refuse(Rcode::REFUSED, Some(ExtendedError::NotAuthoritative)),
        }
    }

    fn answer(&mut self, query: &Query<'_>, writer: &mut Writer<'_>, trace: impl Trace<'s>) {
        let catalog = &self.served.catalog;
        let mut question = Question::of_root(catalog.key());
        question.set(query.name);
        let answered = authority::answer_traced(catalog, &mut question, query.rtype, writer, trace);
        self.rcode = answered.rcode;
        if answered.is_authoritative {
            self.flags |= flag::AA;
        }
        if answered.is_truncated {
            self.flags |= flag::TC;
        }
        if answered.is_foreign {
            self.error = Some(ExtendedError::NotAuthoritative);
        }
        if answered.is_broken {
            self.error = Some(ExtendedError::InvalidData);
        }
    }

    /// What the server says of itself (RFC 4892), if it is told to.
    fn describe(&mut self, query: &Query<'_>, writer: &mut Writer<'_>) {
        let policy: &Policy = &self.served.policy;
        let is = |wire: &[u8]| query.name.octets().eq_ignore_ascii_case(wire);
        let text = if is(b"\x07version\x04bind\0") || is(b"\x07version\x06server\0") {
            policy.version.as_deref()
        } else if is(b"\x02id\x06server\0") || is(b"\x08hostname\x04bind\0") {
            policy.id.as_deref()
        } else {
            None
        };
        let Some(text) = text.filter(|_| matches!(query.rtype, Rtype::TXT | Rtype::ANY)) else {
            return self.refuse(Rcode::REFUSED, Some(ExtendedError::NotAuthoritative));
        };
        let mut rdata = [0; 256];
        let length = text.len().min(255);
        rdata[0] = length as u8;
        rdata[1..=length].copy_from_slice(&text.as_bytes()[..length]);
        writer.set_class(Class::CH);
        let records = [&rdata[..=length]].into_iter();
        if writer.records(Section::Answer, query.name, Rtype::TXT, 0, records).is_err() {
            self.flags |= flag::TC;
        }
        self.flags |= flag::AA;
    }

    /// Octets kept for the OPT record. An extended error needs none of them: with one goes no record, so the room for those
    /// is free. The server's name is left out where it would not leave room for the question and an error.
    fn opt_length(&mut self, question_end: usize, out: usize) -> usize {
        let Some(edns) = &mut self.edns else { return 0 };
        let nsid = self.served.policy.nsid.as_ref().map_or(0, |nsid| 4 + nsid.len());
        let fits = question_end + OPT + EXTENDED_ERROR + nsid <= usize::from(LEAST_UDP).min(out);
        edns.wants_nsid &= nsid > 0 && fits;
        OPT + if edns.wants_nsid { nsid } else { 0 }
    }

    /// Writes header and OPT record around the sections, and gives the message's length.
    fn finish(self, end: usize, mut counts: [u16; 4], out: &mut [u8]) -> usize {
        let end = match self.edns {
            Some(edns) => {
                counts[3] += 1;
                self.write_opt(edns, end, out)
            }
            None => end,
        };
        out[..2].copy_from_slice(&self.header.id.to_be_bytes());
        out[2..4].copy_from_slice(&(self.flags | self.rcode.0 & 0xF).to_be_bytes());
        for (place, count) in out[4..HEADER].chunks_exact_mut(2).zip(counts) {
            place.copy_from_slice(&count.to_be_bytes());
        }
        end
    }

    fn write_opt(&self, edns: Edns, at: usize, out: &mut [u8]) -> usize {
        let mut cursor = Cursor { out, at };
        cursor.put(NameRef::ROOT.octets());
        cursor.put(&Rtype::OPT.0.to_be_bytes());
        cursor.put(&self.served.policy.udp_payload.to_be_bytes());
        // The upper bits of the response code, the version, and DO as it was sent (RFC 3225 §3).
        cursor.put(&[(self.rcode.0 >> 4) as u8, 0, if edns.has_dnssec_ok { 0x80 } else { 0 }, 0]);
        let length_at = cursor.at;
        cursor.put(&[0, 0]);
        if let Some(nsid) = self.served.policy.nsid.as_ref().filter(|_| edns.wants_nsid) {
            cursor.put_option(3, nsid);
        }
        if let Some(error) = self.error {
            cursor.put_option(15, &(error as u16).to_be_bytes());
        }
        let (end, length) = (cursor.at, (cursor.at - length_at - 2) as u16);
        out[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
        end
    }
}

/// Octets of an OPT record without options, and of an extended error without text.
const OPT: usize = 11;
const EXTENDED_ERROR: usize = 6;

/// Writes octets one after the other; room was kept for them.
struct Cursor<'o> {
    out: &'o mut [u8],
    at: usize,
}

impl Cursor<'_> {
    fn put(&mut self, octets: &[u8]) {
        self.out[self.at..self.at + octets.len()].copy_from_slice(octets);
        self.at += octets.len();
    }

    fn put_option(&mut self, code: u16, octets: &[u8]) {
        self.put(&code.to_be_bytes());
        self.put(&(octets.len() as u16).to_be_bytes());
        self.put(octets);
    }
}
