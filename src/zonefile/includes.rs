//! The files that a text may include, for who has to know them without reading records.

use super::directive::path_of;
use super::lexer::Lexer;

/// What each `$INCLUDE` of a text names, as written. One inside a string or a comment counts too: that does no harm where
/// files are only watched.
pub(crate) fn includes(text: &[u8]) -> Vec<Vec<u8>> {
    const DIRECTIVE: &[u8] = b"$INCLUDE";
    let starts = memchr::memchr_iter(b'$', text)
        .filter(|&at| text[at..].get(..DIRECTIVE.len()).is_some_and(|word| word.eq_ignore_ascii_case(DIRECTIVE)));
    let path = |at: usize| {
        let start = u32::try_from(at + DIRECTIVE.len()).ok()?;
        let token = Lexer::new(text, start).find(|token| token.is_data())?;
        Some(path_of(token, text))
    };
    starts.filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::includes;

    #[test]
    fn names_are_read_as_the_parser_reads_them() {
        let text = b"$include a.inc\nx TXT \"$\"\n $INCLUDE \"b c.inc\" sub ; why\n$INCLUDE d\\046inc\n$INCLUDEX\n";
        let found: Vec<String> = includes(text).into_iter().map(|path| String::from_utf8(path).unwrap()).collect();
        assert_eq!(found, ["a.inc", "b c.inc", "d.inc", "X"]);
        assert!(includes(b"$INCLUDE").is_empty());
    }
}
