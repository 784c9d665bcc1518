//! The rows: each a kind of case in which servers differ.

use std::collections::BTreeSet;

use zonewright::dns::{Class, NameRef, Rtype};

use super::difference::{Case, Difference, Make::*};
use super::essence::{AA, CD, OPCODE, Part, Part::*, TC};

/// All that a response says of the question, where a server answers another one.
const ALL: &[Part] = &[Rcode, AA, TC, CD, OPCODE, Question, Opt, Answer, Authority, Glue];

/// The first row that covers a part of a case explains it.
pub(super) static DIFFERENCES: &[Difference] = &[
    Difference {
        name: "other operations",
        who: &[Nsd, Knot, Bind],
        parts: ALL,
        covers: |case| case.question.query.flags & 0x7800 != 0,
        because: "RFC 1035 §4.1.1: what is not supported is NOTIMP. Nothing of a message is echoed whose sections mean \
                  something else; IQUERY is obsolete (RFC 3425), NOTIFY and UPDATE are for those who transfer zones.",
    },
    Difference {
        name: "other classes",
        who: &[Nsd, Knot, Bind],
        parts: ALL,
        covers: |case| case.question.query.class != Class::IN,
        because: "RFC 1035 §3.2.4: no zone here is of another class, and REFUSED says that there is nothing to be had; the \
                  class ANY is none that a zone has, and an answer of it could not be authoritative (RFC 1035 §6.2).",
    },
    Difference {
        name: "EDNS versions",
        who: &[Nsd],
        parts: &[Opt],
        covers: |case| case.question.query.edns.as_ref().is_some_and(|edns| edns.1 > 0),
        because: "RFC 3225 §3: \"The DO bit of the query MUST be copied in the response\", of BADVERS too.",
    },
    Difference {
        name: "EDNS sizes below 512",
        who: &[Knot],
        parts: ALL,
        covers: |case| case.question.query.edns.as_ref().is_some_and(|edns| edns.0 < 512),
        because: "RFC 6891 §6.2.3: \"Values lower than 512 MUST be treated as equal to 512.\"",
    },
    Difference {
        name: "CD",
        who: &[Bind],
        parts: &[CD],
        covers: |case| case.question.query.flags & 0x0010 != 0,
        because: "RFC 4035 §3.1.6: \"A security-aware name server SHOULD clear the CD bit when composing an authoritative \
                  response.\"",
    },
    Difference {
        name: "TTL of the SOA record in denials of SOA",
        who: &[Bind],
        parts: &[Authority],
        covers: |case| {
            case.question.query.rtype == Rtype::SOA
                && timeless(&case.mine.authority) == timeless(&case.theirs.authority)
        },
        because: "RFC 2308 §3: the TTL is the lesser of MINIMUM and the record's own. Zero is meant for a search for the \
                  apex, whose denials may be cached as well as any.",
    },
    Difference {
        name: "signatures asked for by type",
        who: &[Knot, Bind],
        parts: &[Answer],
        covers: |case| {
            case.question.query.rtype == Rtype::RRSIG
                && !case.theirs.answer.is_empty()
                && is_part(&case.theirs.answer, &case.mine.answer)
        },
        because: "RFC 4035 §2.2: RRSIG records of one owner form no rrset, so nothing says how many are an answer; all are.",
    },
    Difference {
        name: "types of DNSSEC at an alias",
        who: &[Knot, Bind, Nsd],
        parts: &[Rcode, AA, TC, Answer, Authority, Glue],
        covers: |case| {
            let is_own = matches!(case.question.query.rtype, Rtype::NSEC | Rtype::RRSIG | Rtype::NSEC3);
            is_own && (case.mine.has_alias() || case.mine.is_truncated()) && !case.theirs.has_alias()
        },
        because: "RFC 1034 §4.3.2, step 3a: the alias is followed unless its own type is asked for. Where NSEC or RRSIG \
                  stand beside it they answer (RFC 4034 §4); where none does, these types are like all others.",
    },
    Difference {
        name: "NSEC record of a wildcard",
        who: &[Knot],
        parts: &[Authority],
        covers: |case| {
            case.question.query.rtype == Rtype::NSEC && is_part(&case.theirs.authority, &case.mine.authority)
        },
        because: "RFC 4035 §3.1.3.3: what a wildcard expands to goes with the proof that no nearer name exists.",
    },
    Difference {
        name: "NSEC record of a cut",
        who: &[Bind],
        parts: &[AA, TC, Answer, Authority, Glue],
        covers: |case| case.question.query.rtype == Rtype::NSEC && case.mine.is_referral() && case.theirs.has_nsec(),
        because: "RFC 4035 §3.1.4.1: of the types at a cut the parent answers for DS alone; the child has NSEC records too.",
    },
    Difference {
        name: "chains into other zones",
        who: &[Knot, Bind],
        parts: &[Rcode, TC, Answer, Authority],
        covers: |case| {
            case.leaves_zone() && (case.mine.is_truncated() || is_part(&case.theirs.answer, &case.mine.answer))
        },
        because: "RFC 1034 §4.3.2, step 3a: QNAME changes \"and go back to step 1\", which looks among all zones; RFC 6604 \
                  §3: the response code is that of the last name.",
    },
    Difference {
        name: "long chains",
        who: &[Nsd, Knot, Bind],
        parts: &[Rcode, TC, Answer, Authority],
        covers: |case| case.mine.aliases() > 5,
        because: "RFC 1034 §5.2.2: \"Multiple levels of aliases should be avoided\". How many are followed is nobody's rule; \
                  17 fit what NSD and BIND take.",
    },
    Difference {
        name: "chains that end nowhere",
        who: &[Nsd, Knot, Bind],
        parts: &[Rcode, TC, Answer],
        covers: |case| case.mine.answer.iter().chain(&case.theirs.answer).any(|record| is_endless(record)),
        because: "RFC 6672 §3.2: a DNAME whose target is below its owner redirects for ever: one step says all there is, \
                  and YXDOMAIN at the end of many nothing more.",
    },
    Difference {
        name: "servers of a wildcard",
        who: &[Knot],
        parts: &[Rcode, AA, TC, Answer, Authority, Glue],
        covers: |case| case.theirs.authority.iter().any(|record| record.starts_with("*.") && is_type(record, "ns")),
        because: "RFC 4592 §4.2: what NS records at a wildcard mean is not defined; no name that exists is a cut by them.",
    },
    Difference {
        name: "mail agents",
        who: &[Bind],
        parts: &[Rcode, AA, Authority, Answer],
        covers: |case| matches!(case.question.query.rtype, Rtype::MAILA | Rtype::MAILB),
        because: "RFC 1035 §3.2.3 calls MAILA obsolete and MAILB a question for MB, MG or MR; no server looks for these, \
                  and NODATA sends nobody elsewhere.",
    },
    Difference {
        name: "DS records of a child whose parent cannot be loaded",
        who: &[Bind],
        parts: &[Rcode, AA, Authority],
        covers: |case| case.question.query.rtype == Rtype::DS && case.mine.rcode == "SERVFAIL",
        because: "RFC 4035 §3.1.4.1: the parent answers for DS; while it has no good version nobody does.",
    },
    Difference {
        name: "DS records at the apex of a zone that cannot be loaded",
        who: &[Bind],
        parts: &[Rcode, AA, Authority],
        covers: |case| case.question.query.rtype == Rtype::DS && case.theirs.rcode == "REFUSED",
        because: "RFC 4035 §3.1.4.1: the child says that it has none where the parent is not served. BIND, which does not \
                  load a zone with NS records at a wildcard, looks for the parent alone.",
    },
    Difference {
        name: "addresses that are no glue in a referral",
        who: &[Bind],
        parts: &[Glue],
        covers: |case| case.mine.is_referral() && is_part(&case.theirs.glue, &case.mine.glue),
        because: "RFC 1034 §4.3.2, step 3b: \"whatever addresses are available\" go along.",
    },
    Difference {
        name: "names below the owners of NSEC3 records",
        who: &[Nsd],
        parts: &[TC, Authority],
        covers: |case| case.is_below_hash(),
        because: "RFC 5155 §7.2.1: the closest encloser is a name that the chain has, and it has no NSEC3 owner.",
    },
    Difference {
        name: "enclosers that opt-out left out",
        who: &[Nsd],
        parts: &[TC, Authority],
        covers: |case| {
            case.mine.rcode == "NXDOMAIN" && case.mine.authority.iter().any(|record| record.contains(" nsec3 1 1 "))
        },
        because: "RFC 5155 §7.2.1: the closest provable encloser is the longest name that the chain has; the wildcard that is \
                  denied is the one below it, and not below a name that nothing proves.",
    },
    Difference {
        name: "a DNAME of a wildcard",
        who: &[Knot],
        parts: &[Answer],
        covers: |case| case.mine.answer.iter().any(|record| record.starts_with("*.") && is_type(record, "dname")),
        because: "RFC 6672 §3.3: a wildcard's DNAME is not expanded below the wildcard itself, whose name is its owner.",
    },
    Difference {
        name: "names that only the parent has",
        who: &[Nsd],
        parts: &[Rcode],
        covers: |case| case.mine.rcode == "NXDOMAIN" && case.mine.authority == case.theirs.authority,
        because: "RFC 1034 §4.3.2, step 2: the nearest zone answers from what it has itself; its parent's glue is none of it.",
    },
    Difference {
        name: "no name below a DNAME",
        who: &[Nsd],
        parts: &[TC, Answer, Authority],
        covers: |case| {
            let has_dname = [case.mine, case.theirs].iter().any(|one| one.has_dname());
            case.mine.rcode == "NXDOMAIN" && has_dname && is_part(&case.theirs.authority, &case.mine.authority)
                || case.mine.is_truncated() && has_dname
        },
        because: "RFC 4035 §3.1.3.2: the proofs are those of the last name, and of the wildcard that might have stood for it.",
    },
    Difference {
        name: "ANY below a DNAME",
        who: &[Nsd, Knot],
        parts: &[Rcode, TC, Answer],
        covers: |case| case.question.query.rtype == Rtype::ANY && case.theirs.rcode == "NXDOMAIN",
        because: "RFC 8482 §4.1: any rrset of the name is an answer, and the alias that the DNAME means is one.",
    },
    Difference {
        name: "ANY of much",
        who: &[Nsd, Knot, Bind],
        parts: &[TC, Answer, Authority],
        covers: |case| {
            case.question.query.rtype == Rtype::ANY && (case.theirs.is_truncated() || case.mine.is_truncated())
        },
        because: "RFC 8482 §4.1: one rrset is an answer, and the smallest one fits where all of them do not. Below a DNAME \
                  that one is the alias, which stands behind the DNAME that it is made from (RFC 6672 §3.1).",
    },
    Difference {
        name: "a wildcard asked for by its own name",
        who: &[Nsd],
        parts: &[TC, Authority],
        covers: |case| {
            let is_more = case.theirs.is_truncated() || is_part(&case.mine.authority, &case.theirs.authority);
            case.name().is_wildcard() && is_more
        },
        because: "RFC 5155 §7.2.3: the record of the name is all the proof that is needed.",
    },
    Difference {
        name: "size",
        who: &[Nsd, Knot, Bind],
        parts: &[TC, Answer, Authority, Glue],
        covers: |case| {
            let limit = case.question.query.edns.as_ref().map_or(512, |edns| edns.0.clamp(512, 1232));
            let whole = if case.mine.is_truncated() { case.theirs } else { case.mine };
            let is_near = whole.length * 4 >= usize::from(limit) * 3;
            !case.question.is_tcp() && case.mine.is_truncated() != case.theirs.is_truncated() && is_near
        },
        because: "RFC 1035 §4.1.4: names may be compressed, and each does it a little better or worse at the limit.",
    },
];

fn is_part(part: &BTreeSet<String>, whole: &BTreeSet<String>) -> bool {
    part.is_subset(whole)
}

/// Records without their TTLs.
fn timeless(records: &BTreeSet<String>) -> BTreeSet<String> {
    let without = |record: &String| {
        let fields = record.split(' ').enumerate().filter(|(index, _)| *index != 1);
        fields.map(|(_, field)| field).collect::<Vec<_>>().join(" ")
    };
    records.iter().map(without).collect()
}

pub(super) fn is_type(record: &str, mnemonic: &str) -> bool {
    record.split(' ').nth(2) == Some(mnemonic)
}

/// Whether a record is a DNAME that leads below its own owner.
fn is_endless(record: &str) -> bool {
    let fields: Vec<&str> = record.split(' ').collect();
    is_type(record, "dname") && fields[3].ends_with(&format!(".{}", fields[0]))
}

impl Case<'_> {
    fn name(&self) -> NameRef<'_> {
        NameRef::trusted(&self.question.query.name)
    }

    /// Whether a label above the first is the hash of a name.
    fn is_below_hash(&self) -> bool {
        const HASH: usize = 32;
        self.name().labels().any(|label| label.len() == HASH && label.iter().all(u8::is_ascii_alphanumeric))
    }

    /// Whether an alias of the answer leads from one zone of the set into another.
    fn leaves_zone(&self) -> bool {
        let zone_of = |name: &str| {
            let is_apex = |apex: &&String| name == **apex || **apex == "." || name.ends_with(&format!(".{apex}"));
            self.apexes.iter().filter(is_apex).max_by_key(|apex| apex.len())
        };
        let leaves = |record: &String| {
            let fields: Vec<&str> = record.split(' ').collect();
            is_type(record, "cname") && zone_of(fields[0]) != zone_of(fields[3])
        };
        self.mine.answer.iter().chain(&self.theirs.answer).any(leaves)
    }
}
