//! Records what a look at a request's commits means, and what a person's approval of a hold does.

use jiff::Timestamp;

use super::apply::{conclude, refuse};
use super::{Approval, HoldReason, Plan, Pull, Stage, Trusted, checking};
use crate::pull::checks::{self, Duty, Problem, Series};
use crate::pull::decision::Told;
use crate::pull::ids::PullNumber;
use crate::pull::policy::Policy;
use crate::pull::retry::Retry;
use crate::pull::tag::Facts;
use crate::pull::verdict::{Refusal, Verdict};

/// Notes whose paths a request touches.
pub(super) fn touch(pull: &mut Pull, touches: Vec<String>) {
    let Stage::Verified { .. } = &pull.stage else { return };
    pull.note_touched(touches);
}

pub(super) fn examined(
    pull: &mut Pull,
    facts: &Facts,
    contains: Vec<PullNumber>,
    series: Option<&Series>,
    policy: &Policy,
    now: Timestamp,
) -> Told {
    let Stage::Verified { trusted, .. } = &pull.stage else { return None };
    pull.landing_checked = Some(facts.head);
    if facts.already_merged {
        conclude(pull, Verdict::Landed, now);
        return Some("the target has it already".into());
    }
    pull.lineage.contains = Some(contains);
    let trusted = trusted.clone();
    // Anybody can mail an old tag again: a person looks first, before anybody else is told of it.
    if let Some(reason) = checking::hold(pull, &trusted, policy) {
        return held(pull, trusted, reason, now);
    }
    let problems =
        series.map_or_else(Vec::new, |series| problems(pull, &trusted, series, policy, now));
    if problems.iter().any(|problem| problem.duty == Duty::Refuse) {
        let what = format!("its commits have problems: {}", problems.len());
        refuse(pull, Refusal::Checks(problems), true, now);
        return Some(what);
    }
    if let Some(reason) = hold(pull, &trusted, problems) {
        return held(pull, trusted, reason, now);
    }
    pull.stage = Stage::Queued { trusted, plan: Plan::Fresh, since: now };
    let commits = if facts.commits == 1 { "commit" } else { "commits" };
    Some(format!("queued with {} {commits}", facts.commits))
}

fn held(pull: &mut Pull, trusted: Trusted, reason: HoldReason, now: Timestamp) -> Told {
    let trusted = Some(trusted);
    pull.stage = Stage::Held { trusted, unproved: None, reason, since: now, told: false };
    Some("held for a release manager's approval".into())
}

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

fn problems(
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
fn hold(pull: &Pull, trusted: &Trusted, problems: Vec<Problem>) -> Option<HoldReason> {
    let lifted = problems.is_empty() || pull.approves_problems(trusted, &problems);
    (!lifted).then_some(HoldReason::Checks { problems })
}

/// The freeze that held it is over: its commits are looked at once more.
pub(super) fn thawed(pull: &mut Pull, now: Timestamp) -> Told {
    let Stage::Held { trusted: Some(trusted), .. } = &pull.stage else { return None };
    pull.stage = Stage::Verified { trusted: trusted.clone(), check: Retry::now(now) };
    Some("the freeze that held it is over".into())
}

impl Pull {
    /// The approval that lifts its hold now.
    fn approval(&self, by: &str, now: Timestamp) -> Option<Approval> {
        let Stage::Held { trusted, unproved, reason, .. } = &self.stage else { return None };
        let pinned = trusted.as_ref().map(|trusted| &trusted.pinned).or(unproved.as_ref());
        let tag = pinned.and_then(|pinned| pinned.tag.as_ref());
        Some(Approval {
            reason: without_lines(reason.clone()),
            tag: tag.map(|tag| tag.id),
            payload: tag.and_then(|tag| tag.payload),
            by: by.to_owned(),
            at: now,
        })
    }

    /// Whether its record holds one more approval.
    pub(crate) fn has_room_for_approval(&self, by: &str, now: Timestamp) -> bool {
        self.approval(by, now).is_none_or(|approval| self.approvals_with(approval).is_some())
    }
}

pub(super) fn approved(pull: &mut Pull, by: String, now: Timestamp) -> Told {
    let approval = pull.approval(&by, now)?;
    let (tag, payload) = (approval.tag, approval.payload);
    pull.approvals = pull.approvals_with(approval)?;
    let Stage::Held { trusted, unproved, reason, .. } = &pull.stage else { return None };
    let what = format!("approved by {by}");
    let looked_at = matches!(reason, HoldReason::CiChanged { .. });
    if tag.is_some() {
        (pull.pinned_tag, pull.pinned_payload) = (tag, payload);
    }
    pull.stage = match (trusted.clone(), unproved.clone()) {
        (Some(trusted), _) if looked_at => Stage::Queued { trusted, plan: Plan::Fresh, since: now },
        // What was approved is one reason; there may be others to hold it.
        (Some(trusted), _) => Stage::Verified { trusted, check: Retry::now(now) },
        // What was approved is that tag object; it is in the quarantine.
        (None, Some(pinned)) => Stage::Fetched { pinned, verify: Retry::now(now) },
        (None, None) => Stage::Received { fetch: Retry::now(now) },
    };
    Some(what)
}

/// What binds is the digest, or the kinds of problems; many approvals must fit into one record.
fn without_lines(mut reason: HoldReason) -> HoldReason {
    match &mut reason {
        HoldReason::CiChanged { difference, .. } => {
            difference.lines.clear();
            difference.summary.clear();
        }
        HoldReason::Checks { problems } => {
            problems.iter_mut().for_each(|problem| problem.commits.clear());
        }
        HoldReason::Backlog
        | HoldReason::LateArrival
        | HoldReason::OldTag { .. }
        | HoldReason::UnknownKey { .. }
        | HoldReason::Moved { .. } => {}
    }
    reason
}
