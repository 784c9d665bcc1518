//! A server's life: first look, listeners, what a person wants to see, then the loop until a signal ends it.
//!
//! # Design
//!
//! What would keep it from serving at all (an address in use, a directory that is not there, another server at the control
//! socket) ends it before zones are read, with what to do about it. What keeps a zone from being served does not: it starts,
//! answers SERVFAIL for that zone, and says so. No query is answered before the first look is done. A server that takes over
//! from another does all of this beside it, and has it retire last ([`handover`](super::handover)).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, bail};
use tokio::signal::unix::{SignalKind, signal};

use super::follow::{Follower, Message, SharedStatus, Start};
use super::handover::{Predecessor, Request};
use super::reload::Demand;
use super::socket::{self, Socket};
use super::status::{self, Status};
use crate::config::{Config, Overrides, SERIALS_OF_NOTHING};
use crate::server::{Endpoint, Listeners, Publisher, TransportSettings};

/// How long queries that were taken may take to be answered at the end; a client that stopped reading gets no more.
const LONGEST_DRAIN: Duration = Duration::from_secs(5);

/// How long the end waits for what is served to be saved.
const LONGEST_SAVE: Duration = Duration::from_secs(6);

/// How long connections may go on once a successor answers; new ones are the successor's.
const RETIREMENT: Duration = Duration::from_secs(10);

/// How long a server that was told to retire may take to let go of the control socket.
const LONGEST_CLAIM: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT, or until a successor takes over; `overrides` are applied again whenever the config is read
/// again. With `takes_over`, a server that runs for this config already is succeeded.
///
/// # Errors
///
/// What keeps it from serving at all: an address, the zone directory, the control socket, the system's threads.
pub fn serve(config: Config, overrides: Overrides, takes_over: bool) -> anyhow::Result<()> {
    let directory = &config.source.directory;
    if config.source.repository.is_none() && !directory.is_dir() {
        bail!(
            "the zone directory {} is not there: create it, or name another with --zones or `directory` under [source]",
            directory.display()
        );
    }
    if config.has_serials_of_nothing() {
        bail!(
            "{SERIALS_OF_NOTHING}: name its `repository` under [source], or serve them as written with `serial = \"file\"`"
        );
    }
    let addresses = config.server.listen.clone();
    let place = Place::take(&config, takes_over)?;
    let transport = config.server.transport.clone();
    let runtime = runtime(transport.thread_count())?;

    let shown_source = match &config.source.repository {
        Some(repository) => repository.location.to_string(),
        None => directory.display().to_string(),
    };
    let (follower, start) = Follower::start(config, overrides);
    let (publisher, status, sender) = (follower.publisher(), follower.status(), follower.sender());
    let follower = std::thread::Builder::new().name("control".into()).spawn(move || follower.run());
    let follower = follower.context("starting the thread that follows the zone files")?;
    let result = runtime.block_on(async {
        let (listeners, socket) = place.settle(&addresses, transport, publisher, &status, &sender).await?;
        tell_start(&status, start, &shown_source, socket.as_ref());
        run(listeners, socket, &sender, status).await
    });
    // It saves what is served; should it be in the middle of a long look, its end is not waited for.
    let _ = sender.send(Message::Stop);
    let deadline = Instant::now() + LONGEST_SAVE;
    while !follower.is_finished() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    runtime.shutdown_background();
    result
}

/// Whose place a server takes.
enum Place {
    /// Nobody's: the control socket is ours already.
    Free(Socket),
    /// Another server's, which answers until we do.
    Taken { predecessor: Predecessor, path: PathBuf },
}

impl Place {
    fn take(config: &Config, takes_over: bool) -> anyhow::Result<Self> {
        let (addresses, path) = (&config.server.listen, socket::place(config));
        let predecessor = if takes_over { Predecessor::find(&socket::find(config))? } else { None };
        match predecessor {
            None => {
                addresses.iter().try_for_each(|&address| probe(address))?;
                Ok(Self::Free(Socket::claim(&path)?))
            }
            Some(mut predecessor) => {
                let held = predecessor.sockets.iter().map(Endpoint::address).collect::<std::io::Result<Vec<_>>>();
                let shared = share_out(addresses, &held.context("asking where the other server listens")?);
                addresses
                    .iter()
                    .zip(&shared)
                    .filter(|(_, held)| held.is_none())
                    .try_for_each(|(&new, _)| probe(new))?;
                // An address that is ours no more is left to the other server until it ends.
                let mut index = 0..;
                predecessor.sockets.retain(|_| shared.contains(&index.next()));
                Ok(Self::Taken { predecessor, path })
            }
        }
    }

    /// Answers on these addresses, alone from then on. There is no control socket if another server does not let go of it.
    async fn settle(
        self,
        addresses: &[SocketAddr],
        transport: TransportSettings,
        publisher: Publisher,
        status: &SharedStatus,
        sender: &mpsc::Sender<Message>,
    ) -> anyhow::Result<(Listeners, Option<Socket>)> {
        let (mut predecessor, path) = match self {
            Self::Free(socket) => {
                return Ok((listen(addresses, Vec::new(), transport, publisher, status)?, Some(socket)));
            }
            Self::Taken { predecessor, path } => (predecessor, path),
        };
        // What the other server published while this one loaded: its answers are not to be followed by older ones.
        let (reply, looked) = tokio::sync::oneshot::channel();
        sender.send(Message::Look(Demand::default(), Some(reply))).context("looking once more")?;
        looked.await.context("looking once more")?;
        let shared = std::mem::take(&mut predecessor.sockets);
        let mut listeners = listen(addresses, shared, transport, publisher, status)?;
        let retired = predecessor.retire();
        let socket = Socket::claim_within(&path, LONGEST_CLAIM);
        match (retired, &socket) {
            (Err(error), Err(_)) => {
                // It goes on, so what was taken here is answered, and the rest is left to it.
                listeners.drain(Duration::ZERO).await;
                return Err(error);
            }
            (Ok(()), Err(error)) => tracing::error!("`status` and `reload` do not work: {error:#}"),
            // It may have ended without a word.
            (_, Ok(_)) => {}
        }
        if let Err(error) = listeners.grow() {
            tracing::warn!("some threads have no queries to answer until a restart without --take-over: {error}");
        }
        tracing::info!("took over from another server");
        // The state directory is the other's until it has ended.
        let _ = sender.send(Message::TookOver);
        Ok((listeners, socket.ok()))
    }
}

/// For each address to listen on, which of those held is used for it; a port that the system is to choose may be any.
fn share_out(addresses: &[SocketAddr], held: &[SocketAddr]) -> Vec<Option<usize>> {
    let mut free: Vec<bool> = held.iter().map(|held| !addresses.contains(held)).collect();
    let mut find = |wanted: &SocketAddr| {
        if wanted.port() != 0 {
            return held.iter().position(|held| held == wanted);
        }
        let found = held.iter().zip(&free).position(|(held, free)| *free && held.ip() == wanted.ip())?;
        free[found] = false;
        Some(found)
    };
    addresses.iter().map(&mut find).collect()
}

fn runtime(threads: usize) -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(threads).enable_all().thread_name("answer");
    builder.build().context("starting the threads that answer")
}

/// Finds out early whether an address can be had: reading a large zone first would be a waste of its operator's time.
fn probe(address: SocketAddr) -> anyhow::Result<()> {
    Endpoint::bind(address, 1).map(drop).map_err(|error| refuse_address(&address.to_string(), error))
}

fn refuse_address(address: &str, error: std::io::Error) -> anyhow::Error {
    let port = address.rsplit(':').next().unwrap_or_default();
    let what_to_do = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!(
                "something answers there already: `ss -lnp 'sport = :{port}'` names it; stop it or listen elsewhere; if it is zonewright with this config, `serve --take-over` succeeds it"
            )
        }
        std::io::ErrorKind::PermissionDenied => {
            "ports below 1024 need root or the capability CAP_NET_BIND_SERVICE".to_owned()
        }
        std::io::ErrorKind::AddrNotAvailable => {
            "this host has no such address: `ip address` shows those it has".to_owned()
        }
        _ => "see `listen` under [server] in the config, or --listen".to_owned(),
    };
    anyhow::Error::new(error).context(format!("listening on {address}: {what_to_do}"))
}

/// Answers on these addresses, on the sockets of `shared` where they are bound already.
fn listen(
    addresses: &[SocketAddr],
    mut shared: Vec<Endpoint>,
    transport: TransportSettings,
    publisher: Publisher,
    status: &SharedStatus,
) -> anyhow::Result<Listeners> {
    let held = shared.iter().map(Endpoint::address).collect::<std::io::Result<Vec<_>>>()?;
    for (&address, _) in addresses.iter().zip(share_out(addresses, &held)).filter(|(_, held)| held.is_none()) {
        let bound = Endpoint::bind(address, transport.udp_sockets());
        shared.push(bound.map_err(|error| refuse_address(&address.to_string(), error))?);
    }
    let listeners = Listeners::answer(shared, publisher, transport).context("sharing sockets")?;
    let mut status = status.lock().unwrap_or_else(PoisonError::into_inner);
    let bound = listeners.addresses().iter().map(ToString::to_string).collect();
    let started = status::unix_seconds(SystemTime::now());
    *status = Arc::new(Status { listeners: bound, started, ..Status::clone(&status) });
    Ok(listeners)
}

/// Says what is served, where, and what is not.
fn tell_start(status: &SharedStatus, start: Start, directory: &str, socket: Option<&Socket>) {
    let status = Arc::clone(&status.lock().unwrap_or_else(PoisonError::into_inner));
    let Start { zones, served, records, memory, seconds } = start;
    tracing::info!(
        "zonewright {} serves {served} of {zones} zones of {directory}, {records} records in {}, loaded in {seconds:.3} s; {} in use",
        status.build,
        status::say_memory(memory),
        status::say_octets(status.resident),
    );
    if let Some(commit) = status.source.as_ref().and_then(|source| source.served.as_ref()) {
        tracing::info!("{commit} is served");
    }
    if zones == 0 {
        tracing::warn!("there is no zone to serve yet: every query is refused until a `*.zone` file is there");
    } else if served == 0 {
        tracing::error!(
            "no zone can be served: every query for one is answered with SERVFAIL until its file is mended"
        );
    }
    if let Some(socket) = socket {
        tracing::info!("control socket {}", socket.path().display());
    }
    status.listeners.iter().for_each(|address| tracing::info!("listening on {address}, udp and tcp"));
}

/// What ends a server.
enum End {
    Signal(&'static str),
    /// A successor answers; it waits to be told that nothing is in its way any more.
    Succeeded(tokio::sync::oneshot::Sender<()>),
}

/// Lets the log go on until a signal says stop, or a successor, then answers what was asked.
async fn run(
    listeners: Listeners,
    socket: Option<Socket>,
    sender: &mpsc::Sender<Message>,
    status: SharedStatus,
) -> anyhow::Result<()> {
    let (successor, mut requests) = tokio::sync::mpsc::channel(1);
    if let Some(socket) = &socket {
        let (control_sender, control) = (sender.clone(), socket.listener()?);
        tokio::spawn(async move {
            if let Err(error) = socket::serve(control, control_sender, status, successor).await {
                tracing::error!("`status` and `reload` do not work from now on: {error:#}");
            }
        });
    }
    match wait(&listeners, &mut requests, sender).await? {
        End::Signal(name) => {
            tracing::info!("{name}: answering what was asked, then ending");
            if tokio::time::timeout(LONGEST_DRAIN, listeners.drain(Duration::ZERO)).await.is_err() {
                tracing::warn!("some clients did not take their answers in {} s", LONGEST_DRAIN.as_secs());
            }
        }
        End::Succeeded(reply) => {
            tracing::info!("another server takes over: answering what was asked, then ending");
            // Whatever the successor needs goes before it is told so.
            drop(socket);
            // It reads the same sockets, so it need not wait until nothing is read here any more.
            let _ = reply.send(());
            listeners.drain(RETIREMENT).await;
        }
    }
    Ok(())
}

async fn wait(
    listeners: &Listeners,
    requests: &mut tokio::sync::mpsc::Receiver<Request>,
    sender: &mpsc::Sender<Message>,
) -> anyhow::Result<End> {
    let mut hangup = signal(SignalKind::hangup()).context("listening for SIGHUP")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    loop {
        tokio::select! {
            _ = hangup.recv() => {
                tracing::info!("SIGHUP: looking at all files");
                let _ = sender.send(Message::Look(Demand { everything: true, ..Demand::default() }, None));
            }
            _ = terminate.recv() => return Ok(End::Signal("SIGTERM")),
            _ = interrupt.recv() => return Ok(End::Signal("SIGINT")),
            Some(request) = requests.recv() => match request {
                // Whoever asked may have gone.
                Request::Share(reply) => drop(reply.send(listeners.share())),
                Request::Retire(reply) => return Ok(End::Succeeded(reply)),
            },
        }
    }
}
