//! Records what happened to a run. An event that does not fit the stage came too late and changes
//! nothing. It must not decide what comes next.

use crate::pull::run::event::RunEvent;
use jiff::Timestamp;

use super::ending::ended as end;
use super::stages::{based, ended, merged, planned, pushed, started, waiting};
use super::{Run, RunStage, ci};
use crate::pull::decision::Told;
use crate::pull::policy::TargetPolicy;
use crate::pull::verdict::Outcome;

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
        (RunStage::Started { .. }, RunEvent::Seen(seen)) => started::seen(run, seen, policy, now),
        (RunStage::Started { .. }, RunEvent::Failed(trouble)) => {
            started::failed(run, trouble, policy, now)
        }
        (_, _) => return None,
    })
}
