//! What is wrong with a request's commits, and whether that was approved.

use jiff::Timestamp;

use super::{Approval, Pull, Trusted};
use crate::pull::checks::{self, Problem, Series};
use crate::pull::hold::HoldReason;
use crate::pull::policy::Policy;

impl Pull {
    /// Whether somebody approved all of these problems for that very tag object.
    pub(super) fn approves_problems(&self, trusted: &Trusted, problems: &[Problem]) -> bool {
        let Some(tag) = &trusted.pinned.tag else { return false };
        let lifts = |approval: &Approval| {
            approval.is_for(tag)
                && matches!(&approval.reason,
                    HoldReason::Checks { problems: known } if checks::covers(known, problems))
        };
        self.approvals.iter().any(lifts)
    }
}

pub(super) fn problems(
    pull: &Pull,
    trusted: &Trusted,
    series: &Series,
    policy: &Policy,
    now: Timestamp,
) -> Vec<Problem> {
    let Some(target) = policy.targets.get(&pull.target) else { return Vec::new() };
    let lists: Vec<_> = policy.lists.values().map(|list| list.address.as_str()).collect();
    let mut problems = checks::problems(series, &target.checks, &trusted.signer, &lists);
    let freeze = target.freeze.as_ref().filter(|freeze| freeze.holds(now));
    problems.extend(freeze.and_then(|freeze| checks::frozen(freeze, &target.checks)));
    problems
}

/// Holds for problems, unless they were approved for that very tag object.
pub(super) fn hold_for(
    pull: &Pull,
    trusted: &Trusted,
    problems: Vec<Problem>,
) -> Option<HoldReason> {
    let lifted = problems.is_empty() || pull.approves_problems(trusted, &problems);
    (!lifted).then_some(HoldReason::Checks { problems })
}
