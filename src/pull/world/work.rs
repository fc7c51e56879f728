//! What the world hands out to be done outside, and takes back when it is done. Each piece of work
//! is a task on one record, or a chore; its answer comes back as that record's event.

use jiff::Timestamp;

use super::World;
use super::chores::{ChoreDone, ChoreKey, ChoreWork};
use super::glance::Glance;
use crate::pull::aside::RecordKey;
use crate::pull::command_mail::{CommandMail, MailReading, Transcript};
use crate::pull::fault::Fault;
use crate::pull::ids::{MessageId, PullNumber, RunId};
use crate::pull::letter::Letter;
use crate::pull::letter::rules::{LetterEvent, Send};
use crate::pull::request::event::PullEvent;
use crate::pull::request::work::{OnPull, PullWork};
use crate::pull::run::event::RunEvent;
use crate::pull::run::work::{OnRun, RunWork};
use crate::pull::task::{Pool, Reply, Task, tasks};

/// What work is about; one piece of it at a time for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Pull(PullNumber),
    /// A notice to the release managers about a request: it must not wait for what keeps failing.
    Notice(PullNumber),
    Run(RunId),
    Letter(MessageId),
    Mail(MessageId),
    Chore(ChoreKey),
}

impl Subject {
    /// The record that it is.
    pub(crate) fn record(&self) -> Option<RecordKey> {
        match self {
            Self::Pull(number) | Self::Notice(number) => Some(RecordKey::Pull(*number)),
            Self::Run(id) => Some(RecordKey::Run(*id)),
            Self::Letter(id) => Some(RecordKey::Letter(id.clone())),
            Self::Mail(id) => Some(RecordKey::Mail(id.clone())),
            Self::Chore(_) => None,
        }
    }
}

/// Look who wrote a mail to the command mailbox, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadCommands;

/// Write the answer to a mail to the command mailbox.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Transcribe {
    pub(crate) transcript: Box<Transcript>,
    /// What is open now.
    pub(crate) glance: Box<Glance>,
}

/// What was done about a mail to the command mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MailEvent {
    Read(Box<MailReading>),
    Transcribed,
}

impl Task for ReadCommands {
    type On = CommandMail;
    type Answer = MailReading;
    type Event = MailEvent;
    const POOL: Pool = Pool::Senders;

    fn event(&self, reading: MailReading) -> MailEvent {
        MailEvent::Read(Box::new(reading))
    }

    /// A command may end the stop.
    fn passes_a_stop(&self, _mail: &CommandMail) -> bool {
        true
    }
}

impl Task for Transcribe {
    type On = CommandMail;
    type Answer = ();
    type Event = MailEvent;

    fn event(&self, (): ()) -> MailEvent {
        MailEvent::Transcribed
    }

    /// It says what the stop has done.
    fn passes_a_stop(&self, _mail: &CommandMail) -> bool {
        true
    }
}

impl Task for Send {
    type On = Letter;
    type Answer = LetterEvent;
    type Event = LetterEvent;

    fn event(&self, event: LetterEvent) -> LetterEvent {
        event
    }

    /// The answers to commands say what the stop has done.
    fn passes_a_stop(&self, letter: &Letter) -> bool {
        letter.is_transcript()
    }
}

tasks! {
    /// Work for a letter.
    LetterWork on Letter => LetterEvent { Send }
}

tasks! {
    /// Work for a mail to the command mailbox.
    MailWork on CommandMail => MailEvent { ReadCommands, Transcribe }
}

/// Something to do in the world outside, once the batch that announces it is durable.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    Pull(Box<OnPull>, PullWork),
    Run(Box<OnRun>, RunWork),
    Letter(Box<Letter>, LetterWork),
    Mail(Box<CommandMail>, MailWork),
    Chore(ChoreWork),
}

impl Work {
    /// What it is about.
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Pull(on, work) if work.is_notice() => Subject::Notice(on.pull.number),
            Self::Pull(on, _) => Subject::Pull(on.pull.number),
            Self::Run(on, _) => Subject::Run(on.run.id),
            Self::Letter(letter, _) => Subject::Letter(letter.id.clone()),
            Self::Mail(mail, _) => Subject::Mail(mail.id.clone()),
            Self::Chore(chore) => Subject::Chore(chore.key()),
        }
    }

    /// Who does it.
    pub(crate) fn pool(&self) -> Pool {
        match self {
            Self::Pull(_, work) => work.pool(),
            Self::Run(_, work) => work.pool(),
            Self::Letter(_, work) => work.pool(),
            Self::Mail(_, work) => work.pool(),
            Self::Chore(_) => Pool::Others,
        }
    }

    /// Whether it is done although a person has stopped everything.
    pub(crate) fn passes_a_stop(&self) -> bool {
        match self {
            Self::Pull(on, work) => work.passes_a_stop(on),
            Self::Run(on, work) => work.passes_a_stop(on),
            Self::Letter(letter, work) => work.passes_a_stop(letter),
            Self::Mail(mail, work) => work.passes_a_stop(mail),
            Self::Chore(_) => false,
        }
    }

    /// It could not be done, whatever it is.
    pub(crate) fn failed(self, fault: &Fault, subject: &str) -> Done {
        match self {
            Self::Pull(on, work) if work.is_notice() => {
                Done::Notice(on.pull.number, Reply::failed(fault, subject))
            }
            Self::Pull(on, _) => Done::Pull(on.pull.number, Reply::failed(fault, subject)),
            Self::Run(on, _) => Done::Run(on.run.id, Reply::failed(fault, subject)),
            Self::Letter(letter, _) => Done::Letter(letter.id, Reply::failed(fault, subject)),
            Self::Mail(mail, _) => Done::Mail(mail.id, Reply::failed(fault, subject)),
            Self::Chore(chore) => Done::Chore(chore.failed(fault, subject)),
        }
    }
}

/// Work that is done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Done {
    Pull(PullNumber, Reply<PullEvent>),
    Notice(PullNumber, Reply<PullEvent>),
    Run(RunId, Reply<RunEvent>),
    Letter(MessageId, Reply<LetterEvent>),
    Mail(MessageId, Reply<MailEvent>),
    Chore(ChoreDone),
    /// Nothing was done: a person has stopped everything.
    Withheld(Subject),
}

impl Done {
    /// What it was about.
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Pull(number, _) => Subject::Pull(*number),
            Self::Notice(number, _) => Subject::Notice(*number),
            Self::Run(id, _) => Subject::Run(*id),
            Self::Letter(id, _) => Subject::Letter(id.clone()),
            Self::Mail(id, _) => Subject::Mail(id.clone()),
            Self::Chore(done) => Subject::Chore(done.key()),
            Self::Withheld(subject) => subject.clone(),
        }
    }
}

/// What the world hands out in one step, and when it wants to be asked again.
#[derive(Debug)]
pub(super) struct HandOut {
    pub(super) work: Vec<Work>,
    pub(super) wake_at: Option<Timestamp>,
    pub(super) now: Timestamp,
}

impl HandOut {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { work: Vec::new(), wake_at: None, now }
    }

    /// Asks to be asked again at that time at the latest, if it is not past.
    pub(super) fn wake(&mut self, at: Option<Timestamp>) {
        self.wake_at = [self.wake_at, at].into_iter().flatten().min();
    }

    /// Whether that time has come; if not, asks to be asked again then.
    pub(super) fn is_due(&mut self, at: Timestamp) -> bool {
        let is_due = at <= self.now;
        self.wake(Some(at).filter(|_| !is_due));
        is_due
    }
}

impl World {
    /// Hands out work, unless its subject has some in flight already or has to wait after a failure.
    pub(super) fn hand_out(&mut self, out: &mut HandOut, work: Work) {
        let subject = work.subject();
        if !self.in_flight.contains(&subject) && !self.backs_off(&subject, out) {
            self.in_flight.insert(subject);
            out.work.push(work);
        }
    }
}
