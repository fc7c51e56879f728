//! Asks every open record what is next until nothing changes any more: what a rule has recorded is
//! taken at once, what it wants done is handed out.

use jiff::Timestamp;

use super::agenda::Agenda;
use super::hand_out::HandOut;
use super::turns::Queues;
use super::{Subject, Work, World};
use crate::pull::aside::RecordKey;
use crate::pull::decision::{Decision, Next, clock};
use crate::pull::ids::{PullNumber, RunId};
use crate::pull::overlay::Pause;
use crate::pull::queue::Waiting;
use crate::pull::repeat;
use crate::pull::request::decide as pull_rules;
use crate::pull::request::situation::{PullDecision, PullStep, Situation};
use crate::pull::request::work::OnPull;
use crate::pull::request::{Pull, Stage};
use crate::pull::retry::Retry;
use crate::pull::run::decide as run_rules;
use crate::pull::run::event::RunEvent;
use crate::pull::run::situation::{RunDecision, RunSituation};
use crate::pull::run::work::{OnRun, Part, RunWork};
use crate::pull::run::{Run, RunStage, Why};
use crate::pull::verdict::Verdict;

impl World {
    pub(super) fn settle(&mut self, now: Timestamp) -> HandOut {
        let mut out = HandOut { work: Vec::new(), agenda: Agenda::new(now) };
        if self.stored.overlay.stop.is_some() {
            // Nothing moves, and no deadline passes unseen: it is as if the bot did not run. Only
            // commands are read, and answered.
            self.settle_mails(&mut out);
            self.settle_letters(&mut out);
            return out;
        }
        loop {
            out.agenda.wake_at = None;
            let mut moved = false;
            let mut queues = self.queues();
            for number in self.stored.pulls.keys().copied().collect::<Vec<_>>() {
                if self.working_on(RecordKey::Pull(number), |world| {
                    world.settle_pull(number, &queues, &mut out)
                }) {
                    moved = true;
                    queues = self.queues();
                }
            }
            for id in self.stored.runs.keys().copied().collect::<Vec<_>>() {
                if self
                    .working_on(RecordKey::Run(id), |world| world.settle_run(id, &queues, &mut out))
                {
                    moved = true;
                    queues = self.queues();
                }
            }
            if moved {
                continue;
            }
            self.settle_mails(&mut out);
            self.settle_letters(&mut out);
            for chore in self.due_chores(&mut out.agenda) {
                self.hand_out(&mut out, Work::Chore(chore));
            }
            return out;
        }
    }

    /// What keeps the next test of a request from beginning: a pause of all, or of its list.
    pub(super) fn pause_of(&self, pull: &Pull) -> Option<&Pause> {
        self.stored
            .overlay
            .pause
            .as_ref()
            .or_else(|| self.stored.overlay.paused_lists.get(&pull.list))
    }

    /// What is next for an open request, and why.
    pub(crate) fn next_for_pull(&self, pull: &Pull, now: Timestamp) -> PullDecision {
        if let Some(aside) = self.aside().get(&RecordKey::Pull(pull.number)) {
            return Decision::wait(aside.because());
        }
        if let Some(stop) = &self.stored.overlay.stop
            && pull.stage.verdict().is_none()
        {
            let (at, by, reason) = (clock(stop.at), &stop.by, &stop.reason);
            return Decision::wait(format!("{by} stopped everything at {at}: {reason}"));
        }
        self.decide_pull(pull, &self.queues(), now)
    }

    fn decide_pull(&self, pull: &Pull, queues: &Queues, now: Timestamp) -> PullDecision {
        let (turn, tried_first) = self.turn_of(queues, pull, now);
        // What is set aside stands for nothing.
        let in_line = |other: &&Pull| !self.is_pull_aside(other.number);
        let situation = Situation {
            policy: &self.policy,
            pause: self.pause_of(pull),
            turn,
            tried_first,
            head: self.memory.heads.get(&pull.target).and_then(|(head, _)| *head),
            holder: repeat::holder(pull, self.stored.pulls.values().filter(in_line)),
            superseded_by: self.superseded_by(pull),
            older: self.older_tips(pull),
            run: match &pull.stage {
                Stage::Running { run, .. } => self.stored.runs.get(run),
                _ => None,
            },
            letters_open: match &pull.stage {
                Stage::Concluded { .. } | Stage::Answered { .. } => self.letters_open(pull.number),
                _ => 0,
            },
            backoff: self.backoff_of(&Subject::Pull(pull.number), now),
        };
        pull_rules::decide(pull, &situation, now)
    }

    /// What is next for an open run, and why.
    pub(crate) fn next_for_run(&self, run: &Run, now: Timestamp) -> Option<RunDecision> {
        if let Some(aside) = self.aside().get(&RecordKey::Run(run.id)) {
            return Some(Decision::wait(aside.because()));
        }
        self.decide_run(run, &self.queues(), now)
    }

    fn decide_run(&self, run: &Run, queues: &Queues, now: Timestamp) -> Option<RunDecision> {
        let target = self.policy.targets.get(&run.target)?;
        let released = match &run.why {
            Why::Attempt { pull, .. } => self.stored.pulls.get(pull).is_none_or(|pull| {
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
            pause: self.stored.overlay.pause.as_ref(),
            turn: self.turn(queues, &run.target, Waiting::Run(run.id)),
            released,
        };
        Some(run_rules::decide(run, &situation, now))
    }

    /// Has what is next for a request recorded or handed out; whether something was recorded.
    fn settle_pull(&mut self, number: PullNumber, queues: &Queues, out: &mut HandOut) -> bool {
        let Some(pull) = self.stored.pulls.get(&number) else { return false };
        if matches!(pull.stage, Stage::Closed { .. }) || self.rests(&RecordKey::Pull(number)) {
            return false;
        }
        let decision = self.decide_pull(pull, queues, out.agenda.now);
        if let Next::Record(PullStep::Supersede(by)) = decision.next {
            self.supersede(number, by, out.agenda.now);
            return true;
        }
        if self.memory.in_flight.contains(&Subject::Pull(number)) {
            return false;
        }
        out.agenda.wake(decision.wake_at);
        match decision.next {
            Next::Record(step) => {
                self.record_step(number, step, out.agenda.now);
                true
            }
            Next::Do(work) => {
                let run = match pull.stage.verdict() {
                    Some(Verdict::Tested { run, .. }) => self.stored.runs.get(run).cloned(),
                    _ => None,
                };
                let on = Box::new(OnPull { pull: pull.clone(), run });
                self.hand_out(out, Work::Pull(on, work));
                false
            }
            Next::Wait => false,
        }
    }

    fn record_step(&mut self, number: PullNumber, step: PullStep, now: Timestamp) {
        match step {
            PullStep::Begin => self.begin_attempt(number, now),
            PullStep::TakeOver(of) => self.take_over(number, of, now),
            PullStep::Supersede(by) => self.supersede(number, by, now),
            PullStep::Event(event) => self.pull_event(number, event, now),
        }
    }

    /// As [`Self::settle_pull`], for a run.
    fn settle_run(&mut self, id: RunId, queues: &Queues, out: &mut HandOut) -> bool {
        let subject = Subject::Run(id);
        let Some(run) = self.stored.runs.get(&id) else { return false };
        if self.memory.in_flight.contains(&subject) || matches!(run.stage, RunStage::Closed { .. })
        {
            return false;
        }
        if self.rests(&RecordKey::Run(id)) || self.backs_off(&subject, &mut out.agenda) {
            return false;
        }
        let Some(decision) = self.decide_run(run, queues, out.agenda.now) else { return false };
        out.agenda.wake(decision.wake_at);
        match decision.next {
            Next::Record(event) => {
                self.run_event(id, event, out.agenda.now);
                true
            }
            Next::Do(work) => {
                if matches!(work, RunWork::Create(_)) {
                    self.run_event(id, RunEvent::CreateBegun, out.agenda.now);
                }
                if let Some(on) = self.on_run(id) {
                    self.hand_out(out, Work::Run(Box::new(on), work));
                }
                false
            }
            Next::Wait => false,
        }
    }

    fn on_run(&self, id: RunId) -> Option<OnRun> {
        let run = self.stored.runs.get(&id)?.clone();
        let pull = run.of().and_then(|number| self.stored.pulls.get(&number));
        let part = pull.and_then(|pull| {
            let pinned = pull.stage.trusted()?.pinned.clone();
            Some(Part { pinned, url: pull.mail().request.url.clone() })
        });
        let on_same_ref = |other: &&Run| other.id != id && other.ci_ref == run.ci_ref;
        let earlier = self.stored.runs.values().filter(on_same_ref).cloned().collect();
        Some(OnRun { run, part, earlier })
    }

    pub(super) fn backs_off(&self, subject: &Subject, agenda: &mut Agenda) -> bool {
        let until = self.backoff_of(subject, agenda.now).map(|retry| retry.next_at);
        agenda.wake(until);
        until.is_some()
    }

    pub(super) fn backoff_of(&self, subject: &Subject, now: Timestamp) -> Option<&Retry> {
        self.memory.backoff.get(subject).filter(|retry| retry.next_at > now)
    }
}
