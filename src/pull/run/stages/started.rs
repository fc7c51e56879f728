//! Started: the pipeline exists, and is watched until it is over or its time is.

use jiff::Timestamp;

use crate::pull::decision::{Decision, Told};
use crate::pull::fault::Fault;
use crate::pull::policy::TargetPolicy;
use crate::pull::retry::Retry;
use crate::pull::run::ending::{STEP_PATIENCE, ended};
use crate::pull::run::event::Seen;
use crate::pull::run::situation::{RunDecision, RunSituation, SETTLE_FOR};
use crate::pull::run::work::Poll;
use crate::pull::run::{Run, RunStage, Watch};
use crate::pull::verdict::{Outcome, PipelineLink};

pub(in crate::pull::run) fn next(
    watch: &Watch,
    pipeline: &PipelineLink,
    situation: &RunSituation<'_>,
    now: Timestamp,
) -> RunDecision {
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
        return Decision::work(Poll { overdue, settled }, because);
    }
    Decision::wait_until(watch.poll.next_at, because)
}

pub(in crate::pull::run) fn seen(
    run: &mut Run,
    Seen { status, started, progress, unsettled }: Seen,
    policy: &TargetPolicy,
    now: Timestamp,
) -> Told {
    let RunStage::Started { watch, .. } = &mut run.stage else { return None };
    let changed = watch.status != status;
    let what = format!("the pipeline is {}", status.word());
    watch.status = status;
    if started && watch.first_job_at.is_none() {
        watch.first_job_at = Some(now);
    }
    watch.progress = progress.or(watch.progress);
    watch.unsettled_since = unsettled.then(|| watch.unsettled_since.unwrap_or(now));
    watch.poll = Retry::now(now + policy.poll);
    changed.then_some(what)
}

pub(in crate::pull::run) fn failed(
    run: &mut Run,
    trouble: Fault,
    policy: &TargetPolicy,
    now: Timestamp,
) -> Told {
    let RunStage::Started { watch, pipeline, .. } = &mut run.stage else { return None };
    let Fault { detail, retry_after, .. } = trouble;
    // A pipeline that was deleted can't be looked at ever again; others wait for the slot.
    let (limit, _) = watch.limit(policy);
    if now >= limit && watch.poll.failing_for(now, STEP_PATIENCE) {
        let why = format!("Pipeline {} could not be looked at: {detail}", pipeline.id);
        return ended(run, Outcome::Impossible { why }, None, now);
    }
    watch.poll = watch.poll.after_failure(now, detail.clone(), retry_after);
    Some(detail)
}
