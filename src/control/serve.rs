//! A server's life: first look, listeners, what a person wants to see, then the loop until a signal ends it.
//!
//! # Design
//!
//! What would keep it from serving at all (an address in use, a directory that is not there, another server at the control
//! socket) ends it before zones are read, with what to do about it. What keeps a zone from being served does not: it starts,
//! answers SERVFAIL for that zone, and says so. No query is answered before the first look is done.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::mpsc;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, bail};
use tokio::signal::unix::{SignalKind, signal};

use super::follow::{Follower, Message, SharedStatus};
use super::reload::Demand;
use super::socket::{self, Socket};
use super::status::{self, Look, Status};
use crate::config::{Config, Overrides};
use crate::server::{Listeners, Publisher};

/// How long queries that were taken may take to be answered at the end; a client that stopped reading gets no more.
const LONGEST_DRAIN: Duration = Duration::from_secs(5);

/// How long the end waits for what is served to be saved.
const LONGEST_SAVE: Duration = Duration::from_secs(6);

/// Serves until SIGTERM or SIGINT; `overrides` are applied again whenever the config is read again.
///
/// # Errors
///
/// What keeps it from serving at all: an address, the zone directory, the control socket, the system's threads.
pub fn serve(config: Config, overrides: Overrides) -> anyhow::Result<()> {
    let directory = &config.source.directory;
    if config.source.repository.is_none() && !directory.is_dir() {
        bail!(
            "the zone directory {} is not there: create it, or name another with --zones or `directory` under [source]",
            directory.display()
        );
    }
    let addresses = config.server.listen.clone();
    addresses.iter().try_for_each(|&address| probe(address))?;
    let socket = Socket::claim(&socket::place(&config))?;
    let runtime = runtime(config.server.threads)?;

    let shown_source = match &config.source.repository {
        Some(repository) => repository.location.to_string(),
        None => directory.display().to_string(),
    };
    let (follower, look) = Follower::start(config, overrides);
    let (publisher, status, sender) = (follower.publisher(), follower.status(), follower.sender());
    let follower = std::thread::Builder::new().name("control".into()).spawn(move || follower.run());
    let follower = follower.context("starting the thread that follows the zone files")?;
    let result = runtime.block_on(async {
        let listeners = listen(&addresses, publisher, &status).await?;
        tell_start(&status, &look, &shown_source, socket.path());
        run(listeners, &socket, &sender, status).await
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

fn runtime(threads: u16) -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if threads > 0 {
        builder.worker_threads(usize::from(threads));
    }
    builder.enable_all().thread_name("answer").build().context("starting the threads that answer")
}

/// Finds out early whether an address can be had: reading a large zone first would be a waste of its operator's time.
fn probe(address: SocketAddr) -> anyhow::Result<()> {
    let probed = UdpSocket::bind(address).map(drop).and_then(|()| TcpListener::bind(address).map(drop));
    probed.map_err(|error| refuse_address(&address.to_string(), error))
}

fn refuse_address(address: &str, error: std::io::Error) -> anyhow::Error {
    let port = address.rsplit(':').next().unwrap_or_default();
    let what_to_do = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!(
                "something answers there already: `ss -lnp 'sport = :{port}'` names it; stop it or listen elsewhere"
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

async fn listen(addresses: &[SocketAddr], publisher: Publisher, status: &SharedStatus) -> anyhow::Result<Listeners> {
    let shown: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    let listeners = Listeners::bind(addresses, publisher).await;
    let listeners = listeners.map_err(|error| refuse_address(&shown.join(", "), error))?;
    let mut status = status.lock().unwrap_or_else(PoisonError::into_inner);
    let bound = listeners.addresses().iter().map(ToString::to_string).collect();
    let started = status::unix_seconds(SystemTime::now());
    *status = Arc::new(Status { listeners: bound, started, ..Status::clone(&status) });
    Ok(listeners)
}

/// Says what is served, where, and what is not.
fn tell_start(status: &SharedStatus, look: &Look, directory: &str, socket: &std::path::Path) {
    let status = Arc::clone(&status.lock().unwrap_or_else(PoisonError::into_inner));
    let served = status.zones.iter().filter(|zone| zone.served.is_some()).count();
    let records: usize = status.zones.iter().filter_map(|zone| zone.served.as_ref()).map(|zone| zone.records).sum();
    let memory: usize = status.zones.iter().filter_map(|zone| zone.served.as_ref()).map(|zone| zone.memory).sum();
    tracing::info!(
        "zonewright {} serves {served} of {} zones of {directory}, {records} records in {}, loaded in {:.3} s; {} in use",
        status.build,
        status.zones.len(),
        status::say_octets(memory as u64),
        look.seconds,
        status::say_octets(status.resident),
    );
    if let Some(commit) = status.source.as_ref().and_then(|source| source.served.as_ref()) {
        tracing::info!("{commit} is served");
    }
    if status.zones.is_empty() {
        tracing::warn!("there is no zone to serve yet: every query is refused until a `*.zone` file is there");
    } else if served == 0 {
        tracing::error!(
            "no zone can be served: every query for one is answered with SERVFAIL until its file is mended"
        );
    }
    tracing::info!("control socket {}", socket.display());
    status.listeners.iter().for_each(|address| tracing::info!("listening on {address}, udp and tcp"));
}

/// Lets the log go on until a signal says stop, then answers what was asked.
async fn run(
    listeners: Listeners,
    socket: &Socket,
    sender: &mpsc::Sender<Message>,
    status: SharedStatus,
) -> anyhow::Result<()> {
    let mut hangup = signal(SignalKind::hangup()).context("listening for SIGHUP")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let (control_sender, control) = (sender.clone(), socket.listener()?);
    tokio::spawn(async move {
        if let Err(error) = socket::serve(control, control_sender, status).await {
            tracing::error!("`status` and `reload` do not work from now on: {error:#}");
        }
    });
    let name = loop {
        tokio::select! {
            _ = hangup.recv() => {
                tracing::info!("SIGHUP: looking at all files");
                let _ = sender.send(Message::Look(Demand { everything: true, ..Demand::default() }, None));
            }
            _ = terminate.recv() => break "SIGTERM",
            _ = interrupt.recv() => break "SIGINT",
        }
    };
    tracing::info!("{name}: answering what was asked, then ending");
    if tokio::time::timeout(LONGEST_DRAIN, listeners.drain()).await.is_err() {
        tracing::warn!("some clients did not take their answers in {} s", LONGEST_DRAIN.as_secs());
    }
    Ok(())
}
