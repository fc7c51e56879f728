//! What the world hands out to be done outside, and takes back when it is done. Each piece of work
//! is a task on one record, or a chore; its answer comes back as that record's event.

use super::chores::{ChoreDone, ChoreWork};
use super::glance::Glance;
use super::subject::Subject;
use crate::pull::command_mail::judgement::MailReading;
use crate::pull::command_mail::{CommandMail, Transcript};
use crate::pull::fault::Fault;
use crate::pull::ids::{MessageId, PullNumber, RunId};
use crate::pull::letter::Letter;
use crate::pull::letter::rules::{LetterEvent, Send};
use crate::pull::request::event::PullEvent;
use crate::pull::request::work::{OnPull, PullWork};
use crate::pull::run::event::RunEvent;
use crate::pull::run::work::{OnRun, RunWork};
use crate::pull::task::{Pool, Reply, tasks};

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

tasks! {
    /// Work for a mail to the command mailbox. A command may end the stop, and an answer says what
    /// the stop has done.
    MailWork on CommandMail => MailEvent {
        ReadCommands -> MailReading [Senders]: |_, reading| MailEvent::Read(Box::new(reading)),
            passes a stop if |_| true;
        Transcribe -> (): |_, ()| MailEvent::Transcribed, passes a stop if |_| true;
    }
}

tasks! {
    /// Work for a letter. The answers to commands say what a stop has done.
    LetterWork on Letter => LetterEvent {
        Send -> LetterEvent: |_, event| event, passes a stop if |letter| letter.is_transcript();
    }
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
