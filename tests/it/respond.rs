//! Queries to replies: answers as files, then what holds for every reply.

use std::fmt::Write;
use std::net::IpAddr;

use zonewright::server::{Served, Transport, respond, respond_uncompressed};

use crate::support::fixture::{self, Ask, Step};
use crate::support::message::Response;

const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

type Respond = fn(&[u8], IpAddr, Transport, &Served, &mut [u8]) -> Option<usize>;

fn reply(respond: Respond, octets: &[u8], client: IpAddr, transport: Transport, served: &Served) -> Option<Response> {
    let mut out = vec![0xAA; 65_535];
    let length = respond(octets, client, transport, served, &mut out)?;
    Some(Response::read(&out[..length]).unwrap_or_else(|error| panic!("{error} in {:02x?}", &out[..length])))
}

fn ask(respond: Respond, ask: &Ask, served: &Served) -> Vec<String> {
    let reply = reply(respond, &ask.octets(), ask.client, ask.transport, served);
    fixture::describe(&ask.query, reply.as_ref())
}

#[test]
fn every_file_of_answers_is_answered_as_it_says() {
    let mut wrong = String::new();
    for fixture in fixture::all() {
        let served = fixture.served();
        for step in &fixture.steps {
            let compressed = ask(respond, &step.ask, &served);
            judge(&fixture.name, step, &compressed, "", &mut wrong);
            // Whole names fill a datagram sooner; what is left out then is what the size test is about.
            let is_truncated = compressed[0].split(' ').any(|word| word == "tc");
            if !is_truncated && compressed == step.expected {
                judge(&fixture.name, step, &ask(respond_uncompressed, &step.ask, &served), " uncompressed", &mut wrong);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn judge(file: &str, step: &Step, got: &[String], how: &str, wrong: &mut String) {
    if got != step.expected {
        let (expected, got) = (step.expected.join("\n"), got.join("\n"));
        writeln!(wrong, "\n{file}.txt:{}{how}:\n{expected}\n--- got\n{got}", step.line).expect("a string grows");
    }
}
