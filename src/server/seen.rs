//! The questions that were asked last, each once: what a change is tried on before it is published.
//!
//! In: responses, from every thread that answers. Out: names and types; no addresses, and nothing of who asked.
//!
//! # Design
//!
//! A table of slots, one of which a question's hash names: a question that is there already costs one load and one
//! comparison, and another takes its place. So what is kept is about the newest of each slot, and which they are is nobody's
//! to decide. Writers take a slot by its version, odd while it is written, and leave it alone where another is at it; readers
//! take what had one version before and after. Nothing waits, and nothing is allocated. Names that do not exist have a small
//! table of their own: a flood of random ones pushes out no name that is there.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::query::HEADER;
use crate::dns::{Name, NameRef, Rtype, lower};

/// Room for the longest name and a type, in words of eight octets.
const WORDS: usize = 33;

/// Of so many questions that are kept one may be for a name that does not exist.
const ABSENT: usize = 8;

/// The questions that were asked last.
pub struct Seen {
    found: Box<[Slot]>,
    absent: Box<[Slot]>,
}

struct Slot {
    /// Odd while it is written; 0: nothing was.
    version: AtomicU64,
    /// The question's hash.
    tag: AtomicU64,
    /// The octets of the name in lower case, then the type in a word of its own: an octet of it may be a letter's.
    words: [AtomicU64; WORDS],
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seen({})", self.found.len())
    }
}

impl Seen {
    /// Room for about so many distinct questions.
    pub fn new(questions: usize) -> Self {
        let slots =
            |count: usize| -> Box<[Slot]> { (0..count.max(1).next_power_of_two()).map(|_| Slot::new()).collect() };
        Self { found: slots(questions), absent: slots(questions / ABSENT) }
    }

    /// Takes note of the question of a response; those that are refused or malformed are nobody's here.
    #[inline]
    pub fn note(&self, response: &[u8]) {
        let Some((name, rtype)) = question(response) else { return };
        let table = match response[3] & 0xF {
            0 | 2 => &self.found,
            3 => &self.absent,
            _ => return,
        };
        let words = || words(response, name).chain(std::iter::once(u64::from(rtype)));
        let mix = |tag: u64, word: u64| (tag.rotate_left(5) ^ word).wrapping_mul(0x517C_C1B7_2722_0A95);
        let tag = words().fold(0x9E37_79B9_7F4A_7C15, mix);
        table[(tag >> 32) as usize & (table.len() - 1)].keep(tag, words());
    }

    /// What is kept, in no order; what is being written just then is left out.
    pub fn questions(&self) -> Vec<(Name, Rtype)> {
        self.found.iter().chain(&self.absent).filter_map(Slot::read).collect()
    }
}

impl Slot {
    fn new() -> Self {
        Self { version: AtomicU64::new(0), tag: AtomicU64::new(0), words: [const { AtomicU64::new(0) }; WORDS] }
    }

    #[inline]
    fn keep(&self, tag: u64, words: impl Iterator<Item = u64>) {
        if self.tag.load(Ordering::Relaxed) == tag {
            return;
        }
        let version = self.version.load(Ordering::Relaxed);
        let taken = version.is_multiple_of(2)
            && self.version.compare_exchange(version, version + 1, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if !taken {
            return;
        }
        // What is written from here on is not seen before the odd version is.
        fence(Ordering::Release);
        self.words.iter().zip(words).for_each(|(place, word)| place.store(word, Ordering::Relaxed));
        self.tag.store(tag, Ordering::Relaxed);
        self.version.store(version + 2, Ordering::Release);
    }

    fn read(&self) -> Option<(Name, Rtype)> {
        let before = self.version.load(Ordering::Acquire);
        let mut octets = [0; WORDS * 8];
        for (room, word) in octets.chunks_exact_mut(8).zip(&self.words) {
            room.copy_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
        }
        fence(Ordering::Acquire);
        if before == 0 || !before.is_multiple_of(2) || self.version.load(Ordering::Relaxed) != before {
            return None;
        }
        let name = NameRef::parse(&octets)?;
        let rtype = octets.get(8 * name.octets().len().div_ceil(8)..)?.first_chunk::<2>()?;
        Some((name.to_name(), Rtype(u16::from_le_bytes(*rtype))))
    }
}

/// How many octets the name of a response's question has, and its type; of class IN.
#[inline]
fn question(response: &[u8]) -> Option<(usize, u16)> {
    let name = NameRef::parse(response.get(HEADER..)?).filter(|_| response[4..6] == [0, 1])?;
    let length = name.octets().len();
    match response.get(HEADER + length..)?.first_chunk()? {
        [high, low, 0, 1] => Some((length, u16::from_be_bytes([*high, *low]))),
        _ => None,
    }
}

/// The name behind a response's header in lower case, in words, the last one filled up with zeros.
#[inline]
fn words(response: &[u8], length: usize) -> impl Iterator<Item = u64> {
    (0..length).step_by(8).map(move |at| {
        let octets = &response[HEADER + at..];
        let word = octets.first_chunk().map_or_else(|| tail(octets), |octets| u64::from_le_bytes(*octets));
        lower(word & u64::MAX >> (8 * 8usize.saturating_sub(length - at)))
    })
}

/// Fewer than eight octets as a word.
fn tail(octets: &[u8]) -> u64 {
    octets.iter().rev().fold(0, |word, octet| word << 8 | u64::from(*octet))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::server::ask;

    fn response(name: &str, rtype: u16, rcode: u8) -> Vec<u8> {
        let name = Name::absolute(name).expect("a name");
        let mut octets = ask(name.as_ref(), Rtype(rtype), false);
        octets[3] = rcode;
        octets
    }

    #[test]
    fn what_was_asked_is_kept_once_and_whole() {
        let seen = Seen::new(64);
        let long = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(61));
        for name in ["www.Example.org", "WWW.example.ORG", &long, "."] {
            seen.note(&response(name, 0x1C41, 0));
        }
        seen.note(&response("no.example", 1, 3));
        seen.note(&response("refused.example", 1, 5));
        seen.note(&[0; 12]);
        let mut found: Vec<(String, u16)> =
            seen.questions().into_iter().map(|(name, rtype)| (name.to_string(), rtype.0)).collect();
        found.sort();
        let wanted = [".", &format!("{long}."), "no.example.", "www.example.org."];
        assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), wanted);
        assert_eq!(found.iter().map(|(_, rtype)| *rtype).collect::<Vec<_>>(), [0x1C41, 0x1C41, 1, 0x1C41]);
    }

    #[test]
    fn a_flood_of_names_that_do_not_exist_leaves_the_others() {
        let seen = Seen::new(256);
        seen.note(&response("www.example.org", 1, 0));
        (0..10_000).for_each(|number| seen.note(&response(&format!("x{number}.example.org"), 1, 3)));
        let names: HashSet<String> = seen.questions().iter().map(|(name, _)| name.to_string()).collect();
        assert!(names.contains("www.example.org.") && names.len() <= 33, "{}", names.len());
    }

    #[test]
    fn nobody_reads_half_of_one_question_and_half_of_another() {
        let seen = Seen::new(2);
        let names: Vec<String> = (0..40_u8)
            .map(|number| format!("{}.test", char::from(b'a' + number % 26).to_string().repeat(60)))
            .collect();
        let known: HashSet<String> = names.iter().map(|name| format!("{name}.")).collect();
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let (seen, names) = (&seen, &names);
                scope.spawn(move || {
                    for round in 0..20_000 {
                        seen.note(&response(&names[(round * 7 + thread) % names.len()], 1, 0));
                    }
                });
            }
            for _ in 0..5_000 {
                for (name, rtype) in seen.questions() {
                    assert!(known.contains(&name.to_string()) && rtype == Rtype::A, "{name}");
                }
            }
        });
        assert!(!seen.questions().is_empty());
    }
}
