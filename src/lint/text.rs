//! The text of TXT records as its readers see it: a record's strings joined, without anything between them.
//!
//! In: a TXT rrset. Out: a [`Text`] for each record, which finds the place in the zone file of any octet of it; and the
//! [`Fault`]s that the grammars beside this file find in one.

use std::borrow::Cow;
use std::ops::Range;

use super::Report;
use crate::dns::unescape;
use crate::source::Span;
use crate::zone::Rrset;
use crate::zonefile::Record;

/// What is wrong with a text, at some octets of it.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) place: Range<usize>,
    pub(super) headline: String,
    pub(super) label: String,
    pub(super) why: &'static str,
    pub(super) fix: String,
}

/// One TXT record's text.
#[derive(Debug)]
pub(super) struct Text<'z> {
    pub(super) record: &'z Record,
    rdata: &'z [u8],
    /// The strings, joined.
    pub(super) octets: Cow<'z, [u8]>,
}

impl<'z> Text<'z> {
    /// The texts of an rrset's records.
    pub(super) fn all(rrset: Rrset<'z>) -> impl Iterator<Item = Self> {
        rrset.records().zip(rrset.rdatas()).map(|(record, rdata)| {
            let mut strings = strings(rdata);
            let first = strings.next().unwrap_or_default();
            let octets = match strings.clone().next() {
                None => Cow::Borrowed(first),
                Some(_) => Cow::Owned(std::iter::once(first).chain(strings).collect::<Vec<_>>().concat()),
            };
            Self { record, rdata, octets }
        })
    }

    /// Where one string ends and the next begins.
    pub(super) fn joints(&self) -> impl Iterator<Item = usize> {
        let ends = strings(self.rdata).scan(0, |end, string| {
            *end += string.len();
            Some(*end)
        });
        let all = self.octets.len();
        ends.filter(move |&end| end < all)
    }

    /// Where some octets of the text are written.
    pub(super) fn place(&self, range: Range<usize>, report: &Report<'_>) -> Span {
        let (mut start, mut index) = (0, 0);
        for string in strings(self.rdata) {
            // An empty range at a joint is the end of the first string.
            let is_here =
                range.start < start + string.len() || (range.is_empty() && range.start <= start + string.len());
            if is_here {
                return within(self.record, index, range.start - start, range.len(), report);
            }
            (start, index) = (start + string.len(), index + 1);
        }
        report.rdata(self.record)
    }

    /// Adds a fault of this text to the findings.
    pub(super) fn add(&self, fault: Fault, report: &mut Report<'_>) {
        let place = self.place(fault.place, report);
        report.add(report.finding(place, fault.headline).label(fault.label).why(fault.why).fix(fault.fix));
    }
}

/// Some octets of one string of a record's data, to its end at most.
pub(super) fn within(record: &Record, index: usize, start: usize, length: usize, report: &Report<'_>) -> Span {
    let token = report.field(record, index);
    let text = report.text(token);
    let quotes = u32::from(text.starts_with(b"\""));
    if text.starts_with(b"\\#") || text.len() <= 2 * quotes as usize {
        return token;
    }
    let bare = &text[quotes as usize..text.len() - quotes as usize];
    let (first, last) = (written(bare, start), written(bare, start + length));
    Span { start: token.start + quotes + first as u32, end: token.start + quotes + last as u32, ..token }
}

/// The strings of TXT data.
pub(super) fn strings(rdata: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let mut rest = rdata;
    std::iter::from_fn(move || {
        let (&length, tail) = rest.split_first()?;
        let (string, tail) = tail.split_at_checked(usize::from(length))?;
        rest = tail;
        Some(string)
    })
}

/// How many octets of `text` write the first `octets` of its string.
fn written(text: &[u8], octets: usize) -> usize {
    let mut at = 0;
    for _ in 0..octets {
        match text.get(at) {
            Some(b'\\') => at += unescape(&text[at..]).map_or(1, |(_, length)| length),
            Some(_) => at += 1,
            None => break,
        }
    }
    at.min(text.len())
}

/// Whether a label is one that a host may have: letters, digits and inner hyphens (RFC 952, RFC 1123 §2.1).
pub(super) fn is_host_label(label: &[u8]) -> bool {
    /// Whether an octet is one of those: asked of every octet of every host's name.
    const IS_INNER: [bool; 256] = {
        let (mut table, mut octet) = ([false; 256], 0);
        while octet < table.len() {
            table[octet] = (octet as u8).is_ascii_alphanumeric() || octet as u8 == b'-';
            octet += 1;
        }
        table
    };
    let is_inner = |octet: &u8| IS_INNER[usize::from(*octet)];
    !label.is_empty() && label.iter().all(is_inner) && !label.starts_with(b"-") && !label.ends_with(b"-")
}

/// Octets as findings show them: between backquotes, cut where they are too many to be read.
pub(super) fn quote(octets: &[u8]) -> String {
    const MOST: usize = 60;
    let text = String::from_utf8_lossy(octets);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// The one of `known` that is a slip of the finger away from `word`.
pub(super) fn slip_of<'k>(word: &[u8], known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    /// Longer words are no slips, and the time grows with the square.
    const LONGEST: usize = 16;
    let word = std::str::from_utf8(word).ok().filter(|word| word.len() <= LONGEST)?.to_ascii_lowercase();
    let most = if word.len() <= 3 { 1 } else { 2 };
    let distance = |known: &&str| strsim::osa_distance(known, &word);
    known.into_iter().filter(|known| distance(known) <= most).min_by_key(distance)
}

/// The octets without blanks around them, and where they start.
pub(super) fn trimmed(text: &[u8], place: Range<usize>) -> Range<usize> {
    let part = &text[place.clone()];
    let head = part.len() - part.trim_ascii_start().len();
    let length = part.trim_ascii().len();
    place.start + head..place.start + head + length
}
