//! A zone's delegation, as its parent's own servers have it, found by way of a resolver.
//!
//! In: a resolver's address, and a zone's name. Out: what the parent says of it. The resolver says which ancestor is a zone and
//! where its servers are; one of these is asked itself, as what a resolver has of a delegation may be the child's word.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, bail};

use super::remote::ask_all;
use crate::dns::{Name, NameRef, Rcode, Rtype};
use crate::lint::{Delegation, address_of};
use crate::server::ask;
use crate::server::message::Message;

/// Where the system names its resolvers.
const CONFIG: &str = "/etc/resolv.conf";

/// The most octets of that file, and the most servers of a parent that are tried.
const MAX_CONFIG: u64 = 1 << 16;
const MAX_SERVERS: usize = 3;

/// Who is asked.
#[derive(Clone, Copy, Debug)]
pub struct Online {
    /// The resolver.
    pub resolver: SocketAddr,
    /// The port of the parents' servers: 53.
    pub port: u16,
}

impl Online {
    /// By way of this resolver, or of the first that the system names.
    ///
    /// # Errors
    ///
    /// The system names none.
    pub fn new(resolver: Option<SocketAddr>) -> anyhow::Result<Self> {
        let resolver = match resolver {
            Some(resolver) => resolver,
            None => system_resolver()?,
        };
        Ok(Self { resolver, port: 53 })
    }

    /// What the parent says of a zone.
    ///
    /// # Errors
    ///
    /// The resolver, or none of the parent's servers, answers; or there is no parent to be found.
    pub fn delegation(&self, apex: NameRef<'_>) -> anyhow::Result<Delegation> {
        let mut last = None;
        let (parent, servers) = self.parent(apex)?;
        for server in servers.into_iter().take(MAX_SERVERS) {
            match self.ask_parent(server, apex) {
                Ok(delegation) => return Ok(Delegation { parent: Some(parent), ..delegation }),
                Err(error) => last = Some(error),
            }
        }
        match last {
            Some(error) => Err(error).with_context(|| format!("no server of `{parent}` answers")),
            None => bail!("no server of `{parent}` has an address"),
        }
    }

    /// The nearest ancestor that is a zone, and where its servers are.
    fn parent(&self, apex: NameRef<'_>) -> anyhow::Result<(Name, Vec<IpAddr>)> {
        let mut ancestor = apex.parent();
        while let Some(name) = ancestor {
            let answer = self.resolve(name, Rtype::NS)?;
            let servers: Vec<Name> = targets(&answer, name);
            if !servers.is_empty() {
                let mut found = Vec::new();
                for server in servers.iter().take(MAX_SERVERS) {
                    for rtype in [Rtype::A, Rtype::AAAA] {
                        found.extend(
                            self.resolve(server.as_ref(), rtype)?.sections[0].iter().filter_map(|record| {
                                (record.rtype == rtype).then(|| address_of(&record.rdata)).flatten()
                            }),
                        );
                    }
                }
                return Ok((name.to_name(), found));
            }
            ancestor = name.parent();
        }
        bail!("`{apex}` has no parent")
    }

    fn resolve(&self, name: NameRef<'_>, rtype: Rtype) -> anyhow::Result<Message> {
        let answer =
            question(self.resolver, name, rtype).with_context(|| format!("asking the resolver {}", self.resolver))?;
        match answer.rcode() {
            Rcode::NOERROR | Rcode::NXDOMAIN => Ok(answer),
            rcode => bail!("the resolver {} answers {rcode} for `{name}`", self.resolver),
        }
    }

    fn ask_parent(&self, server: IpAddr, apex: NameRef<'_>) -> anyhow::Result<Delegation> {
        let server = SocketAddr::new(server, self.port);
        let [referral, ds] = [Rtype::NS, Rtype::DS].map(|rtype| question(server, apex, rtype));
        let (referral, ds) = (referral?, ds?);
        if !matches!(referral.rcode(), Rcode::NOERROR | Rcode::NXDOMAIN) {
            bail!("{server} answers {} for `{apex}`", referral.rcode());
        }
        let mut servers = targets(&referral, apex);
        servers.sort_by(|a, b| a.as_ref().canonical_cmp(b.as_ref()));
        let glue = referral.sections[2].iter().filter(|record| matches!(record.rtype, Rtype::A | Rtype::AAAA));
        let glue = glue.filter_map(|record| Some((record.owner.clone(), address_of(&record.rdata)?))).collect();
        let ds = ds.sections[0].iter().filter(|record| record.rtype == Rtype::DS && record.owner.as_ref().is(apex));
        Ok(Delegation { parent: None, servers, glue, ds: ds.map(|record| record.rdata.clone()).collect() })
    }
}

/// The servers that a message names for a zone: in an answer, or in a referral.
fn targets(message: &Message, zone: NameRef<'_>) -> Vec<Name> {
    let [answers, authorities, _] = &message.sections;
    let records = answers.iter().chain(authorities);
    let records = records.filter(|record| record.rtype == Rtype::NS && record.owner.as_ref().is(zone));
    records.filter_map(|record| Some(NameRef::parse(&record.rdata)?.to_name())).collect()
}

fn question(server: SocketAddr, name: NameRef<'_>, rtype: Rtype) -> anyhow::Result<Message> {
    let messages = ask_all(server, &[(name.to_name(), rtype)], &|name, rtype| ask(name, rtype, false))?;
    messages.into_iter().next().context("no answer")
}

fn system_resolver() -> anyhow::Result<SocketAddr> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = std::fs::File::open(CONFIG).with_context(|| format!("opening {CONFIG}"))?;
    file.take(MAX_CONFIG).read_to_string(&mut text).with_context(|| format!("reading {CONFIG}"))?;
    let lines = text.lines().filter_map(|line| line.strip_prefix("nameserver"));
    let address = lines.filter_map(|line| line.trim().parse::<IpAddr>().ok()).next();
    let address = address.with_context(|| format!("{CONFIG} names no resolver: name one with --resolver"))?;
    Ok(SocketAddr::new(address, 53))
}
