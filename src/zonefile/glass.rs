//! Records that stand in for others for a while: what an operator sets on a server when the zones' own place is out of reach.
//!
//! In: a zone text whose first comments say until when and why. Out: its records, and the rrsets that they take the place of.
//! A record's rrset is replaced whole; `; remove: NAME TYPE` takes one away. Names are absolute, dot or no dot.
//!
//! ```zone
//! ; expires: 2026-11-27T18:00:00Z
//! ; reason: the forge is down, and pes has moved
//! pes.example.org  60 IN A 192.0.2.138
//! ; remove: old.example.org AAAA
//! ```

use std::collections::HashSet;
use std::sync::Arc;

use super::{IncludeRefusal, Limits, Parsed, Parts, rdata};
use crate::diagnostic::{Diagnostic, codes};
use crate::dns::{Name, NameRef, Rtype};
use crate::source::{FileId, Source, Sources, Span};

/// The most octets of such a text: nobody writes more by hand at night.
pub const MAX_OCTETS: usize = 1 << 20;

/// Records that stand in for others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glass {
    /// What the file is called here.
    pub shown: String,
    text: Arc<[u8]>,
    /// Until when, as it is written.
    pub expires: String,
    /// Why.
    pub reason: String,
    /// The rrsets that are replaced or taken away.
    pub rrsets: Vec<(Name, Rtype)>,
}

impl Glass {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, and its text.
    pub fn read(shown: &str, text: Arc<[u8]>) -> Result<Self, (Vec<Diagnostic>, Sources)> {
        let mut sources = Sources::default();
        let file = sources.add(Source::new(shown, Arc::clone(&text)));
        let parsed = parse(&mut sources, file);
        let (head, mut findings) = Head::read(&text, file);
        findings.extend(parsed.findings.into_iter().filter(Diagnostic::is_error));
        let records = &parsed.records;
        let soa = records.iter().find(|(_, record)| record.rtype == Rtype::SOA);
        findings.extend(soa.map(|(records, soa)| {
            let place = records.places(soa, &sources).rtype;
            Diagnostic::new(&codes::OVERRIDE, place, "an override cannot replace a SOA record")
                .why("its serial is raised by itself, so that secondaries take what is served meanwhile")
                .fix("delete the line")
        }));
        if !findings.is_empty() {
            crate::diagnostic::sort(&mut findings);
            return Err((findings, sources));
        }
        let mut rrsets = head.removed;
        rrsets.extend(records.iter().map(|(records, record)| (records.owner(record).to_name(), record.rtype)));
        let mut seen = HashSet::new();
        rrsets.retain(|(name, rtype)| seen.insert((name.as_ref().to_lower(), *rtype)));
        Ok(Self { shown: shown.to_owned(), text, expires: head.expires, reason: head.reason, rrsets })
    }

    /// Its octets.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Those of these zones, in lower case, in which it sets something: the nearest at or above each name, and for what a zone
    /// and the one above it both have, that one too.
    pub fn touched(&self, apexes: &HashSet<Name>) -> HashSet<Name> {
        let zones_of = |(name, rtype): &(Name, Rtype)| {
            let is_of_cut = matches!(*rtype, Rtype::NS | Rtype::DS);
            let nearest = |name: NameRef<'_>| ancestors(name).map(NameRef::to_lower).find(|name| apexes.contains(name));
            let above = name.as_ref().parent().filter(|_| is_of_cut).and_then(nearest);
            [nearest(name.as_ref()), above]
        };
        self.rrsets.iter().flat_map(zones_of).flatten().collect()
    }

    /// Puts its records in the place of those of a zone's text.
    pub(crate) fn apply(&self, apex: NameRef<'_>, parsed: &mut Parsed, sources: &mut Sources) {
        let cuts = cuts(apex, &parsed.records);
        // What a zone below answers is that zone's to replace; a cut itself is ours.
        let is_ours = |name: NameRef<'_>, rtype: Rtype| {
            let is_of_cut = matches!(rtype, Rtype::NS | Rtype::DS);
            let mut others = ancestors(name).skip(usize::from(is_of_cut)).take_while(|name| name.is_below(apex));
            name.is_at_or_below(apex) && !others.any(|name| cuts.contains(&name.to_lower()))
        };
        let ours = self.rrsets.iter().filter(|(name, rtype)| is_ours(name.as_ref(), *rtype));
        let replaced: HashSet<(Name, Rtype)> = ours.map(|(name, rtype)| (name.as_ref().to_lower(), *rtype)).collect();
        if replaced.is_empty() {
            return;
        }
        let is_replaced = |owner: NameRef<'_>, rtype: Rtype| replaced.contains(&(owner.to_lower(), rtype));
        parsed.records.retain(|owner, rtype| !is_replaced(owner, rtype));
        let file = sources.add(Source::new(self.shown.clone(), Arc::clone(&self.text)));
        let mut own = parse(sources, file);
        own.records.retain(is_replaced);
        parsed.records.append(own.records);
    }
}

/// A name and all names above it.
fn ancestors(name: NameRef<'_>) -> impl Iterator<Item = NameRef<'_>> {
    std::iter::successors(Some(name), |name| name.parent())
}

fn parse(sources: &mut Sources, file: FileId) -> Parsed {
    let limits = Limits { file_octets: MAX_OCTETS as u32, ..Limits::default() };
    super::parse(sources, file, &NameRef::ROOT.to_name(), &limits, &mut |_, _| Err(no_includes()))
}

fn no_includes() -> IncludeRefusal {
    IncludeRefusal {
        unreadable: false,
        headline: "an override includes nothing".into(),
        why: "it is one file that one person can read whole".into(),
        fix: "write the records here".into(),
    }
}

/// The names below the apex that have NS records, in lower case.
fn cuts(apex: NameRef<'_>, records: &Parts) -> HashSet<Name> {
    let servers = records.iter().filter(|(_, record)| record.rtype == Rtype::NS);
    let owners = servers.map(|(records, record)| records.owner(record)).filter(|owner| owner.is_below(apex));
    owners.map(NameRef::to_lower).collect()
}

/// What the comments say.
#[derive(Default)]
struct Head {
    expires: String,
    reason: String,
    removed: Vec<(Name, Rtype)>,
}

impl Head {
    fn read(text: &[u8], file: FileId) -> (Self, Vec<Diagnostic>) {
        let (mut head, mut findings, mut start) = (Self::default(), Vec::new(), 0);
        for line in text.split_inclusive(|octet| *octet == b'\n') {
            let place = Span { file, start, end: start + line.trim_ascii_end().len() as u32 };
            start += line.len() as u32;
            let Some(comment) = line.trim_ascii().strip_prefix(b";").map(String::from_utf8_lossy) else { continue };
            let Some((key, value)) = comment.split_once(':') else { continue };
            let value = value.trim();
            match key.trim() {
                "expires" => head.expires = value.to_owned(),
                "reason" => head.reason = value.to_owned(),
                "remove" => match removed(value) {
                    Some(rrset) => head.removed.push(rrset),
                    None => findings.push(
                        Diagnostic::new(
                            &codes::OVERRIDE,
                            place,
                            format!("expected a name and a type, found `{value}`"),
                        )
                        .fix("write it as in `; remove: old.example.org AAAA`"),
                    ),
                },
                _ => {}
            }
        }
        for (key, value, example) in
            [("expires", &head.expires, "2026-11-27T18:00:00Z"), ("reason", &head.reason, "the forge is down")]
        {
            if value.is_empty() {
                let top = Span::start_of(file);
                findings.push(
                    Diagnostic::new(&codes::OVERRIDE, top, format!("the override does not say `{key}`"))
                        .why("what nobody remembers the end or the reason of stays for years")
                        .fix(format!("add a line `; {key}: {example}`")),
                );
            }
        }
        (head, findings)
    }
}

fn removed(text: &str) -> Option<(Name, Rtype)> {
    let (name, rtype) = text.split_once(char::is_whitespace)?;
    Some((Name::absolute(name).ok()?, rdata::from_mnemonic(rtype.trim().as_bytes())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zonefile::{Record, Records};

    #[test]
    fn rrsets_are_replaced_added_and_taken_away() {
        let text = "; expires: 2026-11-27\n; reason: why\nwww.example. 60 A 192.0.2.9\nwww.example 60 A 192.0.2.10\nnew.example 60 TXT x\n; remove: old.example AAAA\nx.sub.example 60 A 192.0.2.1\nelse.where 60 A 192.0.2.1\n";
        let glass = Glass::read("override", text.as_bytes().into()).expect("it is good");
        assert_eq!((glass.expires.as_str(), glass.reason.as_str(), glass.rrsets.len()), ("2026-11-27", "why", 5));
        let zone = "$TTL 1\n@ NS ns\nwww A 192.0.2.1\nwww AAAA 2001:db8::1\nold AAAA 2001:db8::1\nold A 192.0.2.1\nsub NS ns\n";
        let mut sources = Sources::default();
        let file = sources.add(Source::new("zone", zone.as_bytes()));
        let apex = Name::absolute("example").expect("a name");
        let mut parsed =
            super::super::parse(&mut sources, file, &apex, &Limits::default(), &mut |_, _| Err(no_includes()));
        glass.apply(apex.as_ref(), &mut parsed, &mut sources);
        let records = &parsed.records;
        let line = |(records, record): (&Records, &Record)| {
            format!("{} {}", records.owner(record), rdata::Mnemonic(record.rtype))
        };
        let lines: Vec<String> = records.iter().map(line).collect();
        let wanted = [
            "example. NS",
            "www.example. AAAA",
            "old.example. A",
            "sub.example. NS",
            "www.example. A",
            "www.example. A",
            "new.example. TXT",
        ];
        assert_eq!(lines, wanted);
        // Each knows its place still.
        let (records, last) = records.iter().last().expect("a record");
        assert_eq!(sources.get(records.places(last, &sources).rtype.file).name(), "override");
    }

    #[test]
    fn a_zone_is_touched_by_what_it_answers() {
        let read = |record: &str| {
            let text = format!("; expires: 2026-11-27\n; reason: why\n{record}\n");
            let zones = ["example", "sub.example", "other"].map(|name| Name::absolute(name).expect("a name"));
            let glass = Glass::read("override", text.into_bytes().into()).expect("it is good");
            let mut touched: Vec<String> = glass.touched(&zones.into()).iter().map(ToString::to_string).collect();
            touched.sort();
            touched.join(" ")
        };
        assert_eq!(read("x.SUB.Example 60 A 192.0.2.1"), "sub.example.");
        assert_eq!(read("sub.example 60 A 192.0.2.1"), "sub.example.");
        assert_eq!(read("sub.example 60 NS ns.example."), "example. sub.example.");
        assert_eq!(read("; remove: sub.example DS"), "example. sub.example.");
        assert_eq!(read("nowhere 60 A 192.0.2.1"), "");
    }

    #[test]
    fn what_is_wrong_is_told_at_its_line() {
        let text = "www.example 60 A 192.0.2.333\n; remove: old\nexample 60 SOA a b 1 2 3 4 5\n";
        let (findings, sources) = Glass::read("override", text.as_bytes().into()).expect_err("it is not good");
        let lines: Vec<(u32, &str)> = findings
            .iter()
            .map(|finding| {
                (sources.get(finding.primary.span.file).position(finding.primary.span.start).line, finding.code.name)
            })
            .collect();
        assert_eq!(
            lines,
            [(1, "bad-override"), (1, "bad-override"), (1, "bad-field"), (2, "bad-override"), (3, "bad-override")]
        );
    }
}
