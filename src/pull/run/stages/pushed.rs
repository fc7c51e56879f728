//! Pushed: the candidate is on its branch. What CI would run for it is compared, then its pipeline is
//! made.
//!
//! The race that matters is the pipeline's creation: GitLab has no idempotency key. `CreateBegun`
//! is put before the request goes out, and from then on the bot looks for a pipeline for
//! [`LOOK_FOR`] before it creates again.

use jiff::{SignedDuration, Timestamp};

use crate::pull::decision::{Decision, Told};
use crate::pull::fault::{Fault, FaultKind};
use crate::pull::pipeline::Pipeline;
use crate::pull::policy::TargetPolicy;
use crate::pull::retry::Retry;
use crate::pull::run::ci;
use crate::pull::run::ending::{STEP_PATIENCE, again, given_up};
use crate::pull::run::situation::{LOOK_FOR, RunDecision};
use crate::pull::run::work::{CompareCi, Create, LookForPipeline};
use crate::pull::run::{Run, RunStage, Watch};
use crate::pull::tag::Candidate;
use crate::pull::verdict::PipelineLink;

/// How long a refused creation is tried again: a branch may not be visible at once, and GitLab's
/// own limit is per minute.
const CREATE_PATIENCE: SignedDuration = SignedDuration::from_mins(3);

/// How often a pipeline that may have been made is looked for.
pub(super) const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(5);

pub(in crate::pull::run) fn next(
    run: &Run,
    (tried_at, retry): (Option<Timestamp>, &Retry),
    target: &TargetPolicy,
    now: Timestamp,
) -> RunDecision {
    if tried_at.is_none() && ci::compares(run, target) {
        let why = "whether CI would run something else is to be looked at";
        return Decision::due(retry, CompareCi, why, now);
    }
    creation(tried_at, retry, now)
}

fn creation(tried_at: Option<Timestamp>, retry: &Retry, now: Timestamp) -> RunDecision {
    match tried_at {
        None => Decision::due(retry, Create, "its pipeline is to be made", now),
        Some(tried_at) if now < tried_at + LOOK_FOR => Decision::due(
            retry,
            LookForPipeline,
            "whether its pipeline was made is to be found out",
            now,
        ),
        Some(_) => Decision::due(retry, Create, "its pipeline was not made; it is made now", now),
    }
}

pub(in crate::pull::run) fn create_begun(run: &mut Run, now: Timestamp) -> Told {
    let RunStage::Pushed { tried_at, .. } = &mut run.stage else { return None };
    *tried_at = Some(now);
    Some("a pipeline is being made".into())
}

pub(in crate::pull::run) fn created(
    run: &mut Run,
    (candidate, at): (Candidate, Timestamp),
    pipeline: &Pipeline,
    policy: &TargetPolicy,
    now: Timestamp,
) -> Told {
    let link = PipelineLink { id: pipeline.id, url: pipeline.web_url.clone() };
    let started = pipeline.started_at.is_some();
    let what = format!("pipeline {} runs: {}", link.id, link.url);
    let watch = Watch {
        status: pipeline.status.clone(),
        since: now,
        first_job_at: started.then_some(now),
        unsettled_since: None,
        poll: Retry::now(now + policy.poll),
        progress: None,
    };
    run.stage = RunStage::Started { candidate, at, pipeline: link, watch };
    Some(what)
}

pub(in crate::pull::run) fn not_found(run: &mut Run, now: Timestamp) -> Told {
    let RunStage::Pushed { retry, .. } = &mut run.stage else { return None };
    retry.next_at = now + LOOK_EVERY;
    None
}

pub(in crate::pull::run) fn moved(
    run: &mut Run,
    (candidate, at, retry): (Candidate, Timestamp, &Retry),
    trouble: Fault,
    now: Timestamp,
) -> Told {
    let retry = retry.after_failure(now, trouble.detail.clone(), trouble.retry_after);
    run.stage = RunStage::Merged { candidate, at, retry };
    Some(trouble.detail)
}

pub(in crate::pull::run) fn not_created(run: &mut Run, trouble: Fault, now: Timestamp) -> Told {
    let RunStage::Pushed { tried_at, retry, .. } = &mut run.stage else { return None };
    *tried_at = None;
    let patience = match trouble.kind {
        FaultKind::Permanent => CREATE_PATIENCE,
        FaultKind::Temporary | FaultKind::Misconfigured | FaultKind::Bug => STEP_PATIENCE,
    };
    if retry.failing_for(now, patience) {
        return given_up(run, trouble, now);
    }
    *retry = retry.after_failure(now, trouble.detail.clone(), trouble.retry_after);
    Some(format!("no pipeline yet: {}", trouble.detail))
}

pub(in crate::pull::run) fn failed(run: &mut Run, trouble: Fault, now: Timestamp) -> Told {
    let RunStage::Pushed { retry, .. } = &mut run.stage else { return None };
    let Some(later) = again(retry, &trouble, now) else { return given_up(run, trouble, now) };
    *retry = later;
    Some(trouble.detail)
}
