//! Says what to do next about a run, and why. Asked again after a crash it gives the same answer.
//! It must not change anything.

use crate::pull::run::situation::RunDecision;
use crate::pull::run::situation::RunSituation;
use jiff::Timestamp;

use super::stages::{based, ended, merged, planned, pushed, started, waiting};
use super::{Run, RunStage};
use crate::pull::decision::Decision;

/// Decides.
pub(crate) fn decide(run: &Run, situation: &RunSituation<'_>, now: Timestamp) -> RunDecision {
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
