//! Waiting: somebody asked for it, and it waits for its turn.

use jiff::Timestamp;

use crate::pull::decision::{Decision, Told};
use crate::pull::queue::Turn;
use crate::pull::retry::Retry;
use crate::pull::run::event::RunEvent;
use crate::pull::run::situation::{RunDecision, RunSituation};
use crate::pull::run::{Run, RunStage};

pub(in crate::pull::run) fn next(situation: &RunSituation<'_>) -> RunDecision {
    if let Some(pause) = situation.pause {
        return Decision::paused(pause);
    }
    match situation.turn {
        Turn::Now => Decision::record(RunEvent::Began, "it is its turn"),
        Turn::After(n) => Decision::wait(format!("{n} others wait before it in the queue")),
    }
}

pub(in crate::pull::run) fn began(run: &mut Run, now: Timestamp) -> Told {
    run.stage = RunStage::Planned { retry: Retry::now(now) };
    Some("its turn came".into())
}
