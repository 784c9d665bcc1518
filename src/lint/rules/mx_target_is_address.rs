//! ## What it does
//! Finds MX records that hold an address where the name of a mail server belongs.
//! ## Why is this bad
//! The field is a name (RFC 1035 §3.3.9), so the address is read as one, which does not exist: mail is queued and returned.
//! ## Example
//! ```zone
//! @  IN MX  10 192.0.2.25
//! ```
//! ## Fix
//! Give the mail server a name with an A or AAAA record, and write that name.

use super::targets;
use crate::dns::Rtype;
use crate::lint::{Report, Subject};

const WHY: &str = "the field is a name, so the address is read as one that does not exist, and mail is returned \
                   (RFC 1035 §3.3.9)";

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    targets::check_addresses(&[Rtype::MX], WHY, subject, report);
}
