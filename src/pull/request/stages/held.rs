//! Held: a person has to look, or a freeze has to end.

use jiff::Timestamp;

use crate::pull::checks::{Check, Problem};
use crate::pull::decision::{Decision, Told};
use crate::pull::hold::HoldReason;
use crate::pull::ids::MessageId;
use crate::pull::request::event::PullEvent;
use crate::pull::request::freeze::{freeze_of, frozen_because};
use crate::pull::request::situation::{MAILED_BEFORE, PullDecision, Situation};
use crate::pull::request::work::TellHold;
use crate::pull::request::{Approval, Pull, Stage, Trusted};
use crate::pull::retry::Retry;
use crate::pull::run::Plan;

pub(in crate::pull::request) fn next(
    pull: &Pull,
    (reason, told): (&HoldReason, bool),
    situation: &Situation<'_>,
    now: Timestamp,
) -> PullDecision {
    if let Some(holder) = situation.holder {
        return Decision::record(PullEvent::Repeated { of: holder.number }, MAILED_BEFORE);
    }
    if !told {
        return Decision::work(TellHold, situation.policy.words.hold(reason));
    }
    waits(pull, reason, situation, now)
}

/// A hold that somebody has to lift; but for a freeze, which ends by itself.
fn waits(
    pull: &Pull,
    reason: &HoldReason,
    situation: &Situation<'_>,
    now: Timestamp,
) -> PullDecision {
    let frozen = |problem: &Problem| problem.check == Check::Frozen;
    let HoldReason::Checks { problems } = reason else {
        return Decision::wait(situation.policy.words.hold(reason));
    };
    if !problems.iter().any(frozen) {
        return Decision::wait(situation.policy.words.hold(reason));
    }
    match freeze_of(pull, situation, now) {
        None => Decision::record(PullEvent::FreezeEnded, "the freeze that held it is over"),
        Some(freeze) if reason.is_freeze() => {
            Decision::wait(frozen_because(freeze)).no_later_than(freeze.until)
        }
        Some(freeze) => {
            Decision::wait(situation.policy.words.hold(reason)).no_later_than(freeze.until)
        }
    }
}

pub(in crate::pull::request) fn told(pull: &mut Pull, letters: Vec<MessageId>) -> Told {
    let Stage::Held { told, .. } = &mut pull.stage else { return None };
    *told = true;
    pull.note_letters(letters);
    Some("told that it is held".into())
}

/// The freeze that held it is over: its commits are looked at once more.
pub(in crate::pull::request) fn freeze_ended(
    pull: &mut Pull,
    trusted: Trusted,
    now: Timestamp,
) -> Told {
    pull.stage = Stage::Verified { trusted, check: Retry::now(now) };
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

pub(in crate::pull::request) fn approved(pull: &mut Pull, by: String, now: Timestamp) -> Told {
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
