//! `[lint]`: the severity of rules, and what they go by.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;

use super::Config;
use super::check::{by_zone, path_or_default, replace};
use super::problems::Problems;
use super::spec::{self, Key};
use crate::dns::{MAX_TTL, Name};
use crate::lint::{self, Level, Pattern};

pub(super) use super::spec::LINT_KEYS as KEYS;

/// Replaces in `config` what the section gives.
pub(super) fn apply(spec: spec::Lint, config: &mut Config, problems: &mut Problems<'_>) {
    let spec::Lint {
        organisation,
        host_exceptions,
        served_elsewhere,
        mirrors,
        lowest_ttl,
        highest_ttl,
        alias_steps,
        mass_change_percent,
        critical_names,
    } = spec;
    let settings = &mut config.lint;
    replace(&mut settings.organisation, names(organisation, problems));
    replace(&mut settings.host_exceptions, patterns(host_exceptions, problems));
    replace(&mut settings.served_elsewhere, names(served_elsewhere, problems));
    settings.mirrors = path_or_default(mirrors, &config.base, problems);
    let ttl = |&seconds: &u32| (seconds <= MAX_TTL).then_some(seconds);
    replace(&mut settings.lowest_ttl, lowest_ttl.checked(problems, ttl));
    replace(&mut settings.highest_ttl, highest_ttl.checked(problems, ttl));
    let steps = |&steps: &u8| (1..=16).contains(&steps).then_some(usize::from(steps));
    replace(&mut settings.alias_steps, alias_steps.checked(problems, steps));
    let percent = |&percent: &u8| (percent <= 100).then_some(percent);
    replace(&mut settings.mass_change_percent, mass_change_percent.checked(problems, percent));
    replace(&mut settings.critical_names, names(critical_names, problems));
}

fn names(key: Key<Vec<Spanned<String>>>, problems: &mut Problems<'_>) -> Option<Vec<Name>> {
    let texts = key.checked(problems, |texts| Some(texts.clone()))?;
    let mut names = Vec::with_capacity(texts.len());
    for text in &texts {
        match Name::absolute(text.get_ref()) {
            Ok(name) => names.push(name),
            Err(error) => {
                let finding = problems.finding(text.span(), format!("`{}` is no name", text.get_ref()));
                problems.push(finding.label(error.to_string()).fix("write it like `\"example.org\"`"));
            }
        }
    }
    Some(names)
}

fn patterns(key: Key<Vec<Spanned<String>>>, problems: &mut Problems<'_>) -> Option<Vec<Pattern>> {
    let texts = key.checked(problems, |texts| Some(texts.clone()))?;
    Some(texts.iter().map(|text| Pattern::new(text.get_ref())).collect())
}

/// The levels of rules; what is no rule's name, or no level, goes to `problems`.
pub(super) fn levels(
    given: Vec<spec::Level>,
    keys: &[&'static str],
    problems: &mut Problems<'_>,
) -> Vec<(&'static str, Level)> {
    given.into_iter().filter_map(|spec::Level { rule, word }| level(&rule, word, keys, problems)).collect()
}

fn level(
    rule: &Spanned<String>,
    word: Result<Spanned<String>, Range<usize>>,
    keys: &[&'static str],
    problems: &mut Problems<'_>,
) -> Option<(&'static str, Level)> {
    let name = rule.get_ref();
    let Some(code) = lint::find(name) else {
        problems.unknown_rule(rule.span(), name, keys);
        return None;
    };
    if !lint::is_configurable(code) {
        let finding = problems.finding(rule.span(), format!("the severity of `{name}` cannot be set"));
        problems.push(finding.why("what it finds is never served, whatever the config says").fix("delete it"));
        return None;
    }
    let (level, at) = match &word {
        Ok(word) => (Level::from_word(word.get_ref()), word.span()),
        Err(at) => (None, at.clone()),
    };
    if level.is_none() {
        problems.bad_value(at, name, spec::LEVEL);
    }
    Some((code.name, level?))
}

/// The levels of rules in single zones.
pub(super) fn zone_levels(
    given: Vec<(Spanned<String>, Vec<spec::Level>)>,
    problems: &mut Problems<'_>,
) -> Vec<(Name, Vec<(&'static str, Level)>)> {
    let zones = given.into_iter().map(|(zone, given)| (zone, levels(given, &[], problems))).collect();
    by_zone(zones, problems)
}

/// The keys of `[lint]`, and whether two settings differ in them.
type Differs = fn(&lint::Settings, &lint::Settings) -> bool;
const DIFFERS: &[(&str, Differs)] = &[
    ("organisation", |old, new| old.organisation != new.organisation),
    ("host_exceptions", |old, new| old.host_exceptions != new.host_exceptions),
    ("served_elsewhere", |old, new| old.served_elsewhere != new.served_elsewhere),
    ("mirrors", |old, new| old.mirrors != new.mirrors),
    ("lowest_ttl", |old, new| old.lowest_ttl != new.lowest_ttl),
    ("highest_ttl", |old, new| old.highest_ttl != new.highest_ttl),
    ("alias_steps", |old, new| old.alias_steps != new.alias_steps),
    ("mass_change_percent", |old, new| old.mass_change_percent != new.mass_change_percent),
    ("critical_names", |old, new| old.critical_names != new.critical_names),
];

/// What newer settings have otherwise: keys, rules, and zones as `lint.zone."NAME"`, in no order that matters.
pub(super) fn changed(old: &lint::Settings, new: &lint::Settings) -> Vec<String> {
    let keys = DIFFERS.iter().filter(|(_, differs)| differs(old, new)).map(|(key, _)| (*key).to_owned());
    let rules = differing(&old.severities.everywhere, &new.severities.everywhere, |rule| (*rule).to_owned());
    let zone = |zone: &Name| format!("lint.zone.\"{}\"", zone.to_string().trim_end_matches('.').to_ascii_lowercase());
    keys.chain(rules).chain(differing(&old.severities.zones, &new.severities.zones, zone)).collect()
}

/// What two lists say otherwise or only one of them says, each once.
fn differing<Subject, Said: PartialEq>(
    old: &[(Subject, Said)],
    new: &[(Subject, Said)],
    called: impl Fn(&Subject) -> String,
) -> BTreeSet<String> {
    let (before, after) = (said(old, &called), said(new, &called));
    let subjects = before.keys().chain(after.keys());
    subjects.filter(|subject| before.get(*subject) != after.get(*subject)).cloned().collect()
}

fn said<Subject, Said>(list: &[(Subject, Said)], called: impl Fn(&Subject) -> String) -> BTreeMap<String, &Said> {
    list.iter().map(|(subject, said)| (called(subject), said)).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_change_of_any_key_is_told_of() {
        let told: Vec<&str> = super::DIFFERS.iter().map(|(key, _)| *key).collect();
        assert_eq!(told, super::KEYS);
    }
}
