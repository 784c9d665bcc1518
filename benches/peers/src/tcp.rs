//! Connections that stay, with queries under way on each.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::Tally;
use crate::names::Questions;

struct Connection {
    stream: TcpStream,
    /// What came, from the first octet of a reply on.
    input: Vec<u8>,
}

pub(crate) fn ask(
    address: SocketAddr,
    mut questions: Questions,
    count: usize,
    connections: usize,
    depth: usize,
) -> Result<(), String> {
    let connect = |_| -> std::io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Connection { stream, input: Vec::new() })
    };
    let opened = (0..connections).map(connect).collect::<std::io::Result<Vec<_>>>();
    let mut opened = opened.map_err(|error| format!("connecting to {address}: {error}"))?;
    let (mut tally, mut sent, start) = (Tally::default(), 0, Instant::now());
    let failed = |error: std::io::Error| format!("asking {address}: {error}");
    for connection in &mut opened {
        sent += write(connection, &mut questions, depth).map_err(failed)?;
    }
    while tally.replies < count {
        for connection in &mut opened {
            let came = read(connection, &mut tally).map_err(failed)?;
            sent += write(connection, &mut questions, came).map_err(failed)?;
        }
    }
    tally.print(sent, start.elapsed().as_secs_f64(), &mut []);
    Ok(())
}

fn write(connection: &mut Connection, questions: &mut Questions, count: usize) -> std::io::Result<usize> {
    let length = questions.length();
    let mut octets = vec![0; count * (2 + length)];
    for (id, message) in octets.chunks_exact_mut(2 + length).enumerate() {
        message[..2].copy_from_slice(&(length as u16).to_be_bytes());
        questions.write(id as u16, &mut message[2..]);
    }
    connection.stream.write_all(&octets)?;
    Ok(count)
}

/// Waits for something and takes the whole replies in it.
fn read(connection: &mut Connection, tally: &mut Tally) -> std::io::Result<usize> {
    let mut room = [0; 1 << 16];
    let length = connection.stream.read(&mut room)?;
    if length == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    connection.input.extend_from_slice(&room[..length]);
    let (mut taken, mut count) = (0, 0);
    while let Some(header) = connection.input[taken..].first_chunk::<2>() {
        let end = taken + 2 + usize::from(u16::from_be_bytes(*header));
        let Some(reply) = connection.input.get(taken + 2..end) else { break };
        tally.count(reply);
        (taken, count) = (end, count + 1);
    }
    connection.input.drain(..taken);
    Ok(count)
}
