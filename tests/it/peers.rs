//! The same zones in NSD, Knot, BIND and here: each of our answers is one of theirs, and theirs where they agree.

#![expect(clippy::disallowed_methods, reason = "peers are processes, with files of their own")]

use std::collections::BTreeSet;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use zonewright::dns::{Name, NameRef, Rcode, Rtype};
use zonewright::server::{Served, Transport, respond};
use zonewright::zonefile::rdata::Mnemonic;

use crate::support::client::Udp;
use crate::support::message::{Query, Record, Response};
use crate::support::{self, fixture};

/// A server of another make, stopped when it is dropped.
struct Peer {
    name: &'static str,
    client: Udp,
    child: Child,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A port that nobody holds, over UDP or TCP, a moment before the peer takes it.
fn free_port() -> u16 {
    loop {
        let udp = UdpSocket::bind(("127.0.0.1", 0)).expect("a loopback socket");
        let port = udp.local_addr().expect("its address").port();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The zones as files of one directory, `.` not among them.
struct Zones {
    folder: tempfile::TempDir,
    apexes: Vec<String>,
}

impl Zones {
    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn list(&self, row: impl Fn(&str, String) -> String) -> String {
        self.apexes.iter().map(|apex| row(apex, format!("{apex}zone"))).collect()
    }
}

/// A peer's place: its port, where the zones are, and where it may write.
struct Place<'z> {
    port: u16,
    zones: &'z Zones,
    state: PathBuf,
}

fn nsd(Place { port, zones, state }: &Place<'_>) -> String {
    let (folder, state) = (zones.path().display(), state.display());
    let list = zones.list(|apex, file| format!("zone:\n  name: \"{apex}\"\n  zonefile: \"{file}\"\n"));
    format!(
        "server:\n  ip-address: 127.0.0.1@{port}\n  username: \"\"\n  chroot: \"\"\n  zonesdir: \"{folder}\"\n  \
         pidfile: \"{state}/pid\"\n  database: \"\"\n  xfrdfile: \"{state}/xfrd\"\n  xfrdir: \"{state}\"\n  \
         zonelistfile: \"{state}/list\"\n  server-count: 1\n  rrl-ratelimit: 0\n  minimal-responses: yes\n\
         remote-control:\n  control-enable: no\n{list}"
    )
}

fn knot(Place { port, zones, state }: &Place<'_>) -> String {
    let (folder, state) = (zones.path().display(), state.display());
    let list = zones.list(|apex, file| format!("  - domain: \"{apex}\"\n    file: \"{folder}/{file}\"\n"));
    format!(
        "server:\n  listen: 127.0.0.1@{port}\n  rundir: \"{state}\"\n  udp-workers: 1\n  tcp-workers: 1\n\
         control:\n  listen: \"{state}/control\"\n\
         database:\n  storage: \"{state}\"\nlog:\n  - target: stderr\n    any: info\n\
         template:\n  - id: default\n    semantic-checks: off\n    zonefile-sync: -1\n    journal-content: none\n\
         zone:\n{list}"
    )
}

fn bind(Place { port, zones, state }: &Place<'_>) -> String {
    let (folder, state) = (zones.path().display(), state.display());
    let list = zones.list(|apex, file| {
        format!("zone \"{apex}\" {{ type primary; file \"{file}\"; check-names ignore; check-integrity no; }};\n")
    });
    format!(
        "options {{ directory \"{folder}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; \
         recursion no; minimal-responses yes; empty-zones-enable no; pid-file \"{state}/pid\"; \
         session-keyfile \"{state}/key\"; dnssec-validation no; notify no; rrset-order {{ order none; }}; }};\n\
         controls {{ }};\n{list}"
    )
}

/// Each peer's program, its arguments before the configuration's path, and its configuration.
type Make = (&'static str, &'static [&'static str], fn(&Place<'_>) -> String);

const MAKES: [Make; 3] =
    [("nsd", &["-d", "-c"], nsd), ("knotd", &["-c"], knot), ("named", &["-g", "-4", "-n", "1", "-c"], bind)];

/// Starts a peer, if it is installed; another process may take its port first, so a few are tried.
fn start((name, arguments, config): Make, zones: &Zones) -> Option<Peer> {
    let program = program(name)?;
    for attempt in 0..3 {
        let state = zones.path().join(format!("{name}-{attempt}"));
        std::fs::create_dir(&state).expect("a directory for the peer");
        let place = Place { port: free_port(), zones, state };
        let file = place.state.join("config");
        std::fs::write(&file, config(&place)).expect("the peer's configuration");
        let log = std::fs::File::create(place.state.join("log")).expect("the peer's log");
        let mut command = Command::new(&program);
        command.args(arguments).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().expect("the peer can be started");
        let client = Udp::connect(([127, 0, 0, 1], place.port).into());
        let mut peer = Peer { name, client, child };
        if serves(&mut peer) {
            return Some(peer);
        }
        let log = std::fs::read_to_string(place.state.join("log")).unwrap_or_default();
        assert!(attempt < 2, "{name} does not serve:\n{log}");
    }
    None
}

/// Waits until the peer serves its zones; false if it ends before.
fn serves(peer: &mut Peer) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    let query = Query::new("almalinux.org.", Rtype::SOA).octets();
    while Instant::now() < deadline && peer.child.try_wait().is_ok_and(|ended| ended.is_none()) {
        let answer = peer.client.exchange(&query).ok().and_then(|octets| Response::read(&octets).ok());
        if answer.is_some_and(|response| response.rcode == Rcode::NOERROR) {
            return true;
        }
        // Nothing says when a peer is ready but an answer.
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// What is compared: of ANY that there is an answer; NS sets of positive answers are left to taste, and so are addresses but
/// those of referrals.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Essence {
    rcode: String,
    flags: u16,
    answer: BTreeSet<String>,
    authority: BTreeSet<String>,
    glue: BTreeSet<String>,
}

fn essence(rtype: Rtype, response: &Response) -> Essence {
    let text = |records: &[Record]| -> BTreeSet<String> {
        records.iter().map(|record| record.to_string().to_ascii_lowercase()).collect()
    };
    let is_referral = response.answer.is_empty() && !response.is_authoritative();
    let mut essence = Essence {
        rcode: response.rcode.to_string(),
        flags: response.flags,
        answer: text(&response.answer),
        authority: text(&response.authority),
        glue: if is_referral { text(&response.additional) } else { BTreeSet::new() },
    };
    if rtype == Rtype::ANY && !essence.answer.is_empty() {
        essence.answer = BTreeSet::from(["something".to_owned()]);
        essence.authority.clear();
    }
    essence
}

fn ours(query: &Query, served: &Served) -> Response {
    let mut out = vec![0; 65_535];
    let length = respond(&query.octets(), IpAddr::from([127, 0, 0, 1]), Transport::Udp, served, &mut out);
    Response::read(&out[..length.expect("a reply")]).expect("a well-formed reply")
}

/// The zones of fixtures and repository, and every name worth asking for.
fn questions() -> (Zones, Served, Vec<Query>) {
    let folder = tempfile::tempdir().expect("a directory");
    let (mut apexes, mut queries, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut authorities: Vec<(Name, Option<_>)> = Vec::new();
    for fixture in fixture::all().into_iter().filter(|fixture| fixture.zones.iter().all(|(apex, _)| apex != ".")) {
        for (apex, text) in &fixture.zones {
            apexes.push(apex.clone());
            if let Some(text) = text {
                std::fs::write(folder.path().join(format!("{apex}zone")), text).expect("a zone file");
                let (zone, ..) = support::build(apex, text);
                names.extend(zone.expect("a good zone").nodes().map(|node| node.name().to_string()));
            }
        }
        let served = fixture.served();
        authorities.extend(served.catalog.entries().iter().map(|entry| (entry.apex.clone(), entry.authority.clone())));
        let plain = fixture.steps.iter().filter(|step| step.ask.is_plain() && fixture.name != "message");
        queries.extend(plain.flat_map(|step| variants(&step.ask.query)));
    }
    for entry in std::fs::read_dir(support::zone_directory()).expect("our zones") {
        let entry = entry.expect("an entry");
        // `tests` lies beside the zones.
        if entry.path().is_dir() {
            continue;
        }
        let name = entry.file_name().into_string().expect("a name");
        let name = name.strip_suffix(".zone").map_or(name.clone(), |apex| format!("{apex}.zone"));
        std::fs::copy(entry.path(), folder.path().join(name)).expect("a copy");
    }
    let zones = support::repository_zones();
    apexes.extend(zones.iter().map(|(apex, _)| apex.to_string()));
    names.extend(zones.iter().flat_map(|(_, zone)| zone.nodes().map(|node| node.name().to_string())));
    let ours = support::serve_all(&zones);
    authorities.extend(ours.catalog.entries().iter().map(|entry| (entry.apex.clone(), entry.authority.clone())));
    let catalog = zonewright::authority::Catalog::new(support::KEY, authorities);
    queries.extend(names.iter().flat_map(|name| around(name)));
    let served = Served { catalog, policy: zonewright::server::Policy::default() };
    (Zones { folder, apexes }, served, queries)
}

/// A question as it is, with the bits that a resolver sets, and with the sizes it may offer.
fn variants(query: &Query) -> [Query; 4] {
    const RD_AND_AD: u16 = 0x0120;
    let mut with_do = query.clone().edns(4096);
    with_do.edns = with_do.edns.map(|(payload, version, _, options)| (payload, version, true, options));
    let with_bits = Query { flags: RD_AND_AD, ..query.clone() };
    [query.clone(), query.clone().edns(512), with_do, with_bits]
}

/// Questions for a name of every type, and for names below, beside and above it and of other case of one.
fn around(text: &str) -> Vec<Query> {
    let name = Name::absolute(text).expect("a name");
    let mut queries: Vec<Query> = fixture::TYPES.iter().map(|&rtype| Query::new(text, rtype)).collect();
    let parent = name.as_ref().parent().unwrap_or(NameRef::ROOT).to_string();
    let shouted = text.to_ascii_uppercase();
    let others = [format!("zz.{text}"), format!("a.zz.{text}"), format!("zz-beside.{parent}"), parent, shouted];
    for other in others.iter().filter(|other| other.len() < 250) {
        queries.extend([Rtype::A, Rtype::DS, Rtype::NS].map(|rtype| Query::new(other, rtype)));
    }
    queries
}

#[test]
fn every_answer_is_one_that_nsd_knot_or_bind_gives() {
    let (zones, served, queries) = questions();
    let peers: Vec<Peer> = MAKES.into_iter().filter_map(|make| start(make, &zones)).collect();
    if peers.len() < 3 {
        return support::skip("peers", "one of nsd, knotd and named is not installed");
    }
    let mut wrong = Vec::new();
    for query in &queries {
        let mine = essence(query.rtype, &ours(query, &served));
        let mut theirs: Vec<(&str, Essence)> =
            peers.iter().map(|peer| (peer.name, essence(query.rtype, &peer.client.ask(query)))).collect();
        if theirs.iter().any(|(_, one)| *one == mine) {
            continue;
        }
        // A zone that one of them refuses to load (a wildcard's NS, a cut that is a DNAME) is judged by the others.
        if theirs.iter().any(|(_, one)| one.rcode != "SERVFAIL") {
            theirs.retain(|(_, one)| one.rcode != "SERVFAIL");
        }
        let question = format!("{} {}", NameRef::trusted(&query.name), Mnemonic(query.rtype));
        let shown: String = theirs.iter().map(|(name, one)| format!("\n  {name:6} {one:?}")).collect();
        let shown = format!("{question}\n  here   {mine:?}{shown}");
        // How many aliases are followed is nobody's rule: NSD stops after more, Knot and BIND after fewer (the latter with
        // SERVFAIL), and `l01` starts a chain that tells all four apart.
        if !question.to_ascii_lowercase().starts_with("l01.cname.test.") {
            wrong.push(shown);
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), queries.len(), wrong.join("\n"));
}
