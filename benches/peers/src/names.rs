//! The zones that are asked about, and questions about them.

use std::fmt::Write as _;
use std::io::Write as _;

/// Where all names are.
const APEX: &[&str] = &["bench", "test"];

/// A kind of zone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Hosts, some with more than an address: 1.24 records a name.
    Hosts,
    /// Delegations with glue: two records a name.
    Delegations,
    /// Hosts, asked with DO; whoever wants signatures signs the zone.
    Signed,
}

impl Kind {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "hosts" => Ok(Self::Hosts),
            "delegations" => Ok(Self::Delegations),
            "signed" => Ok(Self::Signed),
            _ => Err(format!("expected `hosts`, `delegations` or `signed`, found `{text}`")),
        }
    }
}

/// A number that looks random and is the same in every run (Knuth's multiplicative hash; it maps no two to one).
fn scatter(index: usize) -> u32 {
    (index as u32).wrapping_mul(2_654_435_761)
}

pub(crate) fn write_zone(kind: &str, names: usize) -> Result<(), String> {
    let kind = Kind::read(kind)?;
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let mut text = String::from(
        "$ORIGIN bench.test.\n$TTL 3600\n@ IN SOA ns1 host 1 7200 1800 1209600 300\n@ IN NS ns1\nns1 IN A 192.0.2.1\n",
    );
    for index in 0..names {
        write_name(kind, index, &mut text);
        if text.len() > 1 << 15 || index + 1 == names {
            out.write_all(text.as_bytes()).map_err(|error| format!("writing the zone: {error}"))?;
            text.clear();
        }
    }
    out.flush().map_err(|error| format!("writing the zone: {error}"))
}

fn write_name(kind: Kind, index: usize, text: &mut String) {
    let number = scatter(index);
    let [a, b, c, _] = number.to_be_bytes();
    let _ = match kind {
        Kind::Delegations => {
            writeln!(text, "h{number:08x} IN NS ns.h{number:08x}\nns.h{number:08x} IN A 10.{a}.{b}.{c}")
        }
        Kind::Hosts | Kind::Signed => writeln!(text, "h{number:08x} IN A 10.{a}.{b}.{c}"),
    };
    if kind == Kind::Delegations {
        return;
    }
    if index.is_multiple_of(8) {
        let _ = writeln!(text, "h{number:08x} IN AAAA 2001:db8::{a:x}:{b:x}");
    }
    if index % 16 == 1 {
        let _ = writeln!(text, "h{number:08x} IN MX 10 h{number:08x}");
    }
    if index % 20 == 2 {
        let _ = writeln!(text, "h{number:08x} IN TXT \"v=spf1 -all\"");
    }
}

/// Questions about names chosen at random, the same in every run.
pub(crate) struct Questions {
    template: Vec<u8>,
    /// Where the digits of the name are.
    digits: usize,
    names: u64,
    state: u64,
}

impl Questions {
    pub(crate) fn new(kind: &str, names: usize) -> Result<Self, String> {
        let kind = Kind::read(kind)?;
        let mut template = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        // Of a delegation a name below it.
        let labels = ["www"].into_iter().filter(|_| kind == Kind::Delegations).chain(["h00000000"]);
        let mut digits = 0;
        for label in labels.chain(APEX.iter().copied()) {
            template.push(label.len() as u8);
            if label.len() == 9 {
                digits = template.len() + 1;
            }
            template.extend(label.bytes());
        }
        template.extend([0, 0, 1, 0, 1]);
        if kind == Kind::Signed {
            template[11] = 1;
            // 1,232 octets, and DO.
            template.extend([0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 0]);
        }
        Ok(Self { template, digits, names: names as u64, state: 0x9E37_79B9_7F4A_7C15 })
    }

    /// The length of each.
    pub(crate) fn length(&self) -> usize {
        self.template.len()
    }

    /// Writes the next one with that identifier.
    pub(crate) fn write(&mut self, id: u16, room: &mut [u8]) {
        room.copy_from_slice(&self.template);
        room[..2].copy_from_slice(&id.to_be_bytes());
        // xorshift (Marsaglia), and a product in place of a division (Lemire).
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let mut number = scatter((((self.state >> 32) * self.names) >> 32) as usize);
        for digit in &mut room[self.digits..self.digits + 8] {
            *digit = b"0123456789abcdef"[(number >> 28) as usize];
            number <<= 4;
        }
    }
}
