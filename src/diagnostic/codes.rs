//! The registry of faults: one row each, with its name, stage, severity and one line of what it means.
//!
//! A code names the fault, not the cure. Parse and integrity errors cannot be waived: a zone that has one is not served.
//!
//! # Design
//!
//! The faults that this table lists are those of rooms below lint/. A lint rule's [`Code`] is made by its row there, next to
//! its check, or a rule would need two rows; the registry of all is the two tables one after the other
//! ([`lint::codes`](crate::lint::codes)). A list that rules enter themselves into when the process starts would be state.

use super::Severity;

/// Which step finds a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Reading the configuration.
    Config,
    /// Reading the text.
    Parse,
    /// Putting the records together: a zone with such an error cannot be served.
    Integrity,
    /// Holding an opinion of a zone that could be served.
    Lint,
    /// The same against today's date: what is right today is wrong one day though nobody changed it.
    Date,
    /// Asking the zones what a test expects of them.
    Test,
    /// Replacing what is served now.
    Reload,
    /// Comparing with what the parent's servers say.
    Online,
}

/// A registered fault.
#[derive(Debug)]
pub struct Code {
    /// Its name, as findings carry it: `cname-beside-other-data`.
    pub name: &'static str,
    /// Which step finds it.
    pub stage: Stage,
    /// How bad it is unless the config says otherwise.
    pub severity: Severity,
    /// One line: what it means.
    pub summary: &'static str,
}

macro_rules! codes {
    ($($name:ident $text:literal $severity:ident $stage:ident $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub static $name: Code =
                Code { name: $text, stage: Stage::$stage, severity: Severity::$severity, summary: $summary };
        )*
        /// All codes, in the order of the table.
        pub static CODES: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    // The config.
    BAD_CONFIG           "bad-config"           Error   Config "The configuration is no TOML, or a key has a value it cannot have.";
    UNKNOWN_CONFIG_KEY   "unknown-config-key"   Error   Config "The configuration has a key that nothing reads.";
    RULES_CHANGED        "rules-changed"        Warning Config "A change sets rules, limits, owners or critical names otherwise than its base, whose own judge it.";
    // Files.
    UNREADABLE_FILE      "unreadable-file"      Error   Parse "A file is missing or cannot be read.";
    INCLUDE_REFUSED      "include-refused"      Error   Parse "An $INCLUDE names no plain file inside the zone root, includes itself, or goes too deep.";
    FILE_TOO_LARGE       "file-too-large"       Error   Parse "A file has more octets than the limit in the config.";
    ENTRY_TOO_LARGE      "entry-too-large"      Error   Parse "One entry has more octets than the limit in the config.";
    TOO_MANY_FINDINGS    "too-many-findings"    Error   Parse "The file has more errors than the limit in the config; the rest was not read.";
    BYTE_ORDER_MARK      "byte-order-mark"      Warning Parse "The file starts with a byte order mark.";
    MERGE_MARKER         "merge-marker"         Error   Parse "A merge conflict was left in the file.";
    // Tokens.
    UNCLOSED_PARENTHESIS "unclosed-parenthesis" Error   Parse "A parenthesis is never closed, or another is opened first.";
    STRAY_PARENTHESIS    "stray-parenthesis"    Error   Parse "A parenthesis closes what none opened.";
    UNCLOSED_QUOTE       "unclosed-quote"       Error   Parse "A quoted string does not end on its line.";
    BAD_ESCAPE           "bad-escape"           Error   Parse "A backslash is followed by neither one character nor three digits up to 255.";
    // Entries.
    UNKNOWN_DIRECTIVE    "unknown-directive"    Error   Parse "A line starts with `$` and no known directive.";
    BAD_DIRECTIVE        "bad-directive"        Error   Parse "A directive lacks its argument or has one too many.";
    ORIGIN_WITHOUT_DOT   "origin-without-dot"   Error   Parse "$ORIGIN names a full name without its last dot, so it is taken as relative.";
    HASH_COMMENT         "hash-comment"         Error   Parse "A comment starts with `#` or `//`; zone files use `;`.";
    MISSING_OWNER        "missing-owner"        Error   Parse "The first record starts with a blank, so it has no owner name to inherit.";
    UNEXPECTED_OWNER     "unexpected-owner"     Warning Parse "A leading blank makes the record inherit an owner that its own text contradicts.";
    BAD_NAME             "bad-name"             Error   Parse "A name breaks the limits or the syntax of names.";
    NON_ASCII_NAME       "non-ascii-name"       Error   Parse "A name holds characters outside ASCII instead of its A-label.";
    MISSING_TYPE         "missing-type"         Error   Parse "An entry ends before its type.";
    UNKNOWN_TYPE         "unknown-type"         Error   Parse "An entry's type is no known mnemonic.";
    META_TYPE            "meta-type"            Error   Parse "A type that exists in messages only stands in a zone.";
    WRONG_CLASS          "wrong-class"          Error   Parse "A record is not of class IN.";
    BAD_TTL              "bad-ttl"              Error   Parse "A TTL is no number of seconds below 2^31.";
    MISSING_TTL          "missing-ttl"          Error   Parse "A record has no TTL, and no $TTL or earlier record gives one.";
    // Rdata.
    MISSING_FIELD        "missing-field"        Error   Parse "A record ends before all its fields are given.";
    TRAILING_FIELD       "trailing-field"       Error   Parse "Something stands after a record's last field.";
    BAD_FIELD            "bad-field"            Error   Parse "A field is not what its type asks for.";
    ADDRESS_FAMILY       "address-family"       Error   Parse "An A record holds an IPv6 address, or an AAAA record an IPv4 one.";
    DS_DIGEST_LENGTH     "ds-digest-length"     Error   Parse "The digest of a DS or CDS record is not as long as its type makes it.";
    SSHFP_LENGTH         "sshfp-length"         Error   Parse "The fingerprint of an SSHFP record is not as long as its type makes it.";
    LOC_RANGE            "loc-range"            Error   Parse "A LOC record names a place, a height or a precision out of range.";
    UNQUOTED_SEMICOLON   "unquoted-semicolon"   Error   Parse "A `;` outside quotes cuts a string short.";
    TXT_OVER_255         "txt-over-255"         Error   Parse "One string of a TXT record has more than 255 octets.";
    LONG_STRING          "long-string"          Error   Parse "A character-string has more than 255 octets.";
    LONG_RDATA           "long-rdata"           Error   Parse "A record's data has more than 65,535 octets.";
    // Zones.
    NO_SOA               "no-soa"               Error   Integrity "The zone has no SOA record at its apex.";
    MANY_SOA             "many-soa"             Error   Integrity "The zone has more than one SOA record.";
    SOA_BELOW_APEX       "soa-below-apex"       Error   Integrity "An SOA record stands below the apex.";
    NO_APEX_NS           "no-apex-ns"           Error   Integrity "The zone has no NS record at its apex.";
    OUT_OF_ZONE          "out-of-zone"          Error   Integrity "A record's owner lies outside the zone.";
    CNAME_BESIDE_OTHER_DATA "cname-beside-other-data" Error Integrity "A name has a CNAME and other records.";
    MANY_CNAMES          "many-cnames"          Error   Integrity "A name has more than one CNAME.";
    MANY_DNAMES          "many-dnames"          Error   Integrity "A name has more than one DNAME.";
    DATA_BELOW_DNAME     "data-below-dname"     Error   Integrity "A name below a DNAME has records.";
    UNSERVABLE_RRSET     "unservable-rrset"     Error   Integrity "An rrset is too large for any message.";
    TTL_MISMATCH         "ttl-mismatch"         Warning Integrity "The records of an rrset have different TTLs; the lowest is served.";
    DUPLICATE_RECORD     "duplicate-record"     Warning Integrity "The same record is written twice; it is served once.";
    TOO_MANY_RECORDS     "too-many-records"     Error   Integrity "The zone has more records than its tables can hold.";
    NSEC3_ITERATIONS     "nsec3-iterations"     Error   Integrity "An NSEC3 chain hashes names more than 100 times over.";
    // Waivers.
    UNUSED_ALLOW         "unused-allow"         Warning Lint "A waiver silences nothing.";
    EXPIRED_ALLOW        "expired-allow"        Warning Date "A waiver's last day is over.";
    BAD_ALLOW            "bad-allow"            Warning Lint "A waiver names no rule, gives no reason, or cannot be read.";
    // Tests.
    BAD_TEST             "bad-test"             Error   Test "A test file is no TOML, or a test in it cannot be read.";
    TEST_FAILED          "test-failed"          Error   Test "The zones do not answer as a test expects.";
    // What the parent says.
    PARENT_NS_DIFFERS    "parent-ns-differs"    Warning Online "The parent names other servers for the zone than the zone does.";
    PARENT_GLUE_DIFFERS  "parent-glue-differs"  Warning Online "The parent has other addresses for a server in the zone than the zone.";
    PARENT_DS_MISMATCH   "parent-ds-mismatch"   Error   Online "No DS record at the parent is of a key that the zone has.";
    PARENT_UNREACHABLE   "parent-unreachable"   Note    Online "The parent could not be asked, so nothing was compared.";
    // Replacing what is served.
    MASS_LOSS            "mass-loss"            Error   Reload "The new zone lacks most of the names that are served now.";
    EMPTIED_FILE         "emptied-file"         Error   Reload "The zone's file is empty.";
    MANY_FILES           "many-files"           Error   Reload "Two files claim to hold one zone.";
    NO_ZONES             "no-zones"             Error   Reload "The zone directory cannot be read, or holds no zone any more.";
    REPOSITORY_REFUSED   "repository-refused"   Error   Reload "The repository of zones cannot be used as it is.";
    OVERRIDE             "bad-override"         Error   Reload "An override's head is not complete, or it sets what it cannot.";
    CANARY               "canary"               Error   Reload "A commit would change answers, or break promises, that it does not touch.";
    COMMIT_REFUSED       "commit-refused"       Error   Reload "A commit may not be served, whatever its zones say.";
    INTERNAL_FAULT       "internal-fault"       Error   Reload "Reading the zone ran into a fault of zonewright itself.";
}

impl Stage {
    /// What `zonewright rules` calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Parse => "parse",
            Self::Integrity => "integrity",
            Self::Lint => "lint",
            Self::Date => "date",
            Self::Test => "test",
            Self::Reload => "reload",
            Self::Online => "online",
        }
    }
}
