//! What a field of rdata can be.
//!
//! Each kind is read in `text.rs`, measured in `wire.rs` and written in `print.rs`, by one arm of a match each; the irregular
//! ones have a file of their own. Here is what findings say of them.

use super::digest::Digests;
use super::embedded::NameRule;

/// Names that stand for numbers, as the RFCs and IANA list them.
pub type Mnemonics = &'static [(&'static str, u16)];

/// What a field holds, on the wire and in text.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One octet, a decimal number.
    U8,
    /// Two octets, a decimal number.
    U16,
    /// Four octets, a decimal number.
    U32,
    /// Eight octets, a decimal number.
    U64,
    /// Four octets: seconds, or counts with units.
    Ttl,
    /// One octet: a number, or a mnemonic for it.
    Named8(Mnemonics),
    /// Two octets: a number, or a mnemonic for it.
    Named16(Mnemonics),
    /// Four octets: seconds since 1970, written `YYYYMMDDHHmmSS` (RFC 4034 §3.2).
    Time,
    /// Two octets: an RR type.
    Rtype,
    /// Four octets, dotted.
    Ipv4,
    /// Sixteen octets.
    Ipv6,
    /// A name that may be compressed, and is lower-cased in the canonical form: RFC 1035's.
    CompressibleName,
    /// A name that is never compressed, and is lower-cased in the canonical form (RFC 4034 §6.2).
    CanonicalName,
    /// A name that is never compressed and always kept as it is.
    Name,
    /// The same as [`CanonicalName`](Self::CanonicalName), with no more labels than the record counts (RFC 4034 §3.1).
    Signer,
    /// Names to the end, perhaps none.
    Names,
    /// A length octet and up to 255 octets.
    CharStr,
    /// One of these, or nothing.
    OptionalCharStr,
    /// One of these or more, to the end.
    CharStrs,
    /// One string that fills the rest, of any length.
    Text,
    /// A character-string of four decimal digits or more (RFC 1183 §3.1).
    Digits,
    /// A character-string that holds a decimal number, of at most this magnitude (RFC 1712 §3).
    Decimal(u32),
    /// A length octet and letters and digits (RFC 8659 §4.1).
    Tag,
    /// Octets to the end, at least one.
    Base64,
    /// Octets to the end, perhaps none.
    OptionalBase64,
    /// Octets to the end, none if the flags that start the rdata say so (RFC 2535 §3.1.2).
    Key,
    /// Octets to the end; none are written `-`.
    DashBase64,
    /// Octets to the end, at least one.
    Hex,
    /// Octets to the end, as many as the octet before them demands.
    Digest(&'static Digests),
    /// A length octet and octets; none are written `-` (RFC 5155 §3.3).
    Salt,
    /// A length octet and a hash (RFC 5155 §3.3).
    Hash,
    /// RR types, at least one (RFC 4034 §4.1.2).
    TypeBitmap,
    /// RR types, perhaps none.
    OptionalTypeBitmap,
    /// RR types below 128 (RFC 2535 §5.2).
    OldBitmap,
    /// This many octets, in hexadecimal with dashes (RFC 7043).
    Eui(usize),
    /// Eight octets, in four groups with colons (RFC 6742 §2).
    Locator,
    /// Octets to the end, written `0x…` (RFC 1706 §7).
    Nsap,
    /// A bitmap of ports (RFC 1035 §3.4.2).
    Ports,
    /// A place on earth (RFC 1876).
    Location,
    /// Address prefixes (RFC 3123).
    Prefixes,
    /// Service parameters (RFC 9460 §2.2).
    SvcParams,
    /// One octet that says what the gateway is (RFC 4025 §2.5).
    GatewayType,
    /// A gateway of the type that the second octet of the rdata names.
    Gateway,
    /// The discovery-optional bit and the relay's type, in one octet (RFC 8777 §4.2).
    RelayType,
    /// Algorithm, host identity tag and key, their lengths before them (RFC 8005 §5).
    HostIdentity,
    /// Octets without a presentation format: `\#` only.
    Opaque,
}

impl Kind {
    /// What names of this kind are subject to; none for other kinds.
    ///
    /// A gateway is a name only if its type says so.
    pub(super) const fn name_rule(self) -> Option<NameRule> {
        match self {
            Self::CompressibleName => Some(NameRule { compress: true, canonical_lower: true }),
            Self::CanonicalName | Self::Signer => Some(NameRule { compress: false, canonical_lower: true }),
            Self::Name | Self::Names | Self::Gateway => Some(NameRule { compress: false, canonical_lower: false }),
            _ => None,
        }
    }

    /// Whether the field may be absent from text and wire.
    pub(super) fn is_optional(self) -> bool {
        matches!(
            self,
            Self::Names
                | Self::OptionalCharStr
                | Self::OptionalBase64
                | Self::Key
                | Self::OptionalTypeBitmap
                | Self::Ports
                | Self::Prefixes
                | Self::SvcParams
        )
    }

    /// Whether the field is a plain decimal number.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::U8 | Self::U16 | Self::U32 | Self::U64)
    }

    /// Whether the field holds a string that quotes keep together.
    pub(super) fn is_string(self) -> bool {
        matches!(self, Self::CharStr | Self::OptionalCharStr | Self::Text)
    }

    /// What stands in brackets after the field's name in a finding; empty where the name says it all.
    pub(super) fn range(self) -> &'static str {
        match self {
            Self::U8 => "0–255",
            Self::U16 => "0–65535",
            Self::U32 => "0–4294967295",
            Self::U64 => "0–18446744073709551615",
            Self::Named8(_) => "0–255 or a mnemonic",
            Self::Named16(_) => "0–65535 or a mnemonic",
            Self::Ttl => "seconds, or as in `1h30m`",
            Self::Time => "YYYYMMDDHHmmSS in UTC, or seconds since 1970",
            Self::Base64 | Self::OptionalBase64 | Self::Key => "base64",
            Self::DashBase64 => "base64, or `-` for none",
            Self::Hex | Self::Digest(_) => "hexadecimal",
            Self::Salt => "hexadecimal, or `-` for none",
            Self::Hash => "base32hex",
            Self::Tag => "letters and digits",
            Self::Digits => "four digits or more",
            Self::Decimal(_) => "a decimal number",
            Self::GatewayType => "0–3",
            Self::Nsap => "hexadecimal after `0x`",
            _ => "",
        }
    }

    /// A text that would do, for fixes.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::U8 | Self::U32 | Self::U64 => "0",
            Self::U16 => "10",
            Self::Named8(_) => "6",
            Self::Named16(_) | Self::GatewayType => "1",
            Self::Ttl => "1h",
            Self::Time => "20300101000000",
            Self::Rtype | Self::TypeBitmap | Self::OptionalTypeBitmap | Self::OldBitmap => "A",
            Self::Ipv4 => "192.0.2.1",
            Self::Ipv6 => "2001:db8::1",
            Self::CompressibleName | Self::CanonicalName | Self::Signer | Self::Name | Self::Names | Self::Gateway => {
                "host.example.org."
            }
            Self::CharStr | Self::OptionalCharStr | Self::CharStrs | Self::Text => "\"text\"",
            Self::Digits => "311061700956",
            Self::Decimal(_) => "10.5",
            Self::Tag => "issue",
            Self::Base64 | Self::OptionalBase64 | Self::Key | Self::DashBase64 => "AQIDBA==",
            Self::Hex | Self::Digest(_) | Self::Salt => "0A1B2C",
            Self::Hash => "2vptu5timamqttgl4luu9kg21e0aor3s",
            Self::Eui(6) => "00-00-5e-00-53-2a",
            Self::Eui(_) => "00-00-5e-ef-10-00-00-2a",
            Self::Locator => "2001:0db8:1140:1000",
            Self::Nsap => "0x47000580",
            Self::Ports => "25 80",
            Self::Location => "52 14 5 N 0 8 50 E 10m",
            Self::Prefixes => "1:192.0.2.0/24",
            Self::SvcParams => "alpn=h2 port=443",
            Self::RelayType => "0 3",
            Self::HostIdentity => "2 20010010 AQIDBA==",
            Self::Opaque => "0",
        }
    }
}
