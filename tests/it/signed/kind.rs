//! Every kind of answer that a signed zone gives, and what a validator must think of it.

use self::Shows::*;

/// What an answer shows, by which it is known what it rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shows {
    /// Records of the name itself.
    Records,
    /// Records of a wildcard, and that no nearer name exists.
    Expansion,
    /// That the name has no such type: by the record of that name.
    NoType,
    /// That there is no such name, but perhaps a wildcard without the type or an unsigned delegation: by what lies about it.
    NoName,
    /// An alias, then that its target has no such type.
    AliasToNoType,
    /// An alias, then that its target does not exist, or has no such type by the wildcard for it.
    AliasToNoName,
    /// An alias of a wildcard, and that no nearer name exists; then that its target has no such type.
    ExpansionToNoType,
    /// Records of an unsigned zone, which its parent says it is.
    Unsigned,
    /// Records that are not what was signed, or no proof where there must be one.
    Bogus,
}

impl Shows {
    /// Whether a validator calls the answer secure.
    ///
    /// An opt-out span proves nothing of the names in it, as each may be an unsigned delegation: what rests on the absence of
    /// a name there is insecure, whoever serves it (RFC 5155 §9.2).
    pub(super) fn is_secure(self, has_opt_out: bool) -> bool {
        match self {
            Records | NoType | AliasToNoType => true,
            Expansion | NoName | AliasToNoName | ExpansionToNoType => !has_opt_out,
            Unsigned | Bogus => false,
        }
    }
}

/// What the answer is an example of, the question's name and type, and what it shows.
pub(super) type Kind = (&'static str, &'static str, &'static str, Shows);

/// Of the fixtures, which are one zone signed in three ways.
pub(super) const KINDS: &[Kind] = &[
    ("positive", "www.example", "A", Records),
    ("positive, several types", "www.example", "TXT", Records),
    ("at the apex", "example", "SOA", Records),
    ("keys", "example", "DNSKEY", Records),
    ("with additional records", "example", "MX", Records),
    ("NODATA", "www.example", "MX", NoType),
    ("NODATA at the apex", "example", "A", NoType),
    ("NODATA at an alias of nothing else", "mail.example", "AAAA", NoType),
    ("NXDOMAIN", "nothing.example", "A", NoName),
    ("NXDOMAIN, deep", "a.b.c.www.example", "A", NoName),
    ("NXDOMAIN before the first name", "!.example", "A", NoName),
    ("NXDOMAIN behind the last name", "zzz.example", "A", NoName),
    ("NXDOMAIN below an empty non-terminal", "no.ent.example", "A", NoName),
    ("empty non-terminal", "ent.example", "A", NoType),
    ("empty non-terminal, deep", "deep.ent.example", "TXT", NoType),
    ("wildcard expansion", "x.wild.example", "TXT", Expansion),
    ("wildcard expansion, deep", "a.b.wild.example", "MX", Expansion),
    ("wildcard NODATA", "x.wild.example", "A", NoName),
    ("wildcard asked literally", "*.wild.example", "TXT", Records),
    ("wildcard literally, NODATA", "*.wild.example", "A", NoType),
    ("name beside a wildcard", "there.wild.example", "A", Records),
    ("NODATA beside a wildcard", "there.wild.example", "TXT", NoType),
    ("the wildcard's parent", "wild.example", "TXT", NoType),
    ("wildcard CNAME", "x.cwild.example", "A", Expansion),
    ("wildcard CNAME to NODATA", "x.cwild.example", "MX", ExpansionToNoType),
    ("wildcard CNAME itself", "x.cwild.example", "CNAME", Expansion),
    ("CNAME", "alias.example", "A", Records),
    ("CNAME itself", "alias.example", "CNAME", Records),
    ("CNAME chain", "alias2.example", "AAAA", Records),
    ("CNAME chain to NODATA", "alias2.example", "MX", AliasToNoType),
    ("CNAME to NXDOMAIN", "gone.example", "A", AliasToNoName),
    ("CNAME to a wildcard", "to-wild.example", "TXT", Expansion),
    ("CNAME to wildcard NODATA", "to-wild.example", "A", AliasToNoName),
    ("CNAME to an empty non-terminal", "to-ent.example", "A", AliasToNoType),
    ("CNAME below a DNAME", "to-dname.example", "A", Records),
    ("DNAME itself", "moved.example", "DNAME", Records),
    ("NODATA at a DNAME", "moved.example", "A", NoType),
    ("below a DNAME", "www.moved.example", "A", Records),
    ("below a DNAME, NODATA", "www.moved.example", "MX", AliasToNoType),
    ("below a DNAME, NXDOMAIN", "nothing.moved.example", "A", AliasToNoName),
    ("DS at a signed cut", "secure.example", "DS", Records),
    ("DS at an unsigned cut", "insecure.example", "DS", NoName),
    ("DS at a cut below an empty non-terminal", "cut.only.insecure2.example", "DS", NoName),
    ("NXDOMAIN below that", "no.only.insecure2.example", "A", NoName),
    ("empty non-terminal above that", "insecure2.example", "A", NoName),
    ("DS at a name that is no cut", "www.example", "DS", NoType),
    ("DS of no name", "nothing.example", "DS", NoName),
    ("DS of an empty non-terminal", "ent.example", "DS", NoType),
    ("mixed case in zone and question", "mIXED.cASE.eXAMPLE", "TXT", Records),
    ("mixed case, NODATA", "mIXED.cASE.eXAMPLE", "A", NoType),
    ("mixed case, expansion", "X.wILD.eXAMPLE", "TXT", Expansion),
    ("escapes", "esc\\.aped\\032name.example", "TXT", Records),
    ("escapes, NODATA", "esc\\.aped\\032name.example", "A", NoType),
    ("octets outside ASCII", "\\000low\\255.example", "TXT", Records),
    ("octets outside ASCII, NXDOMAIN", "\\000lox\\255.example", "TXT", NoName),
    ("underscores", "_25._tcp.mail.example", "TLSA", Records),
    ("an empty non-terminal of underscores", "_tcp.mail.example", "TLSA", NoType),
    ("larger than UDP", "big.example", "TXT", Records),
    ("ANY", "www.example", "ANY", Records),
    ("ANY of no name", "nothing.example", "ANY", NoName),
];

/// Of the [family](super::sign::family): chains across zones below a signed root.
pub(super) const FAMILY: &[Kind] = &[
    ("in a child", "ns.one", "A", Records),
    ("DS at a signed cut", "one", "DS", Records),
    ("keys", "two", "DNSKEY", Records),
    ("DS at an unsigned cut", "three", "DS", NoType),
    ("the child's servers", "one", "NS", Records),
    ("alias to another zone", "www.one", "A", Records),
    ("alias to NODATA of another zone", "www.one", "MX", AliasToNoType),
    ("wildcard to wildcard", "a.w.one", "TXT", Expansion),
    ("wildcard to wildcard NODATA", "a.w.one", "A", AliasToNoName),
    ("DNAME to another zone", "www.d.one", "A", Records),
    ("DNAME to no name of another zone", "nothing.d.one", "A", AliasToNoName),
    ("alias to no name of another zone", "gone.one", "A", AliasToNoName),
    ("alias to the other kind of chain", "back.two", "A", Records),
    ("in an unsigned child", "www.three", "A", Unsigned),
    ("alias to an unsigned zone", "plain.one", "A", Unsigned),
    ("alias from an unsigned zone", "to.three", "A", Unsigned),
    ("no name", "nothing", "A", NoName),
];
