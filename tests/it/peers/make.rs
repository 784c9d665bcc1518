//! Servers of other makes, each started on loopback with the zones of a directory, and asked like any other.

#![expect(clippy::disallowed_methods, reason = "peers are processes, with files of their own")]

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use zonewright::dns::{Rcode, Rtype};
use zonewright::server::Transport;

use crate::support::client::{Tcp, Udp};
use crate::support::message::{Query, Response};

/// Zone files in a directory, each named for its apex.
pub(crate) struct Zones {
    folder: tempfile::TempDir,
    apexes: Vec<String>,
}

impl Zones {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a directory"), apexes: Vec::new() }
    }

    /// Adds a zone; one without text, and without a file that was copied, is configured and cannot be loaded.
    pub(crate) fn add(&mut self, apex: &str, text: Option<&str>) {
        self.apexes.push(apex.to_owned());
        if let Some(text) = text {
            std::fs::write(self.path().join(Self::file(apex)), text).expect("a zone file");
        }
    }

    /// Copies files that hold zones, or what they include.
    pub(crate) fn copy_all(&self, folder: &Path) {
        for entry in std::fs::read_dir(folder).expect("a directory of zones") {
            let entry = entry.expect("an entry");
            // Tests lie beside the zones.
            if entry.path().is_dir() {
                continue;
            }
            std::fs::copy(entry.path(), self.path().join(entry.file_name())).expect("a copy");
        }
    }

    pub(crate) fn apexes(&self) -> &[String] {
        &self.apexes
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(apex: &str) -> String {
        format!("{}.zone", apex.trim_end_matches('.'))
    }

    fn list(&self, row: impl Fn(&str, String) -> String) -> String {
        self.apexes.iter().map(|apex| row(apex, Self::file(apex))).collect()
    }
}

/// A server of another make, stopped when it is dropped.
pub(crate) struct Peer {
    udp: Udp,
    tcp: Tcp,
    child: Child,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Peer {
    /// None where the peer says nothing.
    pub(crate) fn ask(&self, query: &Query, transport: Transport) -> Option<Response> {
        match transport {
            Transport::Udp => self.udp.ask_or_none(query),
            Transport::Tcp => self.tcp.ask(query),
        }
    }

    /// Waits until the peer answers for the zone; false if it ends before.
    fn serves(&mut self, apex: &str) -> bool {
        let deadline = Instant::now() + Duration::from_secs(30);
        const RD: u16 = 0x0100;
        let query = Query { flags: RD, ..Query::new(apex, Rtype::SOA) }.octets();
        while Instant::now() < deadline && self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let answer = self.udp.exchange(&query).ok().and_then(|octets| Response::read(&octets).ok());
            if answer.is_some_and(|response| response.rcode == Rcode::NOERROR) {
                return true;
            }
            // Nothing says when a peer is ready but an answer.
            std::thread::sleep(Duration::from_millis(20));
        }
        false
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

/// Where a process listens, and where it may write.
pub(crate) struct Place {
    pub(crate) port: u16,
    pub(crate) state: PathBuf,
}

/// A make: its program, the arguments before the configuration's path, and that configuration.
type Make = (&'static str, &'static [&'static str], fn(&Place, &Zones) -> String);

const MAKES: [Make; 3] =
    [("nsd", &["-d", "-c"], nsd), ("knotd", &["-c"], knot), ("named", &["-g", "-4", "-n", "1", "-c"], bind)];

fn nsd(Place { port, state }: &Place, zones: &Zones) -> String {
    let (folder, state) = (zones.path().display(), state.display());
    let list = zones.list(|apex, file| format!("zone:\n  name: \"{apex}\"\n  zonefile: \"{file}\"\n"));
    format!(
        "server:\n  ip-address: 127.0.0.1@{port}\n  username: \"\"\n  chroot: \"\"\n  zonesdir: \"{folder}\"\n  \
         pidfile: \"{state}/pid\"\n  database: \"\"\n  xfrdfile: \"{state}/xfrd\"\n  xfrdir: \"{state}\"\n  \
         zonelistfile: \"{state}/list\"\n  server-count: 1\n  rrl-ratelimit: 0\n  minimal-responses: yes\n\
         remote-control:\n  control-enable: no\n{list}"
    )
}

fn knot(Place { port, state }: &Place, zones: &Zones) -> String {
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

fn bind(Place { port, state }: &Place, zones: &Zones) -> String {
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

/// All makes with the zones, once they serve the one of `apex`; none where one is not installed.
pub(crate) fn start_all(zones: &Zones, apex: &str) -> Option<[Peer; 3]> {
    let start =
        |(name, arguments, config): &Make| start(name, arguments, zones.path(), apex, |place| config(place, zones));
    MAKES.iter().map_while(start).collect::<Vec<Peer>>().try_into().ok()
}

/// Starts a program, if it is installed, in a directory of its own below `folder`, and waits until it answers for `apex`;
/// another process may take its port first, so a few are tried.
pub(crate) fn start(
    name: &'static str,
    arguments: &[&str],
    folder: &Path,
    apex: &str,
    config: impl Fn(&Place) -> String,
) -> Option<Peer> {
    let program = program(name)?;
    for attempt in 0..3 {
        let state = folder.join(format!("{name}-{attempt}"));
        std::fs::create_dir(&state).expect("a directory for the peer");
        let place = Place { port: free_port(), state };
        let file = place.state.join("config");
        std::fs::write(&file, config(&place)).expect("the peer's configuration");
        let log = std::fs::File::create(place.state.join("log")).expect("the peer's log");
        let mut command = Command::new(&program);
        command.args(arguments).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().expect("the peer can be started");
        let address: SocketAddr = ([127, 0, 0, 1], place.port).into();
        let mut peer = Peer { udp: Udp::connect(address), tcp: Tcp::new(address), child };
        if peer.serves(apex) {
            return Some(peer);
        }
        let log = std::fs::read_to_string(place.state.join("log")).unwrap_or_default();
        assert!(attempt < 2, "{name} does not serve:\n{log}");
    }
    None
}
