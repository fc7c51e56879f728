//! Planned: its base is to be read, or what was asked for is to be fetched.

use jiff::Timestamp;

use crate::pull::decision::{Decision, Told};
use crate::pull::fault::Fault;
use crate::pull::ids::ObjectId;
use crate::pull::retry::Retry;
use crate::pull::run::ending::{again_if_passing, given_up};
use crate::pull::run::situation::RunDecision;
use crate::pull::run::work::{FetchAsked, ReadBase};
use crate::pull::run::{Run, RunStage, Why};
use crate::pull::tag::Candidate;

pub(in crate::pull::run) fn next(run: &Run, retry: &Retry, now: Timestamp) -> RunDecision {
    match &run.why {
        Why::Attempt { .. } => {
            Decision::due(retry, ReadBase, "the target's tip is to be read", now)
        }
        Why::Asked { .. } => {
            Decision::due(retry, FetchAsked, "the commit to test is to be fetched", now)
        }
    }
}

pub(in crate::pull::run) fn based(run: &mut Run, base: ObjectId, now: Timestamp) -> Told {
    run.stage = RunStage::Based { base, at: now, retry: Retry::now(now) };
    Some(format!("it goes onto {}", base.short()))
}

pub(in crate::pull::run) fn fetched(run: &mut Run, candidate: Candidate, now: Timestamp) -> Told {
    let what = format!("fetched {}", candidate.commit);
    run.stage = RunStage::Merged { candidate, at: now, retry: Retry::now(now) };
    Some(what)
}

pub(in crate::pull::run) fn failed(
    run: &mut Run,
    retry: Retry,
    trouble: Fault,
    now: Timestamp,
) -> Told {
    let Some(retry) = again_if_passing(&retry, &trouble, now) else {
        return given_up(run, trouble, now);
    };
    run.stage = RunStage::Planned { retry };
    Some(trouble.detail)
}
