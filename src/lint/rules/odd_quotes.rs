//! ## What it does
//! Finds texts in quotes that are none in a zone file: `“…”`, `‘…’`, `„…“`, `«…»`, `'…'` and `` `…` ``.
//! ## Why is this bad
//! Only `"` holds a string together (RFC 1035 §5.1). Others, as an editor or a web page puts them, become part of the text,
//! and each blank between them starts a string of its own: a policy that is written so is no policy to anybody.
//! ## Example
//! ```zone
//! @ TXT “v=spf1 mx -all”
//! ```
//! ## Fix
//! Write `"` in their place.

use crate::dns::Rtype;
use crate::lint::text::Text;
use crate::lint::{Report, Subject};
use crate::zone::Node;

/// Quotes that open a text, and those that close one so opened.
const PAIRS: &[(&str, &[&str])] = &[
    ("“", &["”", "“"]),
    ("”", &["”"]),
    ("„", &["“", "”"]),
    ("‘", &["’", "‘"]),
    ("’", &["’"]),
    ("‚", &["‘", "’"]),
    ("«", &["»"]),
    ("»", &["«"]),
    ("'", &["'"]),
    ("`", &["`", "'"]),
];

pub(super) fn check(node: Node<'_>, _: &Subject<'_>, report: &mut Report<'_>) {
    for text in node.rrset(Rtype::TXT).into_iter().flat_map(Text::all) {
        let Some((open, close)) = quotes(&text.octets) else { continue };
        // Within `"` they are meant.
        let place = report.field(text.record, 0);
        if report.text(place).starts_with(b"\"") {
            continue;
        }
        let finding = report
            .finding(place, format!("the text of `{}` stands in {open} {close}, which are no quotes here", node.name()))
            .label("part of the text as it is")
            .why("only `\"` quotes: others are part of the text, and its blanks part it into strings (RFC 1035 §5.1)")
            .fix(format!("write `\"` in place of {open} and {close}"));
        report.add(finding);
    }
}

/// The quotes that a text begins and ends with.
fn quotes(text: &[u8]) -> Option<(&'static str, &'static str)> {
    let (open, closing) = PAIRS.iter().find(|(open, _)| text.starts_with(open.as_bytes()))?;
    let rest = &text[open.len()..];
    let close = closing.iter().find(|close| rest.ends_with(close.as_bytes()))?;
    Some((open, close))
}
