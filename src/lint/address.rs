//! Addresses and their names in the reverse tree (RFC 1035 §3.5, RFC 3596 §2.5).
//!
//! In: the data of A and AAAA records, or the owner of a PTR record. Out: the one for the other, and which special ranges
//! an address lies in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::authority::{Outcome, Question, lookup};
use crate::dns::{Name, NameRef, Rtype};
use crate::lint::Others;
use crate::zone::{Node, Rrset};
use crate::zonefile::Record;

/// Types that hold addresses.
pub(super) const TYPES: [Rtype; 2] = [Rtype::A, Rtype::AAAA];

/// A name's address records.
pub(super) fn records<'z>(node: Node<'z>) -> impl Iterator<Item = (&'z Record, IpAddr)> {
    let rrsets = node.rrsets().filter(|rrset| TYPES.contains(&rrset.rtype()));
    let records = rrsets.flat_map(|rrset| rrset.records().zip(rrset.rdatas()));
    records.filter_map(|(record, rdata)| Some((record, of(rdata)?)))
}

/// Tells of a name's address records that lie in one of these ranges, and in which.
pub(super) fn within(node: Node<'_>, ranges: &'static Ranges, mut tell: impl FnMut(&Record, IpAddr, &'static Range)) {
    // Asked of every address of a zone: plain loops, in which data is looked at before anything is made of it.
    for rrset in node.rrsets().filter(|rrset| TYPES.contains(&rrset.rtype())) {
        for (rdata, record) in rrset.rdatas().zip(rrset.records()) {
            if ranges.may_hold(rdata)
                && let Some(address) = of(rdata)
                && let Some(range) = ranges.of(address)
            {
                tell(record, address, range);
            }
        }
    }
}

/// A name's A rrset, or else its AAAA rrset.
pub(super) fn any(node: Node<'_>) -> Option<Rrset<'_>> {
    node.rrset(Rtype::A).or_else(|| node.rrset(Rtype::AAAA))
}

/// The address of an A or AAAA record's data.
pub fn of(rdata: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(rdata) {
        return Some(Ipv4Addr::from(octets).into());
    }
    <[u8; 16]>::try_from(rdata).ok().map(|octets| Ipv6Addr::from(octets).into())
}

/// The name at which an address's PTR records are.
pub(super) fn reverse_name(address: IpAddr) -> Option<Name> {
    let mut text = String::with_capacity(80);
    match address {
        IpAddr::V4(v4) => v4.octets().iter().rev().for_each(|octet| text += &format!("{octet}.")),
        IpAddr::V6(v6) => {
            let digit = |digit: u8| char::from_digit(digit.into(), 16).unwrap_or('0');
            for octet in v6.octets().iter().rev() {
                text.extend([digit(octet & 0xF), '.', digit(octet >> 4), '.']);
            }
        }
    }
    text += if address.is_ipv4() { "in-addr.arpa." } else { "ip6.arpa." };
    Name::absolute(&text).ok()
}

/// The address that a name in the reverse tree is of; none for names of networks and parts of them (RFC 2317).
pub(super) fn from_reverse(name: NameRef<'_>) -> Option<IpAddr> {
    let labels: Vec<&[u8]> = name.labels().collect();
    let is = |at: usize, label: &[u8]| labels.get(at).is_some_and(|found| found.eq_ignore_ascii_case(label));
    let text = |label: &&[u8]| std::str::from_utf8(label).ok().map(str::to_owned);
    if labels.len() == 6 && is(4, b"in-addr") && is(5, b"arpa") {
        let parts: Option<Vec<String>> = labels[..4].iter().rev().map(text).collect();
        return parts?.join(".").parse::<Ipv4Addr>().ok().map(IpAddr::V4);
    }
    if labels.len() == 34 && is(32, b"ip6") && is(33, b"arpa") {
        let mut octets = [0; 16];
        for (octet, pair) in octets.iter_mut().rev().zip(labels[..32].chunks_exact(2)) {
            *octet = digit(pair[1])? << 4 | digit(pair[0])?;
        }
        return Some(Ipv6Addr::from(octets).into());
    }
    None
}

fn digit(label: &[u8]) -> Option<u8> {
    let [octet] = label else { return None };
    char::from(*octet).to_digit(16).map(|digit| digit as u8)
}

/// Whether a zone is one of addresses: at or below `in-addr.arpa` or `ip6.arpa`.
pub(super) fn is_reverse(apex: NameRef<'_>) -> bool {
    let count = apex.label_count();
    let mut labels = apex.labels().skip(count.saturating_sub(2));
    let is = |label: Option<&[u8]>, wanted: &[&[u8]]| {
        label.is_some_and(|label| wanted.iter().any(|wanted| label.eq_ignore_ascii_case(wanted)))
    };
    count >= 2 && is(labels.next(), &[b"in-addr", b"ip6"]) && is(labels.next(), &[b"arpa"])
}

/// Whether an address lacks a PTR record in a reverse zone served here; no such zone, no such lack.
pub(super) fn lacks_reverse(address: IpAddr, others: &Others<'_>) -> bool {
    if !others.serves_reverse(address) {
        return false;
    }
    let Some(name) = reverse_name(address) else { return false };
    let question = Question::new(name.as_ref(), others.catalog.key());
    let Some(entry) = others.catalog.find(&question, Rtype::PTR).filter(|entry| is_reverse(entry.apex.as_ref())) else {
        return false;
    };
    let Some(zone) = entry.authority.as_deref() else { return false };
    matches!(lookup(zone, &question, Rtype::PTR).outcome, Outcome::NoData | Outcome::NxDomain)
}

/// A range of addresses with a meaning of its own (IANA special-purpose address registries).
pub(super) struct Range {
    network: IpAddr,
    length: u8,
    /// What an address of it is, and who says so.
    pub(super) what: &'static str,
}

/// Some ranges, and which first octets the IPv4 addresses in them have: most addresses are done with by that.
pub(super) struct Ranges {
    list: &'static [Range],
    first: [bool; 256],
}

impl Ranges {
    const fn new(list: &'static [Range]) -> Self {
        let (mut first, mut index) = ([false; 256], 0);
        while index < list.len() {
            if let IpAddr::V4(network) = list[index].network {
                let mut octet = network.octets()[0] as usize;
                let end = octet + if list[index].length < 8 { 1 << (8 - list[index].length) } else { 1 };
                while octet < end {
                    first[octet] = true;
                    octet += 1;
                }
            }
            index += 1;
        }
        Self { list, first }
    }

    /// Whether the address of a record's data may lie in one of these.
    fn may_hold(&self, rdata: &[u8]) -> bool {
        rdata.len() != 4 || self.first[usize::from(rdata[0])]
    }

    /// The range that an address lies in, if it is one of these.
    pub(super) fn of(&'static self, address: IpAddr) -> Option<&'static Range> {
        self.list.iter().find(|range| range.holds(address))
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8, what: &'static str) -> Range {
    Range { network: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length, what }
}

const fn v6(first: u16, second: u16, length: u8, what: &'static str) -> Range {
    Range { network: IpAddr::V6(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0)), length, what }
}

/// Addresses that no host on the Internet reaches.
pub(super) static UNREACHABLE: Ranges = Ranges::new(&[
    v4(10, 0, 0, 0, 8, "an address of a private network (RFC 1918 §3)"),
    v4(172, 16, 0, 0, 12, "an address of a private network (RFC 1918 §3)"),
    v4(192, 168, 0, 0, 16, "an address of a private network (RFC 1918 §3)"),
    v4(100, 64, 0, 0, 10, "an address between a provider and its customers (RFC 6598 §4)"),
    v4(127, 0, 0, 0, 8, "the asking host itself (RFC 1122 §3.2.1.3)"),
    v4(169, 254, 0, 0, 16, "an address of one link (RFC 3927 §2.1)"),
    v4(0, 0, 0, 0, 8, "no host's address (RFC 1122 §3.2.1.3)"),
    v4(224, 0, 0, 0, 4, "the address of a multicast group (RFC 5771)"),
    v4(240, 0, 0, 0, 4, "no host's address (RFC 1112 §4)"),
    v6(0xFC00, 0, 7, "an address of a private network (RFC 4193 §3)"),
    v6(0xFE80, 0, 10, "an address of one link (RFC 4291 §2.5.6)"),
    v6(0xFF00, 0, 8, "the address of a multicast group (RFC 4291 §2.7)"),
    // The unspecified address, the asking host itself, and IPv4 addresses in disguise.
    v6(0, 0, 80, "no address that is sent to over IPv6 (RFC 4291 §2.5)"),
]);

/// Addresses that stand in documents.
pub(super) static DOCUMENTATION: Ranges = Ranges::new(&[
    v4(192, 0, 2, 0, 24, "an address for examples (RFC 5737 §3)"),
    v4(198, 51, 100, 0, 24, "an address for examples (RFC 5737 §3)"),
    v4(203, 0, 113, 0, 24, "an address for examples (RFC 5737 §3)"),
    v6(0x2001, 0xDB8, 32, "an address for examples (RFC 3849 §2)"),
    v6(0x3FFF, 0, 20, "an address for examples (RFC 9637 §2)"),
]);

impl Range {
    fn holds(&self, address: IpAddr) -> bool {
        let differing = match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(v4)) => u128::from(network.to_bits() ^ v4.to_bits()) << 96,
            (IpAddr::V6(network), IpAddr::V6(v6)) => network.to_bits() ^ v6.to_bits(),
            _ => return false,
        };
        differing.leading_zeros() >= u32::from(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reverse_names_go_both_ways() {
        let table = [
            ("192.0.2.1", "1.2.0.192.in-addr.arpa."),
            ("2001:db8::1f", "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."),
        ];
        for (address, name) in table {
            let address: IpAddr = address.parse().expect("an address");
            let found = reverse_name(address).expect("a name");
            assert_eq!(found.to_string(), name);
            assert_eq!(from_reverse(found.as_ref()), Some(address));
        }
        for name in ["2.0.192.in-addr.arpa", "0-63.2.0.192.in-addr.arpa", "x.1.2.0.in-addr.arpa", "example"] {
            assert_eq!(from_reverse(Name::absolute(name).expect("a name").as_ref()), None, "{name}");
        }
    }

    #[test]
    fn ranges_hold_what_their_prefix_says() {
        let is = |ranges: &'static Ranges, address: &str| ranges.of(address.parse().expect("an address")).is_some();
        for address in ["10.255.0.1", "172.31.0.1", "100.127.0.1", "::1", "fd00::1", "febf::1", "::ffff:1.2.3.4"] {
            assert!(is(&UNREACHABLE, address), "{address}");
        }
        for address in ["11.0.0.1", "172.32.0.1", "100.128.0.1", "2001:db8::1", "fec0::1", "192.0.2.1"] {
            assert!(!is(&UNREACHABLE, address), "{address}");
        }
        assert!(is(&DOCUMENTATION, "203.0.113.255") && is(&DOCUMENTATION, "3fff:fff::1"));
        assert!(!is(&DOCUMENTATION, "203.0.114.0") && !is(&DOCUMENTATION, "2001:db9::1"));
    }
}
