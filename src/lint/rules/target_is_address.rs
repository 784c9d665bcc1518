//! ## What it does
//! Finds CNAME, DNAME, SRV, PTR, SVCB and HTTPS records that hold an address where a name belongs.
//! ## Why is this bad
//! The field is a name, so the address is read as one, which does not exist. The commonest is a CNAME that was meant as an
//! A record.
//! ## Example
//! ```zone
//! www  IN CNAME  192.0.2.10
//! ```
//! ## Fix
//! Write an A or AAAA record, or the name of the host that has the address.

use super::targets;
use crate::dns::Rtype;
use crate::lint::{Report, Subject};

const WHY: &str = "the field is a name, so the address is read as one that does not exist (RFC 1035 §3.3)";

pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let types = [Rtype::CNAME, Rtype::DNAME, Rtype::SRV, Rtype::PTR, Rtype::SVCB, Rtype::HTTPS];
    targets::check_addresses(&types, WHY, subject, report);
}
