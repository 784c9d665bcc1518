//! Lists of `tag=value`, separated by `;`: how DKIM, DMARC, MTA-STS and TLS reporting write their records (RFC 6376 §3.2).
//!
//! In: a text. Out: its tags, each with its place, and the faults that all such lists share. What a tag means is for the
//! rules.

use std::ops::Range;

use super::text::{Fault, quote, slip_of, trimmed};

/// One tag and its value, blanks around them left out.
#[derive(Clone, Debug)]
pub(super) struct Tag<'t> {
    pub(super) name: &'t [u8],
    pub(super) value: &'t [u8],
    pub(super) name_place: Range<usize>,
    pub(super) value_place: Range<usize>,
}

/// What a kind of record calls its parts.
pub(super) struct Dialect {
    /// The record, in the words of findings: `DKIM key`.
    pub(super) what: &'static str,
    /// What such a text starts with: `DKIM1`.
    pub(super) version: &'static str,
    /// The tags that it may have.
    pub(super) known: &'static [&'static str],
    /// What happens to a record that breaks the form, and the section.
    pub(super) why: &'static str,
}

/// The most tags that are looked at: no record has half as many, and a text of 65,535 octets has room for thousands.
const MOST: usize = 40;

/// The tags of a text, and what is wrong with its form.
///
/// A tag that nobody knows is passed over by all readers, so it is a fault only where it is a slip away from one they know.
pub(super) fn read<'t>(text: &'t [u8], dialect: &Dialect) -> (Vec<Tag<'t>>, Vec<Fault>) {
    let (mut tags, mut faults): (Vec<Tag<'t>>, Vec<Fault>) = (Vec::new(), Vec::new());
    let mut start = 0;
    for piece in text.split(|octet| *octet == b';') {
        let place = trimmed(text, start..start + piece.len());
        start += piece.len() + 1;
        if place.is_empty() {
            continue;
        }
        if tags.len() + faults.len() > MOST {
            break;
        }
        match tag(text, place) {
            Ok(tag) => {
                faults.extend(odd_name(&tag, &tags, dialect));
                tags.push(tag);
            }
            Err(place) => faults.push(no_tag(text, place, dialect)),
        }
    }
    (tags, faults)
}

/// The tag at a place, or the place itself where there is none.
fn tag(text: &[u8], place: Range<usize>) -> Result<Tag<'_>, Range<usize>> {
    let equals = memchr::memchr(b'=', &text[place.clone()]).map(|at| place.start + at).ok_or(place.clone())?;
    let (name_place, value_place) = (trimmed(text, place.start..equals), trimmed(text, equals + 1..place.end));
    let name = &text[name_place.clone()];
    let is_name = name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'_');
    if !is_name {
        return Err(place);
    }
    Ok(Tag { name, value: &text[value_place.clone()], name_place, value_place })
}

fn no_tag(text: &[u8], place: Range<usize>, dialect: &Dialect) -> Fault {
    let found = &text[place.clone()];
    let colon = found.split(|octet| *octet == b':').next().unwrap_or_default();
    let fix = match slip_of(colon, dialect.known.iter().copied()).filter(|_| colon.len() < found.len()) {
        Some(name) => format!("write `{name}=` in place of `{}:`", String::from_utf8_lossy(colon)),
        None if found.starts_with(b"mailto:") => "put `,` between addresses, not `;`".into(),
        None => "write `tag=value`, with `;` between one and the next".into(),
    };
    Fault {
        place,
        headline: format!("{} in this {} is no tag and value", quote(found), dialect.what),
        label: "`tag=value` belongs here".into(),
        why: dialect.why,
        fix,
    }
}

fn odd_name(tag: &Tag<'_>, before: &[Tag<'_>], dialect: &Dialect) -> Option<Fault> {
    let is = |known: &str| known.as_bytes() == tag.name;
    let fault = |headline: String, label: &str, fix: String| {
        Some(Fault { place: tag.name_place.clone(), headline, label: label.into(), why: dialect.why, fix })
    };
    if before.iter().any(|other| other.name == tag.name) {
        let headline = format!("this {} has the tag {} twice", dialect.what, quote(tag.name));
        return fault(headline, "the second", "delete one of them".into());
    }
    if dialect.known.iter().any(|known| is(known)) {
        return None;
    }
    let lower = tag.name.to_ascii_lowercase();
    let same = dialect.known.iter().find(|known| known.as_bytes() == lower);
    let long = dialect.known.iter().copied().filter(|known| known.len() > 1 && tag.name.len() > 1);
    let slip = same.copied().or_else(|| slip_of(tag.name, long))?;
    let headline = format!("no tag of a {} is called {}", dialect.what, quote(tag.name));
    fault(headline, "passed over by all readers", format!("write `{slip}`"))
}

/// What is wrong with the version that must come first, if anything.
pub(super) fn bad_version(text: &[u8], tags: &[Tag<'_>], dialect: &Dialect) -> Option<Fault> {
    let version = dialect.version;
    let first = tags.first().filter(|tag| tag.name.eq_ignore_ascii_case(b"v"));
    let place = match first {
        Some(tag) if tag.name == b"v" && tag.value == version.as_bytes() => return None,
        Some(tag) => tag.name_place.start..tag.value_place.end,
        None => 0..text.iter().position(|octet| *octet == b';').unwrap_or(text.len()),
    };
    let later = tags.iter().any(|tag| tag.name == b"v" && tag.value == version.as_bytes());
    Some(Fault {
        headline: format!("this {} does not start with `v={version}`", dialect.what),
        label: if later { "the version comes later".into() } else { format!("`v={version}` belongs here") },
        place,
        why: dialect.why,
        fix: format!("start the text with `v={version};`, in these very letters"),
    })
}

/// The tags of a text whose form is right, or the first thing that is wrong with it: its version, or its form.
pub(super) fn well_formed<'t>(text: &'t [u8], dialect: &Dialect) -> Result<Vec<Tag<'t>>, Box<Fault>> {
    let (tags, faults) = read(text, dialect);
    match bad_version(text, &tags, dialect).into_iter().chain(faults).next() {
        Some(fault) => Err(Box::new(fault)),
        None => Ok(tags),
    }
}

/// What is wrong with a list of places to send reports to, if anything: `mailto:` or `https:`, separated by commas.
pub(super) fn bad_uris(text: &[u8], tag: &Tag<'_>, schemes: &[&str], what: &str, why: &'static str) -> Option<Fault> {
    let mut start = tag.value_place.start;
    for uri in tag.value.split(|octet| *octet == b',') {
        let place = trimmed(text, start..start + uri.len());
        start += uri.len() + 1;
        let found = &text[place.clone()];
        let lower = String::from_utf8_lossy(found).to_ascii_lowercase();
        let rest = schemes.iter().find_map(|scheme| lower.strip_prefix(scheme));
        let (label, fix) = match rest {
            Some(rest) if lower.starts_with("mailto:") && !is_mailbox(rest) => {
                ("no mail address", "write it as in `mailto:reports@example.org`".to_owned())
            }
            Some(rest) if rest.len() > 2 && !rest.contains(char::is_whitespace) => continue,
            Some(_) => ("no URI", "write it as in `https://example.org/reports`".to_owned()),
            None if found.contains(&b'@') => {
                let bare = lower.trim_start_matches("mailto").trim_start_matches([':', '=', '/']);
                ("a mail address without `mailto:`", format!("write `mailto:{bare}`"))
            }
            None if found.is_empty() => {
                ("an address belongs here", "write it as in `mailto:reports@example.org`".into())
            }
            None => ("no URI that reports are sent to", "write it as in `mailto:reports@example.org`".to_owned()),
        };
        return Some(Fault {
            place,
            headline: format!("the `{}` of this {what} cannot be reported to", String::from_utf8_lossy(tag.name)),
            label: label.into(),
            why,
            fix,
        });
    }
    None
}

/// A local part, one `@` and a domain; the size that DMARC allows behind a `!` is no part of it.
fn is_mailbox(text: &str) -> bool {
    let address = text.split(['!', '?']).next().unwrap_or_default();
    match address.split_once('@') {
        Some((local, domain)) => {
            let is_plain =
                |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@<>\",;".contains(c));
            is_plain(local)
                && is_plain(domain)
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.contains("..")
        }
        None => false,
    }
}
