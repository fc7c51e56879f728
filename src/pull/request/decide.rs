//! Says what to do next about a request, and why. Asked again after a crash it gives the same
//! answer. It must not change anything.

use jiff::{SignedDuration, Timestamp};

use super::superseding::Yields;
use super::{HoldReason, Pull, Stage, Trusted};
use crate::pull::checks::{self, Check, Problem};
use crate::pull::decision::{Decision, clock};
use crate::pull::ids::{ObjectId, PullNumber};
use crate::pull::overlay::{Freeze, Pause};
use crate::pull::policy::Policy;
use crate::pull::queue::Turn;
use crate::pull::retry::Retry;
use crate::pull::revision::OlderTip;
use crate::pull::run::Run;
use crate::pull::verdict::{Outcome, Verdict};

/// What can be done about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullAction {
    /// Fetch and pin its tag.
    Fetch,
    /// Check its signature.
    Verify,
    /// Conclude that the same tag was mailed before.
    Repeat(PullNumber),
    /// Conclude, or note, that a later revision stands in its place.
    Supersede(PullNumber),
    /// Look at its commits, and which of these older tips they contain.
    Examine(Vec<OlderTip>),
    /// Write the letters about a hold.
    TellHold,
    /// Look at its commits once more: the freeze that held it is over.
    LookAgain,
    /// Begin an attempt.
    Begin,
    /// Take over how its run ended.
    TakeOutcome(Outcome),
    /// Write the letters about its conclusion.
    Answer,
    /// Note that all letters are sent.
    NoteSent,
    /// Tell the release managers that its author seems to take it back.
    TellRetraction,
    /// Tell the release managers that it waits, and for what.
    TellUnanswered(String),
    /// Look whether it has landed.
    LookLanded,
    /// Remove its quarantine and close it.
    Forget,
}

/// What the rules need to know beyond the one request.
#[derive(Debug, Clone)]
pub struct Situation<'a> {
    /// What holds for everything.
    pub policy: &'a Policy,
    /// Set while no new test may begin.
    pub pause: Option<&'a Pause>,
    /// Whose turn it is.
    pub turn: Turn,
    /// The target's tip as last seen.
    pub head: Option<ObjectId>,
    /// An earlier request with the same tag object for the same target.
    pub repeats: Option<PullNumber>,
    /// The newest request that supersedes it.
    pub superseded_by: Option<PullNumber>,
    /// Tips of older requests, for one whose commits are to be looked at.
    pub older: Vec<OlderTip>,
    /// The run of a running request.
    pub run: Option<&'a Run>,
    /// Letters of this request that are not sent yet.
    pub letters_open: usize,
    /// Set while what was last tried for it has to wait.
    pub backoff: Option<&'a Retry>,
}

/// Decides.
pub fn decide(pull: &Pull, situation: &Situation<'_>, now: Timestamp) -> Decision<PullAction> {
    if let Some(by) = yields_to(pull, situation) {
        let because = format!("request {by} supersedes it");
        return Decision::act(PullAction::Supersede(by), because);
    }
    let next = match situation.backoff {
        Some(retry) => backing_off(retry),
        None => by_stage(pull, situation, now),
    };
    if next.action.is_some() {
        return next;
    }
    if situation.backoff.is_none()
        && let Some(head) = worth_a_look(pull, situation)
    {
        return Decision::act(
            PullAction::LookLanded,
            format!("the target is at {} now; has it landed?", head.short()),
        );
    }
    if pull.retraction.as_ref().is_some_and(|retraction| !retraction.told) {
        let because = "its author seems to take it back".to_owned();
        return Decision { action: Some(PullAction::TellRetraction), because, ..next };
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

fn backing_off(retry: &Retry) -> Decision<PullAction> {
    let last = retry.last.as_deref().unwrap_or("it failed");
    let because = format!("it is tried again at {}: {last}", clock(retry.next_at));
    Decision::wait_until(retry.next_at, because)
}

fn by_stage(pull: &Pull, situation: &Situation<'_>, now: Timestamp) -> Decision<PullAction> {
    match &pull.stage {
        Stage::Received { fetch } => {
            Decision::due(fetch, PullAction::Fetch, "its tag is to be fetched", now)
        }
        Stage::Fetched { verify, .. } => {
            Decision::due(verify, PullAction::Verify, "its signature is to be checked", now)
        }
        Stage::Verified { check, .. } => {
            if let Some(of) = situation.repeats {
                return Decision::act(PullAction::Repeat(of), "the same tag was mailed before");
            }
            let action = PullAction::Examine(situation.older.clone());
            Decision::due(check, action, "its commits are to be looked at", now)
        }
        Stage::Held { reason, told: false, .. } => {
            Decision::act(PullAction::TellHold, held_because(reason))
        }
        Stage::Held { reason, told: true, .. } => held(pull, reason, situation, now),
        Stage::Queued { trusted, .. } => queued(pull, trusted, situation, now),
        Stage::Running { .. } => running(situation),
        Stage::Concluded { verdict, written: false, .. } => {
            Decision::act(PullAction::Answer, format!("it is concluded: {}", verdict.word()))
        }
        Stage::Concluded { written: true, .. } if situation.letters_open == 0 => {
            Decision::act(PullAction::NoteSent, "its answer is sent")
        }
        Stage::Concluded { written: true, .. } => Decision::wait("its answer is being sent"),
        Stage::Answered { trusted, verdict, at } => {
            answered(trusted.as_ref(), verdict, *at, situation, now)
        }
        Stage::Closed { verdict, .. } => Decision::wait(format!("it is over: {}", verdict.word())),
    }
}

/// Says why a request is held, in a clause.
pub fn held_because(reason: &HoldReason) -> String {
    match reason {
        HoldReason::Backlog => {
            "it was mailed before the bot began to watch; a release manager must approve it".into()
        }
        HoldReason::LateArrival => {
            "it was old when the bot saw it; a release manager must approve it".into()
        }
        HoldReason::OldTag { tagged_at } => format!(
            "its tag was made on {}; a release manager must approve it",
            tagged_at.strftime("%Y-%m-%d")
        ),
        HoldReason::UnknownKey { key, .. } => {
            format!(
                "its tag is signed with {key}, which is not in the keyring; a release manager must approve it"
            )
        }
        HoldReason::Moved { was, is } => {
            format!("its tag was object {was} and is {is} now; a release manager must approve that")
        }
        HoldReason::Checks { problems } => format!(
            "its commits have problems ({}); a release manager must approve them",
            problems.len()
        ),
        HoldReason::CiChanged { difference, .. } => format!(
            "it would change what CI runs ({}); a release manager must approve that",
            difference.summary
        ),
    }
}

/// A hold that somebody has to lift; but for a freeze, which ends by itself.
fn held(
    pull: &Pull,
    reason: &HoldReason,
    situation: &Situation<'_>,
    now: Timestamp,
) -> Decision<PullAction> {
    let frozen = |problem: &Problem| problem.check == Check::Frozen;
    let HoldReason::Checks { problems } = reason else {
        return Decision::wait(held_because(reason));
    };
    if !problems.iter().any(frozen) {
        return Decision::wait(held_because(reason));
    }
    match freeze_of(pull, situation, now) {
        None => Decision::act(PullAction::LookAgain, "the freeze that held it is over"),
        Some(freeze) if reason.is_freeze() => {
            Decision::wait(frozen_because(freeze)).no_later_than(freeze.until)
        }
        Some(freeze) => Decision::wait(held_because(reason)).no_later_than(freeze.until),
    }
}

/// The freeze of its target that is in force.
fn freeze_of<'a>(pull: &Pull, situation: &Situation<'a>, now: Timestamp) -> Option<&'a Freeze> {
    let target = situation.policy.targets.get(&pull.target)?;
    target.freeze.as_ref().filter(|freeze| freeze.holds(now))
}

fn frozen_because(freeze: &Freeze) -> String {
    let until = freeze.until.map_or_else(String::new, |until| format!(" until {}", clock(until)));
    let why = freeze.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    format!("{} froze its target at {}{until}{why}", freeze.by, clock(freeze.at))
}

/// In the queue it waits for the end of a freeze that came later, unless somebody approved that or
/// the target's checks leave freezes out.
fn queued(
    pull: &Pull,
    trusted: &Trusted,
    situation: &Situation<'_>,
    now: Timestamp,
) -> Decision<PullAction> {
    if let Some(pause) = situation.pause {
        return Decision::paused(pause);
    }
    let checks = situation.policy.targets.get(&pull.target).map(|target| &target.checks);
    if let Some(freeze) = freeze_of(pull, situation, now)
        && let Some(problem) = checks.and_then(|checks| checks::frozen(freeze, checks))
        && !pull.approves_problems(trusted, &[problem])
    {
        return Decision::wait(frozen_because(freeze)).no_later_than(freeze.until);
    }
    match situation.turn {
        Turn::Now if trusted.is_proved(now) => Decision::act(PullAction::Begin, "it is its turn"),
        Turn::Now => Decision::act(
            PullAction::Verify,
            "it is its turn; its signature is to be checked again",
        ),
        Turn::After(0) => Decision::wait("it is next in the queue; another test is running"),
        Turn::After(1) => Decision::wait("1 other waits before it in the queue"),
        Turn::After(n) => Decision::wait(format!("{n} others wait before it in the queue")),
    }
}

fn running(situation: &Situation<'_>) -> Decision<PullAction> {
    let Some(run) = situation.run else {
        let why = "The record of its run is missing.".to_owned();
        let outcome = Outcome::Impossible { why };
        return Decision::act(PullAction::TakeOutcome(outcome), "its run's record is missing");
    };
    match run.outcome() {
        Some(outcome) => {
            let because = format!("run {} has ended: {}", run.id, outcome.word());
            Decision::act(PullAction::TakeOutcome(outcome.clone()), because)
        }
        None => Decision::wait(format!("run {} is {}", run.id, run.stage.word())),
    }
}

fn answered(
    trusted: Option<&Trusted>,
    verdict: &Verdict,
    at: Timestamp,
    situation: &Situation<'_>,
    now: Timestamp,
) -> Decision<PullAction> {
    let kept_until = at + situation.policy.keep;
    let word = verdict.word();
    let over = match verdict {
        Verdict::Landed => situation.letters_open == 0,
        // A refused request may be fetched anew once a key was added.
        Verdict::Refused { .. } => false,
        Verdict::Tested { .. }
        | Verdict::Cancelled { .. }
        | Verdict::Ignored { .. }
        | Verdict::Repeated { .. }
        | Verdict::Superseded { .. } => trusted.is_none(),
    };
    if over || now >= kept_until {
        return Decision::act(PullAction::Forget, format!("it is over: {word}"));
    }
    let until = kept_until.strftime("%Y-%m-%d");
    let because = match (verdict, trusted) {
        (Verdict::Superseded { by }, _) => format!("request {by} supersedes it"),
        (_, Some(_)) => {
            format!("it is answered ({word}); it is kept until {until} or until it lands")
        }
        (_, None) => format!("it is answered ({word}); it can be asked for again until {until}"),
    };
    Decision::wait_until(kept_until, because)
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
    next: Decision<PullAction>,
    now: Timestamp,
) -> Decision<PullAction> {
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
        return Decision::act(PullAction::TellUnanswered(next.because.clone()), next.because);
    }
    next.no_later_than(Some(limit))
}

/// How long between looks at a target, while something waits for it to move.
pub const HEAD_EVERY: SignedDuration = SignedDuration::from_mins(30);
