//! The config file's shape: its sections, their keys, and what may stand at each.
//!
//! In: a TOML document. Out: a [`Spec`], in which every key is absent or of its type, with its place; and a finding for each
//! key that is not, or that nothing reads. Whether values make sense is for [`check`](super::check).
//!
//! # Design
//!
//! Keys are taken from the document one by one instead of letting serde read it whole: serde stops at the first fault, and
//! someone who edits a config wants all of them at once. Each section is one table of rows, from which come its struct, what
//! reads it, and the known keys that a misspelt one is compared with.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::problems::Problems;

/// One key: what it is called, what may stand there, and what does.
#[derive(Clone)]
pub(super) struct Key<T> {
    pub(super) name: &'static str,
    pub(super) wanted: &'static str,
    /// Whether something stands there, be it of the wrong type.
    pub(super) is_present: bool,
    /// What stands there, if it is of the type wanted.
    pub(super) given: Option<Spanned<T>>,
}

impl<T> Key<T> {
    /// What `check` makes of the value given; nothing given, or nothing made of it (which is a finding): nothing.
    pub(super) fn checked<U>(self, problems: &mut Problems<'_>, check: impl FnOnce(&T) -> Option<U>) -> Option<U> {
        let given = self.given?;
        let checked = check(given.get_ref());
        if checked.is_none() {
            problems.bad_value(given.span(), self.name, self.wanted);
        }
        checked
    }
}

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $type:ty = $wanted:literal;)* }) => {
        $(#[$doc])*
        pub(super) struct $name {
            $(pub(super) $key: Key<$type>,)*
        }

        impl $name {
            /// Its keys, in the order of the table.
            const KEYS: &[&str] = &[$(stringify!($key)),*];

            /// Takes the section's keys out of `table`; others are findings.
            fn take(mut table: DeTable<'_>, section: &str, problems: &mut Problems<'_>) -> Self {
                let found = Self {
                    $($key: take(&mut table, stringify!($key), $wanted, problems),)*
                };
                for key in table.keys() {
                    problems.unknown_key(key.span(), key.get_ref(), section);
                }
                found
            }
        }
    };
}

section! {
    /// `[server]`: where it listens, and what it says of itself.
    Server {
        listen: Vec<Spanned<String>> = "a list of one or more addresses, such as `[\"127.0.0.1:5300\", \"[::1]:5300\"]`";
        threads: u16 = "a whole number from 0 (one a core) to 1024";
        engine: String = "`\"auto\"`, `\"batch\"`, which needs Linux, or `\"hickory\"`";
        udp_payload: u16 = "a whole number of octets from 512 to 4096";
        version: String = "a text of up to 255 octets";
        id: String = "a text of up to 255 octets";
        nsid: String = "a text of up to 255 octets, or octets as `\"hex:c0ffee\"`";
        control: String = "the path of a socket";
        state: String = "the path of a directory";
    }
}

section! {
    /// `[tcp]`: how many connections there may be, and for how long.
    Tcp {
        connections: u32 = "a whole number from 0 (half the descriptors there may be) to 1000000";
        connections_per_client: u32 = "a whole number from 0 (a quarter of all) to 1000000";
        first_query: String = "a duration from `\"100ms\"` to `\"1h\"`";
        idle: String = "a duration from `\"100ms\"` to `\"1h\"`";
        slow: String = "a duration from `\"100ms\"` to `\"1h\"`";
    }
}

section! {
    /// `[source]`: where zones come from.
    Source {
        directory: String = "the path of a directory";
        poll: String = "a duration from `\"100ms\"` to `\"1d\"`, in `ms`, `s`, `m`, `h` or `d`";
        repository: String = "the path of a git repository, or a URL of `https`, `ssh` or `file` without a password";
        branch: String = "the name of a branch, such as `\"main\"`";
        path: String = "the path of a directory inside the repository, without `..`";
        every: String = "a duration from `\"1s\"` to `\"1d\"`, or `\"never\"`";
        fetch_deadline: String = "a duration from `\"1s\"` to `\"1h\"`";
        fetch_octets: u64 = "a whole number of octets from 1048576";
        allow_rewind: bool = "`true` or `false`";
        allowed_signers: String = "the path of a file of ssh keys";
        allowed_keys: String = "the path of a file of OpenPGP keys";
        override_file: String = "the path of a file";
        serial: String = "`\"file\"` or `\"auto\"`";
        serial_style: String = "`\"increment\"`, `\"date\"` or `\"unix\"`";
    }
}

section! {
    /// `[source.zone."NAME"]`: the same of one zone.
    SourceZone {
        serial: String = "`\"file\"` or `\"auto\"`";
        serial_style: String = "`\"increment\"`, `\"date\"` or `\"unix\"`";
    }
}

section! {
    /// `[canary]`: what a commit is tried on before it is published.
    Canary {
        enabled: bool = "`true` or `false`";
        questions: u32 = "a whole number from 0 (none) to 1000000";
        expectations: bool = "`true` or `false`";
        nxdomain_percent: u8 = "a whole number from 0 to 100";
        servfail_percent: u8 = "a whole number from 0 to 100";
    }
}

section! {
    /// `[webhook]`: who is told of what is published and refused.
    Webhook {
        url: String = "a URL of `https` or `http`";
        url_file: String = "the path of a file that holds the URL";
        secret_file: String = "the path of a file";
        template: String = "a text, in which `{summary}` and others are replaced";
        events: Vec<Spanned<String>> = "a list of `\"published\"` and `\"refused\"`";
    }
}

section! {
    /// `[access]`: who may ask.
    Access {
        query: Vec<Spanned<String>> = "a list of networks, such as `[\"192.0.2.0/24\", \"2001:db8::/32\"]`";
    }
}

section! {
    /// `[limits]`: how much of a hostile text is read, and how much a reload may take away.
    Limits {
        file_octets: u32 = "a whole number of octets from 1 to 4294967295";
        entry_octets: u32 = "a whole number of octets from 512 to 4294967295";
        findings: u32 = "a whole number from 1 to 1000000";
        include_depth: u16 = "a whole number from 0 to 64";
        includes: u32 = "a whole number from 0 to 1000000";
        generated_octets: u32 = "a whole number of octets from 0 to 4294967295";
        lost_names_percent: u8 = "a whole number from 0 to 100";
    }
}

section! {
    /// `[lint]`: what rules go by; every other key there is a rule's name.
    Lint {
        organisation: Vec<Spanned<String>> = "a list of domains, such as `[\"example.org\"]`";
        host_exceptions: Vec<Spanned<String>> = "a list of names, such as `[\"*_*.example.org\"]`, in which `*` stands for any characters";
        served_elsewhere: Vec<Spanned<String>> = "a list of zones, such as `[\"dyn.example.org\"]`";
        mirrors: String = "the path of a directory";
        lowest_ttl: u32 = "a whole number of seconds from 0 to 2147483647";
        highest_ttl: u32 = "a whole number of seconds from 0 to 2147483647";
        alias_steps: u8 = "a whole number from 1 to 16";
        mass_change_percent: u8 = "a whole number from 0 to 100";
        critical_names: Vec<Spanned<String>> = "a list of names, such as `[\"www.example.org\"]`";
    }
}

section! {
    /// One `[[owners]]`: whose review a change of some records needs.
    Owners {
        subtree: String = "a name, such as `\"mail.example.org\"`";
        types: Vec<Spanned<String>> = "a list of types, such as `[\"MX\", \"TXT\"]`";
        people: Vec<Spanned<String>> = "a list of names, such as `[\"ada\"]`";
        teams: Vec<Spanned<String>> = "a list of names, such as `[\"dns-admins\"]`";
    }
}

section! {
    /// One `[[zone]]`: a zone to serve, where not every file of the directory is one.
    Zone {
        name: String = "a zone's name, such as `\"example.org\"`";
        file: String = "the path of a file below the source's directory, without `..`";
    }
}

/// Each section, and the keys it may have.
pub const SECTIONS: &[(&str, &[&str])] = &[
    ("server", Server::KEYS),
    ("tcp", Tcp::KEYS),
    ("source", Source::KEYS),
    ("source.zone", SourceZone::KEYS),
    ("canary", Canary::KEYS),
    ("webhook", Webhook::KEYS),
    ("access", Access::KEYS),
    ("limits", Limits::KEYS),
    ("lint", Lint::KEYS),
    ("owners", Owners::KEYS),
    ("zone", Zone::KEYS),
];

/// The keys of `[lint]` that are no rules.
pub(super) const LINT_KEYS: &[&str] = Lint::KEYS;

/// What is said of one rule: its name, and the word that stands there, or the place of something else.
pub(super) struct Level {
    pub(super) rule: Spanned<String>,
    pub(super) word: Result<Spanned<String>, std::ops::Range<usize>>,
}

/// The whole document.
pub(super) struct Spec {
    pub(super) server: Server,
    pub(super) tcp: Tcp,
    pub(super) source: Source,
    /// Each `[source.zone."NAME"]`.
    pub(super) source_zones: Vec<(Spanned<String>, SourceZone)>,
    pub(super) canary: Canary,
    pub(super) webhook: Webhook,
    pub(super) access: Access,
    pub(super) limits: Limits,
    pub(super) lint: Lint,
    /// The rules of `[lint]`.
    pub(super) levels: Vec<Level>,
    /// Those of each `[lint.zone."NAME"]`.
    pub(super) zone_levels: Vec<(Spanned<String>, Vec<Level>)>,
    pub(super) owners: Vec<Spanned<Owners>>,
    pub(super) zones: Vec<Spanned<Zone>>,
}

impl Spec {
    /// Reads a document; what is wrong with it goes to `problems`.
    ///
    /// A text that is no TOML gives an empty spec: after a fault of syntax, a key may have landed in a section not its own.
    pub(super) fn read(text: &str, problems: &mut Problems<'_>) -> Self {
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            problems.bad_syntax(error.span().unwrap_or_default(), error.message());
        }
        let mut document = if errors.is_empty() { document.into_inner() } else { DeTable::new() };
        let wanted = "sections that each start with `[[zone]]`";
        let zones = tables(&mut document, "zone", wanted, Zone::take, problems);
        let wanted = "sections that each start with `[[owners]]`";
        let owners = tables(&mut document, "owners", wanted, Owners::take, problems);
        let mut section = |name: &str, problems: &mut Problems<'_>| match document.remove(name) {
            Some(value) => table(value, name, "a section", problems).into_inner(),
            None => DeTable::new(),
        };
        let mut source = section("source", problems);
        let source_zones = source_zones(&mut source, problems);
        let mut lint = section("lint", problems);
        let zone_levels = zone_levels(&mut lint, problems);
        let levels = levels(&mut lint, Lint::KEYS);
        let spec = Self {
            server: Server::take(section("server", problems), "server", problems),
            tcp: Tcp::take(section("tcp", problems), "tcp", problems),
            source: Source::take(source, "source", problems),
            source_zones,
            canary: Canary::take(section("canary", problems), "canary", problems),
            webhook: Webhook::take(section("webhook", problems), "webhook", problems),
            access: Access::take(section("access", problems), "access", problems),
            limits: Limits::take(section("limits", problems), "limits", problems),
            lint: Lint::take(lint, "lint", problems),
            levels,
            zone_levels,
            owners,
            zones,
        };
        for key in document.keys() {
            problems.unknown_key(key.span(), key.get_ref(), "");
        }
        spec
    }
}

/// What stands in the place of a level.
pub(super) const LEVEL: &str = "`\"error\"`, `\"warning\"`, `\"note\"` or `\"off\"`";

/// Takes out of `table` all that is no key of its section: the names of rules.
fn levels(table: &mut DeTable<'_>, keys: &[&str]) -> Vec<Level> {
    let is_rule = |key: &&Spanned<std::borrow::Cow<'_, str>>| !keys.contains(&key.get_ref().as_ref());
    let rules: Vec<_> =
        table.keys().filter(is_rule).map(|key| Spanned::new(key.span(), key.get_ref().to_string())).collect();
    let level = |rule: Spanned<String>| {
        let value = table.remove(rule.get_ref().as_str())?;
        let span = value.span();
        let word = match value.into_inner() {
            DeValue::String(word) => Ok(Spanned::new(span, word.into_owned())),
            _ => Err(span),
        };
        Some(Level { rule, word })
    };
    rules.into_iter().filter_map(level).collect()
}

/// Takes each `[lint.zone."NAME"]`.
fn zone_levels(lint: &mut DeTable<'_>, problems: &mut Problems<'_>) -> Vec<(Spanned<String>, Vec<Level>)> {
    const WANTED: &str = "sections that each start with `[lint.zone.\"NAME\"]`";
    zone_tables(lint, WANTED, |mut rules, _| levels(&mut rules, &[]), problems)
}

/// Takes each `[source.zone."NAME"]`.
fn source_zones(source: &mut DeTable<'_>, problems: &mut Problems<'_>) -> Vec<(Spanned<String>, SourceZone)> {
    const WANTED: &str = "sections that each start with `[source.zone.\"NAME\"]`";
    zone_tables(source, WANTED, |keys, problems| SourceZone::take(keys, "source.zone", problems), problems)
}

/// Takes the table of each zone in a section.
fn zone_tables<'i, T>(
    section: &mut DeTable<'i>,
    wanted: &str,
    take: impl Fn(DeTable<'i>, &mut Problems<'_>) -> T,
    problems: &mut Problems<'_>,
) -> Vec<(Spanned<String>, T)> {
    let Some(value) = section.remove("zone") else { return Vec::new() };
    let mut zones = table(value, "zone", wanted, problems).into_inner();
    let names: Vec<_> = zones.keys().map(|name| Spanned::new(name.span(), name.get_ref().to_string())).collect();
    let of_zone = |name: Spanned<String>| {
        let keys = table(zones.remove(name.get_ref().as_str())?, name.get_ref(), wanted, problems).into_inner();
        Some((name, take(keys, problems)))
    };
    names.into_iter().filter_map(of_zone).collect()
}

/// Takes each `[[NAME]]`.
fn tables<'i, T>(
    document: &mut DeTable<'i>,
    name: &str,
    wanted: &str,
    take: fn(DeTable<'i>, &str, &mut Problems<'_>) -> T,
    problems: &mut Problems<'_>,
) -> Vec<Spanned<T>> {
    let Some(value) = document.remove(name) else { return Vec::new() };
    let span = value.span();
    let DeValue::Array(list) = value.into_inner() else {
        problems.bad_value(span, name, wanted);
        return Vec::new();
    };
    let mut read = |value| {
        let table = table(value, name, wanted, problems);
        Spanned::new(table.span(), take(table.into_inner(), name, problems))
    };
    list.into_iter().map(&mut read).collect()
}

fn table<'i>(
    value: Spanned<DeValue<'i>>,
    name: &str,
    wanted: &str,
    problems: &mut Problems<'_>,
) -> Spanned<DeTable<'i>> {
    let span = value.span();
    let table = match value.into_inner() {
        DeValue::Table(table) => table,
        _ => {
            problems.bad_value(span.clone(), name, wanted);
            DeTable::new()
        }
    };
    Spanned::new(span, table)
}

fn take<'i, T: Deserialize<'i>>(
    table: &mut DeTable<'i>,
    name: &'static str,
    wanted: &'static str,
    problems: &mut Problems<'_>,
) -> Key<T> {
    let value = table.remove(name);
    let is_present = value.is_some();
    let given = value.and_then(|value| {
        let span = value.span();
        let read = Spanned::deserialize(ValueDeserializer::from(value));
        read.map_err(|error| problems.bad_value(error.span().unwrap_or(span), name, wanted)).ok()
    });
    Key { name, wanted, is_present, given }
}
