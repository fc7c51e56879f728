//! Says what to do next about a run, and why. Asked again after a crash it gives the same answer.
//! It must not change anything.

use jiff::{SignedDuration, Timestamp};

use super::{Run, RunStage, Watch, Why};
use crate::pull::decision::Decision;
use crate::pull::overlay::Pause;
use crate::pull::policy::{Policy, TargetPolicy};
use crate::pull::queue::Turn;
use crate::pull::retry::Retry;
use crate::pull::verdict::{Overdue, PipelineLink};

/// After a creation whose answer is unknown, the bot only looks for that long: GitLab's reads lag
/// its writes.
pub(crate) const LOOK_FOR: SignedDuration = SignedDuration::from_secs(60);

/// An end whose evidence does not fit is believed after that long: GitLab's lists lag.
pub(crate) const SETTLE_FOR: SignedDuration = SignedDuration::from_secs(90);

/// What can be done about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunAction {
    /// Take a slot.
    Begin,
    /// Read the target's tip.
    ReadBase,
    /// Fetch what was asked for.
    Fetch,
    /// Make the merge.
    Merge,
    /// Put the target's tip on its ref, and ask what CI would run for that.
    LintTarget,
    /// Push the candidate.
    Push,
    /// Ask what CI would run for the candidate, and compare.
    CompareCi,
    /// Look for its pipeline.
    Look,
    /// Make its pipeline; `CreateBegun` must be put first.
    Create,
    /// Look at its pipeline.
    Poll {
        /// The deadline that has passed, if one has.
        overdue: Option<Overdue>,
        /// Whether an end is to be believed even if its evidence does not fit.
        settled: bool,
    },
    /// Cancel its pipeline.
    Cancel(PipelineLink),
    /// Tell whoever asked.
    Answer,
    /// Delete its ref and close it.
    Forget,
}

/// What the rules need to know beyond the one run.
#[derive(Debug, Clone)]
pub(crate) struct RunSituation<'a> {
    /// What holds for everything.
    pub(crate) policy: &'a Policy,
    /// What holds for its target.
    pub(crate) target: &'a TargetPolicy,
    /// Set while no new test may begin.
    pub(crate) pause: Option<&'a Pause>,
    /// Whose turn it is.
    pub(crate) turn: Turn,
    /// Whether the request it belongs to needs it no more (closed, or landed).
    pub(crate) released: bool,
}

/// Decides.
pub(crate) fn decide(
    run: &Run,
    situation: &RunSituation<'_>,
    now: Timestamp,
) -> Decision<RunAction> {
    if let RunStage::Merged { retry, .. } | RunStage::Pushed { retry, .. } = &run.stage
        && let Some((action, why)) = super::ci::next(run, situation.target)
    {
        return Decision::due(retry, action, why, now);
    }
    match &run.stage {
        RunStage::Waiting { .. } => waiting(situation),
        RunStage::Planned { retry } => match &run.why {
            Why::Attempt { .. } => {
                Decision::due(retry, RunAction::ReadBase, "the target's tip is to be read", now)
            }
            Why::Asked { .. } => {
                Decision::due(retry, RunAction::Fetch, "the commit to test is to be fetched", now)
            }
        },
        RunStage::Based { retry, .. } => {
            Decision::due(retry, RunAction::Merge, "the merge is to be made", now)
        }
        RunStage::Merged { retry, .. } => {
            Decision::due(retry, RunAction::Push, "the candidate is to be pushed", now)
        }
        RunStage::Pushed { tried_at, retry, .. } => creation(*tried_at, retry, now),
        RunStage::Started { watch, pipeline, .. } => watching(watch, pipeline, situation, now),
        // Whoever asked is told first: a cancellation may fail for long.
        RunStage::Ended { outcome, written: false, .. } if run.is_asked() => {
            Decision::act(RunAction::Answer, format!("it has ended: {}", outcome.word()))
        }
        RunStage::Ended { cancel: Some(pipeline), .. } => {
            Decision::act(RunAction::Cancel(pipeline.clone()), "nobody needs its pipeline")
        }
        RunStage::Ended { sought: Some(sought), .. } => Decision::due(
            &sought.retry,
            RunAction::Look,
            "whether its pipeline was made is found out",
            now,
        ),
        RunStage::Ended { at, outcome, .. } => over(outcome.word(), *at, situation, now),
        RunStage::Closed { .. } => Decision::wait("it is over"),
    }
}

fn waiting(situation: &RunSituation<'_>) -> Decision<RunAction> {
    if let Some(pause) = situation.pause {
        return Decision::paused(pause);
    }
    match situation.turn {
        Turn::Now => Decision::act(RunAction::Begin, "it is its turn"),
        Turn::After(n) => Decision::wait(format!("{n} others wait before it in the queue")),
    }
}

fn creation(tried_at: Option<Timestamp>, retry: &Retry, now: Timestamp) -> Decision<RunAction> {
    match tried_at {
        None => Decision::due(retry, RunAction::Create, "its pipeline is to be made", now),
        Some(tried_at) if now < tried_at + LOOK_FOR => Decision::due(
            retry,
            RunAction::Look,
            "whether its pipeline was made is to be found out",
            now,
        ),
        Some(_) => Decision::due(
            retry,
            RunAction::Create,
            "its pipeline was not made; it is made now",
            now,
        ),
    }
}

fn watching(
    watch: &Watch,
    pipeline: &PipelineLink,
    situation: &RunSituation<'_>,
    now: Timestamp,
) -> Decision<RunAction> {
    let (limit, overdue) = watch.limit(situation.target);
    let settled =
        watch.unsettled_since.is_some_and(|since| now.duration_since(since) >= SETTLE_FOR);
    let word = watch.status.word();
    let done = match watch.progress {
        Some((done, all)) => format!(", {done} of {all} jobs done"),
        None => String::new(),
    };
    let because = format!("pipeline {} is {word}{done}", pipeline.id);
    if watch.poll.next_at <= now {
        let overdue = (now >= limit).then_some(overdue);
        return Decision::act(RunAction::Poll { overdue, settled }, because);
    }
    Decision::wait_until(watch.poll.next_at, because)
}

fn over(
    word: &str,
    at: Timestamp,
    situation: &RunSituation<'_>,
    now: Timestamp,
) -> Decision<RunAction> {
    let kept_until = at + situation.policy.keep;
    if situation.released || now >= kept_until {
        return Decision::act(RunAction::Forget, "nobody needs its ref any more");
    }
    let until = kept_until.strftime("%Y-%m-%d");
    Decision::wait_until(
        kept_until,
        format!("it has ended ({word}); its ref is kept until {until}"),
    )
}
