//! Records what happened to a run. An event that does not fit the stage came too late and changes
//! nothing. It must not decide what comes next.
//!
//! The race that matters is the pipeline's creation: GitLab has no idempotency key. `CreateBegun`
//! is put before the request goes out, and from then on the bot looks for a pipeline for
//! [`LOOK_FOR`] before it creates again.

use jiff::{SignedDuration, Timestamp};

use super::decide::LOOK_FOR;
use super::{CiCheck, Run, RunStage, Sought, Watch};
use crate::pull::decision::{Told, Trouble, TroubleKind};
use crate::pull::ids::ObjectId;
use crate::pull::pipeline::{Pipeline, Status};
use crate::pull::policy::TargetPolicy;
use crate::pull::retry::Retry;
use crate::pull::tag::{Candidate, ConflictFile};
use crate::pull::verdict::{Outcome, PipelineLink};

/// What happened to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunEvent {
    /// Its turn came.
    Began,
    /// The target's tip was read.
    BaseRead(ObjectId),
    /// What was asked for was fetched, and is this.
    Fetched(Candidate),
    /// The merge was made.
    Merged(Candidate),
    /// The merge conflicts.
    Conflicted {
        /// The files.
        files: Vec<ConflictFile>,
        /// How many in all.
        total: u32,
    },
    /// The target has it already.
    AlreadyMerged,
    /// The comparison of what CI runs has come so far.
    CiChecked(CiCheck),
    /// The candidate is on its ref.
    Pushed,
    /// A pipeline is about to be made.
    CreateBegun,
    /// The pipeline exists: made or found.
    Created(Pipeline),
    /// It was looked for, and is not there (yet).
    NotFound,
    /// GitLab refused to make it: none was made.
    NotCreated(Trouble),
    /// Somebody moved the ref after the push: the candidate is to be pushed again, once it may.
    Moved(Trouble),
    /// The pipeline was looked at, and goes on.
    Seen {
        /// Its status.
        status: Status,
        /// Whether a job has started.
        started: bool,
        /// Jobs done, and in all, where known.
        progress: Option<(u32, u32)>,
        /// Whether its end is not believed yet.
        unsettled: bool,
    },
    /// It is over.
    Ended(Outcome),
    /// A step could not be done now.
    Failed(Trouble),
    /// Nobody needs it any more.
    Stopped(Outcome),
    /// Its pipeline is cancelled.
    CancelSent,
    /// Whoever asked was told.
    Written,
    /// Its ref is gone: it is over.
    Forgotten,
}

/// How long a refused creation is tried again: a branch may not be visible at once, and GitLab's
/// own limit is per minute.
const CREATE_PATIENCE: SignedDuration = SignedDuration::from_mins(3);

/// How often a pipeline that may have been made is looked for.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// How long the bot tries what does not depend on a request before it gives the run up.
const STEP_PATIENCE: SignedDuration = SignedDuration::from_hours(6);

/// Records an event.
pub(crate) fn apply(run: &mut Run, event: RunEvent, policy: &TargetPolicy, now: Timestamp) -> Told {
    let told = record(run, event, policy, now);
    run.fit();
    told
}

fn record(run: &mut Run, event: RunEvent, policy: &TargetPolicy, now: Timestamp) -> Told {
    match event {
        RunEvent::Began => began(run, now),
        RunEvent::BaseRead(base) => based(run, base, now),
        RunEvent::Fetched(candidate) => fetched(run, candidate, now),
        RunEvent::Merged(candidate) => merged(run, candidate, now),
        RunEvent::Conflicted { files, total } => {
            let RunStage::Based { base, .. } = &run.stage else { return None };
            let outcome = Outcome::Conflict { base: *base, files, total };
            ended(run, outcome, None, now)
        }
        RunEvent::AlreadyMerged => ended(run, Outcome::AlreadyMerged, None, now),
        RunEvent::CiChecked(check) => super::ci::checked(run, check),
        RunEvent::Pushed => pushed(run, now),
        RunEvent::CreateBegun => create_begun(run, now),
        RunEvent::Created(pipeline) => created(run, &pipeline, policy, now),
        RunEvent::NotFound => not_found(run, now),
        RunEvent::NotCreated(trouble) => not_created(run, trouble, now),
        RunEvent::Moved(trouble) => moved(run, trouble, now),
        RunEvent::Seen { status, started, progress, unsettled } => {
            seen(run, status, started, progress, unsettled, policy, now)
        }
        RunEvent::Ended(outcome) => {
            let cancel = if outcome.leaves_jobs() { run.pipeline().cloned() } else { None };
            ended(run, outcome, cancel, now)
        }
        RunEvent::Failed(trouble) => failed(run, trouble, policy, now),
        RunEvent::Stopped(outcome) => {
            let cancel = run.pipeline().cloned();
            ended(run, outcome, cancel, now)
        }
        RunEvent::CancelSent => cancel_sent(run),
        RunEvent::Written => written(run),
        RunEvent::Forgotten => forgotten(run, now),
    }
}

fn began(run: &mut Run, now: Timestamp) -> Told {
    let RunStage::Waiting { .. } = &run.stage else { return None };
    run.stage = RunStage::Planned { retry: Retry::now(now) };
    Some("its turn came".into())
}

fn based(run: &mut Run, base: ObjectId, now: Timestamp) -> Told {
    let RunStage::Planned { .. } = &run.stage else { return None };
    run.stage = RunStage::Based { base, at: now, retry: Retry::now(now) };
    Some(format!("it goes onto {}", base.short()))
}

fn fetched(run: &mut Run, candidate: Candidate, now: Timestamp) -> Told {
    let RunStage::Planned { .. } = &run.stage else { return None };
    let what = format!("fetched {}", candidate.commit);
    run.stage = RunStage::Merged { candidate, at: now, retry: Retry::now(now) };
    Some(what)
}

fn merged(run: &mut Run, candidate: Candidate, now: Timestamp) -> Told {
    let RunStage::Based { at, .. } = &run.stage else { return None };
    let what = format!("merged as {}", candidate.commit);
    run.stage = RunStage::Merged { candidate, at: *at, retry: Retry::now(now) };
    Some(what)
}

fn pushed(run: &mut Run, now: Timestamp) -> Told {
    let RunStage::Merged { candidate, at, .. } = &run.stage else { return None };
    run.stage = RunStage::Pushed {
        candidate: candidate.clone(),
        at: *at,
        since: now,
        tried_at: None,
        retry: Retry::now(now),
    };
    Some(format!("pushed to {}", run.ci_ref))
}

fn create_begun(run: &mut Run, now: Timestamp) -> Told {
    let RunStage::Pushed { tried_at, .. } = &mut run.stage else { return None };
    *tried_at = Some(now);
    Some("a pipeline is being made".into())
}

fn created(run: &mut Run, pipeline: &Pipeline, policy: &TargetPolicy, now: Timestamp) -> Told {
    let link = PipelineLink { id: pipeline.id, url: pipeline.web_url.clone() };
    if let RunStage::Ended { sought, had, cancel, .. } = &mut run.stage {
        sought.take()?;
        *had = Some(link.id);
        let what = format!("pipeline {} was made though nobody needs it", link.id);
        *cancel = Some(link);
        return Some(what);
    }
    let RunStage::Pushed { candidate, at, .. } = &run.stage else { return None };
    let started = pipeline.started_at.is_some();
    let mut poll = Retry::now(now);
    poll.next_at = now + policy.poll;
    let what = format!("pipeline {} runs: {}", link.id, link.url);
    run.stage = RunStage::Started {
        candidate: candidate.clone(),
        at: *at,
        pipeline: link,
        watch: Watch {
            status: pipeline.status.clone(),
            since: now,
            first_job_at: started.then_some(now),
            unsettled_since: None,
            poll,
            progress: None,
        },
    };
    Some(what)
}

fn not_found(run: &mut Run, now: Timestamp) -> Told {
    match &mut run.stage {
        RunStage::Pushed { retry, .. } => retry.next_at = now + LOOK_EVERY,
        RunStage::Ended { sought, .. } => {
            *sought = sought.take().filter(|sought| now < sought.until);
            if let Some(sought) = sought {
                sought.retry.next_at = now + LOOK_EVERY;
            }
        }
        RunStage::Waiting { .. }
        | RunStage::Planned { .. }
        | RunStage::Based { .. }
        | RunStage::Merged { .. }
        | RunStage::Started { .. }
        | RunStage::Closed { .. } => {}
    }
    None
}

fn moved(run: &mut Run, trouble: Trouble, now: Timestamp) -> Told {
    if let RunStage::Ended { sought, .. } = &mut run.stage {
        *sought = None;
    }
    let RunStage::Pushed { candidate, at, retry, .. } = &run.stage else { return None };
    let retry = retry.after_failure(now, trouble.detail.clone(), trouble.retry_after);
    run.stage = RunStage::Merged { candidate: candidate.clone(), at: *at, retry };
    Some(trouble.detail)
}

fn not_created(run: &mut Run, trouble: Trouble, now: Timestamp) -> Told {
    if let RunStage::Ended { sought, .. } = &mut run.stage {
        *sought = None;
    }
    let RunStage::Pushed { tried_at, retry, .. } = &mut run.stage else { return None };
    *tried_at = None;
    let patience = match trouble.kind {
        TroubleKind::Lasting => CREATE_PATIENCE,
        TroubleKind::Passing | TroubleKind::Ours | TroubleKind::Bug => STEP_PATIENCE,
    };
    if retry.failing_for(now, patience) {
        let why = trouble.public.unwrap_or(trouble.detail);
        return ended(run, Outcome::Impossible { why }, None, now);
    }
    *retry = retry.after_failure(now, trouble.detail.clone(), trouble.retry_after);
    Some(format!("no pipeline yet: {}", trouble.detail))
}

fn seen(
    run: &mut Run,
    status: Status,
    started: bool,
    progress: Option<(u32, u32)>,
    unsettled: bool,
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

fn ended(run: &mut Run, outcome: Outcome, cancel: Option<PipelineLink>, now: Timestamp) -> Told {
    if run.outcome().is_some() {
        return None;
    }
    let what = format!("ended: {}", outcome.word());
    let candidate = run.stage.candidate().cloned();
    let merged_at = run.merged_at();
    let had = run.last_pipeline();
    let sought = match &run.stage {
        RunStage::Pushed { tried_at: Some(_), .. } => {
            Some(Sought { until: now + LOOK_FOR, retry: Retry::now(now) })
        }
        RunStage::Pushed { tried_at: None, .. }
        | RunStage::Waiting { .. }
        | RunStage::Planned { .. }
        | RunStage::Based { .. }
        | RunStage::Merged { .. }
        | RunStage::Started { .. }
        | RunStage::Ended { .. }
        | RunStage::Closed { .. } => None,
    };
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

fn failed(run: &mut Run, trouble: Trouble, policy: &TargetPolicy, now: Timestamp) -> Told {
    let Trouble { detail, public, retry_after, kind } = trouble;
    match &mut run.stage {
        RunStage::Planned { retry }
        | RunStage::Based { retry, .. }
        | RunStage::Merged { retry, .. } => {
            if kind == TroubleKind::Lasting || retry.failing_for(now, STEP_PATIENCE) {
                let why = public.unwrap_or(detail);
                return ended(run, Outcome::Impossible { why }, None, now);
            }
            *retry = retry.after_failure(now, detail.clone(), retry_after);
        }
        RunStage::Pushed { retry, .. } => {
            if retry.failing_for(now, STEP_PATIENCE) {
                let why = public.unwrap_or(detail);
                return ended(run, Outcome::Impossible { why }, None, now);
            }
            *retry = retry.after_failure(now, detail.clone(), retry_after);
        }
        RunStage::Started { watch, pipeline, .. } => {
            // A pipeline that was deleted can't be looked at ever again; others wait for the slot.
            let (limit, _) = watch.limit(policy);
            if now >= limit && watch.poll.failing_for(now, STEP_PATIENCE) {
                let why = format!("Pipeline {} could not be looked at: {detail}", pipeline.id);
                return ended(run, Outcome::Impossible { why }, None, now);
            }
            watch.poll = watch.poll.after_failure(now, detail.clone(), retry_after);
        }
        RunStage::Ended { sought: Some(sought), .. } => {
            // What was under way when the run ended may have been made only now.
            sought.until = sought.until.max(now + LOOK_FOR);
            sought.retry = sought.retry.after_failure(now, detail.clone(), retry_after);
        }
        RunStage::Ended { sought: None, .. }
        | RunStage::Waiting { .. }
        | RunStage::Closed { .. } => return None,
    }
    Some(detail)
}

fn cancel_sent(run: &mut Run) -> Told {
    let RunStage::Ended { cancel, .. } = &mut run.stage else { return None };
    cancel.take().map(|pipeline| format!("pipeline {} cancelled", pipeline.id))
}

fn written(run: &mut Run) -> Told {
    let RunStage::Ended { written, .. } = &mut run.stage else { return None };
    *written = true;
    Some("whoever asked is told".into())
}

fn forgotten(run: &mut Run, now: Timestamp) -> Told {
    let RunStage::Ended { outcome, .. } = &run.stage else { return None };
    run.stage = RunStage::Closed { outcome: outcome.clone(), at: now };
    Some("its ref is deleted".into())
}
