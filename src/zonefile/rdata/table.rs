//! The rows: every RR type that IANA lists with a presentation format, obsolete experiments aside.
//!
//! # Design
//!
//! A type is a row of named fields. Reading, checking, printing, finding names and the words of a finding walk the row, so a
//! new type is one line here and one fixture row. Rows are found by an index that is built when the crate is: one load for
//! the codes below [`INDEXED`], two comparisons for those far above.

use super::digest::{DS, SSHFP, ZONEMD};
use super::kind::Kind::{self, *};
use super::mnemonics::{ALGORITHMS, CERT_TYPES, DSYNC_SCHEMES};
use super::services::PROTOCOLS;
use crate::dns::Rtype;

/// One RR type.
#[derive(Debug)]
pub struct TypeRow {
    /// Its name in zone files.
    pub mnemonic: &'static str,
    /// Its code.
    pub rtype: Rtype,
    /// The RFC that defines its rdata; 0 where IANA's registry names another document.
    pub rfc: u16,
    /// Its rdata, field by field.
    pub fields: &'static [Field],
    /// The fields up to the last that may hold a name: all that a search for names must walk.
    pub(super) named: &'static [Field],
    /// Whether a message may compress one of them.
    pub(super) may_compress: bool,
}

/// One field of a type's rdata.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// What findings call it.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

impl TypeRow {
    const fn new(mnemonic: &'static str, code: u16, rfc: u16, fields: &'static [Field]) -> Self {
        let (mut named, mut index, mut may_compress) = (0, 0, false);
        while index < fields.len() {
            index += 1;
            if let Some(rule) = fields[index - 1].kind.name_rule() {
                named = index;
                may_compress |= rule.compress;
            }
        }
        Self { mnemonic, rtype: Rtype(code), rfc, fields, named: fields.split_at(named).0, may_compress }
    }
}

macro_rules! rows {
    ($($mnemonic:literal $code:literal $rfc:literal: $($name:literal $kind:expr),*;)*) => {
        /// All rows, by code.
        pub(super) static ROWS: &[TypeRow] =
            &[$(TypeRow::new($mnemonic, $code, $rfc, const { &[$(Field { name: $name, kind: $kind }),*] })),*];
        const CODES: &[u16] = &[$($code),*];
    };
}

rows! {
    "A" 1 1035: "IPv4 address" Ipv4;
    "NS" 2 1035: "name server" CompressibleName;
    "MD" 3 1035: "mail agent" CompressibleName;
    "MF" 4 1035: "mail agent" CompressibleName;
    "CNAME" 5 1035: "target" CompressibleName;
    "SOA" 6 1035: "primary server" CompressibleName, "contact" CompressibleName, "serial" U32, "refresh time" Ttl, "retry time" Ttl,
        "expire time" Ttl, "minimum TTL" Ttl;
    "MB" 7 1035: "mail host" CompressibleName;
    "MG" 8 1035: "mailbox" CompressibleName;
    "MR" 9 1035: "mailbox" CompressibleName;
    "NULL" 10 1035: "data" Opaque;
    "WKS" 11 1035: "IPv4 address" Ipv4, "protocol" Named8(PROTOCOLS), "ports" Ports;
    "PTR" 12 1035: "target" CompressibleName;
    "HINFO" 13 1035: "CPU" CharStr, "operating system" CharStr;
    "MINFO" 14 1035: "responsible mailbox" CompressibleName, "error mailbox" CompressibleName;
    "MX" 15 1035: "preference" U16, "exchange" CompressibleName;
    "TXT" 16 1035: "text" CharStrs;
    "RP" 17 1183: "mailbox" CanonicalName, "text name" CanonicalName;
    "AFSDB" 18 1183: "subtype" U16, "server" CanonicalName;
    "X25" 19 1183: "PSDN address" Digits;
    "ISDN" 20 1183: "ISDN address" CharStr, "subaddress" OptionalCharStr;
    "RT" 21 1183: "preference" U16, "intermediate host" CanonicalName;
    "NSAP" 22 1706: "NSAP address" Nsap;
    "NSAP-PTR" 23 1706: "target" Name;
    "SIG" 24 2535: "type covered" Kind::Rtype, "algorithm" Named8(ALGORITHMS), "label count" U8, "original TTL" Ttl,
        "expiration" Time, "inception" Time, "key tag" U16, "signer" CanonicalName, "signature" Base64;
    "KEY" 25 2535: "flags" U16, "protocol" U8, "algorithm" Named8(ALGORITHMS), "public key" Kind::Key;
    "PX" 26 2163: "preference" U16, "RFC 822 domain" CanonicalName, "X.400 domain" CanonicalName;
    "GPOS" 27 1712: "longitude" Decimal(180), "latitude" Decimal(180), "altitude" Decimal(u32::MAX);
    "AAAA" 28 3596: "IPv6 address" Ipv6;
    "LOC" 29 1876: "location" Location;
    "NXT" 30 2535: "next name" CanonicalName, "types" OldBitmap;
    "EID" 31 0: "endpoint" Hex;
    "NIMLOC" 32 0: "locator" Hex;
    "SRV" 33 2782: "priority" U16, "weight" U16, "port" U16, "target" CanonicalName;
    "NAPTR" 35 3403: "order" U16, "preference" U16, "flags" CharStr, "service" CharStr, "regular expression" CharStr,
        "replacement" CanonicalName;
    "KX" 36 2230: "preference" U16, "exchanger" CanonicalName;
    "CERT" 37 4398: "certificate type" Named16(CERT_TYPES), "key tag" U16, "algorithm" Named8(ALGORITHMS),
        "certificate" Base64;
    "DNAME" 39 6672: "target" CanonicalName;
    "APL" 42 3123: "address prefixes" Prefixes;
    "DS" 43 4034: "key tag" U16, "algorithm" Named8(ALGORITHMS), "digest type" Named8(DS.mnemonics), "digest" Digest(&DS);
    "SSHFP" 44 4255: "algorithm" U8, "fingerprint type" U8, "fingerprint" Digest(&SSHFP);
    "IPSECKEY" 45 4025: "precedence" U8, "gateway type" GatewayType, "algorithm" U8, "gateway" Gateway,
        "public key" OptionalBase64;
    "RRSIG" 46 4034: "type covered" Kind::Rtype, "algorithm" Named8(ALGORITHMS), "label count" U8, "original TTL" Ttl,
        "expiration" Time, "inception" Time, "key tag" U16, "signer" Signer, "signature" Base64;
    "NSEC" 47 4034: "next name" Name, "types" TypeBitmap;
    "DNSKEY" 48 4034: "flags" U16, "protocol" U8, "algorithm" Named8(ALGORITHMS), "public key" Base64;
    "DHCID" 49 4701: "identity" Base64;
    "NSEC3" 50 5155: "hash algorithm" U8, "flags" U8, "iterations" U16, "salt" Salt, "next hashed owner" Hash,
        "types" OptionalTypeBitmap;
    "NSEC3PARAM" 51 5155: "hash algorithm" U8, "flags" U8, "iterations" U16, "salt" Salt;
    "TLSA" 52 6698: "certificate usage" U8, "selector" U8, "matching type" U8, "association data" Hex;
    "SMIMEA" 53 8162: "certificate usage" U8, "selector" U8, "matching type" U8, "association data" Hex;
    "HIP" 55 8005: "algorithm, host identity tag and public key" HostIdentity, "rendezvous servers" Names;
    "NINFO" 56 0: "text" CharStrs;
    "RKEY" 57 0: "flags" U16, "protocol" U8, "algorithm" Named8(ALGORITHMS), "public key" Base64;
    "TALINK" 58 0: "previous name" Name, "next name" Name;
    "CDS" 59 7344: "key tag" U16, "algorithm" Named8(ALGORITHMS), "digest type" Named8(DS.mnemonics), "digest" Digest(&DS);
    "CDNSKEY" 60 7344: "flags" U16, "protocol" U8, "algorithm" Named8(ALGORITHMS), "public key" Base64;
    "OPENPGPKEY" 61 7929: "public key" Base64;
    "CSYNC" 62 7477: "serial" U32, "flags" U16, "types" OptionalTypeBitmap;
    "ZONEMD" 63 8976: "serial" U32, "scheme" U8, "hash algorithm" U8, "digest" Digest(&ZONEMD);
    "SVCB" 64 9460: "priority" U16, "target" Name, "parameters" SvcParams;
    "HTTPS" 65 9460: "priority" U16, "target" Name, "parameters" SvcParams;
    "DSYNC" 66 9859: "type" Kind::Rtype, "scheme" Named8(DSYNC_SCHEMES), "port" U16, "target" Name;
    "HHIT" 67 9886: "data" Base64;
    "BRID" 68 9886: "data" Base64;
    "SPF" 99 7208: "text" CharStrs;
    "NID" 104 6742: "preference" U16, "node identifier" Locator;
    "L32" 105 6742: "preference" U16, "locator" Ipv4;
    "L64" 106 6742: "preference" U16, "locator" Locator;
    "LP" 107 6742: "preference" U16, "pointer" Name;
    "EUI48" 108 7043: "EUI-48 address" Eui(6);
    "EUI64" 109 7043: "EUI-64 address" Eui(8);
    "URI" 256 7553: "priority" U16, "weight" U16, "target" Text;
    "CAA" 257 8659: "flags" U8, "tag" Tag, "value" Text;
    "AVC" 258 0: "text" CharStrs;
    "DOA" 259 0: "enterprise" U32, "type" U32, "location" U8, "media type" CharStr, "data" DashBase64;
    "AMTRELAY" 260 8777: "precedence" U8, "discovery-optional bit and relay type" RelayType, "relay" Gateway;
    "RESINFO" 261 9606: "text" CharStrs;
    "WALLET" 262 0: "text" CharStrs;
    "CLA" 263 0: "text" CharStrs;
    "IPN" 264 0: "node number" U64;
    "TA" 32768 0: "key tag" U16, "algorithm" Named8(ALGORITHMS), "digest type" Named8(DS.mnemonics),
        "digest" Digest(&DS);
    "DLV" 32769 4431: "key tag" U16, "algorithm" Named8(ALGORITHMS), "digest type" Named8(DS.mnemonics),
        "digest" Digest(&DS);
}

/// Types that exist in questions and messages only, by code: known by name, so that they can be asked for and refused.
pub(super) static META: &[(&str, Rtype)] = &[
    ("OPT", Rtype(41)),
    ("NXNAME", Rtype(128)),
    ("TKEY", Rtype(249)),
    ("TSIG", Rtype(250)),
    ("IXFR", Rtype(251)),
    ("AXFR", Rtype(252)),
    ("MAILB", Rtype(253)),
    ("MAILA", Rtype(254)),
    ("ANY", Rtype(255)),
];

/// Codes below this are found through the index.
const INDEXED: usize = 300;

/// No row: rows are fewer.
const NONE: u8 = u8::MAX;

const INDEX: [u8; INDEXED] = {
    let mut index = [NONE; INDEXED];
    let mut row = 0;
    while row < CODES.len() {
        if (CODES[row] as usize) < INDEXED {
            index[CODES[row] as usize] = row as u8;
        }
        row += 1;
    }
    index
};

/// The row of a type.
pub(super) fn row(rtype: Rtype) -> Option<&'static TypeRow> {
    match INDEX.get(usize::from(rtype.0)) {
        Some(&index) => ROWS.get(usize::from(index)),
        // TA and DLV, the last two rows.
        None => ROWS[ROWS.len() - 2..].iter().find(|row| row.rtype == rtype),
    }
}
