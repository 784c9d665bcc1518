//! Sender policies (RFC 7208): a text to its terms, and what is wrong with them.
//!
//! In: the text of a TXT record. Out: whether it is a policy, its [`Term`]s, and [`Fault`]s at the guilty octets. One fault
//! makes the whole policy worthless: receivers stop at it with a permanent error (§4.6).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::text::{Fault, is_host_label, quote, slip_of};

const PERMERROR: &str =
    "receivers stop at the first thing they cannot read, and take the whole policy for broken (RFC 7208 §4.6)";

/// Faults of one policy that are told of: a text of 65,535 octets has room for many thousands.
const MOST_FAULTS: usize = 20;

/// The start of every policy.
pub(super) const VERSION: &[u8] = b"v=spf1";

/// One term of a policy.
#[derive(Debug)]
pub(super) struct Term {
    pub(super) kind: Kind,
    /// `+`, `-`, `~` or `?`.
    pub(super) qualifier: u8,
    pub(super) place: Range<usize>,
    /// The domain it names, if it does.
    pub(super) domain: Option<Range<usize>>,
    /// The length of the prefix that an address is cut to, if one is written.
    pub(super) prefix: Option<u8>,
}

/// What a term is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    All,
    Include,
    A,
    Mx,
    Ptr,
    Ip4,
    Ip6,
    Exists,
    Redirect,
    Explanation,
    /// A modifier that nobody knows, and everybody passes over (§6).
    Other,
}

/// What stands behind a term's name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Argument {
    Nothing,
    Domain,
    DomainOrNot,
    Hosts,
    Ip4,
    Ip6,
}

/// The mechanisms (§5).
const MECHANISMS: &[(&str, Kind, Argument)] = &[
    ("all", Kind::All, Argument::Nothing),
    ("include", Kind::Include, Argument::Domain),
    ("a", Kind::A, Argument::Hosts),
    ("mx", Kind::Mx, Argument::Hosts),
    ("ptr", Kind::Ptr, Argument::DomainOrNot),
    ("ip4", Kind::Ip4, Argument::Ip4),
    ("ip6", Kind::Ip6, Argument::Ip6),
    ("exists", Kind::Exists, Argument::Domain),
];

/// The modifiers (§6).
const MODIFIERS: &[(&str, Kind)] = &[("redirect", Kind::Redirect), ("exp", Kind::Explanation)];

impl Kind {
    /// Whether evaluating it asks the DNS, of which ten are allowed (§4.6.4).
    pub(super) fn asks(self) -> bool {
        matches!(self, Self::Include | Self::A | Self::Mx | Self::Ptr | Self::Exists | Self::Redirect)
    }
}

/// Whether receivers take a text for a policy (§4.5).
pub(super) fn is_policy(text: &[u8]) -> bool {
    let version = text.get(..VERSION.len()).is_some_and(|start| start.eq_ignore_ascii_case(VERSION));
    version && text.get(VERSION.len()).is_none_or(|&next| next == b' ')
}

/// What keeps a text that was meant as a policy from being one, if it was.
pub(super) fn not_quite_policy(text: &[u8]) -> Option<Fault> {
    let meant = text.trim_ascii_start();
    let meant = meant.strip_prefix(b"\"").unwrap_or(meant);
    let starts = |start: &[u8]| meant.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
    let has_terms = || meant.windows(3).any(|part| part.eq_ignore_ascii_case(b"all") || part == b"ip4");
    let is_meant = starts(b"v=spf") || ((starts(b"spf1") || starts(b"v=sfp1") || starts(b"v =")) && has_terms());
    if !is_meant || is_policy(text) {
        return None;
    }
    let word = text.len() - meant.len();
    let length = meant.iter().position(|octet| *octet == b' ').unwrap_or(meant.len()).min(24);
    Some(Fault {
        place: 0..word + length,
        headline: "this text reads like an SPF policy, and is none".into(),
        label: "a policy starts with `v=spf1` and a blank".into(),
        why: "receivers pass over it, and find no policy for the domain (RFC 7208 §4.5)",
        fix: "start the string with `v=spf1 `, nothing before it".into(),
    })
}

/// The terms of a policy, and what is wrong with it; `joints` are where its strings meet.
pub(super) fn parse(text: &[u8], joints: &[usize]) -> (Vec<Term>, Vec<Fault>) {
    let (mut terms, mut faults) = (Vec::new(), Vec::new());
    let mut start = VERSION.len();
    while start < text.len() && faults.len() < MOST_FAULTS {
        let mut end = word_end(text, start);
        if end > start {
            let word = Word { text, place: start..end, joints };
            let (joined, term) = (word.joined(), word.term());
            if matches!(word.octets(), [.., b':' | b'='] | [b'+' | b'-' | b'~' | b'?']) {
                // What was meant to stand right behind it is no mistake of its own.
                end = word_end(text, end + 1);
            }
            match term {
                Ok(term) => terms.push(term),
                Err(fault) if joined.is_none() => faults.push(*fault),
                Err(_) => {}
            }
            faults.extend(joined);
        }
        start = end + 1;
    }
    for kind in [Kind::Redirect, Kind::Explanation] {
        if let Some(second) = terms.iter().filter(|term| term.kind == kind).nth(1) {
            faults.push(Fault {
                place: second.place.clone(),
                headline: format!("this SPF policy has two modifiers like {}", quote(&text[second.place.clone()])),
                label: "the second".into(),
                why: "`redirect` and `exp` may stand once each; receivers take the policy for broken (RFC 7208 §6)",
                fix: "delete one of them".into(),
            });
        }
    }
    (terms, faults)
}

/// Where the word that starts at octet `start` ends.
fn word_end(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    memchr::memchr(b' ', rest).map_or(text.len(), |length| start + length)
}

/// A word of a policy.
struct Word<'t> {
    text: &'t [u8],
    place: Range<usize>,
    joints: &'t [usize],
}

type Result<T> = std::result::Result<T, Box<Fault>>;

impl Word<'_> {
    fn octets(&self) -> &[u8] {
        &self.text[self.place.clone()]
    }

    fn fault(&self, place: Range<usize>, label: impl Into<String>, fix: impl Into<String>) -> Box<Fault> {
        let headline = format!("{} is no term of an SPF policy", quote(self.octets()));
        Box::new(Fault { place, headline, label: label.into(), why: PERMERROR, fix: fix.into() })
    }

    fn term(&self) -> Result<Term> {
        let word = self.octets();
        let qualifier = Some(word[0]).filter(|octet| b"+-~?".contains(octet));
        let name_start = self.place.start + usize::from(qualifier.is_some());
        let rest = &self.text[name_start..self.place.end];
        let name_end = rest.iter().position(|octet| b":=/".contains(octet)).unwrap_or(rest.len());
        let (name, delimiter) = (&rest[..name_end], rest.get(name_end).copied());
        let argument = name_start + name_end;
        if delimiter == Some(b'=') {
            return self.modifier(qualifier, name, argument + 1);
        }
        let found = MECHANISMS.iter().find(|(known, ..)| known.as_bytes().eq_ignore_ascii_case(name));
        let Some(&(_, kind, wanted)) = found else { return Err(self.unknown(name_start, name, delimiter)) };
        let mut term =
            Term { kind, qualifier: qualifier.unwrap_or(b'+'), place: self.place.clone(), domain: None, prefix: None };
        self.argument(&mut term, wanted, argument)?;
        Ok(term)
    }

    fn modifier(&self, qualifier: Option<u8>, name: &[u8], value: usize) -> Result<Term> {
        let mut term =
            Term { kind: Kind::Other, qualifier: b'+', place: self.place.clone(), domain: None, prefix: None };
        let lower = String::from_utf8_lossy(name).to_ascii_lowercase();
        let written = |delimiter: &str| {
            let value = String::from_utf8_lossy(&self.text[value..self.place.end]);
            let sign = qualifier.map_or(String::new(), |sign| char::from(sign).to_string());
            format!("write `{sign}{lower}{delimiter}{value}`")
        };
        if MECHANISMS.iter().any(|(known, ..)| *known == lower) {
            return Err(self.fault(value - 1..value, "a mechanism has `:` here", written(":")));
        }
        if let Some(&(known, kind)) = MODIFIERS.iter().find(|(known, _)| *known == lower) {
            if qualifier.is_some() {
                let fix = format!("write `{known}=…`, with nothing before it");
                return Err(self.fault(self.place.start..self.place.start + 1, "a modifier has no qualifier", fix));
            }
            let place = value..self.place.end;
            self.domain(place.clone())?;
            (term.kind, term.domain) = (kind, Some(place));
            return Ok(term);
        }
        if lower == "v" {
            let fix = "keep one policy, its terms in one record";
            return Err(self.fault(self.place.clone(), "another policy starts here", fix));
        }
        let known = MODIFIERS.iter().map(|(name, _)| *name).chain(MECHANISMS.iter().map(|(name, ..)| *name));
        let slip = slip_of(name, known.filter(|known| known.len() > 2)).filter(|_| name.len() > 2);
        if let Some(slip) = slip {
            return Err(self.fault(self.place.start..value - 1, "misspelt", format!("write `{slip}`")));
        }
        let is_name = name.first().is_some_and(u8::is_ascii_alphabetic)
            && name.iter().all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(octet));
        if qualifier.is_some() || !is_name {
            return Err(self.unknown(self.place.start, name, Some(b'=')));
        }
        Ok(term)
    }

    /// What stands behind a mechanism's name, from octet `at` on.
    fn argument(&self, term: &mut Term, wanted: Argument, at: usize) -> Result<()> {
        let end = self.place.end;
        let value = (self.text.get(at) == Some(&b':') && at < end).then_some(at + 1..end);
        let name = || String::from_utf8_lossy(&self.text[self.place.start..at]);
        match (wanted, value) {
            (Argument::Nothing | Argument::DomainOrNot | Argument::Hosts, None) if at == end => Ok(()),
            (Argument::Nothing, _) => Err(self.fault(at..end, "nothing may follow", format!("write `{}`", name()))),
            (Argument::Ip4, Some(value)) => self.network(term, value, true),
            (Argument::Ip6, Some(value)) => self.network(term, value, false),
            (Argument::Domain | Argument::DomainOrNot, Some(value)) => {
                self.domain(value.clone())?;
                term.domain = Some(value);
                Ok(())
            }
            (Argument::Hosts, value) => {
                let start = value.as_ref().map_or(at, |value| value.start);
                let slash = self.slash(start).unwrap_or(end);
                if value.is_some() {
                    self.domain(start..slash)?;
                    term.domain = Some(start..slash);
                }
                self.prefixes(slash)
            }
            (Argument::Domain, None) => {
                Err(self.fault(at..end, "a domain belongs here", format!("write `{}:DOMAIN`", name())))
            }
            (_, None) => Err(self.fault(at..end, "an address belongs here", format!("write `{}:ADDRESS`", name()))),
        }
    }

    /// The first slash from octet `start` on that is not within a macro.
    fn slash(&self, start: usize) -> Option<usize> {
        let mut depth = 0;
        (start..self.place.end).find(|&at| {
            match self.text[at] {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            self.text[at] == b'/' && depth <= 0
        })
    }

    /// `/24`, `//64`, both, or nothing (§5.3).
    fn prefixes(&self, start: usize) -> Result<()> {
        let text = &self.text[start..self.place.end];
        let (v4, v6) = match text.windows(2).position(|pair| pair == b"//") {
            Some(at) => (&text[..at], Some(&text[at + 2..])),
            None => (text, None),
        };
        let v4_is_good = v4.is_empty() || (v4[0] == b'/' && prefix(&v4[1..], 32).is_some());
        if v4_is_good && v6.is_none_or(|v6| prefix(v6, 128).is_some()) {
            return Ok(());
        }
        let fix = "write `/0` to `/32` for IPv4, and `//0` to `//128` behind it for IPv6";
        Err(self.fault(start..self.place.end, "no prefix length", fix))
    }

    /// An address, perhaps with the length of its prefix (§5.6).
    fn network(&self, term: &mut Term, value: Range<usize>, is_v4: bool) -> Result<()> {
        let text = String::from_utf8_lossy(&self.text[value.clone()]).into_owned();
        let (address, length) =
            text.split_once('/').map_or((&text[..], None), |(address, length)| (address, Some(length)));
        let address_place = value.start..value.start + address.len().min(value.len());
        let (v4, v6) = (address.parse::<Ipv4Addr>().is_ok(), address.parse::<Ipv6Addr>().is_ok());
        let (other, most) = if is_v4 { ("ip6", 32) } else { ("ip4", 128) };
        match (is_v4, v4, v6) {
            (true, true, _) | (false, _, true) => {}
            (true, _, true) | (false, true, _) => {
                let family = if v4 { "an IPv4 address" } else { "an IPv6 address" };
                return Err(self.fault(address_place, family, format!("write `{other}:{text}`")));
            }
            _ if address.is_empty() => {
                return Err(self.fault(value, "an address belongs here", "write the address right behind the `:`"));
            }
            _ => {
                let label = if is_v4 { "not an IPv4 address" } else { "not an IPv6 address" };
                let fix = match text.contains(',') {
                    true => "give each address a term of its own: `ip4:192.0.2.1 ip4:192.0.2.2`".to_owned(),
                    false if is_v4 => "write all four numbers, as in `ip4:192.0.2.0/24`".to_owned(),
                    false => "write the address as in `ip6:2001:db8::/32`".to_owned(),
                };
                return Err(self.fault(address_place, label, fix));
            }
        }
        let Some(length) = length else { return Ok(()) };
        term.prefix = prefix(length.as_bytes(), most);
        if term.prefix.is_none() {
            let fix = format!("write a prefix length of 0 to {most}");
            return Err(self.fault(value.start + address.len() + 1..value.end, "no prefix length", fix));
        }
        Ok(())
    }

    /// A domain, perhaps with macros (§7.1).
    fn domain(&self, place: Range<usize>) -> Result<()> {
        let domain = &self.text[place.clone()];
        let end = place.end;
        if domain.is_empty() {
            return Err(self.fault(place, "a domain belongs here", "write the domain right behind it"));
        }
        if let Some(at) = domain.windows(3).position(|part| part == b"://") {
            let host = String::from_utf8_lossy(&domain[at + 3..]).trim_end_matches('/').to_owned();
            return Err(self.fault(
                place.start..place.start + at + 3,
                "a URL, not a domain",
                format!("write `{host}` alone"),
            ));
        }
        let text = String::from_utf8_lossy(domain).into_owned();
        if text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok() {
            let kind = if text.contains(':') { "ip6" } else { "ip4" };
            return Err(self.fault(place, "an address, not a domain", format!("write `{kind}:{text}`")));
        }
        if let Some(at) = domain.iter().position(|octet| b":,;\"<>@".contains(octet) || !(0x21..=0x7E).contains(octet))
        {
            let at = place.start + at;
            return Err(self.fault(
                at..end,
                "a domain ends before this",
                "separate terms by one blank, and by nothing else",
            ));
        }
        let ends_in_macro = self.macros(place.clone())?;
        self.labels(place, ends_in_macro)
    }

    /// Checks macros; says whether the last ends the domain.
    fn macros(&self, place: Range<usize>) -> Result<bool> {
        let (mut at, mut ends) = (place.start, false);
        while at < place.end {
            ends = false;
            if self.text[at] != b'%' {
                at += 1;
                continue;
            }
            let rest = &self.text[at..place.end];
            let length = match rest.get(1) {
                Some(b'%' | b'_' | b'-') => Some(2),
                Some(b'{') => rest.iter().position(|octet| *octet == b'}').map(|close| close + 1),
                _ => None,
            };
            let Some(length) = length.filter(|&length| length == 2 || is_macro(&rest[2..length - 1])) else {
                let fix = "write a macro as `%{i}`, `%{d2}` or `%{ir}`, and a percent sign as `%%`";
                return Err(self.fault(at..place.end, "no macro", fix));
            };
            (at, ends) = (at + length, rest[1] == b'{');
        }
        Ok(ends)
    }

    fn labels(&self, place: Range<usize>, ends_in_macro: bool) -> Result<()> {
        let domain = &self.text[place.clone()];
        let bare = domain.strip_suffix(b".").unwrap_or(domain);
        let last = bare.rsplit(|octet| *octet == b'.').next().unwrap_or_default();
        if bare.windows(2).any(|pair| pair == b"..") || bare.starts_with(b".") {
            return Err(self.fault(place, "one dot too many", "write each label once, with one dot between them"));
        }
        let is_top = is_host_label(last) && !last.iter().all(u8::is_ascii_digit);
        if ends_in_macro || (is_top && bare.contains(&b'.')) {
            return Ok(());
        }
        let fix = match last.contains(&b'/') {
            true => "write the domain without a prefix length: only `a` and `mx` take one",
            false => "write a full domain, as in `include:_spf.example.org`",
        };
        Err(self.fault(place.end - last.len().min(place.len())..place.end, "no domain ends like this", fix))
    }

    /// A mechanism that there is none of.
    fn unknown(&self, start: usize, name: &[u8], delimiter: Option<u8>) -> Box<Fault> {
        let (word, end) = (self.octets(), start + name.len());
        let text = String::from_utf8_lossy(&self.text[start..self.place.end]).into_owned();
        if name.is_empty() && delimiter.is_none() {
            return self.fault(self.place.clone(), "a qualifier with nothing behind it", "delete the blank behind it");
        }
        let address = text.split('/').next().unwrap_or_default();
        if address.parse::<Ipv4Addr>().is_ok() || address.parse::<Ipv6Addr>().is_ok() {
            let kind = if address.contains(':') { "ip6" } else { "ip4" };
            return self.fault(self.place.clone(), "an address alone", format!("write `{kind}:{text}`"));
        }
        if let Some(at) = word.iter().position(|octet| b",;\"".contains(octet)) {
            let at = self.place.start + at;
            return self.fault(at..at + 1, "not part of any term", "separate terms by one blank, and by nothing else");
        }
        let value = text.get(name.len() + 1..).unwrap_or_default();
        if let Some((known, _)) = MODIFIERS.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name)) {
            return self.fault(
                end..self.place.end.min(end + 1),
                "a modifier has `=` here",
                format!("write `{known}={value}`"),
            );
        }
        let by_value = match value.split('/').next().unwrap_or_default() {
            address if address.parse::<Ipv4Addr>().is_ok() => Some("ip4"),
            address if address.parse::<Ipv6Addr>().is_ok() => Some("ip6"),
            _ => None,
        };
        let names = MECHANISMS.iter().map(|(known, ..)| *known).filter(|known| known.len() > 1);
        if let Some(known) = by_value.or_else(|| slip_of(name, names)) {
            return self.fault(start..end, "no such mechanism", format!("write `{known}`"));
        }
        let fix = match name.contains(&b'.') {
            true => format!("write `include:{text}` for that domain's policy, or `a:{text}` for its addresses"),
            false => "the mechanisms are all, include, a, mx, ip4, ip6 and exists".into(),
        };
        self.fault(start..end, "no such mechanism", fix)
    }

    /// Two strings that were meant to have a blank between them: what stands before and behind the joint are terms.
    fn joined(&self) -> Option<Fault> {
        // They are in order, and there may be as many as the text has octets.
        let behind = self.joints.partition_point(|joint| *joint <= self.place.start);
        let joint = *self.joints.get(behind).filter(|joint| **joint < self.place.end)?;
        let part = |place: Range<usize>| Word { text: self.text, place, joints: &[] };
        let (before, behind) = (part(self.place.start..joint), part(joint..self.place.end));
        // A label may well end in an `a` of the next string; nothing ends in `include:`.
        let is_term = |word: &Word<'_>| word.term().is_ok_and(|term| term.kind != Kind::Other);
        if !is_term(&behind) || behind.octets().eq_ignore_ascii_case(b"a") || !is_term(&before) {
            return None;
        }
        Some(Fault {
            place: joint..self.place.end,
            headline: format!("no blank stands between {} and {}", quote(before.octets()), quote(behind.octets())),
            label: "a string starts here, and is joined to the one before as it is".into(),
            why: "the strings of a record are joined without anything between them (RFC 7208 §3.3)",
            fix: "put a blank in front of it, within the quotes".into(),
        })
    }
}

/// A number of at most `most`, without leading zeros (§5.6).
fn prefix(digits: &[u8], most: u8) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    let is_plain = digits.iter().all(u8::is_ascii_digit) && (digits == b"0" || !digits.starts_with(b"0"));
    text.parse().ok().filter(|length| is_plain && *length <= most)
}

/// Whether this may stand between `%{` and `}` (§7.1): a letter, digits, `r`, delimiters.
fn is_macro(text: &[u8]) -> bool {
    let Some((letter, rest)) = text.split_first() else { return false };
    let rest = rest.trim_ascii();
    let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let rest = &rest[digits..];
    let rest = rest.strip_prefix(b"r").or(rest.strip_prefix(b"R")).unwrap_or(rest);
    b"slodiphcrtv".contains(&letter.to_ascii_lowercase()) && rest.iter().all(|octet| b".-+,/_=".contains(octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A policy's faults, each as the guilty text and its label.
    fn faults(text: &str, joints: &[usize]) -> Vec<String> {
        let found = parse(text.as_bytes(), joints).1.into_iter();
        found.map(|fault| format!("{}|{}", &text[fault.place], fault.label)).collect()
    }

    #[test]
    fn policies_as_the_rfc_has_them_are_good() {
        let table = [
            "v=spf1",
            "v=spf1 +mx a:colo.example.com/28 -all",
            "v=spf1 a/24//64 mx//96 ptr:example.org ?all",
            "V=SPF1 IP4:192.0.2.1/0 iP6:2001:db8::/32 ~ALL",
            "v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d} redirect=_spf.%{d2} exp=explain._spf.%{d}",
            "v=spf1 include:_spf.example.com. moo.cow-far_out=man:dog/cat op=auth   -all  ",
            "v=spf1 include:%{d}.x%%y%_z%-.example exists:%{s}",
        ];
        for text in table {
            assert_eq!(faults(text, &[]), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_people_write_instead_is_told_of_at_its_place() {
        let table: &[(&str, &str)] = &[
            ("v=spf1 ipv4:192.0.2.1 -all", "ipv4|no such mechanism"),
            ("v=spf1 ip:192.0.2.1 -all", "ip|no such mechanism"),
            ("v=spf1 ip4=192.0.2.1 -all", "=|a mechanism has `:` here"),
            ("v=spf1 192.0.2.1 -all", "192.0.2.1|an address alone"),
            ("v=spf1 ip4:192.0.2 -all", "192.0.2|not an IPv4 address"),
            ("v=spf1 ip4:192.0.2.0/33 -all", "33|no prefix length"),
            ("v=spf1 ip4:192.0.2.0/024 -all", "024|no prefix length"),
            ("v=spf1 ip4:2001:db8::1 -all", "2001:db8::1|an IPv6 address"),
            ("v=spf1 ip6:192.0.2.1 -all", "192.0.2.1|an IPv4 address"),
            ("v=spf1 ip4:192.0.2.1,192.0.2.2 -all", "192.0.2.1,192.0.2.2|not an IPv4 address"),
            ("v=spf1 ip4: 192.0.2.1 -all", "|an address belongs here"),
            ("v=spf1 include -all", "|a domain belongs here"),
            ("v=spf1 include:https://a.example -all", "https://|a URL, not a domain"),
            ("v=spf1 include:192.0.2.1 -all", "192.0.2.1|an address, not a domain"),
            ("v=spf1 include=a.example -all", "=|a mechanism has `:` here"),
            ("v=spf1 inlcude:a.example -all", "inlcude|no such mechanism"),
            ("v=spf1 include:a.example/24 -all", "example/24|no domain ends like this"),
            ("v=spf1 include:example -all", "example|no domain ends like this"),
            ("v=spf1 include:a..example -all", "a..example|one dot too many"),
            ("v=spf1 include:a.example,b.example -all", ",b.example|a domain ends before this"),
            ("v=spf1 redirect:a.example", ":|a modifier has `=` here"),
            ("v=spf1 redirct=a.example", "redirct|misspelt"),
            ("v=spf1 mx -all;", ";|not part of any term"),
            ("v=spf1 mx, -all", ",|not part of any term"),
            ("v=spf1 mx - all", "-|a qualifier with nothing behind it"),
            ("v=spf1 mx -all.", "all.|no such mechanism"),
            ("v=spf1 mx -al", "al|no such mechanism"),
            ("v=spf1 a.example -all", "a.example|no such mechanism"),
            ("v=spf1 exists:%{x}.a.example -all", "%{x}.a.example|no macro"),
            ("v=spf1 exists:%i.a.example -all", "%i.a.example|no macro"),
            ("v=spf1 a/33 -all", "/33|no prefix length"),
            ("v=spf1 mx v=spf1 a -all", "v=spf1|another policy starts here"),
            ("v=spf1 redirect=a.example redirect=b.example", "redirect=b.example|the second"),
        ];
        for (text, wanted) in table {
            let found = faults(text, &[]);
            assert_eq!(found, [*wanted], "{text}");
        }
    }

    #[test]
    fn strings_that_lack_a_blank_between_them_are_told_of_once() {
        let label = "a string starts here, and is joined to the one before as it is";
        let table: &[(&str, &str, bool)] = &[
            ("v=spf1 include:a.example", "include:b.example -all", true),
            ("v=spf1 mx", "-all", true),
            ("v=spf1 include:a.exam", "ple -all", false),
            ("v=spf1 mx ", "-all", false),
            ("v=spf1 ip4:192.0.2.1", "ip4:192.0.2.2 -all", true),
            ("v=spf1 include:a.example", "mx -all", true),
        ];
        for (first, second, is_told) in table {
            let found = faults(&format!("{first}{second}"), &[first.len()]);
            let word = second.split(' ').next().unwrap();
            let wanted: &[String] = &[format!("{word}|{label}")];
            assert_eq!(found, if *is_told { wanted } else { &[] }, "{first} {second}");
        }
    }

    #[test]
    fn a_text_that_was_meant_as_a_policy_is_known() {
        let table = [
            ("v=spf1 -all", false),
            (" v=spf1 -all", true),
            ("\"v=spf1 -all\"", true),
            ("v=spf1; -all", true),
            ("v=spf -all", true),
            ("v=spf2 -all", true),
            ("spf1 mx -all", true),
            ("spf2.0/pra -all", false),
            ("google-site-verification=x", false),
        ];
        for (text, is_meant) in table {
            assert_eq!(not_quite_policy(text.as_bytes()).is_some(), is_meant, "{text}");
        }
    }
}
