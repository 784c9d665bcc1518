//! ## What it does
//! Finds NS records that hold an address where the name of a server belongs.
//! ## Why is this bad
//! The field is a name (RFC 1035 §3.3.11), so the address is read as one: without a last dot as a name below the origin, with
//! one as a name below a top-level domain of digits. Neither exists, and no resolver reaches the server.
//! ## Example
//! ```zone
//! @  IN NS  192.0.2.53
//! ```
//! ## Fix
//! Give the server a name with an A or AAAA record, and write that name.

use super::targets;
use crate::dns::Rtype;
use crate::lint::{Report, Subject};

const WHY: &str = "the field is a name, so the address is read as one that does not exist (RFC 1035 §3.3.11)";

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    targets::check_addresses(&[Rtype::NS], WHY, subject, report);
}
