//! `$GENERATE`: one line that stands for many records, a number counting up in them.
//!
//! No RFC has it; it is BIND's (its manual calls it a primary file extension), and what BIND makes of a line is what is made
//! of it here. In: the directive's tokens. Out: rows in [`Records`](super::Records) whose place is the directive's line. One
//! mistake in the line is one finding, though it spoils every record: the first that fails is shown, and ends the line.

use super::lexer::{Lexer, Token, TokenKind};
use super::parser::Parser;
use super::{Fields, header, name, rdata, slips};
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::Rtype;
use crate::source::Span;

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// The most records that one line makes: as many as an IPv4 network of 16 bits has addresses.
const MOST_RECORDS: u64 = 1 << 16;

/// The largest width of a number: no label holds more digits.
const MOST_DIGITS: usize = 63;

/// The numbers that a line counts through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Range {
    start: i32,
    stop: i32,
    step: i32,
}

impl Range {
    /// Reads `start-stop` or `start-stop/step`.
    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (range, step) = text.split_once('/').unwrap_or((text, "1"));
        let (start, stop) = range.split_once('-')?;
        let number = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok())?;
        let range = Self { start: number(start)?, stop: number(stop)?, step: number(step)? };
        (range.start <= range.stop && range.step > 0).then_some(range)
    }

    fn count(self) -> u64 {
        (i64::from(self.stop) - i64::from(self.start)) as u64 / self.step as u64 + 1
    }

    fn numbers(self) -> impl Iterator<Item = i64> {
        (i64::from(self.start)..=i64::from(self.stop)).step_by(self.step as usize)
    }
}

/// What is wrong with the words of a range.
fn range_label(word: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(word);
    let (ends, step) = text.split_once('/').map_or((&*text, None), |(ends, step)| (ends, Some(step)));
    let numbers = ends.split_once('-').and_then(|(start, stop)| Some((start.parse::<u64>().ok()?, stop.parse().ok()?)));
    match numbers {
        Some((start, stop)) if start > stop => "it stops before it starts",
        Some(_) if step.is_some_and(|step| step.parse() == Ok(0u64)) => "a step of 0 leads nowhere",
        _ => "not `START-STOP` or `START-STOP/STEP`",
    }
}

/// How a number is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Base {
    Decimal,
    Octal,
    Hexadecimal,
    UpperHexadecimal,
    /// Hexadecimal digits as labels, the lowest first, as names below `ip6.arpa.` have them.
    Nibbles,
    UpperNibbles,
}

/// A part of a template.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Piece<'t> {
    Text(&'t [u8]),
    /// `$`, or `${offset,width,base}`.
    Number {
        offset: i32,
        width: usize,
        base: Base,
    },
}

/// Splits a template; where it is malformed, says which octets are.
fn pieces(text: &[u8]) -> std::result::Result<Vec<Piece<'_>>, std::ops::Range<usize>> {
    let (mut pieces, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let rest = &text[at..];
        let length = match rest {
            [b'$', b'$', ..] => {
                pieces.push(Piece::Text(b"\\$"));
                2
            }
            [b'$', b'{', ..] => {
                let end = memchr::memchr(b'}', rest).ok_or(at..text.len())?;
                pieces.push(modifier(&rest[2..end]).ok_or(at..at + end + 1)?);
                end + 1
            }
            [b'$', ..] => {
                pieces.push(Piece::Number { offset: 0, width: 0, base: Base::Decimal });
                1
            }
            // An escape stays one: `\$` is read as a dollar sign when the record is.
            [b'\\', _, ..] => {
                pieces.push(Piece::Text(&rest[..2]));
                2
            }
            _ => {
                let plain = memchr::memchr2(b'$', b'\\', &rest[1..]).map_or(rest.len(), |length| length + 1);
                pieces.push(Piece::Text(&rest[..plain]));
                plain
            }
        };
        at += length;
    }
    Ok(pieces)
}

/// Reads `offset`, `offset,width` or `offset,width,base`.
fn modifier(text: &[u8]) -> Option<Piece<'static>> {
    let mut parts = std::str::from_utf8(text).ok()?.split(',');
    let offset = parts.next()?.parse().ok()?;
    let width = parts.next().map_or(Some(0), |width| width.parse().ok()).filter(|&width| width <= MOST_DIGITS)?;
    let base = match parts.next() {
        None | Some("d") => Base::Decimal,
        Some("o") => Base::Octal,
        Some("x") => Base::Hexadecimal,
        Some("X") => Base::UpperHexadecimal,
        Some("n") => Base::Nibbles,
        Some("N") => Base::UpperNibbles,
        Some(_) => return None,
    };
    parts.next().is_none().then_some(Piece::Number { offset, width, base })
}

/// Appends the template with `number` in it; false if an offset takes the number below zero.
fn fill(pieces: &[Piece<'_>], number: i64, out: &mut Vec<u8>) -> bool {
    pieces.iter().all(|piece| match *piece {
        Piece::Text(text) => {
            out.extend_from_slice(text);
            true
        }
        Piece::Number { offset, width, base } => {
            let shifted = u64::try_from(number + i64::from(offset));
            shifted.map(|number| push_number(number, width, base, out)).is_ok()
        }
    })
}

fn push_number(number: u64, width: usize, base: Base, out: &mut Vec<u8>) {
    let digits = match base {
        Base::Decimal => format!("{number:0width$}"),
        Base::Octal => format!("{number:0width$o}"),
        Base::Hexadecimal => format!("{number:0width$x}"),
        Base::UpperHexadecimal => format!("{number:0width$X}"),
        Base::Nibbles => nibbles(&format!("{number:x}"), width),
        Base::UpperNibbles => nibbles(&format!("{number:X}"), width),
    };
    out.extend_from_slice(digits.as_bytes());
}

/// Digits as labels, the last first. The width counts dots too, and an even one ends with a dot: so it is in BIND.
fn nibbles(digits: &str, width: usize) -> String {
    let mut labels = String::new();
    for digit in digits.chars().rev() {
        if !labels.is_empty() {
            labels.push('.');
        }
        labels.push(digit);
    }
    while labels.len() < width {
        labels.push(if labels.ends_with('.') { '0' } else { '.' });
    }
    labels
}

/// A line's parts.
struct Line<'t> {
    owner: Token,
    owner_pieces: Vec<Piece<'t>>,
    data: Token,
    data_pieces: Vec<Piece<'t>>,
    rtype: Rtype,
    /// In seconds.
    ttl: u32,
    /// Where the line starts in its file.
    start: u32,
}

impl Parser<'_, '_, '_> {
    /// Carries out a `$GENERATE`; the tokens are the whole line's.
    pub(super) fn generate_directive(&mut self, tokens: &[Token]) -> Result<()> {
        if self.context.doubt() {
            return Ok(());
        }
        let text = self.text.clone();
        let range = self.range(tokens[1])?;
        let header = header::split(&text, &tokens[2..], false).ok_or_else(|| self.missing_type(tokens))?;
        let rtype = self.rtype(&header)?;
        let ttl = self.ttl(&header)?;
        self.check_class(&header)?;
        let owner = tokens[2];
        self.check_unquoted(owner)?;
        let data = self.data(&text, tokens, header.rdata + 2, header.rtype)?;
        let unquoted = unquote(data, &text);
        let line = Line {
            owner,
            owner_pieces: pieces(owner.text(&text)).map_err(|guilty| self.bad_template(owner, guilty))?,
            data,
            data_pieces: pieces(&unquoted).map_err(|guilty| self.bad_template(data, guilty))?,
            rtype,
            ttl: ttl.map_or_else(|| self.inherited_ttl(rtype, &header, usize::MAX), Ok)?,
            start: tokens[0].start,
        };
        if ttl.is_some() {
            self.context.last_ttl = ttl;
        }
        let (mut owner, mut data, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        for number in range.numbers() {
            owner.clear();
            data.clear();
            fields.clear();
            if !fill(&line.owner_pieces, number, &mut owner) || !fill(&line.data_pieces, number, &mut data) {
                return Err(self.below_zero(tokens[1], number));
            }
            self.count_generated(tokens[1], owner.len() + data.len())?;
            self.generated(&line, number, &owner, &data, &mut fields)?;
        }
        Ok(())
    }

    fn range(&self, token: Token) -> Result<Range> {
        let word = slips::quote(token.text(&self.text));
        let finding = |headline: String| Diagnostic::new(&codes::BAD_DIRECTIVE, self.span(token), headline);
        let Some(range) = Range::parse(token.text(&self.text)) else {
            let finding = finding(format!("expected a range of numbers, found {word}"))
                .label(range_label(token.text(&self.text)))
                .fix("write `1-20`, or `0-254/2` to count in twos");
            return Err(Box::new(finding));
        };
        if range.count() > MOST_RECORDS {
            let finding =
                finding(format!("{word} stands for {} records, and {MOST_RECORDS} is the most", range.count()))
                    .label("too many for one line")
                    .why("a short line should not be able to fill a server's memory")
                    .fix("split the range over several lines");
            return Err(Box::new(finding));
        }
        Ok(range)
    }

    /// The one token that is the data.
    fn data(&self, text: &[u8], tokens: &[Token], index: usize, rtype: Token) -> Result<Token> {
        let mnemonic = String::from_utf8_lossy(rtype.text(text)).into_owned();
        match tokens.get(index..).unwrap_or_default() {
            [] => {
                let headline = format!("this $GENERATE ends before the data of its {mnemonic} records");
                let finding = Diagnostic::new(&codes::MISSING_FIELD, self.span(rtype).after(), headline);
                Err(Box::new(finding.label("the data belongs here").fix("write `$GENERATE 1-20 host-$ A 192.0.2.$`")))
            }
            [data] => Ok(*data),
            [first, .., last] => {
                let headline = "the data of a $GENERATE is one word, or stands in quotes";
                let span = self.span(*first).to(self.span(*last));
                let whole = String::from_utf8_lossy(&text[first.start as usize..last.end as usize]).into_owned();
                let finding = Diagnostic::new(&codes::TRAILING_FIELD, span, headline)
                    .label("several words")
                    .why("BIND, whose directive this is, reads one")
                    .fix(format!("write `\"{}\"`", whole.replace('"', "\\\"")));
                Err(Box::new(finding))
            }
        }
    }

    /// Counts what a line makes against the zone's limit.
    fn count_generated(&mut self, range: Token, text_octets: usize) -> Result<()> {
        let limit = self.zonefile.limits.generated_octets;
        // A record takes some forty octets however short its text is.
        self.zonefile.generated += text_octets as u64 + 40;
        if self.zonefile.generated <= u64::from(limit) {
            return Ok(());
        }
        let headline = format!("the zone's $GENERATE lines make more than {limit} octets of records");
        let finding = Diagnostic::new(&codes::BAD_DIRECTIVE, self.span(range), headline)
            .label("nothing is read from here on")
            .why("a short line should not be able to fill a server's memory")
            .fix("use smaller ranges, or raise `generated_octets` under `[limits]` in the config");
        Err(self.zonefile.give_up(finding))
    }

    /// Adds one record.
    fn generated(
        &mut self,
        line: &Line<'_>,
        number: i64,
        owner_text: &[u8],
        data: &[u8],
        tokens: &mut Vec<Token>,
    ) -> Result<()> {
        let nowhere = Span::start_of(self.file);
        let owner = self.arena_offset(line.owner)?;
        name::push(owner_text, nowhere, Some(self.context.origin.as_ref()), self.zonefile.records.arena())
            .map_err(|finding| self.of_template(finding, line.owner, number))?;
        tokens.extend(Lexer::new(data, 0).filter(Token::is_data));
        if let Some(unclosed) = tokens.iter().find(|token| token.kind == TokenKind::Unclosed) {
            let at = unclosed.start as usize;
            return Err(self.bad_template(line.data, at..at + 1));
        }
        let start = self.arena_offset(line.data)?;
        let origin = Some(self.context.origin.as_ref());
        let mut fields = Fields::new(data, self.file, tokens, origin, data.len() as u32);
        rdata::parse(line.rtype, &mut fields, self.zonefile.records.arena())
            .map_err(|finding| self.of_template(finding, line.data, number))?;
        self.push_record(owner, start, line.rtype, line.ttl, line.start);
        Ok(())
    }

    /// A finding about generated text as one about the template it comes from.
    fn of_template(&self, mut finding: Box<Diagnostic>, template: Token, number: i64) -> Box<Diagnostic> {
        finding.primary.span = self.span(template);
        finding.primary.text = format!("where `$` is {number}");
        finding.others.clear();
        finding.repair = None;
        finding.fix = "mend the template or its range: the line makes no record after this one".into();
        finding
    }

    fn bad_template(&self, template: Token, guilty: std::ops::Range<usize>) -> Box<Diagnostic> {
        let first = template.start + u32::from(template.kind == TokenKind::Quoted);
        let place = |at: usize| (first + at as u32).min(template.end);
        let span = Span { file: self.file, start: place(guilty.start), end: place(guilty.end) };
        let word = slips::quote(&self.text[span.start as usize..span.end as usize]);
        let finding = Diagnostic::new(&codes::BAD_DIRECTIVE, span, format!("{word} is no number of a $GENERATE"))
            .label("expected `$` or `${OFFSET,WIDTH,BASE}`")
            .why("BASE is one of d o x X n N, WIDTH at most 63; both may be left out")
            .fix("write `${0,3,d}` for three decimal digits, `\\$` for a dollar sign");
        Box::new(finding)
    }

    fn below_zero(&self, range: Token, number: i64) -> Box<Diagnostic> {
        let headline = format!("an offset of this $GENERATE takes {number} below zero");
        let finding = Diagnostic::new(&codes::BAD_DIRECTIVE, self.span(range), headline)
            .label(format!("{number} is in this range"))
            .fix("start the range higher, or make the offset smaller");
        Box::new(finding)
    }
}

/// A token's octets; in quotes `\"` is a quote of the data, and other escapes are the data's own.
fn unquote(token: Token, text: &[u8]) -> Vec<u8> {
    let octets = token.text(text);
    if token.kind != TokenKind::Quoted {
        return octets.to_vec();
    }
    let (mut unquoted, mut rest) = (Vec::with_capacity(octets.len()), &octets[1..octets.len() - 1]);
    while let Some((&octet, tail)) = rest.split_first() {
        let length = match (octet, tail.first()) {
            (b'\\', Some(b'"')) => {
                unquoted.push(b'"');
                2
            }
            (b'\\', Some(&escaped)) => {
                unquoted.extend_from_slice(&[b'\\', escaped]);
                2
            }
            _ => {
                unquoted.push(octet);
                1
            }
        };
        rest = &rest[length..];
    }
    unquoted
}

/// The tokens of a `$GENERATE` line that read like a record's: its owner and all that follows.
pub(super) fn record_tokens<'t>(text: &[u8], tokens: &'t [Token]) -> &'t [Token] {
    let is_directive = |token: &Token| token.text(text).eq_ignore_ascii_case(b"$GENERATE");
    match tokens {
        [first, _, record @ ..] if is_directive(first) => record,
        _ => tokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_as_bind_fills_them() {
        let rows: &[(&str, i64, &str)] = &[
            ("a$b", 7, "a7b"),
            ("$$", 7, "\\$"),
            ("\\$$", 7, "\\$7"),
            ("${-5}", 7, "2"),
            ("${+3,4}", 7, "0010"),
            ("${0,3,o}", 8, "010"),
            ("${0,2,x}-${0,0,X}", 171, "ab-AB"),
            ("${0,3,n}", 1, "1.0"),
            ("${0,4,n}", 1, "1.0."),
            ("${0,7,N}", 0xabc, "C.B.A.0"),
            ("${0,0,n}", 18, "2.1"),
            ("$.y$${1}$", 1, "1.y\\${1}1"),
        ];
        for (template, number, expected) in rows {
            let mut filled = Vec::new();
            assert!(fill(&pieces(template.as_bytes()).unwrap(), *number, &mut filled), "{template}");
            assert_eq!(String::from_utf8_lossy(&filled), *expected, "{template}");
        }
        for template in ["${", "${}", "${0,", "${0,d}", "${0,,d}", "${0,3,q}", "${0,3,d,}", "${ 1}", "${0,64}"] {
            assert!(pieces(template.as_bytes()).is_err(), "{template}");
        }
        assert!(!fill(&pieces(b"${-2}").unwrap(), 1, &mut Vec::new()));
    }

    #[test]
    fn ranges_count_what_they_hold() {
        let rows: &[(&str, Option<u64>)] = &[
            ("1-1", Some(1)),
            ("0-255", Some(256)),
            ("1-20/2", Some(10)),
            ("19-28/2147483645", Some(1)),
            ("0-2147483647", Some(1 << 31)),
            ("2-1", None),
            ("1-2/0", None),
            ("-1-2", None),
            ("+1-2", None),
            ("1-2147483648", None),
            ("1", None),
            ("1-", None),
            ("", None),
        ];
        for (text, count) in rows {
            assert_eq!(Range::parse(text.as_bytes()).map(Range::count), *count, "{text}");
        }
    }
}
