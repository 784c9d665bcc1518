//! Records that an operator has set on this server for a while, for the hour when the repository is out of reach.
//!
//! In: a file beside the source, and the time. Out: what is served has its records in the place of the commit's, until it
//! expires, is deleted or changed. It is judged as any change is: what it makes of a zone has to be servable. It needs no
//! push, and no override outlives its time, through restarts neither; for the same reason none goes on for ever.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::publish::Outcome;
use super::{Commits, Work};
use crate::control::git::{Refusal, moment};
use crate::control::load::{Root, zone_files};
use crate::control::reload::{Reloader, report};
use crate::control::serials::{Counted, content, written};
use crate::control::status::{GlassStatus, Look};
use crate::dns::{Name, Rtype};
use crate::source::text_hash;
use crate::zonefile::{Glass, MAX_GLASS};

/// How far ahead an override may expire, in seconds: whoever needs it for longer has a repository again.
const LONGEST: i64 = 7 * 24 * 3600;

/// What is known of the override file.
#[derive(Default)]
pub(super) struct Shard {
    /// What it says, and until when, while that is in force.
    wanted: Option<(Arc<Glass>, i64)>,
    /// What is served of it.
    applied: Option<(Arc<Glass>, i64)>,
    /// What could not be served, and is not tried again until it changes.
    refused: Option<Arc<Glass>>,
    /// Why it is not, or not as it is now, in force.
    trouble: Option<String>,
}

impl Commits {
    /// Reads the override file; `now` is in seconds since 1970.
    pub(super) fn read_glass(&mut self, now: i64) {
        let shard = &mut self.shard;
        shard.trouble = None;
        let Some(path) = &self.settings.override_file else {
            shard.wanted = None;
            return;
        };
        match read(path, now) {
            Ok(wanted) => shard.wanted = wanted,
            // The last good one stays while it may.
            Err(trouble) => {
                shard.trouble = Some(trouble);
                shard.wanted = shard.wanted.take().filter(|(_, until)| *until > now);
            }
        }
        // Nor does what is in force go on for the sake of another that is refused.
        let is_over = shard.applied.as_ref().is_some_and(|(_, until)| *until <= now);
        if is_over && shard.wanted.as_ref().is_some_and(|(glass, _)| shard.refused.as_ref() == Some(glass)) {
            shard.wanted = None;
        }
    }

    /// Serves the commit with what the override says now.
    pub(super) fn apply_glass(&mut self, work: &mut Work<'_>, look: &mut Look) -> Result<(), Refusal> {
        let wanted = self.shard.wanted.clone();
        let is_refused = wanted.as_ref().is_some_and(|(glass, _)| self.shard.refused.as_ref() == Some(glass));
        let is_same = wanted.as_ref().map(|(glass, _)| glass) == self.shard.applied.as_ref().map(|(glass, _)| glass);
        let Some(served) = self.served.as_ref().map(|served| served.id).filter(|_| !is_refused) else { return Ok(()) };
        if is_same {
            self.shard.applied = wanted;
            return Ok(());
        }
        let before = work.reloader.glass.take();
        work.reloader.glass = wanted.as_ref().map(|(glass, _)| (Arc::clone(glass), Arc::default()));
        let mut one = Look { at: look.at, ..Look::default() };
        let is_taken = self.publish(work, served, &mut one).map(Outcome::is_taken);
        if !matches!(is_taken, Ok(true)) {
            work.reloader.glass = before;
        }
        if is_taken? {
            (self.shard.applied, self.shard.refused) = (wanted, None);
        } else {
            self.shard.refused = wanted.map(|(glass, _)| glass);
            let reports: Vec<String> = one.refused.iter().map(|refused| refused.report.clone()).collect();
            look.notices
                .push(format!("the override is refused, and what was served is served on\n{}", reports.join("\n")));
            one.refused.clear();
        }
        look.published.append(&mut one.published);
        look.notices.append(&mut one.notices);
        Ok(())
    }

    /// Says what is in force, each time anew: the log has it once, `status` as long as it is so.
    pub(super) fn tell_glass(&self, reloader: &Reloader, look: &mut Look) {
        look.notices.extend(self.shard.trouble.clone());
        if let Some((glass, _)) = &self.shard.applied {
            let outside = glass.rrsets.iter().filter(|(name, _)| !reloader.has_zone_of(name.as_ref()));
            look.notices.extend(
                outside.map(|(name, _)| format!("{}: `{name}` lies in no zone here, so nothing is set", glass.shown)),
            );
            look.notices.push(format!(
                "{} is in force until {}: {} rrsets are not the commit's; {}",
                glass.shown,
                glass.expires,
                glass.rrsets.len(),
                glass.reason
            ));
        }
    }

    /// When the next override ends, in seconds since 1970: the one in force, or the one that is to be.
    pub fn glass_ends(&self) -> Option<i64> {
        let Shard { wanted, applied, .. } = &self.shard;
        [wanted, applied].into_iter().flatten().map(|(_, until)| *until).min()
    }

    /// What `status` shows of it.
    pub(super) fn glass_status(&self) -> Option<GlassStatus> {
        let (glass, _) = self.shard.applied.as_ref()?;
        let rrset = |(name, rtype): &(Name, Rtype)| format!("{name} {}", crate::zonefile::rdata::Mnemonic(*rtype));
        Some(GlassStatus {
            file: glass.shown.clone(),
            expires: glass.expires.clone(),
            reason: glass.reason.clone(),
            rrsets: glass.rrsets.iter().map(rrset).collect(),
        })
    }

    /// Finds the zones that an override changes, and adds to what is counted those and any that it has changed: their serials
    /// go on from what was published, whatever is written.
    pub(super) fn count_glass(
        &self,
        counted: &mut HashMap<Name, Counted>,
        work: &mut Work<'_>,
        root: &Root,
    ) -> Result<(), Refusal> {
        let known = |name: &Name| self.numbers.0.get(name).is_some_and(|known| known.offset() != 0);
        if work.reloader.glass.is_none() && self.numbers.0.keys().all(|name| !known(name)) {
            return Ok(());
        }
        let listing = zone_files(root, &work.config.source.zones).map_err(|error| work.repository.unlisted(&error))?;
        let apexes = listing.zones.iter().map(|zone| zone.name.as_ref().to_lower()).collect();
        if let Some((glass, touched)) = &mut work.reloader.glass {
            *touched = Arc::new(glass.touched(&apexes));
        }
        for listed in listing.zones {
            let name = listed.name.as_ref().to_lower();
            let glass = work.reloader.glass.as_ref().filter(|(_, touched)| touched.contains(&name));
            if glass.is_none() && !known(&name) {
                continue;
            }
            let own = counted.get(&name).cloned().unwrap_or_else(|| Counted {
                serial: written(root, &listed).or_else(|| work.reloader.serial(name.as_ref())).unwrap_or(1),
                content: content(root, &listed, &work.config.limits).0,
            });
            let content = match glass {
                Some((glass, _)) => text_hash(&[&own.content, glass.text()].concat()),
                None => own.content,
            };
            counted.insert(name, Counted { content, ..own });
        }
        Ok(())
    }
}

/// What an override file says, and until when; none: there is none, or its time is over.
fn read(path: &Path, now: i64) -> Result<Option<(Arc<Glass>, i64)>, String> {
    use std::io::Read as _;
    let shown = path.display().to_string();
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|error| format!("the override {shown} cannot be read: {error}"))?,
    };
    let mut text = Vec::new();
    let read = file.take(MAX_GLASS as u64 + 1).read_to_end(&mut text);
    read.map_err(|error| format!("the override {shown} cannot be read: {error}"))?;
    if text.len() > MAX_GLASS {
        return Err(format!("the override {shown} has more than {MAX_GLASS} octets"));
    }
    let glass = Glass::read(&shown, text.into())
        .map_err(|(findings, sources)| format!("the override is refused\n{}", report(&findings, &sources)))?;
    let until = moment(&glass.expires).ok_or_else(|| {
        format!(
            "the override {shown} expires at `{}`, which is no time: write it as 2026-11-27T18:00:00Z",
            glass.expires
        )
    })?;
    if until > now + LONGEST {
        return Err(format!(
            "the override {shown} expires at {}, more than 7 days ahead: bring it nearer",
            glass.expires
        ));
    }
    Ok((until > now).then(|| (Arc::new(glass), until)))
}
