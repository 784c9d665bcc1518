//! Asks one question over and over until its answer changes: how long an edit takes to be answered.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How often it asks: a tenth of the shortest time that is measured.
const EVERY: Duration = Duration::from_micros(500);

/// When it gives up.
const LONGEST: Duration = Duration::from_secs(120);

/// Asks for `name` and prints how many milliseconds it took until a reply held `octets`, written in hexadecimal digits.
pub(crate) fn ask(address: SocketAddr, name: &str, rtype: &str, octets: &str) -> Result<(), String> {
    let wanted = (0..octets.len() / 2).map(|at| u8::from_str_radix(&octets[2 * at..2 * at + 2], 16));
    let wanted: Vec<u8> = wanted.collect::<Result<_, _>>().map_err(|error| format!("`{octets}`: {error}"))?;
    let mut query = vec![0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.').filter(|label| !label.is_empty()) {
        query.push(label.len() as u8);
        query.extend(label.bytes());
    }
    let rtype: u16 = rtype.parse().map_err(|_| format!("expected a type's number, found `{rtype}`"))?;
    query.extend([0, (rtype >> 8) as u8, rtype as u8, 0, 1]);
    poll(address, &query, &wanted).map_err(|error| format!("asking {address}: {error}"))
}

fn poll(address: SocketAddr, query: &[u8], wanted: &[u8]) -> std::io::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(Duration::from_millis(20)))?;
    let (start, mut buffer) = (Instant::now(), [0; 4096]);
    while start.elapsed() < LONGEST {
        // Nobody may be there yet.
        let length = socket.send(query).and_then(|_| socket.recv(&mut buffer)).unwrap_or_default();
        if buffer[..length].windows(wanted.len()).any(|part| part == wanted) {
            println!("{{\"milliseconds\":{:.3}}}", start.elapsed().as_secs_f64() * 1e3);
            return Ok(());
        }
        std::thread::sleep(EVERY);
    }
    Err(std::io::ErrorKind::TimedOut.into())
}
