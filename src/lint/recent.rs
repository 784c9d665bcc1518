//! What was last said of some names: records that stand together name the same few hosts, and need not ask for each again.
//!
//! In: a name, and how to learn what is said of it. Out: what is said. Holds a few names only, so that those of a zone in
//! which no two are alike cost little.

use crate::dns::NameRef;

/// The names that are remembered: more than a delegation has servers, as a rule.
const MOST: usize = 8;

/// What was last said of some names.
pub(super) struct Recent<'n, T> {
    list: Vec<(NameRef<'n>, T)>,
    /// The place of the oldest, once all are taken.
    oldest: usize,
}

impl<'n, T> Recent<'n, T> {
    pub(super) fn new() -> Self {
        Self { list: Vec::with_capacity(MOST), oldest: 0 }
    }

    /// What is said of a name: what was said last, or else what `ask` says now.
    pub(super) fn of(&mut self, name: NameRef<'n>, ask: impl FnOnce() -> T) -> &T {
        let at = self.list.iter().position(|(known, _)| known.is(name)).unwrap_or_else(|| self.add(name, ask()));
        &self.list[at].1
    }

    fn add(&mut self, name: NameRef<'n>, said: T) -> usize {
        if self.list.len() < MOST {
            self.list.push((name, said));
            return self.list.len() - 1;
        }
        let at = self.oldest;
        self.list[at] = (name, said);
        self.oldest = (at + 1) % MOST;
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Name;

    #[test]
    fn a_name_is_asked_for_again_only_when_many_others_were() {
        let names: Vec<Name> = (0..20).map(|n| Name::absolute(&format!("n{n}.example")).expect("a name")).collect();
        let upper = Name::absolute("N0.EXAMPLE").expect("a name");
        let (mut recent, mut asked) = (Recent::new(), Vec::new());
        // In place of the index, what is said: whether it is the right one shows.
        let rounds = [vec![0, 0, 1, 0], (1..=MOST).collect(), vec![MOST, 0]].concat();
        for index in rounds {
            let said = *recent.of(names[index].as_ref(), || {
                asked.push(index);
                index
            });
            assert_eq!(said, index);
        }
        assert_eq!(asked, [0, 1, 2, 3, 4, 5, 6, 7, 8, 0]);
        assert_eq!(*recent.of(upper.as_ref(), || 99), 0, "case makes no other name");
    }
}
