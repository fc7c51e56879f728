//! Records what happened to a run. An event that does not fit the stage came too late and changes
//! nothing. It must not decide what comes next.

use jiff::Timestamp;

use super::ending::ended as end;
use super::stages::{based, ended, merged, planned, pushed, started, waiting};
use super::{CiCheck, Run, RunStage, ci};
use crate::pull::decision::Told;
use crate::pull::fault::Fault;
use crate::pull::ids::ObjectId;
use crate::pull::pipeline::{Pipeline, Status};
use crate::pull::policy::TargetPolicy;
use crate::pull::tag::{Candidate, ConflictFile};
use crate::pull::verdict::Outcome;

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
    NotCreated(Fault),
    /// Somebody moved the ref after the push: the candidate is to be pushed again, once it may.
    Moved(Fault),
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
    Failed(Fault),
    /// Nobody needs it any more.
    Stopped(Outcome),
    /// Its pipeline is cancelled.
    CancelSent,
    /// Whoever asked was told.
    Written,
    /// Its ref is gone: it is over.
    Forgotten,
}

/// Records an event; `None` if it does not fit the stage any more: then nothing changes.
pub(crate) fn apply(
    run: &mut Run,
    event: RunEvent,
    policy: &TargetPolicy,
    now: Timestamp,
) -> Option<Told> {
    let told = record(run, event, policy, now);
    run.fit();
    told
}

fn record(run: &mut Run, event: RunEvent, policy: &TargetPolicy, now: Timestamp) -> Option<Told> {
    Some(match (run.stage.clone(), event) {
        (RunStage::Ended { .. }, RunEvent::Created(pipeline)) => ended::created(run, &pipeline),
        (RunStage::Ended { .. }, RunEvent::NotFound) => ended::not_found(run, now),
        (RunStage::Ended { .. }, RunEvent::Moved(_) | RunEvent::NotCreated(_)) => {
            ended::not_made(run)
        }
        (RunStage::Ended { .. }, RunEvent::CancelSent) => ended::cancel_sent(run),
        (RunStage::Ended { .. }, RunEvent::Written) => ended::written(run),
        (RunStage::Ended { .. }, RunEvent::Forgotten) => ended::forgotten(run, now),
        (RunStage::Ended { .. }, RunEvent::Failed(trouble)) => ended::failed(run, trouble, now),
        (RunStage::Ended { .. } | RunStage::Closed { .. }, _) => return None,

        (_, RunEvent::Ended(outcome)) => {
            let cancel = if outcome.leaves_jobs() { run.pipeline().cloned() } else { None };
            end(run, outcome, cancel, now)
        }
        (_, RunEvent::Stopped(outcome)) => {
            let cancel = run.pipeline().cloned();
            end(run, outcome, cancel, now)
        }
        (RunStage::Waiting { .. }, RunEvent::Began) => waiting::began(run, now),
        (RunStage::Planned { .. }, RunEvent::BaseRead(base)) => planned::based(run, base, now),
        (RunStage::Planned { .. }, RunEvent::Fetched(found)) => planned::fetched(run, found, now),
        (RunStage::Planned { retry }, RunEvent::Failed(trouble)) => {
            planned::failed(run, retry, trouble, now)
        }
        (RunStage::Based { at, .. }, RunEvent::Merged(candidate)) => {
            based::merged(run, at, candidate, now)
        }
        (RunStage::Based { base, .. }, RunEvent::Conflicted { files, total }) => {
            end(run, Outcome::Conflict { base, files, total }, None, now)
        }
        (RunStage::Based { .. }, RunEvent::AlreadyMerged) => {
            end(run, Outcome::AlreadyMerged, None, now)
        }
        (RunStage::Based { base, at, retry }, RunEvent::Failed(trouble)) => {
            based::failed(run, (base, at, retry), trouble, now)
        }
        (
            RunStage::Merged { .. } | RunStage::Pushed { tried_at: None, .. },
            RunEvent::CiChecked(check),
        ) => ci::checked(run, check),
        (RunStage::Merged { candidate, at, .. }, RunEvent::Pushed) => {
            merged::pushed(run, candidate, at, now)
        }
        (RunStage::Merged { candidate, at, retry }, RunEvent::Failed(trouble)) => {
            merged::failed(run, (candidate, at, retry), trouble, now)
        }
        (RunStage::Pushed { .. }, RunEvent::CreateBegun) => pushed::create_begun(run, now),
        (RunStage::Pushed { candidate, at, .. }, RunEvent::Created(pipeline)) => {
            pushed::created(run, (candidate, at), &pipeline, policy, now)
        }
        (RunStage::Pushed { .. }, RunEvent::NotFound) => pushed::not_found(run, now),
        (RunStage::Pushed { candidate, at, retry, .. }, RunEvent::Moved(trouble)) => {
            pushed::moved(run, (candidate, at, &retry), trouble, now)
        }
        (RunStage::Pushed { .. }, RunEvent::NotCreated(trouble)) => {
            pushed::not_created(run, trouble, now)
        }
        (RunStage::Pushed { .. }, RunEvent::Failed(trouble)) => pushed::failed(run, trouble, now),
        (RunStage::Started { .. }, RunEvent::Seen { status, started, progress, unsettled }) => {
            started::seen(run, status, started, progress, unsettled, policy, now)
        }
        (RunStage::Started { .. }, RunEvent::Failed(trouble)) => {
            started::failed(run, trouble, policy, now)
        }
        (_, _) => return None,
    })
}
