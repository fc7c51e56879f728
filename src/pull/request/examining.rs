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

/// How many maintainers a request notes whose paths it touches.
const MOST_TOUCHED: usize = 100;

/// How long an address may be (RFC 5321, section 4.5.3.1.3), and all that are noted together: the
/// record stays small.
const LONGEST_ADDRESS: usize = 254;
const ALL_ADDRESSES: usize = 6_000;

/// Notes whose paths a request touches, as many as a record holds.
pub(super) fn touch(pull: &mut Pull, touches: Vec<String>) {
    let Stage::Verified { .. } = &pull.stage else { return };
    let mut left = ALL_ADDRESSES;
    let fits = |address: &String| {
        let fits = address.len() <= LONGEST_ADDRESS && address.len() <= left;
        left -= if fits { address.len() } else { 0 };
        fits
    };
    pull.touches = touches.into_iter().filter(fits).take(MOST_TOUCHED).collect();
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

pub(super) fn approved(pull: &mut Pull, by: String, now: Timestamp) -> Told {
    let Stage::Held { trusted, unproved, reason, .. } = &pull.stage else { return None };
    let pinned = trusted.as_ref().map(|trusted| &trusted.pinned).or(unproved.as_ref());
    let tag = pinned.and_then(|pinned| pinned.tag.clone());
    let payload = tag.as_ref().and_then(|tag| tag.payload);
    let tag = tag.map(|tag| tag.id);
    let what = format!("approved by {by}");
    let looked_at = matches!(reason, HoldReason::CiChanged { .. });
    let reason = without_lines(reason.clone());
    pull.approvals.push(Approval { reason, tag, payload, by, at: now });
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
        HoldReason::CiChanged { difference, .. } => difference.lines.clear(),
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
