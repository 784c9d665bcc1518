//! The table of RR types, held to a fixture row for each type and to properties for all.

use std::fmt::Write;

use proptest::prelude::*;
use zonewright::diagnostic::Diagnostic;
use zonewright::dns::{Name, Rtype};
use zonewright::source::FileId;
use zonewright::zonefile::lexer::{Lexer, TokenKind};
use zonewright::zonefile::rdata::{self, EmbeddedName, Generic, Mnemonic, Presentation};
use zonewright::zonefile::{Fields, rdata as table};

/// One block of the fixture: a record pinned in all its forms.
struct Row {
    rtype: Rtype,
    text: &'static str,
    wire: Vec<u8>,
    printed: &'static str,
    names: &'static str,
}

fn rows() -> Vec<Row> {
    let fixture = include_str!("../fixtures/rdata.txt");
    let blocks = fixture.split("\n\n").filter(|block| !block.starts_with('#'));
    blocks.map(|block| row(&block.lines().map(str::trim).collect::<Vec<_>>())).collect()
}

fn row(lines: &[&'static str]) -> Row {
    let [record, wire, printed, names] = lines else { panic!("a block has four lines: {lines:?}") };
    let (mnemonic, text) = record.split_once(' ').unwrap_or((record, ""));
    let rtype = rdata::from_mnemonic(mnemonic.as_bytes()).unwrap_or_else(|| panic!("{mnemonic} is no type"));
    let or_nothing = |text: &'static str| if text == "-" { "" } else { text };
    let wire = octets(or_nothing(wire));
    Row { rtype, text, wire, printed: or_nothing(printed), names: or_nothing(names) }
}

fn octets(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// The wire form of a record's data, after octets that must stay as they are.
fn parse(rtype: Rtype, text: &str) -> Result<Vec<u8>, Box<Diagnostic>> {
    let origin = Name::absolute("example.org").unwrap();
    let tokens: Vec<_> = Lexer::new(text.as_bytes(), 0).filter(|token| token.is_data()).collect();
    let end = tokens.last().map_or(0, |token| token.end);
    let mut fields = Fields::new(text.as_bytes(), FileId(0), &tokens, Some(origin.as_ref()), end);
    let mut out = b"before".to_vec();
    let result = rdata::parse(rtype, &mut fields, &mut out);
    let wire = out.split_off(6);
    assert_eq!(out, b"before");
    assert!(result.is_ok() || wire.is_empty(), "an error leaves nothing behind");
    result.map(|()| wire)
}

fn printed(rtype: Rtype, rdata: &[u8]) -> String {
    Presentation { rtype, rdata }.to_string()
}

fn names(rtype: Rtype, rdata: &[u8]) -> String {
    let mut list = String::new();
    for EmbeddedName { start, end, compress, canonical_lower } in rdata::names(rtype, rdata) {
        let comma = if list.is_empty() { "" } else { ", " };
        let (compress, lower) = (if compress { " compress" } else { "" }, if canonical_lower { " lower" } else { "" });
        write!(list, "{comma}{start}..{end}{compress}{lower}").unwrap();
    }
    list
}

#[test]
fn every_type_has_a_row_that_agrees_in_all_forms() {
    for Row { rtype, text, wire, printed: expected, names: places } in rows() {
        let name = format!("{} {text}", Mnemonic(rtype));
        let read = parse(rtype, text).unwrap_or_else(|error| panic!("{name}: {}", error.headline));
        assert_eq!(Generic(&read).to_string(), Generic(&wire).to_string(), "{name}");
        assert!(rdata::is_valid(rtype, &wire), "{name}");
        assert_eq!(printed(rtype, &wire), expected, "{name}");
        assert_eq!(parse(rtype, expected).unwrap(), wire, "{name}: printed, then read");
        assert_eq!(parse(rtype, &Generic(&wire).to_string()).unwrap(), wire, "{name}: generic");
        assert_eq!(names(rtype, &wire), places, "{name}");
        assert_eq!(rdata::has_names(rtype), has_name_field(rtype), "{name}");
    }
    let covered: Vec<Rtype> = rows().iter().map(|row| row.rtype).collect();
    for row in rdata::types() {
        assert!(covered.contains(&row.rtype), "{} has no fixture row", row.mnemonic);
    }
}

fn has_name_field(rtype: Rtype) -> bool {
    use table::Kind::{CanonicalName, CompressibleName, Gateway, Name, Names, Signer};
    let row = rdata::types().iter().find(|row| row.rtype == rtype).unwrap();
    let is_name =
        |field: &table::Field| matches!(field.kind, CompressibleName | CanonicalName | Signer | Name | Names | Gateway);
    row.fields.iter().any(is_name)
}

/// Octets cut short or one too many are no type's data, unless a field runs to the end.
#[test]
fn data_cut_anywhere_prints_and_never_panics() {
    for Row { rtype, wire, .. } in rows() {
        for cut in 0..wire.len() {
            let text = printed(rtype, &wire[..cut]);
            assert_eq!(parse(rtype, &text).is_ok(), rdata::is_valid(rtype, &wire[..cut]), "{}", Mnemonic(rtype));
        }
    }
}

#[test]
fn types_are_found_by_name_in_any_case() {
    for row in rdata::types() {
        assert_eq!(rdata::from_mnemonic(row.mnemonic.as_bytes()), Some(row.rtype));
        assert_eq!(rdata::from_mnemonic(row.mnemonic.to_lowercase().as_bytes()), Some(row.rtype));
        assert_eq!(rdata::from_mnemonic(format!("type{}", row.rtype.0).as_bytes()), Some(row.rtype));
        assert_eq!(Mnemonic(row.rtype).to_string(), row.mnemonic);
    }
    for (mnemonic, rtype) in rdata::meta_types() {
        assert_eq!(rdata::from_mnemonic(mnemonic.as_bytes()), Some(*rtype));
        assert_eq!(Mnemonic(*rtype).to_string(), *mnemonic);
    }
    assert_eq!(Mnemonic(Rtype(65280)).to_string(), "TYPE65280");
    for text in ["", "B", "TYPE", "TYPE65536", "TYPE-1", "TYPE+1", "NSEC33", "\0A", "A\0", "AVERYLONGMNEMONICINDEED"] {
        assert_eq!(rdata::from_mnemonic(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn rows_are_sorted_by_code() {
    assert!(rdata::types().is_sorted_by(|a, b| a.rtype < b.rtype));
}

/// One line a finding: the record with its guilty octets between `>` and `<`, then the code, the words and the fix.
#[test]
fn bad_records_are_blamed_where_they_are_wrong() {
    let mut shown = String::new();
    for record in include_str!("../fixtures/rdata-bad.txt").lines().filter(|line| !line.starts_with("# ")) {
        let (mnemonic, text) = record.split_once(' ').unwrap_or((record, ""));
        let text = text.replace("LONG", &"a".repeat(300));
        let rtype = rdata::from_mnemonic(mnemonic.as_bytes()).unwrap();
        match parse(rtype, &text) {
            Ok(wire) => panic!("{record} was read as {}", Generic(&wire)),
            Err(finding) => show(&mut shown, mnemonic, &text, &finding),
        }
    }
    insta::assert_snapshot!(shown.replace(&"a".repeat(300), "LONG"));
}

fn show(shown: &mut String, mnemonic: &str, text: &str, finding: &Diagnostic) {
    let (start, end) = (finding.primary.span.start as usize, finding.primary.span.end as usize);
    let (before, guilty, after) = (&text[..start], &text[start..end], &text[end..]);
    let Diagnostic { code, headline, primary, why, fix, .. } = finding;
    writeln!(shown, "{mnemonic} {before}>{guilty}<{after}\n    {}: {headline}", code.name).unwrap();
    for (word, words) in [("label", &primary.text), ("why", why), ("fix", fix)] {
        if !words.is_empty() {
            writeln!(shown, "    {word}: {words}").unwrap();
        }
    }
    shown.push('\n');
}

/// Octets that often pass as some type's data: those of the fixtures with a few changed, cut or added.
fn likely_rdata() -> impl Strategy<Value = (Rtype, Vec<u8>)> {
    let rows: Vec<(Rtype, Vec<u8>)> = rows().into_iter().map(|row| (row.rtype, row.wire)).collect();
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (prop::sample::select(rows), prop::collection::vec(change, 0..4)).prop_map(|((rtype, mut wire), changes)| {
        for (index, octet, how) in changes {
            match how {
                0 => wire.insert(index.index(wire.len() + 1), octet),
                1 if !wire.is_empty() => drop(wire.remove(index.index(wire.len()))),
                _ if !wire.is_empty() => {
                    let at = index.index(wire.len());
                    wire[at] = octet;
                }
                _ => {}
            }
        }
        (rtype, wire)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn valid_octets_print_as_what_reads_back((rtype, wire) in likely_rdata()) {
        let text = printed(rtype, &wire);
        match parse(rtype, &text) {
            Ok(read) => prop_assert_eq!(read, wire, "{}", text),
            Err(finding) => prop_assert!(!rdata::is_valid(rtype, &wire), "{}: {}", text, finding.headline),
        }
    }

    #[test]
    fn any_octets_are_judged_without_panic(index in any::<prop::sample::Index>(), wire in prop::collection::vec(any::<u8>(), 0..64)) {
        let rtype = index.get(rdata::types()).rtype;
        let text = printed(rtype, &wire);
        prop_assert_eq!(parse(rtype, &text).is_ok(), rdata::is_valid(rtype, &wire));
        for name in rdata::names(rtype, &wire) {
            prop_assert!(name.start < name.end && name.end <= wire.len());
        }
    }

    #[test]
    fn any_text_is_read_or_blamed_inside_it(index in any::<prop::sample::Index>(), text in "[-a-z0-9 .\"\\\\#=,:!/é]{0,40}") {
        let rtype = index.get(rdata::types()).rtype;
        if let Err(finding) = parse(rtype, &text) {
            let span = finding.primary.span;
            prop_assert!(span.start <= span.end && span.end as usize <= text.len());
        }
    }
}

/// The lexer hands unclosed strings on as tokens: the finding about the quote is the parser's, and nothing panics here.
#[test]
fn an_unclosed_string_is_read_to_its_end() {
    let tokens: Vec<_> = Lexer::new(b"\"abc", 0).collect();
    assert_eq!(tokens[0].kind, TokenKind::Unclosed);
    assert_eq!(parse(Rtype::TXT, "\"abc").unwrap(), b"\x03abc");
}

/// named-checkzone asks the system it runs on for the names in WKS records; whatever it takes is good here too.
#[test]
#[expect(clippy::disallowed_methods, reason = "the system's lists are files")]
fn every_protocol_and_service_that_the_system_knows_is_known() {
    let lists = ["/etc/protocols", "/etc/services"].map(std::fs::read_to_string);
    let [Ok(protocols), Ok(services)] = lists else {
        return crate::support::skip("peers", "the system has no lists of protocols and services");
    };
    for (list, record) in [(&protocols, "192.0.2.1 NAME 1"), (&services, "192.0.2.1 tcp NAME")] {
        let mut seen = std::collections::BTreeSet::new();
        for line in list.lines().map(|line| line.split('#').next().unwrap_or_default()) {
            let mut words = line.split_whitespace();
            let (Some(first), Some(number)) = (words.next(), words.next()) else { continue };
            // MPTCP's number, 262, has too many bits for this record, and for a packet.
            let Some(number) = number.strip_suffix("/tcp").or(number.parse::<u8>().is_ok().then_some(number)) else {
                continue;
            };
            // Of a name that two lines have, the first counts.
            for name in std::iter::once(first).chain(words).filter(|name| seen.insert(name.to_string())) {
                let of = |what: &str| parse(Rtype(11), &record.replace("NAME", what)).ok();
                assert!(of(name).is_some() && of(name) == of(number), "{name} is not {number} here");
            }
        }
    }
}
