//! Each commit that changed the answer.

use super::Past;
use crate::control::git::Commit;
use crate::control::judged::KEY;
use crate::dns::Rtype;
use crate::review::Snapshot;
use crate::review::diff::{AnswerChange, at_name};

/// A commit that changed the answer.
#[derive(Debug)]
pub struct Turn {
    /// The commit.
    pub commit: Commit,
    /// What was answered before it, and since.
    pub change: AnswerChange,
}

impl Past {
    /// Tells of each commit that changed the answer, for one type or for all, the newest first, until `tell` has enough. Of
    /// the first commit, what is answered since; but not where a shallow clone hides what was before.
    ///
    /// # Errors
    ///
    /// The history cannot be read, or what `tell` says.
    pub fn turns(
        &mut self,
        rtype: Option<Rtype>,
        tell: &mut dyn FnMut(Turn) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let name = self.name.clone();
        let Some((mut since, mut newer)) = self.served(0)? else { return Ok(()) };
        while let Some((index, older)) = self.served(since + 1)? {
            if let Some(change) = at_name(&older, &newer, &name, rtype)
                && !tell(Turn { commit: self.commit(since)?, change })?
            {
                return Ok(());
            }
            (since, newer) = (index, older);
        }
        let nothing = Snapshot::compiled([], KEY);
        if !self.line.is_cut
            && let Some(change) = at_name(&nothing, &newer, &name, rtype)
        {
            tell(Turn { commit: self.commit(since)?, change })?;
        }
        Ok(())
    }
}
