//! What to type instead, so exactly that a program can type it.
//!
//! In: spans of a text and what belongs there. Out: the text with it. Knows no rule: whoever makes a [`Repair`] vouches that
//! only one reading of the text makes sense, and names the owners whose records it alters; whoever applies it holds it to that.

use crate::dns::Name;
use crate::source::Span;

/// A range of a text and what belongs in its place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Edit {
    /// What goes; empty where something is put in.
    pub span: Span,
    /// What comes; empty where something is taken out.
    pub text: String,
}

/// Edits that belong together: all are made, or none.
#[derive(Clone, Debug, Default)]
pub struct Repair {
    /// In the order of the text, none overlapping another.
    pub edits: Vec<Edit>,
    /// The owners whose records they alter; none where the records stay what they are.
    pub alters: Vec<Name>,
}

impl Repair {
    /// A repair that leaves all records as they are.
    pub fn new(span: Span, text: impl Into<String>) -> Self {
        Self { edits: vec![Edit { span, text: text.into() }], alters: Vec::new() }
    }

    /// Says whose records it alters.
    pub fn altering(mut self, owners: impl IntoIterator<Item = Name>) -> Self {
        self.alters.extend(owners);
        self
    }
}

/// A text with edits of it, which are sorted and overlap nowhere.
///
/// What stands behind a word that grew or shrank keeps its column where blanks allow: a zone file is read by its columns.
pub fn apply<'e>(text: &[u8], edits: impl IntoIterator<Item = &'e Edit>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    let (mut at, mut edits) = (0, edits.into_iter().peekable());
    while let Some(edit) = edits.next() {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        out.extend_from_slice(text.get(at..start).unwrap_or_default());
        out.extend_from_slice(edit.text.as_bytes());
        at = end.max(at);
        let is_word_for_word = end > start && !edit.text.is_empty();
        let next = edits.peek().map_or(text.len(), |next| next.span.start as usize);
        if is_word_for_word {
            let passed = keep_column(text.get(at..).unwrap_or_default(), end - start, edit.text.len(), &mut out);
            at += usize::min(passed, next.saturating_sub(at));
        }
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    out
}

/// Adds or passes over blanks behind a word of `new` octets that had `old`; gives how many are passed over.
fn keep_column(rest: &[u8], old: usize, new: usize, out: &mut Vec<u8>) -> usize {
    let blanks = rest.iter().take_while(|&&octet| octet == b' ').count();
    // One blank is no column, and what ends the line has none.
    let is_column = blanks > 1 && rest.get(blanks).is_some_and(|octet| !octet.is_ascii_whitespace());
    if !is_column {
        return 0;
    }
    out.resize(out.len() + old.saturating_sub(new), b' ');
    usize::min(new.saturating_sub(old), blanks - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    #[test]
    fn edits_keep_columns_where_blanks_allow() {
        type Row<'t> = (&'t str, &'t [(u32, u32, &'t str)], &'t str);
        let table: &[Row<'_>] = &[
            ("a 9     ; serial\n", &[(2, 3, "10")], "a 10    ; serial\n"),
            ("a 10    ; serial\n", &[(2, 4, "9")], "a 9     ; serial\n"),
            ("a 9 ; serial\n", &[(2, 3, "10")], "a 10 ; serial\n"),
            ("a 9  ; serial\n", &[(2, 3, "1000")], "a 1000 ; serial\n"),
            ("a 9   \n", &[(2, 3, "10")], "a 10   \n"),
            ("a 9\t; serial\n", &[(2, 3, "10")], "a 10\t; serial\n"),
            ("\"ab  cd\"", &[(3, 3, "\" \"")], "\"ab\" \"  cd\""),
            ("abc", &[(0, 1, ""), (2, 3, "")], "b"),
            ("ab  cd", &[(0, 2, "abc"), (4, 6, "d")], "abc d"),
            ("ab", &[(0, 0, "\""), (2, 2, "\"")], "\"ab\""),
            ("", &[], ""),
        ];
        for (text, edits, wanted) in table {
            let edit = |&(start, end, text): &(u32, u32, &str)| Edit {
                span: Span { file: FileId(0), start, end },
                text: text.to_owned(),
            };
            let edits: Vec<Edit> = edits.iter().map(edit).collect();
            assert_eq!(String::from_utf8_lossy(&apply(text.as_bytes(), &edits)), *wanted, "{text:?} {edits:?}");
        }
    }
}
