//! ## What it does
//! Finds MX records whose target is an alias (CNAME or DNAME).
//! ## Why is this bad
//! Mail is delivered to hosts, and an MX record must name one (RFC 2181 §10.3, RFC 5321 §5.1). Some senders refuse the
//! domain, and a mail server that does not know the alias as its own name returns the mail as a loop.
//! ## Example
//! ```zone
//! @     IN MX    10 mail
//! mail  IN CNAME mx.example.net.
//! ```
//! ## Fix
//! Name the host that has the addresses, or give the name addresses of its own in place of the alias.

use super::targets;
use crate::dns::Rtype;
use crate::lint::{Others, Report, Subject};

const WHY: &str = "an MX record must name a host that has addresses itself; some senders refuse mail to an alias \
                   (RFC 2181 §10.3)";

pub(super) fn check(subject: &Subject<'_>, others: &Others<'_>, report: &mut Report<'_>) {
    targets::check_aliases(Rtype::MX, WHY, subject, others, report);
}
