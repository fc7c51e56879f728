//! Joins the rules: everything that is open, and one function over it. [`World::step`] takes what
//! happened and gives back what to put, what to do once that is durable, and when to look again.
//! It must not do anything itself.
//!
//! Races, and the choice made: an event for a record that has moved on is dropped by its `apply`;
//! a record has at most one effect in flight, so its events come in order; commands, and a newer
//! revision, are taken at once, whatever is in flight: what comes of an effect whose request has
//! moved on meanwhile is dropped whole, its letters as well.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::aside::RecordKey;
use super::audit::AuditEntry;
use super::command_mail::{CommandMail, MailReading, MailStage};
use super::fault::Fault;
use super::folder::{Cursor, Folder};
use super::ids::{MessageId, ObjectId, PullNumber, RunId, TargetName};
use super::letter::rules::LetterEvent;
use super::letter::{About, Letter};
use super::overlay::Overlay;
use super::policy::Policy;
use super::records::{Batch, Control, HistoryEntry, Records};
use super::request::event::PullEvent;
use super::request::{Pull, Stage};
use super::retry::Retry;
use super::run::event::RunEvent;
use super::run::{Run, RunStage};
use super::task::Reply;

mod alerts;
mod arrivals;
mod aside;
pub(crate) mod chores;
mod events;
pub(crate) mod glance;
mod input;
mod mails;
mod orders;
mod outbox;
mod remembered;
mod revisions;
mod rights;
mod settle;
mod steering;
mod taking_up;
mod tally;
mod turns;
pub(crate) mod work;

use self::aside::Asides;
pub(crate) use self::aside::Cause;
pub(crate) use self::input::{Arrival, Arrived, Input, Step};
pub(crate) use self::remembered::Remembered;
use self::tally::Tally;
pub(crate) use self::work::{Done, Subject, Work};
use self::work::{HandOut, MailEvent};

/// How long the administrator is not told of the same subject again.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Everything that is open.
#[derive(Debug)]
pub(crate) struct World {
    policy: Policy,
    pulls: BTreeMap<PullNumber, Pull>,
    runs: BTreeMap<RunId, Run>,
    letters: BTreeMap<MessageId, Letter>,
    cursors: BTreeMap<Folder, Cursor>,
    control: Control,
    overlay: Overlay,
    mails: BTreeMap<MessageId, CommandMail>,
    aside: Asides,
    next_pull: u64,
    next_run: u64,
    in_flight: BTreeSet<Subject>,
    /// Requests that have moved on since their effect in flight began: what comes of it is dropped.
    outdated: BTreeSet<PullNumber>,
    /// Subjects whose last effect failed and whose record has no retry of its own for it.
    backoff: BTreeMap<Subject, Retry>,
    /// When each folder was last read to its end in this life of the program.
    read_at: BTreeMap<Folder, Timestamp>,
    /// Targets' tips as last read, and when.
    heads: BTreeMap<TargetName, (Option<ObjectId>, Timestamp)>,
    /// Letters of the last hour.
    tally: Tally,
    /// When mails to the command mailbox came from each address, in the last hour.
    commanded: BTreeMap<String, Vec<Timestamp>>,
    /// Digests of signatures that were acted on in this life of the program.
    seen: BTreeSet<String>,
    /// When the keyring was last looked at in this life of the program.
    keys_read_at: Option<Timestamp>,
    /// When old files were last removed in this life of the program.
    expired_at: Option<Timestamp>,
    changed: Changed,
}

/// What a step has changed so far.
#[derive(Debug, Default)]
struct Changed {
    pulls: BTreeSet<PullNumber>,
    runs: BTreeSet<RunId>,
    letters: BTreeSet<MessageId>,
    cursors: BTreeSet<Folder>,
    control: bool,
    overlay: bool,
    mails: BTreeSet<MessageId>,
    seen: Vec<(String, MessageId)>,
    audit: Vec<AuditEntry>,
    history: Vec<(PullNumber, HistoryEntry)>,
    log: Vec<(String, String)>,
}

impl World {
    /// Takes up everything that is open where it was.
    pub(crate) fn new(policy: Policy, records: Records) -> Self {
        let mut world = Self {
            policy,
            pulls: records.pulls.into_iter().map(|p| (p.number, p)).collect(),
            runs: records.runs.into_iter().map(|r| (r.id, r)).collect(),
            letters: records.letters.into_iter().map(|l| (l.id.clone(), l)).collect(),
            cursors: records.cursors.into_iter().collect(),
            control: records.control,
            overlay: records.overlay,
            mails: records.mails.into_iter().map(|mail| (mail.id.clone(), mail)).collect(),
            aside: Asides::of(records.aside),
            next_pull: records.next_pull.max(1),
            next_run: records.next_run.max(1),
            in_flight: BTreeSet::new(),
            outdated: BTreeSet::new(),
            backoff: BTreeMap::new(),
            read_at: BTreeMap::new(),
            heads: BTreeMap::new(),
            tally: Tally::default(),
            commanded: BTreeMap::new(),
            seen: BTreeSet::new(),
            keys_read_at: None,
            expired_at: None,
            changed: Changed::default(),
        };
        world.put_in_force();
        world
    }

    /// The policy in force.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How far a folder has been read.
    pub(crate) fn cursor(&self, folder: &Folder) -> Option<Cursor> {
        self.cursors.get(folder).copied()
    }

    /// Takes what happened. The batch must be durable before any effect begins.
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
                Some(key) => self.working_on(key, |world| world.done(*done, now)),
                None => self.done(*done, now),
            },
            Input::Command(order) => {
                answer = Some(self.working(Cause::Command, |world| world.obey(&order, now)));
            }
        }
        let HandOut { work, wake_at, .. } = self.settle(now);
        let (batch, log) = self.take_changes();
        Step { batch, work, wake_at, answer, log }
    }

    fn done(&mut self, done: Done, now: Timestamp) {
        match done {
            Done::Withheld(subject) => {
                self.in_flight.remove(&subject);
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
                    Some(Ok(MailEvent::Transcribed)) => self.transcribed(&id, now),
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
    fn came_back<E>(
        &mut self,
        subject: Subject,
        reply: Reply<E>,
        fault_in: impl Fn(&E) -> Option<&Fault>,
        now: Timestamp,
    ) -> Option<Result<E, Fault>> {
        self.in_flight.remove(&subject);
        let outdated = self.was_outdated(&subject);
        if let Some(key) = subject.record() {
            self.aside.careful.remove(&key);
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
                self.pulls.get(&number).is_some_and(|pull| pull.letters.contains(&letter.id))
            }
            About::Run(_) | About::Mail(_) | About::Bot => false,
        };
        let refused = self.is_aside(&RecordKey::Letter(letter.id.clone()));
        if !refused && !told_before && !self.letters.contains_key(&letter.id) {
            if !self.has_room_for(&letter) {
                return self.count("letters because of unproved mail, too many to wait", now);
            }
            self.changed.letters.insert(letter.id.clone());
            self.letters.insert(letter.id.clone(), letter);
        }
    }

    fn count(&mut self, what: &str, now: Timestamp) {
        *self.control.counts.entry(what.to_owned()).or_default() += 1;
        self.control.counting_since.get_or_insert(now);
        self.changed.control = true;
    }

    /// Moves what changed into a batch, and lets go of what is over.
    fn take_changes(&mut self) -> (Batch, Vec<(String, String)>) {
        let changed = std::mem::take(&mut self.changed);
        if changed.control {
            self.control.fit();
        }
        let batch = Batch {
            pulls: changed.pulls.iter().filter_map(|n| self.pulls.get(n).cloned()).collect(),
            runs: changed.runs.iter().filter_map(|id| self.runs.get(id).cloned()).collect(),
            letters: changed
                .letters
                .iter()
                .filter_map(|id| self.letters.get(id).cloned())
                .collect(),
            cursors: changed
                .cursors
                .into_iter()
                .filter_map(|folder| self.cursors.get(&folder).map(|cursor| (folder, *cursor)))
                .collect(),
            control: changed.control.then(|| self.control.clone()),
            overlay: changed.overlay.then(|| self.overlay.clone()),
            mails: changed.mails.iter().filter_map(|id| self.mails.get(id).cloned()).collect(),
            seen: changed.seen,
            history: changed.history,
            audit: changed.audit,
            aside: self.aside.take_changed(),
        };
        self.pulls.retain(|_, pull| !matches!(pull.stage, Stage::Closed { .. }));
        self.runs.retain(|_, run| !matches!(run.stage, RunStage::Closed { .. }));
        self.letters.retain(|_, letter| !letter.state.is_final());
        self.mails.retain(|_, mail| !matches!(mail.stage, MailStage::Closed { .. }));
        (batch, changed.log)
    }
}

#[cfg(test)]
impl World {
    /// Open requests, by number.
    pub(crate) fn pulls(&self) -> &BTreeMap<PullNumber, Pull> {
        &self.pulls
    }

    /// Open runs, by number.
    pub(crate) fn runs(&self) -> &BTreeMap<RunId, Run> {
        &self.runs
    }

    /// Letters on their way.
    pub(crate) fn letters(&self) -> &BTreeMap<MessageId, Letter> {
        &self.letters
    }

    /// What commands changed.
    pub(crate) fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// Mails to the command mailbox that are not answered yet.
    pub(crate) fn mails(&self) -> &BTreeMap<MessageId, CommandMail> {
        &self.mails
    }

    /// What the bot counts.
    pub(crate) fn control(&self) -> &Control {
        &self.control
    }

    /// How far every folder has been read.
    pub(crate) fn cursors(&self) -> &BTreeMap<Folder, Cursor> {
        &self.cursors
    }
}
