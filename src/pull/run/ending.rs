//! How a run ends, whatever its stage, and when a step that fails is given up.

use jiff::{SignedDuration, Timestamp};

use super::situation::LOOK_FOR;
use super::{Run, RunStage, Sought};
use crate::pull::decision::Told;
use crate::pull::fault::{Fault, FaultKind};
use crate::pull::retry::Retry;
use crate::pull::verdict::{Outcome, PipelineLink};

/// How long the bot tries what does not depend on a request before it gives the run up.
pub(super) const STEP_PATIENCE: SignedDuration = SignedDuration::from_hours(6);

pub(super) fn ended(
    run: &mut Run,
    outcome: Outcome,
    cancel: Option<PipelineLink>,
    now: Timestamp,
) -> Told {
    if run.outcome().is_some() {
        return None;
    }
    let what = format!("ended: {}", outcome.word());
    let candidate = run.stage.candidate().cloned();
    let merged_at = run.merged_at();
    let had = run.last_pipeline();
    // A pipeline whose creation was begun may show up yet.
    let sought = matches!(run.stage, RunStage::Pushed { tried_at: Some(_), .. })
        .then(|| Sought { until: now + LOOK_FOR, retry: Retry::now(now) });
    run.stage = RunStage::Ended {
        candidate,
        merged_at,
        had,
        sought,
        cancel,
        outcome,
        at: now,
        written: false,
    };
    Some(what)
}

/// A step that could not be done now: when it is due again, or `None`: the run is given up.
pub(super) fn again(retry: &Retry, trouble: &Fault, now: Timestamp) -> Option<Retry> {
    let over = retry.failing_for(now, STEP_PATIENCE);
    (!over).then(|| retry.after_failure(now, trouble.detail.clone(), trouble.retry_after))
}

/// As [`again`]; what would fail the same way again is given up at once.
pub(super) fn again_if_passing(retry: &Retry, trouble: &Fault, now: Timestamp) -> Option<Retry> {
    match trouble.kind {
        FaultKind::Permanent => None,
        FaultKind::Temporary | FaultKind::Misconfigured | FaultKind::Bug => {
            again(retry, trouble, now)
        }
    }
}

/// Ends a run whose step is given up.
pub(super) fn given_up(run: &mut Run, trouble: Fault, now: Timestamp) -> Told {
    let why = trouble.public.unwrap_or(trouble.detail);
    ended(run, Outcome::Impossible { why }, None, now)
}
