//! Begins attempts: a run of its own for each test of a request, and for each that somebody asks for.

use jiff::Timestamp;

use super::World;
use crate::pull::ids::{PullNumber, RunId, TargetName};
use crate::pull::request::Stage;
use crate::pull::request::event::PullEvent;
use crate::pull::retry::Retry;
use crate::pull::run::Plan;
use crate::pull::run::{CiCheck, Run, RunStage, Why};

impl World {
    pub(super) fn begin_attempt(&mut self, number: PullNumber, now: Timestamp) {
        let Some(pull) = self.stored.pulls.get(&number) else { return };
        let Stage::Queued { plan, .. } = &pull.stage else { return };
        let plan = plan.clone();
        let target = pull.target.clone();
        let retry = Retry::now(now);
        let stage = match &plan {
            Plan::Fresh => RunStage::Planned { retry },
            Plan::Again { base, at } => RunStage::Based { base: *base, at: *at, retry },
        };
        let why = Why::Attempt { pull: number, attempt: pull.attempts + 1, plan };
        let id = self.new_run(target, why, stage, now);
        self.pull_event(number, PullEvent::Began(id), now);
    }

    /// Adds a run, with its ref from the target's template.
    pub(super) fn new_run(
        &mut self,
        target: TargetName,
        why: Why,
        stage: RunStage,
        now: Timestamp,
    ) -> RunId {
        let id = RunId(self.stored.next_run);
        self.stored.next_run += 1;
        let ci_ref =
            self.policy.targets.get(&target).map_or_else(String::new, |policy| match &why {
                Why::Attempt { pull, attempt, .. } => {
                    policy.ci_ref(&target, &pull.to_string(), *attempt)
                }
                Why::Asked { .. } => policy.ci_ref(&target, &format!("run{id}"), 1),
            });
        self.changed.runs.insert(id);
        let ci = CiCheck::Due;
        self.stored.runs.insert(id, Run { id, target, why, ci_ref, created_at: now, ci, stage });
        id
    }
}
