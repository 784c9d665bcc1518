//! Test files: TOML to [`Expectation`]s, each with its place.
//!
//! ```toml
//! [[test]]
//! name = "www.example.org"
//! type = "AAAA"                         # A, if it is not given
//! expect = ["2001:db8::1"]              # or "absent", "nxdomain", "refused", "referral"
//! client = "192.0.2.0/24"               # who asks, where that makes a difference
//! dnssec = true                         # the answer is signed
//! ```
//!
//! A file is written by whoever can open a pull request: its size and the number of its tests are bounded, and a test that
//! cannot be read is a finding that keeps no other from being run.

use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problems::Problems;
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::{Name, Rtype};
use crate::review::expect::{Expectation, Wanted};
use crate::source::{FileId, Source, Sources};
use crate::zonefile::{self, IncludeRefusal, Limits, rdata};

/// The most octets of a test file.
pub const MAX_TEST_OCTETS: u32 = 1 << 20;

/// The most tests of a file; one of the most octets has room for more than twice as many.
const MAX_TESTS: usize = 10_000;

/// The keys of a test.
const KEYS: [&str; 5] = ["name", "type", "expect", "client", "dnssec"];

/// The tests of the text `file` of `sources`, in order, and what is wrong with the others.
pub fn parse_expectations(sources: &Sources, file: FileId) -> (Vec<Expectation>, Vec<Diagnostic>) {
    let octets = sources.get(file).text();
    let text = match std::str::from_utf8(octets) {
        Ok(text) => text,
        Err(error) => {
            let mut problems = Problems::new(file, "");
            let at = error.valid_up_to();
            problems.push(problems.finding(at..at + 1, "the file is no TOML: it is not UTF-8 here"));
            return (Vec::new(), as_tests(problems));
        }
    };
    let mut problems = Problems::new(file, text);
    let tests = read(text, &mut problems);
    (tests, as_tests(problems))
}

/// What is wrong with the file, under the code of tests.
fn as_tests(problems: Problems<'_>) -> Vec<Diagnostic> {
    let mut findings = problems.findings;
    findings.iter_mut().for_each(|finding| finding.code = &codes::BAD_TEST);
    crate::diagnostic::sort(&mut findings);
    findings
}

fn read(text: &str, problems: &mut Problems<'_>) -> Vec<Expectation> {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        problems.bad_syntax(error.span().unwrap_or_default(), error.message());
    }
    let mut document = if errors.is_empty() { document.into_inner() } else { DeTable::new() };
    let tests = document.remove("test");
    for key in document.keys() {
        let finding = problems.finding(key.span(), format!("a test file has no key `{}`", key.get_ref()));
        problems.push(finding.fix("write tests as tables that each start with `[[test]]`"));
    }
    let Some(tests) = tests else { return Vec::new() };
    let span = tests.span();
    let DeValue::Array(tables) = tests.into_inner() else {
        problems.bad_value(span, "test", "tables that each start with `[[test]]`");
        return Vec::new();
    };
    if let Some(first) = tables.get(MAX_TESTS) {
        let finding = problems.finding(first.span(), format!("the file has more than {MAX_TESTS} tests"));
        problems.push(finding.fix("put the rest in another file: those below are not run"));
    }
    tables.into_iter().take(MAX_TESTS).filter_map(|table| test(table, problems)).collect()
}

/// Reads one test; none if anything about it is wrong.
fn test(value: Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Expectation> {
    let header = value.span();
    let DeValue::Table(mut table) = value.into_inner() else {
        problems.bad_value(header, "test", "a table that starts with `[[test]]`");
        return None;
    };
    let before = problems.findings.len();
    let name = table.remove("name");
    if name.is_none() {
        problems.push(problems.finding(header.clone(), "a test has no name").fix("add `name = \"www.example.org\"`"));
    }
    let name =
        name.and_then(|value| string(value, "name", "a domain name", problems, |text| Name::absolute(text).ok()));
    let wanted_type = "a type such as `\"AAAA\"` or `\"TYPE123\"`";
    let rtype = table.remove("type").map_or(Some(Rtype::A), |value| {
        string(value, "type", wanted_type, problems, |text| rdata::from_mnemonic(text.as_bytes()))
    });
    let client = table
        .remove("client")
        .and_then(|value| string(value, "client", "a network, such as `\"192.0.2.0/24\"`", problems, network));
    let has_dnssec = table.remove("dnssec").is_some_and(|value| flag(value, problems));
    let expect = table.remove("expect");
    for key in table.keys() {
        let finding = problems.finding(key.span(), format!("a test has no key `{}`", key.get_ref()));
        problems.push(finding.fix(format!("write one of `{}`", KEYS.join("`, `"))));
    }
    let Some(expect) = expect else {
        let finding = problems.finding(header, "a test expects nothing");
        problems.push(finding.fix("add `expect = [\"192.0.2.1\"]`, or `expect = \"nxdomain\"`"));
        return None;
    };
    let place = problems.span(expect.span());
    let wanted = wanted(expect, rtype?, problems)?;
    let is_good = problems.findings.len() == before;
    is_good.then_some(Expectation { name: name?, rtype: rtype?, wanted, client, has_dnssec, place })
}

fn string<T>(
    value: Spanned<DeValue<'_>>,
    key: &'static str,
    wanted: &'static str,
    problems: &mut Problems<'_>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let read = value.get_ref().as_str().and_then(read);
    if read.is_none() {
        problems.bad_value(value.span(), key, wanted);
    }
    read
}

fn flag(value: Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> bool {
    let flag = value.get_ref().as_bool();
    if flag.is_none() {
        problems.bad_value(value.span(), "dnssec", "`true` or `false`");
    }
    flag.unwrap_or(false)
}

/// A network, or the one of a single host.
fn network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).map(|network| network.trunc())
}

fn wanted(value: Spanned<DeValue<'_>>, rtype: Rtype, problems: &mut Problems<'_>) -> Option<Wanted> {
    let words = "a list of records, or `\"absent\"`, `\"nxdomain\"`, `\"refused\"` or `\"referral\"`";
    let span = value.span();
    match value.into_inner() {
        DeValue::Array(records) if !records.is_empty() => {
            let records: Vec<_> = records.into_iter().map(|text| record(text, rtype, problems)).collect();
            records.into_iter().collect::<Option<_>>().map(Wanted::Records)
        }
        DeValue::String(word) => {
            let known = Wanted::WORDS.iter().find(|(known, _)| *known == word);
            if known.is_none() {
                problems.bad_value(span, "expect", words);
            }
            known.map(|(_, wanted)| wanted.clone())
        }
        _ => {
            problems.bad_value(span, "expect", words);
            None
        }
    }
}

/// A record's data, as zone files write it, names absolute.
fn record(value: Spanned<DeValue<'_>>, rtype: Rtype, problems: &mut Problems<'_>) -> Option<Vec<u8>> {
    let span = value.span();
    let Some(text) = value.get_ref().as_str() else {
        problems.bad_value(span, "expect", "a list of strings, each a record's data as zone files write it");
        return None;
    };
    match rdata_of(text, rtype) {
        Ok(rdata) => Some(rdata),
        Err(headline) => {
            problems.push(bad_record(span, rtype, headline, problems));
            None
        }
    }
}

/// What an argument expects, in the words of test files: data of records, or one of the words.
///
/// # Errors
///
/// What is wrong with it.
pub fn wanted_of(values: &[String], rtype: Rtype) -> Result<Wanted, String> {
    if let [word] = values
        && let Some((_, wanted)) = Wanted::WORDS.iter().find(|(known, _)| known == word)
    {
        return Ok(wanted.clone());
    }
    let read = |text: &String| rdata_of(text, rtype).map_err(|error| format!("`{text}`: {error}"));
    values.iter().map(read).collect::<Result<_, _>>().map(Wanted::Records)
}

fn bad_record(span: Range<usize>, rtype: Rtype, headline: String, problems: &Problems<'_>) -> Diagnostic {
    let label = format!("not the data of one {} record", rdata::Mnemonic(rtype));
    problems.finding(span, headline).label(label).fix("write the data as in a zone file, names in full")
}

/// Text to data by way of the parser of zone files: what a zone may say, a test may expect, and no more.
fn rdata_of(text: &str, rtype: Rtype) -> Result<Vec<u8>, String> {
    if text.contains(['\n', '\r']) {
        return Err("expected the data of one record, found the end of a line in it".into());
    }
    let mut sources = Sources::default();
    let line = format!(". 0 IN {} {text}\n", rdata::Mnemonic(rtype));
    let root = sources.add(Source::new("expect", line.into_bytes()));
    let origin = crate::dns::NameRef::ROOT.to_name();
    let parsed =
        zonefile::parse(&mut sources, root, &origin, &Limits::default(), &mut |_, _| Err(IncludeRefusal::default()));
    if let Some(finding) = parsed.findings.iter().find(|finding| finding.is_error()) {
        return Err(finding.headline.clone());
    }
    match parsed.records.iter().collect::<Vec<_>>()[..] {
        [(records, record)] if record.rtype == rtype => Ok(records.rdata(record).to_vec()),
        ref records => Err(format!("expected the data of one record, found {}", records.len())),
    }
}
