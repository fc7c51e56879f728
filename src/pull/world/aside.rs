//! Which records are set aside, and which one is to blame when a step fails. Nothing is decided for
//! a record that is set aside, nothing that happens to it is taken in, and nothing waits for it.
//!
//! A step notes what it works on. Where somebody else's doing was at work (a mail that came, a
//! command), that is to blame, and not the record that it changed: nobody must be able to have
//! another's request set aside.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::settle::Wake;
use super::{Changed, Effect, Happened, Subject, World};
use crate::pull::aside::{Aside, AsideNotice, RecordKey};
use crate::pull::fault::FaultKind;
use crate::pull::ids::{MessageId, PullNumber};
use crate::pull::letter::About;
use crate::pull::near_miss::MissEvent;
use crate::pull::request::apply::PullEvent;
use crate::pull::retry::Retry;
use crate::pull::run::apply::RunEvent;
use crate::pull::world::Done;

/// How often in a row the bot itself may fail at a record before that is set aside.
const MOST_BUGS: u32 = 3;

/// What a step worked on when it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A mail that came: its place among the arrivals.
    Arrival(usize),
    /// A command on the control socket.
    Command,
    /// The commands of a mail.
    Orders(MessageId),
    /// A record.
    Record(RecordKey),
}

impl Cause {
    /// Whether it is to blame for whatever it changed, and not the record that was changed.
    fn answers_for_all(&self) -> bool {
        match self {
            Self::Arrival(_) | Self::Command | Self::Orders(_) => true,
            Self::Record(_) => false,
        }
    }
}

/// What is set aside, and what the step that is under way works on.
#[derive(Debug, Default)]
pub(super) struct Asides {
    marks: BTreeMap<RecordKey, Aside>,
    changed: BTreeSet<RecordKey>,
    /// Set aside for the sake of this very step: nothing in it lifts that.
    now: BTreeSet<RecordKey>,
    at_work: Option<Cause>,
    /// What changed each record first.
    causes: BTreeMap<RecordKey, Cause>,
    /// To be worked on one at a time, until something has come of it.
    pub(super) careful: BTreeSet<RecordKey>,
    /// Failures of the bot itself in a row.
    pub(super) bugs: BTreeMap<Subject, u32>,
    /// Digests that this step was the first to see.
    pub(super) fresh_digests: Vec<String>,
}

impl Asides {
    pub(super) fn of(marks: Vec<(RecordKey, Aside)>) -> Self {
        Self { marks: marks.into_iter().collect(), ..Self::default() }
    }

    /// Begins a step. What was noted of the last one was needed until it was durable.
    pub(super) fn begin(&mut self) {
        self.at_work = None;
        self.causes.clear();
        self.fresh_digests.clear();
    }

    /// Ends a step: what it changed.
    pub(super) fn take_changed(&mut self) -> Vec<(RecordKey, Option<Aside>)> {
        self.now.clear();
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|key| (key.clone(), self.marks.get(&key).cloned())).collect()
    }
}

impl Subject {
    /// The record that an effect belongs to.
    pub(crate) fn record(&self) -> Option<RecordKey> {
        match self {
            Self::Pull(number) | Self::Notice(number) => Some(RecordKey::Pull(*number)),
            Self::Run(id) => Some(RecordKey::Run(*id)),
            Self::Letter(id) => Some(RecordKey::Letter(id.clone())),
            Self::Mail(id) => Some(RecordKey::Mail(id.clone())),
            Self::Head(_)
            | Self::Keyring
            | Self::KeyWarning(_)
            | Self::Miss(_)
            | Self::Alert(_)
            | Self::Aside(_)
            | Self::Counts
            | Self::OldFiles => None,
        }
    }
}

impl Changed {
    fn records(&self) -> BTreeSet<RecordKey> {
        let pulls = self.pulls.iter().map(|number| RecordKey::Pull(*number));
        let runs = self.runs.iter().map(|id| RecordKey::Run(*id));
        let letters = self.letters.iter().map(|id| RecordKey::Letter(id.clone()));
        let mails = self.mails.iter().map(|id| RecordKey::Mail(id.clone()));
        pulls.chain(runs).chain(letters).chain(mails).collect()
    }
}

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
        self.aside.careful = keys.into_iter().collect();
    }

    /// Whether nothing is to be begun for a record now.
    pub(super) fn rests(&self, key: &RecordKey) -> bool {
        let suspect = |subject: &Subject| {
            subject.record().is_some_and(|it| it != *key && self.aside.careful.contains(&it))
        };
        self.is_aside(key) || self.aside.careful.contains(key) && self.in_flight.iter().any(suspect)
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
            self.aside.bugs.retain(|subject, _| subject.record().as_ref() != Some(key));
            self.backoff.retain(|subject, _| subject.record().as_ref() != Some(key));
        }
        true
    }

    fn knows(&self, key: &RecordKey) -> bool {
        match key {
            RecordKey::Pull(number) => self.pulls.contains_key(number),
            RecordKey::Run(id) => self.runs.contains_key(id),
            RecordKey::Letter(id) => self.letters.contains_key(id),
            RecordKey::Mail(id) => self.mails.contains_key(id),
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
                RecordKey::Letter(id) => self.letters.get(id).map(|letter| match &letter.about {
                    About::Pull(number) => Cause::Record(RecordKey::Pull(*number)),
                    About::Run(run) => Cause::Record(RecordKey::Run(*run)),
                    About::Mail(mail) if self.mails.contains_key(mail) => {
                        Cause::Record(RecordKey::Mail(mail.clone()))
                    }
                    About::Mail(_) | About::Bot => itself,
                }),
                RecordKey::Run(id) => {
                    self.runs.get(id)?.of().map(|pull| Cause::Record(RecordKey::Pull(pull)))
                }
                RecordKey::Pull(_) | RecordKey::Mail(_) => None,
            },
        }
    }

    /// Makes a subject wait after a failure, so that no failure turns into a busy loop.
    pub(super) fn back_off(&mut self, done: &Done, now: Timestamp) {
        let trouble = match &done.happened {
            Happened::Pull(PullEvent::Failed(trouble))
            | Happened::Run(RunEvent::Failed(trouble))
            | Happened::Miss(MissEvent::Failed(trouble))
            | Happened::Failed(trouble) => Some(trouble),
            Happened::Commands(reading) => reading.failed(),
            Happened::Pull(_)
            | Happened::Run(_)
            | Happened::Letter(_)
            | Happened::Miss(MissEvent::Settled)
            | Happened::Head(_)
            | Happened::Keyring(_)
            | Happened::KeyWarned
            | Happened::Transcribed
            | Happened::AsideTold
            | Happened::Withheld
            | Happened::Nothing => None,
        };
        let Some(trouble) = trouble else {
            self.backoff.remove(&done.subject);
            return;
        };
        let before = self.backoff.remove(&done.subject).unwrap_or_else(|| Retry::now(now));
        let after = before.after_failure(now, trouble.detail.clone(), trouble.retry_after);
        self.backoff.insert(done.subject.clone(), after);
    }

    /// Takes in that the bot itself failed at something once more, or did not. At the third time in
    /// a row the record is set aside; whether it was.
    pub(super) fn gave_up(&mut self, done: &Done, now: Timestamp) -> bool {
        let bug = done.happened.trouble().filter(|trouble| trouble.kind == FaultKind::Bug);
        let Some(trouble) = bug else {
            self.aside.bugs.remove(&done.subject);
            return false;
        };
        let bugs = self.aside.bugs.entry(done.subject.clone()).or_default();
        *bugs += 1;
        if *bugs < MOST_BUGS {
            return false;
        }
        self.aside.bugs.remove(&done.subject);
        let why = format!("{} (the third time in a row)", trouble.detail.trim_end_matches('.'));
        match (&done.subject, done.subject.record()) {
            (Subject::Miss(id), _) => {
                self.changed.control |= self.control.near_misses.remove(id).is_some();
                true
            }
            (_, Some(key)) => {
                self.set_aside(key, &why, now);
                true
            }
            (_, None) => false,
        }
    }

    pub(super) fn aside_told(&mut self, key: &RecordKey) {
        if let Some(aside) = self.aside.marks.get_mut(key) {
            aside.told = true;
            self.aside.changed.insert(key.clone());
        }
    }

    pub(super) fn settle_aside(
        &mut self,
        effects: &mut Vec<Effect>,
        wake: &mut Wake,
        now: Timestamp,
    ) {
        for (key, aside) in self.aside.marks.iter().filter(|(_, aside)| !aside.told) {
            let subject = Subject::Aside(key.clone());
            if !self.in_flight.contains(&subject) && !self.backs_off(&subject, wake, now) {
                let what = self.what_is(key);
                let notice =
                    AsideNotice::new(key.clone(), aside.clone(), &what, self.pull_with(key));
                effects.push(Effect::TellAside(Box::new(notice)));
                self.in_flight.insert(subject);
            }
        }
    }

    /// What a record is, for people.
    pub(super) fn what_is(&self, key: &RecordKey) -> String {
        let found = match key {
            RecordKey::Pull(number) => self.pulls.get(number).map(|pull| {
                format!("{:?} by {}", pull.mail().subject, pull.mail().author.called())
            }),
            RecordKey::Run(id) => self.runs.get(id).map(|run| match run.of() {
                Some(pull) => format!("an attempt of request {pull}"),
                None => "a test that somebody asked for".to_owned(),
            }),
            RecordKey::Letter(id) => self
                .letters
                .get(id)
                .map(|letter| format!("{:?} to {}", letter.subject, letter.recipients.join(", "))),
            RecordKey::Mail(id) => {
                self.mails.get(id).map(|mail| format!("{:?} from {}", mail.subject, mail.from))
            }
        };
        found.unwrap_or_else(|| "its record is gone".to_owned())
    }

    /// The request that a record has to do with.
    pub(super) fn pull_with(&self, key: &RecordKey) -> Option<PullNumber> {
        match key {
            RecordKey::Pull(number) => Some(*number),
            RecordKey::Run(id) => self.runs.get(id)?.of(),
            RecordKey::Letter(id) => match self.letters.get(id)?.about {
                About::Pull(number) => Some(number),
                About::Run(_) | About::Mail(_) | About::Bot => None,
            },
            RecordKey::Mail(_) => None,
        }
    }
}
