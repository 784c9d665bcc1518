//! NSEC chains: one record at each name that owns signed data or a cut, each naming the next (RFC 4034 §4, RFC 4035 §2.3).

use super::{FIX, WHY, listed, wrong_types};
use crate::dns::{NameRef, Rtype};
use crate::lint::Report;
use crate::lint::signed::{Signed, Standing};
use crate::source::Span;
use crate::zone::{Node, Rrset};
use crate::zonefile::Record;
use crate::zonefile::rdata::listed_types;

/// Reports what is wrong with the zone's NSEC records; says whether it has any.
pub(super) fn check(signed: &Signed<'_>, report: &mut Report<'_>) -> bool {
    let with_nsec = |(node, standing): (Node<'_>, Standing)| node.rrset(Rtype::NSEC).is_some().then_some(standing);
    if !signed.nodes.iter().copied().any(|entry| with_nsec(entry).is_some_and(|at| at != Standing::Occluded)) {
        return false;
    }
    let owners: Vec<_> = listed(signed).filter_map(Owner::of).collect();
    for (index, owner) in owners.iter().enumerate() {
        owner.check_next(&owners[(index + 1) % owners.len()], signed, report);
        owner.check_types(report);
    }
    missing(signed, report);
    occluded(signed, report);
    true
}

/// A name that should own an NSEC record, and does.
struct Owner<'z> {
    node: Node<'z>,
    standing: Standing,
    rrset: Rrset<'z>,
    record: &'z Record,
    next: NameRef<'z>,
    types: &'z [u8],
}

impl<'z> Owner<'z> {
    fn of((node, standing): (Node<'z>, Standing)) -> Option<Self> {
        let rrset = node.rrset(Rtype::NSEC)?;
        let (record, rdata) = rrset.records().zip(rrset.rdatas()).next()?;
        let next = NameRef::parse(rdata)?;
        Some(Self { node, standing, rrset, record, next, types: &rdata[next.octets().len()..] })
    }

    fn check_next(&self, next: &Owner<'_>, signed: &Signed<'_>, report: &mut Report<'_>) {
        let name = self.node.name();
        if let Some(second) = self.rrset.records().nth(1) {
            let what = format!("`{name}` has more than one NSEC record");
            let finding = report.finding(report.rdata(second), what).label("another one");
            report.add(finding.also(report.rdata(self.record), "the first is here").why(WHY).fix(FIX));
        }
        // A next name that lacks its own NSEC record is told of there.
        let leads_on = self.next.is(next.node.name()) || signed.zone.node(self.next).is_some_and(lacks_nsec);
        if !leads_on {
            let what = format!("the NSEC record of `{name}` leads to `{}`", self.next);
            let finding = report.finding(report.rdata(self.record), what);
            let label = format!("the next name is `{}`", next.node.name());
            report.add(finding.label(label).also(report.first(next.rrset), "it is here").why(WHY).fix(FIX));
        }
    }

    fn check_types(&self, report: &mut Report<'_>) {
        if let Some(wrong) = wrong_types(self.node, self.standing, &listed_types(self.types)) {
            let what = format!("the NSEC record of `{}` {wrong}", self.node.name());
            report.add(report.finding(report.rdata(self.record), what).why(WHY).fix(FIX));
        }
    }
}

fn lacks_nsec(node: Node<'_>) -> bool {
    node.rrset(Rtype::NSEC).is_none()
}

/// Names that should own an NSEC record, and don't.
fn missing(signed: &Signed<'_>, report: &mut Report<'_>) {
    let mut before: Option<Span> = None;
    for (node, _) in listed(signed) {
        if let Some(nsec) = node.rrset(Rtype::NSEC) {
            before = Some(report.first(nsec));
        } else if let Some(first) = node.rrsets().next() {
            let what = format!("`{}` has no NSEC record", node.name());
            let finding = report.finding(report.first(first), what).label("not in the chain");
            let finding = before.into_iter().fold(finding, |finding, at| finding.also(at, "the record before it"));
            report.add(finding.why(WHY).fix(FIX));
        }
    }
}

/// Names below a cut that own an NSEC record: it would deny names of another zone.
fn occluded(signed: &Signed<'_>, report: &mut Report<'_>) {
    let below = signed.nodes.iter().filter(|(_, standing)| *standing == Standing::Occluded);
    for nsec in below.filter_map(|(node, _)| node.rrset(Rtype::NSEC)) {
        let what = format!("`{}` has an NSEC record and lies below a delegation", nsec.owner());
        let finding = report.finding(report.first(nsec), what).label("another zone's name");
        report.add(finding.why("only the zone it lies in can say what does not exist there (RFC 4035 §2.3)").fix(FIX));
    }
}
