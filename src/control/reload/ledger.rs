//! What is kept of a large zone's text, so that an edit of a few addresses costs no second reading of all the rest.
//!
//! In: a zone and its text, when it is compiled; later, another text. Out: the zone of the other text, compiled, if that is
//! told by the lines that changed and what is served; otherwise nothing, and the text is read as a whole.
//!
//! # Design
//!
//! Lines that changed are read with the origin and the TTL that the text seems to set above them. Whether that is so is seen
//! by what comes out: the records have to be those that were there before, name by name and TTL by TTL, and only addresses
//! and the serial number may be others. What such lines hand on to those below (directives, the last TTL) must be as it was.
//! A line that waives a rule is judged with the rest.

use std::sync::Arc;

use crate::authority::{Authority, HashKey, Outline, SEALS};
use crate::dns::Name;
use crate::source::{Sources, may_speak_to_us};
use crate::zone::{Node, Zone};
use crate::zonefile::{Changed, Chunks, Limits, PartOf, Records, read_part};

/// Octets of a text from which on this is worth its while: less is read as a whole in no time.
const WORTH_A_LEDGER: usize = if cfg!(test) { 1 } else { 1 << 20 };

/// Octets of changed lines, and of directives, beyond which nothing is gained.
const MOST_LINES: usize = 1 << 20;
const MOST_DIRECTIVES: usize = 1 << 16;

/// What is kept of a text.
#[derive(Debug)]
pub(super) struct Ledger {
    chunks: Chunks,
    /// What each chunk holds.
    parts: Vec<Part>,
}

/// What some lines hold.
#[derive(Clone, Default, Debug)]
struct Part {
    outline: Outline,
    /// Where the last record's entry starts, and its TTL in seconds.
    last: Option<(u32, u32)>,
    directives: Vec<u8>,
}

/// Compiles a zone, and makes the ledger of its text where that is worth it.
pub(super) fn compile(zone: &Zone, sources: &Sources, key: HashKey) -> (Authority, Option<Ledger>) {
    let Some(text) = text_of_worth(zone, sources) else { return (Authority::compile(zone, key), None) };
    std::thread::scope(|scope| {
        let draft = scope.spawn(move || Draft::begin(text, key));
        let note = |names: &mut dyn Iterator<Item = (Node<'_>, u64)>| {
            let mut draft = draft.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            names.for_each(|(node, hash)| draft.note(node, hash));
            draft.finish()
        };
        Authority::compile_beside(zone, key, note)
    })
}

/// The one text of a zone; none if that is not worth a ledger, or says more than its records.
fn text_of_worth<'s>(zone: &Zone, sources: &'s Sources) -> Option<&'s [u8]> {
    let mut texts = sources.iter().map(|(_, source)| source);
    let source = texts.next().filter(|source| source.text().len() >= WORTH_A_LEDGER)?;
    let says_more = texts.next().is_some() || SEALS.iter().any(|&rtype| zone.has_type(rtype));
    (!says_more && !source.may_speak_to_us()).then(|| &source.text()[..])
}

/// A ledger while its zone is compiled.
struct Draft {
    ledger: Ledger,
    part_of: PartOf,
    /// How many records were taken in, and how many the text has at least.
    records: u32,
    written: u32,
}

impl Draft {
    /// Begins a ledger; none of a text of many directives.
    fn begin(text: &[u8], key: HashKey) -> Option<Self> {
        let chunks = Chunks::of(text, key.0);
        let starts: Vec<u32> = chunks.starts().collect();
        let ends = starts.iter().skip(1).copied().chain([text.len() as u32]);
        let lines = starts.iter().zip(ends).map(|(&start, end)| &text[start as usize..end as usize]);
        let parts: Vec<Part> = lines.map(|lines| Part { directives: directives(lines), ..Part::default() }).collect();
        let octets: usize = parts.iter().map(|part| part.directives.len()).sum();
        let part_of = PartOf::of(&chunks);
        let ledger = Ledger { chunks, parts };
        (octets <= MOST_DIRECTIVES).then_some(Self { ledger, part_of, records: 0, written: 0 })
    }

    /// Takes in a name's records; the name has this hash.
    fn note(&mut self, node: Node<'_>, hash: u64) {
        for record in node.rrsets().flat_map(|rrset| rrset.records()) {
            let (_, entry) = record.entry();
            let part = &mut self.ledger.parts[self.part_of.octet(entry)];
            part.outline.add(hash, record.rtype);
            part.last = part.last.max(Some((entry, record.ttl)));
            self.records += 1;
            self.written = self.written.max(record.position() + 1);
        }
    }

    /// The ledger; none where a record is written twice, as the zone has it once, and which one that is would matter.
    fn finish(self) -> Option<Ledger> {
        (self.records == self.written).then_some(self.ledger)
    }
}

impl Ledger {
    /// The zone of another text, compiled, where what is served of it is `served` with this ledger; and the text's own ledger.
    pub(super) fn amend(
        &self,
        text: &Arc<[u8]>,
        apex: &Name,
        served: &Authority,
        limits: &Limits,
    ) -> Option<(Authority, Self)> {
        let changed = self.chunks.changed(text)?;
        let octets: u32 = changed.iter().map(|changed| changed.lines.end - changed.lines.start).sum();
        if changed.is_empty() || octets as usize > MOST_LINES {
            return None;
        }
        let gone: Vec<Part> = changed.iter().map(|changed| self.gone(changed)).collect();
        let read = |(changed, gone): (&Changed, &Part)| gone.reread(text, changed, apex, limits);
        let records: Vec<Records> = changed.iter().zip(&gone).map(read).collect::<Option<_>>()?;
        let outline = gone.iter().fold(Outline::default(), |outline, gone| outline.and(gone.outline));
        let amended = served.amended(&records, outline)?;
        let chunks = self.chunks.amended(text, &changed);
        Some((amended, Self { chunks, parts: Changed::splice(&changed, &self.parts, gone) }))
    }

    /// What the parts held together that are not there any more.
    fn gone(&self, changed: &Changed) -> Part {
        self.parts[changed.chunks.clone()].iter().fold(Part::default(), |all, part| Part {
            outline: all.outline.and(part.outline),
            last: part.last.or(all.last),
            directives: [&all.directives[..], &part.directives].concat(),
        })
    }
}

impl Part {
    /// The records of lines in the place of this part, if they hand on what it did.
    fn reread(&self, text: &Arc<[u8]>, changed: &Changed, apex: &Name, limits: &Limits) -> Option<Records> {
        let lines = &text[changed.lines.start as usize..changed.lines.end as usize];
        if may_speak_to_us(lines) || directives(lines) != self.directives {
            return None;
        }
        let records = read_part(text, changed.lines.clone(), apex, limits)?;
        let last_ttl = records.rows().last().map(|record| record.ttl);
        (last_ttl == self.last.map(|(_, ttl)| ttl)).then_some(records)
    }
}

/// The lines that start with a dollar sign.
fn directives(lines: &[u8]) -> Vec<u8> {
    let starts = memchr::memchr_iter(b'$', lines).filter(|&at| at == 0 || lines[at - 1] == b'\n');
    let line = |at: usize| &lines[at..memchr::memchr(b'\n', &lines[at..]).map_or(lines.len(), |end| at + end + 1)];
    starts.flat_map(line).copied().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::source::Source;
    use crate::zone;
    use crate::zonefile;

    const KEY: HashKey = HashKey([5; 16]);

    fn apex() -> Name {
        Name::absolute("example").expect("a name")
    }

    /// What a text makes: a zone, compiled, and its ledger.
    fn compiled(text: &str) -> Option<(Authority, Option<Ledger>)> {
        let mut sources = Sources::default();
        let root = sources.add(Source::new("zone", text.as_bytes()));
        let parsed =
            zonefile::parse(&mut sources, root, &apex(), &Limits::default(), &mut |_, _| Err(Default::default()));
        let zone::Built { zone, findings } = zone::build(&apex(), root, parsed, &sources);
        let zone = zone.filter(|_| !findings.iter().any(Diagnostic::is_error))?;
        Some(compile(&zone, &sources, KEY))
    }

    /// The lines of a zone of some chunks, one of them a `$TTL` or none.
    fn lines(has_ttl: bool) -> Vec<String> {
        let mut lines = vec![
            if has_ttl { "$TTL 300\n".to_owned() } else { "; no TTL\n".to_owned() },
            "@ 300 SOA ns host 1 7200 1800 1209600 300\n".to_owned(),
            "@ 300 NS ns\nns 300 A 192.0.2.1\n".to_owned(),
        ];
        for name in 0..2500 {
            lines.push(match name % 9 {
                0 => format!("h{name} 300 A 192.0.2.1\nh{name} 300 A 192.0.2.2\n"),
                1 => format!("h{name} 300 AAAA 2001:db8::{name:x}\n"),
                2 => format!("h{name} 300 MX 10 h1\n"),
                3 => format!("h{name} 300 TXT ( \"a\"\n  \"www 300 A 192.0.2.9\" )\n"),
                4 => format!("$ORIGIN s{name}.example.\nx 300 A 192.0.2.3\n$ORIGIN example.\n"),
                5 => format!("h{name} 300 A 192.0.2.4\n  300 A 192.0.2.5\n"),
                6 => format!("d{name} 300 NS ns.d{name}\nns.d{name} 300 A 192.0.2.7\n"),
                _ => format!("h{name} {} IN A 192.0.2.6\n", if has_ttl { "" } else { "300" }),
            });
        }
        lines
    }

    /// What an edit puts in the place of a line.
    fn edited(line: &str, edit: u8) -> String {
        match edit {
            0..=3 => line.replace("192.0.2.", "198.51.100."),
            4 => line.replace("2001:db8", "2001:db9"),
            5 => line.replace("host 1 ", "host 2 "),
            6 => String::new(),
            7 => line.repeat(2),
            8 => line.replace(" 300 ", " 600 "),
            9 => line.replace('h', "H"),
            10 => format!("{} ; zonewright: allow(private-address) it is\n", line.trim_end()),
            11 => format!("new A 192.0.2.1\n{line}"),
            12 => format!("$TTL 60\n{line}"),
            13 => line.replace(")", ""),
            14 => line.replace("$ORIGIN example.", "$ORIGIN other.example."),
            15 => format!("; a comment\n\n{line}"),
            16 => line.replace("MX 10", "MX 20"),
            17 => format!("h8 A 192.0.2.6\n{line}"),
            18 => line.replace("192.0.2.2", "192.0.2.1"),
            _ => line.replace("300 A", "300\tIN A"),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is edited, what the ledger makes of it is what the whole text makes.
        #[test]
        fn what_is_amended_is_as_if_compiled(
            has_ttl in any::<bool>(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..20), 1..4),
            swap in prop::option::weighted(0.1, any::<prop::sample::Index>()),
        ) {
            let mut lines = lines(has_ttl);
            let (before, ledger) = compiled(&lines.concat()).expect("a zone");
            let ledger = ledger.expect("it is worth one");
            if let Some(at) = swap {
                let at = at.index(lines.len() - 3) + 2;
                lines.swap(at, at + 1);
            }
            for (place, edit) in edits {
                let at = if edit == 5 { 1 } else { place.index(lines.len()) };
                lines[at] = edited(&lines[at], edit);
            }
            let text: Arc<[u8]> = lines.concat().into_bytes().into();
            if let Some((amended, next)) = ledger.amend(&text, &apex(), &before, &Limits::default()) {
                let (whole, _) = compiled(&lines.concat()).expect("what is amended is a zone without errors");
                prop_assert!(amended == whole, "the same octets at the same places");
                prop_assert!(next.amend(&text, &apex(), &amended, &Limits::default()).is_none(), "nothing is left to amend");
                let all = |ledger: &Ledger| ledger.parts.iter().fold(Outline::default(), |all, part| all.and(part.outline));
                prop_assert_eq!(all(&next), all(&ledger));
            }
        }
    }

    #[test]
    fn addresses_are_amended_one_edit_after_the_other() {
        for has_ttl in [true, false] {
            let mut lines = lines(has_ttl);
            let (mut served, ledger) = compiled(&lines.concat()).expect("a zone");
            let mut ledger = ledger.expect("it is worth one");
            for (serial, at) in [(2, 3), (3, 1003), (4, 1007), (5, 2496), (6, 1010)] {
                lines[1] = format!("@ 300 SOA ns host {serial} 7200 1800 1209600 300\n");
                lines[at] = lines[at].replace("192.0.2", "198.51.100").replace("db8", "db9");
                let text: Arc<[u8]> = lines.concat().into_bytes().into();
                let amended = ledger.amend(&text, &apex(), &served, &Limits::default());
                (served, ledger) =
                    amended.unwrap_or_else(|| panic!("line {at} is no more than an address: {}", lines[at]));
                assert_eq!(served.serial(), serial);
                assert!(served == compiled(&lines.concat()).expect("a zone").0);
            }
        }
    }
}
