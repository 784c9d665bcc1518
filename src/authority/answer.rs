//! A question to the sections of its answer: chains of aliases followed, referrals with their glue, denials with their SOA.
//!
//! Reads as a response does: answer, authority, additional.

use super::block::names_hosts;
use super::denial::{Proof, Proofs};
use super::lookup::Found;
use super::writer::Full;
use super::{
    Authority, Catalog, NodeRef, Outcome, Question, RrsetRef, Section, Step, Trace, Untraced, Writer, lookup_traced,
};
use crate::dns::{MAX_NAME, NameRef, Rcode, Rtype};

/// What was written, for the header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answered {
    /// The response code: that of the last name of a chain (RFC 6604 §3).
    pub rcode: Rcode,
    /// Whether the first name's answer is our own, and no referral.
    pub is_authoritative: bool,
    /// Whether an rrset was left out that had to be there.
    pub is_truncated: bool,
    /// Whether the name lies in a zone that has no good version.
    pub is_broken: bool,
    /// Whether the name lies in no zone of the catalog.
    pub is_foreign: bool,
}

impl Answered {
    const fn new(rcode: Rcode, is_authoritative: bool) -> Self {
        Self { rcode, is_authoritative, is_truncated: false, is_broken: false, is_foreign: false }
    }
}

/// The most aliases that are followed; what was collected by then is the answer. Nobody's rule: Knot stops after fewer, NSD
/// after more, and BIND, which follows sixteen, says SERVFAIL then.
const MAX_LINKS: usize = 17;

/// Answers `question` from the catalog; it is taken over by the last name of the chain.
pub fn answer<'q>(
    catalog: &'q Catalog,
    question: &mut Question<'q>,
    rtype: Rtype,
    writer: &mut Writer<'_>,
) -> Answered {
    answer_traced(catalog, question, rtype, writer, Untraced)
}

/// The same, its steps told to `trace`.
pub fn answer_traced<'c: 'q, 'q>(
    catalog: &'c Catalog,
    question: &mut Question<'q>,
    rtype: Rtype,
    writer: &mut Writer<'_>,
    trace: impl Trace<'c>,
) -> Answered {
    let mut chain = Chain {
        catalog,
        question,
        rtype,
        writer,
        proofs: None,
        hosts: None,
        is_referral: false,
        passed: None,
        links: 0,
        trace,
    };
    let answered = chain.follow().map(|answered| chain.prove(answered)).map(|answered| chain.add_hosts(answered));
    answered.unwrap_or_else(|Full| Answered { is_truncated: true, ..Answered::new(Rcode::NOERROR, true) })
}

struct Chain<'c, 'q, 'w, 'm, T> {
    catalog: &'c Catalog,
    question: &'w mut Question<'q>,
    rtype: Rtype,
    writer: &'w mut Writer<'m>,
    /// What proves that names on the way do not exist; it stands behind the answers.
    proofs: Option<Proofs<'c>>,
    /// The rrset whose hosts' addresses go with the answer; they stand behind the proofs.
    hosts: Option<RrsetRef<'c>>,
    /// Whether the answer ends at a cut.
    is_referral: bool,
    /// What was passed, once there is a link.
    passed: Option<Passed>,
    links: usize,
    trace: T,
}

/// What a chain passed at each link.
#[derive(Clone, Copy)]
struct Passed {
    /// The hashes of the names, to know a loop by.
    names: [u64; MAX_LINKS],
    /// The DNAMEs, told apart by zone and number.
    redirects: [(*const Authority, u32); MAX_LINKS],
}

impl Passed {
    const NOTHING: Self = Self { names: [0; MAX_LINKS], redirects: [(std::ptr::null(), 0); MAX_LINKS] };
}

impl<'c: 'q, 'q, T: Trace<'c>> Chain<'c, 'q, '_, '_, T> {
    fn follow(&mut self) -> Result<Answered, Full> {
        loop {
            let Some(entry) = self.catalog.find(self.question, self.rtype) else {
                self.trace.note(|| Step::Foreign(self.question.name()));
                return Ok(self.outside(Answered { is_foreign: true, ..Answered::new(Rcode::REFUSED, false) }));
            };
            let Some(zone) = entry.authority.as_deref() else {
                self.trace.note(|| Step::Broken(self.question.name(), &entry.apex));
                return Ok(self.outside(Answered { is_broken: true, ..Answered::new(Rcode::SERVFAIL, false) }));
            };
            if let Some(answered) = self.step(zone)? {
                return Ok(answered);
            }
        }
    }

    /// What one zone says: the end of the chain, or nothing where it goes on.
    fn step(&mut self, zone: &'c Authority) -> Result<Option<Answered>, Full> {
        self.trace.note(|| Step::Zone(self.question.name(), zone));
        let found = lookup_traced(zone, self.question, self.rtype, self.trace);
        if self.writer.has_dnssec() {
            self.collect(zone, &found);
        }
        Ok(match found.outcome {
            Outcome::Answer(rrset) => Some(self.found(rrset)?),
            Outcome::NoData => Some(self.denied(zone, Rcode::NOERROR)),
            Outcome::NxDomain => Some(self.denied(zone, Rcode::NXDOMAIN)),
            Outcome::Referral(servers, cut) => Some(self.referred(servers, cut)),
            Outcome::Alias(cname) => self.alias(cname)?,
            Outcome::Redirect(dname, node) => self.redirect(dname, node)?,
        })
    }

    /// Collects what proves an outcome (RFC 4035 §3.1.3, RFC 5155 §7.2).
    fn collect(&mut self, zone: &'c Authority, found: &Found<'c>) {
        let proofs = self.proofs.get_or_insert_with(Proofs::new);
        match found.outcome {
            Outcome::Answer(_) | Outcome::Alias(_) if found.is_wildcard => {
                zone.prove_expansion(self.question, found.encloser, proofs);
            }
            Outcome::NoData if found.is_wildcard => {
                zone.prove_no_type_at_wildcard(self.question, found.encloser, proofs)
            }
            Outcome::NoData => zone.prove_no_type(self.question, found.encloser, proofs),
            Outcome::NxDomain => zone.prove_no_name(self.question, found.encloser, proofs),
            Outcome::Referral(_, cut) if cut.rrset(Rtype::DS).is_none() => {
                zone.prove_no_type(self.question, cut.name().label_count(), proofs);
            }
            Outcome::Answer(_) | Outcome::Alias(_) | Outcome::Redirect(..) | Outcome::Referral(..) => {}
        }
    }

    /// Writes the proofs behind what was answered.
    fn prove(&mut self, mut answered: Answered) -> Answered {
        let writer = &mut *self.writer;
        let mut write =
            |proof: &Proof<'_>| writer.rrset(Section::Authority, proof.owner, proof.rrset, proof.rrset.ttl());
        answered.is_truncated =
            answered.is_truncated || self.proofs.iter().flat_map(Proofs::iter).any(|proof| write(proof).is_err());
        answered
    }

    /// Writes the addresses of the hosts that the answer names, or the glue of a referral.
    fn add_hosts(&mut self, mut answered: Answered) -> Answered {
        let Some(named_by) = self.hosts.take().filter(|_| !answered.is_truncated) else { return answered };
        let (hosts, own) = named_by.node.block().hosts(named_by.row);
        for (index, host) in hosts.enumerate() {
            let result = self.addresses(named_by.node.authority.numbered(host), named_by);
            // What does not fit is asked for when it is wanted (RFC 2181 §9), but for a referral's in-domain glue.
            let is_needed = self.is_referral && index < own;
            answered.is_truncated |= is_needed && result.is_err();
        }
        answered
    }

    /// The chain, or the question itself, leaves what is served here. Of a chain the aliases are true whatever becomes of the
    /// target: also where its zone has no good version, which the resolver learns when it asks for the target (so NSD).
    fn outside(&self, unanswered: Answered) -> Answered {
        if self.links == 0 { unanswered } else { Answered::new(Rcode::NOERROR, true) }
    }

    fn found(&mut self, rrset: RrsetRef<'c>) -> Result<Answered, Full> {
        // A DNAME on the way to itself stands there already.
        if rrset.rtype() != Rtype::DNAME || self.is_new(rrset) {
            self.writer.rrset(Section::Answer, self.question.name(), rrset, rrset.ttl())?;
        }
        self.hosts = names_hosts(rrset.rtype()).then_some(rrset);
        Ok(Answered::new(Rcode::NOERROR, true))
    }

    /// No such rrset or no such name, which the SOA record lets a resolver remember for a while (RFC 2308 §3).
    fn denied(&mut self, zone: &Authority, rcode: Rcode) -> Answered {
        let Some(soa) = zone.soa() else { return Answered::new(Rcode::SERVFAIL, false) };
        let written = self.writer.rrset(Section::Authority, zone.apex(), soa, zone.negative_ttl);
        Answered { is_truncated: written.is_err(), ..Answered::new(rcode, true) }
    }

    /// Another zone's servers, with the addresses without which they cannot be reached (RFC 9471 §3).
    fn referred(&mut self, servers: RrsetRef<'c>, cut: NodeRef<'c>) -> Answered {
        let answered = Answered::new(Rcode::NOERROR, self.links > 0);
        // The NS records at a cut are the child's to sign; DS records, or the proof that there are none, are ours. Without a
        // signature DS says nothing to those who want DNSSEC (RFC 4035 §3.1.4).
        let signer = cut.rrset(Rtype::DS).filter(|ds| self.writer.has_dnssec() && ds.signatures().len() > 0);
        let mut rrsets = std::iter::once(servers).chain(signer);
        if !rrsets.all(|rrset| self.writer.rrset(Section::Authority, cut.name(), rrset, rrset.ttl()).is_ok()) {
            return Answered { is_truncated: true, ..answered };
        }
        (self.hosts, self.is_referral) = (Some(servers), true);
        answered
    }

    /// The addresses of a host that `named_by` names; for a service binding, the host's own bindings too (RFC 9460 §4.1).
    fn addresses(&mut self, host: NodeRef<'_>, named_by: RrsetRef<'_>) -> Result<(), Full> {
        let binding = Some(named_by.rtype()).filter(|rtype| rtype.is_service_binding());
        let rrsets = [host.rrset(Rtype::A), host.rrset(Rtype::AAAA), binding.and_then(|rtype| host.rrset(rtype))];
        // A binding's own owner is, at a wildcard, the name asked for (RFC 1034 §4.3.2, step 3c).
        let is_own = binding.is_some() && host.is_same(named_by.node);
        let name = if is_own { self.question.name() } else { host.name() };
        let mut result = Ok(());
        for rrset in rrsets.into_iter().flatten().filter(|rrset| !rrset.is_same(named_by)) {
            result = result.and(self.writer.additional(name, rrset));
        }
        result
    }

    /// An alias: its record, then on to the target, if the chain may go on.
    fn alias(&mut self, cname: RrsetRef<'c>) -> Result<Option<Answered>, Full> {
        self.writer.rrset(Section::Answer, self.question.name(), cname, cname.ttl())?;
        Ok(self.go_on(|question| question.set(NameRef::trusted(cname.first()))))
    }

    /// A DNAME: its record, then the alias that it means for this name (RFC 6672 §3.1).
    fn redirect(&mut self, dname: RrsetRef<'_>, node: NodeRef<'_>) -> Result<Option<Answered>, Full> {
        if self.is_new(dname) {
            self.writer.rrset(Section::Answer, node.name(), dname, dname.ttl())?;
        }
        let mut octets = [0; MAX_NAME];
        let Some(target) = substitute(self.question.name(), node.name(), NameRef::trusted(dname.first()), &mut octets)
        else {
            self.trace.note(|| Step::TooLong);
            return Ok(Some(Answered::new(Rcode::YXDOMAIN, true)));
        };
        let alias = [target.octets()];
        self.writer.records(Section::Answer, self.question.name(), Rtype::CNAME, dname.ttl(), alias.into_iter())?;
        // A target below its own DNAME is redirected for ever: one step says all there is (NSD ends there too).
        let is_endless = target.is_below(node.name());
        // ANY is content with any rrset of the name (RFC 8482 §4.1), and the alias is one; BIND ends there too.
        if is_endless {
            self.trace.note(|| Step::Loop(target));
        }
        if is_endless || matches!(self.rtype, Rtype::CNAME | Rtype::ANY) {
            return Ok(Some(Answered::new(Rcode::NOERROR, true)));
        }
        Ok(self.go_on(|question| question.set_copy(target)))
    }

    /// Whether a DNAME is met for the first time in this chain: an rrset stands in an answer once.
    fn is_new(&mut self, dname: RrsetRef<'_>) -> bool {
        let mark = (std::ptr::from_ref(dname.node.authority), dname.node.number);
        let passed = self.passed.get_or_insert(Passed::NOTHING);
        let is_new = !passed.redirects[..self.links].contains(&mark);
        passed.redirects[self.links] = mark;
        is_new
    }

    /// Takes the question on to an alias's target; ends it in a loop, or when it is too long. The target is looked for among
    /// all zones that are served ("go back to step 1", RFC 1034 §4.3.2), as by NSD; Knot and BIND stop where the zone ends.
    fn go_on(&mut self, set_target: impl FnOnce(&mut Question<'q>)) -> Option<Answered> {
        let passed = self.passed.get_or_insert(Passed::NOTHING);
        passed.names[self.links] = self.question.hash(self.question.label_count());
        self.links += 1;
        set_target(self.question);
        let hash = self.question.hash(self.question.label_count());
        let is_loop = passed.names[..self.links].contains(&hash);
        if is_loop {
            self.trace.note(|| Step::Loop(self.question.name()));
        } else if self.links == MAX_LINKS {
            self.trace.note(|| Step::LastLink(self.question.name()));
        }
        (is_loop || self.links == MAX_LINKS).then_some(Answered::new(Rcode::NOERROR, true))
    }
}

/// `name` with its suffix `owner` replaced by `target`; none if that is too long for a name.
fn substitute<'o>(
    name: NameRef<'_>,
    owner: NameRef<'_>,
    target: NameRef<'_>,
    octets: &'o mut [u8; MAX_NAME],
) -> Option<NameRef<'o>> {
    let head = name.octets().len() - owner.octets().len();
    let length = head + target.octets().len();
    let whole = octets.get_mut(..length)?;
    whole[..head].copy_from_slice(&name.octets()[..head]);
    whole[head..].copy_from_slice(target.octets());
    Some(NameRef::trusted(whole))
}
