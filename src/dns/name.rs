//! Domain names as octets of the wire, uncompressed, case kept.
//!
//! In: wire octets, or the presentation format of RFC 1035 §5.1. Out: [`NameRef`], a checked slice that copies freely, and
//! [`Name`], which owns one. Comparison ignores the case of ASCII letters (RFC 4343); order is canonical (RFC 4034 §6.1).

use std::cmp::Ordering;
use std::fmt;

use super::case::is_alike;
use super::{MAX_LABEL, MAX_NAME};

/// A borrowed name: length-prefixed labels ending with the root's zero octet, 255 octets at most.
#[derive(Clone, Copy)]
pub struct NameRef<'a>(&'a [u8]);

impl<'a> NameRef<'a> {
    /// The root, `.`.
    pub const ROOT: NameRef<'static> = NameRef(&[0]);

    /// The name at the start of `octets`, or none if they hold no complete, uncompressed name of lawful size.
    pub fn parse(octets: &'a [u8]) -> Option<Self> {
        let mut at = 0;
        loop {
            let length = usize::from(*octets.get(at)?);
            at += 1 + length;
            if length > MAX_LABEL || at > MAX_NAME {
                return None;
            }
            if length == 0 {
                return Some(Self(&octets[..at]));
            }
        }
    }

    /// The name that starts `octets`, which the caller knows to hold one (they came from an arena that keeps only such).
    ///
    /// Reads length octets without judging them again; a broken promise gives a wrong name, never a panic.
    pub fn trusted(octets: &'a [u8]) -> Self {
        let mut at = 0;
        while let Some(&length) = octets.get(at) {
            at += 1 + usize::from(length);
            if length == 0 {
                break;
            }
        }
        Self(&octets[..at.min(octets.len())])
    }

    /// The name that is all of `octets`, which the caller knows to be one.
    pub(crate) fn whole(octets: &'a [u8]) -> Self {
        debug_assert_eq!(Self::trusted(octets).0, octets, "a name was measured wrongly");
        Self(octets)
    }

    /// The octets of the wire, the root's zero included.
    pub fn octets(self) -> &'a [u8] {
        self.0
    }

    /// The labels from left to right, without the root's empty one.
    pub fn labels(self) -> Labels<'a> {
        Labels(self.0)
    }

    /// How many labels the name has, the root's empty one not counted.
    pub fn label_count(self) -> usize {
        self.labels().count()
    }

    /// Whether this is `.`.
    pub fn is_root(self) -> bool {
        self.0.len() <= 1
    }

    /// Whether the leftmost label is `*` (RFC 4592 §2.1.1).
    pub fn is_wildcard(self) -> bool {
        self.0.starts_with(b"\x01*")
    }

    /// The name without its leftmost label; none for the root.
    pub fn parent(self) -> Option<NameRef<'a>> {
        let length = usize::from(*self.0.first()?);
        if length == 0 { None } else { Some(Self(&self.0[1 + length..])) }
    }

    /// The ancestor (or the name itself) that has `labels` labels; the name itself if it has fewer.
    pub fn suffix(self, labels: usize) -> NameRef<'a> {
        let mut name = self;
        for _ in labels..self.label_count() {
            name = name.parent().unwrap_or(name);
        }
        name
    }

    /// Whether both are the same name, the case of ASCII letters ignored (RFC 4343 §3).
    pub fn is(self, other: NameRef<'_>) -> bool {
        // Length octets are at most 63, below `A`, so the whole wire form can be compared at once.
        is_alike(self.0, other.0)
    }

    /// Whether this name is `other` or lies below it.
    pub fn is_at_or_below(self, other: NameRef<'_>) -> bool {
        let Some(head) = self.0.len().checked_sub(other.0.len()) else { return false };
        // The tail must start at a label, or `xexample.` would lie below `example.`.
        let mut at = 0;
        while at < head {
            at += 1 + usize::from(self.0[at]);
        }
        at == head && is_alike(&self.0[head..], other.0)
    }

    /// The labels that this name has before those of `other`, if it lies at or below it.
    pub(crate) fn head_below(self, other: NameRef<'_>) -> Option<Labels<'a>> {
        self.is_at_or_below(other).then(|| self.head(other))
    }

    /// The same of a name that is known to lie at or below `other`.
    pub(crate) fn head(self, other: NameRef<'_>) -> Labels<'a> {
        Labels(self.head_octets(other))
    }

    /// The same on the wire.
    pub(crate) fn head_octets(self, other: NameRef<'_>) -> &'a [u8] {
        &self.0[..self.0.len() - other.0.len()]
    }

    /// Whether this name lies below `other`, and is not `other` itself.
    pub fn is_below(self, other: NameRef<'_>) -> bool {
        self.0.len() > other.0.len() && self.is_at_or_below(other)
    }

    /// Canonical DNS name order: label by label from the right, as lower-cased octets (RFC 4034 §6.1).
    pub fn canonical_cmp(self, other: NameRef<'_>) -> Ordering {
        let (mut mine, mut theirs) = ([0; 128], [0; 128]);
        let counts = (label_starts(self.0, &mut mine), label_starts(other.0, &mut theirs));
        let pairs = mine[..counts.0].iter().rev().zip(theirs[..counts.1].iter().rev());
        for (&a, &b) in pairs {
            let order = cmp_labels(label_at(self.0, a), label_at(other.0, b));
            if order != Ordering::Equal {
                return order;
            }
        }
        counts.0.cmp(&counts.1)
    }

    /// Octets that compare as names do in canonical order; equal for equal names, and a name's are the start of those of all
    /// names below it.
    pub fn sort_key(self) -> Box<[u8]> {
        let mut key = Vec::with_capacity(self.0.len());
        sort_octets(self.0, |octet| key.push(octet));
        // The last label ends too, before any octet that a longer one may go on with.
        if !self.is_root() {
            key.push(0);
        }
        key.into()
    }

    /// An owned copy.
    pub fn to_name(self) -> Name {
        Name(self.0.into())
    }

    /// An owned copy in lower case, the same for all spellings: the key of a table.
    pub fn to_lower(self) -> Name {
        Name(self.0.to_ascii_lowercase().into())
    }
}

/// As many places as labels can start at, and the end of the last: a name has 127 labels at most.
pub(crate) type Starts = [u8; 128];

/// Notes where each label starts, then where the last one ends, and says how many there are. The labels may be all of a name,
/// or its first.
///
/// The places are the caller's: to copy what was just written octet by octet costs an answer a tenth.
#[inline]
pub(crate) fn label_starts(labels: &[u8], starts: &mut Starts) -> usize {
    let (mut count, mut at) = (0, 0);
    while let Some(&length @ 1..) = labels.get(at) {
        starts[count] = at as u8;
        count += 1;
        at += 1 + usize::from(length);
    }
    starts[count] = at as u8;
    count
}

/// Gives the octets by which labels, all of a name's or its first, compare as names do in canonical order (RFC 4034 §6.1;
/// Knot's lookup format is the idea): labels from the right, lower-cased, parted by zeros.
pub(crate) fn sort_octets(labels: &[u8], mut give: impl FnMut(u8)) {
    let mut starts = [0; 128];
    let count = label_starts(labels, &mut starts);
    for (nth, &start) in starts[..count].iter().rev().enumerate() {
        if nth > 0 {
            give(0);
        }
        for octet in label_at(labels, start) {
            match octet.to_ascii_lowercase() {
                // Zero parts labels, so it and its neighbour are written in two octets that keep their order.
                octet @ (0 | 1) => [1, octet + 1].into_iter().for_each(&mut give),
                octet => give(octet),
            }
        }
    }
}

fn label_at(octets: &[u8], start: u8) -> &[u8] {
    let start = usize::from(start);
    &octets[start + 1..start + 1 + usize::from(octets[start])]
}

fn cmp_labels(a: &[u8], b: &[u8]) -> Ordering {
    let lower = |octet: &u8| octet.to_ascii_lowercase();
    a.iter().map(lower).cmp(b.iter().map(lower))
}

impl PartialEq for NameRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is(*other)
    }
}

impl Eq for NameRef<'_> {}

impl fmt::Debug for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Presentation format, absolute: a dot at the end, specials escaped, octets outside printable ASCII as `\DDD`.
impl fmt::Display for NameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        for label in self.labels() {
            match std::str::from_utf8(label) {
                Ok(text) if label.iter().all(|&octet| is_plain(octet)) => f.write_str(text)?,
                _ => write_escaped(label, f)?,
            }
            f.write_str(".")?;
        }
        Ok(())
    }
}

/// Whether an octet stands for itself in presentation format.
fn is_plain(octet: u8) -> bool {
    matches!(octet, 0x21..=0x7E) && !matches!(octet, b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b'$')
}

fn write_escaped(label: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    label.iter().try_for_each(|&octet| match octet {
        _ if is_plain(octet) => write!(f, "{}", char::from(octet)),
        0x21..=0x7E => write!(f, "\\{}", char::from(octet)),
        _ => write!(f, "\\{octet:03}"),
    })
}

/// Iterates over a name's labels, from left to right.
#[derive(Clone)]
pub struct Labels<'a>(&'a [u8]);

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (&length, rest) = self.0.split_first()?;
        if length == 0 || rest.len() < usize::from(length) {
            return None;
        }
        let (label, rest) = rest.split_at(usize::from(length));
        self.0 = rest;
        Some(label)
    }
}

/// An owned name.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(Box<[u8]>);

impl Name {
    /// The name as a slice.
    pub fn as_ref(&self) -> NameRef<'_> {
        NameRef(&self.0)
    }

    /// The name that `text` writes, relative ones completed with `origin`.
    ///
    /// # Errors
    ///
    /// What is wrong and at which octet of `text`.
    pub fn parse(text: &[u8], origin: Option<NameRef<'_>>) -> Result<Self, NameError> {
        let mut octets = Vec::with_capacity(text.len() + 2);
        push_name(text, origin, &mut octets)?;
        Ok(Self(octets.into()))
    }

    /// The absolute name that `text` writes, its last dot optional: for arguments and config, where no origin is about.
    ///
    /// # Errors
    ///
    /// What is wrong and at which octet of `text`.
    pub fn absolute(text: &str) -> Result<Self, NameError> {
        Self::parse(text.as_bytes(), Some(NameRef::ROOT))
    }
}

impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_ref(), f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_ref(), f)
    }
}

/// Why a text is no name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NameError {
    /// What is wrong.
    pub kind: NameErrorKind,
    /// The octets of the text that are to blame.
    pub start: usize,
    /// Where they end.
    pub end: usize,
}

/// The ways in which a text is no name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameErrorKind {
    /// Nothing at all.
    Empty,
    /// Two dots in a row, or one at the start.
    EmptyLabel,
    /// A label of more than 63 octets; this many.
    LongLabel(usize),
    /// A name of more than 255 octets; this many, its origin included.
    LongName(usize),
    /// A backslash followed by neither one character nor three digits up to 255.
    BadEscape,
    /// A relative name where no origin is known.
    NoOrigin,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            NameErrorKind::Empty => f.write_str("a name is missing"),
            NameErrorKind::EmptyLabel => {
                f.write_str("a label is empty: there are two dots in a row, or one at the start")
            }
            NameErrorKind::LongLabel(octets) => write!(f, "a label has {octets} octets, and may have {MAX_LABEL}"),
            NameErrorKind::LongName(octets) => write!(f, "the name has {octets} octets, and may have {MAX_NAME}"),
            NameErrorKind::BadEscape => {
                f.write_str("`\\` must be followed by one character or by three digits up to 255")
            }
            NameErrorKind::NoOrigin => f.write_str("the name is relative, and no origin is known"),
        }
    }
}

impl std::error::Error for NameError {}

/// Appends to `out` the wire form of the name that `text` writes, a relative one completed with `origin`.
///
/// `@` alone is the origin (RFC 1035 §5.1). On an error `out` is as it was.
///
/// # Errors
///
/// What is wrong and at which octets of `text`.
pub fn push_name(text: &[u8], origin: Option<NameRef<'_>>, out: &mut Vec<u8>) -> Result<(), NameError> {
    let start = out.len();
    let result = Pusher { text, start, out }.push(origin);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

struct Pusher<'t, 'o> {
    text: &'t [u8],
    start: usize,
    out: &'o mut Vec<u8>,
}

impl Pusher<'_, '_> {
    fn push(&mut self, origin: Option<NameRef<'_>>) -> Result<(), NameError> {
        match self.text {
            [] => return Err(self.error(NameErrorKind::Empty, 0, 0)),
            b"." => return self.finish(NameRef::ROOT),
            b"@" => return self.complete(origin),
            _ => {}
        }
        let mut at = 0;
        while at < self.text.len() {
            let next = self.push_label(at)?;
            if next == self.text.len() {
                // No dot ended the last label: the name is relative.
                return self.complete(origin);
            }
            at = next + 1;
        }
        self.finish(NameRef::ROOT)
    }

    /// Writes the label that starts at `start` and gives the position of the dot or of the end after it.
    fn push_label(&mut self, start: usize) -> Result<usize, NameError> {
        let length_at = self.out.len();
        self.out.push(0);
        let mut at = start;
        while let Some(&octet) = self.text.get(at) {
            match octet {
                b'.' => break,
                b'\\' => {
                    let (octet, length) = unescape(&self.text[at..])
                        .ok_or_else(|| self.error(NameErrorKind::BadEscape, at, (at + 4).min(self.text.len())))?;
                    self.out.push(octet);
                    at += length;
                }
                _ => {
                    self.out.push(octet);
                    at += 1;
                }
            }
        }
        let length = self.out.len() - length_at - 1;
        match length {
            0 => Err(self.error(NameErrorKind::EmptyLabel, start, (start + 1).min(self.text.len()))),
            1..=MAX_LABEL => {
                self.out[length_at] = length as u8;
                Ok(at)
            }
            _ => Err(self.error(NameErrorKind::LongLabel(length), start, at)),
        }
    }

    fn complete(&mut self, origin: Option<NameRef<'_>>) -> Result<(), NameError> {
        match origin {
            Some(origin) => self.finish(origin),
            None => Err(self.error(NameErrorKind::NoOrigin, 0, self.text.len())),
        }
    }

    fn finish(&mut self, origin: NameRef<'_>) -> Result<(), NameError> {
        self.out.extend_from_slice(origin.octets());
        let length = self.out.len() - self.start;
        if length > MAX_NAME {
            return Err(self.error(NameErrorKind::LongName(length), 0, self.text.len()));
        }
        Ok(())
    }

    fn error(&self, kind: NameErrorKind, start: usize, end: usize) -> NameError {
        NameError { kind, start, end }
    }
}

/// The octet that the escape at the start of `text` stands for, and the escape's length: `\X` or `\DDD` (RFC 1035 §5.1).
pub(crate) fn unescape(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b'\\', a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', ..] => {
            let value = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
            Some((u8::try_from(value).ok()?, 4))
        }
        [b'\\', b'0'..=b'9', ..] => None,
        [b'\\', octet, ..] => Some((*octet, 2)),
        _ => None,
    }
}
