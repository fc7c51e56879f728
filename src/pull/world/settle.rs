//! Asks every open record what is next until nothing changes any more: pure steps are taken at
//! once, the others become effects.

use jiff::Timestamp;

use super::turns::Queues;
use super::{Effect, Subject, World};
use crate::pull::aside::RecordKey;
use crate::pull::decision::{Decision, clock};
use crate::pull::ids::{PullNumber, RunId};
use crate::pull::overlay::Pause;
use crate::pull::queue::Waiting;
use crate::pull::repeat;
use crate::pull::request::apply::PullEvent;
use crate::pull::request::decide::{self as pull_rules, PullAction, Situation};
use crate::pull::request::{Pull, Stage};
use crate::pull::retry::Retry;
use crate::pull::run::apply::RunEvent;
use crate::pull::run::decide::{self as run_rules, RunAction, RunSituation};
use crate::pull::run::{Run, RunStage, Why};
use crate::pull::verdict::Verdict;

impl World {
    pub(super) fn settle(&mut self, now: Timestamp) -> (Vec<Effect>, Option<Timestamp>) {
        let mut effects = Vec::new();
        if self.overlay.stop.is_some() {
            // Nothing moves, and no deadline passes unseen: it is as if the bot did not run. Only
            // commands are read, and answered.
            let mut wake = Wake::default();
            self.settle_mails(&mut effects, &mut wake, now);
            self.settle_letters(&mut effects, &mut wake, now);
            return (effects, wake.at);
        }
        loop {
            let mut wake = Wake::default();
            let mut moved = false;
            let mut queues = self.queues();
            for number in self.pulls.keys().copied().collect::<Vec<_>>() {
                if self.working_on(RecordKey::Pull(number), |world| {
                    world.settle_pull(number, &queues, &mut effects, &mut wake, now)
                }) {
                    moved = true;
                    queues = self.queues();
                }
            }
            for id in self.runs.keys().copied().collect::<Vec<_>>() {
                if self.working_on(RecordKey::Run(id), |world| {
                    world.settle_run(id, &queues, &mut effects, &mut wake, now)
                }) {
                    moved = true;
                    queues = self.queues();
                }
            }
            if moved {
                continue;
            }
            self.settle_mails(&mut effects, &mut wake, now);
            self.settle_letters(&mut effects, &mut wake, now);
            self.settle_keys(&mut effects, &mut wake, now);
            self.settle_aside(&mut effects, &mut wake, now);
            self.settle_bot(&mut effects, &mut wake, now);
            return (effects, wake.at);
        }
    }

    /// What keeps the next test of a request from beginning: a pause of all, or of its list.
    pub(super) fn pause_of(&self, pull: &Pull) -> Option<&Pause> {
        self.overlay.pause.as_ref().or_else(|| self.overlay.paused_lists.get(&pull.list))
    }

    /// What is next for an open request, and why.
    pub(crate) fn next_for_pull(&self, pull: &Pull, now: Timestamp) -> Decision<PullAction> {
        if let Some(aside) = self.aside().get(&RecordKey::Pull(pull.number)) {
            return Decision::wait(aside.because());
        }
        if let Some(stop) = &self.overlay.stop
            && pull.stage.verdict().is_none()
        {
            let (at, by, reason) = (clock(stop.at), &stop.by, &stop.reason);
            return Decision::wait(format!("{by} stopped everything at {at}: {reason}"));
        }
        self.decide_pull(pull, &self.queues(), now)
    }

    fn decide_pull(&self, pull: &Pull, queues: &Queues, now: Timestamp) -> Decision<PullAction> {
        let (turn, tried_first) = self.turn_of(queues, pull, now);
        // What is set aside stands for nothing.
        let in_line = |other: &&Pull| !self.is_pull_aside(other.number);
        let situation = Situation {
            policy: &self.policy,
            pause: self.pause_of(pull),
            turn,
            tried_first,
            head: self.heads.get(&pull.target).and_then(|(head, _)| *head),
            holder: repeat::holder(pull, self.pulls.values().filter(in_line)),
            superseded_by: self.superseded_by(pull),
            older: self.older_tips(pull),
            run: match &pull.stage {
                Stage::Running { run, .. } => self.runs.get(run),
                _ => None,
            },
            letters_open: match &pull.stage {
                Stage::Concluded { .. } | Stage::Answered { .. } => self.letters_open(pull.number),
                Stage::Received { .. }
                | Stage::Fetched { .. }
                | Stage::Verified { .. }
                | Stage::Held { .. }
                | Stage::Queued { .. }
                | Stage::Running { .. }
                | Stage::Closed { .. } => 0,
            },
            backoff: self.backoff_of(&Subject::Pull(pull.number), now),
        };
        pull_rules::decide(pull, &situation, now)
    }

    /// What is next for an open run, and why.
    pub(crate) fn next_for_run(&self, run: &Run, now: Timestamp) -> Option<Decision<RunAction>> {
        if let Some(aside) = self.aside().get(&RecordKey::Run(run.id)) {
            return Some(Decision::wait(aside.because()));
        }
        self.decide_run(run, &self.queues(), now)
    }

    fn decide_run(
        &self,
        run: &Run,
        queues: &Queues,
        now: Timestamp,
    ) -> Option<Decision<RunAction>> {
        let target = self.policy.targets.get(&run.target)?;
        let released = match &run.why {
            Why::Attempt { pull, .. } => self.pulls.get(pull).is_none_or(|pull| {
                matches!(
                    pull.stage.verdict(),
                    Some(
                        Verdict::Landed
                            | Verdict::Cancelled { .. }
                            | Verdict::Ignored { .. }
                            | Verdict::Superseded { .. }
                    )
                )
            }),
            Why::Asked { .. } => false,
        };
        let situation = RunSituation {
            policy: &self.policy,
            target,
            pause: self.overlay.pause.as_ref(),
            turn: self.turn(queues, &run.target, Waiting::Run(run.id)),
            released,
        };
        Some(run_rules::decide(run, &situation, now))
    }

    fn settle_pull(
        &mut self,
        number: PullNumber,
        queues: &Queues,
        effects: &mut Vec<Effect>,
        wake: &mut Wake,
        now: Timestamp,
    ) -> bool {
        let subject = Subject::Pull(number);
        let Some(pull) = self.pulls.get(&number) else { return false };
        if matches!(pull.stage, Stage::Closed { .. }) || self.rests(&RecordKey::Pull(number)) {
            return false;
        }
        let decision = self.decide_pull(pull, queues, now);
        if let Some(PullAction::Supersede(by)) = decision.action {
            self.supersede(number, by, now);
            return true;
        }
        if self.in_flight.contains(&subject) {
            return false;
        }
        wake.add(decision.wake_at);
        match decision.action {
            None | Some(PullAction::Supersede(_)) => false,
            Some(PullAction::Begin) => {
                self.begin_attempt(number, now);
                true
            }
            Some(PullAction::LookAgain) => {
                self.pull_event(number, PullEvent::FreezeEnded, now);
                true
            }
            Some(PullAction::TakeOutcome(outcome)) => {
                self.pull_event(number, PullEvent::Ended(outcome), now);
                true
            }
            Some(PullAction::Repeat(of)) => {
                self.pull_event(number, PullEvent::Repeated { of }, now);
                true
            }
            Some(PullAction::TakeOver(of)) => {
                self.take_over(number, of, now);
                true
            }
            Some(PullAction::NoteSent) => {
                self.pull_event(number, PullEvent::Sent, now);
                true
            }
            Some(PullAction::Answer)
                if pull.stage.verdict().is_some_and(|v| v.audience().is_none()) =>
            {
                self.pull_event(number, PullEvent::Written(Vec::new()), now);
                true
            }
            Some(
                action @ (PullAction::Fetch
                | PullAction::Verify
                | PullAction::NotePayload
                | PullAction::ProveSenders { .. }
                | PullAction::Examine(_)
                | PullAction::TellHold
                | PullAction::Answer
                | PullAction::TellRetraction
                | PullAction::TellUnanswered(_)
                | PullAction::LookLanded
                | PullAction::Forget),
            ) => {
                let run = match pull.stage.verdict() {
                    Some(Verdict::Tested { run, .. }) => self.runs.get(run).cloned().map(Box::new),
                    _ => None,
                };
                let effect = Effect::Pull { pull: Box::new(pull.clone()), run, action };
                let subject = effect.subject();
                if !self.in_flight.contains(&subject) && !self.backs_off(&subject, wake, now) {
                    self.in_flight.insert(subject);
                    effects.push(effect);
                }
                false
            }
        }
    }

    fn settle_run(
        &mut self,
        id: RunId,
        queues: &Queues,
        effects: &mut Vec<Effect>,
        wake: &mut Wake,
        now: Timestamp,
    ) -> bool {
        let subject = Subject::Run(id);
        let Some(run) = self.runs.get(&id) else { return false };
        if self.in_flight.contains(&subject) || matches!(run.stage, RunStage::Closed { .. }) {
            return false;
        }
        if self.rests(&RecordKey::Run(id)) || self.backs_off(&subject, wake, now) {
            return false;
        }
        let Some(decision) = self.decide_run(run, queues, now) else { return false };
        wake.add(decision.wake_at);
        match decision.action {
            None => return false,
            Some(RunAction::Begin) => {
                self.run_event(id, RunEvent::Began, now);
                return true;
            }
            Some(RunAction::Create) => {
                self.run_event(id, RunEvent::CreateBegun, now);
                self.run_effect(id, RunAction::Create, effects);
            }
            Some(
                action @ (RunAction::ReadBase
                | RunAction::Fetch
                | RunAction::Merge
                | RunAction::LintTarget
                | RunAction::Push
                | RunAction::CompareCi
                | RunAction::Look
                | RunAction::Poll { .. }
                | RunAction::Cancel(_)
                | RunAction::Answer
                | RunAction::Forget),
            ) => self.run_effect(id, action, effects),
        }
        self.in_flight.insert(subject);
        false
    }

    pub(super) fn backs_off(&self, subject: &Subject, wake: &mut Wake, now: Timestamp) -> bool {
        let until = self.backoff_of(subject, now).map(|retry| retry.next_at);
        wake.add(until);
        until.is_some()
    }

    pub(super) fn backoff_of(&self, subject: &Subject, now: Timestamp) -> Option<&Retry> {
        self.backoff.get(subject).filter(|retry| retry.next_at > now)
    }

    fn run_effect(&self, id: RunId, action: RunAction, effects: &mut Vec<Effect>) {
        let Some(run) = self.runs.get(&id) else { return };
        let pull = match &run.why {
            Why::Attempt { pull, .. } => self.pulls.get(pull).cloned().map(Box::new),
            Why::Asked { .. } => None,
        };
        let earlier = self
            .runs
            .values()
            .filter(|other| other.id != id && other.ci_ref == run.ci_ref)
            .cloned()
            .collect();
        effects.push(Effect::Run { run: Box::new(run.clone()), pull, action, earlier });
    }
}

/// The earliest time anybody wants to be asked again.
#[derive(Debug, Default)]
pub(super) struct Wake {
    at: Option<Timestamp>,
}

impl Wake {
    pub(super) fn add(&mut self, at: Option<Timestamp>) {
        self.at = [self.at, at].into_iter().flatten().min();
    }
}
