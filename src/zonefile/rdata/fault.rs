//! The words of findings about rdata, made of the names of type and field.

use super::mnemonics::Mnemonic;
use super::table::{Field, TypeRow};
use super::text::Reader;
use crate::diagnostic::{Code, Diagnostic, Repair, codes};
use crate::dns::Rtype;
use crate::source::Span;
use crate::zonefile::Fields;
use crate::zonefile::lexer::{Token, TokenKind};
pub(super) use crate::zonefile::name::shown;

/// A noun with its article, by its first letter and its plural: field names are chosen so that this is right.
fn with_article(noun: &str) -> String {
    let spoken_vowel = ["RFC", "NSAP", "X.", "a", "e", "i", "o", "A", "E", "I", "O"];
    if noun.ends_with("data") || (noun.ends_with('s') && !noun.ends_with("ss")) {
        noun.to_owned()
    } else if spoken_vowel.iter().any(|start| noun.starts_with(start)) {
        format!("an {noun}")
    } else {
        format!("a {noun}")
    }
}

/// A record as its type wants it, `MX PREFERENCE EXCHANGE`; one with a single field as an example.
fn synopsis(row: &TypeRow) -> String {
    if let [only] = row.fields {
        return format!("{} {}", row.mnemonic, only.kind.example());
    }
    let parts = row.fields.iter().flat_map(|field| field.name.split(", ")).flat_map(|part| part.split(" and "));
    parts.fold(row.mnemonic.to_owned(), |line, part| line + " " + &part.to_uppercase().replace(' ', "-"))
}

/// A text that would do for a field, for fixes: one that is right for most, since it will be typed as it stands.
fn example(row: &TypeRow, field: Field) -> &'static str {
    match (row.mnemonic, field.name) {
        // The one protocol (RFC 4034 §2.1.2), and a zone key that is a secure entry point.
        ("DNSKEY" | "CDNSKEY" | "KEY", "protocol") => "3",
        ("DNSKEY" | "CDNSKEY", "flags") => "257",
        ("CSYNC", "flags") => "3",
        // RFC 9276 §3.1 has no further iterations; SHA-1 is the one hash (RFC 5155 §11).
        ("NSEC3" | "NSEC3PARAM", "iterations") => "0",
        ("NSEC3" | "NSEC3PARAM" | "ZONEMD", "hash algorithm") => "1",
        (_, "priority") => "1",
        (_, "port") => "443",
        (_, "algorithm") => "13",
        (_, "digest type") => "2",
        _ => field.kind.example(),
    }
}

/// So many octets, in words.
pub(super) fn octets(count: usize) -> String {
    if count == 1 { "1 octet".to_owned() } else { format!("{count} octets") }
}

/// A type without a presentation format, written as if it had one.
pub(super) fn generic_only(rtype: Rtype, fields: &Fields<'_>) -> Box<Diagnostic> {
    let mnemonic = Mnemonic(rtype);
    let (code, span) = match fields.peek() {
        Some(token) => (&codes::BAD_FIELD, fields.span(token)),
        None => (&codes::MISSING_FIELD, fields.missing()),
    };
    Box::new(
        Diagnostic::new(code, span, format!("the data of this {mnemonic} record must start with `\\#`"))
            .label("`\\#`, a length and hexadecimal octets belong here")
            .why("the type has no text form of its own here, only the generic one (RFC 3597 §5)")
            .fix(format!("write as `{mnemonic} \\# 2 0A1B`")),
    )
}

impl Reader<'_, '_> {
    /// A finding about the field being read.
    pub(super) fn blame(&self, code: &'static Code, span: Span, headline: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, span, headline)
    }

    /// A field name and its range: `a preference (0–65535)`.
    fn wanted(&self) -> String {
        let noun = with_article(self.field.name);
        match self.field.kind.range() {
            "" => noun,
            range => format!("{noun} ({range})"),
        }
    }

    /// The record ended before the field.
    #[cold]
    pub(super) fn missing(&self) -> Box<Diagnostic> {
        let (name, mnemonic) = (self.field.name, self.row.mnemonic);
        let headline = format!("this {mnemonic} record ends before its {name}");
        Box::new(
            self.blame(&codes::MISSING_FIELD, self.fields.missing(), headline)
                .label(format!("the {name} should be here"))
                .fix(self.rewrite()),
        )
    }

    /// The token is not what the field asks for; slips with words of their own are told apart here.
    #[cold]
    pub(super) fn expected(&self, token: Token) -> Box<Diagnostic> {
        self.hash_comment(token)
            .or_else(|| self.number_left_out(token))
            .unwrap_or_else(|| self.expected_within(token, self.fields.span(token)))
    }

    /// The same, with the underline on a part of the token only, and no other slip considered.
    #[cold]
    pub(super) fn expected_within(&self, token: Token, span: Span) -> Box<Diagnostic> {
        Box::new(
            self.blame(&codes::BAD_FIELD, span, self.headline(token))
                .label(format!("not {}", with_article(self.field.name)))
                .fix(self.rewrite()),
        )
    }

    /// `expected a preference (0–65535) in this MX record, found `mail``.
    fn headline(&self, token: Token) -> String {
        let found = shown(self.fields.text(token));
        format!("expected {} in this {} record, found `{found}`", self.wanted(), self.row.mnemonic)
    }

    /// The fix that always holds: the record in outline, and an example of the field.
    fn rewrite(&self) -> String {
        let outline = synopsis(self.row);
        if self.row.fields.len() == 1 {
            return format!("write it as in `{outline}`");
        }
        format!("write `{outline}`, with {} such as `{}`", with_article(self.field.name), example(self.row, self.field))
    }

    /// Quotes around what is no string.
    #[cold]
    pub(super) fn quoted(&self, token: Token) -> Box<Diagnostic> {
        let (name, text) = (self.field.name, shown(self.fields.text(token)));
        let headline = format!("the {name} of this {} record is in quotes", self.row.mnemonic);
        Box::new(
            self.blame(&codes::BAD_FIELD, self.fields.span(token), headline)
                .label("a quoted string")
                .why("only strings may be quoted (RFC 1035 §5.1); servers differ on what quotes mean elsewhere")
                .fix(format!("write `{text}`")),
        )
    }

    /// A comment that starts like a shell's or a program's.
    fn hash_comment(&self, token: Token) -> Option<Box<Diagnostic>> {
        let text = self.fields.text(token);
        if token.kind != TokenKind::Word {
            return None;
        }
        // `#SERIAL#` is a template's gap that was not filled in.
        if text.len() > 1 && text.ends_with(b"#") {
            return None;
        }
        let sign = ["#", "//"].into_iter().find(|sign| text.starts_with(sign.as_bytes()))?;
        let span = Span { end: self.fields.everything().end, ..self.fields.span(token) };
        let finding = self
            .blame(&codes::HASH_COMMENT, span, format!("a comment starts with `{sign}`"))
            .label("read as data, not as a comment")
            .why("zone-file comments start with `;` (RFC 1035 §5.1)")
            .fix(format!("write `;` instead of `{sign}`"));
        let is_alone = text == sign.as_bytes();
        Some(Box::new(if is_alone { finding.repair(Repair::new(self.fields.span(token), ";")) } else { finding }))
    }

    /// A number that was left out: the record is one token short, and what stands here is no number.
    fn number_left_out(&self, token: Token) -> Option<Box<Diagnostic>> {
        let text = self.fields.text(token);
        let rest = self.fields.rest();
        let comment = rest.iter().position(|&token| self.fields.text(token).starts_with(b"#"));
        let rest = &rest[..comment.unwrap_or(rest.len())];
        let wanted = self.row.fields.len() - self.index;
        let starts_as_number = text.first().is_none_or(|octet| octet.is_ascii_digit() || b"-+".contains(octet));
        // A key's flags by name, as old documents have them, are no field out of place.
        let is_named_flags = self.row.mnemonic.ends_with("KEY") && self.field.name == "flags";
        if !self.field.kind.is_number() || is_named_flags || starts_as_number || rest.len() + 2 != wanted {
            return None;
        }
        let tail = rest.iter().fold(self.written(token), |line, &token| line + " " + &self.written(token));
        Some(Box::new(
            self.blame(&codes::MISSING_FIELD, self.fields.span(token), self.headline(token))
                .label(format!("the {} should stand before this", self.field.name))
                .fix(format!("write `{} {tail}`", example(self.row, self.field))),
        ))
    }

    /// A token as it is written, quotes included.
    fn written(&self, token: Token) -> String {
        let text = String::from_utf8_lossy(self.fields.text(token));
        if token.kind == TokenKind::Word { text.into_owned() } else { format!("\"{text}\"") }
    }

    /// Something stands after the last field.
    #[cold]
    pub(super) fn trailing(&self, token: Token) -> Box<Diagnostic> {
        self.hash_comment(token).unwrap_or_else(|| self.left_over(token))
    }

    fn left_over(&self, token: Token) -> Box<Diagnostic> {
        let (name, mnemonic) = (self.field.name, self.row.mnemonic);
        let text = self.fields.text(token);
        let found = if text.is_empty() { "\"\"".to_owned() } else { shown(text) };
        let headline = format!("`{found}` stands after the {name} of this {mnemonic} record, its last field");
        let last = self.fields.rest().last().copied().unwrap_or(token);
        let span = self.fields.span(token).to(self.fields.span(last));
        let fix = match self.fields.last() {
            Some(last) if self.field.kind.is_string() && last.kind == TokenKind::Word => {
                let rest = self.fields.rest().iter();
                let whole = rest.fold(self.written(last), |line, &token| line + " " + &self.written(token));
                format!("put quotes around the whole {name}: `\"{}\"`", whole.replace('"', ""))
            }
            _ => format!("delete it, or give it a record of its own, as in `{}`", synopsis(self.row)),
        };
        Box::new(self.blame(&codes::TRAILING_FIELD, span, headline).label("one too many").fix(fix))
    }

    /// The data has more octets than its length field can say.
    #[cold]
    pub(super) fn too_long(&self, octets: usize) -> Box<Diagnostic> {
        long_rdata(self.row.rtype, octets, self.fields.everything())
    }

    /// A rule of the field is broken that its kind alone does not tell.
    #[cold]
    pub(super) fn rule(&self, span: Span, headline: impl Into<String>) -> Diagnostic {
        self.blame(&codes::BAD_FIELD, span, headline)
    }
}

/// Data of more than 65,535 octets.
pub(super) fn long_rdata(rtype: Rtype, octets: usize, span: Span) -> Box<Diagnostic> {
    let headline = format!("this {} record's data has {octets} octets, and may have 65535", Mnemonic(rtype));
    Box::new(
        Diagnostic::new(&codes::LONG_RDATA, span, headline)
            .label("too long in all")
            .why("the wire has 16 bits for its length (RFC 1035 §3.2.1)")
            .fix("split it over several records"),
    )
}
