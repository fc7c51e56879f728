//! Running: an attempt is under way. How it ends is the run's to say.

use jiff::Timestamp;

use crate::pull::decision::{Decision, Told};
use crate::pull::hold::HoldReason;
use crate::pull::ids::RunId;
use crate::pull::request::ending::{conclude, hold};
use crate::pull::request::event::PullEvent;
use crate::pull::request::situation::{PullDecision, Situation};
use crate::pull::request::{Pull, Trusted};
use crate::pull::verdict::{Outcome, Verdict};

pub(in crate::pull::request) fn next(situation: &Situation<'_>) -> PullDecision {
    let Some(run) = situation.run else {
        let why = "The record of its run is missing.".to_owned();
        let outcome = Outcome::Impossible { why };
        return Decision::record(PullEvent::Ended(outcome), "its run's record is missing");
    };
    match run.outcome() {
        Some(outcome) => {
            let because = format!("run {} has ended: {}", run.id, outcome.word());
            Decision::record(PullEvent::Ended(outcome.clone()), because)
        }
        None => Decision::wait(format!("run {} is {}", run.id, run.stage.word())),
    }
}

pub(in crate::pull::request) fn ended(
    pull: &mut Pull,
    (trusted, run): (Trusted, RunId),
    outcome: Outcome,
    now: Timestamp,
) -> Told {
    let verdict = match outcome {
        Outcome::CiChanged(difference) => {
            let what = format!("held: it would change what CI runs ({})", difference.summary);
            let reason = HoldReason::CiChanged { run, difference };
            hold(pull, trusted, reason, now);
            return Some(what);
        }
        Outcome::AlreadyMerged => Verdict::Landed,
        Outcome::Cancelled { by } => Verdict::Cancelled { by },
        Outcome::Passed(_)
        | Outcome::Failed(_)
        | Outcome::Infrastructure(_)
        | Outcome::Conflict { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Incomplete { .. }
        | Outcome::Impossible { .. } => Verdict::Tested { run, outcome },
    };
    let what = format!("concluded: {}", verdict.word());
    conclude(pull, verdict, now);
    Some(what)
}
