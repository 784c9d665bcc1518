//! A [`Diff`] as the comment of a pull request.
//!
//! Names and data are by strangers: each line of theirs stands in a fenced block behind a mark or two blanks and a word, so
//! none can end the block, and what a browser would obey or hide is escaped.

use super::Diff;
use super::text::{Marked, answer_lines, answers_heading, heading, zone_lines};
use crate::diagnostic::render::escape;

/// The most octets of the comment: GitHub refuses one of more than 65,536 characters.
pub const MAX_COMMENT: usize = 65_536;

/// Kept for the end of a block and the words on what was left out.
const RESERVE: usize = 200;

/// The comment; what does not fit is counted.
pub fn render(diff: &Diff<'_>) -> String {
    if diff.is_empty() {
        return "**No change**: the same records, the same answers.\n".into();
    }
    let mut comment = Comment { text: "### What this change does\n\n".into(), is_open: false, left_out: 0 };
    for zone in &diff.zones {
        comment.head(&heading(zone));
        zone_lines(zone, |line| comment.line(&line));
        comment.close();
    }
    comment.add(&format!("\n**A{}**\n\n", &answers_heading(diff)[1..]));
    for change in diff.answers.shown() {
        answer_lines(change, |line| comment.line(&line));
    }
    comment.close();
    if comment.left_out > 0 {
        comment.text += &format!("\n… and {} more lines: `zonewright diff` shows all of them.\n", comment.left_out);
    }
    comment.text
}

struct Comment {
    text: String,
    is_open: bool,
    left_out: usize,
}

impl Comment {
    fn add(&mut self, text: &str) -> bool {
        let fits = self.left_out == 0 && self.text.len() + text.len() + RESERVE <= MAX_COMMENT;
        match fits {
            true => self.text += text,
            false => self.left_out += 1,
        }
        fits
    }

    fn head(&mut self, heading: &str) {
        // Only the characters of the zone's name could mean something to Markdown.
        let heading = escape(heading.as_bytes()).replace('`', "'");
        let (name, rest) = heading.split_once(": ").unwrap_or((&heading, ""));
        self.add(&format!("\n**`{name}`**: {rest}\n\n"));
    }

    fn line(&mut self, line: &Marked) {
        let fence = if self.is_open { "" } else { "```diff\n" };
        self.is_open |= self.add(&format!("{fence}{} {}\n", line.mark, escape(line.text.as_bytes())));
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.text += "```\n";
        }
    }
}
