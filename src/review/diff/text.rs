//! A [`Diff`] for people at a terminal.

use std::fmt::{self, Write as _};

use super::{AnswerChange, Change, Diff, Scope, ZoneChange, duration, is_proof};
use crate::dns::Rtype;
use crate::review::record_line;
use crate::zone::RrsetChange;
use crate::zonefile::rdata::Mnemonic;

/// The records of one zone that differ, a line each: `-` for what went, `+` for what came; then the answers that differ.
pub fn render(diff: &Diff<'_>) -> String {
    let mut out = String::new();
    if diff.is_empty() {
        return "no change: the same records, the same answers\n".into();
    }
    for zone in &diff.zones {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", heading(zone));
        zone_lines(zone, |line| _ = writeln!(out, "  {line}"));
        out.push('\n');
    }
    let _ = writeln!(out, "{}", answers_heading(diff));
    for change in diff.answers.shown() {
        answer_lines(change, |line| _ = writeln!(out, "  {line}"));
    }
    out
}

/// The zone and how much of it differs.
pub(super) fn heading(zone: &ZoneChange<'_>) -> String {
    let mut parts = Vec::new();
    let state = zone.state();
    if !state.is_empty() {
        parts.push(state.to_owned());
    }
    let (added, removed, ttls) = zone.counts();
    parts.extend((added > 0).then(|| format!("{added} added")));
    parts.extend((removed > 0).then(|| format!("{removed} removed")));
    parts.extend((ttls > 0).then(|| format!("{ttls} with another TTL")));
    let proofs = zone.proofs();
    parts.extend((proofs > 0).then(|| format!("{proofs} rrsets of signatures and proofs differ")));
    format!("{}: {}", zone.apex, if parts.is_empty() { "no record differs".into() } else { parts.join(", ") })
}

/// The records that differ, but for proofs, each marked with what became of it.
pub(super) fn zone_lines(zone: &ZoneChange<'_>, mut line: impl FnMut(Marked)) {
    for change in zone.rrsets.iter().filter(|change| !is_proof(change.rtype())) {
        rrset_lines(change, &mut line);
    }
}

/// A line and its mark.
pub(super) struct Marked {
    pub(super) mark: char,
    pub(super) text: String,
}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.mark, self.text)
    }
}

fn rrset_lines(change: &RrsetChange<'_>, line: &mut impl FnMut(Marked)) {
    let (owner, rtype) = (change.owner(), change.rtype());
    let mut say =
        |mark, ttl, rdata: &[u8]| line(Marked { mark, text: format!("{owner} {}", record_line(ttl, rtype, rdata)) });
    let (old_ttl, new_ttl) = (change.old.map_or(0, |rrset| rrset.ttl()), change.new.map_or(0, |rrset| rrset.ttl()));
    let (removed, added) = (change.removed(), change.added());
    removed.iter().for_each(|rdata| say('-', old_ttl, rdata));
    added.iter().for_each(|rdata| say('+', new_ttl, rdata));
    if let Some((old, new)) = change.ttls() {
        let text = format!("{owner} {}: TTL {old} → {new}", Mnemonic(rtype));
        // Where no record stays, the lines above have both.
        if !change.kept().is_empty() {
            line(Marked { mark: '~', text });
        }
    }
}

/// How many names are answered otherwise.
pub(super) fn answers_heading(diff: &Diff<'_>) -> String {
    match diff.answers.shown().count() + diff.answers.left_out {
        0 => "answers: none differs".into(),
        count => {
            let more = match diff.answers.left_out {
                0 => String::new(),
                more => format!(" ({more} of them are not listed)"),
            };
            format!("answers: {count} name{} answered otherwise{more}", if count == 1 { " is" } else { "s are" })
        }
    }
}

/// Name and type, then old and new, for each type of a name; `*` is any name that exists neither before nor after.
pub(super) fn answer_lines(change: &AnswerChange, mut line: impl FnMut(Marked)) {
    let scope = &change.scope;
    if let Scope::Redirected { target, .. } = scope {
        let text = format!("{scope}: as the names below {target} that are listed, by the DNAME here");
        return line(Marked { mark: ' ', text });
    }
    for (types, difference) in grouped(change) {
        let cached = cached(difference);
        line(Marked { mark: ' ', text: format!("{scope} {types}, the old answer {cached}") });
        line(Marked { mark: '-', text: difference.old.summary() });
        line(Marked { mark: '+', text: difference.new.summary() });
    }
}

/// The lines of one name that is answered otherwise, as [`render`] has them.
pub fn change_lines(change: &AnswerChange) -> String {
    let mut out = String::new();
    answer_lines(change, |line| _ = writeln!(out, "  {line}"));
    out
}

/// The types that a name is answered otherwise for, in words, and each change.
pub(super) fn grouped(change: &AnswerChange) -> Vec<(String, &Change)> {
    let own = change.types.iter().filter_map(|(rtype, change)| Some((Mnemonic(*rtype).to_string(), change.as_ref()?)));
    let mut all: Vec<(String, &Change)> = own.collect();
    if let Some(others) = &change.others {
        let types: Vec<Rtype> = change.types.iter().map(|(rtype, _)| *rtype).collect();
        let names: Vec<String> = types.iter().map(|&rtype| Mnemonic(rtype).to_string()).collect();
        let words =
            if names.is_empty() { "of any type".into() } else { format!("of any type but {}", names.join(", ")) };
        all.push((words, others));
    }
    all
}

/// How long the old answer lives in caches, in words.
pub(super) fn cached(change: &Change) -> String {
    match change.cached {
        0 => "is not cached".into(),
        seconds => format!("may be cached for {}", duration(seconds)),
    }
}
