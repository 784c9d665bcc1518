//! ## What it does
//! Finds DMARC records that receivers do not take for one, or whose tags mean nothing to them.
//! ## Why is this bad
//! A record that does not start with `v=DMARC1`, has no policy `p`, or stands beside another is passed over (RFC 7489
//! §6.6.3): the domain is as open to forgery as without it. A misspelt tag is passed over by itself (§6.3), and reports are
//! sent to URIs only, so an address without `mailto:` gets none.
//! ## Example
//! ```zone
//! _dmarc TXT "v=DMARC1; p=rejct; rua=reports@example.org"
//! ```
//! ## Fix
//! Write it as in `"v=DMARC1; p=reject; rua=mailto:reports@example.org"`.

use crate::dns::Rtype;
use crate::lint::tags::{self, Dialect, Tag};
use crate::lint::text::{Fault, Text, quote, slip_of};
use crate::lint::{Report, Subject};
use crate::zone::Node;

const DIALECT: Dialect = Dialect {
    what: "DMARC record",
    version: "DMARC1",
    known: &["v", "p", "sp", "np", "adkim", "aspf", "rua", "ruf", "fo", "pct", "rf", "ri", "psd", "t"],
    why: "receivers pass over what they cannot read, and the domain is as open to forgery as before (RFC 7489 §6.3)",
};

/// What a tag's value may be.
enum Value {
    /// One of these.
    Word(&'static [&'static str]),
    /// Some of these, separated by colons.
    Words(&'static [&'static str]),
    /// A number of at most this.
    Number(u32),
    /// Where reports go.
    Uris,
}

/// The tags of RFC 7489 §6.3 and its successor.
const VALUES: &[(&str, Value)] = &[
    ("p", Value::Word(&["none", "quarantine", "reject"])),
    ("sp", Value::Word(&["none", "quarantine", "reject"])),
    ("np", Value::Word(&["none", "quarantine", "reject"])),
    ("adkim", Value::Word(&["r", "s"])),
    ("aspf", Value::Word(&["r", "s"])),
    ("psd", Value::Word(&["y", "n", "u"])),
    ("t", Value::Word(&["y", "n"])),
    ("rf", Value::Words(&["afrf", "iodef"])),
    ("fo", Value::Words(&["0", "1", "d", "s"])),
    ("pct", Value::Number(100)),
    ("ri", Value::Number(u32::MAX)),
    ("rua", Value::Uris),
    ("ruf", Value::Uris),
];

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    if !node.name().labels().next().is_some_and(|label| label.eq_ignore_ascii_case(b"_dmarc")) {
        return;
    }
    let texts: Vec<Text<'_>> = node.rrset(Rtype::TXT).into_iter().flat_map(Text::all).collect();
    for text in &texts {
        faults(&text.octets).into_iter().for_each(|fault| text.add(fault, report));
    }
    let meant = texts.iter().filter(|text| text.octets.starts_with(b"v=DMARC1")).map(|text| text.record);
    if let Some(second) = report.second(meant, format!("`{}` has more than one DMARC record", node.name())) {
        let finding = second
            .why("receivers that find more than one take none (RFC 7489 §6.6.3)")
            .fix("keep one of them");
        report.add(finding);
    }
}

fn faults(text: &[u8]) -> Vec<Fault> {
    let (tags, mut faults) = tags::read(text, &DIALECT);
    if let Some(fault) = tags::bad_version(text, &tags, &DIALECT) {
        // What was never meant as a record is passed over by receivers too.
        let is_meant = text.windows(5).any(|part| part.eq_ignore_ascii_case(b"dmarc")) || tags.iter().any(|tag| tag.name == b"p");
        return if is_meant { vec![fault] } else { Vec::new() };
    }
    let is_misspelt = |name: &[u8]| faults.iter().any(|fault| fault.fix.contains(&*format!("`{}", String::from_utf8_lossy(name))));
    if !tags.iter().any(|tag| tag.name == b"p") && !is_misspelt(b"p") {
        faults.push(no_policy(&tags));
    }
    faults.extend(tags.iter().filter_map(|tag| bad_value(text, tag)));
    faults
}

fn no_policy(tags: &[Tag<'_>]) -> Fault {
    Fault {
        place: tags.first().map_or(0..0, |tag| tag.name_place.start..tag.value_place.end),
        headline: "this DMARC record has no policy `p`".into(),
        label: "`p` belongs behind this".into(),
        why: "without it receivers do nothing about forged mail (RFC 7489 §6.6.3)",
        fix: "add `p=none`, `p=quarantine` or `p=reject`".into(),
    }
}

fn bad_value(text: &[u8], tag: &Tag<'_>) -> Option<Fault> {
    let name = String::from_utf8_lossy(tag.name);
    let (_, wanted) = VALUES.iter().find(|(known, _)| *known == name)?;
    let is = |words: &[&str], value: &[u8]| words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(value));
    let (label, fix) = match wanted {
        Value::Uris => return tags::bad_uris(text, tag, &["mailto:", "https:", "http:"], DIALECT.what, WHY_URIS),
        Value::Word(words) if is(words, tag.value) => return None,
        Value::Words(words) if tag.value.split(|octet| *octet == b':').all(|word| is(words, word.trim_ascii())) => return None,
        Value::Number(most) => {
            let number = std::str::from_utf8(tag.value).ok().and_then(|digits| digits.parse::<u32>().ok());
            if number.is_some_and(|number| number <= *most) {
                return None;
            }
            (format!("not a number of 0 to {most}"), format!("write a number of 0 to {most}"))
        }
        Value::Word(words) | Value::Words(words) => {
            let slip = slip_of(tag.value, words.iter().copied().filter(|word| word.len() > 1));
            let fix = slip.map_or_else(|| format!("write one of `{}`", words.join("`, `")), |word| format!("write `{word}`"));
            ("not a value of this tag".to_owned(), fix)
        }
    };
    Some(Fault {
        place: if tag.value.is_empty() { tag.name_place.start..tag.value_place.end } else { tag.value_place.clone() },
        headline: format!("{} is no value of the `{name}` of a DMARC record", quote(tag.value)),
        label,
        why: DIALECT.why,
        fix,
    })
}

const WHY_URIS: &str = "receivers report to URIs only, and send nothing to anything else (RFC 7489 §6.2)";
