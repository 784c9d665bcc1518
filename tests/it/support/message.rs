//! Messages: queries to octets, and responses to records whose names stand whole.
//!
//! A reader of its own, apart from the code it judges: names are followed through every pointer, counts and lengths are
//! checked, and nothing may stand behind the last record.

use zonewright::dns::{Class, Name, NameRef, Rcode, Rtype};
use zonewright::zonefile::rdata::{Mnemonic, Presentation};

/// A query in the making.
#[derive(Clone)]
pub(crate) struct Query {
    pub(crate) id: u16,
    pub(crate) flags: u16,
    pub(crate) name: Vec<u8>,
    pub(crate) rtype: Rtype,
    pub(crate) class: Class,
    /// UDP payload, version, DO and options of an OPT record.
    pub(crate) edns: Option<(u16, u8, bool, Vec<u8>)>,
}

impl Query {
    pub(crate) fn new(name: &str, rtype: Rtype) -> Self {
        let name = Name::absolute(name).expect("the question is a name").as_ref().octets().to_vec();
        Self { id: 0x5A5A, flags: 0, name, rtype, class: Class::IN, edns: None }
    }

    pub(crate) fn edns(mut self, payload: u16) -> Self {
        self.edns = Some((payload, 0, false, Vec::new()));
        self
    }

    pub(crate) fn octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for word in [self.id, self.flags, 1, 0, 0, u16::from(self.edns.is_some())] {
            octets.extend(word.to_be_bytes());
        }
        octets.extend(&self.name);
        octets.extend(self.rtype.0.to_be_bytes());
        octets.extend(self.class.0.to_be_bytes());
        if let Some((payload, version, has_dnssec_ok, options)) = &self.edns {
            octets.push(0);
            octets.extend(Rtype::OPT.0.to_be_bytes());
            octets.extend(payload.to_be_bytes());
            octets.extend([0, *version, if *has_dnssec_ok { 0x80 } else { 0 }, 0]);
            octets.extend((options.len() as u16).to_be_bytes());
            octets.extend(options);
        }
        octets
    }
}

/// A record of a response, its rdata with names whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    pub(crate) owner: Name,
    pub(crate) rtype: Rtype,
    pub(crate) class: Class,
    pub(crate) ttl: u32,
    pub(crate) rdata: Vec<u8>,
}

impl std::fmt::Display for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rdata = Presentation { rtype: self.rtype, rdata: &self.rdata };
        write!(f, "{} {} {} {rdata}", self.owner, self.ttl, Mnemonic(self.rtype))
    }
}

/// A response.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) id: u16,
    pub(crate) flags: u16,
    pub(crate) rcode: Rcode,
    pub(crate) question: Option<(Vec<u8>, Rtype, Class)>,
    pub(crate) answer: Vec<Record>,
    pub(crate) authority: Vec<Record>,
    pub(crate) additional: Vec<Record>,
    /// UDP payload, version, flags and rdata of the OPT record.
    pub(crate) opt: Option<(u16, u8, u16, Vec<u8>)>,
    pub(crate) length: usize,
}

impl std::fmt::Display for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} aa={} tc={}", self.rcode, self.is_authoritative(), self.is_truncated())?;
        for (name, records) in
            [("answer", &self.answer), ("authority", &self.authority), ("additional", &self.additional)]
        {
            write!(f, " {name}{:?}", Self::section(records))?;
        }
        Ok(())
    }
}

impl Response {
    pub(crate) fn is_authoritative(&self) -> bool {
        self.flags & 0x0400 != 0
    }

    pub(crate) fn is_truncated(&self) -> bool {
        self.flags & 0x0200 != 0
    }

    /// The sections as sorted text, lower-cased in names.
    pub(crate) fn section(records: &[Record]) -> Vec<String> {
        let mut lines: Vec<String> = records.iter().map(Record::to_string).collect();
        lines.sort();
        lines
    }

    /// Reads a response, or says which octet is wrong.
    pub(crate) fn read(octets: &[u8]) -> Result<Self, String> {
        let mut reader = Reader { octets, at: 0 };
        let (id, flags) = (reader.word()?, reader.word()?);
        let counts = [reader.word()?, reader.word()?, reader.word()?, reader.word()?];
        let question = match counts[0] {
            0 => None,
            1 => Some((reader.name()?, Rtype(reader.word()?), Class(reader.word()?))),
            many => return Err(format!("{many} questions")),
        };
        let mut response = Self {
            id,
            flags,
            rcode: Rcode(flags & 0xF),
            question,
            answer: Vec::new(),
            authority: Vec::new(),
            additional: Vec::new(),
            opt: None,
            length: octets.len(),
        };
        for _ in 0..counts[1] {
            response.answer.push(reader.record()?);
        }
        for _ in 0..counts[2] {
            response.authority.push(reader.record()?);
        }
        for _ in 0..counts[3] {
            let record = reader.record()?;
            if record.rtype == Rtype::OPT {
                response.set_opt(record)?;
            } else {
                response.additional.push(record);
            }
        }
        if reader.at != octets.len() {
            return Err(format!("{} octets behind the message's end", octets.len() - reader.at));
        }
        Ok(response)
    }

    fn set_opt(&mut self, record: Record) -> Result<(), String> {
        if self.opt.is_some() || !record.owner.as_ref().is_root() {
            return Err("two OPT records, or one not at the root".into());
        }
        self.rcode = Rcode(self.rcode.0 | (record.ttl >> 24 << 4) as u16);
        self.opt = Some((record.class.0, (record.ttl >> 16) as u8, record.ttl as u16, record.rdata));
        Ok(())
    }
}

struct Reader<'o> {
    octets: &'o [u8],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8], String> {
        let taken = self.octets.get(self.at..self.at + count).ok_or(format!("ends at {}", self.octets.len()))?;
        self.at += count;
        Ok(taken)
    }

    fn word(&mut self) -> Result<u16, String> {
        Ok(u16::from_be_bytes(self.take(2)?.try_into().expect("two octets")))
    }

    /// A name, pointers followed backwards only.
    fn name(&mut self) -> Result<Vec<u8>, String> {
        let (mut name, mut at, mut end) = (Vec::new(), self.at, None);
        loop {
            let length = usize::from(*self.octets.get(at).ok_or("a name ends outside")?);
            if length >= 0xC0 {
                let low = usize::from(*self.octets.get(at + 1).ok_or("a pointer ends outside")?);
                let target = (length & 0x3F) << 8 | low;
                if target >= at {
                    return Err(format!("a pointer at {at} leads on to {target}"));
                }
                end.get_or_insert(at + 2);
                at = target;
                continue;
            }
            name.extend(self.octets.get(at..=at + length).ok_or("a label ends outside")?);
            at += 1 + length;
            if length == 0 {
                self.at = end.unwrap_or(at);
                return NameRef::parse(&name).map(|_| name.clone()).ok_or("a name too long".into());
            }
        }
    }

    fn record(&mut self) -> Result<Record, String> {
        let owner = self.name()?;
        let owner = NameRef::trusted(&owner).to_name();
        let (rtype, class) = (Rtype(self.word()?), Class(self.word()?));
        let ttl = u32::from(self.word()?) << 16 | u32::from(self.word()?);
        let length = usize::from(self.word()?);
        let end = self.at + length;
        let rdata = self.rdata(rtype, end)?;
        if self.at != end {
            return Err(format!("rdata of type {} ends at {} and not at {end}", rtype.0, self.at));
        }
        Ok(Record { owner, rtype, class, ttl, rdata })
    }

    /// The data, with the names of those types that may be compressed written whole (RFC 3597 §4).
    fn rdata(&mut self, rtype: Rtype, end: usize) -> Result<Vec<u8>, String> {
        let (before, names) = match rtype.0 {
            2 | 3 | 4 | 5 | 7 | 8 | 9 | 12 => (0, 1),
            6 | 14 => (0, 2),
            15 => (2, 1),
            _ => (0, 0),
        };
        let mut rdata = self.take(before)?.to_vec();
        for _ in 0..names {
            rdata.extend(self.name()?);
        }
        let rest = end.checked_sub(self.at).ok_or("a name leaves its rdata")?;
        rdata.extend(self.take(rest)?);
        Ok(rdata)
    }
}
