//! `[[owners]]`: whose review a change of some records needs.

use std::collections::HashMap;
use std::ops::Range;

use toml::Spanned;

use super::problems::Problems;
use super::spec::{self, Key};
use crate::dns::{Name, Rtype};
use crate::lint::{Owner, Owners, without_mention};
use crate::zonefile::rdata::{Mnemonic, from_mnemonic};

/// Where each subtree and type, or a subtree for all types, was given to somebody.
type Given = HashMap<(Box<[u8]>, Option<Rtype>), Range<usize>>;

/// The entries; what is wrong with one goes to `problems`.
pub(super) fn read(tables: Vec<Spanned<spec::Owners>>, problems: &mut Problems<'_>) -> Owners {
    let mut given = Given::new();
    Owners::new(tables.into_iter().filter_map(|table| entry(table, &mut given, problems)).collect())
}

fn entry(table: Spanned<spec::Owners>, given: &mut Given, problems: &mut Problems<'_>) -> Option<Owner> {
    let header = table.span();
    let spec::Owners { subtree, types, people, teams } = table.into_inner();
    let has_types = types.is_present;
    let types = types_of(types, problems);
    let is_empty = |key: &Key<Vec<Spanned<String>>>| match &key.given {
        Some(list) => list.get_ref().is_empty(),
        None => !key.is_present,
    };
    if is_empty(&people) && is_empty(&teams) {
        let finding = problems.finding(header.clone(), "an entry of `[[owners]]` names nobody");
        problems
            .push(finding.why("nobody could agree to a change").fix("add `people = [\"ada\"]` or `teams = [\"dns\"]`"));
    }
    let (people, teams) = (named(people, problems), named(teams, problems));
    if !subtree.is_present {
        let finding = problems.finding(header, "an entry of `[[owners]]` has no subtree");
        problems.push(finding.fix("add `subtree = \"example.org\"`; `\".\"` stands for all names"));
        return None;
    }
    let subtree = name(subtree, problems)?;
    let types = types.filter(|types| !has_types || !types.is_empty())?;
    once(&subtree, &types, given, problems);
    let types = types.into_iter().map(|(rtype, _)| rtype).collect();
    Some(Owner { subtree: subtree.0, types, people, teams })
}

fn name(key: Key<String>, problems: &mut Problems<'_>) -> Option<(Name, Range<usize>)> {
    let text = key.given?;
    match Name::absolute(text.get_ref()) {
        Ok(name) => Some((name, text.span())),
        Err(error) => {
            let finding = problems.finding(text.span(), format!("`{}` is no name", text.get_ref()));
            problems.push(finding.label(error.to_string()).fix("write it like `\"example.org\"`, or `\".\"` for all"));
            None
        }
    }
}

/// The types listed, those that a zone may hold; none given: no list.
fn types_of(key: Key<Vec<Spanned<String>>>, problems: &mut Problems<'_>) -> Option<Vec<(Rtype, Range<usize>)>> {
    if !key.is_present {
        return Some(Vec::new());
    }
    let texts = key.checked(problems, |texts| (!texts.is_empty()).then(|| texts.clone()))?;
    let mut types = Vec::with_capacity(texts.len());
    for text in texts {
        match from_mnemonic(text.get_ref().as_bytes()).filter(|rtype| !rtype.is_meta()) {
            Some(rtype) => types.push((rtype, text.span())),
            None => problems.unknown_type(text.span(), text.get_ref()),
        }
    }
    Some(types)
}

/// People or teams, without the `@` of a mention.
fn named(key: Key<Vec<Spanned<String>>>, problems: &mut Problems<'_>) -> Vec<String> {
    let Some(texts) = key.checked(problems, |texts| Some(texts.clone())) else { return Vec::new() };
    let mut names = Vec::with_capacity(texts.len());
    for text in texts {
        let name = without_mention(text.get_ref());
        if name.is_empty() {
            let finding = problems.finding(text.span(), "an owner has no name");
            problems.push(finding.fix("write the name that `check --actor` or `--team` is given, or delete it"));
        }
        names.push(name.to_owned());
    }
    names
}

/// Tells of what an entry gives away that another gave away before: which of the two held would be anybody's guess.
fn once(
    subtree: &(Name, Range<usize>),
    types: &[(Rtype, Range<usize>)],
    given: &mut Given,
    problems: &mut Problems<'_>,
) {
    let (name, place) = subtree;
    let listed = types.iter().map(|(rtype, place)| (Some(*rtype), place));
    let all = types.is_empty().then_some((None, place));
    for (rtype, place) in listed.chain(all) {
        let key = (name.as_ref().octets().to_ascii_lowercase().into(), rtype);
        let Some(first) = given.insert(key, place.clone()) else { continue };
        let what = rtype.map_or("all types".into(), |rtype| Mnemonic(rtype).to_string());
        let finding = problems.finding(place.clone(), format!("`{name}` has owners for {what} twice"));
        let finding = finding.also(problems.span(first), "first here");
        problems.push(finding.why("a record belongs to one entry").fix("put all their owners into one entry"));
    }
}
