//! Who may have written the commits that are served.
//!
//! The keys are named by our own config, never by the repository's: who can push could bring his own. `ssh-keygen` and `gpg`
//! verify, as they do for git; a key's dates are held against the commit's own date, as git does it.

use std::ffi::OsString;
use std::path::PathBuf;

use gix::ObjectId;
use gix::commit::verify::{Format, TrustLevel};
use gix::objs::signature::verify::Options;

use super::{Refusal, Repository};
use crate::diagnostic::codes;

/// Commits that are verified at once: two processes each.
const MAX_COMMITS: usize = 10_000;

/// Whose signatures count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signers {
    /// Keys of ssh, in the form that `ssh-keygen -Y verify` reads (ALLOWED SIGNERS in ssh-keygen(1)).
    pub ssh: Option<PathBuf>,
    /// Keys of OpenPGP, as `gpg --export` writes them.
    pub openpgp: Option<PathBuf>,
}

impl Repository {
    /// Whether every commit on the first-parent line from `served` (not included) to `newest` is signed by one of `signers`.
    ///
    /// With none served, the newest alone is asked for: nobody could have published what came before it.
    ///
    /// # Errors
    ///
    /// The first commit that is not, or that cannot be read.
    pub fn verify(&self, newest: ObjectId, served: Option<ObjectId>, signers: &Signers) -> Result<(), Refusal> {
        let local = self.local();
        let Some(served) = served else { return self.verify_one(&local, newest, signers) };
        let mut line = self.line(newest, MAX_COMMITS + 1)?;
        let known = line.iter().position(|&id| id == served).map_or_else(
            // It was merged into another line: what it comes from itself was published before it.
            || self.ancestors(served).map(|before| line.iter().position(|id| before.contains(id))),
            |at| Ok(Some(at)),
        )?;
        line.truncate(known.unwrap_or(line.len()));
        if line.len() > MAX_COMMITS {
            return Err(self.refused(format!("more than {MAX_COMMITS} commits came at once, too many to verify")));
        }
        // The oldest first: that is the one to mend first.
        line.iter().rev().try_for_each(|&id| self.verify_one(&local, id, signers))
    }

    fn verify_one(&self, local: &gix::Repository, id: ObjectId, signers: &Signers) -> Result<(), Refusal> {
        let commit = self.object(local, id, gix::object::Kind::Commit)?.into_commit();
        let refused = |what: String| {
            Refusal::new(&codes::COMMIT_REFUSED, &self.shown, format!("commit {id} {what}"))
                .why("the config asks for commits signed by its allowed signers, all the way from the one that is served")
                .fix("sign it (`git commit --amend -S`), or add its signer's key to the file that the config names")
        };
        let signature = commit.signature().map_err(|error| self.unreadable(&id.to_string(), &error))?;
        let Some((signature, signed)) = signature else { return Err(refused("is not signed".into())) };
        let time = commit.time().map_err(|error| self.unreadable(&id.to_string(), &error))?;
        let options = match (Format::from_signature(&signature), &signers.ssh, &signers.openpgp) {
            (Some(Format::Ssh), Some(keys), _) => ssh(keys.clone(), time),
            (Some(Format::OpenPgp), _, Some(keys)) => openpgp(keys.clone()),
            (Some(Format::Ssh), None, _) => {
                return Err(refused("is signed with ssh, and no ssh keys are allowed".into()));
            }
            (Some(Format::OpenPgp), _, None) => {
                return Err(refused("is signed with OpenPGP, and no OpenPGP keys are allowed".into()));
            }
            _ => return Err(refused("is signed in a way that is not known here".into())),
        };
        match signed.verify(&signature, options) {
            Ok(outcome) if outcome.is_valid() => Ok(()),
            Ok(outcome) => {
                let said = outcome.output.to_string();
                let said = said.lines().next().unwrap_or_default();
                Err(refused(format!("is signed by nobody who is allowed to: {:?}, {said}", outcome.status)))
            }
            Err(error) => Err(refused(format!("could not be verified: {error}"))),
        }
    }
}

fn ssh(allowed_signers: PathBuf, verify_time: gix::date::Time) -> Options {
    Options::Ssh {
        program: "ssh-keygen".into(),
        program_arguments: Vec::new(),
        environment: Vec::new(),
        allowed_signers,
        revocation_file: None,
        verify_time,
        // A valid signature of a key that is not in the file has a lower one.
        minimum_trust: TrustLevel::Fully,
    }
}

fn openpgp(keys: PathBuf) -> Options {
    let mut arguments: Vec<OsString> =
        ["--batch", "--no-options", "--no-auto-check-trustdb", "--lock-never", "--trust-model=always"]
            .map(Into::into)
            .into();
    // This file's keys and no others, whatever the user's own keyring holds.
    arguments.extend(["--no-default-keyring".into(), "--keyring".into(), keys.into_os_string()]);
    Options::OpenPgp {
        program: "gpg".into(),
        program_arguments: arguments,
        environment: vec![("LC_ALL".into(), "C".into())],
        minimum_trust: TrustLevel::Undefined,
    }
}
