//! Pre-signed zones through real sockets: `delv`, with the zone's key as trust anchor, validates every kind of answer.

#![expect(clippy::disallowed_methods, reason = "tests read fixtures, and write the zones that signers and peers read")]

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
/// A chain that ends with a denial: its records' verdict, and a denial whose proofs did not fail.
const CHAIN: &str = "; fully validated, then denied";

/// Each kind of answer, and what a validator says of it.
const KINDS: &[(&str, &str, &str, &str)] = &[
    ("positive", "www.example", "A", SECURE),
    ("positive, several types", "www.example", "TXT", SECURE),
    ("at the apex", "example", "SOA", SECURE),
    ("keys", "example", "DNSKEY", SECURE),
    ("with additional records", "example", "MX", SECURE),
    ("NODATA", "www.example", "MX", DENIED),
    ("NODATA at the apex", "example", "A", DENIED),
    ("NODATA at an alias of nothing else", "mail.example", "AAAA", DENIED),
    ("NXDOMAIN", "nothing.example", "A", DENIED),
    ("NXDOMAIN, deep", "a.b.c.www.example", "A", DENIED),
    ("NXDOMAIN before the first name", "!.example", "A", DENIED),
    ("NXDOMAIN behind the last name", "zzz.example", "A", DENIED),
    ("NXDOMAIN below an empty non-terminal", "no.ent.example", "A", DENIED),
    ("empty non-terminal", "ent.example", "A", DENIED),
    ("empty non-terminal, deep", "deep.ent.example", "TXT", DENIED),
    ("wildcard expansion", "x.wild.example", "TXT", SECURE),
    ("wildcard expansion, deep", "a.b.wild.example", "MX", SECURE),
    ("wildcard NODATA", "x.wild.example", "A", DENIED),
    ("wildcard asked literally", "*.wild.example", "TXT", SECURE),
    ("wildcard literally, NODATA", "*.wild.example", "A", DENIED),
    ("name beside a wildcard", "there.wild.example", "A", SECURE),
    ("NODATA beside a wildcard", "there.wild.example", "TXT", DENIED),
    ("the wildcard's parent", "wild.example", "TXT", DENIED),
    ("wildcard CNAME", "x.cwild.example", "A", SECURE),
    ("wildcard CNAME to NODATA", "x.cwild.example", "MX", CHAIN),
    ("wildcard CNAME itself", "x.cwild.example", "CNAME", SECURE),
    ("CNAME", "alias.example", "A", SECURE),
    ("CNAME itself", "alias.example", "CNAME", SECURE),
    ("CNAME chain", "alias2.example", "AAAA", SECURE),
    ("CNAME chain to NODATA", "alias2.example", "MX", CHAIN),
    ("CNAME to NXDOMAIN", "gone.example", "A", CHAIN),
    ("CNAME to a wildcard", "to-wild.example", "TXT", SECURE),
    ("CNAME to wildcard NODATA", "to-wild.example", "A", CHAIN),
    ("CNAME to an empty non-terminal", "to-ent.example", "A", CHAIN),
    ("CNAME below a DNAME", "to-dname.example", "A", SECURE),
    ("DNAME itself", "moved.example", "DNAME", SECURE),
    ("NODATA at a DNAME", "moved.example", "A", DENIED),
    ("below a DNAME", "www.moved.example", "A", SECURE),
    ("below a DNAME, NODATA", "www.moved.example", "MX", CHAIN),
    ("below a DNAME, NXDOMAIN", "nothing.moved.example", "A", CHAIN),
    ("DS at a signed cut", "secure.example", "DS", SECURE),
    ("DS at an unsigned cut", "insecure.example", "DS", DENIED),
    ("DS at a cut below an empty non-terminal", "cut.only.insecure2.example", "DS", DENIED),
    ("NXDOMAIN below that", "no.only.insecure2.example", "A", DENIED),
    ("empty non-terminal above that", "insecure2.example", "A", DENIED),
    ("DS at a name that is no cut", "www.example", "DS", DENIED),
    ("DS of no name", "nothing.example", "DS", DENIED),
    ("DS of an empty non-terminal", "ent.example", "DS", DENIED),
    ("mixed case in zone and question", "mIXED.cASE.eXAMPLE", "TXT", SECURE),
    ("mixed case, NODATA", "mIXED.cASE.eXAMPLE", "A", DENIED),
    ("mixed case, expansion", "X.wILD.eXAMPLE", "TXT", SECURE),
    ("escapes", "esc\\.aped\\032name.example", "TXT", SECURE),
    ("escapes, NODATA", "esc\\.aped\\032name.example", "A", DENIED),
    ("octets outside ASCII", "\\000low\\255.example", "TXT", SECURE),
    ("octets outside ASCII, NXDOMAIN", "\\000lox\\255.example", "TXT", DENIED),
    ("underscores", "_25._tcp.mail.example", "TLSA", SECURE),
    ("an empty non-terminal of underscores", "_tcp.mail.example", "TLSA", DENIED),
    ("larger than UDP", "big.example", "TXT", SECURE),
    ("ANY", "www.example", "ANY", SECURE),
    ("ANY of no name", "nothing.example", "ANY", DENIED),
];

/// Whether `delv` says what is wanted.
///
/// An opt-out span proves nothing of the names in it, as each may be an unsigned delegation: what rests on the absence of a
/// name there is an unsigned answer, and not secure, whoever serves it (RFC 5155 §9.2).
fn is_said(wanted: &str, has_opt_out: bool, said: &str) -> bool {
    let has = |line: &str| said.lines().any(|other| other == line);
    let is_lawful = |line| has(line) || has_opt_out && has(UNSIGNED);
    match wanted {
        CHAIN => is_lawful(SECURE) && said.contains(";; resolution failed: ncache nx"),
        wanted => is_lawful(wanted) && !has(";; resolution failed"),
    }
}

#[test]
fn delv_validates_every_kind_of_answer() {
    for &zone in ZONES {
        let text = text_of(zone);
        let server = serve(&[("example", &text)]);
        let Some(delv) = Delv::new(server.address, "example", &text) else { return };
        let questions: Vec<(String, &str)> =
            KINDS.iter().map(|&(_, name, rtype, _)| (name.to_owned(), rtype)).collect();
        let wrong = delv.wrong(&questions, |name, rtype, said| {
            let kind = KINDS.iter().find(|kind| kind.1 == name && kind.2 == rtype).expect("a row");
            is_said(kind.3, zone == "optout", said)
        });
        assert!(wrong.is_empty(), "{zone}: {} of {} differ:\n{}", wrong.len(), KINDS.len(), wrong.join("\n"));
    }
}

/// Types that are asked of every name.
const TYPES: &[Rtype] = &[
    Rtype::A,
    Rtype::AAAA,
    Rtype::TXT,
    Rtype::MX,
    Rtype::CNAME,
    Rtype::DNAME,
    Rtype::NS,
    Rtype::SOA,
    Rtype::DS,
    Rtype::DNSKEY,
    Rtype::NSEC,
    Rtype::NSEC3PARAM,
    Rtype::SRV,
];

/// Every owner of the zone, its parents, and names below, beside and between them.
fn names_of(text: &str) -> Vec<Name> {
    let zone = build("example", text).0.expect("a zone");
    let mut names: Vec<Name> = Vec::new();
    for node in zone.nodes().filter(|node| node.rrset(Rtype::NSEC3).is_none()) {
        let owner = node.name().to_string();
        let head = owner.strip_suffix("example.").expect("in the zone");
        names.push(node.name().to_name());
        names.extend(node.name().parent().filter(|name| name.is_at_or_below(zone.apex())).map(|name| name.to_name()));
        for made in [
            format!("below.{owner}"),
            format!("a.b.{owner}"),
            format!("*.{owner}"),
            format!("0{head}example."),
            format!("{}zz.example.", head.trim_end_matches('.')),
        ] {
            names.extend(Name::absolute(&made));
        }
    }
    names.sort_by(|a, b| a.as_ref().canonical_cmp(b.as_ref()));
    names.dedup();
    names
}

fn with_dnssec(name: &Name, rtype: Rtype, payload: u16) -> Query {
    let edns = Some((payload, 0, true, Vec::new()));
    Query { name: name.as_ref().octets().to_vec(), edns, ..Query::new(".", rtype) }
}

/// The rrsets of a section: how many records, and how many signatures, each has.
fn rrsets(records: &[crate::support::message::Record]) -> Vec<(String, Rtype, usize, usize)> {
    let mut sets: Vec<(String, Rtype, usize, usize)> = Vec::new();
    for record in records {
        let is_signature = record.rtype == Rtype::RRSIG;
        let covered = Rtype(u16::from_be_bytes([record.rdata[0], *record.rdata.get(1).unwrap_or(&0)]));
        let (owner, rtype) =
            (record.owner.to_string().to_lowercase(), if is_signature { covered } else { record.rtype });
        let at = sets.iter().position(|set| set.0 == owner && set.1 == rtype).unwrap_or_else(|| {
            sets.push((owner, rtype, 0, 0));
            sets.len() - 1
        });
        if is_signature { sets[at].3 += 1 } else { sets[at].2 += 1 }
    }
    sets
}

/// What is wrong with the shape of an answer: rrsets without their signatures, records in the wrong section.
fn misshapen(response: &Response) -> Option<String> {
    let is_redirected = response.answer.iter().any(|record| record.rtype == Rtype::DNAME);
    let unsigned = |section: &[crate::support::message::Record], may: fn(Rtype) -> bool| {
        let wrong = rrsets(section).into_iter().find(|set| (set.2 == 0 || set.3 == 0) && !may(set.1));
        wrong.map(|set| format!("{} {:?} has {} records and {} signatures", set.0, set.1, set.2, set.3))
    };
    let alias: fn(Rtype) -> bool = |rtype| rtype == Rtype::CNAME;
    let nothing: fn(Rtype) -> bool = |_| false;
    // Servers of a cut are the child's to sign.
    let servers: fn(Rtype) -> bool = |rtype| rtype == Rtype::NS;
    let types = |rtypes: &[Rtype], records: &[crate::support::message::Record]| {
        let stranger = records.iter().find(|record| !rtypes.contains(&record.rtype));
        stranger.map(|record| format!("{record} is in the wrong section"))
    };
    let proofs = [Rtype::SOA, Rtype::NS, Rtype::DS, Rtype::NSEC, Rtype::NSEC3, Rtype::RRSIG];
    unsigned(&response.answer, if is_redirected { alias } else { nothing })
        .or_else(|| unsigned(&response.authority, servers))
        .or_else(|| types(&proofs, &response.authority))
        .or_else(|| types(&[Rtype::A, Rtype::AAAA, Rtype::RRSIG], &response.additional))
}

#[test]
fn answers_are_whole_signed_and_in_their_sections() {
    for &zone in ZONES {
        let text = text_of(zone);
        let server = serve(&[("example", &text)]);
        let (client, mut asked, mut truncated) = (Udp::connect(server.address), 0, 0);
        for name in names_of(&text) {
            for &rtype in TYPES.iter().chain(&[Rtype::ANY]) {
                for payload in [0, 512, 700, 1000, 1232, 4096] {
                    let response = client.ask(&with_dnssec(&name, rtype, payload));
                    asked += 1;
                    truncated += usize::from(response.is_truncated());
                    let most = usize::from(payload.clamp(512, 1232));
                    assert!(response.length <= most, "{zone}: {name} {rtype:?}: {} octets", response.length);
                    assert!(response.opt.as_ref().is_some_and(|opt| opt.2 & 0x8000 != 0), "{zone}: {name} {rtype:?}");
                    if let Some(wrong) = misshapen(&response) {
                        panic!("{zone}: {name} {rtype:?} at {payload}: {wrong}\n{response}");
                    }
                    if !response.is_truncated() {
                        let is_denial = response.answer.is_empty() && response.is_authoritative();
                        let proofs =
                            response.authority.iter().filter(|one| matches!(one.rtype, Rtype::NSEC | Rtype::NSEC3));
                        assert!(
                            !is_denial || proofs.count() > 0,
                            "{zone}: {name} {rtype:?} proves nothing\n{response}"
                        );
                    }
                }
            }
        }
        assert!(asked > 10_000 && truncated > 100, "{zone}: {asked} asked, {truncated} truncated");
    }
}

/// NSD on loopback with one zone; ends when dropped.
struct Nsd {
    child: std::process::Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Drop for Nsd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Nsd {
    fn start(text: &str) -> Option<Self> {
        let Some(program) = ["/usr/sbin/nsd", "/usr/local/sbin/nsd"].into_iter().find(|path| Path::new(path).exists())
        else {
            support::skip("peers", "nsd is not installed");
            return None;
        };
        let folder = tempfile::tempdir().expect("a directory");
        let port = {
            let free = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
            free.local_addr().expect("an address").port()
        };
        let path = folder.path().display();
        let config = format!(
            "server:\n  ip-address: 127.0.0.1@{port}\n  zonesdir: \"{path}\"\n  database: \"\"\n  pidfile: \"\"\n  \
             username: \"\"\n  xfrdfile: \"{path}/xfrd\"\n  xfrdir: \"{path}\"\n  zonelistfile: \"{path}/list\"\n  \
             logfile: \"{path}/log\"\n  server-count: 1\n  minimal-responses: no\n  rrl-ratelimit: 0\n\
             remote-control:\n  control-enable: no\nzone:\n  name: example\n  zonefile: zone\n"
        );
        std::fs::write(folder.path().join("zone"), text).expect("the zone is written");
        std::fs::write(folder.path().join("conf"), config).expect("the config is written");
        let child = Command::new(program)
            .arg("-d")
            .arg("-c")
            .arg(folder.path().join("conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nsd starts");
        let nsd = Self { child, address: ([127, 0, 0, 1], port).into(), _folder: folder };
        let query = Query::new("example", Rtype::SOA).octets();
        let is_up = (0..100).any(|_| {
            let up = Udp::connect(nsd.address).exchange(&query).is_ok();
            if !up {
                std::thread::park_timeout(std::time::Duration::from_millis(50));
            }
            up
        });
        assert!(is_up, "nsd does not answer on port {port}");
        Some(nsd)
    }
}

/// What either truncates is left out: they differ in what they leave out first.
#[test]
fn nsd_gives_the_same_proofs() {
    for &zone in ZONES {
        let text = text_of(zone);
        let server = serve(&[("example", &text)]);
        let Some(nsd) = Nsd::start(&text) else { return };
        let (ours, theirs) = (Udp::connect(server.address), Udp::connect(nsd.address));
        let (mut asked, mut wrong) = (0, Vec::new());
        for name in names_of(&text) {
            for &rtype in TYPES {
                let query = with_dnssec(&name, rtype, 1232);
                let (mine, other) = (ours.ask(&query), theirs.ask(&query));
                if mine.is_truncated() || other.is_truncated() {
                    continue;
                }
                asked += 1;
                let said = |response: &Response| {
                    // NSD adds the zone's own servers to positive answers; we leave them out.
                    let is_positive = response.is_authoritative() && !response.answer.is_empty();
                    let is_apex_ns = |line: &String| {
                        line.starts_with("example. 300 NS ") || line.starts_with("example. 300 RRSIG NS ")
                    };
                    let mut authority = Response::section(&response.authority);
                    authority.retain(|line| !(is_positive && is_apex_ns(line)));
                    let lower = |lines: Vec<String>| {
                        let mut lines: Vec<String> = lines.iter().map(|line| line.to_lowercase()).collect();
                        lines.sort();
                        lines
                    };
                    let answer = Response::section(&response.answer);
                    (response.rcode, response.is_authoritative(), lower(answer), lower(authority))
                };
                let (mine_said, mut other_said) = (said(&mine), said(&other));
                if name.as_ref().is_wildcard() && !mine_said.3.is_empty() {
                    // A wildcard that is asked for by its own name is a name like any other, whose NSEC3 record is all the
                    // proof there is to give (RFC 5155 §7.2.3); NSD proves the closest encloser too.
                    other_said.3.retain(|line| mine_said.3.contains(line));
                }
                // The encloser of names beside the cut is not in the chain, where opt-out left it out. We deny the wildcard at
                // the closest encloser that can be proved (RFC 5155 §7.2.2), NSD one further down.
                let is_opted_out = zone == "optout" && name.to_string().contains(".insecure2.");
                if mine_said != other_said && !(is_opted_out && mine.rcode == other.rcode) {
                    wrong.push(format!("{name} {}\n  ours {mine}\n  nsd  {other}", rdata::Mnemonic(rtype)));
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "{zone}: {} of {asked} differ:\n{}",
            wrong.len(),
            wrong[..wrong.len().min(6)].join("\n")
        );
        assert!(asked > 1000, "{zone}: {asked} asked");
    }
}

/// Runs a signer's tool in `folder`; none, aloud, where it is not installed.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).current_dir(folder).args(arguments).output() else {
        support::skip("peers", &format!("{program} is not installed"));
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A zone signed now by BIND's tools, with a key of its own; `text` may hold the DS records of its children.
fn sign_with_bind(folder: &Path, apex: &str, text: &str, options: &[&str]) -> Option<String> {
    let key = run(folder, "dnssec-keygen", &["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", apex])?;
    let record = std::fs::read_to_string(folder.join(format!("{key}.key"))).expect("a key");
    std::fs::write(folder.join("in"), format!("{text}\n{record}")).expect("a zone");
    let arguments = ["-q", "-P", "-z", "-o", apex, "-f", "out"];
    run(folder, "dnssec-signzone", &[&arguments[..], options, &["in", &key]].concat())?;
    let own = if apex == "." { String::new() } else { format!("{apex}.") };
    let ds = std::fs::read_to_string(folder.join(format!("dsset-{own}"))).unwrap_or_default();
    std::fs::write(folder.join(format!("ds-{own}")), ds).expect("DS records");
    Some(std::fs::read_to_string(folder.join("out")).expect("a signed zone"))
}

const APEX: &str = "$TTL 300\n@ SOA ns.one. hostmaster.one. 1 7200 1800 1209600 300\n@ NS ns.one.\n";

/// From a signed root, with chains across zones that are all served here, one of them unsigned.
#[test]
fn delv_validates_chains_across_zones_from_a_signed_root() {
    let folder = tempfile::tempdir().expect("a directory");
    let one = format!(
        "{APEX}ns A 192.0.2.53\nwww CNAME www.two.\n*.w CNAME x.wild.two.\nd DNAME two.\ngone CNAME nothing.two.\n\
         plain CNAME www.three.\n"
    );
    let two = format!("{APEX}www A 192.0.2.2\n*.wild TXT \"wild\"\nback CNAME ns.one.\n");
    let three = format!("{APEX}www A 192.0.2.3\nto CNAME www.two.\n");
    let Some(one) = sign_with_bind(folder.path(), "one", &one, &[]) else { return };
    let Some(two) = sign_with_bind(folder.path(), "two", &two, &["-3", "-", "-H", "0"]) else { return };
    let ds = |apex: &str| std::fs::read_to_string(folder.path().join(format!("ds-{apex}."))).expect("DS records");
    let root = format!(
        "{APEX}one. NS ns.one.\nns.one. A 192.0.2.53\ntwo. NS ns.one.\nthree. NS ns.one.\n{}{}",
        ds("one"),
        ds("two")
    );
    let Some(root) = sign_with_bind(folder.path(), ".", &root, &[]) else { return };
    let server = serve(&[(".", &root), ("one", &one), ("two", &two), ("three", &three)]);
    let Some(delv) = Delv::new(server.address, ".", &root) else { return };
    let table: &[(&str, &str, &str)] = &[
        ("ns.one", "A", SECURE),
        ("one", "DS", SECURE),
        ("two", "DNSKEY", SECURE),
        ("three", "DS", DENIED),
        ("one", "NS", SECURE),
        ("www.one", "A", SECURE),
        ("www.one", "MX", CHAIN),
        ("a.w.one", "TXT", SECURE),
        ("a.w.one", "A", CHAIN),
        ("www.d.one", "A", SECURE),
        ("nothing.d.one", "A", CHAIN),
        ("gone.one", "A", CHAIN),
        ("back.two", "A", SECURE),
        ("www.three", "A", UNSIGNED),
        ("plain.one", "A", SECURE),
        ("to.three", "A", UNSIGNED),
        ("nothing", "A", DENIED),
    ];
    let questions: Vec<(String, &str)> = table.iter().map(|&(name, rtype, _)| (name.to_owned(), rtype)).collect();
    let wrong = delv.wrong(&questions, |name, rtype, said| {
        let row = table.iter().find(|row| row.0 == name && row.1 == rtype).expect("a row");
        is_said(row.2, false, said)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Zones as other signers make them: no rule objects, and the digests they add are ours too.
#[test]
fn zones_of_other_signers_are_good() {
    use zonewright::lint::{self, Settings};
    let folder = tempfile::tempdir().expect("a directory");
    let text = text_of("nsec");
    let plain: String = text
        .lines()
        .filter(|line| !["RRSIG", "NSEC", "DNSKEY"].iter().any(|rtype| line.contains(&format!(" IN {rtype} "))))
        .fold(String::new(), |text, line| text + line + "\n");
    std::fs::write(folder.path().join("zone"), &plain).expect("a zone");
    let judge = |who: &str, text: &str| {
        let (zone, findings, sources) = build("example", text);
        assert!(findings.iter().all(|finding| !finding.is_error()), "{who}: {:?}", support::headlines(&findings));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
        let mut settings = Settings::new(now as u32);
        settings.severities.everywhere = vec![("documentation-address", lint::Level::Off)];
        let findings = lint::check(&zone.expect("a zone"), &sources, &settings, Vec::new());
        assert!(findings.is_empty(), "{who}: {:?}", support::headlines(&findings));
    };
    for algorithm in ["RSASHA256", "RSASHA512", "ECDSAP384SHA384", "ED25519"] {
        let Some(key) = run(folder.path(), "ldns-keygen", &["-a", algorithm, "-b", "2048", "-k", "example"]) else {
            return;
        };
        for options in [&["-z", "1", "-z", "2"][..], &["-n", "-s", "ABCD", "-t", "0", "-p"][..]] {
            let signed = [options, &["-A", "-f", "signed", "-o", "example", "zone", &key]].concat();
            let Some(_) = run(folder.path(), "ldns-signzone", &signed) else { return };
            let text = std::fs::read_to_string(folder.path().join("signed")).expect("a signed zone");
            judge(&format!("ldns-signzone {options:?} {algorithm}"), &text);
        }
    }
    for options in [&[][..], &["-3", "-", "-H", "0", "-A"][..]] {
        let Some(text) = sign_with_bind(folder.path(), "example", &plain, options) else { return };
        judge(&format!("dnssec-signzone {options:?}"), &text);
    }
}
