//! ## What it does
//! Finds NS records whose target is an alias (CNAME or DNAME).
//! ## Why is this bad
//! A resolver that follows the delegation must find an address at the target itself (RFC 2181 §10.3); many look no further,
//! and the zone is then reached through its other servers only, or not at all.
//! ## Example
//! ```zone
//! @    IN NS    ns1
//! ns1  IN CNAME host.example.net.
//! ```
//! ## Fix
//! Name the host that has the addresses, or give the name addresses of its own in place of the alias.

use super::targets;
use crate::dns::Rtype;
use crate::lint::{Others, Report, Subject};

const WHY: &str = "a resolver that follows the delegation asks for the address of this very name, and an alias has none \
                   (RFC 2181 §10.3)";

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    targets::check_aliases(Rtype::NS, WHY, subject, others, report);
}
