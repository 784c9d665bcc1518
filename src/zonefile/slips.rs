//! The commonest slips, each with words of its own: what the parser would otherwise report as something stranger.
//!
//! In: the text and the tokens to blame. Out: one finding. Decides nothing but whether a slip is there.

use super::header::{self, Header};
use super::lexer::{Token, TokenKind};
use super::rdata;
use super::ttl::{self, TtlError};
use crate::diagnostic::{Code, Diagnostic, Label, Repair, Severity, codes};
use crate::dns::{Name, NameRef, Rtype};
use crate::source::{FileId, Span};

/// The markers that git leaves around a conflict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Marker {
    Ours,
    Base,
    Between,
    Theirs,
}

/// The marker that a line's first word is, if it is one: seven of the same character.
pub(super) fn marker(word: &[u8]) -> Option<Marker> {
    match word {
        b"<<<<<<<" => Some(Marker::Ours),
        b"|||||||" => Some(Marker::Base),
        b"=======" => Some(Marker::Between),
        b">>>>>>>" => Some(Marker::Theirs),
        _ => None,
    }
}

/// A conflict, to be reported once at its first marker.
pub(super) fn merge_conflict(marker: Marker, span: Span) -> Diagnostic {
    Diagnostic::new(&codes::MERGE_MARKER, span, "a merge conflict was left in the file")
        .label(marker_label(marker, span).text)
        .why("both sides stand here, and which records are meant is not said")
        .fix("keep one side, or both where they go together, and delete the marker lines")
}

/// What is said of each marker of a conflict.
pub(super) fn marker_label(marker: Marker, span: Span) -> Label {
    let text = match marker {
        Marker::Ours => "one side starts here",
        Marker::Base => "what both sides started from",
        Marker::Between => "the other side starts here",
        Marker::Theirs => "the conflict ends here",
    };
    Label { span, text: text.into() }
}

/// What the first octets say of the encoding: a finding, if any, and where the text starts, if it can be read at all.
pub(super) fn encoding(text: &[u8], file: FileId) -> (Option<Diagnostic>, Option<u32>) {
    let span = |end| Span { file, start: 0, end };
    if text.starts_with(b"\xEF\xBB\xBF") {
        let finding = Diagnostic::new(&codes::BYTE_ORDER_MARK, span(3), "the file starts with a byte order mark")
            .label("three invisible octets")
            .why("other servers take them for a part of the first name")
            .fix("save the file as UTF-8 without BOM")
            .repair(Repair::new(span(3), ""));
        return (Some(finding), Some(3));
    }
    if text.starts_with(b"\xFF\xFE") || text.starts_with(b"\xFE\xFF") {
        let mut finding = Diagnostic::new(&codes::BYTE_ORDER_MARK, span(2), "the file is in UTF-16")
            .label("a byte order mark of UTF-16")
            .why("zone files are read octet by octet (RFC 1035 §5.1)")
            .fix("save the file as UTF-8 without BOM");
        finding.severity = Severity::Error;
        return (Some(finding), None);
    }
    (None, Some(0))
}

/// Whether a line's first word starts a comment in other languages. A label `#` of its own is a name as any other.
pub(super) fn is_foreign_comment(word: &[u8]) -> bool {
    word.starts_with(b"//") || (word.starts_with(b"#") && !word.starts_with(b"#."))
}

/// A line that starts with `#` or `//`.
pub(super) fn foreign_comment(word: &[u8], first: Span) -> Box<Diagnostic> {
    let (sign, escaped) = if word.starts_with(b"#") { ("#", "\\#") } else { ("//", "\\//") };
    let span = Span { end: first.start + sign.len() as u32, ..first };
    let finding = Diagnostic::new(&codes::HASH_COMMENT, span, format!("this line starts with `{sign}`"))
        .label("a comment starts with `;`")
        .why(format!("`{sign}` is text like any other here: the line would be a record whose name starts with it"))
        .fix(format!("write `;` in place of `{sign}`; a name that does start so is written `{escaped}`"));
    // A blank behind the sign, or more of the signs, is how comments are written and names are not.
    let is_comment = matches!(&word[sign.len()..], [] | [b'#' | b'/' | b'-' | b'=' | b'*', ..]);
    Box::new(if is_comment { finding.repair(Repair::new(span, ";")) } else { finding })
}

/// Whether a finding is what a blank too many, or one too few, before an entry looks like.
pub(super) fn may_be_misplaced_blank(code: &'static Code, starts_blank: bool) -> bool {
    let before_data: &[&Code] = &[&codes::UNKNOWN_TYPE, &codes::MISSING_TYPE, &codes::META_TYPE];
    let in_data: &[&Code] = &[&codes::MISSING_FIELD, &codes::BAD_FIELD, &codes::TRAILING_FIELD];
    let is_one_of = |list: &[&Code]| list.iter().any(|one| std::ptr::eq(*one, code));
    is_one_of(before_data) || (starts_blank && is_one_of(in_data))
}

/// Whether a finding is what a TTL or class after the type looks like.
pub(super) fn may_be_after_type(code: &'static Code) -> bool {
    let in_data: &[&Code] = &[&codes::BAD_FIELD, &codes::TRAILING_FIELD, &codes::ADDRESS_FAMILY];
    in_data.iter().any(|one| std::ptr::eq(*one, code))
}

/// An entry that would be right with the blank before it taken away, or with one put there.
pub(super) fn misplaced_blank(text: &[u8], first: Span, starts_blank: bool) -> Box<Diagnostic> {
    let word = quote(&text[first.start as usize..first.end as usize]);
    let finding = if starts_blank {
        error(&codes::UNEXPECTED_OWNER, first, format!("{word} is not read as the owner: a blank stands before it"))
            .label("read as the type, TTL or class of the owner above")
            .why("a line that starts with a blank goes on with the name above it (RFC 1035 §5.1)")
            .fix("take the blank away from the start of the line")
    } else {
        error(&codes::UNEXPECTED_OWNER, first, format!("{word} is read as the owner: the line starts with it"))
            .label("read as a name")
            .why("the first word of a line that starts without a blank is a name (RFC 1035 §5.1)")
            .fix("put the owner name, `@` or a blank at the start of the line")
    };
    Box::new(Diagnostic { severity: Severity::Error, ..finding })
}

/// Whether [`unexpected_owner`] could have anything to say of a record, as far as its owner, TTL and class tell.
#[inline]
pub(super) fn is_owner_suspect(owner: Option<&[u8]>, has_ttl: bool, has_class: bool, rtype: Rtype) -> bool {
    match owner {
        None => has_ttl && !has_class && rtype == Rtype::PTR,
        Some(owner) => (!has_class && header::class_of(owner).is_some()) || (!has_ttl && is_common_ttl(owner)),
    }
}

/// A record that reads well, and whose own text says that its owner is not the one meant.
pub(super) fn unexpected_owner(
    text: &[u8],
    file: FileId,
    header: &Header,
    rtype: Rtype,
    origin: NameRef<'_>,
) -> Option<Diagnostic> {
    let span = |token: Token| Span { file, start: token.start, end: token.end };
    let suspect = match (header.owner, header.ttl, header.class) {
        // `  10 PTR host` in a reverse zone: the 10 was meant as a name.
        (None, Some(ttl), None) if rtype == Rtype::PTR && is_reverse(origin) => {
            let word = ttl.text(text);
            if word.len() > 3 || !word.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let headline = format!("{} is read as a TTL, and the owner is the one above", quote(word));
            Diagnostic::new(&codes::UNEXPECTED_OWNER, span(ttl), headline)
                .label("a blank stands before it, so it is no name")
                .fix("take the blank away from the start of the line")
        }
        // `IN A 192.0.2.1` at the start of a line: a host called `in`.
        (Some(owner), _, None) if header::class_of(owner.text(text)).is_some() => {
            let headline = format!("{} is read as the owner: the line starts with it", quote(owner.text(text)));
            Diagnostic::new(&codes::UNEXPECTED_OWNER, span(owner), headline)
                .label("read as a name, not as the class")
                .fix("put the owner name, `@` or a blank at the start of the line")
        }
        // `3600 IN A 192.0.2.1` at the start of a line: a host called `3600`.
        (Some(owner), None, _) if is_common_ttl(owner.text(text)) && !is_reverse(origin) => {
            let headline = format!("{} is read as the owner: the line starts with it", quote(owner.text(text)));
            Diagnostic::new(&codes::UNEXPECTED_OWNER, span(owner), headline)
                .label("read as a name, not as a TTL")
                .fix("put the owner name, `@` or a blank at the start of the line")
        }
        _ => return None,
    };
    Some(suspect.why(
        "a line that starts with a blank goes on with the name above it, others start with a name (RFC 1035 §5.1)",
    ))
}

/// Whether a word is a TTL that people write, and hardly ever a name.
fn is_common_ttl(word: &[u8]) -> bool {
    let common: [&[u8]; 9] = [b"300", b"600", b"900", b"1800", b"3600", b"7200", b"14400", b"43200", b"86400"];
    word.first().is_some_and(u8::is_ascii_digit) && common.contains(&word)
}

fn is_reverse(origin: NameRef<'_>) -> bool {
    // Wire forms of the two trees of RFC 1035 §3.5 and RFC 3596 §2.5.
    origin.is_at_or_below(NameRef::trusted(b"\x07in-addr\x04arpa\0"))
        || origin.is_at_or_below(NameRef::trusted(b"\x03ip6\x04arpa\0"))
}

/// Whether a type's data is text that people write with semicolons in it.
pub(super) fn has_text(rtype: Rtype) -> bool {
    // TXT, SPF, CAA: the policies of mail and certificates.
    matches!(rtype.0, 16 | 99 | 257)
}

/// A `;` outside quotes that cuts a text short: what follows it goes on like the text before.
pub(super) fn unquoted_semicolon(
    text: &[u8],
    file: FileId,
    tokens: &[Token],
    comment: Token,
) -> Option<Box<Diagnostic>> {
    let last = tokens.iter().rev().find(|token| token.end <= comment.start)?;
    let is_glued = last.end == comment.start;
    let goes_on = looks_like_tag(&comment.text(text)[1..]);
    // A blank before the `;` is how comments are written; then only an unquoted text that goes on as tags do is suspect.
    let was_cut = goes_on && (is_glued || (last.kind == TokenKind::Word && last.text(text).contains(&b'=')));
    if !was_cut {
        return None;
    }
    let span = Span { file, start: comment.start, end: comment.start + 1 };
    let rest = Span { file, start: comment.start + 1, end: comment.end };
    let kept = quote(last.text(text));
    let meant = [last.text(text), comment.text(text)].concat();
    let meant: Vec<u8> = meant.trim_ascii_end().iter().copied().filter(|&octet| octet != b'"').collect();
    let meant = quote(&meant);
    let finding = Diagnostic::new(&codes::UNQUOTED_SEMICOLON, span, "a `;` outside quotes cuts this text short")
        .label("a comment starts here")
        .also(rest, format!("lost: the text ends with {kept}"))
        .why("outside quotes a `;` starts a comment (RFC 1035 §5.1)")
        .fix(format!("put the whole text in double quotes: `\"{}\"`", meant.trim_matches('`')));
    Some(Box::new(finding))
}

/// Whether a comment starts as a further tag of a policy would: ` p=none`.
fn looks_like_tag(comment: &[u8]) -> bool {
    let comment = comment.trim_ascii_start();
    let name = comment.iter().take_while(|octet| octet.is_ascii_alphanumeric() || **octet == b'_').count();
    name > 0 && comment.get(name) == Some(&b'=')
}

/// `$ORIGIN` with a full name that lacks its last dot, so that it would repeat the origin.
pub(super) fn origin_without_dot(
    text: &[u8],
    span: Span,
    read_as: &Name,
    origin: NameRef<'_>,
) -> Option<Box<Diagnostic>> {
    if text == b"@" || text.ends_with(b".") || origin.is_root() {
        return None;
    }
    let written = Name::parse(text, Some(NameRef::ROOT)).ok()?;
    // The name as written ends where the origin ends: `example.org` under `example.org.`, or a sister under the same parent.
    let last_labels = origin.label_count().min(2);
    let is_full = written.as_ref().is_at_or_below(origin.suffix(last_labels));
    if !is_full {
        return None;
    }
    let word = quote(text);
    let finding =
        error(&codes::ORIGIN_WITHOUT_DOT, span, format!("{word} lacks its last dot, so it means `{read_as}`"))
            .label("relative, so the origin is put behind it")
            .why("every name below would end in the origin twice")
            .fix(format!("write `{}`", written));
    // A sister of the origin lies outside the zone, as a rule: then it is not told what was meant.
    let is_inside = written.as_ref().is_at_or_below(origin);
    let finding =
        if is_inside { finding.repair(Repair::new(span, String::from_utf8_lossy(text) + ".")) } else { finding };
    Some(Box::new(finding))
}

/// A word where a type was expected.
pub(super) fn unknown_type(word: &[u8], span: Span) -> Box<Diagnostic> {
    if word.strip_prefix(b"-").unwrap_or(word).first().is_some_and(u8::is_ascii_digit) && !is_address(word) {
        return number_for_type(word, span);
    }
    let finding = error(&codes::UNKNOWN_TYPE, span, format!("expected a type, found {}", quote(word)));
    let finding = if header::class_of(word).is_some() {
        finding.label("a second class").fix("write the type after the class: `www IN A 192.0.2.1`")
    } else if is_address(word) {
        let of = if word.contains(&b':') { "AAAA" } else { "A" };
        finding.label(format!("an address: its type {of} is missing")).fix(format!("write `{of}` before it"))
    } else if word.contains(&b'.') {
        finding.label("a name: the type is missing").fix("write the type before it, such as CNAME, NS or PTR")
    } else if let Some(nearest) = nearest_type(word) {
        finding.label("no type of this name is known").fix(format!("write `{nearest}`"))
    } else {
        finding
            .label("no type of this name is known")
            .fix("see that the line reads owner, TTL, class, type, data; a type without a name is written TYPE65280")
    };
    Box::new(finding)
}

/// A word that starts as a number and stands where TTL, class and type do.
fn number_for_type(word: &[u8], span: Span) -> Box<Diagnostic> {
    let shown = quote(word);
    match ttl::parse(word) {
        Ok(_) | Err(TtlError::Overflow | TtlError::MissingUnit) => {
            let finding = error(&codes::UNKNOWN_TYPE, span, format!("expected a type, found {shown}"));
            Box::new(
                finding.label("a second TTL").fix("write one TTL, and the type after it: `www 300 IN A 192.0.2.1`"),
            )
        }
        Err(_) => bad_ttl(word, span),
    }
}

/// Octets of the longest word that is compared with names: the time grows with the product of the lengths.
const LONGEST_SLIP: usize = 20;

/// The type whose name is a slip of the finger away.
fn nearest_type(word: &[u8]) -> Option<&'static str> {
    if word.len() > LONGEST_SLIP {
        return None;
    }
    let upper = String::from_utf8_lossy(word).to_ascii_uppercase();
    let distance = |row: &rdata::TypeRow| strsim::damerau_levenshtein(row.mnemonic, &upper);
    let nearest = rdata::types().iter().min_by_key(|row| distance(row))?;
    // Half of a short word is no slip.
    (distance(nearest) * 2 <= upper.len() && distance(nearest) <= 2).then_some(nearest.mnemonic)
}

fn is_address(word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|word| word.parse::<std::net::IpAddr>().is_ok())
}

/// A word where a TTL was expected.
pub(super) fn bad_ttl(word: &[u8], span: Span) -> Box<Diagnostic> {
    let headline = format!("expected a TTL of 0 to 2147483647 seconds, found {}", quote(word));
    let finding =
        error(&codes::BAD_TTL, span, headline).fix("write seconds, or a number with units: `3600`, `1h`, `1d12h`");
    let finding = match ttl::parse(word) {
        Ok(_) | Err(TtlError::Overflow) => {
            finding.label("too many seconds").why("a TTL with its top bit set would be taken as zero (RFC 2181 §8)")
        }
        Err(error) => finding.label(error.to_string()),
    };
    Box::new(finding)
}

/// The directive that a word is, or is a slip of the finger away from.
pub(super) fn nearest_directive(word: &[u8], mut known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    if word.len() > LONGEST_SLIP {
        return None;
    }
    let upper = String::from_utf8_lossy(word).to_ascii_uppercase();
    known.find(|name| strsim::damerau_levenshtein(name, &upper) <= 2)
}

/// A line that starts with `$` and no directive that is known.
pub(super) fn unknown_directive(
    word: &[u8],
    span: Span,
    known: impl Iterator<Item = &'static str> + Clone,
) -> Box<Diagnostic> {
    let fix = match nearest_directive(word, known.clone()) {
        Some(name) => format!("write `{name}`"),
        None => {
            let known: Vec<&str> = known.collect();
            format!("the directives are {}; an owner that starts with `$` is written `\\$…`", known.join(", "))
        }
    };
    let headline = format!("{} is no directive", quote(word));
    Box::new(error(&codes::UNKNOWN_DIRECTIVE, span, headline).label("unknown").fix(fix))
}

/// A directive with a blank before it.
pub(super) fn indented_directive(name: &str, span: Span) -> Box<Diagnostic> {
    let finding = error(&codes::UNKNOWN_DIRECTIVE, span, format!("a blank stands before {name}"))
        .label("read as a type, not as a directive")
        .why("a line that starts with a blank is a record of the name above it (RFC 1035 §5.1)")
        .fix("take the blank away from the start of the line");
    Box::new(finding)
}

/// A first record that inherits its owner from nothing.
pub(super) fn missing_owner(blank: Span) -> Box<Diagnostic> {
    let finding = error(&codes::MISSING_OWNER, blank, "this record has no owner name to inherit")
        .label("a blank here means: the owner of the record above")
        .why("no record stands above it (RFC 1035 §5.1)")
        .fix("start the line with the owner name, or with `@` for the zone itself");
    Box::new(finding)
}

/// A name in quotes.
pub(super) fn quoted_name(word: &[u8], span: Span) -> Box<Diagnostic> {
    let bare = word.strip_prefix(b"\"").unwrap_or(word);
    let bare = bare.strip_suffix(b"\"").unwrap_or(bare);
    let finding = error(&codes::BAD_NAME, span, format!("the name {} is in quotes", quote(bare)))
        .label("a quoted string")
        .why("only strings may be quoted (RFC 1035 §5.1); servers differ on what quotes mean elsewhere")
        .fix(format!("write {}", quote(bare)));
    Box::new(finding)
}

/// A TTL or class that stands after the type.
pub(super) fn after_type(word: &[u8], span: Span, is_class: bool, mnemonic: &[u8]) -> Box<Diagnostic> {
    let (word, mnemonic) = (quote(word), String::from_utf8_lossy(mnemonic).into_owned());
    let what = if is_class { "class" } else { "TTL" };
    let code = &codes::BAD_FIELD;
    let finding = error(code, span, format!("the {what} {word} stands after the type"))
        .label(format!("read as data of the {mnemonic} record"))
        .why("TTL and class stand between owner and type (RFC 1035 §5.1)")
        .fix(format!("move it before {mnemonic}"));
    Box::new(finding)
}

/// Whether the data of a type starts with a number, so that one more number says nothing.
pub(super) fn starts_with_number(rtype: Rtype) -> bool {
    use rdata::Kind::{Named8, Named16, U8, U16, U32, U64};
    let row = rdata::types().iter().find(|row| row.rtype == rtype);
    row.is_none_or(|row| matches!(row.fields[0].kind, U8 | U16 | U32 | U64 | Named8(_) | Named16(_)))
}

/// A parenthesis that nothing closes.
pub(super) fn unclosed_parenthesis(open: Span, next: Option<Span>) -> Diagnostic {
    let finding = error(&codes::UNCLOSED_PARENTHESIS, open, "this `(` is never closed")
        .label("opened here")
        .why("all that follows would belong to one record (RFC 1035 §5.1)")
        .fix("put `)` after the record's last field");
    match next {
        Some(next) => finding.also(next, "the next one is opened before it is closed"),
        None => finding,
    }
}

/// A parenthesis that closes nothing.
pub(super) fn stray_parenthesis(close: Span) -> Diagnostic {
    error(&codes::STRAY_PARENTHESIS, close, "this `)` closes nothing")
        .label("no `(` is open here")
        .fix("delete it, or put `(` before the first field that is on a line of its own")
}

/// A quote that nothing closes on its line.
pub(super) fn unclosed_quote(text: &[u8], quote: Span) -> Diagnostic {
    let open = Span { end: quote.start + 1, ..quote };
    let why = "a string that went on over the line's end would swallow the records below";
    if text[quote.start as usize + 1..quote.end as usize].trim_ascii().is_empty() {
        return error(&codes::UNCLOSED_QUOTE, open, "this quote has no other on its line")
            .label("nothing stands after it")
            .why(why)
            .fix("delete it, or put another before the string's first word");
    }
    error(&codes::UNCLOSED_QUOTE, open, "this string is not closed on its line")
        .label("opened here")
        .also(Span { start: quote.end.saturating_sub(1).max(quote.start), ..quote }, "the line ends here")
        .why(why)
        .fix("put `\"` at the string's end; a long text is several strings: `( \"first part\" \"second part\" )`")
}

/// An entry of too many octets.
pub(super) fn entry_too_large(span: Span, limit: u32) -> Diagnostic {
    let span = Span { end: span.end.min(span.start + 1), ..span };
    error(&codes::ENTRY_TOO_LARGE, span, format!("this entry has more than {limit} octets"))
        .label("it starts here")
        .why("no record's text needs as many")
        .fix(
            "see that a quote or parenthesis was not forgotten, or raise `entry_octets` under `[limits]` in the config",
        )
}

fn error(code: &'static Code, span: Span, headline: impl Into<String>) -> Diagnostic {
    Diagnostic::new(code, span, headline)
}

/// A word as messages show it: between backquotes, cut where it is too long to be read.
pub(super) fn quote(word: &[u8]) -> String {
    const MOST: usize = 60;
    let text = String::from_utf8_lossy(word);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
