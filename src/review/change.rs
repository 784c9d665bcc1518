//! What a change brings in: the findings of a tree that its base did not have.
//!
//! In: the findings of both trees, each with its texts. Out: those of the newer one that are new, and a count of the others.
//! Knows neither commits nor files: whoever judged the two trees did so by the same rules.
//!
//! # Design
//!
//! A finding is the same as one of before by its code, its zone, its headline and the text that it blames. Lines are not
//! asked: a record added above must not make an old mistake a new one, so the numbers of lines that a headline names are
//! passed over too. Findings are counted like coins: a second copy of an old mistake is new.

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;
use crate::source::Sources;

/// The most new findings of one code that are shown of one zone, as many as `check` shows of a rule without a base.
const MOST: usize = crate::lint::MOST_OF_A_RULE;

/// The findings of a base, each as often as it was there.
#[derive(Debug, Default)]
pub struct Known(HashMap<Key, usize>);

/// What makes two findings the same.
#[derive(PartialEq, Eq, Hash, Debug)]
struct Key {
    code: &'static str,
    zone: Option<String>,
    headline: String,
    guilty: Vec<u8>,
}

impl Key {
    fn of(finding: &Diagnostic, sources: &Sources) -> Self {
        Self {
            code: finding.code.name,
            zone: finding.zone.as_ref().map(|zone| zone.to_string().to_ascii_lowercase()),
            headline: without_lines(&finding.headline),
            guilty: sources.text(finding.primary.span).to_vec(),
        }
    }
}

impl Known {
    /// Adds findings of the base.
    pub fn add(&mut self, findings: &[Diagnostic], sources: &Sources) {
        for finding in findings {
            *self.0.entry(Key::of(finding, sources)).or_default() += 1;
        }
    }

    /// Leaves those of one zone's findings that are new; says how many were there before.
    pub fn take(&mut self, findings: &mut Vec<Diagnostic>, sources: &Sources) -> usize {
        let all = findings.len();
        findings.retain(|finding| match self.0.get_mut(&Key::of(finding, sources)) {
            Some(count @ 1..) => {
                *count -= 1;
                false
            }
            _ => true,
        });
        all - findings.len()
    }
}

/// Ends the findings of each code where nobody reads on; the last that is left says how many more there were.
pub fn shorten(findings: &mut Vec<Diagnostic>) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    findings.iter().for_each(|finding| *counts.entry(finding.code.name).or_default() += 1);
    let mut seen: HashMap<&str, usize> = HashMap::new();
    findings.retain_mut(|finding| {
        let (name, seen) = (finding.code.name, seen.entry(finding.code.name).or_default());
        *seen += 1;
        if let (MOST, more @ 1..) = (*seen, counts[name] - *seen) {
            finding.headline += &format!("; {more} more of the kind are not shown");
        }
        *seen <= MOST
    });
}

/// A headline without the numbers that it names lines by: `lines 228, 229 and 230` are others once a line is added above.
fn without_lines(headline: &str) -> String {
    let mut kept = String::with_capacity(headline.len());
    let mut is_list = false;
    for word in headline.split_inclusive(' ') {
        let bare = word.trim_end_matches([' ', ',', ')', ';', ':']);
        let is_number = !bare.is_empty() && bare.bytes().all(|octet| octet.is_ascii_digit());
        if is_list && (is_number || bare == "and") {
            continue;
        }
        is_list = matches!(bare.trim_start_matches('('), "line" | "lines");
        kept.push_str(word);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;
    use crate::source::{FileId, Source, Span};

    fn judged(text: &str, headlines: &[(&str, u32)]) -> (Vec<Diagnostic>, Sources) {
        let mut sources = Sources::default();
        let file: FileId = sources.add(Source::new("a.zone", text.as_bytes()));
        let finding = |&(headline, start): &(&str, u32)| {
            Diagnostic::new(&codes::DUPLICATE_RECORD, Span { file, start, end: start + 1 }, headline)
        };
        (headlines.iter().map(finding).collect(), sources)
    }

    /// Headlines, and the octet that each blames.
    type Headlines<'t> = &'t [(&'t str, u32)];

    /// How many are left and how many were known.
    fn compare(old: (&str, Headlines<'_>), new: (&str, Headlines<'_>)) -> (usize, usize) {
        let (findings, sources) = judged(old.0, old.1);
        let mut known = Known::default();
        known.add(&findings, &sources);
        let (mut findings, sources) = judged(new.0, new.1);
        let count = known.take(&mut findings, &sources);
        (findings.len(), count)
    }

    #[test]
    fn a_finding_is_known_by_what_it_says_and_blames_and_not_by_its_place() {
        let table: &[(&str, Headlines<'_>, (usize, usize))] = &[
            ("ab", &[("x", 0)], (0, 1)),
            ("ba", &[("x", 1)], (0, 1)),
            ("ab", &[("y", 0)], (1, 0)),
            ("ab", &[("x", 1)], (1, 0)),
            // A second copy of an old mistake is new.
            ("aa", &[("x", 0), ("x", 1)], (1, 1)),
        ];
        for (text, findings, wanted) in table {
            assert_eq!(compare(("ab", &[("x", 0)]), (text, findings)), *wanted, "{text} {findings:?}");
        }
    }

    #[test]
    fn numbers_of_lines_make_no_difference() {
        let table = [
            ("6 records go astray: lines 228, 229 and 230", "6 records go astray: lines 9, 10 and 11", true),
            ("`a` (lines 5 and 6) is below `b`", "`a` (lines 7 and 8) is below `b`", true),
            ("`a` equals line 5", "`a` equals line 50", true),
            ("6 records go astray: lines 1 and 2", "7 records go astray: lines 1 and 2", false),
            ("`a` has 5 addresses", "`a` has 6 addresses", false),
        ];
        for (old, new, is_same) in table {
            assert_eq!(without_lines(old) == without_lines(new), is_same, "{old} | {new}");
        }
    }

    #[test]
    fn many_of_a_kind_are_counted() {
        let many: Vec<(&str, u32)> = (0..MOST as u32 + 5).map(|start| ("x", start)).collect();
        let text = "a".repeat(many.len());
        let (mut findings, sources) = judged(&text, &many);
        let known = Known::default().take(&mut findings, &sources);
        shorten(&mut findings);
        assert_eq!((findings.len(), known), (MOST, 0));
        assert_eq!(findings[MOST - 1].headline, "x; 5 more of the kind are not shown");
    }
}
