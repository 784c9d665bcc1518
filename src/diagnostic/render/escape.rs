//! Text by strangers, made safe to show.

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

/// `octets` as text in which every character shows: what a terminal obeys, reorders, joins or hides is escaped.
///
/// Octets that are not UTF-8 and ASCII controls become `\x1b`, other characters of that kind `\u{202e}`. Escaping what is
/// escaped changes nothing.
pub fn escape(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        chunk.valid().chars().for_each(|char| push_char(char, &mut out));
        chunk.invalid().iter().for_each(|&octet| push_octet(octet, &mut out));
    }
    out
}

/// `text` as it may stand in attributes and elements of XML 1.0, which has no way to write most control characters: they
/// are escaped as everywhere before its own characters are.
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in escape(text.as_bytes()).chars() {
        match char {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            // Two characters that XML leaves out though they are no controls.
            '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            char => out.push(char),
        }
    }
    out
}

/// Appends one character as [`escape`] shows it.
pub(super) fn push_char(char: char, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match char {
        _ if is_plain(char) => out.write_char(char),
        '\0'..='\x7F' => write!(out, "\\x{:02x}", char as u32),
        _ => write!(out, "\\u{{{:x}}}", char as u32),
    };
}

/// Appends one octet that is not part of UTF-8 as [`escape`] shows it.
pub(super) fn push_octet(octet: u8, out: &mut String) {
    let _ = write!(out, "\\x{octet:02x}");
}

/// Whether a character takes columns of its own and looks like nothing else.
///
/// Controls have no width and bidirectional, zero-width and combining marks have none of their own; blanks other than
/// U+0020 pass for one. Combining marks are harmless alone, but a thousand of them on one letter are not.
pub(super) fn is_plain(char: char) -> bool {
    const SOFT_HYPHEN: char = '\u{AD}';
    const INTERLINEAR: std::ops::RangeInclusive<char> = '\u{FFF9}'..='\u{FFFB}';
    match char {
        ' '..='~' => true,
        SOFT_HYPHEN => false,
        _ => !char.is_whitespace() && !INTERLINEAR.contains(&char) && char.width().is_some_and(|width| width > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_holds_what_it_can_and_nothing_else() {
        let table = [
            ("a<b> & \"c\"", "a&lt;b&gt; &amp; &quot;c&quot;"),
            ("\u{1b}[31m", "\\x1b[31m"),
            ("\u{202e}", "\\u{202e}"),
            ("\u{FFFE}\u{FFFF}\u{FFFD}", "\u{FFFD}\u{FFFD}\u{FFFD}"),
        ];
        for (text, wanted) in table {
            assert_eq!(xml(text), wanted, "{text:?}");
        }
    }
}
