//! One SARIF 2.1.0 document, for code scanning.
//!
//! Columns count code points, as the document says by `columnKind`. Places beside the guilty one are related locations. Only
//! rules that found something are described.

use serde_json::{Value, json};

use super::super::{Code, Diagnostic, Edit, Label, Repair};
use super::{Page, Place, json as text};
use crate::source::{Sources, Span};

/// The format; it has no colours.
pub(super) fn page(_colour: bool) -> Box<dyn Page> {
    Box::new(Sarif { rules: Vec::new(), results: Vec::new() })
}

struct Sarif {
    rules: Vec<&'static Code>,
    results: Vec<Value>,
}

impl Page for Sarif {
    fn add(&mut self, finding: &Diagnostic, sources: &Sources, _out: &mut String) {
        let known = self.rules.iter().position(|rule| std::ptr::eq(*rule, finding.code));
        let index = known.unwrap_or_else(|| {
            self.rules.push(finding.code);
            self.rules.len() - 1
        });
        let related = finding.others.iter().enumerate().map(|(id, label)| related(id, label, sources));
        let mut result = json!({
            "ruleId": finding.code.name,
            "ruleIndex": index,
            "level": finding.severity.as_str(),
            "message": { "text": message(finding) },
            "locations": [location(finding.primary.span, sources)],
            "relatedLocations": related.collect::<Vec<_>>(),
        });
        if let Some(repair) = &finding.repair {
            result["fixes"] = json!([fix(finding, repair, sources)]);
        }
        self.results.push(result);
    }

    fn finish(&mut self, _title: &str, out: &mut String) -> Option<String> {
        let document = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "zonewright",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": self.rules.iter().map(|rule| describe(rule)).collect::<Vec<_>>(),
                } },
                "columnKind": "unicodeCodePoints",
                "results": std::mem::take(&mut self.results),
            }],
        });
        text::push(&document, out);
        out.push('\n');
        None
    }
}

fn describe(rule: &Code) -> Value {
    json!({
        "id": rule.name,
        "shortDescription": { "text": rule.summary },
        "help": { "text": format!("zonewright rule {}", rule.name) },
        "defaultConfiguration": { "level": rule.severity.as_str() },
    })
}

/// The headline, why, and the fix: code scanning shows this text alone.
fn message(finding: &Diagnostic) -> String {
    let notes = [("Why", &finding.why), ("Fix", &finding.fix)];
    let notes = notes.iter().filter(|(_, text)| !text.is_empty());
    notes.fold(finding.headline.clone(), |message, (name, text)| format!("{message}\n{name}: {text}"))
}

fn related(id: usize, label: &Label, sources: &Sources) -> Value {
    let mut place = location(label.span, sources);
    place["id"] = json!(id);
    if !label.text.is_empty() {
        place["message"] = json!({ "text": label.text });
    }
    place
}

/// A fix as SARIF §3.55 has it: the replacements of each file, in the order of its text.
fn fix(finding: &Diagnostic, repair: &Repair, sources: &Sources) -> Value {
    let change = |edits: &[Edit]| {
        let place = location(edits[0].span, sources)["physicalLocation"]["artifactLocation"].take();
        json!({ "artifactLocation": place, "replacements": edits.iter().map(|edit| replacement(edit, sources)).collect::<Vec<_>>() })
    };
    let changes: Vec<Value> =
        repair.edits.chunk_by(|one, other| one.span.file == other.span.file).map(change).collect();
    json!({ "description": { "text": finding.fix }, "artifactChanges": changes })
}

fn replacement(edit: &Edit, sources: &Sources) -> Value {
    let mut place = location(edit.span, sources);
    json!({ "deletedRegion": place["physicalLocation"]["region"].take(), "insertedContent": { "text": edit.text } })
}

fn location(span: Span, sources: &Sources) -> Value {
    let Place { file, start, end } = Place::of(span, sources);
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&file) },
        "region": {
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        },
    } })
}

/// A path as a relative or absolute URI reference (RFC 3986 §4.2): all octets but those that need no escape.
fn uri(path: &str) -> String {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~/".contains(&octet);
    let escaped =
        path.bytes().map(|octet| if is_plain(octet) { char::from(octet).to_string() } else { format!("%{octet:02X}") });
    escaped.collect()
}
