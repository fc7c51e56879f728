//! Joins the rules: everything that is open, and one function over it. [`World::step`] takes what
//! happened and gives back what to put, what to do once that is durable, and when to look again.
//! It must not do anything itself.
//!
//! Races, and the choice made: an event for a record that has moved on is dropped by its `apply`;
//! a record has at most one effect in flight, so its events come in order; commands are taken at
//! once, whatever is in flight.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::cover::Cover;
use super::decision::{Trouble, TroubleKind};
use super::ids::{ListName, MessageId, ObjectId, PullNumber, RunId, TargetName};
use super::letter::rules::LetterEvent;
use super::letter::{About, Letter};
use super::policy::Policy;
use super::records::{Batch, Control, Cursor, Folder, HistoryEntry, Records};
use super::request::Pull;
use super::request::apply::PullEvent;
use super::request::decide::PullAction;
use super::retry::Retry;
use super::run::Run;
use super::run::apply::RunEvent;
use super::run::decide::RunAction;
use super::tag::Verification;
use super::verdict::{Refusal, Verdict};

pub mod arrivals;
pub mod orders;
pub mod settle;

/// What an effect is about; one effect at a time for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A request.
    Pull(PullNumber),
    /// A run.
    Run(RunId),
    /// A letter.
    Letter(MessageId),
    /// A target's tip.
    Head(TargetName),
    /// An alert to the administrator.
    Alert(String),
    /// The weekly counts.
    Counts,
}

/// Something to do in the world outside, once the batch that announces it is durable.
#[derive(Debug, Clone)]
pub enum Effect {
    /// For a request.
    Pull {
        /// The request as it is.
        pull: Box<Pull>,
        /// The run that its verdict rests on.
        run: Option<Box<Run>>,
        /// What to do.
        action: PullAction,
    },
    /// For a run.
    Run {
        /// The run as it is.
        run: Box<Run>,
        /// The request it belongs to.
        pull: Option<Box<Pull>>,
        /// What to do.
        action: RunAction,
        /// Other runs on the same ref, whose commits may be replaced and pipelines passed over.
        earlier: Vec<Run>,
    },
    /// Send a letter.
    Send(Box<Letter>),
    /// Read a target's tip.
    ReadHead(TargetName),
    /// Write to the administrator.
    Alert(Alert),
    /// Write the weekly counts to the administrator.
    Counts(BTreeMap<String, u64>),
}

impl Effect {
    /// What it is about.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Pull { pull, .. } => Subject::Pull(pull.number),
            Self::Run { run, .. } => Subject::Run(run.id),
            Self::Send(letter) => Subject::Letter(letter.id.clone()),
            Self::ReadHead(target) => Subject::Head(target.clone()),
            Self::Alert(alert) => Subject::Alert(alert.subject.clone()),
            Self::Counts(_) => Subject::Counts,
        }
    }
}

/// Something the administrator has to know: at once, then daily while it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What it is about; the same subject is told once a day.
    pub subject: String,
    /// What to do about it.
    pub detail: String,
}

/// What came of an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// To a request.
    Pull(PullEvent),
    /// To a run.
    Run(RunEvent),
    /// To a letter.
    Letter(LetterEvent),
    /// A target's tip was read.
    Head(ObjectId),
    /// Nothing that changes a record.
    Nothing,
}

/// An effect that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What it was about.
    pub subject: Subject,
    /// What came of it.
    pub happened: Happened,
    /// Letters it wrote.
    pub letters: Vec<Letter>,
    /// What the administrator has to know of it.
    pub alert: Option<Alert>,
}

/// A mail that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its Message-ID, if it has a usable one.
    pub message_id: Option<MessageId>,
    /// When the mailbox received it.
    pub received_at: Timestamp,
    /// What it is.
    pub what: Arrived,
}

/// What a mail that came is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrived {
    /// A request that no record knows yet.
    Request {
        /// By which list.
        list: ListName,
        /// What it asks.
        cover: Box<Cover>,
    },
    /// Nothing to act on (it may still be one of our own letters come back).
    Other,
    /// It broke the reader.
    SetAside {
        /// Where it is and what happened.
        why: String,
    },
}

/// What the world is told.
#[derive(Debug, Clone)]
pub enum Input {
    /// Time passed.
    Tick,
    /// A folder was read on.
    Read {
        /// Which.
        folder: Folder,
        /// How far.
        cursor: Cursor,
        /// What was new.
        arrivals: Vec<Arrival>,
        /// Whether that was all there is.
        complete: bool,
    },
    /// A folder could not be read for a while.
    Unreadable {
        /// What the administrator is told.
        alert: Alert,
    },
    /// An effect is done.
    Done(Done),
    /// A person's command.
    Command {
        /// What.
        command: super::command::Command,
        /// Who, for the records.
        by: String,
        /// Where an answer that comes later goes.
        reply_to: Option<String>,
    },
}

/// What follows from a step.
#[derive(Debug, Default)]
pub struct Step {
    /// What to put, before anything else.
    pub batch: Batch,
    /// What to do then.
    pub effects: Vec<Effect>,
    /// When to step again if nothing happens before.
    pub wake_at: Option<Timestamp>,
    /// What to tell whoever gave a command.
    pub answer: Option<Result<String, String>>,
    /// Sentences for the log: about what, and what.
    pub log: Vec<(String, String)>,
}

/// Everything that is open.
#[derive(Debug)]
pub struct World {
    policy: Policy,
    pulls: BTreeMap<PullNumber, Pull>,
    runs: BTreeMap<RunId, Run>,
    letters: BTreeMap<MessageId, Letter>,
    cursors: BTreeMap<Folder, Cursor>,
    control: Control,
    next_pull: u64,
    next_run: u64,
    in_flight: BTreeSet<Subject>,
    /// Subjects whose last effect failed and whose record has no retry of its own for it.
    backoff: BTreeMap<Subject, Retry>,
    /// When each folder was last read to its end in this life of the program.
    read_at: BTreeMap<Folder, Timestamp>,
    /// Targets' tips as last read, and when.
    heads: BTreeMap<TargetName, (Option<ObjectId>, Timestamp)>,
    /// When letters went to each address, in the last hour.
    sent: BTreeMap<String, Vec<Timestamp>>,
    alerts: Vec<Alert>,
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
    history: Vec<(PullNumber, HistoryEntry)>,
    log: Vec<(String, String)>,
}

impl World {
    /// Takes up everything that is open where it was.
    pub fn new(policy: Policy, records: Records) -> Self {
        Self {
            policy,
            pulls: records.pulls.into_iter().map(|p| (p.number, p)).collect(),
            runs: records.runs.into_iter().map(|r| (r.id, r)).collect(),
            letters: records.letters.into_iter().map(|l| (l.id.clone(), l)).collect(),
            cursors: records.cursors.into_iter().collect(),
            control: records.control,
            next_pull: records.next_pull.max(1),
            next_run: records.next_run.max(1),
            in_flight: BTreeSet::new(),
            backoff: BTreeMap::new(),
            read_at: BTreeMap::new(),
            heads: BTreeMap::new(),
            sent: BTreeMap::new(),
            alerts: Vec::new(),
            changed: Changed::default(),
        }
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Open requests, by number.
    pub fn pulls(&self) -> &BTreeMap<PullNumber, Pull> {
        &self.pulls
    }

    /// Open runs, by number.
    pub fn runs(&self) -> &BTreeMap<RunId, Run> {
        &self.runs
    }

    /// Letters on their way.
    pub fn letters(&self) -> &BTreeMap<MessageId, Letter> {
        &self.letters
    }

    /// What commands changed.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// How far a folder has been read.
    pub fn cursor(&self, folder: &Folder) -> Option<Cursor> {
        self.cursors.get(folder).copied()
    }

    /// How far every folder has been read.
    pub fn cursors(&self) -> &BTreeMap<Folder, Cursor> {
        &self.cursors
    }

    /// Takes what happened. The batch must be durable before any effect begins.
    pub fn step(&mut self, input: Input, now: Timestamp) -> Step {
        let mut answer = None;
        match input {
            Input::Tick => {}
            Input::Read { folder, cursor, arrivals, complete } => {
                self.folder_read(folder, cursor, arrivals, complete, now);
            }
            Input::Unreadable { alert } => self.alerts.push(alert),
            Input::Done(done) => self.done(done, now),
            Input::Command { command, by, reply_to } => {
                answer = Some(self.order(command, &by, reply_to, now));
            }
        }
        let (effects, wake_at) = self.settle(now);
        let (batch, log) = self.take_changes();
        Step { batch, effects, wake_at, answer, log }
    }

    fn done(&mut self, done: Done, now: Timestamp) {
        self.in_flight.remove(&done.subject);
        self.back_off(&done, now);
        self.alerts.extend(done.alert);
        for letter in done.letters {
            self.keep_letter(letter);
        }
        match (done.subject, done.happened) {
            (Subject::Pull(number), Happened::Pull(event)) => self.pull_event(number, event, now),
            (Subject::Run(id), Happened::Run(event)) => self.run_event(id, event, now),
            (Subject::Letter(id), Happened::Letter(event)) => self.letter_event(&id, event, now),
            (Subject::Head(target), Happened::Head(head)) => {
                self.heads.insert(target, (Some(head), now));
            }
            (Subject::Head(target), _) => {
                let known = self.heads.get(&target).and_then(|(head, _)| *head);
                self.heads.insert(target, (known, now));
            }
            (Subject::Alert(subject), _) => {
                self.control.alerted.insert(subject, now);
                self.changed.control = true;
            }
            (Subject::Counts, _) => {
                self.control.counts.clear();
                self.control.counting_since = None;
                self.changed.control = true;
            }
            (Subject::Pull(_) | Subject::Run(_) | Subject::Letter(_), _) => {}
        }
    }

    /// Makes a subject wait after a failure, so that no failure turns into a busy loop.
    fn back_off(&mut self, done: &Done, now: Timestamp) {
        let trouble = match &done.happened {
            Happened::Pull(PullEvent::Failed(trouble))
            | Happened::Run(RunEvent::Failed(trouble)) => trouble,
            Happened::Pull(_)
            | Happened::Run(_)
            | Happened::Letter(_)
            | Happened::Head(_)
            | Happened::Nothing => {
                self.backoff.remove(&done.subject);
                return;
            }
        };
        let before = self.backoff.remove(&done.subject).unwrap_or_else(|| Retry::now(now));
        let after = before.after_failure(now, trouble.detail.clone(), trouble.retry_after);
        self.backoff.insert(done.subject.clone(), after);
    }

    /// Takes a letter into the outbox, unless it was written before.
    fn keep_letter(&mut self, letter: Letter) {
        let told_before = match letter.about {
            About::Pull(number) => {
                self.pulls.get(&number).is_some_and(|pull| pull.letters.contains(&letter.id))
            }
            About::Run(_) | About::Bot => false,
        };
        if !told_before && !self.letters.contains_key(&letter.id) {
            self.changed.letters.insert(letter.id.clone());
            self.letters.insert(letter.id.clone(), letter);
        }
    }

    fn pull_event(&mut self, number: PullNumber, event: PullEvent, now: Timestamp) {
        let Some(pull) = self.pulls.get_mut(&number) else { return };
        let before = pull.stage.clone();
        let told = super::request::apply::apply(pull, event, &self.policy, now);
        self.changed.pulls.insert(number);
        let after = pull.stage.clone();
        if let Some(what) = told {
            let stage = after.word().to_owned();
            let subject = format!("request {number}");
            self.changed.log.push((subject, what.clone()));
            self.changed.history.push((number, HistoryEntry { at: now, stage, what }));
        }
        if before != after {
            self.follow(&before, &after, now);
        }
    }

    /// What a request's change means for others: a run that nobody needs is stopped, a refusal
    /// that nobody hears of is counted.
    fn follow(
        &mut self,
        before: &super::request::Stage,
        after: &super::request::Stage,
        now: Timestamp,
    ) {
        use super::request::Stage;
        use super::verdict::Outcome;
        if let (Stage::Running { run, .. }, Some(verdict)) = (before, after.verdict()) {
            let outcome = match verdict {
                Verdict::Cancelled { by } => Some(Outcome::Cancelled { by: by.clone() }),
                Verdict::Landed => Some(Outcome::AlreadyMerged),
                Verdict::Tested { .. } | Verdict::Refused { .. } | Verdict::Repeated { .. } => None,
            };
            if let Some(outcome) = outcome {
                self.run_event(*run, RunEvent::Stopped(outcome), now);
            }
        }
        if let Stage::Concluded { verdict: Verdict::Refused { why, sender_known: false }, .. } =
            after
        {
            self.count(refusal_word(why), now);
        }
    }

    fn run_event(&mut self, id: RunId, event: RunEvent, now: Timestamp) {
        let Some(run) = self.runs.get_mut(&id) else { return };
        let Some(target) = self.policy.targets.get(&run.target) else { return };
        if let RunEvent::BaseRead(head) = &event {
            self.heads.insert(run.target.clone(), (Some(*head), now));
        }
        let told = super::run::apply::apply(run, event, target, now);
        self.changed.runs.insert(id);
        if let Some(what) = told {
            let stage = run.stage.word().to_owned();
            if let super::run::Why::Attempt { pull, .. } = run.why {
                let what = format!("run {id}: {what}");
                self.changed.history.push((pull, HistoryEntry { at: now, stage, what }));
            }
            self.changed.log.push((format!("run {id}"), what));
        }
    }

    fn letter_event(&mut self, id: &MessageId, event: LetterEvent, now: Timestamp) {
        let Some(letter) = self.letters.get_mut(id) else { return };
        let rejected = if let LetterEvent::Rejected(trouble) = &event {
            Some(trouble.detail.clone())
        } else {
            None
        };
        let accepted = event == LetterEvent::Accepted;
        let subject = format!("letter {:?}", letter.subject);
        let what = letter_words(&event);
        let list = letter.list.as_ref().and_then(|list| self.policy.lists.get(list));
        let event = match (event, list) {
            // One bad recipient fails the whole transaction: the list must not go without.
            (LetterEvent::Rejected(trouble), Some(list))
                if letter.recipients.iter().any(|to| *to != list.address) =>
            {
                letter.recipients = vec![list.address.clone()];
                LetterEvent::Deferred(trouble)
            }
            (event, _) => event,
        };
        if !super::letter::rules::apply(letter, event, now) {
            return;
        }
        if accepted {
            for address in &letter.recipients {
                self.sent.entry(address.clone()).or_default().push(now);
            }
        }
        let about_the_bot = letter.about == About::Bot;
        if let (Some(said), false) = (rejected, about_the_bot) {
            let detail = format!(
                "The mail server refused the letter {:?} to {} for good: {said}",
                letter.subject,
                letter.recipients.join(", ")
            );
            self.alerts.push(Alert { subject: "A letter was refused".into(), detail });
        }
        self.changed.letters.insert(id.clone());
        self.changed.log.push((subject, what));
    }

    fn count(&mut self, what: &str, now: Timestamp) {
        *self.control.counts.entry(what.to_owned()).or_default() += 1;
        self.control.counting_since.get_or_insert(now);
        self.changed.control = true;
    }

    /// Moves what changed into a batch, and lets go of what is over.
    fn take_changes(&mut self) -> (Batch, Vec<(String, String)>) {
        let changed = std::mem::take(&mut self.changed);
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
            history: changed.history,
        };
        use super::request::Stage;
        use super::run::RunStage;
        self.pulls.retain(|_, pull| !matches!(pull.stage, Stage::Closed { .. }));
        self.runs.retain(|_, run| !matches!(run.stage, RunStage::Closed { .. }));
        self.letters.retain(|_, letter| !letter.state.is_final());
        (batch, changed.log)
    }
}

fn letter_words(event: &LetterEvent) -> String {
    match event {
        LetterEvent::Begun => "is being sent".into(),
        LetterEvent::Accepted => "was accepted".into(),
        LetterEvent::Deferred(trouble) => format!("was not taken now: {}", trouble.detail),
        LetterEvent::Rejected(trouble) => format!("was refused: {}", trouble.detail),
        LetterEvent::Uncertain(trouble) => {
            format!("may or may not have been taken: {}", trouble.detail)
        }
        LetterEvent::SeenOnList => "came back by the list".into(),
    }
}

fn refusal_word(why: &Refusal) -> &'static str {
    match why {
        Refusal::Signature(verification) => match verification {
            Verification::Unsigned => "unsigned requests from strangers",
            Verification::UnknownKey { .. } => "requests signed with unknown keys by strangers",
            Verification::Good(_)
            | Verification::Bad { .. }
            | Verification::Expired { .. }
            | Verification::Revoked { .. }
            | Verification::Weak { .. }
            | Verification::NameMismatch { .. } => "badly signed requests from strangers",
        },
        Refusal::UrlNotAllowed { .. } => "requests from strangers with URLs that are not allowed",
        Refusal::RefMissing | Refusal::TipMismatch { .. } | Refusal::Unfetchable { .. } => {
            "requests from strangers that could not be fetched"
        }
    }
}

/// An alert for trouble that the administrator has to mend, if it is such.
pub fn alert_for(subject: &str, trouble: &Trouble) -> Option<Alert> {
    match trouble.kind {
        TroubleKind::Ours => {
            Some(Alert { subject: subject.to_owned(), detail: trouble.detail.clone() })
        }
        TroubleKind::Passing | TroubleKind::Lasting => None,
    }
}
