//! `[canary]`: what a commit is tried on before it is published.

use super::check::replace;
use super::problems::Problems;
use super::spec::Canary;
use crate::review::canary::Shares;

/// The most questions that are kept: each takes 280 octets.
const MAX_QUESTIONS: u32 = 1_000_000;

/// What a commit is tried on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CanarySettings {
    /// Whether it is tried at all.
    pub enabled: bool,
    /// About how many of the questions asked last are kept.
    pub questions: usize,
    /// Whether it has to keep the promises of its own tests.
    pub expectations: bool,
    /// Shares of the questions that it must not raise above.
    pub shares: Shares,
}

impl Default for CanarySettings {
    fn default() -> Self {
        let shares = Shares { nxdomain: 50, servfail: 10 };
        Self { enabled: true, questions: 1000, expectations: true, shares }
    }
}

/// What the section says.
pub(super) fn read(spec: Canary, problems: &mut Problems<'_>) -> CanarySettings {
    let mut settings = CanarySettings::default();
    replace(&mut settings.enabled, spec.enabled.checked(problems, |&enabled| Some(enabled)));
    let questions = |&count: &u32| (count <= MAX_QUESTIONS).then_some(count as usize);
    replace(&mut settings.questions, spec.questions.checked(problems, questions));
    replace(&mut settings.expectations, spec.expectations.checked(problems, |&wanted| Some(wanted)));
    let percent = |&percent: &u8| (percent <= 100).then_some(percent);
    replace(&mut settings.shares.nxdomain, spec.nxdomain_percent.checked(problems, percent));
    replace(&mut settings.shares.servfail, spec.servfail_percent.checked(problems, percent));
    settings
}
