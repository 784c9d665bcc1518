//! `delv`, with a zone's keys as trust anchors: a validator that asks each question for itself.

#![expect(clippy::disallowed_methods, reason = "delv is a process that reads a file")]

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::kind::{FAMILY, KINDS, Kind, Shows};
use super::{ZONES, keys_of, serve, sign, text_of};
use crate::support;

struct Delv {
    server: SocketAddr,
    apex: &'static str,
    anchors: tempfile::NamedTempFile,
}

impl Delv {
    /// None, aloud, where there is no `delv`.
    fn new(server: SocketAddr, apex: &'static str, text: &str) -> Option<Self> {
        if Command::new("delv").arg("-v").stderr(Stdio::null()).status().is_err() {
            support::skip("peers", "delv is not installed");
            return None;
        }
        let anchor = |[flags, protocol, algorithm, key]: [String; 4]| {
            format!("  \"{apex}\" static-key {flags} {protocol} {algorithm} \"{key}\";\n")
        };
        let config: String = keys_of(apex, text).into_iter().map(anchor).collect();
        let anchors = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(anchors.path(), format!("trust-anchors {{\n{config}}};\n")).expect("the anchors are written");
        Some(Self { server, apex, anchors })
    }

    /// What `delv` says of an answer.
    fn ask(&self, name: &str, rtype: &str) -> String {
        let output = Command::new("delv")
            .arg(format!("@{}", self.server.ip()))
            .args(["-p", &self.server.port().to_string(), "-a"])
            .arg(self.anchors.path())
            .arg(format!("+root={}", self.apex))
            .args(["+nocrypto", "+nomtrace", name, rtype])
            .output()
            .expect("delv runs");
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    /// Asks for every kind of answer, a few at a time; gives those of which it does not say what it must.
    fn wrong(&self, kinds: &[Kind], has_opt_out: bool) -> Vec<String> {
        let (next, wrong) = (Mutex::new(kinds.iter()), Mutex::new(Vec::new()));
        let work = || {
            loop {
                let Some((what, name, rtype, shows)) = next.lock().expect("no panic").next() else { return };
                let said = self.ask(name, rtype);
                if !is_said(*shows, has_opt_out, &said) {
                    wrong.lock().expect("no panic").push(format!("{what}: {name} {rtype}: {said}"));
                }
            }
        };
        std::thread::scope(|scope| {
            (0..4).for_each(|_| {
                scope.spawn(work);
            });
        });
        wrong.into_inner().expect("no panic")
    }
}

/// Whether `delv` says what it must.
fn is_said(shows: Shows, has_opt_out: bool, said: &str) -> bool {
    // In an opt-out span it believes denials, but no expansions; unbound believes neither, as RFC 5155 §9.2 has it.
    let is_denial = matches!(shows, Shows::NoName | Shows::AliasToNoName);
    let validated = if is_denial || shows.is_secure(has_opt_out) { "fully validated" } else { "unsigned answer" };
    let verdict = match shows {
        Shows::NoType | Shows::NoName => format!("; negative response, {validated}"),
        _ => format!("; {validated}"),
    };
    let has_end = !matches!(shows, Shows::Records | Shows::Expansion | Shows::Unsigned);
    let failures: Vec<&str> = said.lines().filter(|line| line.starts_with(";; resolution failed: ")).collect();
    // A denial is a failure to it, and one that could not be proved another.
    let is_denied =
        matches!(failures[..], [";; resolution failed: ncache nxrrset" | ";; resolution failed: ncache nxdomain"]);
    said.lines().any(|line| line == verdict) && if has_end { is_denied } else { failures.is_empty() }
}

#[test]
fn delv_validates_every_kind_of_answer() {
    for &zone in ZONES {
        let text = text_of(zone);
        let server = serve(&[("example", &text)]);
        let Some(delv) = Delv::new(server.address, "example", &text) else { return };
        let wrong = delv.wrong(KINDS, zone == "optout");
        assert!(wrong.is_empty(), "{zone}: {} of {} differ:\n{}", wrong.len(), KINDS.len(), wrong.join("\n"));
    }
}

/// From a signed root, with chains across zones that are all served here, one of them unsigned.
#[test]
fn delv_validates_chains_across_zones_from_a_signed_root() {
    let Some(family) = sign::family() else { return };
    let server = serve(&family);
    let Some(delv) = Delv::new(server.address, ".", &family[0].1) else { return };
    let wrong = delv.wrong(FAMILY, false);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
