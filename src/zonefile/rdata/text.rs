//! Tokens to octets, field by field.

use super::kind::Kind;
use super::table::{Field, TypeRow, row};
use super::{
    MAX_RDATA, address, apl, bitmap, encoded, fault, gateway, generic, hip, identifier, loc, number, signing, strings,
    svcb, time, wks,
};
use crate::diagnostic::Diagnostic;
use crate::dns::Rtype;
use crate::zonefile::lexer::{Token, TokenKind};
use crate::zonefile::{Fields, name};

/// What a reader gives: the finding is boxed, so that success stays small.
pub(super) type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Reads one record's data: where it is in the row, in the tokens and in the output.
pub(super) struct Reader<'r, 'e> {
    /// The type.
    pub(super) row: &'static TypeRow,
    /// The place of [`field`](Self::field) in the row.
    pub(super) index: usize,
    /// The field being read. Kinds of several tokens put a part of theirs here, so that findings name it.
    pub(super) field: Field,
    /// The tokens.
    pub(super) fields: &'r mut Fields<'e>,
    /// The octets, this record's after [`start`](Self::start).
    pub(super) out: &'r mut Vec<u8>,
    /// Where in `out` this record's data starts.
    pub(super) start: usize,
}

/// Appends the data that `fields` write; on an error `out` may have grown.
pub(super) fn read(rtype: Rtype, fields: &mut Fields<'_>, out: &mut Vec<u8>) -> Result<()> {
    if generic::is_next(fields) {
        return generic::read(rtype, fields, out);
    }
    let Some(row) = row(rtype) else { return Err(fault::generic_only(rtype, fields)) };
    let start = out.len();
    let mut reader = Reader { row, index: 0, field: row.fields[0], fields, out, start };
    for (index, &field) in row.fields.iter().enumerate() {
        (reader.index, reader.field) = (index, field);
        reader.read_field()?;
    }
    reader.finish()
}

impl<'e> Reader<'_, 'e> {
    fn read_field(&mut self) -> Result<()> {
        match self.field.kind {
            Kind::U8 => number::read(self, 1),
            Kind::U16 => number::read(self, 2),
            Kind::U32 => number::read(self, 4),
            Kind::U64 => number::read(self, 8),
            Kind::Ttl => number::read_ttl(self),
            Kind::Named8(mnemonics) => number::read_named(self, mnemonics, 1),
            Kind::Named16(mnemonics) => number::read_named(self, mnemonics, 2),
            Kind::Time => time::read(self),
            Kind::Rtype => bitmap::read_type(self),
            Kind::Ipv4 => address::read_v4(self),
            Kind::Ipv6 => address::read_v6(self),
            Kind::CompressibleName | Kind::CanonicalName | Kind::Name => self.read_name(),
            Kind::Signer => signing::read_signer(self),
            Kind::Names => self.read_each(Self::read_name),
            Kind::CharStr => strings::read(self),
            Kind::OptionalCharStr => self.read_if_any(strings::read),
            Kind::CharStrs => {
                strings::read(self)?;
                self.read_each(strings::read)
            }
            Kind::Text => strings::read_text(self),
            Kind::Digits => strings::read_digits(self),
            Kind::Decimal(limit) => strings::read_decimal(self, limit),
            Kind::Tag => strings::read_tag(self),
            Kind::Base64 => encoded::read_base64(self),
            Kind::OptionalBase64 => self.read_if_any(encoded::read_base64),
            Kind::Key => signing::read_key(self),
            Kind::DashBase64 => encoded::read_dash_base64(self),
            Kind::Hex => encoded::read_hex(self),
            Kind::Digest(digests) => encoded::read_digest(self, digests),
            Kind::Salt => encoded::read_salt(self),
            Kind::Hash => encoded::read_hash(self),
            Kind::TypeBitmap => bitmap::read(self, 1),
            Kind::OptionalTypeBitmap => bitmap::read(self, 0),
            Kind::OldBitmap => bitmap::read_old(self),
            Kind::Eui(octets) => identifier::read_eui(self, octets),
            Kind::Locator => identifier::read_locator(self),
            Kind::Nsap => identifier::read_nsap(self),
            Kind::Ports => wks::read(self),
            Kind::Location => loc::read(self),
            Kind::Prefixes => self.read_each(apl::read),
            Kind::SvcParams => svcb::read(self),
            Kind::GatewayType => gateway::read_type(self),
            Kind::Gateway => gateway::read(self),
            Kind::RelayType => gateway::read_relay_type(self),
            Kind::HostIdentity => hip::read(self),
            Kind::Opaque => Err(fault::generic_only(self.row.rtype, self.fields)),
        }
    }

    fn read_if_any(&mut self, read: impl Fn(&mut Self) -> Result<()>) -> Result<()> {
        if self.fields.peek().is_some() { read(self) } else { Ok(()) }
    }

    fn read_each(&mut self, read: impl Fn(&mut Self) -> Result<()>) -> Result<()> {
        while self.fields.peek().is_some() {
            read(self)?;
        }
        Ok(())
    }

    pub(super) fn read_name(&mut self) -> Result<()> {
        let token = self.word()?;
        let text = self.fields.text(token);
        name::push(text, self.fields.span(token), self.fields.origin(), self.out)
    }

    fn finish(self) -> Result<()> {
        if let Some(token) = self.fields.peek() {
            return Err(self.trailing(token));
        }
        let octets = self.out.len() - self.start;
        if octets > MAX_RDATA { Err(self.too_long(octets)) } else { Ok(()) }
    }

    /// Takes the next token, whatever it is.
    #[inline]
    pub(super) fn token(&mut self) -> Result<Token> {
        match self.fields.take() {
            Some(token) => Ok(token),
            None => Err(self.missing()),
        }
    }

    /// Takes the next token, which must not be a quoted string.
    ///
    /// named-checkzone and kzonecheck refuse quotes around all but strings; nsd-checkzone reads through them.
    #[inline]
    pub(super) fn word(&mut self) -> Result<Token> {
        let token = self.token()?;
        if token.kind == TokenKind::Word { Ok(token) } else { Err(self.quoted(token)) }
    }

    /// This record's octets so far: some fields depend on an earlier one.
    pub(super) fn rdata(&self) -> &[u8] {
        &self.out[self.start..]
    }
}
