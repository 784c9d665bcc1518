//! What is asked: names around those of a zone, every type, and the manners in which a resolver may ask.

use std::hash::{DefaultHasher, Hash, Hasher};

use zonewright::dns::{Class, Name, NameRef, Rtype};
use zonewright::server::Transport;
use zonewright::zonefile::rdata::Mnemonic;

use crate::support::fixture::{FLAGS, TYPES};
use crate::support::message::Query;

/// A query, and how it goes.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) query: Query,
    pub(super) transport: Transport,
}

impl Question {
    /// As it is, in one datagram.
    pub(super) fn plain(query: Query) -> Self {
        Self { query, transport: Transport::Udp }
    }

    pub(super) fn is_tcp(&self) -> bool {
        self.transport == Transport::Tcp
    }
}

impl std::fmt::Display for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Query { name, rtype, flags, class, edns, .. } = &self.query;
        write!(f, "{} {} {:?}", NameRef::trusted(name), Mnemonic(*rtype), self.transport)?;
        write!(f, " flags={flags:04x} class={} edns={edns:?}", class.0)
    }
}

/// How a question is asked.
type Manner = (Transport, fn(Query) -> Query);

/// Each question is asked in all of these.
const MANNERS: [Manner; 6] = [
    (Transport::Udp, |query| query),
    (Transport::Udp, |query| with_bits(query, RD | AD | CD).edns(4096)),
    (Transport::Udp, |query| with_do(query, 1232)),
    (Transport::Udp, |query| with_do(query, 512)),
    (Transport::Tcp, |query| with_do(query, 1232)),
    (Transport::Tcp, |query| with_do(with_random_case(with_bits(query, RD)), 4096)),
];

const RD: u16 = 0x0100;
const AD: u16 = 0x0020;
const CD: u16 = 0x0010;

fn with_bits(query: Query, flags: u16) -> Query {
    Query { flags: query.flags | flags, ..query }
}

fn with_do(query: Query, payload: u16) -> Query {
    Query { edns: Some((payload, 0, true, Vec::new())), ..query }
}

/// Letters in upper or lower case as the bits of the name's hash fall.
fn with_random_case(mut query: Query) -> Query {
    let mut hasher = DefaultHasher::new();
    query.name.hash(&mut hasher);
    let bits = hasher.finish();
    for (index, octet) in query.name.iter_mut().enumerate().filter(|(_, octet)| octet.is_ascii_alphabetic()) {
        *octet ^= ((bits >> (index % 64) & 1) as u8) << 5;
    }
    query
}

/// Types that only signed zones own.
const SIGNED_TYPES: [Rtype; 4] = [Rtype::NSEC3, Rtype::NSEC3PARAM, Rtype(52), Rtype(59)];

/// A query of every type for the name.
pub(super) fn of_every_type(name: &str) -> impl Iterator<Item = Query> {
    TYPES.into_iter().chain(SIGNED_TYPES).map(move |rtype| Query::new(name, rtype))
}

/// The query in each of the manners.
pub(super) fn in_every_manner(query: Query) -> impl Iterator<Item = Question> {
    MANNERS.iter().map(move |(transport, shape)| Question { query: shape(query.clone()), transport: *transport })
}

/// The query in the manner that a number picks.
pub(super) fn in_some_manner(draw: u64, query: Query) -> Question {
    // The low bits have chosen the question already.
    let (transport, shape) = MANNERS[(draw >> 32) as usize % MANNERS.len()];
    Question { query: shape(query), transport }
}

/// An owner name, and names below, beside, between and above it.
pub(super) fn names_around(owner: &str) -> Vec<String> {
    let name = Name::absolute(owner).expect("a name");
    let parent = name.as_ref().parent().unwrap_or(NameRef::ROOT).to_string();
    let [below, above] = [owner, &parent].map(|name| if name == "." { "" } else { name });
    // `\000` below a name is the next in canonical order, and `x~` beside it stands between it and the one after.
    let first = owner.split('.').next().expect("a label");
    let made = [
        format!("zz.{below}"),
        format!("a.zz.{below}"),
        format!("*.{below}"),
        format!("\\000.{below}"),
        format!("zz-beside.{above}"),
        format!("0{first}.{above}"),
        format!("{first}~.{above}"),
        parent.clone(),
    ];
    let is_possible = |name: &String| Name::absolute(name).is_ok();
    std::iter::once(owner.to_owned()).chain(made.into_iter().filter(is_possible)).collect()
}

/// EDNS options as octets: NSID, a client subnet, a client cookie, padding, and one that nobody knows.
const OPTIONS: [&[u8]; 5] = [
    &[0, 3, 0, 0],
    &[0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2],
    &[0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8],
    &[0, 12, 0, 4, 0, 0, 0, 0],
    &[0xFD, 0xE9, 0, 2, 0xAB, 0xCD],
];

/// The query with each header bit, operation, class, EDNS version, option and size that a stranger may send.
pub(super) fn in_strange_manners(query: &Query) -> Vec<Question> {
    let edns = |payload, version, options: &[u8]| Query {
        edns: Some((payload, version, true, options.to_vec())),
        ..query.clone()
    };
    // The bits but QR: what carries it is no query.
    let bits = FLAGS[1..].iter().map(|&(bit, _)| bit).chain([0x07F0]);
    let bits = bits.map(|bit| with_bits(query.clone(), bit));
    let opcodes = (1..16).map(|opcode| with_bits(query.clone(), opcode << 11));
    let classes = [2, 3, 4, 254, 255].map(|class| Query { class: Class(class), ..query.clone() });
    let versions = [1, 2, 255].map(|version| edns(1232, version, &[]));
    let options = OPTIONS.map(|options| edns(1232, 0, options));
    let sizes = [0, 1, 511, 512, 513, 1231, 1232, 1233, 4096, 65_535].map(|payload| edns(payload, 0, &[]));
    let queries = bits.chain(opcodes).chain(classes).chain(versions).chain(options).chain(sizes);
    let both =
        |query: Query| [Transport::Udp, Transport::Tcp].map(|transport| Question { query: query.clone(), transport });
    queries.flat_map(both).collect()
}
