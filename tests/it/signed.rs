//! Pre-signed zones through real sockets: `delv`, with the zone's key as trust anchor, validates every kind of answer.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use zonewright::authority::Catalog;
use zonewright::dns::{Name, Rtype};
use zonewright::server::{Policy, Served};
use zonewright::zonefile::rdata;

use crate::support::client::Udp;
use crate::support::message::{Query, Response};
use crate::support::server::Server;
use crate::support::{self, KEY, build};

const ZONES: &[&str] = &["nsec", "nsec3", "optout"];

fn text_of(zone: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/signed/{zone}.zone"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn serve(zones: &[(&str, &str)]) -> Server {
    let zones =
        zones.iter().map(|(apex, text)| (Name::absolute(apex).expect("an apex"), Some(support::authority(apex, text))));
    Server::start(Served { catalog: Catalog::new(KEY, zones), policy: Policy::default() })
}

/// `delv` with the keys of one zone as trust anchors.
struct Delv {
    server: SocketAddr,
    apex: String,
    anchors: tempfile::NamedTempFile,
}

impl Delv {
    /// None, aloud, where there is no `delv`.
    fn new(server: SocketAddr, apex: &str, text: &str) -> Option<Self> {
        if Command::new("delv").arg("-v").stderr(Stdio::null()).status().is_err() {
            support::skip("peers", "delv is not installed");
            return None;
        }
        let zone = build(apex, text).0.expect("a zone");
        let apex = zone.apex().to_string();
        let keys = zone.rrset(zone.apex(), Rtype::DNSKEY).expect("keys");
        let mut config = String::from("trust-anchors {\n");
        for rdata in keys.rdatas().filter(|rdata| rdata[1] == 1) {
            let line = rdata::Presentation { rtype: Rtype::DNSKEY, rdata }.to_string();
            let fields: Vec<&str> = line.splitn(4, ' ').collect();
            let (flags, key) = (fields[..3].join(" "), fields[3].replace(' ', ""));
            config += &format!("  \"{apex}\" static-key {flags} \"{key}\";\n");
        }
        config += "};\n";
        let anchors = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(anchors.path(), config).expect("the anchors are written");
        Some(Self { server, apex, anchors })
    }

    /// What `delv` says of an answer: its lines that start with a semicolon, the first of them the verdict.
    fn ask(&self, name: &str, rtype: &str) -> String {
        let output = Command::new("delv")
            .arg(format!("@{}", self.server.ip()))
            .args(["-p", &self.server.port().to_string(), "-a"])
            .arg(self.anchors.path())
            .arg(format!("+root={}", self.apex))
            .args(["+nocrypto", "+nomtrace", name, rtype])
            .output()
            .expect("delv runs");
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    /// Asks many questions, a few at a time; gives those whose verdicts are not among the wanted.
    fn wrong(&self, questions: &[(String, &str)], is_right: impl Fn(&str, &str, &str) -> bool + Sync) -> Vec<String> {
        let (next, wrong) = (Mutex::new(questions.iter()), Mutex::new(Vec::new()));
        let work = || {
            loop {
                let Some((name, rtype)) = next.lock().expect("no panic").next() else { return };
                let said = self.ask(name, rtype);
                if !is_right(name, rtype, &said) {
                    wrong.lock().expect("no panic").push(format!("{name} {rtype}: {said}"));
                }
            }
        };
        std::thread::scope(|scope| {
            (0..4).for_each(|_| {
                scope.spawn(work);
            });
        });
        wrong.into_inner().expect("no panic")
    }
}

const SECURE: &str = "; fully validated";
const DENIED: &str = "; negative response, fully validated";
const UNSIGNED: &str = "; unsigned answer";
const UNSIGNED_DENIAL: &str = "; negative response, unsigned answer";

/// Each kind of answer, and what a validator says of it: with NSEC and NSEC3, then with opt-out.
///
/// An opt-out span proves nothing of the names in it, as each may be an unsigned delegation; so what rests on the absence of
/// a name there is not secure (RFC 5155 §9.2), whoever serves it.
const KINDS: &[(&str, &str, &str, &str, &str)] = &[
    ("positive", "www.example", "A", SECURE, SECURE),
    ("positive, several types", "www.example", "TXT", SECURE, SECURE),
    ("at the apex", "example", "SOA", SECURE, SECURE),
    ("keys", "example", "DNSKEY", SECURE, SECURE),
    ("with additional records", "example", "MX", SECURE, SECURE),
    ("NODATA", "www.example", "MX", DENIED, DENIED),
    ("NODATA at the apex", "example", "A", DENIED, DENIED),
    ("NODATA at an alias of nothing else", "mail.example", "AAAA", DENIED, DENIED),
    ("NXDOMAIN", "nothing.example", "A", DENIED, UNSIGNED_DENIAL),
    ("NXDOMAIN, deep", "a.b.c.www.example", "A", DENIED, UNSIGNED_DENIAL),
    ("NXDOMAIN before the first name", "!.example", "A", DENIED, UNSIGNED_DENIAL),
    ("NXDOMAIN behind the last name", "zzz.example", "A", DENIED, UNSIGNED_DENIAL),
    ("NXDOMAIN below an empty non-terminal", "no.ent.example", "A", DENIED, UNSIGNED_DENIAL),
    ("empty non-terminal", "ent.example", "A", DENIED, DENIED),
    ("empty non-terminal, deep", "deep.ent.example", "TXT", DENIED, DENIED),
    ("wildcard expansion", "x.wild.example", "TXT", SECURE, UNSIGNED),
    ("wildcard expansion, deep", "a.b.wild.example", "MX", SECURE, UNSIGNED),
    ("wildcard NODATA", "x.wild.example", "A", DENIED, UNSIGNED_DENIAL),
    ("wildcard asked literally", "*.wild.example", "TXT", SECURE, SECURE),
    ("wildcard literally, NODATA", "*.wild.example", "A", DENIED, DENIED),
    ("name beside a wildcard", "there.wild.example", "A", SECURE, SECURE),
    ("NODATA beside a wildcard", "there.wild.example", "TXT", DENIED, DENIED),
    ("the wildcard's parent", "wild.example", "TXT", DENIED, DENIED),
    ("wildcard CNAME", "x.cwild.example", "A", SECURE, UNSIGNED),
    ("wildcard CNAME to NODATA", "x.cwild.example", "MX", DENIED, UNSIGNED_DENIAL),
    ("wildcard CNAME itself", "x.cwild.example", "CNAME", SECURE, UNSIGNED),
    ("CNAME", "alias.example", "A", SECURE, SECURE),
    ("CNAME itself", "alias.example", "CNAME", SECURE, SECURE),
    ("CNAME chain", "alias2.example", "AAAA", SECURE, SECURE),
    ("CNAME chain to NODATA", "alias2.example", "MX", DENIED, DENIED),
    ("CNAME to NXDOMAIN", "gone.example", "A", DENIED, UNSIGNED_DENIAL),
    ("CNAME to a wildcard", "to-wild.example", "TXT", SECURE, UNSIGNED),
    ("CNAME to wildcard NODATA", "to-wild.example", "A", DENIED, UNSIGNED_DENIAL),
    ("CNAME to an empty non-terminal", "to-ent.example", "A", DENIED, DENIED),
    ("CNAME below a DNAME", "to-dname.example", "A", SECURE, SECURE),
    ("DNAME itself", "moved.example", "DNAME", SECURE, SECURE),
    ("NODATA at a DNAME", "moved.example", "A", DENIED, DENIED),
    ("below a DNAME", "www.moved.example", "A", SECURE, SECURE),
    ("below a DNAME, NODATA", "www.moved.example", "MX", DENIED, DENIED),
    ("below a DNAME, NXDOMAIN", "nothing.moved.example", "A", DENIED, UNSIGNED_DENIAL),
    ("DS at a signed cut", "secure.example", "DS", SECURE, SECURE),
    ("DS at an unsigned cut", "insecure.example", "DS", DENIED, UNSIGNED_DENIAL),
    ("DS at a cut below an empty non-terminal", "cut.only.insecure2.example", "DS", DENIED, UNSIGNED_DENIAL),
    ("DS at a name that is no cut", "www.example", "DS", DENIED, DENIED),
    ("DS of no name", "nothing.example", "DS", DENIED, UNSIGNED_DENIAL),
    ("DS of an empty non-terminal", "ent.example", "DS", DENIED, DENIED),
    ("mixed case in zone and question", "mIXED.cASE.eXAMPLE", "TXT", SECURE, SECURE),
    ("mixed case, NODATA", "mIXED.cASE.eXAMPLE", "A", DENIED, DENIED),
    ("mixed case, expansion", "X.wILD.eXAMPLE", "TXT", SECURE, UNSIGNED),
    ("escapes", "esc\\.aped\\032name.example", "TXT", SECURE, SECURE),
    ("escapes, NODATA", "esc\\.aped\\032name.example", "A", DENIED, DENIED),
    ("octets outside ASCII", "\\000low\\255.example", "TXT", SECURE, SECURE),
    ("octets outside ASCII, NXDOMAIN", "\\000lox\\255.example", "TXT", DENIED, UNSIGNED_DENIAL),
    ("underscores", "_25._tcp.mail.example", "TLSA", SECURE, SECURE),
    ("an empty non-terminal of underscores", "_tcp.mail.example", "TLSA", DENIED, DENIED),
    ("larger than UDP", "big.example", "TXT", SECURE, SECURE),
    ("ANY", "www.example", "ANY", SECURE, SECURE),
    ("ANY of no name", "nothing.example", "ANY", DENIED, UNSIGNED_DENIAL),
];

#[test]
fn delv_validates_every_kind_of_answer() {
    for &zone in ZONES {
        let text = text_of(zone);
        let server = serve(&[("example", &text)]);
        let Some(delv) = Delv::new(server.address, "example", &text) else { return };
        let questions: Vec<(String, &str)> =
            KINDS.iter().map(|&(_, name, rtype, ..)| (name.to_owned(), rtype)).collect();
        let wrong = delv.wrong(&questions, |name, rtype, said| {
            let kind = KINDS.iter().find(|kind| kind.1 == name && kind.2 == rtype).expect("a row");
            let wanted = if zone == "optout" { kind.4 } else { kind.3 };
            said.lines().any(|line| line == wanted)
        });
        assert!(wrong.is_empty(), "{zone}: {} of {} differ:\n{}", wrong.len(), KINDS.len(), wrong.join("\n"));
    }
}
