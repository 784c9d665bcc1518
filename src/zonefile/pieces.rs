//! A large text read by several threads, with the result that one would have.
//!
//! In: a parser at the start of its text. Out: the same parser at its end. A text is cut at lines that look like the start of
//! an entry. The first piece is read as ever; the others by several threads, which take one after the other, from a guess of what
//! stands above it; what comes of it is taken only if that turns out true.
//!
//! # Design
//!
//! What an entry takes over from above is little: the origin, the TTLs, the owner, an open merge conflict. A piece guesses the
//! origin and `$TTL` from the last directives above it and takes the rest for unknown; as soon as it needs something unknown,
//! or a directive that counts against the whole zone's limits, it is in doubt and is given up. Where the piece before did not end
//! exactly at its start (the cut lay within parentheses) or with the state guessed, it is not taken either. What is not taken
//! is read again in its turn, so that a wrong guess costs time and nothing else. The road not taken, to find the true state at
//! each cut first, would read the text twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::context::Context;
use super::parser::{Conflict, Parser};
use super::records::fits;
use super::shared::Zonefile;
use super::{IncludeRefusal, Limits, Records};
use crate::diagnostic::Diagnostic;
use crate::dns::Name;
use crate::source::{FileId, Sources};

/// How a text is cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cuts {
    /// Threads to read them.
    pub(super) threads: usize,
    /// Pieces at most: twice the threads, as some have less of the processor than others.
    pub(super) pieces: usize,
    /// Octets that are read before the text is cut, for the directives that most texts start with.
    pub(super) head: usize,
    /// The fewest octets of a piece: a thread costs as much as some thousand lines.
    pub(super) least: usize,
}

impl Cuts {
    /// Cuts for so many threads.
    pub(super) fn of(threads: usize) -> Self {
        Self { threads, pieces: if threads > 1 { 2 * threads } else { 1 }, head: 1 << 14, least: 1 << 18 }
    }

    /// Where the pieces of `text` from `start` on start, the first left out.
    fn starts(self, text: &[u8], start: usize) -> Vec<u32> {
        let rest = text.len() - start;
        let pieces = self.pieces.min(rest / self.least.max(1));
        let mut starts: Vec<u32> =
            (1..pieces).filter_map(|piece| line_start(text, start + rest / pieces * piece)).collect();
        starts.dedup();
        starts
    }
}

/// The next line that looks like the start of an entry: it starts with what names start with.
pub(super) fn line_start(text: &[u8], near: usize) -> Option<u32> {
    /// Lines that are looked at; a text in which none of so many starts an entry is read in fewer pieces.
    const MOST_LINES: usize = 1000;
    let lines = memchr::memchr_iter(b'\n', &text[near..]).map(|end| near + end + 1).take(MOST_LINES);
    let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'@' | b'*' | b'_');
    let mut starts = lines.filter(|&line| text.get(line).is_some_and(is_name));
    starts.next().map(|start| start as u32)
}

/// What a thread made of one piece.
struct Piece {
    start: u32,
    /// Where the entry after it starts.
    end: u32,
    guess: Context,
    context: Context,
    conflict: Option<Conflict>,
    records: Records,
    findings: Vec<Diagnostic>,
    /// Whether nothing depended on what the piece does not know.
    is_sound: bool,
}

/// Reads the parser's text from octet `start` on.
pub(super) fn read(parser: &mut Parser<'_, '_, '_>, start: u32, cuts: Cuts) {
    let text = Arc::clone(&parser.text);
    let head = line_start(&text, (start as usize + cuts.head).min(text.len())).unwrap_or(u32::MAX);
    let mut at = parser.read_between(start, head);
    let starts = cuts.starts(&text, at as usize);
    let pieces = read_all(parser, &mut at, &starts, cuts.threads);
    for (piece, index) in pieces.into_iter().zip(1..) {
        at = match parser.takes(&piece, at) {
            true => parser.take(piece),
            false => parser.read_between(at, stop(&starts, index)),
        };
    }
}

/// Where the piece before this number stops.
fn stop(starts: &[u32], index: usize) -> u32 {
    starts.get(index).copied().unwrap_or(u32::MAX)
}

/// Reads the pieces that start at these places, and before them what stands between the first and `at`, which moves there.
fn read_all(parser: &mut Parser<'_, '_, '_>, at: &mut u32, starts: &[u32], threads: usize) -> Vec<Piece> {
    let (text, file, limits) = (Arc::clone(&parser.text), parser.file, parser.zonefile.limits);
    let guesses = guesses(&text, file, limits, parser.context.of_piece(), *at, starts);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut pieces = Vec::new();
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let (Some(&start), Some(guess)) = (starts.get(index), guesses.get(index))
        {
            pieces.push((index, read_piece(&text, file, limits, guess.clone(), start, stop(starts, index + 1))));
        }
        pieces
    };
    let mut pieces: Vec<_> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(starts.len() + 1)).map(|_| scope.spawn(work)).collect();
        parser.zonefile.records.reserve(lines(&text, *at, stop(starts, 0)));
        *at = parser.read_between(*at, stop(starts, 0));
        let mine = work();
        let others = others.into_iter().flat_map(|other| other.join().expect("reading a piece does not panic"));
        mine.into_iter().chain(others).collect()
    });
    pieces.sort_by_key(|(index, _)| *index);
    pieces.into_iter().map(|(_, piece)| piece).collect()
}

/// Reads the entries that start from `start` to before `stop`.
fn read_piece(text: &Arc<[u8]>, file: FileId, limits: &Limits, guess: Context, start: u32, stop: u32) -> Piece {
    let (mut sources, mut include) = (Sources::default(), |_: &str, _: &[u8]| Err(IncludeRefusal::default()));
    let mut zonefile = Zonefile::new(&mut sources, limits, &mut include);
    zonefile.records.reserve(lines(text, start, stop));
    let mut parser = Parser::of(&mut zonefile, guess.clone(), file, Arc::clone(text));
    let end = parser.read_between(start, stop);
    let Parser { context, conflict, .. } = parser;
    let Zonefile { records, findings, is_full, .. } = zonefile;
    let is_sound = !is_full && !context.is_doubtful;
    Piece { start, end, guess, context, conflict, records, findings, is_sound }
}

/// The records of some lines of a zone's own file, the first of which looks like the start of an entry.
///
/// None where they are not without findings, or say something only with what stands above them; of that, `$ORIGIN` and `$TTL`
/// are taken as the text seems to set them, and the caller has to know whether the records are what they should be.
pub fn read_part(text: &Arc<[u8]>, lines: std::ops::Range<u32>, origin: &Name, limits: &Limits) -> Option<Records> {
    let (file, context) = (FileId(0), Context::new(origin.clone()));
    // Above the first line there is nothing to guess.
    let above = if lines.start == 0 { context } else { guess(text, file, limits, &context, 0..lines.start) };
    let piece = read_piece(text, file, limits, above, lines.start, lines.end);
    let is_plain = piece.is_sound && piece.findings.is_empty() && piece.conflict.is_none();
    (is_plain && piece.end == lines.end).then_some(piece.records)
}

/// What stands between two places in a text, the latter of which may lie behind its end.
fn lines(text: &[u8], start: u32, stop: u32) -> &[u8] {
    &text[start as usize..(stop as usize).min(text.len())]
}

/// What is likely to hold at each of these places, the first of which comes behind `at`, where `context` holds.
fn guesses(
    text: &Arc<[u8]>,
    file: FileId,
    limits: &Limits,
    mut context: Context,
    mut at: u32,
    starts: &[u32],
) -> Vec<Context> {
    let next = |&start: &u32| {
        context = guess(text, file, limits, &context, at..start);
        at = start;
        context.clone()
    };
    starts.iter().map(next).collect()
}

/// What is likely to hold at the end of a range, at whose start `context` holds: the last `$ORIGIN` and `$TTL` in it say.
fn guess(text: &Arc<[u8]>, file: FileId, limits: &Limits, context: &Context, range: std::ops::Range<u32>) -> Context {
    /// Dollar signs that are looked at, from the end.
    const MOST: usize = 1000;
    let (start, mut last) = (range.start as usize, [None; 2]);
    for found in memchr::memrchr_iter(b'$', &text[start..range.end as usize]).take(MOST) {
        let at = start + found;
        let is_line_start = at == 0 || text[at - 1] == b'\n';
        let starts_with =
            |name: &[u8]| text[at..].get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name));
        for (last, name) in last.iter_mut().zip([&b"$ORIGIN"[..], b"$TTL"]) {
            if last.is_none() && is_line_start && starts_with(name) {
                *last = Some(at as u32);
            }
        }
        if last.iter().all(Option::is_some) {
            break;
        }
    }
    let read = |context: Context, at: u32| read_piece(text, file, limits, context, at, at + 1).context;
    let guess = last.into_iter().flatten().fold(context.of_piece(), read);
    guess.of_piece()
}

impl Parser<'_, '_, '_> {
    /// Whether a piece was read as it would be read now, the text before `at` being read.
    fn takes(&self, piece: &Piece, at: u32) -> bool {
        let Zonefile { read, records, findings, limits, is_full, .. } = &*self.zonefile;
        let has_room = findings.len() + piece.findings.len() <= limits.findings
            && fits(read.compiled() + records.compiled() + piece.records.compiled());
        let is_as_guessed = self.conflict.is_none() && self.context.is_alike(&piece.guess);
        piece.is_sound && piece.start == at && is_as_guessed && has_room && !is_full
    }

    /// Adds what a piece holds, and goes on where it ended.
    fn take(&mut self, piece: Piece) -> u32 {
        let base = self.zonefile.findings.len();
        self.conflict = piece.conflict.map(|conflict| Conflict { finding: conflict.finding + base, ..conflict });
        self.zonefile.findings.extend(piece.findings);
        let known = match piece.context.owner {
            Some(owner) => Some((&piece.records, owner)),
            None => self.context.owner.map(|owner| (&self.zonefile.records, owner)),
        };
        // The last owner goes with what is read behind the piece.
        let owner = known.map(|(records, owner)| records.name_at(owner).to_name());
        self.zonefile.take(piece.records);
        self.context.owner = owner.map(|owner| self.zonefile.records.add_name(owner.as_ref()));
        self.context.follow(piece.context);
        piece.end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dns::Name;
    use crate::source::Source;

    /// Lines that go together well, badly or not at all; some open what others close.
    const LINES: &[&str] = &[
        "www A 192.0.2.1",
        "www\tIN\tA 192.0.2.2 ; again",
        "name.example. 300 IN AAAA 2001:db8::1",
        "a MX 10 mail",
        "a 60 TXT \"one\" \"two\"",
        "b NS ns.b",
        "B CNAME a",
        "* TXT word ; p=none",
        "@ SOA ns host 1 7200 1800 1209600 300",
        " A 192.0.2.3",
        "\t600 MX 20 @",
        "  PTR host",
        "",
        "  ",
        "; a comment ( \" ",
        "$TTL 60",
        "$TTL x",
        "$ttl 1h",
        "$ORIGIN sub",
        "$ORIGIN Other.example.",
        "$ORIGIN example.",
        "$ORIGIN ..",
        "$ORIGIN example",
        " $ORIGIN indented.",
        "$INCLUDE inc",
        "$INCLUDE none",
        "$INCLUDE inc inner",
        "$GENERATE 1-3 g$ A 192.0.2.$",
        "$GENERATE 1-3",
        "$NOTHING",
        "c ( A",
        "192.0.2.4 )",
        "d TXT ( \"first\"",
        "second",
        "\"third\" )",
        "(",
        ")",
        "( (",
        "e TXT \"open",
        "\\",
        "f\\ A 192.0.2.5",
        "<<<<<<< ours",
        "|||||||",
        "=======",
        ">>>>>>> theirs",
        "g A 192.0.2.256",
        "h BOGUS x",
        "A 192.0.2.6",
        " i A 192.0.2.7",
        "3600 IN A 192.0.2.8",
        "j CH A 192.0.2.9",
        "k A 300 192.0.2.10",
        "# no comment",
        "l..m A 192.0.2.11",
        "n 99999999999 A 192.0.2.12",
    ];

    type Said = (Vec<(String, u32, String, String)>, String);

    fn read_as(text: &str, limits: &Limits, cuts: Option<Cuts>) -> Said {
        let mut sources = Sources::default();
        let root = sources.add(Source::new("zone", text.as_bytes()));
        let mut include = |_: &str, path: &[u8]| match path {
            b"inc" => Ok(Source::new("inc", &b"x A 192.0.2.77\n 5 TXT inner\n$ORIGIN gone.\n$TTL 7\ny"[..])),
            _ => Err(IncludeRefusal::default()),
        };
        let mut zonefile = Zonefile::new(&mut sources, limits, &mut include);
        let origin = Name::absolute("example").expect("a name");
        let parser = Parser::new(&mut zonefile, Context::new(origin), root);
        match cuts {
            None => parser.run(),
            Some(cuts) => parser.run_in_pieces(cuts),
        }
        let findings = std::mem::take(&mut zonefile.findings);
        let parts = zonefile.into_records();
        let records =
            parts.arranged(std::iter::once(0..parts.len() as u32), |records| records).expect("they are few").remove(0);
        let said = records.rows().iter().map(|record| {
            let places = format!("{:?} {:?}", records.places(record, &sources), record.rtype);
            (records.owner(record).to_string(), record.ttl, places, format!("{:?}", records.rdata(record)))
        });
        assert!(records.rows().iter().map(|record| record.position()).eq(0..parts.len() as u32));
        (said.collect(), format!("{findings:#?}"))
    }

    fn text() -> impl Strategy<Value = String> {
        let line = (prop::sample::select(LINES), prop::sample::select(&["\n", "\n", "\n", "\r\n", "\r"][..]));
        // A line in ten is odd, or all are: in texts of either kind other pieces are taken.
        let plain = (prop::sample::select(&LINES[..12]), Just("\n"));
        let lines = prop_oneof![
            prop::collection::vec(line.clone(), 0..40),
            prop::collection::vec(prop_oneof![9 => plain, 1 => line], 0..60)
        ];
        lines.prop_map(|lines| lines.into_iter().map(|(line, end)| format!("{line}{end}")).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pieces_say_what_the_whole_says(
            text in text(),
            ttl in any::<bool>(),
            pieces in 2_usize..6,
            head in prop::sample::select(&[0_usize, 10, 80][..]),
            findings in prop::sample::select(&[2_usize, 1000][..]),
            entry_octets in prop::sample::select(&[24_u32, 1 << 20][..]),
        ) {
            let text = format!("{}{text}", if ttl { "$TTL 300\n" } else { "" });
            let limits = Limits { findings, entry_octets, generated_octets: 400, ..Limits::default() };
            let whole = read_as(&text, &limits, None);
            let in_pieces = read_as(&text, &limits, Some(Cuts { threads: 2, pieces, head, least: 1 }));
            prop_assert_eq!(whole, in_pieces, "{}", text);
        }

        #[test]
        fn a_plain_line_says_what_the_general_way_makes_of_it(
            owner in prop::sample::select(&["www", "WWW.Example.", "@", "*", "a.b.c", "a..b", ".", "x.", " ", "\t", "in", "3600", "_a-b", "ü", "a\\.b", "class1", "[0-9a-f]", ""][..]),
            blank in prop::sample::select(&[" ", "\t", "  \t", ""][..]),
            words in prop::collection::vec(prop::sample::select(&["300", "IN", "in", "0", "1h", "99999999999", "2147483648", "CH", "CLASS1"][..]), 0..3),
            rtype in prop::sample::select(&["A", "a", "AAAA", "NS", "CNAME", "PTR", "MX", "SRV", "TXT", "txt", "SOA", "DS", "Aaaa", "TYPE1"][..]),
            data in prop::sample::select(&[
                "192.0.2.1", "192.0.2.01", "192.0.2", "1.2.3.4.5", "256.1.1.1", "0.0.0.0", "1.2.3.", "2001:db8::1", "::", "::1.2.3.4", "1::2::3", "fe80::1%1",
                "host", "host.", "@", "a..b", ".", "..", "10 mail", "65536 mail", "01 mail", "10", "1 2 3 host.example.", "1 2 host",
                "\"text\"", "\"a\" \"b\"", "\"a\"\"b\"", "\"a\\\"b\"", "\"open", "\"\"", "word", "\"a\"b", "*", "a*b", "-a-", "\\# 4 01020304", "",
            ][..]),
            rest in prop::sample::select(&["", " ", "\t ", " x", "\r"][..]),
            comment in prop::sample::select(&["", " ; comment", " ;", " ; a=b"][..]),
        ) {
            let body = format!("{owner}{blank}{}{rtype} {data}{rest}", words.iter().map(|word| format!("{word} ")).collect::<String>());
            let limits = Limits::default();
            let read = |end: &str| read_as(&format!("$TTL 60\nabove A 192.0.2.1\n{body}{end}{comment}\n A 192.0.2.2\n"), &limits, None);
            // Empty parentheses say nothing, and are not plain.
            prop_assert_eq!(read("   "), read(" ()"), "{}", body);
        }

        #[test]
        fn a_plain_address_is_what_the_general_way_makes_of_it(
            v6 in prop_oneof![
                "[0-9a-fA-F]{0,5}(:{1,2}[0-9a-f]{0,5}){0,9}",
                "(:|::)?([0-9a-f]{1,4}:){0,8}:?([0-9A-F]{1,4}:){0,7}[0-9a-f]{0,4}",
                any::<[bool; 8]>().prop_map(|kept| std::net::Ipv6Addr::from(kept.map(|kept| if kept { 0xA0F } else { 0 })).to_string()),
            ],
            v4 in prop_oneof!["[0-9]{0,4}(\\.[0-9]{0,4}){0,5}", any::<[u8; 4]>().prop_map(|octets| std::net::Ipv4Addr::from(octets).to_string())],
        ) {
            let read = |end: &str| read_as(&format!("www 60 AAAA {v6}{end}\nwww 60 A {v4}{end}\n"), &Limits::default(), None);
            prop_assert_eq!(read("   "), read(" ()"), "{} {}", v6, v4);
        }

        #[test]
        fn a_long_plain_name_is_held_to_the_limits(labels in prop::collection::vec(1_usize..70, 1..6), dot in any::<bool>()) {
            let labels: Vec<String> = labels.into_iter().map(|length| "x".repeat(length)).collect();
            let name = format!("{}{}", labels.join("."), if dot { "." } else { "" });
            let read = |end: &str| read_as(&format!("{name} 60 NS {name}{end}\n"), &Limits::default(), None);
            prop_assert_eq!(read("   "), read(" ()"), "{}", name);
        }
    }
}
