//! ## What it does
//! Finds included files that hold nothing, and files called `*.inc` below the zone directory that no zone includes.
//! ## Why is this bad
//! Records in a file that nobody includes are never served, and an edit of them changes nothing; an include of an empty file
//! is a file that lost its records, or a line that can go.
//! ## Example
//! ```zone
//! $INCLUDE mirrors.inc       ; and mirrors.inc is empty
//! ```
//! ## Fix
//! Bring the records back, add the `$INCLUDE`, or delete what is of no use.

use crate::lint::{Report, Subject};
use crate::source::{FileId, Source, Span};
use crate::zonefile::lexer::{Lexer, TokenKind};

pub(super) fn check(_subject: &Subject<'_>, report: &mut Report<'_>) {
    let empty: Vec<FileId> = report.included().filter(|(_, source)| is_blank(source)).map(|(file, _)| file).collect();
    for file in empty {
        let place = Span::start_of(file);
        let headline = format!("`{}` is included and holds nothing", report.name(file));
        let finding = report.finding(place, headline).label("comments and blanks only");
        report.add(
            finding
                .why("the include has no effect, or the file has lost its records")
                .fix("bring the records back, or delete the `$INCLUDE`"),
        );
    }
}

fn is_blank(source: &Source) -> bool {
    let is_nothing = |kind| matches!(kind, TokenKind::Blank | TokenKind::Newline | TokenKind::Comment);
    Lexer::new(source.text(), 0).all(|token| is_nothing(token.kind))
}
