//! The plain record, read in one pass: one line of owner, TTL, class, type and data, without escapes or parentheses.
//!
//! In: a text and where a line starts in it. Out: what the record says and where the next line starts, or nothing. Knows no
//! findings: whatever is not quite plain is left, with no trace, to the reader that knows all of the format.
//!
//! # Design
//!
//! Nearly all lines of a large zone are of a few types and written plainly. Splitting them into tokens first, and asking the
//! table of types what each token should be, costs several times what the octets themselves do. What is accepted here is read
//! exactly as the general way reads it; a test holds the two against each other, line by line.

use super::parser::Parser;
use super::{rdata, slips};
use crate::dns::{MAX_LABEL, MAX_NAME, NameRef, Rtype};

/// What stands before a record's data.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// The owner; none where it is inherited.
    owner: Option<Written>,
    /// In seconds, if one is written.
    ttl: Option<u32>,
    /// Whether the class is written.
    has_class: bool,
    /// One of the plain types.
    rtype: Rtype,
    /// Where the data starts.
    data: usize,
}

/// A name as it is written.
#[derive(Clone, Copy, Debug)]
struct Written {
    start: usize,
    end: usize,
    /// Whether it is more than one label: most owners are one.
    has_dot: bool,
}

impl Written {
    #[inline]
    fn octets(self, text: &[u8]) -> &[u8] {
        &text[self.start..self.end]
    }
}

const LABEL: u8 = 1;
const DOT: u8 = 2;
const DIGIT: u8 = 4;
const HEXADECIMAL: u8 = 8;

/// What each octet may stand in.
const CLASS: [u8; 256] = {
    let (mut class, mut octet) = ([0; 256], 0);
    while octet < 256 {
        let char = octet as u8;
        if char.is_ascii_alphanumeric() || matches!(char, b'-' | b'_' | b'*') {
            class[octet] |= LABEL;
        }
        if char.is_ascii_digit() {
            class[octet] |= DIGIT;
        }
        if char.is_ascii_hexdigit() {
            class[octet] |= HEXADECIMAL;
        }
        octet += 1;
    }
    class[b'.' as usize] |= DOT;
    class
};

/// The end of the run of octets of these classes that starts at `at`.
#[inline]
fn run(text: &[u8], at: usize, classes: u8) -> usize {
    let rest = &text[at..];
    at + rest.iter().position(|&octet| CLASS[octet as usize] & classes == 0).unwrap_or(rest.len())
}

/// The name that starts at `start`, or an `@`; it may be empty.
#[inline]
fn name(text: &[u8], start: usize) -> Written {
    if text.get(start) == Some(&b'@') {
        return Written { start, end: start + 1, has_dot: false };
    }
    let (mut end, mut seen) = (start, 0);
    while let Some(class) = text.get(end).map(|&octet| CLASS[usize::from(octet)])
        && class & (LABEL | DOT) != 0
    {
        seen |= class;
        end += 1;
    }
    Written { start, end, has_dot: seen & DOT != 0 }
}

/// The first octet at or after `at` that is no blank.
#[inline]
fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

#[inline]
fn is_blank(text: &[u8], at: usize) -> bool {
    matches!(text.get(at), Some(b' ' | b'\t'))
}

/// Reads what stands before the data of the record whose line starts at `start`.
#[inline]
fn head(text: &[u8], start: usize) -> Option<Head> {
    let owner = match *text.get(start)? {
        b' ' | b'\t' => None,
        _ => Some(name(text, start)),
    };
    let (mut at, mut ttl, mut has_class) = (owner.map_or(start, |owner| owner.end), None, false);
    loop {
        if !is_blank(text, at) {
            return None;
        }
        at = skip_blanks(text, at);
        let end = run(text, at, LABEL);
        let word = &text[at..end];
        match word {
            [b'0'..=b'9', ..] if ttl.is_none() => ttl = Some(number(word, 9)?),
            [b'I' | b'i', b'N' | b'n'] if !has_class => has_class = true,
            _ => {
                let rtype = rtype(word).filter(|_| is_blank(text, end))?;
                return Some(Head { owner, ttl, has_class, rtype, data: skip_blanks(text, end) });
            }
        }
        at = end;
    }
}

/// The number that a word of so many digits at most writes.
#[inline]
fn number(word: &[u8], most_digits: usize) -> Option<u32> {
    let is_number = !word.is_empty() && word.len() <= most_digits && word.iter().all(u8::is_ascii_digit);
    is_number.then(|| word.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

/// The plain types, in capitals as most write them or in small letters.
#[inline]
fn rtype(word: &[u8]) -> Option<Rtype> {
    match word {
        b"A" | b"a" => Some(Rtype::A),
        b"AAAA" | b"aaaa" => Some(Rtype::AAAA),
        b"NS" | b"ns" => Some(Rtype::NS),
        b"CNAME" | b"cname" => Some(Rtype::CNAME),
        b"PTR" | b"ptr" => Some(Rtype::PTR),
        b"MX" | b"mx" => Some(Rtype::MX),
        b"SRV" | b"srv" => Some(Rtype::SRV),
        b"TXT" | b"txt" => Some(Rtype::TXT),
        _ => None,
    }
}

/// Appends the data that starts at `at`, and says where the next line starts; `out` may have grown where there is none.
#[inline]
fn push_data(text: &[u8], at: usize, rtype: Rtype, origin: NameRef<'_>, out: &mut Vec<u8>) -> Option<usize> {
    let end = match rtype {
        Rtype::A => push_v4(text, at, out)?,
        Rtype::AAAA => push_v6(text, at, out)?,
        Rtype::TXT => return next_line(text, push_strings(text, at, out)?),
        Rtype::MX => push_name(text, name(text, push_number(text, at, out)?), origin, out)?,
        Rtype::SRV => {
            let numbers = (0..3).try_fold(at, |at, _| push_number(text, at, out))?;
            push_name(text, name(text, numbers), origin, out)?
        }
        _ => push_name(text, name(text, at), origin, out)?,
    };
    // A comment behind a text may be a part of it that lacks its quotes; behind all else it is nobody's business.
    match text.get(skip_blanks(text, end)) {
        Some(b';') if is_blank(text, end) => {
            Some(memchr::memchr(b'\n', &text[end..]).map_or(text.len(), |length| end + length + 1))
        }
        _ => next_line(text, end),
    }
}

/// Where the next line starts, if nothing but blanks is left of this one.
#[inline]
fn next_line(text: &[u8], at: usize) -> Option<usize> {
    let end = skip_blanks(text, at);
    match text.get(end) {
        None => Some(end),
        Some(b'\n') => Some(end + 1),
        Some(b'\r') if text.get(end + 1) == Some(&b'\n') => Some(end + 2),
        Some(_) => None,
    }
}

/// Four decimal numbers with dots, without leading zeros.
#[inline]
fn push_v4(text: &[u8], start: usize, out: &mut Vec<u8>) -> Option<usize> {
    let (mut address, mut at) = ([0; 4], start);
    for (index, octet) in address.iter_mut().enumerate() {
        if index > 0 {
            at += 1;
        }
        let (mut value, first) = (0_u32, at);
        while let Some(digit) = text.get(at).map(|octet| octet.wrapping_sub(b'0')).filter(|&digit| digit < 10) {
            value = value * 10 + u32::from(digit);
            at += 1;
            if at - first > 3 {
                return None;
            }
        }
        let has_leading_zero = at - first > 1 && text[first] == b'0';
        let ends_well = index == 3 || text.get(at) == Some(&b'.');
        if at == first || has_leading_zero || !ends_well {
            return None;
        }
        *octet = u8::try_from(value).ok()?;
    }
    out.extend_from_slice(&address);
    Some(at)
}

/// Groups of hexadecimal digits with colons, a run of zeros left out or not; an IPv4 address at the end is not plain.
#[inline]
fn push_v6(text: &[u8], start: usize, out: &mut Vec<u8>) -> Option<usize> {
    let (mut groups, mut count, mut gap, mut at) = ([0_u16; 8], 0, None, start);
    if text[at..].starts_with(b"::") {
        (gap, at) = (Some(0), at + 2);
    }
    while let Some(end) = Some(run(text, at, HEXADECIMAL)).filter(|&end| end > at && count < 8) {
        groups[count] = group(&text[at..end])?;
        (count, at) = (count + 1, end);
        match text[at..] {
            [b':', b':', ..] if gap.is_none() => (gap, at) = (Some(count), at + 2),
            // A single colon wants a group behind it.
            [b':', next, ..] if CLASS[usize::from(next)] & HEXADECIMAL != 0 => at += 1,
            _ => break,
        }
    }
    match gap {
        // Two colons stand for one group of zeros at least.
        Some(gap) if count < 8 => {
            groups[gap..].rotate_right(8 - count);
        }
        None if count == 8 => {}
        _ => return None,
    }
    groups.iter().for_each(|group| out.extend_from_slice(&group.to_be_bytes()));
    Some(at)
}

/// The number of four hexadecimal digits at most.
#[inline]
fn group(digits: &[u8]) -> Option<u16> {
    let value = |digit: u8| u16::from(if digit.is_ascii_digit() { digit - b'0' } else { (digit | 0x20) - b'a' + 10 });
    (digits.len() <= 4).then(|| digits.iter().fold(0, |number, &digit| number << 4 | value(digit)))
}

/// A number of 16 bits and the blanks behind it.
#[inline]
fn push_number(text: &[u8], start: usize, out: &mut Vec<u8>) -> Option<usize> {
    let end = run(text, start, DIGIT);
    let number = u16::try_from(number(&text[start..end], 5)?).ok().filter(|_| is_blank(text, end))?;
    out.extend_from_slice(&number.to_be_bytes());
    Some(skip_blanks(text, end))
}

/// Strings in quotes, one at least.
#[inline]
fn push_strings(text: &[u8], mut at: usize, out: &mut Vec<u8>) -> Option<usize> {
    let start = out.len();
    loop {
        let first = at + 1;
        let end = match text.get(at) {
            Some(b'"') => first + memchr::memchr3(b'"', b'\\', b'\n', &text[first..])?,
            _ => return None,
        };
        if text[end] != b'"' {
            return None;
        }
        out.push(u8::try_from(end - first).ok()?);
        out.extend_from_slice(&text[first..end]);
        at = skip_blanks(text, end + 1);
        if text.get(at) != Some(&b'"') || at == end + 1 {
            return (out.len() - start <= rdata::MAX_RDATA).then_some(end + 1);
        }
    }
}

/// A name of plain labels, relative or not, or `@`: appends its wire form and says where its text ends.
#[inline]
fn push_name(text: &[u8], name: Written, origin: NameRef<'_>, out: &mut Vec<u8>) -> Option<usize> {
    let (written, octets) = (out.len(), name.octets(text));
    if matches!(octets, b"@") {
        out.extend_from_slice(origin.octets());
        return Some(name.end);
    }
    // Each dot becomes the length of the label behind it, and the first label's length stands before all.
    out.push(0);
    out.extend_from_slice(octets);
    let is_relative = if name.has_dot {
        set_lengths(&mut out[written..])?
    } else {
        out[written] = label_length(0, octets.len() + 1)?;
        true
    };
    if is_relative {
        out.extend_from_slice(origin.octets());
    }
    (out.len() - written <= MAX_NAME).then_some(name.end)
}

/// Makes dots lengths, and says whether the name goes on: one that ends in a dot does not.
fn set_lengths(name: &mut [u8]) -> Option<bool> {
    let mut length_at = 0;
    for at in 1..name.len() {
        if name[at] == b'.' {
            name[length_at] = label_length(length_at, at)?;
            length_at = at;
        }
    }
    // Nothing stands behind the last dot, or a label.
    let is_relative = length_at < name.len() - 1;
    name[length_at] = if is_relative { label_length(length_at, name.len())? } else { 0 };
    Some(is_relative)
}

#[inline]
fn label_length(length_at: usize, end: usize) -> Option<u8> {
    let length = end - length_at - 1;
    (1..=MAX_LABEL).contains(&length).then_some(length as u8)
}

impl Parser<'_, '_, '_> {
    /// Reads the record of the line that starts at octet `start`, if it is plain, and says where the next line starts; else
    /// nothing has happened.
    #[inline]
    pub(super) fn plain_record(&mut self, text: &[u8], start: u32) -> Option<u32> {
        let head = head(text, start as usize)?;
        let written = head.owner.map(|owner| owner.octets(text));
        let ttl = head.ttl.or(self.context.default_ttl).or(self.context.last_ttl)?;
        if slips::is_owner_suspect(written, head.ttl.is_some(), head.has_class, head.rtype) {
            return None;
        }
        let arena = self.zonefile.records.arena().len();
        let next = self.push_plain(text, start, &head, ttl);
        if next.is_none() {
            self.zonefile.records.arena().truncate(arena);
        }
        next
    }

    /// Appends a plain record; if it is none, the arena may have grown.
    #[inline]
    fn push_plain(&mut self, text: &[u8], start: u32, head: &Head, ttl: u32) -> Option<u32> {
        let origin = self.context.origin.as_ref();
        let written = head.owner.map(|owner| owner.octets(text));
        let is_known = written.is_none_or(|written| self.context.owner_text == written);
        let owner = self.context.owner.filter(|_| is_known);
        // Where no room is left, the general way says so.
        let end = self.zonefile.end().filter(|_| owner.is_some() || written.is_some())?;
        let arena = self.zonefile.records.arena();
        if let (None, Some(written)) = (owner, head.owner) {
            push_name(text, written, origin, arena)?;
        }
        let data = u32::try_from(arena.len()).ok()?;
        let next = push_data(text, head.data, head.rtype, origin, arena)? as u32;
        if next - start > self.zonefile.limits.entry_octets {
            return None;
        }
        if let (None, Some(written)) = (owner, written) {
            self.context.set_owner(Some(end), written);
        }
        self.context.last_ttl = Some(ttl);
        self.push_record(owner.unwrap_or(end), data, head.rtype, ttl, start);
        Some(next)
    }
}
