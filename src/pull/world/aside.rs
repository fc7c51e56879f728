//! Which records are set aside, and which one is to blame when a step fails. Nothing is decided for
//! a record that is set aside, nothing that happens to it is taken in, and nothing waits for it.
//!
//! A step notes what it works on. Where somebody else's doing was at work (a mail that came, a
//! command), that is to blame, and not the record that it changed: nobody must be able to have
//! another's request set aside.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::World;
use super::asides::Cause;
use super::subject::Subject;
use crate::pull::aside::{Aside, AsideNotice, RecordKey};
use crate::pull::fault::{Fault, FaultKind};
use crate::pull::ids::PullNumber;
use crate::pull::letter::About;
use crate::pull::retry::Retry;

/// How often in a row the bot itself may fail at a record before that is set aside.
const MOST_BUGS: u32 = 3;

impl World {
    /// What is set aside.
    pub(crate) fn aside(&self) -> &BTreeMap<RecordKey, Aside> {
        &self.aside.marks
    }

    pub(super) fn is_aside(&self, key: &RecordKey) -> bool {
        self.aside.marks.contains_key(key) || self.aside.now.contains(key)
    }

    /// Has these worked on one at a time: one of them may have ended the last lives of the program.
    pub(crate) fn be_careful_with(&mut self, keys: Vec<RecordKey>) {
        self.memory.careful = keys.into_iter().collect();
    }

    /// Whether nothing is to be begun for a record now.
    pub(super) fn rests(&self, key: &RecordKey) -> bool {
        let suspect = |subject: &Subject| {
            subject.record().is_some_and(|it| it != *key && self.memory.careful.contains(&it))
        };
        self.is_aside(key)
            || self.memory.careful.contains(key) && self.memory.in_flight.iter().any(suspect)
    }

    pub(super) fn is_pull_aside(&self, number: PullNumber) -> bool {
        self.is_aside(&RecordKey::Pull(number))
    }

    /// Sets a record aside, from the next step on. One that is not kept yet is left out of that
    /// step, and nothing remains of it.
    pub(crate) fn set_aside(&mut self, key: RecordKey, why: &str, now: Timestamp) {
        self.aside.now.insert(key.clone());
        if self.knows(&key) && !self.aside.marks.contains_key(&key) {
            self.changed.log.push((key.to_string(), format!("set aside: {why}")));
            self.aside.changed.insert(key.clone());
            self.aside.marks.insert(key, Aside::new(why, now));
        }
    }

    /// Has a record be worked on again; whether that can be.
    pub(super) fn lift(&mut self, key: &RecordKey) -> bool {
        if self.aside.now.contains(key) {
            return false;
        }
        if self.aside.marks.remove(key).is_some() {
            self.aside.changed.insert(key.clone());
            self.memory.bugs.retain(|subject, _| subject.record().as_ref() != Some(key));
            self.memory.backoff.retain(|subject, _| subject.record().as_ref() != Some(key));
        }
        true
    }

    fn knows(&self, key: &RecordKey) -> bool {
        match key {
            RecordKey::Pull(number) => self.stored.pulls.contains_key(number),
            RecordKey::Run(id) => self.stored.runs.contains_key(id),
            RecordKey::Letter(id) => self.stored.letters.contains_key(id),
            RecordKey::Mail(id) => self.stored.mails.contains_key(id),
        }
    }

    /// Does a part of a step, and notes what it is for.
    pub(super) fn working<T>(&mut self, on: Cause, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.aside.at_work.clone();
        let cause = outer.clone().filter(Cause::answers_for_all).unwrap_or(on);
        self.aside.at_work = Some(cause.clone());
        let before = self.changed.records();
        let made = work(self);
        for key in self.changed.records().difference(&before) {
            self.aside.causes.entry(key.clone()).or_insert_with(|| cause.clone());
        }
        self.aside.at_work = outer;
        made
    }

    pub(super) fn working_on<T>(&mut self, key: RecordKey, work: impl FnOnce(&mut Self) -> T) -> T {
        self.working(Cause::Record(key), work)
    }

    /// What a step that broke off was working on.
    pub(crate) fn at_work(&self) -> Option<&Cause> {
        self.aside.at_work.as_ref()
    }

    /// What is to blame that a record can't be kept; `is_kept`: an earlier state of it is.
    pub(crate) fn blamed(&self, culprit: &RecordKey, is_kept: bool) -> Option<Cause> {
        let itself = Cause::Record(culprit.clone());
        match self.aside.causes.get(culprit) {
            Some(cause) if cause.answers_for_all() => Some(cause.clone()),
            Some(_) | None if is_kept => Some(itself),
            Some(cause) if *cause != itself => Some(cause.clone()),
            Some(_) | None => match culprit {
                RecordKey::Letter(id) => {
                    self.stored.letters.get(id).map(|letter| match &letter.about {
                        About::Pull(number) => Cause::Record(RecordKey::Pull(*number)),
                        About::Run(run) => Cause::Record(RecordKey::Run(*run)),
                        About::Mail(mail) if self.stored.mails.contains_key(mail) => {
                            Cause::Record(RecordKey::Mail(mail.clone()))
                        }
                        About::Mail(_) | About::Bot => itself,
                    })
                }
                RecordKey::Run(id) => {
                    self.stored.runs.get(id)?.of().map(|pull| Cause::Record(RecordKey::Pull(pull)))
                }
                RecordKey::Pull(_) | RecordKey::Mail(_) => None,
            },
        }
    }

    /// Makes a subject wait after a failure, so that no failure turns into a busy loop.
    pub(super) fn back_off(&mut self, subject: &Subject, fault: Option<&Fault>, now: Timestamp) {
        let before = self.memory.backoff.remove(subject);
        let Some(Fault { detail, retry_after, .. }) = fault else { return };
        let before = before.unwrap_or_else(|| Retry::now(now));
        let after = before.after_failure(now, detail.clone(), *retry_after);
        self.memory.backoff.insert(subject.clone(), after);
    }

    /// Takes in that the bot itself failed at something once more, or did not. At the third time in
    /// a row the record is set aside; whether it was.
    pub(super) fn gave_up(
        &mut self,
        subject: &Subject,
        fault: Option<&Fault>,
        now: Timestamp,
    ) -> bool {
        let Some(bug) = fault.filter(|fault| fault.kind == FaultKind::Bug) else {
            self.memory.bugs.remove(subject);
            return false;
        };
        *self.memory.bugs.entry(subject.clone()).or_default() += 1;
        let Some(key) = subject.record().filter(|_| self.is_given_up(subject)) else {
            return false;
        };
        self.memory.bugs.remove(subject);
        let why = format!("{} (the third time in a row)", bug.detail.trim_end_matches('.'));
        self.set_aside(key, &why, now);
        true
    }

    /// Whether the bot itself failed at something so often in a row that it is given up.
    pub(super) fn is_given_up(&self, subject: &Subject) -> bool {
        self.memory.bugs.get(subject).is_some_and(|bugs| *bugs >= MOST_BUGS)
    }

    pub(super) fn aside_told(&mut self, key: &RecordKey) {
        if let Some(aside) = self.aside.marks.get_mut(key) {
            aside.told = true;
            self.aside.changed.insert(key.clone());
        }
    }

    /// What is to be told of what is set aside.
    pub(super) fn aside_notices(&self) -> Vec<AsideNotice> {
        let untold = self.aside.marks.iter().filter(|(_, aside)| !aside.told);
        untold
            .map(|(key, aside)| {
                let (what, pull) = (self.what_is(key), self.pull_with(key));
                AsideNotice::new(key.clone(), aside.clone(), &what, pull)
            })
            .collect()
    }

    /// What a record is, for people.
    pub(super) fn what_is(&self, key: &RecordKey) -> String {
        let found =
            match key {
                RecordKey::Pull(number) => self.stored.pulls.get(number).map(|pull| {
                    format!("{:?} by {}", pull.mail().subject, pull.mail().author.called())
                }),
                RecordKey::Run(id) => self.stored.runs.get(id).map(|run| match run.of() {
                    Some(pull) => format!("an attempt of request {pull}"),
                    None => "a test that somebody asked for".to_owned(),
                }),
                RecordKey::Letter(id) => self.stored.letters.get(id).map(|letter| {
                    format!("{:?} to {}", letter.subject, letter.recipients.join(", "))
                }),
                RecordKey::Mail(id) => self
                    .stored
                    .mails
                    .get(id)
                    .map(|mail| format!("{:?} from {}", mail.subject, mail.from)),
            };
        found.unwrap_or_else(|| "its record is gone".to_owned())
    }

    /// The request that a record has to do with.
    pub(super) fn pull_with(&self, key: &RecordKey) -> Option<PullNumber> {
        match key {
            RecordKey::Pull(number) => Some(*number),
            RecordKey::Run(id) => self.stored.runs.get(id)?.of(),
            RecordKey::Letter(id) => match self.stored.letters.get(id)?.about {
                About::Pull(number) => Some(number),
                About::Run(_) | About::Mail(_) | About::Bot => None,
            },
            RecordKey::Mail(_) => None,
        }
    }
}
