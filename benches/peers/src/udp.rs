//! Datagrams: so many under way, or so many a second.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::Tally;
use crate::batch::{Batch, MOST, wait};
use crate::names::Questions;

/// Sockets, so that a server with several finds work for each of them.
const SOCKETS: usize = 16;

/// Queries under way on one socket. All together stay below what any server's socket holds by default.
const UNDER_WAY: usize = 12;

/// When nothing has come for so long, others are asked in the place of what has no reply.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long replies may come in after the last query.
const LAST: Duration = Duration::from_millis(500);

/// Sends back what comes.
pub(crate) fn echo(address: SocketAddr) -> Result<(), String> {
    let socket = UdpSocket::bind(address).map_err(|error| format!("binding {address}: {error}"))?;
    let mut batch = Batch::new();
    loop {
        match batch.receive(&socket) {
            Ok(_) => {
                batch.send(&socket);
            }
            Err(_) => wait(std::slice::from_ref(&socket), -1),
        }
    }
}

pub(crate) fn ask(address: SocketAddr, questions: Questions, count: usize, rate: usize) -> Result<(), String> {
    let connect = |_| -> std::io::Result<UdpSocket> {
        let any: SocketAddr =
            if address.is_ipv4() { ([127, 0, 0, 1], 0).into() } else { ([0, 0, 0, 0, 0, 0, 0, 1_u16], 0).into() };
        let socket = UdpSocket::bind(any)?;
        socket.connect(address)?;
        Ok(socket)
    };
    let sockets = (0..SOCKETS).map(connect).collect::<std::io::Result<Vec<_>>>();
    let sockets = sockets.map_err(|error| format!("connecting to {address}: {error}"))?;
    let asker = Asker {
        under_way: vec![0; sockets.len()],
        sockets,
        questions,
        batch: Batch::new(),
        tally: Tally::default(),
        sent: 0,
        start: Instant::now(),
        sent_at: vec![0; 1 << 16],
        latencies: Vec::with_capacity(if rate > 0 { count } else { 0 }),
        is_timed: rate > 0,
    };
    if rate == 0 {
        asker.ask_all(count)
    } else {
        asker.ask_at(count, rate)
    }
    Ok(())
}

struct Asker {
    sockets: Vec<UdpSocket>,
    under_way: Vec<usize>,
    questions: Questions,
    batch: Batch,
    tally: Tally,
    sent: usize,
    start: Instant,
    /// When the query of each identifier was sent, in microseconds from the start.
    sent_at: Vec<u32>,
    latencies: Vec<u32>,
    /// Whether latencies are taken.
    is_timed: bool,
}

impl Asker {
    /// As many as are answered.
    fn ask_all(mut self, count: usize) {
        let mut last = Instant::now();
        while self.tally.replies < count {
            let before = self.tally.replies;
            for index in 0..self.sockets.len() {
                self.send(index, UNDER_WAY - self.under_way[index]);
                self.receive(index);
            }
            if self.tally.replies > before {
                last = Instant::now();
            } else if last.elapsed() > PATIENCE {
                self.under_way.fill(0);
                last = Instant::now();
            } else {
                wait(&self.sockets, 1);
            }
        }
        self.finish();
    }

    /// So many a second, whether or not they are answered: a server that stops for a while is found out.
    fn ask_at(mut self, count: usize, rate: usize) {
        while self.sent < count {
            let due = ((self.start.elapsed().as_secs_f64() * rate as f64) as usize).min(count);
            let index = self.sent / 4 % self.sockets.len();
            self.send(index, due.saturating_sub(self.sent).min(4));
            self.receive_all();
            if self.sent >= due {
                std::thread::sleep(Duration::from_micros(20));
            }
        }
        self.finish();
    }

    /// Waits for the last replies; what has none by then is lost.
    fn finish(mut self) {
        let seconds = self.start.elapsed().as_secs_f64();
        let end = Instant::now() + LAST;
        while self.tally.replies < self.sent && Instant::now() < end {
            wait(&self.sockets, 1);
            self.receive_all();
        }
        self.tally.lost = self.sent.saturating_sub(self.tally.replies);
        self.tally.print(self.sent, seconds, &mut self.latencies);
    }

    fn send(&mut self, index: usize, count: usize) {
        let (length, now) = (self.questions.length(), self.start.elapsed().as_micros() as u32);
        for _ in 0..count.min(MOST) {
            let id = (self.sent + self.batch.count) as u16;
            self.sent_at[usize::from(id)] = now;
            self.questions.write(id, self.batch.push(length));
        }
        if count > 0 {
            let sent = self.batch.send(&self.sockets[index]);
            self.sent += sent;
            self.under_way[index] += sent;
        }
    }

    fn receive_all(&mut self) {
        for index in 0..self.sockets.len() {
            self.receive(index);
        }
    }

    fn receive(&mut self, index: usize) {
        let came = self.batch.receive(&self.sockets[index]).unwrap_or_default();
        self.under_way[index] = self.under_way[index].saturating_sub(came);
        let now = if self.is_timed && came > 0 { self.start.elapsed().as_micros() as u32 } else { 0 };
        for index in 0..came {
            let reply = self.batch.get(index);
            self.tally.count(reply);
            if self.is_timed && reply.len() > 1 {
                let id = usize::from(u16::from_be_bytes([reply[0], reply[1]]));
                self.latencies.push(now.saturating_sub(self.sent_at[id]));
            }
        }
        self.batch.count = 0;
    }
}
