//! What records mean together.
use crate::diagnostic::Diagnostic;
use crate::dns::Name;
use crate::zonefile::Records;

/// A zone that can be served: its apex and its nodes in canonical order.
#[derive(Debug)]
pub struct Zone {}

/// Puts records together, or says what makes the zone unservable; the findings hold warnings too.
///
/// `clean` says that the text had no errors: a zone whose text had some is judged all the same, for its findings, with those
/// that a missing record would explain left out; it is never given back.
pub fn build(apex: &Name, records: Records, clean: bool) -> (Option<Zone>, Vec<Diagnostic>) {
    let _ = (apex, records, clean);
    todo!()
}
