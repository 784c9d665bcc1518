//! Asks a server as quickly as it can, or at a rate, and says what came of it; writes the zones that are asked about.
//!
//! ```text
//! peers zone KIND NAMES                                   a zone's text, to standard output
//! peers echo ADDRESS                                      datagrams sent back as they came: what the kernel alone costs
//! peers udp ADDRESS KIND NAMES COUNT [RATE]               many sockets, RATE queries a second or as many as are answered
//! peers tcp ADDRESS KIND NAMES COUNT CONNECTIONS DEPTH    so many connections, on each so many queries under way
//! peers until ADDRESS NAME TYPE OCTETS                    asks until an answer holds OCTETS; the milliseconds it took
//! ```
//!
//! What came is one line of JSON. `benches/peers/run` makes tables of it.

#![expect(clippy::disallowed_methods, reason = "it measures times")]

mod batch;
mod names;
mod tcp;
mod udp;
mod until;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["zone", kind, names] => number(names).and_then(|names| names::write_zone(kind, names)),
        ["echo", address] => parse(address).and_then(udp::echo),
        ["udp", address, kind, names, count] => run_udp(address, kind, names, count, "0"),
        ["udp", address, kind, names, count, rate] => run_udp(address, kind, names, count, rate),
        ["tcp", address, kind, names, count, connections, depth] => {
            run_tcp(address, kind, names, [count, connections, depth])
        }
        ["until", address, name, rtype, octets] => parse(address).and_then(|at| until::ask(at, name, rtype, octets)),
        _ => Err("expected one of `zone`, `echo`, `udp`, `tcp`, `until` and its arguments: see src/main.rs".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::from(2)
        }
    }
}

fn run_udp(address: &str, kind: &str, names: &str, count: &str, rate: &str) -> Result<(), String> {
    let questions = names::Questions::new(kind, number(names)?)?;
    udp::ask(parse(address)?, questions, number(count)?, number(rate)?)
}

fn run_tcp(address: &str, kind: &str, names: &str, numbers: [&str; 3]) -> Result<(), String> {
    let questions = names::Questions::new(kind, number(names)?)?;
    let [count, connections, depth] = numbers.map(number);
    tcp::ask(parse(address)?, questions, count?, connections?, depth?)
}

fn number(text: &str) -> Result<usize, String> {
    parse(text)
}

fn parse<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("expected {}, found `{text}`", std::any::type_name::<T>()))
}

/// What a reply says in its first four octets: counted, so that a server that refuses all is not taken for a quick one.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) replies: usize,
    /// Queries that had none.
    pub(crate) lost: usize,
    rcodes: [usize; 16],
    truncated: usize,
}

impl Tally {
    pub(crate) fn count(&mut self, reply: &[u8]) {
        let Some(header) = reply.first_chunk::<4>() else { return };
        self.replies += 1;
        self.rcodes[usize::from(header[3] & 15)] += 1;
        self.truncated += usize::from(header[2] & 2 != 0);
    }

    /// One line: counts, seconds, and the latencies below which half and 99 % are, if any were taken.
    pub(crate) fn print(&self, sent: usize, seconds: f64, latencies: &mut [u32]) {
        latencies.sort_unstable();
        let below = |share: usize| latencies.get(latencies.len() * share / 100).copied().unwrap_or_default();
        println!(
            "{{\"sent\":{sent},\"replies\":{},\"lost\":{},\"seconds\":{seconds:.6},\"truncated\":{},\"noerror\":{},\"nxdomain\":{},\"p50_us\":{},\"p99_us\":{}}}",
            self.replies,
            self.lost,
            self.truncated,
            self.rcodes[0],
            self.rcodes[3],
            below(50),
            below(99),
        );
    }
}
