//! ## What it does
//! Finds aliases of aliases of aliases: chains longer than the config's `alias_steps`, 8 by default.
//! ## Why is this bad
//! Each step may cost a resolver a query, and it gives up after some: Unbound after 11 steps, others after 8 or 16. Names at
//! the start of the chain then work for some users and not for others (RFC 1034 §3.6.2 warns of chains).
//! ## Example
//! ```zone
//! a  IN CNAME b
//! b  IN CNAME c       ; and so on to j
//! ```
//! ## Fix
//! Let the aliases name the last name of the chain.

use crate::dns::Rtype;
use crate::lint::others::Presence;
use crate::lint::{Others, Report, Subject};

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    let most = subject.settings.alias_steps;
    for (alias, _) in subject.targets_that(others, &[Presence::Alias], &[Rtype::CNAME]) {
        let walk = others.follow(alias.rrset.owner());
        // The alias just past the limit tells of the chain: those before it are longer, those behind short enough.
        if walk.is_loop || walk.names.len() != most + 1 {
            continue;
        }
        let Some(last) = walk.names.last() else { continue };
        let headline = format!("`{}` is {} aliases away from `{last}`", alias.rrset.owner(), walk.names.len());
        let finding = report.finding(report.target(alias), headline).label(format!("the first of more than {most} steps"));
        report.add(
            finding
                .why("some resolvers give up after 8 aliases, and the name then works for some users only")
                .fix(format!("write `{last}` here")),
        );
    }
}
