//! Connections accepted, and for how long each lasts; what goes over one is in [`stream`](super::stream).

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::TcpSettings;
use super::own::{Phase, reached};
use super::seats::{Seat, Seats};
use super::stream::Stream;
use crate::server::Publisher;

/// How long a client may take to close its side once ours is: closing with octets unread would take back the last answers.
const LINGER: Duration = Duration::from_millis(500);

/// How long to wait for others to give descriptors back.
const REST: Duration = Duration::from_millis(50);

/// What all connections go by.
#[derive(Clone)]
pub(super) struct Terms {
    pub(super) publisher: Publisher,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) seats: Arc<Seats>,
    pub(super) settings: TcpSettings,
}

/// Answers connections until the end begins, and then those there are.
pub(super) async fn answer(listener: TcpListener, mut terms: Terms) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = reached(&mut terms.phase, Phase::Retiring) => break,
            accepted = accept(&listener, &terms.seats) => accepted,
        };
        match accepted {
            Ok(Some((stream, client, seat))) => {
                drop(connections.spawn(connection(stream, client, seat, terms.clone())))
            }
            // The client has all that it may have, and is told so by the end of this one.
            Ok(None) => {}
            Err(_) => tokio::time::sleep(REST).await,
        }
        while connections.try_join_next().is_some() {}
    }
    // Before the connections end: nobody is to think that more are accepted here.
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// The next connection; none, if its client may not have another.
async fn accept(listener: &TcpListener, seats: &Arc<Seats>) -> io::Result<Option<(TcpStream, IpAddr, Seat)>> {
    let mut place = pin!(seats.wait());
    let (accepted, permit) = poll_fn(|context| {
        let permit = ready!(place.as_mut().poll(context));
        let accepted = listener.poll_accept(context).map(|accepted| (accepted, permit));
        if accepted.is_pending() {
            // It was given back: as long as nobody comes here, others may have it.
            place.set(seats.wait());
        }
        accepted
    })
    .await;
    let (stream, client) = accepted?;
    let Some(seat) = seats.take(client.ip(), permit) else { return Ok(None) };
    // Answers are written whole: waiting for more of them gains nothing.
    stream.set_nodelay(true)?;
    Ok(Some((stream, client.ip(), seat)))
}

async fn connection(stream: TcpStream, client: IpAddr, seat: Seat, mut terms: Terms) {
    let mut stream = Stream::new(stream, client, terms.publisher);
    let closing = pin!(reached(&mut terms.phase, Phase::Closing));
    let clock = pin!(sleep_until(stream.due(&terms.settings)));
    if let End::Told = (Life { stream: &mut stream, settings: &terms.settings, closing, clock }).await {
        // A client that went away is nobody's loss.
        let _ = close(stream.into_inner()).await;
    }
    drop(seat);
}

/// How a connection ends.
enum End {
    /// The client ended it, or let its time pass.
    Over,
    /// It is to end, and what was read of it is answered.
    Told,
}

/// A connection from its first query to its end.
///
/// The clock is set again when it has run out, or is found to be late: a timer that is moved with each query would cost more
/// than the query.
struct Life<'l, C> {
    stream: &'l mut Stream,
    settings: &'l TcpSettings,
    closing: Pin<&'l mut C>,
    clock: Pin<&'l mut Sleep>,
}

impl<C: Future<Output = ()>> Future for Life<'_, C> {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<End> {
        let life = &mut *self;
        // What came is answered, whatever the hour.
        if life.stream.poll(context).is_ready() {
            return Poll::Ready(End::Over);
        }
        if !life.stream.is_waiting() && life.closing.as_mut().poll(context).is_ready() {
            return Poll::Ready(End::Told);
        }
        let due = life.stream.due(life.settings);
        if due < life.clock.deadline() {
            life.clock.as_mut().reset(due);
        }
        while life.clock.as_mut().poll(context).is_ready() {
            if due <= Instant::now() {
                return Poll::Ready(End::Over);
            }
            life.clock.as_mut().reset(due);
        }
        Poll::Pending
    }
}

async fn close(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut unread = [0; 512];
    let end = Instant::now() + LINGER;
    while timeout_at(end, stream.read(&mut unread)).await?? > 0 {}
    Ok(())
}
