//! Answers as files: `tests/fixtures/answers/*.txt`.
//!
//! A file holds zones, then questions, each with the reply that is due:
//!
//! ```text
//! zone example.test.
//!     example.test. 300 SOA …            zone text, indented by four blanks
//! broken other.test.                     a zone with no good version
//! policy version=1.2 id=ns1 nsid=6e7331 allow=192.0.2.0/24
//!
//! ; RFC 2308 §3: why this is the answer
//! ask www.example.test. A tcp rd         question, then what is unusual about the query
//! NOERROR aa rd                          or `dropped`; every flag, and what the OPT record holds
//! answer      www.example.test. 300 A 192.0.2.1
//! ```
//!
//! Words of a query: `tcp`, `edns[=SIZE]`, `do`, `version=N`, `options=HEX`, `two-opts`, `opt-owner=NAME`, `class=N`,
//! `opcode=N`, the four counts (`qdcount=N` …), `append=HEX`, `cut=OCTETS`, `from=ADDRESS`, and header bits by name.
//! Words of a reply: its header bits by name, `opcode=N`, `no-question`, `no-opt`, `ede=N`, `nsid=HEX`.

#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::net::IpAddr;
use std::path::PathBuf;

use zonewright::authority::Catalog;
use zonewright::dns::{Class, Name, Rtype};
use zonewright::server::{Policy, Served, Transport};
use zonewright::zonefile::rdata;

use super::KEY;
use super::message::{Query, Record, Response};

/// One file.
pub(crate) struct Fixture {
    pub(crate) name: String,
    /// Apex and text; no text for a zone with no good version.
    pub(crate) zones: Vec<(String, Option<String>)>,
    pub(crate) policy: Policy,
    pub(crate) steps: Vec<Step>,
}

/// One question and its reply.
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) ask: Ask,
    /// The reply as [`describe`] words it, lower-cased.
    pub(crate) expected: Vec<String>,
}

/// A query, and how it comes.
pub(crate) struct Ask {
    pub(crate) query: Query,
    pub(crate) transport: Transport,
    pub(crate) client: IpAddr,
    second_opt: bool,
    opt_owner: Option<Name>,
    /// The header's counts, where they are not what the message has.
    counts: [Option<u16>; 4],
    append: Vec<u8>,
    cut: Option<usize>,
}

/// Header bits by their names.
pub(crate) const FLAGS: [(u16, &str); 8] = [
    (0x8000, "qr"),
    (0x0400, "aa"),
    (0x0200, "tc"),
    (0x0100, "rd"),
    (0x0080, "ra"),
    (0x0040, "z"),
    (0x0020, "ad"),
    (0x0010, "cd"),
];

/// All files, by name.
pub(crate) fn all() -> Vec<Fixture> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/answers");
    let entries = std::fs::read_dir(folder).expect("the fixtures' folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &std::path::Path) -> Fixture {
    let text = std::fs::read_to_string(path).expect("a fixture");
    let name = path.file_stem().expect("a file name").to_string_lossy().into_owned();
    let (zones, policy, steps) = (Vec::new(), Policy::default(), Vec::new());
    let mut fixture = Fixture { name, zones, policy, steps };
    for (index, line) in text.lines().enumerate() {
        let place = || format!("{}:{}: {line}", path.display(), index + 1);
        if let Some(zone_text) = line.strip_prefix("    ") {
            let (_, text) = fixture.zones.last_mut().unwrap_or_else(|| panic!("{}: text of no zone", place()));
            let text = text.as_mut().unwrap_or_else(|| panic!("{}: text of a broken zone", place()));
            text.push_str(zone_text);
            text.push('\n');
            continue;
        }
        let mut words = line.split_whitespace();
        match words.next() {
            None => {}
            Some(comment) if comment.starts_with(';') => {}
            Some("zone") => fixture.zones.push((words.next().expect("an apex").into(), Some(String::new()))),
            Some("broken") => fixture.zones.push((words.next().expect("an apex").into(), None)),
            Some("policy") => words.for_each(|word| set_policy(&mut fixture.policy, word)),
            Some("ask") => fixture.steps.push(Step { line: index + 1, ask: ask(words), expected: Vec::new() }),
            Some(_) => {
                let step = fixture.steps.last_mut().unwrap_or_else(|| panic!("{}: no question above", place()));
                step.expected.push(normal(line));
            }
        }
    }
    fixture
}

fn set_policy(policy: &mut Policy, word: &str) {
    let (key, value) = word.split_once('=').expect("key=value");
    match key {
        "version" => policy.version = Some(value.into()),
        "id" => policy.id = Some(value.into()),
        "nsid" => policy.nsid = Some(hex(value)),
        "allow" => policy.allow_query = vec![value.parse().expect("a network")],
        _ => panic!("no such setting: {key}"),
    }
}

fn ask<'w>(mut words: impl Iterator<Item = &'w str>) -> Ask {
    let name = words.next().expect("a question");
    let rtype = rdata::from_mnemonic(words.next().expect("a type").as_bytes()).expect("a known type");
    let mut ask = Ask {
        query: Query::new(name, rtype),
        transport: Transport::Udp,
        client: [192, 0, 2, 1].into(),
        second_opt: false,
        opt_owner: None,
        counts: [None; 4],
        append: Vec::new(),
        cut: None,
    };
    words.for_each(|word| ask.set(word));
    ask
}

impl Ask {
    fn set(&mut self, word: &str) {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let edns = |query: &mut Query| query.edns.get_or_insert((1232, 0, false, Vec::new())).clone();
        let number = || value.parse::<u16>().expect("a number");
        match key {
            "tcp" => self.transport = Transport::Tcp,
            "edns" if value.is_empty() => _ = edns(&mut self.query),
            "edns" => self.query.edns = Some((number(), 0, false, Vec::new())),
            "do" => self.query.edns = Some((edns(&mut self.query).0, 0, true, edns(&mut self.query).3)),
            "version" => self.query.edns = Some((1232, number() as u8, false, Vec::new())),
            "options" => self.query.edns = Some((edns(&mut self.query).0, 0, edns(&mut self.query).2, hex(value))),
            "two-opts" => self.second_opt = true,
            "opt-owner" => self.opt_owner = Some(Name::absolute(value).expect("a name")),
            "class" => self.query.class = Class(number()),
            "opcode" => self.query.flags |= number() << 11,
            "qdcount" => self.counts[0] = Some(number()),
            "ancount" => self.counts[1] = Some(number()),
            "nscount" => self.counts[2] = Some(number()),
            "arcount" => self.counts[3] = Some(number()),
            "append" => self.append = hex(value),
            "cut" => self.cut = Some(number().into()),
            "from" => self.client = value.parse().expect("an address"),
            flag => self.query.flags |= FLAGS.iter().find(|(_, name)| *name == flag).expect("a known word").0,
        }
    }

    /// Whether the question is plain enough to be asked of any server.
    pub(crate) fn is_plain(&self) -> bool {
        let query = &self.query;
        let is_whole = self.counts == [None; 4] && self.cut.is_none() && self.append.is_empty() && !self.second_opt;
        is_whole && self.opt_owner.is_none() && query.class == Class::IN && query.flags & !0x0130 == 0
    }

    pub(crate) fn octets(&self) -> Vec<u8> {
        let mut octets = self.query.octets();
        let opt_at = 12 + self.query.name.len() + 4;
        if self.second_opt {
            octets[11] += 1;
            octets.extend_from_within(opt_at..);
        }
        if let Some(owner) = &self.opt_owner {
            octets.splice(opt_at..=opt_at, owner.as_ref().octets().iter().copied());
        }
        for (place, count) in octets[4..12].chunks_mut(2).zip(self.counts) {
            if let Some(count) = count {
                place.copy_from_slice(&count.to_be_bytes());
            }
        }
        octets.truncate(self.cut.unwrap_or(octets.len()));
        octets.extend(&self.append);
        octets
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16).expect("a hexadecimal digit")).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

/// What a file writes one way and a reply another: blanks, and the case of names.
fn normal(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase()
}

/// A reply in the words of the files: a header line, then a line for each record.
pub(crate) fn describe(query: &Query, reply: Option<&Response>) -> Vec<String> {
    let Some(reply) = reply else { return vec!["dropped".into()] };
    let mut header = vec![reply.rcode.to_string()];
    // QR is set in every reply, and said of none.
    assert!(reply.flags & 0x8000 != 0, "a reply without QR");
    assert_eq!(reply.id, query.id, "another question's identifier");
    let set = FLAGS[1..].iter().filter(|(bit, _)| reply.flags & bit != 0);
    header.extend(set.map(|(_, name)| (*name).to_owned()));
    if reply.flags >> 11 & 0xF != 0 {
        header.push(format!("opcode={}", reply.flags >> 11 & 0xF));
    }
    match &reply.question {
        None => header.push("no-question".into()),
        Some(question) => assert_eq!(question, &(query.name.clone(), query.rtype, query.class), "another question"),
    }
    match (&query.edns, &reply.opt) {
        (Some(_), None) => header.push("no-opt".into()),
        (None, Some(_)) => panic!("an OPT record that nobody asked for"),
        (Some((_, _, has_dnssec_ok, _)), Some((_, version, flags, options))) => {
            assert_eq!((*version, *flags), (0, if *has_dnssec_ok { 0x8000 } else { 0 }), "version and flags of OPT");
            header.extend(options_of(options));
        }
        (None, None) => {}
    }
    let sections = [("answer", &reply.answer), ("authority", &reply.authority), ("additional", &reply.additional)];
    let records = sections.into_iter().flat_map(|(section, records)| records.iter().map(move |one| (section, one)));
    let lines = records.map(|(section, record): (_, &Record)| match record.class {
        Class::IN => format!("{section} {record}"),
        Class(other) => format!("{section} CLASS{other} {record}"),
    });
    std::iter::once(header.join(" ")).chain(lines).map(|line| normal(&line)).collect()
}

fn options_of(mut options: &[u8]) -> Vec<String> {
    let mut words = Vec::new();
    while let Some((header, rest)) = options.split_first_chunk::<4>() {
        let (code, length) = (u16::from_be_bytes([header[0], header[1]]), u16::from_be_bytes([header[2], header[3]]));
        let (value, rest) = rest.split_at(length.into());
        let hex: String = value.iter().map(|octet| format!("{octet:02x}")).collect();
        words.push(match code {
            3 => format!("nsid={hex}"),
            15 => format!("ede={}", u16::from_be_bytes([value[0], value[1]])),
            _ => format!("option{code}={hex}"),
        });
        options = rest;
    }
    assert!(options.is_empty(), "options end within one");
    words
}

impl Fixture {
    pub(crate) fn served(&self) -> Served {
        let compile = |apex: &String, text: &Option<String>| {
            (Name::absolute(apex).expect("an apex"), text.as_ref().map(|text| super::authority(apex, text)))
        };
        let zones = self.zones.iter().map(|(apex, text)| compile(apex, text));
        Served::new(Catalog::new(KEY, zones), self.policy.clone())
    }
}

/// Types that have a reply of their own, or that a zone of the fixtures holds.
pub(crate) const TYPES: [Rtype; 19] = [
    Rtype::A,
    Rtype::AAAA,
    Rtype::NS,
    Rtype::SOA,
    Rtype::MX,
    Rtype::TXT,
    Rtype::CNAME,
    Rtype::DNAME,
    Rtype::DS,
    Rtype::SRV,
    Rtype::PTR,
    Rtype(257),
    Rtype::SVCB,
    Rtype::HTTPS,
    Rtype::ANY,
    Rtype::DNSKEY,
    Rtype::NSEC,
    Rtype::RRSIG,
    Rtype(65400),
];
