//! Zones signed now, by the tools of BIND and of ldns.

#![expect(clippy::disallowed_methods, reason = "signers are processes that read and write files")]

use std::path::Path;
use std::process::Command;

use super::text_of;
use crate::support::{self, build};

/// Runs a signer's tool in `folder`; none, aloud, where it is not installed.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).current_dir(folder).args(arguments).output() else {
        support::skip("peers", &format!("{program} is not installed"));
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A zone signed now by BIND's tools, with a key of its own; `text` may hold the DS records of its children.
fn sign_with_bind(folder: &Path, apex: &str, text: &str, options: &[&str]) -> Option<String> {
    let key = run(folder, "dnssec-keygen", &["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", apex])?;
    let record = std::fs::read_to_string(folder.join(format!("{key}.key"))).expect("a key");
    std::fs::write(folder.join("in"), format!("{text}\n{record}")).expect("a zone");
    let arguments = ["-q", "-P", "-z", "-o", apex, "-f", "out"];
    run(folder, "dnssec-signzone", &[&arguments[..], options, &["in", &key]].concat())?;
    let own = if apex == "." { String::new() } else { format!("{apex}.") };
    let ds = std::fs::read_to_string(folder.join(format!("dsset-{own}"))).unwrap_or_default();
    std::fs::write(folder.join(format!("ds-{own}")), ds).expect("DS records");
    Some(std::fs::read_to_string(folder.join("out")).expect("a signed zone"))
}

const APEX: &str = "$TTL 300\n@ SOA ns.one. hostmaster.one. 1 7200 1800 1209600 300\n@ NS ns.one.\n";

/// A signed root, two signed children, one with NSEC and one with NSEC3, and an unsigned one; chains lead across them. None,
/// aloud, where BIND's signer is not installed.
pub(crate) fn family() -> Option<[(&'static str, String); 4]> {
    let folder = tempfile::tempdir().expect("a directory");
    let one = format!(
        "{APEX}ns A 192.0.2.53\nwww CNAME www.two.\n*.w CNAME x.wild.two.\nd DNAME two.\ngone CNAME nothing.two.\n\
         plain CNAME www.three.\n"
    );
    let two = format!("{APEX}www A 192.0.2.2\n*.wild TXT \"wild\"\nback CNAME ns.one.\n");
    let three = format!("{APEX}www A 192.0.2.3\nto CNAME www.two.\n");
    let one = sign_with_bind(folder.path(), "one", &one, &[])?;
    let two = sign_with_bind(folder.path(), "two", &two, &["-3", "-", "-H", "0"])?;
    let ds = |apex: &str| std::fs::read_to_string(folder.path().join(format!("ds-{apex}."))).expect("DS records");
    let children = format!("{}{}", ds("one"), ds("two"));
    let root = format!("{APEX}one. NS ns.one.\nns.one. A 192.0.2.53\ntwo. NS ns.one.\nthree. NS ns.one.\n{children}");
    let root = sign_with_bind(folder.path(), ".", &root, &[])?;
    Some([(".", root), ("one.", one), ("two.", two), ("three.", three)])
}

/// Zones as other signers make them: no rule objects, and the digests they add are ours too.
#[test]
fn zones_of_other_signers_are_good() {
    use zonewright::lint::{self, Settings};
    let folder = tempfile::tempdir().expect("a directory");
    let text = text_of("nsec");
    let plain: String = text
        .lines()
        .filter(|line| !["RRSIG", "NSEC", "DNSKEY"].iter().any(|rtype| line.contains(&format!(" IN {rtype} "))))
        .fold(String::new(), |text, line| text + line + "\n");
    std::fs::write(folder.path().join("zone"), &plain).expect("a zone");
    let judge = |who: &str, text: &str| {
        let (zone, findings, sources) = build("example", text);
        assert!(findings.iter().all(|finding| !finding.is_error()), "{who}: {:?}", support::headlines(&findings));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
        let mut settings = Settings::new(now as u32);
        settings.severities.everywhere = vec![("documentation-address", lint::Level::Off)];
        let findings = lint::check(&zone.expect("a zone"), &sources, &settings, Vec::new());
        assert!(findings.is_empty(), "{who}: {:?}", support::headlines(&findings));
    };
    for algorithm in ["RSASHA256", "RSASHA512", "ECDSAP384SHA384", "ED25519"] {
        let Some(key) = run(folder.path(), "ldns-keygen", &["-a", algorithm, "-b", "2048", "-k", "example"]) else {
            return;
        };
        for options in [&["-z", "1", "-z", "2"][..], &["-n", "-s", "ABCD", "-t", "0", "-p"][..]] {
            let signed = [options, &["-A", "-f", "signed", "-o", "example", "zone", &key]].concat();
            let Some(_) = run(folder.path(), "ldns-signzone", &signed) else { return };
            let text = std::fs::read_to_string(folder.path().join("signed")).expect("a signed zone");
            judge(&format!("ldns-signzone {options:?} {algorithm}"), &text);
        }
    }
    for options in [&[][..], &["-3", "-", "-H", "0", "-A"][..]] {
        let Some(text) = sign_with_bind(folder.path(), "example", &plain, options) else { return };
        judge(&format!("dnssec-signzone {options:?}"), &text);
    }
}
