//! Who is told of what is published and refused, and that a receiver that does not listen harms nobody.

#![expect(clippy::disallowed_methods, reason = "receivers are threads")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use crate::support::running::{DEADLINE, Running, text, write_all};

/// What a receiver does with a connection, the first being 0.
type Behaviour = fn(usize, TcpStream, &Sender<(String, String)>);

/// A receiver of posts: its address, and head and body of each.
fn receiver(behaviour: Behaviour) -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (sender, posts) = channel();
    std::thread::spawn(move || {
        for (index, stream) in listener.incoming().flatten().enumerate() {
            behaviour(index, stream, &sender);
        }
    });
    (address.to_string(), posts)
}

/// Reads one post and answers it.
fn take(stream: &mut TcpStream, status: &str, sender: &Sender<(String, String)>) {
    let (mut octets, mut room) = (Vec::new(), [0; 4096]);
    let end = |octets: &[u8]| octets.windows(4).position(|part| part == b"\r\n\r\n");
    let head = loop {
        let length = stream.read(&mut room).unwrap_or(0);
        octets.extend_from_slice(&room[..length]);
        match end(&octets) {
            Some(end) => break String::from_utf8_lossy(&octets[..end]).to_ascii_lowercase(),
            None if length == 0 => return,
            None => {}
        }
    };
    let wanted =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok()).unwrap_or(0);
    let start = head.len() + 4;
    while octets.len() < start + wanted {
        let length = stream.read(&mut room).expect("the rest of the body");
        octets.extend_from_slice(&room[..length]);
    }
    let _ = stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes());
    let _ = sender.send((head, String::from_utf8_lossy(&octets[start..]).into_owned()));
}

fn serve(webhook: &str, files: &[(&str, &str)]) -> Running {
    let config = format!("[source]\ndirectory = \"zones\"\npoll = \"1h\"\n[webhook]\n{webhook}\n");
    let directory = tempfile::tempdir().expect("a directory");
    write_all(directory.path(), &[("zonewright.toml", &config), ("zones/a.zone", &text(1))]);
    write_all(directory.path(), files);
    Running::start_in(&std::sync::Arc::new(directory), &["--threads", "1"])
}

fn save(running: &Running, text: &str) {
    write_all(running.directory.path(), &[("zones/next", text)]);
    std::fs::rename(running.path("zones/next"), running.path("zones/a.zone")).expect("it moves");
}

#[track_caller]
fn next(posts: &Receiver<(String, String)>) -> (String, serde_json::Value) {
    let (head, body) = posts.recv_timeout(DEADLINE).expect("a post");
    (head, serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}")))
}

#[test]
fn what_is_published_and_what_is_refused_is_posted_once() {
    let (address, posts) = receiver(|_, mut stream, sender| take(&mut stream, "200 OK", sender));
    let files = [("hook", format!("http://{address}/hooks/s3cr3t\n")), ("token", "t0k3n\n".to_owned())];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let running = serve("url_file = \"hook\"\nsecret_file = \"token\"", &files);
    save(&running, &text(2));
    let (head, body) = next(&posts);
    assert!(head.starts_with("post /hooks/s3cr3t http/1.1") && head.contains("authorization: bearer t0k3n"), "{head}");
    let said = body["text"].as_str().expect("a text");
    assert!(said.starts_with("a. changed: serial "), "{said}");
    save(&running, "broken");
    let said = next(&posts).1["text"].as_str().expect("a text").to_owned();
    assert!(said.starts_with("a. is refused: serial ") && said.contains("error["), "{said}");
    // A look that finds the same tells nothing of it again.
    write_all(running.directory.path(), &[("zones/b.zone", &text(1))]);
    let said = next(&posts).1["text"].as_str().expect("a text").to_owned();
    assert!(said.starts_with("b. is served"), "{said}");
    save(&running, &text(3));
    let said = next(&posts).1["text"].as_str().expect("a text").to_owned();
    assert!(said.starts_with("a. changed"), "{said}");
    running.expect_state("a", "3");
    let all = running.run("status", &[]).1 + &running.log();
    assert!(!all.contains("s3cr3t") && !all.contains("t0k3n") && !all.contains("webhook"), "{all}");
}

#[test]
fn a_receiver_that_fails_is_tried_again_and_one_that_refuses_is_not() {
    let (address, posts) = receiver(|index, mut stream, sender| {
        take(&mut stream, if index == 0 { "500 Sorry" } else { "204 No Content" }, sender);
    });
    let settings = format!(
        "url = \"http://{address}/s3cr3t\"\nevents = [\"published\"]\ntemplate = '{{\"what\": \"{{event}} {{zones}}\"}}'"
    );
    let running = serve(&settings, &[]);
    save(&running, "broken");
    save(&running, &text(2));
    for _ in 0..2 {
        assert_eq!(next(&posts).1["what"], "published a.");
    }
    let (address, posts) = receiver(|_, mut stream, sender| take(&mut stream, "301 Moved\r\nlocation: /", sender));
    let running = serve(&format!("url = \"http://{address}/s3cr3t\""), &[]);
    save(&running, &text(2));
    next(&posts);
    let log = running.expect_log("the webhook was not told of what was published: it answered with the status 301");
    assert!(!log.contains("s3cr3t"), "{log}");
    let status = running.run("status", &[]).1;
    assert!(status.contains("webhook: the last event was not delivered") && !status.contains("s3cr3t"), "{status}");
    assert!(posts.recv_timeout(Duration::from_millis(1500)).is_err(), "what is refused is not tried again");
}

#[test]
fn receivers_that_hang_or_talk_for_ever_are_in_nobodys_way() {
    let silent: Behaviour = |_, stream, _| std::mem::forget(stream);
    let closing: Behaviour = |_, stream, _| drop(stream);
    let endless: Behaviour = |_, mut stream, _| {
        std::thread::spawn(move || {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ");
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
        });
    };
    for behaviour in [silent, closing, endless] {
        let (address, _posts) = receiver(behaviour);
        let running = serve(&format!("url = \"http://{address}/\""), &[]);
        for state in 2..25 {
            save(&running, &text(state));
            running.expect_state("a", &state.to_string());
        }
        running.end();
    }
}
