//! Based: base and time are recorded, so the merge can be made, and made again the same.

use jiff::Timestamp;

use crate::pull::decision::{Decision, Told};
use crate::pull::fault::Fault;
use crate::pull::ids::ObjectId;
use crate::pull::retry::Retry;
use crate::pull::run::ending::{again_if_passing, given_up};
use crate::pull::run::situation::RunDecision;
use crate::pull::run::work::Merge;
use crate::pull::run::{Run, RunStage};
use crate::pull::tag::Candidate;

pub(in crate::pull::run) fn next(retry: &Retry, now: Timestamp) -> RunDecision {
    Decision::due(retry, Merge, "the merge is to be made", now)
}

pub(in crate::pull::run) fn merged(
    run: &mut Run,
    at: Timestamp,
    candidate: Candidate,
    now: Timestamp,
) -> Told {
    let what = format!("merged as {}", candidate.commit);
    run.stage = RunStage::Merged { candidate, at, retry: Retry::now(now) };
    Some(what)
}

pub(in crate::pull::run) fn failed(
    run: &mut Run,
    (base, at, retry): (ObjectId, Timestamp, Retry),
    trouble: Fault,
    now: Timestamp,
) -> Told {
    let Some(retry) = again_if_passing(&retry, &trouble, now) else {
        return given_up(run, trouble, now);
    };
    run.stage = RunStage::Based { base, at, retry };
    Some(trouble.detail)
}
