//! The control socket: how `zonewright status` and `zonewright reload` reach a running server.
//!
//! In: one line that is a request. Out: one line of JSON. Only the owner of the server, and root, may use it; a client that
//! hangs, or says too much, is let go.
//!
//! # Design
//!
//! The socket is bound in a private directory and moved to its place, so that there is no moment at which others could
//! connect, whatever the umask, and a dead server's socket is replaced in one step. Which server is alive is told by a lock
//! beside it, which the system lets go when the process ends, however it ends.

use std::ffi::OsStr;
use std::hash::Hasher as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as ClientStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::fs::{FlockOperation, Mode, OFlags};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::commits::Order;
use super::follow::{Message, SharedStatus};
use super::handover::{self, Requests};
use super::reload::Demand;
use super::status::{Look, Status};
use crate::config::Config;

/// Octets of a request: the longest names a commit.
const MAX_REQUEST: u64 = 512;

/// How long a client may take to send its request, or to take in the answer's next part.
const PATIENCE: Duration = Duration::from_secs(5);

/// Clients at once; more wait for their turn.
const MAX_CLIENTS: usize = 8;

/// Octets of an answer that a client takes: a hundred thousand zones need a third of it.
const MAX_ANSWER: u64 = 256 << 20;

/// How long a client waits for a look: the largest zones take seconds.
const LONGEST_LOOK: Duration = Duration::from_secs(600);

/// A control socket of our own, until it is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: std::os::unix::net::UnixListener,
    path: PathBuf,
    _lock: OwnedFd,
}

/// Where the control socket of a config is: as configured, or in the user's runtime directory under a name that its config
/// file, or its zone directory, gives it.
pub fn place(config: &Config) -> PathBuf {
    if let Some(path) = &config.server.control {
        return path.clone();
    }
    directory().join(format!("{}.sock", subject(config)))
}

/// A name for what a config, or a zone directory without one, is about.
pub(super) fn subject(config: &Config) -> String {
    let subject = config.path.as_ref().unwrap_or(&config.source.directory);
    let subject = subject.canonicalize().unwrap_or_else(|_| subject.clone());
    // Without a key: the client has to find the same name.
    let mut hasher = siphasher::sip::SipHasher13::new();
    hasher.write(subject.as_os_str().as_bytes());
    format!("{:016x}", hasher.finish())
}

/// `$RUNTIME_DIRECTORY` (systemd's, for a service), else `zonewright` in `$XDG_RUNTIME_DIR`, else one in `/tmp`.
fn directory() -> PathBuf {
    let service = service_directory("RUNTIME_DIRECTORY");
    let user = given("XDG_RUNTIME_DIR").map(|directory| directory.join("zonewright"));
    let uid = rustix::process::getuid().as_raw();
    service.or(user).unwrap_or_else(|| PathBuf::from(format!("/tmp/zonewright-{uid}")))
}

/// A path that the environment names, if it names one.
pub(super) fn given(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// A directory that systemd made for the service; several are separated by colons (systemd.exec(5)), and the first is ours.
pub(super) fn service_directory(name: &str) -> Option<PathBuf> {
    let directories = given(name)?;
    let first = directories.as_os_str().as_bytes().split(|&octet| octet == b':').next()?;
    Some(PathBuf::from(OsStr::from_bytes(first)))
}

impl Socket {
    /// Takes the place, unless a server lives there.
    ///
    /// # Errors
    ///
    /// Another server has it; or its directory cannot be made, is someone else's, or open to others.
    pub fn claim(path: &Path) -> anyhow::Result<Self> {
        let parent = path.parent().unwrap_or(Path::new("/"));
        make_private(parent).with_context(|| format!("making a place for the control socket, {}", parent.display()))?;
        let lock = lock(path)?;
        let listener = bind(path).with_context(|| format!("opening the control socket {}", path.display()))?;
        Ok(Self { listener, path: path.to_owned(), _lock: lock })
    }

    /// As [`claim`](Self::claim), trying again for as long as another server may take to end.
    ///
    /// # Errors
    ///
    /// As [`claim`](Self::claim), when the time is over.
    pub fn claim_within(path: &Path, time: Duration) -> anyhow::Result<Self> {
        let end = std::time::Instant::now() + time;
        loop {
            match Self::claim(path) {
                Err(_) if std::time::Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
                claimed => return claimed,
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What clients connect to, for [`serve`]; to be called within a runtime.
    ///
    /// # Errors
    ///
    /// The runtime cannot take the socket.
    pub fn listener(&self) -> anyhow::Result<UnixListener> {
        let listener = self.listener.try_clone().context("sharing the control socket")?;
        listener.set_nonblocking(true).context("preparing the control socket")?;
        UnixListener::from_std(listener).context("taking the control socket")
    }
}

/// Answers clients, for ever.
///
/// # Errors
///
/// None so far: a client's troubles are its own.
pub async fn serve(
    listener: UnixListener,
    sender: Sender<Message>,
    status: SharedStatus,
    successor: Requests,
) -> anyhow::Result<()> {
    let clients = Arc::new(Semaphore::new(MAX_CLIENTS));
    loop {
        let permit = Arc::clone(&clients).acquire_owned().await.context("counting clients")?;
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: others need a moment to give some back.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (sender, status, successor) = (sender.clone(), Arc::clone(&status), successor.clone());
        tokio::spawn(async move {
            if is_ours(&stream) {
                // A client that went away, or never spoke, is nobody's loss.
                let _ = answer(stream, sender, status, successor).await;
            }
            drop(permit);
        });
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // It may be gone already. The lock stays, as a file: removing it could take it from under the next server.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether the client is the server's owner, or root: the socket's mode says so too, on systems that respect it.
fn is_ours(stream: &UnixStream) -> bool {
    let us = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|client| client.uid() == us || client.uid() == 0)
}

fn make_private(directory: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let found = std::fs::metadata(directory)?;
    let (us, owner) = (rustix::process::geteuid().as_raw(), found.uid());
    match () {
        () if !found.is_dir() => bail!("it is no directory"),
        () if owner != us && owner != 0 => bail!("it belongs to user {owner}, and this is user {us}"),
        () if found.mode() & 0o022 != 0 && found.mode() & 0o1000 == 0 => {
            bail!("others may write to it: `chmod go-w` it")
        }
        () => Ok(()),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn lock(path: &Path) -> anyhow::Result<OwnedFd> {
    let lock = beside(path, ".lock");
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::open(&lock, flags, Mode::RUSR | Mode::WUSR)
        .with_context(|| format!("opening the control socket's lock {}", lock.display()))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => bail!(
            "a server for this config runs already, at the control socket {}: take over from it with `serve --take-over`, stop it, or give this one another `control` under [server]",
            path.display()
        ),
        Err(error) => Err(error).with_context(|| format!("locking {}", lock.display())),
    }
}

fn bind(path: &Path) -> anyhow::Result<std::os::unix::net::UnixListener> {
    let private = beside(path, ".new");
    // A server that died here left it behind; the lock says that none is at it now.
    let _ = std::fs::remove_dir_all(&private);
    std::fs::DirBuilder::new().mode(0o700).create(&private)?;
    let made = private.join("s");
    let listener = std::os::unix::net::UnixListener::bind(&made)?;
    std::fs::set_permissions(&made, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&made, path)?;
    std::fs::remove_dir(&private)?;
    Ok(listener)
}

async fn answer(
    mut stream: UnixStream,
    sender: Sender<Message>,
    status: SharedStatus,
    successor: Requests,
) -> anyhow::Result<()> {
    let mut line = String::new();
    let (reader, mut writer) = stream.split();
    let mut reader = tokio::io::BufReader::new(reader.take(MAX_REQUEST));
    timeout(PATIENCE, reader.read_line(&mut line)).await??;
    let (verb, argument) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let reply = match (verb, argument) {
        ("status", "") => serde_json::to_vec(&see(&sender, &status).await?)?,
        ("reload", "") => serde_json::to_vec(&look(&sender, false).await?)?,
        ("reload", "accept-loss") => serde_json::to_vec(&look(&sender, true).await?)?,
        ("freeze", "") => serde_json::to_vec(&order(&sender, Order::Freeze).await?)?,
        ("thaw", "") => serde_json::to_vec(&order(&sender, Order::Thaw).await?)?,
        ("rollback", revision) => {
            let revision = (!revision.is_empty()).then(|| revision.to_owned());
            serde_json::to_vec(&order(&sender, Order::Rollback(revision)).await?)?
        }
        ("publish", revision) if !revision.is_empty() => {
            serde_json::to_vec(&order(&sender, Order::Accept(revision.to_owned())).await?)?
        }
        ("sockets", "") => return handover::share(&stream, &successor).await,
        ("retire", "") => serde_json::to_vec(&handover::retire(&successor).await?)?,
        _ => br#"{"error":"expected `status`, `reload`, `freeze`, `thaw` or `rollback`"}"#.to_vec(),
    };
    for part in reply.chunks(1 << 16) {
        timeout(PATIENCE, writer.write_all(part)).await??;
    }
    timeout(PATIENCE, writer.write_all(b"\n")).await??;
    Ok(())
}

/// Everything that is served or, while a long look keeps the loop busy, all but the zones.
async fn see(sender: &Sender<Message>, shared: &SharedStatus) -> anyhow::Result<Status> {
    let (reply, receiver) = oneshot::channel();
    sender.send(Message::Status(reply))?;
    if let Ok(status) = timeout(PATIENCE, receiver).await {
        return Ok(status?);
    }
    let mut status = Status::clone(&shared.lock().unwrap_or_else(PoisonError::into_inner));
    status.look.notices.push("a look is under way: ask again for the zones".to_owned());
    Ok(status)
}

async fn order(sender: &Sender<Message>, order: Order) -> anyhow::Result<Look> {
    let (reply, receiver) = oneshot::channel();
    sender.send(Message::Order(order, reply))?;
    Ok(receiver.await?)
}

async fn look(sender: &Sender<Message>, accept_loss: bool) -> anyhow::Result<Look> {
    let (reply, receiver) = oneshot::channel();
    let demand = Demand { everything: true, accept_loss, ..Demand::default() };
    sender.send(Message::Look(demand, Some(reply)))?;
    Ok(receiver.await?)
}

/// Asks the server at `path` what it serves.
///
/// # Errors
///
/// No server answers there.
pub fn ask_status(path: &Path) -> anyhow::Result<Status> {
    ask(path, "status")
}

/// Has the server at `path` look at its files, and waits for what comes of it.
///
/// # Errors
///
/// No server answers there.
pub fn ask_reload(path: &Path, accept_loss: bool) -> anyhow::Result<Look> {
    ask(path, if accept_loss { "reload accept-loss" } else { "reload" })
}

/// Tells the server at `path` which commit to serve, and waits for what comes of it.
///
/// # Errors
///
/// No server answers there.
pub fn ask_order(path: &Path, order: &Order) -> anyhow::Result<Look> {
    match order {
        Order::Freeze => ask(path, "freeze"),
        Order::Thaw => ask(path, "thaw"),
        Order::Accept(revision) => ask(path, &format!("publish {revision}")),
        Order::Rollback(None) => ask(path, "rollback"),
        Order::Rollback(Some(revision)) => ask(path, &format!("rollback {revision}")),
    }
}

fn ask<T: DeserializeOwned>(path: &Path, request: &str) -> anyhow::Result<T> {
    let stream = ClientStream::connect(path)
        .with_context(|| format!("no server answers at the control socket {}", path.display()))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_read_timeout(Some(LONGEST_LOOK))?;
    writeln!(&stream, "{request}").context("asking the server")?;
    let mut answer = String::new();
    BufReader::new(stream.take(MAX_ANSWER)).read_line(&mut answer).context("waiting for the server's answer")?;
    serde_json::from_str(&answer).context("reading the server's answer; another version of zonewright may be running")
}

/// The control socket to ask for a config: its own or, if no server is there, that of the only one that this user runs.
///
/// A server started with `--zones` has no config to be found by.
pub fn find(config: &Config) -> PathBuf {
    let own = place(config);
    if own.exists() || config.server.control.is_some() {
        return own;
    }
    let entries = std::fs::read_dir(directory()).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut others = entries.filter(|path| path.extension() == Some(OsStr::new("sock")));
    match (others.next(), others.next()) {
        (Some(only), None) => only,
        _ => own,
    }
}
