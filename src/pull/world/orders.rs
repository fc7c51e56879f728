//! Commands of people, carried out on the records. Each answers with one sentence; a command that
//! does not fit what stands says so and changes nothing.

use jiff::Timestamp;

use super::World;
use crate::pull::command::{Command, Named};
use crate::pull::decision::clock;
use crate::pull::ids::{PullNumber, RunId, TargetName};
use crate::pull::records::Pause;
use crate::pull::request::apply::PullEvent;
use crate::pull::request::{Plan, Pull, Stage};
use crate::pull::run::apply::RunEvent;
use crate::pull::run::{CiCheck, Run, RunStage, Why};
use crate::pull::verdict::{Outcome, Verdict};

impl World {
    pub(super) fn order(
        &mut self,
        command: Command,
        by: &str,
        reply_to: Option<String>,
        now: Timestamp,
    ) -> Result<String, String> {
        match command {
            Command::Test { url, reference, sha } => {
                let why = Why::Asked { asker: reply_to, url, reference, sha };
                self.test(why, now)
            }
            Command::Approve(named) => self.approve(&named, by, now),
            Command::Retest(named) => self.retest(&named, false, by, now),
            Command::RetestFresh(named) => self.retest(&named, true, by, now),
            Command::Cancel(named) => self.cancel(&named, by, now),
            Command::Pause { reason } => Ok(self.pause(reason, by, now)),
            Command::Resume => self.resume(by),
        }
    }

    fn test(&mut self, why: Why, now: Timestamp) -> Result<String, String> {
        let Some(target) = self.policy.targets.keys().next().cloned() else {
            return Err("There is no target to test for.".into());
        };
        let id = self.new_run(target, why, RunStage::Waiting { since: now }, now);
        Ok(format!("Run {id} is queued; `show run-{id}` says where it stands."))
    }

    /// Adds a run, with its ref from the target's template.
    pub(super) fn new_run(
        &mut self,
        target: TargetName,
        why: Why,
        stage: RunStage,
        now: Timestamp,
    ) -> RunId {
        let id = RunId(self.next_run);
        self.next_run += 1;
        let ci_ref =
            self.policy.targets.get(&target).map_or_else(String::new, |policy| match &why {
                Why::Attempt { pull, attempt, .. } => {
                    policy.ci_ref(&target, &pull.to_string(), *attempt)
                }
                Why::Asked { .. } => policy.ci_ref(&target, &format!("run{id}"), 1),
            });
        self.changed.runs.insert(id);
        let ci = CiCheck::Due;
        self.runs.insert(id, Run { id, target, why, ci_ref, created_at: now, ci, stage });
        id
    }

    /// An open request by its name.
    fn named(&self, named: &Named) -> Result<&Pull, String> {
        let found = match named {
            Named::Pull(number) => self.pulls.get(number),
            Named::Mail(id) => self.pulls.values().find(|pull| &pull.cover.message_id == id),
            Named::Run(_) => None,
        };
        found.ok_or_else(|| format!("There is no open {named}."))
    }

    fn approve(&mut self, named: &Named, by: &str, now: Timestamp) -> Result<String, String> {
        let pull = self.named(named)?;
        let number = pull.number;
        if !matches!(pull.stage, Stage::Held { .. }) {
            return Err(format!("Request {number} is not held; it is {}.", pull.stage.word()));
        }
        self.pull_event(number, PullEvent::Approved { by: by.into() }, now);
        Ok(format!("Request {number} is approved."))
    }

    fn retest(
        &mut self,
        named: &Named,
        fresh: bool,
        by: &str,
        now: Timestamp,
    ) -> Result<String, String> {
        let pull = self.named(named)?;
        let number = pull.number;
        if let Some(by) = pull.lineage.superseded_by {
            return Err(format!("Request {by} supersedes request {number}; name that one."));
        }
        match &pull.stage {
            Stage::Answered { .. } | Stage::Concluded { written: true, .. } => {}
            Stage::Held { .. } => {
                return Err(format!("Request {number} is held; write: approve {number}"));
            }
            Stage::Received { .. }
            | Stage::Fetched { .. }
            | Stage::Verified { .. }
            | Stage::Queued { .. }
            | Stage::Running { .. }
            | Stage::Concluded { written: false, .. }
            | Stage::Closed { .. } => {
                return Err(format!(
                    "Request {number} is not answered yet; it is {}.",
                    pull.stage.word()
                ));
            }
        }
        let plan = if fresh { Plan::Fresh } else { self.same_again(pull) };
        let again = if plan == Plan::Fresh { "a new merge" } else { "the same candidate" };
        self.pull_event(number, PullEvent::Retest { plan, by: by.into() }, now);
        Ok(format!("Request {number} is queued again, with {again}."))
    }

    /// The last attempt's base and time, where it made a candidate.
    fn same_again(&self, pull: &Pull) -> Plan {
        let Some(Verdict::Tested { run, .. }) = pull.stage.verdict() else { return Plan::Fresh };
        let Some(run) = self.runs.get(run) else { return Plan::Fresh };
        let base = run.stage.candidate().and_then(|candidate| candidate.base);
        match (base, run.merged_at()) {
            (Some(base), Some(at)) => Plan::Again { base, at },
            _ => Plan::Fresh,
        }
    }

    fn cancel(&mut self, named: &Named, by: &str, now: Timestamp) -> Result<String, String> {
        if let Named::Run(id) = named {
            return self.cancel_run(*id, by, now);
        }
        let pull = self.named(named)?;
        let number = pull.number;
        if pull.stage.verdict().is_some() {
            return Err(format!("Request {number} is over; there is nothing to cancel."));
        }
        self.pull_event(number, PullEvent::Cancelled { by: by.into() }, now);
        Ok(format!("Request {number} is cancelled; nobody is told."))
    }

    fn cancel_run(&mut self, id: RunId, by: &str, now: Timestamp) -> Result<String, String> {
        let run = self.runs.get(&id).ok_or_else(|| format!("There is no open run {id}."))?;
        if run.outcome().is_some() {
            return Err(format!("Run {id} has ended; there is nothing to cancel."));
        }
        if let Why::Attempt { pull, .. } = run.why {
            return self.cancel(&Named::Pull(pull), by, now);
        }
        self.run_event(id, RunEvent::Stopped(Outcome::Cancelled { by: by.into() }), now);
        Ok(format!("Run {id} is cancelled."))
    }

    fn pause(&mut self, reason: String, by: &str, now: Timestamp) -> String {
        self.changed.log.push(("testing".into(), format!("paused by {by}: {reason}")));
        self.control.pause = Some(Pause { reason, by: by.into(), at: now });
        self.changed.control = true;
        "No new test begins until `resume`; running ones go on.".into()
    }

    fn resume(&mut self, by: &str) -> Result<String, String> {
        let Some(pause) = self.control.pause.take() else {
            return Err("Nothing is paused.".into());
        };
        self.changed.control = true;
        self.changed.log.push(("testing".into(), format!("resumed by {by}")));
        Ok(format!("Testing goes on; {} had paused it at {}.", pause.by, clock(pause.at)))
    }

    pub(super) fn begin_attempt(&mut self, number: PullNumber, now: Timestamp) {
        let Some(pull) = self.pulls.get(&number) else { return };
        let Stage::Queued { plan, .. } = &pull.stage else { return };
        let plan = plan.clone();
        let target = pull.target.clone();
        let retry = crate::pull::retry::Retry::now(now);
        let stage = match &plan {
            Plan::Fresh => RunStage::Planned { retry },
            Plan::Again { base, at } => RunStage::Based { base: *base, at: *at, retry },
        };
        let why = Why::Attempt { pull: number, attempt: pull.attempts + 1, plan };
        let id = self.new_run(target, why, stage, now);
        self.pull_event(number, PullEvent::Began(id), now);
    }
}
