//! The mirror list: one YAML file a mirror, with its host's name and the URLs it serves at.
//!
//! In: the text of a file. Out: the hosts it names, each with its place. Knows nothing of who serves them.
//!
//! # Design
//!
//! Of YAML only what these files use is read: keys at the start of a line, values on the same line, URLs anywhere below
//! `address…`. Nothing is expanded, so an alias bomb is a line like others, and what is written in a form of its own (a flow
//! mapping, a list) still gives its URLs. The road not taken, a YAML library, would be a parser of hostile input for two keys.

use std::ops::Range;

use crate::dns::Name;
use crate::source::{FileId, Sources, Span};

/// The mirrors that files list.
#[derive(Clone, Debug, Default)]
pub struct Mirrors {
    /// The files' texts.
    pub sources: Sources,
    pub(super) list: Vec<Mirror>,
}

/// One mirror.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    /// Its `name:` line, from the key to the value.
    pub(super) place: Span,
    /// The names of its hosts, each once, and where each was first written.
    pub(super) hosts: Vec<(Name, Span)>,
    /// Whether it is served to some networks only, which need not find it by name.
    pub(super) is_private: bool,
}

impl Mirrors {
    /// Adds the mirrors of a file: one, or one a document.
    pub fn add(&mut self, file: FileId) {
        let text = self.sources.get(file).text().clone();
        let (mut at, mut key) = (0, &b""[..]);
        let mut mirror = None;
        for line in text.split(|octet| *octet == b'\n') {
            let start = at;
            at += line.len() + 1;
            if line.starts_with(b"---") {
                self.list.extend(mirror.take());
                continue;
            }
            let line = uncommented(line);
            let is_inner = line.first().is_none_or(|octet| b" \t-#".contains(octet));
            let colon = memchr::memchr(b':', line);
            if !is_inner {
                key = colon.map_or(&b""[..], |colon| &line[..colon]);
            }
            let value = colon.filter(|_| !is_inner).map_or(0, |colon| colon + 1);
            let span = |range: Range<usize>| Span {
                file,
                start: (start + range.start) as u32,
                end: (start + range.end) as u32,
            };
            let mirror =
                mirror.get_or_insert_with(|| Mirror { place: span(0..0), hosts: Vec::new(), is_private: false });
            match key {
                b"name" if !is_inner => {
                    let place = scalar(line, value);
                    mirror.place = span(0..place.end);
                    mirror.add(&line[place.clone()], span(place));
                }
                b"private" if !is_inner => mirror.is_private = is_true(&line[scalar(line, value)]),
                key if key.starts_with(b"address") => {
                    hosts(line, value).for_each(|host| mirror.add(&line[host.clone()], span(host)));
                }
                _ => {}
            }
        }
        self.list.extend(mirror);
    }
}

impl Mirror {
    fn add(&mut self, host: &[u8], place: Span) {
        /// More hosts than any mirror has: a file is small, and each is looked up.
        const MOST: usize = 64;
        let Ok(name) = Name::parse(host, Some(crate::dns::NameRef::ROOT)) else { return };
        let is_known = self.hosts.iter().any(|(known, _)| known.as_ref().is(name.as_ref()));
        if !is_known && self.hosts.len() < MOST {
            self.hosts.push((name, place));
        }
    }
}

/// A line without the comment at its end, and without blanks there.
fn uncommented(line: &[u8]) -> &[u8] {
    line[..comment_start(line)].trim_ascii_end()
}

/// Where the comment of a line starts, a `#` at its start or behind a blank; the line's end where it has none.
pub(super) fn comment_start(line: &[u8]) -> usize {
    let is_comment = |at: &usize| line[*at] == b'#' && (*at == 0 || line[*at - 1].is_ascii_whitespace());
    memchr::memchr_iter(b'#', line).find(is_comment).unwrap_or(line.len())
}

/// The value that stands behind a key, without quotes.
fn scalar(line: &[u8], start: usize) -> Range<usize> {
    let value = &line[start..];
    let start = start + value.len() - value.trim_ascii_start().len();
    match (line.get(start), line.last()) {
        (Some(b'"'), Some(b'"')) | (Some(b'\''), Some(b'\'')) if start + 1 < line.len() => start + 1..line.len() - 1,
        _ => start..line.len(),
    }
}

fn is_true(value: &[u8]) -> bool {
    [&b"true"[..], b"yes", b"on"].iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// The hosts of the URLs in a line, from octet `start` on.
fn hosts(line: &[u8], start: usize) -> impl Iterator<Item = Range<usize>> {
    memchr::memmem::find_iter(&line[start..], b"://").map(move |found| {
        let first = start + found + 3;
        let length =
            line[first..].iter().take_while(|octet| octet.is_ascii_alphanumeric() || b"-._@".contains(octet)).count();
        let after_user = memchr::memrchr(b'@', &line[first..first + length]).map_or(first, |at| first + at + 1);
        after_user..first + length
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn read(text: &str) -> Vec<(String, Vec<String>, bool)> {
        let mut mirrors = Mirrors::default();
        let file = mirrors.sources.add(Source::new("a.yml", text.as_bytes()));
        mirrors.add(file);
        let shown = |mirror: &Mirror| {
            let place = String::from_utf8_lossy(mirrors.sources.text(mirror.place)).into_owned();
            (place, mirror.hosts.iter().map(|(name, _)| name.to_string()).collect(), mirror.is_private)
        };
        mirrors.list.iter().map(shown).collect()
    }

    #[test]
    fn what_names_a_host_is_read_and_nothing_else() {
        let table: &[(&str, &str, &[&str], bool)] = &[
            (
                "---\nname: a.example\naddress:\n  http: http://a.example/x/\n  rsync: rsync://r.a.example:873/x\nsponsor_url: https://s.example\n...\n",
                "name: a.example",
                &["a.example.", "r.a.example."],
                false,
            ),
            ("name: \"a.example\" # b\nprivate: true\n", "name: \"a.example", &["a.example."], true),
            ("# c\nname:   'a.example'\r\nprivate: false", "name:   'a.example", &["a.example."], false),
            (
                "name: a\naddress: {http: http://u@b.example/, https: \"https://c.example\"}\n",
                "name: a",
                &["a.", "b.example.", "c.example."],
                false,
            ),
            (
                "name: a\naddress_optional:\n  kitten:\n    ftp: ftp://[2001:db8::1]/\n    http: http://k.example\n",
                "name: a",
                &["a.", "k.example."],
                false,
            ),
            ("a: &a [*a, *a]\nname: *a\n", "name: *a", &["*a."], false),
            ("address:\n- http://b.example\n", "", &["b.example."], false),
            ("name: a\nprivate: true\n...\n", "name: a", &["a."], true),
        ];
        for (text, place, hosts, is_private) in table {
            let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
            assert_eq!(read(text), [((*place).to_owned(), hosts, *is_private)], "{text}");
        }
    }
}
