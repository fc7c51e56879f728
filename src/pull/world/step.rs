//! One step: something is taken in, what follows from it is recorded, and work is handed out.

use jiff::Timestamp;

use crate::pull::aside::RecordKey;
use crate::pull::command_mail::MailStage;
use crate::pull::command_mail::judgement::MailReading;
use crate::pull::fault::Fault;
use crate::pull::letter::rules::LetterEvent;
use crate::pull::letter::{About, Letter};
use crate::pull::records::Batch;
use crate::pull::request::Stage;
use crate::pull::request::event::PullEvent;
use crate::pull::run::RunStage;
use crate::pull::run::event::RunEvent;
use crate::pull::task::Reply;

use super::asides::Cause;
use super::hand_out::HandOut;
use super::input::{Input, Step};
use super::state::World;
use super::subject::Subject;
use super::work::{Done, MailEvent};

impl World {
    /// Takes what happened. The batch must be durable before any work begins.
    pub(crate) fn step(&mut self, input: Input, now: Timestamp) -> Step {
        let mut answer = None;
        self.aside.begin();
        match input {
            Input::Tick => {}
            Input::Read { folder, cursor, arrivals, complete } => {
                self.folder_read(folder, cursor, arrivals, complete, now);
            }
            Input::Unreadable { alert } => self.raise(alert, now),
            Input::Done(done) => match done.subject().record() {
                Some(key) => self.working_on(key, |world| world.take_back_work(*done, now)),
                None => self.take_back_work(*done, now),
            },
            Input::Command(order) => {
                answer = Some(self.working(Cause::Command, |world| world.obey(&order, now)));
            }
        }
        let HandOut { work, agenda } = self.settle(now);
        let (batch, log) = self.take_changes();
        Step { batch, work, wake_at: agenda.wake_at, answer, log }
    }

    fn take_back_work(&mut self, done: Done, now: Timestamp) {
        match done {
            Done::Withheld(subject) => {
                self.memory.in_flight.remove(&subject);
                self.was_outdated(&subject);
                self.withheld(&subject, now);
            }
            Done::Pull(number, reply) => {
                let subject = Subject::Pull(number);
                if let Some(answer) = self.came_back(subject, reply, PullEvent::fault, now) {
                    self.pull_event(number, answer.unwrap_or_else(PullEvent::Failed), now);
                }
            }
            Done::Notice(number, reply) => {
                let subject = Subject::Notice(number);
                if let Some(Ok(event)) = self.came_back(subject, reply, PullEvent::fault, now) {
                    self.pull_event(number, event, now);
                }
            }
            Done::Run(id, reply) => {
                if let Some(answer) = self.came_back(Subject::Run(id), reply, RunEvent::fault, now)
                {
                    self.run_event(id, answer.unwrap_or_else(RunEvent::Failed), now);
                }
            }
            Done::Letter(id, reply) => {
                let subject = Subject::Letter(id.clone());
                if let Some(answer) = self.came_back(subject, reply, LetterEvent::fault, now) {
                    self.letter_event(&id, answer.unwrap_or_else(LetterEvent::Uncertain), now);
                }
            }
            Done::Mail(id, reply) => {
                let subject = Subject::Mail(id.clone());
                match self.came_back(subject, reply, |_| None, now) {
                    Some(Ok(MailEvent::Read(reading))) => self.commands_read(&id, *reading, now),
                    Some(Ok(MailEvent::Transcribed)) => self.close_mail(&id, now),
                    Some(Err(fault)) => {
                        self.commands_read(&id, MailReading::Failed(fault), now);
                    }
                    None => {}
                }
            }
            Done::Chore(done) => done.take(self, now),
        }
    }

    /// Takes work back: its letters, its alert, and its answer or what kept it from being done.
    /// `None` for what nobody may hear of any longer: its record has moved on since the work
    /// was handed out, or is set aside.
    pub(super) fn came_back<E>(
        &mut self,
        subject: Subject,
        reply: Reply<E>,
        fault_in: impl Fn(&E) -> Option<&Fault>,
        now: Timestamp,
    ) -> Option<Result<E, Fault>> {
        self.memory.in_flight.remove(&subject);
        let outdated = self.was_outdated(&subject);
        if let Some(key) = subject.record() {
            self.memory.careful.remove(&key);
            if self.is_aside(&key) {
                return None;
            }
        }
        let Reply { answer, letters, alert } = reply;
        let mut gave_up = false;
        if !outdated {
            self.back_off(&subject, answer.as_ref().err(), now);
            let fault = answer.as_ref().map_or_else(Some, fault_in);
            gave_up = self.gave_up(&subject, fault, now);
        }
        if let Some(alert) = alert {
            self.raise(alert, now);
        }
        if outdated || gave_up {
            let what = "what was being done came too late and is dropped".to_owned();
            if outdated && let Some(key) = subject.record() {
                self.changed.log.push((key.to_string(), what));
            }
            return None;
        }
        for letter in letters {
            self.keep_letter(letter, now);
        }
        Some(answer)
    }

    /// Takes a letter into the outbox, unless it was written before or a flood of its kind waits.
    fn keep_letter(&mut self, letter: Letter, now: Timestamp) {
        let told_before = match letter.about {
            About::Pull(number) => {
                self.stored.pulls.get(&number).is_some_and(|pull| pull.letters.contains(&letter.id))
            }
            About::Run(_) | About::Mail(_) | About::Bot => false,
        };
        let refused = self.is_aside(&RecordKey::Letter(letter.id.clone()));
        if !refused && !told_before && !self.stored.letters.contains_key(&letter.id) {
            if !self.has_room_for(&letter) {
                return self.count("letters because of unproved mail, too many to wait", now);
            }
            self.changed.letters.insert(letter.id.clone());
            self.stored.letters.insert(letter.id.clone(), letter);
        }
    }

    /// Moves what changed into a batch, and lets go of what is over.
    fn take_changes(&mut self) -> (Batch, Vec<(String, String)>) {
        let changed = std::mem::take(&mut self.changed);
        if changed.control {
            self.stored.control.fit();
        }
        let batch = Batch {
            pulls: changed.pulls.iter().filter_map(|n| self.stored.pulls.get(n).cloned()).collect(),
            runs: changed.runs.iter().filter_map(|id| self.stored.runs.get(id).cloned()).collect(),
            letters: changed
                .letters
                .iter()
                .filter_map(|id| self.stored.letters.get(id).cloned())
                .collect(),
            cursors: changed
                .cursors
                .into_iter()
                .filter_map(|folder| {
                    self.stored.cursors.get(&folder).map(|cursor| (folder, *cursor))
                })
                .collect(),
            control: changed.control.then(|| self.stored.control.clone()),
            overlay: changed.overlay.then(|| self.stored.overlay.clone()),
            mails: changed
                .mails
                .iter()
                .filter_map(|id| self.stored.mails.get(id).cloned())
                .collect(),
            seen: changed.seen,
            history: changed.history,
            audit: changed.audit,
            aside: self.aside.take_changed(),
        };
        self.stored.pulls.retain(|_, pull| !matches!(pull.stage, Stage::Closed { .. }));
        self.stored.runs.retain(|_, run| !matches!(run.stage, RunStage::Closed { .. }));
        self.stored.letters.retain(|_, letter| !letter.state.is_final());
        self.stored.mails.retain(|_, mail| !matches!(mail.stage, MailStage::Closed { .. }));
        (batch, changed.log)
    }
}
