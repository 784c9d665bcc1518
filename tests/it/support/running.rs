//! The real thing: `zonewright serve` as a process, and what a person or a resolver would see of it.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use zonewright::dns::Rtype;

use super::client::Udp;
use super::message::{Query, Response};

/// How long the server may take to do what a test waits for; on a quiet machine it takes milliseconds.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A server, or what was to become one, until this is dropped.
pub(crate) struct Process {
    pub(crate) child: Child,
    log: Arc<Mutex<String>>,
}

impl Process {
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, sink) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                sink.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Self { child, log }
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The log, once it has these words.
    #[track_caller]
    pub(crate) fn expect_log(&self, words: &str) -> String {
        let found = wait_for(|| Some(self.log()).filter(|log| log.contains(words)));
        found.unwrap_or_else(|| panic!("no `{words}` in\n{}", self.log()))
    }

    /// The first address that it answers on, once it does.
    #[track_caller]
    pub(crate) fn address(&self) -> SocketAddr {
        let log = self.expect_log(", udp and tcp");
        log.split("listening on ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Its exit code, once it has ended by itself.
    #[track_caller]
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        let status = wait_for(|| self.child.try_wait().unwrap());
        status.unwrap_or_else(|| panic!("it does not end\n{}", self.log())).code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `zonewright serve` that answers, on a directory of its own.
pub(crate) struct Running {
    pub(crate) directory: Arc<TempDir>,
    process: Process,
    pub(crate) address: SocketAddr,
}

impl Deref for Running {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

impl Running {
    /// Starts it on the files of `zones` in a directory that `make` has filled.
    pub(crate) fn start(make: impl FnOnce(&Path)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path());
        Self::start_in(&Arc::new(directory), &["--zones", "zones", "--threads", "1"])
    }

    /// Starts it in a directory, on a port that the system chooses.
    pub(crate) fn start_in(directory: &Arc<TempDir>, arguments: &[&str]) -> Self {
        let mut command = Self::command(directory.path(), "serve");
        command.args(arguments).args(["--listen", "127.0.0.1:0"]);
        let process = Process::spawn(&mut command);
        let address = process.address();
        Self { directory: Arc::clone(directory), process, address }
    }

    /// A command in a directory, with sockets and state in it too, whatever the environment says.
    pub(crate) fn command(directory: &Path, verb: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zonewright"));
        command.current_dir(directory).arg(verb);
        command.env("XDG_RUNTIME_DIR", directory).env_remove("RUNTIME_DIRECTORY");
        command.env("XDG_STATE_HOME", directory.join("state")).env_remove("STATE_DIRECTORY");
        command
    }

    /// Another command's exit code and what it prints.
    pub(crate) fn run(&self, verb: &str, arguments: &[&str]) -> (i32, String) {
        let output = Self::command(self.directory.path(), verb).args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn end(mut self) {
        self.signal("TERM");
        assert_eq!(self.process.exit_code(), Some(0), "{}", self.log());
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    pub(crate) fn udp(&self) -> Udp {
        Udp::connect(self.address)
    }

    /// The number that a zone's TXT record carries, or the rcode of the answer.
    pub(crate) fn state(&self, zone: &str) -> String {
        state_of(&self.udp().ask(&Query::new(&format!("state.{zone}"), Rtype::TXT)))
    }

    #[track_caller]
    pub(crate) fn expect_state(&self, zone: &str, state: &str) -> Duration {
        let start = Instant::now();
        let found = wait_for(|| (self.state(zone) == state).then_some(()));
        assert!(found.is_some(), "{zone} is at {}, not {state}\n{}", self.state(zone), self.log());
        start.elapsed()
    }
}

pub(crate) fn wait_for<T>(mut what: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + DEADLINE;
    loop {
        let found = what();
        if found.is_some() || Instant::now() > end {
            return found;
        }
        // Others have work to do: what is waited for, most of all.
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn state_of(response: &Response) -> String {
    match response.answer.last() {
        Some(record) => String::from_utf8(record.rdata[1..].to_vec()).unwrap(),
        None => response.rcode.to_string(),
    }
}

/// A zone whose serial and TXT record carry a number.
pub(crate) fn text(state: u32) -> String {
    let mut text = String::from("$TTL 300\n");
    let _ =
        writeln!(text, "@ SOA ns mail {state} 7200 900 1209600 300\n@ NS ns\nns A 192.0.2.1\nstate TXT \"{state}\"");
    text
}

pub(crate) fn write_all(directory: &Path, files: &[(&str, &str)]) {
    for (file, text) in files {
        let path = directory.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}
