//! Records what happened to a request. An event that does not fit the stage came too late and
//! changes nothing. It must not decide what comes next.

use jiff::Timestamp;

pub use super::fetching::FetchTrouble;
use super::fetching::{fetched, not_fetched};
use super::{Approval, HoldReason, Plan, Pull, Stage, Trusted};
use crate::pull::decision::{Told, Trouble};
use crate::pull::ids::{MessageId, ObjectId, PullNumber, RunId};
use crate::pull::policy::Policy;
use crate::pull::retry::Retry;
use crate::pull::tag::{Facts, Pinned, Verification};
use crate::pull::verdict::{NoTag, Outcome, Refusal, Verdict};

/// What happened to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullEvent {
    /// Its tag was fetched.
    Pinned {
        /// What was fetched.
        pinned: Pinned,
        /// Whether the keyring has the sender's address.
        sender_known: bool,
    },
    /// It could not be fetched.
    NotFetched {
        /// Why.
        why: FetchTrouble,
        /// Whether the keyring has the sender's address.
        sender_known: bool,
    },
    /// Its signature was checked.
    Checked {
        /// What came of it.
        verification: Verification,
        /// Whether the keyring has the sender's address.
        sender_known: bool,
    },
    /// Its commits were looked at.
    Examined(Facts),
    /// The same tag was mailed before.
    Repeated {
        /// By that request.
        of: PullNumber,
    },
    /// A local step could not be done now.
    Failed(Trouble),
    /// The letters about a hold are written.
    HoldTold(Vec<MessageId>),
    /// Its turn came.
    Began(RunId),
    /// Its attempt ended.
    Ended(Outcome),
    /// The letters about its conclusion are written (none, where silence is the answer).
    Written(Vec<MessageId>),
    /// They are all sent.
    Sent,
    /// The release managers were told that it waits.
    UnansweredTold(Vec<MessageId>),
    /// It was looked whether it has landed.
    Looked {
        /// The target's tip then.
        head: ObjectId,
        /// Whether it has.
        landed: bool,
    },
    /// A person lifted its hold.
    Approved {
        /// Who.
        by: String,
    },
    /// A person asked for another attempt.
    Retest {
        /// On which base.
        plan: Plan,
        /// Who.
        by: String,
    },
    /// A person stopped it.
    Cancelled {
        /// Who.
        by: String,
    },
    /// Its quarantine is gone: it is over.
    Forgotten,
}

/// Records an event.
pub fn apply(pull: &mut Pull, event: PullEvent, policy: &Policy, now: Timestamp) -> Told {
    match event {
        PullEvent::Pinned { pinned, sender_known } => {
            fetched(pull, pinned, sender_known, policy, now)
        }
        PullEvent::NotFetched { why, sender_known } => {
            not_fetched(pull, why, sender_known, policy, now)
        }
        PullEvent::Checked { verification, sender_known } => {
            checked(pull, verification, sender_known, now)
        }
        PullEvent::Examined(facts) => examined(pull, &facts, policy, now),
        PullEvent::Repeated { of } => repeated(pull, of, now),
        PullEvent::Failed(trouble) => failed(pull, trouble, now),
        PullEvent::HoldTold(letters) => hold_told(pull, letters),
        PullEvent::Began(run) => began(pull, run),
        PullEvent::Ended(outcome) => ended(pull, outcome, now),
        PullEvent::Written(letters) => written(pull, letters, now),
        PullEvent::Sent => sent(pull, now),
        PullEvent::UnansweredTold(letters) => {
            pull.told_unanswered = Some(now);
            pull.letters.extend(letters);
            Some("the release managers were told that it is unanswered".into())
        }
        PullEvent::Looked { head, landed } => looked(pull, head, landed, now),
        PullEvent::Approved { by } => approved(pull, by, now),
        PullEvent::Retest { plan, by } => retest(pull, plan, &by, now),
        PullEvent::Cancelled { by } => cancelled(pull, by, now),
        PullEvent::Forgotten => forgotten(pull, now),
    }
}

fn conclude(pull: &mut Pull, verdict: Verdict, now: Timestamp) {
    let trusted = pull.stage.trusted().cloned();
    pull.stage = Stage::Concluded { trusted, verdict, at: now, written: false };
}

pub(super) fn refuse(pull: &mut Pull, why: Refusal, sender_known: bool, now: Timestamp) {
    conclude(pull, Verdict::Refused { why, sender_known }, now);
}

fn checked(
    pull: &mut Pull,
    verification: Verification,
    sender_known: bool,
    now: Timestamp,
) -> Told {
    let Stage::Fetched { pinned, .. } = &pull.stage else { return None };
    match verification {
        Verification::Good(signer) => {
            let what = format!("signed by {} ({})", signer.name, signer.key);
            let trusted = Trusted { pinned: pinned.clone(), signer };
            pull.stage = Stage::Verified { trusted, check: Retry::now(now) };
            Some(what)
        }
        Verification::Unsigned if pinned.tag.is_none() => {
            let branch = !pinned.reference.starts_with("refs/tags/");
            let kind = if branch { NoTag::Branch } else { NoTag::Lightweight };
            let tip = pinned.tip;
            refuse(pull, Refusal::NoTag { kind, tip }, sender_known, now);
            Some("it names no tag that could be signed".into())
        }
        Verification::Unsigned
        | Verification::Bad { .. }
        | Verification::UnknownKey { .. }
        | Verification::Expired { .. }
        | Verification::Revoked { .. }
        | Verification::Weak { .. }
        | Verification::NameMismatch { .. } => {
            refuse(pull, Refusal::Signature(verification), sender_known, now);
            Some("its signature does not prove a trusted signer".into())
        }
    }
}

fn examined(pull: &mut Pull, facts: &Facts, policy: &Policy, now: Timestamp) -> Told {
    let Stage::Verified { trusted, .. } = &pull.stage else { return None };
    pull.landing_checked = Some(facts.head);
    if facts.already_merged {
        conclude(pull, Verdict::Landed, now);
        return Some("the target has it already".into());
    }
    let trusted = trusted.clone();
    if let Some(reason) = hold(pull, &trusted, policy, now) {
        let trusted = Some(trusted);
        pull.stage = Stage::Held { trusted, reason, since: now, told: false };
        return Some("held for a release manager's approval".into());
    }
    pull.stage = Stage::Queued { trusted, plan: Plan::Fresh, since: now };
    let commits = if facts.commits == 1 { "commit" } else { "commits" };
    Some(format!("queued with {} {commits}", facts.commits))
}

fn hold(pull: &Pull, trusted: &Trusted, policy: &Policy, now: Timestamp) -> Option<HoldReason> {
    let tag = trusted.pinned.tag.as_ref()?;
    let tagged_at = tag.tagged_at?;
    let old = now.duration_since(tagged_at) > policy.old_tag_after;
    let reason = HoldReason::OldTag { tagged_at };
    let lifted = |approval: &Approval| {
        approval.tag.is_none_or(|id| id == tag.id)
            && matches!(
                approval.reason,
                HoldReason::OldTag { .. } | HoldReason::Backlog | HoldReason::LateArrival
            )
    };
    (old && !pull.approvals.iter().any(lifted)).then_some(reason)
}

fn repeated(pull: &mut Pull, of: PullNumber, now: Timestamp) -> Told {
    let Stage::Verified { .. } = &pull.stage else { return None };
    conclude(pull, Verdict::Repeated { of }, now);
    Some(format!("the same tag as request {of}"))
}

fn failed(pull: &mut Pull, trouble: Trouble, now: Timestamp) -> Told {
    let Trouble { detail, retry_after, .. } = trouble;
    match &mut pull.stage {
        Stage::Fetched { verify: retry, .. } | Stage::Verified { check: retry, .. } => {
            *retry = retry.after_failure(now, detail.clone(), retry_after);
            Some(detail)
        }
        Stage::Received { .. }
        | Stage::Held { .. }
        | Stage::Queued { .. }
        | Stage::Running { .. }
        | Stage::Concluded { .. }
        | Stage::Answered { .. }
        | Stage::Closed { .. } => None,
    }
}

fn hold_told(pull: &mut Pull, letters: Vec<MessageId>) -> Told {
    let Stage::Held { told, .. } = &mut pull.stage else { return None };
    *told = true;
    pull.letters.extend(letters);
    Some("told that it is held".into())
}

fn began(pull: &mut Pull, run: RunId) -> Told {
    let Stage::Queued { trusted, .. } = &pull.stage else { return None };
    pull.stage = Stage::Running { trusted: trusted.clone(), run };
    pull.attempts = pull.attempts.saturating_add(1);
    Some(format!("attempt {} began as run {run}", pull.attempts))
}

fn ended(pull: &mut Pull, outcome: Outcome, now: Timestamp) -> Told {
    let Stage::Running { run, .. } = &pull.stage else { return None };
    let verdict = match outcome {
        Outcome::AlreadyMerged => Verdict::Landed,
        Outcome::Cancelled { by } => Verdict::Cancelled { by },
        Outcome::Passed(_)
        | Outcome::Failed(_)
        | Outcome::Conflict { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Incomplete { .. }
        | Outcome::Impossible { .. } => Verdict::Tested { run: *run, outcome },
    };
    let what = format!("concluded: {}", verdict.word());
    conclude(pull, verdict, now);
    Some(what)
}

fn written(pull: &mut Pull, letters: Vec<MessageId>, now: Timestamp) -> Told {
    let Stage::Concluded { trusted, verdict, written, .. } = &mut pull.stage else { return None };
    if letters.is_empty() {
        pull.stage = Stage::Answered { trusted: trusted.take(), verdict: verdict.clone(), at: now };
        return Some("nobody needs to be told".into());
    }
    *written = true;
    pull.letters.extend(letters);
    Some("its answer is written".into())
}

fn sent(pull: &mut Pull, now: Timestamp) -> Told {
    let Stage::Concluded { trusted, verdict, written: true, .. } = &pull.stage else {
        return None;
    };
    pull.stage = Stage::Answered { trusted: trusted.clone(), verdict: verdict.clone(), at: now };
    Some("answered".into())
}

fn looked(pull: &mut Pull, head: ObjectId, landed: bool, now: Timestamp) -> Told {
    pull.landing_checked = Some(head);
    if !landed {
        return None;
    }
    match &pull.stage {
        Stage::Held { .. } | Stage::Queued { .. } | Stage::Running { .. } => {
            conclude(pull, Verdict::Landed, now);
        }
        Stage::Answered { trusted, .. } => {
            let trusted = trusted.clone();
            pull.stage = Stage::Answered { trusted, verdict: Verdict::Landed, at: now };
        }
        Stage::Received { .. }
        | Stage::Fetched { .. }
        | Stage::Verified { .. }
        | Stage::Concluded { .. }
        | Stage::Closed { .. } => return None,
    }
    Some("it has landed in the target".into())
}

fn approved(pull: &mut Pull, by: String, now: Timestamp) -> Told {
    let Stage::Held { trusted, reason, .. } = &pull.stage else { return None };
    let tag = trusted.as_ref().and_then(|t| t.pinned.tag.as_ref()).map(|tag| tag.id);
    let what = format!("approved by {by}");
    pull.approvals.push(Approval { reason: reason.clone(), tag, by, at: now });
    pull.stage = match trusted.clone() {
        Some(trusted) => Stage::Queued { trusted, plan: Plan::Fresh, since: now },
        None => Stage::Received { fetch: Retry::now(now) },
    };
    Some(what)
}

fn retest(pull: &mut Pull, plan: Plan, by: &str, now: Timestamp) -> Told {
    let trusted = match &pull.stage {
        Stage::Answered { trusted, .. } | Stage::Concluded { trusted, written: true, .. } => {
            trusted.clone()
        }
        Stage::Received { .. }
        | Stage::Fetched { .. }
        | Stage::Verified { .. }
        | Stage::Held { .. }
        | Stage::Queued { .. }
        | Stage::Running { .. }
        | Stage::Concluded { written: false, .. }
        | Stage::Closed { .. } => return None,
    };
    pull.told_unanswered = None;
    pull.seen_at = now;
    pull.stage = match trusted {
        Some(trusted) => Stage::Queued { trusted, plan, since: now },
        None => {
            // It counts as an attempt, so that its answer is a letter of its own.
            pull.attempts = pull.attempts.saturating_add(1);
            Stage::Received { fetch: Retry::now(now) }
        }
    };
    Some(format!("asked for again by {by}"))
}

fn cancelled(pull: &mut Pull, by: String, now: Timestamp) -> Told {
    match &pull.stage {
        Stage::Received { .. }
        | Stage::Fetched { .. }
        | Stage::Verified { .. }
        | Stage::Held { .. }
        | Stage::Queued { .. }
        | Stage::Running { .. } => {
            let what = format!("cancelled by {by}");
            conclude(pull, Verdict::Cancelled { by }, now);
            Some(what)
        }
        Stage::Concluded { .. } | Stage::Answered { .. } | Stage::Closed { .. } => None,
    }
}

fn forgotten(pull: &mut Pull, now: Timestamp) -> Told {
    let Stage::Answered { verdict, .. } = &pull.stage else { return None };
    pull.stage = Stage::Closed { verdict: verdict.clone(), at: now };
    Some("closed".into())
}
