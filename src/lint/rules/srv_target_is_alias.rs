//! ## What it does
//! Finds SRV records whose target is an alias (CNAME or DNAME).
//! ## Why is this bad
//! The target of an SRV record must not be an alias (RFC 2782, "Target"): clients ask for its addresses, and some follow no
//! alias there.
//! ## Example
//! ```zone
//! _sip._tcp  IN SRV   0 5 5060 voice
//! voice      IN CNAME host.example.net.
//! ```
//! ## Fix
//! Name the host that has the addresses, or give the name addresses of its own in place of the alias.

use super::targets;
use crate::dns::Rtype;
use crate::lint::{Others, Report, Subject};

const WHY: &str = "the target of an SRV record must be a host that has addresses itself; some clients follow no alias there \
                   (RFC 2782)";

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    targets::check_aliases(Rtype::SRV, WHY, subject, others, report);
}
