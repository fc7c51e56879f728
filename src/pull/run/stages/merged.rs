//! Merged: the candidate exists, and is to be pushed. Before that, what CI runs for the target alone
//! is found out.

use jiff::Timestamp;

use crate::pull::decision::{Decision, Told};
use crate::pull::fault::Fault;
use crate::pull::policy::TargetPolicy;
use crate::pull::retry::Retry;
use crate::pull::run::ci;
use crate::pull::run::ending::{again_if_passing, given_up};
use crate::pull::run::situation::RunDecision;
use crate::pull::run::work::{LintTarget, Push};
use crate::pull::run::{Run, RunStage};
use crate::pull::tag::Candidate;

pub(in crate::pull::run) fn next(
    run: &Run,
    retry: &Retry,
    target: &TargetPolicy,
    now: Timestamp,
) -> RunDecision {
    if ci::lints_target(run, target) {
        let why = "what CI runs for the target alone is to be looked at";
        return Decision::due(retry, LintTarget, why, now);
    }
    Decision::due(retry, Push, "the candidate is to be pushed", now)
}

pub(in crate::pull::run) fn pushed(
    run: &mut Run,
    candidate: Candidate,
    at: Timestamp,
    now: Timestamp,
) -> Told {
    let retry = Retry::now(now);
    run.stage = RunStage::Pushed { candidate, at, since: now, tried_at: None, retry };
    Some(format!("pushed to {}", run.ci_ref))
}

pub(in crate::pull::run) fn failed(
    run: &mut Run,
    (candidate, at, retry): (Candidate, Timestamp, Retry),
    trouble: Fault,
    now: Timestamp,
) -> Told {
    let Some(retry) = again_if_passing(&retry, &trouble, now) else {
        return given_up(run, trouble, now);
    };
    run.stage = RunStage::Merged { candidate, at, retry };
    Some(trouble.detail)
}
