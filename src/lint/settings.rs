//! What rules depend on beside the zones: the day, and what the config says of them.

use std::path::PathBuf;

use super::{Acting, Owners, Rule};
use crate::diagnostic::{Code, Severity, Stage};
use crate::dns::{Name, NameRef};
use crate::zone::Zone;
use crate::zone::serial::Serials;

/// What rules depend on, beside the zones.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Today: seconds since 1970. Whoever judges sets it: no room here has a clock.
    pub now: u32,
    /// Threads that verify the signatures of one zone.
    pub threads: usize,
    /// How many seconds ahead a signature's end is told of.
    pub expires_soon: u32,
    /// The most findings of one rule in one zone, past which they are counted only.
    pub most_of_a_rule: usize,
    /// What the config says of the severity of rules.
    pub severities: Severities,
    /// The organisation's own domains: a target one edit away from one of them is a slip.
    pub organisation: Vec<Name>,
    /// Names that are no host's and have addresses all the same; `*` stands for any characters.
    pub host_exceptions: Vec<Pattern>,
    /// Zones delegated to our servers that are served from elsewhere than this repository.
    pub served_elsewhere: Vec<Name>,
    /// The directory of the mirror list; none: `mirrors.d` beside the zone directory, if there is one.
    pub mirrors: Option<PathBuf>,
    /// TTLs below this many seconds are told of.
    pub lowest_ttl: u32,
    /// TTLs above this many seconds are told of.
    pub highest_ttl: u32,
    /// The most aliases that a resolver has to follow to reach a name's addresses.
    pub alias_steps: usize,
    /// The share of a zone's names, in percent, that one change may remove or alter.
    pub mass_change_percent: u8,
    /// Names that no change may leave without records.
    pub critical_names: Vec<Name>,
    /// Whose records are whose.
    pub owners: Owners,
    /// Which zones have their serials made from the history: nobody has to raise what is written there.
    pub serials: Serials,
    /// Who makes the change that is judged; none: nobody said.
    pub acting: Option<Acting>,
}

/// Records of a zone from which on a second thread is worth its start.
const WORTH_A_THREAD: usize = 10_000;

impl Settings {
    /// How many threads are worth their start for a zone: one at least.
    pub fn threads_for(&self, zone: &Zone) -> usize {
        if zone.record_count() >= WORTH_A_THREAD { self.threads.max(1) } else { 1 }
    }

    /// The defaults, for a day.
    pub fn new(now: u32) -> Self {
        const DAY: u32 = 24 * 3600;
        Self {
            now,
            threads: 1,
            expires_soon: 3 * DAY,
            most_of_a_rule: super::MOST_OF_A_RULE,
            severities: Severities::default(),
            organisation: Vec::new(),
            host_exceptions: Vec::new(),
            served_elsewhere: Vec::new(),
            mirrors: None,
            lowest_ttl: 30,
            highest_ttl: 7 * DAY,
            alias_steps: 8,
            mass_change_percent: 30,
            critical_names: Vec::new(),
            owners: Owners::default(),
            serials: Serials::default(),
            acting: None,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(0)
    }
}

/// How the config wants a rule's findings taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// The rule is not asked.
    Off,
    /// Its findings are of this severity.
    On(Severity),
}

impl Level {
    /// The words that a config may say, and what they mean.
    pub const WORDS: &[(&str, Self)] = &[
        ("error", Self::On(Severity::Error)),
        ("warning", Self::On(Severity::Warning)),
        ("note", Self::On(Severity::Note)),
        ("off", Self::Off),
    ];

    /// The level of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|&(_, level)| level)
    }
}

/// What the config says of rules: for all zones, and for single ones.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Severities {
    /// By the rule's name.
    pub everywhere: Vec<(&'static str, Level)>,
    /// By the zone's apex: what holds there in place of what holds everywhere.
    pub zones: Vec<(Name, Vec<(&'static str, Level)>)>,
}

impl Severities {
    /// What the config says of a rule in a zone, or of one that judges none.
    fn configured(&self, rule: &str, zone: Option<NameRef<'_>>) -> Option<Level> {
        let of = |list: &[(&'static str, Level)]| list.iter().find(|(name, _)| *name == rule).map(|&(_, level)| level);
        let is_own = |apex: &Name| zone.is_some_and(|zone| apex.as_ref().is(zone));
        let own = self.zones.iter().find(|(apex, _)| is_own(apex)).and_then(|(_, list)| of(list));
        own.or_else(|| of(&self.everywhere))
    }

    /// How a rule's findings in a zone are taken; no zone: those on a file that is none's.
    pub(super) fn of_rule(&self, rule: &Rule, zone: Option<NameRef<'_>>) -> Level {
        let default = if rule.is_on { Level::On(rule.code.severity) } else { Level::Off };
        self.configured(rule.code.name, zone).unwrap_or(default)
    }

    /// How findings of a room below in a zone are taken: as they are, unless they are such as a config may speak of.
    pub(super) fn of_code(&self, code: &Code, zone: NameRef<'_>) -> Option<Level> {
        self.configured(code.name, Some(zone)).filter(|_| is_configurable(code))
    }
}

/// Whether a config or a waiver may speak of a code: not of what makes a text no zone, nor of the run itself.
pub fn is_configurable(code: &Code) -> bool {
    match code.stage {
        Stage::Lint | Stage::Date => true,
        Stage::Parse | Stage::Integrity => code.severity != Severity::Error,
        Stage::Config | Stage::Test | Stage::Reload | Stage::Online => false,
    }
}

/// A pattern of names, as the config writes it: `*` stands for any characters, dots included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern; case and a last dot are nothing to it.
    pub fn new(text: &str) -> Self {
        Self(text.trim_end_matches('.').to_ascii_lowercase())
    }

    /// Whether a name is one of those meant.
    pub fn matches(&self, name: NameRef<'_>) -> bool {
        let name = name.to_string().to_ascii_lowercase();
        is_like(self.0.as_bytes(), name.trim_end_matches('.').as_bytes())
    }
}

/// Matches in time proportional to the product of the lengths at worst: a `*` is tried again from its last match only.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut in_text, mut star) = (0, 0, None);
    while in_text < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(octet) if *octet == text[in_text] => (at, in_text) = (at + 1, in_text + 1),
            _ => match star {
                Some((place, matched)) => {
                    star = Some((place, matched + 1));
                    (at, in_text) = (place + 1, matched + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|octet| *octet == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        let table = [
            ("a.example", "a.example.", true),
            ("A.Example.", "a.EXAMPLE.", true),
            ("*.example", "a.b.example.", true),
            ("*.example", "example.", false),
            ("x86_64-*.example", "x86_64-pungi-1.example.", true),
            ("*_*", "a_b.example.", true),
            ("a*b*c", "aXbYbZc.", true),
            ("a*b*c", "aXbYbZ.", false),
            ("", ".", true),
        ];
        for (pattern, name, wanted) in table {
            let name = Name::absolute(name).expect("a name");
            assert_eq!(Pattern::new(pattern).matches(name.as_ref()), wanted, "{pattern} {name}");
        }
    }
}
