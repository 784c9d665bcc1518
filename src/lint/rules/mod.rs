//! The table of rules. A row declares the module and makes an entry of [`RULES`]; the file's leading `//!` lines are the
//! manual, and the line behind its first heading the summary.
//!
//! A row is `file, default severity, scope`; behind the scope Node stand the types without one of which a name is nothing to
//! the rule, so that most rules are spared most names, and behind another those whose data it looks at, if addresses are among
//! them. One whose verdict changes with the date alone ends with `Date`, so that a
//! server can tell a text that was edited badly from one that only grew old. The severity `Off` is for rules that healthy
//! zones trip: a config may turn them on. What follows `=>` are the rules whose findings at the same record say less of the
//! same mistake.

mod targets;

use std::fmt::Write as _;

use super::{Rule, Scope};
use crate::diagnostic::{Code, Severity, Stage, codes::CODES};
use crate::dns::Rtype;

macro_rules! rules {
    ($($module:ident, $severity:ident, $scope:ident $(($($rtype:ident)+))? $(, $stage:ident)? $(=> $($subsumed:ident)+)?;)*) => {
        $(mod $module;)*

        /// All rules, in the order of the table.
        pub static RULES: &[Rule] = &[$(
            Rule {
                code: Code {
                    name: rules!(@name $module),
                    stage: rules!(@stage $($stage)?),
                    severity: rules!(@severity $severity),
                    summary: const { summary(include_str!(concat!(stringify!($module), ".rs"))) },
                },
                is_on: rules!(@is_on $severity),
                subsumes: &[$($(rules!(@name $subsumed)),+)?],
                source: include_str!(concat!(stringify!($module), ".rs")),
                scope: Scope::$scope($module::check),
                types: &[$($(Rtype::$rtype),+)?],
            }
        ),*];
    };
    (@name $module:ident) => {
        const {
            const NAME: [u8; stringify!($module).len()] = hyphenated(stringify!($module));
            text(&NAME)
        }
    };
    (@stage) => { Stage::Lint };
    (@stage $stage:ident) => { Stage::$stage };
    (@severity Off) => { Severity::Note };
    (@severity $severity:ident) => { Severity::$severity };
    (@is_on Off) => { false };
    (@is_on $severity:ident) => { true };
}

rules! {
    caa_lookalike, Warning, Node(CAA);
    caa_missing, Off, Repository;
    caa_syntax, Error, Node(CAA);
    child_without_delegation, Warning, Repository;
    cname_chain_too_long, Warning, Repository;
    cname_loop, Error, Repository;
    critical_name_gone, Error, Change;
    dangling_target, Warning, Repository => delegation_differs_from_child;
    data_below_delegation, Warning, Node;
    delegation_differs_from_child, Warning, Repository(A AAAA);
    delegation_to_us_unserved, Warning, Repository;
    delegation_without_address, Error, Repository;
    dkim_syntax, Error, Node(TXT);
    dkim_weak_key, Error, Node(TXT);
    dmarc_missing, Off, Zone;
    dmarc_syntax, Error, Node(TXT);
    dnskey_missing, Error, Zone;
    documentation_address, Warning, Node(A AAAA);
    ds_at_apex, Error, Node(DS);
    ds_does_not_match, Error, Repository;
    ds_without_delegation, Warning, Node(DS);
    lookalike_domain, Warning, Repository;
    mass_change, Error, Change;
    mirror_unlisted, Warning, Repository;
    mirror_without_address, Error, Mirrors;
    misplaced_record, Warning, Node(TXT SRV TLSA);
    missing_glue, Error, Repository => delegation_differs_from_child;
    missing_trailing_dot, Error, Repository => delegation_differs_from_child dangling_target delegation_without_address missing_glue;
    mta_sts_incomplete, Warning, Node(TXT);
    mx_target_is_address, Error, Zone => dangling_target missing_trailing_dot;
    mx_target_is_alias, Error, Repository;
    name_in_two_zones, Warning, Repository;
    name_not_a_host, Warning, Node(A AAAA MX NS SRV PTR);
    needless_glue, Warning, Node;
    not_dual_stack, Off, Node(A AAAA);
    not_owner, Warning, Change;
    ns_odd_one_out, Warning, Node(NS) => delegation_differs_from_child dangling_target lookalike_domain;
    ns_on_one_network, Warning, Repository(A AAAA);
    ns_target_is_address, Error, Zone => delegation_differs_from_child dangling_target missing_trailing_dot;
    ns_target_is_alias, Error, Repository => delegation_differs_from_child;
    odd_quotes, Warning, Node(TXT);
    nsec3_iterated, Note, Zone;
    nsec_chain_broken, Error, Zone;
    null_mx_beside_mx, Error, Node(MX);
    owner_repeats_origin, Warning, Node;
    private_address, Warning, Node(A AAAA);
    reverse_many, Note, Node(PTR);
    reverse_mismatch, Warning, Repository(A AAAA);
    reverse_missing, Warning, Repository(A AAAA);
    rrsig_does_not_verify, Error, Zone;
    rrsig_expired, Error, Zone, Date;
    rrsig_expires_soon, Warning, Zone, Date;
    rrsig_missing, Error, Zone;
    rrsig_not_yet_valid, Error, Zone, Date;
    serial_not_bumped, Error, Change;
    serial_of_signed, Error, Node(RRSIG ZONEMD);
    serial_went_back, Error, Change;
    single_ns, Warning, Repository;
    soa_mname_not_ns, Off, Node(SOA);
    soa_rname, Warning, Node(SOA) => missing_trailing_dot;
    soa_timers, Warning, Node(SOA);
    spf_after_all, Warning, Node(TXT);
    spf_allows_all, Warning, Node(TXT);
    spf_include_gone, Error, Repository;
    spf_lookups, Error, Repository;
    spf_many, Error, Node(TXT);
    spf_syntax, Error, Node(TXT);
    spf_too_long, Warning, Node(TXT);
    srv_target_is_alias, Error, Repository;
    svcb_inconsistent, Warning, Repository(A AAAA);
    target_is_address, Error, Zone => dangling_target missing_trailing_dot;
    tlsa_length, Error, Node(TLSA SMIMEA);
    tlsa_unusable, Warning, Node(TLSA SMIMEA);
    tlsrpt_syntax, Warning, Node(TXT);
    ttl_too_high, Warning, Zone;
    ttl_too_low, Warning, Zone;
    unknown_type_has_name, Warning, Zone;
    unused_include, Warning, Zone;
    wildcard_in_the_middle, Warning, Node => name_not_a_host;
    wildcard_shadowed, Note, Zone;
    wildcard_stops_here, Warning, Zone;
    zonemd_mismatch, Error, Zone;
}

/// How findings that stand for many rrsets go on: " and 3 others".
fn and_others(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => " and one other rrset".into(),
        _ => format!(" and {count} other rrsets"),
    }
}

/// A file's name as a code's.
const fn hyphenated<const N: usize>(name: &str) -> [u8; N] {
    let (mut octets, mut at) = ([0; N], 0);
    while at < N {
        octets[at] = if name.as_bytes()[at] == b'_' { b'-' } else { name.as_bytes()[at] };
        at += 1;
    }
    octets
}

const fn text(octets: &[u8]) -> &str {
    match std::str::from_utf8(octets) {
        Ok(text) => text,
        Err(_) => panic!("a file's name is ASCII"),
    }
}

const FIRST_HEADING: &str = "//! ## What it does\n//! ";

/// The line behind the first heading of a rule's manual.
const fn summary(source: &str) -> &str {
    let (heading, rest) = source.split_at(FIRST_HEADING.len());
    let mut at = 0;
    while at < heading.len() {
        assert!(heading.as_bytes()[at] == FIRST_HEADING.as_bytes()[at], "a rule's file starts with its manual");
        at += 1;
    }
    let mut end = 0;
    while rest.as_bytes()[end] != b'\n' {
        end += 1;
    }
    rest.split_at(end).0
}

impl Rule {
    /// Its severity as a config would write it.
    pub fn default(&self) -> &'static str {
        if self.is_on { self.code.severity.as_str() } else { "off" }
    }

    /// Whether it looks at the data of records of any of these types.
    pub(super) fn reads_any(&self, types: &[Rtype]) -> bool {
        let is_of_every_name = matches!(self.scope, Scope::Node(_)) && self.types.is_empty();
        is_of_every_name || types.iter().any(|rtype| self.types.contains(rtype))
    }

    /// Its manual: what it does, why that is bad, an example, the fix.
    pub fn manual(&self) -> String {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        lines.fold(String::new(), |text, line| text + line.strip_prefix(' ').unwrap_or(line) + "\n")
    }
}

/// The text of `RULES.md`: every code in a table, then the manual of every rule.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Rules\n\nGenerated from the tables of codes; a test fails when it is stale.\n\nA config sets a rule's severity \
         below `[lint]`, or `[lint.zone.\"NAME\"]` for one zone: `error`, `warning`, `note` or `off`. A record waives a rule \
         on its own line:\n\n```zone\nwww IN A 192.0.2.1 ; zonewright: allow(RULE, until=2027-01-01) REASON\n```\n\nThe day \
         is optional and the last one that counts; several rules are parted by commas. A waiver without use, reason or \
         rule is a finding.\n\n## Errors and warnings of files and zones\n\nThe errors among these can neither be waived nor \
         be configured.\n\n| Code | Severity | Found by | What it means |\n|---|---|---|---|\n",
    );
    for code in CODES {
        let (severity, stage) = (code.severity.as_str(), code.stage.as_str());
        let _ = writeln!(text, "| `{}` | {severity} | {stage} | {} |", code.name, code.summary);
    }
    for rule in RULES {
        let (code, manual) = (&rule.code, rule.manual().replace("## ", "#### "));
        let (severity, scope) = (rule.default(), rule.scope.as_str());
        let says_better: Vec<String> = rule.subsumes.iter().map(|name| format!("`{name}`")).collect();
        let better = match says_better.is_empty() {
            true => String::new(),
            false => format!(" Told of instead of {} at the same record.", says_better.join(", ")),
        };
        let is_dated = if code.stage == Stage::Date { ", by today's date" } else { "" };
        let _ = write!(
            text,
            "\n### `{}`\n\nSeverity: {severity}. Scope: {scope}{is_dated}.{better}\n\n{manual}",
            code.name
        );
    }
    text
}
