//! What must hold for any octets: the bodies of the fuzz targets, which `tests/it/fuzz.rs` runs as properties too.
//!
//! A body panics where its property is broken.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};

use zonewright::authority::{Authority, Catalog, HashKey};
use zonewright::config::Config;
use zonewright::diagnostic::render::{Format, render};
use zonewright::diagnostic::{Diagnostic, Label};
use zonewright::dns::{Name, NameRef, Rtype};
use zonewright::server::{Policy, Served, Transport, respond, warm};
use zonewright::source::{Source, Sources};
use zonewright::zone;
use zonewright::zonefile::lexer::{Lexer, Token, TokenKind};
use zonewright::zonefile::rdata::{self, Presentation};
use zonewright::zonefile::{self, Fields, IncludeRefusal, Limits, Line};

const KEY: HashKey = HashKey(*b"zonewright fuzz!");

/// Zone text never panics, its tokens tile it, and every finding lies within it and can be shown.
///
/// What builds also compiles, and its records print to text that gives the same records.
pub fn zone_text(octets: &[u8]) {
    tokens_tile(octets);
    let apex = Name::absolute("example.org").expect("a name");
    let mut sources = Sources::default();
    let root = sources.add(Source::new("zone", octets));
    let refuse = &mut |_: &str, _: &[u8]| Err(refusal());
    let parsed = zonefile::parse(&mut sources, root, &apex, &Limits::default(), refuse);
    let built = zone::build(&apex, root, parsed, &sources);
    built.findings.iter().for_each(|finding| shown(finding, &sources));
    if let Some(zone) = built.zone {
        let authority = Authority::compile(&zone, KEY);
        assert_eq!(authority.record_count(), zone.record_count(), "records were lost");
        reads_back(&zone, &apex);
    }
}

fn refusal() -> IncludeRefusal {
    IncludeRefusal { unreadable: true, headline: "no includes here".into(), why: String::new(), fix: String::new() }
}

fn tokens_tile(octets: &[u8]) {
    let mut end = 0;
    for token in Lexer::new(octets, 0) {
        assert!(token.start == end && token.end > token.start, "{token:?} does not follow {end}");
        end = token.end;
    }
    assert_eq!(end as usize, octets.len(), "the tokens end early");
}

fn shown(finding: &Diagnostic, sources: &Sources) {
    for Label { span, .. } in std::iter::once(&finding.primary).chain(&finding.others) {
        let text = sources.get(span.file).text();
        assert!(span.start <= span.end && span.end as usize <= text.len(), "{finding:?} lies outside its text");
    }
    for format in Format::ALL {
        let mut out = String::new();
        render(*format, finding, sources, false, &mut out);
        let is_control = |c: char| c.is_control() && c != '\n';
        assert!(!out.contains(is_control), "a control character reaches the terminal: {out:?}");
    }
}

fn reads_back(zone: &zone::Zone, apex: &Name) {
    let rrsets = || zone.nodes().flat_map(|node| node.rrsets());
    let lines = |rrset: zone::Rrset<'_>| {
        let (owner, ttl, rtype) = (rrset.owner(), rrset.ttl(), rrset.rtype());
        rrset.rdatas().map(|rdata| format!("{}\n", Line { owner, ttl, rtype, rdata })).collect::<String>()
    };
    let text: String = rrsets().map(lines).collect();
    let mut sources = Sources::default();
    let root = sources.add(Source::new("printed", text.as_bytes()));
    let parsed = zonefile::parse(&mut sources, root, apex, &Limits::default(), &mut |_, _| Err(refusal()));
    let again = zone::build(apex, root, parsed, &sources);
    let zone = again.zone.unwrap_or_else(|| panic!("what was printed is refused: {:?}\n{text}", again.findings));
    let text_again: String = zone.nodes().flat_map(|node| node.rrsets()).map(lines).collect();
    assert_eq!(text, text_again, "what was printed reads as something else");
}

/// Any datagram gets a well-formed reply or none, never one larger than its sender can take, and none to a response.
pub fn message(octets: &[u8]) {
    static SERVED: OnceLock<Served> = OnceLock::new();
    let served = SERVED.get_or_init(sample);
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    warm(std::iter::once(octets), served);
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut out = vec![0xAA; 65_535];
        let Some(length) = respond(octets, client, transport, served, &mut out) else { continue };
        assert!(octets.len() >= 12 && octets[2] & 0x80 == 0, "a response or a fragment was answered");
        assert!(transport == Transport::Tcp || length <= 1232, "{length} octets over UDP");
        let reply = &out[..length];
        assert!(reply[..2] == octets[..2] && reply[2] & 0x80 != 0, "no response to this query");
        well_formed(reply);
    }
}

/// A zone with something of each kind that answers are made of.
fn sample() -> Served {
    let text = "$TTL 60\n@ SOA ns host 1 2 3 4 5\n@ NS ns\n@ MX 1 ns\n@ HTTPS 0 svc\nsvc HTTPS 1 . alpn=h2\nns A 192.0.2.1\n\
        ns AAAA 2001:db8::1\n*.w A 192.0.2.2\n*.c CNAME a.w\nl CNAME m\nm CNAME l\nd DNAME e.d2\nd2 DNAME d\ncut NS ns.cut\n\
        ns.cut A 192.0.2.3\nbig TXT \"0123456789012345678901234567890123456789\"\na.b.c.e TXT x\n";
    let big: String = (0..200).map(|n| format!("many A 192.0.3.{n}\nlong TXT \"{n:0200}\"\n")).collect();
    let apex = Name::absolute("a").expect("a name");
    let mut sources = Sources::default();
    let root = sources.add(Source::new("sample", format!("{text}{big}").as_bytes()));
    let parsed = zonefile::parse(&mut sources, root, &apex, &Limits::default(), &mut |_, _| Err(refusal()));
    let zone = zone::build(&apex, root, parsed, &sources).zone.expect("the sample has no errors");
    let authority = Arc::new(Authority::compile(&zone, KEY));
    let broken = Name::absolute("b").expect("a name");
    let policy = Policy { version: Some("fuzz".into()), nsid: Some(b"fuzz".to_vec()), ..Policy::default() };
    Served::new(Catalog::new(KEY, [(apex, Some(authority)), (broken, None)]), policy)
}

/// Counts, lengths and pointers agree, and nothing stands behind the last record.
fn well_formed(message: &[u8]) {
    let word = |at: usize| usize::from(u16::from_be_bytes([message[at], message[at + 1]]));
    let mut at = 12;
    for _ in 0..word(4) {
        at = name_end(message, at) + 4;
    }
    for _ in 0..word(6) + word(8) + word(10) {
        let fixed = name_end(message, at);
        at = fixed + 10 + word(fixed + 8);
    }
    assert_eq!(at, message.len(), "the records end elsewhere than the message");
}

fn name_end(message: &[u8], start: usize) -> usize {
    let (mut at, mut end) = (start, None);
    loop {
        match usize::from(message[at]) {
            0 => return end.unwrap_or(at + 1),
            length @ 1..=63 => at += 1 + length,
            high => {
                let target = (high & 0x3F) << 8 | usize::from(message[at + 1]);
                assert!(high >= 0xC0 && target < at, "a pointer at {at} leads on to {target}");
                end.get_or_insert(at + 2);
                at = target;
            }
        }
    }
}

/// For every type: what is valid on the wire prints to text that reads as the same octets, and what reads from text is valid.
///
/// The first octet chooses the type, the rest is taken as its data, once on the wire and once as text.
pub fn rdata(octets: &[u8]) {
    let Some((&choice, data)) = octets.split_first() else { return };
    let types = rdata::types();
    let rtype = types[usize::from(choice) % types.len()].rtype;
    for name in rdata::names(rtype, data) {
        assert!(NameRef::parse(&data[name.start..name.end]).is_some(), "no name at {}..{}", name.start, name.end);
    }
    if rdata::is_valid(rtype, data) {
        same_through_text(rtype, data);
    }
    if let Some(wire) = read(rtype, data) {
        assert!(rdata::is_valid(rtype, &wire), "{rtype:?} read as invalid {wire:02x?}");
        same_through_text(rtype, &wire);
    }
}

fn same_through_text(rtype: Rtype, wire: &[u8]) {
    let text = Presentation { rtype, rdata: wire }.to_string();
    let again = read(rtype, text.as_bytes());
    assert_eq!(again.as_deref(), Some(wire), "{rtype:?} printed as {text}");
}

fn read(rtype: Rtype, text: &[u8]) -> Option<Vec<u8>> {
    let mut sources = Sources::default();
    let file = sources.add(Source::new("rdata", text));
    let tokens: Vec<Token> = Lexer::new(text, 0).filter(Token::is_data).collect();
    if tokens.iter().any(|token| token.kind == TokenKind::Unclosed) {
        return None;
    }
    let mut fields = Fields::new(text, file, &tokens, Some(NameRef::ROOT), text.len() as u32);
    let mut out = Vec::new();
    match rdata::parse(rtype, &mut fields, &mut out) {
        Ok(()) => Some(out),
        Err(finding) => {
            shown(&finding, &sources);
            None
        }
    }
}

/// Any config is taken or refused with findings that can be shown.
pub fn config(octets: &[u8]) {
    let mut sources = Sources::default();
    let file = sources.add(Source::new("zonewright.toml", octets));
    if let Err(findings) = Config::parse(&sources, file, std::path::Path::new("/nowhere")) {
        assert!(!findings.is_empty(), "refused without a word");
        findings.iter().for_each(|finding| shown(finding, &sources));
    }
}
