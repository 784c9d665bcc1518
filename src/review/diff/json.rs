//! A [`Diff`] for programs: one JSON object a change and line.
//!
//! `{"level":"record",…}` for an rrset of a zone, `{"level":"zone",…}` for a zone that came, went or broke, and
//! `{"level":"answer",…}` for a name that is answered otherwise; `type` is null there where it is any that has no object of
//! its own for the same name, `name` starts with `*.` where it is any that exists in neither tree.

use serde::Serialize;

use super::{AnswerChange, Change, Diff, Scope, ZoneChange, is_proof};
use crate::dns::Rtype;
use crate::zone::{ChangeKind, RrsetChange};
use crate::zonefile::rdata::{Mnemonic, Presentation};

#[derive(Serialize)]
#[serde(tag = "level", rename_all = "lowercase")]
enum Line {
    Zone {
        zone: String,
        state: &'static str,
        unlisted_proofs: usize,
    },
    Record {
        zone: String,
        name: String,
        r#type: String,
        change: &'static str,
        old_ttl: Option<u32>,
        new_ttl: Option<u32>,
        removed: Vec<String>,
        added: Vec<String>,
        kept: Vec<String>,
    },
    Answer {
        name: String,
        r#type: Option<String>,
        except: Vec<String>,
        old: Option<String>,
        new: Option<String>,
        cached: Option<u32>,
        as_below: Option<String>,
    },
    Answers {
        left_out: usize,
    },
}

/// All changes, a line each.
pub fn render(diff: &Diff<'_>) -> String {
    let mut lines = Vec::new();
    for zone in &diff.zones {
        let (state, unlisted_proofs) = (zone.state(), zone.proofs());
        if !state.is_empty() || unlisted_proofs > 0 {
            lines.push(Line::Zone { zone: zone.apex.to_string(), state, unlisted_proofs });
        }
        let shown = zone.rrsets.iter().filter(|change| !is_proof(change.rtype()));
        lines.extend(shown.map(|change| record(zone, change)));
    }
    diff.answers.list.iter().for_each(|change| answer(change, &mut lines));
    if diff.answers.left_out > 0 {
        lines.push(Line::Answers { left_out: diff.answers.left_out });
    }
    let text = |line: &Line| serde_json::to_string(line).expect("strings and numbers are always JSON") + "\n";
    lines.iter().map(text).collect()
}

/// The objects of one name that is answered otherwise, as [`render`] has them.
pub fn change_objects(change: &AnswerChange) -> Vec<serde_json::Value> {
    let mut lines = Vec::new();
    answer(change, &mut lines);
    lines.iter().map(|line| serde_json::to_value(line).expect("strings and numbers are always JSON")).collect()
}

fn record(zone: &ZoneChange<'_>, change: &RrsetChange<'_>) -> Line {
    let data = |rdatas: Vec<&[u8]>| {
        rdatas.iter().map(|rdata| Presentation { rtype: change.rtype(), rdata }.to_string()).collect()
    };
    Line::Record {
        zone: zone.apex.to_string(),
        name: change.owner().to_string(),
        r#type: Mnemonic(change.rtype()).to_string(),
        change: match change.kind() {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Altered => "altered",
        },
        old_ttl: change.old.map(|rrset| rrset.ttl()),
        new_ttl: change.new.map(|rrset| rrset.ttl()),
        removed: data(change.removed()),
        added: data(change.added()),
        kept: data(change.kept()),
    }
}

fn answer(change: &AnswerChange, lines: &mut Vec<Line>) {
    let name = change.scope.to_string();
    let mnemonic = |rtype: &Rtype| Mnemonic(*rtype).to_string();
    let mut say = |rtype: Option<String>, except: Vec<String>, change: Option<&Change>, as_below: Option<String>| {
        let (old, new) = (change.map(|change| change.old.summary()), change.map(|change| change.new.summary()));
        let (name, cached) = (name.clone(), change.map(|change| change.cached));
        lines.push(Line::Answer { name, r#type: rtype, except, old, new, cached, as_below });
    };
    for (rtype, own) in change.types.iter().filter_map(|(rtype, own)| Some((rtype, own.as_ref()?))) {
        say(Some(mnemonic(rtype)), Vec::new(), Some(own), None);
    }
    if let Some(others) = &change.others {
        say(None, change.types.iter().map(|(rtype, _)| mnemonic(rtype)).collect(), Some(others), None);
    }
    if let Scope::Redirected { target, .. } = &change.scope {
        say(None, Vec::new(), None, Some(target.to_string()));
    }
}
