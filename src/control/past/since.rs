//! Since when each record of an answer is in it.

use std::sync::Arc;

use super::Past;
use crate::control::git::Commit;
use crate::dns::{Name, Rcode, Rtype};
use crate::review::explain::explain;
use crate::review::{Place, Reply, ReplyRrset, record_line};

/// What an answer consists of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Item {
    /// A record: owner, where that is not the name asked for, type, TTL in seconds, and data in canonical form.
    Record(Option<Name>, Rtype, u32, Vec<u8>),
    /// That there is none: the response code, and whether the absence is said by an authority.
    Absence(Rcode, bool),
}

/// A part of the answer, and since when it is there.
#[derive(Debug)]
pub struct Since {
    /// The part.
    pub item: Item,
    /// The commit since which it is answered.
    pub commit: Commit,
    /// Whether a shallow clone hides if it was so before that.
    pub is_cut: bool,
    /// Where it is written now.
    pub place: Option<Place>,
}

impl Past {
    /// Each part of the answer now, and the commit since which it is answered without a break.
    ///
    /// # Errors
    ///
    /// The history cannot be read.
    pub fn since(&mut self, rtype: Rtype) -> anyhow::Result<Vec<Since>> {
        let name = self.name.clone();
        let Some((now, tree)) = self.served(0)? else { return Ok(Vec::new()) };
        let Some(reply) = tree.reply(name.as_ref(), rtype) else { return Ok(Vec::new()) };
        let items = items(&reply);
        let places = self.places(now, &name, rtype, &items)?;
        let mut since = vec![now; items.len()];
        let mut is_open = vec![true; items.len()];
        let mut last = tree;
        let mut next = self.served(now + 1)?;
        while let Some((index, tree)) = next.filter(|_| is_open.contains(&true)) {
            // One tree for both commits is one answer.
            if !Arc::ptr_eq(&tree, &last) {
                let older = tree.reply(name.as_ref(), rtype).map(|reply| self::items(&reply)).unwrap_or_default();
                is_open.iter_mut().zip(&items).for_each(|(is_open, item)| *is_open &= older.contains(item));
            }
            since.iter_mut().zip(&is_open).filter(|(_, is_open)| **is_open).for_each(|(since, _)| *since = index);
            last = tree;
            next = self.served(index + 1)?;
        }
        let is_cut = self.line.is_cut;
        let all = items.into_iter().zip(since).zip(is_open).zip(places);
        all.map(|(((item, since), is_open), place)| {
            Ok(Since { item, commit: self.commit(since)?, is_cut: is_open && is_cut, place })
        })
        .collect()
    }

    /// Where each record is written at a commit.
    fn places(
        &mut self,
        index: usize,
        name: &Name,
        rtype: Rtype,
        items: &[Item],
    ) -> anyhow::Result<Vec<Option<Place>>> {
        let tree = self.written(index)?;
        let steps = explain(&tree, name, rtype).map(|explanation| explanation.steps).unwrap_or_default();
        let mut lines: Vec<(String, Place)> =
            steps.into_iter().filter_map(|step| Some((step.text.to_ascii_lowercase(), step.place?))).collect();
        let place = |item: &Item| {
            let Item::Record(_, rtype, ttl, rdata) = item else { return None };
            let shown = record_line(*ttl, *rtype, rdata).to_ascii_lowercase();
            // A wildcard's record is written under another owner than it is answered under.
            let found = lines.iter().position(|(text, _)| text.split_once(' ').is_some_and(|(_, text)| text == shown));
            found.map(|found| lines.remove(found).1)
        };
        Ok(items.iter().map(place).collect())
    }
}

/// The parts of an answer, in its order.
fn items(reply: &Reply) -> Vec<Item> {
    let of_rrset = |rrset: &ReplyRrset| -> Vec<Item> {
        let record = |rdata: &Vec<u8>| Item::Record(rrset.owner.clone(), rrset.rtype, rrset.ttl, rdata.clone());
        rrset.rdatas.iter().map(record).collect()
    };
    let mut items: Vec<Item> = reply.answer.iter().chain(&reply.referral).flat_map(of_rrset).collect();
    if reply.negative_ttl.is_some() || items.is_empty() {
        items.push(Item::Absence(reply.rcode, reply.negative_ttl.is_some()));
    }
    items
}
