//! Says what to do next about a request, and why. Asked again after a crash it gives the same
//! answer. It must not change anything.

use jiff::{SignedDuration, Timestamp};

use super::stages::{answered, concluded, fetched, held, queued, received, running, verified};
use super::superseding::Yields;
use super::{Pull, Stage};
use crate::pull::command::Proof;
use crate::pull::cover::Cover;
use crate::pull::decision::{Decision, clock};
use crate::pull::ids::{ObjectId, PullNumber};
use crate::pull::overlay::Pause;
use crate::pull::policy::Policy;
use crate::pull::queue::Turn;
use crate::pull::retry::Retry;
use crate::pull::revision::OlderTip;
use crate::pull::run::Run;
use crate::pull::verdict::Outcome;

/// What can be done about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PullAction {
    /// Fetch and pin its tag.
    Fetch,
    /// Check its signature.
    Verify,
    /// Find out what its tag's signature covers: its record was made before that was noted.
    NotePayload,
    /// Look how well the senders of its mail and of an earlier mail of the same tag are proved.
    ProveSenders {
        /// The earlier request.
        of: PullNumber,
        /// The mail that is answered for it.
        mail: Box<Cover>,
        /// How well that one's sender is proved, where it is known.
        known: Option<Proof>,
    },
    /// Conclude that the same tag was mailed before.
    Repeat(PullNumber),
    /// Have its mail answered in place of the one that mailed the same tag before.
    TakeOver(PullNumber),
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
pub(crate) struct Situation<'a> {
    /// What holds for everything.
    pub(crate) policy: &'a Policy,
    /// Set while no new test may begin.
    pub(crate) pause: Option<&'a Pause>,
    /// Whose turn it is.
    pub(crate) turn: Turn,
    /// The target's tip as last seen.
    pub(crate) head: Option<ObjectId>,
    /// The request that stands for the same signed tag.
    pub(crate) holder: Option<&'a Pull>,
    /// The newest request that supersedes it.
    pub(crate) superseded_by: Option<PullNumber>,
    /// A later revision that is being tried in its place.
    pub(crate) tried_first: Option<PullNumber>,
    /// Tips of older requests, for one whose commits are to be looked at.
    pub(crate) older: Vec<OlderTip>,
    /// The run of a running request.
    pub(crate) run: Option<&'a Run>,
    /// Letters of this request that are not sent yet.
    pub(crate) letters_open: usize,
    /// Set while what was last tried for it has to wait.
    pub(crate) backoff: Option<&'a Retry>,
}

/// Decides.
pub(crate) fn decide(
    pull: &Pull,
    situation: &Situation<'_>,
    now: Timestamp,
) -> Decision<PullAction> {
    if let Some(by) = yields_to(pull, situation) {
        let because = format!("request {by} supersedes it");
        return Decision::act(PullAction::Supersede(by), because);
    }
    let next = match situation.backoff {
        Some(retry) => backing_off(retry),
        None if lacks_payload(pull) => {
            Decision::act(PullAction::NotePayload, "what its tag's signature covers is looked at")
        }
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

pub(super) const MAILED_BEFORE: &str = "the same tag was mailed before";

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
pub(crate) const HEAD_EVERY: SignedDuration = SignedDuration::from_mins(30);
