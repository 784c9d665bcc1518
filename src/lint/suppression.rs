//! `; zonewright: allow(rule, until=2027-01-01) reason`: silences the findings of a rule at one entry.
//!
//! In: the texts of a zone. Out: [`Waivers`], which are asked of each finding, and in the end what is wrong with them: one
//! that silences nothing, has ended, gives no reason or names no rule is itself a finding, and silences nothing.
//!
//! # Design
//!
//! A waiver stands on the entry's own lines, behind or between its tokens, so that it moves and goes with the record.
//! Texts without the word are searched for it once and no more; only a text that has it is read again by the lexer.
//! In the files of the mirror list an entry is a line that names a host, and `#` starts the comment; nothing else differs. The
//! two steps of judging ([`check`](super::check) and [`check_beside`](super::check_beside)) read waivers each for
//! themselves: each knows which rules it asks, and therefore which waivers are without use.

use std::sync::atomic::{AtomicBool, Ordering};

use memchr::memmem;

use super::change::is_of_change;
use super::mirrors::comment_start;
use super::{find, is_configurable};
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::source::{ADDRESS, FileId, Sources, Span, may_speak_to_us};
use crate::zonefile::lexer::{Lexer, Token, TokenKind};
use crate::zonefile::rdata::parse_moment;

/// The most rules that one entry may waive: each finding of the entry is held against them all.
const MOST_AT_ENTRY: usize = 16;

/// The most findings about waivers in one zone, as of any rule.
const MOST: usize = 20;

/// How waivers are written in one kind of text, for those who have to mend one.
struct Style {
    /// What starts a comment.
    sign: char,
    /// What a waiver stands behind.
    entry: &'static str,
}

const ZONE_TEXT: Style = Style { sign: ';', entry: "record" };
const MIRROR_LIST: Style = Style { sign: '#', entry: "host" };

/// The waivers of one zone, or of the mirror list.
#[derive(Default)]
pub(super) struct Waivers {
    /// By file and entry.
    list: Vec<Waiver>,
    /// For each text, the first that is the same file: an include may be read many times.
    files: Vec<FileId>,
    faults: Vec<Diagnostic>,
}

/// One rule, silenced at one entry.
struct Waiver {
    code: &'static Code,
    /// From the start of the entry's first line to the end of its last.
    entry: Span,
    /// The rule's name in the comment.
    place: Span,
    is_used: AtomicBool,
}

impl Waivers {
    /// The waivers in a zone's texts of rules that are `asked` in this step; the faults of all are told where `tells_faults`.
    pub(super) fn read(sources: &Sources, now: u32, asked: impl Fn(&Code) -> bool, tells_faults: bool) -> Self {
        let mut reader = Reader::new(sources, now, &ZONE_TEXT);
        for (file, source) in sources.iter().filter(|(_, source)| source.may_speak_to_us()) {
            let is_same = |known: &FileId| sources.get(*known).name() == source.name();
            match reader.waivers.files.iter().find(|known| is_same(known)) {
                Some(&known) => reader.waivers.alias(file, known),
                None => reader.file(file),
            }
        }
        let mut waivers = reader.waivers;
        waivers.list.retain(|waiver| asked(waiver.code));
        waivers.list.sort_by_key(|waiver| waiver.entry);
        if !tells_faults {
            waivers.faults.clear();
        }
        waivers
    }

    /// The waivers in the files of the mirror list, and all that is wrong with them.
    pub(super) fn read_mirrors(sources: &Sources, now: u32) -> Self {
        let mut reader = Reader::new(sources, now, &MIRROR_LIST);
        for (file, _) in sources.iter().filter(|(_, source)| source.may_speak_to_us()) {
            reader.lines(file);
        }
        reader.waivers
    }

    fn alias(&mut self, file: FileId, known: FileId) {
        let next = self.files.len() as u32;
        self.files.extend((next..=file.0).map(FileId));
        self.files[file.0 as usize] = known;
    }

    /// Whether there are any.
    pub(super) fn has_any(&self) -> bool {
        !self.list.is_empty()
    }

    /// Whether the entry of a finding waives it.
    pub(super) fn waive(&self, finding: &Diagnostic) -> bool {
        self.waive_at(finding.code, finding.primary.span)
    }

    /// Whether the entry at a place waives what a code finds there.
    pub(super) fn waive_at(&self, code: &Code, span: Span) -> bool {
        if self.list.is_empty() {
            return false;
        }
        let file = self.files.get(span.file.0 as usize).copied().unwrap_or(span.file);
        let before = self.list.partition_point(|waiver| (waiver.entry.file, waiver.entry.start) <= (file, span.start));
        let holds = |waiver: &&Waiver| waiver.entry.file == file && span.start <= waiver.entry.end;
        let at_entry = self.list[..before].iter().rev().take_while(holds);
        at_entry.filter(|waiver| std::ptr::eq(waiver.code, code)).fold(false, |_, waiver| {
            waiver.is_used.store(true, Ordering::Relaxed);
            true
        })
    }

    /// What is wrong with the waivers, once every finding has been held against them.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        let unused = self.list.iter().filter(|waiver| !waiver.is_used.load(Ordering::Relaxed)).map(unused);
        self.faults.into_iter().chain(unused).take(MOST).collect()
    }
}

fn unused(waiver: &Waiver) -> Diagnostic {
    let name = waiver.code.name;
    Diagnostic::new(&codes::UNUSED_ALLOW, waiver.place, format!("nothing here is `{name}`"))
        .label("it silences nothing")
        .why("a waiver without use would silence the next mistake at this entry unseen")
        .fix("delete the comment")
}

/// Reads the comments of texts that hold the word.
struct Reader<'s> {
    sources: &'s Sources,
    now: u32,
    style: &'static Style,
    waivers: Waivers,
    /// Rules that the present entry waives.
    at_entry: usize,
}

impl<'s> Reader<'s> {
    fn new(sources: &'s Sources, now: u32, style: &'static Style) -> Self {
        Self { sources, now, style, waivers: Waivers::default(), at_entry: 0 }
    }

    /// Reads a text whose entries are lines.
    fn lines(&mut self, file: FileId) {
        let text = self.sources.get(file).text().clone();
        let mut start = 0;
        for line in text.split(|octet| *octet == b'\n') {
            let (data, end) = (comment_start(line), start + line.len());
            let comment = Token { kind: TokenKind::Comment, start: (start + data) as u32, end: end as u32 };
            let has_data = !line[..data].trim_ascii().is_empty();
            let entry = Span { file, start: start as u32, end: end as u32 };
            self.entry(entry, has_data, &mut vec![comment], &text);
            start = end + 1;
        }
    }

    fn file(&mut self, file: FileId) {
        let text = self.sources.get(file).text().clone();
        let next = self.waivers.files.len() as u32;
        self.waivers.files.extend((next..=file.0).map(FileId));
        let (mut start, mut is_open, mut has_data, mut comments) = (0, false, false, Vec::new());
        for token in Lexer::new(&text, 0) {
            match token.kind {
                TokenKind::Open => is_open = true,
                TokenKind::Close => is_open = false,
                TokenKind::Word | TokenKind::Quoted | TokenKind::Unclosed => has_data = true,
                TokenKind::Comment if may_speak_to_us(token.text(&text)) => comments.push(token),
                TokenKind::Newline if !is_open => {
                    self.entry(Span { file, start, end: token.start }, has_data, &mut comments, &text);
                    (start, has_data) = (token.end, false);
                }
                _ => {}
            }
        }
        self.entry(Span { file, start, end: text.len() as u32 }, has_data, &mut comments, &text);
    }

    fn entry(&mut self, entry: Span, has_data: bool, comments: &mut Vec<Token>, text: &[u8]) {
        self.at_entry = 0;
        for comment in comments.drain(..) {
            self.comment(entry, has_data, comment, text);
        }
    }

    fn comment(&mut self, entry: Span, has_data: bool, comment: Token, text: &[u8]) {
        let octets = comment.text(text);
        let Some(word) = memmem::find(octets, ADDRESS) else { return };
        let after = word + ADDRESS.len();
        let (lead, rest) = (&octets[..word], octets[after..].trim_ascii());
        // Prose may speak of zonewright; what starts like a waiver is meant as one.
        let is_meant =
            rest.starts_with(b"allow") || lead.iter().all(|octet| matches!(octet, b';' | b'#' | b' ' | b'\t'));
        if !is_meant {
            return;
        }
        let span = |start: usize, end: usize| Span {
            file: entry.file,
            start: comment.start + start as u32,
            end: comment.start + end as u32,
        };
        let whole = span(word, octets.len());
        let Some((inner, reason)) = parse(octets, after) else {
            return self.fault(whole, "this waiver cannot be read", "expected `allow(RULE) REASON`");
        };
        if !has_data {
            return self.fault(
                whole,
                "this waiver stands on a line of its own",
                format!("no {} is on this line", self.style.entry),
            );
        }
        if octets[reason..].trim_ascii().is_empty() {
            return self.fault(whole, "this waiver gives no reason", "a reason is to follow the bracket");
        }
        self.rules(entry, octets, inner, span);
    }

    /// Reads what stands in the brackets: rules, and perhaps a day.
    fn rules(
        &mut self,
        entry: Span,
        octets: &[u8],
        inner: std::ops::Range<usize>,
        span: impl Fn(usize, usize) -> Span,
    ) {
        let (mut named, mut end) = (Vec::new(), None);
        let mut at = inner.start;
        for part in octets[inner].split(|octet| *octet == b',') {
            let blanks = part.len() - part.trim_ascii_start().len();
            let word = part.trim_ascii();
            let place = span(at + blanks, at + blanks + word.len());
            match word.strip_prefix(b"until=") {
                Some(day) => end = Some((day.to_vec(), place)),
                None => named.push((String::from_utf8_lossy(word).into_owned(), place)),
            }
            at += part.len() + 1;
        }
        if let Some((day, place)) = end {
            match last_second(&day) {
                None => return self.fault(place, "this day cannot be read", "write it like `until=2027-01-01`"),
                Some(last) if self.now > last => return self.expired(place),
                Some(_) => {}
            }
        }
        for (name, place) in named {
            self.rule(entry, &name, place);
        }
    }

    fn rule(&mut self, entry: Span, name: &str, place: Span) {
        self.at_entry += 1;
        let Some(code) = find(name) else {
            return self.fault(
                place,
                format!("there is no rule `{name}`"),
                format!("the nearest is `{}`", super::nearest(name)),
            );
        };
        if !is_configurable(code) || is_of_change(code) {
            return self.fault(place, format!("`{name}` cannot be waived"), "it is judged whatever stands here");
        }
        if self.at_entry > MOST_AT_ENTRY {
            return self.fault(place, format!("an entry waives {MOST_AT_ENTRY} rules at most"), "one too many");
        }
        self.waivers.list.push(Waiver { code, entry, place, is_used: AtomicBool::new(false) });
    }

    fn fault(&mut self, place: Span, headline: impl Into<String>, label: impl Into<String>) {
        let Style { sign, entry } = self.style;
        let finding = Diagnostic::new(&codes::BAD_ALLOW, place, headline)
            .label(label)
            .why("a waiver is an exception that the next reader must understand; this one silences nothing")
            .fix(format!("write `{sign} zonewright: allow(RULE, until=YYYY-MM-DD) REASON` on the {entry}'s line, the day being optional"));
        self.push_fault(finding);
    }

    fn expired(&mut self, place: Span) {
        let finding = Diagnostic::new(&codes::EXPIRED_ALLOW, place, "this waiver has ended")
            .label("its last day is over")
            .why("it was made for a time, and silences nothing any more")
            .fix(format!("mend the {} and delete the comment, or write a later day", self.style.entry));
        self.push_fault(finding);
    }

    fn push_fault(&mut self, finding: Diagnostic) {
        // One more than is shown would be one too many to keep.
        if self.waivers.faults.len() < MOST {
            self.waivers.faults.push(finding);
        }
    }
}

/// What stands in the brackets of `allow(…)`, and where the reason starts.
fn parse(octets: &[u8], at: usize) -> Option<(std::ops::Range<usize>, usize)> {
    let blanks = octets[at..].len() - octets[at..].trim_ascii_start().len();
    let open = at + blanks + b"allow(".len();
    octets[at + blanks..].strip_prefix(b"allow(")?;
    let close = open + memchr::memchr(b')', &octets[open..])?;
    (!octets[open..close].trim_ascii().is_empty()).then_some((open..close, close + 1))
}

/// The last second of a day written `2027-01-01`, since 1970.
fn last_second(day: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(day).ok()?;
    let is_day = text.len() == 10 && text.split('-').map(str::len).eq([4, 2, 2]);
    let first = parse_moment(&(text.replace('-', "") + "000000")).filter(|_| is_day)?;
    Some(first.saturating_add(24 * 3600 - 1))
}
