//! A query's octets to what they ask (RFC 1035 §4.1, RFC 6891 §6.1).
//!
//! In: any octets. Out: the parts of a query that an answer depends on, or how far they could be understood.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::dns::{Class, NameRef, Opcode, Rtype};

/// Octets of a message's header (RFC 1035 §4.1.1).
pub(super) const HEADER: usize = 12;

/// Bits of the header's second word.
pub(super) mod flag {
    pub(crate) const QR: u16 = 0x8000;
    pub(crate) const AA: u16 = 0x0400;
    pub(crate) const TC: u16 = 0x0200;
    pub(crate) const RD: u16 = 0x0100;
    /// The operation code's bits.
    pub(crate) const OPCODE: u16 = 0x7800;
}

/// The header's first two words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) id: u16,
    pub(super) flags: u16,
}

/// A query of one question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'q> {
    pub(super) name: NameRef<'q>,
    pub(super) rtype: Rtype,
    pub(super) class: Class,
    /// Where the question ends.
    pub(super) end: usize,
}

/// The OPT record of a query.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Edns {
    /// The largest UDP payload its sender can take, in octets; less than 512 means 512 (RFC 6891 §6.2.3).
    pub(super) payload: u16,
    pub(super) version: u8,
    pub(super) has_dnssec_ok: bool,
    /// Whether it asks which server answers (RFC 5001 §2.1).
    pub(super) wants_nsid: bool,
}

/// The message breaks the format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Malformed;

impl Header {
    /// The header of a message, unless it is too short to have one.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        (message.len() >= HEADER).then(|| Self { id: word(message, 0), flags: word(message, 2) })
    }

    pub(super) fn opcode(self) -> Opcode {
        Opcode(((self.flags & flag::OPCODE) >> 11) as u8)
    }
}

impl<'q> Query<'q> {
    /// The question of a message that must have exactly one (RFC 9619 §4), its name uncompressed: nothing stands before it
    /// that it could point at.
    pub(super) fn read(message: &'q [u8]) -> Result<Self, Malformed> {
        if word(message, 4) != 1 {
            return Err(Malformed);
        }
        let name = NameRef::parse(&message[HEADER..]).ok_or(Malformed)?;
        let at = HEADER + name.octets().len();
        let fixed = message.get(at..at + 4).ok_or(Malformed)?;
        Ok(Self { name, rtype: Rtype(word(fixed, 0)), class: Class(word(fixed, 2)), end: at + 4 })
    }
}

/// The octets of a query of class IN as `dig` sends it: RD set, with an OPT record that offers 1,232 octets.
pub fn ask(name: NameRef<'_>, rtype: Rtype, has_dnssec_ok: bool) -> Vec<u8> {
    ask_for(name, rtype, has_dnssec_ok, None)
}

/// The same, asking which server answers (RFC 5001 §2.1).
pub fn ask_with_nsid(name: NameRef<'_>, rtype: Rtype) -> Vec<u8> {
    const NSID: [u8; 4] = [0, 3, 0, 0];
    let mut query = ask(name, rtype, false);
    // The OPT record is the last, and ends with the length of its options.
    if let Some(length) = query.last_mut() {
        *length = NSID.len() as u8;
    }
    query.extend(NSID);
    query
}

/// The same on behalf of a client in `subnet`, which the query then says (RFC 7871 §6).
pub fn ask_for(name: NameRef<'_>, rtype: Rtype, has_dnssec_ok: bool, subnet: Option<IpNet>) -> Vec<u8> {
    const PAYLOAD: u16 = 1232;
    let mut query = Vec::new();
    let header: [u16; 6] = [0, flag::RD, 1, 0, 0, 1];
    header.iter().for_each(|word| query.extend(word.to_be_bytes()));
    query.extend(name.octets());
    [rtype.0, Class::IN.0].iter().for_each(|word| query.extend(word.to_be_bytes()));
    query.extend(NameRef::ROOT.octets());
    let opt: [u16; 5] = [Rtype::OPT.0, PAYLOAD, 0, if has_dnssec_ok { 0x8000 } else { 0 }, 0];
    opt.iter().for_each(|word| query.extend(word.to_be_bytes()));
    if let Some(subnet) = subnet {
        let option = client_subnet(subnet);
        let length_at = query.len() - 2;
        query[length_at..].copy_from_slice(&(option.len() as u16).to_be_bytes());
        query.extend(option);
    }
    query
}

/// An EDNS client-subnet option: family, prefix lengths, and no more of the address than the prefix (RFC 7871 §6).
fn client_subnet(subnet: IpNet) -> Vec<u8> {
    const CLIENT_SUBNET: u16 = 8;
    let (family, address) = match subnet.network() {
        IpAddr::V4(address) => (1u16, address.octets().to_vec()),
        IpAddr::V6(address) => (2, address.octets().to_vec()),
    };
    let address = &address[..usize::from(subnet.prefix_len().div_ceil(8))];
    let mut option = Vec::new();
    option.extend(CLIENT_SUBNET.to_be_bytes());
    option.extend((4 + address.len() as u16).to_be_bytes());
    option.extend(family.to_be_bytes());
    option.extend([subnet.prefix_len(), 0]);
    option.extend(address);
    option
}

/// Reads the records behind the question, which must be well formed and the message's last octets.
pub(super) fn read_records(message: &[u8], question_end: usize) -> (Option<Edns>, Result<(), Malformed>) {
    let mut edns = None;
    let result = walk_records(message, question_end, &mut edns);
    (edns, result)
}

fn walk_records(message: &[u8], question_end: usize, edns: &mut Option<Edns>) -> Result<(), Malformed> {
    let others = u32::from(word(message, 6)) + u32::from(word(message, 8));
    let all = others + u32::from(word(message, 10));
    let mut at = question_end;
    // Each record moves on by eleven octets at least, so a count that lies ends at the message's end.
    for index in 0..all {
        let name_start = at;
        at = skip_name(message, at)?;
        let fixed = message.get(at..at + 10).ok_or(Malformed)?;
        let rdata_start = at + 10;
        at = rdata_start + usize::from(word(fixed, 8));
        let rdata = message.get(rdata_start..at).ok_or(Malformed)?;
        match Rtype(word(fixed, 0)) {
            // One OPT record, in the additional section, owned by the root (RFC 6891 §6.1.1).
            Rtype::OPT if index < others || edns.is_some() || message[name_start] != 0 => return Err(Malformed),
            Rtype::OPT => *edns = Some(read_opt(fixed, rdata)?),
            // One TSIG record, the last of the additional section (RFC 8945 §5.1).
            Rtype::TSIG if index < others || index + 1 < all => return Err(Malformed),
            // No other record changes the answer, in whatever section: none is looked into.
            _ => {}
        }
    }
    if at == message.len() { Ok(()) } else { Err(Malformed) }
}

fn read_opt(fixed: &[u8], rdata: &[u8]) -> Result<Edns, Malformed> {
    const NSID: u16 = 3;
    let has_dnssec_ok = fixed[6] & 0x80 != 0;
    let mut edns = Edns { payload: word(fixed, 2), version: fixed[5], has_dnssec_ok, wants_nsid: false };
    let mut options = rdata;
    while !options.is_empty() {
        let header = options.get(..4).ok_or(Malformed)?;
        edns.wants_nsid |= word(header, 0) == NSID;
        options = options.get(4 + usize::from(word(header, 2))..).ok_or(Malformed)?;
    }
    Ok(edns)
}

/// Where a name ends that may be compressed; pointers are not followed, as nothing here needs the name.
fn skip_name(message: &[u8], mut at: usize) -> Result<usize, Malformed> {
    loop {
        let length = *message.get(at).ok_or(Malformed)?;
        match length {
            0 => return Ok(at + 1),
            1..=63 => at += 1 + usize::from(length),
            0xC0.. => return Ok(at + 2),
            // Two label types that never came to be (RFC 6891 §5).
            64..=0xBF => return Err(Malformed),
        }
    }
}

fn word(octets: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([octets[at], octets[at + 1]])
}
