//! Commands, carried out on the records. Each answers with one sentence, and every one of them goes
//! into the audit trail. What a command does is in its verb's file; what it can see and change of the
//! world is here.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::World;
use crate::pull::aside::{Aside, RecordKey};
use crate::pull::audit::{AuditEntry, SHOWN};
use crate::pull::command::Answer;
use crate::pull::command_mail::{LONGEST_LINE, shortened};
use crate::pull::ids::{MessageId, PullNumber, RunId, TargetName};
use crate::pull::letter::Letter;
use crate::pull::letter::rules::LetterEvent;
use crate::pull::overlay::Overlay;
use crate::pull::policy::Policy;
use crate::pull::request::Pull;
use crate::pull::request::event::PullEvent;
use crate::pull::run::event::RunEvent;
use crate::pull::run::{Run, RunStage, Why};
use crate::pull::verbs::desk::{Desk, Reach};
use crate::pull::verbs::{self, Order};

impl World {
    /// Carries a command out if whoever gives it may, and writes that down.
    pub(super) fn obey(&mut self, order: &Order, now: Timestamp) -> Answer {
        let mut desk = Desk::new(self, &order.given, now);
        let (about, answer) = match &order.command {
            Ok(command) => (verbs::about(command, &desk), verbs::obey(command, &mut desk)),
            Err(why) => (None, Err(why.clone())),
        };
        let answer = answer.unwrap_or_else(Answer::Refused);
        let (outcome, carried_out) = match &answer {
            Answer::Done(said) => (said.clone(), true),
            Answer::Refused(why) => (why.clone(), false),
            Answer::Look(_) => (SHOWN.to_owned(), true),
        };
        let by = order.given.by.clone();
        self.changed
            .log
            .push((format!("command {:?} by {}", order.line, by.address), outcome.clone()));
        self.changed.audit.push(AuditEntry {
            at: now,
            by,
            mail: order.given.mail.clone(),
            command: shortened(&order.line, LONGEST_LINE),
            pull: about,
            outcome: shortened(&outcome, 1_000),
            carried_out,
        });
        answer
    }

    /// Has the policy say what the overlay does.
    pub(super) fn put_in_force(&mut self) {
        for (name, target) in &mut self.policy.targets {
            target.freeze = self.stored.overlay.freezes.get(name).cloned();
        }
    }
}

impl Reach for World {
    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn overlay(&self) -> &Overlay {
        &self.stored.overlay
    }

    fn pulls(&self) -> &BTreeMap<PullNumber, Pull> {
        &self.stored.pulls
    }

    fn runs(&self) -> &BTreeMap<RunId, Run> {
        &self.stored.runs
    }

    fn letters(&self) -> &BTreeMap<MessageId, Letter> {
        &self.stored.letters
    }

    fn aside(&self) -> &BTreeMap<RecordKey, Aside> {
        Self::aside(self)
    }

    fn pull_event(&mut self, number: PullNumber, event: PullEvent, now: Timestamp) {
        Self::pull_event(self, number, event, now);
    }

    fn run_event(&mut self, id: RunId, event: RunEvent, now: Timestamp) {
        Self::run_event(self, id, event, now);
    }

    fn letter_event(&mut self, id: &MessageId, event: LetterEvent, now: Timestamp) {
        Self::letter_event(self, id, event, now);
    }

    fn close_mail(&mut self, id: &MessageId, now: Timestamp) {
        Self::close_mail(self, id, now);
    }

    fn queue_run(&mut self, target: TargetName, why: Why, now: Timestamp) -> RunId {
        self.new_run(target, why, RunStage::Waiting { since: now }, now)
    }

    fn put_overlay(&mut self, overlay: Overlay) {
        self.stored.overlay = overlay;
        self.changed.overlay = true;
        self.put_in_force();
    }

    fn lift(&mut self, key: &RecordKey) -> bool {
        Self::lift(self, key)
    }

    fn reset_breaker(&mut self) {
        self.memory.tally.reset_breaker();
    }
}
