//! What stands before a record's data: owner, TTL and class in either order, type (RFC 1035 §5.1).

use super::lexer::{Token, TokenKind};
use super::ttl::{self, TtlError};
use crate::dns::Class;

/// The tokens before a record's data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// The owner; none where it is inherited.
    pub(super) owner: Option<Token>,
    /// The TTL, if one is written; it reads as one, its size is still to be judged.
    pub(super) ttl: Option<Token>,
    /// The class, if one is written.
    pub(super) class: Option<(Token, Class)>,
    /// The type.
    pub(super) rtype: Token,
    /// The index of the first token of the data.
    pub(super) rdata: usize,
}

/// Splits an entry's tokens; none if they end before a type.
#[inline]
pub(super) fn split(text: &[u8], tokens: &[Token], starts_blank: bool) -> Option<Header> {
    let mut next = usize::from(!starts_blank);
    let owner = if starts_blank { None } else { Some(*tokens.first()?) };
    let (mut ttl, mut class) = (None, None);
    loop {
        let token = *tokens.get(next)?;
        next += 1;
        if token.kind == TokenKind::Word {
            let word = token.text(text);
            if ttl.is_none() && word[0].is_ascii_digit() && looks_like_ttl(word) {
                ttl = Some(token);
                continue;
            }
            if class.is_none()
                && let Some(value) = class_of(word)
            {
                class = Some((token, value));
                continue;
            }
        }
        return Some(Header { owner, ttl, class, rtype: token, rdata: next });
    }
}

/// The class a word names, `CLASS1` included (RFC 3597 §5).
pub(super) fn class_of(word: &[u8]) -> Option<Class> {
    let known =
        [(&b"IN"[..], Class::IN), (b"CH", Class::CH), (b"CHAOS", Class::CH), (b"HS", Class::HS), (b"CS", Class(2))];
    if word.len() > 5 {
        let (prefix, digits) = word.split_at(5);
        let generic = prefix.eq_ignore_ascii_case(b"CLASS") && digits.iter().all(u8::is_ascii_digit);
        return if generic { std::str::from_utf8(digits).ok()?.parse().ok().map(Class) } else { None };
    }
    known.iter().find(|(mnemonic, _)| word.eq_ignore_ascii_case(mnemonic)).map(|&(_, class)| class)
}

/// Whether a word has the shape of a TTL, whatever its size.
pub(super) fn looks_like_ttl(word: &[u8]) -> bool {
    !matches!(ttl::parse(word), Err(TtlError::NotANumber | TtlError::UnknownUnit(_)))
}
