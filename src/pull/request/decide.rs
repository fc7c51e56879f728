//! Says what to do next about a request, and why. Asked again after a crash it gives the same
//! answer. It must not change anything.

use crate::pull::request::situation::PullDecision;
use crate::pull::request::situation::PullStep;
use crate::pull::request::situation::Situation;
use jiff::{SignedDuration, Timestamp};

use super::stages::{answered, concluded, fetched, held, queued, received, running, verified};
use super::superseding::Yields;
use super::work::{LookLanded, NotePayload, TellRetraction, TellUnanswered};
use super::{Pull, Stage};
use crate::pull::decision::{Decision, Next, clock};
use crate::pull::ids::{ObjectId, PullNumber};
use crate::pull::retry::Retry;

/// Decides.
pub(crate) fn decide(pull: &Pull, situation: &Situation<'_>, now: Timestamp) -> PullDecision {
    if let Some(by) = yields_to(pull, situation) {
        let because = format!("request {by} supersedes it");
        return Decision::record(PullStep::Supersede(by), because);
    }
    let next = match situation.backoff {
        Some(retry) => backing_off(retry),
        None if lacks_payload(pull) => {
            Decision::work(NotePayload, "what its tag's signature covers is looked at")
        }
        None => by_stage(pull, situation, now),
    };
    if !matches!(next.next, Next::Wait) {
        return next;
    }
    if situation.backoff.is_none()
        && let Some(head) = worth_a_look(pull, situation)
    {
        return Decision::work(
            LookLanded,
            format!("the target is at {} now; has it landed?", head.short()),
        );
    }
    if pull.retraction.as_ref().is_some_and(|retraction| !retraction.told) {
        let because = "its author seems to take it back".to_owned();
        return PullDecision { next: Next::Do(TellRetraction.into()), because, ..next };
    }
    overdue(pull, situation, next, now)
}

/// The request that is to be recorded as superseding this one.
fn yields_to(pull: &Pull, situation: &Situation<'_>) -> Option<PullNumber> {
    let by = situation.superseded_by.filter(|_| pull.lineage.superseded_by.is_none())?;
    match pull.stage.yields() {
        Yields::Ends | Yields::Notes => Some(by),
        Yields::Nothing => None,
    }
}

fn backing_off(retry: &Retry) -> PullDecision {
    let last = retry.last.as_deref().unwrap_or("it failed");
    let because = format!("it is tried again at {}: {last}", clock(retry.next_at));
    Decision::wait_until(retry.next_at, because)
}

fn by_stage(pull: &Pull, situation: &Situation<'_>, now: Timestamp) -> PullDecision {
    match &pull.stage {
        Stage::Received { fetch } => received::next(fetch, now),
        Stage::Fetched { verify, .. } => fetched::next(verify, now),
        Stage::Verified { check, .. } => verified::next(pull, check, situation, now),
        Stage::Held { reason, told, .. } => held::next(pull, (reason, *told), situation, now),
        Stage::Queued { trusted, .. } => queued::next(pull, trusted, situation, now),
        Stage::Running { .. } => running::next(situation),
        Stage::Concluded { verdict, written, .. } => concluded::next(verdict, *written, situation),
        Stage::Answered { trusted, verdict, at } => {
            answered::next(trusted.as_ref(), verdict, *at, situation, now)
        }
        Stage::Closed { verdict, .. } => Decision::wait(format!("it is over: {}", verdict.word())),
    }
}

/// Whether its record was made before it was noted what a tag's signature covers.
fn lacks_payload(pull: &Pull) -> bool {
    let tag = pull.stage.trusted().and_then(|trusted| trusted.pinned.tag.as_ref());
    pull.signed.is_none() && tag.is_some_and(|tag| tag.payload.is_none())
}

/// The target's tip, if the request is one that may have landed and was not yet held against it.
fn worth_a_look(pull: &Pull, situation: &Situation<'_>) -> Option<ObjectId> {
    let waits = match &pull.stage {
        Stage::Held { trusted, .. } | Stage::Answered { trusted, .. } => trusted.is_some(),
        Stage::Queued { .. } | Stage::Running { .. } => true,
        Stage::Received { .. }
        | Stage::Fetched { .. }
        | Stage::Verified { .. }
        | Stage::Concluded { .. }
        | Stage::Closed { .. } => false,
    };
    situation.head.filter(|head| waits && pull.landing_checked != Some(*head))
}

/// Adds the notice about a request that nobody has answered for too long.
fn overdue(
    pull: &Pull,
    situation: &Situation<'_>,
    next: PullDecision,
    now: Timestamp,
) -> PullDecision {
    let unanswered = match &pull.stage {
        Stage::Received { .. }
        | Stage::Fetched { .. }
        | Stage::Verified { .. }
        | Stage::Queued { .. }
        | Stage::Running { .. }
        | Stage::Concluded { .. } => true,
        Stage::Held { .. } | Stage::Answered { .. } | Stage::Closed { .. } => false,
    };
    if !unanswered || pull.told_unanswered.is_some() {
        return next;
    }
    let last_word = pull.approvals.last().map_or(pull.seen_at, |approval| approval.at);
    let limit = last_word + situation.policy.unanswered_after;
    if now >= limit {
        return Decision::work(TellUnanswered(next.because.clone()), next.because);
    }
    next.no_later_than(Some(limit))
}

/// How long between looks at a target, while something waits for it to move.
pub(crate) const HEAD_EVERY: SignedDuration = SignedDuration::from_mins(30);
