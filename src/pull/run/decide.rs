//! Says what to do next about a run, and why. Asked again after a crash it gives the same answer.
//! It must not change anything.

use jiff::{SignedDuration, Timestamp};

use super::stages::{based, ended, merged, planned, pushed, started, waiting};
use super::{Run, RunStage};
use crate::pull::decision::Decision;
use crate::pull::overlay::Pause;
use crate::pull::policy::{Policy, TargetPolicy};
use crate::pull::queue::Turn;
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
    match &run.stage {
        RunStage::Waiting { .. } => waiting::next(situation),
        RunStage::Planned { retry } => planned::next(run, retry, now),
        RunStage::Based { retry, .. } => based::next(retry, now),
        RunStage::Merged { retry, .. } => merged::next(run, retry, situation.target, now),
        RunStage::Pushed { tried_at, retry, .. } => {
            pushed::next(run, (*tried_at, retry), situation.target, now)
        }
        RunStage::Started { watch, pipeline, .. } => started::next(watch, pipeline, situation, now),
        RunStage::Ended { .. } => ended::next(run, situation, now),
        RunStage::Closed { .. } => Decision::wait("it is over"),
    }
}
