//! Names as findings speak of them: what is wrong with one becomes a [`Diagnostic`] under the guilty octets.
//!
//! In: the text of a name and where it is. Out: its wire form, or the finding. What a name may be is
//! [`dns::push_name`](crate::dns::push_name)'s business; here are only the words.

use crate::diagnostic::{Diagnostic, codes};
use crate::dns::{NameError, NameErrorKind, NameRef};
use crate::source::Span;

/// Appends to `out` the wire form of the name `text`, which stands at `at` (quotes not included); relative names are
/// completed with `origin`. On an error `out` is as it was.
///
/// # Errors
///
/// The finding, its underline on the octets to blame.
pub(super) fn push(
    text: &[u8],
    at: Span,
    origin: Option<NameRef<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), Box<Diagnostic>> {
    if !text.is_ascii() {
        return Err(Box::new(non_ascii(text, at)));
    }
    crate::dns::push_name(text, origin, out).map_err(|error| Box::new(malformed(text, at, error)))
}

/// A finding quotes no more characters of a text than this: the underline shows the rest.
const SHOWN: usize = 48;

/// A text as a headline quotes it, shortened.
pub(super) fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.into_owned(),
    }
}

fn within(at: Span, start: usize, end: usize) -> Span {
    Span { file: at.file, start: at.start + start as u32, end: at.start + end as u32 }
}

fn malformed(text: &[u8], at: Span, error: NameError) -> Diagnostic {
    let code = if error.kind == NameErrorKind::BadEscape { &codes::BAD_ESCAPE } else { &codes::BAD_NAME };
    let shown = shown(text);
    let finding = Diagnostic::new(code, within(at, error.start, error.end), format!("`{shown}` is no name: {error}"));
    match error.kind {
        NameErrorKind::Empty => finding.fix("write `@` for the origin, or `.` for the root"),
        NameErrorKind::EmptyLabel => finding
            .label("nothing stands before this dot")
            .why("only the root has an empty label (RFC 1035 §3.1)")
            .fix("take one dot away"),
        NameErrorKind::LongLabel(octets) => finding
            .label(format!("{octets} octets"))
            .why("the wire has six bits for a label's length (RFC 1035 §2.3.4)")
            .fix("shorten it to 63 octets, or split it with dots"),
        NameErrorKind::LongName(_) => finding
            .label("too long, its origin included")
            .why("no message can carry a longer name (RFC 1035 §2.3.4)")
            .fix("shorten it, or end it with a dot if the origin should not follow"),
        NameErrorKind::BadEscape => {
            let escape = BadEscape::at(text, error.start);
            Diagnostic::new(code, within(at, error.start, escape.end), escape.headline)
                .label("not an escape")
                .why("`\\.` is a dot inside a label, `\\032` a blank (RFC 1035 §5.1)")
                .fix(escape.fix)
        }
        NameErrorKind::NoOrigin => finding
            .label("relative")
            .why("a name without its last dot is completed with the origin (RFC 1035 §5.1)")
            .fix(format!("write `{shown}.`, or give an $ORIGIN first")),
    }
}

/// A backslash that starts no escape, in words.
pub(super) struct BadEscape {
    /// Where it ends.
    pub(super) end: usize,
    /// What was wanted, and what was found.
    pub(super) headline: String,
    /// What to type instead.
    pub(super) fix: String,
}

impl BadEscape {
    /// The one that starts at octet `at` of a token's text: a digit too few, a number too large, or nothing at all.
    #[cold]
    pub(super) fn at(text: &[u8], at: usize) -> Self {
        let digits = text[at + 1..].iter().take(3).take_while(|octet| octet.is_ascii_digit()).count();
        let end = at + 1 + digits;
        let number = String::from_utf8_lossy(&text[at + 1..end]).into_owned();
        let (found, fix) = match digits {
            0 => ("nothing".to_owned(), "write `\\\\` for a backslash, or take it away".to_owned()),
            3 => (
                format!("`{number}`"),
                format!("write `\\\\{number}` for a backslash and a number; octets go to `\\255`"),
            ),
            _ => (
                format!("`{number}`"),
                format!("write `\\{number:0>3}` for octet {number}, or `\\\\{number}` for a backslash and a number"),
            ),
        };
        let headline = format!("expected one character or three digits up to 255 after `\\`, found {found}");
        Self { end, headline, fix }
    }
}

/// A name outside ASCII, underlined from the first guilty label to the last.
fn non_ascii(text: &[u8], at: Span) -> Diagnostic {
    if let Some(finding) = invisible(text, at) {
        return finding;
    }
    let is_guilty = |octet: &u8| !octet.is_ascii();
    let first = text.iter().position(is_guilty).unwrap_or(0);
    let last = text.iter().rposition(is_guilty).unwrap_or(0);
    let start = text[..first].iter().rposition(|&octet| octet == b'.').map_or(0, |dot| dot + 1);
    let end = text[last..].iter().position(|&octet| octet == b'.').map_or(text.len(), |dot| last + dot);
    let guilty = &text[start..end];
    let headline = format!("`{}` holds characters outside ASCII", shown(text));
    let finding = Diagnostic::new(&codes::NON_ASCII_NAME, within(at, start, end), headline)
        .label("not ASCII")
        .why("resolvers ask for the A-label of such a name, never for these octets (RFC 5890 §2.3.2.1)");
    match a_label(guilty) {
        Some(label) => finding.fix(format!("write `{label}`")),
        None => finding.fix("write the name in ASCII, or as its A-label, which starts with `xn--`"),
    }
}

/// A character that nobody sees, as copied from web pages and word processors.
fn invisible(text: &[u8], at: Span) -> Option<Diagnostic> {
    // Soft hyphen, zero-width space and joiners, word joiner, byte order mark; and whatever Unicode calls white space.
    let is_invisible = |char: char| {
        matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
            || (!char.is_ascii() && char.is_whitespace())
    };
    let (start, char) = std::str::from_utf8(text).ok()?.char_indices().find(|&(_, char)| is_invisible(char))?;
    let number = format!("U+{:04X}", u32::from(char));
    let span = within(at, start, start + char.len_utf8());
    let finding = Diagnostic::new(&codes::NON_ASCII_NAME, span, format!("a name holds {number}, which nobody sees"))
        .label("this character")
        .why("it is a part of the name, and no resolver asks for it (RFC 5890 §2.3.2.1)")
        .fix("delete it, or type a plain blank in its place");
    Some(finding)
}

/// The A-label form of labels in UTF-8; none where they have none, as for blanks and invisible characters.
fn a_label(labels: &[u8]) -> Option<String> {
    let labels = std::str::from_utf8(labels).ok()?;
    idna::domain_to_ascii(labels).ok().filter(|ascii| !ascii.is_empty() && ascii.is_ascii())
}
